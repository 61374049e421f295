"""The main job: a policy and a case in, a checked plan out."""

from __future__ import annotations

import importlib.metadata
import platform
import re
import time
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import pandas as pd

from optimizer.advice import no_plan
from optimizer.case import Case, load_case
from optimizer.checking import known_scales, require_case
from optimizer.errors import InfeasibleError, PolicyError, Problems, SolverError
from optimizer.evaluation import Evaluation, decisions_of, evaluate_decisions, values_of
from optimizer.formulation import Model, build_pyomo
from optimizer.instance import Instance, build_instance
from optimizer.plan import Decisions, Plan
from optimizer.policy import Policy, load_policy
from optimizer.solver import LoadedModel, Progress, Solution, Watch

if TYPE_CHECKING:
    from collections.abc import Iterator

NO_CHANGES: Mapping[str, object] = MappingProxyType({})
SCALE_DIGITS = 6
NO_SCALE = 1e-9
VERSIONED = ("talent-optimizer", "pyomo", "highspy", "numpy", "pandas", "scipy", "pydantic")
INDIFFERENT = (
    "The value of a plan does not depend on which country's people go to which region, except in "
    "blocks planned slot by slot: single slots are filled in nearest to the current plan, then in "
    "proportion to both margins."
)


@dataclass
class _Clock:
    """Seconds by step of one command."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        started = time.monotonic()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.monotonic() - started


@dataclass(frozen=True)
class _Outcome:
    """What the solver left behind, before it is checked and told."""

    instance: Instance
    loaded: LoadedModel
    solution: Solution
    scales: dict[str, float]
    changes: Mapping[str, object]
    watch: Watch
    clock: _Clock


def solve(
    policy: Policy | str | Path,
    case: Case | str | Path,
    *,
    changes: Mapping[str, object] = NO_CHANGES,
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
        Case or policy is wrong.
    InfeasibleError
        No plan keeps every rule; ``advice`` holds the least relaxation that would allow one.
    NoPlanError
        Time ran out, or Ctrl-C came, before a plan was found.
    """
    clock = _Clock()
    watch = Watch(report=report)
    if started is not None:
        watch.started = started
    _check_options(gap, time_limit)
    with clock.step("read"):
        base, wanted, case = _read(policy, case, changes)
    watch.time_limit = time_limit if time_limit is not None else wanted.solver.time_limit
    with clock.step("build"):
        instance = build_instance(case, wanted)
        model = build_pyomo(instance, known_scales(wanted))
    with clock.step("load"):
        loaded = LoadedModel(
            instance, model, seed=wanted.solver.seed, threads=wanted.solver.threads, log=log
        )
    gap = wanted.solver.gap if gap is None else gap
    with watch.listening():
        with clock.step("solve"):
            scales = scales_of(wanted, base, loaded, watch, same=not _moves_rules(changes))
            loaded.set_scales(scales)
            solution = loaded.solve(watch, gap=gap)
        return _checked(_Outcome(instance, loaded, solution, scales, changes, watch, clock))


def _read(
    policy: Policy | str | Path, case: Case | str | Path, changes: Mapping[str, object]
) -> tuple[Policy, Policy, Case]:
    """Policy as it is and as changed, and the case it is meant for; paths are loaded."""
    case = case if isinstance(case, Case) else load_case(case)
    base = policy if isinstance(policy, Policy) else load_policy(policy)
    wanted = load_policy(base.path, changes=changes) if changes else base
    if changes and load_policy(base.path).hash != base.hash:
        problems = Problems()
        problems.add(
            base.path.name,
            "is not what the policy was read from: edited since, or already changed",
            expected="the path of the policy, or all changes at once",
        )
        raise PolicyError(problems)
    require_case(wanted, case)
    return base, wanted, case


