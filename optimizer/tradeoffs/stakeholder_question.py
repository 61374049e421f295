"""What each stakeholder would do, what it gives up under any plan, and compromises between all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd

from optimizer.case import Case
from optimizer.errors import ArgumentError, OptimizerError, Problems, did_you_mean
from optimizer.errors.arguments import typed
from optimizer.explain.explained import asked_of
from optimizer.explain.solved_again import DrawnAgain
from optimizer.formulation.custom import Extend
from optimizer.instance.oddities import warn_of
from optimizer.plan import Plan
from optimizer.plan.provenance import versions
from optimizer.plan.question import Question, read_question
from optimizer.plan.scales import ScalesGiven
from optimizer.plan.stakeholder_weights import stakeholder_weights
from optimizer.policy import Policy
from optimizer.policy.loading import NO_CHANGES
from optimizer.runs.loading import Run
from optimizer.session import Session
from optimizer.session.holding import Holding
from optimizer.session.solving import PlanOptions, begun, holding_for
from optimizer.solver import Progress, Watch
from optimizer.text.figures import counted
from optimizer.tradeoffs.compromise_aims import CompromiseAims
from optimizer.tradeoffs.compromise_search import (
    COMPROMISES,
    NO_SUCH_PLAN,
    NOT_FOUND,
    CompromiseSearch,
    WeighedPlan,
    question_hash,
)
from optimizer.tradeoffs.stakeholder_charts import compromise_dots, regret_tiles
from optimizer.tradeoffs.stakeholder_store import KeptSolutions
from optimizer.tradeoffs.stakeholder_tables import (
    disagreement_table,
    money_table,
    plan_table,
    regret_table,
    search_table,
    stakeholder_tables,
)
from optimizer.tradeoffs.stakeholder_values import require_stakeholders
from optimizer.tradeoffs.stakeholder_words import stakeholders_in_words


@dataclass(frozen=True, repr=False, eq=False)
class Stakeholders(DrawnAgain):
    """What plans give stakeholders; tables are given as copies.

    Attributes
    ----------
    answer
        A row for each plan and stakeholder: plan, called, stakeholder, value_points, best_points
        (the most that any plan found gives it), regret_points (best_points minus value_points),
        regret_percent (of best_points), open_points (by how much its own best may lie above
        best_points, as its search left a gap), within_gap (whether the regret is no more than
        that), status (of the plan).
    tables
        ``plans``: plan, called, points (under the policy), slots, mean_points, lowest_points (of
        the values), largest_regret_points, gives_up_most, status (``optimal``: it is proven that no
        plan has more of what was looked for; ``feasible``, ``given``, ``stopped``, ``none``), gap
        (relative, of what was looked for; of Nash, of everybody's value, by which the product of
        gains would be what no plan exceeds), seconds, why (there is none, or it was cut off).
        ``stakeholders``: stakeholder, agency, basis (``weights``, ``comparisons``),
        consistency_ratio, best_points, best_bound (points that no plan exceeds), best_plan, status,
        lines, limits, why, source. ``weights``: stakeholder, goal, share, given. ``comparisons``:
        stakeholder, goal, over, times. ``money``: plan, stakeholder, line, spent and budget in the
        currency, of its own lines in intake years. ``steps``: plan, step, aimed_at, value, bound,
        status, seconds. ``disagreement``: stakeholder, points, origin.
    plans
        The plans by name, checked; none where the relaxation was asked for.
    why_incomplete
        Why plans are missing; blank where none is.
    interrupted, timed_out
        Whether Ctrl-C, or the time limit, ended it.
    """

    answer: pd.DataFrame
    tables: Mapping[str, pd.DataFrame]
    plans: Mapping[str, Plan]
    is_relaxed: bool
    why_incomplete: str
    interrupted: bool
    timed_out: bool
    provenance: Mapping[str, Any] = field(default_factory=dict)
    called: ClassVar[str] = "stakeholders have"

    def __repr__(self) -> str:
        asked = self.provenance
        count = counted(len(self.tables["stakeholders"]), "stakeholder")
        return f"<Stakeholders of {asked['policy']} on {asked['case']}: {count}>"

    @property
    def table(self) -> pd.DataFrame:
        """Every plan for every stakeholder: see :attr:`answer`."""
        return self.answer

    def in_words(self) -> list[str]:
        """Who weighs what, what each plan gives whom, and what each stakeholder gives up."""
        lines = stakeholders_in_words(self.answer, dict(self.tables), is_relaxed=self.is_relaxed)
        return lines if self.complete else [*lines, f"Not complete: {self.why_incomplete}."]

    @property
    def _drawings(self) -> Mapping[str, Callable[[], Any]]:
        return {
            "regrets": lambda: regret_tiles(self.answer),
            "compromises": lambda: compromise_dots(self.answer),
        }


@typed
def stakeholders(
    subject: Policy | Session | Run | Plan | str | Path,
    case: Case | str | Path | None = None,
    *,
    compromises: Sequence[str] = COMPROMISES,
    relaxed: bool = False,
    out: str | Path | None = None,
    changes: Mapping[str, object] = NO_CHANGES,
    extend: Extend | None = None,
    scales: ScalesGiven | None = None,
    cache: bool = True,
    gap: float | None = None,
    time_limit: float | None = None,
    report: Callable[[Progress], None] | None = None,
    started: float | None = None,
) -> Stakeholders:
    """Find the plan that is best for each stakeholder, what each gives up, and compromises.

    A stakeholder's value of a plan is ``100 * sum(share * value of the goal / scale)`` over goals,
    in points like the policy's; its regret is its own best minus that. Soft limits and change cost
    nothing here. Every plan keeps every rule of the policy.

    Parameters
    ----------
    subject
        A policy with ``[[stakeholders]]``, and ``case`` beside it; or a session, a plan or a run
        (or the path of its folder) without ``case``.
    compromises
        Some of ``least-regret`` (the largest regret as small as possible), ``leximin`` (the lowest
        value as high as possible, then the second lowest, and so on), ``nash`` (the largest
        product of gains over today's slots if they keep every rule, or else over the least that
        each has in the plans that are best for one of them) and ``mean`` (the highest mean of all
        values, everybody counting the same).
    relaxed
        Whether to ask the LP relaxation alone, which is quicker and gives no plans.
    out
        Folder in which every plan that is found is kept: the same call goes on with what is
        missing.
    gap
        Relative gap of every search in place of the policy's.
    time_limit
        Wall seconds for all of it; the policy's are for one plan. What is found by then is given.
    changes, extend, scales, cache, report, started
        As in :func:`optimizer.solve`; changes and scales go with a policy and a case.

    Raises
    ------
    InputError, PolicyError, ExtensionError
        If case, policy, names or numbers are wrong, or the policy has fewer than two stakeholders.
    InfeasibleError, NoPlanError
        As :func:`optimizer.solve`, where not even one plan is found.

    Examples
    --------
    >>> from optimizer import stakeholders
    >>> who = [
    ...     {"name": "Science", "weights": {"competitiveness": 1}},
    ...     {"name": "Refuge", "weights": {"safe_haven": 1}},
    ... ]
    >>> found = stakeholders("models/tiny.toml", "inputs/tiny", changes={"stakeholders": who})
    >>> found.tables["plans"]["plan"].tolist()
    ['policy', 'best-science', 'best-refuge', 'mean', 'least-regret', 'leximin', 'nash']
    """
    watch = begun(report, started, gap=gap, time_limit=time_limit, relaxed=relaxed)
    _require_compromises(compromises)
    if relaxed and out is not None:
        raise OptimizerError("stakeholders: out keeps plans, and relaxed=True makes none")
    with watch.looking():
        options = PlanOptions(extend=extend, scales=scales, cache=cache)
        held = _held(subject, case, changes, options, watch)
    warn_of(held.odd)
    asked = held.question.policy.solver.gap if gap is None else gap
    folder = None if out is None else Path(out)
    wanted = _Wanted(tuple(compromises), relaxed, 0.0 if relaxed else asked, folder)
    return _found(held, watch, wanted)


def _held(
    subject: Policy | Session | Run | Plan | str | Path,
    case: Case | str | Path | None,
    changes: Mapping[str, object],
    options: PlanOptions,
    watch: Watch,
) -> Holding:
    """The question in a solver of its own."""
    is_path = isinstance(subject, str | Path)
    if case is None and is_path and Path(str(subject)).suffix.lower() == ".xlsx":
        case = Path(str(subject))
    if isinstance(subject, Policy) or case is not None:
        if not (isinstance(subject, Policy) or is_path):
            kind = type(subject).__name__.lower()
            raise OptimizerError(f"stakeholders: a {kind} has a case of its own")
        if case is None:
            raise OptimizerError("stakeholders: case is missing, and a policy has none")
        question = read_question(subject, case, changes)  # type: ignore[arg-type]  # seen above
        # Refused before anything is built.
        require_stakeholders(question.policy)
        return holding_for(question, watch, options)
    if changes or options.scales is not None:
        raise OptimizerError("stakeholders: changes and scales go with a policy and a case")
    held = asked_of(subject, options.extend).held
    require_stakeholders(held.question.policy)
    return held


def _require_compromises(names: Sequence[str]) -> None:
    problems = Problems()
    for name in names:
        if name not in COMPROMISES:
            problems.add(
                "stakeholders",
                f"there is no compromise {name!r}",
                column="compromises",
                expected=f"some of {', '.join(COMPROMISES)}",
                maybe=did_you_mean(str(name), COMPROMISES),
            )
    problems.raise_if_any(ArgumentError)


@dataclass(frozen=True)
class _Wanted:
    """What is asked: which compromises, of what, how exactly, and where they are kept."""

    compromises: tuple[str, ...]
    is_relaxed: bool
    gap: float
    folder: Path | None


def _found(held: Holding, watch: Watch, wanted: _Wanted) -> Stakeholders:
    with watch.listening():
        scales = held.scaled(watch)
        weighing = stakeholder_weights(held.question.policy, scales.of)
        asked, width = question_hash(held, weighing, wanted.gap), len(held.loaded.matrix.cost)
        kept = KeptSolutions(wanted.folder, asked, width)
        aims = CompromiseAims(held, weighing, watch, wanted.gap, wanted.is_relaxed)
        search = CompromiseSearch(aims, wanted.compromises, kept)
        search.look()
    question, instance = held.question, held.loaded.instance
    regrets = regret_table(search, weighing)
    tables = {
        "plans": plan_table(search.found, regrets),
        **stakeholder_tables(search, weighing),
        "money": money_table(search.found, weighing, question.case, instance.sets.years),
        "steps": search_table(search.found),
        "disagreement": disagreement_table(search, weighing),
    }
    return Stakeholders(
        answer=regrets,
        tables=tables,
        plans=_plans(search),
        is_relaxed=wanted.is_relaxed,
        why_incomplete=_why_incomplete(search),
        interrupted=watch.interrupted,
        timed_out=watch.timed_out,
        provenance=_facts(question, search, scales.of),
    )


def _facts(
    question: Question, search: CompromiseSearch, scales: Mapping[str, float]
) -> dict[str, Any]:
    return {
        "policy": question.policy.name,
        "case": question.case.name,
        "policy_hash": question.policy.hash,
        "case_hashes": dict(question.case.hashes),
        "scales": dict(scales),
        "gap_asked": search.aims.gap,
        "is_relaxed": search.aims.is_relaxed,
        "compromises": list(search.wanted),
        "why_no_today": search.why_no_today,
        "kept_before": list(search.restored),
        "versions": versions(),
    }


def _why_incomplete(search: CompromiseSearch) -> str:
    cut = [each for each in search.found.values() if each.status == NOT_FOUND or _is_cut_off(each)]
    return f"{cut[0].called}: {cut[0].why or 'no plan was found'}" if cut else ""


def _is_cut_off(plan: WeighedPlan) -> bool:
    return bool(plan.why) and plan.status != NO_SUCH_PLAN


def _plans(search: CompromiseSearch) -> dict[str, Plan]:
    """The plan of every name, with what it is and the most that everybody could have."""
    found = {}
    names, bests = search.aims.weighing.names, dict[str, float]()
    for number, name in enumerate(names):
        own = search.best_of(number)
        if own is not None and own.values is not None:
            bests[name] = float(search.bests[number])
    for name, each in search.found.items():
        if each.plan is None or each.values is None:
            continue
        values = dict(zip(names, each.values.tolist(), strict=True))
        told = ", ".join(f"{who} {points:.4g}" for who, points in values.items())
        note = (
            f"Of the plans for stakeholders: {each.called}. Their values in points: {told}. "
            "It need not have the most points under the policy."
        )
        facts = {**each.plan.provenance, "deterministic": False}
        facts["stakeholders"] = {"plan": name, "values": values, "gap": each.gap, "bests": bests}
        found[name] = replace(each.plan, notes=(note, *each.plan.notes), provenance=facts)
    return found
