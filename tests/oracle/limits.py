"""Limits of a policy: what is measured, grouped, compared, and softened."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import product
from typing import Any

from .flows import Flows
from .matrix import Expr, Matrix
from .money import Money, Piece
from .reader import STANDARD, Attribute, Problem, UnclearError
from .values import Values

Groups = dict[tuple[str, ...], Expr]


class Limits:
    """The rows of all [[limits]]; penalties of soft ones collect in `penalty`."""

    def __init__(self, flows: Flows, money: Money, values: Values, *, with_soft: bool) -> None:
        self.problem: Problem = flows.problem
        self.matrix: Matrix = flows.matrix
        self.flows, self.money, self.values = flows, money, values
        self.with_soft = with_soft
        self.penalty = Expr()
        self.measured: dict[tuple[str, str], list[Expr]] = {}
        for limit in self.problem.policy.get("limits", []):
            bounds = [limit[side] for side in ("at_least", "at_most") if side in limit]
            if any(isinstance(bound, dict) and "previous" in bound for bound in bounds):
                self._add_previous(limit)
            else:
                self._add(limit)

    # Measures

    def _pieces(
        self, limit: dict[str, Any], attributes: set[Attribute], filters: dict[Attribute, set[str]]
    ) -> list[Piece]:
        owners = {owner for owner, _ in attributes}
        both = {"country", "region"} <= owners
        if both and limit["measure"] != "slots":
            raise UnclearError(f"{limit['measure']} by country and by region at once")
        measures: dict[str, Callable[[], Iterable[Piece]]] = {
            "slots": lambda: self._slots(
                both,
                "region" if "region" in owners else "country",
                [] if limit.get("planned") else self._tracks(filters),
            ),
            "residents": lambda: self._residents("region" if "region" in owners else "country"),
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

    def _tracks(self, filters: dict[Attribute, set[str]]) -> list[str]:
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

    def _measure(self, limit: dict[str, Any], by: list[Attribute]) -> Groups:
        filters = self.problem.filters(limit.get("where", {}))
        groups: Groups = {}
        for piece in self._pieces(limit, {*filters, *by}, filters):
            if self.problem.matches(filters, piece.index):
                key = tuple(self.problem.attribute_value(a, piece.index) for a in by)
                groups.setdefault(key, Expr()).add(piece.amount)
        return groups

    # Rows

    def _add(self, limit: dict[str, Any]) -> None:
        by = [self.problem.attribute(name) for name in limit.get("by", [])]
        groups = self._measure(limit, by)
        if not groups:
            if not limit.get("optional"):
                raise UnclearError(f"{limit['name']}: nothing is measured")
            return
        if not any(c for measured in groups.values() for c in measured.terms.values()):
            raise UnclearError(f"{limit['name']}: nothing that is measured can be decided")
        if "at_least" in limit and not self._all_groups(limit, by) <= set(groups):
            raise UnclearError(f"{limit['name']}: at_least, and a group is not measured")
        sides = [limit.get("at_least"), limit.get("at_most")]
        low, high = (s if isinstance(s, (int, float)) else None for s in sides)
        if low is not None and high is not None and low > high:
            raise UnclearError(f"{limit['name']}: at_least is above at_most")
        soft = limit.get("soft")
        if soft is not None and not self.with_soft:
            return
        # Empty groups: a group without anything to count has no row.
        can_be = self.matrix.can_be
        groups = {key: m for key, m in groups.items() if can_be(m.terms, m.constant)}
        for side in [s for s in ("at_least", "at_most") if s in limit]:
            self._check_sides(limit, side)
            self.measured[limit["name"], side] = list(groups.values())
            compare = self._right_side(limit, limit[side], by)
            for key, measured in groups.items():
                right, base = compare(key)
                row = measured.scaled(1.0).add(right, -1.0)
                self._check_group(limit, side, measured, right)
                if not row.terms and not row.constant and side == "at_most":
                    continue
                if soft is not None:
                    row = self._soften(limit, (side, *key), row, base)
                if side == "at_most":
                    self.matrix.at_most(limit["name"], row, 0.0)
                else:
                    self.matrix.at_least(limit["name"], row, 0.0)

    def _add_previous(self, limit: dict[str, Any]) -> None:
        """Rows for the years with intake that are asked for, each against the year before it."""
        problem = self.problem
        by = [problem.attribute(name) for name in limit["by"]]
        place = by.index(("year", "year"))
        sides = [side for side in ("at_least", "at_most") if side in limit]
        where = {
            name: wanted
            for name, wanted in limit.get("where", {}).items()
            if problem.attribute(name) != ("year", "year")
        }
        groups = self._measure({**limit, "where": where}, by)
        if not groups:
            if not limit.get("optional"):
                raise UnclearError(f"{limit['name']}: nothing is measured")
            return
        if limit.get("soft") is not None and not self.with_soft:
            return
        filters = problem.filters(limit.get("where", {}))
        years = {a: allowed for a, allowed in filters.items() if a == ("year", "year")}
        asked = [y for y in problem.horizon if problem.matches(years, {"year": str(y)})]
        if not asked:
            raise UnclearError(f"{limit['name']}: no year with intake")
        today = self._today(limit, by, where) if problem.horizon[0] in asked else None

        def at(key: tuple[str, ...], year: int) -> tuple[str, ...]:
            return (*key[:place], str(year), *key[place + 1 :])

        keys = list(dict.fromkeys(at(key, 0) for key in [*groups, *(today or {})]))
        for side, key, year in product(sides, keys, asked):
            bound = limit[side]
            now, before = groups.get(at(key, year), Expr()), groups.get(at(key, year - 1), Expr())
            if year == problem.horizon[0]:
                if today is None:
                    continue
                bound, before = bound.get("first", bound), Expr(today.get(at(key, 0), 0.0))
            if not any((now.terms, now.constant, before.terms, before.constant)):
                continue
            sign = 1.0 if side == "at_most" else -1.0
            right = before.scaled(bound["times"]).add(Expr(sign * bound.get("plus", 0.0)))
            row = now.scaled(1.0).add(right, -1.0)
            self._ask(limit, (side, *at(key, year)), row, (now, right))

    def _ask(
        self, limit: dict[str, Any], key: tuple[str, ...], row: Expr, sides: tuple[Expr, Expr]
    ) -> None:
        now, right = sides
        if limit.get("soft") is not None:
            row = self._soften(limit, key, row, limit.get("soft_base"))
        elif key[0] == "at_least" and not right.terms:
            most = now.constant + sum(
                max(0.0, number * (self.matrix.columns[column].upper or 0.0))
                for column, number in now.terms.items()
            )
            if right.constant > most:
                raise UnclearError(f"{limit['name']}: a floor out of reach")
        if not row.terms and not row.constant:
            return
        if key[0] == "at_most":
            self.matrix.at_most(limit["name"], row, 0.0)
        else:
            self.matrix.at_least(limit["name"], row, 0.0)

    def _today(
        self, limit: dict[str, Any], by: list[Attribute], where: dict[str, Any]
    ) -> dict[tuple[str, ...], float] | None:
        """Slots of the current plan by group, with 0 for the year; None without any."""
        problem = self.problem
        rows = problem.rows("current_plan")
        bounds = [limit.get("at_least"), limit.get("at_most")]
        if limit["measure"] != "slots":
            return None
        if not rows:
            if any(isinstance(bound, dict) and "first" in bound for bound in bounds):
                raise UnclearError("first without current slots")
            return None
        filters = problem.filters(where)
        owners = {owner for owner, _ in [*by, *filters]}
        if not owners <= {"country", "track", "region", "year"}:
            raise UnclearError("current slots by anything else")
        if "region" in owners and not all(row.get("region") for row in rows):
            raise UnclearError("current slots without a region")
        expected = [track for track in self._tracks(filters) if problem.is_forecast(track)]
        if limit.get("planned"):
            rows = [row for row in rows if row["track"] not in expected]
        elif not set(expected) <= {row["track"] for row in rows}:
            raise UnclearError("nobody says how many came by themselves before")
        found: dict[tuple[str, ...], float] = {}
        for row in rows:
            index = {name: row[name] for name in ("country", "track", "region") if row.get(name)}
            if not problem.matches(filters, index):
                continue
            key = tuple(
                "0" if owner == "year" else problem.attribute_value((owner, column), index)
                for owner, column in by
            )
            found[key] = found.get(key, 0.0) + float(row["slots"])
        return found

    def _all_groups(self, limit: dict[str, Any], by: list[Attribute]) -> set[tuple[str, ...]]:
        """Every combination of values one might expect, whether or not it is measured."""
        problem = self.problem
        filters = problem.filters(limit.get("where", {}))
        years = problem.horizon if limit["measure"] == "slots" else problem.window
        keys: dict[str, list[str]] = {
            "country": [*problem.countries],
            "track": [*problem.tracks],
            "region": [*problem.regions],
            "line": [*problem.lines],
            "year": [str(year) for year in years],
            "level": [level for track in problem.tracks for level in problem.levels(track)],
            "service": [row["service"] for row in problem.rows("services")],
        }
        owners = list(dict.fromkeys(owner for owner, _ in by))
        allowed = [
            [
                key
                for key in keys[owner]
                if problem.matches(
                    {a: v for a, v in filters.items() if a[0] == owner}, {owner: key}
                )
            ]
            for owner in owners
        ]
        return {
            tuple(problem.attribute_value(a, dict(zip(owners, chosen, strict=True))) for a in by)
            for chosen in product(*allowed)
        }

    def _right_side(self, limit: dict[str, Any], right: Any, by: list[Attribute]) -> Any:
        """A function from a group's key to the right-hand side and the base of its percents."""
        base = limit.get("soft_base")
        if not isinstance(right, dict):
            return lambda key: (Expr(float(right)), base or abs(right))
        if "amount" in right:
            amounts = self._per_attribute(limit, right, by)
            return lambda key: (Expr(amounts(key)), base or abs(amounts(key)))
        other_by = [self.problem.attribute(name) for name in right.get("by", limit.get("by", []))]
        if not set(other_by) <= set(by):
            raise UnclearError("a relative limit compares with finer groups")
        others = self._measure({**right, "planned": limit.get("planned")}, other_by)
        if not others:
            raise UnclearError(f"{limit['name']}: it is compared with nothing")
        places = [by.index(attribute) for attribute in other_by]

        def compare(key: tuple[str, ...]) -> tuple[Expr, float | None]:
            other = others.get(tuple(key[i] for i in places), Expr())
            return other.scaled(right["times"]), base

        return compare

    def _per_attribute(self, limit: dict[str, Any], right: Any, by: list[Attribute]) -> Any:
        """Amount times the sum of an attribute over the members of a group."""
        problem = self.problem
        owner, column = problem.attribute(right["per"])
        table = {"country": problem.countries, "track": problem.tracks, "region": problem.regions}
        filters = problem.filters(limit.get("where", {}))
        own = {a: allowed for a, allowed in filters.items() if a[0] == owner}
        measured: dict[tuple[str, ...], set[str | None]] = {}
        for piece in self._pieces(limit, {*filters, *by}, filters):
            if problem.matches(filters, piece.index):
                group = tuple(problem.attribute_value(a, piece.index) for a in by)
                measured.setdefault(group, set()).add(piece.index.get(owner))

        def amount(key: tuple[str, ...]) -> float:
            wanted = {a: {value} for a, value in zip(by, key, strict=True) if a[0] == owner}
            members = [
                name
                for name in table[owner]
                if problem.matches(own, {owner: name}) and problem.matches(wanted, {owner: name})
            ]
            if set(members) != measured[key]:
                raise UnclearError("a member of the group has nothing that is measured")
            cells = [table[owner][name][column] for name in members]
            if not all(cells):
                raise UnclearError(f"{column} is blank")
            return float(right["amount"]) * sum(float(cell) for cell in cells)

        return amount

    def _soften(
        self, limit: dict[str, Any], key: tuple[str, ...], row: Expr, base: float | None
    ) -> Expr:
        if not base:
            raise UnclearError(f"{limit['name']}: soft, and nothing says what 100% is")
        sign = 1.0 if key[0] == "at_most" else -1.0
        percent = row.scaled(sign * 100.0 / base)
        violation = self.matrix.most_of("violation", limit["name"], *key, parts=[percent])
        self.penalty.add(violation, limit["soft"])
        return row.scaled(1.0).add(violation, -sign * base / 100.0)

    def _check_sides(self, limit: dict[str, Any], side: str) -> None:
        """A diminishing value may only be wanted high, or its tangents would not hold."""
        goal = self.values.goals.get(limit.get("goal", ""), {})
        if limit["measure"] == "value" and "diminishing" in goal and side == "at_most":
            raise UnclearError("at_most on a goal with diminishing returns")
        right = limit[side]
        if isinstance(right, dict) and right.get("measure") == "value":
            raise UnclearError("a relative limit has no key for the goal it compares with")

    def _check_group(self, limit: dict[str, Any], side: str, measured: Expr, right: Expr) -> None:
        can_grow = any(
            coefficient and self.matrix.columns[column].upper != 0.0
            for column, coefficient in measured.terms.items()
        )
        if not can_grow and (side == "at_least" or right.terms):
            raise UnclearError(f"{limit['name']}: a group of {side} with nothing to decide")
