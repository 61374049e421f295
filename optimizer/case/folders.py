"""Cases as folders: ``case.toml`` and a CSV file per table."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from optimizer.case.header import HEADER_FILE, HeaderRead, add_missing, parse_header
from optimizer.errors import Problems, did_you_mean
from optimizer.io.paths import names_in, read_given, standing_at
from optimizer.io.places import Places
from optimizer.io.tables import TableRead, empty_table, read_table
from optimizer.io.toml import LARGEST_TOML
from optimizer.schema.tables import MONEY, TABLES, TableSpec

LARGEST_FILE = 500 * 2**20
"""Bytes of one table's file."""


NO_FILE = "is not a file that can be read"


class Folder:
    """A case's folder."""

    def __init__(self, path: Path) -> None:
        self.name = path.resolve().name
        self.contents: dict[str, bytes] = {}
        self.places: Places | None = None
        self._path = path

    def check_names(self, problems: Problems) -> None:
        """Refuse tables that nothing would read."""
        there = self._files(problems)
        known = {spec.file for spec in TABLES.values()}
        absent = sorted(known.difference(there))
        for name in there:
            if name.lower().endswith(".csv") and name not in known:
                problems.add(
                    name,
                    "is not a table of a case",
                    expected="only tables of the data dictionary",
                    maybe=did_you_mean(name, absent),
                )

    def header(self, problems: Problems) -> HeaderRead:
        """Read ``case.toml``."""
        if not self._has(HEADER_FILE):
            return add_missing(problems)
        content = self._content(HEADER_FILE, problems, expected="a TOML file", at_most=LARGEST_TOML)
        return HeaderRead(None, None) if content is None else parse_header(content, problems)

    def table(self, spec: TableSpec, currency: str | None, problems: Problems) -> TableRead:
        """Read one table; without a currency no table with money can be read."""
        if not self._has(spec.file):
            return absent_table(spec, currency, problems)
        content = self._content(spec.file, problems, expected="a CSV file", at_most=LARGEST_FILE)
        if content is None or not headers_are_known(spec, currency):
            return TableRead(empty_table(spec), is_there=True, sound=False, lost=True)
        return read_table(content, spec, currency or "", problems)

    def retold(self, problems: Problems) -> Problems:
        """Leave problems as they are: files have names of their own."""
        return problems

    def _files(self, problems: Problems) -> list[str]:
        names = names_in(self._path, problems)
        return [name for name in names if standing_at(self._path / name) != "folder"]

    def _has(self, name: str) -> bool:
        return os.path.lexists(self._path / name)

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
            self.contents[name] = content
        return content


class PackedFolder(Folder):
    """A case's folder as a zip archive, which the runs of a case keep."""

    def __init__(self, path: Path, files: Mapping[str, bytes]) -> None:
        super().__init__(path)
        self.name = path.stem
        self._packed = files

    def _files(self, problems: Problems) -> list[str]:
        return sorted(self._packed)

    def _has(self, name: str) -> bool:
        return name in self._packed

    def _content(
        self, name: str, problems: Problems, *, expected: str, at_most: int
    ) -> bytes | None:
        content = self._packed[name]
        if len(content) > at_most:
            message = f"has {len(content):,} bytes"
            problems.add(name, message, expected=f"{expected} of at most {at_most:,}")
            return None
        self.contents[name] = content
        return content


def absent_table(spec: TableSpec, currency: str | None, problems: Problems) -> TableRead:
    """Give the empty frame of a table that is not there, and say so if it must be."""
    if spec.required:
        headers = [column.header(currency or MONEY) for column in spec.columns if column.required]
        expected = f"a table with columns {', '.join(headers)}"
        problems.add(spec.file, "the file is missing", expected=expected)
    return TableRead(empty_table(spec), is_there=False, sound=not spec.required)


def headers_are_known(spec: TableSpec, currency: str | None) -> bool:
    """Whether headers can be checked: those of money need the currency."""
    return currency is not None or not any(column.unit == MONEY for column in spec.columns)
