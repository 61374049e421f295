"""Parameters and provenance of a plan as one tidy table, and the way back.

One row per figure: group, name, value, unit, of (what is measured) and why.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from optimizer.case import Case
from optimizer.frames import rows_of
from optimizer.io.sheet_scan import MOST_ROWS
from optimizer.plan import Plan
from optimizer.policy import Amount, Even, Limit, OwnBest, Policy, Previous, Relative
from optimizer.policy.cell_text import filter_text, names_text
from optimizer.policy.evenness import EVEN_UNITS
from optimizer.policy.own_best import OF_OWN_BEST

PARAMETER_COLUMNS = ("group", "name", "value", "unit", "of", "why")
SCALE, INPUT, HASH, _EXTEND = "goal scale", "input", "policy hash", "custom rules from"
DROPPED, TOO_LONG, PROVISIONAL = "dropped", "too long", "provisional scale"
"""Groups that are read back when the plan is checked."""

_Row = tuple[str, str, object, str, str, str]


def parameters(plan: Plan, policy: Policy, case: Case, too_long: Mapping[str, int]) -> pd.DataFrame:
    """Give what a plan was made with.

    Parameters
    ----------
    policy
        The policy as changed, that the plan was made for.
    too_long
        Rows of the tables that are not in the workbook, because no sheet takes as many.

    Returns
    -------
    DataFrame
        group, name, value (numbers and text), unit, of, why.
    """
    rows = [
        *_plan_rows(plan, policy, case),
        *_goal_rows(plan, policy),
        *_limit_rows(policy),
        *_further_rows(policy, case),
        *_custom_rows(plan),
        *_origin_rows(plan),
        *_too_long_rows(too_long),
    ]
    return pd.DataFrame(rows, columns=list(PARAMETER_COLUMNS)).astype({"value": "object"})


def _row(
    group: str, name: str, value: object, unit: str = "", *, of: str = "", why: str = ""
) -> _Row:
    told = _printable(value) if isinstance(value, str) else value
    return group, _printable(name), told, unit, _printable(of), _printable(why)


def _printable(text: str) -> str:
    """Give a text as a cell takes it; line breaks stay."""
    plain = "".join(sign if sign.isprintable() or sign == "\n" else " " for sign in text)
    return plain.strip()


def _plan_rows(plan: Plan, policy: Policy, case: Case) -> Iterator[_Row]:
    yield _row("plan", "policy", policy.name, why=policy.why)
    yield _row("plan", "policy title", policy.title)
    yield _row("plan", "case", case.name)
    yield _row("plan", "case title", case.title)
    yield _row("plan", "status", plan.status)
    yield _row("plan", "points", plan.objective, "points")
    if plan.bound is not None:
        yield _row("plan", "bound", plan.bound, "points", why="No plan earns more.")
    if plan.gap is not None:
        yield _row("plan", "gap proven", plan.gap, "share of the points")
    for option, unit in (("gap_asked", "share of the points"), ("time_limit", "seconds")):
        value = plan.provenance.get(option)
        if value is not None:
            yield _row("solver", option, value, unit)
    for option in ("seed", "threads"):
        yield _row("solver", option, getattr(policy.solver, option))
    if "deterministic" in plan.provenance:
        told = _word(plan.provenance["deterministic"])
        yield _row("solver", "deterministic", told, why="Whether a run like it gives the same.")
    for address, value in dict(plan.provenance.get("changes", {})).items():
        is_plain = isinstance(value, int | float | str) and not isinstance(value, bool)
        of = came_to(dict(plan.provenance.get("changed_to", {})).get(address))
        yield _row("change", address, value if is_plain else _word(value), of=of)
    for limit in plan.provenance.get("added_limits", ()):
        yield _row("added", limit["name"], "yes", why="The limit is not in the policy's file.")
    for name in plan.provenance.get("dropped", ()):
        yield _row(DROPPED, name, "yes", why="The plan need not keep it.")


def came_to(figures: object) -> str:
    """Say what a change in relation to the unchanged figures came to; run.json says each."""
    if figures is None or not isinstance(figures, Mapping):
        return "" if figures is None else f"{figures:g}"
    values = sorted(set(figures.values()))
    told = f"{values[0]:g}" if len(values) == 1 else f"{values[0]:g} to {values[-1]:g}"
    return f"{told} in {len(figures)} {'cell' if len(figures) == 1 else 'cells'}"


def _goal_rows(plan: Plan, policy: Policy) -> Iterator[_Row]:
    scales = dict(plan.provenance.get("scales", {}))
    for name, goal in policy.goals.items():
        yield _row("goal weight", name, goal.weight, why=goal.why)
        if name in scales:
            kind = goal.scale if isinstance(goal.scale, str) else "given"
            yield _row(SCALE, name, scales[name], "raw value that counts as 1", of=kind)
    for name in plan.provenance.get("provisional_scales", ()):
        yield _row(PROVISIONAL, name, "yes", why="It only stands in for the goal's ideal.")


def _limit_rows(policy: Policy) -> Iterator[_Row]:
    for limit in policy.limits:
        goal = f" of goal {limit.goal}" if limit.goal else " by scale" if limit.scaled else ""
        planned = "planned " if limit.planned else ""
        of = _counted(f"{planned}{limit.measure}{goal}", limit.where, limit.by)
        for key, bound in (("at_least", limit.at_least), ("at_most", limit.at_most)):
            if isinstance(bound, Amount):
                told = f"per {bound.per}"
                yield _row(f"limit {key}", limit.name, bound.amount, told, of=of, why=limit.why)
            elif isinstance(bound, Even):
                need = f", by {limit.relative_to}" if limit.relative_to else ""
                told = f"{EVEN_UNITS[bound.kind]}{need}"
                yield _row(f"limit {key}", limit.name, bound.number, told, of=of, why=limit.why)
            elif isinstance(bound, OwnBest):
                yield from _own_best_rows(limit, bound, of)
            elif isinstance(bound, Relative):
                groups = limit.by if bound.by is None else bound.by
                told = f"times {_counted(bound.measure, bound.where, groups)}"
                yield _row(f"limit {key}", limit.name, bound.times, told, of=of, why=limit.why)
            elif isinstance(bound, Previous):
                yield from _previous_rows(limit, key, bound, of)
            elif bound is not None:
                yield _row(f"limit {key}", limit.name, bound, of=of, why=limit.why)
        if limit.soft is not None:
            yield _row("limit soft", limit.name, limit.soft, "points per 1% missed", of=of)
        if limit.soft_base is not None:
            yield _row("limit soft_base", limit.name, limit.soft_base, "counts as 100%", of=of)
        if limit.protected:
            yield _row("limit protected", limit.name, "yes", of=of)


def _own_best_rows(limit: Limit, bound: OwnBest, of: str) -> Iterator[_Row]:
    """A part of each group's own best, and these."""
    yield _row("limit at_least", limit.name, bound.own_best, OF_OWN_BEST, of=of, why=limit.why)
    for group, best in (bound.bests or {}).items():
        told = "the most that it could have by itself"
        yield _row(
            f"limit own best of {limit.name}", group, best, limit.counts.unit, of=of, why=told
        )


