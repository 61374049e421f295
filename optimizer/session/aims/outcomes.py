"""What groups of a division get, as sums of the columns of a loaded model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import scipy.sparse

from optimizer.errors import OptimizerError
from optimizer.frames.arrays import Floats
from optimizer.instance.divisions import JoinedDivision
from optimizer.instance.people import CONSTANT
from optimizer.persistent import LoadedModel
from optimizer.persistent.roles import columns_in_order
from optimizer.plan.fair_shares import values_in


@dataclass(frozen=True, eq=False)
class Outcomes:
    """Outcome of every group: ``a @ x + constant``.

    Attributes
    ----------
    labels
        Of the groups.
    needs
        Need of every group, 1 on average.
    unit
        Amount that counts as 1: 1 for people, and about what one group gets of all else.
    """

    labels: tuple[str, ...]
    a: scipy.sparse.csr_array
    constant: Floats
    needs: Floats
    unit: float = 1.0

    def __len__(self) -> int:
        return len(self.labels)

    def amounts(self, x: Floats) -> Floats:
        """What every group gets, in units; columns that were appended play no part."""
        found: Floats = self.a @ x[: self.a.shape[1]] + self.constant
        return found

    def rates(self, x: Floats) -> Floats:
        """The same for each unit of need."""
        found: Floats = self.amounts(x) / self.needs
        return found

    @cached_property
    def terms(self) -> tuple[dict[int, float], ...]:
        """Weights by column, of every group."""
        a = self.a
        cuts = list(zip(a.indptr[:-1].tolist(), a.indptr[1:].tolist(), strict=True))
        return tuple(
            dict(zip(a.indices[i:j].tolist(), a.data[i:j].tolist(), strict=True)) for i, j in cuts
        )

    def summed(self, weights: Floats) -> dict[int, float]:
        """Weights by column, of a weighted sum of what groups get, beside the constants."""
        found: dict[int, float] = {}
        for terms, by in zip(self.terms, weights.tolist(), strict=True):
            for column, weight in terms.items():
                found[column] = found.get(column, 0.0) + by * weight
        return found

    def in_units_of(self, x: Floats) -> Outcomes:
        """The same in units of what a group gets on average in a solution, where that is large."""
        mean = float(np.abs(self.amounts(x)).mean())
        if not mean > 0.0:
            return self
        scaled = scipy.sparse.csr_array(self.a / mean)
        return Outcomes(self.labels, scaled, self.constant / mean, self.needs, self.unit * mean)


def outcomes_of(
    loaded: LoadedModel, division: JoinedDivision, scales: Mapping[str, float]
) -> Outcomes:
    """Find the columns that the groups of a division count.

    Parameters
    ----------
    scales
        Raw value of each goal that counts as 1.

    Raises
    ------
    OptimizerError
        If it counts decisions of which no rule of the model speaks.
    """
    labels = division.groups.index
    if division.accounts is not None:
        return _of_whole_values(loaded, division, scales)
    terms = division.measured[division.measured["group"].isin(labels)]
    row = labels.get_indexer(pd.Index(terms["group"]))
    fixed = terms["family"].eq(CONSTANT).to_numpy()
    weight = terms["coefficient"].to_numpy(dtype=float)
    constant: Floats = np.bincount(row[fixed], weight[fixed], minlength=len(labels)).astype(float)
    columns = np.full(len(terms), -1, dtype=np.int64)
    for family in terms.loc[~fixed, "family"].unique():
        chosen = terms["family"].eq(family).to_numpy()
        known = columns_in_order(loaded.instance, loaded.matrix, family)
        columns[chosen] = known[terms["position"].to_numpy()[chosen]]
    counted = ~fixed & (weight != 0.0)
    if (columns[counted] < 0).any():
        name = division.fairness.name
        raise OptimizerError(
            f"{name} counts decisions of which no rule speaks, so that no plan decides on them\n"
            "    Expected a division of what rules or goals count."
        )
    shape = len(labels), len(loaded.matrix.cost)
    a = scipy.sparse.csr_array((weight[counted], (row[counted], columns[counted])), shape=shape)
    a.sum_duplicates()
    needs = division.needs.to_numpy(dtype=float)
    return Outcomes(tuple(map(str, labels)), a, constant, needs / needs.mean())


def _of_whole_values(
    loaded: LoadedModel, division: JoinedDivision, scales: Mapping[str, float]
) -> Outcomes:
    """What groups get of the values of goals, each of which is a column of the model."""
    weights = division.account_weights(scales)
    found = {goal: loaded.matrix.column("value", goal) for goal in weights}
    earned = {goal: column for goal, column in found.items() if column is not None}
    shape = len(weights), len(loaded.matrix.cost)
    a = scipy.sparse.lil_array(shape)
    for goal, column in earned.items():
        a[:, [column]] = weights[[goal]].to_numpy()
    nothing = dict.fromkeys(map(str, weights), 0.0)
    constant = weights.to_numpy() @ values_in(division, nothing, loaded.instance.anyway)
    labels = tuple(map(str, weights.index))
    return Outcomes(labels, scipy.sparse.csr_array(a), constant, np.ones(len(labels)))
