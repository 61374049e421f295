"""Tables of a plan for publication, from which small numbers of sensitive tracks cannot be told.

Of sensitive tracks there are sums by country and sums by region, never both at once, and without
support levels. Small ones are hidden, and others with them, as
:mod:`optimizer.plan.publication.suppression` finds. Where lines pay for people of these tracks, or
for those who stay on from them, money is rounded to the cost of ten of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from optimizer.case import Case
from optimizer.errors import InputError, Problems
from optimizer.frames import summed
from optimizer.instance.lately import joined_lately
from optimizer.plan import COLUMNS, Plan
from optimizer.plan.publication.cells import ALL_TRACKS, ALL_YEARS, Cells, Row
from optimizer.plan.publication.money import rounding
from optimizer.plan.publication.suppression import THRESHOLD, Marks, withheld

UP_TO_FOUR, WITHHELD = f"<{THRESHOLD}", "withheld"
"""What stands in place of a number: from 1 to 4 people; any number above 0."""


@dataclass(frozen=True)
class Publication:
    """What is published of a plan.

    Attributes
    ----------
    tables
        ``plan``, ``slots_by_track``, ``slots_by_country``, ``slots_by_region`` where there are
        regions, ``agreements`` and ``money``; numbers of people as text.
    sensitive
        Tracks whose small numbers are hidden.
    counts
        How many numbers are told as ``<5``, and how many are withheld, by table.
    units
        What money is rounded to, by line.
    slots_total
        Slots of all years, as text.
    """

    tables: Mapping[str, pd.DataFrame]
    sensitive: tuple[str, ...]
    counts: Mapping[str, Mapping[str, int]]
    units: Mapping[str, float]
    slots_total: str


def sensitive_tracks(case: Case) -> tuple[str, ...]:
    """Tracks whose small numbers are not for publication, in the order of the case."""
    tracks = case.table("tracks")
    return tuple(tracks.loc[tracks["sensitive"].astype(bool), "track"])


def require_sensitive(case: Case) -> None:
    """Refuse to publish a plan before somebody has said whose small numbers are to be hidden.

    Raises
    ------
    InputError
        If no track is marked.
    """
    if sensitive_tracks(case):
        return
    problems = Problems()
    problems.add(
        "tracks.csv",
        f"no track of case {case.name!r} is marked, so that nothing would be hidden",
        column="sensitive",
        expected="yes for tracks whose small numbers could give people away; a plan in which "
        "nothing need be hidden is published by its plan.csv as it is",
    )
    raise InputError(problems)


def publication(plan: Plan) -> Publication:
    """Work out what can be published of a plan.

    Raises
    ------
    InputError
        If no track is marked as sensitive.
    """
    question = plan.question
    assert question is not None, "plans that are published know what they answer"
    case = question.case
    require_sensitive(case)
    sensitive = sensitive_tracks(case)
    instance = joined_lately(case, question.policy)
    cells = Cells.of(plan.slots, sensitive)
    rounded = rounding(instance, case, plan, cells, sensitive)
    marks = withheld(cells.published(rounded))
    tables = _tables(plan, case, cells, told_sums(cells, marks))
    tables["money"] = rounded.table(marks.money, WITHHELD)
    return Publication(
        tables=tables,
        sensitive=sensitive,
        counts={name: _counts(table) for name, table in tables.items()},
        units=rounded.units,
        slots_total=str(tables["slots_by_track"]["slots"].iloc[-1]),
    )


def told_sums(cells: Cells, marks: Marks) -> dict[tuple[Any, ...], str]:
    """What is said of every sum over sensitive tracks, by its table and key."""
    rows = zip(cells.rows, marks.sums, strict=True)
    return {(row.table, *row.key): _told(row, bool(hidden)) for row, hidden in rows}


def _told(row: Row, is_withheld: bool) -> str:
    if is_withheld:
        return WITHHELD
    return UP_TO_FOUR if row.value < THRESHOLD else str(row.value + row.beside)


def _counts(table: pd.DataFrame) -> dict[str, int]:
    column = table["slots"] if "slots" in table else table.get("spent", pd.Series(dtype="str"))
    return {mark: int(column.astype(str).eq(mark).sum()) for mark in (UP_TO_FOUR, WITHHELD)}


def _tables(
    plan: Plan, case: Case, cells: Cells, told: Mapping[tuple[Any, ...], str]
) -> dict[str, pd.DataFrame]:
    slots = plan.slots
    free = slots[~slots["track"].isin(cells.sensitive)]
    every_year = free.assign(year=ALL_YEARS)
    both = pd.concat([free, every_year])
    known = {
        "plan": (list(COLUMNS["slots"])[:-1], free),
        "slots_by_track": (["track", "year"], both),
        "slots_by_country": (["country", "track", "year"], every_year),
        "slots_by_region": (["region", "track", "year"], both),
    }
    if not len(cells.by_region) and slots["region"].eq("").all():
        del known["slots_by_region"]
    totals = pd.concat([slots, slots.assign(year=ALL_YEARS)]).assign(track=ALL_TRACKS)
    known["slots_by_track"] = (["track", "year"], pd.concat([both, totals]))
    found = {name: _table(name, *of, case, told) for name, of in known.items()}
    agreements = plan.tables["agreements"]
    return found | {"agreements": agreements[~agreements["track"].isin(cells.sensitive)]}


def _table(
    name: str,
    columns: list[str],
    known: pd.DataFrame,
    case: Case,
    told: Mapping[tuple[Any, ...], str],
) -> pd.DataFrame:
    """Sums of what is known and of sensitive tracks, all in the order of the case."""
    sums = summed(known, columns, "slots").itertuples(index=False, name=None)
    rows = {(name, *key): str(int(total)) for *key, total in sums}
    rows |= {key: text for key, text in told.items() if key[0] == name}
    order = {
        column: [*case.table(home)[column], ALL_TRACKS]
        for home, column in (("countries", "country"), ("tracks", "track"), ("regions", "region"))
    }
    places = {column: {key: at for at, key in enumerate(keys)} for column, keys in order.items()}

    def place(key: tuple[Any, ...]) -> tuple[Any, ...]:
        named = dict(zip(columns, key[1:], strict=True))
        at = {column: known.get(named.get(column), -1) for column, known in places.items()}
        rest = str(named["year"]), str(named.get("level", ""))
        return at["track"], at["country"], at["region"], *rest

    listed = [(*map(str, key[1:]), rows[key]) for key in sorted(rows, key=place)]
    return pd.DataFrame(listed, columns=[*columns, "slots"], dtype="str")
