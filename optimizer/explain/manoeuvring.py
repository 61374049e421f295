"""Room to manoeuvre: how far slots may move among plans that are nearly as good."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from optimizer.errors import OptimizerError, PolicyError, Problems
from optimizer.errors.arguments import typed
from optimizer.explain.in_hand import require_rules_kept
from optimizer.explain.ranges import (
    NOT_REACHED,
    RangeEnd,
    RangeSearch,
    sums_of,
)
from optimizer.explain.sides import side_of
from optimizer.explain.stepping import BY_PLAN
from optimizer.frames import rows_of
from optimizer.frames.arrays import Floats
from optimizer.frames.records import Frames
from optimizer.io.changes import CHANGES, share_in
from optimizer.io.toml import shown
from optimizer.persistent.answers import decided_at, variables_at
from optimizer.plan import Plan, variable_table
from optimizer.plan.checking import custom_part
from optimizer.plan.evaluation import decisions_of, evaluate_decisions
from optimizer.plan.keeping import are_kept
from optimizer.plan.provenance import versions
from optimizer.plan.scales import FROM_BEFORE, Scales
from optimizer.result import Result
from optimizer.result.charts import drawing, not_among
from optimizer.runs.loading import Run
from optimizer.session.holding import Holding
from optimizer.session.solving import check_options
from optimizer.solver import Progress, Watch
from optimizer.text.figures import counted, figure

ONE_PERCENT = 0.01
_MOST_LINES = 12
_WIDTH_OF_CHART = 420
_ROUNDING = 1e-6
"""Part of the floor of points by which a row of the solver may be missed."""


@dataclass(frozen=True, repr=False, eq=False)
class Alternatives(Result):
    """Least and most of slots among plans that are nearly as good; tables are given as copies.

    Attributes
    ----------
    answer
        A row for each sum: by, key, plan (in the plan in hand), least, most (in whole slots;
        missing where time ran out), least_found, most_found (of known plans), least_basis,
        most_basis (``plan`` where a known plan stands there; ``relaxation``, which no plan exceeds
        and none need reach; ``stopped``), unit, status (``open``, ``fixed``, ``stopped``).
    points, least_points
        Of the plan in hand, and of every plan that counts.
    free
        Ends that needed no solving.
    plans
        Plans that were found at ends, each checked.
    is_exact
        Whether plans were looked for at every end.
    is_complete
        Whether every end was found.
    interrupted
        Whether Ctrl-C ended it.
    """

    answer: pd.DataFrame
    tables: Mapping[str, pd.DataFrame]
    points: float
    least_points: float
    free: int
    plans: int
    is_exact: bool
    is_complete: bool
    interrupted: bool
    provenance: Mapping[str, Any]

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "tables", Frames(self.tables))

    def __repr__(self) -> str:
        return f"<alternatives: {counted(len(self.answer), 'range')}>"

    @property
    def table(self) -> pd.DataFrame:
        """A row for each sum."""
        return self.answer

    def in_words(self) -> list[str]:
        """From where to where each sum may move, the widest ranges first."""
        lines = [
            f"Plans of at least {figure(self.least_points)} points; the plan in hand has "
            f"{figure(self.points)}."
        ]
        ends = pd.concat([self.answer["least_basis"], self.answer["most_basis"]])
        reached, count = int(ends.eq(BY_PLAN).sum()), counted(len(ends), "end")
        lines.append(
            f"No such plan lies outside these ranges; at {reached} of {count} there is one that "
            "is known."
        )
        for by, rows in self.answer.groupby("by", sort=False):
            lines += [f"By {by}:", *_ranges_in_words(rows)]
        if self.free:
            lines.append(
                f"{self.free} of {count} needed no solving: no decision goes further than the plan "
                "in hand."
            )
        if self.is_exact:
            lines.append(f"{counted(self.plans, 'more plan')} found at ends, each checked.")
        stopped = int(ends.eq(NOT_REACHED).sum())
        if stopped:
            lines.append(f"{stopped} of {counted(len(ends), 'end')} were not reached in time.")
        return lines

    @typed
    def chart(self, name: str = "") -> Any:
        """Draw the ranges by some keys with Altair, with a tick at the plan in hand.

        Parameters
        ----------
        name
            One of the values of the column ``by``; the first without it.

        Raises
        ------
        OptimizerError
            If nothing was asked by these keys, or the extra ``notebook`` is not installed.
        """
        known = self.answer["by"].unique().tolist()
        wanted = name or known[0]
        if wanted not in known:
            raise not_among(known, wanted, "nothing was asked by")
        with drawing():
            return _drawn(self.answer[self.answer["by"].eq(wanted)], wanted)


@typed
def alternatives(
    run: Run | Plan | str | Path,
    *,
    by: Sequence[str] = ("country",),
    within: float | str = ONE_PERCENT,
    exact: bool = False,
    time_limit: float | None = None,
    report: Callable[[Progress], None] | None = None,
    started: float | None = None,
) -> Alternatives:
    """Find how far slots may move among all plans that are nearly as good as the one in hand.

    Parameters
    ----------
    run
        A run, its folder, or a plan that was solved here.
    by
        Keys by which slots are added up, as ``country``, ``track``, ``level``, ``region``,
        ``year`` or ``country,track``; or ``agreement``, for whether proposed ones are ever open.
    within
        Share of the points of the plan in hand that such a plan may lack: ``0.01`` or ``"1%"``.
    exact
        Whether a plan in whole people is looked for at every end that the plan in hand does not
        reach, with 2,000 nodes of branch and bound each.
    time_limit, report, started
        As in :func:`optimizer.solve`. What is not reached in time is ``stopped``.

    Returns
    -------
    Alternatives
        Ranges under the scales of the plan: outer ones, by LP relaxation, where ``least_basis``
        or ``most_basis`` says so.

    Raises
    ------
    InputError, PolicyError
        If the run or the share is wrong.
    OptimizerError
        If there is no plan, its custom rules are missing, or no slots are decided by such keys.
    BrokenPlanError
        If the plan breaks rules.
    """
    check_options(None, time_limit, started)
    share = _share_of(within)
    watch = Watch.since(started, time_limit, report)
    side = side_of(run)
    plan = side.plan
    if plan is None or plan.question is None:
        raise OptimizerError(f"{side.name} is not a run\n    Expected a run folder, or a plan.")
    require_rules_kept(side.name, plan, side.extend)
    scales = Scales(dict(plan.provenance["scales"]), FROM_BEFORE)
    dropped = plan.provenance.get("dropped", ())
    held = Holding(
        plan.question.as_it_is, extend=side.extend, scales=scales, watch=watch, dropped=dropped
    )
    loaded = held.loaded
    sums = [each for keys in by for each in sums_of(loaded.instance, loaded.matrix, plan, keys)]
    least_points = plan.objective - share * abs(plan.objective)
    checks = _Checks(held, scales, least_points)
    with watch.listening():
        search = RangeSearch(loaded, least_points)
        ends = search.relaxed(sums, watch)
        if exact:
            search.whole(ends, watch, checks.holds)
    answer = _range_table(ends)
    return Alternatives(
        answer=answer,
        tables={},
        points=plan.objective,
        least_points=least_points,
        free=sum(end.is_free for end in ends),
        plans=checks.held,
        is_exact=exact,
        is_complete=not watch.should_stop() and not answer["status"].eq(NOT_REACHED).any(),
        interrupted=watch.interrupted,
        provenance={
            "policy_hash": plan.question.policy.hash,
            "case_hashes": dict(plan.question.case.hashes),
            "scales": dict(scales.of),
            "within": share,
            "by": list(by),
            "versions": versions(),
        },
    )


class _Checks:
    """Checks of solutions without the solver, and how many were plans of enough points."""

    def __init__(self, held: Holding, scales: Scales, least_points: float) -> None:
        self._held, self._scales, self._least_points = held, scales, least_points
        self.held = 0

    def holds(self, x: Floats) -> bool:
        """Whether a solution keeps every rule and has points enough."""
        held, instance = self._held, self._held.loaded.instance
        keep = held.question.keep
        cells = held.kept.cells if keep else None
        decisions = decisions_of(instance, *decided_at(held.loaded, x), cells)
        decisions = replace(decisions, variables=variable_table(variables_at(held.loaded, x)))
        custom = custom_part(instance, held.loaded.model, decisions)
        found = evaluate_decisions(instance, decisions, self._scales.of, custom, held.dropped)
        allowed = _ROUNDING * max(1.0, abs(self._least_points))
        is_one = (
            found.holds
            and are_kept(keep, decisions.slots)
            and found.points >= self._least_points - allowed
        )
        self.held += is_one
        return is_one


def _share_of(within: object) -> float:
    """Read the share, as a fraction or in percent."""
    try:
        return share_in(str(within))
    except (ValueError, OverflowError):
        problems = Problems()
        expected = "a fraction from 0 to 1, or a percentage: 0.01 or 1%"
        problems.add(
            CHANGES, f"{shown(within)} is not a valid share", column="within", expected=expected
        )
        raise PolicyError(problems) from None


def _range_table(ends: Sequence[RangeEnd]) -> pd.DataFrame:
    """A row for each sum, from its two ends, which follow each other."""
    least, most = ends[::2], ends[1::2]
    sums = [end.each for end in least]
    numbers = {
        "plan": [each.value for each in sums],
        "least": [end.limit for end in least],
        "most": [end.limit for end in most],
        "least_found": [end.found for end in least],
        "most_found": [end.found for end in most],
    }
    texts = {
        "least_basis": [end.basis for end in least],
        "most_basis": [end.basis for end in most],
    }
    table = pd.DataFrame(
        {
            "by": pd.Series([each.by for each in sums], dtype="str"),
            "key": pd.Series([each.key for each in sums], dtype="str"),
            **{name: pd.Series(cells, dtype="float64") for name, cells in numbers.items()},
            **{name: pd.Series(cells, dtype="str") for name, cells in texts.items()},
        }
    )
    table["unit"] = table["by"].map(lambda by: "open" if by == "agreement" else "slots")
    statuses = table["least"].eq(table["most"]).map({True: "fixed", False: "open"})
    missing = table[["least", "most"]].isna().any(axis=1)
    table["status"] = statuses.mask(missing, NOT_REACHED).astype("str")
    return table


def _ranges_in_words(rows: pd.DataFrame) -> list[str]:
    found = rows[rows["status"].ne(NOT_REACHED)]
    found = found.assign(width=found["most"] - found["least"])
    found = found.sort_values("width", ascending=False, kind="stable")
    told = [f"- {row.key}: {figure(row.plan)}, {_range_in_words(row)}" for row in rows_of(found)]
    left = len(told) - _MOST_LINES
    return told[:_MOST_LINES] + ([f"- and {left} more"] if left > 0 else [])


def _range_in_words(row: Any) -> str:
    """A range; ends that no known plan reaches are marked."""
    if row.status == "fixed":
        return "and so in every such plan"
    least, most = (
        figure(value) if basis == BY_PLAN else f"{figure(value)} (relaxation)"
        for value, basis in ((row.least, row.least_basis), (row.most, row.most_basis))
    )
    return f"from {least} to {most}"


def _drawn(rows: pd.DataFrame, by: str) -> Any:
    import altair as alt

    shown = rows[rows["status"].ne(NOT_REACHED)]
    order = shown.assign(width=shown["most"] - shown["least"]).sort_values(
        "width", ascending=False, kind="stable"
    )["key"]
    keys = alt.Y("key:N", sort=order.tolist(), title=by, axis=alt.Axis(labelLimit=220))
    base = alt.Chart(shown).encode(y=keys)
    unit = str(shown["unit"].iloc[0]) if len(shown) else "slots"
    tips = ["key", "plan", "least", "most", "least_basis", "most_basis"]
    bars = base.mark_bar(color="#a3cbde", height=8).encode(
        x=alt.X("least:Q", title=unit), x2="most:Q", tooltip=tips
    )
    ticks = base.mark_tick(color="#1b2126", thickness=2, size=12).encode(x="plan:Q", tooltip=tips)
    return (bars + ticks).properties(
        width=_WIDTH_OF_CHART, height={"step": 16}, title=f"From least to most by {by}"
    )
