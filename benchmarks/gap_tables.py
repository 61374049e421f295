"""Tables and pictures of how soon every solver proves a gap."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Any

from measuring import Rows, table
from profiles import profile_svg, profile_table

OURS = "optimizer"
FORMS = ("projected", "flat")
PEERS = ("HiGHS", "SCIP", "CP-SAT", "CBC")
TOOLS = (OURS, *(f"{peer}, {form}" for form in FORMS for peer in PEERS))
LEVELS = (0.01, 0.005, 0.001)
ROUND_UP = 1e-9
SOUND = 1e-4
"""Relative distance by which the objective of a plan may be below what its solver reports."""
BEST = "best of the four"


def is_sound(row: dict[str, Any]) -> bool:
    """Whether the last plan keeps the true model's rules and has the reported objective."""
    true, claimed = row["true"], row["claimed"]
    if true is None or claimed is None:
        return true is not None
    return bool(true >= claimed - SOUND * max(1.0, abs(claimed)))


def ran(row: dict[str, Any] | None) -> bool:
    """Whether a solver ran: to its end, or until it was ended because it overran its limit."""
    return row is not None and row["ended"] in ("ok", "stopped")


def proven(row: dict[str, Any], level: float) -> float | None:
    """Seconds until the solver's own bound proves its plan to a gap."""
    if row["ended"] != "ok" or not is_sound(row):
        return None
    for seconds, plan, bound in _progress(row):
        reached = plan and bound is not None and (bound - plan) / abs(plan) <= level + ROUND_UP
        if reached and seconds <= row["limit"]:
            return seconds
    return None


def _progress(row: dict[str, Any]) -> list[tuple[float, float | None, float | None]]:
    """Seconds, plan and bound; a bound counts as high as the solver itself reports it later.

    CBC's log gives the plan as bound in between, and the true one at the end.
    """
    found: list[tuple[float, float | None, float | None]] = []
    highest: float | None = None
    for entry in reversed(row["trace"]):
        if entry["bound"] is not None:
            highest = entry["bound"] if highest is None else max(highest, entry["bound"])
        bound = None if entry["bound"] is None else highest
        found.append((float(entry["seconds"]), entry["objective"], bound))
    return found[::-1]


def best_bound(rows: Rows, case: str) -> float | None:
    """Least bound that anybody proved on the true model."""
    mine = [row for row in rows if row["case"] == case and ran(row)]
    plans = [row["true"] for row in mine if is_sound(row)]
    bounds = [
        bound
        for row in mine
        if "CP-SAT" not in row["tool"] and (row["claimed"] is None or is_sound(row))
        for _, _, bound in _progress(row)
        if bound is not None
    ]
    # Logs with six digits may round a bound below a plan that was checked.
    return max([min(bounds), *plans]) if bounds else None


def gap_at_end(rows: Rows, row: dict[str, Any]) -> float:
    """Gap of the last plan against the best bound of anybody; 1 without a plan."""
    bound = best_bound(rows, row["case"])
    if bound is None or not row["true"]:
        return 1.0
    return min(1.0, float(max(0.0, bound - row["true"]) / abs(row["true"])))


def told(rows: Rows) -> str:
    """Tables by case, medians, and performance profiles."""
    cases = list(dict.fromkeys(row["case"] for row in rows))
    tools = [tool for tool in TOOLS if any(row["tool"] == tool for row in rows)]
    by = {(row["case"], row["tool"]): row for row in rows}
    parts = []
    for level in LEVELS:
        parts.append(f"Seconds to a proven gap of {level:.1%} (`>`: not within the limit).\n")
        parts.append(table([_line(case, tools, by, level) for case in cases]))
    parts.append(
        "Gap at the end, against the best bound of anybody: at the time limit, or below "
        f"{LEVELS[-1]:.1%} where a solver stopped as asked. `stopped`: overran its limit by "
        "so much that it had to be ended.\n"
    )
    lines = []
    for case in cases:
        line: dict[str, object] = {"case": case}
        for tool in tools:
            row = by.get((case, tool))
            ended_well = row is not None and row["ended"] == "ok"
            line[tool] = _percent(gap_at_end(rows, row)) if ended_well and row else _why(row)
        lines.append(line)
    parts += [table(lines), _medians(rows, cases, tools, by)]
    for level in LEVELS[:1]:
        parts.append(f"Share of cases proven to {level:.0%} within a factor of the fastest.\n")
        parts.append(profile_table(times(rows, level)))
    return "\n".join(parts)


