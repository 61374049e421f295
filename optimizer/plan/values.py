"""Decision tables of a plan on the decision frames of an instance, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from optimizer.frames import groups_of, keys_of, labels, mapping, rows_of, stacked, summed
from optimizer.frames.arrays import Floats, Integers
from optimizer.frames.grouping import index_of, once, places, sums_at
from optimizer.instance import Instance
from optimizer.instance.people import CONSTANT
from optimizer.instance.sets import ALL, BLOCK
from optimizer.plan import COLUMNS, Decisions
from optimizer.plan.filling import fill_block
from optimizer.schema.decisions import BESIDE_SLOTS, WRITTEN, Decision

HALF = 0.5
"""Integers above it are at least 1; decisions of yes or no are a yes."""
SMALL = 1e-9
"""Expected persons and money below this are solver noise, not decisions."""
_SPAN = ["track", "level", "year"]
YES = "yes"
"""Column that says yes where a table has no amounts."""


@dataclass(frozen=True)
class Values:
    """Value of every decision by family, and the rows of a plan that no decision stands for.

    Attributes
    ----------
    of
        Values by family, in frame order.
    impossible
        table, key, value: decisions of the plan that the case does not allow.
    positions
        By family, where the rows of its table stand on its frame; -1 where they do not.
    """

    of: dict[str, Floats]
    impossible: pd.DataFrame
    positions: dict[str, Integers]

    def amounts(self, terms: pd.DataFrame) -> Floats:
        """Coefficient times value of every term."""
        value: Floats = np.ones(len(terms))
        for name, rows, positions in once(_decisions, terms):
            value[rows] = self.of[name][positions]
        amounts: Floats = value * terms["coefficient"].to_numpy()
        return amounts


def _decisions(terms: pd.DataFrame) -> list[tuple[str, Integers, Integers]]:
    """Every family of terms: their rows, and the positions of their decisions."""
    codes, families = pd.factorize(terms["family"])
    position = terms["position"].to_numpy()
    rows = {name: np.flatnonzero(codes == code) for code, name in enumerate(families)}
    rows.pop(CONSTANT, None)
    return [(name, found, position[found]) for name, found in rows.items()]


Strangers = list[tuple[str, pd.DataFrame, str]]
"""Rows of decision tables that the case does not allow: table, rows and column of the amount."""


def values_of(instance: Instance, decisions: Decisions) -> Values:
    """Put a plan's tables on the decision frames, exactly and on keys."""
    sets, tables = instance.sets, decisions.tables()
    found: dict[str, Floats] = {}
    positions: dict[str, Integers] = {}
    strangers: Strangers = []

    def place(family: str, rows: pd.DataFrame, amount: str) -> None:
        frame = getattr(sets, family)
        keys = [name for name in frame if name in rows and name != amount]
        at = index_of(frame, keys).get_indexer(pd.MultiIndex.from_frame(rows[keys]))
        is_known = at >= 0
        amounts = rows[amount].to_numpy()
        found[family], positions[family] = np.zeros(len(frame)), at
        np.add.at(found[family], at[is_known], amounts[is_known])
        if not is_known.all():
            unknown = summed(rows[~is_known], keys, amount)
            strangers.append((family, unknown[unknown[amount] != 0], amount))

    slots = tables["slots"].merge(sets.groups, on=["track", "country"], how="left")
    slots["group"] = slots["group"].fillna(ALL)
    place("cohort", slots, "slots")
    if sets.has_regions:
        place("placements", slots, "slots")
        touched = places(sets.slots, BLOCK, pd.MultiIndex.from_frame(slots[BLOCK])) >= 0
        place("slots", slots[touched], "slots")
    else:
        found["placements"], found["slots"] = np.zeros(0), np.zeros(0)
    for each in (each for each in BESIDE_SLOTS if each.has_frame):
        rows = tables[each.table]
        if each.for_good:
            found[each.name], early = _open(getattr(sets, each.name), rows, each)
            strangers.append((each.name, early, YES))
        elif each.amount:
            place(each.name, rows, each.amount)
        else:
            place(each.name, rows.drop_duplicates().assign(**{YES: 1.0}), YES)
    strangers += _negative(tables)
    if not sets.has_regions:
        placements = decisions.slots[decisions.slots["region"].ne("")]
        strangers.append(("slots of a national case", placements, "slots"))
    key = ["country", "track", "year"]
    cohorts = sums_at(sets.active_track, sets.cohort, key, found["cohort"])
    found["active_track"] = np.where(cohorts > 0, 1.0, 0.0)
    return Values(found, stacked([_impossible(*each) for each in strangers]), positions)


