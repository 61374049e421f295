"""Every rule checked on a plan's numbers, without a model and without a solver."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd

from optimizer.frames import labels, stacked
from optimizer.frames.arrays import Floats
from optimizer.frames.grouping import groups, once, places, remembered, sums_at
from optimizer.instance import Instance
from optimizer.instance.bounds import JoinedLimit
from optimizer.instance.people import (
    CONSTANT,
    TERM,
    decided,
    entering,
    intake_terms,
    placed_in_told_years,
    terms,
)
from optimizer.instance.sets import FLOW, cross
from optimizer.plan.evenness import lies_apart
from optimizer.plan.money import check_money
from optimizer.plan.movement import check_movement, room
from optimizer.plan.subject import Keys, Subject, keys_in, rows

Chosen = npt.NDArray[np.bool_]
_PAIR = ["country", "track", "year"]
SITE = ["track", "region", "year"]
_SERVICE = ["region", "service", "year"]


def check_margins(s: Subject) -> list[pd.DataFrame]:
    """Applicants, agreements, minimum cohorts and sites."""
    sets = s.instance.sets
    pairs, keys = sets.pairs, keys_in(sets.pairs, _PAIR)
    cohort = s.at(pairs, s.terms("cohort"), _PAIR)
    link, applicants, minimum = (
        pairs[name].to_numpy() for name in ("link", "applicants", "min_cohort")
    )
    agreed = link == "proposed"
    factor = np.where(agreed, s.at(pairs, s.terms("agreement"), _PAIR), 1.0)
    hosted = places(s.terms("cohort"), _PAIR, pairs) >= 0
    binding = (applicants >= minimum) & (minimum > 0) & hosted
    runs, least = binding & (link == "active"), binding & np.isin(link, ["existing", "proposed"])

    def among(chosen: Chosen, rule: str, sense: str, limit: Floats) -> pd.DataFrame:
        return rows(rule, keys[chosen], cohort[chosen], sense, limit[chosen])

    done = [
        among(~agreed, "cohort_within_applicants", "at_most", applicants),
        among(agreed, "cohort_needs_agreement", "at_most", applicants * factor),
        among(least, "cohort_reaches_minimum", "at_least", minimum * factor),
        among(runs, "active_track_reaches_minimum", "at_least", np.where(cohort > 0, minimum, 0.0)),
    ]
    later = sets.later_pairs
    if len(later):
        again, most = s.at(later, entering(sets, "cohort"), _PAIR), later["applicants"]
        done.append(rows("cohort_within_applicants", keys_in(later, _PAIR), again, "at_most", most))
    if sets.has_regions:
        placed = once(placed_in_told_years, sets)
        site, placements = groups(placed, SITE).keys, s.total(placed, SITE)
        places_here = sums_at(site, sets.sites, SITE, sets.sites["max_slots"].to_numpy())
        keys = keys_in(site, SITE)
        done.append(rows("placements_within_site", keys, placements, "at_most", places_here))
    return done


def check_caps(s: Subject) -> list[pd.DataFrame]:
    """National caps on intake and residents."""
    caps, key = s.instance.caps, ["track", "year"]
    done = []
    for counts, rule, counted in (
        ("intake", "intake_within_cap", once(_intake, s.instance)),
        ("residents", "residents_within_cap", s.instance.people.present),
    ):
        chosen = caps["counts"].eq(counts).to_numpy()
        value, most = s.at(caps, counted, key), caps["max"].to_numpy()
        keys = keys_in(caps, key)[chosen]
        done.append(rows(rule, keys, value[chosen], "at_most", most[chosen]))
    return done


def _intake(instance: Instance) -> pd.DataFrame:
    return intake_terms(instance.sets, instance.people)


def check_transitions(s: Subject) -> list[pd.DataFrame]:
    """Stayers among completers, and a place for each."""
    sets = s.instance.sets
    key = ["country", "track", "next_track", "year"]
    keys, value = keys_in(sets.transitions, key), s.values.of["transitions"]
    most = s.at(sets.transitions, once(room, s.instance), key)
    done = [rows("transitions_within_completers", keys, value, "at_most", most)]
    if s.instance.moves_by_attraction:
        return [*done, *check_movement(s)]
    if sets.has_regions and len(sets.transitions):
        transitions = s.total(s.terms("transitions"), FLOW)
        index = groups(s.terms("transitions"), FLOW).keys
        at = s.at(index, s.terms("transitions_by_region"), FLOW)
        keys = keys_in(index, FLOW)
        done.append(rows("transitions_match_places", keys, at, "equal", transitions))
    return done


def check_services(s: Subject) -> list[pd.DataFrame]:
    """Use of local services against capacity, and expansion against its limit."""
    table, built = once(service_years, s), s.instance.sets.expansion
    used = table["used_by_plan"].to_numpy()
    use, capacity = (table[name].to_numpy()[used] for name in ("use", "capacity"))
    steps, most = s.values.of["expansion"], built["expansion_limit"]
    keys = keys_in(s.instance.capacity, _SERVICE)[used]
    return [
        rows("use_within_capacity", keys, use, "at_most", capacity),
        rows("expansion_within_limit", keys_in(built, _SERVICE), steps, "at_most", most),
    ]


def _added(instance: Instance) -> pd.DataFrame:
    """Capacity that is built, in every later year, as terms."""
    steps = terms(instance.sets.expansion, "expansion")
    later = cross(steps, "later", instance.sets.window)
    later = later[later["later"] > later["year"]]
    return later.assign(year=later["later"], coefficient=later["expansion_unit"])


def service_years(s: Subject) -> pd.DataFrame:
    """Use and capacity of every service.

    Returns
    -------
    pandas.DataFrame
        region, service, year, use, capacity (with what was built), built, unit, used_by_plan
        (whether anyone of this case can use it there), anyway (use whatever is decided).
    """
    table, use = s.instance.capacity, s.instance.use
    built = s.at(table, once(_added, s.instance), _SERVICE)
    return table[_SERVICE].assign(
        use=s.at(table, use, _SERVICE),
        capacity=table["capacity"].to_numpy() + built,
        built=built,
        unit=table["unit"].to_numpy(),
        used_by_plan=places(use, _SERVICE, table) >= 0,
        anyway=s.anyway_at(table, use, _SERVICE),
    )


def check_limits(s: Subject) -> list[pd.DataFrame]:
    """Hard limits of the policy and commitments of the case."""
    done = []
    for limit in s.instance.commitments:
        done += limit_rows(s, limit)
    for limit in s.instance.limits:
        if limit.limit.soft is None:
            done += limit_rows(s, limit)
    return done


def limit_rows(s: Subject, limit: JoinedLimit) -> list[pd.DataFrame]:
    """Measured values against the bounds of one limit, or of one commitment, for each group."""
    labels, goal, key = limit.groups.index, limit.limit.goal, ["group"]
    rule, keys = _rule(limit), once(named_groups, limit)
    size = s.size_at(labels, limit.measured, key)
    if limit.spread is not None:
        measured, size = lies_apart(s, limit.spread)
    elif limit.counted and goal is not None:
        measured = np.full(len(labels), once(goal_values, s)[goal] + limit.anyway)
        size = size + np.abs(measured)
    else:
        measured = s.at(labels, limit.measured, key)
    done = []
    for bound in limit.bounds:
        number, group = bound.constant.to_numpy(), bound.other_group
        sizes = size + np.abs(number)
        if bound.is_relative:
            factors = bound.factors.to_numpy()
            number = number + factors * s.at(group, bound.other, key)
            sizes = sizes + factors * s.size_at(group, bound.other, key)
        told = rows(
            f"{rule}_{bound.sense}",
            keys,
            measured,
            bound.sense,
            number,
            unit=limit.limit.counts.unit,
            size=sizes,
        )
        done.append(told)
    return done


def _rule(limit: JoinedLimit) -> str:
    """Names of a limit's rows, without their side."""
    return "limit" if limit.row is None else "commitment"


