"""Exit codes of every command: help, README and documentation list them from here."""

from __future__ import annotations

from enum import IntEnum

from optimizer.io.interrupts import INTERRUPTED as SIGNALLED


class Exit(IntEnum):
    """What the number means that a command ends with.

    Attributes
    ----------
    meaning
        In words.
    """

    meaning: str

    def __new__(cls, code: int, meaning: str) -> Exit:
        """Make a code with its meaning."""
        member = int.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        return member

    AS_ASKED = 0, "as asked: a plan, or everything in order"
    WRONG = 1, "case or policy wrong"
    USAGE = 2, "command wrongly used, or nothing may or can be written where it was to go"
    BROKEN = 3, "no plan can keep every rule, or a rule is broken"
    NO_PLAN = 4, "no plan found within the time limit: stderr says where the time went"
    UNEXPECTED = 5, "a plan, written, but not as expected"
    INTERRUPTED = SIGNALLED, "interrupted before there was anything to keep"
