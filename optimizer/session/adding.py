"""An instance with one more limit, without joining again what was there before."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from optimizer.errors import PolicyError, Problems
from optimizer.instance import Instance
from optimizer.instance.limits import join_limits
from optimizer.instance.slot_level import slot_level_slots
from optimizer.policy import Policy


def with_last_limit(old: Instance, policy: Policy) -> Instance:
    """Join the last limit of a policy whose other limits the instance has already.

    Blocks whose single slots the limit names are planned slot by slot from then on.

    Raises
    ------
    PolicyError
        With the problems that joining case and policy from nothing would find.
    """
    problems, case = Problems(), old.case
    attributes = old.attributes.telling(problems)
    touched = slot_level_slots(case, list(policy.goals), policy.limits, old.sets, attributes)
    # Frame and variables keep one order: what was there comes first.
    slots = pd.concat([old.sets.slots, touched], ignore_index=True)
    sets = replace(old.sets, slots=slots.drop_duplicates(ignore_index=True))
    joined = join_limits(policy.limits[-1:], old.measures(problems, sets=sets))
    policy.retold(case.retold(problems)).raise_if_any(PolicyError)
    # An optional limit that matches nothing brings no slots into the model either.
    sets = sets if joined else old.sets
    return replace(
        old, policy=policy, sets=sets, attributes=attributes, limits=(*old.limits, *joined)
    )
