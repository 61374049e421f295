"""What clashes in a model without a plan, and the least that would have to give way."""

from __future__ import annotations

import pandas as pd

from optimizer.persistent.loaded import LoadedModel
from optimizer.schema.rules import register
from optimizer.solver.elastic import least_relaxation
from optimizer.solver.watch import Watch


def clash(model: LoadedModel, watch: Watch) -> pd.DataFrame | None:
    """Least relaxation if everything could give way, protected or not: what clashes."""
    rules = register(model.instance.extension)
    kinds = {"limit", "fact"}

    def may_relax(rule: str, _: object) -> bool:
        return rules[rule].kind in kinds

    found = least_relaxation(model.matrix, may_relax, watch, model.options)
    if found is None:
        kinds.add("link")
        found = least_relaxation(model.matrix, may_relax, watch, model.options)
    return found


def advice(model: LoadedModel, watch: Watch) -> pd.DataFrame | None:
    """Least relaxation that would make a plan possible; see :func:`least_relaxation`."""
    floors = model.instance.policy.support_floor
    custom = model.instance.extension.rules
    rules = register(model.instance.extension)
    protected = {
        ("limit_at_least", limit.name) for limit in model.instance.limits if limit.limit.protected
    }
    protected |= {("limit_at_most", name) for _, name in protected}
    protected |= {(rule.name, "") for rule in custom.values() if rule.protected}
    protected |= {
        ("support_reaches_floor", str(number))
        for number, floor in enumerate(floors)
        if floor.protected
    }

    def may_relax(rule: str, index: object) -> bool:
        name = index[0] if isinstance(index, tuple) else index
        if {(rule, str(name)), (rule, "")} & protected:
            return False
        return rules[rule].kind == "limit"

    return least_relaxation(model.matrix, may_relax, watch, model.options)
