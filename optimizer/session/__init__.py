"""A policy on a case, kept loaded: change numbers, solve on.

A change of a number changes that number in the loaded solver; nothing that did not change is
built again. Where a change brings in other decisions or rules, the model is built afresh. The
answers are the same either way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, NoReturn

from optimizer.case import Case
from optimizer.errors import NoPlanError, OptimizerError, SolverError
from optimizer.errors.arguments import typed
from optimizer.formulation.custom import Extend
from optimizer.instance import Instance
from optimizer.plan import Plan
from optimizer.plan.keeping import Keep
from optimizer.plan.nearness import Near
from optimizer.plan.question import Question, read_question
from optimizer.plan.scales import Scales, ScalesGiven, scales_given
from optimizer.policy import Policy
from optimizer.policy.loading import NO_CHANGES
from optimizer.session.holding import Holding
from optimizer.session.planning import PlanSearch
from optimizer.session.solving import check_options
from optimizer.session.turns import InTurns, Turns, in_turn
from optimizer.session.values import relaxed_goal_values
from optimizer.solver import Progress, Watch


@dataclass(frozen=True)
class Relaxation:
    """Optimum of the LP relaxation.

    Attributes
    ----------
    status
        ``optimal``, ``infeasible`` or ``stopped``.
    points
        What no plan can exceed; ``None`` unless optimal.
    goal_values
        Raw value of every goal there; with diminishing returns, as much of it as counts.
    """

    status: str
    points: float | None
    goal_values: Mapping[str, float]


class Session(InTurns):
    """One policy on one case, loaded once.

    Threads that share a session are served one after the other, also where they ask why, what
    limits or how to repair; sessions of their own let them work side by side. Policy and case can
    be looked at meanwhile, as nothing changes in either. Ctrl-C is heard in the main thread alone.
    A session can be neither copied nor pickled, as it holds a loaded solver.

    Parameters
    ----------
    policy, case
        Loaded, or paths.
    changes, keep, near, extend
        As in :func:`optimizer.solve`.
    scales
        Raw value of each goal that counts as 1, or a run, as in :func:`optimizer.solve`; worked
        out as the policy says without it. Goals that are not named need a scale in the policy that
        is not ``ideal``.
    cache
        As in :func:`optimizer.solve`.
    log
        File for the solver's own log.

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
        keep: Sequence[Keep] = (),
        near: Near | None = None,
        extend: Extend | None = None,
        scales: ScalesGiven | None = None,
        cache: bool = True,
        log: Path | None = None,
    ) -> None:
        self._turns, self._solved = Turns(), False
        question = read_question(policy, case, changes)
        given = None if scales is None else scales_given(question.policy, scales)
        self._held = Holding(question, extend=extend, scales=given, cache=cache, log=log)
        if keep:
            self._held.keep(keep)
        if near is not None:
            self._held.near(near)

    @in_turn
    @typed
    def keep(self, plans: Sequence[Keep]) -> None:
        """Grant slots of these earlier plans from now on, and of no others; none: of none.

        Raises
        ------
        PolicyError, InfeasibleError
            If the case does not know such slots, or does not allow them.
        """
        self._held.keep(plans)

    @in_turn
    @typed
    def near(self, near: Near | None) -> None:
        """Let every slot moved away from an earlier plan cost points from now on; none: nothing.

        Points of the relaxation are those that are left once the price is paid. What is asked of a
        plan or of a session elsewhere, such as why, counts points alone.

        Raises
        ------
        PolicyError
            If the case does not know what the plan is chosen by.
        """
        self._held.near(near)

    def __reduce__(self) -> NoReturn:
        raise OptimizerError(
            "a session holds a loaded solver and can be neither pickled nor copied; make another: "
            "Session(policy, case, changes=..., scales=session.scales)"
        )

    @property
    def policy(self) -> Policy:
        """The policy as changed so far."""
        return self._held.question.policy

    @property
    def case(self) -> Case:
        """The case as changed so far."""
        return self._held.question.case

    @property
    def rebuilt(self) -> int:
        """Number of changes that needed another model."""
        return self._held.rebuilt

    @property
    def rebuilt_because(self) -> str:
        """Why the last change needed another model; blank where it did not."""
        return self._held.rebuilt_because

    @property
    def scales(self) -> dict[str, float]:
        """Raw value of each goal that counts as 1: those of the beginning, whatever changes."""
        known = self._held.scales
        return dict(self._asked_scales() if known is None else known.of)

    @in_turn
    def _asked_scales(self) -> dict[str, float]:
        return self._held.frozen().of

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
        self._held.change(changes)

    @in_turn
    def change_to(self, changes: Mapping[str, object]) -> None:
        """Let these changes be the only ones, in one step from whatever was changed before.

        Parameters
        ----------
        changes
            Values by address, as in :meth:`change`; all else is as it was before any change. None
            of them undoes all.

        Raises
        ------
        PolicyError, SolverError
            As :meth:`change`; nothing is changed then.
        """
        self._held.change_to(changes)

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
        self._held.add_limit(limit)

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
        self._held.drop(name)

    @in_turn
    @typed
    def restore(self, name: str) -> None:
        """Let what was dropped hold again; what was not dropped stays as it is.

        Raises
        ------
        PolicyError
            If there is no such limit or rule.
        """
        self._held.restore(name)

    @in_turn
    @typed
    def relax(
        self,
        *,
        time_limit: float | None = None,
        report: Callable[[Progress], None] | None = None,
    ) -> Relaxation:
        """Solve the linear relaxation, going on from where the last one ended.

        Parameters
        ----------
        time_limit, report
            As in :func:`optimizer.solve`; scales are worked out first where they are not known.

        Raises
        ------
        PolicyError
            If the time limit is none.
        SolverError
            If points have no upper limit.
        """
        check_options(None, time_limit)
        watch = Watch(time_limit, self._turns.listening(report))
        with watch.listening():
            try:
                self._held.scaled(watch)
            except NoPlanError:
                return Relaxation("stopped", None, {})
            watch.begin("relaxation")
            run = self._held.loaded.relax(watch)
        if run.status == "unbounded":
            raise SolverError("the points of a plan have no upper limit")
        if run.status != "optimal" or run.x is None:
            return Relaxation(run.status, None, {})
        return Relaxation("optimal", run.objective, relaxed_goal_values(self._held.loaded, run.x))

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
        options, again = self._held.question.policy.solver, self._solved or self._held.is_changed
        limit = options.time_limit if time_limit is None else time_limit
        watch = Watch(limit, self._turns.listening(report))
        plan = PlanSearch(
            self._held, watch, options.gap if gap is None else gap, again=again
        ).next()
        self._solved = True
        return plan


class AskedInSession(NamedTuple):
    """What a session asks.

    Attributes
    ----------
    scales
        ``None`` as long as they are not known.
    dropped
        Limits and rules that need not hold.
    """

    question: Question
    extend: Extend | None
    scales: Scales | None
    dropped: tuple[str, ...]


def held_by(session: Session) -> Holding:
    """What a session holds itself: what is changed there is changed in the session.

    For whoever knows that no other thread asks the session: nobody waits for a turn here.
    """
    return session._held


def held_anew(session: Session) -> Holding:
    """What a session holds, in a solver of its own: the session stays as it is.

    Raises
    ------
    OptimizerError
        If the session is answering in this thread.
    """
    with session._turns.turn():
        return session._held.anew()


def asked_in(session: Session) -> AskedInSession:
    """What a session asks, however far it has come.

    Raises
    ------
    OptimizerError
        As :func:`held_anew`.
    """
    with session._turns.turn():
        held = session._held
        return AskedInSession(held.question, held.extend, held.scales, held.dropped)


def joined_in(session: Session) -> Instance:
    """Policy and case of a session as they are joined now.

    Nobody waits for a turn to look: an instance is replaced as a whole, and nothing changes in it.
    """
    return session._held.loaded.instance
