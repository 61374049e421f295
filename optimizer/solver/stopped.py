"""Errors of a search that ended without a plan."""

from __future__ import annotations

from collections.abc import Mapping

from optimizer.errors import NoPlanError

TOLD = 0.05
"""Seconds from which a step is named."""
MUCH = 0.25
"""Share of the time from which a step is worth shortening."""
SEARCHING = ("agreements", "integers", "decisions", "neighbourhood", "search")
"""Steps of a search that a wider gap shortens."""


def interrupted() -> NoPlanError:
    """Say that the user ended it."""
    return NoPlanError("interrupted before a plan was found", interrupted=True)


def ended(spent: Mapping[str, float]) -> NoPlanError:
    """Say that the search had time left."""
    told = _where(spent)
    return NoPlanError(f"the search ended without a plan, although there was time left{told}")


def timed_out(limit: float, spent: Mapping[str, float]) -> NoPlanError:
    """Say where the time went, and what would need less of it or give more.

    Parameters
    ----------
    limit
        Seconds that were asked for.
    spent
        Seconds by step.
    """
    total = sum(spent.values())
    ways = ["a longer time limit (--time-limit, solver.time_limit)"]
    if spent.get("scales", 0.0) > MUCH * total:
        ways.append("scales given as numbers (goals.NAME.scale)")
    if sum(spent.get(step, 0.0) for step in SEARCHING) > MUCH * total:
        ways.append("a wider gap (--gap, solver.gap)")
    message = f"no plan was found within the time limit of {limit:g} s{_where(spent)}"
    return NoPlanError(f"{message}\n    Maybe {' or '.join(ways)}.")


def _where(spent: Mapping[str, float]) -> str:
    """Where the time went, as an indented line."""
    went = [f"{step} {seconds:.1f} s" for step, seconds in spent.items() if seconds >= TOLD]
    return f"\n    Time by step: {', '.join(went)}." if went else ""
