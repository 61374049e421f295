"""People who go home, added up over the years by country."""

from __future__ import annotations

from collections.abc import Sequence

from optimizer.report import figures
from optimizer.report.blocks import Block, Table
from optimizer.report.material import Material, span
from optimizer.report.periods import expected_persons
from optimizer.report.tables import behind, plain_table

_SHOWN = 10
"""Countries of the table that is shown; the one behind it has all."""


def returning_blocks(material: Material) -> list[Block]:
    """Give who has gone home by the last planned year, and in all years, by country."""
    outcomes = material.table("outcomes")
    outcomes = outcomes[outcomes["returns"] > 0]
    if not len(outcomes):
        return []
    last = material.years[-1]
    planned = outcomes[outcomes["year"] <= last].groupby("country")["returns"].sum()
    overall = (
        outcomes.groupby("country")["returns"].sum().sort_values(ascending=False, kind="stable")
    )
    rows = [
        (str(country), float(planned.get(country, 0.0)), float(count))
        for country, count in overall.items()
    ]
    title = f"People who have completed and gone home, by country ({expected_persons(material)})"
    if len(rows) <= _SHOWN:
        return [_table(material, title, rows, rows)]
    caption = f"{title}: the first {_SHOWN} of {len(rows)}"
    return [
        _table(material, caption, rows[:_SHOWN], rows),
        behind(_table(material, title, rows, rows)),
    ]


_Row = tuple[str, float, float]


def _table(material: Material, caption: str, shown: Sequence[_Row], every: Sequence[_Row]) -> Table:
    """Rows that are shown, below them the total of every country."""
    cells = [
        (material.names.of("country", country), figures.people(planned), figures.people(overall))
        for country, planned, overall in shown
    ]
    total = (sum(row[1] for row in every), sum(row[2] for row in every))
    head = ("Country", f"By the end of {material.years[-1]}", f"In all, {span(material.window)}")
    table = plain_table(
        caption, head, [*cells, ("All countries", *map(figures.people, total))], (1, 2)
    )
    return Table(table.caption, table.head, table.rows, has_total=True)
