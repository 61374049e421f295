"""Tidy tables that follow from a plan's decisions."""

from __future__ import annotations

import numpy as np
import pandas as pd

from optimizer.frames import numbers_at, stacked, summed
from optimizer.frames.grouping import groups, once
from optimizer.instance import Instance
from optimizer.instance.money import EXPANSION, PARTICIPANTS, REGIONAL, UPKEEP
from optimizer.instance.people import decided, returning, terms
from optimizer.instance.sets import FLOW, Sets
from optimizer.instance.stages import completing, continuing, renewals
from optimizer.plan.checks import goal_values, service_years
from optimizer.plan.coming import expected_people
from optimizer.plan.money import line_years
from optimizer.plan.scored import country_scores
from optimizer.plan.subject import Subject
from optimizer.plan.values import positioned


def result_tables(s: Subject) -> dict[str, pd.DataFrame]:
    """Tables that follow from the decisions; see :class:`optimizer.plan.Plan`."""
    slots = s.decisions.slots
    return {
        "cohort": _total(slots, ["country", "track", "level", "year"]),
        "placements": _total(slots, ["track", "level", "region", "year"]),
        "expected": once(expected_people, s.instance),
        "residents": _residents(s),
        "spending": once(line_years, s),
        "integration": integration(s),
        "services": once(service_years, s).drop(columns="used_by_plan"),
        "stages": stages(s),
        "agreements": agreements(s),
        "people": fates(s),
        "outcomes": outcomes(s),
        "country_scores": once(country_scores, s.instance),
    }


