"""Movement that nobody has spoken of: where people live who continue on another track."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.errors import Problem
from optimizer.instance import Instance


def unsaid_movement(instance: Instance) -> Iterator[Problem]:
    """Stayers whom the plan may send anywhere, though no case says so."""
    case, sets = instance.case, instance.sets
    if case.movement is None and not case.moves_by_attraction and len(sets.transitions_by_region):
        yield Problem(
            "continuations.csv",
            "there is no retention, so the plan sends everybody who continues on another track to "
            "the region where that earns most",
            column="retention",
            maybe="you want a retention here and an attraction in regions.csv, or "
            "movement = 'free' in case.toml",
        )


def idle_movement(instance: Instance) -> Iterator[Problem]:
    """Figures of movement that count for nothing."""
    case = instance.case
    if instance.moves_by_attraction or (instance.sets.has_regions and case.movement is None):
        return
    why = "people move freely" if instance.sets.has_regions else "there are no regions"
    for name, column in (("continuations", "retention"), ("regions", "attraction")):
        given = case.table(name)[column].notna()
        if given.any():
            yield Problem(
                f"{name}.csv",
                f"counts for nothing, because {why}",
                int(given.index[given][0]),
                column,
                maybe="you want movement = 'by_attraction' in case.toml"
                if instance.sets.has_regions
                else "regions.csv and sites.csv are missing",
            )
