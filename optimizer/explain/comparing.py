"""Runs, plans, policies or cases compared: inputs first, then what came out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from optimizer.case import Case
from optimizer.errors import OptimizerError
from optimizer.errors.arguments import typed
from optimizer.explain.comparison_charts import can_be_mapped, difference_map, dumbbells
from optimizer.explain.comparison_page import comparison_page
from optimizer.explain.comparison_words import (
    culprits_in_words,
    inputs_in_words,
    plans_in_words,
    side_in_words,
)
from optimizer.explain.completing_sides import called, completed, sides_solved
from optimizer.explain.culprits import Culprits, culprits_among
from optimizer.explain.differences import Difference
from optimizer.explain.fairness_differences import FAIRNESS_OF_GROUPS
from optimizer.explain.result_differences import (
    Footing,
    compared_plans,
    footing_of,
    no_rows,
    slot_groups,
)
from optimizer.explain.sides import (
    NO_PLAN_AT_ALL,
    STOPPED,
    Side,
    input_differences,
    named_apart,
    side_of,
)
from optimizer.frames.memory import Memory
from optimizer.plan import Plan
from optimizer.plan.provenance import versions
from optimizer.policy import Policy
from optimizer.report.answers import place_for_page, write_answer
from optimizer.result import Result
from optimizer.result.charts import drawing, not_among
from optimizer.runs.loading import Run
from optimizer.session.solving import check_options
from optimizer.solver import Progress, Watch

DRAWN_PARTS = ("slots", "spending", "goal", FAIRNESS_OF_GROUPS)
"""Parts of which dumbbells are drawn."""
MAP = "map"


@dataclass(frozen=True, repr=False, eq=False)
class Comparison(Result):
    """What differs between a first input and each of the others; tables are given as copies.

    Attributes
    ----------
    answer
        A row for each figure of two plans: side (the other), part, by, key, unit, before (of the
        first), after, difference, status (``more``, ``fewer``, ``same``, ``only before``, ``only
        after``), within_gap. Parts are ``points``, ``points_held`` (in the question of the first),
        ``goal_raw``, ``goal_scaled``, ``goal_points``, ``slots``, ``spending``, ``agreements``,
        ``fairness`` (by index), ``fairness_groups`` (by division: what each unit of need gets).
        Empty where there are no two plans.
    tables
        ``sides``: side, policy, case, status, points, bound, gap; ``inputs``: side, kind, address,
        before, after, before_at, after_at, status, counts (whether it can change which plans
        there are, or their points);
        ``reasons``: side, address, before, after, status, verified, is_minimal, of differences
        that leave no plan.
    sentences
        The same in words.
    sides
        What is compared, the first one first.
    interrupted
        Whether Ctrl-C ended it: sides that were not solved by then are ``stopped``.
    is_complete
        Whether there was time to solve every side, and to find out why one has no plan.
    """

    answer: pd.DataFrame
    tables: Mapping[str, pd.DataFrame]
    sentences: tuple[str, ...]
    provenance: Mapping[str, Any]
    sides: tuple[Side, ...] = field(default=())
    interrupted: bool = False
    is_complete: bool = True

    def __repr__(self) -> str:
        return f"<comparison of {', '.join(side.name for side in self.sides)}>"

    @property
    def table(self) -> pd.DataFrame:
        """A row for each figure of two plans."""
        return self.answer

    def in_words(self) -> list[str]:
        """Inputs, then results, of each side against the first."""
        return list(self.sentences)

    @property
    def charts(self) -> list[str]:
        """Names of the charts that there are."""
        answer = self.answer
        known = [
            f"{part}: {by}"
            for part, by in dict.fromkeys(zip(answer["part"], answer["by"], strict=True))
            if by and part.startswith(DRAWN_PARTS) and (part, by) != ("spending", "line, year")
        ]
        return [*known, *([MAP] if can_be_mapped(self.sides[0].case, answer) else [])]

    @typed
    def chart(self, name: str = "") -> Any:
        """Draw a part of the comparison with Altair.

        Parameters
        ----------
        name
            One of ``charts``: dumbbells such as ``slots: country``, or ``map``; the first
            without it.

        Raises
        ------
        OptimizerError
            If there is no chart of that name, or the extra ``notebook`` is not installed.
        """
        known = self.charts
        if not known:
            raise OptimizerError("there are no two plans to draw")
        wanted = name or known[0]
        if wanted not in known:
            raise not_among(known, wanted, "a comparison has no chart")
        with drawing():
            case = self.sides[0].case
            if wanted == MAP and case is not None:
                return difference_map(self.answer, case)
            part, _, by = wanted.partition(": ")
            return dumbbells(self.answer, self.sides[0].name, part, by)

    @typed
    def to_html(self, path: str | Path) -> Path:
        """Write the comparison as one page that loads nothing; an older one is replaced.

        Raises
        ------
        TargetError
            If something else is there, or it cannot be written.
        """
        place = place_for_page(Path(path))
        drawings = {name: partial(self.chart, name) for name in self.charts}
        page = comparison_page(self.sides, self.answer, self.tables, self.sentences, drawings)
        return write_answer(page, place)


@typed
def compare(
    one: Side | Run | Plan | Policy | Case | str | Path,
    other: Side | Run | Plan | Policy | Case | str | Path,
    *more: Side | Run | Plan | Policy | Case | str | Path,
    policy: Policy | str | Path | None = None,
    case: Case | str | Path | None = None,
    names: Sequence[str] | None = None,
    by: Sequence[str] | None = None,
    gap: float | None = None,
    time_limit: float | None = None,
    report: Callable[[Progress], None] | None = None,
    started: float | None = None,
) -> Comparison:
    """Say what differs between inputs, and then between the plans made of them.

    Parameters
    ----------
    one
        What all others are compared with: a run or its folder, a plan, a policy, a case, or a
        path of one of these.
    other, more
        What is compared with it.
    policy, case
        For cases, the policy, and for policies, the case, with which a plan is solved for each of
        them; all but the first take the scales of the first.
    names
        What each of them is called; as its file or folder without it.
    by
        Keys by which slots are added up: ``country``, ``track``, ``level``, ``region``, ``year``,
        or several with commas, as in ``country,track``. Each by itself without it.
    gap, time_limit, report, started
        As in :func:`optimizer.solve`, the time limit for everything.

    Returns
    -------
    Comparison
        Where one input has a plan and the other has none, it names a smallest set of differences
        that is the reason, each statement solved again.

    Raises
    ------
    InputError, PolicyError
        If an input is wrong.
    OptimizerError
        If what is given cannot be compared, custom rules of a plan are missing, or slots have no
        such key.
    """
    check_options(gap, time_limit, started)
    watch = Watch.since(started, time_limit, report)
    given = (one, other, *more)
    memory = Memory()
    sides = named_apart([side_of(each, memory) for each in given], given)
    if names is not None:
        sides = called(sides, names)
    if policy is not None or case is not None:
        sides = sides_solved(completed(sides, policy, case), watch, gap)
    found = [_Pair(sides[0], side, watch, by, memory) for side in sides[1:]]
    return Comparison(
        answer=_stacked([pair.rows for pair in found]),
        tables={
            "sides": _side_table(sides),
            "inputs": pd.concat([_input_table(pair) for pair in found], ignore_index=True),
            "reasons": pd.concat([_reason_table(pair) for pair in found], ignore_index=True),
        },
        sentences=tuple(sentence for pair in found for sentence in pair.in_words()),
        provenance=_provenance(sides, by, gap),
        sides=tuple(sides),
        interrupted=watch.interrupted,
        is_complete=not any(side.status == STOPPED for side in sides)
        and not (watch.timed_out and any(pair.is_open for pair in found)),
    )


class _Pair:
    """Two sides, with all that differs between them."""

    def __init__(
        self, one: Side, other: Side, watch: Watch, by: Sequence[str] | None, memory: Memory
    ) -> None:
        self.one, self.other = one, other
        self.inputs: list[Difference] = input_differences(one, other)
        self.culprits = self._culprits(watch)
        self.footing: Footing | None = None
        self.rows = no_rows()
        if one.plan is not None and other.plan is not None:
            groups = slot_groups([one.plan, other.plan], by)
            self.footing = footing_of(one, other, memory)
            self.rows = compared_plans(one, other, self.footing, groups)

    def _culprits(self, watch: Watch) -> Culprits | None:
        """Why one of the two has no plan, where the other has one."""
        sides = self.one, self.other
        lacking = [side for side in sides if side.status == NO_PLAN_AT_ALL]
        having = [side for side in sides if side.plan is not None]
        if len(lacking) != 1 or len(having) != 1 or having[0].facts["custom rules"].words:
            return None
        has, lacks = having[0], lacking[0]
        if has.policy is None or has.case is None or lacks.policy is None or lacks.case is None:
            return None
        differences = self.inputs if has is self.one else [_turned(each) for each in self.inputs]
        with watch.listening():
            found = culprits_among(
                has.policy, has.case, (lacks.policy, lacks.case), differences, watch
            )
        if has is self.one:
            return found
        return replace(found, found=tuple(map(_turned, found.found)))

    @property
    def is_open(self) -> bool:
        """Whether it stayed open why one of the two has no plan."""
        return self.culprits is not None and not self.culprits.verified

    def in_words(self) -> list[str]:
        one, other = self.one, self.other
        lines = [f"{side_in_words(other)} compared with {side_in_words(one)}."]
        lines += inputs_in_words(one, other, self.inputs)
        if self.culprits is not None:
            lines += culprits_in_words(one, other, self.culprits)
        if self.footing is not None:
            lines += plans_in_words(one, other, self.rows, self.footing)
        return lines


def _turned(difference: Difference) -> Difference:
    """The same difference seen from the other side."""
    return replace(
        difference,
        before=difference.after,
        after=difference.before,
        before_at=difference.after_at,
        after_at=difference.before_at,
    )


def _stacked(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    some = [table for table in tables if len(table)]
    return pd.concat(some, ignore_index=True) if some else no_rows()


def _side_table(sides: Sequence[Side]) -> pd.DataFrame:
    plans = [side.plan for side in sides]
    numbers = {
        name: pd.Series(
            [None if plan is None else getattr(plan, field) for plan in plans], dtype="float64"
        )
        for name, field in (("points", "objective"), ("bound", "bound"), ("gap", "gap"))
    }
    return pd.DataFrame(
        {
            "side": pd.Series([side.name for side in sides], dtype="str"),
            "policy": pd.Series([side.policy.name if side.policy else "" for side in sides]),
            "case": pd.Series([side.case.name if side.case else "" for side in sides]),
            "status": pd.Series([side.status for side in sides], dtype="str"),
            **numbers,
        }
    )


def _input_table(pair: _Pair) -> pd.DataFrame:
    return _table_of(
        pair,
        pair.inputs,
        {
            "before_at": [each.before_at for each in pair.inputs],
            "after_at": [each.after_at for each in pair.inputs],
            "counts": [each.counts for each in pair.inputs],
        },
    )


def _reason_table(pair: _Pair) -> pd.DataFrame:
    culprits = pair.culprits
    found = () if culprits is None else culprits.found
    return _table_of(
        pair,
        found,
        {
            "verified": [culprits is not None and culprits.verified for _ in found],
            "is_minimal": [culprits is not None and culprits.is_minimal for _ in found],
        },
    )


def _table_of(
    pair: _Pair, found: Sequence[Difference], more: Mapping[str, list[Any]]
) -> pd.DataFrame:
    texts = [each.texts() for each in found]
    status = [
        "only after" if each.before is None else "only before" if each.after is None else "changed"
        for each in found
    ]
    columns = {
        "side": [pair.other.name] * len(found),
        "kind": [each.kind for each in found],
        "address": [each.address for each in found],
        "before": [before for before, _ in texts],
        "after": [after for _, after in texts],
        "status": status,
    }
    table = {name: pd.Series(cells, dtype="str") for name, cells in columns.items()}
    for name, cells in more.items():
        kind = "str" if name.endswith("_at") else "bool"
        table[name] = pd.Series(cells, dtype=kind)
    return pd.DataFrame(table)


def _provenance(
    sides: Sequence[Side], by: Sequence[str] | None, gap: float | None
) -> dict[str, Any]:
    """What the comparison was made of."""
    return {
        "sides": [
            {
                "name": side.name,
                "policy_hash": None if side.policy is None else side.policy.hash,
                "case_hashes": None if side.case is None else dict(side.case.hashes),
                "scales": None if side.plan is None else dict(side.plan.provenance["scales"]),
            }
            for side in sides
        ],
        "by": None if by is None else list(by),
        "gap_asked": gap,
        "versions": versions(),
    }
