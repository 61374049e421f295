"""What the plan is to each stakeholder that the policy names."""

from __future__ import annotations

import pandas as pd

from optimizer.plan.to_stakeholders import COMPARED, own_bests_in
from optimizer.report.blocks import Section, Text
from optimizer.report.material import Material
from optimizer.report.tables import plain_table, records

_SHARES = 3
"""Goals that are named for each, those that weigh most first."""


def stakeholders_section(material: Material) -> Section | None:
    """Give the value of the plan to everybody who weighs the goals; none without stakeholders."""
    policy = material.policy
    if not policy.stakeholders:
        return None
    bests = own_bests_in(material.plan.provenance, policy)
    known = {each.name: each for each in policy.stakeholders}
    cells = []
    for row in records(material.table("stakeholders")):
        each = known[row.stakeholder]
        shares = sorted(each.importance.items(), key=lambda item: -abs(item[1]))
        told = ", ".join(
            f"{goal.replace('_', ' ')} {share:.0%}" for goal, share in shares[:_SHARES]
        )
        told += ", ..." if len(shares) > _SHARES else ""
        told += " (compared)" if row.weights == COMPARED else ""
        best = bests.get(row.stakeholder)
        of_best = [] if not bests else ["" if best is None else f"{row.value_points / best:.1%}"]
        cells.append((_named(row), told, f"{row.value_points:,.3f}", *of_best))
    head = ["Stakeholder", "Weighs", "Points", *(["Of own best"] if bests else [])]
    caption = "Value of the plan by the weights of each stakeholder"
    numbers = tuple(range(2, len(head)))
    lead = (
        "The same plan as each of them weighs the goals: 100 would be every goal that matters to "
        "it at its scale. Soft limits and the cost of change are not counted."
    )
    blocks = [plain_table(caption, tuple(head), cells, numbers)]
    if not bests:
        asked = "What each of them could have at best is found by optimizer stakeholders."
        return Section("stakeholders", "Stakeholders", lead, (*blocks, Text((asked,))))
    return Section("stakeholders", "Stakeholders", lead, tuple(blocks))


def _named(row: pd.Series) -> str:
    return f"{row.stakeholder} ({row.agency})" if row.agency else str(row.stakeholder)
