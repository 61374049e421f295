"""Studies: many named what-ifs over one policy on one case."""

from __future__ import annotations

from optimizer.sweeps.distributions import (
    choice,
    correlated,
    loguniform,
    normal,
    times,
    triangular,
    uniform,
)
from optimizer.sweeps.scenarios import BASE, Scenario
from optimizer.sweeps.study import Study

__all__ = [
    "BASE",
    "Scenario",
    "Study",
    "choice",
    "correlated",
    "loguniform",
    "normal",
    "times",
    "triangular",
    "uniform",
]
