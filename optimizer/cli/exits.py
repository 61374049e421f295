"""Exit codes of every command: help, README and documentation list them from here."""

from __future__ import annotations

from enum import IntEnum

from optimizer.io.interrupts import INTERRUPTED as SIGNALLED


class Exit(IntEnum):
    """Exit codes of commands, with their meaning.

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

    AS_ASKED = 0, "success: a plan, or no problems"
    WRONG = 1, "case or policy wrong"
    USAGE = 2, "wrong usage, or the output path cannot be written"
    BROKEN = 3, "no plan can keep every rule, or a rule is broken"
    NO_PLAN = (
        4,
        "no plan found within the time limit: stderr lists the time of each step; or scenarios, "
        "numbers or points of a front without an answer",
    )
    UNEXPECTED = 5, "an expectation is not met; plans are written all the same"
    INTERRUPTED = (
        SIGNALLED,
        "interrupted before a plan was found, or before all that was asked for was solved",
    )
