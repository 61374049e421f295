"""What samples show, in sentences: what the plan is short of, and who gets slots."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from optimizer.explain.asking import OPTIMAL
from optimizer.frames import rows_of
from optimizer.text.figures import counted, figure

SHARE_DIGITS = 4
KEYS_NAMED = 6
NEARLY_ALL = 1.0 - 1e-9
"""Share from which it is all."""


def percent_of(share: float) -> str:
    """A share of all weight, in percent.

    Examples
    --------
    >>> percent_of(0.125), percent_of(0.07), percent_of(1.0)
    ('12.5%', '7%', '100%')
    """
    return f"{figure(100.0 * share, SHARE_DIGITS)}%"


def shortfall_words(samples: pd.DataFrame, drawn: str, within: float) -> list[str]:
    """In how many samples a plan is good enough; nothing where none was solved.

    Parameters
    ----------
    samples
        status, within, short_points.
    drawn
        What "30 sets" are sets of, and how they were drawn.
    """
    solved = samples[samples["status"].eq(OPTIMAL)]
    if not len(solved):
        return []
    count = int(solved["within"].sum())
    short = solved["short_points"]
    return [
        f"Of {counted(len(solved), 'set')} {drawn}, the plan stays within "
        f"{percent_of(within)} of the relaxation's best in {count} "
        f"({percent_of(count / len(solved))}); it is short by {figure(float(short.median()), 3)} "
        f"points in the middle one, by {figure(float(short.max()), 3)} at most."
    ]


def receiver_words(slots: pd.DataFrame) -> list[str]:
    """Who gets slots in every sample, in some, and in none."""
    lines = []
    plural = {"country": "Countries", "track": "Tracks", "agreement": "Agreements"}
    for by, found in slots.groupby("by", sort=False):
        # Pairs stand among others, with commas between them.
        rows = found.assign(key=found["key"].str.replace(", ", " "))
        always, never = rows[rows["share"].ge(NEARLY_ALL)], rows[rows["share"].le(0.0)]
        some = rows[~rows.index.isin([*always.index, *never.index])]
        parts = [f"in all of them {_named(always['key'].tolist())}" if len(always) else ""]
        if len(some):
            named = [f"{row.key} ({percent_of(row.share)})" for row in rows_of(some)]
            parts.append(f"in some {_named(named)}")
        parts.append(f"in none {_named(never['key'].tolist())}" if len(never) else "")
        said = "; ".join(part for part in parts if part)
        lines.append(f"{plural[str(by)]} with slots by the relaxation: {said}.")
    return lines


def _named(names: Sequence[str]) -> str:
    left = len(names) - KEYS_NAMED
    return ", ".join(names[:KEYS_NAMED]) + (f" and {left} more" if left > 0 else "")
