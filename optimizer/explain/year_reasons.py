"""Why slots change from one year to the next: what a level year would cost, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan
from typing import Any

from optimizer.explain.asking import CANNOT_BE_HELD, NONE_KEEPS_RULES, Answer, Asking
from optimizer.explain.forbidding import forbidding_facts
from optimizer.explain.reaching import Binding, attributed_in, binding_on
from optimizer.explain.stepping import BY_RELAXATION
from optimizer.explain.wanting import AT_LEAST, AT_MOST, WANTED_SLOTS, Wanted
from optimizer.formulation.row_keys import row_keys
from optimizer.frames import rows_of
from optimizer.persistent.conflict import Conflicts, find_conflicts
from optimizer.schema.rules import RowKey, register
from optimizer.session.origins import origin_of
from optimizer.solver import Watch
from optimizer.solver.matrix import RowName
from optimizer.text.figures import counted, figure

EXPLAINED, OPEN, UNEXPLAINED = "explained", "open", "unexplained"
NOT_SOLVED, LEFT_UNSOLVED = "not solved", "stopped"
"""Statuses of a change."""
LEVEL_YEAR, AS_MANY_BEFORE = "level", "as many before"
"""What is asked instead: the year as the one before, or the one before as the year."""
FROM_CASE = "case"
MOST_TRIED = 3
"""Numbers that are left out one by one."""
ENOUGH = 0.5
"""Part of the cost that must be gone without a number for that to be the reason."""


@dataclass(frozen=True)
class YearChange:
    """Slots of a track, country or region in two years that follow each other."""

    by: str
    key: str
    before: int
    year: int
    was: float
    now: float

    def row(self, status: str) -> dict[str, Any]:
        """A row of the table, of which nothing is known yet."""
        return {
            "by": self.by,
            "key": self.key,
            "year_before": self.before,
            "year": self.year,
            "slots_before": self.was,
            "slots": self.now,
            "change": self.now - self.was,
            **dict.fromkeys(("number", "number_in_other_year"), nan),
            **dict.fromkeys(("cost_points", "cost_without"), nan),
            **dict.fromkeys(("asked", "reason", "address", "title", "source", "basis"), ""),
            "verified": False,
            "status": status,
        }

    def level(self) -> Wanted:
        """The year as the one before."""
        sense = AT_LEAST if self.now < self.was else AT_MOST
        return self._asked(self.year, sense, self.was)

    def as_many_before(self) -> Wanted:
        """The year before as this one."""
        return self._asked(self.before, AT_LEAST, self.now)

    def _asked(self, year: int, sense: str, number: float) -> Wanted:
        where = {self.by: self.key, "year": year}
        said = f"slots[{self.by}={self.key}, year={year}]"
        sign = ">=" if sense == AT_LEAST else "<="
        # The same slots may be asked for by the next change as well.
        name = f"{said} {sign} {figure(number)} ({self.before} to {self.year})"
        return Wanted(said, WANTED_SLOTS, where, sense, number, name=name)


@dataclass
class _Found:
    binding: Sequence[Binding] = ()
    conflicts: Conflicts | None = None


class YearReasons:
    """Finds the reason of one change after the other."""

    def __init__(self, asking: Asking, watch: Watch) -> None:
        self._asking, self._watch = asking, watch

    def of(self, change: YearChange) -> dict[str, Any]:
        """A row of the table: what a level year costs, and why."""
        found = self._reason(change, change.level(), LEVEL_YEAR)
        rises = change.now > change.was
        if not rises or found["status"] != UNEXPLAINED:
            return found
        # What holds a rise back stands in the year before it.
        earlier = self._reason(change, change.as_many_before(), AS_MANY_BEFORE)
        if earlier["status"] in (EXPLAINED, LEFT_UNSOLVED):
            return earlier
        return found

    def _reason(self, change: YearChange, asked: Wanted, what: str) -> dict[str, Any]:
        """What is asked instead, solved: free, against a rule, or at a cost with a reason."""
        seen = _Found()
        answer = self._asking.with_limit(asked.limit, lambda each: self._look(asked, each, seen))
        row = change.row(UNEXPLAINED) | {"asked": what, "basis": BY_RELAXATION}
        if answer.status == CANNOT_BE_HELD:
            return row | self._of_case(asked, answer)
        if answer.status == NONE_KEEPS_RULES:
            return row | self._of_clash(change, asked, seen)
        if not answer.is_known:
            return row | {"status": LEFT_UNSOLVED}
        cost = -self._asking.difference(answer)
        row |= {"cost_points": cost}
        if cost == 0.0:
            return row | {"status": OPEN, "verified": True}
        return row | self._of_number(change, asked, seen.binding, cost)

    def _look(self, asked: Wanted, answer: Answer, seen: _Found) -> None:
        loaded = self._asking.held.loaded
        if answer.status == NONE_KEEPS_RULES:
            seen.conflicts = find_conflicts(loaded, self._watch.for_last_steps(), most=1)
        elif answer.is_known:
            x, prices = self._asking.last, loaded.lp.prices()
            seen.binding = binding_on(loaded, x, prices, asked, attributed_in(loaded, x, asked))

    def _of_case(self, asked: Wanted, answer: Answer) -> dict[str, Any]:
        """A fact of the case that rules it out."""
        instance = self._asking.held.loaded.instance
        sets, where = instance.sets, asked.where
        pairs = sets.pairs[asked.chosen(sets.pairs)]
        known = sets.cohort[["country", "track", "year"]].drop_duplicates()
        here = pairs.merge(known, on=["country", "track", "year"])
        most, source, who = int(here["applicants"].sum()), "applicants.csv", "eligible applicant"
        if len(here) == 1:
            pair = tuple(here[["country", "track", "year"]].iloc[0])
            origin = origin_of(instance, RowKey("cohort_within_applicants", pair))
            source = source if origin is None else origin.in_words()
        if "region" in where:
            sites = sets.sites[asked.chosen(sets.sites)]
            most, source, who = int(sites["max_slots"].sum()), "sites.csv", "place"
        found = {"basis": FROM_CASE, "verified": True, "status": EXPLAINED}
        if 0 < most < asked.number:
            reason = f"{where['year']} has only {counted(most, who)}"
            return found | {"reason": reason, "source": source}
        facts = list(rows_of(forbidding_facts(instance, asked).head(1)))
        if facts and not most:
            return found | {"reason": facts[0].fact, "source": facts[0].source}
        return {"basis": FROM_CASE, "reason": answer.why.splitlines()[-1].strip()}

    def _of_clash(self, change: YearChange, asked: Wanted, seen: _Found) -> dict[str, Any]:
        """Rules that clash with it."""
        found = () if seen.conflicts is None else seen.conflicts.found
        instance = self._asking.held.loaded.instance
        rules = register(instance.extension)
        for conflict in found:
            others = [row for row in conflict.rows if asked.name not in map(str, row.key.index)]
            named = [self._number(change, row.key) for row in others]
            said = [
                f"{rules[row.key.rule].title}: {number['address'] or row.key.rule}"
                for row, number in zip(others, named, strict=True)
            ]
            first = named[0] if named else {}
            return {
                **first,
                "reason": "; ".join(dict.fromkeys(said)),
                "verified": conflict.verified,
                "status": EXPLAINED,
            }
        return {"status": UNEXPLAINED}

    def _of_number(
        self, change: YearChange, asked: Wanted, binding: Sequence[Binding], cost: float
    ) -> dict[str, Any]:
        """A number without which most of the cost is gone."""
        key_of = row_keys(self._asking.held.loaded.instance)
        tried = [each for each in binding if asked.name not in each.number.address]
        tried = [each for each in tried if each.points > 0.0][:MOST_TRIED]
        for each in tried:
            if self._watch.should_stop():
                return {"status": LEFT_UNSOLVED}
            left = self._cost_without(asked, each.rows)
            if left is None or left > (1.0 - ENOUGH) * cost:
                continue
            known = self._number(change, key_of(*each.rows[0]))
            return {
                **known,
                "address": each.number.address,
                "title": each.number.title,
                "source": each.number.source,
                "number": each.number.value,
                "reason": f"{each.number.title}: {each.number.address}",
                "cost_without": left,
                "verified": True,
                "status": EXPLAINED,
            }
        return {"status": UNEXPLAINED}

    def _cost_without(self, asked: Wanted, rows: Sequence[RowName]) -> float | None:
        """What is asked costs so much where some rows limit nothing."""
        free = self._asking.without(rows)
        held = self._asking.held
        try:
            asked.hold(held)
            forced = self._asking.without(rows)
        finally:
            if self._asking.held is held:
                held.drop(asked.name)
        if not (free.is_known and forced.is_known):
            return None
        cost = free.points - forced.points
        return 0.0 if cost <= self._asking.least else cost

    def _number(self, change: YearChange, key: RowKey) -> dict[str, Any]:
        """The number of a row, and that of the other year where it has one of its own."""
        instance = self._asking.held.loaded.instance
        origin = origin_of(instance, key)
        if origin is None:
            return {"address": "", "source": "", "number": nan, "number_in_other_year": nan}
        other = {change.before: change.year, change.year: change.before}
        index = tuple(other.get(at, at) if isinstance(at, int) else at for at in key.index)
        is_of_year = key.rule not in ("commitment_at_least", "commitment_at_most")
        moved = origin_of(instance, RowKey(key.rule, index)) if is_of_year else None
        return {
            "address": origin.address,
            "title": register(instance.extension)[key.rule].title,
            "source": origin.in_words(),
            "number": nan if origin.value is None else origin.value,
            "number_in_other_year": nan
            if moved is None or moved.value is None or moved.address == origin.address
            else moved.value,
        }
