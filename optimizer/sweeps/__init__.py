"""Studies: many named what-ifs over one policy on one case."""

from __future__ import annotations

from optimizer.sweeps.scenarios import BASE, Scenario
from optimizer.sweeps.study import Study

__all__ = ["BASE", "Scenario", "Study"]
