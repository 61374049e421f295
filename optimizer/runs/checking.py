"""Question on which a plan on disk is checked: that of its run, or one that is named."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from optimizer.case import Case, load_case
from optimizer.io.changes import change_in_words
from optimizer.plan import checking
from optimizer.plan.given import ReadPlan
from optimizer.plan.question import Question
from optimizer.plan.scales import OfRun
from optimizer.policy import OwnBest, Policy, load_policy
from optimizer.runs.loading import Run, load_run
from optimizer.runs.reading import read_plan


@dataclass(frozen=True, eq=False)
class ToCheck:
    """A plan and what it is checked on.

    Attributes
    ----------
    read
        The plan.
    question
        Policy and case.
    assumed
        What was assumed because nothing says it, as sentences.
    paths
        Where policy and case are.
    changes
        What the run had changed of them, as options of commands say it.
    dropped
        Limits that need not hold.
    """

    read: ReadPlan
    question: Question
    assumed: tuple[str, ...]
    paths: tuple[Path, ...]
    changes: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()


def run_to_check(folder: Path) -> ToCheck:
    """A run on its own question."""
    run = load_run(folder)
    dropped = tuple(run.read.facts.get("dropped", ()))
    said = f"what the run had dropped need not hold ({', '.join(dropped)})"
    assumed = (*run.read.assumed, *([said] if dropped else []))
    return ToCheck(run.read, run.question, assumed, run.inputs, _again(run), dropped)


def _again(run: Run) -> tuple[str, ...]:
    changes = run.read.facts.get("changes", {})
    return tuple(change_in_words(address, value) for address, value in changes.items())


def plan_to_check(plan: Path, policy: Path, case: Path, scales: OfRun | None) -> ToCheck:
    """A plan, whoever made it, on a policy and a case."""
    loaded_case = load_case(case)
    read = read_plan(plan, loaded_case)
    loaded = _whole(load_policy(policy), loaded_case)
    scaled = read if scales is None else replace(read, scales=scales.of)
    differences = checking.differences(scaled, loaded, loaded_case)
    paths = (policy,) if policy == case else (policy, case)
    question = Question.of(loaded, loaded_case)
    return ToCheck(read, question, (*read.assumed, *differences), paths)


def _whole(policy: Policy, case: Case) -> Policy:
    """A policy with what each group could have by itself, where limits ask for that."""
    if not any(isinstance(limit.at_least, OwnBest) for limit in policy.limits):
        return policy
    # All else is checked without a solver.
    from optimizer.session.own_bests import with_own_bests

    return with_own_bests(Question.of(policy, case)).policy
