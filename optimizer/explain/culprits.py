"""Which of the differences of two inputs leaves one of them without a plan."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from optimizer.case import Case
from optimizer.errors import InfeasibleError, OptimizerError
from optimizer.explain.case_differences import mixed_case
from optimizer.explain.differences import KEY, QUESTION, Difference
from optimizer.explain.loosening import PlanAsking
from optimizer.explain.policy_differences import mixed_policy
from optimizer.plan.question import Question
from optimizer.policy import Policy
from optimizer.session.loading import built, load
from optimizer.session.own_bests import with_own_bests
from optimizer.solver import Watch
from optimizer.solver.subsets import minimal_subset


@dataclass(frozen=True)
class Culprits:
    """Differences that together leave no plan where there was one.

    Attributes
    ----------
    found
        None of them can be left out, as far as ``is_minimal`` says.
    verified
        Whether solving once more confirmed that there is a plan without these differences, and
        none with them.
    is_minimal
        Whether solving once more confirmed that there is a plan without any one of them.
    questions
        Mixtures of the two inputs that were asked for a plan.
    """

    found: tuple[Difference, ...]
    verified: bool
    is_minimal: bool
    questions: int


def culprits_among(
    policy: Policy,
    case: Case,
    others: tuple[Policy, Case],
    differences: Sequence[Difference],
    watch: Watch,
) -> Culprits:
    """Find a smallest set of differences that leaves no plan when made in a question that has one.

    Parameters
    ----------
    policy, case
        Of the question that has a plan.
    others
        Policy and case of the question that has none.
    differences
        From the first to the second.
    """
    search = _MixtureSearch(policy, case, others, differences, watch)
    return search.culprits([at for at, each in enumerate(differences) if _is_made(each)])


def _is_made(difference: Difference) -> bool:
    """Whether a difference can be made by itself and can matter."""
    return difference.counts and difference.kind != QUESTION


class _MixtureSearch:
    """Mixtures of two questions, each asked once whether it has a plan."""

    def __init__(
        self,
        policy: Policy,
        case: Case,
        others: tuple[Policy, Case],
        differences: Sequence[Difference],
        watch: Watch,
    ) -> None:
        self._policy, self._case, self._others = policy, case, others
        self._differences, self._watch = differences, watch
        self._answers: dict[frozenset[int], bool | None] = {}

    def culprits(self, candidates: list[int]) -> Culprits:
        if self._has_plan([]) is not True or not self._clash(candidates):
            return Culprits((), verified=False, is_minimal=False, questions=len(self._answers))
        found = minimal_subset(candidates, self._clash)
        if not self._clash(found):
            # One difference may make up for another, so that more of them clash less.
            found = self._one_by_one(candidates)
        is_minimal = all(
            self._has_plan([each for each in found if each != left]) is True for left in found
        )
        return Culprits(
            tuple(self._differences[at] for at in found),
            verified=self._clash(found),
            is_minimal=is_minimal,
            questions=len(self._answers),
        )

    def _one_by_one(self, found: list[int]) -> list[int]:
        """Leave out one after the other, until none can be left out any more."""
        before: list[int] = []
        while before != found:
            before = found
            for left in before:
                fewer = [each for each in found if each != left]
                found = fewer if self._clash(fewer) else found
        return found

    def _clash(self, some: Collection[int]) -> bool:
        return self._has_plan(some) is False

    def _has_plan(self, some: Collection[int]) -> bool | None:
        """Whether there is a plan with some of the differences; ``None`` where that stays open."""
        asked = frozenset(some)
        if asked not in self._answers:
            stopped = self._watch.should_stop()
            self._answers[asked] = None if stopped else self._asked([*some])
        return self._answers[asked]

    def _asked(self, some: list[int]) -> bool | None:
        chosen = [self._differences[at] for at in some]
        of_policy = [each for each in chosen if each.kind == KEY]
        of_case = [each for each in chosen if each.kind != KEY]
        policy, case = self._policy, self._case
        try:
            if of_policy:
                policy = mixed_policy(policy, self._others[0], of_policy)
            if of_case:
                case = mixed_case(case, self._others[1], of_case)
            question = with_own_bests(Question.of(policy, case), self._watch)
            instance, model = built(question)
        except InfeasibleError:
            # All other rules leave no plan, whatever the floors are.
            return False
        except OptimizerError:
            # Half of two inputs may be none: a row of a track that only the other has.
            return None
        return PlanAsking().has_plan(load(instance, model), self._watch)
