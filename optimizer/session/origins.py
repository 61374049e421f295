"""Where the number of a row stands: the file and row of a table, or the key of the policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from optimizer.case import Case
from optimizer.errors import Problem, Problems
from optimizer.frames.arrays import Floats, Integers
from optimizer.frames.grouping import remembered
from optimizer.instance import Instance
from optimizer.instance.previous import YEAR_NAMES
from optimizer.policy import Amount, Even, Limit, OwnBest, Previous, Relative
from optimizer.schema.addresses import CellAddress, address_of
from optimizer.schema.rules import LIMIT_RULES, RowKey
from optimizer.schema.tables import TABLES

RULE_CELLS: Mapping[str, tuple[str, str, tuple[str, ...]]] = MappingProxyType(
    {
        "cohort_within_applicants": ("applicants", "applicants", ("country", "track", "year")),
        "placements_within_site": ("sites", "max_slots", ("track", "region", "year")),
        "intake_within_cap": ("national_caps", "max", ("track", "year")),
        "residents_within_cap": ("national_caps", "max", ("track", "year")),
        "cohort_reaches_minimum": ("tracks", "min_cohort", ("", "track", "")),
        "active_track_reaches_minimum": ("tracks", "min_cohort", ("", "track", "")),
        "spending_within_budget": ("budgets", "amount", ("line", "year")),
        "use_within_capacity": ("services", "capacity", ("region", "service", "year")),
    }
)
"""Table, column and keys, in the order of the index, of rules whose numbers are cells of the case;
a part of the index that is no key is blank."""

RULES_OF_POLICY = {
    *LIMIT_RULES,
    "support_reaches_floor",
    "commitment_at_least",
    "commitment_at_most",
    "transfer_within_share",
    "carry_over_within_share",
    "change_within_limit",
}
"""Rules whose numbers stand in the policy, or in a row that their keys number."""


@dataclass(frozen=True)
class Origin:
    """Where a number stands.

    Attributes
    ----------
    address
        As changes name it; blank where none does.
    file, row, column
        As problems name it.
    value
        The number as it stands there, which may be one of several in a row of a rule.
    protected
        Whether it may never be loosened.
    label
        Label of the row of a frame; None in files and sheets.
    """

    address: str
    file: str
    row: int | None
    column: str
    value: float | None
    protected: bool = False
    label: str | None = None

    def in_words(self) -> str:
        """The place as problems name it.

        Examples
        --------
        >>> Origin("", "budgets.csv", 3, "amount", 5.0).in_words()
        'budgets.csv row 3, column amount'
        """
        if self.label is not None:
            return Problem(self.file, "", column=self.column or None, label=self.label).place
        place = self.file if self.row is None else f"{self.file} row {self.row}"
        if not self.column:
            return place
        return f"{place}, {self.column}" if self.row is None else f"{place}, column {self.column}"


def origin_of(instance: Instance, key: RowKey) -> Origin | None:
    """Find where the number of a row stands; ``None`` for rules of no single number."""
    limit = limit_of(instance, key)
    if limit is not None:
        return _of_limit(instance, limit, key)
    if key.rule in RULE_CELLS:
        table, column, names = RULE_CELLS[key.rule]
        keys = {name: at for name, at in zip(names, key.index, strict=True) if name}
        return origin_of_cell(instance, table, column, _row_of(instance, table, keys))
    if key.rule in ("commitment_at_least", "commitment_at_most"):
        column = key.rule.removeprefix("commitment_")
        return origin_of_cell(instance, "commitments", column, key.index[-1])
    found = _in_policy(instance, key)
    return None if found is None else _of_policy(instance, *found)


def limit_of(instance: Instance, key: RowKey) -> Limit | None:
    """Limit of the policy that a row belongs to; ``None`` for rows of other rules."""
    if key.rule not in LIMIT_RULES:
        return None
    return next(each for each in instance.policy.limits if each.name == key.index[0])


def bound_of_first_year(instance: Instance, key: RowKey) -> Previous | None:
    """Bound of a row that compares the first year with today's slots; ``None`` for others."""
    limit = limit_of(instance, key)
    bound = None if limit is None else getattr(limit, key.rule.removeprefix("limit_"))
    if limit is None or not isinstance(bound, Previous):
        return None
    values = dict(zip(limit.by, key.index[1:], strict=True))
    year = next(value for name, value in values.items() if name in YEAR_NAMES)
    return bound if year == instance.sets.years[0] else None


def _of_limit(instance: Instance, limit: Limit, key: RowKey) -> Origin:
    sense = key.rule.removeprefix("limit_")
    names: tuple[str, ...] = ("limits", limit.name, sense)
    bound, begin = getattr(limit, sense), bound_of_first_year(instance, key)
    value: float | None = bound if isinstance(bound, int | float) else None
    if begin is not None and begin.first is not None:
        names, value = (*names, "first", "times"), begin.first.times
    elif isinstance(bound, Amount):
        names, value = (*names, "amount"), bound.amount
    elif isinstance(bound, Relative | Previous):
        names, value = (*names, "times"), bound.times
    elif isinstance(bound, Even):
        names, value = (*names, bound.kind), bound.number
    elif isinstance(bound, OwnBest):
        names, value = (*names, "own_best"), bound.own_best
    return _of_policy(instance, names, value, limit.protected)


