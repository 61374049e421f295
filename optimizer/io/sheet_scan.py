"""Looks through the XML of a workbook for what python-calamine does not report.

Formulas without a value and errors come out of it as blank cells, and one filled cell far away
makes it reserve memory for everything in between.
"""

from __future__ import annotations

import re
from array import array
from dataclasses import dataclass, field

from optimizer.io.archives import ArchiveError
from optimizer.io.packages import WORKBOOK_PART, Package

LONGEST_TEXT = 32_767
"""Characters that a spreadsheet program takes in one cell."""

MOST_ROWS = 1_048_576
"""Rows of a sheet, its header among them."""

MOST_TEXT = 200_000_000
"""Characters of all text cells of a sheet together."""

RELATIONS_PART = "xl/_rels/workbook.xml.rels"
SHARED_TEXTS = "sharedStrings"
REFERENCE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,7})")
A_BEFORE = ord("A") - 1


@dataclass(frozen=True)
class SheetPart:
    """A sheet as the workbook lists it."""

    name: str
    part: str
    is_hidden: bool
    has_cells: bool


@dataclass
class SheetFacts:
    """Contents of a sheet beside plain values; rows and columns are counted from 1.

    Attributes
    ----------
    last_row, last_column
        Farthest filled cell.
    uncomputed
        Cells with a formula but without a value.
    errors
        Words of cells that hold an error, such as #N/A.
    merged
        Ranges of merged cells.
    """

    last_row: int = 0
    last_column: int = 0
    uncomputed: set[tuple[int, int]] = field(default_factory=set)
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    merged: list[str] = field(default_factory=list)


def list_sheets(package: Package) -> tuple[list[SheetPart], str | None]:
    """Give the sheets of a workbook in order, and the part with its shared texts, if any."""
    kinds: dict[str, tuple[str, str]] = {}

    def relation(tag: str, found: dict[str, str]) -> None:
        if tag == "Relationship":
            target = found.get("Target", "")
            part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            kinds[found.get("Id", "")] = (found.get("Type", "").rpartition("/")[2], part)

    package.parse(RELATIONS_PART, (relation, _no_end, _no_text))
    sheets: list[SheetPart] = []

    def sheet(tag: str, found: dict[str, str]) -> None:
        if tag == "sheet":
            own = {name.rpartition(":")[2]: value for name, value in found.items()}
            kind, part = kinds.get(own.get("id", ""), ("", ""))
            is_hidden = own.get("state", "visible") != "visible"
            sheets.append(SheetPart(own.get("name", ""), part, is_hidden, kind == "worksheet"))

    package.parse(WORKBOOK_PART, (sheet, _no_end, _no_text))
    shared = next((part for kind, part in kinds.values() if kind == SHARED_TEXTS), None)
    return sheets, shared


def shared_lengths(package: Package, part: str) -> array[int]:
    """Give the length of every shared text."""
    lengths = array("l")

    def start(tag: str, _: dict[str, str]) -> None:
        if tag == "si":
            lengths.append(0)

    def text(piece: str) -> None:
        if lengths:
            lengths[-1] += len(piece)

    package.parse(part, (start, _no_end, text))
    return lengths


def scan_sheet(package: Package, part: str, lengths: array[int]) -> SheetFacts:
    """Look through one sheet.

    Raises
    ------
    ArchiveError
        If the sheet is damaged or holds more text than is read.
    """
    scan = _Scan(part, lengths)
    package.parse(part, (scan.start, scan.end, scan.text))
    return scan.facts


def _no_end(_: str) -> None:
    pass


def _no_text(_: str) -> None:
    pass


class _Scan:
    """Follows the tags of one sheet."""

    def __init__(self, part: str, lengths: array[int]) -> None:
        self.facts = SheetFacts()
        self._part, self._lengths = part, lengths
        self._row = self._column = self._length = self._characters = 0
        self._kind, self._value = "", ""
        self._is_filled = self._has_formula = self._listens = self._in_text = False

    def start(self, tag: str, found: dict[str, str]) -> None:
        if tag == "c":
            self._begin_cell(found)
        elif tag in ("v", "is", "f"):
            self._is_filled = True
            self._has_formula |= tag == "f"
            self._listens, self._in_text = tag == "v", tag == "is"
        elif tag == "row":
            number = found.get("r", str(self._row + 1))
            self._row, self._column = self._whole(number), 0
        elif tag == "mergeCell":
            self.facts.merged.append(found.get("ref", ""))

    def text(self, piece: str) -> None:
        if self._listens or self._in_text:
            self._length += len(piece)
            self._check_length(self._length)
        if self._listens:
            self._value += piece

    def end(self, tag: str) -> None:
        if tag == "c":
            self._end_cell()
        elif tag in ("v", "is"):
            self._listens = self._in_text = False

    def _begin_cell(self, found: dict[str, str]) -> None:
        self._kind, self._value = found.get("t", "n"), ""
        self._length = 0
        self._is_filled = self._has_formula = False
        if "r" in found:
            match = REFERENCE.fullmatch(found["r"])
            if match is None:
                raise self._damaged()
            self._row, self._column = int(match[2]), _number(match[1])
        else:
            self._column += 1

    def _end_cell(self) -> None:
        if not self._is_filled:
            return
        facts, place = self.facts, (self._row, self._column)
        facts.last_row = max(facts.last_row, self._row)
        facts.last_column = max(facts.last_column, self._column)
        if self._kind == "e":
            facts.errors[place] = self._value
        elif self._has_formula and not self._value and self._kind != "str":
            # A formula that gives an empty text is of kind str, and its value is there.
            facts.uncomputed.add(place)
        elif self._kind == "s" and self._value:
            shared = self._whole(self._value)
            if shared >= len(self._lengths):
                raise self._damaged()
            self._count(self._lengths[shared])
        else:
            self._count(self._length)

    def _count(self, length: int) -> None:
        self._check_length(length)
        self._characters += length
        if self._characters > MOST_TEXT:
            raise ArchiveError(f"holds more than {MOST_TEXT:,} characters in part {self._part}")

    def _check_length(self, length: int) -> None:
        if length > LONGEST_TEXT:
            raise ArchiveError(f"holds a text of more than {LONGEST_TEXT:,} characters")

    def _whole(self, text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise self._damaged()
        return int(text)

    def _damaged(self) -> ArchiveError:
        return ArchiveError(f"is damaged: part {self._part} names cells that cannot be")


def _number(word: str) -> int:
    number = 0
    for letter in word:
        number = 26 * number + ord(letter) - A_BEFORE
    return number