def positioned(frame: pd.DataFrame) -> pd.DataFrame:
    """Decisions of a family, each with its position."""
    return frame.assign(position=np.arange(len(frame)))


def _impossible(table: str, rows: pd.DataFrame, amount: str) -> pd.DataFrame:
    """Rows of a decision table that the case does not allow."""
    keys = rows.drop(columns=amount)
    names = tuple(map(str, keys.columns))
    return pd.DataFrame(
        {
            "key": pd.Series(labels(keys), dtype="str"),
            "by": pd.Series([names] * len(keys)),
            "place": pd.Series(keys_of(keys, names)),
            "value": rows[amount].to_numpy(dtype=float),
            "table": table,
        }
    )


def _negative(tables: Mapping[str, pd.DataFrame]) -> Strangers:
    found = []
    for name, each in WRITTEN.items():
        table = tables[name]
        if each.amount and (is_negative := table[each.amount].to_numpy() < 0).any():
            found.append((name, table[is_negative], each.amount))
    return found


def _open(
    frame: pd.DataFrame, opened: pd.DataFrame, decision: Decision
) -> tuple[Floats, pd.DataFrame]:
    """Whether each decision of a frame holds, and rows by which one does before it can."""
    keys = [key for key in decision.keys if key != "year"]
    since = mapping(opened, keys, "year")
    first: dict[object, int] = {}
    is_open = np.zeros(len(frame))
    for place, (*key, year) in enumerate(keys_of(frame, [*keys, "year"])):
        first[tuple(key)] = min(year, first.get(tuple(key), year))
        is_open[place] = year >= since.get(tuple(key), np.inf)
    wrong = [year < first.get(key, np.inf) for key, year in since.items()]
    return is_open, opened.loc[wrong, [*keys, "year"]].assign(**{YES: 1.0})


def decisions_of(
    instance: Instance,
    values: dict[str, Floats],
    money: dict[str, dict[tuple[object, ...], float]],
    kept: pd.DataFrame | None = None,
    earlier: pd.DataFrame | None = None,
) -> Decisions:
    """Tables of a solved plan: single slots filled in, everything that is zero left out.

    Parameters
    ----------
    kept
        country, track, level, region, year, slots: single slots around which all others are
        filled in; the margins have room for them.
    earlier
        The same of slots of which as many as possible stand again, in place of today's.
    """
    tables = {"slots": _filled(instance, values, kept, earlier)}
    for each in BESIDE_SLOTS:
        if each.has_frame:
            frame, value = getattr(instance.sets, each.name), values[each.name]
        else:
            moved = money.get(each.name, {})
            frame = pd.DataFrame(list(moved), columns=list(each.keys))
            value = np.array(list(moved.values()), dtype=float)
        tables[each.table] = _written(each, frame, value)
    return Decisions(**tables)


def _written(decision: Decision, frame: pd.DataFrame, values: Floats) -> pd.DataFrame:
    """Table of a family: what is decided, and how much of it."""
    if decision.number == "continuous":
        chosen = values > SMALL
    else:
        values = np.round(values)
        chosen = values > HALF
    keys = list(decision.keys)
    rows = frame.loc[chosen, keys]
    if decision.for_good:
        without_year = [key for key in keys if key != "year"]
        rows = rows.groupby(without_year, sort=False)["year"].min().reset_index()
    if decision.amount:
        rows = rows.assign(**{decision.amount: values[chosen]})
    return rows.reset_index(drop=True).astype(decision.columns)


