"""How far slots of a cell can move among plans that are nearly as good, by relaxation."""

from __future__ import annotations

from optimizer.app.keeping import refusal
from optimizer.explain.manoeuvring import ONE_PERCENT
from optimizer.explain.range_tables import range_table
from optimizer.explain.ranges import NOT_REACHED, Sum, ends_of, limit_ends
from optimizer.explain.stepping import BY_RELAXATION
from optimizer.explain.wanting import Wanted, slots_from
from optimizer.frames import rows_of
from optimizer.persistent import LoadedModel
from optimizer.persistent.roles import columns_in_order
from optimizer.plan import Plan
from optimizer.schema.decisions import DECISIONS
from optimizer.session import Session, held_by
from optimizer.solver import Watch
from optimizer.text.figures import counted, figure

_COUNTED = ("cohort", "placements")
"""Decisions that are sums of slots: over regions, and over countries."""


def how_far(session: Session, plan: Plan, text: str) -> list[str]:
    """Say from how many to how many slots plans have that lack at most one percent of the points.

    Parameters
    ----------
    session
        That asks what the plan answers. It is relaxed, and otherwise stays as it is.
    text
        Which slots, such as ``slots[country=KEN, track=researchers]``.

    Returns
    -------
    list of str
        Sentences. Ends by relaxation are outer ones: no such plan lies beyond.

    Raises
    ------
    PolicyError
        If that cannot be read, names what the case does not have, or countries and regions at once.
    """
    loaded = held_by(session).loaded
    meant = slots_from(text, loaded.instance)
    each = _sum_of(loaded, plan, meant)
    if not len(each.columns):
        return [f"{meant.text}: no plan can have such slots, as the case allows none."]
    least_points = plan.objective - ONE_PERCENT * abs(plan.objective)
    ends = ends_of([each])
    session.relax()
    limit_ends(ends, loaded, least_points, Watch(), lambda: None)
    row = next(iter(rows_of(range_table(ends))))
    there = counted(round(each.value), "slot")
    said = [f"{meant.text}: {there} in the plan."]
    which = f"plans of at least {figure(least_points, 4)} points, 1% below this one"
    if row.status == NOT_REACHED:
        return [*said, "How far they can move was not found."]
    if row.status == "fixed":
        return [*said, f"All {which}, have as many there."]
    said.append(
        f"Among {which}, there may be from {figure(row.least)} to {figure(row.most)}; none lies "
        "outside."
    )
    ends_by = {"lower": row.least_basis, "upper": row.most_basis}
    outer = [name for name, basis in ends_by.items() if basis == BY_RELAXATION]
    if outer:
        ends_told = f"The {' and the '.join(outer)} {'end is' if len(outer) == 1 else 'ends are'}"
        said.append(f"{ends_told} by relaxation: whether a plan reaches so far is not known.")
    return said


def _sum_of(loaded: LoadedModel, plan: Plan, meant: Wanted) -> Sum:
    """The decisions that add up to the slots, and their number in the plan."""
    instance, names = loaded.instance, set(meant.where)
    fitting = [
        family
        for family in _COUNTED
        if names <= set(DECISIONS[family].keys) and len(getattr(instance.sets, family))
    ]
    if not fitting:
        raise refusal("ask", f"{meant.text} names countries and regions at once", "one of the two")
    frame = getattr(instance.sets, fitting[0]).reset_index(drop=True)
    columns = columns_in_order(instance, loaded.matrix, fitting[0])[meant.chosen(frame).to_numpy()]
    return Sum("slots", meant.text, columns[columns >= 0], meant.granted(plan))
