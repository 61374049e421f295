"""The first page: points of the plan, how sure they are, and what stands out."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pandas as pd

from optimizer.plan.scales import OWN, WORKED_OUT
from optimizer.report import figures
from optimizer.report.blocks import Bar, Bars, Block, Fact, Facts, Key, Piece, Section, Text
from optimizer.report.colours import STROKE, qualitative
from optimizer.report.coming import ANYWAY, anyway_findings, expected_fact
from optimizer.report.material import Material, span
from optimizer.report.services import fullest
from optimizer.report.tables import behind, plain_table, records
from optimizer.report.today import change_facts, change_findings
from optimizer.text.figures import counted

STAGES = {
    "enter": "on entry",
    "present": "for each year of presence",
    "complete": "on completion",
    "continue": "on continuing",
    "return": "on going home",
}
PERIODS = {"planned": "Planned years", "repeated": "Repeated years", "run-off": "After that"}
NOTABLE = 0.15
"""Share of all slots from which a country is named in the summary."""
USED_UP = 0.9995
ODD = "Warnings to read before anybody relies on this plan:"


def headline(material: Material) -> Section:
    """Give the figures everybody asks for first."""
    plan = material.plan
    blocks: list[Block] = [_facts(material)]
    broken = _broken(plan.tables["rules"])
    if broken:
        blocks.append(Text((broken,), tone="alarm"))
    if plan.warnings:
        blocks.append(Text((ODD, *plan.warnings), is_list=True, tone="note"))
    blocks += [Text(tuple(_findings(material)), is_list=True), _value(material), _goals(material)]
    return Section("headline", "At a glance", _status(material), tuple(blocks))


def _status(material: Material) -> str:
    """Status and proven gap in words."""
    plan = material.plan
    change = plan.provenance.get("change_price")
    if change and plan.gap is not None:
        return (
            f"A plan of {plan.objective:,.2f} points that keeps every rule and stays near to an "
            f"earlier one: less the price of {counted(change['slots_moved'], 'slot')} moved, "
            f"{change['points_less_cost']:,.2f}. Of that at most "
            f"{figures.percent(plan.gap, 2)} could still be gained (the proven gap)."
        )
    if plan.bound is None or plan.gap is None:
        return (
            f"A plan of {plan.objective:,.2f} points, recomputed rule by rule. It was not "
            "solved here, so how far it is from the best plan is not known."
        )
    if plan.status == "optimal":
        return (
            f"The best plan under this policy, proven: no plan that keeps every rule has more "
            f"than {plan.objective:,.2f} points."
        )
    return (
        f"A plan of {plan.objective:,.2f} points that keeps every rule. No plan can have "
        f"more than {plan.bound:,.2f}, so at most {figures.percent(plan.gap, 2)} could still be "
        "gained (the proven gap)."
    )


def _broken(rules: pd.DataFrame) -> str:
    count = int(rules["broken"].sum())
    if not count:
        return ""
    return (
        f"This plan breaks rules in {counted(count, 'place')}; they are listed under "
        "“Binding rules”."
    )


def _facts(material: Material) -> Facts:
    plan, money = material.plan, material.table("spending")
    planned = money[money["year"].isin(material.years)]
    spent, budget = float(planned["spent"].sum()), float(planned["budget"].sum())
    opened = plan.decisions.agreements
    slots = material.slots
    facts = [
        Fact("Points", f"{plan.objective:,.2f}", _of_hundred(material)),
        Fact("Slots", figures.whole(plan.slots_total), f"new participants, {span(material.years)}"),
        *change_facts(material),
        *expected_fact(material),
        Fact(
            "Partner countries",
            str(slots["country"].nunique()),
            f"of {len(material.case.table('countries'))} in the case, on "
            f"{counted(slots['track'].nunique(), 'track')}",
        ),
        Fact(
            "Spending",
            material.money(spent),
            f"{figures.percent(spent / budget)} of the budgets, {span(material.years)}"
            if budget
            else f"{span(material.years)}",
        ),
    ]
    if len(material.case.table("agreements")):
        standing = int(material.table("agreements")["status"].eq("existing").sum())
        facts.append(Fact("Agreements opened", str(len(opened)), f"beside {standing} in force"))
    if plan.gap is not None:
        gap = "0% (optimal)" if plan.status == "optimal" else figures.percent(plan.gap, 2)
        took = f", found in {plan.seconds['total']:.1f} s" if "total" in plan.seconds else ""
        facts.append(Fact("Proven gap", gap, f"{plan.status} plan{took}"))
    return Facts(tuple(facts))


def _of_hundred(material: Material) -> str:
    goals = material.policy.goals.values()
    are_ideal = all(goal.scale == "ideal" and goal.weight >= 0 for goal in goals)
    if are_ideal and _has_own_scales(material):
        return f"out of 100 (all goals at their ideal{_unchanged(material)})"
    return "weighted value, 100 at every goal's scale"


def _has_own_scales(material: Material) -> bool:
    """Whether scales are those of this policy and case, and not given from elsewhere."""
    return material.plan.provenance.get("scales_from", WORKED_OUT) in OWN


def _unchanged(material: Material) -> str:
    """Say that scales are those of the policy before any change, where there was one."""
    made = ("changes", "added_limits", "dropped")
    is_changed = any(material.plan.provenance.get(key) for key in made)
    return " under the unchanged policy" if is_changed else ""


def _findings(material: Material) -> list[str]:
    """Highlights of the plan, in sentences."""
    slots, names = material.slots, material.names
    found = []
    if len(slots):
        total = float(slots["slots"].sum())
        by_track = slots.groupby("track", sort=False)["slots"].sum()
        by_country = slots.groupby("country", sort=False)["slots"].sum()
        track = str(by_track.idxmax())
        countries = [
            f"{names.of('country', country)} ({figures.percent(share)})"
            for country in material.by_size("country")
            if (share := by_country[country] / total) >= NOTABLE
        ]
        text = (
            f"The largest track is {names.of('track', track)} with "
            f"{figures.percent(by_track.max() / total)} of all slots"
        )
        many = f"; large partners are {figures.listed(countries)}" if countries else ""
        found.append(f"{text}{many}.")
    else:
        found.append("The plan gives no slots at all.")
    found += change_findings(material)
    found += _period_findings(material)
    found += anyway_findings(material)
    found += _money_findings(material)
    found += fullest(material)
    return found


def _period_findings(material: Material) -> list[str]:
    """When the points are earned: in planned years, in those that repeat the last, after that."""
    if not material.tail:
        return []
    points = _by_period(material).sum()
    again = (
        f"{points['repeated']:,.1f} in {span(material.repeated)}, which repeat the decisions of "
        f"{material.years[-1]}, "
        if material.repeated
        else ""
    )
    return [
        f"Of the value, before penalties, {points['planned']:,.1f} points are earned in the "
        f"planned years {span(material.years)}, {again}and {points['run-off']:,.1f} after that."
    ]


def _by_period(material: Material) -> pd.DataFrame:
    """Points by goal, in rows, and by when they are earned, in proportion to raw value."""
    goals, stages = material.table("goals"), material.table("stages")
    raw = stages.pivot_table(index="goal", columns="period", values="raw", aggfunc="sum")
    raw = raw.reindex(index=goals["goal"], columns=list(PERIODS), fill_value=0.0).fillna(0.0)
    shares = raw.div(raw.sum(axis=1).where(lambda total: total != 0), axis=0).fillna(0.0)
    return shares.mul(goals["weighted"].to_numpy(), axis=0)


def _money_findings(material: Material) -> list[str]:
    planned = _used_up(material, material.years)
    found = ["No budget line is used up in any planned year."]
    if planned:
        found = [f"Budget lines used up: {figures.listed(planned, most=10)}."]
    later = _used_up(material, material.repeated)
    if later:
        lines = figures.listed(later, most=10)
        found.append(
            f"Budget lines used up in the years that repeat {material.years[-1]}, to which the "
            f"plan keeps as well: {lines}."
        )
    return found


def _used_up(material: Material, years: Collection[int]) -> list[str]:
    """Budget lines without money left in some of these years, and in how many."""
    money = material.table("spending")
    money = money[money["year"].isin(years)]
    free = money["budget"] + money["received"] + money["carried_in"]
    bound = money[(free > 0) & (money["unspent"] <= (1 - USED_UP) * free)]
    return [
        f"{material.names.of('line', str(line))} ({counted(len(rows), 'year')})"
        for line, rows in bound.groupby("line", sort=False)
    ]


def _value(material: Material) -> Bars:
    """Points by goal, split by the stage at which they are earned."""
    goals, stages = material.table("goals"), material.table("stages")
    earned = [stage for stage in STAGES if stage in set(stages["stage"])]
    colours = qualitative(earned)
    ceilings = _ceilings(material)
    largest = max([*goals["weighted"].abs(), *ceilings.values(), 1e-9])
    bars = []
    for row in records(goals):
        points, ceiling = float(row.weighted), ceilings.get(str(row.goal))
        start, pieces = 0.0, []
        for stage, (told, part) in _by_stage(stages, str(row.goal), points).items():
            length = 100.0 * abs(points) / largest * part
            tip = f"{figures.sentence(str(row.goal))}: {told:,.2f} points {STAGES[stage]}"
            tip = tip.replace("-", figures.MINUS)
            pieces.append(Piece(round(start, 3), round(length, 3), colours[stage], tip))
            start += length
        shown = f"{points:,.1f}".replace("-", figures.MINUS)
        bars.append(
            Bar(
                figures.sentence(str(row.goal)),
                shown if ceiling is None else f"{shown} of {ceiling:,.1f}",
                tuple(pieces),
                mark=None if ceiling is None else round(min(100.0, 100 * ceiling / largest), 3),
            )
        )
    described = "Points of each goal, by when they are earned."
    if (goals["weighted"] < 0).any():
        described += " Negative points are losses: the policy weighs that goal against."
    legend = [Key(colours[stage], f"earned {STAGES[stage]}") for stage in earned]
    if ceilings:
        meaning = f"this goal's maximum when optimised alone{_unchanged(material)} (tick)"
        legend.append(Key(STROKE, meaning, is_stroke=True))
    return Bars("Value by goal and stage", described, tuple(bars), tuple(legend))


def _by_stage(stages: pd.DataFrame, goal: str, points: float) -> dict[str, tuple[float, float]]:
    """Points that a goal earns at each stage, and their part of its bar.

    What is lost at one stage of what others earn has no piece: the bar is as long as the points
    that are left.
    """
    raw = stages[stages["goal"].eq(goal)].groupby("stage")["raw"].sum()
    total = float(raw.sum())
    told = {stage: points * float(raw[stage]) / total for stage in STAGES if total and stage in raw}
    kept = {stage: value for stage, value in told.items() if value * points > 0}
    whole = sum(kept.values())
    return {stage: (value, value / whole) for stage, value in kept.items()}


def _ceilings(material: Material) -> Mapping[str, float]:
    """Points at a goal's scale, where the scale is what the goal alone could reach."""
    if not _has_own_scales(material):
        return {}
    table, goals = material.table("goals"), material.policy.goals
    total = float(table["weight"].abs().sum())
    weights = dict(zip(table["goal"], table["weight"], strict=True))
    return {
        name: 100.0 * weight / total
        for name, weight in weights.items()
        if name in goals and goals[name].scale == "ideal" and weight > 0
    }