def _previous_rows(limit: Limit, key: str, bound: Previous, of: str) -> Iterator[_Row]:
    """A bound that compares with the year before: factors, and what stands beside them."""
    years = [("", bound.times, bound.plus, "times the year before")]
    if bound.first is not None:
        first = bound.first
        years.append((" first", first.times, first.plus, "times the slots of current_plan"))
    for year, times, plus, told in years:
        yield _row(f"limit {key}{year}", limit.name, times, told, of=of, why=limit.why)
        yield _row(f"limit {key}{year} plus", limit.name, plus, of=of, why=limit.why)


def _further_rows(policy: Policy, case: Case) -> Iterator[_Row]:
    """Horizon, money, support and change."""
    first, last = policy.horizon.years or (case.years[0], case.years[-1])
    yield _row("horizon", "first year", first)
    yield _row("horizon", "last year", last)
    tail = policy.horizon.tail
    yield _row("horizon", "tail", tail, "" if isinstance(tail, str) else "years")
    yield _row("horizon", "discount", policy.horizon.discount, "per year")
    carry_over = policy.budget.carry_over
    shares = carry_over if isinstance(carry_over, Mapping) else {"every line": carry_over}
    for line, share in shares.items():
        yield _row("budget carry_over", line, share, "share of the line's own amount")
    for transfer in policy.budget.transfers:
        name = f"{transfer.from_} to {transfer.to}"
        yield _row("budget transfer", name, transfer.share, "share of the giver's own amount")
    for number, floor in enumerate(policy.support_floor, start=1):
        unit = f"{case.currency} per person and year"
        of = filter_text(dict(floor.where))
        yield _row("support floor", str(number), floor.amount_per_year, unit, of=of, why=floor.why)
    if policy.stability is not None and policy.stability.max_change is not None:
        unit = "share of the current slots"
        yield _row("stability", "max_change", policy.stability.max_change, unit)
    if policy.stability is not None and policy.stability.penalty is not None:
        yield _row("stability", "penalty", policy.stability.penalty, "points per 1% changed")


