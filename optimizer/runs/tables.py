"""Tables that a plan is read from: their columns, and what must hold of their rows."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from optimizer.case import Case
from optimizer.errors import Problem, Problems, did_you_mean, shorten
from optimizer.frames import mapping, rows_of
from optimizer.plan import variable_values
from optimizer.plan.parameters import SCALE
from optimizer.runs.decision_rows import OTHER_KEYS
from optimizer.runs.facts import is_scale
from optimizer.runs.workbook import NAMES
from optimizer.schema.decisions import BESIDE_SLOTS, WRITTEN
from optimizer.schema.tables import NOTE, SOURCE, STANDARD, ColumnSpec, TableSpec

MOST = 1e15
"""Largest number a plan may hold: whole numbers up to here are exact."""


def _text(name: str, meaning: str, *, required: bool = True, default: str = "") -> ColumnSpec:
    return ColumnSpec(name, "text", meaning, required=required, default=default or None)


SLOTS = TableSpec(
    name="slots",
    meaning="slots of a plan",
    columns=(
        _text("country", "country of the participants"),
        _text("track", "track they enter"),
        _text("level", "support level", required=False, default=STANDARD),
        _text("region", "host region; blank in national cases", required=False),
        ColumnSpec("year", "int", "year they enter"),
        ColumnSpec("slots", "int", "number of slots", low=0, high=MOST),
        SOURCE,
        NOTE,
    ),
    keys=("country", "track", "level", "region", "year"),
)

NAMED_SLOTS = TableSpec(
    name=SLOTS.name,
    meaning=SLOTS.meaning,
    columns=(
        *SLOTS.columns[:-2],
        *(
            _text(name, f"{column} of the {key}", required=False)
            for key, (_, names) in NAMES.items()
            for name, column in names.items()
        ),
        SOURCE,
        NOTE,
    ),
    keys=SLOTS.keys,
)
"""Slots as sheets have them, with names beside the keys."""

OTHERS = TableSpec(
    name="decisions",
    meaning="everything else a plan decides",
    columns=(
        ColumnSpec(
            "decision",
            "choice",
            "kind of decision",
            choices=tuple(each.table for each in BESIDE_SLOTS),
            reads_old_names=True,
        ),
        *(_text(name, "key of the decision", required=False) for name in OTHER_KEYS),
        ColumnSpec("year", "int", "year of the decision"),
        ColumnSpec("amount", "number", "persons, steps or money", low=0, high=MOST),
        SOURCE,
        NOTE,
    ),
    keys=("decision", *OTHER_KEYS, "year"),
)

VALUES = TableSpec(
    name="variables",
    meaning="variables of custom rules",
    columns=(
        _text("variable", "name of the variable"),
        _text("index", "its index, as a JSON list"),
        ColumnSpec("value", "number", "its value"),
        SOURCE,
        NOTE,
    ),
    keys=("variable", "index"),
)

PARAMETERS = TableSpec(
    name="parameters",
    meaning="what a plan was made with",
    columns=(
        _text("group", "what the parameter belongs to"),
        _text("name", "its name"),
        *(_text(name, "what it is", required=False) for name in ("value", "unit", "of", "why")),
        SOURCE,
        NOTE,
    ),
    keys=("group", "name"),
)


def check_slots(slots: pd.DataFrame, case: Case, problems: Problems) -> None:
    """Refuse countries, tracks, levels, regions and years that the case does not have.

    Parameters
    ----------
    slots
        As :data:`SLOTS` or :data:`NAMED_SLOTS`; the index is the row in the file.
    """
    for key, table in (("country", "countries"), ("track", "tracks"), ("region", "regions")):
        known = dict.fromkeys(case.table(table)[key])
        problems.add_all(
            Problem(
                SLOTS.file,
                f"{value!r} is not a {key} of case {case.name!r}",
                int(str(row)),
                key,
                f"a code listed in {table}",
                did_you_mean(value, known),
            )
            for row, value in slots[key].items()
            if value and value not in known
        )
    problems.add_all(_unknown_levels(slots, case))
    years = case.years
    problems.add_all(
        Problem(
            SLOTS.file,
            f"{year} is not a year of case {case.name!r}",
            int(str(row)),
            "year",
            f"{years[0]} to {years[-1]}",
        )
        for row, year in slots["year"].items()
        if pd.notna(year) and year not in years
    )


def _unknown_levels(slots: pd.DataFrame, case: Case) -> Iterable[Problem]:
    given = case.table("support_levels").groupby("track")["level"].agg(list).to_dict()
    levels = {track: given.get(track, [STANDARD]) for track in case.table("tracks")["track"]}
    for row in rows_of(slots.reset_index()):
        known = levels.get(row.track)
        if known is not None and row.level not in known:
            yield Problem(
                SLOTS.file,
                f"track {row.track!r} has no level {row.level!r}",
                int(row.row),
                "level",
                f"one of {', '.join(known)}",
                did_you_mean(row.level, known),
            )


def check_names(slots: pd.DataFrame, case: Case, problems: Problems) -> None:
    """Refuse names that do not go with the key beside them: one of the two is wrong."""
    for key, (table, names) in NAMES.items():
        for name, column in names.items():
            known = mapping(case.table(table), key, column)
            found = zip(slots.index, slots[key], slots[name], strict=True)
            problems.add_all(
                Problem(
                    SLOTS.file,
                    f"{told!r} does not go with {key} {value!r}",
                    int(str(row)),
                    name,
                    f"{known[value]!r}, or a blank cell",
                )
                for row, value, told in found
                if told and told != known.get(value, told)
            )


def check_decisions(rows: pd.DataFrame, problems: Problems) -> None:
    """Decisions must be whole where they are counted, and name their own keys alone."""

    def add(row: object, column: str, message: str, expected: str) -> None:
        problems.add(OTHERS.file, message, row=int(str(row)), column=column, expected=expected)

    for row in rows_of(rows.reset_index()):
        each = WRITTEN.get(row.decision)
        if each is None:
            continue
        for key in OTHER_KEYS:
            if getattr(row, key) and key not in each.keys:
                add(
                    row.row,
                    key,
                    f"{getattr(row, key)!r} is given, but {row.decision} have no {key}",
                    "a blank",
                )
        if pd.isna(row.amount):
            continue
        if not each.amount and row.amount != 1:
            add(row.row, "amount", f"{row.amount:g} for {each.name}, which is yes or no", "1")
        elif each.number != "continuous" and row.amount != int(row.amount):
            message = f"{row.amount:g} is not a whole number"
            add(row.row, "amount", message, f"a number of {each.amount}")
    for each in BESIDE_SLOTS:
        ours = rows[rows["decision"].eq(each.table)]
        keys = [key for key in each.keys if not (each.for_good and key == "year")]
        for number in ours.index[ours.duplicated(keys)] if not each.amount else ():
            add(number, "year", f"the {each.name} is decided already", f"one row per {each.name}")


def check_variables(table: pd.DataFrame, problems: Problems) -> None:
    """Indices of custom variables must be JSON lists."""
    for row in rows_of(table.reset_index()):
        try:
            variable_values(pd.DataFrame([(row.variable, row[2], 0.0)]))
        except ValueError:
            problems.add(
                VALUES.file,
                f"{shorten(repr(row[2]))} is not an index",
                row=int(row.row),
                column="index",
                expected="a JSON list",
            )


def with_scales(table: pd.DataFrame, problems: Problems) -> pd.DataFrame:
    """Give parameters with scales as numbers, refused unless they are above 0."""
    values: list[object] = []
    for row in rows_of(table.reset_index()):
        value = row.value
        if row.group == SCALE:
            try:
                value = float(row.value)
            except ValueError:
                value = 0.0
            if not is_scale(value):
                problems.add(
                    PARAMETERS.file,
                    f"{row.value!r} is not a valid scale",
                    row=int(row.row),
                    column="value",
                    expected="a number above 0",
                )
        values.append(value)
    return table.assign(value=pd.Series(values, index=table.index, dtype="object"))
