"""Plans of many scenarios: solved on by a sweep, and each from nothing.

    python benchmarks/sweep_plans.py [--quick]

As in `sweeps.py`, each scenario changes one number of the Japan case, a weight or a budget, and the
clock runs from the first scenario to the last, the first plan included. Plans are within 1% of what
no plan exceeds, under the same scales; those from nothing are the first few.
"""

from __future__ import annotations

import sys

from measuring import Rows, by_itself
from sweeps import COLD, MEMORY, ONE, SweepRun, measured_of, told, work

RUNS: tuple[SweepRun, ...] = (("MIP", "JAPAN", 12, {COLD: 2}, (MEMORY,)),)
QUICK_RUNS: tuple[SweepRun, ...] = (("MIP", "gap_01", 2, {COLD: 1}, (MEMORY, ONE)),)
LIMIT, QUICK_LIMIT = 1_800.0, 120.0


def measured(*, quick: bool) -> Rows:
    """Seconds of a plan by a sweep and from nothing, and whether the points agree."""
    runs, limit = (QUICK_RUNS, QUICK_LIMIT) if quick else (RUNS, LIMIT)
    return measured_of("sweep_plans", runs, limit)


if __name__ == "__main__":
    sys.exit(by_itself(work, lambda quick: told(measured(quick=quick)), __doc__))
