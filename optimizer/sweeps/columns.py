"""Columns of a study's tables, as CSV files and sheets have them."""

from __future__ import annotations

from dataclasses import replace

from optimizer.schema.tables import NOTE, ColumnSpec, TableSpec
from optimizer.sweeps.contents import OPERATIONS
from optimizer.sweeps.origins import CHANGE_TABLE, SCENARIO_TABLE

_SCENARIO = ColumnSpec("scenario", "text", "name of the scenario")
_PROBABILITY = ColumnSpec(
    "probability",
    "number",
    "how likely it is; of every scenario, or of none",
    required=False,
    low=0.0,
    high=1.0,
)
_OF_DESIGNS = (
    ColumnSpec(
        "rescaled",
        "bool",
        "yes if weights of goals that it does not change are rescaled, so that the sum stays",
        required=False,
        default="no",
    ),
    ColumnSpec("lever", "text", "the one lever that it is about", required=False),
    ColumnSpec("draw", "int", "number of the draw", required=False, low=1),
    ColumnSpec(
        "matrix",
        "choice",
        "sample A or B, or AB for A with one lever as in B",
        required=False,
        choices=("A", "B", "AB"),
    ),
)
_ADDRESS = ColumnSpec("address", "text", "what is changed; a star stands for any name")
_OPERATION = ColumnSpec(
    "operation",
    "choice",
    "what is done with the value; without it the value says it, as in *1.1",
    required=False,
    choices=OPERATIONS,
)
_VALUE = ColumnSpec("value", "text", "a value as --set takes it")

SCENARIOS = TableSpec(
    name=SCENARIO_TABLE,
    meaning="Every scenario, how likely it is and what it is about.",
    columns=(_SCENARIO, _PROBABILITY, *_OF_DESIGNS, NOTE),
    keys=("scenario",),
)
CHANGES_MADE = TableSpec(
    name=CHANGE_TABLE,
    meaning="What every scenario changes, a row for each address.",
    columns=(_SCENARIO, _ADDRESS, _OPERATION, _VALUE, NOTE),
    keys=("scenario", "address"),
    required=True,
)
SCENARIO_NOTE = replace(
    NOTE, name="scenario_note", meaning="note on the scenario, where note is one on the change"
)
FLAT = TableSpec(
    name="study",
    meaning="Both tables as one: a row for each change, with what holds for its scenario.",
    columns=(
        _SCENARIO,
        _PROBABILITY,
        *_OF_DESIGNS,
        SCENARIO_NOTE,
        replace(_ADDRESS, required=False),
        _OPERATION,
        replace(_VALUE, required=False),
        NOTE,
    ),
    keys=("scenario",),
    optional_keys=("address",),
    required=True,
)
