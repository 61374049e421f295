"""Everything chosen beside the slots as one table, a row per decision, and the way back."""

from __future__ import annotations

import pandas as pd

from optimizer.plan import COLUMNS, Decisions, amount_column

OTHER_KEYS = (
    "country",
    "track",
    "next_track",
    "group",
    "region",
    "service",
    "line",
    "to_line",
)
"""Keys that decisions other than slots may have, beside the year."""

DECISION_KEYS = ("decision", *OTHER_KEYS, "year", "amount")


def decision_rows(decisions: Decisions) -> pd.DataFrame:
    """Everything chosen beside the slots, one row per decision."""
    parts = []
    for name, table in decisions.tables().items():
        if name == "slots":
            continue
        amount = amount_column(table)
        rows = table.rename(columns={amount: "amount"}) if amount else table.assign(amount=1)
        parts.append(rows.assign(decision=name, amount=rows["amount"].astype(float)))
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
    for name, columns in COLUMNS.items():
        if name == "slots":
            continue
        chosen = rows[rows["decision"].eq(name)]
        amount = amount_column(columns)
        if amount:
            chosen = chosen.rename(columns={"amount": amount})
        tables[name] = chosen[list(columns)].astype(columns).reset_index(drop=True)
    return Decisions(slots=slots, **tables)
