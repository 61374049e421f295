"""Random cases in which a few slots are shared out among countries, and every way to do it."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from golden.small_cases import NATIONAL, SmallCase

CENT = 10
"""Cost of one slot."""


@dataclass(frozen=True)
class SharedOut:
    """One track, one year: applicants, score and people by country, and slots that can be paid."""

    applicants: tuple[int, ...]
    scores: tuple[float, ...]
    people: tuple[int, ...]
    affordable: int
    today: tuple[int, ...] = ()

    @property
    def countries(self) -> list[str]:
        return [2 * letter for letter in "ABCDEF"[: len(self.applicants)]]

    def small_case(self, policy: str = "") -> SmallCase:
        """The same as tables, with a policy that counts the scores."""
        rows = list(zip(self.countries, self.applicants, self.scores, self.people, strict=True))
        given = zip(self.countries, self.today, strict=False)
        return NATIONAL.aiming_at('\n[goals.g]\nweight = 1\nscale = "none"\n' + policy).with_(
            countries=(
                "country,name,world_region,gdp,people",
                *(f"{key},{key},Asia,1,{people}" for key, _, _, people in rows),
            ),
            applicants=[f"{key},t,,{count}" for key, count, _, _ in rows],
            scores=[f"g,{key},t,,{score}" for key, _, score, _ in rows],
            budgets=(f"main,{{year}},M,{CENT * self.affordable},program",),
            current_plan=[f"{key},t,,{slots}" for key, slots in given if slots],
        )

    def write(self, folder: Path, policy: str = "") -> tuple[Path, Path]:
        """Policy and case, as files."""
        case, path = self.small_case(policy).write(folder)
        return path, case

    def ways(self) -> Iterator[tuple[int, ...]]:
        """Every way to share slots out."""
        for slots in product(*(range(count + 1) for count in self.applicants)):
            if sum(slots) <= self.affordable:
                yield slots

    def points(self, slots: Sequence[int]) -> float:
        return 100.0 * sum(s * x for s, x in zip(self.scores, slots, strict=True))

    def rates(self, slots: Sequence[int]) -> list[float]:
        return [x / need for x, need in zip(slots, self.people, strict=True)]


def shared_out(seed: int, *, count: int = 3) -> SharedOut:
    """Draw one, always the same for a seed."""
    draw = random.Random(seed)
    applicants = tuple(draw.randint(2, 4) for _ in range(count))
    return SharedOut(
        applicants=applicants,
        scores=tuple(draw.choice([1.0, 1.5, 2.0, 3.0, 5.0]) for _ in range(count)),
        people=tuple(draw.choice([1, 2, 3, 5, 8]) for _ in range(count)),
        affordable=draw.randint(count + 1, max(count + 2, sum(applicants) - 1)),
    )


def gini_of(slots: Sequence[float], needs: Sequence[float]) -> float:
    """Mean difference of the rates of any two units of need, over twice their mean."""
    total = sum(slots)
    if total == 0:
        return 0.0
    weight = sum(needs)
    rates = [x / need for x, need in zip(slots, needs, strict=True)]
    apart = sum(
        v * w * abs(r - q)
        for v, r in zip(needs, rates, strict=True)
        for w, q in zip(needs, rates, strict=True)
    )
    return apart / (2.0 * weight * total)


def hoover_of(slots: Sequence[float], needs: Sequence[float]) -> float:
    """What those above their share in all needs would have to give away."""
    total, weight = sum(slots), sum(needs)
    if total == 0:
        return 0.0
    return sum(max(0.0, x / total - need / weight) for x, need in zip(slots, needs, strict=True))
