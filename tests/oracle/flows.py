"""People: the decisions on both margins, who enters, who is present, who completes and stays."""

from __future__ import annotations

from itertools import product

from .matrix import INFINITY, Expr, Matrix, total
from .movement import Movement
from .reader import STANDARD, Problem

# A member of a margin: ("country",) on the country margin, (group, region) on the region margin.
Who = tuple[str, ...]


class Flows:
    """All columns that count people, and the rules that tie them together."""

    def __init__(self, problem: Problem, matrix: Matrix) -> None:
        problem.check_continuations()
        self.problem = problem
        self.matrix = matrix
        self.intake: dict[tuple[Who, str, str, int], int] = {}
        self.present: dict[tuple[Who, str, int], float] = {}
        self.arrivals: dict[tuple[Who, str, int], list[int]] = {}
        self.departures: dict[tuple[Who, str, int], list[int]] = {}
        self.place_of_stayers: dict[tuple[str, str, str, str, int], int] = {}
        self.movement: Movement | None = None
        self.agreement: dict[tuple[str, str, int], int] = {}
        self.active_track: dict[tuple[str, str, int], int] = {}
        self._slots: dict[tuple[str, str, str, str, int], int] = {}
        self._touched: set[tuple[str, str, str, int]] = set()
        self.has_regions = bool(problem.regions)
        self._add_present()
        self._add_cohorts()
        self._add_transitions()
        if self.has_regions:
            self._add_placements()
            self._add_places_of_stayers()
            if problem.moves_by_attraction:
                self.movement = Movement(problem, self)

    # People

    def entrants(self, who: Who, track: str, level: str, year: int, entry: str = "") -> Expr:
        """Entrants of a year; `entry` picks the new ones or those who stay on from before."""
        result = Expr()
        if entry in {"", "new"}:
            column = self.intake.get((who, track, level, year))
            if column is not None:
                result.add_column(column)
            if level == STANDARD:
                result.constant += self.present.get((who, track, year), 0.0)
        if entry in {"", "transition"} and level == STANDARD:
            for column in self.arrivals.get((who, track, year), []):
                result.add_column(column)
        return result

    def newcomers(self, who: Who, track: str, level: str, year: int) -> Expr:
        """Those who enter in a year from abroad, by decision or by forecast."""
        planned_or_repeated = year in self.problem.horizon or year in self.problem.repeated
        return self.entrants(who, track, level, year, "new") if planned_or_repeated else Expr()

    def residents(self, who: Who, track: str, level: str, year: int) -> Expr:
        """Persons present in a year: the entrants of the last `duration` years."""
        ages = range(self.problem.duration(track))
        return total(self.entrants(who, track, level, year - age) for age in ages)

    def completers(self, who: Who, track: str, level: str, year: int) -> Expr:
        """Those who complete in a year: a share of the entrants one duration before."""
        rate = self.problem.completion_rate(track, level)
        entry_year = year - self.problem.duration(track)
        return self.entrants(who, track, level, entry_year).scaled(rate)

    def continuing(self, side: str, member: str, track: str, year: int) -> Expr:
        """Those who complete `track` and go on to another, by country or by where they settle."""
        return self._leaving(side, member, track, year, same=False)

    def renewals(self, side: str, member: str, track: str, year: int) -> Expr:
        """Those who stay on the track that they complete: of a country, or of a region.

        Of a region those who complete there, or who go there if that is all that is known.
        """
        if side == "region" and self.movement is not None:
            return self.movement.renewing(track, member, year)
        return self._leaving(side, member, track, year, same=True)

    def _leaving(self, side: str, member: str, track: str, year: int, *, same: bool) -> Expr:
        result = Expr()
        for (who, left, then), columns in self.departures.items():
            is_side = (len(who) == 1) == (side == "country")
            if (left, then) != (track, year) or not is_side or who[-1] != member:
                continue
            for column in columns:
                following = self.matrix.columns[column].name[3 if side == "country" else 2]
                if (following == track) == same:
                    result.add_column(column)
        return result

    def members(self, side: str, track: str) -> list[Who]:
        """Members of a margin who can ever hold people of the track."""
        if side == "country":
            return [(c,) for c in self.problem.countries if (c, track) in self.reachable]
        groups, regions = self.problem.groups(track), self.problem.regions
        return [
            (g, r)
            for g, r in product(groups, regions)
            if r in self.problem.site_regions(track)
            or any(key[:2] == ((g, r), track) for key in self.present)
        ]

    def who_index(self, side: str, who: Who) -> dict[str, str]:
        """The attributes' index of a member: its country or its region."""
        return {"country": who[0]} if side == "country" else {"region": who[1]}

    # Columns and their rules

    def _add_present(self) -> None:
        problem = self.problem
        shares: dict[tuple[str, int, str], float] = {}
        for row in problem.coming("country"):
            track, year, persons = row["track"], int(row["entry_year"]), float(row["persons"])
            key = ((row["country"],), track, year)
            self.present[key] = self.present.get(key, 0.0) + persons
            group_key = (track, year, problem.group(track, row["country"]))
            shares[group_key] = shares.get(group_key, 0.0) + persons
        for row in problem.coming("region"):
            track, year, persons = row["track"], int(row["entry_year"]), float(row["persons"])
            of_entry = {key[2]: n for key, n in shares.items() if key[:2] == (track, year)}
            everyone = sum(of_entry.values())
            for group, number in of_entry.items():
                if everyone > 0:
                    self.present[(group, row["region"]), track, year] = persons * number / everyone
        reachable = set(problem.pairs()) | {
            (who[0], track) for who, track, _ in self.present if len(who) == 1
        }
        while True:
            more = {
                (c, b) for c, t in reachable for a, b in problem.continuations() if t == a
            } | reachable
            if more == reachable:
                break
            reachable = more
        self.reachable = reachable

    def _add_cohorts(self) -> None:
        for (country, track), year in product(self.problem.pairs(), self.problem.horizon):
            applicants = self.problem.applicants(country, track, year)
            self._add_opening(country, track, year)
            if applicants is None:
                continue
            minimum = self.problem.min_cohort(track)
            opening = self._opening(country, track, year)
            too_few = opening is not None and applicants < minimum
            is_shut = opening is not None and not self.matrix.columns[opening].upper
            is_open = self._can_host(track, year) and not too_few and not is_shut
            limit = applicants if is_open else 0
            cohort = Expr()
            for level in self.problem.levels(track):
                name = ("cohort", country, track, level, year)
                column = self.matrix.integer(*name, upper=limit)
                self.intake[(country,), track, level, year] = column
                cohort.add_column(column)
            self.matrix.at_most("cohort_within_applicants", cohort, applicants)
            if opening is None:
                continue
            self.matrix.at_most(
                "cohort_needs_opening", cohort.scaled(1.0).add_column(opening, -applicants), 0.0
            )
            # Years without any place to host suspend the minimum, as years of few applicants do.
            if applicants >= minimum and self._can_host(track, year):
                self.matrix.at_least(
                    "cohort_reaches_minimum",
                    cohort.scaled(1.0).add_column(opening, -minimum),
                    0.0,
                )
        self._repeat_cohorts()

    def _repeat_cohorts(self) -> None:
        """The columns of the last year stand for the repeated ones, within their own applicants."""
        problem, last = self.problem, self.problem.horizon[-1]
        for (country, track), year in product(problem.pairs(), problem.repeated):
            cohort = Expr()
            for level in problem.levels(track):
                column = self.intake.get(((country,), track, level, last))
                if column is not None:
                    self.intake[(country,), track, level, year] = column
                    cohort.add_column(column)
            applicants = problem.applicants(country, track, year) or 0
            self.matrix.at_most("cohort_within_applicants", cohort, applicants)
            if (country, track, last) in self.agreement:
                self.agreement[country, track, year] = self.agreement[country, track, last]

    def _repeat_placements(self) -> None:
        """Places are those of the last year, and the sites must have them in the repeated ones."""
        problem, last = self.problem, self.problem.horizon[-1]
        for track, year in product(problem.tracks, problem.repeated):
            for region in problem.site_regions(track):
                placements = Expr()
                for level, group in product(problem.levels(track), problem.groups(track)):
                    column = self.intake.get(((group, region), track, level, last))
                    if column is not None:
                        self.intake[(group, region), track, level, year] = column
                        placements.add_column(column)
                most = problem.max_slots(track, region, year) or 0
                self.matrix.at_most("placements_within_site", placements, most)

    def _can_host(self, track: str, year: int) -> bool:
        problem = self.problem
        places = (problem.max_slots(track, r, year) for r in problem.site_regions(track))
        return not problem.regions or any(places)

    def _opening(self, country: str, track: str, year: int) -> int | None:
        key = (country, track, year)
        return self.agreement.get(key, self.active_track.get(key))

    def _add_opening(self, country: str, track: str, year: int) -> None:
        problem, matrix, key = self.problem, self.matrix, (country, track, year)
        if not problem.needs_agreement(track):
            if problem.min_cohort(track) > 1:
                self.active_track[key] = matrix.integer("active_track", *key, upper=1)
            return
        row = problem.lookup("agreements", {"country": country, "track": track}, {})
        assert row is not None
        column = self.agreement[key] = matrix.integer("agreement", *key, upper=1)
        if row["status"] == "existing":
            matrix.columns[column].lower = 1.0
        elif year - int(row["lead_years"]) < problem.horizon[0]:
            matrix.columns[column].upper = 0.0
        before = self.agreement.get((country, track, year - 1))
        if before is not None:
            step = Expr().add_column(column).add_column(before, -1.0)
            matrix.at_least("agreement_stays_open", step, 0.0)

    def _add_transitions(self) -> None:
        problem, matrix = self.problem, self.matrix
        for (track, following), year in product(problem.continuations(), problem.window):
            for country in [c for c, t in sorted(self.reachable) if t == track]:
                column = matrix.continuous("transitions", country, track, following, year)
                self.arrivals.setdefault(((country,), following, year), []).append(column)
                self.departures.setdefault(((country,), track, year), []).append(column)
        rooms: list[tuple[int, Expr, bool]] = []
        hosts = {line["track"] for line in problem.rows("sites")}
        for (track, following), rate in problem.continuations().items():
            nowhere = bool(problem.regions) and following not in hosts
            for year, country in product(problem.window, problem.countries):
                for column in self.departures.get(((country,), track, year), []):
                    if matrix.columns[column].name[3] != following:
                        continue
                    room = Expr()
                    for level in problem.levels(track):
                        share = rate * problem.stay_rate_factor(track, level)
                        room.add(self.completers((country,), track, level, year), share)
                    row = Expr().add_column(column).add(room, -1.0)
                    matrix.at_most("transitions_within_completers", row, 0.0)
                    rooms.append((column, room, nowhere))
        self._open_transitions(rooms)

    def _open_transitions(self, rooms: list[tuple[int, Expr, bool]]) -> None:
        """Nobody stays who never came, or for whom there is no place where they would go on.

        Repeated, as those who stay once may stay again.
        """
        columns = self.matrix.columns
        for column, _, _ in rooms:
            columns[column].upper = 0.0
        while True:
            opened = [
                column
                for column, room, nowhere in rooms
                if not columns[column].upper
                and not nowhere
                and self.matrix.can_be(room.terms, room.constant)
            ]
            if not opened:
                return
            for column in opened:
                columns[column].upper = INFINITY

    def _add_placements(self) -> None:
        problem, matrix = self.problem, self.matrix
        for track, year in product(problem.tracks, problem.horizon):
            here = {r: problem.max_slots(track, r, year) for r in problem.site_regions(track)}
            levels, groups = problem.levels(track), problem.groups(track)
            for level, group in product(levels, groups):
                cohorts = self._cohorts_of_block(track, level, group, year)
                if not cohorts:
                    continue
                balance = Expr()
                for column in cohorts.values():
                    balance.add_column(column)
                for region, most in here.items():
                    if most is None:
                        continue
                    name = ("placements", track, level, group, region, year)
                    column = matrix.integer(*name, upper=most)
                    self.intake[(group, region), track, level, year] = column
                    balance.add_column(column, -1.0)
                matrix.equal("placements_match_cohorts", balance)
            for region, most in here.items():
                if most is not None:
                    placements = Expr()
                    for level, group in product(levels, groups):
                        of_block = self.intake.get(((group, region), track, level, year))
                        if of_block is not None:
                            placements.add_column(of_block)
                    matrix.at_most("placements_within_site", placements, most)
        self._repeat_placements()

    def _cohorts_of_block(self, track: str, level: str, group: str, year: int) -> dict[str, int]:
        return {
            country: self.intake[(country,), track, level, year]
            for country in self.problem.countries
            if self.problem.group(track, country) == group
            and ((country,), track, level, year) in self.intake
        }

    def _add_places_of_stayers(self) -> None:
        problem, matrix = self.problem, self.matrix
        for (track, following), year in product(problem.continuations(), problem.window):
            for group in problem.groups(following):
                balance, going = Expr(), []
                for region in problem.site_regions(following):
                    column = matrix.continuous(
                        "transitions_by_region", track, following, group, region, year
                    )
                    place = (group, region)
                    self.arrivals.setdefault((place, following, year), []).append(column)
                    self.departures.setdefault((place, track, year), []).append(column)
                    self.place_of_stayers[track, following, group, region, year] = column
                    going.append(column)
                for country in problem.countries:
                    if problem.group(following, country) != group:
                        continue
                    for column in self.arrivals.get(((country,), following, year), []):
                        if matrix.columns[column].name[2] == track:
                            balance.add_column(column, -1.0)
                is_open = matrix.can_be(balance.terms)
                for column in going:
                    balance.add_column(column)
                    if not is_open:
                        matrix.columns[column].upper = 0.0
                if not problem.moves_by_attraction:
                    matrix.equal("transitions_match_places", balance)

    # Single slots

    def slots(self, country: str, track: str, level: str, region: str, year: int) -> int | None:
        """The column of one single slot cell; touching it brings in its whole block."""
        group = self.problem.group(track, country)
        year = min(year, self.problem.horizon[-1])
        block = (track, level, group, year)
        if block not in self._touched:
            self._touched.add(block)
            self._add_slots(*block)
        return self._slots.get((country, track, level, region, year))

    def _add_slots(self, track: str, level: str, group: str, year: int) -> None:
        cohorts = self._cohorts_of_block(track, level, group, year)
        placements = {
            region: self.intake[(group, region), track, level, year]
            for region in self.problem.regions
            if ((group, region), track, level, year) in self.intake
        }
        bounds = [column.upper for column in self.matrix.columns]
        for (country, cohort), (region, place) in product(cohorts.items(), placements.items()):
            cell = (country, track, level, region, year)
            upper = min(bounds[cohort], bounds[place])
            self._slots[cell] = self.matrix.integer("slots", *cell, upper=upper)
        for country, cohort in cohorts.items():
            row = Expr().add_column(cohort, -1.0)
            for region in placements:
                row.add_column(self._slots[country, track, level, region, year])
            self.matrix.equal("slots_match_cohort", row)
        for region, place in placements.items():
            row = Expr().add_column(place, -1.0)
            for country in cohorts:
                row.add_column(self._slots[country, track, level, region, year])
            self.matrix.equal("slots_match_placements", row)
