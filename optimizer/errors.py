"""What can go wrong, told so that it can be put right.

::

    Exception
    └── OptimizerError             everything this package raises on purpose
        ├── PolicyError            the policy contradicts itself or names what is not there
        ├── InputError             the case has faulty files, rows or cells
        │   └── TargetError        nothing may or can be written at the path that was given
        ├── ExtensionError         a custom rule does not fit the model
        ├── InfeasibleError        no plan keeps every rule; holds advice on what to relax
        └── SolverError            the solver failed or refused
            └── NoPlanError        the search was stopped before it found a plan

    UserWarning
    └── ModelWarning               legal but odd

Problems of policies and cases are collected, sorted by file and row, and raised once.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from optimizer.odd_text import folded

CLOSE_ENOUGH = 0.6
"""Similarity (0-1, difflib's ratio) from which another word is offered as the one meant."""

SHOWN_PER_COLUMN = 10
"""Cells with the same fault in one column that are shown one by one."""

LONGEST_SHOWN = 60
"""Characters of a faulty value that are shown."""

REST = "... and "
"""How problems begin that stand for further ones of the same kind."""

LINE_BREAKS = {ord(sign): repr(sign)[1:-1] for sign in "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"}
"""What ends a line, and how it is shown."""

ADDRESSED = (".toml", ".json", "changes", "extend", "scales")
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

    Examples
    --------
    >>> print(Problem("applicants.csv", "'JPM' is not in countries.csv", row=7, column="country",
    ...               expected="a country of countries.csv", maybe="JPN"))
    applicants.csv row 7, column country: 'JPM' is not in countries.csv
        Expected a country of countries.csv. Maybe JPN.
    >>> print(Problem("japan.xlsx", "'x' is not a number", row=7, column="applicants",
    ...               sheet="applicants", letter="C"))
    japan.xlsx, sheet applicants, row 7, column C (applicants): 'x' is not a number
    """

    file: str
    message: str
    row: int | None = None
    column: str | None = None
    expected: str | None = None
    maybe: str | None = None
    sheet: str | None = None
    letter: str | None = None

    @property
    def place(self) -> str:
        """Where it is wrong, in words."""
        if self.sheet is not None:
            return self._place_in_workbook()
        is_table = not self.file.endswith(ADDRESSED)
        place = printable(self.file)
        if self.row is not None:
            place += f" {'row' if is_table else 'line'} {self.row}"
        if self.column is not None:
            place += f", {'column ' if is_table else ''}{printable(self.column)}"
        return place

    def _place_in_workbook(self) -> str:
        place = printable(f"{self.file}, sheet {self.sheet}")
        if self.row is not None:
            place += f", row {self.row}"
        if self.letter is None:
            return place if self.column is None else f"{place}, column {printable(self.column)}"
        name = f" ({printable(self.column)})" if self.column else ""
        return f"{place}, column {self.letter}{name}"

    def __str__(self) -> str:
        hints = []
        if self.expected is not None:
            hints.append(f"Expected {self.expected}.")
        if self.maybe is not None:
            hints.append(f"Maybe {self.maybe}.")
        first = f"{self.place}: {self.message}"
        first = "\n".join(map(printable, first.split("\n")))
        return f"{first}\n    {printable(' '.join(hints))}" if hints else first


def _order(problem: Problem) -> tuple[str, str, int, str, bool, str]:
    is_rest = problem.message.startswith(REST)
    place = problem.file, problem.sheet or "", problem.row or 0, problem.column or ""
    return *place, is_rest, problem.message


class OptimizerError(Exception):
    """Everything this package raises on purpose."""


class _CollectedError(OptimizerError):
    """Holds all problems found; the message lists them by file and row."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(sorted(problems, key=_order))
        super().__init__(self.problems)

    def __str__(self) -> str:
        count = len(self.problems)
        head = f"{count} problem{'' if count == 1 else 's'}"
        return "\n".join([head, *(f"- {problem}" for problem in self.problems)])


class PolicyError(_CollectedError):
    """The policy contradicts itself or names what is not there.

    Parameters
    ----------
    problems
        All that was found; kept sorted in the attribute ``problems``.
    """


class InputError(_CollectedError):
    """The case has faulty files, rows or cells.

    Parameters
    ----------
    problems
        All that was found; kept sorted in the attribute ``problems``.
    """


class TargetError(InputError):
    """Nothing may be written, or could be, at the path that was given for it.

    Parameters
    ----------
    problems
        All that was found; kept sorted in the attribute ``problems``.
    """


class ExtensionError(_CollectedError):
    """A custom rule does not fit the model, or cannot be checked.

    Parameters
    ----------
    problems
        All that was found; kept sorted in the attribute ``problems``.
    """


class InfeasibleError(OptimizerError):
    """No plan keeps every rule.

    Parameters
    ----------
    message
        What clashes, in words.
    advice
        Table of rules and by how much each would have to give way.
    """

    def __init__(self, message: str, advice: Any = None) -> None:
        super().__init__(message, advice)
        self.advice = advice

    def __str__(self) -> str:
        return str(self.args[0])


def not_installed(what: str, library: str, extra: str) -> OptimizerError:
    """Make the error for a library of an extra that is missing."""
    return OptimizerError(f'{what} needs {library}: pip install "talent-optimizer[{extra}]"')


class SolverError(OptimizerError):
    """The solver failed or refused."""


class NoPlanError(SolverError):
    """The search was stopped before it found a plan.

    Parameters
    ----------
    message
        What stopped it.
    interrupted
        Whether the user did, rather than the time limit.
    """

    def __init__(self, message: str, *, interrupted: bool = False) -> None:
        super().__init__(message)
        self.interrupted = interrupted


class ModelWarning(UserWarning):
    """Legal but odd: the plan is computed, but somebody should look."""


class Problems:
    """Collector: parts that read and check add to it, the caller raises once.

    Examples
    --------
    >>> problems = Problems()
    >>> problems.add("tracks.csv", "-1 is below 0", row=3, column="min_cohort")
    >>> len(problems)
    1
    """

    def __init__(self) -> None:
        self._found: dict[Problem, None] = {}

    def __len__(self) -> int:
        return len(self._found)

    def __iter__(self) -> Iterator[Problem]:
        return iter(self._found)

    def add(
        self,
        file: str,
        message: str,
        *,
        row: int | None = None,
        column: str | None = None,
        expected: str | None = None,
        maybe: str | None = None,
    ) -> None:
        """Add one problem; one that says exactly the same is kept once."""
        self._found[Problem(file, message, row, column, expected, maybe)] = None

    def add_all(self, found: Iterable[Problem]) -> None:
        """Add problems of one kind in one column: the first ten one by one, the rest as a count."""
        listed = list(dict.fromkeys(found))
        for problem in listed[:SHOWN_PER_COLUMN]:
            self._found[problem] = None
        rest = listed[SHOWN_PER_COLUMN:]
        if rest:
            first = rest[0]
            message = f"{REST}{len(rest)} more like the ones before"
            told = replace(first, message=message, expected=None, maybe=None)
            self._found[told] = None

    def retold(self, retell: Callable[[Problem], Problem]) -> Problems:
        """Give the same problems, each told in other words."""
        told = Problems()
        told._found = {retell(problem): None for problem in self._found}
        return told

    def raise_if_any(self, error: type[_CollectedError]) -> None:
        """Raise ``error`` with everything collected, if anything was."""
        if self._found:
            raise error(self)


def shorten(text: str) -> str:
    """Cut what would fill the screen."""
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 3]}..."


def printable(text: str) -> str:
    r"""Show what would break the line, or could not be printed, as Python writes it.

    Examples
    --------
    >>> print(printable("two\nlines"))
    two\nlines
    """
    signs = (sign if sign.isprintable() or sign.isspace() else repr(sign)[1:-1] for sign in text)
    return "".join(signs).translate(LINE_BREAKS)


def did_you_mean(word: str, options: Iterable[str], *, cutoff: float = CLOSE_ENOUGH) -> str | None:
    """Give the option closest to a word, or None where none is close.

    Examples
    --------
    >>> did_you_mean("wieght", ["weight", "scale"])
    'weight'
    >>> did_you_mean("usa", ["FRA", "USA"])
    'USA'
    """
    by_folded = {folded(option): option for option in options}
    close = difflib.get_close_matches(folded(word), by_folded, n=1, cutoff=cutoff)
    return by_folded[close[0]] if close else None
