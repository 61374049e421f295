"""Why there is no plan, and the least that would have to give way."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from optimizer.errors import InfeasibleError
from optimizer.frames import rows_of
from optimizer.rules import Rule, figure, register
from optimizer.solver import LoadedModel, Solution, Watch


def no_plan(loaded: LoadedModel, solution: Solution, watch: Watch) -> Exception:
    """Error that says why a search ended without a plan."""
    if solution.status == "no_plan":
        return watch.no_plan()
    return infeasible(loaded, watch.for_last_steps())


def infeasible(loaded: LoadedModel, watch: Watch) -> InfeasibleError:
    """Say that no plan exists, with the least relaxation that would allow one."""
    with watch.listening():
        advice = loaded.advice(watch)
    rules = register(loaded.instance.extension)
    if advice is None and watch.should_stop():
        return InfeasibleError(
            "No plan keeps every rule. What would have to give way was not found "
            + ("before the interruption." if watch.interrupted else "within the time limit.")
        )
    if advice is None:
        return InfeasibleError(
            "No plan keeps every rule, and relaxing what may be relaxed does not help: facts, or "
            "limits and floors with protected = true, already clash."
        )
    return InfeasibleError(
        "No plan keeps every rule. The least that would have to give way "
        f"(unverified advice, from a relaxation):\n{in_words(advice, rules)}",
        advice,
    )


def in_words(advice: pd.DataFrame, rules: Mapping[str, Rule]) -> str:
    """Advice as one line per number that would have to give way."""
    lines = []
    for row in rows_of(advice):
        key = ", ".join(map(str, row.index)) if isinstance(row.index, tuple) else str(row.index)
        rule = rules[row.rule]
        where = "" if row.index is None else f"{key}: "
        lines.append(
            f"- {rule.title} ({rule.source}): {where}"
            f"{figure(row.number)} by {figure(row.relaxed_by)}"
        )
    return "\n".join(lines) if lines else "- whole numbers: no single number stands out"
