"""One difference between two inputs: a key of a policy, a cell or a row of a case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from optimizer.errors import Problem, shorten
from optimizer.io.changes import value_text
from optimizer.session.origins import Origin, column_of, file_of
from optimizer.text.figures import apart, figure

NOT_THERE = None
"""Value where an input does not have what the other has, or leaves a cell blank."""

KEY, CELL, WHOLE_ROW, COLUMN, HEADER, QUESTION = (
    "key",
    "cell",
    "row",
    "column",
    "header",
    "question",
)
"""Kinds of differences: a key of a policy, parts of a case, and what a run adds to both."""


@dataclass(frozen=True)
class Difference:
    """What two inputs do not have in common.

    Attributes
    ----------
    kind
        ``key`` of a policy; ``cell``, ``row`` or ``column`` of a table; ``header`` of a case; what
        a run asks beside policy and case (``question``).
    address
        As changes name it, or the row or key in the same form.
    before, after
        Values; ``None`` where there is none.
    before_at, after_at
        File, with row and column or key; blank where there is none.
    counts
        Whether it can change which plans there are and how many points they have.
    at
        Where it is made in the tables of a policy, or table, column and key of a row.
    """

    kind: str
    address: str
    before: Any
    after: Any
    before_at: str
    after_at: str
    counts: bool
    at: tuple[Any, ...] = ()

    def texts(self) -> tuple[str, str]:
        """Both values so that their difference can be seen; blank where there is none."""
        before, after = self.before, self.after
        if _is_number(before) and _is_number(after):
            return apart(float(before), float(after))
        told = value_as_text(before), value_as_text(after)
        return (told[0], told[1]) if told[0] != told[1] else (repr(before), repr(after))

    def in_words(self, names: tuple[str, str]) -> str:
        """The difference in a line, with the places it stands in.

        Parameters
        ----------
        names
            Of the two inputs.
        """
        before, after = map(shorten, self.texts())
        same_place = self.before_at == self.after_at
        places = self.before_at if same_place else f"{self.before_at} and {self.after_at}"
        if self.before is NOT_THERE and self.kind != CELL:
            return f"{self.address}: only in {names[1]}: {after} ({self.after_at})"
        if self.after is NOT_THERE and self.kind != CELL:
            return f"{self.address}: only in {names[0]}: {before} ({self.before_at})"
        blank = "blank"
        return (
            f"{self.address}: {before or blank} in {names[0]}, {after or blank} in {names[1]} "
            f"({places})"
        )


def value_as_text(value: Any) -> str:
    """Write a value of an input as somebody would."""
    if value is NOT_THERE:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if _is_number(value):
        return figure(float(value))
    if isinstance(value, Mapping):
        pairs = (f"{key} = {value_as_text(inner)}" for key, inner in value.items())
        return ", ".join(pairs)
    return value if isinstance(value, str) else shorten(value_text(value))


def place_in_words(problem: Problem) -> str:
    """A place in words, as problems name it."""
    file, column = file_of(problem), column_of(problem)
    return Origin("", file, problem.row, column, None, label=problem.label).in_words()


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
