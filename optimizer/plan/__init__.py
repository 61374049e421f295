"""Plans as tidy tables on the user's keys, and the check of every rule without the solver."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pandas.api.types import pandas_dtype

from optimizer.errors import InputError, Problems
from optimizer.frames import groups_of, rows_of
from optimizer.frames.records import Comparable, Frames, HandingOut
from optimizer.schema.decisions import WRITTEN
from optimizer.text.figures import persons

if TYPE_CHECKING:
    from optimizer.plan.answers import PlanAnswers
    from optimizer.plan.question import Question

COLUMNS: dict[str, dict[str, str]] = {name: each.columns for name, each in WRITTEN.items()}
"""Columns and types of every decision table."""

SLOT_KEYS = tuple(name for name in COLUMNS["slots"] if name != "slots")
"""Columns that name the place of a slot."""

DECIDED: Mapping[str, str] = MappingProxyType({name: f"plan.decisions.{name}" for name in COLUMNS})
"""Where the decision tables of a plan are, for whoever looks among those that follow from it."""

_VARIABLES = {"variable": "str", "index": "str", "value": "float64"}
"""Columns and types of the table of custom variables."""


def empty(table: str) -> pd.DataFrame:
    """A decision table without rows."""
    # A copy shares what is in it until somebody writes.
    return _made_empty(table).copy(deep=False)


@cache
def _made_empty(table: str) -> pd.DataFrame:
    kinds = _VARIABLES if table == "variables" else COLUMNS[table]
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in kinds.items()})


def variable_table(values: Mapping[str, Mapping[Any, float]]) -> pd.DataFrame:
    """Values of custom variables, by component and index, as a table.

    Examples
    --------
    >>> variable_table({"wave": {("Asia", 2027): 1.0, None: 2.0}})
      variable           index  value
    0     wave  ["Asia", 2027]    1.0
    1     wave              []    2.0
    """
    rows = [
        (name, json.dumps(_listed(index), ensure_ascii=False, default=_plain), float(value))
        for name, cells in values.items()
        for index, value in cells.items()
    ]
    table = pd.DataFrame(rows, columns=["variable", "index", "value"])
    return table.astype({"variable": "str", "index": "str", "value": "float64"})


def _plain(number: Any) -> Any:
    """NumPy's numbers as Python's."""
    return number.item()


def _listed(index: Any) -> list[Any]:
    if index is None:
        return []
    return list(index) if isinstance(index, tuple) else [index]


def variable_values(table: pd.DataFrame) -> dict[str, dict[Any, float]]:
    """Undo :func:`variable_table`.

    Raises
    ------
    ValueError
        If an index is not a JSON list of texts and numbers.
    """
    values: dict[str, dict[Any, float]] = {}
    for row in rows_of(table):
        index = _index_in(row[1])
        key = None if not index else index[0] if len(index) == 1 else tuple(index)
        values.setdefault(row[0], {})[key] = float(row[2])
    return values


def _index_in(text: str) -> list[Any]:
    """The parts of an index, none of them a list or a table themselves."""
    try:
        index = json.loads(text)
    except RecursionError:
        index = None
    if not isinstance(index, list) or any(isinstance(part, list | dict) for part in index):
        raise ValueError(f"{text} is not a list of texts and numbers")
    return index


def _check_table(name: str, table: object, columns: Mapping[str, str], problems: Problems) -> None:
    """Refuse what is not a decision table: all columns, with texts, whole numbers and numbers."""
    place = f"decisions.{name}"
    if not isinstance(table, pd.DataFrame):
        message = f"is a {type(table).__name__}"
        problems.add(place, message, expected=f"a frame of {', '.join(columns)}")
        return
    for column, kind in columns.items():
        if list(table.columns).count(column) != 1:
            problems.add(place, "the column is missing or there twice", column=column)
        elif not len(table):
            continue
        elif kind == "str":
            wrong = [value for value in table[column] if not isinstance(value, str)]
            if wrong:
                message = f"{wrong[0]!r} is not text"
                problems.add(place, message, column=column, expected="text, blank for none")
        elif not _are_numbers(table[column], whole=kind == "int64"):
            expected = "whole numbers" if kind == "int64" else "finite numbers"
            problems.add(place, "not all are numbers", column=column, expected=expected)


def _typed(table: pd.DataFrame, columns: Mapping[str, str]) -> pd.DataFrame:
    """The table with the types of its columns, as it is where it has them."""
    is_typed = all(table[name].dtype == pandas_dtype(kind) for name, kind in columns.items())
    return table if is_typed else table.astype(columns)


def _are_numbers(column: pd.Series, *, whole: bool) -> bool:
    if column.dtype.kind not in "iuf":
        return False
    values = column.to_numpy(dtype=float)
    return bool(np.isfinite(values).all() and (not whole or (values == np.round(values)).all()))


@dataclass(frozen=True, eq=False)
class Decisions(HandingOut):
    """Everything that is chosen in a plan; only rows that are not zero.

    Decisions are equal where their tables are. Tables are given as copies.

    Attributes
    ----------
    slots
        country, track, level, region, year, slots. The region is blank in national cases.
    agreements
        country, track, year: proposed agreements and the year from which they are open.
    transitions
        country, track, next_track, year, persons (expected).
    transitions_by_region
        track, next_track, group, region, year, persons: where stayers of a group of countries go.
    transitions_from_region
        track, next_track, group, next_group, region, year, persons: where stayers completed, by
        their groups on both tracks; only where people move by attraction.
    expansion
        region, service, year, steps.
    transfers
        line, to_line, year, amount.
    carry_over
        line, year, amount: money kept for the following year.
    variables
        variable, index, value: variables of custom rules; the index as a JSON list.
    """

    slots: pd.DataFrame
    agreements: pd.DataFrame = field(default_factory=lambda: empty("agreements"))
    transitions: pd.DataFrame = field(default_factory=lambda: empty("transitions"))
    transitions_by_region: pd.DataFrame = field(
        default_factory=lambda: empty("transitions_by_region")
    )
    transitions_from_region: pd.DataFrame = field(
        default_factory=lambda: empty("transitions_from_region")
    )
    expansion: pd.DataFrame = field(default_factory=lambda: empty("expansion"))
    transfers: pd.DataFrame = field(default_factory=lambda: empty("transfers"))
    carry_over: pd.DataFrame = field(default_factory=lambda: empty("carry_over"))
    variables: pd.DataFrame = field(default_factory=lambda: empty("variables"))

    def __post_init__(self) -> None:
        super().__post_init__()
        problems = Problems()
        for name, columns in {**COLUMNS, "variables": _VARIABLES}.items():
            _check_table(name, vars(self)[name], columns, problems)
        problems.raise_if_any(InputError)
        for name, columns in {**COLUMNS, "variables": _VARIABLES}.items():
            # Rows are known by their keys: where they stood in a file says nothing of the plan.
            table = vars(self)[name].reset_index(drop=True)
            object.__setattr__(self, name, _typed(table, columns))

    def tables(self) -> Frames:
        """Every table of the model's own decisions by name."""
        return Frames({name: getattr(self, name) for name in COLUMNS})