def named_groups(limit: JoinedLimit) -> Keys:
    """Keys of the groups of a limit, the limit itself first."""
    rule = _rule(limit)
    if limit.row is not None:
        return Keys(pd.DataFrame({rule: [limit.row]}), [limit.in_words()])
    # An attribute may be called like anything, so columns are given their names afterwards.
    columns = [pd.Series(limit.name, index=limit.groups.index)]
    columns += [limit.groups[name] for name in limit.groups]
    key = pd.concat(columns, axis=1)
    key.columns = pd.Index([rule, *limit.groups])
    return Keys(key, [limit.in_words(group) for group in limit.groups.index])


def goal_values(s: Subject) -> dict[str, float]:
    """Value of every goal that the plan earns, after diminishing returns.

    What people already here and expected ones earn whatever is decided is left out.
    """
    instance = s.instance
    raw = s.total(once(_earned, instance), ["goal"])
    values = {goal: float(raw.get(goal, 0.0)) for goal in instance.policy.goals}
    for goal, curve in instance.diminishing.items():
        counted = float(curve.counted(s.total(curve.terms, ["group"])).sum())
        values[goal] = counted - instance.anyway[goal]
    return values


def _earned(instance: Instance) -> pd.DataFrame:
    return decided(instance.value)


def check_support(s: Subject) -> list[pd.DataFrame]:
    """Support per person against its floor, over the cohorts of each track and year."""
    done, key = [], ["track", "entry_year"]
    for number, terms_ in enumerate(s.instance.support_floor, start=1):
        index = groups(terms_, key).keys
        keys = remembered([terms_], (_of_floor, number), partial(_of_floor, index, number))
        above, size = s.at(index, terms_, key), s.size_at(index, terms_, key)
        least = np.zeros(len(index))
        done.append(rows("support_reaches_floor", keys, above, "at_least", least, size=size))
    return done


