"""Names of the rows and columns that count slots moved away from an earlier plan."""

from __future__ import annotations

SLOTS_MOVED, AGAIN = "slots_moved", "slots_again"
"""Columns: slots moved in a block, and how much of an earlier slot stands again."""
MOVED_ADDS_UP = "slots_moved_add_up"
AGAIN_OF_COHORT, AGAIN_OF_PLACE = "slots_again_of_cohort", "slots_again_of_place"
AGAIN_OF_SLOT = "slots_again_of_slot"
"""Rows: what is moved adds up; what stands again is granted by both margins, or slot by slot."""
ROWS_OF_CHANGE = frozenset({MOVED_ADDS_UP, AGAIN_OF_COHORT, AGAIN_OF_PLACE, AGAIN_OF_SLOT})
