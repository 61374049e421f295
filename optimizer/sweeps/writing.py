"""Writes studies, in every form in which they are read."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from optimizer.errors import InputError, Problems, TargetError
from optimizer.frames import rows_of
from optimizer.io import targets
from optimizer.io.changes import value_text
from optimizer.io.grids import number_text
from optimizer.io.paths import names_in, standing_at
from optimizer.io.table_books import table_book
from optimizer.io.toml import toml_text
from optimizer.io.workbook import read_workbook
from optimizer.io.writing import new_folder, write_bytes
from optimizer.sweeps.columns import CHANGES_MADE, SCENARIO_NOTE, SCENARIOS
from optimizer.sweeps.contents import DESIGN_COLUMNS
from optimizer.sweeps.reading import STUDY_SHEETS, read_study
from optimizer.sweeps.scenarios import BASE

if TYPE_CHECKING:
    from optimizer.sweeps.study import Study

_FORMS = (".toml", ".xlsx", ".csv", "")
_FILES = (SCENARIOS.file, CHANGES_MADE.file)
_OLDER = "nothing, or an older study and no other files or sheets"


def write_study(study: Study, path: Path, *, force: bool) -> None:
    """Write a study: see :meth:`optimizer.Study.write`."""
    suffix = path.suffix.lower()
    if suffix not in _FORMS:
        problems = Problems()
        expected = "a name that ends in .toml, .xlsx or .csv, or of a folder"
        problems.add(str(path), f"{suffix} is not a form of studies", expected=expected)
        raise TargetError(problems)
    place = targets.look(path, force=force, check=_no_study, expected=_OLDER)
    contents = _FILLED[suffix](study, str(path))
    with targets.written_aside(place) as new:
        if isinstance(contents, bytes):
            write_bytes(new, contents)
            return
        new_folder(new)
        for name, content in contents.items():
            write_bytes(new / name, content)


def _no_study(path: Path) -> str | None:
    """Why what is at a path may not be replaced."""
    if standing_at(path) == "folder":
        others = [name for name in names_in(path, Problems()) if name not in _FILES]
        if others:
            return f"holds files that are not part of a study: {', '.join(others[:3])}"
    if path.suffix.lower() == ".xlsx" and standing_at(path) == "file":
        book = read_workbook(path, Problems())
        others = [] if book is None else [each for each in book.sheets if each not in STUDY_SHEETS]
        if others:
            return f"has sheets that are not part of a study: {', '.join(others[:3])}"
    try:
        read_study(path)
    except InputError:
        return "is not a study"
    return None


def _scenario_rows(study: Study) -> list[dict[str, Any]]:
    """Rows of scenarios with what they say; of ``base`` only where something is said of it."""
    rows = [
        {
            str(name): cell
            for name, cell in zip(study.scenarios, cells, strict=True)
            if _is_said(cell)
        }
        for cells in study.scenarios.itertuples(index=False, name=None)
    ]
    return [
        {name: cell for name, cell in row.items() if not (name == "rescaled" and not cell)}
        for row in rows
        if row["scenario"] != BASE or row.get("note") or row.get("probability")
    ]


def _is_said(cell: object) -> bool:
    return not (cell is pd.NA or cell == "" or cell != cell)  # noqa: PLR0124  # NaN


def _toml(study: Study, what: str) -> bytes:
    """Scenarios one by one, each with its changes."""
    changes: dict[str, list[dict[str, Any]]] = {}
    for row in rows_of(study.changes):
        entry = {"address": row.address, row.operation: row.value, "note": row.note}
        kept = {key: value for key, value in entry.items() if _is_said(value)}
        changes.setdefault(row.scenario, []).append(kept)
    rows = _scenario_rows(study)
    _require_plain(rows, what)
    rescaled = {row["scenario"] for row in rows if row.pop("rescaled", False)}
    scenarios = [
        {"name": row.pop("scenario"), **row, "changes": changes.get(name, [])}
        for row, name in [(dict(row), row["scenario"]) for row in rows]
    ]
    said: dict[str, Any] = {"schema": 1, "title": study.title or study.name}
    said |= {"cases": study.cases, "policies": study.policies}
    if rescaled:
        said["rescale_weights"] = True
    return toml_text({**said, "scenarios": scenarios}).encode()


def _require_plain(rows: list[dict[str, Any]], what: str) -> None:
    """Refuse what a list of scenarios in TOML cannot say."""
    problems = Problems()
    expected = "the name of a folder, a .csv file or an .xlsx workbook"
    designed = sorted({name for row in rows for name in row} & set(DESIGN_COLUMNS[1:]))
    if designed:
        message = f"{', '.join(designed)} of scenarios cannot be said in TOML"
        problems.add(what, message, expected=expected)
    if len({row.get("rescaled", False) for row in rows if row["scenario"] != BASE}) > 1:
        message = "weights are rescaled in some scenarios only, which cannot be said in TOML"
        problems.add(what, message, expected=expected)
    problems.raise_if_any(TargetError)


def _texts(table: pd.DataFrame) -> list[list[str]]:
    """Header and cells as text."""
    rows = [[_cell_text(cell) for cell in row] for row in table.itertuples(index=False, name=None)]
    return [list(map(str, table.columns)), *rows]


def _cell_text(cell: object) -> str:
    if not _is_said(cell):
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    return number_text(float(cell)) if isinstance(cell, int | float) else str(cell)


def _with_texts(changes: pd.DataFrame) -> pd.DataFrame:
    return changes.assign(value=[value_text(value) for value in changes["value"]])


def _csv(table: pd.DataFrame) -> bytes:
    content = io.StringIO(newline="")
    csv.writer(content, lineterminator="\n").writerows(_texts(table))
    return content.getvalue().encode()


def _folder(study: Study, what: str) -> Mapping[str, bytes]:
    tables = (study.scenarios, _with_texts(study.changes))
    return {name: _csv(table) for name, table in zip(_FILES, tables, strict=True)}


def _flat(study: Study, what: str) -> bytes:
    """A row for each change; scenarios without any have a row of their own."""
    listed = study.scenarios.rename(columns={"note": SCENARIO_NOTE.name})
    changes = _with_texts(study.changes)
    rows = listed.merge(changes, how="left", on="scenario", sort=False)
    texts = {name: rows[name].fillna("") for name in changes.columns}
    is_alone = texts["address"] == ""
    said = rows[SCENARIO_NOTE.name]
    note = texts["note"].where(~is_alone, said)
    return _csv(
        rows.assign(**{**texts, "note": note, SCENARIO_NOTE.name: said.where(~is_alone, "")})
    )


def _book(study: Study, what: str) -> bytes:
    changes = study.changes
    values = [
        value
        if isinstance(value, int | float) and not isinstance(value, bool)
        else value_text(value)
        for value in changes["value"]
    ]
    changes = changes.assign(value=pd.Series(values, index=changes.index, dtype="object"))
    scenarios = study.scenarios
    if "rescaled" in scenarios:
        scenarios = scenarios.assign(rescaled=scenarios["rescaled"].map({True: "yes", False: "no"}))
    return table_book({SCENARIOS.name: scenarios, CHANGES_MADE.name: changes}, what)


_FILLED: Mapping[str, Callable[[Study, str], bytes | Mapping[str, bytes]]] = {
    ".toml": _toml,
    ".xlsx": _book,
    ".csv": _flat,
    "": _folder,
}
