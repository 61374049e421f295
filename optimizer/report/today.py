"""Today's plan beside the new one: slots of a year now, and on average under the plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from optimizer.report import figures
from optimizer.report.blocks import Block, Fact, Table, Text
from optimizer.report.coming import expected_by_country
from optimizer.report.figures import MINUS
from optimizer.report.material import Material, span
from optimizer.report.regions import region_charts
from optimizer.report.tables import behind, by_key, plain_table
from optimizer.schema.tables import FORECAST

_NAMED = 3
"""Countries that are named for gaining or losing most."""
_TABLE = {"track": "tracks", "country": "countries", "region": "regions"}
_PLAN = "Plan against today"
_UNKNOWN = (
    "Regions are not compared with today: the case divides today's slots by country and track "
    "only. Rows of current_plan_by_region would say where they are."
)


@dataclass(frozen=True)
class Change:
    """Persons of a year today, and on average under the plan.

    Examples
    --------
    >>> Change(1000.0, 977.4).in_words, Change(8.0, 9.5).in_words
    ('23 fewer than today, 2.3%', '1.50 more than today, 18.8%')
    >>> Change(1000.0, 1000.3).in_words, Change(0.0, 20.0).in_words
    ('as many as today', '20 more than today')
    """

    today: float
    planned: float

    @property
    def difference(self) -> float:
        """Difference of the two as they are printed, so that none is claimed that is not seen."""
        return figures.rounded(self.planned) - figures.rounded(self.today)

    @property
    def count(self) -> str:
        """Difference with its sign."""
        return f"{'+' if self.difference > 0 else ''}{figures.number(self.difference)}"

    @property
    def share(self) -> str:
        """Difference as a share of today's, with its sign; blank where there is nothing today."""
        if not self.today:
            return ""
        part = self.difference / self.today
        return f"{'+' if part > 0 else ''}{figures.percent(part, 1)}"

    @property
    def in_words(self) -> str:
        """Difference as a part of a sentence."""
        if not self.difference:
            return "as many as today"
        word = "more" if self.difference > 0 else "fewer"
        share = f", {self.share[1:]}" if self.share else ""
        return f"{figures.number(abs(self.difference))} {word} than today{share}"


def forecast_tracks(material: Material) -> set[str]:
    """Tracks on which people come by themselves."""
    tracks = material.case.table("tracks")
    return set(tracks.loc[tracks["allocation"].eq(FORECAST), "track"])


def slots_today(material: Material) -> pd.DataFrame:
    """Rows of today's plan on tracks of which the plan decides."""
    table = material.case.table("current_plan")
    return table[~table["track"].isin(forecast_tracks(material))]


def today_by(material: Material, column: str) -> dict[str, float]:
    """Slots of a year today by track, country or another column of today's plan."""
    return by_key(slots_today(material).groupby(column, sort=False)["slots"].sum())


def average(material: Material, slots: pd.Series) -> dict[str, float]:
    """Slots of a year on average, of slots of all planned years."""
    return {str(key): float(count) / len(material.years) for key, count in slots.items()}


def change_of_slots(material: Material) -> Change | None:
    """Change of all slots of a year; nothing in cases without today's plan."""
    today = float(slots_today(material)["slots"].sum())
    if not today:
        return None
    return Change(today, float(material.slots["slots"].sum()) / len(material.years))


def change_facts(material: Material) -> list[Fact]:
    """Give the change against today for the first page, where today is known."""
    change = change_of_slots(material)
    if change is None:
        return []
    return [Fact("Slots a year", figures.number(change.planned), f"on average, {change.in_words}")]


def change_findings(material: Material) -> list[str]:
    """Say how planned and expected people of a year compare with today, each by itself."""
    change, told = change_of_slots(material), []
    if change is not None:
        told.append(
            f"The plan gives {figures.number(change.planned)} slots a year on average, "
            f"{change.in_words}; today there are {figures.number(change.today)}."
        )
    expected, current = expected_by_country(material), _expected_today(material)
    if len(expected):
        persons = material.plan.expected_total / len(material.years)
        besides = f"Besides, {figures.number(persons)} people a year come by forecast"
        if len(current):
            besides += f", {Change(float(current['slots'].sum()), persons).in_words}"
        told.append(f"{besides}.")
    return told


def today_blocks(material: Material) -> list[Block]:
    """Give the plan beside today's by track and country, and by region where that is known."""
    if change_of_slots(material) is None:
        return _expected(material)
    largest = tuple(_largest(material))
    blocks: list[Block] = [Text(largest, is_list=True)] if largest else []
    for column in ("track", "country"):
        changes = _changes(material, column)
        blocks.append(behind(_compared(material, column, changes, f"{_PLAN}, by {column}")))
    return [*blocks, *_by_region(material), *_expected(material)]