def _percent(gap: float) -> str:
    return f"{gap:.3%}" if gap < 1.0 else "100%"


def _why(row: dict[str, Any] | None) -> str:
    return "-" if row is None else str(row["ended"])


def _line(
    case: str, tools: Sequence[str], by: dict[tuple[str, str], dict[str, Any]], level: float
) -> dict[str, object]:
    line: dict[str, object] = {"case": case}
    for tool in tools:
        row = by.get((case, tool))
        if row is None or row["ended"] != "ok":
            line[tool] = _why(row)
            continue
        seconds = proven(row, level)
        line[tool] = f">{row['limit']:.0f}" if seconds is None else f"{seconds:.3g}"
    return line


def times(rows: Rows, level: float) -> dict[str, dict[str, float | None]]:
    """Seconds to a gap by tool and case, of tools that ran."""
    found: dict[str, dict[str, float | None]] = {}
    for row in rows:
        if row["ended"] == "ok" and row["tool"] in TOOLS:
            found.setdefault(row["tool"], {})[row["case"]] = proven(row, level)
    return found


def _medians(
    rows: Rows,
    cases: Sequence[str],
    tools: Sequence[str],
    by: dict[tuple[str, str], dict[str, Any]],
) -> str:
    """Median ratio of times against ours; a time not reached counts as the limit."""
    groups = {tool: [tool] for tool in tools}
    for form in FORMS:
        groups[f"{BEST}, {form}"] = [tool for tool in tools if tool.endswith(f", {form}")]
    lines = []
    for name, group in groups.items():
        found = {
            case: [by[case, tool] for tool in group if ran(by.get((case, tool)))]
            for case in cases
            if ran(by.get((case, OURS)))
        }
        found = {case: theirs for case, theirs in found.items() if theirs}
        line: dict[str, object] = {"tool": name, "cases": len(found)}
        for level in LEVELS:
            ratios = [
                min(_seconds(row, level) for row in theirs) / _seconds(by[case, OURS], level)
                for case, theirs in found.items()
            ]
            line[f"x ours to {level:.1%}"] = median(ratios) if ratios else None
        # Every solver stops at the last level: below it there is nothing to win.
        ends = [
            (
                max(LEVELS[-1], min(gap_at_end(rows, row) for row in theirs)),
                max(LEVELS[-1], gap_at_end(rows, by[case, OURS])),
            )
            for case, theirs in found.items()
        ]
        line["better gap than ours"] = sum(theirs < ours for theirs, ours in ends)
        line["worse gap than ours"] = sum(theirs > ours for theirs, ours in ends)
        lines.append(line)
    caption = (
        "Medians over the cases of time against ours (below 1: we are slower; what was not reached "
        f"counts as the time limit; `{BEST}` is the best time and the best gap on each case), and "
        "on how many cases the gap at the end is better or worse than ours; gaps below "
        f"{LEVELS[-1]:.1%} are equal."
    )
    return f"{caption}\n\n{table(lines)}"


def _seconds(row: dict[str, Any], level: float) -> float:
    seconds = proven(row, level)
    return float(row["limit"]) if seconds is None else seconds


def pictures(rows: Rows) -> dict[str, str]:
    """Performance profiles as SVG, by file name."""
    return {
        f"profile-{level * 1000:g}-permille.svg": profile_svg(
            times(rows, level), f"Proven to {level:.1%}"
        )
        for level in LEVELS
    }
