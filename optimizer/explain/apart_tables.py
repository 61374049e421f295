"""Plans that are as different as was found: tables, words and charts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from optimizer.explain.apart import PAIRS, distance
from optimizer.frames import rows_of
from optimizer.frames.arrays import Floats
from optimizer.instance import Instance
from optimizer.plan import Plan
from optimizer.text.figures import counted, figure

IN_HAND, NONE_FOUND, NO_OTHER = "in hand", "none found", "none"
"""Statuses of the plan that was given, of a plan that was looked for in vain, and of one of which
it is proven that there is none."""
PLANS, HOW_OFTEN, SLOTS_OF_PLANS, DISTANCES = "plans", "often", "slots", "distances"
"""Names of the tables."""
OPENED_PAIRS, OF_PAIRS = "agreement", PAIRS
"""What is counted."""
_MOST_NAMED = 12
_NO_POINTS = 5e-7
"""Difference of points that is none in print."""
_MOST_DRAWN = 30
_WIDTH_OF_CHART = 420


@dataclass(frozen=True, eq=False)
class Found:
    """The plan in hand, or one that was looked for.

    Attributes
    ----------
    number
        0 for the plan in hand.
    status
        ``in hand``, ``optimal`` or ``feasible``; ``none``, ``none found`` or
        ``stopped`` where there is none.
    slots
        By pair of country and track.
    is_farthest
        Whether it is proven that none is farther from the nearest plan before it.
    """

    number: int
    status: str
    plan: Plan | None = None
    slots: Floats | None = None
    is_farthest: bool = False


def apart_tables(
    found: Sequence[Found], pairs: Sequence[tuple[str, str]], instance: Instance
) -> dict[str, pd.DataFrame]:
    """Every table about plans that are far apart, by name."""
    return {
        PLANS: _plan_table(found),
        HOW_OFTEN: _often_table(found, pairs, instance),
        SLOTS_OF_PLANS: _slot_table(found, pairs),
        DISTANCES: _distance_table(found),
    }


def _plan_table(found: Sequence[Found]) -> pd.DataFrame:
    """plan, status, points, gap, difference_points, slots, agreements, distances, nearest."""
    there = [each for each in found if each.slots is not None]
    first = there[0]
    assert first.plan is not None, "a plan is in hand"
    assert first.slots is not None, "a plan is in hand"
    total = float(first.slots.sum())
    nan = float("nan")
    rows = []
    for each in found:
        plan, slots = each.plan, each.slots
        if plan is None or slots is None:
            rows.append((each.number, each.status, *[nan] * 8, False))
            continue
        others = {
            other.number: distance(slots, other.slots, total)
            for other in there
            if other is not each and other.slots is not None
        }
        nearest = min(others, key=lambda number: (others[number], number), default=None)
        rows.append(
            (
                each.number,
                each.status,
                plan.objective,
                nan if plan.gap is None else plan.gap,
                plan.objective - first.plan.objective,
                float(plan.slots_total),
                float(len(plan.decisions.agreements)),
                distance(slots, first.slots, total),
                nan if nearest is None else others[nearest],
                nan if nearest is None else float(nearest),
                each.is_farthest,
            )
        )
    columns = ["plan", "status", "points", "gap", "difference_points", "slots", "agreements"]
    columns += ["distance_from_plan", "distance_from_nearest", "nearest", "is_farthest"]
    table = pd.DataFrame(rows, columns=columns)
    return table.astype(dict.fromkeys(columns[2:-1], "float64") | {"status": "str"})


def _often_table(
    found: Sequence[Found], pairs: Sequence[tuple[str, str]], instance: Instance
) -> pd.DataFrame:
    """kind, country, track, plans, of, in_hand, least, most, status."""
    there = [each for each in found if each.slots is not None]
    slots = np.array([each.slots for each in there])
    opened = [
        set(map(tuple, each.plan.decisions.agreements[["country", "track"]].to_numpy().tolist()))
        for each in there
        if each.plan is not None
    ]
    proposed = sorted(
        set(map(tuple, instance.sets.agreement[["country", "track"]].to_numpy().tolist()))
    )
    counted_of = [
        (OPENED_PAIRS, pair, np.array([float(pair in each) for each in opened]))
        for pair in proposed
    ]
    counted_of += [(OF_PAIRS, pair, slots[:, place]) for place, pair in enumerate(pairs)]
    rows = []
    for kind, (country, track), values in counted_of:
        has = values > 0.0
        if kind == OF_PAIRS and not has.any():
            continue
        status = "always" if has.all() else "sometimes" if has.any() else "never"
        numbers = int(has.sum()), len(there), bool(has[0]), values.min(), values.max()
        rows.append((kind, country, track, *numbers, status))
    columns = ["kind", "country", "track", "plans", "of", "in_hand", "least", "most", "status"]
    texts = dict.fromkeys(("kind", "country", "track", "status"), "str")
    kinds = texts | {"plans": "int64", "of": "int64", "in_hand": "bool"}
    return pd.DataFrame(rows, columns=columns).astype(
        kinds | {"least": "float64", "most": "float64"}
    )


def _slot_table(found: Sequence[Found], pairs: Sequence[tuple[str, str]]) -> pd.DataFrame:
    """plan, country, track, slots: those that are not zero."""
    rows = [
        (each.number, country, track, int(each.slots[place]))
        for each in found
        if each.slots is not None
        for place, (country, track) in enumerate(pairs)
        if each.slots[place] > 0.0
    ]
    kinds = {"plan": "int64", "country": "str", "track": "str", "slots": "int64"}
    return pd.DataFrame(rows, columns=list(kinds)).astype(kinds)


def _distance_table(found: Sequence[Found]) -> pd.DataFrame:
    """plan, other, distance: each two plans once."""
    there = [(each.number, each.slots) for each in found if each.slots is not None]
    total = float(there[0][1].sum())
    rows = [
        (number, other, distance(one, two, total))
        for place, (number, one) in enumerate(there)
        for other, two in there[place + 1 :]
    ]
    kinds = {"plan": "int64", "other": "int64", "distance": "float64"}
    return pd.DataFrame(rows, columns=list(kinds)).astype(kinds)


def apart_in_words(tables: dict[str, pd.DataFrame]) -> list[str]:
    """How far apart the plans are, and what all of them have and only some."""
    plans, often = tables[PLANS], tables[HOW_OFTEN]
    there = plans[plans["points"].notna()]
    more = there[there["plan"].gt(0)]
    lines = [
        f"{counted(len(more), 'plan')} beside it, each checked, and as far from those before as "
        "was found:"
    ]
    lines += [_plan_in_words(row) for row in rows_of(more)]
    missing = plans[plans["points"].isna()]
    if missing["status"].eq(NO_OTHER).any():
        lines.append("No other plan has other slots by country and track.")
    elif missing["status"].eq(NONE_FOUND).any():
        lines.append("No other plan was found that has other slots by country and track.")
    elif len(missing):
        lines.append(f"{counted(len(missing), 'plan')} not looked for in time.")
    if not len(more):
        return lines
    proven = int(more["is_farthest"].sum())
    lines.append(
        "Distances are slots that are elsewhere, by country and track over all years, as a share "
        "of those in hand."
    )
    if proven:
        lines.append(
            f"It is proven of {proven} of {counted(len(more), 'plan')} that none is farther from "
            "the nearest plan before it."
        )
    names = ((OPENED_PAIRS, "Proposed agreements"), (OF_PAIRS, "Countries and tracks"))
    for kind, title in names:
        lines += _often_in_words(often[often["kind"].eq(kind)], title, len(there))
    return lines


def _plan_in_words(row: Any) -> str:
    apart = f"{row.distance_from_plan:.0%} from the plan in hand"
    if row.nearest:
        apart += f", {row.distance_from_nearest:.0%} from plan {row.nearest:.0f}, the nearest"
    change = (
        f"{row.difference_points:+,.6g}" if abs(row.difference_points) >= _NO_POINTS else "the same"
    )
    return (
        f"- {row.plan}: {figure(row.points)} points ({change}), {figure(row.slots)} slots, {apart}"
    )


def _often_in_words(rows: pd.DataFrame, title: str, count: int) -> list[str]:
    if not len(rows):
        return []
    always = rows[rows["status"].eq("always")]
    some = rows[rows["status"].eq("sometimes")].sort_values(
        ["plans", "country", "track"], ascending=[False, True, True], kind="stable"
    )
    never = int(rows["status"].eq("never").sum())
    said = [f"{len(always)} in all {count} plans"]
    if len(some):
        listed = [f"{row.country} {row.track} in {row.plans}" for row in rows_of(some)]
        left = len(listed) - _MOST_NAMED
        also = f" and {left} more" if left > 0 else ""
        said.append(f"{len(some)} in some ({', '.join(listed[:_MOST_NAMED])}{also})")
    if never:
        said.append(f"{never} in none")
    return [f"{title}: {'; '.join(said)}."]


def drawn_apart(tables: dict[str, pd.DataFrame]) -> Any:
    """A dot for each plan, of the pairs of country and track that differ most."""
    import altair as alt

    often, slots = tables[HOW_OFTEN], tables[SLOTS_OF_PLANS]
    pairs = often[often["kind"].eq(OF_PAIRS)]
    pairs = pairs.assign(width=pairs["most"] - pairs["least"], pair=_named(pairs))
    widest = pairs.sort_values("width", ascending=False, kind="stable").head(_MOST_DRAWN)
    order = widest["pair"].tolist()
    numbers = tables[PLANS].loc[tables[PLANS]["points"].notna(), "plan"].tolist()
    given = slots.assign(pair=_named(slots)).set_index(["pair", "plan"])["slots"]
    whole = pd.MultiIndex.from_product([order, numbers], names=["pair", "plan"])
    dots = given.reindex(whole, fill_value=0).rename("slots").reset_index()
    dots["name"] = dots["plan"].map(lambda number: f"plan {number}" if number else IN_HAND)
    names = [f"plan {number}" if number else IN_HAND for number in numbers]
    keys = alt.Y("pair:N", sort=order, title="country, track", axis=alt.Axis(labelLimit=220))
    base = alt.Chart(dots).encode(y=keys)
    rules = base.mark_rule(color="#d5dade").encode(x="min(slots):Q", x2="max(slots):Q")
    points = base.mark_point(filled=True, size=55, opacity=0.9).encode(
        x=alt.X("slots:Q", title="slots over all years", axis=alt.Axis(tickMinStep=1)),
        color=alt.Color("name:N", title=None, scale=alt.Scale(domain=names)),
        shape=alt.Shape("name:N", title=None, scale=alt.Scale(domain=names)),
        tooltip=["pair", "name", "slots"],
    )
    title = "Slots of each plan, where they differ most"
    return (rules + points).properties(width=_WIDTH_OF_CHART, height={"step": 16}, title=title)


def drawn_often(tables: dict[str, pd.DataFrame]) -> Any:
    """Bars: in how many plans there is each agreement, and each pair that not all have."""
    import altair as alt

    often = tables[HOW_OFTEN]
    shown = often[often["kind"].eq(OPENED_PAIRS) | often["status"].eq("sometimes")]
    shown = shown.assign(pair=_named(shown)).sort_values("plans", ascending=False, kind="stable")
    shown = shown.groupby("kind", sort=False).head(_MOST_DRAWN)
    most = int(often["of"].max()) if len(often) else 1
    return (
        alt.Chart(shown)
        .mark_bar(height=10, color="#3b7ea1")
        .encode(
            x=alt.X(
                "plans:Q",
                title=f"plans, of {most}",
                scale=alt.Scale(domain=[0, most]),
                axis=alt.Axis(tickMinStep=1, format="d"),
            ),
            y=alt.Y("pair:N", sort=None, title="", axis=alt.Axis(labelLimit=220)),
            row=alt.Row(
                "kind:N", title="", header=alt.Header(labelOrient="top", labelAnchor="start")
            ),
            tooltip=["kind", "pair", "plans", "least", "most"],
        )
        .properties(width=_WIDTH_OF_CHART, height={"step": 16})
        .resolve_scale(y="independent")
        .properties(title="How often each is in the plans")
    )


def _named(rows: pd.DataFrame) -> pd.Series:
    return rows["country"] + ", " + rows["track"]