def _expected(material: Material) -> list[Block]:
    """Give people who come by forecast beside those of today, where these are known."""
    today, there = _expected_today(material), expected_by_country(material)
    if not len(today):
        return []
    planned = average(material, there.groupby("track")["persons"].sum())
    changes = _in_order(material, "track", by_key(today.groupby("track")["slots"].sum()), planned)
    caption = "Expected by forecast against today, by track"
    return [behind(_compared(material, "track", changes, caption))]


def _expected_today(material: Material) -> pd.DataFrame:
    table = material.case.table("current_plan")
    return table[table["track"].isin(forecast_tracks(material))]


def _changes(material: Material, column: str) -> dict[str, Change]:
    """Changes by track or country, in the order of the case."""
    today = today_by(material, column)
    planned = average(material, material.slots.groupby(column)["slots"].sum())
    return _in_order(material, column, today, planned)


def _in_order(
    material: Material, column: str, today: Mapping[str, float], planned: Mapping[str, float]
) -> dict[str, Change]:
    keys = map(str, material.case.table(_TABLE[column])[column])
    return {
        key: Change(today.get(key, 0.0), planned.get(key, 0.0))
        for key in keys
        if key in today or key in planned
    }


def _largest(material: Material) -> list[str]:
    """Say which countries gain and lose most."""
    changes = _changes(material, "country")
    order = sorted(changes, key=lambda key: changes[key].planned - changes[key].today)
    told = []
    for does, sign, keys in (("gain", "+", order[::-1]), ("lose", MINUS, order)):
        named = [
            f"{material.names.of('country', key)} ({', '.join(filter(None, _moves(changes[key])))})"
            for key in keys
            if changes[key].count.startswith(sign)
        ]
        if named:
            most = figures.listed(named[:_NAMED])
            told.append(f"Against today, the countries that {does} most slots a year: {most}.")
    return told


def _moves(change: Change) -> tuple[str, str]:
    return change.count, change.share


def _by_region(material: Material) -> list[Block]:
    """Compare regions on the tracks whose slots of today are divided by region."""
    if not material.has_regions:
        return []
    whole, margins = slots_today(material), material.case.table("current_plan_by_region")
    parts = whole.loc[whole["region"].ne(""), ["track", "region", "slots"]]
    undivided = set(whole.loc[whole["region"].eq(""), "track"]) - set(margins["track"])
    rows = pd.concat([parts, margins[["track", "region", "slots"]]], ignore_index=True)
    rows = rows[~rows["track"].isin(undivided | forecast_tracks(material))]
    if not len(rows):
        return [Text((_UNKNOWN,), tone="note")]
    compared = material.slots[~material.slots["track"].isin(undivided)]
    today = rows.groupby("region")["slots"].sum()
    planned = average(material, compared.groupby("region")["slots"].sum())
    changes = _in_order(material, "region", by_key(today), planned)
    table = _compared(material, "region", changes, f"{_PLAN}, by region")
    drawn = {
        "Today": {key: change.today for key, change in changes.items()},
        f"{span(material.years)}, average": {key: each.planned for key, each in changes.items()},
    }
    title, described = "Slots by host region against today", "Slots of a year."
    charts = region_charts(material, title, described, drawn, figures.whole)
    tracks = material.case.table("tracks")["track"]
    left = [material.names.of("track", track) for track in tracks if track in undivided]
    if left:
        described = f"of some tracks only; without {figures.listed(left, most=8)}."
        charts = [Text((f"By region, today is known {described}",), tone="note"), *charts]
    return [*charts, behind(table)]


def _compared(material: Material, column: str, changes: dict[str, Change], caption: str) -> Table:
    rows = [(material.names.of(column, key), *_cells(change)) for key, change in changes.items()]
    total = Change(
        sum(change.today for change in changes.values()),
        sum(change.planned for change in changes.values()),
    )
    head = (column.capitalize(), "Today", f"{span(material.years)}, average", "Change", "Share")
    table = plain_table(
        f"{caption} (persons a year)", head, [*rows, ("Total", *_cells(total))], range(1, 5)
    )
    return Table(table.caption, table.head, table.rows, has_total=True)


def _cells(change: Change) -> tuple[str, ...]:
    return figures.number(change.today), figures.number(change.planned), change.count, change.share
