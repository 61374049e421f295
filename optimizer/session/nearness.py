"""A plan that stays near to an earlier one: change has a price, which is stated beside its points.

What is searched for has the most points less the price of every slot moved. Points of the plan stay
what evaluation says, and what no plan's points exceed is the relaxation of points alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from optimizer.instance import Instance
from optimizer.persistent import LoadedModel
from optimizer.persistent.priced_change import price_change
from optimizer.plan import Plan
from optimizer.plan.nearness import (
    Near,
    NearSlots,
    many_slots,
    moved_in_words,
    moved_slots,
    near_slots,
)
from optimizer.plan.question import Question
from optimizer.solver import Watch
from optimizer.text.figures import counted, figure


@dataclass(frozen=True, eq=False)
class ChangeCost:
    """What a plan moves away from an earlier one, and what that costs.

    Attributes
    ----------
    near
        The earlier plan, with the price.
    moved
        As :func:`optimizer.plan.nearness.moved_slots` gives it.
    impossible
        Earlier slots that the case does not allow, which move whatever is decided.
    points
        Of the plan, before the price is taken off.
    most
        Points that no plan exceeds whatever it moves, by relaxation; ``None`` where not known.
    """

    near: Near
    moved: pd.DataFrame
    impossible: int
    points: float
    most: float | None

    @property
    def slots(self) -> int:
        """How many slots are moved."""
        return int(self.moved["change"].abs().sum())

    @property
    def cost(self) -> float:
        """Points that they cost."""
        return float(self.near.price) * self.slots

    def facts(self) -> dict[str, Any]:
        """The same for who reads the provenance of a plan."""
        return {
            "price": float(self.near.price),
            "slots_moved": self.slots,
            "cost_points": self.cost,
            "points_less_cost": self.points - self.cost,
            "impossible_slots": self.impossible,
            "most_points": self.most,
            "basis": "relaxation",
        }

    def in_words(self) -> list[str]:
        """What moved, who has more and who fewer, and what that costs."""
        name = self.near.name
        lines = [f"Near {self.near.in_words()}."]
        if not self.slots:
            return [*lines, f"No slot moved away from {name}."]
        points, cost = figure(self.points), figure(self.cost)
        net = figure(self.points - self.cost)
        lines.append(
            f"{many_slots(self.moved)}, at a price of {cost} points in all. Status and gap are "
            f"those of {points} points less {cost}, which are {net}."
        )
        if self.most is not None:
            lines.append(
                f"Whatever moves, no plan has more than {figure(self.most)} points, by the "
                "relaxation."
            )
        if self.impossible:
            lines.append(
                f"{counted(self.impossible, 'slot')} of {name} cannot be granted in this case."
            )
        return lines + moved_in_words(self.moved)


def near_in_question(instance: Instance, question: Question) -> NearSlots | None:
    """What of an earlier plan may stand again; ``None`` where change has no price.

    Raises
    ------
    PolicyError
        If the case does not know what it is chosen by.
    """
    near = question.near
    return None if near is None else near_slots(instance, near, question.keep)


def price_change_in(loaded: LoadedModel, question: Question) -> None:
    """Let slots moved cost points in a loaded model, where they are to."""
    near = near_in_question(loaded.instance, question)
    if near is not None and question.near is not None:
        price_change(loaded, near, float(question.near.price))


def cost_of_change(
    question: Question,
    near: NearSlots | None,
    slots: pd.DataFrame,
    points: float,
    most: float | None,
) -> ChangeCost | None:
    """What a plan moves and what that costs; ``None`` where change has no price."""
    if near is None or question.near is None:
        return None
    moved = moved_slots(question.near, question.keep, slots)
    return ChangeCost(question.near, moved, near.impossible, points, most)


def change_in_plan(plan: Plan) -> ChangeCost:
    """The same of a plan for which change had a price."""
    question, facts = plan.question, plan.provenance["change_price"]
    assert question is not None, "it holds its question"
    assert question.near is not None, "its question has a price of change"
    moved = moved_slots(question.near, question.keep, plan.decisions.slots)
    return ChangeCost(
        question.near, moved, facts["impossible_slots"], plan.objective, facts["most_points"]
    )


def relaxed_points(loaded: LoadedModel, watch: Watch) -> float | None:
    """Points of the relaxation, in the time that is left."""
    if watch.should_stop():
        return None
    watch.begin("relaxation")
    run = loaded.relax(watch)
    return run.objective if run.status == "optimal" else None
