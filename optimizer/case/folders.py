"""Cases as folders: ``case.toml`` and a CSV file per table."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from optimizer.case.header import HEADER_FILE, HeaderRead, add_missing, parse_header
from optimizer.errors import Problems, did_you_mean
from optimizer.io.paths import names_in, read_given, standing_at
from optimizer.io.places import Places
from optimizer.io.tables import TableRead, empty_table, read_table
from optimizer.io.toml import LARGEST_FILE as LARGEST_TOML
from optimizer.schema.tables import MONEY, TABLES, TableSpec

LARGEST_FILE = 500 * 2**20
"""Bytes of one table's file."""


NO_FILE = "is not a file that can be read"


class Folder:
    """A case's folder."""

    def __init__(self, path: Path) -> None:
        self.name = path.resolve().name
        self.hashes: dict[str, str] = {}
        self.places: Places | None = None
        self._path = path

    def check_names(self, problems: Problems) -> None:
        """Refuse tables that nothing would read."""
        known = {spec.file for spec in TABLES.values()}
        absent = [name for name in sorted(known) if standing_at(self._path / name) != "file"]
        for file in map(self._path.joinpath, names_in(self._path, problems)):
            is_table = file.suffix.lower() == ".csv" and standing_at(file) != "folder"
            if is_table and file.name not in known:
                problems.add(
                    file.name,
                    "is not a table of a case",
                    expected="only tables of the data dictionary",
                    maybe=did_you_mean(file.name, absent),
                )

    def header(self, problems: Problems) -> HeaderRead:
        """Read ``case.toml``."""
        path = self._path / HEADER_FILE
        self.hashes[HEADER_FILE] = ""
        if not os.path.lexists(path):
            return add_missing(problems)
        content = self._content(HEADER_FILE, problems, expected="a TOML file", at_most=LARGEST_TOML)
        return HeaderRead(None, None) if content is None else parse_header(content, problems)

    def table(self, spec: TableSpec, currency: str | None, problems: Problems) -> TableRead:
        """Read one table; without a currency no table with money can be read."""
        path = self._path / spec.file
        if not os.path.lexists(path):
            return absent_table(spec, currency, problems)
        content = self._content(spec.file, problems, expected="a CSV file", at_most=LARGEST_FILE)
        if content is None or not headers_are_known(spec, currency):
            return TableRead(empty_table(spec), is_there=True, sound=False, lost=True)
        return read_table(content, spec, currency or "", problems)

    def retold(self, problems: Problems) -> Problems:
        """Tell problems as they are: files have names of their own."""
        return problems

    def _content(
        self, name: str, problems: Problems, *, expected: str, at_most: int
    ) -> bytes | None:
        path = self._path / name
        if standing_at(path) != "file":
            problems.add(name, NO_FILE, expected=expected)
            return None
        if not path.resolve().is_relative_to(self._path.resolve()):
            message = "is a symbolic link that leads out of the case's folder"
            problems.add(name, message, expected="a file in the folder")
            return None
        content = read_given(path, problems, at_most=at_most, expected=expected)
        if content is not None:
            self.hashes[name] = hashlib.sha256(content).hexdigest()
        return content


def absent_table(spec: TableSpec, currency: str | None, problems: Problems) -> TableRead:
    """Give the empty frame of a table that is not there, and say so if it must be."""
    if spec.required:
        headers = [column.header(currency or MONEY) for column in spec.columns if column.required]
        expected = f"a table with columns {', '.join(headers)}"
        problems.add(spec.file, "the file is missing", expected=expected)
    return TableRead(empty_table(spec), is_there=False, sound=not spec.required)


def headers_are_known(spec: TableSpec, currency: str | None) -> bool:
    """Whether headers can be told right from wrong: those of money need the currency."""
    return currency is not None or not any(column.unit == MONEY for column in spec.columns)
