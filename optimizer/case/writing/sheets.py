"""Writes a case as a workbook for planners: help on every header, lists of what may be chosen."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED

import pandas as pd

from optimizer.case.books import ATTRIBUTES, CASE
from optimizer.case.header import CaseHeader, unsaid
from optimizer.case.writing.contents import Contents, is_figures, is_plain_number, texts
from optimizer.case.writing.help import attribute_lines, column_lines
from optimizer.case.writing.validations import add_validation
from optimizer.errors import InputError, Problem, Problems, not_installed
from optimizer.io.cells import are_figures
from optimizer.io.grids import letters
from optimizer.io.sheet_scan import LONGEST_TEXT
from optimizer.io.writing import book_bytes, write_bytes
from optimizer.schema.tables import MONEY, ColumnSpec, TableSpec
from optimizer.text.characters import oddity

Further = Sequence[tuple[TableSpec, pd.DataFrame]]
NOTHING_FURTHER: Further = ()

READ_ME = "read me"
HEADER_SHEETS = (CASE.name, ATTRIBUTES.name)
"""Sheets for what TOML says, where text may have line breaks and spaces around it."""

NOT_XML = re.compile("[\ufffe\uffff\ud800-\udfff]")
ESCAPE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
"""An underscore that readers would take for the beginning of an escaped character."""

AS_TEXT = "@"
WIDTHS = (8, 60)
_LOOKED_AT = 200
"""Rows from which the width of a column is taken."""


@dataclass(frozen=True)
class SheetColumn:
    """One column of a sheet."""

    header: str
    cells: Sequence[str]
    format: str
    help: Sequence[str] = ()
    spec: ColumnSpec | None = None

    @property
    def is_number(self) -> bool:
        """Whether its cells are numbers."""
        return self.format != AS_TEXT

    def takes(self, text: str) -> bool:
        """Whether a cell is a number; in attributes only what reads back in the same digits."""
        return self.is_number and (self.spec is not None or is_plain_number(text))


def write_sheets(contents: Contents, path: Path, further: Further = NOTHING_FURTHER) -> None:
    """Write the workbook.

    Parameters
    ----------
    further
        Sheets that stand beside those of the case, such as those of a policy.

    Raises
    ------
    InputError
        If a text does not fit into a cell of a workbook.
    OptimizerError
        If openpyxl is not installed.
    """
    try:
        from openpyxl import Workbook
    except ImportError as error:
        raise not_installed(path.name, "openpyxl", "excel") from error
    sheets = {
        CASE.name: _case_columns(contents),
        ATTRIBUTES.name: _attribute_columns(contents),
    }
    sheets |= {spec.name: _table_columns(contents, spec.name) for spec in contents.specs}
    sheets |= {spec.name: _further_columns(spec, frame) for spec, frame in further}
    _check_texts(sheets, path.name)
    book = Workbook(write_only=True)

    def fill() -> None:
        _write_read_me(book.create_sheet(READ_ME), contents, further)
        for name, columns in sheets.items():
            _write_sheet(book.create_sheet(name), columns, contents)

    write_bytes(path, book_bytes(book, fill, compression=ZIP_DEFLATED))


def _case_columns(contents: Contents) -> list[SheetColumn]:
    first, last = contents.years[0], contents.years[-1]
    said = {
        "schema": "1",
        "title": contents.title,
        "currency": contents.currency,
        "years": f"{first}-{last}" if last > first else f"{first}",
        "country_codes": contents.country_codes,
        "licence": contents.licence,
        **({} if contents.movement is None else {"movement": contents.movement}),
    }
    meanings = {
        field.alias or name: field.description or ""
        for name, field in CaseHeader.model_fields.items()
    }
    meanings["years"] = "the first and the last year, such as 2027-2031"
    columns = (list(said), list(said.values()), [meanings[key] for key in said])
    more = [f"It may be {key} too: {meaning}." for key, meaning in unsaid(said).items()]
    return [
        SheetColumn(name, cells, AS_TEXT, more if name == "key" else ())
        for name, cells in zip(("key", "value", "note"), columns, strict=True)
    ]


def _attribute_columns(contents: Contents) -> list[SheetColumn]:
    rows = [
        (table, column, info.get("description", ""), info.get("unit", ""))
        for table, columns in contents.attributes.items()
        for column, info in columns.items()
    ]
    return [
        SheetColumn(
            column.name,
            [row[place] for row in rows],
            AS_TEXT,
            column_lines(column, ATTRIBUTES, contents.currency),
        )
        for place, column in enumerate(ATTRIBUTES.columns[:4])
    ]


def _table_columns(contents: Contents, name: str) -> list[SheetColumn]:
    spec = next(spec for spec in contents.specs if spec.name == name)
    described = contents.attributes.get(name, {})
    return [
        SheetColumn(
            header,
            list(texts(cells)),
            _format(column, cells),
            attribute_lines(described.get(header, {}))
            if column is None
            else column_lines(column, spec, contents.currency),
            column,
        )
        for header, column, cells in contents.columns(spec)
    ]


def _further_columns(spec: TableSpec, frame: pd.DataFrame) -> list[SheetColumn]:
    return [
        SheetColumn(
            column.name,
            list(texts(frame[column.name])),
            "General" if is_figures(frame[column.name]) else AS_TEXT,
            column_lines(column, spec, ""),
            column,
        )
        for column in spec.columns
    ]


def _format(column: ColumnSpec | None, cells: pd.Series) -> str:
    """Give the number format of a column by its kind and unit."""
    if column is None:
        return "General" if are_figures(cells) else AS_TEXT
    if not is_figures(cells):
        return AS_TEXT
    if column.unit == "year":
        return "0"
    if column.unit == "share":
        return "0.0%"
    is_whole = bool(cells.dropna().mod(1).eq(0).all())
    if column.unit == MONEY:
        return "#,##0" if is_whole else "#,##0.00"
    return "#,##0" if column.kind == "int" else "General"


def _check_texts(sheets: dict[str, list[SheetColumn]], file: str) -> None:
    """Refuse text that a workbook cannot hold, instead of cutting it."""
    problems = Problems()
    for sheet, columns in sheets.items():
        for place, column in enumerate(columns, start=1):
            problems.add_all(
                Problem(file, fault, row, column.header, sheet=sheet, letter=letters(place))
                for row, cell in enumerate([column.header, *column.cells], start=1)
                if (fault := _fault(cell, is_name=sheet in HEADER_SHEETS)) is not None
            )
    problems.raise_if_any(InputError)


def _fault(text: str, *, is_name: bool) -> str | None:
    if len(text) > LONGEST_TEXT:
        return f"{len(text):,} characters, of which a cell takes {LONGEST_TEXT:,}"
    if NOT_XML.search(text):
        return "holds characters that no workbook takes"
    if is_name and text != text.strip():
        return f"{text!r} has spaces around it, which a sheet may not have"
    odd = oddity(text) if is_name else None
    return None if odd is None else f"{text!r} {odd.message}, which a sheet may not have"


def _write_sheet(sheet: Any, columns: list[SheetColumn], contents: Contents) -> None:
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = f"A1:{letters(len(columns))}{1 + max(len(c.cells) for c in columns)}"
    for place, column in enumerate(columns, start=1):
        dimension = sheet.column_dimensions[letters(place)]
        dimension.width = _width(column)
        dimension.number_format = column.format
        if column.spec is not None:
            add_validation(sheet, letters(place), column.spec, contents)
    sheet.append([_header_cell(sheet, column) for column in columns])
    cells = [_cell(sheet, column.format) for column in columns]
    for row in zip(*(column.cells for column in columns), strict=True):
        sheet.append(
            [
                _filled(cell, text, is_number=column.takes(text)) if text else None
                for cell, text, column in zip(cells, row, columns, strict=True)
            ]
        )


def _cell(sheet: Any, number_format: str) -> Any:
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(sheet)
    cell.number_format = number_format
    return cell


def _filled(cell: Any, text: str, *, is_number: bool) -> Any:
    """Put a text into a cell as what it is; nothing becomes a formula.

    Numbers are given as text too, because openpyxl would write them with 16 digits, and some
    need 17. Carriage returns are escaped, because XML makes line feeds of them.
    """
    cell.value = text if is_number else ESCAPE.sub("_x005F_", text).replace("\r", "_x000D_")
    cell.data_type = "n" if is_number else "s"
    return cell


def _header_cell(sheet: Any, column: SheetColumn) -> Any:
    from openpyxl.comments import Comment
    from openpyxl.styles import Font, PatternFill

    cell = _cell(sheet, AS_TEXT)
    cell.font = Font(bold=True)
    is_required = column.spec is not None and column.spec.required
    cell.fill = PatternFill("solid", fgColor="D9E2F0" if is_required else "EEEEEE")
    if column.help:
        text = "\n".join(column.help)
        cell.comment = Comment(text, "optimizer", height=30 + 18 * len(text) // 24, width=280)
    return _filled(cell, column.header, is_number=False)


def _width(column: SheetColumn) -> float:
    longest = max(map(len, [column.header, *column.cells[:_LOOKED_AT]]))
    return min(max(longest + 2, WIDTHS[0]), WIDTHS[1])


def _write_read_me(sheet: Any, contents: Contents, further: Further) -> None:
    from openpyxl.styles import Alignment, Font

    sheet.column_dimensions["A"].width = 26
    sheet.column_dimensions["B"].width = 90
    for left, right, is_bold in _read_me(contents, further):
        cells = []
        for text in (left, right):
            cell = _filled(_cell(sheet, AS_TEXT), text, is_number=False)
            cell.font = Font(bold=is_bold)
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            cells.append(cell)
        sheet.append(cells)


def _read_me(contents: Contents, further: Further) -> Iterable[tuple[str, str, bool]]:
    yield contents.title, "", True
    for number, (short, full) in enumerate(contents.steps, start=1):
        yield f"{number}. {short}", full, False
    if contents.steps:
        yield "", "", False
    yield "What this is", "A case: facts that plans are made from. One sheet per table.", False
    yield "Help", "Every header has a comment: meaning, unit, and what a blank cell means.", False
    yield "Numbers", "Plain number cells. A share of 90% is 0.9, shown as 90.0%.", False
    yield "yes and no", "As the words yes and no.", False
    yield "Codes and names", "As text, also where they look like numbers.", False
    yield (
        "Blank cells",
        "Mean not given, or what the header's comment says. Nothing is guessed.",
        False,
    )
    yield "Rows", "In any order. Rows and columns that are hidden are read like all others.", False
    yield "Formulas", "Allowed; what was computed when the workbook was saved is read.", False
    yield "Sheets", "May be left out where optional. Other sheets are refused.", False
    yield "To check it", "optimizer validate FILE.xlsx", False
    yield "", "", False
    yield "sheet", "what it says", True
    yield CASE.name, "Required. What holds for all tables.", False
    yield ATTRIBUTES.name, f"Optional. {ATTRIBUTES.meaning}", False
    for spec in contents.specs:
        yield spec.name, f"{'Required' if spec.required else 'Optional'}. {spec.meaning}", False
    for spec, _ in further:
        yield spec.name, f"Optional. {spec.meaning}", False
