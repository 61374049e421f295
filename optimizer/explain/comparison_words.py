"""A comparison in sentences."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from optimizer.explain.culprits import Culprits
from optimizer.explain.differences import KEY, Difference
from optimizer.explain.fairness_differences import FAIRNESS_PART, LOWEST_RATE
from optimizer.explain.policy_differences import SOLVER
from optimizer.explain.result_differences import TOTAL_KEY, Footing, signed
from optimizer.explain.sides import NO_PLAN_AT_ALL, STOPPED, Side
from optimizer.frames import rows_of
from optimizer.text.figures import apart, counted, figure

_MOST_INPUTS, _MOST_NAMED = 20, 4


def side_in_words(side: Side) -> str:
    """What a side is."""
    policy = None if side.policy is None else f"policy {side.policy.name}"
    case = None if side.case is None else f"case {side.case.name}"
    told = " on ".join(part for part in (policy, case) if part is not None)
    status = {NO_PLAN_AT_ALL: ", for which there is no plan", STOPPED: ", without a plan in time"}
    return f"{side.name} ({told}{status.get(side.status, '')})"


def inputs_in_words(one: Side, other: Side, found: Sequence[Difference]) -> list[str]:
    """What differs between the inputs, those first that can change a plan."""
    names = one.name, other.name
    both = [
        word
        for word, has in (
            ("policy", one.policy is not None and other.policy is not None),
            ("case", one.case is not None and other.case is not None),
        )
        if has
    ]
    if not both:
        return ["They have neither policy nor case in common to compare."]
    counting = [each for each in found if each.counts]
    options = sum(each.kind == KEY and each.at[0] == SOLVER for each in found)
    remarks = len(found) - len(counting) - options
    lines = [f"The inputs ({' and '.join(both)}) say the same."]
    if counting:
        lines = [f"{counted(len(counting), 'difference')} of the inputs ({' and '.join(both)}):"]
        lines += [f"- {each.in_words(names)}" for each in counting[:_MOST_INPUTS]]
        left = len(counting) - _MOST_INPUTS
        lines += [f"- and {left:,} more"] if left > 0 else []
    if remarks:
        lines.append(
            f"{counted(remarks, 'difference')} of titles, reasons, sources and the like besides, "
            "on which no plan depends."
        )
    if options:
        lines.append(
            f"{counted(options, 'difference')} of solver options besides: which plans there are "
            "does not depend on them, but which one is found may."
        )
    return lines


def culprits_in_words(one: Side, other: Side, found: Culprits) -> list[str]:
    """Which differences leave one of two sides without a plan."""
    has, lacks = (one, other) if other.status == NO_PLAN_AT_ALL else (other, one)
    head = f"{has.name} has a plan, {lacks.name} has none."
    if not found.verified:
        return [f"{head} Which difference is the reason stayed open."]
    names = one.name, other.name
    lines = [f"- {each.in_words(names)}" for each in found.found]
    is_one = len(lines) == 1
    what = "this difference" if is_one else f"these {len(lines)} differences together"
    without = "without it" if is_one else "without any one of them"
    proof = f", and there is one {without} (verified)" if found.is_minimal else " (verified)"
    return [f"{head} In {has.name}, {what} alone would leave no plan{proof}:", *lines]


def plans_in_words(one: Side, other: Side, table: pd.DataFrame, footing: Footing) -> list[str]:
    """What differs between the plans."""
    lines = [*_points_in_words(one, other, table, footing)]
    if table["status"].eq("same").all():
        return [*lines, "The plans are the same in goals, slots, money and agreements."]
    if footing.is_exchangeable:
        lines.append(
            "Each plan keeps every rule of the other question and is as good there as far as the "
            "gaps say, so that what follows need have no reason."
        )
    lines += _goals_in_words(table)
    lines += _part_in_words(table, "slots", "Slots")
    lines += _part_in_words(table, "spending", "Spending")
    lines += _agreements_in_words(one, other, table)
    lines += _fairness_in_words(table)
    return lines


def _points_in_words(one: Side, other: Side, table: pd.DataFrame, footing: Footing) -> list[str]:
    lines = []
    (row,) = rows_of(table[table["part"].eq("points")])
    if footing.is_equal:
        open_to = ", no more than the gaps leave open" if row.within_gap else ""
        open_to = "" if row.status == "same" else open_to
        lines.append(f"Points: {_from_to(row)}{open_to}.")
    else:
        lines.append(
            f"Points: {figure(row.before)} and {figure(row.after)}, which cannot be compared: "
            "weights or scales of goals differ."
        )
    held = footing.held
    if held is None:
        lines.append(f"The plan of {other.name} does not fit the case of {one.name}.")
    elif not held.holds:
        broken = counted(len(held.violations), "row")
        lines.append(
            f"Held in the question of {one.name}, the plan of {other.name} breaks "
            f"{broken} of {counted(held.violations['rule'].nunique(), 'rule')}."
        )
    else:
        (row,) = rows_of(table[table["part"].eq("points_held")])
        lines.append(
            f"Held in the question of {one.name}, the plan of {other.name} keeps every rule; "
            f"points there: {_from_to(row)}."
        )
    return lines


def _from_to(row: object) -> str:
    before, after = apart(row.before, row.after)  # type: ignore[attr-defined]  # row of a frame
    if row.status == "same":  # type: ignore[attr-defined]
        return f"{figure(row.before)} in both"  # type: ignore[attr-defined]
    return f"{before} to {after} ({signed(row.difference)})"  # type: ignore[attr-defined]


def _goals_in_words(table: pd.DataFrame) -> list[str]:
    changed = table[table["part"].eq("goal_raw") & table["status"].ne("same")]
    told = []
    for row in rows_of(changed):
        if row.status.startswith("only"):
            told.append(f"{row.key} in one of them only")
        else:
            told.append(f"{row.key} {_from_to(row)}")
    if told:
        return [f"Goals, raw: {'; '.join(told)}."]
    return ["Every goal has the same raw value."]


def _part_in_words(table: pd.DataFrame, part: str, title: str) -> list[str]:
    rows = table[table["part"].eq(part)]
    (total,) = rows_of(rows[rows["key"].eq(TOTAL_KEY) & rows["by"].eq("")])
    unit = "" if part == "slots" else f" {total.unit}"
    lines = [f"{title}{unit and ','}{unit}: {_from_to(total)}."]
    changed = rows[rows["by"].ne("") & rows["by"].ne("line, year") & rows["status"].ne("same")]
    for by, some in changed.groupby("by", sort=False):
        gains, losses = some[some["status"].eq("more")], some[some["status"].eq("fewer")]
        verbs = ("more for", "less for" if part == "spending" else "fewer for")
        ends = (
            gains.nlargest(len(gains), "difference"),
            losses.nsmallest(len(losses), "difference"),
        )
        words = [f"{verb} {_named(end)}" for verb, end in zip(verbs, ends, strict=True) if len(end)]
        lines.append(f"- by {by}: {'; '.join(words)}.")
    return lines


def _named(rows: pd.DataFrame) -> str:
    told = [f"{row.key} ({signed(row.difference)})" for row in rows_of(rows.head(_MOST_NAMED))]
    left = len(rows) - _MOST_NAMED
    return ", ".join(told) + (f" and {left} more" if left > 0 else "")


def _agreements_in_words(one: Side, other: Side, table: pd.DataFrame) -> list[str]:
    rows = table[table["part"].eq("agreements") & table["by"].ne("")]
    told = []
    for name, status in ((one.name, "fewer"), (other.name, "more")):
        keys = rows.loc[rows["status"].eq(status), "key"].tolist()
        if keys:
            left = f" and {len(keys) - _MOST_NAMED} more" if len(keys) > _MOST_NAMED else ""
            told.append(f"only in {name}: {'; '.join(keys[:_MOST_NAMED])}{left}")
    return [f"Agreements, {'; '.join(told) or 'the same in both'}."]


def _fairness_in_words(table: pd.DataFrame) -> list[str]:
    """Gini and the lowest rate of every division that both have."""
    told = []
    for name, rows in table[table["part"].eq(FAIRNESS_PART)].groupby("key", sort=False):
        by = {row.by: row for row in rows_of(rows)}
        lowest = by[LOWEST_RATE]
        gini = by.get("gini")
        has_gini = gini is not None and not gini.status.startswith("only")
        even = f"Gini {_from_to(gini)}; " if has_gini else ""
        told.append(f"Fairness of {name}: {even}lowest rate {_from_to(lowest)} {lowest.unit}.")
    return told
