"""Single slots from their margins: which country goes to which region.

The value of a plan does not depend on single slots of unslot-level blocks, so any whole slots with
the right margins are equally good. They are chosen nearest to the current plan, and what that
leaves is spread in proportion to both margins by controlled rounding: every slot is the
proportional number rounded down or up, and both margins stay exact.
"""

from __future__ import annotations

import numpy as np

from optimizer.frames.arrays import Integers


def fill_block(cohort: Integers, placements: Integers, current: Integers | None = None) -> Integers:
    """Whole slots of one block with the given margins.

    Parameters
    ----------
    cohort
        Slots by country, shape (countries,).
    placements
        Slots by region, shape (regions,), with the same total.
    current
        Slots today, shape (countries, regions); as many as possible are kept.

    Returns
    -------
    numpy.ndarray
        Slots, shape (countries, regions).

    Examples
    --------
    >>> fill_block(np.array([2, 1]), np.array([1, 2])).tolist()
    [[1, 1], [0, 1]]
    """
    if int(cohort.sum()) != int(placements.sum()):
        raise AssertionError("the margins of a block have different totals")
    slots = np.zeros((len(cohort), len(placements)), dtype=np.int64)
    if current is not None and current.any():
        slots = _largest_flow(cohort, placements, current)
    return slots + _proportional(cohort - slots.sum(axis=1), placements - slots.sum(axis=0))


def _proportional(cohort: Integers, placements: Integers) -> Integers:
    """Controlled rounding of cohort * placed / total (a transportation problem, so integral)."""
    total = int(cohort.sum())
    if total == 0:
        return np.zeros((len(cohort), len(placements)), dtype=np.int64)
    product = np.outer(cohort, placements)
    down = product // total
    rest = product % total
    return down + _largest_flow(
        cohort - down.sum(axis=1), placements - down.sum(axis=0), (rest > 0).astype(np.int64)
    )


def _largest_flow(supply: Integers, demand: Integers, most: Integers) -> Integers:
    """Most slots within a cap per cell and both margins, by maximum flow."""
    # Imported where slots are filled: most of those who import this module check plans only.
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import maximum_flow

    rows, columns = most.shape
    source, sink = rows + columns, rows + columns + 1
    left, right = np.nonzero(most)
    tails = np.concatenate([np.full(rows, source), left, rows + np.arange(columns)])
    heads = np.concatenate([np.arange(rows), rows + right, np.full(columns, sink)])
    room = np.concatenate([supply, most[left, right], demand]).astype(np.int32)
    graph = csr_array(
        (room, (tails.astype(np.int32), heads.astype(np.int32))), shape=(sink + 1, sink + 1)
    )
    flow = maximum_flow(graph, source, sink).flow
    slots = np.zeros(most.shape, dtype=np.int64)
    slots[left, right] = np.asarray(flow[left, rows + right]).reshape(-1)
    return slots
