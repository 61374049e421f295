"""Writes cases: as a folder of CSV files, or as a workbook for planners."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from optimizer.case import Case
from optimizer.case.books import CASE
from optimizer.case_files.contents import Contents, contents_of
from optimizer.case_files.folders import HELP, POLICY, TABLE_FILES, write_folder
from optimizer.case_files.help import MARK
from optimizer.case_files.sheets import NOTHING_FURTHER, Further, write_sheets
from optimizer.errors import InputError, Problems
from optimizer.paths import new as new_paths
from optimizer.tables import read_workbook

__all__ = ["Contents", "contents_of", "refuse_target", "write_case", "write_contents"]

SUFFIX = ".xlsx"
NO_FOLDERS = (".csv", ".ods", ".toml", ".xls", ".xlsb", ".xlsm")
A_CASE = "nothing, or the tables of a case and no other files"
NOTHING_BESIDE: Mapping[str, str] = MappingProxyType({})


def write_case(case: Case, path: str | Path, *, force: bool = False) -> None:
    """Write a case, so that reading it again gives the same frames.

    Parameters
    ----------
    path
        A folder, for ``case.toml`` and CSV files, or an ``.xlsx`` workbook. In CSV files text
        stands as it is, also text that a spreadsheet program would take for a formula; in
        workbooks it cannot become one.
    force
        Replace an older case; a folder with any file that is no part of one is never replaced.

    Raises
    ------
    InputError
        If the path may not be written, or a text does not fit into a workbook.
    OptimizerError
        If a workbook is to be written and openpyxl is not installed.
    """
    write_contents(contents_of(case), path, force=force)


def write_contents(
    contents: Contents,
    path: str | Path,
    *,
    force: bool = False,
    beside: Mapping[str, str] = NOTHING_BESIDE,
    further: Further = NOTHING_FURTHER,
) -> None:
    """Write what a case holds.

    Parameters
    ----------
    beside
        Texts that go into its folder, by the name of their file.
    further
        Sheets that go into its workbook.
    """
    path = Path(os.path.abspath(path))
    refuse_target(path, force=force, replaces_policy=POLICY in beside)
    if path.suffix.lower() == SUFFIX:
        with new_paths.file_aside(path) as file:
            write_sheets(contents, file, further)
        return
    with new_paths.written_aside(path) as folder:
        write_folder(contents, folder)
        for name, text in beside.items():
            (folder / name).write_text(text, encoding="utf-8")


def refuse_target(path: Path, *, force: bool, replaces_policy: bool = False) -> None:
    """Refuse a path that exists, unless it is a case and may be replaced.

    Raises
    ------
    InputError
        If the path may not be written.
    """
    if path.suffix.lower() in NO_FOLDERS:
        problems = Problems()
        message = f"would be a folder that is called like a {path.suffix.lower()} file"
        problems.add(str(path), message, expected="a folder, or an .xlsx workbook")
        raise InputError(problems)

    def check(found: Path) -> str | None:
        if path.suffix.lower() == SUFFIX:
            return _not_a_book(found)
        return _not_a_folder(found, replaces_policy=replaces_policy)

    new_paths.refuse_existing(path, force=force, check=check, expected=A_CASE)


def _not_a_folder(path: Path, *, replaces_policy: bool) -> str | None:
    if not path.is_dir():
        return "is not a folder"
    foreign = sorted(
        item.name
        for item in path.iterdir()
        if not (
            item.name in TABLE_FILES
            or (item.name == POLICY and replaces_policy)
            or (item.name == HELP and MARK in item.read_text("utf-8", errors="replace"))
        )
    )
    if foreign:
        return f"holds what is no part of a case: {', '.join(foreign[:3])}"
    return None


def _not_a_book(path: Path) -> str | None:
    book = read_workbook(path, Problems()) if path.is_file() else None
    return None if book is not None and CASE.name in book.sheets else "is not a case's workbook"
