"""Budgets, transfers and carry-over of a plan."""

from __future__ import annotations

import numpy as np
import pandas as pd

from optimizer.frames import keys_of
from optimizer.plan.subject import Subject, rows
from optimizer.plan.values import Floats


def check_money(s: Subject) -> list[pd.DataFrame]:
    """Budgets, transfers and carry-over."""
    budget = line_years(s)
    key = pd.MultiIndex.from_frame(budget[["line", "year"]])
    done = [
        rows(
            "spending_within_budget",
            key,
            budget["spent"] + budget["given"] + budget["carried_out"],
            "at_most",
            budget["budget"] + budget["received"] + budget["carried_in"],
        ),
        rows(
            "received_money_is_spent",
            key,
            budget["received"] + budget["carried_in"],
            "at_most",
            budget["spent"],
        ),
    ]
    return [*done, *_moved_within_shares(s, budget.set_index(["line", "year"])["budget"])]


def _moved_within_shares(s: Subject, amount: pd.Series) -> list[pd.DataFrame]:
    """Transfers and carry-over against the share of each line's own amount."""

    def own(table: pd.DataFrame) -> Floats:
        key = pd.MultiIndex.from_frame(table[["line", "year"]])
        return amount.reindex(key).fillna(0.0).to_numpy()

    listed = {(transfer.from_, transfer.to): transfer.share for transfer in s.instance.transfers}
    moved, kept = s.decisions.transfers, s.decisions.carry_over
    shares = [listed.get(key, 0.0) for key in keys_of(moved, ["line", "to_line"])]
    share_kept = kept["line"].map(s.instance.carry_over).fillna(0.0).to_numpy()
    is_last = kept["year"].to_numpy() >= s.instance.sets.window[-1]
    return [
        rows(
            "transfer_within_share",
            moved[["line", "to_line", "year"]],
            moved["amount"],
            "at_most",
            np.array(shares) * own(moved),
        ),
        rows(
            "carry_over_within_share",
            kept[["line", "year"]],
            kept["amount"],
            "at_most",
            np.where(is_last, 0.0, share_kept * own(kept)),
        ),
    ]


def line_years(s: Subject) -> pd.DataFrame:
    """Money of every line and window year.

    Returns
    -------
    pandas.DataFrame
        line, year, agency, purpose, budget, spent, received, given, carried_in, carried_out,
        unspent (currency).
    """
    frame = s.instance.budget.rename(columns={"amount": "budget"})
    key = pd.MultiIndex.from_frame(frame[["line", "year"]])

    def told(table: pd.DataFrame, line: str, shift: int = 0) -> Floats:
        moved = table.assign(year=table["year"] + shift)
        total = moved.groupby([line, "year"])["amount"].sum()
        return total.reindex(key).fillna(0.0).to_numpy()

    moved, kept = s.decisions.transfers, s.decisions.carry_over
    spent = s.total(s.instance.spending, ["line", "year"]).reindex(key).fillna(0.0).to_numpy()
    frame = frame.assign(
        spent=spent,
        received=told(moved, "to_line"),
        given=told(moved, "line"),
        carried_in=told(kept, "line", 1),
        carried_out=told(kept, "line"),
    )
    free = frame["budget"] + frame["received"] + frame["carried_in"]
    frame["unspent"] = free - frame["spent"] - frame["given"] - frame["carried_out"]
    columns = ["line", "year", "agency", "purpose", "budget", "spent", "received", "given"]
    return frame[[*columns, "carried_in", "carried_out", "unspent"]]
