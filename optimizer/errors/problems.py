"""Problems: what is wrong and where, how it reads, and how much of it is shown."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

SHOWN_PER_KIND = 10
"""Problems of one kind, such as one fault in a column, that are shown one by one."""

_Place = tuple[str | None, ...]
"""File, sheet and column of problems that are counted together."""

LONGEST_SHOWN = 60
"""Characters of a faulty value that are shown."""

REST = "... and "
"""Beginning of problems that stand for further ones of the same kind."""

MORE = re.compile(r"\.\.\. and ([\d,]+) more like the ones before")
VARYING = re.compile(
    r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|\[[^\]]*\]|-?\d[\d.,]*(?:e[+-]?\d+)?"""
)
"""Names and figures in a message, which differ between problems of one kind."""

_LONGEST_NAME = 300
"""Characters of a column or an address that are shown."""

LONGEST_LIST = 2000
"""Characters of what is expected, or was found, that are shown."""

LINE_BREAKS = {ord(sign): repr(sign)[1:-1] for sign in "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"}
"""Line ends, and how each is shown."""

ARGUMENT = "arguments"
"""The file that problems of arguments name, which are their columns."""

ADDRESSED = (
    *(".toml", ".json", "changes", "extend", "scales", "load_case", "policy"),
    *("frontier", "fair_plan", ARGUMENT),
)
"""How the names end of what is addressed by dotted keys and lines, not by columns and rows."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, and where.

    Attributes
    ----------
    file
        Name of the file within the case, or of the policy or workbook.
    message
        What is wrong, with the value found there.
    row
        Row of a table (the header is row 1) or line of a TOML file.
    column
        Column of a table or dotted address in a TOML file.
    expected
        What would have been right.
    maybe
        What was probably meant, where one can guess.
    sheet, letter
        Sheet of a workbook and letter of its column.
    label
        Label of the row of a frame, "" where a frame is meant and no row of it; None elsewhere.

    Examples
    --------
    >>> print(Problem("applicants.csv", "'JPM' is not in countries.csv", row=7, column="country",
    ...               expected="a country of countries.csv", maybe="JPN"))
    applicants.csv row 7, column country: 'JPM' is not in countries.csv
        Expected a country of countries.csv. Maybe JPN.
    >>> print(Problem("japan.xlsx", "'x' is not a number", row=7, column="applicants",
    ...               sheet="applicants", letter="C"))
    japan.xlsx, sheet applicants, row 7, column C (applicants): 'x' is not a number
    >>> print(Problem("table applicants", "'x' is not a number", column="applicants", label="KOR"))
    table applicants, row KOR, column applicants: 'x' is not a number
    """

    file: str
    message: str
    row: int | None = None
    column: str | None = None
    expected: str | None = None
    maybe: str | None = None
    sheet: str | None = None
    letter: str | None = None
    label: str | None = None

    def __post_init__(self) -> None:
        """Keep lists that name thousands of things to what can be read."""
        for name in ("message", "expected"):
            text = getattr(self, name)
            if text is not None and len(text) > LONGEST_LIST:
                object.__setattr__(self, name, _beginning(text))

    @property
    def place(self) -> str:
        """Where it is wrong, in words."""
        if self.sheet is not None:
            return self._place_in_workbook()
        if self.label is not None:
            return self._place_in_frame(self.label)
        is_table = not self.file.endswith(ADDRESSED)
        place = printable(self.file)
        if self.row is not None:
            place += f" {'row' if is_table else 'line'} {self.row}"
        if self.column is not None:
            place += f", {'column ' if is_table else ''}{_name(self.column)}"
        return place

    def _place_in_workbook(self) -> str:
        place = printable(f"{self.file}, sheet {self.sheet}")
        if self.row is not None:
            place += f", row {self.row}"
        if self.letter is None:
            return place if self.column is None else f"{place}, column {_name(self.column)}"
        name = f" ({_name(self.column)})" if self.column else ""
        return f"{place}, column {self.letter}{name}"

    def _place_in_frame(self, label: str) -> str:
        place = printable(f"{self.file}, row {label}" if label else self.file)
        return place if self.column is None else f"{place}, column {_name(self.column)}"

    def __str__(self) -> str:
        hints = []
        if self.expected is not None:
            hints.append(f"Expected {self.expected}.")
        if self.maybe is not None:
            hints.append(f"Maybe {self.maybe}.")
        first = f"{self.place}: {self.message}"
        first = "\n".join(map(printable, first.split("\n")))
        return f"{first}\n    {printable(' '.join(hints))}" if hints else first


def _name(column: str) -> str:
    """A column or address as it is shown; what would fill the screen is cut in the middle."""
    told = printable(column)
    if len(told) <= _LONGEST_NAME:
        return told
    return f"{told[: _LONGEST_NAME // 2]}...{told[-_LONGEST_NAME // 2 :]}"


def _beginning(text: str) -> str:
    """The first entries of a list, and how many follow."""
    shown, comma, _ = text[:LONGEST_LIST].rpartition(", ")
    if not comma:
        return f"{text[:LONGEST_LIST]}..."
    return f"{shown}, ... and {text.count(', ', len(shown)):,} more"


def _order(problem: Problem) -> tuple[str, str, int, str, bool, str]:
    is_rest = problem.message.startswith(REST)
    place = problem.file, problem.sheet or "", problem.row or 0, problem.column or ""
    return *place, is_rest, problem.message


def shown_problems(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Problems in order: of each kind the first ten, then how many more there are."""
    shown: list[Problem] = []
    seen: dict[_Place, int] = {}
    rests: dict[_Place, tuple[Problem, int]] = {}
    for problem in sorted(problems, key=_order):
        is_table = not problem.file.endswith(ADDRESSED) or problem.sheet is not None
        # The columns of a header may all be wrong in the same way.
        column = problem.column if is_table and problem.row != 1 else None
        place = problem.file, problem.sheet, column
        kind = *place, VARYING.sub("...", problem.message)
        more = stands_for(problem)
        seen[kind] = seen.get(kind, 0) + 1
        if not more and seen[kind] <= SHOWN_PER_KIND:
            shown.append(problem)
            continue
        first, count = rests.get(place, (problem, 0))
        rests[place] = first, count + (more or 1)
    shown += [rest_of(first, count) for first, count in rests.values()]
    return tuple(sorted(shown, key=_order))


def stands_for(problem: Problem) -> int:
    """Number of further problems one stands for; 0 for itself."""
    more = MORE.fullmatch(problem.message) if problem.message.startswith(REST) else None
    return 0 if more is None else int(more[1].replace(",", ""))


def rest_of(first: Problem, count: int) -> Problem:
    """The problem that stands for further ones, where the first of them is."""
    message = f"{REST}{count:,} more like the ones before"
    return replace(first, message=message, expected=None, maybe=None)


def shorten(text: str) -> str:
    """Cut what would fill the screen."""
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 3]}..."


def some_of(names: Iterable[str]) -> str:
    """Give the first names of a list, and how many follow.

    Examples
    --------
    >>> some_of(map(str, range(12)))
    '0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more'
    """
    listed = list(names)
    more = len(listed) - SHOWN_PER_KIND
    return ", ".join(listed[:SHOWN_PER_KIND]) + (f" and {more:,} more" if more > 0 else "")


def printable(text: str) -> str:
    r"""Show what would break the line, or could not be printed, as Python writes it.

    Examples
    --------
    >>> print(printable("two\nlines"))
    two\nlines
    """
    signs = (sign if sign.isprintable() or sign.isspace() else repr(sign)[1:-1] for sign in text)
    return "".join(signs).translate(LINE_BREAKS)
