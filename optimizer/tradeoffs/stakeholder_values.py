"""Values of stakeholders in a loaded model."""

from __future__ import annotations

import numpy as np
import scipy.sparse

from optimizer.errors import PolicyError, Problems
from optimizer.persistent import LoadedModel
from optimizer.plan.stakeholder_weights import StakeholderWeights
from optimizer.policy import Policy
from optimizer.session.aims.outcomes import Outcomes

LEAST_STAKEHOLDERS = 2


def require_stakeholders(policy: Policy) -> None:
    """Refuse a policy in which nobody can disagree.

    Raises
    ------
    PolicyError
        If it names fewer than two stakeholders.
    """
    known = len(policy.stakeholders)
    if known < LEAST_STAKEHOLDERS:
        problems = Problems()
        problems.add(
            policy.path.name,
            f"the policy names {known} of at least {LEAST_STAKEHOLDERS} stakeholders",
            column="stakeholders",
            expected="[[stakeholders]] tables, each with weights or comparisons of goals",
        )
        raise PolicyError(problems)


def values_as_outcomes(loaded: LoadedModel, weighing: StakeholderWeights) -> Outcomes:
    """Values of stakeholders as sums of the columns that hold the values of goals.

    With diminishing returns such a column may lie below what it counts, so that a solution
    understates a value. No weight on it is below 0, so that whatever raises values counts them in
    full, and no plan is taken for less than it is.
    """
    columns = [loaded.matrix.column("value", goal) for goal in weighing.goals]
    there = [place for place, column in enumerate(columns) if column is not None]
    at = np.array([column for column in columns if column is not None], dtype=np.int64)
    part = scipy.sparse.coo_array(weighing.per_value[:, there])
    rows, places = part.coords
    count = len(weighing.stakeholders)
    shape = count, len(loaded.matrix.cost)
    a = scipy.sparse.csr_array((part.data, (rows, at[places])), shape=shape)
    return Outcomes(tuple(weighing.names), a, np.zeros(count), np.ones(count))
