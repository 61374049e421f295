"""How fairly the plan divides what the policy asks about."""

from __future__ import annotations

from typing import Any

import pandas as pd

from optimizer.plan.fair_shares import fairness_words, measured_per
from optimizer.policy import Fairness
from optimizer.report.blocks import Bar, Bars, Block, Details, Key, Piece, Section, Text
from optimizer.report.colours import SEQUENTIAL, STROKE
from optimizer.report.figures import sentence
from optimizer.report.material import Material
from optimizer.report.tables import plain_table, records
from optimizer.text.figures import counted, figure

_MOST = 60
"""Groups that are drawn: of more, those with the lowest and the highest rates."""
_COLOUR = SEQUENTIAL[3]
_DIGITS = 4


def fairness_section(material: Material) -> Section | None:
    """Give every division that the policy names; none where it names none."""
    policy = material.policy
    if not policy.fairness:
        return None
    blocks: list[Block] = [Text(tuple(fairness_words(material.plan.tables)), is_list=True)]
    figures, groups = material.table("fairness"), material.table("fairness_groups")
    for division, row in zip(policy.fairness, records(figures), strict=True):
        of_division = groups[groups["fairness"].eq(division.name)]
        blocks.append(_details(material, division, row, of_division))
    lead = (
        "What each group gets for its need. Gini and the share that would have to go elsewhere are "
        "0 where all get the same."
    )
    return Section("fairness", "Fairness", lead, tuple(blocks))


def _details(material: Material, division: Fairness, row: Any, groups: pd.DataFrame) -> Details:
    what, per = measured_per(row)
    rates = groups.assign(
        rate=groups["rate"] * per, name=[_name(material, division, key) for key in groups["called"]]
    ).sort_values("rate", ascending=False, kind="stable")
    together = per * row.total / float(groups["need"].fillna(1.0).sum())
    highest = max(float(rates["rate"].max()), together)
    shown = rates
    if len(rates) > _MOST:
        shown = pd.concat([rates.head(_MOST // 2), rates.tail(_MOST // 2)])
    bars = tuple(_bar(each, what, together, highest) for each in records(shown))
    legend = (Key(_COLOUR, what), Key(STROKE, f"all together: {figure(together, _DIGITS)}", True))
    drawing = Bars(
        sentence(division.name),
        f"{sentence(what)}, the highest first; the stroke is the rate of all groups together.",
        bars,
        legend,
    )
    title = f"{sentence(division.name)}: {counted(len(groups), 'group')}"
    table = _table(title, what, rates, with_needs=bool(division.relative_to))
    why = (Text((division.why,)),) if division.why else ()
    return Details(title, (*why, drawing, table))


def _table(title: str, what: str, rates: pd.DataFrame, *, with_needs: bool) -> Block:
    """Figures of every group; needs, and rates by them, where they have any."""
    head = ["Group", "Amount", "Share"]
    head += ["Need", "Share of need", sentence(what)] if with_needs else []
    cells = []
    for each in records(rates):
        share = "" if pd.isna(each.share) else f"{each.share:.1%}"
        row = [each.name, figure(each.amount), share]
        if with_needs:
            row += [figure(each.need), f"{each.need_share:.1%}", figure(each.rate, _DIGITS)]
        cells.append(tuple(row))
    return plain_table(title, tuple(head), cells, tuple(range(1, len(head))))


def _name(material: Material, division: Fairness, called: str) -> str:
    """Name of a group; that of a country, track or region where it is one."""
    if len(division.by) > 1:
        return called
    column = division.by[0].rpartition(".")[2]
    return material.names.of(column, called) if column in ("country", "track", "region") else called


def _bar(row: Any, what: str, together: float, highest: float) -> Bar:
    width = 0.0 if highest <= 0 else 100.0 / highest
    told = f"{row.name}: {figure(row.rate, _DIGITS)} {what}"
    piece = Piece(0.0, round(max(row.rate, 0.0) * width, 3), _COLOUR, told)
    return Bar(row.name, figure(row.rate, _DIGITS), (piece,), mark=round(together * width, 3))
