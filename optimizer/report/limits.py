"""Limits of the policy and commitments of the case against the plan."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from optimizer.policy import Amount, Even, Limit, OwnBest, Previous, Relative
from optimizer.policy.evenness import OF_ALL_GROUPS
from optimizer.policy.own_best import OF_OWN_BEST
from optimizer.report import figures
from optimizer.report.blocks import Block, Section, Text
from optimizer.report.custom import custom_blocks
from optimizer.report.figures import exactly, number
from optimizer.report.material import Material
from optimizer.report.own_best import own_best_blocks
from optimizer.report.soft import soft_blocks
from optimizer.report.tables import behind, plain_table, records
from optimizer.schema.rules import LIMIT_RULES
from optimizer.text.figures import counted

MOST_GROUPS = 12
"""Groups of each limit that are shown, the tightest first; the plan itself holds all."""


def limits_section(material: Material) -> Section:
    """Give every limit of the policy and promise of the case with what the plan measures."""
    blocks: list[Block] = [
        *_policy_limits(material),
        *soft_blocks(material),
        *custom_blocks(material),
        *_floors(material),
        *_stability(material),
        *_commitments(material),
    ]
    if not blocks:
        blocks.append(Text(("The policy sets no limits and the case makes no commitments.",)))
    lead = "Measured value against the number, and how much room is left."
    return Section("limits", "Limits and commitments", lead, tuple(blocks))


def are_relative(material: Material, rows: pd.DataFrame) -> pd.Series:
    """Give which checked rows are of limits relative to another measure, or another year."""
    names = {
        limit.name
        for limit in material.policy.limits
        if any(
            isinstance(each, Relative | Previous | Even) for each in (limit.at_least, limit.at_most)
        )
    }
    first = rows["place"].map(lambda place: place[0] if place else "")
    return rows["rule"].isin(LIMIT_RULES) & first.isin(names)


def _rows_of(material: Material, name: str) -> pd.DataFrame:
    """Checked rows of one limit, hard or soft."""
    rules = material.table("rules")
    rows = rules[rules["rule"].isin(LIMIT_RULES)]
    rows = rows.loc[[place[0] == name for place in rows["place"]]]
    soft = material.plan.tables.get("soft")
    if soft is not None and len(soft):
        penalised = soft[soft["limit"].eq(name)].rename(columns={"number": "limit_"})
        penalised = penalised.drop(columns="limit").rename(columns={"limit_": "limit"})
        rows = pd.concat([rows, penalised.assign(rule="limit_soft", sense="soft")])
        rows["slack"] = rows["slack"].where(rows["sense"].ne("soft"), -(rows["percent"]))
    return rows


def _policy_limits(material: Material) -> list[Block]:
    summary: list[tuple[str, ...]] = []
    groups: list[tuple[str, ...]] = []
    bests: list[Block] = []
    rest = 0
    for limit in material.policy.limits:
        rows = _rows_of(material, limit.name)
        name = figures.sentence(limit.name)
        bests += own_best_blocks(material, limit, rows)
        for sense, part in rows.groupby("sense", sort=False):
            idle = part["value"].eq(0) & part["limit"].eq(0)
            ordered = part.assign(idle=idle).sort_values(["idle", "slack"], kind="stable")
            tightest = ordered.head(MOST_GROUPS)
            told = [_measured(material, limit, row) for row in records(tightest)]
            summary.append((name, bounds_in_words(limit, str(sense)), *told[0]))
            if sense == "soft":
                # Those that are missed stand in a table of their own.
                continue
            groups += [(name, *cells) for cells in told] if len(part) > 1 else []
            rest += len(part) - len(tightest)
        if not len(rows):
            summary.append((name, "matches nothing in this case", *[""] * 4))
    if not summary:
        return []
    head = ("Limit", "Says", "Tightest for", "Measured", "Number", "Slack")
    table = plain_table("Limits of the policy, each where it is tightest", head, summary, (3, 4, 5))
    if not groups:
        return [table, *bests]
    caption = "Limits of the policy by group"
    if rest:
        caption += f", the tightest {MOST_GROUPS} of each ({figures.whole(rest)} more not shown)"
    group_head = ("Limit", "For", "Measured", "Number", "Slack")
    return [table, behind(plain_table(caption, group_head, groups, (2, 3, 4))), *bests]


def _measured(material: Material, limit: Limit, row: Any) -> tuple[str, str, str, str]:
    """Group, measured value, number and slack; what is missed, where the limit has a penalty."""
    shown: Callable[[float], str] = figures.money if limit.counts.unit == "money" else number
    value, most, slack_of = row.value, row.limit, row.slack
    bound = limit.at_most
    if isinstance(bound, Even) and bound.kind in OF_ALL_GROUPS and bound.number and row.limit > 0:
        # Rows have what lies apart: the figure times all that is divided.
        divided, shown = row.limit / bound.number, _in_percent
        value, most, slack_of = (each / divided for each in (value, most, slack_of))
    slack = shown(slack_of)
    if row.sense == "soft":
        missed = -float(row.slack)
        slack = f"missed by {number(missed)}%" if missed else "kept"
    group = material.names.words(row.by, row.place, own=True) or "all"
    return group, shown(value), shown(most), slack


def _in_percent(part: float) -> str:
    return f"{number(100.0 * part)}%"


def bounds_in_words(limit: Limit, sense: str = "") -> str:
    """Say what a limit limits: ``at_most``, ``at_least`` or, for a soft one, both."""
    by = f" of each {' and '.join(_attribute(name) for name in limit.by)}" if limit.by else ""
    goal = f" of goal {limit.goal}" if limit.goal else " by scale" if limit.scaled else ""
    parts = []
    for side, bound in (("at_least", limit.at_least), ("at_most", limit.at_most)):
        if bound is not None and sense in {side, "soft", ""}:
            told = _even(bound, limit) if isinstance(bound, Even) else _bound(bound, side)
            parts.append(f"{side.replace('_', ' ')} {told}")
    soft = f", {limit.soft:g} points per 1% missed" if limit.soft is not None else ""
    kept = "; protected" if limit.protected else ""
    planned = "planned " if limit.planned else ""
    of = f"{planned}{limit.measure}{goal}{_where(limit.where)}"
    return f"{of}{by} {' and '.join(parts)}{soft}{kept}"


def _bound(bound: float | Amount | Relative | Previous | OwnBest, side: str) -> str:
    if isinstance(bound, OwnBest):
        return f"{exactly(bound.own_best)} of {OF_OWN_BEST}"
    if isinstance(bound, Previous):
        told = f"{exactly(bound.times)} of the year before{_beside(bound.plus, side)}"
        if bound.first is None:
            return told
        first = f"{exactly(bound.first.times)} of today{_beside(bound.first.plus, side)}"
        return f"{told} (in the first year {first})"
    if isinstance(bound, Amount):
        return f"{bound.amount:g} per {_attribute(bound.per)}"
    if isinstance(bound, Relative):
        by = "" if bound.by is None else f" of the same {' and '.join(map(_attribute, bound.by))}"
        by = by if bound.by or bound.by is None else " in all"
        return f"{exactly(bound.times)} of {bound.measure}{_where(bound.where)}{by}"
    return number(float(bound))


def _even(bound: Even, limit: Limit) -> str:
    need = _attribute(limit.relative_to) if limit.relative_to else ""
    if bound.kind == "coverage":
        return f"{exactly(bound.number)} of {need}"
    per = f" per {need}" if need else ""
    if bound.kind == "parity":
        return f"{exactly(bound.number)} of what all get together{per or ' per group'}"
    figure = "Gini coefficient" if bound.kind == "gini" else "part to go elsewhere"
    return f"{exactly(bound.number)} as {figure}{per}"


def _beside(plus: float, side: str) -> str:
    """Say what a ceiling adds and a floor takes away."""
    return f" {'plus' if side == 'at_most' else 'minus'} {number(plus)}" if plus else ""


def _attribute(name: str) -> str:
    return name.replace("_", " ").replace(".", " ")


def _values(wanted: object) -> str:
    values = wanted if isinstance(wanted, tuple) else (wanted,)
    return " or ".join(str(value).replace("_", " ") for value in values)


def _where(where: object) -> str:
    items = dict(where).items()  # type: ignore[call-overload]
    told = [f"{_attribute(name)} {_values(each)}" for name, each in items]
    return f" ({', '.join(told)})" if told else ""


def _floors(material: Material) -> list[Block]:
    rules = material.table("rules")
    rows = rules[rules["rule"].eq("support_reaches_floor")]
    floors = material.policy.support_floor
    if not floors or not len(rows):
        return []
    told = []
    for row in records(rows):
        *place, floor_number = row.place
        floor = floors[floor_number - 1]
        told.append(
            (
                material.names.words(row.by, place),
                _where(floor.where).strip(" ()"),
                figures.money(floor.amount_per_year),
                figures.money(float(row.value)),
            )
        )
    caption = f"Support floors: {material.currency} per person and year of stay"
    head = ("Track and year of entry", "Floor for", "Floor", "Total spent above the floor")
    return [behind(plain_table(caption, head, told, (2, 3)))]


def _stability(material: Material) -> list[Block]:
    """Change against today's slots by year, also where nothing limits or penalises it."""
    wanted = material.policy.stability
    most = None if wanted is None else wanted.max_change
    ceiling = "no limit" if most is None else number(100.0 * most)
    told = [
        (str(row.year), number(row.percent), ceiling, f"{row.points:,.3f}")
        for row in records(material.plan.tables.get("change", pd.DataFrame()))
    ]
    head = ("Year", "Change", "At most", "Penalty in points")
    caption = "Change against the current plan (% of today's slots)"
    return [plain_table(caption, head, told, (1, 2, 3))] if told else []


def _commitments(material: Material) -> list[Block]:
    rules = material.table("rules")
    rows = rules[rules["rule"].isin(["commitment_at_least", "commitment_at_most"])]
    told = [
        (
            commitment(material, row),
            str(row.sense).replace("_", " "),
            number(row.limit),
            number(row.value),
            number(row.slack),
        )
        for row in records(rows)
    ]
    if not told:
        return []
    tight = int((rows["slack"] <= rows["allowed"]).sum())
    counts = f"{counted(len(told), 'row')}, {figures.whole(tight)} without slack"
    head = ("Slots committed", "Sense", "Number", "Given", "Slack")
    caption = "Commitments of the case, with their row in commitments.csv"
    table = plain_table(caption, head, told, (2, 3, 4))
    return [behind(table, summary=f"Commitments of the case: {counts}")]


def commitment(material: Material, checked: Any) -> str:
    """Say which slots a row of commitments is about."""
    (row,) = checked.place
    line = material.case.table("commitments").loc[row]
    told = [
        material.names.of(column, line[column])
        for column in ("country", "track", "region")
        if line[column]
    ]
    if not pd.isna(line["year"]):
        told.append(str(int(line["year"])))
    return f"{' · '.join(told) or 'all slots'} (row {row})"
