"""Custom rules in an evaluation: hard rows to judge, soft ones as what they cost."""

from __future__ import annotations

import pandas as pd

from optimizer.plan.subject import PLACE, ROW
from optimizer.schema.rules import Extension


def split_rows(custom: pd.DataFrame | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of custom rules: hard ones as rows to check, soft ones as what they cost."""
    if custom is None:
        return pd.DataFrame(), pd.DataFrame()
    is_soft = custom["soft"].notna()
    soft = custom[is_soft]
    misses = (soft["value"] - soft["limit"]).where(
        soft["sense"].ne("at_least"), soft["limit"] - soft["value"]
    )
    misses = misses.abs().where(soft["sense"].eq("equal"), misses.clip(lower=0.0))
    percent = 100.0 * misses / soft["base"]
    penalised = pd.DataFrame(
        {
            "limit": soft["rule"],
            "key": soft["key"],
            **{name: soft[name] for name in PLACE},
            "value": soft["value"],
            "number": soft["limit"],
            "percent": percent,
            "points": soft["soft"] * percent,
        }
    )
    return custom[~is_soft].assign(unit="custom")[ROW], penalised


def custom_table(extension: Extension) -> pd.DataFrame:
    """rule, title, source, why, soft: custom rules, checked through their own expressions."""
    rows = [
        (rule.name, rule.as_rule().title, rule.source, rule.why, rule.soft)
        for rule in extension.rules.values()
    ]
    columns = ["rule", "title", "source", "why", "soft"]
    table = pd.DataFrame(rows, columns=columns)
    return table.astype(dict.fromkeys(columns[:-1], "str") | {"soft": "float64"})