def _filled(
    instance: Instance,
    values: dict[str, Floats],
    kept: pd.DataFrame | None,
    earlier: pd.DataFrame | None,
) -> pd.DataFrame:
    """Single slots: as solved in slot-level blocks, filled in from the margins in all others."""
    sets = instance.sets
    cohort = sets.cohort.assign(slots=np.round(values["cohort"]).astype("int64"))
    cohort = cohort[cohort["slots"] > 0]
    if not sets.has_regions:
        rows = cohort.assign(region="")
        return rows[list(COLUMNS["slots"])].astype(COLUMNS["slots"]).reset_index(drop=True)
    placements = sets.placements.assign(slots=np.round(values["placements"]).astype("int64"))
    placements = placements[placements["slots"] > 0]
    single = sets.slots.assign(slots=np.round(values["slots"]))
    touched = set(keys_of(sets.slots, BLOCK))
    places = dict(groups_of(placements, BLOCK))
    today = _today(instance)
    granted = {} if kept is None else dict(groups_of(kept, _SPAN))
    before = {} if earlier is None else dict(groups_of(earlier, _SPAN))
    parts = [single[single["slots"] > 0][list(COLUMNS["slots"])]]
    for key, rows in groups_of(cohort, BLOCK):
        if key not in touched:
            track, level, _, year = key
            own, again = granted.get((track, level, year)), before.get((track, level, year))
            here = today.get((track, year), {})
            part = _filled_block(rows, places[key], here, own, again)
            parts.append(part.assign(track=track, level=level, year=year))
    slots = pd.concat(parts, ignore_index=True).astype(COLUMNS["slots"])
    return _in_key_order(instance, slots)


def _filled_block(
    cohort: pd.DataFrame,
    placements: pd.DataFrame,
    today: dict[tuple[str, str], int],
    kept: pd.DataFrame | None,
    earlier: pd.DataFrame | None,
) -> pd.DataFrame:
    """country, region, slots of one block; what it keeps of today's slots is used up there."""
    current = (
        _current_cells(today, cohort, placements)
        if earlier is None
        else _cells_of(earlier, cohort, placements)
    )
    people, seats = cohort["slots"].to_numpy(), placements["slots"].to_numpy()
    if kept is None:
        cells = fill_block(people, seats, current)
    else:
        first = _cells_of(kept, cohort, placements)
        left_over = np.maximum(current - first, 0)
        cells = first + fill_block(people - first.sum(1), seats - first.sum(0), left_over)
    left, right = np.nonzero(cells)
    part = pd.DataFrame(
        {
            "country": cohort["country"].to_numpy()[left],
            "region": placements["region"].to_numpy()[right],
            "slots": cells[left, right],
        }
    )
    _use_up(today, part)
    return part


def _cells_of(
    slots: pd.DataFrame, rows: pd.DataFrame, where: pd.DataFrame
) -> npt.NDArray[np.int64]:
    return (
        slots.pivot_table(index="country", columns="region", values="slots", aggfunc="sum")
        .reindex(index=rows["country"], columns=where["region"])
        .fillna(0)
        .to_numpy(dtype=np.int64)
    )


def _in_key_order(instance: Instance, slots: pd.DataFrame) -> pd.DataFrame:
    sets = instance.sets
    order = pd.DataFrame(
        {
            "country": slots["country"].map({key: n for n, key in enumerate(sets.countries.index)}),
            "track": slots["track"].map({key: n for n, key in enumerate(sets.tracks.index)}),
            "year": slots["year"],
            "level": slots["level"],
            "region": slots["region"].map({key: n for n, key in enumerate(sets.regions.index)}),
        }
    ).sort_values(["country", "track", "year", "level", "region"])
    return slots.loc[order.index].reset_index(drop=True)


def _today(instance: Instance) -> dict[tuple[str, int], dict[tuple[str, str], int]]:
    """Slots of the current plan by track and intake year, used up level by level."""
    return {
        (track, year): {(row.country, row.region): int(row.slots) for row in rows_of(rows)}
        for (track,), rows in groups_of(instance.case.table("current_plan"), ["track"])
        for year in instance.sets.years
    }


def _current_cells(
    today: dict[tuple[str, str], int], rows: pd.DataFrame, where: pd.DataFrame
) -> npt.NDArray[np.int64]:
    return np.array([[today.get((c, r), 0) for r in where["region"]] for c in rows["country"]])


def _use_up(today: dict[tuple[str, str], int], part: pd.DataFrame) -> None:
    for row in rows_of(part):
        key = (row.country, row.region)
        if key in today:
            today[key] = max(0, today[key] - int(row.slots))
