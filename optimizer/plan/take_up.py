"""How many of those who may continue do, and which rules hold the others back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from optimizer.frames import stacked
from optimizer.frames.grouping import once
from optimizer.instance import Instance
from optimizer.instance.bounds import Bound, JoinedLimit
from optimizer.instance.people import TERM
from optimizer.plan.checks import named_groups
from optimizer.plan.movement import room, room_at
from optimizer.plan.subject import Subject
from optimizer.schema.rules import register

_WAY = ["track", "next_track", "year"]
_ROW = ["track", "next_track", "region", "year"]
_SHORT = 1e-6
"""Part of those who may continue, and number of persons, below which nobody is missing."""
_TOLD = 3
"""Rules told for each row; of more their number is."""
_PART = ["row", "family", "position"]
_HELD = ["family", "position", "held"]
_PLACED = [*TERM, "place"]
_FAMILIES = ("transitions", "transitions_by_region", "transitions_from_region")

HELD_ROWS = "held_rows"
"""Column with rows of the table of rules, each a tuple of their labels."""


def take_up(s: Subject, checked: pd.DataFrame, custom: pd.DataFrame | None = None) -> pd.DataFrame:
    """Those who may continue and those who do, by the region where they complete.

    Parameters
    ----------
    checked
        Every row of the rules, judged; those of hard custom rules are the last ones.
    custom
        Rows of the custom rules, with those who take room in them.

    Returns
    -------
    pandas.DataFrame
        track, next_track, region, year, may_stay, stay (expected persons), take_up (share),
        held_by (hard rules without slack in which those who would stay take room, as title and
        key; blank where everybody stays, or where no hard rule stands in the way), held_rows (all
        of their rows in the table of rules, as a tuple of labels). The region is blank where
        people move freely, or in national cases.
    """
    by_region = s.instance.moves_by_attraction
    may, do = (
        (once(room_at, s.instance), s.terms("transitions_from_region"))
        if by_region
        else (once(room, s.instance), s.terms("transitions"))
    )
    keys = _ROW if by_region else _WAY
    table = s.total(may, keys).rename("may_stay").reset_index()
    table = table.assign(stay=s.at(table, do, keys))
    if not by_region:
        table.insert(2, "region", "")
    table = table[table["may_stay"] > _SHORT].sort_values(keys, ignore_index=True)
    share = (table["stay"] / table["may_stay"]).clip(upper=1.0)
    missing = table["may_stay"] - table["stay"]
    short = table[(share < 1.0 - _SHORT) & (missing > _SHORT)]
    held = _held_rows(s, checked, custom, short)
    rows = [tuple(held.get(label, ())) for label in table.index]
    rules = register(s.instance.extension)
    told = checked.loc[sorted({label for labels in rows for label in labels}), ["rule", "key"]]
    words = {
        label: f"{rules[rule].title}: {key}"
        for label, rule, key in zip(told.index, told["rule"], told["key"], strict=True)
    }
    by = [first_few([words[label] for label in labels]) for labels in rows]
    table = table.assign(take_up=share, held_by=pd.array(by, dtype="str"))
    return table.assign(**{HELD_ROWS: pd.Series(rows, index=table.index, dtype="object")})


def first_few(words: Sequence[str]) -> str:
    """The first rules in words, and how many more there are.

    Examples
    --------
    >>> first_few(["a", "b"]), first_few(["a", "b", "c", "d", "e"])
    ('a; b', 'a; b; c; and 2 more')
    """
    more = len(words) - _TOLD
    return "; ".join(words[:_TOLD]) + (f"; and {more} more" if more > 0 else "")


def _held_rows(
    s: Subject, checked: pd.DataFrame, custom: pd.DataFrame | None, short: pd.DataFrame
) -> dict[Any, list[Any]]:
    """Rows of rules that hold each of some rows back, by the rows' labels."""
    if not len(short):
        return {}
    counted = pd.concat([*_leaving(s, short), *_going(s, short)], ignore_index=True)
    holding = stacked([_holding(s, checked), _of_custom(checked, custom)])
    told = counted.merge(holding, on=["family", "position"]).drop_duplicates(["row", "held"])
    return told.groupby("row")["held"].agg(list).to_dict()


