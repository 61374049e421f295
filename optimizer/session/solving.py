"""The main job: a policy and a case in, a checked plan out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from numbers import Real
from pathlib import Path

import pandas as pd

from optimizer.case import Case
from optimizer.errors import PolicyError, Problems, SolverError
from optimizer.errors.arguments import typed
from optimizer.formulation.custom import Extend
from optimizer.instance import Instance
from optimizer.instance.oddities import warn_of, warnings_of
from optimizer.io.changes import CHANGES
from optimizer.io.toml import shown
from optimizer.persistent import LoadedModel
from optimizer.plan import Decisions, Plan, variable_table
from optimizer.plan.checking import custom_part
from optimizer.plan.evaluation import Evaluation, decisions_of, evaluate_decisions, values_of
from optimizer.plan.given import ReadPlan, decisions_in
from optimizer.plan.notes import notes_of
from optimizer.plan.provenance import function_told, plain, versions
from optimizer.plan.question import NO_CHANGES, read_question
from optimizer.plan.scales import Scales, ScalesGiven
from optimizer.policy import Policy
from optimizer.session.advice import no_plan, not_allowed
from optimizer.session.preparation import Wanted, changed_to, load, wanted_for
from optimizer.session.stand_ins import Provisional, scales_in_time
from optimizer.solver import Progress, Solution, Watch
from optimizer.solver.tightening import told

CHECKING, WRITING = 0.5, 0.9
"""Time that checking a plan takes, and checking and writing it, in multiples of the time that a
command took from its start until the model was loaded: 0.4 and 0.7 on the Japan case. Both grow
with the case and with the slowness of the machine."""
MOST_RESERVED = 0.3
"""Largest share of the time left that is kept for them."""
BEFORE = ("start", "read", "build", "load", "scales")
"""Steps that are told by their own names; all that come between them and the check are solving."""

SAME_POINTS = 1e-9
"""Part of all points, earned and paid, by which two ways of adding them up may differ: what a
linear program in doubles leaves of its accounts. Plans were 1e-13 apart at most."""


@dataclass(frozen=True)
class Task:
    """What is to be found, how exactly, and how long it takes.

    Attributes
    ----------
    slots
        Slots to keep just as they are; all are free without them.
    dropped
        Limits that need not hold.
    again
        Whether the same loaded model was solved before, so that the plan may depend on it.
    to_come
        What comes after the search, in multiples of the time that went before it: so much of the
        time limit is kept for it.
    odd
        What is legal but odd, once somebody has looked for it.
    """

    wanted: Wanted
    gap: float
    watch: Watch
    slots: pd.DataFrame | None = None
    log: Path | None = None
    dropped: tuple[str, ...] = ()
    again: bool = False
    odd: tuple[str, ...] | None = None
    to_come: float = CHECKING


@dataclass(frozen=True)
class _Outcome:
    """What the solver left behind, before it is checked and told."""

    task: Task
    loaded: LoadedModel
    solution: Solution
    scales: Scales

    @property
    def stand_ins(self) -> Provisional | None:
        """Scales that are provisional."""
        return self.scales if isinstance(self.scales, Provisional) else None

    @property
    def instance(self) -> Instance:
        """What was solved."""
        return self.loaded.instance


def task_for(wanted: Wanted, watch: Watch, *, gap: float | None, time_limit: float | None) -> Task:
    """The task with gap and time limit as given, or else as the policy says."""
    options = wanted.pair.policy.solver
    watch.time_limit = options.time_limit if time_limit is None else time_limit
    return Task(wanted, options.gap if gap is None else gap, watch)


@typed
def solve(
    policy: Policy | str | Path,
    case: Case | str | Path,
    *,
    changes: Mapping[str, object] = NO_CHANGES,
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
        No plan keeps every rule; ``advice`` holds the least relaxation that would allow one.
    NoPlanError
        Time ran out, or Ctrl-C came, before a plan was found.
    """
    watch = begun(report, started, gap=gap, time_limit=time_limit)
    with watch.looking():
        pair = read_question(policy, case, changes)
    wanted = wanted_for(pair, changes, extend, scales=scales, cache=cache)
    task = task_for(wanted, watch, gap=gap, time_limit=time_limit)
    return planned(replace(task, log=log))


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
        pair = read_question(policy, case)
    wanted = wanted_for(pair, extend=extend, scales=scales, cache=cache)
    task = task_for(wanted, watch, gap=gap, time_limit=time_limit)
    return planned(replace(task, slots=decisions_in(decisions).slots))


