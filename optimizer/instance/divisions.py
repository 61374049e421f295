"""What is divided among groups with needs: divisions of a policy, and what limits divide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from optimizer.frames.memory import Steps
from optimizer.instance.groups import NO_TERMS, dimension_of, group_labels, grouped
from optimizer.instance.measures import Measures
from optimizer.instance.needs import Dividing, matching_members, needs_of
from optimizer.policy import Fairness
from optimizer.policy.groups_of_goals import GOAL, GOAL_GROUPS

_WITHOUT_TABLE = frozenset({"year", "level", "service"})
"""Dimensions whose keys are no list of who might be given something."""


@dataclass(frozen=True)
class Divided:
    """Groups among which something is divided.

    Attributes
    ----------
    groups
        Index: group label; one column per attribute of ``by``.
    measured
        family, position, coefficient, group; also of groups that are left out.
    needs
        Need of every group, above 0; 1 where all groups count the same.
    left_out
        Groups without need.
    """

    groups: pd.DataFrame
    measured: pd.DataFrame
    needs: pd.Series
    left_out: tuple[str, ...]


@dataclass(frozen=True)
class JoinedDivision(Divided):
    """A division that a policy names, with its groups and needs.

    Attributes
    ----------
    accounts
        What one unit of the value of each goal counts for each group, a row for each group, where
        groups are goals or stakeholders and whole values are divided; ``None`` elsewhere. Then
        :attr:`measured` is empty.
    unfit
        Why no plan may aim at what the groups get; blank where it may.
    """

    fairness: Fairness
    accounts: pd.DataFrame | None = None
    unfit: str = ""

    def account_weights(self, scales: Mapping[str, float]) -> pd.DataFrame:
        """The same as :attr:`accounts`, by the scales of goals where these count."""
        assert self.accounts is not None, "whole values are divided"
        if not self.fairness.scaled:
            return self.accounts
        return self.accounts / [scales[str(goal)] for goal in self.accounts]


def division_place(fairness: Fairness, *keys: str) -> str:
    """Address of a division, or of one of its keys, in the policy."""
    return ".".join(["fairness", fairness.name, *keys])


def join_divisions(
    wanted: tuple[Fairness, ...], measures: Measures, step: Steps | None = None
) -> tuple[JoinedDivision, ...]:
    """Resolve every division that the policy names; what has no groups is a problem."""
    step = step or Steps()
    joined = [step(_join, fairness, measures, name=fairness.name) for fairness in wanted]
    return tuple(division for division in joined if division is not None)


def _join(fairness: Fairness, measures: Measures) -> JoinedDivision | None:
    before, place = len(measures.problems), division_place(fairness)
    if fairness.goal in measures.curved:
        measures.attributes.add(
            division_place(fairness, "goal"),
            f"goal {fairness.goal!r} has diminishing returns, so its value has no parts to compare",
            "a goal without diminishing returns",
        )
        return None
    if _divides_whole_values(fairness, measures):
        return _join_whole_values(fairness, measures)
    measured = measures.terms(
        fairness.measure,
        fairness.where,
        fairness.by,
        place,
        goal=fairness.goal,
        planned=fairness.planned,
        scaled=fairness.scaled,
    )
    if len(measures.problems) > before:
        return None
    asked = Dividing(place, fairness.where, fairness.by, fairness.relative_to)
    found = divided_among(asked, measured, measures)
    return None if found is None else JoinedDivision(**vars(found), fairness=fairness)


def _divides_whole_values(fairness: Fairness, measures: Measures) -> bool:
    """Whether groups are goals or stakeholders alone, and nothing but these is filtered."""
    if fairness.goal is not None or not fairness.counts.is_of_goal or len(fairness.by) != 1:
        return False
    own = dimension_of(measures, fairness.by[0])
    known = {GOAL} if own == GOAL else set(GOAL_GROUPS)
    filtered = {dimension_of(measures, name) for name in fairness.where}
    return own in GOAL_GROUPS and filtered <= known


def _join_whole_values(fairness: Fairness, measures: Measures) -> JoinedDivision | None:
    place, attributes = division_place(fairness), measures.attributes
    found = {name: attributes.find(name, f"{place}.where", GOAL_GROUPS) for name in fairness.where}
    before = len(measures.problems)
    for name, attribute in found.items():
        if attribute is not None:
            attributes.wanted(attribute, name, fairness.where[name], place)
    if fairness.relative_to is not None:
        needed = division_place(fairness, "relative_to")
        attributes.add(needed, "goals and stakeholders have no needs", "no relative_to")
    if len(measures.problems) > before:
        return None
    dimension = str(dimension_of(measures, fairness.by[0]))
    goals = measures.left(fairness.where, GOAL).tolist()
    names = measures.left(fairness.where, dimension).tolist()
    accounts = measures.views.counted(dimension, names, goals)
    groups = pd.DataFrame({fairness.by[0]: names}, dtype="str")
    if not len(groups):
        attributes.add(place, "has no groups", f"a {dimension} that the filters leave")
        return None
    labels = pd.Index(group_labels(groups, fairness.by), dtype="str", name="group")
    counted = [goal for goal in goals if accounts[goal].ne(0.0).any()]
    return JoinedDivision(
        groups=groups.set_axis(labels),
        measured=NO_TERMS,
        needs=pd.Series(1.0, index=labels),
        left_out=(),
        fairness=fairness,
        accounts=accounts.set_axis(labels),
        unfit=_why_unfit(counted, dimension, measures),
    )


def _why_unfit(goals: Sequence[str], dimension: str, measures: Measures) -> str:
    """Why no plan may aim at the values of goals by themselves; blank where it may."""
    curved = [goal for goal in goals if goal in measures.curved]
    if curved:
        told = ", ".join(curved)
        return f"{told} has diminishing returns, so that its value could be understated"
    avoided = [goal for goal in goals if goal in measures.views.avoided and dimension == GOAL]
    return f"less of {', '.join(avoided)} is better" if avoided else ""


def divided_among(asked: Dividing, measured: pd.DataFrame, measures: Measures) -> Divided | None:
    """Groups and needs of what is divided; ``None`` after a problem.

    Parameters
    ----------
    measured
        Terms as :meth:`Measures.terms` gives them.
    """
    terms, groups = grouped(measured, asked.by)
    groups = _with_all_members(asked, groups, measures)
    if not len(groups):
        expected = "filters and groups that the case has"
        measures.attributes.add(asked.place, "has no groups", expected)
        return None
    needs = needs_of(asked, groups, measures, set(terms["group"]))
    if needs is None:
        return None
    some = needs > 0
    if not some.any():
        message = f"{asked.relative_to!r} is 0 in every group"
        measures.attributes.add(asked.needed, message, "a need above 0 in some group")
        return None
    return Divided(
        groups=groups[some.to_numpy()],
        measured=terms,
        needs=needs[some],
        left_out=tuple(map(str, needs.index[~some])),
    )


def _with_all_members(asked: Dividing, groups: pd.DataFrame, measures: Measures) -> pd.DataFrame:
    """The groups in the order of the case's table, also those that nothing can be given to.

    Of combinations of two tables only those are groups in which something can be counted.
    """
    dimensions = {dimension_of(measures, name) for name in asked.by}
    if len(dimensions) > 1 or dimensions & _WITHOUT_TABLE:
        return groups
    member = matching_members(asked, measures, *dimensions)
    found = {name: measures.dimension(name) for name in asked.by}
    columns = {name: attribute.values for name, attribute in found.items() if attribute}
    table = pd.DataFrame(columns)[member.to_numpy()]
    blank = table.isna() | table.apply(lambda cells: cells.eq(""))
    filled = table[~blank.any(axis=1)].drop_duplicates()
    labels = group_labels(filled, asked.by)
    found_groups: pd.DataFrame = filled.set_axis(pd.Index(labels, dtype="str", name="group"))
    return found_groups
