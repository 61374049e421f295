"""Reads plans from disk: run folders, workbooks and bare tables of slots."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from optimizer.case import Case
from optimizer.case.folders import LARGEST_FILE
from optimizer.case.sources import WORKBOOK_SUFFIX
from optimizer.errors import InputError, Problems, did_you_mean
from optimizer.errors.arguments import typed
from optimizer.io.grids import Grid
from optimizer.io.paths import NotReadError, TooLargeError, content_of, standing_at
from optimizer.io.tables import empty_table, parse_grid, read_table
from optimizer.io.workbook import Workbook, read_workbook
from optimizer.plan import COLUMNS, Decisions, variable_table
from optimizer.plan.given import ReadPlan
from optimizer.plan.parameters import facts_of
from optimizer.plan.scales import OfRun
from optimizer.runs import DECISIONS_FILE, LARGEST_FACTS, PLAN, RUN, VARIABLES, plain_text
from optimizer.runs.decision_rows import decisions_from_rows
from optimizer.runs.facts import NOT_OURS, facts_in
from optimizer.runs.of_before import renewed_facts
from optimizer.runs.own_tables import PREFIXES
from optimizer.runs.tables import (
    NAMED_SLOTS,
    OTHERS,
    PARAMETERS,
    SLOTS,
    VALUES,
    check_decisions,
    check_names,
    check_slots,
    check_variables,
    with_scales,
)
from optimizer.schema.decisions import BESIDE_SLOTS
from optimizer.schema.tables import NOTE, SOURCE, STANDARD, TableSpec

A_PLAN = "a run folder, an .xlsx workbook or a plan.csv"
_SURELY_MEANT = 0.75
"""Similarity from which a further sheet is taken for one that would be read."""


@typed
def read_plan(path: str | Path, case: Case) -> ReadPlan:
    """Read a run folder, a workbook or a bare ``plan.csv``.

    Parameters
    ----------
    path
        Run folder; or CSV file with the columns country, track, year and slots, and level and
        region where the case has them; or ``.xlsx`` workbook with a sheet ``slots`` of these
        columns and, as in a run's ``plan.xlsx``, sheets ``decisions``, ``variables`` and
        ``parameters``.

    Returns
    -------
    ReadPlan
        With what was assumed where only slots are given.

    Raises
    ------
    InputError
        Holds everything that is wrong with the files.
    OptimizerError
        If a workbook is given and python-calamine is not installed.
    """
    path, problems = Path(path), Problems()
    standing = standing_at(path)
    if standing == "nothing":
        problems.add(path.name, f"there is no such file in {path.parent}", expected=A_PLAN)
        raise InputError(problems)
    if standing == "folder":
        return _read_folder(path, case)
    if path.suffix.lower() == WORKBOOK_SUFFIX:
        return _read_book(path, case)
    slots = _slots(path, case, problems)
    problems.raise_if_any(InputError)
    return _assumed(slots, case)


def _read_folder(folder: Path, case: Case) -> ReadPlan:
    problems = Problems()
    slots = _slots(folder / PLAN, case, problems)
    rows = _file(folder / DECISIONS_FILE, OTHERS, case, problems)
    check_decisions(rows, problems)
    facts = _facts(folder / RUN, problems)
    variables = variable_table({})
    if os.path.lexists(folder / VARIABLES):
        variables = _file(folder / VARIABLES, VALUES, case, problems)
        check_variables(variables, problems)
    problems.raise_if_any(InputError)
    decisions = decisions_from_rows(slots, rows)
    decisions = replace(decisions, variables=variables.reset_index(drop=True))
    return ReadPlan(decisions, facts.get("scales", {}), (), facts)


def _slots(path: Path, case: Case, problems: Problems) -> pd.DataFrame:
    found = Problems()
    slots = _file(path, SLOTS, case, problems)
    check_slots(slots, case, found)
    problems.extend(replace(problem, file=path.name) for problem in found)
    return slots


def _file(path: Path, spec: TableSpec, case: Case, problems: Problems) -> pd.DataFrame:
    """Read a CSV file; its problems carry its name, whatever it is called."""
    if not os.path.lexists(path):
        problems.add(path.name, "there is no such file", expected=A_PLAN)
        raise InputError(problems)
    try:
        content = content_of(path, at_most=LARGEST_FILE, expected=A_PLAN)
    except TooLargeError as error:
        problems.add(path.name, str(error), expected=error.expected)
        raise InputError(problems) from None
    except NotReadError:
        problems.add(path.name, "is not a file that can be read", expected=A_PLAN)
        raise InputError(problems) from None
    found = Problems()
    frame = read_table(content, spec, case.currency, found).frame
    problems.extend(replace(problem, file=path.name) for problem in found)
    for column in spec.columns:
        if column.kind == "text":
            frame[column.name] = frame[column.name].map(plain_text).astype("str")
    return _own(frame, spec)


def _own(frame: pd.DataFrame, spec: TableSpec) -> pd.DataFrame:
    return frame[[column.name for column in spec.columns if column not in (SOURCE, NOTE)]]


def facts_of_run(path: Path) -> dict[str, Any]:
    """Facts of a run, given its folder or its ``run.json``.

    Raises
    ------
    InputError
        If there is no such run, or it says what no run says.
    """
    problems, standing = Problems(), standing_at(path)
    file = path / RUN if standing == "folder" else path
    if not os.path.lexists(file):
        where = path if standing == "folder" else path.parent
        message = f"there is no such file in {where}"
        problems.add(file.name, message, expected=f"a run folder, or its {RUN}")
    facts = _facts(file, problems)
    problems.raise_if_any(InputError)
    return facts


def scales_of_run(path: Path) -> OfRun:
    """Scales that a run was made with, given its folder or its ``run.json``.

    Raises
    ------
    InputError
        As :func:`facts_of_run`.
    """
    facts = facts_of_run(path)
    provisional = tuple(facts.get("provisional_scales", ()))
    return OfRun(facts["scales"], provisional, RUN, f"run {path}")


def _facts(path: Path, problems: Problems) -> dict[str, Any]:
    """Read what ``run.json`` says, if it is there; what is wrong with it becomes a problem."""
    if not os.path.lexists(path):
        return {}
    try:
        content = content_of(path, at_most=LARGEST_FACTS, expected="JSON")
    except NotReadError:
        problems.add(path.name, NOT_OURS, expected="JSON with a table of scales")
        return {}
    return renewed_facts(facts_in(content, path, problems))


def _read_book(path: Path, case: Case) -> ReadPlan:
    problems = Problems()
    workbook = read_workbook(path, problems)
    if workbook is None or not _has_slots(workbook, problems):
        raise InputError(problems)
    sheets = _Sheets(workbook, case, problems)
    slots = sheets.table(NAMED_SLOTS)
    check_slots(slots, case, sheets.found)
    check_names(slots, case, sheets.found)
    slots = slots[[column.name for column in SLOTS.columns if column not in (SOURCE, NOTE)]]
    rows = sheets.table(OTHERS)
    check_decisions(rows, sheets.found)
    variables = sheets.table(VALUES)
    check_variables(variables, sheets.found)
    table = with_scales(sheets.table(PARAMETERS), sheets.found)
    sheets.told().raise_if_any(InputError)
    facts = renewed_facts(facts_of(table)) if len(table) else {}
    _check_whole(facts, path, problems)
    scales = facts.get("scales", {})
    if OTHERS.name not in workbook.sheets:
        return replace(_assumed(slots, case), scales=scales, facts=facts)
    decisions = decisions_from_rows(slots.astype(COLUMNS["slots"]), rows)
    decisions = replace(decisions, variables=variables.reset_index(drop=True))
    return ReadPlan(decisions, scales, (), facts)


def _has_slots(workbook: Workbook, problems: Problems) -> bool:
    """Whether there is a sheet of slots; refuses sheets that are hidden or misspelt."""
    read = [spec.name for spec in (SLOTS, OTHERS, VALUES, PARAMETERS)]
    absent = [name for name in read if name not in workbook.sheets]
    places = workbook.places({})
    for name in workbook.sheets:
        if name.startswith(PREFIXES):
            continue
        meant = did_you_mean(name, absent, cutoff=_SURELY_MEANT)
        if name in read and name in workbook.hidden:
            expected = "a visible sheet"
            problems.add_all([places.problem(name, "is hidden", expected=expected)])
        elif name not in read and meant is not None:
            expected = f"the name {meant} for a sheet of the plan"
            problems.add_all([places.problem(name, "is not read", expected=expected, maybe=meant)])
    if SLOTS.name in absent:
        message = f"has no sheet {SLOTS.name!r}"
        expected = "a sheet with the columns country, track, year and slots"
        problems.add(workbook.path.name, message, expected=expected)
    return not len(problems)


def _check_whole(facts: Mapping[str, Any], path: Path, problems: Problems) -> None:
    """Refuse a workbook that has no room for a part of the plan, which is not to be guessed."""
    for name in (OTHERS.name, VALUES.name):
        if name in facts.get("too_long", ()):
            message = f"sheet {name} was left out, because it is too long for a workbook"
            problems.add(path.name, message, expected="the run folder, which holds all of it")
    problems.raise_if_any(InputError)


class _Sheets:
    """Tables of a workbook, and what is wrong with them."""

    def __init__(self, workbook: Workbook, case: Case, problems: Problems) -> None:
        self.found = problems
        self._workbook, self._case = workbook, case
        self._grids: dict[str, Grid] = {}

    def table(self, spec: TableSpec) -> pd.DataFrame:
        """Read one table; an absent one has no rows."""
        grid = self._workbook.sheet(spec.name, self.found)
        if grid is not None:
            self._grids[spec.name] = grid
            return _own(parse_grid(grid, spec, self._case.currency, self.found).frame, spec)
        return _own(empty_table(spec), spec)

    def told(self) -> Problems:
        """Give all problems with their places in the workbook."""
        return self.found.retold(self._workbook.places(self._grids).retell)


def _assumed(slots: pd.DataFrame, case: Case) -> ReadPlan:
    """Least decisions a bare table of slots implies."""
    agreements = case.table("agreements")
    proposed = agreements.loc[agreements["status"].eq("proposed"), ["country", "track"]]
    used = slots[slots["slots"] > 0].merge(proposed, on=["country", "track"])
    opened = used.groupby(["country", "track"])["year"].min().reset_index()
    decisions = Decisions(
        slots=slots.astype(COLUMNS["slots"]),
        agreements=opened.astype(COLUMNS["agreements"]),
    )
    return ReadPlan(decisions, {}, tuple(_assumptions(decisions, case)))


def _assumptions(decisions: Decisions, case: Case) -> Iterator[str]:
    """Say what was assumed; what the case leaves no choice about needs no saying."""
    used = decisions.slots[decisions.slots["slots"] > 0]
    levels = case.table("support_levels")
    has_choice = used["track"].isin(levels.loc[levels["level"].ne(STANDARD), "track"])
    if has_choice.any() and used["level"].eq(STANDARD).all():
        yield "everyone is supported at the standard level"
    opened = len(decisions.agreements)
    if opened:
        words = "agreement opens in its" if opened == 1 else "agreements open in their"
        yield f"{opened} proposed {words} first year with slots"
    can_stay = case.table("continuations")["stay_rate"].gt(0).any()
    can_move = len(case.table("budgets")) > 1
    is_possible = {
        "transitions": can_stay,
        "transitions_by_region": can_stay,
        "transitions_from_region": can_stay,
        "expansion": case.table("services")["expansion_limit"].gt(0).any(),
        "transfer": can_move,
        "carry_over": can_move,
    }
    absent = (each.absent for each in BESIDE_SLOTS if is_possible.get(each.name, True))
    least = [sentence for sentence in dict.fromkeys(absent) if sentence]
    if least:
        yield ", ".join(least)
