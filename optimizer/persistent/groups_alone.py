"""The most of what a limit measures that each of its groups could have, in the LP relaxation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from optimizer.errors import SolverError
from optimizer.persistent.loaded import LoadedModel
from optimizer.solver.watch import Watch

Measured = tuple[str, str]
"""Name of a limit, and a group."""


def most_of_groups(
    model: LoadedModel, wanted: Sequence[Measured], watch: Watch
) -> dict[Measured, float] | None:
    """LP-relaxation optimum of what is measured in each group, one solved on from the other.

    Nothing else counts: soft limits cost nothing, so they do not bind. The costs of the model are
    others afterwards.

    Returns
    -------
    dict or None
        ``None`` if the relaxation is infeasible or the watch stopped it.

    Raises
    ------
    SolverError
        If something has no upper limit.
    """
    found: dict[Measured, float] = {}
    step = watch.step
    for number, key in enumerate(wanted):
        watch.begin_part(step, number, len(wanted))
        cost = np.zeros(len(model.matrix.cost))
        column = model.matrix.column("measured", key)
        assert column is not None, "what a limit measures has an account"
        cost[column] = 1.0
        model.matrix = replace(model.matrix, cost=cost, offset=0.0)
        run = model.relax(watch)
        if run.status == "unbounded":
            raise SolverError(f"what limit {key[0]!r} measures has no upper limit in {key[1]}")
        if run.status != "optimal" or run.objective is None:
            return None
        found[key] = run.objective
    watch.begin(step)
    return found