def _of_floor(index: pd.Index, number: int) -> Keys:
    key = index.to_frame()
    words = labels(key.assign(floor=f"floor {number}"))
    return Keys(key.assign(floor=number), words)


def _moved(instance: Instance) -> list[tuple[pd.DataFrame, list[str]]]:
    """Cohorts, and placements where they are known, minus those of today: terms and their keys."""
    sets, margins = instance.sets, []
    for frame, family, current, key in (
        (sets.cohort, "cohort", instance.current, ["year", "country", "track"]),
        (sets.placements, "placements", instance.current_at, ["year", "track", "region"]),
    ):
        if len(current):
            today = cross(current, "year", sets.years)
            gone = today.assign(family=CONSTANT, position=-1, coefficient=-today["slots"])
            parts = [part[[*TERM, *key]] for part in (terms(frame, family), gone)]
            margins.append((stacked(parts), key))
    return margins


def changes(s: Subject) -> pd.Series:
    """Change against the current plan by year, in percent of today's slots; none without one."""
    total = float(s.instance.current["slots"].sum())
    if not total:
        return pd.Series(dtype=float)
    moved = once(_moved, s.instance)
    margins = [s.total(part, key).abs().groupby("year").sum() for part, key in moved]
    distance = pd.concat(margins, axis=1).mean(axis=1)
    return 100.0 * distance / total


def check_stability(s: Subject) -> list[pd.DataFrame]:
    """Change against the current plan within its limit."""
    stability = s.instance.policy.stability
    if stability is None or stability.max_change is None:
        return []
    moved = once(changes, s)
    keys = Keys(pd.DataFrame({"year": moved.index}))
    most = np.full(len(moved), 100.0 * stability.max_change)
    return [rows("change_within_limit", keys, moved, "at_most", most)]


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
