"""The index sets of an instance: which cohorts, places, agreements and transitions exist at all.

Every decision family is one tidy frame. Its row position is the decision's number; its columns
are the decision's keys. Options that cannot exist (no applicants, no site, agreement not yet
possible) have no row, so nothing later needs to skip them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from optimizer.case import Case
from optimizer.errors import Problems
from optimizer.frames import distinct, keys_of
from optimizer.frames.following import FollowedFields
from optimizer.frames.memory import Steps
from optimizer.instance.lookup import resolve
from optimizer.instance.present import present_people
from optimizer.policy import Horizon, Policy
from optimizer.schema.tables import BAND_PREFIX, STANDARD

ALL = "all"
"""The group of every country, for tracks on which no service depends on a band."""

BLOCK = ["track", "level", "group", "year"]
"""Key of a block: its countries may all be placed in all of its regions."""


FLOW = ["track", "next_track", "group", "year"]
"""Key of people who continue, by a group of countries."""

FLOW_AT = ["track", "next_track", "group", "region", "year"]
"""The same at a region: where they go, or where they completed."""

ORIGIN = ["track", "next_track", "group", "next_group", "region", "year"]
"""Key of stayers by the region where they completed."""


@dataclass(frozen=True)
class Sets(FollowedFields):
    """Index sets of one case under one policy.

    Attributes
    ----------
    years, repeated, window
        Years with intake; years after them in which the decisions of the last one stand again;
        and all of these with the years in which nobody new comes.
    last_case_year
        Look-ups for later years use this one.
    countries, tracks, regions
        The tables, indexed by their key.
    levels
        track, level, completion_rate, stay_rate_factor: one row per level of each track.
    groups
        track, country, group: countries with the same bands on the track.
    pairs
        country, track, year, applicants, min_cohort, link, lead_years for horizon years; link is
        ``free``, ``active``, ``existing`` or ``proposed``.
    later_pairs
        country, track, year, applicants of the years in ``repeated`` that the case itself has.
    sites
        track, region, year, max_slots: places that can host, for window years.
    cohort
        country, track, level, group, year.
    placements
        track, level, group, region, year.
    agreement
        country, track, year: years in which a proposed agreement can be open.
    active_track
        country, track, year: intake years of pairs with a minimum cohort but no agreement.
    transitions
        country, track, next_track, group, year; group is that of the country on next_track.
    transitions_by_region
        track, next_track, group, region, year, draws; region is where the stayers go, and draws
        the share it has of those who move, blank where they move freely.
    transitions_from_region
        track, next_track, group, next_group, region, year, remains; region is where the stayers
        completed, and remains the share of them that does. No rows where people move freely.
    slots
        country, track, level, group, region, year: single slots of slot-level blocks only.
    expansion
        region, service, year, expansion_unit, expansion_limit, expansion_cost, upkeep, line.
    present, present_at
        People who are here or come whatever is decided: already here, or expected on a forecast
        track. On the country margin (country, track, group, entry_year, persons) and on the
        region margin (track, group, region, entry_year, persons).
    """

    years: tuple[int, ...]
    repeated: tuple[int, ...]
    window: tuple[int, ...]
    last_case_year: int
    countries: pd.DataFrame
    tracks: pd.DataFrame
    regions: pd.DataFrame
    levels: pd.DataFrame
    groups: pd.DataFrame
    pairs: pd.DataFrame
    later_pairs: pd.DataFrame
    sites: pd.DataFrame
    cohort: pd.DataFrame
    placements: pd.DataFrame
    agreement: pd.DataFrame
    active_track: pd.DataFrame
    transitions: pd.DataFrame
    transitions_by_region: pd.DataFrame
    transitions_from_region: pd.DataFrame
    slots: pd.DataFrame
    expansion: pd.DataFrame
    present: pd.DataFrame
    present_at: pd.DataFrame

    @property
    def has_regions(self) -> bool:
        """Whether places are planned at all; without regions the case is a national one."""
        return self.noted("has_regions", len(object.__getattribute__(self, "regions")) > 0)

    @property
    def entry_years(self) -> tuple[int, ...]:
        """Years in which people enter: those with intake, and those that repeat the last one."""
        return self.years + self.repeated

    @property
    def told_years(self) -> tuple[int, ...]:
        """Years in which people enter and the case may say how many can, one by one.

        In all later ones its last figures hold, which the decisions have kept already.
        """
        return tuple(year for year in self.entry_years if year <= self.last_case_year)

    def period(self, years: pd.Series) -> pd.Series:
        """Whether years are ``planned``, ``repeated`` or ``run-off``, in which nobody new comes."""
        words = dict.fromkeys(self.years, "planned") | dict.fromkeys(self.repeated, "repeated")
        return years.map(words).fillna("run-off").astype("str")

    def case_year(self, years: pd.Series) -> pd.Series:
        """Year whose figures hold in ``years``: the last case year repeats for ever."""
        return years.clip(upper=self.last_case_year)


def build_sets(case: Case, policy: Policy, problems: Problems, step: Steps | None = None) -> Sets:
    """Join the case's tables into the index sets of the policy's horizon.

    Transitions and single slots follow from the other sets, and are still without rows.

    Parameters
    ----------
    case, policy
        What is true, and what is wanted.
    problems
        Receives what does not join (years outside the case, ambiguous rows).
    step
        Runs the steps, remembering them or not.

    Returns
    -------
    Sets
    """
    step = step or Steps()
    years, repeated, window = step(_timeline, case, policy.horizon, policy.path.name, problems)
    later = [year for year in repeated if year <= case.years[-1]]
    groups = step(_groups, case, country_bands(case))
    sites = step(_sites, case, window, problems)
    pairs = step(_pairs, case, years, problems)
    later_pairs = step(_applicants, case, later, problems)
    hosts = step.kept("hosts", sites.loc[sites["max_slots"] > 0, ["track", "region", "year"]])
    cohort = step(_cohort, case, pairs, groups, hosts if len(case.table("regions")) else None)
    agreement = pairs[pairs["link"].eq("proposed") & pairs["can_open"]]
    active_track = pairs[pairs["link"].eq("active") & (pairs["applicants"] >= pairs["min_cohort"])]
    present, present_at = step(present_people, case, groups, years + repeated)
    sets = Sets(
        years=years,
        repeated=repeated,
        window=window,
        last_case_year=case.years[-1],
        countries=case.table("countries").set_index("country"),
        tracks=case.table("tracks").set_index("track"),
        regions=case.table("regions").set_index("region"),
        levels=step(_levels, case),
        groups=groups,
        pairs=pairs,
        later_pairs=later_pairs,
        sites=sites,
        cohort=cohort,
        placements=step(_placements, cohort, hosts),
        agreement=agreement[["country", "track", "year"]].reset_index(drop=True),
        active_track=active_track[["country", "track", "year"]].reset_index(drop=True),
        transitions=_no_rows("country", "track", "next_track", "group", "year"),
        transitions_by_region=_no_rows(*FLOW_AT),
        transitions_from_region=_no_rows(*ORIGIN),
        slots=_no_rows("country", "track", "level", "group", "region", "year"),
        expansion=_expansion(case, years),
        present=present,
        present_at=present_at,
    )
    return step.kept("sets", sets)


def _no_rows(*columns: str) -> pd.DataFrame:
    kinds = {name: "int64" if name == "year" else "str" for name in columns}
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in kinds.items()})


def cross(frame: pd.DataFrame, column: str, values: Iterable[object]) -> pd.DataFrame:
    """Every row of ``frame`` with every one of ``values`` in a new column ``column``."""
    return frame.merge(pd.DataFrame({column: list(values)}), how="cross")


def _timeline(
    case: Case, horizon: Horizon, file: str, problems: Problems
) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """Years with intake, years that repeat the last of them, and all that are followed."""
    first, last = horizon.years or (case.years[0], case.years[-1])
    years = tuple(year for year in case.years if first <= year <= last)
    missing = [year for year in dict.fromkeys((first, last)) if year not in case.years]
    if missing:
        are = "is not a year" if len(missing) == 1 else "are not years"
        problems.add(
            file=file,
            column="horizon.years",
            message=f"{' and '.join(map(str, missing))} {are} of case {case.name!r}",
            expected=f"years from {case.years[0]} to {case.years[-1]}",
        )
        years = years or case.years
    durations = case.table("tracks")["duration_years"]
    longest = int(durations.max()) if len(durations) else 0
    repeats, runoff = horizon.tail_of(longest)
    after = tuple(range(years[-1] + 1, years[-1] + 1 + repeats + runoff))
    return years, after[:repeats], years + after


def _levels(case: Case) -> pd.DataFrame:
    tracks, given = case.table("tracks"), case.table("support_levels")
    columns = ["track", "level", "completion_rate", "stay_rate_factor"]
    plain = tracks.loc[~tracks["track"].isin(given["track"]), ["track", "completion_rate"]]
    plain = plain.assign(level=STANDARD, stay_rate_factor=1.0)
    return pd.concat([given[columns], plain[columns]], ignore_index=True)


def country_bands(case: Case) -> pd.DataFrame:
    """Countries with their bands in all services."""
    countries = case.table("countries")
    names = [name for name in countries if str(name).startswith(BAND_PREFIX)]
    return countries[["country", *names]]


def _groups(case: Case, countries: pd.DataFrame) -> pd.DataFrame:
    """Group of every country on every track: its bands in the services that ask for bands."""
    use = case.table("service_use")
    banded = use[use["band"].ne("")].drop_duplicates(["track", "service"])
    parts = []
    for track in case.table("tracks")["track"]:
        services = sorted(banded.loc[banded["track"].eq(track), "service"])
        label = pd.Series(ALL, index=countries.index, dtype="str")
        if services:
            bands = keys_of(countries, [f"{BAND_PREFIX}{name}" for name in services])
            told = ["|".join(distinct(band, "|") for band in row) for row in bands]
            label = pd.Series(told, index=countries.index, dtype="str")
        parts.append(
            pd.DataFrame({"track": track, "country": countries["country"], "group": label})
        )
    none = _no_rows("track", "country", "group")
    return pd.concat(parts, ignore_index=True) if parts else none


def _sites(case: Case, window: Sequence[int], problems: Problems) -> pd.DataFrame:
    """Hosting places per track, region and window year.

    A site with 0 slots admits nobody new, but people who stay on may live there.
    """
    table = case.table("sites")
    query = cross(table[["track", "region"]].drop_duplicates(), "year", window)
    found = resolve(
        query.assign(year=query["year"].clip(upper=case.years[-1])),
        table,
        keys=["track", "region"],
        optional=["year"],
        values=["max_slots"],
        file="sites.csv",
        problems=problems,
    )
    return query.assign(max_slots=found["max_slots"]).dropna().reset_index(drop=True)


def _applicants(case: Case, years: Sequence[int], problems: Problems) -> pd.DataFrame:
    """Applicants of every eligible country and track in some years; 0 where none are told."""
    table = case.table("applicants")
    query = cross(table[["country", "track"]].drop_duplicates(), "year", years)
    found = resolve(
        query,
        table,
        keys=["country", "track"],
        optional=["year"],
        values=["applicants"],
        file="applicants.csv",
        problems=problems,
    )
    query["applicants"] = found["applicants"].fillna(0).astype("int64")
    return query


def _pairs(case: Case, years: Sequence[int], problems: Problems) -> pd.DataFrame:
    query = _applicants(case, years, problems)
    tracks = case.table("tracks")[["track", "min_cohort", "needs_agreement"]]
    terms = case.table("agreements")[["country", "track", "status", "lead_years"]]
    pairs = query.merge(tracks, on="track").merge(terms, on=["country", "track"], how="left")
    pairs["link"] = pairs["status"].where(pairs["needs_agreement"], "free")
    unlinked = ~pairs["needs_agreement"] & (pairs["min_cohort"] > 1)
    pairs.loc[unlinked, "link"] = "active"
    first_open = years[0] + pairs["lead_years"].fillna(0)
    pairs["can_open"] = pairs["link"].ne("proposed") | (pairs["year"] >= first_open)
    return pairs.drop(columns=["needs_agreement", "status"])


def _cohort(
    case: Case, pairs: pd.DataFrame, groups: pd.DataFrame, hosts: pd.DataFrame | None
) -> pd.DataFrame:
    enough = pairs["link"].eq("free") | (pairs["applicants"] >= pairs["min_cohort"])
    possible = pairs[(pairs["applicants"] > 0) & enough & pairs["can_open"]]
    if hosts is not None:
        hosted = hosts[["track", "year"]].drop_duplicates()
        possible = possible.merge(hosted, on=["track", "year"])
    levels = _levels(case)[["track", "level"]]
    cohort = possible.merge(levels, on="track").merge(groups, on=["track", "country"])
    return cohort[["country", "track", "level", "group", "year"]].reset_index(drop=True)


def _placements(cohort: pd.DataFrame, hosts: pd.DataFrame) -> pd.DataFrame:
    blocks = cohort[BLOCK].drop_duplicates()
    placements = blocks.merge(hosts, on=["track", "year"])
    return placements[["track", "level", "group", "region", "year"]].reset_index(drop=True)


def _expansion(case: Case, years: Sequence[int]) -> pd.DataFrame:
    table = case.table("services")
    table = table[table["year"].isin(years) & (table["expansion_limit"].fillna(0) > 0)]
    columns = ["region", "service", "year", "expansion_unit", "expansion_limit"]
    return table[[*columns, "expansion_cost", "upkeep", "line"]].reset_index(drop=True)


def options(sets: Sets) -> int:
    """Number of (country, track, level, region, year) that could get slots."""
    if not sets.has_regions:
        return len(sets.cohort)
    places = sets.placements.groupby(BLOCK).size()
    here = sets.cohort.groupby(BLOCK).size().reindex(places.index).fillna(0)
    return int((places * here).sum())