def begun(
    report: Callable[[Progress], None] | None,
    started: float | None = None,
    *,
    gap: float | None,
    time_limit: float | None,
) -> Watch:
    """Clock of a command that reads first, counted from its start."""
    check_options(gap, time_limit, started)
    watch = Watch(time_limit, report) if started is None else Watch(time_limit, report, started)
    watch.count("read")
    return watch


def planned(task: Task) -> Plan:
    """Build, load, solve and check; slots that were given are pinned."""
    watch = task.watch
    with watch.looking():
        watch.count("build")
        instance, model = task.wanted.built({})
        pinned = None if task.slots is None else values_of(instance, Decisions(task.slots))
        if pinned is not None and len(pinned.impossible):
            raise not_allowed(pinned.impossible)
        task = replace(task, odd=tuple(warnings_of(instance)))
        watch.count("load")
        loaded = load(task.wanted, instance, model, task.log)
    warn_of(task.odd or ())
    _reserve(task)
    with watch.listening():
        scales = scales_in_time(task.wanted, loaded, watch)
        loaded.set_costs(scales.of)
        if pinned is not None:
            loaded.pin({name: pinned.of[name] for name in ("cohort", "placements", "slots")})
        if isinstance(scales, Provisional):
            return _provisional(task, loaded, scales)
        return found_plan(task, loaded, scales)


def _provisional(task: Task, loaded: LoadedModel, scales: Provisional) -> Plan:
    """Plan under provisional scales; under exact ones, from that plan on, if time is left."""
    watch = task.watch
    first = _Outcome(task, loaded, loaded.solve(watch, gap=task.gap), scales)
    # The ideals of a plan whose slots were given are not those of the policy.
    may_go_on = first.solution.objective is not None and task.slots is None
    exact = scales.exact(task.wanted, watch) if may_go_on and not watch.should_stop() else None
    if exact is not None:
        trace = list(watch.trace)
        watch.forget()
        loaded.set_costs(exact.of)
        solution = loaded.solve(watch, gap=task.gap)
        if solution.gap is not None and solution.gap < float("inf"):
            return _checked(_Outcome(task, loaded, solution, exact))
        watch.trace = trace
        loaded.set_costs(scales.of)
    return _checked(first)


def _reserve(task: Task) -> None:
    """Keep time for what comes after the search."""
    watch = task.watch
    if watch.time_limit is not None:
        left = watch.seconds_left()
        watch.reserve = min(MOST_RESERVED * left, task.to_come * (watch.time_limit - left))


def found_plan(task: Task, loaded: LoadedModel, scales: Scales) -> Plan:
    """Solve what is loaded, check it and tell it."""
    if task.odd is None:
        task = replace(task, odd=tuple(warnings_of(loaded.instance)))
        warn_of(task.odd or ())
    with task.watch.listening():
        solution = loaded.solve(task.watch, gap=task.gap)
        return _checked(_Outcome(task, loaded, solution, scales))


def _seconds(watch: Watch) -> dict[str, float]:
    """Seconds by step, from the start until the plan was checked, and their total."""
    spent = dict(watch.spent)
    found = {step: spent.pop(step) for step in BEFORE if step in spent}
    check = spent.pop("check")
    found |= {"solve": sum(spent.values()), "check": check}
    return found | {"total": sum(found.values())}


def check_options(
    gap: float | None, time_limit: float | None, started: float | None = None
) -> None:
    """Refuse a gap or a time limit that no policy could ask for either."""
    problems = Problems()
    if started is not None and not _is_number(started):
        message = f"{shown(started)} is no time"
        problems.add(CHANGES, message, column="started", expected="a reading of time.monotonic")
    if gap is not None and not (_is_number(gap) and 0.0 <= gap <= 1.0):
        problems.add(CHANGES, f"{shown(gap)} is no gap", column="gap", expected="0 to 1")
    if time_limit is not None and not (_is_number(time_limit) and 0.0 < time_limit < float("inf")):
        message = f"{shown(time_limit)} is no time limit"
        problems.add(CHANGES, message, column="time_limit", expected="seconds")
    problems.raise_if_any(PolicyError)