def _in_policy(
    instance: Instance, key: RowKey
) -> tuple[tuple[str, ...], float | None, bool] | None:
    """Names, value and protection of a number of the policy beside its limits."""
    policy = instance.policy
    if key.rule == "support_reaches_floor":
        number = key.index[-1]
        floor = policy.support_floor[number - 1]
        names = ("support_floor", str(number), "amount_per_year")
        return names, floor.amount_per_year, floor.protected
    if key.rule == "transfer_within_share":
        for number, each in enumerate(policy.budget.transfers, start=1):
            if (each.from_, each.to) == key.index[:2]:
                return ("budget", "transfers", str(number), "share"), each.share, False
    if key.rule == "carry_over_within_share":
        shares = policy.budget.carry_over
        line = str(key.index[0])
        if isinstance(shares, Mapping):
            return ("budget", "carry_over", line), shares[line], False
        return ("budget", "carry_over"), shares, False
    if key.rule == "change_within_limit" and policy.stability is not None:
        return ("stability", "max_change"), policy.stability.max_change, False
    return None


def _of_policy(
    instance: Instance, names: tuple[str, ...], value: float | None, protected: bool = False
) -> Origin:
    address, policy = address_of(names), instance.policy
    problems = Problems()
    problems.add(policy.path.name, "", column=address)
    place = next(iter(policy.retold(problems)))
    return Origin(address, file_of(place), place.row, column_of(place), value, protected)


def _row_of(instance: Instance, table: str, keys: Mapping[str, Any]) -> int | None:
    """Row of a table with these keys: the most specific, or the last before the year asked."""
    spec, cells = TABLES[table], _cells_of(instance.case, table)
    found = np.ones(len(cells.rows), dtype=bool)
    for name, value in keys.items():
        if name != "year":
            same = cells.texts[name] == str(value)
            found &= same | (cells.texts[name] == "") if name in spec.optional_keys else same
    if "year" in keys:
        years, year = cells.years, float(keys["year"])
        if "year" in spec.optional_keys:
            exact = found & (years == year)
            found = exact if exact.any() else found & np.isnan(years)
        else:
            found &= years <= year
            found &= years == np.max(years[found], initial=-np.inf)
    return int(cells.rows[found][-1]) if found.any() else None


@dataclass(frozen=True, eq=False)
class _Cells:
    """Keys of a table, for rows to be found by them.

    Attributes
    ----------
    rows, places
        Numbers of the rows in the file, and their places by these numbers.
    texts
        Cells of the columns that are keys, as text; "" where they are blank.
    years
        The column ``year``, without a value where it is blank; empty where there is none.
    """

    rows: Integers
    places: Mapping[int, int]
    texts: Mapping[str, npt.NDArray[np.object_]]
    years: Floats


def _cells_of(case: Case, table: str) -> _Cells:
    return remembered([case], ("cells", table), lambda: _read_cells(case, table))


def _read_cells(case: Case, table: str) -> _Cells:
    spec, frame = TABLES[table], case.table(table)
    texts = {
        name: frame[name].astype("str").mask(frame[name].isna(), "").to_numpy(dtype=object)
        for name in (*spec.keys, *spec.optional_keys)
    }
    has_years = "year" in texts
    years = frame["year"].to_numpy(dtype=float, na_value=np.nan) if has_years else np.empty(0)
    rows = frame.index.to_numpy()
    return _Cells(rows, {row: place for place, row in enumerate(rows.tolist())}, texts, years)


def _numbers_of(case: Case, table: str, column: str) -> Floats:
    """Numbers of a column; those that are blank have no value."""
    return remembered(
        [case],
        ("numbers", table, column),
        lambda: case.table(table)[column].to_numpy(dtype=float, na_value=np.nan),
    )


def origin_of_cell(instance: Instance, table: str, column: str, row: int | None) -> Origin | None:
    """Where a figure stands in a row of a table of the case; ``None`` without a row."""
    if row is None:
        return None
    spec, case = TABLES[table], instance.case
    cells, numbers = _cells_of(case, table), _numbers_of(case, table, column)
    place = cells.places[row]
    keys = tuple((name, text) for name, texts in cells.texts.items() if (text := texts[place]))
    named = next(each for each in spec.columns if each.name == column)
    header = named.header(case.currency)
    problems = Problems()
    problems.add(spec.file, "", row=row, column=header)
    found = next(iter(case.retold(problems)))
    address = CellAddress(table, keys, column)
    is_one = len(cells.rows) == 1 or (bool(keys) and _chosen(cells, keys) == 1)
    return Origin(
        str(address) if is_one else "",
        file_of(found),
        row,
        column_of(found),
        float(numbers[place]),
        label=found.label,
    )


def _chosen(cells: _Cells, keys: tuple[tuple[str, str], ...]) -> int:
    """Number of rows that the address of a cell with these keys would change."""
    chosen = np.ones(len(cells.rows), dtype=bool)
    for name, value in keys:
        chosen &= cells.texts[name] == value
    return int(chosen.sum())


def file_of(place: Problem) -> str:
    """The file of a problem, with its sheet."""
    return place.file if place.sheet is None else f"{place.file}, sheet {place.sheet}"


def column_of(place: Problem) -> str:
    """The column or key of a problem, with its letter in a workbook."""
    name = place.column or ""
    return name if place.letter is None else f"{place.letter} ({name})"
