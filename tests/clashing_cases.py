"""Random tiny cases without a plan, and brute force that shares nothing with the optimizer.

Two countries, one track, one year: two cohorts, and whether the track runs for each of them.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations, product
from operator import mul

import numpy as np
from scipy.optimize import linprog

from golden.small_cases import NATIONAL, SmallCase

APPLICANTS = (4, 3)
COUNTRIES = ("AA", "BB")
COUNTED = {"AA": (1.0, 0.0), "BB": (0.0, 1.0), "": (1.0, 1.0)}
STAGES = ("relaxation", "decisions", "everything")
MINIMUM = "active_track_reaches_minimum"
MANY = 30
"""More people than any rule of these cases asks for."""
Part = tuple[object, ...]
Cohorts = tuple[float, float]


@dataclass(frozen=True)
class Row:
    """What must hold of the two cohorts: at least, or at most, a number or a share.

    Attributes
    ----------
    number
        As policy or case has it.
    of
        What a share is a share of, by country.
    minimum_of
        Country whose cohort is zero or at least the number; none of the others then.
    """

    part: Part
    sense: str
    number: float
    counted: Cohorts = (0.0, 0.0)
    of: Cohorts | None = None
    minimum_of: int | None = None

    def linear(self) -> tuple[Cohorts, float]:
        """Coefficients of the cohorts, and the number on the right."""
        if self.of is None:
            return self.counted, self.number
        (one, other), (whole, rest) = self.counted, self.of
        return (one - self.number * whole, other - self.number * rest), 0.0

    def holds(self, cohorts: Cohorts) -> bool:
        """Whether whole cohorts keep it."""
        if self.minimum_of is not None:
            return cohorts[self.minimum_of] == 0 or cohorts[self.minimum_of] >= self.number
        (one, other), number = self.linear()
        beyond = one * cohorts[0] + other * cohorts[1] - number
        return beyond >= -1e-9 if self.sense == "at_least" else beyond <= 1e-9


@dataclass
class ClashingCase:
    """A case and its rules, written down once more.

    Attributes
    ----------
    least
        Smallest cohort of a country, if it is not zero; below 2 there is no such rule.
    """

    least: int
    budget: float
    costs: Cohorts
    limits: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rows.append(Row(("spending_within_budget",), "at_most", self.budget, self.costs))
        for place, most in enumerate(APPLICANTS):
            if self.least >= 2:
                self.rows.append(Row((MINIMUM,), "at_least", self.least, minimum_of=place))
            else:
                counted = COUNTED[COUNTRIES[place]]
                self.rows.append(Row(("cohort_within_applicants",), "at_most", most, counted))

    def small_case(self) -> SmallCase:
        """The case for the optimizer."""
        one, other = self.costs
        return NATIONAL.with_(
            "".join(self.limits) + "\n[solver]\ngap = 0.0\n",
            tracks=(f"t,T,study,M,care,inbound,1,{self.least},no,1,no",),
            budgets=(f"main,{{year}},M,{self.budget:g},program",),
            costs=(f"t,main,1,,AA,,,{one:g}", f"t,main,1,,BB,,,{other:g}"),
        )

    @property
    def parts(self) -> list[Part]:
        """All rules that may clash."""
        return list(dict.fromkeys(row.part for row in self.rows))

    def rows_of(self, parts: Collection[Part]) -> list[Row]:
        """Rows of some rules."""
        return [row for row in self.rows if row.part in parts]

    def cohorts(self) -> Iterator[tuple[int, int]]:
        """All whole cohorts, within applicants where no rule that may be left out says so."""
        most = APPLICANTS if self.least >= 2 else (MANY, MANY)
        yield from product(*(range(each + 1) for each in most))

    def clash(self, rows: Collection[Row], stage: str) -> bool:
        """Whether nothing keeps these rows, and what is taken for granted."""
        if stage == "everything":
            return not any(all(row.holds(each) for row in rows) for each in self.cohorts())
        is_whole = stage == "decisions" and self.least >= 2
        runs = [(0.0, 0.0), (1.0, 1.0)] if is_whole else [(0.0, 1.0)]
        return not any(self._is_solved(rows, each) for each in product(runs, repeat=2))

    def _is_solved(self, rows: Collection[Row], runs: tuple[tuple[float, float], ...]) -> bool:
        """Whether the linear program over two cohorts and two runs has a solution."""
        matrix = [_inequality(row) for row in rows]
        if self.least >= 2:
            links = ([1.0, 0.0, -4.0, 0.0], [0.0, 1.0, 0.0, -3.0])
            matrix += [(link, 0.0) for link in links]
        found = linprog(
            np.zeros(4),
            A_ub=np.array([left for left, _ in matrix]).reshape(-1, 4),
            b_ub=np.array([right for _, right in matrix]),
            bounds=[(0, MANY), (0, MANY), *runs],
        )
        return bool(found.status == 0)

    @cached_property
    def stage(self) -> str | None:
        """What must be whole for there to be no plan; ``None`` where there is one."""
        return next((each for each in STAGES if self.clash(self.rows, each)), None)

    def minimal_sets(self, stage: str) -> list[frozenset[Part]]:
        """All smallest sets of rules that clash."""
        found: list[frozenset[Part]] = []
        for size in range(1, len(self.parts) + 1):
            for some in map(frozenset, combinations(self.parts, size)):
                is_new = not any(each <= some for each in found)
                if is_new and self.clash(self.rows_of(some), stage):
                    found.append(some)
        return found


def _inequality(row: Row) -> tuple[list[float], float]:
    """Coefficients of two cohorts and two runs, and what they may be at most."""
    if row.minimum_of is not None:
        left = [0.0] * 4
        left[row.minimum_of], left[2 + row.minimum_of] = -1.0, row.number
        return left, 0.0
    cohorts, number = row.linear()
    sign = -1.0 if row.sense == "at_least" else 1.0
    return [*(sign * each for each in cohorts), 0.0, 0.0], sign * number


def clashing_case(seed: int) -> ClashingCase:
    """A case without a plan; of every third the relaxation has one."""
    draw = random.Random(seed)
    while True:
        case = _drawn(draw)
        if case.stage is not None and (seed % 3 or case.stage != "relaxation"):
            return case


def _drawn(draw: random.Random) -> ClashingCase:
    costs = (float(draw.choice([7, 10, 13])), float(draw.choice([7, 10, 13])))
    case = ClashingCase(draw.choice([0, 2, 3]), float(draw.randint(5, 70)), costs)
    for number in range(draw.randint(2, 4)):
        _add_limit(draw, case, f"limit_{number}")
    return case


def _add_limit(draw: random.Random, case: ClashingCase, name: str) -> None:
    sense, country = draw.choice(["at_least", "at_most"]), draw.choice(["AA", "BB", ""])
    kind = draw.choice(["slots", "slots", "spending", "share"])
    counted = COUNTED[country]
    if kind == "spending":
        counted = (counted[0] * case.costs[0], counted[1] * case.costs[1])
    if kind == "share" and country:
        number, of = draw.choice([0.25, 0.4, 0.5, 0.75]), COUNTED[""]
        said = f'{{ times = {number}, measure = "slots" }}'
    else:
        # The optimizer refuses floors above all who could apply.
        most = 60 if kind == "spending" else int(sum(map(mul, counted, APPLICANTS)))
        number, of = draw.randint(1, 2 * most) / 2, None
        said = f"{number}"
    where = f'where = {{ country = "{country}" }}\n' if country else ""
    measure = "spending" if kind == "spending" else "slots"
    case.limits.append(
        f'\n[[limits]]\nname = "{name}"\nmeasure = "{measure}"\n{where}{sense} = {said}\n'
    )
    case.rows.append(Row((f"limit_{sense}", name), sense, number, counted, of))
