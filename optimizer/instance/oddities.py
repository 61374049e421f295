"""What is legal but odd in a case under a policy: worth a second look before solving."""

from __future__ import annotations

from optimizer.errors import did_you_mean
from optimizer.instance import Instance
from optimizer.instance.sets import options
from optimizer.schema import TABLES


def oddities(instance: Instance) -> list[str]:
    """Sentences about what a planner may not have meant, each ending in a way out."""
    return [
        *_nothing_to_plan(instance),
        *_small_years(instance),
        *_unhosted(instance),
        *_net_of_people(instance),
        *_short_tail(instance),
        *_unsaid_support(instance),
        *_idle_scores(instance),
    ]


def _nothing_to_plan(instance: Instance) -> list[str]:
    if options(instance.sets):
        return []
    needed = [spec.name for spec in TABLES.values() if spec.required]
    empty = [name for name in needed if not len(instance.case.table(name))]
    if empty:
        return [
            f"nothing can be planned, because {', '.join(empty)} have no rows. Maybe you want to "
            "fill them."
        ]
    return [
        "nothing can be planned, because nobody with applicants could be given a slot. Maybe you "
        "want more rows in applicants, sites and agreements."
    ]


def _small_years(instance: Instance) -> list[str]:
    pairs = instance.sets.pairs
    small = pairs[
        pairs["link"].isin(["existing", "proposed", "running"])
        & (pairs["applicants"] < pairs["min_cohort"])
    ]
    found = []
    for track, rows in small.groupby("track", sort=False):
        names = ", ".join(rows["country"].drop_duplicates().head(5))
        found.append(
            f"track {track!r}: {len(rows)} country-years have fewer applicants than min_cohort "
            f"({names}), so no cohort there. Maybe you want a smaller min_cohort."
        )
    return found


def _unhosted(instance: Instance) -> list[str]:
    sets = instance.sets
    if not sets.has_regions:
        return []
    hosted = set(sets.sites.loc[sets.sites["max_slots"] > 0, "track"])
    return [
        f"track {track!r} has applicants but no site with slots. Maybe you want rows in sites."
        for track in sets.pairs["track"].drop_duplicates()
        if track not in hosted
    ]


def _net_of_people(instance: Instance) -> list[str]:
    told = net_of_people(instance)
    tables = "present_by_country"
    tables += " and present_by_region" if instance.sets.has_regions else ""
    maybe = f"Maybe you want {tables}, with 0 persons where there is nobody."
    return [f"{told} {maybe}"] if told else []


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
    limited = any(limit.measure == "residents" for limit in instance.policy.limits)
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


def _short_tail(instance: Instance) -> list[str]:
    sets = instance.sets
    tail = len(sets.window) - len(sets.years)
    longest = int(sets.tracks["duration_years"].max()) if len(sets.tracks) else 0
    if tail >= longest:
        return []
    return [
        f"the tail of {tail} years is shorter than the longest track ({longest} years), so the "
        "last intakes never complete. Maybe you want the default tail."
    ]


def _unsaid_support(instance: Instance) -> list[str]:
    if not instance.policy.support_floor:
        return []
    if instance.budget["purpose"].eq("integration").any():
        return []
    return [
        "no budget line has purpose 'integration', so a support floor counts no money. Maybe you "
        "want the column purpose in budgets."
    ]


def _idle_scores(instance: Instance) -> list[str]:
    """Scores of a goal that looks misspelt; other policies may well have the other goals."""
    goals = instance.policy.goals
    counts = instance.case.table("scores")["goal"].value_counts(sort=False)
    found = []
    for goal, count in counts[~counts.index.isin(list(goals))].items():
        meant = did_you_mean(str(goal), goals)
        if meant is not None:
            found.append(
                f"scores has {count} row{'s' * (count != 1)} for {goal!r}, which is no goal of the "
                f"policy and counts for nothing. Maybe you want {meant!r}."
            )
    return found
