"""Scales of the goals in a model: as given, as known from before, or worked out."""

from __future__ import annotations

from collections.abc import Mapping

from optimizer.errors import PolicyError, Problems
from optimizer.persistent import LoadedModel
from optimizer.plan.question import Question
from optimizer.plan.scales import KEPT, NUMBERS, WORKED_OUT, Scales, known_scales
from optimizer.session.advice import no_plan
from optimizer.session.ideals_cache import KeptIdeals
from optimizer.session.preparation import Wanted, load
from optimizer.solver import Solution, Watch

SCALE_DIGITS = 6
NO_SCALE = 1e-9


def scales_of(wanted: Wanted, loaded: LoadedModel, watch: Watch) -> Scales:
    """Scale of every goal: as given, or as the policy says.

    Ideals are those under the hard rules before any change, rounded to six digits. Custom rules
    and changes do not move them. Those that were kept are not worked out again.

    Parameters
    ----------
    loaded
        The model of what is wanted; where it has other rules than the base policy, the base
        policy's own model is built for this purpose.

    Raises
    ------
    PolicyError
        If nothing of a goal on scale ``ideal`` can be earned.
    InfeasibleError, NoPlanError
        If there is no plan under the base policy, or the watch stopped the search.
    """
    if wanted.scales is not None:
        return wanted.scales
    goals = ideal_goals(wanted)
    if not goals:
        return Scales(known_scales(wanted.pair.policy), NUMBERS)
    model = ideal_model(wanted, loaded)
    watch.begin("scales")
    kept = kept_ideals(wanted, model)
    known = kept.known()
    if known is not None:
        return Scales(rounded_scales(wanted, known), KEPT)
    found = model.ideals(goals, watch)
    if found is None:
        raise no_scales(model, watch)
    kept.keep(found)
    return Scales(rounded_scales(wanted, found), WORKED_OUT)


def kept_ideals(wanted: Wanted, model: LoadedModel) -> KeptIdeals:
    """Where the ideals of all goals in a model are kept."""
    return KeptIdeals(model, ideal_goals(wanted), is_used=wanted.cache)


def ideal_goals(wanted: Wanted) -> list[str]:
    """Goals on scale ``ideal``, those that weigh most first."""
    goals = wanted.pair.policy.goals
    ideal = [name for name, goal in goals.items() if goal.scale == "ideal"]
    return sorted(ideal, key=lambda name: -abs(goals[name].weight))


def ideal_model(wanted: Wanted, loaded: LoadedModel) -> LoadedModel:
    """The model whose ideals count: that of the base policy on the base case."""
    if wanted.same_rules:
        return loaded
    base, _, _, base_case = wanted.pair
    plain = Wanted(Question(base, base, base_case, base_case))
    return load(plain, *plain.built({}))


def no_scales(model: LoadedModel, watch: Watch) -> Exception:
    """Error for scales that could not be worked out."""
    status = "no_plan" if watch.timed_out or watch.interrupted else "infeasible"
    solution = Solution(status, None, None, None, {}, {}, complete=False)
    return no_plan(model, solution, watch)


def rounded_scales(wanted: Wanted, found: Mapping[str, float]) -> dict[str, float]:
    """Scales of all goals, with ideals as found, rounded.

    Raises
    ------
    PolicyError
        If nothing of a goal can be earned.
    """
    policy, case = wanted.pair.policy, wanted.pair.case
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
