"""Reads studies: CSV files, sheets of a workbook, or a TOML file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from optimizer.case.header import HEADER_FILE
from optimizer.errors import InputError, OptimizerError, Problems, did_you_mean
from optimizer.io.changes import value_in
from optimizer.io.grids import Grid
from optimizer.io.paths import names_in, read_given, standing_at
from optimizer.io.places import Places
from optimizer.io.tables import TableRead, parse_grid, read_table
from optimizer.io.toml import read_toml
from optimizer.io.workbook import Workbook, read_workbook
from optimizer.schema.tables import TableSpec
from optimizer.sweeps.columns import CHANGES_MADE, FLAT, SCENARIO_NOTE, SCENARIOS
from optimizer.sweeps.contents import DESIGN_COLUMNS, StudyRows, rows_in
from optimizer.sweeps.origins import CHANGE_TABLE, SCENARIO_TABLE, Origins
from optimizer.sweeps.study_files import SCENARIO_KEYS, StudyFile, read_study_file

STUDY_SHEETS = (SCENARIOS.name, CHANGES_MADE.name)
STUDY_FORMS = ".toml, .xlsx or .csv, or a folder with changes.csv"
LARGEST_CSV = 200 * 2**20
"""Bytes of one table."""

_PER_SCENARIO = ("probability", *DESIGN_COLUMNS, SCENARIO_NOTE.name)
"""Columns of a flat file that say something of the scenario, in whichever of its rows."""


@dataclass(frozen=True)
class StudyRead:
    """Rows of both tables with their places, and what else a file says.

    Attributes
    ----------
    scenarios
        ``None`` where they are those of the changes.
    """

    scenarios: StudyRows | None
    changes: StudyRows
    origins: Origins
    about: Mapping[str, Any] = field(default_factory=dict)


def is_study(path: Path) -> bool:
    """Whether a path is that of a study rather than of a policy or a case.

    Raises
    ------
    OptimizerError
        If it is a workbook and python-calamine is not installed.
    """
    standing, suffix, ignored = standing_at(path), path.suffix.lower(), Problems()
    if standing == "folder":
        there = set(names_in(path, ignored))
        return bool({f"{name}.csv" for name in STUDY_SHEETS} & there) and HEADER_FILE not in there
    if suffix == ".toml" and standing == "file":
        data = read_toml(path, ignored) or {}
        return bool(set(SCENARIO_KEYS) & set(data)) and "goals" not in data
    if suffix == ".xlsx" and standing == "file":
        workbook = read_workbook(path, ignored)
        return workbook is not None and CHANGE_TABLE in workbook.sheets
    return suffix == ".csv"


def read_study(path: Path) -> StudyRead:
    """Read a study of any form.

    Raises
    ------
    InputError
        With everything that is wrong with its files.
    """
    problems = Problems()
    found = _read(path, problems)
    problems.raise_if_any(InputError)
    assert found is not None, "a study that is not read has at least one problem"
    return found


def _read(path: Path, problems: Problems) -> StudyRead | None:
    standing, suffix = standing_at(path), path.suffix.lower()
    if standing == "folder":
        return _folder(path, problems)
    if suffix == ".toml":
        return _of_file(read_study_file(path, problems), path.name, problems)
    if suffix == ".xlsx":
        return _book(path, problems)
    if suffix == ".csv":
        spec = replace(FLAT, name=path.stem)
        read = _csv(path, spec, problems)
        return None if read is None or not read.sound else _flat(read, path.name, problems)
    message = "is not a study" if standing != "nothing" else "there is no such file"
    problems.add(path.name, message, expected=f"a study: {STUDY_FORMS}")
    return None


def _csv(path: Path, spec: TableSpec, problems: Problems) -> TableRead | None:
    content = read_given(path, problems, at_most=LARGEST_CSV, expected="a CSV file")
    return None if content is None else read_table(content, spec, "", problems)


def _folder(path: Path, problems: Problems) -> StudyRead | None:
    there = names_in(path, problems)
    if CHANGES_MADE.file not in there:
        message = f"is a folder without {CHANGES_MADE.file}"
        maybe = did_you_mean(CHANGES_MADE.file, there)
        problems.add(path.resolve().name, message, expected=f"a study: {STUDY_FORMS}", maybe=maybe)
        return None
    reads = {
        spec.name: _csv(path / spec.file, spec, problems)
        for spec in (SCENARIOS, CHANGES_MADE)
        if spec.file in there
    }
    return _tables(reads, Origins(files={name: f"{name}.csv" for name in STUDY_SHEETS}))


def _tables(reads: Mapping[str, TableRead | None], origins: Origins) -> StudyRead | None:
    """Both tables, of which that of the scenarios may be absent."""
    found = {name: read for name, read in reads.items() if read is not None and read.sound}
    if len(found) < len(reads):
        return None
    rows = {name: read.frame.index.tolist() for name, read in found.items()}
    scenarios, changes = found.get(SCENARIO_TABLE), found[CHANGE_TABLE].frame
    return StudyRead(
        None if scenarios is None else rows_in(SCENARIO_TABLE, scenarios.frame),
        rows_in(CHANGE_TABLE, _with_values(changes)),
        replace(origins, rows=rows),
    )


def _with_values(changes: pd.DataFrame) -> pd.DataFrame:
    """Changes with what their texts mean, as on the command line."""
    values = [value_in(text) if text else "" for text in changes["value"]]
    return changes.assign(value=pd.Series(values, index=changes.index, dtype="object"))


def _book(path: Path, problems: Problems) -> StudyRead | None:
    workbook = read_workbook(path, problems)
    if workbook is None:
        return None
    _check_sheets(workbook, problems)
    reads: dict[str, TableRead | None] = {}
    grids: dict[str, Grid] = {}
    found = Problems()
    for spec in (SCENARIOS, CHANGES_MADE):
        if spec.name in workbook.sheets:
            grid = workbook.sheet(spec.name, found)
            if grid is not None:
                grids[spec.name] = grid
            before = len(found)
            read = parse_grid(grid, spec, "", found)
            reads[spec.name] = replace(read, sound=read.sound and len(found) == before)
    places = workbook.places(grids)
    problems.extend(found.retold(places.retell))
    if CHANGE_TABLE not in reads:
        return None
    files = {name: f"{name}.csv" for name in STUDY_SHEETS}
    return _tables(reads, Origins(files=files, places=places))


def _check_sheets(workbook: Workbook, problems: Problems) -> None:
    """Refuse a workbook without changes, and hidden sheets that would be read."""
    places = Places(workbook.path.name, {})
    for name in STUDY_SHEETS:
        if name in workbook.hidden:
            problems.add_all([places.problem(name, "is hidden", expected="a visible sheet")])
    absent = [name for name in STUDY_SHEETS if name not in workbook.sheets]
    others = [name for name in workbook.sheets if name not in STUDY_SHEETS]
    for name in absent:
        maybe = did_you_mean(name, others, cutoff=0.75)
        if name == CHANGE_TABLE or maybe is not None:
            expected = f"a sheet {name} with {', '.join(_columns_of(name))}"
            message = f"has no sheet {name!r}"
            problems.add(workbook.path.name, message, expected=expected, maybe=maybe)


def _columns_of(name: str) -> list[str]:
    spec = SCENARIOS if name == SCENARIO_TABLE else CHANGES_MADE
    return [column.name for column in spec.columns if column.required]


def _flat(read: TableRead, file: str, problems: Problems) -> StudyRead:
    """Take one flat table apart into the two that it says."""
    frame = _with_values(read.frame)
    rows = rows_in(CHANGE_TABLE, frame.reset_index())
    scenarios: dict[str, dict[str, Any]] = {}
    said_in: dict[tuple[str, str], int] = {}
    changes, at = [], []
    for row in rows:
        name, number = row["scenario"], row["row"]
        about = scenarios.setdefault(name, {"scenario": name, "row": number})
        is_change = bool({"address", "operation", "value"} & set(row))
        said = {column: row[column] for column in _PER_SCENARIO if column in row}
        if not is_change and "note" in row:
            said[SCENARIO_NOTE.name] = row["note"]
        for column, value in said.items():
            first = said_in.setdefault((name, column), number)
            if about.setdefault(column, value) != value and column != "rescaled":
                message = f"{value} differs from {about[column]} in row {first}"
                expected = f"the same in every row of {name}, or once"
                problems.add(file, message, row=number, column=column, expected=expected)
        about["rescaled"] = about.get("rescaled") or row.get("rescaled", False)
        if is_change:
            kept = ("scenario", "address", "operation", "value", "note")
            changes.append({column: row[column] for column in kept if column in row})
            at.append(number)
    listed = list(scenarios.values())
    places = {SCENARIO_TABLE: [about.pop("row") for about in listed], CHANGE_TABLE: at}
    for about in listed:
        if SCENARIO_NOTE.name in about:
            about["note"] = about.pop(SCENARIO_NOTE.name)
    files = {SCENARIO_TABLE: file, CHANGE_TABLE: file}
    return StudyRead(listed, changes, Origins(files=files, rows=places))


def _of_file(said: StudyFile | None, file: str, problems: Problems) -> StudyRead | None:
    """Rows of a TOML file: scenarios that it lists, and those of its designs."""
    if said is None:
        return None
    scenarios: list[dict[str, Any]] = []
    changes: list[dict[str, Any]] = []
    keys: dict[str, list[tuple[str, ...]]] = {SCENARIO_TABLE: [], CHANGE_TABLE: []}
    for entry in said.scenarios:
        rescaled = {"rescaled": True} if said.rescale_weights else {}
        about = {"scenario": entry.name, "probability": entry.probability, "note": entry.note}
        scenarios.append({**about, **rescaled})
        keys[SCENARIO_TABLE].append(("scenarios", entry.name))
        for place, change in enumerate(entry.changes, start=1):
            changes.append({"scenario": entry.name, **change.as_row()})
            keys[CHANGE_TABLE].append(("scenarios", entry.name, "changes", str(place)))
    for name, make in said.designs().items():
        try:
            design = make()
        except OptimizerError as error:
            problems.add(file, str(error).partition(": ")[2], column=name)
            continue
        # Draws are as likely as each other only where nothing else is tried beside them.
        alone = {"probability"} if said.is_mixed() else set()
        scenarios += [
            {key: cell for key, cell in row.items() if key not in alone} for row in design.scenarios
        ]
        changes += design.changes
        keys[SCENARIO_TABLE] += [(name,)] * len(design.scenarios)
        keys[CHANGE_TABLE] += [(name,)] * len(design.changes)
    origins = Origins(files={SCENARIO_TABLE: file, CHANGE_TABLE: file}, keys=keys)
    meant = {"title": said.title, "cases": said.cases, "policies": said.policies}
    return StudyRead(
        rows_in(SCENARIO_TABLE, scenarios), rows_in(CHANGE_TABLE, changes), origins, meant
    )
