"""Contribution of every person to every goal, at the stage at which it is earned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from optimizer.case import Case
from optimizer.errors import Problems
from optimizer.frames.arrays import Floats
from optimizer.frames.grouping import groups
from optimizer.frames.memory import Steps
from optimizer.instance.attributes import Attributes
from optimizer.instance.lookup import resolve
from optimizer.instance.people import (
    TERM,
    People,
    entering,
    intake_terms,
    newcomers,
    returning,
)
from optimizer.instance.scoring import Scores
from optimizer.instance.sets import Sets
from optimizer.instance.stages import completing, completing_at, continuing, continuing_at
from optimizer.policy import Effect, Policy

_COLUMNS = [*TERM, "goal", "stage", "side", "country", "track", "level", "region", "year"]


def value_terms(
    case: Case,
    policy: Policy,
    sets: Sets,
    people: People,
    *,
    scores: Scores,
    attributes: Attributes,
    step: Steps | None = None,
) -> pd.DataFrame:
    """Every term of every goal's raw value.

    value[g] = sum over stages of discount * (effect[g,t] * score[g,c] * persons[c,t] +
    region_effect[g,t] * region_score[g,r] * persons[t,r]) + score rows * new participants, with
    discount = (1 + rate) ** -(year - first year). Persons by stage: enter = cohort and those who
    come by forecast, present = person-years, complete = completers, continue = transitions after
    the track, return = completers minus transitions where the track's people go home. Whoever
    renews the same track counts as present, and neither completes nor continues. Region effects
    of transitions count where they lead.

    Returns
    -------
    pandas.DataFrame
        family, position, coefficient (raw value), goal, stage, side, country, track, level,
        region, year.
    """
    step = step or Steps()
    by_country, by_region = step(persons_by_stage, sets, people)
    since = sets.years[0], policy.horizon.discount
    parts = []
    for name, goal in policy.goals.items():
        of_countries = scores.countries[name], name in scores.given
        of_regions = scores.regions[name], False
        for side, persons, scored, key, effects in (
            ("country", by_country, of_countries, "effects", goal.effects),
            ("region", by_region, of_regions, "region_effects", goal.region_effects),
        ):
            place = f"goals.{name}.{key}"
            by_track = step(_effects, attributes, effects, place, name=place)
            goals = {"goal": name, "side": side}
            parts.append(step(_worth, persons, by_track, scored, goals, since, name=place))
    rows = step(_score_rows, case, list(policy.goals), sets, people, attributes.problems)
    parts += [_discounted(part, part["worth"].to_numpy(), since) for part in rows]
    return step.kept(
        "value", pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    )


def _worth(
    persons: pd.DataFrame,
    effects: Mapping[tuple[str, str], float],
    scored: tuple[pd.Series, bool],
    labels: Mapping[str, str],
    since: tuple[int, float],
) -> pd.DataFrame:
    """Value terms of one goal on one side, by scores and whether they were given.

    Terms of no value are left out, unless scores were given: then who scores 0 may change.
    """
    side, (scores, is_given) = labels["side"], scored
    # Every goal looks at the same persons, whose keys are factorised once.
    stages, keys = groups(persons, ["track", "stage"]), groups(persons, [side])
    effect = np.array([effects.get(key, 0.0) for key in stages.keys])[stages.codes]
    worth = effect * scores.reindex(keys.keys).to_numpy()[keys.codes]
    return _discounted(persons, worth, since, effect if is_given else worth, **labels)


def _discounted(
    part: pd.DataFrame,
    worth: Floats,
    since: tuple[int, float],
    counts: Floats | None = None,
    **labels: str,
) -> pd.DataFrame:
    """Terms that count (those of a worth, if not said otherwise), discounted from the first year.

    Terms of nobody are left out.
    """
    first, rate = since
    counts = worth if counts is None else counts
    # Most goals speak of few tracks and stages.
    chosen = np.flatnonzero(counts)
    part, worth, counts = part.take(chosen), worth[chosen], counts[chosen]
    discount = (1.0 + rate) ** -(part["year"].to_numpy() - first).astype(float)
    persons = part["coefficient"].to_numpy()
    coefficient = persons * worth * discount
    kept = np.flatnonzero(persons * counts * discount)
    found = part if len(kept) == len(part) else part.take(kept)
    values = {"coefficient": coefficient[kept], **labels}
    columns = {name: found[name].array if name in found else "" for name in _COLUMNS} | values
    return pd.DataFrame(columns, index=pd.RangeIndex(len(kept)))


def persons_by_stage(sets: Sets, people: People) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Terms counting persons at each stage, on the country and on the region margin."""
    by_country = [
        intake_terms(sets, people).assign(stage="enter"),
        people.present.assign(stage="present"),
        completing(sets, people).assign(stage="complete"),
        continuing(sets).assign(stage="continue", level=""),
        returning(sets, people).assign(stage="return"),
    ]
    by_region = [
        newcomers(entering(sets, "placements"), people.entries_at, sets.entry_years).assign(
            stage="enter"
        ),
        people.present_at.assign(stage="present"),
        completing_at(sets, people).assign(stage="complete"),
        continuing_at(sets).assign(stage="continue", level=""),
    ]
    keys = [*TERM, "stage", "track", "level", "year"]
    return (
        pd.concat([part[[*keys, "country"]] for part in by_country], ignore_index=True),
        pd.concat([part[[*keys, "region"]] for part in by_region], ignore_index=True),
    )


def _effects(
    attributes: Attributes, effects: Sequence[Effect], where: str
) -> dict[tuple[str, str], float]:
    """Effect per track and stage; two effects on one track and stage are a mistake."""
    rows: dict[tuple[str, str], float] = {}
    for number, effect in enumerate(effects, start=1):
        place = f"{where}.{number}"
        matched = attributes.members("track", effect.where, place, optional=effect.optional)
        for track in matched:
            if (track, effect.stage) in rows:
                attributes.add(
                    place,
                    f"track {track!r} already has an effect at stage {effect.stage!r}",
                    "one effect per track and stage",
                )
            rows[track, effect.stage] = effect.effect
    return rows


def _score_rows(
    case: Case, goals: Sequence[str], sets: Sets, people: People, problems: Problems
) -> list[pd.DataFrame]:
    """Raw value per new participant from ``scores``.

    Rows without a region contribute the same everywhere and count on the cohort; where a row
    names a region, the single slot contributes the difference to that.
    """
    table = case.table("scores")
    table = table[table["goal"].isin(goals)]
    if not len(table):
        return []
    parts = []
    plain = table[table["region"].eq("")]
    cohort = intake_terms(sets, people)
    merged = cohort.merge(plain[["goal", "country", "track", "value"]], on=["country", "track"])
    parts.append(merged.assign(stage="enter", side="country", worth=merged["value"]))
    named = table.loc[table["region"].ne(""), ["goal", "country", "track", "region", "value"]]
    slots = entering(sets, "slots").merge(named, on=["country", "track", "region"])
    if len(slots):
        cell = slots[["goal", "country", "track"]].assign(region="*")
        general = resolve(
            cell,
            plain,
            keys=["goal", "country", "track"],
            optional=["region"],
            values=["value"],
            file="scores.csv",
            problems=problems,
        )["value"].fillna(0.0)
        worth = slots["value"] - general
        parts.append(slots.assign(stage="enter", side="country", worth=worth))
    return parts
