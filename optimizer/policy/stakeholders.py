"""Who has a say in a policy: what weighs how much for each, and what is each one's own."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import combinations
from typing import Annotated

from pydantic import Field, model_validator

from optimizer.io.strict import Clash, Line, StrictTable
from optimizer.policy.shapes import SOURCE_MEANING, WHY

RANDOM_INDEX = (0.0, 0.0, 0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49)
"""Mean consistency index of random comparisons of 1, 2, ... goals (Saaty, The Analytic Hierarchy
Process, McGraw-Hill 1980, table of section 1-4)."""
USUAL_RATIO = 0.1
"""Consistency ratio up to which comparisons are usually taken as they are (the same)."""
_MOST_ROUNDS, _NEAR = 1_000, 1e-14

_Importance = Annotated[float, Field(ge=-1e6, le=1e6)]


class PairwiseComparison(StrictTable):
    """How many times as important one goal is as another."""

    goal: str = Field(min_length=1, description="the name of a goal")
    over: str = Field(min_length=1, description="the goal that it is compared with")
    times: float = Field(
        ge=0.1,
        le=10.0,
        description="how many times as important it is: 1 as much, 3 somewhat more, 5 much more, "
        "9 beyond compare, 1/3 somewhat less",
    )


class Stakeholder(StrictTable):
    """One agency or group for which goals of the policy weigh as it sees them."""

    name: Line = Field(min_length=1, description="the name of the stakeholder, used in results")
    agency: str = Field(default="", description="who it is, in words")
    weights: Mapping[Line, _Importance] = Field(
        default_factory=dict,
        description="goal = weight, for goals that matter to it; below 0 for what it avoids",
    )
    comparisons: tuple[PairwiseComparison, ...] = Field(
        default=(), description="every pair of the goals that matter to it, in place of weights"
    )
    lines: tuple[str, ...] = Field(default=(), description="budget lines that belong to it")
    limits: tuple[str, ...] = Field(default=(), description="names of limits that belong to it")
    optional: bool = Field(default=False, description="true if a case may lack some of its lines")
    why: str = Field(default="", description=WHY)
    source: str = Field(default="", description=SOURCE_MEANING)

    @property
    def compared(self) -> list[str]:
        """Goals that it compares, in the order in which they are named."""
        named = (goal for each in self.comparisons for goal in (each.goal, each.over))
        return list(dict.fromkeys(named))

    @property
    def importance(self) -> dict[str, float]:
        """Share of every goal that matters to it; without their signs they add up to 1."""
        weights = dict(self.weights) if self.weights else self._eigenvector()[0]
        total = sum(map(abs, weights.values()))
        return {goal: weight / total for goal, weight in weights.items() if weight}

    def shares(self, avoided: Collection[str]) -> dict[str, float]:
        """Share of every goal that matters to it, below 0 for what it avoids.

        Comparisons say how important goals are; one that the policy avoids it avoids as well.

        Parameters
        ----------
        avoided
            Goals that the policy avoids.
        """
        flipped = set(avoided) if self.comparisons else set()
        return {
            goal: -share if goal in flipped else share for goal, share in self.importance.items()
        }

    @property
    def consistency_ratio(self) -> float | None:
        """How far its comparisons contradict each other; ``None`` where weights are given.

        ((principal eigenvalue - n) / (n - 1)) / :data:`RANDOM_INDEX` of n goals (Saaty 1980): 0
        where nothing is contradicted, 1 where as much is as by comparisons drawn by chance, on
        average; more where more is.
        """
        if self.weights:
            return None
        count = len(self.compared)
        chance = RANDOM_INDEX[count - 1]
        if not chance:
            return 0.0
        return max(0.0, (self._eigenvector()[1] - count) / (count - 1)) / chance

    def _eigenvector(self) -> tuple[dict[str, float], float]:
        """Principal eigenvector of the comparisons, and its eigenvalue, by power iteration."""
        goals = self.compared
        ratios = {(each.goal, each.over): each.times for each in self.comparisons}
        ratios |= {(other, one): 1.0 / times for (one, other), times in ratios.items()}
        weights, value = [1.0 / len(goals)] * len(goals), 0.0
        for _ in range(_MOST_ROUNDS):
            found = [
                sum(ratios.get((one, other), 1.0) * weights[at] for at, other in enumerate(goals))
                for one in goals
            ]
            # The weights add up to 1, so that what becomes of them adds up to the eigenvalue.
            value, before = sum(found), weights
            weights = [each / value for each in found]
            if max(abs(a - b) for a, b in zip(weights, before, strict=True)) <= _NEAR:
                break
        return dict(zip(goals, weights, strict=True)), value

    @model_validator(mode="after")
    def _weighs(self) -> Stakeholder:
        clashes: list[Clash] = []
        if bool(self.weights) == bool(self.comparisons):
            message = "are given beside comparisons" if self.weights else "are missing"
            expected = "weights or comparisons of goals, one of the two"
            clashes.append(("weights", message, expected))
        elif self.weights and not any(self.weights.values()):
            clashes.append(("weights", "are all 0", "at least one weight that is not 0"))
        clashes += _clashes_of(self.comparisons, self.compared)
        for key in ("lines", "limits"):
            listed = getattr(self, key)
            twice = next((each for each in listed if listed.count(each) > 1), None)
            if twice is not None:
                clashes.append((key, f"{twice!r} is listed twice", "each once"))
        if clashes:
            raise self.complain(*clashes)
        return self


def _clashes_of(comparisons: Sequence[PairwiseComparison], goals: Sequence[str]) -> list[Clash]:
    """What is wrong with comparisons: each pair of goals has to be compared, and once."""
    if not comparisons:
        return []
    if len(goals) > len(RANDOM_INDEX):
        most = len(RANDOM_INDEX)
        return [("comparisons", f"{len(goals)} goals are compared", f"at most {most} goals")]
    pairs = [frozenset((each.goal, each.over)) for each in comparisons]
    clashes: list[Clash] = []
    for number, (each, pair) in enumerate(zip(comparisons, pairs, strict=True)):
        if len(pair) == 1:
            clashes.append(("comparisons", f"{each.goal!r} is compared with itself", "two goals"))
        elif pair in pairs[:number]:
            named = f"{each.goal!r} and {each.over!r}"
            clashes.append(("comparisons", f"{named} are compared twice", "each pair once"))
    missing = [pair for pair in combinations(goals, 2) if frozenset(pair) not in pairs]
    if missing and not clashes:
        named = " and ".join(map(repr, missing[0]))
        more = f", nor are {len(missing) - 1} more pairs" if len(missing) > 1 else ""
        message = f"{named} are not compared{more}"
        clashes.append(("comparisons", message, "every pair of these goals"))
    return clashes
