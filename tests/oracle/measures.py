"""Measures of limits: what is counted, and by what it can be told apart."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import product
from typing import Any

from .flows import Flows
from .matrix import Expr, Matrix, total
from .money import Money, Piece
from .reader import STANDARD, Attribute, Problem, UnclearError
from .values import Values

Groups = dict[tuple[str, ...], Expr]
OUTCOMES = ("completions", "transitions", "returns")
AGREEMENTS = ("open", "opened")
OF_INTAKE = ("slots", "open")


class Measures:
    """The pieces of everything that a limit may count."""

    def __init__(self, flows: Flows, money: Money, values: Values) -> None:
        self.problem: Problem = flows.problem
        self.matrix: Matrix = flows.matrix
        self.flows, self.money, self.values = flows, money, values

    def pieces(
        self, limit: dict[str, Any], attributes: set[Attribute], filters: dict[Attribute, set[str]]
    ) -> list[Piece]:
        owners = {owner for owner, _ in attributes}
        both = {"country", "region"} <= owners
        if both and limit["measure"] != "slots":
            raise UnclearError(f"{limit['measure']} by country and by region at once")
        side = "region" if "region" in owners else "country"
        self._refuse(limit, owners, self.tracks(filters))
        measures: dict[str, Callable[[], Iterable[Piece]]] = {
            "slots": lambda: self._slots(
                both, side, [] if limit.get("planned") else self.tracks(filters)
            ),
            "residents": lambda: self._residents(side),
            "completions": lambda: self._completions(side, told="level" in owners),
            "transitions": lambda: self._transitions(side),
            "returns": self._returns,
            "open": self._in_force,
            "opened": self._opened,
            "spending": lambda: self._spending(owners, filters),
            "use": self.money.use_pieces,
            "value": lambda: self._value(
                limit["goal"], attributes, planned=limit.get("planned", False)
            ),
        }
        pieces = list(measures[limit["measure"]]())
        if not limit.get("planned") or (limit["measure"] == "value" and not attributes):
            return pieces
        return [self._decided(piece) for piece in pieces]

    def _decided(self, piece: Piece) -> Piece:
        """What of a piece follows from decisions: columns that are not settled beforehand."""
        columns = self.matrix.columns
        amount = Expr()
        for column, coefficient in piece.amount.terms.items():
            if columns[column].lower < columns[column].upper:
                amount.add_column(column, coefficient)
        return Piece(piece.index, amount, piece.kind)

    def tracks(self, filters: dict[Attribute, set[str]]) -> list[str]:
        """Tracks that filters leave."""
        of_track = {a: allowed for a, allowed in filters.items() if a[0] == "track"}
        return [t for t in self.problem.tracks if self.problem.matches(of_track, {"track": t})]

    def _slots(self, both: bool, side: str, tracks: list[str]) -> Iterator[Piece]:
        problem, flows = self.problem, self.flows
        if both:
            if any(map(problem.is_forecast, tracks)):
                raise UnclearError("forecasts by country and by region at once")
            for (country, track), year in product(problem.pairs(), problem.horizon):
                for level, region in product(problem.levels(track), problem.regions):
                    cell = flows.slots(country, track, level, region, year)
                    if cell is not None:
                        index = {"country": country, "track": track, "region": region}
                        index |= {"level": level, "year": str(year)}
                        yield Piece(index, Expr().add_column(cell), "slots")
            return
        for (who, track, level, year), column in flows.intake.items():
            if (len(who) == 1) == (side == "country") and year in problem.horizon:
                index = {"track": track, "level": level, "year": str(year)}
                index |= flows.who_index(side, who)
                yield Piece(index, Expr().add_column(column), "slots")
        for (who, track, year), persons in flows.present.items():
            if (len(who) == 1) == (side == "country") and year in problem.horizon:
                index = {"track": track, "level": STANDARD, "year": str(year)}
                yield Piece(index | flows.who_index(side, who), Expr(persons), "slots")

    def _residents(self, side: str) -> Iterator[Piece]:
        problem, flows = self.problem, self.flows
        for track, year in product(problem.tracks, problem.window):
            for who, level in product(flows.members(side, track), problem.levels(track)):
                people = flows.residents(who, track, level, year)
                index = {"track": track, "level": level, "year": str(year)}
                yield Piece(index | flows.who_index(side, who), people, "residents")

    def _refuse(self, limit: dict[str, Any], owners: set[str], tracks: list[str]) -> None:
        """What cannot be told of those who complete, and of agreements."""
        measure, renewed = limit["measure"], [a for a, b in self.problem.continuations() if a == b]
        never = {
            "completions": {"line", "service", *(["level"] if renewed else [])},
            "transitions": {"line", "service", "level"},
            "returns": {"line", "service", "level", "region"},
            "open": {"line", "service", "level", "region"},
            "opened": {"line", "service", "level", "region"},
        }
        if owners & never.get(measure, set()):
            raise UnclearError(f"{measure} by {owners}")
        if limit.get("planned") and measure == "returns":
            raise UnclearError("how those came who go home")
        if limit.get("planned") and measure == "completions" and {*renewed} & {*tracks}:
            raise UnclearError("how those came who renew")

    def _completions(self, side: str, *, told: bool) -> Iterator[Piece]:
        """Who completes, and the same less who stays on the same track."""
        problem, flows = self.problem, self.flows
        for track, year in product(problem.tracks, problem.window):
            index = {"track": track, "year": str(year)}
            for who, level in product(flows.members(side, track), problem.levels(track)):
                people = flows.completers(who, track, level, year)
                of_level = {"level": level} if told else {}
                yield Piece(index | of_level | flows.who_index(side, who), people, "completions")
            for member in problem.countries if side == "country" else problem.regions:
                renewed = flows.renewals(side, member, track, year).scaled(-1.0)
                if renewed.terms:
                    yield Piece(index | {side: member}, renewed, "completions")

    def _transitions(self, side: str) -> Iterator[Piece]:
        """Who goes on to another track, by his country or by the region he goes to."""
        members = self.problem.countries if side == "country" else self.problem.regions
        for track, member, year in product(self.problem.tracks, members, self.problem.window):
            people = self.flows.continuing(side, member, track, year)
            if people.terms:
                index = {"track": track, side: member, "year": str(year)}
                yield Piece(index, people, "transitions")

    def _returns(self) -> Iterator[Piece]:
        """Who completes a track whose people return, and neither goes on nor renews."""
        problem, flows = self.problem, self.flows
        tracks = [
            track for track in problem.tracks if problem.tracks[track]["returns_home"] == "yes"
        ]
        for track, year in product(tracks, problem.window):
            for who in flows.members("country", track):
                people = total(
                    flows.completers(who, track, level, year) for level in problem.levels(track)
                )
                people.add(flows.continuing("country", who[0], track, year), -1.0)
                people.add(flows.renewals("country", who[0], track, year), -1.0)
                index = {"track": track, "country": who[0], "year": str(year)}
                yield Piece(index, people, "returns")

    def _in_force(self) -> Iterator[Piece]:
        for (country, track, year), column in self.flows.agreement.items():
            if year in self.problem.horizon:
                index = {"country": country, "track": track, "year": str(year)}
                yield Piece(index, Expr().add_column(column), "open")

    def _opened(self) -> Iterator[Piece]:
        """Proposed agreements, in the year in which their set-up is paid."""
        first = self.problem.horizon[0]
        for (country, track, year), column in self.flows.agreement.items():
            row = self.problem.lookup("agreements", {"country": country, "track": track}, {})
            assert row is not None
            paid = year - int(row["lead_years"])
            if row["status"] == "existing" or paid < first or year not in self.problem.horizon:
                continue
            opened = Expr().add_column(column)
            before = self.flows.agreement.get((country, track, year - 1))
            if before is not None:
                opened.add_column(before, -1.0)
            index = {"country": country, "track": track, "year": str(paid)}
            yield Piece(index, opened, "opened")

    def _spending(self, owners: set[str], filters: dict[Attribute, set[str]]) -> list[Piece]:
        """Which spending counts depends on what it is grouped or filtered by."""
        problem, money = self.problem, self.money
        of_line = {a: allowed for a, allowed in filters.items() if a[0] == "line"}
        lines = {n for n in problem.lines if problem.matches(of_line, {"line": n})}
        if "level" in owners or "service" in owners:
            raise UnclearError("spending by level or service")
        if "country" in owners:
            if any(row["line"] in lines for row in problem.rows("region_costs")):
                raise UnclearError("spending by country on a line with region costs")
            return [p for p in money.pieces if p.kind in {"costs", "agreements"}]
        if "region" in owners:
            of_track = {a: allowed for a, allowed in filters.items() if a[0] == "track"}
            for row in problem.rows("costs"):
                counts = problem.matches(of_track, {"track": row["track"]})
                if counts and row["line"] in lines and row.get("country"):
                    raise UnclearError("spending by region of costs that depend on the country")
            pieces = [*money.cost_pieces("region")]
            pieces += [p for p in money.pieces if p.kind == "region_costs"]
            if "track" not in owners:
                pieces += [p for p in money.pieces if p.kind == "services"]
            return pieces
        if "track" in owners:
            return [p for p in money.pieces if p.kind != "services"]
        return [
            Piece({"line": line, "year": str(year)}, money.spending(line, year), "spending")
            for line, year in product(problem.lines, problem.window)
        ]

    def _value(self, goal: str, attributes: set[Attribute], *, planned: bool) -> list[Piece]:
        if not attributes and not planned:
            return [Piece({}, self.values.value[goal], "value")]
        if not attributes:
            return [Piece({}, self.values.earned(goal), "value")]
        if attributes != {("year", "year")} or "diminishing" in self.values.goals[goal]:
            raise UnclearError("a value is grouped by year alone, and not when it diminishes")
        return self.values.pieces[goal]

    def grouped(self, limit: dict[str, Any], by: list[Attribute]) -> Groups:
        filters = self.problem.filters(limit.get("where", {}))
        groups: Groups = {}
        for piece in self.pieces(limit, {*filters, *by}, filters):
            if self.problem.matches(filters, piece.index):
                key = tuple(self.problem.attribute_value(a, piece.index) for a in by)
                groups.setdefault(key, Expr()).add(piece.amount)
        return groups
