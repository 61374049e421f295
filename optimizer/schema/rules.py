"""The register of rules: every row of the model belongs to exactly one of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

RuleKind = Literal["definition", "link", "fact", "limit"]
Unit = Literal[
    "persons",
    "money",
    "service",
    "value",
    "percent",
    "steps",
    "agreements",
    "custom",
    "unknown",
]
"""What the rows of a rule are counted in, which says how exactly they are compared."""
Moves = Literal["number", "terms", "limit", "anything"]
Holds = Literal["at", "above", "below"]


@dataclass(frozen=True)
class Rule:
    """One kind of row.

    Attributes
    ----------
    name
        Name of the Pyomo constraint, a sentence that must hold.
    title
        The same in a planner's words.
    source
        The table or policy key its numbers come from.
    kind
        ``definition`` adds up an account, ``link`` ties decisions together, ``fact`` is a number
        nobody can choose, ``limit`` is a number somebody chose and could choose otherwise.
    year_at
        Position of the year in the constraint's index; ``None`` if it spans years.
    unit
        What its rows are counted in; limits of the policy are counted in their measure's.
    moves
        What changed figures can move of its rows in a loaded model: the ``number`` on the right
        alone, as coefficients follow from the sets; the ``terms`` that it adds up; what a ``limit``
        says; or ``anything``, so that the model is built again.
    account, holds
        The account of its rows, and where they hold it: ``at`` what they add up, or only at no
        less (``above``) or no more (``below``) than that.
    floor_of, ceiling_of
        The account that may not be below, or above, a number that somebody wrote for it alone.
    numbered
        What the last part of its rows' keys numbers, if that is a number in a list.
    """

    name: str
    title: str
    source: str
    kind: RuleKind
    year_at: int | None = None
    unit: Unit = "unknown"
    moves: Moves = "anything"
    account: str = ""
    holds: Holds = "at"
    floor_of: str = ""
    ceiling_of: str = ""
    numbered: str = ""

    def year(self, index: tuple[object, ...]) -> int | None:
        """Year a row belongs to, for rules that have one."""
        if self.year_at is None:
            return None
        year = index[self.year_at]
        return year if isinstance(year, int) else None


@dataclass(frozen=True, slots=True)
class RowKey:
    """What a row is called from the model to the report; words are made of it last.

    Attributes
    ----------
    index
        Place within the rule: values of its key, as in the column ``place`` of checked rows.
    """

    rule: str
    index: tuple[Any, ...]

    def in_words(self, rule: Rule) -> str:
        """The index in words, given the rule's entry in the register.

        Examples
        --------
        >>> RowKey("commitment_at_least", (4,)).in_words(RULES["commitment_at_least"])
        'commitments row 4'
        """
        parts = list(map(str, self.index))
        if rule.numbered:
            parts[-1] = f"{rule.numbered} {parts[-1]}"
        return ", ".join(parts)


@dataclass(frozen=True)
class CustomRule:
    """Description of a constraint that a function given as ``extend`` adds.

    Attributes
    ----------
    name
        Name of the Pyomo constraint.
    title
        The rule in a planner's words, as reports show it; made from the name without it.
    source
        Where its numbers come from.
    why
        The reason, printed in reports.
    soft
        Penalty in points per 1% by which a row is missed; without it the rule must hold.
    base
        What counts as 100% for a soft rule; the number of each row without it.
    protected
        Whether no repair ever loosens the rule.
    """

    name: str
    title: str = ""
    source: str = ""
    why: str = ""
    soft: float | None = None
    base: float | None = None
    protected: bool = False

    def as_rule(self) -> Rule:
        """The rule as an entry of the register."""
        words = self.name.replace("_", " ").replace(".", ", ")
        title = self.title or f"{words[:1].upper()}{words[1:]}"
        return Rule(self.name, title, self.source or "custom rule", "limit", unit="custom")


@dataclass(frozen=True)
class Extension:
    """Additions of custom rules to the model of an instance.

    Attributes
    ----------
    rules
        Every custom rule by the name of its constraint.
    variables
        Names of the variables that came with them.
    """

    rules: Mapping[str, CustomRule] = field(default_factory=dict)
    variables: tuple[str, ...] = ()


def _rules(*rules: Rule) -> dict[str, Rule]:
    return {rule.name: rule for rule in rules}


RULES = _rules(
    Rule(
        "placements_match_cohorts",
        "Everyone admitted is placed in a host region",
        "applicants, sites",
        "link",
        3,
        moves="number",
    ),
    Rule(
        "cohort_within_applicants",
        "No more slots than applicants",
        "applicants",
        "fact",
        2,
        unit="persons",
        moves="number",
    ),
    Rule(
        "placements_within_site",
        "No more slots than a site can host",
        "sites",
        "limit",
        2,
        unit="persons",
        moves="number",
    ),
    Rule(
        "intake_adds_up",
        "Intake of a track",
        "national_caps",
        "definition",
        1,
        moves="number",
        account="intake",
    ),
    Rule(
        "intake_within_cap",
        "National cap on intake",
        "national_caps",
        "limit",
        1,
        unit="persons",
        moves="number",
    ),
    Rule(
        "slots_make_cohort",
        "Single slots add up to the cohort",
        "slot-level blocks",
        "link",
        3,
        moves="number",
    ),
    Rule(
        "slots_make_placements",
        "Single slots add up to the places",
        "slot-level blocks",
        "link",
        4,
        moves="number",
    ),
    Rule(
        "cohort_needs_agreement",
        "Slots only under an open agreement",
        "agreements",
        "link",
        2,
        unit="persons",
        moves="number",
    ),
    Rule(
        "agreement_stays_open",
        "An opened agreement stays open",
        "agreements",
        "link",
        2,
        moves="number",
    ),
    Rule(
        "cohort_reaches_minimum",
        "Minimum cohort of an open agreement",
        "tracks.min_cohort",
        "limit",
        2,
        unit="persons",
        moves="number",
    ),
    Rule(
        "cohort_needs_active_track",
        "Slots only where the track runs",
        "tracks.min_cohort",
        "link",
        2,
        moves="number",
    ),
    Rule(
        "active_track_reaches_minimum",
        "Minimum cohort where the track runs",
        "tracks.min_cohort",
        "limit",
        2,
        unit="persons",
        moves="number",
    ),
    Rule(
        "transitions_within_completers",
        "No more stayers than completers who may stay",
        "continuations, support_levels",
        "fact",
        3,
        unit="persons",
        moves="number",
    ),
    Rule(
        "transitions_match_places",
        "Everyone who stays lives in a host region",
        "sites",
        "link",
        3,
        unit="persons",
        moves="number",
    ),
    Rule(
        "transitions_match_origins",
        "Everyone who stays completed in a host region",
        "continuations.retention",
        "link",
        4,
        unit="persons",
        moves="number",
    ),
    Rule(
        "origins_within_completers",
        "No more stayers from a region than completers there who may stay",
        "continuations, support_levels",
        "fact",
        4,
        unit="persons",
        moves="number",
    ),
    Rule(
        "movers_add_up",
        "Stayers who move to another region",
        "continuations.retention",
        "definition",
        3,
        moves="number",
        account="movers",
    ),
    Rule(
        "transitions_follow_attraction",
        "Who stays remains in the region or moves by attraction",
        "continuations.retention, regions.attraction",
        "fact",
        4,
        unit="persons",
        moves="number",
    ),
    Rule(
        "residents_add_up",
        "Residents of a track",
        "national_caps",
        "definition",
        1,
        moves="number",
        account="residents",
    ),
    Rule(
        "residents_within_cap",
        "National cap on residents",
        "national_caps",
        "limit",
        1,
        unit="persons",
        moves="number",
    ),
    Rule(
        "spending_adds_up",
        "Spending on a budget line",
        "costs, agreements, services",
        "definition",
        1,
        moves="terms",
        account="spending",
    ),
    Rule(
        "spending_within_budget",
        "Spending stays within the budget",
        "budgets",
        "limit",
        1,
        unit="money",
        moves="number",
    ),
    Rule(
        "transfer_within_share",
        "Transfers out of a line stay within their share",
        "policy budget.transfers",
        "limit",
        2,
        unit="money",
        moves="number",
    ),
    Rule(
        "carry_over_within_share",
        "Carry-over stays within its share",
        "policy budget.carry_over",
        "limit",
        1,
        unit="money",
        moves="number",
    ),
    Rule(
        "received_money_is_spent",
        "Money received is spent in the year or lapses",
        "policy budget",
        "link",
        1,
        unit="money",
        moves="number",
    ),
    Rule(
        "use_adds_up",
        "Use of a local service",
        "service_use",
        "definition",
        2,
        moves="terms",
        account="use",
    ),
    Rule(
        "use_within_capacity",
        "Local services are not used beyond capacity",
        "services",
        "limit",
        2,
        unit="service",
        moves="number",
    ),
    Rule(
        "value_adds_up",
        "Value of a goal",
        "policy goals, scores",
        "definition",
        moves="terms",
        account="value",
    ),
    Rule(
        "raw_value_adds_up",
        "Raw value of a group of a goal",
        "policy goals",
        "definition",
        moves="terms",
        account="raw_value",
    ),
    Rule(
        "counted_under_tangent",
        "Diminishing returns of a goal",
        "policy goals.diminishing",
        "link",
        moves="number",
        account="counted",
        holds="below",
    ),
    Rule(
        "commitment_adds_up",
        "Slots of a commitment",
        "commitments",
        "definition",
        moves="number",
        account="committed",
    ),
    Rule(
        "commitment_at_least",
        "Committed slots are given",
        "commitments",
        "limit",
        unit="persons",
        moves="number",
        floor_of="committed",
        numbered="commitments row",
    ),
    Rule(
        "commitment_at_most",
        "Committed ceilings are kept",
        "commitments",
        "limit",
        unit="persons",
        moves="number",
        ceiling_of="committed",
        numbered="commitments row",
    ),
    Rule(
        "division_adds_up",
        "What a group gets of what is divided",
        "policy limits",
        "definition",
        moves="terms",
        account="divided",
    ),
    Rule(
        "distance_counts_up",
        "A group that is ahead of another by its need",
        "policy limits",
        "definition",
        moves="number",
        account="apart",
        holds="above",
    ),
    Rule(
        "distance_counts_down",
        "A group that is behind another by its need",
        "policy limits",
        "definition",
        moves="number",
        account="apart",
        holds="above",
    ),
    Rule(
        "measure_adds_up",
        "What a limit measures",
        "policy limits",
        "definition",
        moves="terms",
        account="measured",
    ),
    Rule(
        "compared_adds_up",
        "What a limit compares with",
        "policy limits",
        "definition",
        moves="terms",
        account="compared",
    ),
    Rule(
        "limit_at_least",
        "A floor of the policy",
        "policy limits",
        "limit",
        moves="limit",
        account="violation",
        holds="above",
        floor_of="measured",
    ),
    Rule(
        "limit_at_most",
        "A ceiling of the policy",
        "policy limits",
        "limit",
        moves="limit",
        account="violation",
        holds="above",
        ceiling_of="measured",
    ),
    Rule(
        "support_reaches_floor",
        "Support per person reaches its floor",
        "policy support_floor",
        "limit",
        1,
        unit="money",
        moves="terms",
        numbered="floor",
    ),
    Rule(
        "change_counts_cohorts_up",
        "Slots of a pair above today's",
        "current_plan",
        "definition",
        2,
        moves="number",
        account="moved_cohorts",
        holds="above",
    ),
    Rule(
        "change_counts_cohorts_down",
        "Slots of a pair below today's",
        "current_plan",
        "definition",
        2,
        moves="number",
        account="moved_cohorts",
        holds="above",
    ),
    Rule(
        "change_counts_places_up",
        "Slots of a site above today's",
        "current_plan",
        "definition",
        2,
        moves="number",
        account="moved_places",
        holds="above",
    ),
    Rule(
        "change_counts_places_down",
        "Slots of a site below today's",
        "current_plan",
        "definition",
        2,
        moves="number",
        account="moved_places",
        holds="above",
    ),
    Rule(
        "change_adds_up",
        "Change against the current plan",
        "current_plan",
        "definition",
        0,
        moves="number",
        account="change",
        holds="above",
    ),
    Rule(
        "change_within_limit",
        "Change against the current plan stays within its limit",
        "policy stability",
        "limit",
        0,
        unit="percent",
        moves="number",
    ),
)
"""All rules by name."""

LIMIT_RULES = tuple(name for name, rule in RULES.items() if rule.moves == "limit")
"""Rules whose rows belong to single limits of the policy, named first in their keys."""

BOUNDS = _rules(
    Rule(
        "expansion_within_limit",
        "No more is built in a year than can be",
        "services",
        "fact",
        2,
        unit="steps",
    ),
    Rule(
        "decision_is_possible",
        "Only what the case allows is decided",
        "applicants, sites, agreements, continuations, services",
        "fact",
    ),
)
"""Rules that the model keeps by its index sets and bounds alone, so only checks can break them."""


def accounts(*holds: Holds) -> dict[str, tuple[str, ...]]:
    """Accounts that are held in one of the ways, and the rules that hold each.

    Examples
    --------
    >>> accounts("below")
    {'counted': ('counted_under_tangent',)}
    """
    found: dict[str, tuple[str, ...]] = {}
    for name, rule in RULES.items():
        if rule.account and rule.holds in holds:
            found[rule.account] = (*found.get(rule.account, ()), name)
    return found


def register(extension: Extension) -> dict[str, Rule]:
    """Every rule that a plan may break, custom ones included, by name."""
    custom = {name: rule.as_rule() for name, rule in extension.rules.items()}
    return RULES | BOUNDS | custom
