"""The production model against brute force on random cases: statuses, optima, checks and scales.

Two programs written from the same specification by different hands must agree on every case,
and the check without a solver must agree with both on plans that a random hand has changed.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from optimizer.case import load_case
from optimizer.errors import PolicyError
from optimizer.formulation import build_pyomo
from optimizer.formulation.expressions import KEYS
from optimizer.instance import Instance, build_instance
from optimizer.persistent import LoadedModel
from optimizer.persistent.goals_alone import ideals_in
from optimizer.plan import COLUMNS, Decisions
from optimizer.plan.evaluation import Evaluation, decisions_of, evaluate_decisions
from optimizer.policy import load_policy
from optimizer.solver import Solution, Watch
from oracle import Problem, Program, build, lp_ideal, solve_by_enumeration
from oracle.matrix import Name
from oracle.relaxation import Relaxation
from random_cases import write_random_case
from seeds import seeds

SEEDS, CHUNK = 200, 8
SEEDS_OF_IDEALS = 4
"""Every so many seeds the scales are compared as well."""
QUICK = 40
"""Seeds that are not slow."""
CHANGES = 1
"""Changed plans per case."""
TOLERANCE = 1e-6
FEWEST_COMPARED = CHUNK // 2
REFUSED = (
    "match the filter",
    "could reach the floor",
    "is above at_most",
    "has nothing to compare with",
)
"""Words of what the instance refuses on purpose and the oracle reads as nothing to count."""


@dataclass
class Solved:
    """One random case, solved by the production model."""

    case: Path
    policy: Path
    instance: Instance
    loaded: LoadedModel
    solution: Solution
    scales: dict[str, float]

    def decisions(self) -> Decisions:
        return decisions_of(self.instance, self.solution.decisions, self.solution.money)

    def evaluation(self, decisions: Decisions) -> Evaluation:
        return evaluate_decisions(self.instance, decisions, self.scales)


def solved(case: Path, policy: Path) -> Solved:
    joined = build_instance(load_case(case), load_policy(policy))
    goals = joined.policy.goals
    scales = {
        name: float(goal.scale) if isinstance(goal.scale, int | float) else 1.0
        for name, goal in goals.items()
    }
    loaded = LoadedModel(joined, build_pyomo(joined, scales))
    return Solved(case, policy, joined, loaded, loaded.solve(Watch(), gap=0.0), scales)


def is_close(first: float, second: float) -> bool:
    return abs(first - second) <= TOLERANCE * max(1.0, abs(first), abs(second))


@pytest.mark.parametrize("start", seeds(range(0, SEEDS, CHUNK), quick=QUICK // CHUNK))
def test_model_check_and_brute_force_agree(start: int, tmp_path: Path) -> None:
    compared, differences = 0, []
    for seed in range(start, start + CHUNK):
        case, policy = write_random_case(tmp_path / str(seed), seed)
        try:
            found = solved(case, policy)
        except PolicyError as error:
            unexpected = [
                str(problem)
                for problem in error.problems
                if not any(words in problem.message for words in REFUSED)
            ]
            differences += [f"seed {seed}: refused: {problem}" for problem in unexpected]
            continue
        compared += 1
        differences += [f"seed {seed}: {told}" for told in differences_of(found, seed)]
    assert not differences, "\n".join(differences)
    assert compared >= FEWEST_COMPARED, "too many cases refused: nothing was compared"


def differences_of(found: Solved, seed: int) -> Iterator[str]:
    """What the three do not agree on, in words."""
    expected = solve_by_enumeration(found.case, found.policy)
    solution = found.solution
    if solution.status != expected.status:
        yield f"the model is {solution.status}, the oracle {expected.status}"
        return
    if expected.objective is None or solution.objective is None:
        return
    if not is_close(solution.objective, expected.objective):
        yield f"the model finds {solution.objective} points, the oracle {expected.objective}"
    decisions = found.decisions()
    evaluation = found.evaluation(decisions)
    if not evaluation.holds:
        yield f"the model's plan breaks {evaluation.violations.to_dict('records')}"
    if not is_close(evaluation.points, solution.objective):
        yield f"{solution.objective} points are {evaluation.points} when recomputed"
    yield from table_differences(found.instance, evaluation)
    yield from change_differences(found, decisions, random.Random(seed))
    if seed % SEEDS_OF_IDEALS == 0:
        yield from ideal_differences(found)


def table_differences(instance: Instance, evaluation: Evaluation) -> Iterator[str]:
    """Money and people counted along two ways."""
    spending, integration = evaluation.tables["spending"], evaluation.tables["integration"]
    spent = spending[spending["purpose"].eq("integration")].groupby(["line", "year"])["spent"].sum()
    told = integration.groupby(["line", "year"])["amount"].sum()
    apart = spent.sub(told, fill_value=0.0).abs().max() if len(spent) else 0.0
    if apart > TOLERANCE * max(1.0, float(spent.max() if len(spent) else 0.0)):
        yield f"integration money differs by {apart} from what the lines spend"
    people = evaluation.tables["people"]
    fates = people[["left", "transitions", "goes_home", "present"]]
    if not np.allclose(fates.sum(axis=1), people["entrants"]):
        yield "an entrant ends as nothing or as two things"
    if (fates < -TOLERANCE).any(axis=None):
        yield f"a negative number of people: {people.to_dict('records')}"


def ideal_differences(found: Solved) -> Iterator[str]:
    goals = list(found.instance.policy.goals)
    ideals = ideals_in(found.loaded, goals, Watch())
    assert ideals is not None
    for goal in goals:
        expected = lp_ideal(found.case, found.policy, goal)
        if not is_close(ideals[goal], expected):
            yield f"the ideal of {goal} is {ideals[goal]}, the oracle's {expected}"


def change_differences(
    found: Solved, decisions: Decisions, random_hand: random.Random
) -> Iterator[str]:
    """Plans that a random hand has changed: do check and oracle still judge alike?"""
    program = build(Problem.read(found.case, found.policy))
    program.aim_at_points(found.scales)
    relaxation = Relaxation(program.matrix)
    plan = decisions
    for _ in range(CHANGES):
        plan = changed_by(random_hand, found.instance, plan)
        evaluation = found.evaluation(plan)
        points = points_in_oracle(program, relaxation, columns_of(found.instance, plan))
        if evaluation.holds != (points is not None):
            rules = sorted(set(evaluation.violations["rule"]))
            yield f"check breaks {rules}, the oracle's points are {points}: {told(plan)}"
        elif points is not None and not is_close(points, evaluation.points):
            yield f"check counts {evaluation.points} points, the oracle {points}: {told(plan)}"


def told(plan: Decisions) -> dict[str, object]:
    return {name: table.to_dict("records") for name, table in plan.tables().items() if len(table)}


def columns_of(instance: Instance, plan: Decisions) -> dict[Name, float]:
    """Every decision of a plan by the oracle's names; columns that are not named are 0."""
    sets = instance.sets
    slots = plan.slots.merge(sets.groups, on=["track", "country"])
    found: dict[Name, float] = {}

    def add(kind: str, table: pd.DataFrame, keys: list[str], amount: str) -> None:
        for *key, value in table[[*keys, amount]].itertuples(index=False, name=None):
            name = (kind, *key)
            found[name] = found.get(name, 0.0) + float(value)

    add("cohort", slots, KEYS["cohort"], "slots")
    if sets.has_regions:
        add("placements", slots, KEYS["placements"], "slots")
        add("slots", slots, KEYS["slots"], "slots")
    for kind in ("transitions", "transitions_by_region", "transitions_from_region"):
        add(kind, getattr(plan, kind), KEYS[kind], "persons")
    add("expansion", plan.expansion, KEYS["expansion"], "steps")
    add("transfer", plan.transfers, ["line", "to_line", "year"], "amount")
    add("carry_over", plan.carry_over, ["line", "year"], "amount")
    since = plan.agreements.set_index(["country", "track"])["year"].to_dict()
    pairs = sets.pairs[[*KEYS["agreement"], "link"]]
    for country, track, year, link in pairs.itertuples(index=False, name=None):
        is_open = link == "existing" or since.get((country, track), year + 1) <= year
        found["agreement", country, track, year] = float(is_open)
    runs = slots.loc[slots["slots"] > 0, KEYS["active_track"]].drop_duplicates()
    for key in runs.itertuples(index=False, name=None):
        found["active_track", *key] = 1.0
    return found


