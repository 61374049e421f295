"""Solving: the only package that imports HiGHS. It knows a matrix, and no word of the domain."""

from __future__ import annotations

from optimizer.solver.patch import Patch
from optimizer.solver.solution import Solution
from optimizer.solver.watch import Progress, Watch, relative_gap

__all__ = ["Patch", "Progress", "Solution", "Watch", "relative_gap"]
