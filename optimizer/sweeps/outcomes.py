"""What came of a scenario: plain values that travel between processes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from optimizer.errors import InfeasibleError, printable
from optimizer.frames import rows_of
from optimizer.plan import COLUMNS, Plan
from optimizer.schema.rules import LIMIT_RULES
from optimizer.sweeps.packing import pack, packed_table

SOLVED = ("optimal", "feasible")
INFEASIBLE_ROW, TIMED_OUT, CRASHED, FAILED, MISSING = (
    "infeasible",
    "timed_out",
    "crashed",
    "failed",
    "missing",
)
STATUSES: Mapping[str, str] = MappingProxyType(
    {
        "optimal": "the best plan is proven, or the optimum of the relaxation is known",
        "feasible": "a plan, with the gap that is proven",
        INFEASIBLE_ROW: "no plan keeps every rule",
        TIMED_OUT: "no plan was found within the time limit",
        CRASHED: "the process that solved it ended, twice",
        FAILED: "policy, case or solver refused it",
        MISSING: "not solved yet",
    }
)
"""Every status of a row, and what it means."""
ANSWERED = (*SOLVED, INFEASIBLE_ROW)
WITHOUT_ANSWER = (TIMED_OUT, CRASHED, FAILED, MISSING)

DECIDED_AS = "decisions."
"""Beginning of the names under which decision tables are kept; other tables have theirs alone."""
_WORKED_OUT_LATER = frozenset(
    {"rules", "take_up", "stages", "country_scores", "custom_rules", "cohort"}
)
"""Tables that are worked out from the decisions where they are asked for: most are large."""
MOST_NAMED = 5
"""Rules that a hint names."""
LONGEST_HINT = 1000


@dataclass(frozen=True)
class Outcome:
    """Answer to a scenario.

    Attributes
    ----------
    status
        One of :data:`STATUSES`.
    points, bound, gap
        As of a plan; of a relaxation both are its optimum, and there is no gap.
    goals
        Raw and scaled value of every goal.
    seconds
        Wall time it took.
    rebuilt_because
        What needed another model; blank where numbers were changed in place.
    hint
        What might help, where there is no plan.
    time_limit
        Seconds it was given; ``None`` for as many as it takes.
    complete
        Whether more time would change nothing.
    contents
        Packed tables of the plan, and its facts, by name.
    """

    status: str
    points: float | None = None
    bound: float | None = None
    gap: float | None = None
    goals: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    seconds: float = 0.0
    rebuilt_because: str = ""
    hint: str = ""
    time_limit: float | None = None
    complete: bool = False
    contents: Mapping[str, bytes] = field(default_factory=dict)


def of_plan(plan: Plan) -> Outcome:
    """Outcome of a scenario that has a plan."""
    goals = {row.goal: (float(row.raw), float(row.scaled)) for row in rows_of(plan.tables["goals"])}
    return Outcome(
        plan.status, plan.objective, plan.bound, plan.gap, goals, contents=_contents(plan)
    )


def _contents(plan: Plan) -> dict[str, bytes]:
    decided = {name: getattr(plan.decisions, name) for name in (*COLUMNS, "variables")}
    contents = {f"{DECIDED_AS}{name}": packed_table(decided[name]) for name in decided}
    for name in plan.tables:
        if name not in _WORKED_OUT_LATER:
            contents[name] = packed_table(plan.tables[name])
    facts = {"notes": plan.notes, "warnings": plan.warnings, "seconds": plan.seconds}
    contents[FACTS] = pack({**facts, "provenance": _strings(plan.provenance)})
    return contents


FACTS = "plan"
"""Name under which notes, warnings and provenance of a plan are kept."""


def _strings(value: Any) -> Any:
    """A mapping whose keys are texts, as JSON has them."""
    if isinstance(value, Mapping):
        return {str(key): _strings(item) for key, item in value.items()}
    return value


def hint_of(error: InfeasibleError) -> str:
    """Rules that clash, by name, with what each asks for; what else is known without them."""
    if error.clash is None:
        # That no plan keeps every rule is what the status says.
        return shortened(str(error).replace(_NOTHING_ELSE, "", 1))
    told = [_asked(row) for row in rows_of(error.clash)]
    left = len(told) - MOST_NAMED
    more = [f"and {left} more"] if left > 0 else []
    only = "" if error.clash["within"].iloc[0] == "relaxation" else ", in integers only"
    clash = "cannot be kept" if len(told) == 1 else "clash"
    return shortened(f"{'; '.join([*told[:MOST_NAMED], *more])}: {clash}{only}")


_NOTHING_ELSE = "No plan keeps every rule. "


def _asked(row: Any) -> str:
    name = str(row.index[0]) if row.rule in LIMIT_RULES else str(row.rule)
    where = f" {row.key}".replace(f" {name}", "", 1).strip(":, ")
    place = f" at {where}" if where else ""
    return f"{name}{place} {row.bound}"


def shortened(text: str) -> str:
    """A message on one line, which is never endless."""
    line = printable("; ".join(part.strip("- ") for part in text.splitlines() if part.strip()))
    return line if len(line) <= LONGEST_HINT else f"{line[: LONGEST_HINT - 3]}..."
