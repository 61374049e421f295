"""Limits of a policy: what is measured, grouped, compared, and softened."""

from __future__ import annotations

from itertools import product
from typing import Any

from .flows import Flows
from .matrix import Expr, Matrix
from .measures import OF_INTAKE, Groups, Measures
from .money import Money
from .reader import Attribute, Problem, UnclearError
from .values import Values


class Limits:
    """The rows of all [[limits]]; penalties of soft ones collect in `penalty`."""

    def __init__(self, flows: Flows, money: Money, values: Values, *, with_soft: bool) -> None:
        self.problem: Problem = flows.problem
        self.matrix: Matrix = flows.matrix
        self.values, self.measures = values, Measures(flows, money, values)
        self.with_soft = with_soft
        self.penalty = Expr()
        self.measured: dict[tuple[str, str], list[Expr]] = {}
        for limit in self.problem.policy.get("limits", []):
            bounds = [limit[side] for side in ("at_least", "at_most") if side in limit]
            if any(isinstance(bound, dict) and "previous" in bound for bound in bounds):
                self._add_previous(limit)
            else:
                self._add(limit)

    # Rows

    def _add(self, limit: dict[str, Any]) -> None:
        by = [self.problem.attribute(name) for name in limit.get("by", [])]
        groups = self.measures.grouped(limit, by)
        if not groups:
            if not limit.get("optional"):
                raise UnclearError(f"{limit['name']}: nothing is measured")
            self._check_others(limit)
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
        groups = self.measures.grouped({**limit, "where": where}, by)
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
        tracks = [*self.measures.tracks(filters)]
        expected = [track for track in tracks if problem.is_forecast(track)]
        rows = [row for row in rows if row["track"] in tracks]
        if limit.get("planned"):
            rows = [row for row in rows if row["track"] not in expected]
        elif not set(expected) <= {row["track"] for row in rows}:
            raise UnclearError("nobody says how many came by themselves before")
        if "region" in owners:
            rows = self._with_regions(rows, by_track="country" not in owners)
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

    def _with_regions(self, rows: list[Any], *, by_track: bool) -> list[Any]:
        """Current slots with their regions, which a second table may tell track by track."""
        blank = {row["track"] for row in rows if not row.get("region")}
        other = self.problem.rows("current_plan_by_region") if by_track else []
        other = [row for row in other if row["track"] in blank]
        if not blank <= {row["track"] for row in other}:
            raise UnclearError("current slots without a region")
        return [row for row in rows if row.get("region")] + other

    def _all_groups(self, limit: dict[str, Any], by: list[Attribute]) -> set[tuple[str, ...]]:
        """Every combination of values one might expect, whether or not it is measured."""
        problem = self.problem
        filters = problem.filters(limit.get("where", {}))
        years = problem.horizon if limit["measure"] in OF_INTAKE else problem.window
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
        other_by, others = self._others(limit, right)
        if not set(other_by) <= set(by):
            raise UnclearError("a relative limit compares with finer groups")
        if not others:
            raise UnclearError(f"{limit['name']}: it is compared with nothing")
        places = [by.index(attribute) for attribute in other_by]

        def compare(key: tuple[str, ...]) -> tuple[Expr, float | None]:
            other = others.get(tuple(key[i] for i in places), Expr())
            return other.scaled(right["times"]), base

        return compare

    def _others(
        self, limit: dict[str, Any], right: dict[str, Any]
    ) -> tuple[list[Attribute], Groups]:
        """What a limit is compared with, and by what that is grouped."""
        by = [self.problem.attribute(name) for name in right.get("by", limit.get("by", []))]
        return by, self.measures.grouped({**right, "planned": limit.get("planned")}, by)

    def _check_others(self, limit: dict[str, Any]) -> None:
        """What a limit on nothing would be compared with has to be clear all the same."""
        for right in [limit[side] for side in ("at_least", "at_most") if side in limit]:
            if isinstance(right, dict) and "measure" in right:
                self._others(limit, right)

    def _per_attribute(self, limit: dict[str, Any], right: Any, by: list[Attribute]) -> Any:
        """Amount times the sum of an attribute over the members of a group."""
        problem = self.problem
        owner, column = problem.attribute(right["per"])
        table = {"country": problem.countries, "track": problem.tracks, "region": problem.regions}
        filters = problem.filters(limit.get("where", {}))
        own = {a: allowed for a, allowed in filters.items() if a[0] == owner}
        measured: dict[tuple[str, ...], set[str | None]] = {}
        for piece in self.measures.pieces(limit, {*filters, *by}, filters):
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
