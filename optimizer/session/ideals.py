"""Scales of the goals in a model: as known from before, or worked out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property

from optimizer.errors import PolicyError, Problems
from optimizer.persistent import LoadedModel, goals_alone
from optimizer.plan.question import Question
from optimizer.plan.scales import FROM_BEFORE, FROM_NUMBERS, WORKED_OUT, Scales, known_scales
from optimizer.session.clashing import no_plan
from optimizer.session.ideals_cache import KeptIdeals
from optimizer.solver import Solution, Watch

SCALE_DIGITS = 6
NO_SCALE = 1e-9


class Ideals:
    """The most of every goal that any plan could earn, on which scales rest.

    Ideals are those under the hard rules before any change, rounded to six digits. Custom rules
    and changes do not move them. Those that were kept are not worked out again.

    Parameters
    ----------
    question
        Policy and case.
    model
        Gives the model whose ideals count: that of the question before any change.
    cache
        Whether ideals that were kept are used, and new ones kept.

    Attributes
    ----------
    goals
        Goals on scale ``ideal``, those that weigh most first.
    """

    def __init__(
        self, question: Question, model: Callable[[], LoadedModel], *, cache: bool
    ) -> None:
        goals = question.policy.goals
        ideal = [name for name, goal in goals.items() if goal.scale == "ideal"]
        self.goals = sorted(ideal, key=lambda name: -abs(goals[name].weight))
        self._question, self._model, self._cache = question, model, cache

    @cached_property
    def model(self) -> LoadedModel:
        """The model whose ideals count."""
        return self._model()

    @cached_property
    def _kept(self) -> KeptIdeals:
        return KeptIdeals(self.model, self.goals, is_used=self._cache)

    def scales(self, watch: Watch) -> Scales:
        """Scale of every goal, as the policy says.

        Raises
        ------
        PolicyError
            If nothing of a goal on scale ``ideal`` can be earned.
        InfeasibleError, NoPlanError
            If there is no plan under the base policy, or the watch stopped the search.
        """
        known = self.known(watch)
        if known is not None:
            return known
        found = goals_alone.ideals_in(self.model, self.goals, watch)
        if found is None:
            raise self.none_found(watch)
        return self.exact(found)

    def known(self, watch: Watch) -> Scales | None:
        """Scales for which nothing has to be solved."""
        if not self.goals:
            return Scales(known_scales(self._question.policy), FROM_NUMBERS)
        kept = self._kept
        watch.begin("scales")
        found = kept.known()
        return None if found is None else Scales(self.rounded(found), FROM_BEFORE)

    def exact(self, found: Mapping[str, float]) -> Scales:
        """Scales of ideals that are all proven, and only these, which are kept."""
        self._kept.keep(found)
        return Scales(self.rounded(found), WORKED_OUT)

    def none_found(self, watch: Watch) -> Exception:
        """Error for scales that could not be worked out."""
        status = "no_plan" if watch.timed_out or watch.interrupted else "infeasible"
        solution = Solution(status, None, None, None, {}, {}, complete=False)
        return no_plan(self.model, solution, watch)

    def rounded(self, found: Mapping[str, float]) -> dict[str, float]:
        """Scales of all goals, with ideals as found, rounded.

        Raises
        ------
        PolicyError
            If nothing of a goal can be earned.
        """
        policy, case = self._question.policy, self._question.case
        scales, problems = known_scales(policy), Problems()
        for name in policy.goals:
            value = found.get(name)
            if value is None:
                continue
            scales[name] = float(f"{value:.{SCALE_DIGITS}g}")
            if value <= NO_SCALE:
                problems.add(
                    policy.path.name,
                    f"nothing of goal {name!r} can be earned in case {case.name!r} "
                    f"(its ideal is {value:g})",
                    column=f"goals.{name}.scale",
                    expected="a scale as a number, or 'none'",
                )
        policy.retold(problems).raise_if_any(PolicyError)
        return scales
