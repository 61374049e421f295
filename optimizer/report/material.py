"""Data for every section of the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from optimizer.case import Case
from optimizer.plan import Plan
from optimizer.policy import Policy
from optimizer.report import figures
from optimizer.report.colours import Colour, qualitative
from optimizer.report.figures import SPACE, ReportNames
from optimizer.schema.tables import PATHWAYS


@dataclass(frozen=True)
class Material:
    """A plan with its case and policy, and what is worked out from them once.

    Attributes
    ----------
    years
        Years with intake.
    window
        All years in which people of the plan are present or money is counted.
    pathway
        Pathway by track.
    colours
        Colour by pathway.
    slots
        The plan's slots with the columns ``pathway`` and ``world_region``.
    """

    plan: Plan
    case: Case
    policy: Policy
    names: ReportNames
    years: tuple[int, ...]
    window: tuple[int, ...]
    pathway: Mapping[str, str]
    colours: Mapping[str, Colour]
    slots: pd.DataFrame

    @property
    def currency(self) -> str:
        """Currency of all amounts."""
        return self.plan.currency

    @property
    def has_regions(self) -> bool:
        """Whether slots are divided by host region."""
        return bool(self.slots["region"].ne("").any())

    @property
    def tail(self) -> tuple[int, ...]:
        """Years after those that are planned."""
        return tuple(year for year in self.window if year not in self.years)

    @property
    def repeated(self) -> tuple[int, ...]:
        """Years after them in which the decisions of the last one are repeated."""
        longest = int(self.case.table("tracks")["duration_years"].max())
        return self.tail[: self.policy.horizon.tail_of(longest)[0]]

    def table(self, name: str) -> pd.DataFrame:
        """Give one table of the plan."""
        return self.plan.tables[name]

    def money(self, amount: float) -> str:
        """Give an amount with its unit and currency."""
        return f"{figures.money(amount)}{SPACE}{self.currency}"

    def pathways(self) -> list[str]:
        """Pathways with slots, in the order of the data dictionary."""
        present = set(self.slots["pathway"].unique())
        return [pathway for pathway in PATHWAYS if pathway in present]

    def by_size(self, column: str) -> list[str]:
        """Keys of a column of the slots, the one with most slots first."""
        total = self.slots.groupby(column, sort=False)["slots"].sum()
        return [str(key) for key in total.sort_values(ascending=False, kind="stable").index]

    def tracks(self) -> list[str]:
        """Tracks with slots, in the order of the case."""
        present = set(self.slots["track"].unique())
        return [track for track in self.case.table("tracks")["track"] if track in present]


def gather(plan: Plan, case: Case, policy: Policy) -> Material:
    """Work out what the sections share."""
    first, last = policy.horizon.years or (case.years[0], case.years[-1])
    years = tuple(range(first, last + 1))
    spending = plan.tables["spending"]
    tracks = case.table("tracks")
    pathway = dict(zip(tracks["track"], tracks["pathway"], strict=True))
    return Material(
        plan=plan,
        case=case,
        policy=policy,
        names=figures.report_names(case),
        years=years,
        window=tuple(sorted({*years, *map(int, spending["year"])})),
        pathway=pathway,
        colours=qualitative(PATHWAYS),
        slots=plan.slots.assign(pathway=plan.slots["track"].map(pathway)),
    )


def span(years: tuple[int, ...]) -> str:
    """Give a run of years in words.

    Examples
    --------
    >>> span((2027, 2028, 2029)), span((2027,)), span(())
    ('2027–2029', '2027', '')
    """
    if len(years) < 2:
        return "".join(map(str, years))
    return f"{years[0]}–{years[-1]}"