def _is_number(value: object) -> bool:
    if not isinstance(value, Real) or isinstance(value, bool):
        return False
    try:
        return float(value) == value
    except OverflowError:
        # A whole number of hundreds of digits.
        return False


def require_sound(evaluation: Evaluation, solution: Solution) -> None:
    """Refuse to show a plan that the independent check does not confirm."""
    if not evaluation.holds:
        worst = evaluation.violations.iloc[0]
        raise SolverError(
            f"the solver's plan breaks {len(evaluation.violations)} rules, first "
            f"{worst['rule']} at {worst['key']} by {-worst['slack']:g}"
        )
    objective = solution.objective if solution.objective is not None else float("nan")
    tables = evaluation.tables
    size = tables["goals"]["weighted"].abs().sum()
    size += sum(tables[name]["points"].abs().sum() for name in ("soft", "change"))
    if not abs(evaluation.points - objective) <= SAME_POINTS * max(1.0, size):
        raise SolverError(
            f"the solver's {objective:.12g} points are {evaluation.points:.12g} when recomputed"
        )


def _checked(outcome: _Outcome) -> Plan:
    """Check what the solver found; slots that were given are kept just as they came."""
    task, instance, solution = outcome.task, outcome.instance, outcome.solution
    if solution.objective is None:
        raise no_plan(outcome.loaded, solution, task.watch)
    task.watch.count("check")
    decisions = decisions_of(instance, solution.decisions, solution.money)
    decisions = replace(decisions, variables=variable_table(solution.variables))
    if task.slots is not None:
        decisions = replace(decisions, slots=task.slots)
    custom = custom_part(instance, outcome.loaded.model, decisions)
    evaluation = evaluate_decisions(instance, decisions, outcome.scales.of, custom, task.dropped)
    require_sound(evaluation, solution)
    task.watch.count("write")
    return _plan(outcome, decisions, evaluation)


def _plan(outcome: _Outcome, decisions: Decisions, evaluation: Evaluation) -> Plan:
    solution, instance = outcome.solution, outcome.instance
    policy, case = instance.policy, instance.case
    filled_in = decisions.slots if outcome.task.slots is None else None
    return Plan(
        policy=policy.name,
        case=case.name,
        currency=case.currency,
        status="feasible" if outcome.stand_ins else solution.status,
        objective=evaluation.points,
        bound=solution.bound,
        gap=solution.gap,
        seconds=_seconds(outcome.task.watch),
        decisions=decisions,
        tables=evaluation.tables,
        notes=(
            *((outcome.stand_ins.note,) if outcome.stand_ins else ()),
            *notes_of(instance, filled_in, outcome.task.dropped),
        ),
        warnings=outcome.task.odd or (),
        provenance=_provenance(outcome),
        question=outcome.task.wanted.pair,
    )


def _provenance(outcome: _Outcome) -> dict[str, object]:
    """Everything needed to make the plan again and to see how it was found."""
    instance, solution, task = outcome.instance, outcome.solution, outcome.task
    policy = instance.policy
    extend = task.wanted.extend
    extension = {} if extend is None else {"extend": function_told(extend)}
    stand_ins = outcome.stand_ins
    tightened = {"tightened_links": told(solution.links)} if solution.links else {}
    session = {"added_limits": plain(task.wanted.added), "dropped": list(task.dropped)}
    figures = changed_to(task.wanted)
    return extension | {
        "case_hashes": dict(instance.case.hashes),
        "policy_hash": policy.hash,
        "changes": plain(task.wanted.changes),
        **({"changed_to": figures} if figures else {}),
        **{name: told for name, told in session.items() if told},
        "scales": dict(outcome.scales.of),
        "scales_from": outcome.scales.origin,
        **({"provisional_scales": list(stand_ins.provisional)} if stand_ins else {}),
        "ranges": instance.scores.ranges.to_dict("records"),
        "versions": versions(),
        "seed": policy.solver.seed,
        "threads": policy.solver.threads,
        "gap_asked": task.gap,
        "time_limit": task.watch.time_limit,
        "deterministic": solution.complete and policy.solver.threads == 1 and not task.again,
        "nodes": solution.nodes,
        **tightened,
        "trace": [
            {
                "seconds": round(step.seconds, 3),
                "step": step.step,
                "objective": step.objective,
                "bound": step.bound,
            }
            for step in task.watch.trace
        ],
    }
