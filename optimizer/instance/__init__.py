"""Case and policy joined: everything a model, a check or a report needs, without a solver.

:func:`build_instance` reads nothing and solves nothing; it joins tables on their keys, resolves
optional keys, scores countries and regions, and turns rules into terms of the decisions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import pandas as pd

from optimizer.case import Case
from optimizer.errors import PolicyError, Problems, did_you_mean
from optimizer.errors.arguments import typed
from optimizer.frames import numbers_at, summed
from optimizer.frames.following import FollowedFields
from optimizer.frames.memory import Memory, Steps
from optimizer.frames.records import Comparable
from optimizer.instance.attributes import Attributes, build_attributes
from optimizer.instance.bounds import JoinedLimit
from optimizer.instance.diminishing import JoinedDiminishing, earned_anyway, join_diminishing
from optimizer.instance.divisions import JoinedDivision, join_divisions
from optimizer.instance.goal_views import GoalViews
from optimizer.instance.limits import join_commitments, join_limits
from optimizer.instance.measures import Measures
from optimizer.instance.money import spending_terms, support_floor_terms
from optimizer.instance.movement import with_movement
from optimizer.instance.people import People, build_people, decided
from optimizer.instance.scoring import NO_SCORES, GivenScores, Scores, build_scores
from optimizer.instance.services import capacities, use_terms
from optimizer.instance.sets import Sets, build_sets, country_bands
from optimizer.instance.slot_level import single_slots, slot_level_slots
from optimizer.instance.stakeholders import check_stakeholders
from optimizer.instance.transitions import with_transitions
from optimizer.instance.values import value_terms
from optimizer.instance.years import through_years
from optimizer.io.pauses import pause
from optimizer.io.toml import shown
from optimizer.policy import Policy, SupportFloor, Transfer
from optimizer.schema.rules import Extension
from optimizer.schema.tables import FORECAST

__all__ = ["Instance", "build_instance"]

NO_FILTER: Mapping[str, object] = MappingProxyType({})


def is_filter(where: object) -> bool:
    """Whether something has values by name."""
    return isinstance(where, Mapping) and all(isinstance(name, str) for name in where)


@dataclass(frozen=True, eq=False)
class Instance(FollowedFields, Comparable):
    """One case under one policy, joined and checked.

    Attributes
    ----------
    case, policy
        What is true, and what is wanted.
    sets
        Which decisions exist.
    people, spending, use, value
        Terms of residents and completers, of money, of services and of the goals' raw values.
    scores
        Score of each country and region for each goal.
    diminishing
        Groups and curves of the goals with diminishing returns.
    anyway
        Value of every goal that is earned whatever is decided.
    capacity
        region, service, year, capacity, unit, for every window year.
    budget
        line, year, amount, agency, purpose, for every window year.
    transfers, carry_over
        Transfers between lines of the case, and share each line may carry over.
    caps
        track, year, max, counts.
    limits, commitments
        Joined limits of the policy, and rows of ``commitments``.
    support_floor
        One frame of terms per entry of the policy's ``support_floor``: family, position,
        coefficient, track, entry_year.
    divisions
        Joined divisions whose fairness the policy asks for.
    current, current_at
        Slots today by country and track, and by track and region (empty where not given), of
        tracks that are planned.
    extension
        Custom rules and variables, once a model was extended by them.
    """

    case: Case
    policy: Policy
    sets: Sets
    people: People
    scores: Scores
    spending: pd.DataFrame
    use: pd.DataFrame
    value: pd.DataFrame
    diminishing: dict[str, JoinedDiminishing]
    anyway: dict[str, float]
    capacity: pd.DataFrame
    budget: pd.DataFrame
    transfers: tuple[Transfer, ...]
    carry_over: dict[str, float]
    caps: pd.DataFrame
    limits: tuple[JoinedLimit, ...]
    commitments: tuple[JoinedLimit, ...]
    support_floor: tuple[pd.DataFrame, ...]
    divisions: tuple[JoinedDivision, ...]
    current: pd.DataFrame
    current_at: pd.DataFrame
    attributes: Attributes
    extension: Extension = field(default_factory=Extension)

    @property
    def moves_by_attraction(self) -> bool:
        """Whether stayers have regions, and remain there or move as regions attract them."""
        return self.sets.has_regions and self.case.moves_by_attraction

    def measures(
        self, problems: Problems, *, case: Case | None = None, sets: Sets | None = None
    ) -> Measures:
        """Measures for limits whose problems are added elsewhere.

        Parameters
        ----------
        case, sets
            Others in place of its own, where these are to be joined anew.
        """
        return Measures(
            self.case if case is None else case,
            self.sets if sets is None else sets,
            self.people,
            self.spending,
            self.use,
            self.value,
            self.attributes.telling(problems),
            problems,
            frozenset(self.diminishing),
            self.anyway,
            GoalViews.of(self.policy),
        )

    def options(self, where: Mapping[str, object] = NO_FILTER) -> pd.DataFrame:
        """Single slots that could be given, as keys of the model's ``slots``.

        Parameters
        ----------
        where
            Filter as in policies: attribute names of countries, tracks, regions, levels or years
            and the value, or list of values, each must have.

        Returns
        -------
        pandas.DataFrame
            country, track, level, region, year.

        Raises
        ------
        PolicyError
            If a name is not an attribute or a value occurs nowhere.
        """
        found = single_slots(self.sets.cohort, self.sets.placements).drop(columns="group")
        problems = Problems()
        if not is_filter(where):
            problems.add(
                "options", f"{shown(where)} is not a filter", expected="values by attribute"
            )
            raise PolicyError(problems)
        attributes = self.attributes.telling(problems)
        for name, wanted in where.items():
            attribute = attributes.find(name, "options", within=[str(key) for key in found])
            if attribute is not None:
                values = attributes.wanted(attribute, name, wanted, "options")
                found = found[attribute.of(found).isin(values)]
        problems.raise_if_any(PolicyError)
        return found.reset_index(drop=True)


@typed
def build_instance(case: Case, policy: Policy) -> Instance:
    """Join a case and a policy.

    Raises
    ------
    PolicyError
        With every problem of the join: filters that match nothing, columns that do not exist,
        ambiguous rows, floors that nobody could reach.
    """
    return joined(case, policy)


def joined(
    case: Case, policy: Policy, memory: Memory | None = None, given: GivenScores = NO_SCORES
) -> Instance:
    """Join as :func:`build_instance`; steps whose figures a memory knows are not done again.

    Parameters
    ----------
    given
        Scores of countries by goal that stand in place of those of its indicators.
    """
    problems = Problems()
    step = Steps(memory, problems)
    sets = with_transitions(build_sets(case, policy, problems, step), case, step)
    attributes = build_attributes(case, policy, sets, problems)
    slots = step(slot_level_slots, case, list(policy.goals), policy.limits, sets, attributes)
    sets = replace(sets, slots=slots)
    pause()
    people = step(build_people, sets)
    sets = with_movement(sets, people, case, problems, step)
    scores = build_scores(policy.goals, attributes, step, given)
    pause()
    spending = spending_terms(case, sets, people, problems, step)
    pause()
    use = step(use_terms, case, sets, people, country_bands(case), problems)
    pause()
    value = value_terms(case, policy, sets, people, scores=scores, attributes=attributes, step=step)
    diminishing = join_diminishing(policy.goals, value, attributes, step)
    anyway = step(earned_anyway, value, diminishing, list(policy.goals))
    pause()
    measures = Measures(
        case,
        sets,
        people,
        spending,
        use,
        value,
        attributes,
        problems,
        frozenset(diminishing),
        anyway,
        GoalViews.of(policy),
    )
    limits = join_limits(policy.limits, measures, step)
    pause()
    commitments = join_commitments(measures, step)
    floors = _support_floors(policy.support_floor, measures, step)
    divisions = join_divisions(policy.fairness, measures, step)
    check_budget(case, policy, attributes)
    check_stakeholders(case, policy, attributes)
    current, current_at = step(_current_plan, case, policy.stability is not None, attributes)
    policy.retold(case.retold(problems)).raise_if_any(PolicyError)
    return Instance(
        case=case,
        policy=policy,
        sets=sets,
        people=people,
        scores=scores,
        spending=spending,
        use=use,
        value=value,
        diminishing=diminishing,
        anyway=anyway,
        capacity=step(capacities, case, sets),
        budget=step(money_of, case, sets),
        transfers=listed_transfers(case, policy),
        carry_over=carried_over(case, policy),
        caps=step(caps_of, case, sets),
        limits=limits,
        commitments=commitments,
        support_floor=floors,
        divisions=divisions,
        current=current,
        current_at=current_at,
        attributes=attributes,
    )


def money_of(case: Case, sets: Sets) -> pd.DataFrame:
    """Budgets of every window year: line, year, agency, purpose, amount."""
    return through_years(case, "budgets", ["line", "agency", "purpose", "amount"], sets.window)


def caps_of(case: Case, sets: Sets) -> pd.DataFrame:
    """Caps on residents through the window, on intake wherever the case may cap it anew."""
    rows = through_years(case, "national_caps", ["track", "max", "counts"], sets.window)
    counted = rows["counts"].eq("residents") | rows["year"].isin(sets.told_years)
    return rows[counted].reset_index(drop=True)


def _support_floors(
    wanted: Sequence[SupportFloor], measures: Measures, step: Steps
) -> tuple[pd.DataFrame, ...]:
    """Integration money minus the floor, per entrant: the weighted sum must not be negative."""
    if not wanted:
        return ()
    m = measures
    money = support_floor_terms(m.case, m.sets, m.people, m.problems, step)
    return tuple(
        step(_support_floor, money, number, floor, measures, name=number)
        for number, floor in enumerate(wanted, start=1)
    )


def _support_floor(
    money: pd.DataFrame, number: int, floor: SupportFloor, measures: Measures
) -> pd.DataFrame:
    place = f"support_floor.{number}"
    tracks = measures.attributes.members("track", floor.where, place, optional=floor.optional)
    entries = measures.people.entries
    entrants = decided(entries)
    years = numbers_at(entrants["track"], measures.sets.tracks["duration_years"])
    owed = entrants.assign(coefficient=-floor.amount_per_year * years)
    columns = ["family", "position", "track", "entry_year"]
    both = pd.concat([money, owed[[*columns, "coefficient"]]], ignore_index=True)
    return summed(both[both["track"].isin(tracks)], columns, "coefficient")


def listed_transfers(case: Case, policy: Policy) -> tuple[Transfer, ...]:
    """Transfers between lines the case has; optional ones without their lines are left out."""
    lines = set(case.table("budgets")["line"])
    return tuple(
        transfer
        for transfer in policy.budget.transfers
        if not transfer.optional or {transfer.from_, transfer.to} <= lines
    )


def carried_over(case: Case, policy: Policy) -> dict[str, float]:
    """Share of its own amount each line may carry over; lines without a share are left out."""
    given = policy.budget.carry_over
    lines = case.table("budgets")["line"].unique()
    shares = given if isinstance(given, Mapping) else dict.fromkeys(lines, given)
    return {line: float(share) for line, share in shares.items() if share > 0}


def check_budget(case: Case, policy: Policy, attributes: Attributes) -> None:
    """Refuse transfers and carry-over of lines that the case does not have."""
    lines = sorted(set(case.table("budgets")["line"]))
    listed = listed_transfers(case, policy)
    named = [
        (f"budget.transfers.{number}.{end}", line)
        for number, transfer in enumerate(policy.budget.transfers, start=1)
        if transfer in listed
        for end, line in (("from", transfer.from_), ("to", transfer.to))
    ]
    if isinstance(policy.budget.carry_over, Mapping):
        named += [(f"budget.carry_over.{line}", line) for line in policy.budget.carry_over]
    for place, line in named:
        if line not in lines:
            attributes.add(
                place,
                f"case {case.name!r} has no budget line {line!r}",
                "a line of budgets",
                did_you_mean(line, lines),
            )


def _current_plan(
    case: Case, is_needed: bool, attributes: Attributes
) -> tuple[pd.DataFrame, pd.DataFrame]:
    table, tracks = case.table("current_plan"), case.table("tracks")
    # Who comes by forecast is given no slot, so that nothing changes there.
    table = table[table["track"].isin(tracks.loc[tracks["allocation"].ne(FORECAST), "track"])]
    by_country = summed(table, ["country", "track"], "slots", sort=True)
    placed = table[table["region"].ne("")]
    complete = len(placed) == len(table)
    by_region = summed(placed, ["track", "region"], "slots", sort=True)
    if is_needed and not table["slots"].sum() > 0:
        attributes.add(
            "stability",
            f"case {case.name!r} has no current_plan to change from",
            "a table current_plan with slots, or no [stability]",
        )
    return by_country, by_region if complete else by_region.head(0)
