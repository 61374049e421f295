"""What stands beside the tables of a plan: the map, how fairly it divides, what it is to whom."""

from __future__ import annotations

from math import isfinite
from typing import Any

import pandas as pd

from optimizer.explain.in_hand import searched_for_points
from optimizer.frames import rows_of
from optimizer.plan import Plan
from optimizer.plan.fair_shares import measured_per
from optimizer.plan.to_stakeholders import TO_EACH_STAKEHOLDER, stakeholders_of
from optimizer.policy import Fairness
from optimizer.report import figures
from optimizer.report.material import Material
from optimizer.report.stakeholders import (
    HOW_COUNTED,
    POINT_DIGITS,
    WHERE_BESTS_ARE_FOUND,
    points_shown,
    to_each_stakeholder,
)
from optimizer.report.tiles import grid_of
from optimizer.text.figures import figure

_DIGITS = 3
WITHIN_GAPS = "within the gaps"


def map_document(now: Material, before: Material | None) -> dict[str, Any] | None:
    """Tiles of the regions with their slots; ``None`` where the case places none.

    Parameters
    ----------
    before
        The plan that it is compared with; ``None`` where none is kept.
    """
    grid = grid_of(now.case.table("regions")) if now.has_regions else None
    if grid is None:
        return None
    slots = _by_region(now)
    old = None if before is None else _by_region(before)
    tiles = [
        {
            "key": region,
            "name": grid.name[region],
            "label": grid.label[region],
            "row": row,
            "column": column,
            "value": slots.get(region, 0),
            "before": None if old is None else old.get(region, 0),
        }
        for region, (row, column) in grid.place.items()
    ]
    title = "Map: slots by region"
    return {"title": title, "rows": grid.rows, "columns": grid.columns, "tiles": tiles}


def _by_region(material: Material) -> dict[str, int]:
    slots = material.slots.groupby("region", observed=True)["slots"].sum()
    return {str(region): round(count) for region, count in slots.items()}


def fairness_document(now: Material, before: Material | None) -> list[dict[str, Any]]:
    """Every division that the policy names, with the figures of plan A where it has them."""
    named = now.table("fairness_groups").set_index(["fairness", "group"])["called"]
    old = {}
    if before is not None:
        old = {row.fairness: row.gini for row in rows_of(before.table("fairness"))}
    found = []
    rows = rows_of(now.table("fairness"))
    for division, row in zip(now.policy.fairness, rows, strict=True):
        what, per = measured_per(row)

        def at(rate: float, group: str, division: Fairness = division, per: float = per) -> str:
            called = named[division.name, group]
            return f"{figure(rate * per, _DIGITS)} ({_group_name(now, division, called)})"

        found.append(
            {
                "name": figures.sentence(division.name),
                "what": what,
                "gini": _plain(row.gini),
                "elsewhere": _plain(row.hoover),
                "lowest": at(row.lowest_rate, row.lowest_group),
                "highest": at(row.highest_rate, row.highest_group),
                "before": _plain(old.get(row.fairness)),
            }
        )
    return found


def _plain(value: float | None) -> float | None:
    return None if value is None or not isfinite(value) else float(value)


def _group_name(material: Material, division: Fairness, called: str) -> str:
    """Name of a group; that of a country, track or region where it is one."""
    column = division.by[0].rpartition(".")[2]
    is_key = len(division.by) == 1 and column in ("country", "track", "region")
    return material.names.of(column, called) if is_key else called


def stakeholders_document(now: Material, before: Material | None) -> dict[str, Any] | None:
    """What the plan is to everybody who weighs the goals; ``None`` where the policy names nobody.

    The points of plan A are those that the weights and scales of now give its goals.
    """
    if not now.policy.stakeholders:
        return None
    old = None if before is None else _to_each_before(now, before)
    rows = []
    for each in to_each_stakeholder(now):
        row: dict[str, Any] = {
            "name": each.called,
            "weighs": each.weighs,
            "points": each.points,
            "of_best": each.of_best,
            "before": None,
            "change": None,
            "sure": True,
        }
        if before is not None and old is not None:
            words, is_sure = change_in_points(
                each.value, old[each.name], (now.plan, before.plan), POINT_DIGITS
            )
            row["before"] = points_shown(old[each.name])
            row["change"] = words if is_sure else f"{words}: {WITHIN_GAPS}"
            row["sure"] = is_sure
        rows.append(row)
    has_bests = any(row["of_best"] is not None for row in rows)
    notes = [HOW_COUNTED] if has_bests else [HOW_COUNTED, WHERE_BESTS_ARE_FOUND]
    return {"title": TO_EACH_STAKEHOLDER, "rows": rows, "notes": notes}


def _to_each_before(now: Material, before: Material) -> dict[str, float] | None:
    """Points of plan A by stakeholder; ``None`` where it has no value of a goal that is weighed."""
    goals = now.plan.tables["goals"][["goal", "scale"]]
    then = before.plan.tables["goals"][["goal", "raw"]]
    both = pd.merge(goals, then, on="goal", how="left", validate="one_to_one")
    if both["raw"].isna().any():
        return None
    rows = rows_of(stakeholders_of(now.policy, both))
    return {row.stakeholder: float(row.value_points) for row in rows}


def change_in_points(
    now: float, before: float, plans: tuple[Plan, Plan], digits: int
) -> tuple[str, bool]:
    """Difference in points as it is shown, and whether it is more than the gaps leave open.

    Parameters
    ----------
    plans
        Those that have so many, whose gaps count.
    digits
        Decimals that are shown: what they do not show is the same.
    """
    change = now - before
    left = sum(map(_left_open, plans))
    if left + abs(change) < 0.5 * 10.0**-digits:
        return "same", True
    is_sure = abs(change) > left + 1e-9 * max(1.0, abs(before))
    return figures.minus_sign(f"{change:+,.{digits}f}"), is_sure


def _left_open(plan: Plan) -> float:
    """Points that the gap of a plan leaves open: what it gives up for another aim is no gap."""
    searched = None if plan.bound is None else searched_for_points(plan)
    return 0.0 if searched is None else searched.open_points
