"""The relaxation after a change: solved on to its end, solved on as it is, and from nothing.

What is in the clock is the second relaxation alone. Before it, a session has loaded the model,
relaxed it (and found a plan, where that is said) and taken the change over. A way whose optimum is
another one than that of a session of its own ends in an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from optimizer.session import Session
from optimizer.solver import loading, optimum, warm_start

SAME = 1e-9
"""Relative difference of two optima that is none."""
EXCHANGES = "exchanges"
FLOOR: Mapping[str, object] = {
    "name": EXCHANGES,
    "measure": "slots",
    "where": {"pathway": "exchange"},
    "by": ["year"],
    "at_least": {"times": 0.1, "measure": "slots", "by": ["year"]},
}
AS_IT_WAS: tuple[tuple[ModuleType, str, object], ...] = (
    (warm_start, "LEAST", 10**9),
    (optimum, "REPLACED", float("inf")),
    (loading, "DEVEX", loading.OWN_CHOICE),
)
"""What is set for good, and to what, before a relaxation is solved on to its end."""
OTHER_WEIGHTS = (0.05, 0.3, 0.3, 0.05, 0.1, 0.2)
GAP = 0.01


@dataclass(frozen=True)
class Question:
    """A policy on a case, the scales of its goals, and the optimum after the change."""

    policy: Path
    case: Path
    scales: dict[str, float]
    points: float | None = None


@dataclass(frozen=True)
class Relaxing:
    """One change; what is done before the first relaxation, and whether a plan is found before."""

    change: Callable[[Session], None]
    before: Callable[[Session], None] = lambda _: None
    after_solve: bool = False

    def prepared(self, case: str) -> Question:
        from cases import case_and_policy

        path, policy = case_and_policy(case)
        question = Question(policy, path, Session(policy, path).scales)
        changed = self._loaded(question)
        self.change(changed)
        return Question(policy, path, question.scales, changed.relax().points)

    @property
    def WAYS(self) -> Mapping[str, Callable[[Question], Iterator[None]]]:  # noqa: N802  # as in others
        return {
            "solved on to its end": self._to_its_end,
            "from nothing": self._from_nothing,
            "solved on": self._on,
        }

    def _loaded(self, question: Question) -> Session:
        session = Session(question.policy, question.case, scales=question.scales)
        self.before(session)
        return session

    def _from_nothing(self, question: Question) -> Iterator[None]:
        session = self._loaded(question)
        self.change(session)
        yield
        _require_same(session.relax().points, question.points)

    def _on(self, question: Question) -> Iterator[None]:
        session = self._loaded(question)
        session.relax()
        if self.after_solve:
            session.solve(gap=GAP)
        self.change(session)
        yield
        _require_same(session.relax().points, question.points)

    def _to_its_end(self, question: Question) -> Iterator[None]:
        """As it was: no limit, exact weights, and a basis that had to be set after a plan."""
        for module, name, value in AS_IT_WAS:
            setattr(module, name, value)
        steps = self._on(question)
        yield next(steps)
        next(steps, None)


def _require_same(found: float | None, wanted: float | None) -> None:
    """Let nobody be quick to another optimum; that there is none is an answer as well."""
    assert (found is None) == (wanted is None)
    if found is not None and wanted is not None:
        assert abs(found - wanted) <= SAME * abs(wanted)


def _less_money(factor: float) -> Callable[[Session], None]:
    def change(session: Session) -> None:
        table = session.case.table("budgets")
        keys = zip(table["line"].tolist(), table["year"].tolist(), strict=True)
        session.change(
            {f"budgets[line={line}, year={year}].amount": f"*{factor}" for line, year in keys}
        )

    return change


def _little_more_money(session: Session) -> None:
    first = session.case.table("budgets").iloc[0]
    session.change({f"budgets[line={first['line']}, year={first['year']}].amount": "*1.01"})


def _weights(session: Session) -> None:
    goals = zip(session.policy.goals, OTHER_WEIGHTS, strict=False)
    session.change({f"goals.{goal}.weight": weight for goal, weight in goals})


def _little_more_weight(session: Session) -> None:
    goal, settings = next(iter(session.policy.goals.items()))
    session.change({f"goals.{goal}.weight": 1.001 * settings.weight})


JOBS = {
    "relax, all budgets -20%": Relaxing(_less_money(0.8)),
    "relax, a floor dropped": Relaxing(
        lambda session: session.drop(EXCHANGES), lambda session: session.add_limit(FLOOR)
    ),
    "relax, all weights": Relaxing(_weights),
    "relax, one budget": Relaxing(_little_more_money),
    "relax, one weight": Relaxing(_little_more_weight),
    "relax, one budget, after a plan": Relaxing(_little_more_money, after_solve=True),
}
