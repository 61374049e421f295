"""Rules that cannot all be kept: a smallest set of them, then of their rows, each set verified.

Numbers that somebody chose and facts of the case can clash; what ties decisions together and what
adds up accounts is taken for granted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Set
from dataclasses import dataclass, field
from itertools import islice

import numpy as np

from optimizer.formulation.row_keys import row_keys
from optimizer.persistent.loaded import LoadedModel
from optimizer.persistent.roles import roles_of
from optimizer.schema.rules import LIMIT_RULES, RowKey, register
from optimizer.solver.elastic import Elastic, Given
from optimizer.solver.feasibility import Feasibility, left_out
from optimizer.solver.matrix import Matrix
from optimizer.solver.subsets import minimal_subset
from optimizer.solver.watch import Watch

QUESTION_NODES = 2_000
"""Nodes of branch and bound for one question of whole decisions."""
WHOLE_UP_TO = 100_000
"""Coefficients up to which it is asked again and again whether there is a solution in whole
numbers: on the Japan case, with more than twice as many, one such question takes minutes."""
MOST_CONFLICTS = 5
"""Conflicts that are looked for one after the other."""
PER_FLOOR = "support_reaches_floor"
"""Rule whose rows belong to the floors of the policy, numbered last in their keys."""

NOTHING_WHOLE, WHOLE_DECISIONS, WHOLE_PEOPLE = "relaxation", "decisions", "everything"
"""What must be whole for rules to clash: nothing, agreements and the like, or people as well."""

CLASHING_KINDS = ("limit", "fact")
"""Kinds of rules among which conflicts are looked for first; what ties decisions together comes
in where these alone are not to blame."""

RulePart = tuple[object, ...]
"""One rule: a side of a limit, a floor of support, or a rule of the register."""


@dataclass(frozen=True)
class ClashingRow:
    """A row of a conflict.

    Attributes
    ----------
    row
        Its position in the matrix.
    number, sense
        What must be kept: ``at_least``, ``at_most`` or ``equal_to`` the number, as the limit or
        the table has it.
    """

    key: RowKey
    row: int
    number: float
    sense: str


@dataclass(frozen=True)
class Conflict:
    """Rules that cannot all be kept.

    Attributes
    ----------
    rows
        Rows that clash, rule by rule.
    numbers
        Positions of all rows of their numbers, which take part in no other conflict.
    within
        What must be whole for them to clash: nothing (``relaxation``), agreements, active tracks
        and expansion (``decisions``), or people as well (``everything``).
    is_minimal
        Whether solving once more confirmed that there is a solution without any one of the rows,
        and without any one of the rules.
    verified
        Whether solving once more confirmed that there is none with all of them.
    """

    rows: tuple[ClashingRow, ...]
    numbers: frozenset[int]
    within: str
    is_minimal: bool
    verified: bool

    @property
    def parts(self) -> tuple[RulePart, ...]:
        """The rules that clash."""
        return tuple(dict.fromkeys(rule_part_of(each.key) for each in self.rows))


@dataclass(frozen=True)
class Conflicts:
    """Conflicts of a model that have no number in common.

    Attributes
    ----------
    found
        The conflicts, in the order in which they were found.
    has_plan
        Whether there is a plan once they are resolved; ``None`` where that stayed open.
    asked
        The relaxation as it was asked last, to ask on.
    """

    found: tuple[Conflict, ...]
    has_plan: bool | None
    asked: Feasibility | None = field(default=None, repr=False, compare=False)

    @property
    def is_complete(self) -> bool:
        """Whether it is known that nothing clashes beside them."""
        return self.has_plan is True

    @property
    def is_proven(self) -> bool:
        """Whether it is proven that no plan keeps every rule."""
        none_to_blame = not self.found and self.has_plan is False
        return none_to_blame or any(each.verified for each in self.found)


def rule_part_of(key: RowKey) -> RulePart:
    """The rule that a row belongs to, as a planner knows it."""
    if key.rule in LIMIT_RULES:
        return key.rule, key.index[0]
    return (key.rule, key.index[-1]) if key.rule == PER_FLOOR else (key.rule,)


def can_be_asked_whole(matrix: Matrix) -> bool:
    """Whether a model is small enough to ask for whole numbers again and again."""
    return bool(matrix.a.nnz <= WHOLE_UP_TO)


def find_conflicts(
    model: LoadedModel, watch: Watch, *, nodes: int = QUESTION_NODES, most: int = MOST_CONFLICTS
) -> Conflicts:
    """Find rules that clash in a model without a plan, one conflict after the other.

    A number that is part of one conflict takes part in no other: all rows of a limit or a floor,
    and single rows of other rules.

    Parameters
    ----------
    nodes
        Nodes of branch and bound for each question of whole decisions; what stays open then leaves
        a conflict not proven minimal.
    most
        Conflicts after which no more are looked for.
    """
    search = _ConflictSearch(model, watch, nodes)
    found = list(islice(search.all(), most))
    return Conflicts(tuple(found), search.has_plan, search.relaxation)


class _ConflictSearch:
    def __init__(self, model: LoadedModel, watch: Watch, nodes: int) -> None:
        self._model, self._watch, self._nodes = model, watch, nodes
        matrix, rules = model.matrix, register(model.instance.extension)
        sided = np.isfinite(matrix.row_lower) | np.isfinite(matrix.row_upper)
        key_of = row_keys(model.instance)
        self._keys = {
            row: key_of(*matrix.rows[row])
            for row in np.flatnonzero(sided).tolist()
            if matrix.rows[row][0] in rules
        }
        self._kinds = {row: rules[key.rule].kind for row, key in self._keys.items()}
        self._free: set[int] = set()
        self.has_plan: bool | None = None
        nothing = np.zeros_like(matrix.integral)
        self.relaxation = Feasibility(matrix, nothing, model.options)
        self._take_candidates(*CLASHING_KINDS)

    def _take_candidates(self, *kinds: str) -> None:
        """Look for conflicts among the rules of these kinds."""
        wanted = [row for row, kind in self._kinds.items() if kind in kinds]
        self._candidates = frozenset(wanted)
        self._elastic: Elastic | None = None

    def all(self) -> Iterator[Conflict]:
        """Conflicts one after the other; their numbers are set free in between.

        In a large model conflicts that need whole numbers are looked for only where there is no
        other one.
        """
        for stage in (NOTHING_WHOLE, WHOLE_DECISIONS, WHOLE_PEOPLE):
            asked = self._asked_of(stage)
            if asked is not None and self.has_plan:
                # Where more must be whole, it is open again.
                self.has_plan = None
            if stage != NOTHING_WHOLE and self._free and not can_be_asked_whole(self._model.matrix):
                return
            while asked is not None and not self._watch.should_stop():
                is_first = stage == NOTHING_WHOLE
                rows = self._in_relaxation(asked) if is_first else self._by_leaving_out(asked)
                if not rows:
                    break
                conflict, fewer = self._conflict(stage, rows, asked)
                while fewer and is_first and not self._watch.should_stop():
                    # Other rows of some of these rules clash as well, so that one rule less does.
                    rows = self._within(fewer)
                    conflict, fewer = self._conflict(stage, rows, asked)
                if is_first and not conflict.verified and not self._watch.should_stop():
                    # Duals have misled: numbers of very different size stand in one rule.
                    rows = self._by_leaving_out(asked)
                    conflict = self._conflict(stage, rows, asked)[0] if rows else conflict
                self.has_plan = None
                yield conflict
                self._free |= conflict.numbers

    def _asked_of(self, stage: str) -> Feasibility | None:
        """What is asked whether there is a solution; ``None`` if the stage is that of before."""
        if stage == NOTHING_WHOLE:
            return self.relaxation
        model, matrix = self._model, self._model.matrix
        decided = np.zeros(len(matrix.cost), dtype=bool)
        decided[roles_of(model.instance, matrix).staged] = True
        if stage == WHOLE_DECISIONS and not (decided.any() and (decided != matrix.integral).any()):
            return None
        if not matrix.integral.any():
            return None
        whole = decided if stage == WHOLE_DECISIONS else matrix.integral
        return Feasibility(matrix, whole, model.whole_options, self._nodes)

    def _in_relaxation(self, asked: Feasibility) -> list[int]:
        """Rows that clash although nothing must be whole, none of which can be left out."""
        answer = asked.without(self._free, self._watch)
        if answer is True:
            self.has_plan = True
            return []
        if answer is False:
            some = self._candidates.intersection(asked.to_blame(self._free, self._watch))
            if some:
                return self._within(some)
        given = self._given_way()
        if given.status == "infeasible" and not self._free:
            self._take_candidates(*CLASHING_KINDS, "link")
            given = self._given_way()
        self.has_plan = {"kept": True, "infeasible": False}.get(given.status)
        if given.status != "clashing":
            return []
        return self._within(set(given.to_blame))

    def _given_way(self) -> Given:
        """Which candidates give way, at least price: where the simplex had no proof that tells."""
        if self._elastic is None:
            model, rows = self._model, np.array(sorted(self._candidates), dtype=np.int64)
            self._elastic = Elastic(model.matrix, rows, model.options)
        return self._elastic.run(self._free, self._watch)

    def _within(self, some: Set[int]) -> list[int]:
        """Rows among some that clash, none of which can be left out: first rule by rule.

        They are asked in a model of their own, in which no other candidate limits anything.
        """
        matrix, options = self._model.matrix, self._model.options
        others = left_out(matrix, self._candidates - some)
        elastic = Elastic(others, np.array(sorted(some), dtype=np.int64), options)

        def blamed(rows: Set[int]) -> set[int]:
            return set(elastic.run(some - rows, self._watch).to_blame) if rows else set()

        rows = blamed(some) or set(some)
        for part in self._facts_first({rule_part_of(self._keys[row]) for row in rows}):
            rows = blamed({row for row in rows if rule_part_of(self._keys[row]) != part}) or rows
        for row in sorted(rows):
            if row in rows:
                rows = blamed(rows - {row}) or rows
        return sorted(rows)

    def _facts_first(self, parts: Collection[RulePart]) -> list[RulePart]:
        """Rules in the order in which they are left out: rather facts than what was chosen."""
        kinds = {rule_part_of(key): self._kinds[row] for row, key in self._keys.items()}
        return sorted(parts, key=lambda part: (kinds[part] == "limit", str(part)))

    def _by_leaving_out(self, asked: Feasibility) -> list[int]:
        """Rows that clash, found without duals: what must be whole has none."""
        there_is = asked.without(self._free, self._watch)
        if there_is is not None:
            self.has_plan = there_is
        if there_is is not False:
            return []

        def clash(rows: Collection[int]) -> bool:
            return asked.without(self._candidates - set(rows), self._watch) is False

        left = self._candidates - self._free
        parts = list(reversed(self._facts_first({rule_part_of(self._keys[row]) for row in left})))
        found = minimal_subset(parts, lambda some: clash(self._rows_of(set(some))))
        return minimal_subset(sorted(self._rows_of(set(found))), clash)

    def _rows_of(self, parts: Collection[RulePart]) -> set[int]:
        """Rows of rules that are not free."""
        return {
            row for row in self._candidates - self._free if rule_part_of(self._keys[row]) in parts
        }

    def _conflict(
        self, stage: str, rows: list[int], asked: Feasibility
    ) -> tuple[Conflict, set[int]]:
        """Ask once more whether the rows clash, and whether none of them can be left out.

        With all rows of one rule less, where these clash nevertheless.
        """
        kept, parts = set(rows), {rule_part_of(self._keys[row]) for row in rows}

        def is_kept(some: set[int]) -> bool | None:
            return asked.without(self._candidates - some, self._watch)

        smaller = [kept - {row} for row in rows]
        rules = [self._rows_of(parts - {part}) for part in self._facts_first(parts)]
        clash = is_kept(kept) is False
        answers = [is_kept(some) for some in (*smaller, *rules)]
        is_minimal = all(answer is True for answer in answers)
        of_rules = zip(rules, answers[len(smaller) :], strict=True)
        fewer = next((some for some, answer in of_rules if answer is False), set[int]())
        told = sorted((self._told(row) for row in rows), key=lambda each: rule_part_of(each.key))
        found = Conflict(tuple(told), self._numbers_of(rows), stage, is_minimal, clash)
        return found, fewer

    def _told(self, row: int) -> ClashingRow:
        matrix, key = self._model.matrix, self._keys[row]
        lower, upper = float(matrix.row_lower[row]), float(matrix.row_upper[row])
        sense = "equal_to" if lower == upper else "at_most" if np.isfinite(upper) else "at_least"
        limits = {limit.name: limit for limit in self._model.instance.limits}
        # A row of a limit on a goal's value is counted beside what is earned anyway.
        beside = limits[key.index[0]].anyway if key.rule in LIMIT_RULES else 0.0
        return ClashingRow(key, row, float(matrix.numbers()[row]) + beside, sense)

    def _numbers_of(self, rows: Collection[int]) -> frozenset[int]:
        """Rows of the same numbers: all of a limit or a floor, and of other rules these alone."""
        shared = {
            rule_part_of(self._keys[row])
            for row in rows
            if self._keys[row].rule in (*LIMIT_RULES, PER_FLOOR)
        }
        return frozenset(rows) | self._rows_of(shared)
