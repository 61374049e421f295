"""What the plan is to each stakeholder that the policy names."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from optimizer.plan.to_stakeholders import COMPARED, own_bests_in
from optimizer.report.blocks import Section, Text
from optimizer.report.figures import minus_sign
from optimizer.report.material import Material
from optimizer.report.tables import plain_table, records

HOW_COUNTED = (
    "The same plan as each of them weighs the goals: 100 would be every goal that matters to "
    "it at its scale. Soft limits and the cost of change are not counted."
)
WHERE_BESTS_ARE_FOUND = "What each of them could have at best is found by optimizer stakeholders."
POINT_DIGITS = 3
_SHARES = 3
"""Goals that are named for each, those that weigh most first."""


class ToStakeholder(NamedTuple):
    """What a plan is to one of them: its value as a number, the rest as it is shown."""

    name: str
    called: str
    weighs: str
    value: float
    points: str
    of_best: str | None


def to_each_stakeholder(material: Material) -> list[ToStakeholder]:
    """What the plan is to everybody who weighs the goals.

    A part of the own best is given where the plan knows somebody's: blank for those of whom it is
    not known, ``None`` for all where nobody's is.
    """
    policy = material.policy
    bests = own_bests_in(material.plan.provenance, policy, material.case)
    known = {each.name: each for each in policy.stakeholders}
    found = []
    for row in records(material.table("stakeholders")):
        shares = sorted(known[row.stakeholder].importance.items(), key=lambda item: -abs(item[1]))
        told = ", ".join(
            f"{goal.replace('_', ' ')} {minus_sign(f'{share:.0%}')}"
            for goal, share in shares[:_SHARES]
        )
        told += ", ..." if len(shares) > _SHARES else ""
        told += " (compared)" if row.weights == COMPARED else ""
        best, value = bests.get(row.stakeholder), float(row.value_points)
        part = "" if best is None else minus_sign(f"{value / best:.1%}")
        of_best = part if bests else None
        name, called = str(row.stakeholder), _named(row)
        found.append(ToStakeholder(name, called, told, value, points_shown(value), of_best))
    return found


def points_shown(value: float) -> str:
    """Value of a plan to a stakeholder as it is shown."""
    return minus_sign(f"{value:,.{POINT_DIGITS}f}")


def stakeholders_section(material: Material) -> Section | None:
    """Give the value of the plan to everybody who weighs the goals; none without stakeholders."""
    if not material.policy.stakeholders:
        return None
    each = to_each_stakeholder(material)
    has_bests = any(one.of_best is not None for one in each)
    cells = [
        (one.called, one.weighs, one.points, *([one.of_best or ""] if has_bests else []))
        for one in each
    ]
    head = ["Stakeholder", "Weighs", "Points", *(["Of own best"] if has_bests else [])]
    caption = "Value of the plan by the weights of each stakeholder"
    numbers = tuple(range(2, len(head)))
    blocks = [plain_table(caption, tuple(head), cells, numbers)]
    if not has_bests:
        asked = Text((WHERE_BESTS_ARE_FOUND,))
        return Section("stakeholders", "Stakeholders", HOW_COUNTED, (*blocks, asked))
    return Section("stakeholders", "Stakeholders", HOW_COUNTED, tuple(blocks))


def _named(row: pd.Series) -> str:
    return f"{row.stakeholder} ({row.agency})" if row.agency else str(row.stakeholder)