def _check_options(gap: float | None, time_limit: float | None) -> None:
    """Refuse a gap or a time limit that no policy could ask for either."""
    problems = Problems()
    if gap is not None and not 0.0 <= gap <= 1.0:
        problems.add("changes", f"{gap} is no gap", column="gap", expected="0 to 1")
    if time_limit is not None and not 0.0 < time_limit < float("inf"):
        problems.add(
            "changes", f"{time_limit} is no time limit", column="time_limit", expected="seconds"
        )
    problems.raise_if_any(PolicyError)


def _moves_rules(changes: Mapping[str, object]) -> bool:
    """Whether changes touch more than weights and solver options, so that ideals would move."""
    indifferent = re.compile(r"solver\.\w+|goals\.[^.]+\.(weight|scale)")
    return any(not indifferent.fullmatch(address) for address in changes)


def scales_of(
    policy: Policy, base: Policy, loaded: LoadedModel, watch: Watch, *, same: bool
) -> dict[str, float]:
    """Scale of every goal: as the policy says, ideals under the base policy's hard rules.

    Parameters
    ----------
    policy, base
        With and without changes. Ideals are rounded to six digits.
    same
        Whether the loaded model has the base policy's hard rules; otherwise they are loaded for
        this purpose.
    """
    scales = known_scales(policy)
    ideal = [name for name, goal in policy.goals.items() if goal.scale == "ideal"]
    if not ideal:
        return scales
    if not same:
        instance = build_instance(loaded.instance.case, base)
        loaded = LoadedModel(instance, build_pyomo(instance, known_scales(base)))
    watch.begin("scales")
    found = loaded.ideals(ideal, watch)
    if found is None:
        status = "no_plan" if watch.timed_out or watch.interrupted else "infeasible"
        raise no_plan(loaded, Solution(status, None, None, None, {}, {}, complete=False), watch)
    problems = Problems()
    for name, value in found.items():
        scales[name] = float(f"{value:.{SCALE_DIGITS}g}")
        if value <= NO_SCALE:
            problems.add(
                policy.path.name,
                f"nothing of goal {name!r} can be earned in case {loaded.instance.case.name!r} "
                f"(its ideal is {value:g})",
                column=f"goals.{name}.scale",
                expected="a scale as a number, or 'none'",
            )
    problems.raise_if_any(PolicyError)
    return scales


def require_sound(evaluation: Evaluation, solution: Solution) -> None:
    """Refuse to show a plan that the independent check does not confirm."""
    if not evaluation.holds:
        worst = evaluation.violations.iloc[0]
        raise SolverError(
            f"the solver's plan breaks {len(evaluation.violations)} rules, first "
            f"{worst['rule']} at {worst['key']} by {-worst['slack']:g}"
        )
    objective = solution.objective if solution.objective is not None else float("nan")
    if not abs(evaluation.points - objective) <= 1e-5 * max(1.0, abs(objective)):
        raise SolverError(
            f"the solver's {objective:g} points are {evaluation.points:g} when recomputed"
        )


def _checked(outcome: _Outcome, *, slots: pd.DataFrame | None = None) -> Plan:
    """Check what the solver found; slots that were given are kept just as they came."""
    instance, solution = outcome.instance, outcome.solution
    if solution.objective is None:
        raise no_plan(outcome.loaded, solution, outcome.watch)
    with outcome.clock.step("check"):
        decisions = decisions_of(instance, solution.decisions, solution.money)
        if slots is not None:
            decisions = replace(decisions, slots=slots)
        evaluation = evaluate_decisions(instance, decisions, outcome.scales)
        require_sound(evaluation, solution)
    outcome.clock.seconds["total"] = outcome.watch.seconds
    return _plan(outcome, decisions, evaluation)


def _plan(outcome: _Outcome, decisions: Decisions, evaluation: Evaluation) -> Plan:
    solution, instance = outcome.solution, outcome.instance
    policy, case = instance.policy, instance.case
    notes = [INDIFFERENT] if instance.sets.has_regions else []
    if not len(case.table("present_by_country")):
        notes.append(
            "No people already here are given, so capacities, caps and budgets are read as net "
            "of them."
        )
    return Plan(
        policy=policy.name,
        case=case.name,
        currency=case.currency,
        status=solution.status,
        objective=evaluation.points,
        bound=solution.bound,
        gap=solution.gap,
        seconds=outcome.clock.seconds,
        decisions=decisions,
        tables=evaluation.tables,
        notes=tuple(notes),
        provenance=_provenance(outcome),
    )


