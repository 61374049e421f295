"""Spending, use of services, budgets and caps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from .flows import Flows
from .matrix import Expr, Matrix, total
from .reader import Problem, Row, UnclearError

ENTRIES = ("new", "transition")


@dataclass(frozen=True)
class Piece:
    """An amount and what it is indexed by (country, track, region, level, line, year, ...)."""

    index: dict[str, str]
    amount: Expr
    kind: str


class Money:
    """Who pays what for whom, and what services are used."""

    def __init__(self, problem: Problem, matrix: Matrix, flows: Flows) -> None:
        self.problem, self.matrix, self.flows = problem, matrix, flows
        self.services = self._service_rows()
        self.expansion: dict[tuple[str, str, int], int] = {}
        for (region, service), year in product(self.services, problem.horizon):
            limit = int(self.service_row(region, service, year)["expansion_limit"])
            name = ("expansion", region, service, year)
            self.expansion[region, service, year] = matrix.integer(*name, upper=limit)
        self.pieces = [
            *self._agreement_pieces(),
            *self._service_pieces(),
            *self._region_cost_pieces(),
            *self.cost_pieces("country"),
        ]
        self._spending = {key: Expr() for key in product(problem.lines, problem.window)}
        for piece in self.pieces:
            self._spending[piece.index["line"], int(piece.index["year"])].add(piece.amount)
        self.capped: dict[tuple[str, int], Expr] = {}
        self._add_budgets()
        self._add_capacities()
        self._add_caps()

    # Spending

    def cost(
        self, track: str, line: str, age: int, *, level: str, country: str, year: int, entry: str
    ) -> float:
        """Cost per participant in a year of stay; `country` may be '' for 'any of them'."""
        row = self.problem.lookup(
            "costs",
            {"track": track, "line": line, "year_of_stay": str(age)},
            {
                "level": level,
                "country": country,
                "year": self.problem.row_year(year),
                "entry": entry,
            },
        )
        return float(row[self.problem.amount]) if row else 0.0

    def region_cost(self, track: str, line: str, region: str, age: int) -> float:
        """What a region costs more per participant in a year of stay."""
        key = {"track": track, "line": line, "region": region, "year_of_stay": str(age)}
        row = self.problem.lookup("region_costs", key, {})
        return float(row[self.problem.amount]) if row else 0.0

    def cost_pieces(self, side: str) -> Iterator[Piece]:
        """Costs of residents, on the country margin or on the region margin."""
        problem, flows = self.problem, self.flows
        for track, line in product(problem.tracks, problem.lines):
            for who, level, year in product(
                flows.members(side, track), problem.levels(track), problem.window
            ):
                amount = Expr()
                for age, entry in product(range(1, problem.duration(track) + 1), ENTRIES):
                    country = who[0] if side == "country" else ""
                    each = self.cost(
                        track, line, age, level=level, country=country, year=year, entry=entry
                    )
                    people = flows.entrants(who, track, level, year - age + 1, entry)
                    amount.add(people, each)
                index = {"track": track, "line": line, "level": level, "year": str(year)}
                yield Piece(index | flows.who_index(side, who), amount, "costs")

    def _region_cost_pieces(self) -> Iterator[Piece]:
        problem, flows = self.problem, self.flows
        for track, line in product(problem.tracks, problem.lines):
            for who, level, year in product(
                flows.members("region", track), problem.levels(track), problem.window
            ):
                amount = Expr()
                for age in range(1, problem.duration(track) + 1):
                    each = self.region_cost(track, line, who[1], age)
                    amount.add(flows.entrants(who, track, level, year - age + 1), each)
                index = {"track": track, "line": line, "level": level, "year": str(year)}
                yield Piece(index | {"region": who[1]}, amount, "region_costs")

    def _agreement_pieces(self) -> Iterator[Piece]:
        problem, flows = self.problem, self.flows
        suffix = problem.money_suffix
        for (country, track, year), column in flows.agreement.items():
            row = problem.lookup("agreements", {"country": country, "track": track}, {})
            assert row is not None
            index = {"country": country, "track": track, "line": row["line"]}
            yearly = Expr().add_column(column, float(row[f"yearly_cost_{suffix}"]))
            yield Piece(index | {"year": str(year)}, yearly, "agreements")
            if row["status"] == "existing" or year - int(row["lead_years"]) < problem.horizon[0]:
                continue
            setup = float(row[f"setup_cost_{suffix}"])
            opened = Expr().add_column(column, setup)
            before = flows.agreement.get((country, track, year - 1))
            if before is not None:
                opened.add_column(before, -setup)
            paid = year - int(row["lead_years"])
            yield Piece(index | {"year": str(paid)}, opened, "agreements")

    def _service_pieces(self) -> Iterator[Piece]:
        problem = self.problem
        suffix = problem.money_suffix
        for (region, service, decided), column in self.expansion.items():
            for year in problem.window:
                if year < decided:
                    continue
                row = self.service_row(region, service, year)
                what = "expansion_cost" if year == decided else "upkeep"
                amount = Expr().add_column(column, float(row[f"{what}_{suffix}"]))
                index = {"region": region, "line": row["line"], "year": str(year)}
                yield Piece(index, amount, "services")

    def spending(self, line: str, year: int) -> Expr:
        """All spending of a line in a year."""
        return self._spending[line, year].scaled(1.0)

    def own_amount(self, line: str, year: int) -> float:
        """The budget of a line in a year."""
        key = {"line": line, "year": self.problem.row_year(year)}
        row = self.problem.lookup("budgets", key, {})
        if row is None:
            raise UnclearError(f"no budget of {line} in {year}")
        return float(row[self.problem.amount])

    def _add_budgets(self) -> None:
        problem, matrix = self.problem, self.matrix
        budget = problem.policy.get("budget", {})
        shares = budget.get("carry_over", 0.0)
        if not isinstance(shares, dict):
            shares = dict.fromkeys(problem.lines, shares)
        balance: dict[tuple[str, int], Expr] = {}
        received = {key: Expr() for key in product(problem.lines, problem.window)}
        for line, year in product(problem.lines, problem.window):
            balance[line, year] = self.spending(line, year)
        for entry, year in product(budget.get("transfers", []), problem.window):
            column = matrix.continuous("transfer", entry["from"], entry["to"], year)
            most = entry["share"] * self.own_amount(entry["from"], year)
            matrix.at_most("transfer_within_share", Expr().add_column(column), most)
            balance[entry["from"], year].add_column(column)
            balance[entry["to"], year].add_column(column, -1.0)
            received[entry["to"], year].add_column(column)
        for line, year in product(problem.lines, problem.window[:-1]):
            if not shares.get(line):
                continue
            column = matrix.continuous("carry_over", line, year)
            most = shares[line] * self.own_amount(line, year)
            matrix.at_most("carry_over_within_share", Expr().add_column(column), most)
            balance[line, year].add_column(column)
            balance[line, year + 1].add_column(column, -1.0)
            received[line, year + 1].add_column(column)
        for (line, year), row in balance.items():
            matrix.at_most("spending_within_budget", row, self.own_amount(line, year))
        for (line, year), row in received.items():
            if row.terms:
                row.add(self.spending(line, year), -1.0)
                matrix.at_most("received_money_is_spent", row, 0.0)

    # Services

    def _service_rows(self) -> list[tuple[str, str]]:
        rows = self.problem.rows("services")
        return list(dict.fromkeys((row["region"], row["service"]) for row in rows))

    def service_row(self, region: str, service: str, year: int) -> Row:
        """The row of a service in a region that holds in a year."""
        key = {"region": region, "service": service, "year": self.problem.row_year(year)}
        row = self.problem.lookup("services", key, {})
        if row is None:
            raise UnclearError(f"no row for {service} in {region} in {year}")
        return row

    def use_pieces(self) -> Iterator[Piece]:
        """Units of every service used by the residents of every region."""
        problem, flows = self.problem, self.flows
        services = list(dict.fromkeys(row["service"] for row in problem.rows("service_use")))
        for track, service, year in product(problem.tracks, services, problem.window):
            if not any(
                (r["track"], r["service"]) == (track, service) for r in problem.rows("service_use")
            ):
                continue
            for who, level in product(flows.members("region", track), problem.levels(track)):
                if (who[1], service) not in self.services:
                    raise UnclearError(f"{service} is used in {who[1]} but not offered there")
                units = Expr()
                for age, entry in product(range(1, problem.duration(track) + 1), ENTRIES):
                    row = problem.lookup(
                        "service_use",
                        {"track": track, "service": service, "year_of_stay": str(age)},
                        {
                            "level": level,
                            "band": problem.band(track, who[0], service),
                            "entry": entry,
                        },
                    )
                    if row:
                        people = flows.entrants(who, track, level, year - age + 1, entry)
                        units.add(people, float(row["units"]))
                index = {"track": track, "region": who[1], "service": service, "level": level}
                yield Piece(index | {"year": str(year)}, units, "use")

    def _add_capacities(self) -> None:
        self.used = {
            (*key, year): Expr() for key, year in product(self.services, self.problem.window)
        }
        for piece in self.use_pieces():
            key = (piece.index["region"], piece.index["service"], int(piece.index["year"]))
            self.used[key].add(piece.amount)
        for (region, service, year), units in self.used.items():
            row = units.scaled(1.0)
            for decided in self.problem.horizon:
                if decided < year:
                    added = float(self.service_row(region, service, decided)["expansion_unit"])
                    row.add_column(self.expansion[region, service, decided], -added)
            capacity = float(self.service_row(region, service, year)["capacity"])
            self.matrix.at_most("use_within_capacity", row, capacity)

    # National caps

    def _add_caps(self) -> None:
        problem, flows = self.problem, self.flows
        for track, year in product(problem.tracks, problem.window):
            row = problem.cap(track, year)
            if row is None:
                continue
            members, levels = flows.members("country", track), problem.levels(track)
            if row["counts"] == "residents":
                people = total(
                    flows.residents(who, track, level, year)
                    for who, level in product(members, levels)
                )
                self.capped[track, year] = people
                self.matrix.at_most("residents_within_cap", people, float(row["max"]))
            elif year in problem.horizon or year in problem.repeated:
                new = Expr()
                for who, level in product(members, levels):
                    new.add(flows.newcomers(who, track, level, year))
                self.capped[track, year] = new
                self.matrix.at_most("intake_within_cap", new, float(row["max"]))
