"""No plan at all: which rules clash, in words, each with its number and where that stands."""

from __future__ import annotations

import pandas as pd

from optimizer.errors import InfeasibleError
from optimizer.frames import rows_of
from optimizer.persistent import LoadedModel
from optimizer.persistent.conflict import (
    MOST_CONFLICTS,
    WHOLE_DECISIONS,
    WHOLE_PEOPLE,
    Conflicts,
    find_conflicts,
)
from optimizer.session.clash_table import clash_table
from optimizer.solver import Solution, Watch
from optimizer.text.figures import figure

MOST_NAMED_ROWS = 10
"""Slots, and rows of one rule, that are named one by one."""
ONLY_WHOLE = {
    WHOLE_DECISIONS: " as agreements and other decisions must be whole",
    WHOLE_PEOPLE: " as people must be whole",
}


def no_plan(
    loaded: LoadedModel, solution: Solution, watch: Watch, *, most: int = MOST_CONFLICTS
) -> Exception:
    """Error that says why a search ended without a plan."""
    if solution.status == "no_plan":
        return watch.no_plan()
    return infeasible(loaded, watch.for_last_steps(), most=most)


def infeasible(loaded: LoadedModel, watch: Watch, *, most: int = MOST_CONFLICTS) -> InfeasibleError:
    """Say that no plan exists, with the rules that clash."""
    return clash_found(loaded, watch, most=most)[1]


def clash_found(
    loaded: LoadedModel, watch: Watch, *, most: int
) -> tuple[Conflicts, InfeasibleError]:
    """The rules that clash where no plan exists, and the error that names them."""
    with watch.listening():
        found = find_conflicts(loaded, watch, most=most)
    nothing = f"No plan{' with these slots' if loaded.is_pinned else ''} keeps every rule."
    if not found.found:
        return found, InfeasibleError(f"{nothing} {_why_nothing(found, watch)}")
    table = clash_table(found, loaded.instance)
    return found, InfeasibleError("\n".join([nothing, *clash_lines(table)]), table)


def nothing_named(found: Conflicts, watch: Watch) -> str:
    """What is known where a question may have no plan, and no conflict was found."""
    if found.has_plan is False:
        return f"No plan keeps every rule. {_why_nothing(found, watch)}"
    return f"Whether a plan keeps every rule is not shown, {why_left_open(watch)}."


def why_left_open(watch: Watch) -> str:
    """Why a question stayed open, as the end of a sentence."""
    if watch.should_stop():
        return "as it was interrupted" if watch.interrupted else "as time ran out"
    return "as nodes of branch and bound ran out"


def not_allowed(impossible: pd.DataFrame) -> InfeasibleError:
    """Say which of the slots that are kept cannot be given at all."""
    lines = [f"- {row.table}: {row.key}: {figure(row.value)}" for row in rows_of(impossible)]
    if len(lines) > MOST_NAMED_ROWS:
        lines[MOST_NAMED_ROWS:] = [f"- and {len(lines) - MOST_NAMED_ROWS} more"]
    told = "\n".join(lines)
    return InfeasibleError(
        f"No plan with these slots keeps every rule. What the case does not allow:\n{told}"
    )


def _why_nothing(found: Conflicts, watch: Watch) -> str:
    if watch.should_stop():
        when = "before the interruption" if watch.interrupted else "within the time limit"
        return f"The rules that clash were not found {when}."
    if found.has_plan is None:
        return "The rules that clash were not found: nodes of branch and bound ran out."
    return "The rules that clash were not found: what ties decisions together leaves none."


def clash_lines(table: pd.DataFrame) -> list[str]:
    """Conflicts in lines: possible slips first, then the rules of each."""
    lines = slips_in_words(table)
    last = table["conflict"].max()
    for number, rows in table.groupby("conflict", sort=True):
        of_several = f"Conflict {number} of {last}: " if last > 1 else ""
        lines.append(f"{of_several}{_headline(rows)}")
        for _, of_rule in rows.groupby(["rule", "title"], sort=False):
            told = [_row_in_words(row) for row in rows_of(of_rule)]
            more = len(told) - MOST_NAMED_ROWS
            lines += told[:MOST_NAMED_ROWS]
            lines += [f"- and {more} more such rows"] if more > 0 else []
        lines += [said for said in rows["later"].unique() if said]
    return lines


def slips_in_words(table: pd.DataFrame) -> list[str]:
    """Figures that are a thousand times those beside them, or a thousandth."""
    slips = table[table["usual"].notna()].drop_duplicates(["source", "bound"])
    return [
        f"Maybe a slip: {row.source}: {figure(row.number)}, where the figures beside it are near "
        f"{figure(row.usual)}."
        for row in rows_of(slips)
    ]


def _headline(rows: pd.DataFrame) -> str:
    first = rows.iloc[0]
    whole = ONLY_WHOLE.get(first["within"], "")
    if len(rows) == 1:
        said = f"This cannot be kept{whole}"
    else:
        said = f"These {len(rows)} cannot all be kept{whole}"
    if not first["verified"]:
        return f"{said} (not verified):"
    if not first["is_minimal"]:
        return f"{said} (verified, but not proven minimal):"
    return (
        f"{said}; without any one of them the rest of these can (verified):"
        if len(rows) > 1
        else (f"{said} (verified):")
    )


def _row_in_words(row: object) -> str:
    key = f"{row.key}: " if row.key else ""  # type: ignore[attr-defined]  # a row of the table
    kept = ", protected" if row.protected else ""  # type: ignore[attr-defined]  # the same
    return f"- {row.title}: {key}{row.bound} ({row.source}{kept})"  # type: ignore[attr-defined]
