"""Money that looks forgotten: stays that cost nothing, lines that pay for nothing or for nobody."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from optimizer.errors import Problem, Problems
from optimizer.frames import groups_of, keys_of
from optimizer.instance import Instance
from optimizer.instance.lookup import resolve
from optimizer.instance.money import PARTICIPANTS
from optimizer.instance.people import CONSTANT
from optimizer.schema.tables import FORECAST, TABLES
from optimizer.text.figures import figure

STAY = ["track", "year_of_stay"]
_CELL = [*STAY, "level", "country", "year", "entry"]
_MOST_NAMED = 5


def unpaid_stays(instance: Instance) -> Iterator[Problem]:
    """Years of stay for which costs has no row, not even one of 0."""
    costs, tracks = instance.case.table("costs"), instance.case.table("tracks")
    rows = dict(zip(tracks["track"], tracks.index, strict=True))
    is_expected = tracks.set_index("track")["allocation"].eq(FORECAST)
    people = is_expected.map({True: "people", False: "slots"})
    first = dict(zip(costs["track"][::-1], costs.index[::-1], strict=True))
    more = set(instance.case.table("region_costs")["track"])
    unpaid, asked = _unpaid(instance)
    for (track,), cells in groups_of(unpaid, ["track"]):
        if track not in first:
            beyond = " beyond region_costs.csv" if track in more else ""
            yield Problem(
                "tracks.csv",
                f"track {track!r} has no rows in costs.csv, so its {people[track]} cost "
                f"nothing{beyond}",
                int(rows[track]),
                maybe="they are missing; where nothing is paid, a row with amount 0 says so",
            )
            continue
        for years, found in _by_years(cells):
            lacking = _told(found, asked[asked["track"].eq(track)])
            yield Problem(
                "costs.csv",
                f"year{'s' * (len(years) > 1)} {_listed(years)} of a stay on {track!r}"
                f"{lacking} {'have' if len(years) > 1 else 'has'} no row and "
                f"cost{'s' * (len(years) == 1)} nothing",
                int(first[track]),
                maybe="a row is missing; where nothing is paid, one with amount 0 says so",
            )


def _unpaid(instance: Instance) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Cells of new participants' stays that no row of costs speaks of, among all of them."""
    spec, costs = TABLES["costs"], instance.case.table("costs")
    present = instance.people.present
    # Of people already here the later years of their stay are known to be paid, or were left out.
    is_new = present["family"].ne(CONSTANT) | present["entry_year"].isin(instance.sets.entry_years)
    asked = present.loc[is_new, _CELL]
    asked = asked.assign(year=instance.sets.case_year(asked["year"])).drop_duplicates()
    filled = pd.DataFrame({name: _is_filled(costs[name]) for name in spec.optional_keys})
    plain = costs[~filled.any(axis=1)]
    paid = {*keys_of(plain, STAY), *_paid_in_every_region(instance)}
    open_ = _without(asked, STAY, paid)
    query = open_.merge(costs[[*STAY, "line"]].drop_duplicates(), on=STAY)
    found = resolve(
        query,
        costs,
        keys=list(spec.keys),
        optional=list(spec.optional_keys),
        values=[],
        file=spec.file,
        problems=Problems(),
    )
    told = set(keys_of(query[found["row"].notna()], _CELL))
    return _without(open_, _CELL, told), asked


def _paid_in_every_region(instance: Instance) -> Iterator[tuple[object, ...]]:
    """Years of stay that cost more in all regions of a track, so that none of them is free.

    What regions cost is added to the costs of a track, so one that has none of its own is reported.
    """
    sites, costed = instance.sets.sites, set(instance.case.table("costs")["track"])
    hosts = {track: set(rows["region"]) for (track,), rows in groups_of(sites, ["track"])}
    for (track, year), rows in groups_of(instance.case.table("region_costs"), STAY):
        if track in costed and hosts.get(track, set()) <= set(rows["region"]):
            yield track, year


