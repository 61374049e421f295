"""A desk from paths: policy, case, and a run to begin with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from optimizer.app.desk import Desk
from optimizer.app.moves import OF_A_RUN, KeptYears, Setting
from optimizer.case import load_case
from optimizer.errors import InputError, PolicyError, Problems
from optimizer.explain.wanting import wanted_from
from optimizer.instance import joined
from optimizer.plan.keeping import Keep
from optimizer.plan.question import require_case
from optimizer.policy import load_policy
from optimizer.runs import require_writers
from optimizer.runs.loading import Run, load_run


def desk_of(policy: Path, case: Path | None, run: Path | None = None) -> Desk:
    """Load what the page is about.

    Parameters
    ----------
    case
        ``None`` where the policy's workbook holds it.
    run
        Folder of a run of the same policy on the same case; what it has set is set, its plan is
        plan A.

    Raises
    ------
    InputError, PolicyError
        If policy, case or run are wrong, or the run is one of something else.
    OptimizerError
        If an extra is not installed.
    """
    require_writers()
    meant, facts = load_policy(policy), load_case(policy if case is None else case)
    require_case(meant, facts)
    if run is None:
        return Desk(meant, facts, (policy, case))
    known, problems = load_run(run), Problems()
    question = known.question
    if question.base.hash != meant.hash:
        problems.add(run.name, f"is not a run of {policy.name} as it is now", expected="its run")
    if dict(question.base_case.hashes) != dict(facts.hashes):
        problems.add(run.name, f"is not a run of {facts.name} as it is now", expected="its run")
    problems.raise_if_any(InputError)
    return Desk(meant, facts, (policy, case), known, _setting_of(known))


def _setting_of(run: Run) -> Setting:
    """What a run has set beside policy and case, as the page sets it.

    Raises
    ------
    InputError
        If it has limits that ask for anything but slots, or keeps other slots than those of years.
    """
    question, problems = run.question, Problems()
    dropped = set(run.read.facts.get("dropped", ()))
    demands = []
    for limit in question.added:
        name = str(limit["name"])
        if not _asks_for_slots(run, limit):
            message = f"has a limit of its own, {name!r}"
            problems.add(run.path.name, message, expected="limits on slots that the page has set")
        elif name not in dropped:
            demands.append(name)
        dropped.discard(name)
    for name in sorted(dropped):
        expected = "a run in which all of the policy holds"
        problems.add(run.path.name, f"lets {name!r} limit nothing", expected=expected)
    kept = _kept_in(question.keep)
    if question.keep and kept is None:
        expected = "a run that keeps whole years of one plan, or none"
        problems.add(run.path.name, "keeps slots of earlier plans", expected=expected)
    if question.near is not None:
        expected = "a run without --near"
        problems.add(run.path.name, "stays near to an earlier plan", expected=expected)
    problems.raise_if_any(InputError)
    return Setting(demands=tuple(demands), kept=kept).changed(question.changes)


def _asks_for_slots(run: Run, limit: Mapping[str, object]) -> bool:
    """Whether a limit is one that the page adds for a demand, whose name is its text."""
    text = str(limit["name"])
    try:
        asked = wanted_from(text, None, joined(run.case, run.policy))
    except PolicyError:
        return False
    return asked.with_number(asked.sense, asked.number, text).limit == dict(limit)


def _kept_in(keeps: tuple[Keep, ...]) -> KeptYears | None:
    """Years that are kept; ``None`` where nothing is, or something else."""
    if len(keeps) != 1 or keeps[0].at_least or set(keeps[0].where) != {"year"}:
        return None
    named = keeps[0].where["year"]
    years = [str(year) for year in (named if isinstance(named, list | tuple) else [named])]
    if not all(year.isdecimal() for year in years):
        return None
    return KeptYears(tuple(map(int, years)), OF_A_RUN, keeps[0])
