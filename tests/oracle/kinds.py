"""Which kinds of rules a written case and policy use, read back from the files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .measures import AGREEMENTS, OUTCOMES
from .reader import Problem, Row

STAGES = ("enter", "present", "complete", "continue", "return")
LATER = {"outcomes": OUTCOMES, "agreements": AGREEMENTS}
MEASURES = ("slots", "residents", "spending", "use", "value", *OUTCOMES, *AGREEMENTS)
SHAPES_OF_LATER = ("of the year before", "compared", "compared with", "of planned", "soft")
COMMITMENT_KEYS = ("country", "track", "region", "year")

ALL_KINDS = frozenset(
    {
        "levels with other rates",
        *(f"costs by {key}" for key in ("level", "country", "year", "entry")),
        "costs by several keys",
        *(f"use by {key}" for key in ("level", "band", "entry")),
        *("applicants by year", "applicants missing in a year", "applicants below the minimum"),
        *("agreement existing", "agreement proposed", "agreement with lead years"),
        *("agreement with a minimum", "active_track", "sites by year"),
        *("cap on intake", "cap on residents", "cap that ends", "several lines", "transfers"),
        "carry-over",
        *("carry-over by line", "region costs", "services", "expansion", "two groups"),
        *("continuations", "chain", "self-continuation", "reached by continuation only"),
        *("retention", "retention of none", "retention of all", "region without attraction"),
        *("movement by attraction", "movement free", "movement free by default"),
        "renewal where people move by attraction",
        *("duration 0", "duration 1", "duration 2", "duration 3", "people present"),
        *(
            "default tail",
            "steady tail",
            "run-off",
            "tail 0",
            "tail 1",
            "horizon shorter than the case",
        ),
        *("horizon starts later", "discount", "several goals", "negative weight", "indicators"),
        *("missing indicator", "region effects", "region indicators", "scale none"),
        *("scale number", "diminishing per year", "diminishing per horizon"),
        *(f"diminishing by {by}" for by in ("country", "track", "world_region", "region", "area")),
        *("breakpoints per unit", "breakpoints per unit of a region"),
        *(f"stage {stage}" for stage in STAGES),
        *(f"region stage {stage}" for stage in STAGES[:4]),
        *(f"limit on {measure}" for measure in MEASURES),
        *(f"limit {shape}" for shape in ("number", "per attribute", "relative")),
        *("limit at_most", "limit at_least", "limit of both sides", "limit with where"),
        *("limit with by", "limit on single slots", "limit optional", "limit protected"),
        *("limit by region", "limit by country", "limit by track", "limit by year"),
        *("limit by level", "limit by line", "relative with fewer groups"),
        *("limit of the year before", "limit of today"),
        *(f"{kind} {shape}" for kind in LATER for shape in SHAPES_OF_LATER),
        *("relative to another measure", "soft", "soft with base", "commitment single slots"),
        *("commitment at_least", "commitment at_most", "commitment of everything"),
        *(f"commitment {key}" for key in COMMITMENT_KEYS),
        *("scores", "scores by region", "score everywhere but one region", "support floor"),
        *("stability limited", "stability penalised", "current plan by region"),
        *("current plan by country", "no regions"),
        *("forecast", "forecast that continues", "forecast that is continued on"),
        *("forecast with a cap", "forecast and services", "forecast before the horizon"),
        *("score of a forecast", "limit of planned", "planned of the year before"),
    }
)


def kinds_of(case_folder: Path, policy_path: Path) -> set[str]:
    """The kinds of rules in use, all of them members of `ALL_KINDS`."""
    problem = Problem.read(case_folder, policy_path)
    return {
        kind
        for part in (_of_people, _of_places, _of_money, _of_time, _of_goals, _of_limits, _of_tables)
        for kind, is_used in part(problem)
        if is_used
    }


Found = Iterator[tuple[str, Any]]


def _filled(rows: list[Row], key: str) -> list[Row]:
    return [row for row in rows if row.get(key)]


def _of_people(problem: Problem) -> Found:
    tracks = problem.tracks
    levels = problem.rows("support_levels")
    yield "levels with other rates", len({row["stay_rate_factor"] for row in levels}) > 1
    yield "applicants by year", _filled(problem.rows("applicants"), "year")
    for (country, track), year in [(p, y) for p in problem.pairs() for y in problem.horizon]:
        number, least = problem.applicants(country, track, year), problem.min_cohort(track)
        binary = problem.needs_agreement(track) or least > 1
        yield "applicants missing in a year", number is None
        yield "applicants below the minimum", binary and number is not None and number < least
        yield "active_track", not problem.needs_agreement(track) and least > 1
    for row in problem.rows("agreements"):
        yield f"agreement {row['status']}", True
        yield "agreement with lead years", row["status"] == "proposed" and row["lead_years"] != "0"
        yield "agreement with a minimum", problem.min_cohort(row["track"]) > 0
    links = problem.continuations()
    yield "continuations", links
    yield "chain", any(a != b and b == c and c != d for a, b in links for c, d in links)
    yield "self-continuation", any(a == b for a, b in links)
    yield from _of_movement(problem)
    eligible = {track for _, track in problem.pairs()}
    yield "reached by continuation only", {b for _, b in links} - eligible
    for track in tracks:
        yield f"duration {problem.duration(track)}", True
    yield "people present", problem.rows("present_by_country")
    forecasts = [track for track in tracks if problem.is_forecast(track)]
    yield "forecast", forecasts
    yield "forecast that continues", {a for a, _ in links} & {*forecasts}
    yield "forecast that is continued on", {b for _, b in links} & {*forecasts}
    for table, kind in (("national_caps", "with a cap"), ("service_use", "and services")):
        yield f"forecast {kind}", any(row["track"] in forecasts for row in problem.rows(table))
    later = problem.horizon[0] > problem.case_years[0]
    yield "forecast before the horizon", forecasts and later
    yield (
        "score of a forecast",
        any(row["track"] in forecasts for row in problem.rows("scores")),
    )


def _of_movement(problem: Problem) -> Found:
    ways = problem.rows("continuations")
    shares = {row["retention"] for row in ways if row.get("retention")}
    said, by_attraction = problem.settings.get("movement"), problem.moves_by_attraction
    yield "retention", shares
    yield "retention of none", "0" in shares
    yield "retention of all", "1" in shares
    yield (
        "region without attraction",
        shares and any(not problem.attraction(region) for region in problem.regions),
    )
    yield "movement by attraction", by_attraction
    yield "movement free", said == "free"
    yield "movement free by default", problem.regions and ways and not shares and not said
    yield (
        "renewal where people move by attraction",
        by_attraction and any(a == b for a, b in problem.continuations()),
    )


def _of_places(problem: Problem) -> Found:
    yield "no regions", not problem.regions
    yield "sites by year", _filled(problem.rows("sites"), "year")
    yield "region costs", problem.rows("region_costs")
    yield "services", problem.rows("services")
    expandable = {r["region"] for r in problem.rows("services") if r["expansion_limit"] != "0"}
    yield "expansion", expandable and len(problem.window) > 1
    yield "two groups", any(len(problem.groups(track)) > 1 for track in problem.tracks)
    for key in ("level", "band", "entry"):
        yield f"use by {key}", _filled(problem.rows("service_use"), key)


def _of_money(problem: Problem) -> Found:
    costs = problem.rows("costs")
    keys = ("level", "country", "year", "entry")
    for key in keys:
        yield f"costs by {key}", _filled(costs, key)
    yield "costs by several keys", any(sum(bool(row.get(key)) for key in keys) > 1 for row in costs)
    budget = problem.policy.get("budget", {})
    yield "several lines", len(problem.lines) > 1
    yield "transfers", budget.get("transfers")
    yield "carry-over", budget.get("carry_over")
    yield "carry-over by line", isinstance(budget.get("carry_over"), dict)
    for row in problem.rows("national_caps"):
        yield f"cap on {row['counts']}", True
        last = problem.cap(row["track"], problem.case_years[-1])
        yield "cap that ends", last is row and row["year"] != str(problem.case_years[-1])
    yield "support floor", problem.policy.get("support_floor")


def _of_time(problem: Problem) -> Found:
    horizon = problem.policy.get("horizon", {})
    yield "default tail", "tail" not in horizon
    yield "steady tail", horizon.get("tail") == "steady"
    yield "run-off", horizon.get("tail") == "runoff"
    yield "tail 0", horizon.get("tail") == 0
    yield "tail 1", horizon.get("tail") == 1
    yield "horizon shorter than the case", len(problem.horizon) < len(problem.case_years)
    yield "horizon starts later", problem.horizon[0] > problem.case_years[0]
    yield "discount", problem.discount


def _of_goals(problem: Problem) -> Found:
    goals: dict[str, dict[str, Any]] = problem.policy["goals"]
    yield "several goals", len(goals) > 1
    for goal in goals.values():
        yield "negative weight", goal["weight"] < 0
        yield "indicators", goal.get("indicators")
        columns = [entry["column"] for entry in goal.get("indicators", [])]
        blank = [c for c in columns for row in problem.countries.values() if not row[c]]
        yield "missing indicator", blank
        yield "region effects", goal.get("region_effects")
        yield "region indicators", goal.get("region_indicators")
        yield "scale none", goal["scale"] == "none"
        yield "scale number", goal["scale"] != "none"
        for effect in goal.get("effects", []):
            yield f"stage {effect['stage']}", True
        for effect in goal.get("region_effects", []):
            yield f"region stage {effect['stage']}", True
        if "diminishing" in goal:
            yield f"diminishing per {goal['diminishing']['per']}", True
            unit = goal["diminishing"].get("breakpoints_per", "")
            yield "breakpoints per unit", unit
            yield "breakpoints per unit of a region", unit in {"region.population", "jobs"}
            for by in goal["diminishing"]["by"]:
                yield f"diminishing by {by}", True
    scores = [row for row in problem.rows("scores") if row["goal"] in goals]
    yield "scores", scores
    yield "scores by region", _filled(scores, "region")
    pairs = [(r["country"], r["track"]) for r in scores if not r.get("region")]
    yield (
        "score everywhere but one region",
        any((row["country"], row["track"]) in pairs for row in _filled(scores, "region")),
    )


def _of_limits(problem: Problem) -> Found:
    for limit in problem.policy.get("limits", []):
        yield "limit optional", limit.get("optional")
        if limit.get("optional"):
            continue
        yield f"limit on {limit['measure']}", True
        yield "limit with where", limit.get("where")
        yield "limit with by", limit.get("by")
        wide = limit.get("by", [])
        by = [problem.attribute(name)[0] for name in wide]
        for owner in {*by} - {"service"}:
            yield f"limit by {owner}", True
        used = {*by, *(problem.attribute(name)[0] for name in limit.get("where", {}))}
        yield "limit on single slots", {"country", "region"} <= used
        yield "limit protected", limit.get("protected")
        yield "limit of planned", limit.get("planned")
        yield "soft", limit.get("soft")
        yield "soft with base", limit.get("soft_base")
        yield "limit of both sides", {"at_least", "at_most"} <= set(limit)
        for side in {"at_least", "at_most"} & set(limit):
            right = limit[side]
            yield f"limit {side}", True
            yield "limit number", not isinstance(right, dict)
            if isinstance(right, dict):
                yield "limit per attribute", "per" in right
                yield "limit of the year before", "previous" in right
                yield "planned of the year before", "previous" in right and limit.get("planned")
                yield "limit of today", "first" in right
                yield "limit relative", "measure" in right
                yield "relative with fewer groups", right.get("by", wide) != wide
                other = right.get("measure", limit["measure"])
                yield "relative to another measure", other != limit["measure"]
        yield from _of_later(limit)


def _of_later(limit: dict[str, Any]) -> Found:
    rights = [limit[side] for side in ("at_least", "at_most") if side in limit]
    tables = [right for right in rights if isinstance(right, dict)]
    for kind, measures in LATER.items():
        others = [right["measure"] for right in tables if "measure" in right]
        yield f"{kind} compared with", {*others} & {*measures}
        if limit["measure"] in measures:
            yield f"{kind} of the year before", any("previous" in right for right in tables)
            yield f"{kind} compared", others
            yield f"{kind} of planned", limit.get("planned")
            yield f"{kind} soft", limit.get("soft")


def _of_tables(problem: Problem) -> Found:
    for row in problem.rows("commitments"):
        keys = [key for key in COMMITMENT_KEYS if row.get(key)]
        for key in keys:
            yield f"commitment {key}", True
        yield "commitment of everything", not keys
        yield "commitment single slots", {"country", "region"} <= set(keys)
        yield "commitment at_least", row["at_least"]
        yield "commitment at_most", row["at_most"]
    stability = problem.policy.get("stability", {})
    yield "stability limited", "max_change" in stability
    yield "stability penalised", "penalty" in stability
    current = problem.rows("current_plan") if stability else []
    yield "current plan by region", current and len(_filled(current, "region")) == len(current)
    yield "current plan by country", current and not _filled(current, "region")
