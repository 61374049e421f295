"""Budgets, transfers and carry-over of a plan."""

from __future__ import annotations

import numpy as np
import pandas as pd

from optimizer.frames import keys_of, numbers_at
from optimizer.frames.arrays import Floats
from optimizer.frames.grouping import once, sums_at
from optimizer.plan.subject import Keys, Subject, keys_in, rows

_LINE = ["line", "year"]


def check_money(s: Subject) -> list[pd.DataFrame]:
    """Budgets, transfers and carry-over."""
    budget, keys = once(line_years, s), keys_in(s.instance.budget, _LINE)
    out = budget["spent"] + budget["given"] + budget["carried_out"]
    there = budget["budget"] + budget["received"] + budget["carried_in"]
    came = budget["received"] + budget["carried_in"]
    return [
        rows("spending_within_budget", keys, out, "at_most", there),
        rows("received_money_is_spent", keys, came, "at_most", budget["spent"]),
        *_moved_within_shares(s),
    ]


def _moved_within_shares(s: Subject) -> list[pd.DataFrame]:
    """Transfers and carry-over against the share of each line's own amount."""
    budget = s.instance.budget

    def own(table: pd.DataFrame) -> Floats:
        return sums_at(table, budget, _LINE, budget["amount"].to_numpy())

    listed = {(transfer.from_, transfer.to): transfer.share for transfer in s.instance.transfers}
    moved, kept = s.decisions.transfers, s.decisions.carry_over
    shares = [listed.get(key, 0.0) for key in keys_of(moved, ["line", "to_line"])]
    share_kept = numbers_at(kept["line"], s.instance.carry_over, 0.0).to_numpy()
    is_last = kept["year"].to_numpy() >= s.instance.sets.window[-1]
    most, most_kept = np.array(shares) * own(moved), np.where(is_last, 0.0, share_kept * own(kept))
    moves, keeps = Keys(moved[["line", "to_line", "year"]]), Keys(kept[_LINE])
    return [
        rows("transfer_within_share", moves, moved["amount"], "at_most", most),
        rows("carry_over_within_share", keeps, kept["amount"], "at_most", most_kept),
    ]


def line_years(s: Subject) -> pd.DataFrame:
    """Money of every line and window year.

    Returns
    -------
    pandas.DataFrame
        line, year, agency, purpose, budget, spent, received, given, carried_in, carried_out,
        anyway (spent whatever is decided), unspent (currency).
    """
    budget, moved, kept = s.instance.budget, s.decisions.transfers, s.decisions.carry_over

    def told(table: pd.DataFrame, line: str, shift: int = 0) -> Floats:
        found = pd.DataFrame({"line": table[line], "year": table["year"] + shift})
        return sums_at(budget, found, _LINE, table["amount"].to_numpy())

    frame = budget[[*_LINE, "agency", "purpose"]].assign(
        budget=budget["amount"],
        spent=s.at(budget, s.instance.spending, _LINE),
        received=told(moved, "to_line"),
        given=told(moved, "line"),
        carried_in=told(kept, "line", 1),
        carried_out=told(kept, "line"),
        anyway=s.anyway_at(budget, s.instance.spending, _LINE),
    )
    free = frame["budget"] + frame["received"] + frame["carried_in"]
    return frame.assign(unspent=free - frame["spent"] - frame["given"] - frame["carried_out"])
