"""Countries with the best score for each goal, and how far their ranks could move."""

from __future__ import annotations

from typing import Any

import pandas as pd

from optimizer.report.blocks import Bar, Bars, Block, Details, Key, Piece, Section, Text
from optimizer.report.colours import SEQUENTIAL, STROKE
from optimizer.report.figures import listed, sentence
from optimizer.report.material import Material
from optimizer.report.tables import plain_table, records
from optimizer.text.figures import counted

_SHOWN = 10
"""Countries shown for each goal; the plan's table ``country_scores`` has all."""
_NAMED = 3
_BAND = SEQUENTIAL[2]
_MEANING = (
    "A band holds the ranks that a country has when weights, normalisation and blanks of the "
    "indicators are drawn at random: where two bands overlap, the figures do not say which of the "
    "two countries is better. A blank counts as the policy says, and is drawn in the bands, so a "
    "rank may lie outside of its band."
)


def ranks_section(material: Material) -> Section | None:
    """Give the best-scored countries of every goal with bands; none in cases without bands."""
    found = _banded(material)
    if not len(found):
        return None
    rows, details = [], []
    for goal, table in found.groupby("goal", sort=False):
        best = table.head(_SHOWN)
        named = [
            f"{row.name} ({row.rank}, band {_band(row.low, row.high)})" for row in records(best)
        ]
        rows.append((sentence(str(goal)), "; ".join(named[:_NAMED])))
        details.append(_details(str(goal), best, len(material.case.table("countries"))))
    head = ("Goal", "Best-scored countries, with rank and band")
    overview = plain_table("Best-scored countries by goal", head, rows)
    blocks: tuple[Block, ...] = (Text((_MEANING, *_moved(found))), overview, *details)
    lead = "Scores decide what a person of each country contributes to a goal."
    return Section("ranks", "How sure country ranks are", lead, blocks)


def _banded(material: Material) -> pd.DataFrame:
    """goal, country, name, score, rank, given, low, high: scores of the plan, bands of the case."""
    bands = material.case.table("rank_bands").rename(columns={"rank": "given"})
    bands = bands[["goal", "country", "given", "low", "high"]]
    scores = material.table("country_scores")
    # Who scores 0 contributes nothing, and shares a rank with all others who do not.
    scores = scores[scores["goal"].isin(bands["goal"]) & scores["score"].gt(0)]
    found = scores.merge(bands, on=["goal", "country"], how="left")
    return found.assign(name=[material.names.of("country", key) for key in found["country"]])


def _moved(found: pd.DataFrame) -> list[str]:
    """Say where ranks under the policy are not those that the bands were drawn for."""
    moved = found[found["given"].notna() & found["given"].ne(found["rank"])]
    if not len(moved):
        return []
    goals = [sentence(str(goal)) for goal in moved["goal"].drop_duplicates()]
    verb = "is not the one" if len(moved) == 1 else "are not those"
    return [
        f"{counted(len(moved), 'rank')} under this policy {verb} that the bands were drawn for "
        f"({listed(goals)}): its indicators or weights are others."
    ]


def _band(low: float, high: float) -> str:
    if pd.isna(low):
        return "unknown"
    return f"{int(low)}–{int(high)}" if low < high else str(int(low))


def _details(goal: str, best: pd.DataFrame, count: int) -> Details:
    title = (
        f"{sentence(goal)}: the {len(best)} best-scored of {counted(count, 'country', 'countries')}"
    )
    most = max(float(best["high"].max()), float(best["rank"].max()))
    bars = tuple(_bar(row, most) for row in records(best))
    legend = (Key(_BAND, "band of ranks"), Key(STROKE, "rank under this policy (tick)", True))
    chart = Bars(
        f"{sentence(goal)}: ranks", f"From rank 1 on the left to {int(most)}.", bars, legend
    )
    cells = [
        (row.name, f"{row.score:.3f}", str(row.rank), _band(row.low, row.high))
        for row in records(best)
    ]
    table = plain_table(title, ("Country", "Score", "Rank", "Band"), cells, (1, 2, 3))
    return Details(title, (chart, table))


def _bar(row: Any, most: float) -> Bar:
    width = 100.0 / most
    pieces: tuple[Piece, ...] = ()
    told = f"rank {row.rank}, band {_band(row.low, row.high)}"
    if not pd.isna(row.low):
        length = (row.high - row.low + 1) * width
        pieces = (
            Piece(round((row.low - 1) * width, 3), round(length, 3), _BAND, f"{row.name}: {told}"),
        )
    mark = round((row.rank - 0.5) * width, 3)
    return Bar(row.name, _band(row.low, row.high), pieces, mark=mark)
