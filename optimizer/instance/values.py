"""What every person is worth to every goal, at the stage at which it is earned."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from optimizer.case import Case
from optimizer.errors import Problems
from optimizer.instance.attributes import Attributes
from optimizer.instance.lookup import resolve
from optimizer.instance.people import TERM, People, terms
from optimizer.instance.scoring import Scores
from optimizer.instance.sets import Sets
from optimizer.policy import Effect, Policy

COLUMNS = [*TERM, "goal", "stage", "side", "country", "track", "level", "region", "year"]


def value_terms(
    case: Case, sets: Sets, people: People, scores: Scores, attributes: Attributes
) -> pd.DataFrame:
    """Every term of every goal's raw value.

    value[g] = sum over stages of discount * (effect[g,t] * score[g,c] * persons[c,t] +
    region_effect[g,t] * region_score[g,r] * persons[t,r]) + score rows * new participants, with
    discount = (1 + rate) ** -(year - first year). Persons by stage: enter = cohort, present =
    person-years, complete = completers, continue = transitions after the track, return = completers
    minus transitions where the track's people go home. Region effects of transitions count where
    they lead.

    Returns
    -------
    pandas.DataFrame
        family, position, coefficient (raw value), goal, stage, side, country, track, level,
        region, year.
    """
    policy = attributes.policy
    by_country, by_region = persons_by_stage(sets, people)
    parts = []
    for name, goal in policy.goals.items():
        effects = _effects(attributes, goal.effects, f"goals.{name}.effects")
        merged = by_country.merge(effects, on=["track", "stage"])
        worth = merged["effect"] * merged["country"].map(scores.countries[name])
        parts.append(merged.assign(goal=name, side="country", worth=worth))
        effects = _effects(attributes, goal.region_effects, f"goals.{name}.region_effects")
        merged = by_region.merge(effects, on=["track", "stage"])
        worth = merged["effect"] * merged["region"].map(scores.regions[name])
        parts.append(merged.assign(goal=name, side="region", worth=worth))
    parts += _score_rows(case, policy, sets, attributes.problems)
    frame = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    for column in ("country", "region", "level"):
        frame[column] = frame[column].fillna("") if column in frame else ""
    discount = (1.0 + policy.horizon.discount) ** -(frame["year"] - sets.years[0]).astype(float)
    frame["coefficient"] = frame["coefficient"] * frame["worth"] * discount
    return frame.loc[frame["coefficient"] != 0, COLUMNS].reset_index(drop=True)


def persons_by_stage(sets: Sets, people: People) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Terms counting persons at each stage, on the country and on the region margin."""
    goes_home = sets.tracks.index[sets.tracks["returns_home"]]
    completes = people.completes
    transitions = terms(sets.transitions, "transitions")
    returning = completes[completes["track"].isin(goes_home)]
    of_returning = transitions[transitions["track"].isin(goes_home)]
    by_country = [
        terms(sets.cohort, "cohort").assign(stage="enter"),
        people.present.assign(stage="present"),
        completes.assign(stage="complete"),
        transitions.assign(stage="continue", level=""),
        returning.assign(stage="return"),
        of_returning.assign(stage="return", level="", coefficient=-1.0),
    ]
    by_region = [
        terms(sets.placements, "placements").assign(stage="enter"),
        people.present_at.assign(stage="present"),
        people.completes_at.assign(stage="complete"),
        terms(sets.transitions_by_region, "transitions_by_region").assign(
            stage="continue", level=""
        ),
    ]
    keys = [*TERM, "stage", "track", "level", "year"]
    return (
        pd.concat([part[[*keys, "country"]] for part in by_country], ignore_index=True),
        pd.concat([part[[*keys, "region"]] for part in by_region], ignore_index=True),
    )


def _effects(attributes: Attributes, effects: Sequence[Effect], where: str) -> pd.DataFrame:
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
    frame = pd.DataFrame(
        [(track, stage, value) for (track, stage), value in rows.items()],
        columns=["track", "stage", "effect"],
    )
    return frame.astype({"track": "str", "stage": "str", "effect": "float64"})


def _score_rows(case: Case, policy: Policy, sets: Sets, problems: Problems) -> list[pd.DataFrame]:
    """Raw value per new participant from ``scores``.

    Rows without a region are worth the same everywhere and count on the cohort; where a row
    names a region, the single slot is worth the difference to that.
    """
    table = case.table("scores")
    table = table[table["goal"].isin(policy.goals)]
    if not len(table):
        return []
    parts = []
    plain = table[table["region"].eq("")]
    cohort = terms(sets.cohort, "cohort")
    merged = cohort.merge(plain[["goal", "country", "track", "value"]], on=["country", "track"])
    parts.append(merged.assign(stage="enter", side="country", worth=merged["value"]))
    named = table.loc[table["region"].ne(""), ["goal", "country", "track", "region", "value"]]
    slots = terms(sets.slots, "slots").merge(named, on=["country", "track", "region"])
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
