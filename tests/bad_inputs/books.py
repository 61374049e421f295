"""Workbooks: what spreadsheet programs and their users leave in cells and sheets."""

from __future__ import annotations

import datetime

import openpyxl

from bad_inputs.given import MEGABYTE, Kind, book, book_file, cell, with_part


def title_above(found: openpyxl.Workbook) -> None:
    found["applicants"].insert_rows(1)
    found["applicants"]["A1"] = "Applicants 2027"


def inserted(found: openpyxl.Workbook) -> None:
    found["applicants"].insert_cols(2)


KINDS = {
    "not a workbook": Kind(
        book_file(lambda before: b"country,track,applicants\n"),
        (
            "1 problem\n"
            "- case.xlsx: is not a workbook\n"
            "    Expected an .xlsx workbook saved by a spreadsheet program."
        ),
    ),
    "zip bomb of 100 MB": Kind(
        book_file(with_part("xl/media/picture.bin", 100, MEGABYTE)),
        (
            "1 problem\n"
            "- case.xlsx: unpacks part xl/media/picture.bin to more than 200 times its "
            "size\n"
            "    Expected an .xlsx workbook saved by a spreadsheet program."
        ),
    ),
    "number stored as text": Kind(
        cell("applicants", "D2", "100", "s"),
        (
            "1 problem\n"
            "- case.xlsx, sheet applicants, row 2, column D (applicants): '100' is a "
            "number stored as text\n"
            "    Expected a number cell. Maybe 100."
        ),
    ),
    "number stored as text, with separators": Kind(
        cell("applicants", "D2", "1,000", "s"),
        (
            "1 problem\n"
            "- case.xlsx, sheet applicants, row 2, column D (applicants): '1,000' is not a "
            "number\n"
            "    Expected a whole number of at least 0. Maybe 1000."
        ),
    ),
    "date cell": Kind(
        cell("applicants", "D2", datetime.date(2027, 1, 5)),
        (
            "1 problem\n"
            "- case.xlsx, sheet applicants, row 2, column D (applicants): 2027-01-05 is a "
            "date\n"
            "    Expected a whole number of at least 0."
        ),
    ),
    "date cell where a year belongs": Kind(
        cell("applicants", "C3", datetime.date(2028, 1, 1)),
        (
            "1 problem\n"
            "- case.xlsx, sheet applicants, row 3, column C (year): 2028-01-01 is a date\n"
            "    Expected a whole number, or a blank cell. Maybe 2028."
        ),
    ),
    "time cell": Kind(
        cell("applicants", "D2", datetime.time(12, 30)),
        (
            "1 problem\n"
            "- case.xlsx, sheet applicants, row 2, column D (applicants): 12:30:00 is a "
            "time\n"
            "    Expected a whole number of at least 0."
        ),
    ),
    "formula without a value": Kind(
        cell("applicants", "D2", "=SUM(D3:D4)"),
        (
            "1 problem\n"
            "- case.xlsx, sheet applicants, row 2, column D (applicants): holds a formula "
            "without a value\n"
            "    Expected a value; open the workbook in a spreadsheet program and save it."
        ),
    ),
    "formula without a value in a name": Kind(
        cell("countries", "B2", '=UPPER("korea")'),
        (
            "1 problem\n"
            "- case.xlsx, sheet countries, row 2, column B (name): holds a formula without "
            "a value\n"
            "    Expected a value; open the workbook in a spreadsheet program and save it."
        ),
    ),
    "error cell": Kind(
        cell("applicants", "D2", "#REF!", "e"),
        (
            "1 problem\n"
            "- case.xlsx, sheet applicants, row 2, column D (applicants): #REF! is an "
            "error\n"
            "    Expected a whole number of at least 0."
        ),
    ),
    "truth value for a number": Kind(
        cell("applicants", "D2", True),
        (
            "1 problem\n"
            "- case.xlsx, sheet applicants, row 2, column D (applicants): TRUE is a truth "
            "value\n"
            "    Expected a whole number of at least 0."
        ),
    ),
    "merged cells": Kind(
        book(lambda found: found["applicants"].merge_cells("A2:A3")),
        (
            "2 problems\n"
            "- case.xlsx, sheet applicants: cells A2:A3 are merged\n"
            "    Expected a value in every cell.\n"
            "- case.xlsx, sheet applicants, row 3, column A (country): is blank\n"
            "    Expected text: code of the partner country."
        ),
    ),
    "hidden sheet": Kind(
        book(lambda found: setattr(found["applicants"], "sheet_state", "hidden")),
        ("1 problem\n- case.xlsx, sheet applicants: is hidden\n    Expected a visible sheet."),
    ),
    "very hidden sheet": Kind(
        book(lambda found: setattr(found["scores"], "sheet_state", "veryHidden")),
        ("1 problem\n- case.xlsx, sheet scores: is hidden\n    Expected a visible sheet."),
    ),
    "title above the header of a sheet": Kind(
        book(title_above),
        (
            "1 problem\n"
            "- case.xlsx, sheet applicants, row 1: 'Applicants 2027' is not the header, "
            "but stands where it belongs\n"
            "    Expected the names of the columns in row 1."
        ),
    ),
    "column without a header between others": Kind(
        book(inserted),
        (
            "1 problem\n"
            "- case.xlsx, sheet applicants, row 1: column B has no name\n"
            "    Expected a name."
        ),
    ),
    "header twice in a sheet": Kind(
        cell("applicants", "C1", "track"),
        (
            "1 problem\n"
            "- case.xlsx, sheet applicants, row 1, column B (track): the column is there "
            "twice"
        ),
    ),
    "header renamed in a sheet": Kind(
        cell("applicants", "D1", "applicant"),
        (
            "2 problems\n"
            "- case.xlsx, sheet applicants, row 1: unknown column 'applicant'\n"
            "    Expected columns of applicants only. Maybe applicants.\n"
            "- case.xlsx, sheet applicants, row 1, column applicants: the column is "
            "missing\n"
            "    Expected a whole number of at least 0 (most people who could enter)."
        ),
    ),
    "header that is a number": Kind(
        cell("applicants", "D1", 2027),
        (
            "2 problems\n"
            "- case.xlsx, sheet applicants, row 1: unknown column '2027'\n"
            "    Expected columns of applicants only.\n"
            "- case.xlsx, sheet applicants, row 1, column applicants: the column is "
            "missing\n"
            "    Expected a whole number of at least 0 (most people who could enter)."
        ),
    ),
    "header that is a date": Kind(
        cell("applicants", "D1", datetime.date(2027, 1, 5)),
        (
            "3 problems\n"
            "- case.xlsx, sheet applicants, row 1, column D: 2027-01-05 is a date\n"
            "    Expected the name of the column, as text.\n"
            "- case.xlsx, sheet applicants, row 1: unknown column '2027-01-05'\n"
            "    Expected columns of applicants only.\n"
            "- case.xlsx, sheet applicants, row 1, column applicants: the column is "
            "missing\n"
            "    Expected a whole number of at least 0 (most people who could enter)."
        ),
    ),
    "note beside the table": Kind(
        cell("applicants", "H3", "ask Seoul"),
        (
            "1 problem\n"
            "- case.xlsx, sheet applicants, row 3, column H: 'ask Seoul' stands under no "
            "header\n"
            "    Expected nothing beside the table."
        ),
    ),
    "code that became a number": Kind(
        cell("applicants", "B2", 1e5),
        (
            "1 problem\n"
            "- case.xlsx, sheet applicants, row 2, column B (track): '100000' is not in "
            "sheet tracks\n"
            "    Expected a track of sheet tracks."
        ),
    ),
    "code with something unseen in a sheet": Kind(
        cell("applicants", "B2", "stu\u200bdy"),
        (
            "1 problem\n"
            "- case.xlsx, sheet applicants, row 2, column B (track): 'stu\\u200bdy' has "
            "characters that cannot be seen (U+200B)\n"
            "    Expected text without them. Maybe study."
        ),
    ),
    "name of two lines": Kind(
        cell("regions", "B2", "Miya\ngi"),
        (
            "1 problem\n"
            "- case.xlsx, sheet regions, row 2, column B (name): 'Miya\\ngi' has a line "
            "break\n"
            "    Expected text on one line. Maybe Miya gi."
        ),
    ),
    "sheet of another name": Kind(
        book(lambda found: setattr(found["applicants"], "title", "Applicants 2027")),
        (
            "2 problems\n"
            "- case.xlsx, sheet Applicants 2027: is not a table of a case\n"
            "    Expected only tables of the data dictionary. Maybe applicants.\n"
            "- case.xlsx, sheet applicants: the sheet is missing\n"
            "    Expected a table with columns country, track, applicants."
        ),
    ),
    "sheet with spaces in its name": Kind(
        book(lambda found: setattr(found["applicants"], "title", "applicants ")),
        (
            "2 problems\n"
            "- case.xlsx, sheet applicants: the sheet is missing\n"
            "    Expected a table with columns country, track, applicants.\n"
            "- case.xlsx, sheet applicants : is not a table of a case\n"
            "    Expected only tables of the data dictionary. Maybe applicants."
        ),
    ),
    "copy of a sheet": Kind(
        book(lambda found: found.copy_worksheet(found["scores"])),
        (
            "1 problem\n"
            "- case.xlsx, sheet scores Copy: is not a table of a case\n"
            "    Expected only tables of the data dictionary."
        ),
    ),
    "sheet left out": Kind(
        book(lambda found: found.remove(found["tracks"])),
        (
            "1 problem\n"
            "- case.xlsx, sheet tracks: the sheet is missing\n"
            "    Expected a table with columns track, name, pathway, agency, sector, "
            "direction, duration_years, min_cohort, needs_agreement, completion_rate, "
            "returns_home."
        ),
    ),
    "blank key of a sheet": Kind(
        cell("budgets", "B2", None),
        (
            "1 problem\n"
            "- case.xlsx, sheet budgets, row 2, column B (year): is blank\n"
            "    Expected a whole number."
        ),
    ),
    "share above one in a sheet": Kind(
        cell("tracks", "J2", 90),
        (
            "1 problem\n"
            "- case.xlsx, sheet tracks, row 2, column J (completion_rate): 90 is above 1\n"
            "    Expected a number from 0 to 1. Maybe 0.9."
        ),
    ),
    "reference to a row that was deleted": Kind(
        book(lambda found: found["regions"].delete_rows(2)),
        (
            "3 problems\n"
            "- case.xlsx, sheet services, row 2, column A (region): 'miyagi' is not in "
            "sheet regions\n"
            "    Expected a region of sheet regions.\n"
            "- case.xlsx, sheet services, row 3, column A (region): 'miyagi' is not in "
            "sheet regions\n"
            "    Expected a region of sheet regions.\n"
            "- case.xlsx, sheet sites, row 2, column B (region): 'miyagi' is not in sheet "
            "regions\n"
            "    Expected a region of sheet regions."
        ),
    ),
    "years as one number": Kind(
        cell("case", "B5", 20272028),
        (
            "1 problem\n"
            "- case.xlsx, sheet case, row 5, column B (years): '20272028' does not name "
            "years\n"
            "    Expected the first and the last year, such as 2027-2031, or all of them. "
            "Maybe 2027-2028."
        ),
    ),
}
