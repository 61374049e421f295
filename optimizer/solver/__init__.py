"""Solving: the only code that names HiGHS.

:class:`LoadedModel` compiles a Pyomo model once, loads it, and answers questions about it.
"""

from __future__ import annotations

from optimizer.solver.loaded import LoadedModel
from optimizer.solver.patching import CannotPatchError, Patch
from optimizer.solver.solution import Solution
from optimizer.solver.watch import Progress, Watch, relative_gap

__all__ = [
    "CannotPatchError",
    "LoadedModel",
    "Patch",
    "Progress",
    "Solution",
    "Watch",
    "relative_gap",
]
