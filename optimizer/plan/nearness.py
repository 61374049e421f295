"""Nearness to an earlier plan: slots by which a new plan differs from it have a price.

A slot moved is a single slot (of a country, track, level, region and year) that is granted and was
not, or was granted and is not: one that goes to another country counts twice. Decisions are
margins, so what of the earlier plan stands again is counted beside them: of a block (track, level,
group of countries and year), as many of its slots as both margins have room for. That is a largest
flow, and so whole wherever the margins are; nothing that has these margins differs by fewer slots.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Real
from typing import Any

import pandas as pd

from optimizer.errors import ARGUMENT, ArgumentError, Problems, printable
from optimizer.frames import mapping, summed
from optimizer.frames.arrays import Floats, Mask
from optimizer.frames.records import Comparable
from optimizer.instance import Instance
from optimizer.instance.sets import ALL
from optimizer.io.toml import shown
from optimizer.plan import COLUMNS, SLOT_KEYS, Decisions, Plan
from optimizer.plan.given import ReadPlan, decisions_in
from optimizer.plan.keeping import (
    BOTH_NAMED,
    Keep,
    chosen_by,
    kept_slots,
    listed_where,
    require_chooses,
    require_columns,
    where_in_words,
)
from optimizer.plan.values import values_of
from optimizer.schema.decisions import DECISIONS
from optimizer.text.figures import counted, figure

MOST_PRICE = 1e6
"""Highest price of a slot moved: beside a higher one a solver no longer sees points."""
_NEAR = "near"
_KEYS = list(SLOT_KEYS)


@dataclass(frozen=True, eq=False)
class Near(Comparable):
    """An earlier plan to which a new one stays near: every slot moved away from it has a price.

    Parameters
    ----------
    plan
        The earlier plan, solved or read.
    price
        Points for each slot that is granted there and not in the new plan, or the other way round;
        at least 0. Slots that are kept as they are cost nothing.
    where
        Which slots count, as in :class:`Keep`; all without it.
    name
        Of the plan, in messages; what would break a line there is written as Python writes it.

    Raises
    ------
    ArgumentError
        If the price is not a number from 0 to 1,000,000, or as :class:`Keep`.
    """

    plan: Decisions | Plan | ReadPlan
    price: float
    where: Mapping[str, Any] = field(default_factory=dict)
    name: str = "a plan"

    def __post_init__(self) -> None:
        problems = Problems()
        object.__setattr__(self, "name", printable(str(self.name)))
        price = self.price
        is_number = isinstance(price, Real) and not isinstance(price, bool)
        if not is_number or not 0.0 <= float(price) <= MOST_PRICE:
            told = f"{shown(price)} is not a valid price"
            expected = f"points for a slot moved, a number from 0 to {MOST_PRICE:,.0f}"
            problems.add(ARGUMENT, told, column=_NEAR, expected=expected)
        require_columns(self.where, _NEAR, problems)
        if {"country", "region"} <= self.where.keys():
            problems.add(ARGUMENT, BOTH_NAMED, column=_NEAR, expected="one of them")
        problems.raise_if_any(ArgumentError)

    @property
    def slots(self) -> pd.DataFrame:
        """The earlier slots that count: country, track, level, region, year, slots."""
        slots = decisions_in(self.plan).slots
        return slots[self.chosen(slots)].reset_index(drop=True)

    def chosen(self, rows: pd.DataFrame, keeps: Sequence[Keep] = ()) -> pd.Series:
        """Whether each row of a table of slots counts: chosen, and not kept as it is."""
        found = chosen_by(self.where, rows)
        for keep in keeps:
            if not keep.at_least:
                found &= ~keep.chosen(rows)
        return found

    def in_words(self) -> str:
        """Which plan this is, and the price."""
        count = int(self.slots["slots"].sum())
        which = f"{count:,} slots of {self.name}{where_in_words(self.where)}"
        price = figure(float(self.price))
        unit = "point" if price == "1" else "points"
        return f"{which}, at {price} {unit} for every slot moved"

    def facts(self) -> dict[str, Any]:
        """The same as plain values, from which :func:`near_in` makes it again."""
        return {
            "name": self.name,
            "price": float(self.price),
            "where": listed_where(self.where),
            "slots": self.slots.to_numpy(dtype=object).tolist(),
        }


def near_in(facts: Mapping[str, Any]) -> Near:
    """Undo :meth:`Near.facts`.

    Raises
    ------
    ValueError, KeyError, TypeError
        If they say something else.
    """
    slots = pd.DataFrame(facts["slots"], columns=list(COLUMNS["slots"])).astype(COLUMNS["slots"])
    return Near(Decisions(slots), float(facts["price"]), dict(facts["where"]), str(facts["name"]))


def moved_slots(near: Near, keeps: Sequence[Keep], slots: pd.DataFrame) -> pd.DataFrame:
    """Slots of a plan beside those of the earlier one, where they count and differ.

    Returns
    -------
    pandas.DataFrame
        country, track, level, region, year, slots_before, slots, change.
    """
    before = near.slots
    before = before[near.chosen(before, keeps)]
    after = slots[near.chosen(slots, keeps)]
    both = (
        summed(before, _KEYS, "slots")
        .rename(columns={"slots": "slots_before"})
        .merge(summed(after, _KEYS, "slots"), on=_KEYS, how="outer")
        .fillna({"slots_before": 0, "slots": 0})
        .astype({"slots_before": "int64", "slots": "int64"})
    )
    both["change"] = both["slots"] - both["slots_before"]
    return both[both["change"] != 0].sort_values(_KEYS).reset_index(drop=True)


@dataclass(frozen=True)
class NearSlots:
    """What of an earlier plan may stand again, on the decisions of an instance.

    What is granted where slots count, less ``constant`` by block and twice what of ``again``
    stands again, is the number of slots moved.

    Attributes
    ----------
    again
        country, track, level, group, region, year, slots: most of each earlier slot that may stand
        again, beyond what is kept of it.
    counted
        Decisions whose sum is what is granted where slots count: their family, and which of them.
    kept
        Of each family of margins, how much is granted to what is kept.
    constant
        By block (track, level, group, year): slots moved where nothing is granted beyond what is
        kept.
    earlier
        country, track, level, region, year, slots: all earlier slots that count.
    impossible
        Slots of the earlier plan that the case does not allow.
    """

    again: pd.DataFrame
    counted: tuple[str, Mask]
    kept: Mapping[str, Floats]
    constant: Mapping[tuple[Any, ...], float]
    earlier: pd.DataFrame
    impossible: int


def near_slots(instance: Instance, near: Near, keeps: Sequence[Keep]) -> NearSlots:
    """Put an earlier plan on the decisions of an instance.

    Raises
    ------
    ArgumentError
        If it is chosen by names that the case does not have.
    """
    problems = Problems()
    require_chooses(instance, near.where, _NEAR, problems)
    problems.raise_if_any(ArgumentError)
    cells = kept_slots(instance, keeps)[0].cells
    kept = values_of(instance, Decisions(cells)).of
    earlier = near.slots
    earlier = summed(earlier[near.chosen(earlier, keeps)], _KEYS, "slots")
    kept_cells = cells.rename(columns={"slots": "kept"})
    both = earlier.merge(kept_cells, on=_KEYS, how="outer").fillna({"slots": 0, "kept": 0})
    both = both.merge(instance.sets.groups, on=["track", "country"], how="left")
    both["group"] = both["group"].fillna(ALL)
    is_counted = near.chosen(both, keeps)
    # Kept as they are, or of no account: all that is granted there is taken off again.
    lapsed = near.chosen(both) & ~is_counted
    overlap = both[["slots", "kept"]].min(axis=1)
    constant = (both["slots"] - 2 * overlap).where(is_counted, 0) - both["kept"].where(lapsed, 0)
    block = ["track", "level", "group", "year"]
    by_block = constant.groupby([both[name] for name in block], sort=False).sum()
    again = both.assign(slots=both["slots"] - overlap)[is_counted & (both["slots"] > overlap)]
    family = "placements" if "region" in near.where else "cohort"
    frame = getattr(instance.sets, family)
    return NearSlots(
        again=again[["country", *block[:3], "region", "year", "slots"]].reset_index(drop=True),
        counted=(family, near.chosen(frame).to_numpy(dtype=bool)),
        kept=kept,
        constant=mapping(by_block.reset_index(name="slots"), block, "slots"),
        earlier=earlier,
        impossible=int(both.loc[is_counted & ~_are_possible(instance, both), "slots"].sum()),
    )


def _are_possible(instance: Instance, rows: pd.DataFrame) -> pd.Series:
    """Whether the case has a decision for each of some slots."""
    found = pd.Series(True, index=rows.index)
    for family in ("cohort", "placements") if instance.sets.has_regions else ("cohort",):
        frame, keys = getattr(instance.sets, family), list(DECISIONS[family].keys)
        known = pd.MultiIndex.from_frame(frame[keys])
        found &= pd.MultiIndex.from_frame(rows[keys]).isin(known)
    return found


def moved_in_words(moved: pd.DataFrame) -> list[str]:
    """Who has more slots than in the earlier plan, and who has fewer, by every key."""
    if not len(moved):
        return []
    lines = []
    for key in ("country", "track", "level", "region", "year"):
        sums = moved.groupby(key)["change"].sum().sort_values(kind="stable")
        ends = (("more", sums[sums > 0][::-1]), ("fewer", sums[sums < 0]))
        told = [f"{word} for {_named(end)}" for word, end in ends if len(end)]
        # A national case has no regions.
        if told and not moved[key].astype("str").eq("").all():
            lines.append(f"By {key}: {'; '.join(told)}.")
    return lines


_MOST_NAMED = 4


def _named(sums: pd.Series) -> str:
    told = [f"{name} ({int(change):+,})" for name, change in sums.head(_MOST_NAMED).items()]
    left = len(sums) - _MOST_NAMED
    return ", ".join(told) + (f" and {left} more" if left > 0 else "")


def many_slots(moved: pd.DataFrame) -> str:
    """How many slots moved, and which way."""
    more = int(moved["change"].clip(lower=0).sum())
    fewer = int(-moved["change"].clip(upper=0).sum())
    return f"{counted(more + fewer, 'slot')} moved ({more:,} more, {fewer:,} fewer)"
