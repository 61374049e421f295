"""What is compared: a run, a plan, a policy or a case, each with as much as it says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from optimizer.case import Case, load_case
from optimizer.errors import OptimizerError
from optimizer.explain.case_differences import case_differences
from optimizer.explain.differences import QUESTION, Difference
from optimizer.explain.in_hand import require_custom_rules
from optimizer.explain.policy_differences import policy_differences
from optimizer.formulation.custom import Extend
from optimizer.frames.memory import Memory
from optimizer.io.paths import standing_at
from optimizer.plan import Plan
from optimizer.plan.keeping import Keep, listed_where, where_in_words
from optimizer.plan.nearness import Near
from optimizer.plan.provenance import aim_in
from optimizer.policy import Policy, load_policy
from optimizer.policy.sheets import book_roles
from optimizer.runs import RUN
from optimizer.runs.loading import Run, load_run
from optimizer.text.figures import counted

NO_PLAN_AT_ALL, STOPPED, NOT_ASKED = "infeasible", "stopped", "not solved"
"""Statuses of what has no plan: there is none, time ran out, or none was looked for."""


@dataclass(frozen=True)
class AskedBeside:
    """What a run asks beside policy and case.

    Attributes
    ----------
    words
        ``None`` where it asks nothing of the kind.
    said
        What counts of it; of earlier plans not what they are called.
    slots
        Single slots of earlier plans, and how many of each.
    """

    words: str | None
    said: Any
    slots: Counter[tuple[Any, ...]] = field(default_factory=Counter)


@dataclass(frozen=True, eq=False)
class Side:
    """One of the inputs that are compared.

    Attributes
    ----------
    name
        As it is called in tables and sentences.
    policy, case, plan
        As far as it has them.
    status
        Of the plan, or why there is none.
    extend
        Function that added custom rules.
    """

    name: str
    policy: Policy | None = None
    case: Case | None = None
    plan: Plan | None = None
    status: str = NOT_ASKED
    extend: Extend | None = None

    @property
    def facts(self) -> dict[str, AskedBeside]:
        """What a run asks beside policy and case."""
        provenance = {} if self.plan is None else self.plan.provenance
        question = None if self.plan is None else self.plan.question
        told = provenance.get("extend") or {}
        dropped = ", ".join(map(str, provenance.get("dropped", ())))
        return {
            "custom rules": _plain_fact(told.get("sha256") or told.get("function")),
            "dropped": _plain_fact(dropped or None),
            "kept": _kept(() if question is None else question.keep),
            "aim": _plain_fact(aim_in(provenance)),
            "price of change": _price_of_change(None if question is None else question.near),
        }


def _plain_fact(words: str | None) -> AskedBeside:
    return AskedBeside(words, words)


def _kept(keeps: Sequence[Keep]) -> AskedBeside:
    """What is kept of earlier plans."""
    slots = [_single_slots(keep) for keep in keeps]
    said = [
        (listed_where(keep.where), keep.at_least, own)
        for keep, own in zip(keeps, slots, strict=True)
    ]
    words = "; ".join(keep.in_words() for keep in keeps)
    return AskedBeside(words or None, said, sum(slots, Counter()))


def _price_of_change(near: Near | None) -> AskedBeside:
    """What a plan was to stay near to, and the price."""
    if near is None:
        return AskedBeside(None, None)
    slots, price = _single_slots(near), f"{near.price:.12g}"
    words = (
        f"{price} points for every slot moved from {slots.total():,} slots of {near.name}"
        f"{where_in_words(near.where)}"
    )
    return AskedBeside(words, (price, listed_where(near.where), slots), slots)


def _single_slots(of: Keep | Near) -> Counter[tuple[Any, ...]]:
    return Counter({tuple(row[:-1]): row[-1] for row in of.slots.to_numpy(dtype=object).tolist()})


Input = Side | Run | Plan | Policy | Case | str | Path
"""What can be compared."""


def side_of(given: Input, memory: Memory | None = None) -> Side:
    """What is given, read where it is a path.

    Parameters
    ----------
    memory
        Of what other sides have joined, for a run that is read.

    Raises
    ------
    InputError, PolicyError
        If what is there is none of a run folder, a policy and a case, or is wrong.
    OptimizerError
        If a plan does not say which policy and case it answers, or its custom rules are missing.
    """
    if isinstance(given, Side):
        if given.plan is not None:
            require_custom_rules(given.plan, given.extend, "extend of the side")
        return given
    if isinstance(given, Run):
        return _of_plan(given.path.name, given.plan, given.extend)
    if isinstance(given, Plan):
        name = f"{given.policy} on {given.case}" if given.folder is None else given.folder.name
        require_custom_rules(given, None, "a run, read with load_run(path, extend=...)")
        return _of_plan(name, given, None)
    if isinstance(given, Policy):
        return Side(given.name, policy=given)
    if isinstance(given, Case):
        return Side(given.name, case=given)
    return _at(Path(given), memory)


def _of_plan(name: str, plan: Plan, extend: Extend | None) -> Side:
    question = plan.question
    if question is None:
        raise OptimizerError(
            f"{name}: the plan does not say which policy and case it answers\n"
            "    Expected a plan that was solved here, or a run folder."
        )
    return Side(name, question.policy, question.case, plan, plan.status, extend)


def _at(path: Path, memory: Memory | None) -> Side:
    if standing_at(path) == "folder" and standing_at(path / RUN) != "nothing":
        run = load_run(path)
        return side_of(run if memory is None else replace(run, memory=memory))
    if path.suffix.lower() == ".toml":
        return Side(path.stem, policy=load_policy(path))
    has_policy, has_case = book_roles(path)
    policy = load_policy(path) if has_policy else None
    case = load_case(path) if has_case or not has_policy else None
    name = path.stem if path.suffix else path.resolve().name
    return Side(name, policy=policy, case=case)


def named_apart(sides: Sequence[Side], given: Sequence[Input]) -> list[Side]:
    """Sides of equal names by their whole path, or numbered where that does not help."""
    names = [side.name for side in sides]
    found: list[Side] = []
    for side, one in zip(sides, given, strict=True):
        name = side.name
        if names.count(name) > 1 and isinstance(one, str | Path):
            name = str(one)
        elif names.count(name) > 1 and side.plan is not None and side.plan.folder is not None:
            name = str(side.plan.folder)
        taken, count = {each.name for each in found}, 1
        unique = name
        while unique in taken:
            count += 1
            unique = f"{name} ({count})"
        found.append(replace(side, name=unique))
    return found


def input_differences(one: Side, other: Side) -> list[Difference]:
    """Everything in which policy and case differ, as far as both have them."""
    found: list[Difference] = []
    if one.policy is not None and other.policy is not None:
        found += policy_differences(one.policy, other.policy)
    if one.case is not None and other.case is not None:
        found += case_differences(one.case, other.case)
    if one.plan is not None and other.plan is not None:
        for name, before in one.facts.items():
            after = other.facts[name]
            if before.said != after.said:
                words, told = before.words, _told_apart(before, after)
                first, second = ("" if value is None else RUN for value in (words, told))
                found.append(Difference(QUESTION, name, words, told, first, second, True))
    return found


def _told_apart(before: AskedBeside, after: AskedBeside) -> str | None:
    """Words of the other fact, with how many slots are elsewhere where words are the same."""
    if after.words != before.words:
        return after.words
    elsewhere = (after.slots - before.slots).total()
    # The end of long words is cut.
    return f"{counted(elsewhere, 'slot')} elsewhere: {after.words}"
