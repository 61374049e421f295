"""Tiny knapsacks with several goals, all of whose plans are known."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import product

from golden.small_cases import NATIONAL, SmallCase

Values = tuple[float, ...]
GOALS = ("g", "h", "k")


def drawn_case(
    draw: random.Random, count: int, sizes: Sequence[float] = (1.0, 1.0, 1.0)
) -> tuple[SmallCase, list[Values], list[float]]:
    """A knapsack of three countries with several goals; the values of all its plans; signs."""
    names = ("AA", "BB", "CC")
    applicants, costs = [draw.randint(1, 3) for _ in names], [draw.randint(3, 9) for _ in names]
    step = draw.choice([1.0, 0.5, 3.0])
    scores = [[step * draw.randint(0, 6) * sizes[goal] for _ in names] for goal in range(count)]
    signs = [draw.choice([1.0, 1.0, -1.0]) for _ in range(count)]
    budget, floor = draw.randint(12, 45), draw.choice([0, 1])
    goals = "".join(
        f'[goals.{goal}]\nweight = {sign:g}\nscale = "none"\n'
        for goal, sign in zip(GOALS, signs, strict=False)
    )
    limit = f'[[limits]]\nname = "some"\nmeasure = "slots"\nat_least = {floor}\nprotected = true\n'
    case = NATIONAL.aiming_at(goals + limit).with_(
        countries=("AA,Aland,Asia,1", "BB,Bland,Europe,3", "CC,Cland,Asia,2"),
        applicants=[f"{name},t,,{most}" for name, most in zip(names, applicants, strict=True)],
        budgets=(f"main,{{year}},M,{budget},program",),
        costs=[f"t,main,1,,{name},,,{cost}" for name, cost in zip(names, costs, strict=True)],
        scores=[
            f"{goal},{name},t,,{score:g}"
            for goal, row in zip(GOALS, scores, strict=False)
            for name, score in zip(names, row, strict=True)
        ],
    )
    plans = [
        tuple(sum(x * score for x, score in zip(cohorts, row, strict=True)) for row in scores)
        for cohorts in product(*(range(most + 1) for most in applicants))
        if sum(x * cost for x, cost in zip(cohorts, costs, strict=True)) <= budget
        and sum(cohorts) >= floor
    ]
    return case, plans, signs
