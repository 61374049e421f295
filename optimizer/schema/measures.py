"""Measures for limits, expectations and reports, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from optimizer.schema.rules import Unit

Measure = Literal[
    "slots",
    "residents",
    "completions",
    "transitions",
    "returns",
    "spending",
    "use",
    "value",
    "open",
    "opened",
]
"""Every measure by name; :data:`MEASURES` describes each."""


@dataclass(frozen=True)
class MeasureSpec:
    """One measure.

    Attributes
    ----------
    words
        What is counted.
    unit
        What it is counted in, which says how exactly it is compared.
    called
        What sentences call it; its name if blank.
    is_expected
        Whether persons are expected ones, of whom there may be parts.
    is_of_goal
        Whether it is counted for one goal, and perhaps with diminishing returns.
    is_of_entrants
        Whether it counts those who come, one by one, and never more than there are applicants.
    is_of_intake
        Whether it is counted in years of intake alone.
    """

    name: str
    words: str
    unit: Unit
    is_expected: bool = False
    is_of_goal: bool = False
    is_of_entrants: bool = False
    is_of_intake: bool = False
    called: str = ""

    @property
    def noun(self) -> str:
        """What sentences call it."""
        return self.called or self.name


_SPECS = (
    MeasureSpec(
        "slots", "how many new participants", "persons", is_of_entrants=True, is_of_intake=True
    ),
    MeasureSpec("residents", "how many people here", "persons", is_expected=True),
    MeasureSpec("completions", "how many people complete", "persons", is_expected=True),
    MeasureSpec("transitions", "how many people continue", "persons", is_expected=True),
    MeasureSpec("returns", "how many people go home trained", "persons", is_expected=True),
    MeasureSpec("spending", "how much money", "money"),
    MeasureSpec("use", "how many units of services", "service", called="use of services"),
    MeasureSpec("value", "how much of a goal's value", "value", is_of_goal=True),
    MeasureSpec(
        "open",
        "how many agreements in force",
        "agreements",
        is_of_intake=True,
        called="agreements in force",
    ),
    MeasureSpec("opened", "how many agreements opened", "agreements", called="agreements opened"),
)

MEASURES: Mapping[str, MeasureSpec] = MappingProxyType({spec.name: spec for spec in _SPECS})
