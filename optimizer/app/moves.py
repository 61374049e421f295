"""Moves of the levers: what is set now, what was set before, and back and forth between them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from optimizer.io.changes import change_in_words, made_after
from optimizer.plan import Plan
from optimizer.plan.keeping import Keep
from optimizer.schema.addresses import is_cell, names_of, one_spelling

MOST_MOVES = 500
"""Moves that can be undone; older ones are forgotten."""
OF_A_RUN = 0
"""Number of a plan that was found before the page was opened."""
_ASKED = re.compile(r"(?P<what>\s*slots\b.*)(?P<sign>>=|<=)\s*[\d.]+\s*", re.DOTALL)
_SIGNS = {"at_least": ">=", "at_most": "<="}


@dataclass(frozen=True)
class KeptYears:
    """Years whose slots are those of an earlier plan.

    Attributes
    ----------
    years
        In order.
    number
        Of the plan, among those that were found; :data:`OF_A_RUN` of one that a run has kept.
    keep
        The same as a session takes it.
    """

    years: tuple[int, ...]
    number: int
    keep: Keep = field(compare=False, repr=False)

    @classmethod
    def of(cls, plan: Plan, number: int, years: Iterable[int]) -> KeptYears:
        """Keep some years of a plan that was found."""
        chosen = sorted(set(years))
        keep = Keep(plan, {"year": [str(year) for year in chosen]}, name=f"plan {number}")
        return cls(tuple(chosen), number, keep)

    @property
    def in_words(self) -> str:
        """What is kept."""
        return f"slots of {', '.join(map(str, self.years))} as in {self.keep.name}"


@dataclass(frozen=True, eq=False)
class Setting:
    """What is set on the page.

    Two are the same if they ask the same. Of changes of the same cells the last one counts, so
    their order is a part of it.

    Attributes
    ----------
    changes
        Values by address, as :meth:`optimizer.Session.change_to` takes them.
    demands
        Slots that are asked for, such as ``slots[country=KEN, track=lab] >= 20``.
    kept
        Years that are as in an earlier plan.
    """

    changes: Mapping[str, object] = field(default_factory=dict)
    demands: tuple[str, ...] = ()
    kept: KeptYears | None = None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Setting):
            return NotImplemented
        return self._compared == other._compared

    def __hash__(self) -> int:
        return hash(tuple(self.changes))

    @property
    def _compared(self) -> tuple[object, ...]:
        return list(self.changes.items()), self.demands, self.kept

    @property
    def in_words(self) -> str:
        """All that is set."""
        kept = [] if self.kept is None else [self.kept.in_words]
        changed = [words_of(self.changes)] if self.changes else []
        return ", ".join([*changed, *self.demands, *kept]) or "nothing changed"

    def changed(self, changes: Mapping[str, object | None]) -> Setting:
        """Set values at addresses; those that are ``None`` go back to what they were.

        The number of slots that are asked for is changed where they are asked for.

        Examples
        --------
        >>> one = Setting({"goals.alliance.weight": 2}).changed({"horizon.discount": 0.1})
        >>> dict(one.changed({"goals.alliance.weight": None}).changes)
        {'horizon.discount': 0.1}
        >>> asked = Setting(demands=("slots[] >= 9",))
        >>> asked.changed({'limits."slots[] >= 9".at_least': 7}).demands
        ('slots[] >= 7',)
        """
        changes, demands = _demands_changed(self.demands, changes)
        taken = {one_spelling(address) for address, value in changes.items() if value is None}
        kept = {
            address: value
            for address, value in self.changes.items()
            if one_spelling(address) not in taken
        }
        given = {address: value for address, value in changes.items() if value is not None}
        return replace(self, changes=made_after(kept, given), demands=demands)

    def demanding(self, more: Sequence[str] = (), fewer: Sequence[str] = ()) -> Setting:
        """Ask for some slots more, and for others no longer.

        Examples
        --------
        >>> Setting(demands=("slots <= 9",)).demanding(["slots >= 2"], ["slots <= 9"]).demands
        ('slots >= 2',)
        """
        kept = [text for text in self.demands if text not in fewer]
        # What was changed of the limit of a demand goes with it.
        gone = [("limits", text) for text in fewer]
        changes = {
            address: value
            for address, value in self.changes.items()
            if is_cell(address) or (names_of(address) or ())[:2] not in gone
        }
        return replace(self, changes=changes, demands=tuple(dict.fromkeys([*kept, *more])))


def _demands_changed(
    demands: tuple[str, ...], changes: Mapping[str, object | None]
) -> tuple[dict[str, object | None], tuple[str, ...]]:
    """Changes without those of numbers of demands, and the demands with these numbers."""
    left, asked = dict(changes), list(demands)
    for address, value in changes.items():
        names = () if is_cell(address) else names_of(address) or ()
        if len(names) != 3 or names[0] != "limits" or names[1] not in asked:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float):
            continue
        again = _with_number(names[1], names[2], value)
        if again is not None:
            del left[address]
            place = asked.index(names[1])
            asked[place : place + 1] = again
    return left, tuple(dict.fromkeys(asked))


def _with_number(demand: str, sense: str, number: float) -> list[str] | None:
    """A demand with another number, none if nothing is asked for; ``None`` if it has no such one.

    Examples
    --------
    >>> _with_number("slots[] >= 9", "at_least", 7), _with_number("slots[] >= 9", "at_most", 7)
    (['slots[] >= 7'], None)
    >>> _with_number("agreements[country=KEN, track=lab] open", "at_least", 0)
    []
    """
    found, last = _ASKED.fullmatch(demand), demand.strip().rpartition(" ")[2]
    if (sense, last) == ("at_least", "open") and number <= 0:
        return []
    if (sense, last) == ("at_most", "without") and number >= 1:
        return []
    if found is None or found["sign"] != _SIGNS.get(sense):
        return None
    # As many as none are had anyway.
    is_asked = number > 0 or sense == "at_most"
    return [f"{found['what'].rstrip()} {found['sign']} {number:.12g}"] if is_asked else []


NOTHING_SET = Setting()


@dataclass(frozen=True)
class Move:
    """One change of the setting.

    Attributes
    ----------
    setting
        As it is after the move.
    words
        What was moved.
    lever
        Of what was moved.
    rests
        Whether it has come to rest. Of a slider that is being dragged, the next move takes the
        place of the last.
    """

    setting: Setting
    words: str
    lever: str = ""
    rests: bool = True


class History:
    """Moves that were made, the last one first to be undone.

    Examples
    --------
    >>> history = History(Setting())
    >>> history.make(Move(Setting({"a": 1}), "a=1", "a", rests=False))
    >>> history.make(Move(Setting({"a": 2}), "a=2", "a"))
    >>> history.make(Move(Setting({"a": 2, "b": 3}), "b=3"))
    >>> history.undo()
    True
    >>> history.words, dict(history.now.changes), history.can_redo
    (['a=2'], {'a': 2}, True)
    """

    def __init__(self, first: Setting) -> None:
        self._made: list[Move] = [Move(first, "")]
        self._undone: list[Move] = []

    @property
    def now(self) -> Setting:
        """The setting as it is."""
        return self._made[-1].setting

    @property
    def words(self) -> list[str]:
        """Moves that were made and not undone, the first one first."""
        return [move.words for move in self._made if move.words]

    @property
    def can_undo(self) -> bool:
        """Whether there is a move to undo."""
        return len(self._made) > 1

    @property
    def can_redo(self) -> bool:
        """Whether there is a move that was undone last."""
        return bool(self._undone)

    def make(self, move: Move) -> None:
        """Add a move; it takes the place of one of the same lever that did not rest yet."""
        last = self._made[-1]
        if not last.rests and last.lever == move.lever:
            self._made.pop()
        self._made.append(move)
        self._undone.clear()
        # The first one says where everything began.
        del self._made[1 : len(self._made) - MOST_MOVES]

    def undo(self) -> bool:
        """Take the last move back; give whether there was one."""
        if not self.can_undo:
            return False
        self._undone.append(self._made.pop())
        return True

    def redo(self) -> bool:
        """Make the move again that was undone last; give whether there was one."""
        if not self.can_redo:
            return False
        self._made.append(self._undone.pop())
        return True

    def refuse(self, setting: Setting) -> bool:
        """Forget the last move if it led to a setting that is not possible."""
        if self.can_undo and self.now == setting:
            self._made.pop()
            return True
        return False


def words_of(changes: Mapping[str, object | None]) -> str:
    """What was moved, as ``--set`` has it.

    Examples
    --------
    >>> words_of({"goals.alliance.weight": 2, "horizon.discount": None})
    'goals.alliance.weight=2, horizon.discount as it was'
    """
    return ", ".join(
        f"{address} as it was" if value is None else change_in_words(address, value)
        for address, value in changes.items()
    )
