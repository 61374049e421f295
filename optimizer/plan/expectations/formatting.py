"""Results of expectations, for a terminal and for programs."""

from __future__ import annotations

from typing import Any

import pandas as pd

_SHOWN = ["what", "key", "found", "expected", "why"]


def in_words(compared: pd.DataFrame) -> list[str]:
    """Lines that say whether all expectations are met, with a table of those that are not."""
    missed = compared[~compared["holds"]]
    count = f"{len(compared)} expectation{'' if len(compared) == 1 else 's'}"
    if not len(missed):
        return [f"As expected: {count} met."]
    rows = [_SHOWN, *missed[_SHOWN].to_numpy().tolist()]
    widths = [max(len(row[place]) for row in rows) for place in range(len(_SHOWN))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return [f"Not as expected: {len(missed)} of {count} not met.", *(f"  {line}" for line in lines)]


def as_document(compared: pd.DataFrame) -> dict[str, Any]:
    """The same as plain values for JSON."""
    missed = compared[~compared["holds"]].drop(columns="holds")
    return {
        "checked": len(compared),
        "met": not len(missed),
        "missed": missed.to_dict("records"),
    }