def _leaving(s: Subject, short: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Stayers by country, and by the region left, who are part of each row."""
    ways = short[_ROW].assign(row=short.index)
    yield s.terms("transitions").merge(ways, on=_WAY)[_PART]
    if s.instance.moves_by_attraction:
        yield s.terms("transitions_from_region").merge(ways, on=_ROW)[_PART]


def _going(s: Subject, short: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Places to which those of each row would go; where people move freely that is open."""
    if s.instance.moves_by_attraction:
        ways = short[_WAY].assign(row=short.index, left=short["region"])
        places = s.terms("transitions_by_region").merge(ways, on=_WAY)
        is_reached = (places["draws"] > 0) | places["region"].eq(places["left"])
        yield places.loc[is_reached, _PART]


def _tight(checked: pd.DataFrame) -> pd.Series:
    """Which rows have no room left."""
    return (checked["slack"].abs() <= checked["allowed"]) & ~checked["broken"]


def _holding(s: Subject, checked: pd.DataFrame) -> pd.DataFrame:
    """Stayers for whom a rule of our own has no room left: family, position, held (its row)."""
    tight = checked[_tight(checked)]
    parts = [pd.DataFrame(columns=_HELD)]
    for rule, stayers, by in once(_stayers_counted, s.instance):
        found = tight[tight["rule"].eq(rule)]
        if len(found):
            whole = by == ["place"]
            places = found[by] if whole else pd.DataFrame(found["place"].tolist(), columns=by)
            places = places.assign(held=found.index)
            parts.append(stayers.merge(places, on=by)[_HELD])
    return stacked(parts)


def _of_custom(checked: pd.DataFrame, custom: pd.DataFrame | None) -> pd.DataFrame:
    """The same of custom rules, which say themselves who takes room in them."""
    if custom is None:
        return pd.DataFrame(columns=_HELD)
    stayers = custom.loc[custom["soft"].isna(), "stayers"].tolist()
    labels = checked.index[len(checked) - len(stayers) :]
    found = [
        (*stayer, label)
        for stays, label, is_tight in zip(stayers, labels, _tight(checked)[labels], strict=True)
        for stayer in stays
        if is_tight
    ]
    return pd.DataFrame(found, columns=_HELD)


def _stayers_counted(instance: Instance) -> list[tuple[str, pd.DataFrame, list[str]]]:
    """Terms of stayers who take room in a hard rule, by rule, and the keys of its rows.

    A positive coefficient takes room: it adds to what has a ceiling, or takes from what has a
    floor.
    """
    found = []
    for rule, frame, by in _counting(instance):
        takes_room = frame["family"].isin(_FAMILIES) & (frame["coefficient"] > 0)
        if takes_room.any():
            found.append((rule, frame[takes_room], by))
    return found


def _counting(instance: Instance) -> Iterator[tuple[str, pd.DataFrame, list[str]]]:
    """Terms of every hard rule that may hold people back, and the keys of its rows."""
    yield "residents_within_cap", instance.people.present, ["track", "year"]
    yield "use_within_capacity", instance.use, ["region", "service", "year"]
    yield "spending_within_budget", instance.spending, ["line", "year"]
    for number, floor in enumerate(instance.support_floor, start=1):
        of_floor = _turned(floor).assign(floor=number)
        yield "support_reaches_floor", of_floor, ["track", "entry_year", "floor"]
    for limit in instance.limits:
        # Whether one more lies apart from others depends on how many all have.
        if limit.limit.soft is None and limit.spread is None:
            for bound in limit.bounds:
                yield f"limit_{bound.sense}", _taking(instance, limit, bound), ["place"]


def _taking(instance: Instance, limit: JoinedLimit, bound: Bound) -> pd.DataFrame:
    """Terms that take room from one side of a limit: family, position, coefficient, place."""
    places = pd.DataFrame({"group": list(limit.groups.index), "place": named_groups(limit).place})
    measured = limit.measured
    if limit.counted:
        of_goal = instance.value[instance.value["goal"].eq(limit.limit.goal or "")]
        measured = of_goal[TERM].assign(group=places["group"].iloc[0])
    compared = places.assign(other=list(bound.other_group), factor=bound.factors.to_numpy())
    compared = compared.drop(columns="group")
    other = bound.other.rename(columns={"group": "other"}).merge(compared, on="other")
    other = other.assign(coefficient=-other["factor"] * other["coefficient"])
    both = stacked([measured.merge(places, on="group")[_PLACED], other[_PLACED]])
    both["place"] = both["place"].astype("object")
    net = both.groupby(["family", "position", "place"], sort=False, as_index=False).sum()
    return net if bound.sense == "at_most" else _turned(net)


def _turned(terms: pd.DataFrame) -> pd.DataFrame:
    return terms.assign(coefficient=-terms["coefficient"])
