"""Room to manoeuvre: how far slots may move among plans that are nearly as good, and which."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from optimizer.errors import ARGUMENT, ArgumentError, Problems
from optimizer.errors.arguments import typed
from optimizer.explain.apart import PAIRS, ApartSearch, Pairs
from optimizer.explain.apart_tables import (
    HOW_OFTEN,
    PLANS,
    apart_in_words,
    apart_tables,
    drawn_apart,
    drawn_often,
)
from optimizer.explain.explained import asked_of
from optimizer.explain.kept_ends import KeptEnds
from optimizer.explain.marginals import require_questions
from optimizer.explain.nearly_as_good import Checks, NearlyAsGood
from optimizer.explain.other_plans import OtherPlans
from optimizer.explain.range_tables import drawn_ranges, range_table, ranges_in_words
from optimizer.explain.ranges import (
    NOT_REACHED,
    Sum,
    ends_of,
    learn,
    limit_ends,
    reach_ends,
    sums_of,
)
from optimizer.explain.stepping import BY_PLAN
from optimizer.explain.subjects import subject_and_plan
from optimizer.formulation.custom import Extend
from optimizer.frames.arrays import Floats
from optimizer.io.changes import share_in
from optimizer.io.toml import shown
from optimizer.plan import Plan
from optimizer.plan.provenance import versions
from optimizer.result import Result
from optimizer.result.charts import drawing, not_among
from optimizer.runs.loading import Run
from optimizer.session.ideals_cache import content_hash
from optimizer.session.solving import check_options
from optimizer.solver import Progress, Watch
from optimizer.text.figures import counted, figure

ONE_PERCENT = 0.01
BY_DEFAULT = ("country",)
MOST_PLANS = 50
RANGES = "ranges"


@dataclass(frozen=True, repr=False, eq=False)
class Alternatives(Result):
    """Least and most of slots among plans that are nearly as good, and such plans.

    Tables are given as copies.

    Attributes
    ----------
    ranges
        A row for each sum: by, key, plan (in the plan in hand), least, most (in whole slots;
        missing where time ran out), least_found, most_found (of known plans), least_basis,
        most_basis (``plan`` where a known plan stands there; ``relaxation``, which no plan exceeds
        and none need reach; ``stopped``), unit, status (``open``, ``fixed``, ``stopped``).
    tables
        ``ranges``. Where plans were asked for as well: ``plans``: plan (0 in hand), status (``in
        hand``, ``optimal``, ``feasible``; ``none``, ``none found``, ``stopped``), points, gap (to
        what no plan can exceed; blank where nothing is proven), difference_points, slots,
        agreements (opened), distance_from_plan, distance_from_nearest, nearest, is_farthest
        (whether none is farther from those before it); ``often``: kind
        (``agreement`` or ``country,track``), country, track, plans (that have it), of, in_hand,
        least, most, status (``always``, ``sometimes``, ``never``; pairs of no plan have no row);
        ``slots``: plan, country, track, slots; ``distances``: plan, other, distance.
    plans
        Plans as different as was found, each checked, by number from 1 on.
    points, least_points
        Of the plan in hand, and of every plan that counts.
    free
        Ends that needed no solving.
    at_ends
        Plans that were found at ends, each checked.
    taken_over
        Ends and plans that were in the file of ``resume``.
    is_exact
        Whether plans were looked for at every end.
    is_complete
        Whether every end was found, and every plan looked for.
    interrupted
        Whether Ctrl-C ended it.
    """

    ranges: pd.DataFrame
    tables: Mapping[str, pd.DataFrame]
    points: float
    least_points: float
    free: int
    at_ends: int
    taken_over: int
    is_exact: bool
    is_complete: bool
    interrupted: bool
    provenance: Mapping[str, Any]
    plans: Mapping[int, Plan] = field(default_factory=dict)

    def __repr__(self) -> str:
        plans = f", {counted(len(self.plans), 'plan')}" if PLANS in self.tables else ""
        return f"<alternatives: {counted(len(self.ranges), 'range')}{plans}>"

    @property
    def table(self) -> pd.DataFrame:
        """A row for each sum; for each plan where only plans were asked for."""
        only_plans = PLANS in self.tables and not len(self.ranges)
        return self.tables[PLANS] if only_plans else self.ranges

    def in_words(self) -> list[str]:
        """From where to where each sum may move, the widest ranges first; then the plans."""
        lines = [
            f"Plans of at least {figure(self.least_points)} points; the plan in hand has "
            f"{figure(self.points)}."
        ]
        if len(self.ranges):
            lines += self._ranges_in_words()
        if PLANS in self.tables:
            lines += apart_in_words(dict(self.tables))
        if self.taken_over:
            lines.append(f"{self.taken_over:,} ends and plans were found before.")
        return lines

    def _ranges_in_words(self) -> list[str]:
        ends = pd.concat([self.ranges["least_basis"], self.ranges["most_basis"]])
        reached, count = int(ends.eq(BY_PLAN).sum()), counted(len(ends), "end")
        lines = [
            f"No such plan lies outside these ranges; at {reached} of {count} there is one that "
            "is known."
        ]
        for by, rows in self.ranges.groupby("by", sort=False):
            lines += [f"By {by}:", *ranges_in_words(rows)]
        if self.free:
            lines.append(
                f"{self.free} of {count} needed no solving: no decision goes further than the plan "
                "in hand."
            )
        if self.is_exact:
            lines.append(f"{counted(self.at_ends, 'more plan')} found at ends, each checked.")
        stopped = int(ends.eq(NOT_REACHED).sum())
        if stopped:
            lines.append(f"{stopped} of {counted(len(ends), 'end')} were not reached in time.")
        return lines

    @typed
    def chart(self, name: str = "") -> Any:
        """Draw ranges or plans with Altair.

        Parameters
        ----------
        name
            One of the values of the column ``by``, for ranges with a tick at the plan in hand;
            ``plans``, for the slots of each plan where they differ most; ``often``, for how many
            plans have each agreement and pair. The first of these without it.

        Raises
        ------
        OptimizerError
            If nothing was asked by these keys, or the extra ``notebook`` is not installed.
        """
        known = self.ranges["by"].unique().tolist()
        known += [PLANS, HOW_OFTEN] if PLANS in self.tables else []
        wanted = name or known[0]
        if wanted not in known:
            raise not_among(known, wanted, "nothing was asked by")
        with drawing():
            if wanted == PLANS:
                return drawn_apart(dict(self.tables))
            if wanted == HOW_OFTEN:
                return drawn_often(dict(self.tables))
            return drawn_ranges(self.ranges[self.ranges["by"].eq(wanted)], wanted)


@typed
def alternatives(
    run: Run | Plan | str | Path,
    *,
    by: Sequence[str] | None = None,
    within: float | str = ONE_PERCENT,
    exact: bool = False,
    most: int | None = None,
    plans: int = 0,
    resume: str | Path | None = None,
    extend: Extend | None = None,
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
        By country without it, unless only plans are asked for.
    within
        Share of the points of the plan in hand that such a plan may lack: ``0.01`` or ``"1%"``.
    exact
        Whether a plan in whole people is looked for at every end that no known plan reaches, with
        2,000 nodes of branch and bound each.
    plans
        How many such plans are given, each as different from those before it as is found.
    resume
        File in which what is found is kept, written every ten seconds and at the end; what an
        earlier call for the same question left there is taken over; of plans that are far apart,
        only those that an earlier call found beside the same plan in hand.
    extend
        The function that added custom rules, as in :func:`optimizer.load_run`.
    most
        How many sums of each kind are asked for, those that are largest in the plan; all without
        it.
    time_limit, report, started
        As in :func:`optimizer.solve`. What is not reached in time is ``stopped``.

    Returns
    -------
    Alternatives
        Ranges under the scales of the plan: outer ones, by LP relaxation, where ``least_basis``
        or ``most_basis`` says so. Plans, where they were asked for.

    Raises
    ------
    InputError, PolicyError, ExtensionError
        If the run, the share, the number of plans or the file of ``resume`` is wrong.
    OptimizerError
        If a plan does not hold its question, its custom rules are missing, or no slots are decided
        by such keys.
    BrokenPlanError
        If the plan breaks rules.
    TargetError
        If something else stands where the file is to be.

    Warns
    -----
    ModelWarning
        If the plan aims at something else than points.
    """
    check_options(None, time_limit, started)
    require_questions(most, "most")
    share = _share_of(within)
    _require_count(plans)
    watch = Watch.since(started, time_limit, report)
    known, plan = subject_and_plan(run, extend)
    held = asked_of(known, extend).held
    assert plan is not None, "sessions are no runs"
    assert plan.question is not None, "a plan without its question is refused"
    loaded, scales = held.loaded, dict(plan.provenance["scales"])
    keys = by if by is not None else () if plans else BY_DEFAULT
    sums = [
        each
        for names in keys
        for each in largest_sums(sums_of(loaded.instance, loaded.matrix, plan, names), most)
    ]
    least_points = plan.objective - share * abs(plan.objective)
    checks = Checks(held, scales, least_points)
    among = NearlyAsGood(loaded, least_points)
    width, seed = len(among.matrix.cost), plan.question.policy.solver.seed
    pairs = Pairs(sums_of(loaded.instance, loaded.matrix, plan, PAIRS) if plans else (), width)
    kept = KeptEnds(
        None if resume is None else Path(resume),
        content_hash(among.matrix, versions()),
        content_hash(pairs.in_hand, seed) if plans else "",
        width,
        watch,
    )
    ends = ends_of(sums)
    taken_over = kept.restore(ends) + len(kept.apart[:plans])
    for x in kept.solutions:
        if checks.checked(x) is not None:
            learn(ends, x)

    def stands(x: Floats) -> bool:
        if checks.checked(x) is None:
            return False
        kept.at_ends.append(x)
        return True

    others = OtherPlans(plan, checks, watch, share) if plans else None
    with watch.listening():
        try:
            limit_ends(ends, loaded, least_points, watch, lambda: kept.note(ends))
            if exact:
                reach_ends(ends, among, watch, stands, lambda: kept.note(ends))
            if others is not None:
                apart = ApartSearch(among, pairs, seed)
                others.look(apart, pairs, plans, kept.apart, lambda: kept.note(ends, at_once=True))
                for x, _ in kept.apart:
                    learn(ends, x)
        finally:
            kept.note(ends, at_once=True)
    answer = range_table(ends)
    tables = {RANGES: answer}
    if others is not None:
        tables |= apart_tables(others.found, pairs.keys, loaded.instance)
    stopped = [bool(answer["status"].eq(NOT_REACHED).any())]
    stopped += [each.status == NOT_REACHED for each in (others.found if others else ())]
    return Alternatives(
        ranges=answer,
        tables=tables,
        points=plan.objective,
        least_points=least_points,
        free=sum(end.is_free for end in ends),
        at_ends=len(kept.at_ends),
        taken_over=taken_over,
        is_exact=exact,
        is_complete=not watch.should_stop() and not any(stopped),
        interrupted=watch.interrupted,
        provenance={
            "policy_hash": plan.question.policy.hash,
            "case_hashes": dict(plan.question.case.hashes),
            "scales": scales,
            "within": share,
            "by": list(keys),
            "plans": plans,
            "versions": versions(),
        },
        plans={} if others is None else others.plans,
    )


def _require_count(plans: int) -> None:
    problems = Problems()
    if not 0 <= plans <= MOST_PLANS:
        message = f"{shown(plans)} is not a valid number of plans"
        problems.add(ARGUMENT, message, column="plans", expected=f"0 to {MOST_PLANS}")
    problems.raise_if_any(ArgumentError)


def largest_sums(sums: Sequence[Sum], most: int | None) -> Sequence[Sum]:
    """The sums that are largest in the plan in hand; all of them without a number."""
    return sums if most is None else sorted(sums, key=lambda each: -each.value)[:most]


def _share_of(within: object) -> float:
    """Read the share, as a fraction or in percent."""
    try:
        return share_in(str(within))
    except (ValueError, OverflowError):
        problems = Problems()
        expected = "a fraction from 0 to 1, or a percentage: 0.01 or 1%"
        problems.add(
            ARGUMENT, f"{shown(within)} is not a valid share", column="within", expected=expected
        )
        raise ArgumentError(problems) from None
