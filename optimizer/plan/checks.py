"""Every rule checked on a plan's numbers, without a model and without a solver."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from optimizer.frames import labels, stacked
from optimizer.instance.bounds import JoinedLimit
from optimizer.instance.people import terms, transition_room
from optimizer.instance.sets import cross
from optimizer.plan.money import check_money
from optimizer.plan.subject import Subject, rows


def check_margins(s: Subject) -> list[pd.DataFrame]:
    """Applicants, agreements, minimum cohorts and sites."""
    sets = s.instance.sets
    pair = ["country", "track", "year"]
    pairs = sets.pairs.set_index(pair)
    cohort = s.total(terms(sets.cohort, "cohort"), pair).reindex(pairs.index).fillna(0.0)
    is_open = pd.Series(s.values.of["agreement"], index=pd.MultiIndex.from_frame(sets.agreement))
    factor = is_open.reindex(pairs.index).fillna(0.0).where(pairs["link"].eq("proposed"), 1.0)
    applicants, minimum = pairs["applicants"], pairs["min_cohort"]
    hosted = pd.MultiIndex.from_frame(sets.cohort[pair].drop_duplicates())
    binding = (applicants >= minimum) & (minimum > 0) & pairs.index.isin(hosted)
    agreed, runs = pairs["link"].eq("proposed"), binding & pairs["link"].eq("active")
    least = binding & pairs["link"].isin(["existing", "proposed"])

    def among(chosen: pd.Series, rule: str, sense: str, limit: pd.Series) -> pd.DataFrame:
        return rows(rule, pairs.index[chosen], cohort[chosen], sense, limit[chosen])

    done = [
        among(~agreed, "cohort_within_applicants", "at_most", applicants),
        among(agreed, "cohort_needs_agreement", "at_most", applicants * factor),
        among(least, "cohort_reaches_minimum", "at_least", minimum * factor),
        among(runs, "active_track_reaches_minimum", "at_least", minimum.where(cohort > 0, 0.0)),
    ]
    if sets.has_regions:
        site = ["track", "region", "year"]
        placements = s.total(terms(sets.placements, "placements"), site)
        most = sets.sites.set_index(site)["max_slots"].reindex(placements.index)
        done.append(rows("placements_within_site", placements.index, placements, "at_most", most))
    return done


def check_caps(s: Subject) -> list[pd.DataFrame]:
    """National caps on intake and residents."""
    sets, caps = s.instance.sets, s.instance.caps.set_index(["track", "year"])
    done = []
    for counts, rule, counted in (
        ("intake", "intake_within_cap", terms(sets.cohort, "cohort")),
        ("residents", "residents_within_cap", s.instance.people.present),
    ):
        chosen = caps[caps["counts"].eq(counts)]
        value = s.total(counted, ["track", "year"]).reindex(chosen.index).fillna(0.0)
        done.append(rows(rule, chosen.index, value, "at_most", chosen["max"]))
    return done


def check_transitions(s: Subject) -> list[pd.DataFrame]:
    """Stayers among completers, and a place for each."""
    sets = s.instance.sets
    key = ["country", "track", "next_track", "year"]
    room = transition_room(s.instance.people.completes, s.instance.case.table("continuations"))
    index = pd.MultiIndex.from_frame(sets.transitions[key])
    most = s.total(room, key).reindex(index)
    done = [
        rows("transitions_within_completers", index, s.values.of["transitions"], "at_most", most)
    ]
    if sets.has_regions and len(sets.transitions):
        flow = ["track", "next_track", "group", "year"]
        transitions = s.total(terms(sets.transitions, "transitions"), flow)
        places = terms(sets.transitions_by_region, "transitions_by_region")
        at = s.total(places, flow).reindex(transitions.index)
        done.append(rows("transitions_match_places", transitions.index, at, "equal", transitions))
    return done


def check_services(s: Subject) -> list[pd.DataFrame]:
    """Use of local services against capacity, and expansion against its limit."""
    table = service_years(s)
    table = table[table["used_by_plan"]]
    key = table[["region", "service", "year"]]
    built = s.instance.sets.expansion
    return [
        rows("use_within_capacity", key, table["use"], "at_most", table["capacity"]),
        rows(
            "expansion_within_limit",
            built[["region", "service", "year"]],
            s.values.of["expansion"],
            "at_most",
            built["expansion_limit"],
        ),
    ]


def service_years(s: Subject) -> pd.DataFrame:
    """Use and capacity of every service.

    Returns
    -------
    pandas.DataFrame
        region, service, year, use, capacity (with what was built), built, unit, used_by_plan
        (whether anyone of this case can use it there).
    """
    key = ["region", "service", "year"]
    table = s.instance.capacity
    index = pd.MultiIndex.from_frame(table[key])
    use = s.total(s.instance.use, key)
    steps = s.instance.sets.expansion.assign(steps=s.values.of["expansion"])
    later = cross(steps, "later", s.instance.sets.window)
    later = later[later["later"] > later["year"]]
    later = later.assign(year=later["later"], added=later["steps"] * later["expansion_unit"])
    built = later.groupby(key)["added"].sum().reindex(index).fillna(0.0).to_numpy()
    used = np.array([item in use.index for item in index], dtype=bool)
    return table[key].assign(
        use=use.reindex(index).fillna(0.0).to_numpy(),
        capacity=table["capacity"].to_numpy() + built,
        built=built,
        unit=table["unit"].to_numpy(),
        used_by_plan=used,
    )


def check_limits(s: Subject) -> list[pd.DataFrame]:
    """Hard limits of the policy and commitments of the case."""
    done = []
    for limit in s.instance.commitments:
        done += limit_rows(s, limit, "commitment")
    for limit in s.instance.limits:
        if limit.limit.soft is None:
            done += limit_rows(s, limit, "limit")
    return done


def limit_rows(s: Subject, limit: JoinedLimit, rule: str) -> list[pd.DataFrame]:
    """Measured values against the bounds of one limit, or of one commitment, for each group."""
    groups, goal = limit.groups.index, limit.limit.goal
    size = s.size(limit.measured, ["group"]).reindex(groups)
    if limit.counted and goal is not None:
        measured = pd.Series([goal_values(s)[goal]], index=groups)
        size = size + measured.abs()
    else:
        measured = s.total(limit.measured, ["group"]).reindex(groups)
    key, words = _named(limit, rule)
    done = []
    for bound in limit.bounds:
        number, sizes = bound.constant, size + bound.constant.abs()
        if bound.is_relative:
            other, others = s.total(bound.other, ["group"]), s.size(bound.other, ["group"])
            number = number + bound.times * bound.other_group.map(other).fillna(0.0)
            sizes = sizes + bound.times * bound.other_group.map(others).fillna(0.0)
        told = rows(
            f"{rule}_{bound.sense}",
            key,
            measured,
            bound.sense,
            number,
            unit=limit.limit.counts.unit,
            size=sizes,
            words=words,
        )
        done.append(told)
    return done


def _named(limit: JoinedLimit, rule: str) -> tuple[pd.DataFrame, list[str]]:
    """Keys of the groups of a limit, the limit itself first, and the same in words."""
    if limit.row is not None:
        return pd.DataFrame({rule: [limit.row]}), [f"{rule} {limit.row}"]
    # An attribute may be called like anything, so columns are given their names afterwards.
    columns = [pd.Series(limit.name, index=limit.groups.index)]
    columns += [limit.groups[name] for name in limit.limit.by]
    key = pd.concat(columns, axis=1)
    key.columns = pd.Index([rule, *limit.limit.by])
    words = [f"{limit.name}, {group}" for group in limit.groups.index]
    return key, words if limit.limit.by else [limit.name]


def goal_values(s: Subject) -> dict[str, float]:
    """Value of every goal, after diminishing returns."""
    instance = s.instance
    raw = s.total(instance.value, ["goal"])
    values = {goal: float(raw.get(goal, 0.0)) for goal in instance.policy.goals}
    for goal, curve in instance.diminishing.items():
        groups = s.total(curve.terms, ["group"])
        values[goal] = float(curve.counted(groups).sum())
    return values


def check_support(s: Subject) -> list[pd.DataFrame]:
    """Support per person against its floor, over the cohorts of each track and year."""
    done = []
    for number, terms_ in enumerate(s.instance.support_floor):
        above = s.total(terms_, ["track", "entry_year"])
        size = s.size(terms_, ["track", "entry_year"])
        key = above.index.to_frame()
        words = labels(key.assign(floor=f"floor {number + 1}"))
        key, least = key.assign(floor=number + 1), np.zeros(len(above))
        rule = "support_reaches_floor"
        done.append(rows(rule, key, above, "at_least", least, size=size, words=words))
    return done


def changes(s: Subject) -> pd.Series:
    """Change against the current plan by year, in percent of today's slots; none without one."""
    instance, sets = s.instance, s.instance.sets
    total = float(instance.current["slots"].sum())
    if not total:
        return pd.Series(dtype=float)
    margins = [(sets.cohort, "cohort", instance.current, ["country", "track"])]
    if len(instance.current_at):
        margins.append((sets.placements, "placements", instance.current_at, ["track", "region"]))
    moved = {}
    for year in sets.years:
        distances = []
        for frame, family, current, key in margins:
            all_ = terms(frame, family)
            planned = s.total(all_[all_["year"].eq(year)], key)
            today = current.set_index(key)["slots"]
            distances.append(float(planned.sub(today, fill_value=0.0).abs().sum()))
        moved[year] = 100.0 * float(np.mean(distances)) / total
    return pd.Series(moved)


def check_stability(s: Subject) -> list[pd.DataFrame]:
    """Change against the current plan within its limit."""
    stability = s.instance.policy.stability
    if stability is None or stability.max_change is None:
        return []
    moved = changes(s)
    key = pd.DataFrame({"year": moved.index})
    most = np.full(len(moved), 100.0 * stability.max_change)
    return [rows("change_within_limit", key, moved, "at_most", most)]


CHECKS: tuple[Callable[[Subject], list[pd.DataFrame]], ...] = (
    check_margins,
    check_caps,
    check_transitions,
    check_money,
    check_services,
    check_limits,
    check_support,
    check_stability,
)


def check_all(s: Subject) -> pd.DataFrame:
    """Every row of the model's own rules: rule, key, value, sense, limit."""
    return stacked([part for check in CHECKS for part in check(s)])
