"""People who could not come, or have gone: eligibility that looks forgotten."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.errors import Problem
from optimizer.frames import numbers_at, rows_of
from optimizer.instance import Instance
from optimizer.instance.sets import options
from optimizer.schema.tables import FORECAST, TABLES


def nothing_to_plan(instance: Instance) -> Iterator[Problem]:
    """No slot could be given at all."""
    if options(instance.sets):
        return
    needed = [spec.name for spec in TABLES.values() if spec.required]
    empty = [name for name in needed if not len(instance.case.table(name))]
    if empty:
        message = f"nothing can be planned, because {', '.join(empty)} have no rows"
        yield Problem(TABLES[empty[0]].file, message, maybe="you want to fill them")
        return
    yield Problem(
        "applicants.csv",
        "nothing can be planned, because nobody with applicants could be given a slot",
        maybe="you want more rows in applicants, sites and agreements",
    )


def small_years(instance: Instance) -> Iterator[Problem]:
    """Years with fewer applicants than the smallest cohort."""
    pairs = instance.sets.pairs
    small = pairs[
        pairs["link"].isin(["existing", "proposed", "active"])
        & (pairs["applicants"] < pairs["min_cohort"])
    ]
    for track, rows in small.groupby("track", sort=False):
        names = ", ".join(rows["country"].drop_duplicates().head(5))
        yield Problem(
            "tracks.csv",
            f"track {track!r}: {len(rows)} country-years have fewer applicants than min_cohort "
            f"({names}), so no cohort there",
            _row(instance, "tracks", "track", track),
            "min_cohort",
            maybe="you want a smaller min_cohort",
        )


def unhosted(instance: Instance) -> Iterator[Problem]:
    """Tracks with applicants that no region hosts."""
    sets = instance.sets
    if not sets.has_regions:
        return
    hosted = set(sets.sites.loc[sets.sites["max_slots"] > 0, "track"])
    for track in sets.pairs["track"].drop_duplicates():
        if track not in hosted:
            yield Problem(
                "tracks.csv",
                f"track {track!r} has applicants but no site with slots",
                _row(instance, "tracks", "track", track),
                maybe="you want rows in sites",
            )


def unentered(instance: Instance) -> Iterator[Problem]:
    """Tracks for which nobody applies and on which nobody stays: a second spelling, mostly."""
    case = instance.case
    entered = {
        *case.table("applicants")["track"],
        *case.table("continuations")["next_track"],
        *case.table("present_by_country")["track"],
        *case.table("forecasts_by_country")["track"],
    }
    if not len(case.table("applicants")):
        return
    for row, track in case.table("tracks")["track"].items():
        if track not in entered:
            yield Problem(
                "tracks.csv",
                f"nobody can enter track {track!r}, so its rows in other tables count for nothing",
                int(str(row)),
                maybe="rows of applicants.csv name another track",
            )


def unserved(instance: Instance) -> Iterator[Problem]:
    """Services that are used, with no capacity anywhere and none that could be built."""
    table, built = instance.case.table("services"), instance.sets.expansion
    most = instance.capacity.groupby("service")["capacity"].max()
    can_grow = set(built.loc[built["expansion_unit"] > 0, "service"])
    used = instance.use.loc[instance.use["coefficient"] > 0, "service"].drop_duplicates()
    for service in used:
        if most.get(service, 0.0) == 0.0 and service not in can_grow:
            yield Problem(
                "services.csv",
                f"service {service!r} has no capacity in any region and year, so nobody who uses "
                "it can come",
                int(table.index[table["service"].eq(service)][0]),
                "capacity",
                maybe="its capacity is missing",
            )


def late_agreements(instance: Instance) -> Iterator[Problem]:
    """Agreements that could not be open in any year of the case."""
    years, table = instance.case.years, instance.case.table("agreements")
    late = table[table["status"].eq("proposed") & (years[0] + table["lead_years"] > years[-1])]
    for row, agreement in zip(late.index, rows_of(late), strict=True):
        yield Problem(
            "agreements.csv",
            f"with lead_years of {agreement.lead_years} the agreement with {agreement.country!r} "
            f"on {agreement.track!r} opens after {years[-1]}, the last year of the case",
            int(row),
            "lead_years",
            maybe="these are months",
        )


def unkept_slots(instance: Instance) -> Iterator[Problem]:
    """Slots of today that nobody could be given, where change from today counts."""
    if instance.policy.stability is None:
        return
    table = instance.case.table("current_plan")
    possible = instance.sets.cohort[["country", "track"]].drop_duplicates()
    keys = table[["country", "track", "slots"]].reset_index()
    told = keys.merge(possible, on=["country", "track"], how="left", indicator=True)
    # Who comes by forecast is given no slot, today or later.
    told = told[told["track"].map(instance.sets.tracks["allocation"]).ne(FORECAST)]
    for row in rows_of(told[told["_merge"].eq("left_only") & (told["slots"] > 0)]):
        yield Problem(
            "current_plan.csv",
            f"{row.country!r} has {row.slots:g} slots on {row.track!r} today, but could be given "
            "none, which counts as change",
            int(row.row),
            maybe="applicants, a site or an agreement are missing",
        )


def gone_people(instance: Instance) -> Iterator[Problem]:
    """People counted as here who had completed before the case begins."""
    table, tracks = instance.case.table("present_by_country"), instance.sets.tracks
    leaving = table["entry_year"] + numbers_at(table["track"], tracks["duration_years"])
    first = instance.case.years[0]
    for row, year in table.loc[leaving < first, "entry_year"].items():
        track = table.at[row, "track"]
        yield Problem(
            "present_by_country.csv",
            f"who entered {track!r} in {year} completed before {first}, so the row counts for "
            "nothing",
            int(str(row)),
            "entry_year",
            maybe="the year is another one",
        )


def net_of_people(instance: Instance) -> str:
    """Say what is read as net of people already here, where none are given but some could be.

    People who came before the first year are still here only on tracks of several years, and
    matter only to what counts later years of a stay.
    """
    case, durations = instance.case, instance.sets.tracks["duration_years"]
    if len(case.table("present_by_country")):
        return ""
    lasting = set(durations[durations > 1].index)

    def counts_later_years(table: str, amount: str) -> bool:
        rows = case.table(table)
        later = rows["track"].isin(lasting) & rows["year_of_stay"].gt(1)
        return bool((later & rows[amount].gt(0)).any())

    caps = case.table("national_caps")
    on_residents = caps["counts"].eq("residents") & caps["track"].isin(lasting)
    limited = any(limit.counts.is_expected for limit in instance.policy.limits)
    meant = {
        "capacities": instance.sets.has_regions and counts_later_years("service_use", "units"),
        "caps": bool(on_residents.any()) or (limited and bool(lasting)),
        "budgets": counts_later_years("costs", "amount")
        or counts_later_years("region_costs", "amount"),
    }
    named = [name for name, is_so in meant.items() if is_so]
    if not named:
        return ""
    told = " and ".join([", ".join(named[:-1]), named[-1]] if named[1:] else named)
    return f"no people already here are given, so {told} are read as net of them."


def _row(instance: Instance, table: str, key: str, value: object) -> int:
    frame = instance.case.table(table)
    return next(int(str(row)) for row, cell in frame[key].items() if cell == value)
