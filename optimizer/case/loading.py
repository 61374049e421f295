"""Reads a case from its folder and has it checked."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from optimizer.case import consistency, coverage, references
from optimizer.case.checked import CaseTables
from optimizer.case.header import HEADER_FILE, CaseHeader, read_header
from optimizer.errors import InputError, Problems, did_you_mean
from optimizer.schema import MONEY, TABLES, TableSpec
from optimizer.tables import TableRead, empty_table, read_table


@dataclass(frozen=True)
class Case:
    """Facts of one case, read and checked.

    Attributes
    ----------
    name
        Name of the folder.
    path
        The folder.
    title, licence
        As in ``case.toml``.
    currency
        In upper case.
    years
        Years of the case, without gaps.
    attributes
        Description and unit of attribute columns, by table and column.
    tables
        A frame for every table of the schema; those of absent tables are empty. The index,
        ``row``, is the row in the file.
    hashes
        SHA-256 of every file read, by name.
    """

    name: str
    path: Path
    title: str
    currency: str
    years: tuple[int, ...]
    licence: str
    attributes: Mapping[str, Mapping[str, Mapping[str, str]]]
    tables: Mapping[str, pd.DataFrame]
    hashes: dict[str, str]

    def table(self, name: str) -> pd.DataFrame:
        """Give the frame of one table.

        Raises
        ------
        KeyError
            If the schema has no such table.
        """
        return self.tables[name]


def load_case(path: str | Path) -> Case:
    """Read a case from its folder and check it.

    Parameters
    ----------
    path
        Folder with ``case.toml`` and one CSV file per table.

    Raises
    ------
    InputError
        Holds everything that is wrong with the case.
    """
    path = Path(path)
    problems = Problems()
    _check_folder(path, problems)
    problems.raise_if_any(InputError)
    header = read_header(path, problems)
    hashes = {HEADER_FILE: header.hash}
    _check_files(path, problems)
    reads = {
        spec.name: _read(path, spec, header.currency, hashes, problems) for spec in TABLES.values()
    }
    if header.contents is not None:
        tables = CaseTables(header.contents, reads, problems)
        references.check_references(tables)
        consistency.check_consistency(tables)
        coverage.check_coverage(tables)
    problems.raise_if_any(InputError)
    contents = header.contents
    assert contents is not None, "a header that cannot be used is a problem"
    return Case(
        name=path.resolve().name,
        path=path,
        title=contents.title,
        currency=contents.currency.upper(),
        years=contents.years,
        licence=contents.licence,
        attributes=_attributes(contents),
        tables={name: read.frame for name, read in reads.items()},
        hashes=hashes,
    )


def _check_folder(path: Path, problems: Problems) -> None:
    if path.suffix.lower() == ".xlsx":
        message = "workbooks are not read by this version"
        problems.add(path.name, message, expected="a folder of CSV files")
    elif path.is_file():
        problems.add(path.name, "is a file", expected="the folder of a case")
    elif not path.is_dir():
        parent = path.parent
        beside = sorted(item.name for item in parent.iterdir()) if parent.is_dir() else []
        message = f"there is no such folder in {parent}"
        problems.add(path.name, message, maybe=did_you_mean(path.name, beside))


def _check_files(path: Path, problems: Problems) -> None:
    """Refuse tables that nothing would read."""
    known = {spec.file for spec in TABLES.values()}
    absent = [name for name in sorted(known) if not (path / name).is_file()]
    for file in sorted(path.iterdir()):
        if file.is_file() and file.suffix.lower() == ".csv" and file.name not in known:
            problems.add(
                file.name,
                "is not a table of a case",
                expected="only tables of the data dictionary",
                maybe=did_you_mean(file.name, absent),
            )


def _read(
    path: Path, spec: TableSpec, currency: str | None, hashes: dict[str, str], problems: Problems
) -> TableRead:
    file = path / spec.file
    if os.path.lexists(file) and not file.is_file():
        problems.add(spec.file, "is not a file that can be read", expected="a CSV file")
        return TableRead(empty_table(spec), is_there=False, sound=False)
    if not file.is_file():
        if spec.required:
            headers = [
                column.header(currency or MONEY) for column in spec.columns if column.required
            ]
            expected = f"a table with columns {', '.join(headers)}"
            problems.add(spec.file, "the file is missing", expected=expected)
        return TableRead(empty_table(spec), is_there=False, sound=not spec.required)
    try:
        content = file.read_bytes()
    except OSError as error:
        problems.add(spec.file, f"cannot be read: {error.strerror}")
        return TableRead(empty_table(spec), is_there=True, sound=False)
    hashes[spec.file] = hashlib.sha256(content).hexdigest()
    if currency is None and any(column.unit == MONEY for column in spec.columns):
        # Without a currency no header of a money column can be told right from wrong.
        return TableRead(empty_table(spec), is_there=True, sound=False)
    return read_table(content, spec, currency or "", problems)


def _attributes(header: CaseHeader) -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    return {
        table: {column: info.model_dump() for column, info in columns.items()}
        for table, columns in header.attributes.items()
    }
