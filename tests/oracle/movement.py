"""Where people who continue come from and go to, if the plan has no say in it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import TYPE_CHECKING

from .matrix import Expr
from .reader import Problem, UnclearError

if TYPE_CHECKING:
    from .flows import Flows

Origin = tuple[str, str, str]  # groups on both tracks, and the region left


class Movement:
    """Stayers by the region they leave, for every way on and year."""

    def __init__(self, problem: Problem, flows: Flows) -> None:
        self.problem, self.flows, self.matrix = problem, flows, flows.matrix
        self.leaving: dict[tuple[str, str, int], dict[Origin, int]] = {}
        for way, year in product(problem.continuations(), problem.window):
            self.leaving[*way, year] = self._columns(*way, year)
        for way, year in product(problem.continuations(), problem.window):
            self._leave_as_completed(*way, year)
            for group in problem.groups(way[1]):
                self._arrive(*way, year, group)

    def renewing(self, track: str, region: str, year: int) -> Expr:
        """Those who leave a region's completers to stay on the same track."""
        result = Expr()
        for (_, _, left), column in self.leaving.get((track, track, year), {}).items():
            if left == region:
                result.add_column(column)
        return result

    def _pairs(self, track: str, following: str) -> dict[tuple[str, str], list[str]]:
        found: dict[tuple[str, str], list[str]] = {}
        for country in self.problem.countries:
            pair = self.problem.group(track, country), self.problem.group(following, country)
            found.setdefault(pair, []).append(country)
        return found

    def _columns(self, track: str, following: str, year: int) -> dict[Origin, int]:
        return {
            (*pair, region): self.matrix.continuous(
                "transitions_from_region", track, following, *pair, region, year
            )
            for pair in self._pairs(track, following)
            for region in self.problem.regions
        }

    def _leave_as_completed(self, track: str, following: str, year: int) -> None:
        problem, leaving = self.problem, self.leaving[track, following, year]
        for pair, countries in self._pairs(track, following).items():
            balance = Expr()
            for country, column in product(countries, self._departing(track, following, year)):
                if self.matrix.columns[column].name[1] == country:
                    balance.add_column(column, -1.0)
            for region in problem.regions:
                balance.add_column(leaving[*pair, region])
            self.matrix.equal("transitions_match_origins", balance)
        rate = problem.continuations()[track, following]
        for group, region in product(problem.groups(track), problem.regions):
            row = Expr()
            for level in problem.levels(track):
                share = rate * problem.stay_rate_factor(track, level)
                row.add(self.flows.completers((group, region), track, level, year), -share)
            for (here, _, left), column in leaving.items():
                if (here, left) == (group, region):
                    row.add_column(column)
            self.matrix.at_most("origins_within_completers", row, 0.0)

    def _departing(self, track: str, following: str, year: int) -> Iterator[int]:
        for country in self.problem.countries:
            for column in self.flows.departures.get(((country,), track, year), []):
                if self.matrix.columns[column].name[3] == following:
                    yield column

    def _arrive(self, track: str, following: str, year: int, group: str) -> None:
        """Who can remain does so by the retention; all others are spread by attraction."""
        problem = self.problem
        hosts = problem.site_regions(following)
        pull = {region: problem.attraction(region) for region in hosts}
        if hosts and not sum(pull.values()):
            raise UnclearError("somebody may have to move where no region draws anybody")
        retention = problem.retention(track, following)
        for region in hosts:
            settled = Expr()
            for (_, onward, left), column in self.leaving[track, following, year].items():
                if onward == group:
                    remains = retention if left in hosts else 0.0
                    share = (1.0 - remains) * pull[region] / sum(pull.values())
                    settled.add_column(column, share + (remains if left == region else 0.0))
            column = self.flows.place_of_stayers[track, following, group, region, year]
            self.matrix.equal("transitions_follow_attraction", settled.add_column(column, -1.0))
