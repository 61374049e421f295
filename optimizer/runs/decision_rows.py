"""Everything chosen beside the slots as one table, a row per decision, and the way back."""

from __future__ import annotations

import pandas as pd

from optimizer.plan import Decisions
from optimizer.schema.decisions import BESIDE_SLOTS

OTHER_KEYS = tuple(
    dict.fromkeys(key for each in BESIDE_SLOTS for key in each.keys if key != "year")
)
"""Keys that they may have beside the year."""

DECISION_KEYS = ("decision", *OTHER_KEYS, "year", "amount")


def decision_rows(decisions: Decisions) -> pd.DataFrame:
    """Everything chosen beside the slots, one row per decision."""
    parts = []
    tables = decisions.tables()
    for each in BESIDE_SLOTS:
        rows = tables[each.table].rename(columns={each.amount: "amount"})
        amount = rows["amount"].astype(float) if each.amount else 1.0
        parts.append(rows.assign(decision=each.table, amount=amount))
    rows = pd.concat(parts, ignore_index=True)
    for key in DECISION_KEYS:
        if key not in rows:
            rows[key] = ""
    text = [key for key in DECISION_KEYS if key not in ("year", "amount")]
    rows[text] = rows[text].fillna("").astype("str")
    return rows[list(DECISION_KEYS)].astype({"year": "int64"})


def decisions_from_rows(slots: pd.DataFrame, rows: pd.DataFrame) -> Decisions:
    """Undo :func:`decision_rows`."""
    tables = {}
    for each in BESIDE_SLOTS:
        chosen = rows[rows["decision"].eq(each.table)].rename(columns={"amount": each.amount})
        table = chosen[list(each.columns)].astype(each.columns)
        tables[each.table] = table.reset_index(drop=True)
    return Decisions(slots=slots, **tables)
