"""Decision tables of a plan on the decision frames of an instance, and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from optimizer.frames import groups_of, keys_of, labels, mapping, rows_of, stacked, summed
from optimizer.frames.grouping import Floats, Integers, index_of, once, places, sums_at
from optimizer.instance import Instance
from optimizer.instance.people import CONSTANT
from optimizer.instance.sets import ALL, BLOCK
from optimizer.plan import COLUMNS, Decisions, amount_column
from optimizer.plan.filling import fill_block

HALF = 0.5
"""Decisions of yes or no above it are a yes."""
SMALL = 1e-9
"""Expected persons and money below this are solver noise, not decisions."""


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
    sets = instance.sets
    slots = decisions.slots.merge(sets.groups, on=["track", "country"], how="left")
    slots["group"] = slots["group"].fillna(ALL)
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

    place("cohort", slots, "slots")
    if sets.has_regions:
        place("placements", slots, "slots")
        touched = places(sets.slots, BLOCK, pd.MultiIndex.from_frame(slots[BLOCK])) >= 0
        place("slots", slots[touched], "slots")
    else:
        found["placements"], found["slots"] = np.zeros(0), np.zeros(0)
    place("transitions", decisions.transitions, "persons")
    place("transitions_by_region", decisions.transitions_by_region, "persons")
    place("expansion", decisions.expansion, "steps")
    found["agreement"], closed = _open(sets.agreement, decisions.agreements)
    strangers += [("agreement", closed, "opened"), *_negative(decisions)]
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


def _negative(decisions: Decisions) -> Strangers:
    found = []
    for name, table in decisions.tables().items():
        amount = amount_column(table)
        if amount is not None and (is_negative := table[amount].to_numpy() < 0).any():
            found.append((name, table[is_negative], amount))
    return found


def _open(frame: pd.DataFrame, opened: pd.DataFrame) -> tuple[Floats, pd.DataFrame]:
    """Whether each agreement of a frame is open, and rows that open one before it can be."""
    since = mapping(opened, ["country", "track"], "year")
    first: dict[tuple[str, str], int] = {}
    is_open = np.zeros(len(frame))
    for place, (*pair, year) in enumerate(keys_of(frame, ["country", "track", "year"])):
        key = (pair[0], pair[1])
        first[key] = min(year, first.get(key, year))
        is_open[place] = year >= since.get(key, np.inf)
    wrong = [year < first.get(key, np.inf) for key, year in since.items()]
    return is_open, opened.loc[wrong, ["country", "track", "year"]].assign(opened=1.0)


def decisions_of(
    instance: Instance,
    values: dict[str, Floats],
    money: dict[str, dict[tuple[object, ...], float]],
) -> Decisions:
    """Tables of a solved plan: single slots filled in, everything that is zero left out."""
    sets = instance.sets
    moved = {
        name: [(*key, amount) for key, amount in money.get(name, {}).items() if amount > SMALL]
        for name in ("transfer", "carry_over")
    }
    return Decisions(
        slots=_filled(instance, values),
        agreements=_opened(sets.agreement, values["agreement"]),
        transitions=_kept("transitions", sets.transitions, values["transitions"], "persons"),
        transitions_by_region=_kept(
            "transitions_by_region",
            sets.transitions_by_region,
            values["transitions_by_region"],
            "persons",
        ),
        expansion=_kept("expansion", sets.expansion, np.round(values["expansion"]), "steps"),
        transfers=_typed("transfers", moved["transfer"]),
        carry_over=_typed("carry_over", moved["carry_over"]),
    )


def _typed(table: str, rows: list[tuple[object, ...]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(COLUMNS[table])).astype(COLUMNS[table])


def _kept(table: str, frame: pd.DataFrame, values: Floats, amount: str) -> pd.DataFrame:
    rows = frame.assign(**{amount: values})
    kept = rows.loc[values > SMALL, list(COLUMNS[table])].reset_index(drop=True)
    return kept.astype(COLUMNS[table])


def _opened(frame: pd.DataFrame, values: Floats) -> pd.DataFrame:
    opened = frame[values > HALF].groupby(["country", "track"], sort=False)["year"].min()
    return opened.reset_index().astype(COLUMNS["agreements"])


def _filled(instance: Instance, values: dict[str, Floats]) -> pd.DataFrame:
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
    parts = [single[single["slots"] > 0][list(COLUMNS["slots"])]]
    for key, rows in groups_of(cohort, BLOCK):
        if key not in touched:
            track, level, _, year = key
            part = _filled_block(rows, places[key], today.get((track, year), {}))
            parts.append(part.assign(track=track, level=level, year=year))
    slots = pd.concat(parts, ignore_index=True).astype(COLUMNS["slots"])
    return _in_key_order(instance, slots)


def _filled_block(
    cohort: pd.DataFrame, placements: pd.DataFrame, today: dict[tuple[str, str], int]
) -> pd.DataFrame:
    """country, region, slots of one block; what it keeps of today's slots is used up there."""
    current = _current_cells(today, cohort, placements)
    cells = fill_block(cohort["slots"].to_numpy(), placements["slots"].to_numpy(), current)
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
