"""Names that others have replaced: nobody may use them, and errors name the new ones.

A name that is replaced is added here and nowhere else: every guess at what was meant looks here
first, and what is read from runs of before is read under the names of today.
"""

from __future__ import annotations

from collections.abc import Iterable

from optimizer.text.characters import folded

OLD_NAMES: dict[str, tuple[str, ...]] = {
    "stay": ("continue", "transition"),
    "stays": ("transitions",),
    "stays_at": ("transitions_by_region",),
    "placed": ("placements",),
    "running": ("active_track", "active"),
    "points": ("breakpoints",),
    "price": ("penalty",),
    "placed_matches_cohorts": ("placements_match_cohorts",),
    "placed_within_site": ("placements_within_site",),
    "slots_make_placed": ("slots_make_placements",),
    "cohort_needs_running": ("cohort_needs_active_track",),
    "running_reaches_minimum": ("active_track_reaches_minimum",),
    "stays_within_completers": ("transitions_within_completers",),
    "stays_match_places": ("transitions_match_places",),
}
"""By each old name those that took its place: one, or one per place where it stood."""


def replaced(word: str, options: Iterable[str]) -> str | None:
    """Give the option that took the place of an old name, or None; of addresses, the last part.

    Examples
    --------
    >>> replaced("stay", ["new", "transition"]), replaced("stay", ["enter", "continue"])
    ('transition', 'continue')
    """
    before, dot, name = word.rpartition(".")
    known = list(options)
    for new in OLD_NAMES.get(folded(name), ()):
        if before + dot + new in known:
            return before + dot + new
    return None


def renewed(word: str, options: Iterable[str]) -> str:
    """Give a name as it is today: another only for an old one.

    Examples
    --------
    >>> renewed("stays", ["transitions"]), renewed("slots", ["slots"])
    ('transitions', 'slots')
    """
    known = list(options)
    return word if word in known else replaced(word, known) or word