FREE = ("change", "violation", "diminished_value")


def points_in_oracle(
    program: Program, relaxation: Relaxation, columns: dict[Name, float]
) -> float | None:
    """Points of the plan in the oracle's own matrix; None where it breaks one of its rules."""
    bounds = program.matrix.bounds()
    unknown = {name for name, value in columns.items() if value} - {
        column.name for column in program.matrix.columns
    }
    if any(name[0] != "slots" and name[0] != "active_track" for name in unknown):
        return None
    for number, column in enumerate(program.matrix.columns):
        if column.name[0] in FREE:
            continue
        value = columns.get(column.name, 0.0)
        low, high = bounds[number]
        if not low - TOLERANCE <= value <= high + TOLERANCE:
            return None
        bounds[number] = value
    point = relaxation.solve(bounds)
    return None if point is None else program.matrix.objective.value(point)


def changed_by(random_hand: random.Random, instance: Instance, plan: Decisions) -> Decisions:
    """One decision of the plan a unit higher or lower, never below zero."""
    sets = instance.sets
    families = {
        "slots": cells_of(instance),
        "expansion": sets.expansion,
        "transitions": sets.transitions,
        "transitions_by_region": sets.transitions_by_region,
        "transitions_from_region": sets.transitions_from_region,
        "agreements": sets.agreement,
        "transfers": transfers_of(instance),
        "carry_over": carry_overs_of(instance),
    }
    name = random_hand.choice([key for key, frame in families.items() if len(frame)] or ["slots"])
    frame = families[name]
    if not len(frame):
        return plan
    chosen = frame.iloc[[random_hand.randrange(len(frame))]]
    table = getattr(plan, name)
    if name == "agreements":
        others = table[~table["country"].isin(chosen["country"])]
        kept = others if random_hand.random() < 0.3 else pd.concat([others, chosen])
        return replace(plan, agreements=kept[list(COLUMNS[name])].astype(COLUMNS[name]))
    amount = list(COLUMNS[name])[-1]
    keys = list(COLUMNS[name])[:-1]
    step = 1 if amount in ("slots", "steps") else random_hand.choice([0.05, 0.5, 2.0])
    step *= random_hand.choice([1, 1, -1])
    both = pd.concat([table, chosen[keys].assign(**{amount: step})], ignore_index=True)
    total = both.groupby(keys, as_index=False, sort=False)[amount].sum()
    total[amount] = total[amount].clip(lower=0)
    return replace(plan, **{name: total[total[amount] > 0].astype(COLUMNS[name])})


def cells_of(instance: Instance) -> pd.DataFrame:
    sets = instance.sets
    if not sets.has_regions:
        return sets.cohort.assign(region="")
    return sets.cohort.merge(sets.placements, on=["track", "level", "group", "year"])


def transfers_of(instance: Instance) -> pd.DataFrame:
    rows = [
        (transfer.from_, transfer.to, year)
        for transfer in instance.transfers
        for year in instance.sets.window
    ]
    return pd.DataFrame(rows, columns=["line", "to_line", "year"])


def carry_overs_of(instance: Instance) -> pd.DataFrame:
    rows = [(line, year) for line in instance.carry_over for year in instance.sets.window[:-1]]
    return pd.DataFrame(rows, columns=["line", "year"])
