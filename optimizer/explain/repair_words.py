"""Repairs in sentences."""

from __future__ import annotations

from typing import Any

import pandas as pd

from optimizer.frames import rows_of
from optimizer.session.clashing import clash_lines
from optimizer.text.figures import figure

MOST_REPAIRS = 12
"""Repairs, and numbers of a conflict, that are written out."""
_IN_TIMES = 10.0
"""Multiple of a number from which on its change is told as one."""


def repairs_in_words(
    answer: pd.DataFrame,
    clash: pd.DataFrame,
    alone: pd.DataFrame,
    *,
    is_feasible: bool,
    is_complete: bool,
    is_scaled: bool,
    is_interrupted: bool,
) -> list[str]:
    """What clashes, what each number alone would have to be, and the repairs."""
    if is_feasible:
        return ["A plan keeps every rule: there is nothing to repair."]
    if not len(clash):
        return []
    lines = clash_lines(clash)
    if not is_complete:
        lines.append("More may clash beside these.")
    why_unsolved = "as it was interrupted" if is_interrupted else "as time ran out"
    lines += [*_alone_in_words(alone), *_repairs_in_words(answer, why_unsolved)]
    if answer["verified"].any() and not is_scaled:
        lines.append(
            "Points add up raw values, as ideals are not known: they compare these repairs alone."
        )
    return lines


def _alone_in_words(alone: pd.DataFrame) -> list[str]:
    if not len(alone):
        return ["None of these numbers may be changed."]
    several = alone["conflict"].nunique() > 1
    lines = []
    for number, rows in alone.groupby("conflict", sort=True):
        of = f" of conflict {number}, the others resolved," if several else ""
        lines.append(f"What each number{of} would have to be by itself:")
        told = [f"- {row.address}: {_number_in_words(row)}" for row in rows_of(rows)]
        more = len(told) - MOST_REPAIRS
        lines += told[:MOST_REPAIRS] + ([f"- and {more} more"] if more > 0 else [])
    return lines


def _number_in_words(row: Any) -> str:
    before, after = figure(row.before), figure(row.after)
    not_shown = f"is not shown, {row.why_open}"
    match row.status:
        case "alone":
            return f"{after} instead of {before}"
        case "enough":
            return f"{after} instead of {before}; whether a smaller change is enough {not_shown}"
        case "open":
            return f"{before}; whether changing it alone is enough {not_shown}"
    behind = ", as another conflict stands behind it" if row.another else ""
    return f"{before}; to change it alone is not enough{behind}"


def _repairs_in_words(answer: pd.DataFrame, why_unsolved: str) -> list[str]:
    if not len(answer):
        return ["No repair was found."]
    are_checked = ", each solved and its plan checked" if answer["verified"].all() else ""
    lines = [f"Repairs{are_checked}:"]
    for number, rows in answer.groupby("repair", sort=True):
        if len(lines) > MOST_REPAIRS:
            lines.append(f"and {answer['repair'].nunique() - MOST_REPAIRS} more")
            break
        lines.append(f"{number}. {_repair_in_words(rows, why_unsolved)}")
    return lines


def _repair_in_words(rows: pd.DataFrame, why_unsolved: str) -> str:
    first: Any = rows.iloc[0]
    changes = " and ".join(_change_in_words(row) for row in rows_of(rows))
    kinds = [kind for kind in first["kinds"].split(", ") if kind != "alone"]
    said = f" ({', '.join(kinds)})" if kinds else ""
    if not first["verified"]:
        return f"{changes}{said}: not verified, {why_unsolved}"
    same = ", too small a difference to be sure" if first["within_gap"] else ""
    return f"{changes}{said}: {first['points']:,.3f} points{same}"


def _change_in_words(row: Any) -> str:
    verb = "raise" if row.after > row.before else "lower"
    return f"{verb} {row.address} from {figure(row.before)} to {figure(row.after)}{_by(row)}"


def _by(row: Any) -> str:
    """By how much a number is changed; what grows past telling in percent is told in times."""
    if row.is_share:
        return f" ({figure(abs(row.change_percent), 3)} percentage points)"
    if not row.before:
        return ""
    times = row.after / row.before
    if times >= _IN_TIMES:
        return f" ({figure(times, 3)} times as much)"
    return f" ({figure(abs(row.change_percent), 3)}%)"
