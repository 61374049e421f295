"""What each group of a limit could have by itself, and the floor that follows from it."""

from __future__ import annotations

import pandas as pd

from optimizer.instance.groups import TOTAL, group_labels
from optimizer.policy import Limit, OwnBest
from optimizer.report import figures
from optimizer.report.blocks import Block
from optimizer.report.figures import number
from optimizer.report.material import Material
from optimizer.report.tables import plain_table, records


def own_best_blocks(material: Material, limit: Limit, rows: pd.DataFrame) -> list[Block]:
    """Own best, floor and what the plan gives, of every group of a limit that has such a floor.

    Parameters
    ----------
    rows
        Checked rows of the limit, hard or soft.
    """
    wanted = limit.at_least
    if not isinstance(wanted, OwnBest) or wanted.bests is None or not len(rows):
        return []
    shown = figures.money if limit.counts.unit == "money" else number
    told = []
    for row in records(rows[rows["sense"].ne("at_most")]):
        best = wanted.bests[_label(row.place[1:], limit)]
        group = material.names.words(row.by, row.place, own=True) or "all"
        part = f"{number(100.0 * row.value / best)}%" if best else "-"
        told.append((group, shown(best), shown(wanted.own_best * best), shown(row.value), part))
    caption = f"{figures.sentence(limit.name)}: {limit.measure} that each could have by itself"
    head = ("For", "Own best", "Floor", "Plan", "Of own best")
    return [plain_table(caption, head, told, (1, 2, 3, 4))]


def _label(place: tuple[object, ...], limit: Limit) -> str:
    """Name of a group in the policy."""
    if not limit.by:
        return TOTAL
    cells = pd.DataFrame([place], columns=list(limit.by))
    return str(group_labels(cells, limit.by)[0])
