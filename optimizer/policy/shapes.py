"""Types that the tables of a policy share: filters, shares, and values of several shapes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Discriminator, Field, Tag


def shape_of(value: object) -> str:
    """Tag of a value in unions of differently shaped values; no key can look like a tag."""
    shapes = (
        (bool, "<flag>"),
        (str, "<text>"),
        (int | float, "<number>"),
        (list | tuple, "<list>"),
    )
    return next((shape for kind, shape in shapes if isinstance(value, kind)), "<table>")


_Text = Annotated[str, Tag("<text>")]
_Flag = Annotated[bool, Tag("<flag>")]
_Figure = Annotated[int | float, Tag("<number>")]
_Scalar = Annotated[_Text | _Flag | _Figure, Discriminator(shape_of)]
_Scalars = Annotated[tuple[_Scalar, ...], Field(min_length=1), Tag("<list>")]
_Wanted = Annotated[_Text | _Flag | _Figure | _Scalars, Discriminator(shape_of)]

Where = Mapping[str, _Wanted]
"""Filter: attribute name to the value, or list of values, it must have."""

Share = Annotated[float, Field(ge=0.0, le=1.0)]

NAMED_LISTS: Mapping[str, str] = {
    "limits": "limit",
    "fairness": "division",
    "stakeholders": "stakeholder",
}
"""Lists of tables that are known by their name, and merged by it; the word for one of them."""

WHERE = "a table of attributes and the value, or list of values, each must have"
BY = "a list of attributes to group by"
RELATIVE_TO = (
    "the need of each group: a numeric attribute, or a table of figures, added up; all groups "
    "count the same without it"
)
SCALED = "true to count values of goals by their scales, where the groups are goals or stakeholders"
PLANNED = "true to count only what the plan decides, not what is there or expected anyway"
WHY = "the reason, printed in reports"
SOURCE_MEANING = "where the figures come from, printed in reports"
