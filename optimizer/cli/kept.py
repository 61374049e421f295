"""Options by which a plan grants slots of earlier plans, or stays near to one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from optimizer.plan import Plan

KeepOption = Annotated[
    list[str] | None,
    typer.Option(
        "--keep",
        metavar="PLAN[,COLUMN=VALUE...]",
        help="Grant slots of an earlier plan as they are there: of a run folder, plan.csv or "
        "plan.xlsx; some of them: runs/a,year=2027,track=lab*. May be repeated.",
    ),
]
NestedOption = Annotated[
    list[str] | None,
    typer.Option(
        "--nested-in",
        metavar="PLAN[,COLUMN=VALUE...]",
        help="The same, where more may be granted: nothing that is granted there is dropped.",
    ),
]
RealisedOption = Annotated[
    Path | None,
    typer.Option(
        "--realised",
        metavar="PLAN",
        help="Slots of the first years as they have happened; the years after are planned.",
    ),
]
NearOption = Annotated[
    str | None,
    typer.Option(
        "--near",
        metavar="PLAN[,COLUMN=VALUE...]",
        help="Stay near to an earlier plan: every slot moved away from it costs --change-price.",
    ),
]
ChangePriceOption = Annotated[
    float | None,
    typer.Option(
        "--change-price",
        metavar="POINTS",
        help="With --near: points for every slot that is granted and was not, or was and is not.",
    ),
]


def require_near(near: str | None, price: float | None, aim: str | None) -> None:
    """Refuse one of the two options without the other, and both beside an aim."""
    if near is not None and price is None:
        raise typer.BadParameter("goes with --change-price", param_hint="--near")
    if near is None and price is not None:
        raise typer.BadParameter("goes with --near", param_hint="--change-price")
    if near is not None and aim is not None:
        raise typer.BadParameter("does not go with --aim", param_hint="--near")
    if price is not None:
        from optimizer.plan.nearness import MOST_PRICE

        if not 0.0 <= price <= MOST_PRICE:
            message = f"{price:g} is not a number from 0 to {MOST_PRICE:,.0f}"
            raise typer.BadParameter(message, param_hint="--change-price")


def print_kept(plan: Plan) -> None:
    """Print what a plan keeps and moves of earlier ones, and what that costs."""
    if plan.question is None:
        return
    if plan.question.keep:
        from optimizer.session.keeping import cost_in

        print(cost_in(plan.provenance["keeping"]).in_words(plan.question.keep))
    if plan.question.near is not None:
        from optimizer.session.nearness import change_in_plan

        print("\n".join(change_in_plan(plan).in_words()))
