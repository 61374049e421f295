"""Budget lines that belong to stakeholders, as far as a case has them."""

from __future__ import annotations

from optimizer.case import Case
from optimizer.errors import did_you_mean
from optimizer.instance.attributes import Attributes
from optimizer.policy import Policy, Stakeholder
from optimizer.schema.addresses import address_of


def lines_of(stakeholder: Stakeholder, case: Case) -> list[str]:
    """Lines of the case that belong to a stakeholder."""
    known = set(case.table("budgets")["line"])
    return [line for line in stakeholder.lines if line in known]


def check_stakeholders(case: Case, policy: Policy, attributes: Attributes) -> None:
    """Refuse lines of stakeholders that the case does not have."""
    known = sorted(set(case.table("budgets")["line"]))
    for stakeholder in policy.stakeholders:
        for line in () if stakeholder.optional else stakeholder.lines:
            if line not in known:
                attributes.add(
                    address_of(("stakeholders", stakeholder.name, "lines")),
                    f"case {case.name!r} has no budget line {line!r}",
                    "lines of budgets, or optional = true",
                    did_you_mean(line, known),
                )