def _provenance(outcome: _Outcome) -> dict[str, object]:
    """Everything needed to make the plan again and to see how it was found."""
    instance, solution = outcome.instance, outcome.solution
    policy = instance.policy
    return {
        "case_hashes": dict(instance.case.hashes),
        "policy_hash": policy.hash,
        "changes": dict(outcome.changes),
        "scales": dict(outcome.scales),
        "ranges": instance.scores.ranges.to_dict("records"),
        "versions": versions(),
        "seed": policy.solver.seed,
        "threads": policy.solver.threads,
        "time_limit": outcome.watch.time_limit,
        "deterministic": solution.complete and policy.solver.threads == 1,
        "nodes": solution.nodes,
        "trace": [
            {
                "seconds": round(step.seconds, 3),
                "step": step.step,
                "objective": step.objective,
                "bound": step.bound,
            }
            for step in outcome.watch.trace
        ],
    }


def versions() -> dict[str, str]:
    """Versions of everything that can move a plan."""
    found = {"python": platform.python_version(), "platform": platform.platform()}
    for name in VERSIONED:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "unknown"
    return found


def build_model(
    policy: Policy | str | Path,
    case: Case | str | Path,
    *,
    changes: Mapping[str, object] = NO_CHANGES,
    scales: Mapping[str, float] | None = None,
) -> Model:
    """Build the Pyomo model of a policy on a case.

    Parameters
    ----------
    scales
        Raw value of each goal that counts as 1; worked out from the relaxation without it.
    """
    base, wanted, case = _read(policy, case, changes)
    instance = build_instance(case, wanted)
    model = build_pyomo(instance, known_scales(wanted) | dict(scales or {}))
    if scales is None and any(goal.scale == "ideal" for goal in wanted.goals.values()):
        loaded = LoadedModel(instance, model)
        watch = Watch()
        loaded.set_scales(scales_of(wanted, base, loaded, watch, same=not _moves_rules(changes)))
    return model


def complete(
    decisions: Decisions,
    policy: Policy | str | Path,
    case: Case | str | Path,
    *,
    gap: float | None = None,
    time_limit: float | None = None,
    report: Callable[[Progress], None] | None = None,
) -> Plan:
    """Keep a plan's slots as they are and solve for everything else.

    Parameters
    ----------
    decisions
        Only the slots are kept.

    Raises
    ------
    InfeasibleError
        If nothing else could make these slots keep every rule.
    """
    clock, watch = _Clock(), Watch(report=report)
    with clock.step("read"):
        policy, _, case = _read(policy, case, NO_CHANGES)
    watch.time_limit = time_limit if time_limit is not None else policy.solver.time_limit
    with clock.step("build"):
        instance = build_instance(case, policy)
        model = build_pyomo(instance, known_scales(policy))
        pinned = values_of(instance, decisions)
    if len(pinned.impossible):
        row = pinned.impossible.iloc[0]
        raise InfeasibleError(f"the case does not allow {row['table']} {row['key']}")
    with clock.step("load"):
        loaded = LoadedModel(
            instance, model, seed=policy.solver.seed, threads=policy.solver.threads
        )
    with clock.step("solve"), watch.listening():
        scales = scales_of(policy, policy, loaded, watch, same=True)
        loaded.set_scales(scales)
        loaded.pin({name: pinned.of[name] for name in ("cohort", "placed", "slots")})
        solution = loaded.solve(watch, gap=policy.solver.gap if gap is None else gap)
    outcome = _Outcome(instance, loaded, solution, scales, NO_CHANGES, watch, clock)
    return _checked(outcome, slots=decisions.slots)
