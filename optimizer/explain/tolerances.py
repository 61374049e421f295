"""Differences that are accepted between a first input and others, stated in a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pandas as pd
from pydantic import Field, PrivateAttr, ValidationError, model_validator

from optimizer.errors import PolicyError, Problems
from optimizer.explain.comparing import Comparison
from optimizer.explain.result_differences import TOTAL_KEY, signed
from optimizer.frames import rows_of
from optimizer.io.strict import StrictTable, Version, add_complaints
from optimizer.io.toml import read_toml
from optimizer.text.figures import figure

_Part = Literal[
    "points",
    "points_held",
    "goal_raw",
    "goal_scaled",
    "goal_points",
    "slots",
    "spending",
    "agreements",
]
_ROUNDED = 1e-9
"""Part of a tolerance by which it may be missed: what adding up in doubles leaves."""


class AcceptedDifference(StrictTable):
    """How far some figures of a plan may be from those of the first."""

    part: _Part = Field(description="a part of the comparison, such as slots or points")
    by: str = Field(default="", description="the keys of its rows, such as country; blank for all")
    key: str = Field(default="", description="one of these keys; each of them without it")
    at_most: float | None = Field(
        default=None, ge=0.0, description="a number of at least 0, in the unit of the part"
    )
    at_most_share: float | None = Field(
        default=None, ge=0.0, description="a share of the first figure, of at least 0"
    )
    direction: Literal["more", "fewer"] | None = Field(
        default=None, description="more or fewer, where the other direction is always accepted"
    )
    why: str = Field(default="", description="the reason, printed when it is not met")

    @model_validator(mode="after")
    def _says_something(self) -> AcceptedDifference:
        if self.at_most is None and self.at_most_share is None:
            message = "neither at_most nor at_most_share is given"
            raise self.complain(("at_most", message, "a number"))
        return self

    def most(self, before: float) -> float:
        """Largest difference that is accepted beside a figure; the larger where two are given."""
        return max(self.at_most or 0.0, (self.at_most_share or 0.0) * abs(before))

    def accepts(self, before: float, after: float) -> bool:
        """Whether a figure is near enough to the first."""
        difference = after - before
        if self.direction == "more":
            difference = max(difference, 0.0)
        elif self.direction == "fewer":
            difference = min(difference, 0.0)
        most = self.most(before)
        return abs(difference) <= most + _ROUNDED * max(1.0, most)


class Tolerances(StrictTable):
    """Differences that are accepted."""

    schema_version: Version = Field(alias="schema", description="schema = 1, the version")
    title: str = Field(min_length=1, description="a title")
    inputs: Literal["any", "same"] = Field(
        default="any", description="same where nothing that can change a plan may differ"
    )
    differences: tuple[AcceptedDifference, ...] = Field(
        default=(), description="figures that may differ by so much"
    )

    _path: Path = PrivateAttr(default_factory=Path)

    @model_validator(mode="after")
    def _expects_something(self) -> Tolerances:
        if self.inputs == "any" and not self.differences:
            message = "nothing is expected"
            raise self.complain(("differences", message, "a list of figures, or inputs = 'same'"))
        return self

    @property
    def path(self) -> Path:
        """File the tolerances were read from."""
        return self._path


def load_tolerances(path: Path) -> Tolerances:
    """Read and check a file of tolerances.

    Raises
    ------
    PolicyError
        Holds everything that is wrong with the file.
    """
    problems = Problems()
    data = read_toml(path, problems)
    if data is None:
        raise PolicyError(problems)
    try:
        found = Tolerances.model_validate(data)
    except ValidationError as error:
        add_complaints(error, Tolerances, data, problems, lambda _: path.name)
        raise PolicyError(problems) from None
    found._path = path
    return found


def within_tolerances(comparison: Comparison, tolerances: Tolerances) -> pd.DataFrame:
    """Hold a comparison against what is accepted.

    Returns
    -------
    pandas.DataFrame
        what, key, value (the difference), found, expected, holds, why: a row for every figure of
        each side that is spoken of. What is not there, as there are no two plans or no such keys,
        does not hold.
    """
    rows = [*_of_inputs(comparison, tolerances)]
    for side in comparison.sides[1:]:
        table = comparison.table
        table = table[table["side"].eq(side.name)]
        for entry in tolerances.differences:
            rows += _of_figures(side.name, table, entry)
    columns = ["what", "key", "value", "found", "expected", "holds", "why"]
    kinds = {**dict.fromkeys(columns, "str"), "value": "float64", "holds": "bool"}
    return pd.DataFrame(rows, columns=columns).astype(kinds)


_Row = tuple[str, str, float, str, str, bool, str]


def _of_inputs(comparison: Comparison, tolerances: Tolerances) -> Iterator[_Row]:
    if tolerances.inputs == "any":
        return
    inputs = comparison.tables["inputs"]
    for side in comparison.sides[1:]:
        differing = inputs[inputs["side"].eq(side.name) & inputs["counts"]]
        count = len(differing)
        found = "same" if not count else f"{count} differ, first {differing['address'].iloc[0]}"
        yield f"{side.name}: inputs", TOTAL_KEY, float(count), found, "same", not count, ""


def _of_figures(side: str, table: pd.DataFrame, entry: AcceptedDifference) -> Iterator[_Row]:
    what = f"{side}: {entry.part}" + (f" by {entry.by}" if entry.by else "")
    by = ", ".join(part.strip() for part in entry.by.split(","))
    rows = table[table["part"].eq(entry.part)]
    # Goals have no total: without keys each of them is meant.
    is_whole = not by and rows["by"].eq("").any()
    rows = rows[rows["by"].eq(by)] if by or is_whole else rows
    chosen = rows[rows["key"].eq(entry.key)] if entry.key else rows
    if not len(chosen):
        # Where the others have rows, this one has nothing in both.
        found = "nothing in both" if len(rows) else "no such figures in both plans"
        yield what, entry.key, 0.0, found, _accepted(entry, 0.0), bool(len(rows)), entry.why
        return
    for row in rows_of(chosen):
        holds = entry.accepts(row.before, row.after)
        found = f"{figure(row.before)} to {figure(row.after)} ({signed(row.difference)})"
        expected = _accepted(entry, row.before)
        yield what, row.key, float(row.difference), found, expected, holds, entry.why


def _accepted(entry: AcceptedDifference, before: float) -> str:
    direction = "" if entry.direction is None else f" {entry.direction}"
    return f"at most {figure(entry.most(before))}{direction or ' apart'}"
