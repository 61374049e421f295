"""What is explained: a plan, a run or a session, loaded in a solver of its own."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from optimizer.errors import ModelWarning, OptimizerError
from optimizer.explain.in_hand import (
    InHand,
    aimed_at,
    require_custom_rules,
    require_rules_kept,
    searched_for_points,
)
from optimizer.formulation.custom import Extend
from optimizer.plan import Plan
from optimizer.plan.scales import FROM_BEFORE, Scales
from optimizer.runs.loading import Run, load_run
from optimizer.session import Session, held_anew
from optimizer.session.holding import Holding

Explained: TypeAlias = Run | Plan | Session | str | Path
"""What is explained: a run or the path of its folder, a plan, or a session as it is now."""


@dataclass(frozen=True, eq=False)
class InSolver:
    """What is explained, loaded in a solver of its own.

    Attributes
    ----------
    plan
        The plan in hand; ``None`` of a session, which has none, and where it aims at something
        else than points.
    folder
        Of its run; ``None`` where there is none.
    """

    held: Holding
    plan: InHand | None
    folder: Path | None


def asked_of(subject: Explained, extend: Extend | None) -> InSolver:
    """Load what is explained, with the scales that it was made with.

    Raises
    ------
    InputError, PolicyError, ExtensionError
        As :func:`optimizer.load_run`.
    OptimizerError
        If a plan does not hold its question, or its custom rules are missing.
    BrokenPlanError
        If a plan breaks rules.

    Warns
    -----
    ModelWarning
        If a plan aims at something else than points.
    """
    if isinstance(subject, Session):
        return InSolver(held_anew(subject), None, None)
    if isinstance(subject, str | Path):
        subject = load_run(subject, extend=extend)
    if isinstance(subject, Run):
        extend = subject.extend
    plan = subject.plan if isinstance(subject, Run) else subject
    question, facts = plan.question, plan.provenance
    if question is None:
        raise OptimizerError("the plan holds no question\n    Expected a plan of solve, or a run.")
    require_custom_rules(plan, extend, "extend=..., the function that added them")
    name = "the plan in hand" if plan.folder is None else plan.folder.name
    require_rules_kept(name, plan, extend)
    scales = Scales(dict(facts["scales"]), FROM_BEFORE)
    dropped = facts.get("dropped", ())
    held = Holding(question.as_it_is, extend=extend, scales=scales, cache=False, dropped=dropped)
    aim = aimed_at(plan)
    if aim is not None:
        warnings.warn(of_an_aim(aim), ModelWarning, stacklevel=3)
    return InSolver(held, searched_for_points(plan), plan.folder)


def of_an_aim(aim: str) -> str:
    """Sentence on what is asked of a plan that was not to have the most points."""
    return (
        f"the plan aims at {aim}; what is asked is asked of the policy alone, whose best plan it "
        "need not be"
    )
