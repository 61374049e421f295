"""Joining a case and evaluating a plan, beside one relaxation of the same case from nothing.

The joins and evaluations of before are too many lines to be kept here, so that the relaxation is
what they are measured by: it is all HiGHS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from optimizer import Decisions, load_case, load_policy
from optimizer.instance import Instance, build_instance
from optimizer.plan.evaluation import evaluate_decisions
from optimizer.session import Session

GAP = 0.02
"""Any plan of the case has about as many rows."""


@dataclass(frozen=True)
class Question:
    """Paths of policy and case, a plan and the scales of its goals."""

    policy: Path
    case: Path
    decisions: Decisions
    scales: dict[str, float]

    def joined(self) -> Instance:
        return build_instance(load_case(self.case), load_policy(self.policy))

    def evaluate(self, instance: Instance) -> None:
        evaluate_decisions(instance, self.decisions, self.scales)


@dataclass(frozen=True)
class Joining:
    """A case of the project by name, or the one that is asked for."""

    name: str | None = None

    def prepared(self, case: str) -> Question:
        from cases import JAPAN, case_and_policy

        path, policy = case_and_policy(case)
        if self.name is not None:
            path = JAPAN.parent / self.name
        session = Session(policy, path)
        return Question(policy, path, session.solve(gap=GAP).decisions, session.scales)

    @property
    def WAYS(self) -> Mapping[str, Callable[[Question], Iterator[None]]]:  # noqa: N802  # as in others
        return {
            "relaxed from nothing": _relaxed,
            "joined": _joined,
            "evaluated": _evaluated,
            "evaluated again": _evaluated_again,
        }


def _relaxed(question: Question) -> Iterator[None]:
    session = Session(question.policy, question.case, scales=question.scales)
    yield
    session.relax()


def _joined(question: Question) -> Iterator[None]:
    case, policy = load_case(question.case), load_policy(question.policy)
    yield
    build_instance(case, policy)


def _evaluated(question: Question) -> Iterator[None]:
    instance = question.joined()
    yield
    question.evaluate(instance)


def _evaluated_again(question: Question) -> Iterator[None]:
    instance = question.joined()
    question.evaluate(instance)
    yield
    question.evaluate(instance)


JOBS = {"join and evaluate": Joining(), "join and evaluate, tiny": Joining("tiny")}
