"""A first case with its policy: example rows that can be solved at once, marked as examples."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from optimizer.case import load_case
from optimizer.case.from_frames import FramesGiven
from optimizer.case.header import check_header
from optimizer.case.sources import case_name
from optimizer.case.writing import SUFFIX, contents_of
from optimizer.errors import InputError, Problems, did_you_mean
from optimizer.errors.arguments import typed
from optimizer.policy.template import first_policy, policy_beside, write_both
from optimizer.schema.iso3166 import ISO_3166_ALPHA_3
from optimizer.schema.tables import ASSUMPTION, NOTE, SOURCE, TABLES
from optimizer.text.characters import folded

EXAMPLE = f"{ASSUMPTION}: an example, to be replaced"
"""Source of every row that is written here."""

FIRST_TITLE, FIRST_CURRENCY, FIRST_YEARS = "First case", "JPY", (2027, 2028, 2029, 2030, 2031)
FIRST_COUNTRIES = ("KEN=Kenya", "UKR=Ukraine", "VNM=Viet Nam")
FIRST_TRACKS = ("study=Study", "research=Joint research", "work=Skilled work")

_WORLD_REGIONS = {"KEN": "Africa", "UKR": "Europe", "VNM": "Asia"}
_PATHWAYS = {
    **dict.fromkeys(("bachelor", "master", "doctorate", "scholarship"), "study"),
    **{"research": "exchange", "internship": "training", "work": "skilled_work"},
    **{"refuge": "protection", "asylum": "protection"},
}
"""What tracks of these names are; others of which none is near are training."""
_SMALL_UNITS = {"IDR": 10_000, "JPY": 100, "KRW": 1_000, "VND": 10_000}
"""Currencies of small units, and how many of them stand for one of the others."""

_LINE = "programme"
_COST = 10_000
_FUNDED, _HOSTED = 0.6, 0.8
"""Shares of all applicants for whom there is money, and for whom there are places."""

_SEVERAL = 2
"""Countries from which on the policy keeps each of them to half of the slots."""


@dataclass(frozen=True)
class _Named:
    """A key of a table and its name."""

    code: str
    name: str


@typed
def write_first_case(
    path: str | Path,
    *,
    title: str = FIRST_TITLE,
    currency: str = FIRST_CURRENCY,
    years: Sequence[int] = FIRST_YEARS,
    countries: Sequence[str] = FIRST_COUNTRIES,
    tracks: Sequence[str] = FIRST_TRACKS,
    regions: Sequence[str] = (),
    force: bool = False,
) -> list[Path]:
    """Write a case with example rows and a policy for it, which can be solved as they stand.

    Parameters
    ----------
    path
        A new folder, or a new ``.xlsx`` workbook with the sheets of the policy.
    title, currency, years
        Of the case.
    countries, tracks, regions
        Codes, each with a name where one is given: ``"KEN=Kenya"``. Without regions nobody is
        placed. What the rows say of them is made up: their source begins with ``assumption``.
    force
        Replace an older template or case; what is anything else is never replaced.

    Returns
    -------
    list of Path
        What was written: the case, then the policy.

    Raises
    ------
    InputError
        If a code is given twice, or title, currency or years are faulty.
    TargetError
        If the path may not be written.
    OptimizerError
        If a workbook is to be written and the library for it is not installed.
    """
    path = Path(path)
    problems = Problems()
    named = {
        "countries": _named(countries, "countries", problems),
        "tracks": _named(tracks, "tracks", problems),
        "regions": _named(regions, "regions", problems, least=0),
    }
    is_iso = all(each.code in ISO_3166_ALPHA_3 for each in named["countries"])
    header: dict[str, Any] = {
        "title": title,
        "currency": currency,
        "years": tuple(years),
        "country_codes": "iso3166" if is_iso else "any",
        "licence": "Examples, free to use",
    }
    check_header({"schema": 1, **header}, problems)
    problems.raise_if_any(InputError)
    case = load_case(_frames(named, currency, years), **header, name=case_name(path))
    contents = replace(contents_of(case), explained=True, steps=_steps(path, bool(regions)))
    policy = first_policy(contents, limited=len(countries) >= _SEVERAL)
    return write_both(path, contents, policy, force=force)


def _named(
    given: Sequence[str], what: str, problems: Problems, *, least: int = 1
) -> tuple[_Named, ...]:
    """Codes and names of what is given as ``CODE`` or ``CODE=NAME``."""
    found: dict[str, _Named] = {}
    spelt: dict[str, str] = {}
    for text in given:
        code, _, name = (part.strip() for part in text.partition("="))
        if not code:
            problems.add(what, f"{text!r} has no code", expected="CODE or CODE=NAME")
        elif code in found:
            problems.add(what, f"{code!r} is given twice", expected="each once")
        elif spelt.setdefault(folded(code), code) != code:
            message = f"{code!r} differs from {spelt[folded(code)]!r} in spelling alone"
            problems.add(what, message, expected="each once")
        else:
            found[code] = _Named(code, name or _begun(code))
    if not given and least:
        problems.add(what, "none is given", expected="at least one")
    return tuple(found.values())


def _frames(
    named: Mapping[str, tuple[_Named, ...]], currency: str, years: Sequence[int]
) -> FramesGiven:
    """Tables of the case: made up, and such that money, and places, are short."""
    countries, tracks, regions = (named[key] for key in ("countries", "tracks", "regions"))
    applicants = {
        (country.code, track.code): 20 + 20 * ((3 * place + 5 * number) % 4)
        for place, country in enumerate(countries)
        for number, track in enumerate(tracks)
    }
    unit = _COST * _SMALL_UNITS.get(currency.upper(), 1)
    costs = {track.code: unit + unit * number // 2 for number, track in enumerate(tracks)}
    of_track = {
        track.code: sum(applicants[country.code, track.code] for country in countries)
        for track in tracks
    }
    money = sum(costs[track] * people for track, people in of_track.items())
    rows: dict[str, list[tuple[object, ...]]] = {
        "countries": [
            (each.code, each.name, _WORLD_REGIONS.get(each.code, "World")) for each in countries
        ],
        "tracks": [_track(each) for each in tracks],
        "applicants": [(*pair, people) for pair, people in applicants.items()],
        "budgets": [(_LINE, year, "Programme office", _rounded(_FUNDED * money)) for year in years],
        "costs": [(track, _LINE, 1, amount) for track, amount in costs.items()],
    }
    if regions:
        rows["regions"] = [(each.code, each.name, "All") for each in regions]
        rows["sites"] = [
            (track.code, region.code, max(1, round(_HOSTED * of_track[track.code] / len(regions))))
            for track in tracks
            for region in regions
        ]
    return {name: _frame(name, lines) for name, lines in rows.items()}


def _track(track: _Named) -> tuple[object, ...]:
    known = next(each for each in TABLES["tracks"].columns if each.name == "pathway").choices
    meant = _PATHWAYS.get(track.code) or did_you_mean(track.code, [*known, *_PATHWAYS])
    pathway = _PATHWAYS.get(meant or "", meant) or "training"
    return (
        *(track.code, track.name, pathway, "Programme office", "any", "inbound"),
        *(1, 0, False, 0.9, True),
    )


_COLUMNS = {
    "tracks": (
        *("track", "name", "pathway", "agency", "sector", "direction", "duration_years"),
        *("min_cohort", "needs_agreement", "completion_rate", "returns_home"),
    ),
    "applicants": ("country", "track", "applicants"),
    "costs": ("track", "line", "year_of_stay", "amount"),
    "sites": ("track", "region", "max_slots"),
}


def _frame(table: str, rows: list[tuple[object, ...]]) -> pd.DataFrame:
    required = tuple(column.name for column in TABLES[table].columns if column.required)
    frame = pd.DataFrame(rows, columns=list(_COLUMNS.get(table, required)))
    return frame.assign(**{SOURCE.name: EXAMPLE, NOTE.name: ""})


def _rounded(amount: float) -> int:
    """An amount in two digits, as budgets are."""
    step = int(10 ** max(0, len(str(round(amount))) - 2))
    return round(amount / step) * step


def _steps(path: Path, has_regions: bool) -> tuple[tuple[str, str], ...]:
    """What to do next, each with its command."""
    policy = policy_beside(path)
    is_book = path.suffix.lower() == SUFFIX
    both = _typed_again(path) if is_book else _typed_again(policy, path)
    tables = "countries, tracks, applicants, costs and budgets"
    tables += ", then regions and sites" if has_regions else ""
    run = _typed_again(Path("runs") / f"{path.stem if is_book else policy.stem}-{case_name(path)}")
    sheets = "on the sheets policy, goals and limits, and " if is_book else ""
    return (
        ("See a plan", f"optimizer solve {both}"),
        ("Read it", f"Open {run}/report.html: what is granted, what limits it, what it costs"),
        (
            "Fill in your own figures",
            f"Every row whose source says '{EXAMPLE}' is made up. Replace the rows of {tables}, "
            "and say in source where the new figures come from.",
        ),
        ("Have them checked", f"optimizer validate {both}: names table, row and column"),
        (
            "Say what is wanted",
            _begun(f"{sheets}in {policy.name}: goals, their weights, and limits"),
        ),
        ("Solve again", f"optimizer solve {both} --force"),
        ("Ask why", f"optimizer explain {run}: what limits the plan, and where money would help"),
    )


def _begun(text: str) -> str:
    return text[:1].upper() + text[1:]


def _typed_again(*paths: Path) -> str:
    return shlex.join(str(path) for path in paths)
