"""Goals: what every stage of every person contributes, discounted, and diminishing returns."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

from .flows import Flows, Who
from .matrix import Expr, Matrix, total
from .money import Piece
from .reader import Attribute, Problem, UnclearError, scaled_indicators


class Values:
    """The value of every goal of the policy, before and after diminishing returns."""

    def __init__(self, problem: Problem, matrix: Matrix, flows: Flows) -> None:
        self.problem, self.matrix, self.flows = problem, matrix, flows
        self.goals: dict[str, dict[str, Any]] = problem.policy.get("goals", {})
        self.pieces: dict[str, list[Piece]] = {}
        self.value: dict[str, Expr] = {}
        # What is earned if nothing at all is decided.
        self.anyway: dict[str, float] = {}
        for name, goal in self.goals.items():
            self.pieces[name] = [
                *self._stage_pieces(goal, "country"),
                *self._stage_pieces(goal, "region"),
                *self._score_pieces(name),
            ]
            if "diminishing" in goal:
                if goal["weight"] < 0:
                    raise UnclearError("a goal with diminishing returns has a negative weight")
                self.value[name] = self._diminished(name, goal["diminishing"])
            else:
                self.value[name] = total(piece.amount for piece in self.pieces[name])
                self.anyway[name] = self.value[name].constant

    def _stage_pieces(self, goal: dict[str, Any], side: str) -> Iterator[Piece]:
        """Persons of each stage, times effect, score and discount."""
        problem = self.problem
        prefix = "" if side == "country" else "region_"
        effects = goal.get(f"{prefix}effects", [])
        if side == "region" and effects and not problem.regions:
            raise UnclearError("region effects in a case without regions")
        rows = problem.countries if side == "country" else problem.regions
        entries = goal.get(f"{prefix}indicators", [])
        if not effects:
            return
        scores = scaled_indicators(entries, rows, goal.get("missing", "error"))
        for track, member, year in product(problem.tracks, rows, problem.window):
            amount = Expr()
            for stage, effect in self._effects(effects, track).items():
                worth = effect * scores[member] * problem.weight_of_year(year)
                amount.add(self._persons(side, member, track, year, stage=stage), worth)
            yield Piece({"track": track, side: member, "year": str(year)}, amount, "value")

    def _effects(self, entries: list[dict[str, Any]], track: str) -> dict[str, float]:
        found: dict[str, float] = {}
        for entry in entries:
            filters = self.problem.filters(entry.get("where", {}))
            if not any(self.problem.matches(filters, {"track": t}) for t in self.problem.tracks):
                raise UnclearError("an effect's where matches no track")
            if self.problem.matches(filters, {"track": track}):
                if entry["stage"] in found:
                    raise UnclearError("two effects for one track and stage")
                found[entry["stage"]] = float(entry["effect"])
        return found

    def _persons(self, side: str, member: str, track: str, year: int, *, stage: str) -> Expr:
        """Persons of a country or of a region who reach a stage in a year."""
        problem, flows = self.problem, self.flows
        people: list[Who] = [
            who for who in flows.members(side, track) if flows.who_index(side, who)[side] == member
        ]
        staying = flows.continuing(side, member, track, year)
        if stage == "continue":
            return staying
        renewed = flows.renewals(side, member, track, year)
        result = Expr()
        for who, level in product(people, problem.levels(track)):
            if stage == "enter":
                result.add(flows.newcomers(who, track, level, year))
            elif stage == "present":
                result.add(flows.residents(who, track, level, year))
            elif stage == "complete" or (
                stage == "return" and problem.tracks[track]["returns_home"] == "yes"
            ):
                result.add(flows.completers(who, track, level, year))
        if stage == "return":
            if side == "region":
                raise UnclearError("people who return have left the region margin")
            if problem.tracks[track]["returns_home"] == "yes":
                result.add(staying, -1.0)
        if stage in ("complete", "return") and (
            stage == "complete" or problem.tracks[track]["returns_home"] == "yes"
        ):
            # Who renews neither completes nor goes home.
            result.add(renewed, -1.0)
        return result

    def _score_pieces(self, goal: str) -> Iterator[Piece]:
        """Values of the scores table, per new participant; a row with a region wins there."""
        problem, flows = self.problem, self.flows
        rows = [row for row in problem.rows("scores") if row["goal"] == goal]
        for row in rows:
            if (row["country"], row["track"]) not in flows.reachable:
                raise UnclearError("a score speaks of a pair that is not eligible")
        keys = dict.fromkeys((row["country"], row["track"]) for row in rows)
        for (country, track), year in product(keys, problem.horizon + problem.repeated):
            of_pair = [r for r in rows if (r["country"], r["track"]) == (country, track)]
            by_region = {row.get("region") or "": float(row["value"]) for row in of_pair}
            if len(by_region) != len(of_pair):
                raise UnclearError("two scores for one cell")
            index = {"country": country, "track": track, "year": str(year)}
            everywhere = by_region.pop("", 0.0)
            discount = problem.weight_of_year(year)
            for level in problem.levels(track):
                new = flows.newcomers((country,), track, level, year)
                yield Piece(index, new.scaled(everywhere * discount), "value")
                for region, value in by_region.items():
                    cell = flows.slots(country, track, level, region, year)
                    if cell is not None:
                        more = Expr().add_column(cell, (value - everywhere) * discount)
                        yield Piece(index | {"region": region}, more, "value")

    def _diminished(self, name: str, rule: dict[str, Any]) -> Expr:
        """The sum over groups of the least tangent of each group's raw value."""
        attributes = [self.problem.attribute(by) for by in rule.get("by", [])]
        groups: dict[tuple[str, ...], Expr] = {}
        for piece in self.pieces[name]:
            key = [self.problem.attribute_value(a, piece.index) for a in attributes]
            if rule.get("per", "horizon") == "year":
                key.append(piece.index["year"])
            groups.setdefault(tuple(key), Expr()).add(piece.amount)
        result = Expr()
        self.anyway[name] = 0.0
        for group, raw in groups.items():
            size = self._size(rule, dict(zip(attributes, group, strict=False)))
            offset, start, before = 0.0, 0.0, 0.0
            tangents = []
            for per_unit, factor in rule["breakpoints"]:
                x = per_unit * size
                offset += before * (x - start)
                start, before = x, factor
                tangents.append(Expr(offset - factor * x).add(raw, factor))
            least = self.matrix.least_of("diminished_value", name, *group, parts=tangents)
            if not self.matrix.can_be(raw.terms, raw.constant):
                # Of what nobody can earn nothing is counted.
                for column in least.terms:
                    self.matrix.columns[column].upper = 0.0
            result.add(least)
            self.anyway[name] += min(tangent.constant for tangent in tangents)
        return result

    def _size(self, rule: dict[str, Any], group: dict[Attribute, str]) -> float:
        """What one unit of a group's breakpoints is: an attribute of its members, added up."""
        if "breakpoints_per" not in rule:
            return 1.0
        problem = self.problem
        owner, column = problem.attribute(rule["breakpoints_per"])
        table = {"country": problem.countries, "track": problem.tracks, "region": problem.regions}
        own = {attribute: {value} for attribute, value in group.items() if attribute[0] == owner}
        cells = [
            row[column] for key, row in table[owner].items() if problem.matches(own, {owner: key})
        ]
        if any(not cell or float(cell) < 0 for cell in cells):
            raise UnclearError(f"{column} is blank or below 0")
        return sum(map(float, cells))

    def points(self, scales: dict[str, float]) -> Expr:
        """100 * sum of (weight / sum of |weights|) * value / scale."""
        size = sum(abs(goal["weight"]) for goal in self.goals.values())
        return total(
            self.earned(name).scaled(100.0 * goal["weight"] / size / scales[name])
            for name, goal in self.goals.items()
        )

    def earned(self, goal: str) -> Expr:
        """What a plan adds to what is earned without it."""
        return self.value[goal].scaled(1.0).add(Expr(-self.anyway[goal]))
