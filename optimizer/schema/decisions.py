"""What a plan decides: families of decisions, their keys, and when a search settles them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Number = Literal["binary", "integer", "continuous"]
Role = Literal["staged", "margin", "moved"]


@dataclass(frozen=True)
class Decision:
    """One family of decisions.

    Attributes
    ----------
    name
        Of the variables in the model, and of their frame among an instance's sets.
    keys
        Keys that identify one decision.
    number
        What it may be.
    role
        What a search does with it: ``staged`` decisions are made first, with all others still
        continuous; a ``margin`` is rounded once they are made, and taken as zero where the
        relaxation has it at zero; of what is ``moved``, as little as possible is in the end.
    meaning
        In words.
    table
        Of a plan, in which the decisions that are not zero are written; blank for margins, which
        follow from single slots.
    amount
        Column of the table that says how much; blank where a row says yes by itself.
    for_good
        Whether a yes holds in all later years as well: the table then has the first year alone.
    absent
        Sentence on a plan that is read without its table; blank where that can be filled in.
    """

    name: str
    keys: tuple[str, ...]
    number: Number
    role: Role
    meaning: str
    table: str = ""
    amount: str = ""
    for_good: bool = False
    absent: str = ""

    @property
    def has_frame(self) -> bool:
        """Whether the sets of an instance list its keys, one decision in each row."""
        return self.role != "moved"

    @property
    def columns(self) -> dict[str, str]:
        """Columns of its table and their types."""
        kinds = {key: "int64" if key == "year" else "str" for key in self.keys}
        counted = "float64" if self.number == "continuous" else "int64"
        return kinds | ({self.amount: counted} if self.amount else {})


_ALL = (
    Decision(
        "cohort",
        ("country", "track", "level", "year"),
        "integer",
        "margin",
        "new participants of a country on a track at a support level",
    ),
    Decision(
        "placements",
        ("track", "level", "group", "region", "year"),
        "integer",
        "margin",
        "new participants of a group of countries placed in a region",
    ),
    Decision(
        "slots",
        ("country", "track", "level", "region", "year"),
        "integer",
        "margin",
        "new participants of a country in a region; in slot-level blocks only",
        table="slots",
        amount="slots",
    ),
    Decision(
        "agreement",
        ("country", "track", "year"),
        "binary",
        "staged",
        "1 if a proposed agreement is open in the year",
        table="agreements",
        for_good=True,
    ),
    Decision(
        "active_track",
        ("country", "track", "year"),
        "binary",
        "staged",
        "1 if a pair with a minimum cohort but no agreement admits people in the year",
    ),
    Decision(
        "transitions",
        ("country", "track", "next_track", "year"),
        "continuous",
        "margin",
        "expected persons who complete a track and continue on another, or renew the same",
        table="transitions",
        amount="persons",
        absent="nobody stays on",
    ),
    Decision(
        "transitions_by_region",
        ("track", "next_track", "group", "region", "year"),
        "continuous",
        "margin",
        "the same by group of countries and the region they go to",
        table="transitions_by_region",
        amount="persons",
        absent="nobody stays on",
    ),
    Decision(
        "transitions_from_region",
        ("track", "next_track", "group", "next_group", "region", "year"),
        "continuous",
        "margin",
        "the same by groups on both tracks and the region they come from, where people move by "
        "attraction",
        table="transitions_from_region",
        amount="persons",
        absent="nobody stays on",
    ),
    Decision(
        "expansion",
        ("region", "service", "year"),
        "integer",
        "staged",
        "expansion steps of a service decided in the year",
        table="expansion",
        amount="steps",
        absent="nothing is built",
    ),
    Decision(
        "transfer",
        ("line", "to_line", "year"),
        "continuous",
        "moved",
        "money a line gives to another",
        table="transfers",
        amount="amount",
        absent="no money is transferred or carried over",
    ),
    Decision(
        "carry_over",
        ("line", "year"),
        "continuous",
        "moved",
        "money a line keeps for the next year",
        table="carry_over",
        amount="amount",
        absent="no money is transferred or carried over",
    ),
)

DECISIONS: Mapping[str, Decision] = MappingProxyType({each.name: each for each in _ALL})
"""Families by name, in the order in which they are told."""


WRITTEN: Mapping[str, Decision] = MappingProxyType(
    {each.table: each for each in _ALL if each.table}
)
"""Families that a plan writes down, by the name of their table."""

BESIDE_SLOTS = tuple(each for table, each in WRITTEN.items() if table != "slots")
"""Families that a plan writes down beside its slots."""


def families(role: Role) -> tuple[str, ...]:
    """Families of a role.

    Examples
    --------
    >>> families("staged")
    ('agreement', 'active_track', 'expansion')
    """
    return tuple(name for name, decision in DECISIONS.items() if decision.role == role)
