"""Writes cases: as a folder of CSV files, or as a workbook for planners."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from optimizer.case import Case
from optimizer.case.books import CASE
from optimizer.case.writing.contents import Contents, contents_of
from optimizer.case.writing.folders import HELP, POLICY_BESIDE, TABLE_FILES, write_folder
from optimizer.case.writing.help import MARK
from optimizer.case.writing.sheets import NOTHING_FURTHER, Further, write_sheets
from optimizer.errors import Problems, TargetError
from optimizer.errors.arguments import typed
from optimizer.io import targets
from optimizer.io.paths import begins_with, names_in, standing_at
from optimizer.io.workbook import read_workbook
from optimizer.io.writing import new_folder, write_text

__all__ = ["Contents", "case_place", "contents_of", "write_case", "write_contents"]

SUFFIX = ".xlsx"
NO_FOLDERS = (".csv", ".ods", ".toml", ".xls", ".xlsb", ".xlsm")
_A_CASE = "nothing, or the tables of a case and no other files"
NOTHING_BESIDE: Mapping[str, str] = MappingProxyType({})


@typed
def write_case(case: Case, path: str | Path, *, force: bool = False) -> None:
    """Write a case, so that reading it again gives the same frames.

    Parameters
    ----------
    path
        A folder, for ``case.toml`` and CSV files, or an ``.xlsx`` workbook. In CSV files text
        stands as it is, also text that a spreadsheet program would take for a formula; in
        workbooks it cannot become one.
    force
        Replace an older case; a folder with any file that is not part of one is never replaced.

    Raises
    ------
    TargetError
        If the path may not be written.
    InputError
        If a text does not fit into a workbook.
    OptimizerError
        If a workbook is to be written and openpyxl is not installed.
    """
    with targets.written_aside(case_place(path, force=force)) as new:
        write_contents(contents_of(case), new)


def write_contents(
    contents: Contents,
    new: Path,
    *,
    beside: Mapping[str, str] = NOTHING_BESIDE,
    further: Further = NOTHING_FURTHER,
) -> None:
    """Write what a case holds where nothing is yet.

    Parameters
    ----------
    beside
        Texts that go into its folder, by the name of their file.
    further
        Sheets that go into its workbook.
    """
    if new.suffix.lower() == SUFFIX:
        write_sheets(contents, new, further)
        return
    new_folder(new)
    write_folder(contents, new)
    for name, text in beside.items():
        write_text(new / name, text)


def case_place(path: str | Path, *, force: bool, replaces_policy: bool = False) -> targets.Place:
    """Find out whether a case may be written at a path, before it is.

    Raises
    ------
    TargetError
        If the path exists, unless it is a case and may be replaced.
    """
    suffix = Path(path).suffix.lower()
    if suffix in NO_FOLDERS:
        problems = Problems()
        message = f"would be a folder that is called like a {suffix} file"
        problems.add(str(path), message, expected="a folder, or an .xlsx workbook")
        raise TargetError(problems)

    def check(found: Path) -> str | None:
        if suffix == SUFFIX:
            return _not_a_book(found)
        return _not_a_folder(found, replaces_policy=replaces_policy)

    return targets.look(path, force=force, check=check, expected=_A_CASE)


def _not_a_folder(path: Path, *, replaces_policy: bool) -> str | None:
    if standing_at(path) != "folder":
        return "is not a folder"
    problems = Problems()
    marked = {HELP, POLICY_BESIDE} if replaces_policy else {HELP}
    foreign = [
        name
        for name in names_in(path, problems)
        if standing_at(path / name) != "file"
        or not (name in TABLE_FILES or (name in marked and begins_with(path / name, MARK)))
    ]
    if foreign:
        return f"holds files that are not part of a case: {', '.join(foreign[:3])}"
    return "cannot be read" if len(problems) else None


def _not_a_book(path: Path) -> str | None:
    book = read_workbook(path, Problems())
    return None if book is not None and CASE.name in book.sheets else "is not a case's workbook"
