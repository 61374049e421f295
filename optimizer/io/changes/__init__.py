"""Changes: single values of a policy, and figures of a case, said by their address."""

from __future__ import annotations

from optimizer.io.changes.asked import (
    CHANGES,
    change_in_words,
    made_after,
    parse_changes,
    require_changes,
    value_in,
    value_text,
)
from optimizer.io.changes.figures import Operation, operation_in, share_in, unreadable
from optimizer.io.changes.kinds import refusal_of
from optimizer.io.changes.making import apply_changes, place_at, unchanged_value

__all__ = [
    "CHANGES",
    "Operation",
    "apply_changes",
    "change_in_words",
    "made_after",
    "operation_in",
    "parse_changes",
    "place_at",
    "refusal_of",
    "require_changes",
    "share_in",
    "unchanged_value",
    "unreadable",
    "value_in",
    "value_text",
]
