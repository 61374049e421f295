"""Problems in cases, policies and files, described so that they can be put right.

::

    Exception
    └── OptimizerError             everything this package raises on purpose
        ├── PolicyError            the policy contradicts itself or names what is not there
        │   └── ArgumentError      a question is asked with a wrong argument, or option
        ├── InputError             the case has faulty files, rows or cells
        │   └── TargetError        nothing may or can be written at the path that was given
        ├── ExtensionError         a custom rule does not fit the model
        ├── BrokenPlanError        the plan in hand breaks rules
        ├── InfeasibleError        no plan keeps every rule; holds the rules that clash
        └── SolverError            the solver failed or refused
            └── NoPlanError        the search was stopped before it found a plan

    UserWarning
    └── ModelWarning               what may not have been meant

Problems of policies and cases are collected, sorted by file and row, and raised once.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any

from optimizer.errors.problems import (
    ARGUMENT,
    LONGEST_SHOWN,
    SHOWN_PER_KIND,
    Problem,
    printable,
    rest_of,
    shorten,
    shown_problems,
    some_of,
    stands_for,
)
from optimizer.text.characters import folded
from optimizer.text.old_names import replaced

__all__ = [
    "ARGUMENT",
    "LONGEST_SHOWN",
    "ArgumentError",
    "BrokenPlanError",
    "ExtensionError",
    "InfeasibleError",
    "InputError",
    "ModelWarning",
    "NoPlanError",
    "OptimizerError",
    "PolicyError",
    "Problem",
    "Problems",
    "SolverError",
    "did_you_mean",
    "not_installed",
    "printable",
    "shorten",
    "some_of",
]

CLOSE_ENOUGH = 0.6
"""Similarity (0-1, difflib's ratio) from which another word is offered as the one meant."""


class OptimizerError(Exception):
    """Everything this package raises on purpose."""


class _CollectedError(OptimizerError):
    """Holds all problems found; the message lists them by file and row."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = shown_problems(problems)
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


class ArgumentError(PolicyError):
    """A question is asked with a wrong argument; on the command line with a wrong option.

    Parameters
    ----------
    problems
        All that was found; kept sorted in the attribute ``problems``. Arguments are their columns.
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


class BrokenPlanError(OptimizerError):
    """The plan in hand breaks rules, so that nothing is said of plans as good as it."""


class InfeasibleError(OptimizerError):
    """No plan keeps every rule.

    Parameters
    ----------
    message
        What clashes, in words.
    clash
        Table of the rules that clash, a line for each of their rows; ``None`` where they were not
        found.
    """

    def __init__(self, message: str, clash: Any = None) -> None:
        super().__init__(message, clash)
        self.clash = clash

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
    """A warning about case or policy: the plan is computed, but somebody should look."""


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
        self.extend(listed[:SHOWN_PER_KIND])
        if len(listed) > SHOWN_PER_KIND:
            self.extend([rest_of(listed[SHOWN_PER_KIND], len(listed) - SHOWN_PER_KIND)])

    def extend(self, found: Iterable[Problem]) -> None:
        """Add problems of any kinds, such as those that another collector has counted."""
        for problem in found:
            told = problem
            # Two that stand for equally many others do not stand for the same ones.
            while (count := stands_for(told)) and told in self._found:
                del self._found[told]
                told = rest_of(told, 2 * count)
            self._found[told] = None

    def retold(self, retell: Callable[[Problem], Problem]) -> Problems:
        """Give the same problems, each in other words."""
        told = Problems()
        told.extend(map(retell, self._found))
        return told

    def raise_if_any(self, error: type[_CollectedError]) -> None:
        """Raise ``error`` with everything collected, if anything was."""
        if self._found:
            raise error(self)


def did_you_mean(word: str, options: Iterable[str], *, cutoff: float = CLOSE_ENOUGH) -> str | None:
    """Give the option closest to a word, or None where none is close; of an old name, the new one.

    Examples
    --------
    >>> did_you_mean("wieght", ["weight", "scale"])
    'weight'
    >>> did_you_mean("usa", ["FRA", "USA"])
    'USA'
    """
    known = tuple(options)
    return replaced(word, known) or _closest(word, known, cutoff)


@lru_cache(maxsize=256)
def _closest(word: str, options: tuple[str, ...], cutoff: float) -> str | None:
    """The same word is looked for again where the same fault is in many places."""
    by_folded = {folded(option): option for option in options}
    close = difflib.get_close_matches(folded(word), by_folded, n=1, cutoff=cutoff)
    return by_folded[close[0]] if close else None
