"""Cases as workbooks: a sheet per table, and sheets for what ``case.toml`` says."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from optimizer.case.folders import absent_table, headers_are_known
from optimizer.case.header import (
    HEADER_FILE,
    YEARS,
    CaseHeader,
    HeaderRead,
    add_missing,
    check_header,
    years_in,
)
from optimizer.errors import Problem, Problems, did_you_mean
from optimizer.frames import rows_of
from optimizer.io.grids import Grid
from optimizer.io.places import Places
from optimizer.io.tables import TableRead, empty_table, parse_grid
from optimizer.io.workbook import Workbook
from optimizer.schema.tables import NOTE, SOURCE, TABLES, ColumnSpec, TableSpec

CASE = TableSpec(
    name="case",
    meaning="What holds for all tables, a row for each key of case.toml.",
    columns=(
        ColumnSpec("key", "text", "what is said, such as title or currency"),
        ColumnSpec("value", "text", "what it is; years as 2027-2031 or 2027, 2028"),
        SOURCE,
        NOTE,
    ),
    keys=("key",),
)
ATTRIBUTES = TableSpec(
    name="attributes",
    meaning="What the further columns of countries and regions hold.",
    columns=(
        ColumnSpec("table", "text", "table with the column"),
        ColumnSpec("column", "text", "name of the column"),
        ColumnSpec("description", "text", "what the column holds", required=False),
        ColumnSpec("unit", "text", "unit of its figures", required=False),
        SOURCE,
        NOTE,
    ),
    keys=("table", "column"),
)
READ = (CASE.name, ATTRIBUTES.name, *TABLES)
"""Sheets that a case is read from."""

NOT_READ = ("policy", "goals", "limits", "scenarios", "changes", "read me")
"""Sheets that may stand beside them."""

_BETWEEN_WORDS = re.compile(r"[\s_-]+")
ANY_YEARS = (2000,)
"""In place of years that cannot be read, so that the other keys can be checked."""

VERSION = re.compile(r"[0-9]{1,4}")
_FIELDS = CaseHeader.model_fields


class Book:
    """A case's workbook."""

    def __init__(self, workbook: Workbook) -> None:
        self.name = workbook.path.stem
        self.contents = {workbook.path.name: workbook.content}
        self._workbook = workbook
        self._grids: dict[str, Grid] = {}
        self._rows: dict[str, int] = {}

    @property
    def places(self) -> Places:
        """Places in the sheets read so far."""
        return self._workbook.places(self._grids)

    def check_names(self, problems: Problems) -> None:
        """Refuse sheets that nothing would read, and hidden ones that would be."""
        absent = [name for name in READ if name not in self._workbook.sheets]
        for name in self._workbook.sheets:
            if name in READ and name in self._workbook.hidden:
                expected = "a visible sheet"
                problems.add_all([self.places.problem(name, "is hidden", expected=expected)])
            elif name not in (*READ, *NOT_READ):
                meant = _BETWEEN_WORDS.sub("_", name.strip().casefold())
                problems.add_all(
                    [
                        self.places.problem(
                            name,
                            "is not a table of a case",
                            expected="only tables of the data dictionary",
                            maybe=meant if meant in READ else did_you_mean(name, absent),
                        )
                    ]
                )

    def header(self, problems: Problems) -> HeaderRead:
        """Read the sheets case and attributes."""
        if CASE.name not in self._workbook.sheets:
            return add_missing(problems)
        before = len(problems)
        data = self._said(problems) | self._described(problems)
        if len(problems) > before:
            # What a faulty sheet seems to lack is not reported.
            return replace(check_header(data, Problems()), contents=None)
        years = years_in(data["years"]) if "years" in data else None
        if "years" in data and years is None:
            problems.add(
                HEADER_FILE,
                f"{data['years']!r} does not name years",
                column="years",
                expected=YEARS,
                maybe=_meant_years(data["years"]),
            )
        if "years" in data:
            data["years"] = years or ANY_YEARS
        read = check_header(data, problems)
        return replace(read, contents=None) if len(problems) > before else read

    def table(self, spec: TableSpec, currency: str | None, problems: Problems) -> TableRead:
        """Read one sheet; without a currency no table with money can be read."""
        if spec.name not in self._workbook.sheets:
            return absent_table(spec, currency, problems)
        if not headers_are_known(spec, currency):
            return TableRead(empty_table(spec), is_there=True, sound=False, lost=True)
        return self._read(spec, currency or "", problems)

    def retold(self, problems: Problems) -> Problems:
        """Report problems of files as problems of sheets."""
        places = self.places
        return problems.retold(
            lambda problem: (
                self._in_header(problem, places)
                if problem.file == HEADER_FILE
                else places.retell(problem)
            )
        )

    def _read(self, spec: TableSpec, currency: str, problems: Problems) -> TableRead:
        if spec.name not in self._workbook.sheets:
            return TableRead(empty_table(spec), is_there=False, sound=True)
        before = len(problems)
        grid = self._workbook.sheet(spec.name, problems)
        if grid is not None:
            self._grids[spec.name] = grid
        read = parse_grid(grid, spec, currency, problems)
        return replace(read, sound=len(problems) == before)

    def _said(self, problems: Problems) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for row in rows_of(self._read(CASE, "", problems).frame.reset_index()):
            self._rows[row.key] = row.row
            is_version = row.key == "schema" and VERSION.fullmatch(row.value)
            data[row.key] = int(row.value) if is_version else row.value
        return data

    def _described(self, problems: Problems) -> dict[str, Any]:
        read = self._read(ATTRIBUTES, "", problems)
        found: dict[str, dict[str, dict[str, str]]] = {}
        for row in rows_of(read.frame.reset_index()):
            self._rows[f"attributes.{row.table}.{row.column}"] = row.row
            self._rows.setdefault(f"attributes.{row.table}", row.row)
            said = {"description": row.description, "unit": row.unit}
            found.setdefault(row.table, {})[row.column] = said
        return {"attributes": found} if found else {}

    def _in_header(self, problem: Problem, places: Places) -> Problem:
        """Report faults of the header, which has a row for each key."""
        address = (problem.column or "").split(".")
        is_attribute = address[0] == "attributes"
        sheet = (ATTRIBUTES if is_attribute else CASE).name
        key = ".".join(address if is_attribute else address[:1])
        row, message = self._rows.get(key), places.words(problem.message)
        told = places.problem(
            sheet,
            message if row is not None or not key else f"{key} {message}",
            row=row,
            expected=None if problem.expected is None else places.words(problem.expected),
            maybe=problem.maybe,
        )
        if row is None:
            return told
        if is_attribute:
            column = "column" if len(address) > 2 else "table"
            return replace(told, column=column, letter=places.letter(sheet, column))
        is_known = any((field.alias or name) == key for name, field in _FIELDS.items())
        return replace(
            told, column=key, letter=places.letter(sheet, "value" if is_known else "key")
        )


def _meant_years(text: str) -> str | None:
    ends = re.findall(r"[0-9]{4}", text)
    return f"{ends[0]}-{ends[-1]}" if ends and ends[0] < ends[-1] else None
