"""How far groups lie apart in a plan, for limits on all groups together."""

from __future__ import annotations

import numpy as np

from optimizer.frames.arrays import Floats
from optimizer.instance.bounds import Spread
from optimizer.plan.inequality import gini, inequality
from optimizer.plan.subject import Subject


def lies_apart(s: Subject, spread: Spread) -> tuple[Floats, Floats]:
    """What lies apart, and the sum of the absolute terms that it is made of.

    It is the figure of inequality times what all groups get together, as groups may get nothing.
    """
    groups, shares = spread.shares.index, spread.shares.to_numpy()
    amounts = s.at(groups, spread.terms, ["group"])
    size = float(s.size_at(groups, spread.terms, ["group"]).sum())
    total = float(amounts.sum())
    if total <= 0.0 or (amounts < 0.0).any():
        # Figures of inequality are none then, but distances are.
        apart = _distances(amounts, shares, spread.kind)
    elif spread.kind == "gini":
        apart = gini(amounts, shares) * total
    else:
        apart = inequality(amounts, shares).hoover * total
    return np.array([apart]), np.array([size])


def evenness_of(s: Subject, spread: Spread) -> float:
    """The figure of inequality that a limit caps; not a number where nothing is divided."""
    apart, _ = lies_apart(s, spread)
    total = float(s.at(spread.shares.index, spread.terms, ["group"]).sum())
    return float(apart[0]) / total if total > 0.0 else float("nan")


def _distances(amounts: Floats, shares: Floats, kind: str) -> float:
    if kind == "hoover":
        return float(np.maximum(0.0, amounts - shares * amounts.sum()).sum())
    ahead = np.outer(amounts, shares)
    return float(np.abs(ahead - ahead.T).sum()) / 2.0
