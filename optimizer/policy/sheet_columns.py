"""Sheets of a policy's workbook: their columns, and which key of a bound each holds."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from optimizer.io.cells import BOOLEANS
from optimizer.policy.cell_text import (
    COMPARISONS_EXPECTED,
    FILTER,
    NAMES_EXPECTED,
    NOTHING,
    WEIGHTS_EXPECTED,
)
from optimizer.schema.measures import MEASURES
from optimizer.schema.tables import NOTE, SOURCE, ColumnKind, ColumnSpec, TableSpec

NUMBER_OF_BOUND = "a number, or with share_of or previous a factor, or with per an amount"
INHERITED = "as in the policy that is extended"


def _column(
    name: str, meaning: str, kind: ColumnKind = "text", choices: tuple[str, ...] = ()
) -> ColumnSpec:
    return ColumnSpec(name, kind, meaning, required=False, choices=choices)


POLICY = TableSpec(
    name="policy",
    meaning="What holds for the whole policy, a row for each key.",
    columns=(
        ColumnSpec("key", "text", "what is said, such as title or solver.gap"),
        _column("value", "what it is; blank for what the policy it extends says"),
        SOURCE,
        NOTE,
    ),
    keys=("key",),
    blank_cells=INHERITED,
)
GOALS = TableSpec(
    name="goals",
    meaning="Weights and scales of goals.",
    columns=(
        ColumnSpec("goal", "text", "name of the goal"),
        _column("weight", "its weight in the objective", "number"),
        _column("scale", "ideal, none or a number above 0"),
        _column("why", "the reason, printed in reports"),
        SOURCE,
        NOTE,
    ),
    keys=("goal",),
    blank_cells=INHERITED,
)
LIMITS = TableSpec(
    name="limits",
    meaning="Limits: what a measure is at least and at most.",
    columns=(
        ColumnSpec("limit", "text", "name of the limit"),
        _column("measure", "what is limited", "choice", tuple(MEASURES)),
        _column("where", f"what is counted; {FILTER}"),
        _column("by", f"groups, each with a limit of its own; {NAMES_EXPECTED}"),
        _column("goal", "name of the goal, where a measure is value"),
        _column("at_least", NUMBER_OF_BOUND, "number"),
        _column("at_most", NUMBER_OF_BOUND, "number"),
        _column(
            "share_of",
            "measure of which the bounds are shares; none for plain numbers",
            "choice",
            (*MEASURES, NOTHING),
        ),
        _column("share_where", f"what of that measure is counted; {FILTER}"),
        _column(
            "share_by", f"groups of that measure; those of the limit without it; {NAMES_EXPECTED}"
        ),
        _column("per", "numeric attribute per unit of which the bounds are; none for plain ones"),
        _column(
            "previous",
            "yes if the bounds are factors on the year before",
            "choice",
            tuple(BOOLEANS),
        ),
        _column("plus", "with previous: what a ceiling adds and a floor takes away", "number"),
        _column("first_times", "with previous: factor on current_plan in the first year", "number"),
        _column("first_plus", "with previous: what stands beside it in the first year", "number"),
        _column("soft", "points per 1% by which the limit is missed", "number"),
        _column("soft_base", "what counts as 100%", "number"),
        _column("protected", "yes if it may never be loosened", "choice", tuple(BOOLEANS)),
        _column("optional", "yes if nothing has to match", "choice", tuple(BOOLEANS)),
        _column(
            "scaled", "yes if values of goals count by their scales", "choice", tuple(BOOLEANS)
        ),
        _column("planned", "yes if only what the plan decides counts", "choice", tuple(BOOLEANS)),
        _column("why", "the reason, printed in reports"),
        SOURCE,
        NOTE,
    ),
    keys=("limit",),
    blank_cells=INHERITED,
)
STAKEHOLDERS = TableSpec(
    name="stakeholders",
    meaning="Who weighs the goals in ways of its own.",
    columns=(
        ColumnSpec("stakeholder", "text", "name of the stakeholder"),
        _column("agency", "who it is, in words"),
        _column("weights", f"what weighs how much for it; {WEIGHTS_EXPECTED}"),
        _column("comparisons", f"in place of weights; {COMPARISONS_EXPECTED}"),
        _column("lines", "budget lines that belong to it, separated by commas"),
        _column("limits", "names of limits that belong to it, separated by commas"),
        _column("optional", "yes if a case may lack some of its lines", "choice", tuple(BOOLEANS)),
        _column("why", "the reason, printed in reports"),
        SOURCE,
        NOTE,
    ),
    keys=("stakeholder",),
    blank_cells=INHERITED,
)
SHEETS: Mapping[str, TableSpec] = MappingProxyType(
    {spec.name: spec for spec in (POLICY, GOALS, LIMITS, STAKEHOLDERS)}
)
NAMED_SHEETS = (LIMITS, STAKEHOLDERS)
"""Sheets of which each row is an entry of a list, known by its name."""

OF_BEFORE = ("plus", "first_times", "first_plus")
OTHER_SIDE = {"at_least": "at_most", "at_most": "at_least"}
BOUND_CELLS: Mapping[tuple[str, ...], str] = MappingProxyType(
    {
        ("measure",): "share_of",
        ("where",): "share_where",
        ("by",): "share_by",
        ("per",): "per",
        ("previous",): "previous",
        ("plus",): "plus",
        ("first",): "first_times",
        ("first", "times"): "first_times",
        ("first", "plus"): "first_plus",
    }
)
"""Columns that say what stands beside the number of a bound, by its keys."""
SHARED = tuple(dict.fromkeys(BOUND_CELLS.values()))
"""Columns that say what the numbers of a limit are counted in."""
