"""Rows that look misplaced: years that end early, gaps, and two names for one thing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from optimizer.errors import Problem
from optimizer.frames import groups_of
from optimizer.instance import Instance
from optimizer.schema.tables import TABLES
from optimizer.text.characters import folded

BY_YEAR = {"applicants": "nobody can come", "sites": "nobody can be placed"}
"""Tables in which a year without a row means none, where others of the same key have rows."""


def years_that_end(instance: Instance) -> Iterator[Problem]:
    """Planned years without a row after years with one, where nothing goes on by itself."""
    for name, consequence in BY_YEAR.items():
        spec, table = TABLES[name], instance.case.table(name)
        if table["year"].isna().all():
            continue
        for key, rows in groups_of(table, list(spec.keys)):
            if rows["year"].isna().any():
                continue
            there = {int(year) for year in rows["year"]}
            missing = [y for y in instance.sets.years if y > min(there) and y not in there]
            if missing:
                last = max(year for year in there if year < missing[0])
                named = ", ".join(
                    f"{part} {value!r}" for part, value in zip(spec.keys, key, strict=True)
                )
                yield Problem(
                    spec.file,
                    f"{named} has a row for {last} but none for {_listed(missing)}, when "
                    f"{consequence}",
                    int(rows.index[rows["year"].eq(last)][0]),
                    "year",
                    maybe="the year can be left blank, which means every year; a row with 0 says "
                    "that none is meant",
                )


def gaps_in_caps(instance: Instance) -> Iterator[Problem]:
    """Years without a cap between two that have one."""
    for (track,), rows in groups_of(instance.case.table("national_caps"), ["track"]):
        there = {int(year) for year in rows["year"]}
        gap = [y for y in instance.sets.years if min(there) < y < max(there) and y not in there]
        if gap:
            last, after = max(y for y in there if y < gap[0]), min(y for y in there if y > gap[0])
            yield Problem(
                "national_caps.csv",
                f"track {track!r} has a cap for {last} and for {after}, but none for "
                f"{_listed(gap)}",
                int(rows.index[rows["year"].eq(last)][0]),
                "year",
                maybe="rows for these years are missing",
            )


def _listed(years: Sequence[int]) -> str:
    return ", ".join(map(str, years))


def same_names(instance: Instance) -> Iterator[Problem]:
    """Two countries, tracks or regions of one name, or two tracks that differ in a plural."""
    for name in ("countries", "tracks", "regions"):
        table = instance.case.table(name)
        key = TABLES[name].keys[0]
        firsts: dict[str, tuple[str, int]] = {}
        for row, code, shown in zip(table.index, table[key], table["name"], strict=True):
            words = {f"name {folded(shown)}"}
            if name == "tracks":
                words.add(f"track {folded(code).removesuffix('s')}")
            for word in sorted(words):
                other, first = firsts.setdefault(word, (code, int(row)))
                if other != code:
                    yield Problem(
                        TABLES[name].file,
                        f"{code!r} looks like {other!r} of row {first} by another spelling",
                        int(row),
                        key if word.startswith("track ") else "name",
                        maybe="both are one",
                    )
                    break


def short_tail(instance: Instance) -> Iterator[Problem]:
    """A tail in which the last intakes do not complete."""
    sets = instance.sets
    tail = len(sets.window) - len(sets.years)
    longest = int(sets.tracks["duration_years"].max()) if len(sets.tracks) else 0
    if tail < longest:
        yield Problem(
            instance.policy.path.name,
            f"the tail of {tail} years is shorter than the longest track ({longest} years), so "
            "the last intakes never complete",
            column="horizon.tail",
            maybe="you want the default tail",
        )
