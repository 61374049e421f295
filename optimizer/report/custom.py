"""Rules that were added to a run in Python, and what was decided for them."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from optimizer.report import figures
from optimizer.report.blocks import Block, Text
from optimizer.report.figures import number
from optimizer.report.material import Material
from optimizer.report.tables import behind, plain_table, records

_LABEL = (
    "Custom rules were added in Python for this run. They are checked on the plan's numbers "
    "through the expressions they were written in; all other rules are recomputed independently."
)


def custom_blocks(material: Material) -> list[Block]:
    """Give every custom rule where it is tightest, with its reason, and the custom variables."""
    table = material.plan.tables.get("custom_rules")
    if table is None or not len(table):
        return []
    told = [
        (str(rule.title), str(rule.why), str(rule.source), *_tightest(material, rule))
        for rule in records(table)
    ]
    head = ("Rule", "Why", "Numbers from", "Tightest for", "Measured", "Number", "Slack")
    blocks: list[Block] = [Text((_LABEL,)), plain_table("Custom rules", head, told, (4, 5, 6))]
    variables = material.plan.decisions.variables
    if len(variables):
        cells = [
            (str(row[0]), ", ".join(map(str, json.loads(row[1]))), number(float(row[2])))
            for row in records(variables)
        ]
        caption = "Variables of custom rules"
        blocks.append(behind(plain_table(caption, ("Variable", "For", "Value"), cells, (2,))))
    return blocks


def titles(material: Material) -> dict[str, str]:
    """Give the titles of custom rules by name."""
    table = material.plan.tables.get("custom_rules")
    return {} if table is None else {str(rule.rule): str(rule.title) for rule in records(table)}


def _tightest(material: Material, rule: Any) -> tuple[str, str, str, str]:
    if pd.isna(rule.soft):
        rows = material.table("rules")
        rows = rows[rows["rule"].eq(rule.rule)].sort_values("slack", kind="stable")
    else:
        rows = material.table("soft")
        rows = rows[rows["limit"].eq(rule.rule)].sort_values(
            "percent", ascending=False, kind="stable"
        )
        rows = rows.drop(columns="limit").rename(columns={"number": "limit"})
    if not len(rows):
        return "has no rows in this case", "", "", ""
    row = next(records(rows.head(1)))
    place = material.names.words(row.by, row.place) or "all"
    if pd.isna(rule.soft):
        slack = "equal" if row.sense == "equal" else number(row.slack)
    else:
        missed = f"missed by {number(row.percent)}%"
        slack = f"{missed if row.percent else 'kept'}; {figures.number(rule.soft)} points per 1%"
    return place, number(row.value), number(row.limit), slack
