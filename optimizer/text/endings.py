"""What ends a search before it is over, in words."""

from __future__ import annotations

OUT_OF_LIMIT = "the time limit was reached"
STOPPED_BY_USER = "it was interrupted"


def cut_off_by(*, is_interrupted: bool) -> str:
    """What ended a search that was cut off: Ctrl-C, or else the time limit.

    Examples
    --------
    >>> cut_off_by(is_interrupted=False)
    'the time limit was reached'
    """
    return STOPPED_BY_USER if is_interrupted else OUT_OF_LIMIT
