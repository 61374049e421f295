"""Repairs as tables: what each number alone would have to be, and the changes of each repair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from optimizer.explain.in_hand import proven_bound
from optimizer.explain.levers import Lever
from optimizer.explain.searching import Repair, RepairSearch
from optimizer.persistent.conflict import Conflicts
from optimizer.plan import Plan


@dataclass(frozen=True)
class Alone:
    """What a number would have to become by itself; ``after`` is ``None`` where nothing helps.

    Attributes
    ----------
    why_open
        Why that is not proven; blank where it is.
    is_before_another
        Whether nothing helps because other rules clash even without the number.
    """

    conflict: int
    address: str
    title: str
    before: float
    after: float | None
    cost: float
    why_open: str
    is_before_another: bool

    @property
    def status(self) -> str:
        """``alone`` and ``not alone`` where that is proven; otherwise ``enough`` and ``open``."""
        if self.after is None:
            return "open" if self.why_open else "not alone"
        return "enough" if self.why_open else "alone"


def alone_in(search: RepairSearch, found: Conflicts) -> list[Alone]:
    """What each number of each conflict would have to become by itself."""
    told = []
    for number, conflict in enumerate(found.found, start=1):
        for lever in search.levers_in(conflict):
            nearest = search.alone(lever, conflict)
            after = nearest.after
            another = after is None and search.has_another_conflict(lever, conflict)
            told.append(
                Alone(
                    conflict=number,
                    address=lever.address,
                    title=lever.title,
                    before=lever.value,
                    after=after,
                    cost=float("nan") if after is None else lever.cost(after),
                    # A number without which other rules clash is no open question.
                    why_open="" if another else nearest.why_open,
                    is_before_another=another,
                )
            )
    return told


def alone_table(alone: Sequence[Alone]) -> pd.DataFrame:
    """The same as a table, with a column for each of these and for the status."""
    return pd.DataFrame(
        {
            "conflict": pd.Series([each.conflict for each in alone], dtype="int64"),
            "address": pd.Series([each.address for each in alone], dtype="str"),
            "title": pd.Series([each.title for each in alone], dtype="str"),
            "before": pd.Series([each.before for each in alone], dtype="float64"),
            "after": pd.Series([each.after for each in alone], dtype="float64"),
            "cost": pd.Series([each.cost for each in alone], dtype="float64"),
            "status": pd.Series([each.status for each in alone], dtype="str"),
            "why_open": pd.Series([each.why_open for each in alone], dtype="str"),
            "another": pd.Series([each.is_before_another for each in alone], dtype="bool"),
        }
    )


def repair_table(repairs: Sequence[Repair], levers: Mapping[str, Lever]) -> pd.DataFrame:
    """A row for each change of each repair, repairs numbered from 1."""
    plans = [each.plan for each in repairs if each.plan is not None]
    best = max((plan for plan in plans), key=lambda plan: plan.objective, default=None)
    rows = [
        {
            "repair": number,
            "address": address,
            "before": levers[address].value,
            "after": after,
            "change_percent": _percent(levers[address], after),
            "is_share": levers[address].is_share,
            "cost": levers[address].cost(after),
            "kinds": ", ".join(each.kinds),
            "numbers": len(each.changes),
            "total_cost": each.cost,
            "points": float("nan") if each.plan is None else each.plan.objective,
            "gap": float("nan") if each.plan is None else each.plan.gap,
            "within_gap": _is_within_gap(each.plan, best),
            "verified": each.plan is not None,
            "status": "stopped" if each.plan is None else each.plan.status,
        }
        for number, each in enumerate(repairs, start=1)
        for address, after in each.changes.items()
    ]
    types = {
        "repair": "int64",
        **dict.fromkeys(("address", "kinds", "status"), "str"),
        **dict.fromkeys(
            ("before", "after", "change_percent", "cost", "total_cost", "points", "gap"), "float64"
        ),
        **dict.fromkeys(("is_share", "within_gap", "verified"), "bool"),
        "numbers": "int64",
    }
    return pd.DataFrame(
        {name: pd.Series([row[name] for row in rows], dtype=types[name]) for name in _ORDER}
    )


_ORDER = (
    *("repair", "address", "before", "after", "change_percent", "is_share", "cost", "kinds"),
    *("numbers", "total_cost", "points", "gap", "within_gap", "verified", "status"),
)


def _percent(lever: Lever, after: float) -> float:
    """Change in percent, or in percentage points of a share."""
    base = 1.0 if lever.is_share else abs(lever.value)
    return 100.0 * (after - lever.value) / base if base else float("nan")


def _is_within_gap(plan: Plan | None, best: Plan | None) -> bool:
    """Whether a plan has fewer points than the best by no more than the gaps leave open."""
    if plan is None or best is None or plan is best:
        return False
    return proven_bound(plan) >= best.objective
