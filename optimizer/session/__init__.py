"""A policy on a case, kept loaded: change numbers, solve on.

A change of a number changes that number in the loaded solver; nothing that did not change is
built again. Where a change brings in other decisions or rules, the model is built afresh. The
answers are the same either way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

from optimizer.case import Case
from optimizer.case.changes import change_case
from optimizer.errors import NoPlanError, OptimizerError, SolverError
from optimizer.errors.arguments import typed
from optimizer.formulation.adding import limit_part
from optimizer.formulation.custom import Extend
from optimizer.formulation.limits import limit_rows
from optimizer.formulation.numbers import rule_numbers, rule_terms
from optimizer.frames.memory import Memory, Steps
from optimizer.io.changes import made_after, require_changes
from optimizer.persistent import CannotPatchError, LoadedModel
from optimizer.plan import Plan
from optimizer.plan.question import NO_CHANGES, read_question, require_case
from optimizer.plan.scales import Scales, ScalesGiven
from optimizer.policy import Policy
from optimizer.policy.loading import changed_policy, policy_with_limit, tables_of
from optimizer.schema.addresses import is_cell
from optimizer.session.adding import with_last_limit
from optimizer.session.dropping import require_droppable, rows_of
from optimizer.session.ideals import scales_of
from optimizer.session.moving import PLAIN
from optimizer.session.preparation import Wanted, load, wanted_for
from optimizer.session.renewing import Renewal, renewed
from optimizer.session.sameness import is_known
from optimizer.session.scaling import changed_scales
from optimizer.session.solving import check_options, found_plan, task_for
from optimizer.session.turns import InTurns, Turns, in_turn
from optimizer.session.values import goal_values
from optimizer.solver import Patch, Progress, Watch


@dataclass(frozen=True)
class Relaxation:
    """Optimum of the linear relaxation.

    Attributes
    ----------
    status
        ``optimal``, ``infeasible`` or ``stopped``.
    points
        What no plan can exceed; ``None`` unless optimal.
    values
        Raw value of every goal there; with diminishing returns, as much of it as counts.
    """

    status: str
    points: float | None
    values: Mapping[str, float]


class Session(InTurns):
    """One policy on one case, loaded once.

    Threads that share a session are served one after the other; sessions of their own let them
    work side by side. Ctrl-C is heard in the main thread alone. A session can be neither copied
    nor pickled, as it holds a loaded solver.

    Parameters
    ----------
    policy, case
        Loaded, or paths.
    changes, extend
        As in :func:`optimizer.solve`.
    scales
        Raw value of each goal that counts as 1, or a run, as in :func:`optimizer.solve`; worked
        out as the policy says without it. Goals that are not named need a scale in the policy that
        is not ``ideal``.
    cache
        As in :func:`optimizer.solve`.
    log
        File for the solver's own log.

    Attributes
    ----------
    rebuilt
        How many changes needed another model.

    Raises
    ------
    InputError, PolicyError, ExtensionError
        Case, policy, scales or custom rules are wrong.
    """

    @typed
    def __init__(
        self,
        policy: Policy | str | Path,
        case: Case | str | Path,
        *,
        changes: Mapping[str, object] = NO_CHANGES,
        extend: Extend | None = None,
        scales: ScalesGiven | None = None,
        cache: bool = True,
        log: Path | None = None,
    ) -> None:
        self.rebuilt = 0
        self._turns = Turns()
        self._memory = Memory()
        pair = read_question(policy, case, changes)
        self._wanted = wanted_for(pair, changes, extend, scales=scales, cache=cache)
        self._log = log
        given = self._wanted.scales
        self._scales = None if given is None else dict(given.of)
        self._origin = "" if given is None else given.origin
        self._dropped: list[str] = []
        self._solved = False
        self._loaded = load(
            self._wanted, *self._wanted.built(self._scales or {}, self._memory), log
        )
        if self._scales is not None:
            self._loaded.set_costs(self._scales)

    def __reduce__(self) -> NoReturn:
        raise OptimizerError(
            "a session holds a loaded solver and can be neither pickled nor copied; make another: "
            "Session(policy, case, changes=..., scales=session.scales)"
        )

    @property
    def policy(self) -> Policy:
        """The policy as changed so far."""
        return self._wanted.pair.policy

    @property
    def case(self) -> Case:
        """The case as changed so far."""
        return self._wanted.pair.case

    @property
    def scales(self) -> dict[str, float]:
        """Raw value of each goal that counts as 1: those of the beginning, whatever changes."""
        known = self._scales
        return dict(self._asked_scales() if known is None else known)

    @in_turn
    def _asked_scales(self) -> dict[str, float]:
        return self._frozen()

    def _frozen(self) -> dict[str, float]:
        """Scales, worked out before whatever comes next."""
        watch = Watch()
        with watch.listening():
            try:
                return self._scaled(watch)
            except NoPlanError:
                # Without a time limit only Ctrl-C stops it.
                raise KeyboardInterrupt from None

    def _scaled(self, watch: Watch) -> dict[str, float]:
        """Scales, worked out and loaded when they are first needed.

        Raises
        ------
        NoPlanError
            If the watch stopped it. The next call begins anew.
        """
        if self._scales is None:
            scales = scales_of(self._wanted, self._loaded, watch)
            self._loaded.set_costs(scales.of)
            self._scales, self._origin = scales.of, scales.origin
        return self._scales

    @in_turn
    def change(self, changes: Mapping[str, object]) -> None:
        """Change numbers of the policy or of the case.

        Parameters
        ----------
        changes
            Values by address: of the policy, as in :func:`optimizer.solve`, or of cells of the
            case, as in ``budgets[line=science, year=2030].amount``. Changes such as ``"*1.1"``
            and ``"+10%"`` refer to the figures of the beginning, before any change, so that a
            change made twice is made once.

        Raises
        ------
        PolicyError
            If an address leads nowhere, a value is not possible, or the policy is no longer meant
            for the case.
        SolverError
            If the solver refuses a number. Nothing is changed in either case.
        """
        require_changes(changes)
        scales = dict(self._frozen())
        of_cells = {address: value for address, value in changes.items() if is_cell(address)}
        of_policy = {address: value for address, value in changes.items() if not is_cell(address)}
        base = self._wanted.pair
        unchanged = tables_of(base.base, self._wanted.added) if of_policy else {}
        policy = changed_policy(self.policy, of_policy, unchanged) if of_policy else self.policy
        case, cells = (
            change_case(self.case, of_cells, base.base_case) if of_cells else (self.case, ())
        )
        require_case(policy, case)
        scales |= changed_scales(self.policy, policy)
        renewal = renewed(
            self._loaded.instance,
            case,
            policy,
            [(cell.table, cell.column) for cell in cells],
            self._memory,
        )
        pair = self._wanted.pair._replace(policy=policy, case=case)
        made = made_after(self._wanted.changes, changes)
        wanted = replace(self._wanted, pair=pair, changes=made)
        # Whatever may be refused comes before anything is taken over.
        try:
            patch = self._patch_for(renewal)
        except CannotPatchError:
            self._rebuild(wanted, scales)
            return
        with self._or_as_before():
            self._wanted, self._scales = wanted, scales
            self._loaded.instance = renewal.instance
            self._loaded.take(patch)
            if (renewal.moved or frozenset()) - PLAIN:
                self._loaded.set_costs(scales)

    def _patch_for(self, renewal: Renewal) -> Patch:
        """The loaded numbers that have moved."""
        moved, instance = renewal.moved, renewal.instance
        # A function that adds custom rules may read any number, so it is called again.
        if moved is None or self._wanted.extend is not None:
            raise CannotPatchError("the model itself is another one")
        loaded, patch = self._loaded, Patch()
        before = loaded.instance
        loaded.patcher.require_known()
        if "terms" in moved:
            step = Steps(self._memory)
            known = rule_terms(before, step)
            for rule, terms in rule_terms(instance, step).items():
                if not terms.same_as(known[rule]):
                    loaded.patcher.terms(patch, rule, terms)
            loaded.patcher.numbers(patch, rule_numbers(instance))
        elif moved & PLAIN:
            loaded.patcher.numbers(patch, rule_numbers(instance, moved & PLAIN))
        pairs = zip(before.limits, instance.limits, strict=True)
        limits = [new for old, new in pairs if new is not old]
        if limits:
            loaded.patcher.limits(patch, limit_rows(limits))
        return patch

    @in_turn
    def add_limit(self, limit: Mapping[str, object]) -> None:
        """Add a limit to the policy, and its rows to the loaded model.

        Parameters
        ----------
        limit
            What a ``[[limits]]`` table of a policy holds: ``name``, ``measure`` and so on.

        Raises
        ------
        PolicyError
            If the policy could not hold such a limit. Nothing is changed then.
        """
        scales = self._frozen()
        policy = policy_with_limit(self.policy, limit)
        pair = self._wanted.pair._replace(policy=policy)
        wanted = replace(self._wanted, pair=pair, added=(*self._wanted.added, dict(limit)))
        # A function that adds custom rules may read any limit, so it is called again; and so is
        # whatever it is not known of what it reads.
        if wanted.extend is not None or not (is_known() and self._loaded.patcher.is_known):
            self._rebuild(wanted, scales)
            return
        before = self._loaded.instance
        instance = with_last_limit(before, policy)
        with self._or_as_before():
            self._wanted, self._loaded.instance = wanted, instance
            for joined in instance.limits[len(before.limits) :]:
                self._loaded.grow(instance, limit_part(self._loaded.model, instance, joined))
                self._loaded.set_costs(scales)
            self._loaded.drop(rows_of(self._loaded, self._dropped))

    def _rebuild(self, wanted: Wanted, scales: dict[str, float]) -> None:
        """Load another model."""
        self._loaded = self._fresh(wanted, scales)
        self._wanted, self._scales = wanted, scales
        self.rebuilt += 1

    def _fresh(self, wanted: Wanted, scales: dict[str, float]) -> LoadedModel:
        """A model of its own, where what is dropped limits nothing either."""
        loaded = load(wanted, *wanted.built(scales, self._memory), self._log)
        loaded.set_costs(scales)
        loaded.drop(rows_of(loaded, self._dropped))
        return loaded

    @contextmanager
    def _or_as_before(self) -> Iterator[None]:
        """Load the model of before where a change of the loaded one ends half-way."""
        wanted, scales, dropped = self._wanted, self._frozen(), list(self._dropped)
        try:
            yield
        except BaseException:
            self._wanted, self._scales, self._dropped = wanted, scales, dropped
            self._loaded = self._fresh(wanted, scales)
            raise

    @in_turn
    @typed
    def drop(self, name: str) -> None:
        """Let a limit of the policy, a custom rule or a whole rule limit nothing until restored.

        A whole rule covers limits that are added later as well.

        Raises
        ------
        PolicyError
            If there is no such limit or rule, or it ties decisions together.
        """
        require_droppable(self._loaded.instance, name)
        # Dropped rows would move the ideals, on which scales depend.
        self._frozen()
        if name not in self._dropped:
            with self._or_as_before():
                self._dropped.append(name)
                self._loaded.drop(rows_of(self._loaded, [name]))

    @in_turn
    @typed
    def restore(self, name: str) -> None:
        """Let what was dropped hold again; what was not dropped stays as it is.

        Raises
        ------
        PolicyError
            If there is no such limit or rule.
        """
        if name not in self._dropped:
            require_droppable(self._loaded.instance, name)
        else:
            with self._or_as_before():
                self._dropped.remove(name)
                others = set(rows_of(self._loaded, self._dropped))
                rows = rows_of(self._loaded, [name])
                self._loaded.restore([row for row in rows if row not in others])

    @in_turn
    def relax(self, *, time_limit: float | None = None) -> Relaxation:
        """Solve the linear relaxation, going on from where the last one ended.

        Raises
        ------
        PolicyError
            If the time limit is none.
        SolverError
            If points have no upper limit.
        """
        check_options(None, time_limit)
        watch = Watch(time_limit=time_limit)
        with watch.listening():
            try:
                self._scaled(watch)
            except NoPlanError:
                return Relaxation("stopped", None, {})
            run = self._loaded.relax(watch)
        if run.status == "unbounded":
            raise SolverError("the points of a plan have no upper limit")
        if run.status != "optimal" or run.x is None:
            return Relaxation(run.status, None, {})
        return Relaxation("optimal", run.objective, goal_values(self._loaded, run.x))

    @in_turn
    @typed
    def solve(
        self,
        *,
        gap: float | None = None,
        time_limit: float | None = None,
        report: Callable[[Progress], None] | None = None,
    ) -> Plan:
        """Find the best plan for what is loaded now, starting from the last one.

        Parameters
        ----------
        gap, time_limit, report
            As in :func:`optimizer.solve`.

        Returns
        -------
        Plan
            Re-checked rule by rule without the solver; rules that are dropped need not hold.

        Raises
        ------
        InfeasibleError, NoPlanError
            As :func:`optimizer.solve`.
        """
        check_options(gap, time_limit)
        watch = Watch(report=self._turns.listening(report))
        task = replace(
            task_for(self._wanted, watch, gap=gap, time_limit=time_limit),
            log=self._log,
            dropped=tuple(self._dropped),
            again=self._solved or self._is_changed(),
        )
        with watch.listening():
            scales = self._scaled(watch)
            plan = found_plan(task, self._loaded, Scales(dict(scales), self._origin))
        self._solved = True
        return plan

    def _is_changed(self) -> bool:
        return bool(self._wanted.changes or self._wanted.added or self._dropped)