def _total(slots: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    return summed(slots, keys, "slots")


def _residents(s: Subject) -> pd.DataFrame:
    """track, region, year, persons, anyway; the region is blank in national cases.

    anyway is how many of them are here whatever is decided: already here, or expected.
    """
    people = s.instance.people
    if s.instance.sets.has_regions:
        keys, frame = ["track", "region", "year"], people.present_at
    else:
        keys, frame = ["track", "year"], people.present
    total = s.total(frame, keys).rename("persons")
    persons = total.reset_index().assign(anyway=s.anyway_at(total.index, frame, keys))
    if "region" not in persons:
        persons.insert(1, "region", "")
    return persons[persons["persons"] > 0].reset_index(drop=True)


def agreements(s: Subject) -> pd.DataFrame:
    """country, track, status, open_from: agreements open under the plan."""
    table = s.instance.case.table("agreements")
    existing = table[table["status"].eq("existing")][["country", "track", "status"]]
    existing = existing.assign(open_from=s.instance.sets.years[0])
    opened = s.decisions.agreements.rename(columns={"year": "open_from"}).assign(status="proposed")
    both = pd.concat([existing, opened], ignore_index=True)
    return both[["country", "track", "status", "open_from"]]


def stages(s: Subject) -> pd.DataFrame:
    """goal, stage, side, period, raw: raw value before diminishing returns, by where it is earned.

    Of what the plan earns: without what is earned whatever is decided.

    ``period`` is that of the year it is earned in, see :meth:`optimizer.instance.sets.Sets.period`.
    """
    raw = s.total(once(_value_by_period, s.instance), ["goal", "stage", "side", "period"])
    return raw.rename("raw").reset_index()


def _value_by_period(instance: Instance) -> pd.DataFrame:
    value = decided(instance.value)
    return value.assign(period=instance.sets.period(value["year"]))


def goals(s: Subject, scales: dict[str, float]) -> pd.DataFrame:
    """goal, weight, scale, raw, scaled (raw / scale), weighted (points), anyway.

    raw is what the plan earns; anyway is what is earned beside it, whatever is decided.
    """
    policy = s.instance.policy
    total = sum(abs(goal.weight) for goal in policy.goals.values())
    values = once(goal_values, s)
    names = list(policy.goals)
    table = pd.DataFrame(
        {
            "goal": names,
            "weight": [policy.goals[name].weight for name in names],
            "scale": [scales[name] for name in names],
            "raw": [values[name] for name in names],
        }
    )
    table["scaled"] = table["raw"] / table["scale"]
    table["weighted"] = 100.0 * table["weight"] / total * table["scaled"]
    table["anyway"] = [s.instance.anyway[name] for name in names]
    return table


def integration(s: Subject) -> pd.DataFrame:
    """Integration budget by country, track, region and year.

    Money of lines with purpose ``integration``. Participants' costs follow the single slots of
    the plan (stayers: both margins of their flow in proportion); regional supplements likewise.
    What belongs to no country (expansion, upkeep), no region (agreements) or was not split by
    region (people present before the plan) has that key blank.

    Returns
    -------
    pandas.DataFrame
        country, track, region, year, line, what, amount (currency).
    """
    paid = once(_integration_terms, s.instance)
    paid = paid.assign(amount=s.values.amounts(paid))
    paid = paid[paid["amount"] != 0]
    keys = ["country", "track", "region", "year", "line", "what"]
    whole = paid["what"].isin([EXPANSION, UPKEEP]) | ~paid["what"].isin([PARTICIPANTS, REGIONAL])
    parts = [paid.loc[whole | paid["family"].eq("constant"), [*keys, "amount"]]]
    if s.instance.sets.has_regions:
        shares = _shares(s)
        for family, other in (
            ("cohort", "region"),
            ("transitions", "region"),
            ("placements", "country"),
            ("transitions_by_region", "country"),
        ):
            rows = paid[paid["family"].eq(family) & ~whole].drop(columns=other)
            split = rows.merge(shares[family], on="position")
            split["amount"] = split["amount"] * split["share"]
            parts.append(split[[*keys, "amount"]])
    else:
        parts.append(paid.loc[~whole & paid["family"].ne("constant"), [*keys, "amount"]])
    return summed(stacked(parts), keys, "amount")


def _integration_terms(instance: Instance) -> pd.DataFrame:
    """Terms of the lines with purpose ``integration``."""
    lines = instance.budget.loc[instance.budget["purpose"].eq("integration"), "line"].unique()
    return instance.spending[instance.spending["line"].isin(lines)]


def _shares(s: Subject) -> dict[str, pd.DataFrame]:
    """For every decision on one margin, its shares over the other margin."""
    sets, slots = s.instance.sets, s.decisions.slots
    cohort, placements = (
        slots.assign(position=s.values.positions[family]).loc[s.values.positions[family] >= 0]
        for family in ("cohort", "placements")
    )
    transitions, by_region = (
        positioned(frame).assign(slots=values)[values > 0]
        for frame, values in (
            (sets.transitions, s.values.of["transitions"]),
            (sets.transitions_by_region, s.values.of["transitions_by_region"]),
        )
    )
    to = transitions[[*FLOW, "country", "position"]].merge(
        by_region[[*FLOW, "region", "slots"]], on=FLOW
    )
    of = by_region[[*FLOW, "region", "position"]].merge(
        transitions[[*FLOW, "country", "slots"]], on=FLOW
    )
    return {
        "cohort": _share(cohort, "region"),
        "placements": _share(placements, "country"),
        "transitions": _share(to, "region"),
        "transitions_by_region": _share(of, "country"),
    }


def _share(frame: pd.DataFrame, other: str) -> pd.DataFrame:
    total = frame.groupby("position")["slots"].transform("sum")
    return frame[["position", other]].assign(share=frame["slots"] / total)


def outcomes(s: Subject) -> pd.DataFrame:
    """Who completes, continues and goes home in each year of the window.

    Returns
    -------
    pandas.DataFrame
        country, track, year, completions, transitions, returns (expected persons, as the measures
        of these names count them; rows without any are left out), anyway (completions of people
        who were here or came whatever was decided, before any of them renews; that some continue,
        and others go home, is decided).
    """
    counted = {
        "completions": once(_completing, s.instance),
        "transitions": once(_continuing, s.instance),
        "returns": once(_returns, s.instance),
    }
    key = ["country", "track", "year"]
    table = pd.DataFrame({name: s.total(frame, key) for name, frame in counted.items()})
    table = table[table.sum(axis=1) > 0].fillna(0.0)
    anyway = s.anyway_at(table.index, counted["completions"], key)
    return table.assign(anyway=anyway).reset_index()


def _completing(instance: Instance) -> pd.DataFrame:
    return completing(instance.sets, instance.people)


def _continuing(instance: Instance) -> pd.DataFrame:
    return continuing(instance.sets)


def _returns(instance: Instance) -> pd.DataFrame:
    return returning(instance.sets, instance.people)


def fates(s: Subject) -> pd.DataFrame:
    """How every entrant ends: left, continues, goes home, or present at the end of the window.

    Returns
    -------
    pandas.DataFrame
        country, track, entrants, left, transitions, goes_home, present (persons, summed over the
        entrants who were here at some time of the window, and came before any repeated year).
        anyway is how many of the entrants came whatever is decided.
        Whoever renews a track has entered it once, and is present if he renews in a repeated year.
    """
    sets, key = s.instance.sets, ["country", "track"]
    entered, dropped, present, completed, moved = once(_ends, s.instance)
    index = groups(entered, key).keys
    again, later = (s.at(index, renewed, key) for renewed in once(_renewed, s.instance))
    entrants = s.total(entered, key) - again
    transitions = s.at(index, moved, key) - again - later
    # Who renews has not completed.
    completers = s.at(index, completed, key) - again - later
    returns = sets.tracks["returns_home"].reindex(index.get_level_values("track"))
    goes_home = np.where(returns.to_numpy(), completers - transitions, 0.0)
    table = pd.DataFrame(
        {
            "entrants": entrants,
            "left": s.at(index, dropped, key) + completers - transitions - goes_home,
            "transitions": transitions,
            "goes_home": goes_home,
            "present": s.at(index, present, key) + later,
            "anyway": s.anyway_at(index, entered, key),
        }
    ).reset_index()
    ends = table[["left", "transitions", "goes_home", "present"]].sum(axis=1)
    assert np.allclose(ends, table["entrants"]), "an entrant ended as nothing or as two things"
    return table[table["entrants"] > 0].reset_index(drop=True)


def _last_entry(sets: Sets) -> int:
    """Last year whose entrants are followed to their end: no repeated one."""
    return sets.years[-1] if sets.repeated else sets.window[-1]


def _renewed(instance: Instance) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Terms of who renews a track while entrants are followed, and of who does so later.

    Of the later ones only those who came before any repeated year.
    """
    sets = instance.sets
    renewed, last = renewals(sets), _last_entry(sets)
    came = renewed["year"] - numbers_at(renewed["track"], sets.tracks["duration_years"])
    is_later = renewed["year"] > last
    return renewed[~is_later], renewed[is_later & (came <= last)]


def _ends(instance: Instance) -> tuple[pd.DataFrame, ...]:
    """Terms of entrants who were here in the window, and of how they end.

    Returns
    -------
    tuple of DataFrame
        Entrants, those who drop out, who stay beyond the window, who complete, and who continue.
    """
    sets, completes = instance.sets, instance.people.completes
    durations = sets.tracks["duration_years"]
    entered, last = instance.people.entries, _last_entry(sets)
    entered = entered[entered["entry_year"] <= last]
    ends = entered["entry_year"] + numbers_at(entered["track"], durations)
    here, stays = ends >= sets.window[0], ends > sets.window[-1]
    done = entered[here & ~stays].merge(sets.levels, on=["track", "level"])
    dropped = done.assign(coefficient=done["coefficient"] * (1.0 - done["completion_rate"]))
    moved = terms(sets.transitions, "transitions")
    # Those who continue in a year came one duration before.
    came = moved["year"] - numbers_at(moved["track"], durations)
    return (
        entered[here],
        dropped,
        entered[stays],
        completes[completes["entry_year"] <= last],
        moved[came <= last],
    )