@dataclass(frozen=True, repr=False, eq=False)
class Plan(Comparable):
    """A checked plan: what was decided, what follows from it, and how good it is proven to be.

    Plans are equal where these are, however long they took to find and wherever they are kept.
    Tables are given as copies.

    Attributes
    ----------
    policy, case
        Names.
    status
        ``optimal`` (proven gap at most 1e-6) or ``feasible``.
    objective, bound, gap
        Points, proven upper bound, relative gap (``None`` for plans that were not solved here).
    seconds
        start (of a command), read, build, load, scales, solve, check, and total: their sum, from
        the start until the plan was checked. write comes after, once it is written.
    decisions
        What was chosen.
    tables
        What follows: ``cohort``, ``placements``, ``expected``, ``residents``, ``spending``,
        ``integration``, ``services``, ``stages``, ``agreements``, ``people``, ``outcomes``,
        ``country_scores``, ``goals``, ``soft``, ``change``, ``custom_rules``, ``take_up``,
        ``fairness``, ``fairness_groups``, ``stakeholders``, ``rules``.
    notes
        What the reader must know: what the value leaves open, what was assumed.
    warnings
        What is legal but odd in case and policy: each may not have been meant.
    provenance
        Hashes, scales, ranges, versions and options: what run.json holds.
    folder
        Run folder, once written.
    question
        Policy and case that it is a plan for, as they were and as changed; ``None`` where nobody
        said.
    answers
        What was asked of it: what limits it, prices of rules, room to manoeuvre; ``None`` where
        nothing was.
    """

    policy: str
    case: str
    currency: str
    status: str
    objective: float
    bound: float | None
    gap: float | None
    seconds: dict[str, float] = field(compare=False)
    decisions: Decisions
    tables: Mapping[str, pd.DataFrame]
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict, compare=False)
    folder: Path | None = field(default=None, compare=False)
    question: Question | None = field(default=None, compare=False)
    answers: PlanAnswers | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tables", Frames(self.tables, DECIDED))

    @property
    def slots(self) -> pd.DataFrame:
        """country, track, level, region, year, slots."""
        return self.decisions.slots

    @property
    def slots_total(self) -> int:
        """Number of slots in all years."""
        return int(self.slots["slots"].sum())

    @property
    def expected_total(self) -> float:
        """Number of people who come by forecast in planned years, beside the slots."""
        expected = self.tables["expected"]
        return float(expected.loc[expected["country"].ne(""), "persons"].sum())

    @property
    def headline(self) -> str:
        """Slots, and people who are expected besides where there are any, in words."""
        expected = self.expected_total
        besides = f", {persons(expected)} expected besides" if expected else ""
        return f"{self.slots_total:,} slots{besides}"

    def summary(self) -> dict[str, Any]:
        """The figures of ``summary.json``: plain numbers and text only."""
        goals = self.tables["goals"].set_index("goal")
        spending = self.tables["spending"]
        provisional = self.provenance.get("provisional_scales", ())
        return {
            "policy": self.policy,
            "case": self.case,
            "status": self.status,
            "objective": self.objective,
            "bound": self.bound,
            "gap": self.gap,
            "seconds": {name: round(value, 3) for name, value in self.seconds.items()},
            "slots_total": self.slots_total,
            "expected_total": self.expected_total,
            **({"provisional_scales": list(provisional)} if provisional else {}),
            "warnings": list(self.warnings),
            "goals": goals[["raw", "scale", "scaled", "weighted"]].to_dict("index"),
            "spending": {
                str(line): {str(row.year): float(row.spent) for row in rows_of(rows)}
                for (line,), rows in groups_of(spending, ["line"])
            },
            "run_folder": None if self.folder is None else str(self.folder),
        }

    def __repr__(self) -> str:
        gap = "" if self.gap is None else f", gap {self.gap:.3%}"
        return (
            f"<Plan {self.policy} on {self.case}: {self.status}, {self.objective:,.3f} points"
            f"{gap}, {self.headline}>"
        )

    def _repr_html_(self) -> str:
        """Show the plan in a notebook: its headline and slots by track and year."""
        gap = "" if self.gap is None else f", proven gap {self.gap:.2%}"
        table = self.slots.pivot_table(
            index="track",
            columns="year",
            values="slots",
            aggfunc="sum",
            fill_value=0,
            margins=True,
            margins_name="total",
        )
        head = (
            f"<p><b>{_escape(self.policy)}</b> on <b>{_escape(self.case)}</b>: {self.status}, "
            f"{self.objective:,.2f} points{gap}; {self.headline}</p>"
        )
        return head + table.to_html(escape=True, float_format=lambda value: f"{value:,.0f}")


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
