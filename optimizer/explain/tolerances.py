"""Differences that are accepted between a first input and others, stated in a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import pandas as pd
from pydantic import Field, PrivateAttr, ValidationError, model_validator

from optimizer.errors import PolicyError, Problems, did_you_mean
from optimizer.explain.comparing import Comparison
from optimizer.explain.result_differences import TOTAL_KEY, signed
from optimizer.explain.sides import Side
from optimizer.frames import rows_of
from optimizer.io.strict import StrictTable, Version, add_complaints
from optimizer.io.toml import read_toml
from optimizer.text.figures import counted, figure

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
        default="any", description="same where nothing but remarks and solver options may differ"
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
        each side that is spoken of. What is not there, as there are no two plans or nothing is
        added up by such keys, does not hold; nothing in both plans is accepted.

    Raises
    ------
    PolicyError
        If a key is in none of the cases and policies that are compared.
    """
    _require_known_keys(comparison, tolerances)
    rows = [*_of_inputs(comparison, tolerances)]
    for side in comparison.sides[1:]:
        table = comparison.table
        table = table[table["side"].eq(side.name)]
        for entry in tolerances.differences:
            rows += _of_figures(side.name, table, entry)
    columns = ["what", "key", "value", "found", "expected", "holds", "why"]
    kinds = {**dict.fromkeys(columns, "str"), "value": "float64", "holds": "bool"}
    return pd.DataFrame(rows, columns=columns).astype(kinds)


def _require_known_keys(comparison: Comparison, tolerances: Tolerances) -> None:
    """Refuse keys that nothing compared has: they are misspelt, and would always be as expected."""
    problems, table = Problems(), comparison.table
    for place, entry in enumerate(tolerances.differences, start=1):
        rows = table[table["part"].eq(entry.part)]
        if not entry.key or _has_key(rows[_asked_by(rows, entry)], entry).any():
            continue
        columns = _keys_of(entry)
        known = [_known_names(comparison.sides, column) for column in columns]
        if not all(known):
            # Nothing is added up by such keys, which is said where it is held against the plans.
            continue
        names = [name.strip() for name in entry.key.split(",")]
        is_total = columns == [TOTAL_KEY]
        expected = f"{', '.join(columns)} of what is compared{' without by' if is_total else ''}"
        if len(names) != len(columns):
            message = f"{entry.key!r} has {counted(len(names), 'part')} for {len(columns)}"
            problems.add(_file(tolerances), message, column=_at(place), expected=expected)
            continue
        near = [
            name if name in options else did_you_mean(name, options)
            for name, options in zip(names, known, strict=True)
        ]
        if near != names:
            maybe = None if None in near else ", ".join(map(str, near))
            problems.add(
                _file(tolerances),
                f"{entry.key!r} is in none of what is compared",
                column=_at(place),
                expected=expected,
                maybe=maybe,
            )
    problems.raise_if_any(PolicyError)


def _file(tolerances: Tolerances) -> str:
    return tolerances.path.name


def _at(place: int) -> str:
    return f"differences.{place}.key"


def _keys_of(entry: AcceptedDifference) -> list[str]:
    """Keys of the rows that are spoken of."""
    if entry.by:
        return [name.strip() for name in entry.by.split(",")]
    return ["goal"] if entry.part.startswith("goal_") else [TOTAL_KEY]


def _known_names(sides: Sequence[Side], key: str) -> list[str]:
    """Names that a key can have in a case or policy of what is compared."""
    found: list[str] = [TOTAL_KEY] if key == TOTAL_KEY else []
    for side in sides:
        if side.policy is not None and key == "goal":
            found += side.policy.goals
        # Plans have years and levels of which the case says nothing.
        for holder in (side.case, side.plan):
            tables = () if holder is None else holder.tables.values()
            found += [name for table in tables if key in table for name in _texts(table[key])]
    return [name for name in dict.fromkeys(found) if name]


def _texts(column: pd.Series) -> list[str]:
    known = column.dropna()
    # Years beside blank cells are held as floats.
    known = known.astype("int64") if known.dtype.kind == "f" else known
    names: list[str] = known.astype("str").tolist()
    return names


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
    rows = table[table["part"].eq(entry.part)]
    rows = rows[_asked_by(rows, entry)]
    chosen = rows[_has_key(rows, entry)] if entry.key else rows
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


def _asked_by(rows: pd.DataFrame, entry: AcceptedDifference) -> pd.Series:
    """Which rows of a part are added up by the keys that are spoken of."""
    by = ", ".join(part.strip() for part in entry.by.split(","))
    # Goals have no total: without keys each of them is meant.
    is_any = not by and not rows["by"].eq("").any()
    return rows["by"].eq(by) | is_any


def _has_key(rows: pd.DataFrame, entry: AcceptedDifference) -> pd.Series:
    """Which rows have the key that is spoken of, with or without a space after each comma."""
    spaced = ", ".join(part.strip() for part in entry.key.split(","))
    return rows["key"].isin([entry.key, spaced])


def _accepted(entry: AcceptedDifference, before: float) -> str:
    direction = "" if entry.direction is None else f" {entry.direction}"
    return f"at most {figure(entry.most(before))}{direction or ' apart'}"
