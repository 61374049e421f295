"""Warnings about a case under a policy, to be read before solving.

Every look yields warnings as problems: a place, the fault, and what was probably meant.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Iterable, Iterator

from optimizer.errors import ModelWarning, Problem, Problems
from optimizer.instance import Instance
from optimizer.instance.oddities.evenness import evenness_without_floor
from optimizer.instance.oddities.figures import far_off_figures, far_off_weights
from optimizer.instance.oddities.goals import idle_scores, ranges_beside_figures, unearnable_goals
from optimizer.instance.oddities.money import (
    idle_lines,
    lines_too_small,
    unpaid_stays,
    unsaid_support,
)
from optimizer.instance.oddities.movement import idle_movement, unsaid_movement
from optimizer.instance.oddities.people import (
    gone_people,
    late_agreements,
    net_of_people,
    nothing_to_plan,
    small_years,
    unentered,
    unhosted,
    unkept_slots,
    unserved,
)
from optimizer.instance.oddities.previous import held_shut
from optimizer.instance.oddities.rows import gaps_in_caps, same_names, short_tail, years_that_end
from optimizer.instance.oddities.shares import (
    gap_of_the_whole,
    shares_above_one,
    shares_that_do_not_add_up,
)
from optimizer.instance.oddities.stakeholders import contradicting_comparisons

__all__ = ["net_of_people", "oddities", "warn_of", "warnings_of"]

Look = Callable[[Instance], Iterable[Problem]]

LOOKS: tuple[Look, ...] = (
    nothing_to_plan,
    small_years,
    unhosted,
    unentered,
    unserved,
    late_agreements,
    unkept_slots,
    unpaid_stays,
    idle_lines,
    lines_too_small,
    unsaid_support,
    far_off_figures,
    far_off_weights,
    same_names,
    gone_people,
    years_that_end,
    gaps_in_caps,
    short_tail,
    idle_scores,
    unearnable_goals,
    ranges_beside_figures,
    shares_above_one,
    gap_of_the_whole,
    shares_that_do_not_add_up,
    held_shut,
    unsaid_movement,
    idle_movement,
    evenness_without_floor,
    contradicting_comparisons,
)


def oddities(instance: Instance) -> list[str]:
    """Warnings, and notes that accompany any plan."""
    net = net_of_people(instance)
    if not net:
        return warnings_of(instance)
    tables = "present_by_country"
    tables += " and present_by_region" if instance.sets.has_regions else ""
    maybe = f"Maybe you want {tables}, with 0 persons where there is nobody."
    return [*warnings_of(instance), f"{net} {maybe}"]


def warnings_of(instance: Instance, looks: Iterable[Look] = LOOKS) -> list[str]:
    """Sentences about what may not have been meant, each with its place and a way out."""
    return [_in_words(problem) for problem in _found(instance, looks)]


def warn_of(sentences: Iterable[str]) -> None:
    """Warn of what may not have been meant, at the line that called this package."""
    level = _frames_of_ours() + 1
    for sentence in sentences:
        warnings.warn(sentence, ModelWarning, stacklevel=level)


def _frames_of_ours() -> int:
    """Calls within this package, from whoever asks on; decorators and wrappers are some too."""
    package = __name__.partition(".")[0]
    frame = inspect.currentframe()
    frame, level = frame and frame.f_back, 0
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] == package:
        frame, level = frame.f_back, level + 1
    return level


def _found(instance: Instance, looks: Iterable[Look]) -> Iterator[Problem]:
    for look in looks:
        problems = Problems()
        problems.add_all(look(instance))
        yield from instance.policy.retold(instance.case.retold(problems))


def _in_words(problem: Problem) -> str:
    """Give a warning in one line.

    Examples
    --------
    >>> _in_words(Problem("tracks.csv", "costs nothing", row=2, maybe="rows in costs.csv"))
    'tracks.csv row 2: costs nothing. Maybe rows in costs.csv.'
    """
    hint = "" if problem.maybe is None else f" Maybe {problem.maybe}."
    return f"{problem.place}: {problem.message}.{hint}"