def _custom_rows(plan: Plan) -> Iterator[_Row]:
    table = plan.tables.get("custom_rules")
    for rule in rows_of(table) if table is not None else ():
        penalty = "" if pd.isna(rule.soft) else "points per 1% missed"
        value = rule.soft if penalty else "must hold"
        yield _row("custom rule", rule.rule, value, penalty, of=rule.title, why=rule.why)
    if "extend" in plan.provenance:
        told = plan.provenance["extend"]
        yield _row(_EXTEND, told["function"], told["sha256"] or "", "SHA-256")


def _origin_rows(plan: Plan) -> Iterator[_Row]:
    facts = plan.provenance
    if "policy_hash" in facts:
        yield _row(HASH, plan.policy, facts["policy_hash"], "SHA-256")
    for file, digest in dict(facts.get("case_hashes", {})).items():
        yield _row(INPUT, file, digest, "SHA-256")
    for name, version in dict(facts.get("versions", {})).items():
        yield _row("version", name, version)


def _too_long_rows(too_long: Mapping[str, int]) -> Iterator[_Row]:
    why = f"A sheet takes {MOST_ROWS:,} rows, its header among them, so that there is none."
    for name, count in too_long.items():
        yield _row(TOO_LONG, name, count, "rows", why=why)


def _counted(measure: str, where: Mapping[str, Any], by: tuple[str, ...]) -> str:
    """Say what is counted, in the words of a policy's cells."""
    of = f" where {filter_text(dict(where))}" if where else ""
    groups = f" by {names_text(by)}" if by else ""
    return f"{measure}{of}{groups}"


def _word(value: object) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def facts_of(table: pd.DataFrame) -> dict[str, Any]:
    """Give back what the checks of a plan ask of a run: see :class:`~.checking.ReadPlan`.

    Parameters
    ----------
    table
        group, name and value; scales already as numbers.
    """
    groups = {
        group: dict(zip(rows["name"], rows["value"], strict=True))
        for group, rows in table.groupby("group", sort=False)
    }
    facts: dict[str, Any] = {"scales": groups.get(SCALE, {})}
    if INPUT in groups:
        facts["case_hashes"] = groups[INPUT]
    if DROPPED in groups:
        facts["dropped"] = list(groups[DROPPED])
    if TOO_LONG in groups:
        facts["too_long"] = list(groups[TOO_LONG])
    if PROVISIONAL in groups:
        facts["provisional_scales"] = list(groups[PROVISIONAL])
    for digest in groups.get(HASH, {}).values():
        facts["policy_hash"] = digest
    for function, digest in groups.get(_EXTEND, {}).items():
        facts["extend"] = {"function": function, "sha256": digest or None}
    return facts
