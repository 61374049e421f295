"""Plans whose slots are kept, as the command line names them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from optimizer.case import Case
from optimizer.errors import ARGUMENT, ArgumentError, InputError, Problems
from optimizer.plan.keeping import Keep
from optimizer.plan.nearness import Near
from optimizer.plan.question import Question
from optimizer.runs.reading import read_plan

_FILTER = re.compile(r"\s*(\w+)\s*=(.*)", re.DOTALL)


def keeps_of(
    question: Question, as_they_are: Sequence[str], at_least: Sequence[str], realised: Path | None
) -> tuple[Keep, ...]:
    """Read the plans of which slots are kept.

    Parameters
    ----------
    as_they_are, at_least
        Path of a plan, and columns with values behind commas.
    realised
        Path of a plan whose years have happened.

    Raises
    ------
    InputError, ArgumentError
        If a plan cannot be read, none is named, or columns are chosen that slots do not have.
    """
    case = question.case
    found = [_keep_of(text, case, at_least=False) for text in as_they_are]
    found += [_keep_of(text, case, at_least=True) for text in at_least]
    if realised is not None:
        found.append(_happened(realised, case))
    return tuple(found)


def near_of(question: Question, near: str | None, price: float | None) -> Near | None:
    """Read the plan to which a new one stays near.

    Raises
    ------
    InputError, ArgumentError
        If it cannot be read, none is named, or columns are chosen that slots do not have.
    """
    if near is None or price is None:
        return None
    path, where = _plan_named(near, "near")
    return Near(read_plan(path, question.case), price, where, path)


def split_keep(text: str) -> tuple[str, dict[str, list[str]]]:
    """Take a path and the columns behind it apart; a column named twice may be either.

    Examples
    --------
    >>> split_keep("runs/a, b,year=2027,year=2028")
    ('runs/a, b', {'year': ['2027', '2028']})
    """
    parts = text.split(",")
    where: dict[str, list[str]] = {}
    while len(parts) > 1 and (found := _FILTER.fullmatch(parts[-1])):
        where[found[1]] = [found[2].strip(), *where.get(found[1], [])]
        parts.pop()
    return ",".join(parts), dict(reversed(where.items()))


def _plan_named(text: str, argument: str) -> tuple[str, dict[str, list[str]]]:
    """The same, where a plan has to be named."""
    path, where = split_keep(text)
    if not path.strip():
        problems = Problems()
        expected = "the path of a plan, before any comma"
        problems.add(ARGUMENT, f"{text!r} names no plan", column=argument, expected=expected)
        raise ArgumentError(problems)
    return path, where


def _keep_of(text: str, case: Case, *, at_least: bool) -> Keep:
    path, where = _plan_named(text, "keep.at_least" if at_least else "keep")
    return Keep(read_plan(path, case), where, at_least, path)


def _happened(path: Path, case: Case) -> Keep:
    """All slots of years that have happened, which are the first ones."""
    plan = read_plan(path, case)
    years = sorted({int(year) for year in plan.decisions.slots["year"]})
    first = [*case.years][: len(years)]
    if not years or years != first:
        problems = Problems()
        told = ", ".join(map(str, years)) or "no year"
        problems.add(
            str(path),
            f"has slots of {told}",
            column="year",
            expected=f"the first years of the case, without a gap, from {case.years[0]} on",
        )
        raise InputError(problems)
    return Keep(plan, {"year": [str(year) for year in years]}, name=str(path))
