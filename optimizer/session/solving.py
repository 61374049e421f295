"""The main job: a policy and a case in, a checked plan out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from pathlib import Path

import pandas as pd

from optimizer.case import Case
from optimizer.errors import ARGUMENT, ArgumentError, Problems
from optimizer.errors.arguments import typed
from optimizer.formulation.custom import Extend
from optimizer.io.toml import shown
from optimizer.plan import Decisions, Plan
from optimizer.plan.given import ReadPlan, decisions_in
from optimizer.plan.keeping import Keep
from optimizer.plan.nearness import Near
from optimizer.plan.question import Question, read_question
from optimizer.plan.scales import ScalesGiven, scales_given
from optimizer.policy import Policy
from optimizer.policy.loading import NO_CHANGES
from optimizer.session.holding import Holding
from optimizer.session.planning import CHECKING, PlanSearch
from optimizer.solver import Progress, Watch


@typed
def solve(
    policy: Policy | str | Path,
    case: Case | str | Path,
    *,
    changes: Mapping[str, object] = NO_CHANGES,
    keep: Sequence[Keep] = (),
    near: Near | None = None,
    extend: Extend | None = None,
    scales: ScalesGiven | None = None,
    cache: bool = True,
    gap: float | None = None,
    time_limit: float | None = None,
    report: Callable[[Progress], None] | None = None,
    log: Path | None = None,
    started: float | None = None,
) -> Plan:
    """Find the best plan for a policy on a case, and check it.

    Parameters
    ----------
    policy, case
        Loaded, or paths.
    changes
        Values by dotted address, as in ``{"goals.alliance.weight": 0.5}``. Scales stay those of
        the unchanged policy, so that plans can be compared.
    keep
        Slots of earlier plans that are granted again. What that costs is in the notes of the plan
        and in ``provenance["keeping"]``, as the difference of two relaxations.
    near
        Earlier plan from which every slot moved away costs points: the plan has the most points
        less that price, of which status and gap speak then. Its own points stay those of the
        policy; what moved and what that cost is in its notes and in
        ``provenance["change_price"]``. ``bound`` is what no plan exceeds, whatever moves.
    extend
        Function of the Pyomo model and the instance that adds constraints, variables and
        expressions; each constraint is a rule like ours. It may give back a list of
        :class:`optimizer.CustomRule` with titles, reasons and penalties. Scales stay those of the
        policy alone.
    scales
        Raw value of each goal that counts as 1; or a run whose ideals are to be used: its folder,
        its ``run.json`` or its plan. Worked out as the policy says without it.
    cache
        Whether ideals of the same question are taken from the user's cache folder, and new ones
        kept there.
    gap, time_limit
        Instead of the policy's: relative gap to stop at, wall seconds for the whole call.
    report
        Called about twice a second with the progress so far.
    log
        File for the solver's own log.
    started
        Monotonic time at which the command began, if before this call: its time counts.

    Returns
    -------
    Plan
        Re-checked rule by rule without the solver.

    Raises
    ------
    InputError, PolicyError
        Case, policy or scales are wrong.
    ExtensionError
        What ``extend`` adds does not fit the model.
    InfeasibleError
        No plan keeps every rule; ``clash`` holds the rules that clash.
    NoPlanError
        Time ran out, or Ctrl-C came, before a plan was found.
    """
    watch = begun(report, started, gap=gap, time_limit=time_limit)
    with watch.looking():
        question = read_question(policy, case, changes, keep, near)
    options = PlanOptions(extend=extend, scales=scales, cache=cache, gap=gap, log=log)
    return planned(question, watch, options)


@typed
def complete(
    decisions: Decisions | Plan | ReadPlan,
    policy: Policy | str | Path,
    case: Case | str | Path,
    *,
    extend: Extend | None = None,
    scales: ScalesGiven | None = None,
    cache: bool = True,
    gap: float | None = None,
    time_limit: float | None = None,
    report: Callable[[Progress], None] | None = None,
) -> Plan:
    """Keep a plan's slots as they are and solve for everything else.

    Parameters
    ----------
    decisions
        A plan, solved here or read, or its decision tables. Only the slots are kept.
    extend, scales, cache, gap, time_limit, report
        As in :func:`solve`.

    Raises
    ------
    InfeasibleError
        If nothing else could make these slots keep every rule.
    """
    watch = begun(report, gap=gap, time_limit=time_limit)
    with watch.looking():
        question = read_question(policy, case)
    options = PlanOptions(extend=extend, scales=scales, cache=cache, gap=gap)
    return planned(question, watch, options, slots=decisions_in(decisions).slots)


@dataclass(frozen=True)
class PlanOptions:
    """Options of finding a plan, as in :func:`solve`.

    Attributes
    ----------
    to_come
        What comes after the search, in multiples of the time that went before it.
    """

    extend: Extend | None = None
    scales: ScalesGiven | None = None
    cache: bool = True
    gap: float | None = None
    log: Path | None = None
    to_come: float = CHECKING


def begun(
    report: Callable[[Progress], None] | None,
    started: float | None = None,
    *,
    gap: float | None,
    time_limit: float | None,
    relaxed: bool = False,
) -> Watch:
    """Clock of a command that reads first, counted from its start.

    Parameters
    ----------
    relaxed
        As of :func:`check_options`.
    """
    check_options(gap, time_limit, started, relaxed=relaxed)
    watch = Watch.since(started, time_limit, report)
    watch.count("read")
    return watch


def planned(
    question: Question, watch: Watch, options: PlanOptions, *, slots: pd.DataFrame | None = None
) -> Plan:
    """Hold a question, and find and check its plan; slots that are given are kept."""
    watch.limit_by_default(question.policy.solver.time_limit)
    held = holding_for(question, watch, options)
    return PlanSearch(held, watch, gap_of(question, options), slots).first(options.to_come)


def gap_of(question: Question, options: PlanOptions) -> float:
    """Relative gap to stop at: as asked for, or as the policy says."""
    return question.policy.solver.gap if options.gap is None else options.gap


def holding_for(question: Question, watch: Watch, options: PlanOptions) -> Holding:
    """Hold a question, as long as its time limit leaves time for that."""
    given, policy = options.scales, question.policy
    with watch.looking():
        return Holding(
            question,
            extend=options.extend,
            scales=None if given is None else scales_given(policy, given),
            cache=options.cache,
            log=options.log,
            watch=watch,
        )


def check_options(
    gap: float | None,
    time_limit: float | None,
    started: float | None = None,
    *,
    relaxed: bool = False,
) -> None:
    """Refuse a gap or a time limit that no policy could ask for either.

    Parameters
    ----------
    relaxed
        Whether the relaxation alone is asked, for which no gap is needed.
    """
    problems = Problems()
    if started is not None and not is_real(started):
        message = f"{shown(started)} is not a valid time"
        problems.add(ARGUMENT, message, column="started", expected="a reading of time.monotonic")
    if gap is not None and not (is_real(gap) and 0.0 <= gap <= 1.0):
        problems.add(ARGUMENT, f"{shown(gap)} is not a valid gap", column="gap", expected="0 to 1")
    elif gap and relaxed:
        message = f"{gap:g} with the relaxation alone, which is solved to its end"
        problems.add(ARGUMENT, message, column="gap", expected="no gap, or 0")
    if time_limit is not None and not (is_real(time_limit) and 0.0 < time_limit < float("inf")):
        message = f"{shown(time_limit)} is not a valid time limit"
        problems.add(ARGUMENT, message, column="time_limit", expected="seconds")
    problems.raise_if_any(ArgumentError)


def is_real(value: object) -> bool:
    """Whether a value is a finite or infinite number that a float can hold."""
    if not isinstance(value, Real) or isinstance(value, bool):
        return False
    try:
        return float(value) == value
    except OverflowError:
        # A whole number of hundreds of digits.
        return False
