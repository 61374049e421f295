"""What two plans do not have in common: points, goals, slots, money, agreements and fairness."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isclose, isnan, nan

import pandas as pd

from optimizer.errors import OptimizerError, did_you_mean
from optimizer.explain.fairness_differences import of_fairness
from optimizer.explain.in_hand import InHand, searched_for_points
from optimizer.explain.sides import Side
from optimizer.frames.memory import Memory
from optimizer.plan import SLOT_KEYS, Plan
from optimizer.plan.checking import evaluated
from optimizer.plan.evaluation import Evaluation
from optimizer.plan.keeping import are_kept
from optimizer.text.figures import figure

TOTAL_KEY = "total"
_SAME = 1e-9
"""Relative difference that is none: what adding up in another order leaves."""
_COLUMNS = {
    **dict.fromkeys(("side", "part", "by", "key", "unit"), "str"),
    **dict.fromkeys(("before", "after", "difference"), "float64"),
    "status": "str",
    "within_gap": "bool",
}
_Row = tuple[str, str, str, str, float, float]


@dataclass(frozen=True)
class Footing:
    """On what footing two plans can be compared.

    Attributes
    ----------
    is_equal
        Whether goals have the same weights and scales, so that points mean the same.
    held
        The other plan under policy, case and scales of the first; ``None`` where that cannot be
        worked out.
    kept_back
        The first plan under those of the other.
    within_gap
        Whether the difference of points is no larger than what the gaps leave open; not where a
        plan aims at something else than points, as its gap is none of points.
    is_exchangeable
        Whether each plan keeps the rules of both questions, and has as many points in either as
        the plan found there, as far as its gap says: nothing need be the reason of what differs.
    """

    is_equal: bool
    held: Evaluation | None
    kept_back: Evaluation | None
    within_gap: bool
    is_exchangeable: bool


def footing_of(one: Side, other: Side, memory: Memory) -> Footing:
    """Evaluate both plans in both questions, as far as that is possible.

    Parameters
    ----------
    memory
        Of what was joined of these questions.
    """
    plan, second = one.plan, other.plan
    assert plan is not None, "sides without a plan are not compared"
    assert second is not None, "sides without a plan are not compared"
    held, kept_back = _held(second, one, memory), _held(plan, other, memory)
    is_equal = _have_equal_scales(plan, second)
    first, after = searched_for_points(plan), searched_for_points(second)
    if first is None or after is None:
        # What is given up for an aim, or for less change, is no matter of gaps.
        return Footing(is_equal, held, kept_back, within_gap=False, is_exchangeable=False)
    return Footing(
        is_equal,
        held,
        kept_back,
        within_gap=_may_be_equal(first, after),
        is_exchangeable=_is_as_good(held, first) and _is_as_good(kept_back, after),
    )


def compared_plans(
    one: Side, other: Side, footing: Footing, by: Sequence[tuple[str, ...]]
) -> pd.DataFrame:
    """All that differs or not between two plans, as a tidy table.

    Returns
    -------
    pandas.DataFrame
        side (the one that is compared), part, by, key, unit, before, after, difference, status
        (``more``, ``fewer``, ``same``), within_gap.
    """
    plan, second = one.plan, other.plan
    assert plan is not None, "sides without a plan are not compared"
    assert second is not None, "sides without a plan are not compared"
    rows = [
        ("points", "", TOTAL_KEY, "points", plan.objective, second.objective),
        *_held_row(plan, footing),
        *_of_goals(plan, second),
        *_of_slots(plan, second, by),
        *_of_money(plan, second),
        *_of_agreements(plan, second),
        *of_fairness(plan, second),
    ]
    table = pd.DataFrame(rows, columns=["part", "by", "key", "unit", "before", "after"])
    table.insert(0, "side", other.name)
    table["difference"] = table["after"] - table["before"]
    table["status"] = [
        _status(before, after)
        for before, after in zip(table["before"], table["after"], strict=True)
    ]
    table["within_gap"] = footing.is_exchangeable
    if footing.is_equal:
        table.loc[table["part"].eq("points"), "within_gap"] = footing.within_gap
    return table[list(_COLUMNS)].astype(_COLUMNS)


def no_rows() -> pd.DataFrame:
    """The table of :func:`compared_plans` where there is nothing to compare."""
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in _COLUMNS.items()})


def slot_groups(plans: Sequence[Plan], by: Sequence[str] | None) -> list[tuple[str, ...]]:
    """Keys by which slots are added up; each is said as ``country`` or as ``country,track``.

    Raises
    ------
    OptimizerError
        If slots have no such key.
    """
    known = [
        key for key in SLOT_KEYS if any(plan.slots[key].ne("").any() for plan in plans) or not plans
    ]
    if by is None:
        return [(key,) for key in known if key != "level"]
    found = []
    for text in by:
        names = tuple(name.strip() for name in text.split(","))
        for name in names:
            if name not in known:
                near = did_you_mean(name, known)
                maybe = "" if near is None else f". Maybe {near!r}"
                raise OptimizerError(
                    f"slots have no {name!r}\n    Expected one of {', '.join(known)}{maybe}."
                )
        found.append(names)
    return list(dict.fromkeys(found))


def _held(plan: Plan, side: Side, memory: Memory) -> Evaluation | None:
    """A plan under policy, case and scales of a side.

    ``None`` where it does not fit them, or does not grant what is kept there.
    """
    assert side.plan is not None, "sides without a plan hold none"
    provenance, question = side.plan.provenance, side.plan.question
    assert question is not None, "plans that are compared hold their question"
    if not are_kept(question.keep, plan.decisions.slots):
        return None
    try:
        return evaluated(
            plan.decisions,
            question.policy,
            question.case,
            scales=provenance["scales"],
            extend=side.extend,
            dropped=provenance.get("dropped", ()),
            memory=memory,
        )
    except OptimizerError:
        return None


def _have_equal_scales(one: Plan, other: Plan) -> bool:
    """Whether goals, their weights and their scales are the same."""
    columns = ["goal", "weight", "scale"]
    first, second = (plan.tables["goals"][columns].set_index("goal") for plan in (one, other))
    if set(first.index) != set(second.index):
        return False
    pairs = zip(first.to_numpy().ravel(), second.loc[first.index].to_numpy().ravel(), strict=True)
    return all(isclose(before, after, rel_tol=_SAME) for before, after in pairs)


def _may_be_equal(one: InHand, other: InHand) -> bool:
    """Whether the best plans of both may have the same points; unproven ones always may."""
    is_same = _status(one.points, other.points) == "same"
    return is_same or one.leaves_open(other, _least(one))


def _is_as_good(held: Evaluation | None, plan: InHand) -> bool:
    """Whether a plan that is held in a question could be the best there, as far as is proven."""
    if held is None or not held.holds:
        return False
    return bool(plan.points - held.points <= max(plan.open_points, _least(plan)))


def _least(plan: InHand) -> float:
    """Smallest difference of points that is one."""
    return _SAME * max(1.0, abs(plan.points))


def _held_row(plan: Plan, footing: Footing) -> Iterator[_Row]:
    if footing.held is not None and footing.held.holds:
        points = footing.held.points
        yield "points_held", "", TOTAL_KEY, "points", plan.objective, points


def _of_goals(one: Plan, other: Plan) -> Iterator[_Row]:
    first, second = (plan.tables["goals"].set_index("goal") for plan in (one, other))
    for column, part, unit in (
        ("raw", "goal_raw", "raw"),
        ("scaled", "goal_scaled", "share"),
        ("weighted", "goal_points", "points"),
    ):
        for goal in dict.fromkeys((*first.index, *second.index)):
            before, after = (
                float(table[column][goal]) if goal in table.index else nan
                for table in (first, second)
            )
            yield part, "goal", str(goal), unit, before, after


def _of_slots(one: Plan, other: Plan, by: Sequence[tuple[str, ...]]) -> Iterator[_Row]:
    before, after = (float(plan.slots["slots"].sum()) for plan in (one, other))
    yield "slots", "", TOTAL_KEY, "slots", before, after
    for keys in by:
        yield from _summed("slots", list(keys), "slots", (one.slots, other.slots))


def _of_money(one: Plan, other: Plan) -> Iterator[_Row]:
    spending = tuple(
        plan.tables["spending"].rename(columns={"spent": "amount"}) for plan in (one, other)
    )
    unit = one.currency if one.currency == other.currency else "currency"
    both = spending[0], spending[1]
    before, after = (float(table["amount"].sum()) for table in both)
    yield "spending", "", TOTAL_KEY, unit, before, after
    for keys in (["line"], ["line", "year"]):
        for part, named, key, _, first, second in _summed("spending", keys, "amount", both):
            yield part, named, key, unit, first, second


def _of_agreements(one: Plan, other: Plan) -> Iterator[_Row]:
    """1 for agreements that are open, by pair; their number in all."""
    tables = tuple(plan.tables["agreements"].assign(open=1.0) for plan in (one, other))
    before, after = (float(len(table)) for table in tables)
    yield "agreements", "", TOTAL_KEY, "agreements", before, after
    keys, both = ["country", "track"], (tables[0], tables[1])
    for part, named, key, _, first, second in _summed("agreements", keys, "open", both):
        yield part, named, key, "agreements", first, second


def _summed(
    part: str, keys: list[str], amount: str, both: tuple[pd.DataFrame, pd.DataFrame]
) -> Iterator[_Row]:
    """Sums of both by keys, in the order in which they first appear."""
    sums = [
        table.assign(**{key: table[key].astype("str") for key in keys}).groupby(keys)[amount].sum()
        for table in both
    ]
    wide = pd.concat(sums, axis=1, keys=["before", "after"]).fillna(0.0).sort_index()
    for index, before, after in wide.itertuples(name=None):
        if before or after:
            key = ", ".join(index) if isinstance(index, tuple) else str(index)
            yield part, ", ".join(keys), key, amount, float(before), float(after)


def _status(before: float, after: float) -> str:
    # What only one of the two has is compared with nothing.
    if isnan(before) or isnan(after):
        return "only after" if isnan(before) else "only before"
    if isclose(before, after, rel_tol=_SAME, abs_tol=_SAME):
        return "same"
    return "more" if after > before else "fewer"


def signed(value: float) -> str:
    """Write a difference with its sign.

    Examples
    --------
    >>> signed(3.0), signed(-2.5), signed(0.0)
    ('+3', '-2.5', '0')
    """
    text = figure(value)
    return f"+{text}" if value > 0 and text != "0" else text
