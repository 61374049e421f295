"""Where a case comes from: a folder of files or a workbook."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol

from optimizer.case.books import Book
from optimizer.case.folders import Folder, PackedFolder
from optimizer.case.header import HEADER_FILE, HeaderRead
from optimizer.errors import Problems, did_you_mean, shorten
from optimizer.io.archives import ArchiveError, unpacked
from optimizer.io.paths import (
    NEITHER,
    NotReadError,
    content_of,
    name_is_text,
    names_in,
    standing_at,
)
from optimizer.io.places import PlaceFinder
from optimizer.io.tables import TableRead
from optimizer.io.workbook import read_workbook
from optimizer.schema.tables import TABLES, TableSpec

WORKBOOK_SUFFIX, ARCHIVE_SUFFIX = ".xlsx", ".zip"
LARGEST_ARCHIVE, _MOST_FILES = 100 * 2**20, 200
"""Bytes of an archive, and files in it."""
_A_CASE = "the folder of a case, or an .xlsx workbook"
_MOST_NAMED = 3
"""Cases in a folder that are named to somebody who gave the folder itself."""

OTHER_WORKBOOKS = (".xls", ".xlsm", ".xlsb", ".ods")


class Source(Protocol):
    """Interface of a case's folder or workbook."""

    @property
    def name(self) -> str:
        """Name of the case."""

    @property
    def contents(self) -> dict[str, bytes]:
        """Every file read so far, by name."""

    @property
    def places(self) -> PlaceFinder | None:
        """Finder of places in a workbook or in frames; None for a folder."""

    def check_names(self, problems: Problems) -> None:
        """Refuse tables that nothing would read."""

    def header(self, problems: Problems) -> HeaderRead:
        """Read what holds for all tables."""

    def table(self, spec: TableSpec, currency: str | None, problems: Problems) -> TableRead:
        """Read one table; without a currency no table with money can be read."""

    def retold(self, problems: Problems) -> Problems:
        """Report problems with the places that the reader of this source knows."""


def case_name(path: Path) -> str:
    """Name of the case at a path that need not exist yet, as reading it will give it."""
    return path.stem if path.suffix.lower() == WORKBOOK_SUFFIX else path.name


def open_source(path: Path, problems: Problems) -> Source | None:
    """Find out what a path is; a path that is not a case becomes a problem."""
    standing = standing_at(path)
    if standing == "folder":
        # A path such as ".." has no name of its own.
        is_text = name_is_text(path.resolve(), problems)
        return Folder(path) if is_text and _is_case(path, problems) else None
    if standing == "file":
        return _file_source(path, problems) if name_is_text(path, problems) else None
    if standing == "other":
        problems.add(path.name, NEITHER, expected=_A_CASE)
        return None
    parent = path.parent
    there = names_in(parent, Problems()) if standing_at(parent) == "folder" else ()
    beside = [name for name in there if name != path.name]
    kind = "folder" if path.suffix.lower() not in (WORKBOOK_SUFFIX, ARCHIVE_SUFFIX) else "file"
    message = f"there is no such {kind} in {parent}"
    problems.add(shorten(path.name), message, maybe=did_you_mean(path.name, beside))
    return None


def _file_source(path: Path, problems: Problems) -> Source | None:
    suffix = path.suffix.lower()
    if suffix == WORKBOOK_SUFFIX:
        workbook = read_workbook(path, problems)
        return None if workbook is None else Book(workbook)
    if suffix == ARCHIVE_SUFFIX:
        return _packed_folder(path, problems)
    message = f"is a {suffix} file" if suffix in OTHER_WORKBOOKS else "is a file"
    problems.add(path.name, message, expected=_A_CASE)
    return None


def _packed_folder(path: Path, problems: Problems) -> PackedFolder | None:
    expected = "a zip archive of a case's folder"
    try:
        content = content_of(path, at_most=LARGEST_ARCHIVE, expected=expected)
        files = unpacked(content, "a zip archive", most=_MOST_FILES)
    except (NotReadError, ArchiveError) as error:
        problems.add(path.name, str(error), expected=error.expected or expected)
        return None
    return PackedFolder(path, files)


def _is_case(path: Path, problems: Problems) -> bool:
    """Whether a folder has any file of a case; the one above it, or any other, has none."""
    files = {HEADER_FILE, *(spec.file for spec in TABLES.values())}
    before = len(problems)
    there = names_in(path, problems)
    if files.intersection(there):
        return True
    if len(problems) > before:
        return False
    cases = [name for name in there if os.path.lexists(path / name / HEADER_FILE)]
    books = [name for name in there if Path(name).suffix.lower() == WORKBOOK_SUFFIX]
    problems.add(
        path.resolve().name,
        f"is a folder without {HEADER_FILE} and without any table",
        expected=_A_CASE,
        maybe=" or ".join([*cases, *books][:_MOST_NAMED]) or None,
    )
    return False
