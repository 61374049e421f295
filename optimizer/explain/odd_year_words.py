"""Changes from year to year in sentences."""

from __future__ import annotations

from typing import Any

import pandas as pd

from optimizer.explain.year_reasons import (
    AS_MANY_BEFORE,
    EXPLAINED,
    FROM_CASE,
    LEFT_UNSOLVED,
    NOT_SOLVED,
    OPEN,
)
from optimizer.frames import rows_of
from optimizer.text.figures import counted, figure

_DIGITS = 4
NO_ODD_YEARS = "No track, country or region changes by more than half from one year to the next."


def odd_year_words(table: pd.DataFrame, left: int, why_incomplete: str) -> list[str]:
    """Each change that was solved with its reason, and how many were not."""
    if not len(table):
        return [NO_ODD_YEARS]
    solved = table[~table["status"].isin([NOT_SOLVED, LEFT_UNSOLVED])]
    lines = [f"- {_row(row)}" for row in rows_of(solved)]
    head = "Changes by more than half from one year to the next:"
    lines = [head, *lines] if lines else []
    if left:
        verb = "was" if left == 1 else "were"
        more = "more change" if lines else "change"
        lines.append(f"{counted(left, more)} by more than half {verb} not solved (see the table).")
    return [*lines, why_incomplete] if why_incomplete else lines


def _row(row: Any) -> str:
    was, now = figure(row.slots_before), figure(row.slots)
    said = f"{row.by} {row.key}: {was} in {row.year_before}, {now} in {row.year}"
    return f"{said}. {_reason(row)}."


def _reason(row: Any) -> str:
    asked = _asked(row)
    if row.status == OPEN:
        return f"The value leaves this open: {asked} costs nothing (relaxation)"
    if pd.isna(row.cost_points):
        source = f" ({row.source})" if row.source else ""
        if row.status != EXPLAINED:
            return f"{_capital(asked)} is not possible; no reason could be verified"
        if row.basis == FROM_CASE:
            return f"{_capital(asked)} is not possible: {row.reason}{source}"
        checked = "verified" if row.verified else "not verified"
        return f"{_capital(asked)} is not possible: {row.reason} ({checked})"
    cost = f"{_capital(asked)} costs {figure(row.cost_points, _DIGITS)} points (relaxation)"
    if row.status != EXPLAINED:
        return f"{cost}; no single number could be verified as the reason"
    place = row.source.removesuffix(f", {row.address}")
    other = row.year_before if row.asked != AS_MANY_BEFORE else row.year
    numbers = f", now {figure(row.number)}"
    if not pd.isna(row.number_in_other_year):
        numbers += f" and {figure(row.number_in_other_year)} for {other}"
    rest = "nothing" if row.cost_without == 0.0 else f"{figure(row.cost_without, _DIGITS)} points"
    return f"{cost}, and {rest} without {row.title}: {row.address} ({place}){numbers}"


def _asked(row: Any) -> str:
    if row.asked == AS_MANY_BEFORE:
        return f"having {figure(row.slots)} in {row.year_before} too"
    return f"keeping {figure(row.slots_before)} in {row.year}"


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