def _without(
    frame: pd.DataFrame, columns: list[str], keys: set[tuple[object, ...]]
) -> pd.DataFrame:
    return frame[
        np.fromiter((key not in keys for key in keys_of(frame, columns)), bool, len(frame))
    ]


def _is_filled(cells: pd.Series) -> pd.Series:
    return cells.notna() & cells.astype("str").ne("")


def _by_years(cells: pd.DataFrame) -> list[tuple[list[int], pd.DataFrame]]:
    """Years of stay that lack the same cells, together."""
    others = [name for name in _CELL if name not in STAY]
    alike: dict[frozenset[object], list[int]] = {}
    for (year,), rows in groups_of(cells.sort_values("year_of_stay"), ["year_of_stay"]):
        alike.setdefault(frozenset(keys_of(rows, ["level", "country", "entry"])), []).append(year)
    return [
        (years, cells.loc[cells["year_of_stay"].isin(years), others]) for years in alike.values()
    ]


def _told(lacking: pd.DataFrame, asked: pd.DataFrame) -> str:
    """Say of which levels, countries, years and ways of entry the cells speak, if not of all."""
    parts = []
    for name in ("level", "country", "year", "entry"):
        here = list(dict.fromkeys(lacking[name].tolist()))
        if len(here) < asked[name].nunique():
            parts.append(f"{name} {_listed(here)}")
    return f" ({'; '.join(parts)})" if parts else ""


def _listed(values: list[object] | list[int]) -> str:
    told = [str(value) for value in values[:_MOST_NAMED]]
    rest = len(values) - len(told)
    return ", ".join(told) + (f" and {rest} more" if rest else "")


def idle_lines(instance: Instance) -> Iterator[Problem]:
    """Lines with money from which nothing can be paid."""
    used = set(instance.spending["line"])
    for transfer in instance.transfers:
        used |= {transfer.from_, transfer.to}
    for line, row, most in _lines(instance):
        if line not in used and most > 0:
            yield Problem(
                "budgets.csv",
                f"line {line!r} has money, but nothing that could be planned is paid from it",
                row,
                "line",
                maybe="rows that name it in costs.csv, region_costs.csv, agreements.csv or "
                "services.csv are missing",
            )


def lines_too_small(instance: Instance) -> Iterator[Problem]:
    """Lines that could not pay for one participant of anything they pay for."""
    helped = {transfer.to for transfer in instance.transfers}
    spending = instance.spending
    paid = spending[
        spending["what"].eq(PARTICIPANTS)
        & spending["family"].ne(CONSTANT)
        & (spending["coefficient"] > 0)
    ]
    least = paid.groupby("line")["coefficient"].min()
    for line, row, most in _lines(instance):
        if line in helped or line not in least.index or most >= least[line]:
            continue
        yield Problem(
            "budgets.csv",
            f"line {line!r} has at most {figure(most)} a year, less than the "
            f"{figure(float(least[line]))} that it pays for one participant",
            row,
            TABLES["budgets"].column("amount").header(instance.case.currency),
            maybe="the two are in different units",
        )


def _lines(instance: Instance) -> Iterator[tuple[str, int, float]]:
    """Every line with its first row and the largest amount of a planned year."""
    table = instance.case.table("budgets")
    most = instance.budget.groupby("line")["amount"].max()
    for row, line in table.drop_duplicates("line")["line"].items():
        if line in most.index:
            yield str(line), int(str(row)), float(most[line])


def unsaid_support(instance: Instance) -> Iterator[Problem]:
    """A support floor where no line is said to be for support."""
    if instance.policy.support_floor and not instance.budget["purpose"].eq("integration").any():
        yield Problem(
            "budgets.csv",
            "no budget line has purpose 'integration', so a support floor counts no money",
            column="purpose",
            maybe="you want the column purpose in budgets",
        )