def _goals(material: Material) -> Block:
    goals, stages = material.table("goals"), material.table("stages")
    rows: list[tuple[str, ...]] = [
        (
            figures.sentence(str(row.goal)),
            figures.number(row.weight),
            f"{row.raw:,.1f}",
            f"{row.scale:,.1f}",
            f"{row.scaled:.3f}",
            f"{row.weighted:,.2f}",
        )
        for row in records(goals)
    ]
    head = ["Goal", "Weight", "Raw value", "Scale", "Raw / scale", "Points"]
    if goals["anyway"].any():
        head.append(f"Raw value beside it, {ANYWAY}")
        beside = zip(rows, goals["anyway"], strict=True)
        rows = [(*cells, f"{anyway:,.1f}") for cells, anyway in beside]
    table = plain_table("Value by goal", head, rows, figures=range(1, len(head)))
    by_stage = [
        (
            figures.sentence(str(row.goal)),
            STAGES.get(str(row.stage), str(row.stage)),
            PERIODS[str(row.period)],
            str(row.side),
            f"{row.raw:,.1f}",
        )
        for row in records(stages)
    ]
    stage_table = plain_table(
        "Raw value by goal, stage, years and side, before diminishing returns",
        ("Goal", "Earned", "When", "Side", "Raw value"),
        by_stage,
        figures=(4,),
    )
    tables = [table, stage_table]
    if material.tail:
        by_period = [
            (figures.sentence(str(goal)), *(f"{points:,.2f}" for points in row))
            for goal, row in zip(goals["goal"], _by_period(material).to_numpy(), strict=True)
        ]
        columns = ("Goal", *PERIODS.values())
        tables.append(plain_table("Points by goal and years", columns, by_period, range(1, 4)))
    return behind(*tables, summary="Value by goal and stage in figures")
