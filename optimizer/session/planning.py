"""From a question that is held to a plan: searched for, checked and reported."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd

from optimizer.case.changes import cell_changes
from optimizer.errors import SolverError
from optimizer.frames.arrays import Floats
from optimizer.instance.oddities import warn_of
from optimizer.io.changes import unchanged_value
from optimizer.persistent.conflict import MOST_CONFLICTS
from optimizer.persistent.priced_change import points_alone
from optimizer.plan import Decisions, Plan, variable_table
from optimizer.plan.checking import custom_part
from optimizer.plan.evaluation import Evaluation, decisions_of, evaluate_decisions, values_of
from optimizer.plan.keeping import require_kept
from optimizer.plan.notes import notes_of
from optimizer.plan.provenance import function_told, plain_value, versions
from optimizer.plan.question import Question
from optimizer.plan.scales import Scales
from optimizer.policy import Policy
from optimizer.policy.loading import tables_of
from optimizer.schema.addresses import is_cell, names_of
from optimizer.session.clashing import no_plan, not_allowed
from optimizer.session.holding import Holding
from optimizer.session.keeping import NOT_PRICED, KeepingCost, cost_of_keeping
from optimizer.session.nearness import ChangeCost, cost_of_change, near_in_question, relaxed_points
from optimizer.session.stand_ins import Provisional, scales_in_time
from optimizer.solver import Solution, Watch
from optimizer.solver.tightening import links_told

CHECKING, WRITING = 0.5, 0.9
"""Time that checking a plan takes, and checking and writing it, in multiples of the time that a
command took from its start until the model was loaded: 0.4 and 0.7 on the Japan case. Both grow
with the case and with the slowness of the machine."""
MOST_RESERVED = 0.3
"""Largest share of the time left that is kept for them."""
BEFORE = ("start", "read", "build", "load", "scales")
"""Steps with names of their own; all that come between them and the check are solving."""

SOMETIMES = (
    "extend",
    "changed_to",
    "added_limits",
    "dropped",
    "keep",
    "keeping",
    "near",
    "change_price",
    "provisional_scales",
    "tightened_links",
)
"""Facts that are reported only where there are any."""

SAME_POINTS = 1e-9
"""Part of all points, earned and paid, by which two ways of adding them up may differ: what a
linear program in doubles leaves of its accounts. Plans were 1e-13 apart at most."""


@dataclass(frozen=True)
class PlanSearch:
    """A search for the best plan of a question that is held.

    Attributes
    ----------
    gap
        Relative gap to stop at.
    slots
        Slots to keep just as they are; all are free without them.
    again
        Whether the same loaded model was solved before, so that the plan may depend on it.
    conflicts
        How many conflicts are named where there is no plan.
    is_priced
        Whether it is worked out what it costs to keep slots of earlier plans.
    """

    held: Holding
    watch: Watch
    gap: float
    slots: pd.DataFrame | None = None
    again: bool = False
    conflicts: int = MOST_CONFLICTS
    is_priced: bool = False

    def first(self, to_come: float) -> Plan:
        """The plan of a question that was just loaded, under a time limit for all of it.

        Parameters
        ----------
        to_come
            What comes after the search, in multiples of the time that went before it: so much of
            the time limit is kept for it.
        """
        watch, held = self.watch, self.held
        with watch.looking():
            pinned = self._pinned()
            odd = held.odd
        warn_of(odd)
        _reserve(watch, to_come)
        with watch.listening():
            if held.scales is None:
                held.take_scales(scales_in_time(held.ideals, watch))
            if pinned is not None:
                held.loaded.pin(pinned)
            if isinstance(held.scales, Provisional):
                return self._provisional()
            return replace(self, is_priced=True)._plan()

    def next(self) -> Plan:
        """The plan of a question as it is now."""
        warn_of(self.held.odd)
        return self.without_warning()

    def without_warning(self) -> Plan:
        """The same for whoever asks so much that nobody could read what is odd in all of it."""
        with self.watch.listening():
            self.held.scaled(self.watch)
            return self._plan()

    def _pinned(self) -> dict[str, Floats] | None:
        """Values of the decisions that are kept."""
        if self.slots is None:
            return None
        kept = values_of(self.held.loaded.instance, Decisions(self.slots))
        if len(kept.impossible):
            raise not_allowed(kept.impossible)
        return {name: kept.of[name] for name in ("cohort", "placements", "slots")}

    def _plan(self) -> Plan:
        return self.checked(self._solved())

    def _solved(self) -> Solution:
        return self.held.loaded.solve(self.watch, gap=self.gap)

    def _provisional(self) -> Plan:
        """Plan under provisional scales; under exact ones, from that plan on, if time is left."""
        watch, held, scales = self.watch, self.held, self.held.scales
        assert isinstance(scales, Provisional), "other scales are exact"
        first = self._solved()
        # The ideals of a plan whose slots were given are not those of the policy.
        may_go_on = first.objective is not None and self.slots is None
        exact = scales.exact(watch) if may_go_on and not watch.should_stop() else None
        if exact is None:
            return self.checked(first)
        trace = list(watch.trace)
        watch.forget()
        held.take_scales(exact)
        solution = self._solved()
        if solution.gap is not None and solution.gap < float("inf"):
            return self.checked(solution)
        watch.trace = trace
        held.take_scales(scales)
        return self.checked(first)

    def checked(self, solution: Solution) -> Plan:
        """Check what the solver found; slots that were given are kept just as they came."""
        held, instance = self.held, self.held.loaded.instance
        if self.watch.unwanted():
            # Nobody would look at it.
            self.watch.interrupted = True
            raise self.watch.no_plan()
        if solution.objective is None:
            raise no_plan(held.loaded, solution, self.watch, most=self.conflicts)
        cost, most = self._costs()
        self.watch.count("check")
        question, keep = held.question, held.question.keep
        cells, near = held.kept.cells if keep else None, near_in_question(instance, question)
        earlier = None if near is None else near.earlier
        decisions = decisions_of(instance, solution.decisions, solution.money, cells, earlier)
        require_kept(keep, decisions.slots)
        decisions = replace(decisions, variables=variable_table(solution.variables))
        if self.slots is not None:
            decisions = replace(decisions, slots=self.slots)
        custom = custom_part(instance, held.loaded.model, decisions)
        scales = held.scaled(self.watch)
        evaluation = evaluate_decisions(instance, decisions, scales.of, custom, held.dropped)
        change = cost_of_change(question, near, decisions.slots, evaluation.points, most)
        require_sound(evaluation, solution, 0.0 if change is None else change.cost)
        self.watch.count("write")
        return self._told(solution, decisions, evaluation, cost, change)

    def _costs(self) -> tuple[KeepingCost, float | None]:
        """What keeping costs; and the most points of a plan, where change has a price."""
        held, watch = self.held, self.watch
        if held.question.near is None:
            return cost_of_keeping(held, watch) if self.is_priced else NOT_PRICED, None
        with points_alone(held.loaded):
            cost = cost_of_keeping(held, watch) if self.is_priced else NOT_PRICED
            return cost, relaxed_points(held.loaded, watch) if cost.kept is None else cost.kept

    def _told(
        self,
        solution: Solution,
        decisions: Decisions,
        evaluation: Evaluation,
        cost: KeepingCost,
        change: ChangeCost | None,
    ) -> Plan:
        held, question = self.held, self.held.question
        filled_in = decisions.slots if self.slots is None and change is None else None
        scales = held.scaled(self.watch)
        # Both add up the same points, in another order: no bound is a last digit below its plan.
        bound = solution.bound if change is None else change.most
        bound = None if bound is None else max(bound, evaluation.points)
        provisional = (scales.note,) if isinstance(scales, Provisional) else ()
        return Plan(
            policy=question.policy.name,
            case=question.case.name,
            currency=question.case.currency,
            status="feasible" if provisional else solution.status,
            objective=evaluation.points,
            bound=bound,
            gap=solution.gap,
            seconds=_seconds(self.watch),
            decisions=decisions,
            tables=evaluation.tables,
            notes=(
                *provisional,
                *([cost.in_words(question.keep)] if question.keep else []),
                *([] if change is None else change.in_words()),
                *notes_of(held.loaded.instance, filled_in, held.dropped),
            ),
            warnings=held.odd,
            provenance=self._provenance(solution, scales, cost, change),
            question=question,
        )

    def _provenance(
        self,
        solution: Solution,
        scales: Scales,
        cost: KeepingCost,
        change: ChangeCost | None,
    ) -> dict[str, object]:
        """Everything needed to make the plan again and to see how it was found."""
        held, question, watch = self.held, self.held.question, self.watch
        options = question.policy.solver
        stand_ins = list(scales.provisional) if isinstance(scales, Provisional) else []
        facts = {
            "extend": None if held.extend is None else function_told(held.extend),
            "case_hashes": dict(question.case.hashes),
            "policy_hash": question.policy.hash,
            "changes": plain_value(question.changes),
            "changed_to": changed_to(question),
            "added_limits": plain_value(question.added),
            "dropped": list(held.dropped),
            "keep": [keep.facts() for keep in question.keep],
            "keeping": cost.facts() if question.keep else {},
            "near": {} if question.near is None else question.near.facts(),
            "change_price": {} if change is None else change.facts(),
            "scales": dict(scales.of),
            "scales_from": scales.origin,
            "provisional_scales": stand_ins,
            "ranges": held.loaded.instance.scores.ranges.to_dict("records"),
            "versions": versions(),
            "seed": options.seed,
            "threads": options.threads,
            "gap_asked": self.gap,
            "time_limit": watch.time_limit,
            "deterministic": solution.complete and options.threads == 1 and not self.again,
            "nodes": solution.nodes,
            "tightened_links": links_told(solution.links) if solution.links else {},
            "trace": [
                {
                    "seconds": round(step.seconds, 3),
                    "step": step.step,
                    "objective": step.objective,
                    "bound": step.bound,
                }
                for step in watch.trace
            ],
        }
        return {name: said for name, said in facts.items() if said or name not in SOMETIMES}


def changed_to(question: Question) -> dict[str, object]:
    """Figures that changes such as ``*1.1`` came to: of a policy by address, of cells by row."""
    asked = {address: text for address, text in question.changes.items() if isinstance(text, str)}
    case, found = question.base_case, dict[str, object]()
    for change in cell_changes(case, {name: asked[name] for name in asked if is_cell(name)}):
        found[change.address] = change.by_row(case.table(change.table))
    tables = tables_of(question.policy)
    for address in asked:
        names = None if is_cell(address) else names_of(address)
        value = None if names is None else unchanged_value(names, tables, Policy)
        if isinstance(value, int | float):
            found[address] = value
    return found


def _reserve(watch: Watch, to_come: float) -> None:
    """Keep time for what comes after the search."""
    if watch.time_limit is not None:
        left = watch.seconds_left()
        watch.reserve = min(MOST_RESERVED * left, to_come * (watch.time_limit - left))


def _seconds(watch: Watch) -> dict[str, float]:
    """Seconds by step, from the start until the plan was checked, and their total."""
    spent = dict(watch.spent)
    found = {step: spent.pop(step) for step in BEFORE if step in spent}
    check = spent.pop("check")
    found |= {"solve": sum(spent.values()), "check": check}
    return found | {"total": sum(found.values())}


def require_sound(evaluation: Evaluation, solution: Solution, paid: float = 0.0) -> None:
    """Refuse to show a plan that the independent check does not confirm.

    Parameters
    ----------
    paid
        Points that are taken off for change.
    """
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
    points = evaluation.points - paid
    if not abs(points - objective) <= SAME_POINTS * max(1.0, size + abs(paid)):
        raise SolverError(f"the solver's {objective:.12g} points are {points:.12g} when recomputed")
