"""What a sweep tells: which lever matters, when it fails, which plan is best where.

Everything is computed from answers that are there; nothing is solved. Where answers are missing,
each reading says what it did about them, or refuses.
"""

from __future__ import annotations

from optimizer.sweeps.sensitivity.best import best_plans
from optimizer.sweeps.sensitivity.boxes import discover
from optimizer.sweeps.sensitivity.choices import chosen, compared
from optimizer.sweeps.sensitivity.curves import curve, heat_map
from optimizer.sweeps.sensitivity.finding import Finding
from optimizer.sweeps.sensitivity.indices import sobol_indices
from optimizer.sweeps.sensitivity.maps import region_maps
from optimizer.sweeps.sensitivity.parallel import parallel_coordinates
from optimizer.sweeps.sensitivity.payoffs import payoffs
from optimizer.sweeps.sensitivity.tornado import tornado

__all__ = [
    "Finding",
    "best_plans",
    "chosen",
    "compared",
    "curve",
    "discover",
    "heat_map",
    "parallel_coordinates",
    "payoffs",
    "region_maps",
    "sobol_indices",
    "tornado",
]
