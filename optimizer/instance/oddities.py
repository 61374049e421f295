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
    if len(instance.case.table("present_by_country")):
        return []
    return [
        "no people already here are given, so capacities, caps and budgets are read as net of "
        "them. Maybe you want present_by_country and present_by_region."
    ]


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
