"""A scenario: a policy on a case with some numbers changed, and how likely that is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

PLACED = ("matrix", "draw", "lever")
"""Where a scenario stands in a design of random draws."""
BASE = "base"
"""The scenario in which nothing is changed; every study has it, and it comes first."""


@dataclass(frozen=True)
class Scenario:
    """A named set of changes that is ready to be made.

    Attributes
    ----------
    probability
        From 0 to 1; ``None`` where the study gives none.
    note
        What the study says of it, and what was done beside what the study says.
    changes
        Values by address, as :meth:`optimizer.Session.change` takes them: without patterns, and
        no number twice. Those such as ``*1.1`` refer to the figures before any change.
    design
        Its place in a design of random draws: ``draw``, and in one for Sobol indices ``matrix``
        and ``lever``; empty elsewhere.
    """

    name: str
    probability: float | None
    note: str
    changes: Mapping[str, object]
    design: Mapping[str, object] = field(default_factory=dict)
