"""Measures of limits: which terms count what, by which keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pandas as pd

from optimizer.case import Case
from optimizer.errors import Problems
from optimizer.frames import stacked
from optimizer.frames.following import FollowedFields
from optimizer.frames.grouping import groups
from optimizer.instance.attributes import DIMENSIONS, Attribute, Attributes
from optimizer.instance.attribution import (
    COUNTRY,
    REGION,
    check_attribution,
    participants_by_region,
)
from optimizer.instance.goal_views import GoalViews, value_for
from optimizer.instance.money import opened_agreements
from optimizer.instance.people import (
    CONSTANT,
    TERM,
    People,
    decided,
    newcomers,
    returning,
    terms,
)
from optimizer.instance.sets import Sets, cross
from optimizer.instance.stages import (
    completing,
    completing_at,
    continuing,
    continuing_at,
    renewals,
)
from optimizer.policy.groups_of_goals import GOAL, GOAL_GROUPS, STAKEHOLDER
from optimizer.schema.measures import MEASURES
from optimizer.schema.tables import FORECAST

_TRACK = "track"


def numbered(by: Sequence[str]) -> list[str]:
    """Names of the columns that hold the groups of terms.

    Examples
    --------
    >>> numbered(["country", "region.area"])
    ['0', '1']
    """
    return [str(number) for number in range(len(by))]


class Asked(NamedTuple):
    """Query of a measure.

    Attributes
    ----------
    dimensions
        What it is filtered or divided by.
    goal
        Goal whose value is asked for.
    place
        Where it is asked for in the policy.
    tracks
        Tracks that its filters leave.
    planned
        Whether only what follows from decisions counts.
    goals, stakeholders
        Those that its filters leave.
    scaled
        Whether values of goals count by their scales.
    """

    dimensions: set[str]
    goal: str | None
    place: str
    tracks: pd.Index
    planned: bool
    goals: Sequence[str] = ()
    stakeholders: Sequence[str] = ()
    scaled: bool = False


@dataclass(frozen=True)
class Measures(FollowedFields):
    """The terms of every measure, chosen by the dimensions a limit speaks of."""

    case: Case
    sets: Sets
    people: People
    spending: pd.DataFrame
    use: pd.DataFrame
    value: pd.DataFrame
    attributes: Attributes
    problems: Problems = field(compare=False)
    curved: frozenset[str] = frozenset()
    """Goals with diminishing returns."""
    anyway: Mapping[str, float] = field(default_factory=dict)
    """Value of every goal that is earned whatever is decided."""
    views: GoalViews = field(default_factory=lambda: GoalViews({}, frozenset(), {}))
    """Goals, and what they are to stakeholders."""

    def terms(
        self,
        measure: str,
        where: Mapping[str, object],
        by: Sequence[str],
        place: str,
        *,
        goal: str | None = None,
        optional: bool = False,
        planned: bool = False,
        scaled: bool = False,
    ) -> pd.DataFrame:
        """Terms of a measure that match the filters, with one column per entry of ``by``.

        Parameters
        ----------
        planned
            Count what follows from decisions alone: not people already here, nor those who come
            by forecast, nor agreements in force already. Who came by forecast and continues on
            another track counts there, as the plan decides on that.
        scaled
            Count values of goals by their scales; for groups of goals or stakeholders.

        Returns
        -------
        pandas.DataFrame
            family, position, coefficient and one column for each of ``by``, named by its number
            there: an attribute may be called like anything. Empty after a problem was found.
        """
        of_goals = MEASURES[measure].is_of_goal and goal is None
        within = (*DIMENSIONS, *GOAL_GROUPS) if of_goals else DIMENSIONS
        found = {name: self.attributes.find(name, f"{place}.by", within) for name in by}
        filters = {name: self.attributes.find(name, f"{place}.where", within) for name in where}
        used = [*found.values(), *filters.values()]
        if any(attribute is None for attribute in used):
            return pd.DataFrame(columns=[*TERM, *numbered(by)])
        dimensions = {attribute.dimension for attribute in used if attribute}
        before = len(self.problems)
        asked = Asked(dimensions, goal, place, self.tracks_left(where), planned)
        if of_goals:
            left = {each: self.left(where, each).tolist() for each in GOAL_GROUPS}
            asked = asked._replace(goals=left[GOAL], stakeholders=left[STAKEHOLDER], scaled=scaled)
        frame = TERMS[measure](self, asked)
        frame = decided(frame) if planned else frame
        if len(self.problems) > before:
            return pd.DataFrame(columns=[*TERM, *numbered(by)])
        frame = self._missing_dimension(frame, dimensions, measure, place)
        kept = np.ones(len(frame), dtype=bool)
        for name, attribute in filters.items():
            if attribute is not None and kept.any():
                wanted = self.attributes.wanted(
                    attribute, name, where[name], place, optional=optional
                )
                of = groups(frame, [attribute.dimension])
                kept &= of.spread(of.keys.isin(attribute.having(wanted)), False)
        # Most limits keep few of the terms, and copying them was half of what a filter took.
        frame = frame if kept.all() else frame.take(np.flatnonzero(kept))
        if MEASURES[measure].unit == "money":
            check_attribution(frame, self.spending, dimensions, self.attributes, place)
        columns = [attribute.of(frame) for attribute in found.values() if attribute]
        cells = {name: frame[name] for name in TERM} | dict(zip(numbered(by), columns, strict=True))
        return pd.DataFrame({name: cell.array for name, cell in cells.items()}, index=frame.index)

    def tracks_left(self, where: Mapping[str, object]) -> pd.Index:
        """Tracks that filters leave."""
        return self.left(where, _TRACK)

    def left(self, where: Mapping[str, object], dimension: str) -> pd.Index:
        """Keys of a dimension that filters leave."""
        kept = pd.Series(True, index=self.attributes.keys(dimension))
        for name, wanted in where.items():
            attribute = self.dimension(name)
            if attribute is not None and attribute.dimension == dimension:
                kept &= attribute.matches(wanted)
        return kept.index[kept]

    def forecast(self, tracks: pd.Index) -> list[str]:
        """Those of the tracks whose entrants are a forecast."""
        allocation = self.sets.tracks["allocation"]
        return [track for track in tracks if allocation[track] == FORECAST]

    def _missing_dimension(
        self, frame: pd.DataFrame, dimensions: set[str], measure: str, place: str
    ) -> pd.DataFrame:
        absent = sorted(dimensions - set(frame.columns))
        if absent:
            self.attributes.add(
                place,
                f"measure {measure!r} cannot be split or filtered by {absent}",
                "attributes the measure is counted by",
            )
            return frame.head(0).assign(**dict.fromkeys(absent, ""))
        return frame

    def slots(self, asked: Asked) -> pd.DataFrame:
        """New participants, one by one where countries and regions are asked for together.

        Those who come by forecast count too, unless only planned ones are asked for.
        """
        sets = self.sets
        if {COUNTRY, REGION} <= asked.dimensions:
            if not asked.planned:
                self._refuse_expected(asked)
            return terms(sets.slots, "slots")
        if REGION in asked.dimensions:
            placements = terms(sets.placements, "placements")
            return newcomers(placements, self.people.entries_at, sets.years)
        return newcomers(terms(sets.cohort, "cohort"), self.people.entries, sets.years)

    def _refuse_expected(self, asked: Asked) -> None:
        """Refuse to count those of one country in one region who come by forecast."""
        tracks = self.forecast(asked.tracks)
        if tracks:
            self.attributes.add(
                asked.place,
                f"who comes by forecast on {', '.join(tracks)} is not known by country and region "
                "together",
                "planned = true, or a filter of tracks that are planned",
            )

    def residents(self, asked: Asked) -> pd.DataFrame:
        """People here, by country or by region."""
        self._refuse_single(asked, "residents")
        is_by_region = REGION in asked.dimensions
        return self.people.present_at if is_by_region else self.people.present

    def completing(self, asked: Asked) -> pd.DataFrame:
        """People who complete a track, in the year after their last one; not who renews it.

        Not by level where anybody may renew: of which level these are is not known.
        """
        self._refuse_single(asked, "completions")
        if asked.planned:
            self._refuse_renewals(asked)
        by_side = completing_at if REGION in asked.dimensions else completing
        found = by_side(self.sets, self.people)
        return found.drop(columns="level") if len(renewals(self.sets)) else found

    def _refuse_renewals(self, asked: Asked) -> None:
        """Refuse to say whose renewals are taken off those who complete."""
        renewed = sorted(set(renewals(self.sets)["track"]) & set(asked.tracks))
        if renewed:
            self.attributes.add(
                asked.place,
                f"those who complete {', '.join(renewed)} are not counted by how they came, since "
                "they may renew it",
                "no planned, or a filter of other tracks",
            )

    def continuing(self, asked: Asked) -> pd.DataFrame:
        """People who continue on another track, counted on the one that they completed."""
        self._refuse_single(asked, "transitions")
        return (continuing_at if REGION in asked.dimensions else continuing)(self.sets)

    def returning(self, asked: Asked) -> pd.DataFrame:
        """People who go home after completing a track.

        Not by level, since those who continue are not counted by the level they had. Nor by how
        they came.
        """
        if asked.planned:
            self.attributes.add(
                asked.place,
                "those who go home are not counted by how they came",
                "no planned, and perhaps a filter of tracks",
            )
        return returning(self.sets, self.people).drop(columns="level")

    def in_force(self, asked: Asked) -> pd.DataFrame:
        """Agreements in force in a year of intake, existing ones included."""
        table = self.case.table("agreements")
        existing = table.loc[table["status"].eq("existing"), ["country", "track"]]
        standing = cross(existing, "year", self.sets.years)
        standing = standing.assign(family=CONSTANT, position=-1, coefficient=1.0)
        proposed = terms(self.sets.agreement, "agreement")
        keys = [*TERM, "country", "track", "year"]
        return stacked([proposed[keys], standing[keys]])

    def opening(self, asked: Asked) -> pd.DataFrame:
        """Agreements in the year in which their set-up is paid."""
        return opened_agreements(self.case, self.sets)

    def _refuse_single(self, asked: Asked, what: str) -> None:
        """Refuse to count expected people of one country in one region, which is not decided."""
        if {COUNTRY, REGION} <= asked.dimensions:
            self.attributes.add(
                asked.place,
                f"{what} are not counted by country and region together",
                "attributes of countries or of regions: where a stayer of one country "
                "lives is not decided",
            )

    def used(self, asked: Asked) -> pd.DataFrame:
        """Units of services."""
        return self.use

    def worth(self, asked: Asked) -> pd.DataFrame:
        """Raw value of a goal, or of goals for themselves or for stakeholders."""
        if asked.goal is None:
            frame = self._worth_of_goals(asked)
        else:
            frame = self.value[self.value["goal"] == asked.goal]
        split = sorted(asked.dimensions & {COUNTRY, REGION})
        for dimension in split:
            beside = frame.loc[frame["side"].ne(dimension), "goal"]
            for goal in beside.drop_duplicates():
                self.attributes.add(
                    asked.place,
                    f"the value of goal {goal!r} is not earned by {dimension} alone",
                    "attributes of years or tracks",
                )
        return frame

    def _worth_of_goals(self, asked: Asked) -> pd.DataFrame:
        who = asked.stakeholders if STAKEHOLDER in asked.dimensions else None
        frame = value_for(self.value, self.views, asked.goals, who)
        counted = frame["goal"].drop_duplicates().tolist()
        for goal in self.curved.intersection(counted):
            self.attributes.add(
                asked.place,
                f"goal {goal!r} has diminishing returns, so its value has no parts to compare",
                "a filter of goals without diminishing returns",
            )
        if not asked.scaled:
            return frame
        scales = {goal: self.views.scales[goal] for goal in counted}
        for goal in [goal for goal, scale in scales.items() if scale is None]:
            self.attributes.add(
                asked.place,
                f"goal {goal!r} counts by its ideal, which is known only after solving",
                f"a number as goals.{goal}.scale, or no scaled",
            )
        factors = {goal: 1.0 / (scale or 1.0) for goal, scale in scales.items()}
        by_scale = frame["coefficient"] * frame["goal"].map(factors).astype("float64")
        return frame.assign(coefficient=by_scale)

    def spent(self, asked: Asked) -> pd.DataFrame:
        """Money."""
        if REGION not in asked.dimensions:
            return self.spending
        if COUNTRY in asked.dimensions:
            self.attributes.add(
                asked.place,
                "spending is not counted by country and region together",
                "attributes of countries or of regions",
            )
            return self.spending.head(0)
        kept = self.spending[self.spending["region"].ne("")]
        split = participants_by_region(self.case, self.sets, self.people)
        return pd.concat([kept, split], ignore_index=True)

    def dimension(self, name: str) -> Attribute | None:
        """Attribute behind a name, without reporting a problem twice."""
        quiet = self.attributes.quiet()
        return quiet.find(name, "") or quiet.find(name, "", GOAL_GROUPS)


TERMS: Mapping[str, Callable[[Measures, Asked], pd.DataFrame]] = {
    "slots": Measures.slots,
    "residents": Measures.residents,
    "completions": Measures.completing,
    "transitions": Measures.continuing,
    "returns": Measures.returning,
    "spending": Measures.spent,
    "use": Measures.used,
    "value": Measures.worth,
    "open": Measures.in_force,
    "opened": Measures.opening,
}
"""Where the terms of every measure come from."""
