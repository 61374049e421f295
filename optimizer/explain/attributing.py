"""What some slots of a plan earn by goal and cost by budget line, from the plan's own terms.

Whoever continues on another track counts for the slots in the part that these have among all who
may continue, so that the parts of all slots, and of people already here, add up to the plan.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from optimizer.explain.marginal_tables import frame
from optimizer.formulation.goals import points_per_value
from optimizer.frames import keys_of, stacked
from optimizer.frames.arrays import Floats
from optimizer.frames.grouping import index_of
from optimizer.instance import Instance
from optimizer.instance.people import decided, transition_room
from optimizer.instance.sets import BLOCK, FLOW
from optimizer.plan.values import Values

EARNED = {"goal": "str", **dict.fromkeys(("raw", "points"), "float64")}
SPENT = {"line": "str", "year": "int64", "what": "str", "amount": "float64"}
_NOBODY = 1e-12
"""Persons that are nobody."""
_FLOW = ["country", "track", "next_track", "year"]


@dataclass(frozen=True, eq=False)
class Attributed:
    """The part of a plan that follows from some of its slots.

    Attributes
    ----------
    whole, part
        Amount of every decision, and how much of it follows from the slots.
    """

    instance: Instance
    whole: Values
    part: Values

    def earned(self, scales: Mapping[str, float]) -> pd.DataFrame:
        """goal, raw, points: with diminishing returns, at the average rate of their group."""
        instance, per_value = self.instance, points_per_value(self.instance, scales)
        rows = []
        for goal in instance.policy.goals:
            raw = self._counted(goal) if goal in instance.diminishing else self._raw(goal)
            rows.append({"goal": goal, "raw": raw, "points": raw * per_value[goal]})
        return frame(rows, EARNED)

    def _raw(self, goal: str) -> float:
        terms = decided(self.instance.value[self.instance.value["goal"].eq(goal)])
        return float(self.part.amounts(terms).sum())

    def _counted(self, goal: str) -> float:
        """Raw value of each group, counted as its plan is on average beyond what comes anyway."""
        curve = self.instance.diminishing[goal]
        terms = decided(curve.terms)
        whole, part = (
            pd.Series(values.amounts(terms)).groupby(terms["group"].to_numpy()).sum()
            for values in (self.whole, self.part)
        )
        groups = pd.Series(0.0, index=pd.Index(curve.groups))
        everything = groups.add(_constants_of(curve.terms), fill_value=0.0).add(
            whole, fill_value=0.0
        )
        counted = curve.counted(everything) - pd.Series(curve.anyway).reindex(everything.index)
        whole, part = (each.reindex(everything.index, fill_value=0.0) for each in (whole, part))
        rate = (counted / whole.where(whole.ne(0.0))).fillna(0.0)
        return float((rate * part).sum())

    def spent(self) -> pd.DataFrame:
        """line, year, what, amount: money of each line and year that is paid for the slots."""
        terms = decided(self.instance.spending)
        terms = terms.assign(amount=self.part.amounts(terms))
        found = terms.groupby(["line", "year", "what"], as_index=False, sort=True)["amount"].sum()
        rows = found[found["amount"].abs().gt(1e-9)].to_dict("records")
        return frame(rows, SPENT)


def attributed(
    instance: Instance, whole: Values, slots: pd.DataFrame, where: Mapping[str, object]
) -> Attributed:
    """Find what follows from some of the slots of a plan.

    Parameters
    ----------
    whole
        Amounts of all decisions of the plan.
    slots
        country, track, level, region, year, slots of those that are meant.
    where
        Country, track, region and year that they were chosen by. Agreements count with slots that
        were chosen by country and track alone.
    """
    part = _on_margins(instance, slots)
    for family in ("agreement", "active_track"):
        pairs = getattr(instance.sets, family)
        meant = pd.Series("region" not in where and "year" not in where, index=pairs.index)
        for key in ("country", "track"):
            meant &= pairs[key].eq(where[key]) if key in where else True
        part[family] = np.where(meant, whole.of[family], 0.0)
    part["expansion"] = np.zeros(len(instance.sets.expansion))
    part["transitions"] = _continuing(instance, whole, part)
    for family in ("transitions_by_region", "transitions_from_region"):
        part[family] = _by_flow(instance, whole, part["transitions"], family)
    return Attributed(instance, whole, Values(part, whole.impossible, whole.positions))


def _on_margins(instance: Instance, slots: pd.DataFrame) -> dict[str, Floats]:
    """Cohorts, placements and single slots that some slots add up to."""
    sets, found = instance.sets, dict[str, Floats]()
    slots = slots.merge(sets.groups, on=["track", "country"], how="left")
    for family in ("cohort", "placements", "slots"):
        frame = getattr(sets, family)
        keys = [name for name in frame if name in slots]
        at = index_of(frame, keys).get_indexer(pd.MultiIndex.from_frame(slots[keys]))
        found[family] = np.zeros(len(frame))
        np.add.at(found[family], at[at >= 0], slots["slots"].to_numpy(dtype=float)[at >= 0])
    return found


def single_slots_of(instance: Instance, of: Mapping[str, Floats]) -> pd.DataFrame:
    """Single slots of a relaxation, those of a block in proportion to both of its margins.

    Returns
    -------
    pandas.DataFrame
        country, track, level, region, year, slots.
    """
    sets, cells = instance.sets, ["country", "track", "level", "region", "year"]
    cohort = sets.cohort.assign(slots=of["cohort"])
    if not sets.has_regions:
        return cohort.assign(region="")[[*cells, "slots"]]
    places = sets.placements.assign(placed=of["placements"])
    places["size"] = places.groupby(BLOCK)["placed"].transform("sum")
    split = cohort.merge(places, on=BLOCK)
    share = (split["placed"] / split["size"].where(split["size"].gt(_NOBODY))).fillna(0.0)
    split["slots"] = split["slots"] * share
    exact = sets.slots.assign(slots=of["slots"])
    rest = split.merge(exact[BLOCK].drop_duplicates(), on=BLOCK, how="left", indicator=True)
    rest = rest[rest["_merge"].eq("left_only")]
    return stacked([rest[[*cells, "slots"]], exact[[*cells, "slots"]]])


def _constants_of(terms: pd.DataFrame) -> pd.Series:
    """What is there whatever is decided, by group."""
    rest = terms.drop(index=decided(terms).index)
    return rest.groupby("group")["coefficient"].sum()


def _continuing(instance: Instance, whole: Values, part: dict[str, Floats]) -> Floats:
    """The part of those who continue, year by year, as who continues may do so again."""
    flows = instance.sets.transitions
    found: Floats = np.zeros(len(flows))
    part["transitions"] = found
    room = transition_room(instance.people.completes, instance.case.table("continuations"))
    if not len(flows) or not len(room):
        return found
    room = room.reset_index(drop=True)
    own = decided(room).index
    at = pd.Series(np.arange(len(flows)), index=pd.MultiIndex.from_frame(flows[_FLOW]))
    of_flow = at.reindex(pd.MultiIndex.from_frame(room[_FLOW])).fillna(-1).to_numpy().astype(int)
    amounts = whole.amounts(room)
    for year in sorted(flows["year"].unique().tolist()):
        now = room.index[room["year"].eq(year)]
        mine = now.intersection(own)
        size = np.bincount(of_flow[now] + 1, amounts[now], minlength=len(flows) + 1)[1:]
        values = Values(part, whole.impossible, whole.positions)
        ours = values.amounts(room.loc[mine])
        there = np.bincount(of_flow[mine] + 1, ours, minlength=len(flows) + 1)[1:]
        share = np.divide(there, size, out=np.zeros(len(flows)), where=size > _NOBODY)
        found[:] = np.where(
            flows["year"].eq(year).to_numpy(), share * whole.of["transitions"], found
        )
    return found


def _by_flow(instance: Instance, whole: Values, part: Floats, family: str) -> Floats:
    """The part of those who continue at every region: that of their flow."""
    flows, places = instance.sets.transitions, getattr(instance.sets, family)
    if not len(places):
        return np.zeros(0)
    # Groups of places are those of the flow on the track that they go to.
    group = "next_group" if "next_group" in places else "group"
    keys = places.assign(group=places[group])[FLOW]
    sums: dict[tuple[Any, ...], tuple[float, float]] = {}
    for key, ours, all_of in zip(keys_of(flows, FLOW), part, whole.of["transitions"], strict=True):
        before = sums.get(key, (0.0, 0.0))
        sums[key] = before[0] + ours, before[1] + all_of
    share = [_ratio(*sums.get(key, (0.0, 0.0))) for key in keys_of(keys, FLOW)]
    found: Floats = np.array(share) * whole.of[family]
    return found


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole > _NOBODY else 0.0
