"""Options by which a plan is found that is fairest among those of enough points."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from optimizer.cli.options import share

if TYPE_CHECKING:
    from optimizer.plan import Plan
    from optimizer.plan.question import Question
    from optimizer.session.aims.planning import Aim
    from optimizer.session.solving import PlanOptions
    from optimizer.solver import Watch

AimOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Take the fairest plan by this aim among those of enough points: max-min, leximin or "
        "nash.",
    ),
]
FairnessOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", help="With --aim: the [[fairness]] table of the policy that says for whom."
    ),
]
LeastOption = Annotated[
    float | None,
    typer.Option(
        parser=share,
        metavar="SHARE",
        help="With --aim: least share of the most points, 0.95 or 95%; default: 95%.",
    ),
]


def aim_asked(aim: str | None, fairness: str | None, least: float | None) -> Aim | None:
    """Read the options before anything is solved; ``None`` where no aim is asked for."""
    if aim is None:
        for option, value in (("--fairness", fairness), ("--least", least)):
            if value is not None:
                raise typer.BadParameter("goes with --aim", param_hint=option)
        return None
    from optimizer.tradeoffs.fair_plans import LEAST_SHARE, aim_of

    return aim_of(aim, LEAST_SHARE if least is None else least, is_relaxed=False, tolerance=1e-6)


def aim_again(provenance: Mapping[str, Any]) -> list[str]:
    """Words that ask for the aim of a plan again; none where it has none."""
    aim = provenance.get("aim")
    if not aim:
        return []
    words = ["--aim", str(aim["aim"]).replace("_", "-"), "--fairness", str(aim["division"])]
    # A whole share is said in percent, as 1 might be 1%.
    return [*words, "--least", f"{100.0 * aim['least_share']:.12g}%"]


def planned_for(
    question: Question,
    watch: Watch,
    options: PlanOptions,
    aim: Aim | None,
    fairness: str | None,
) -> tuple[Plan, list[str]]:
    """Find the best plan, or the fairest by an aim, and say what the aim brought."""
    if aim is None:
        from optimizer.session.solving import planned

        return planned(question, watch, options), []
    from optimizer.tradeoffs.fair_plans import fair_plan_of

    found = fair_plan_of(question, aim, fairness, watch, options)
    assert found.plan is not None, "only relaxations have none"
    return found.plan, found.in_words()
