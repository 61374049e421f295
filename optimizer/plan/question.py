"""The question that a plan answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from optimizer.case import Case, load_case
from optimizer.case.changes import change_case
from optimizer.errors import PolicyError, Problems
from optimizer.frames.memory import Memory
from optimizer.instance.goal_views import GoalViews
from optimizer.io.changes import CHANGES, require_changes
from optimizer.policy import Limit, OwnBest, Policy, load_policy
from optimizer.policy.groups_of_goals import depends_on_views
from optimizer.policy.loading import NO_CHANGES, changed_policy, policy_with_limits
from optimizer.schema.addresses import cells_and_keys

if TYPE_CHECKING:
    from optimizer.plan.keeping import Keep
    from optimizer.plan.nearness import Near


@dataclass(frozen=True)
class Question:
    """A policy on a case.

    Attributes
    ----------
    policy, case
        As they are meant, with all changes made.
    base, base_case
        As they were before, on which scales depend.
    changes
        Values that were changed, by address, in the order in which they are made.
    added
        Limits that were added to the policy, before it was changed.
    keep
        Slots of earlier plans that are granted again.
    near
        Earlier plan from which every slot moved has a price: of the question that solving answers
        alone, as what is asked of a plan counts points.
    """

    policy: Policy
    case: Case
    base: Policy
    base_case: Case
    changes: Mapping[str, object] = field(default_factory=dict)
    added: tuple[Mapping[str, object], ...] = ()
    keep: tuple[Keep, ...] = ()
    near: Near | None = None

    @classmethod
    def of(cls, policy: Policy, case: Case) -> Question:
        """A policy on a case, with nothing changed."""
        return cls(policy, case, policy, case)

    @property
    def unchanged(self) -> Question:
        """The same before anything was changed; what is kept is kept, change has no price."""
        return replace(Question.of(self.base, self.base_case), keep=self.keep)

    @property
    def as_it_is(self) -> Question:
        """The same as if policy and case had always been as they are now; change has no price."""
        return replace(Question.of(self.policy, self.case), keep=self.keep)


def read_question(
    policy: Policy | str | Path,
    case: Case | str | Path,
    changes: Mapping[str, object] = NO_CHANGES,
    keep: Sequence[Keep] = (),
    near: Near | None = None,
) -> Question:
    """Load what are paths, and make the changes.

    Raises
    ------
    InputError, PolicyError
        Case or policy is wrong, or they are not meant for each other.
    """
    require_changes(changes)
    case = case if isinstance(case, Case) else load_case(case)
    policy = policy if isinstance(policy, Policy) else load_policy(policy)
    return asked(policy, case, changes, keep=keep, near=near)


def asked(
    base: Policy,
    base_case: Case,
    changes: Mapping[str, object],
    added: Sequence[Mapping[str, object]] = (),
    keep: Sequence[Keep] = (),
    *,
    near: Near | None = None,
    memory: Memory | None = None,
) -> Question:
    """Policy and case with limits added, and then with changes made.

    Parameters
    ----------
    memory
        Of checks that tables of the case have passed.

    Raises
    ------
    InputError, PolicyError
        As :func:`read_question`.
    """
    of_cells, of_policy = cells_and_keys(changes)
    case = change_case(base_case, of_cells, memory=memory)[0]
    policy = policy_with_limits(base, added)
    policy = changed_policy(policy, of_policy) if of_policy else policy
    require_case(policy, case)
    require_known_bests(base, added, policy)
    return Question(policy, case, base, base_case, dict(changes), tuple(added), tuple(keep), near)


def require_case(policy: Policy, case: Case) -> None:
    """Refuse a policy on a case it is not meant for."""
    if not policy.is_for(case.name):
        problems = Problems()
        problems.add(
            policy.path.name,
            f"is not meant for case {case.name!r}",
            column="cases",
            expected=f"one of {', '.join(policy.cases)}",
            maybe=f'add "{case.name}" to its `cases`',
        )
        raise PolicyError(policy.retold(problems))


def require_known_bests(
    base: Policy, added: Sequence[Mapping[str, object]], policy: Policy
) -> None:
    """Refuse changes that ask for a part of each group's own best, or of other groups' or others.

    What a group could have by itself is that before any change, so that a change moves the part
    alone.
    """
    problems = Problems()
    before = {limit.name: limit for limit in base.limits}
    of_added = {str(limit.get("name")) for limit in added}
    is_seen_otherwise = GoalViews.of(base) != GoalViews.of(policy)
    for limit in policy.limits:
        if not isinstance(limit.at_least, OwnBest):
            continue
        if is_seen_otherwise and depends_on_views(limit):
            message = "what each group could have was worked out by other scales or weights"
            expected = "no change of these, as the limit has own_best"
            problems.add(CHANGES, message, column=f"limits.{limit.name}", expected=expected)
        if limit.name not in of_added:
            for key, message, expected in _unlike(limit, limit.at_least, before.get(limit.name)):
                place = f"limits.{limit.name}"
                problems.add(CHANGES, message, column=f"{place}.{key}", expected=expected)
    problems.raise_if_any(PolicyError)


def _unlike(limit: Limit, wanted: OwnBest, old: Limit | None) -> Iterator[tuple[str, str, str]]:
    """Keys of a limit that are not as what its groups could have was worked out for, and why."""
    before = None if old is None else old.at_least
    if not isinstance(before, OwnBest) or (wanted.bests is None and before.bests is not None):
        message = "what each group could have by itself is worked out before any change"
        yield "at_least", message, "a change of own_best alone, in a policy that has it"
        return
    for key in ("measure", "where", "by", "goal", "scaled", "planned"):
        if getattr(limit, key) != getattr(old, key):
            message = "is of another measure than what each group could have by itself"
            yield key, message, "no change, as the limit has own_best"
