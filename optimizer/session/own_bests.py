"""The most that each group of a limit could have by itself, for floors that are a part of it.

Like ideals these are optima of the LP relaxation under the hard rules before any change, and
custom rules and changes do not move them. No floor of this kind counts while they are worked out,
so that none depends on another. They are kept in the policy, and so with every run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from optimizer.case import Case
from optimizer.errors import InfeasibleError, PolicyError, Problems
from optimizer.frames.memory import Memory
from optimizer.persistent import LoadedModel
from optimizer.persistent.groups_alone import most_of_groups
from optimizer.plan.question import Question, asked
from optimizer.policy import Limit, OwnBest, Policy
from optimizer.policy.loading import policy_with_limit, policy_with_tables, tables_of
from optimizer.schema.addresses import address_of
from optimizer.session.clashing import no_plan
from optimizer.session.loading import built, load
from optimizer.solver import Solution, Watch

BEST_DIGITS = 6
_EXACT_DIGITS = 9
"""Digits of an optimum that do not depend on how it was reached."""
_STEP = "own bests"


def with_own_bests(
    question: Question, watch: Watch | None = None, memory: Memory | None = None
) -> Question:
    """The same question with a policy that knows what each group could have by itself.

    Nothing is solved where it does already, or no limit asks for it.

    Raises
    ------
    PolicyError
        If something is wrong with policy and case, or a group has less than nothing at best.
    InfeasibleError, NoPlanError
        If no plan keeps all other rules, or the watch stopped it.
    """
    base = question.base
    if not _unknown(base):
        return question
    known = with_known_bests(base, question.base_case, watch or Watch(), memory)
    return asked(
        known,
        question.base_case,
        question.changes,
        question.added,
        question.keep,
        near=question.near,
        memory=memory,
    )


def limit_with_bests(question: Question, limit: object, memory: Memory | None = None) -> Any:
    """A limit that is to be added, with the bests of its groups if it asks for them.

    What is no table of a limit stays as it is, to be refused as one.

    Raises
    ------
    PolicyError, InfeasibleError, NoPlanError
        As :func:`with_own_bests`.
    """
    if not isinstance(limit, Mapping):
        return limit
    floor_of_limit = limit.get("at_least")
    if not isinstance(floor_of_limit, Mapping) or "own_best" not in floor_of_limit:
        return limit
    if "bests" in floor_of_limit:
        return limit
    longer = policy_with_limit(question.base, limit)
    last = with_known_bests(longer, question.base_case, Watch(), memory).limits[-1].at_least
    assert isinstance(last, OwnBest), "a limit keeps its kind"
    return {**limit, "at_least": {**floor_of_limit, "bests": dict(last.bests or {})}}


def with_known_bests(
    policy: Policy, case: Case, watch: Watch, memory: Memory | None = None
) -> Policy:
    """A policy that says what each group could have, worked out where it does not yet."""
    names = _unknown(policy)
    instance, model = built(Question.of(with_open_floors(policy), case), memory=memory)
    loaded = load(instance, model)
    loaded.drop(
        [
            row
            for row, (rule, index) in enumerate(loaded.matrix.rows)
            if rule == "limit_at_least" and isinstance(index, tuple) and index[0] in names
        ]
    )
    limits = [limit for limit in instance.limits if limit.name in names]
    wanted = [(limit.name, str(group)) for limit in limits for group in limit.groups.index]
    with watch.listening():
        watch.begin(_STEP)
        most = most_of_groups(loaded, wanted, watch)
    if most is None:
        raise _none_found(loaded, watch, names)
    bests: dict[str, dict[str, float]] = {name: {} for name in names}
    anyway = {limit.name: limit.anyway for limit in limits}
    for (name, group), value in most.items():
        bests[name][group] = best_said(value + anyway[name])
    _require_some(policy, bests)
    return policy_with_tables(policy, _with_floors(policy, bests))


def with_open_floors(policy: Policy) -> Policy:
    """A policy whose floors that are a part of each group's own best are 0, to be left out.

    Soft limits of this kind have no ceiling either.
    """
    if not any(isinstance(limit.at_least, OwnBest) for limit in policy.limits):
        return policy
    tables = tables_of(policy)
    limits = []
    for limit, said in zip(policy.limits, tables.get("limits", ()), strict=True):
        if isinstance(limit.at_least, OwnBest):
            left_out = {"soft", "soft_base"} | ({"at_most"} if limit.soft is not None else set())
            kept = {key: value for key, value in said.items() if key not in left_out}
            limits.append({**kept, "at_least": 0.0})
        else:
            limits.append(said)
    return policy_with_tables(policy, {**tables, "limits": tuple(limits)})


def best_said(value: float) -> float:
    """An optimum as it is said: six digits, and no more than it is.

    Examples
    --------
    >>> best_said(11.9999999997), best_said(2 / 3), best_said(5e-5), best_said(-1e-12)
    (12.0, 0.666666, 5e-05, 0.0)
    """
    # Digits are counted as decimal text, so that 0.3 stays 0.3.
    exact = Decimal(f"{value:.{_EXACT_DIGITS}g}")
    if abs(exact) < Decimal(10) ** -_EXACT_DIGITS:
        return 0.0
    last = Decimal(1).scaleb(exact.adjusted() - BEST_DIGITS + 1)
    return float(exact.quantize(last, ROUND_FLOOR))


def _unknown(policy: Policy) -> list[str]:
    """Names of limits whose groups' bests are not known."""
    return [limit.name for limit in policy.limits if _asks(limit)]


def _asks(limit: Limit) -> bool:
    return isinstance(limit.at_least, OwnBest) and limit.at_least.bests is None


def _with_floors(policy: Policy, bests: Mapping[str, Mapping[str, float]]) -> Mapping[str, Any]:
    tables = tables_of(policy)
    limits = tuple(
        {**said, "at_least": {**said["at_least"], "bests": dict(bests[said["name"]])}}
        if said["name"] in bests
        else said
        for said in tables["limits"]
    )
    return {**tables, "limits": limits}


def _none_found(loaded: LoadedModel, watch: Watch, names: Sequence[str]) -> Exception:
    """Error for bests that could not be worked out."""
    status = "no_plan" if watch.timed_out or watch.interrupted else "infeasible"
    solution = Solution(status, None, None, None, {}, {}, complete=False)
    error = no_plan(loaded, solution, watch)
    if not isinstance(error, InfeasibleError):
        return error
    told = "What each group could have by itself cannot be worked out, whatever the floors are."
    floors = ", ".join(address_of(("limits", name, "at_least")) for name in names)
    way_out = f"Maybe leave these floors out ({floors}), repair the rest, and put them back."
    return InfeasibleError(f"{told}\n{error}\n{way_out}", error.clash)


def _require_some(policy: Policy, bests: Mapping[str, Mapping[str, float]]) -> None:
    problems = Problems()
    for name, groups in bests.items():
        for group, best in groups.items():
            if best < 0.0:
                problems.add(
                    policy.path.name,
                    f"{group} has {best:g} at best, and a part of that is above it",
                    column=f"limits.{name}.at_least.own_best",
                    expected="groups that can have 0 or more",
                )
    policy.retold(problems).raise_if_any(PolicyError)
