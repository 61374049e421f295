"""A random policy for a drawn case, and the two tables that belong to it."""

from __future__ import annotations

from itertools import product
from random import Random
from typing import Any

from .drawing import Cells, Draw, Drawn
from .drawing_limits import draw_limit

COUNTRY_INDICATORS = [
    {"column": "strength", "weight": 1, "transform": "linear", "range": [0, 10]},
    {"column": "strength", "weight": 2, "transform": "log", "range": [1, 9]},
    {"column": "strength", "weight": 1, "direction": "lower", "range": [1, 6]},
    {"column": "need", "weight": 3, "transform": "log", "range": [0, 9]},
    {"column": "need", "weight": 1, "missing": 0.25, "range": [0, 10]},
    {"column": "need", "weight": 2, "direction": "lower", "range": [0, 12]},
]
COMMITMENT_KEYS = ["country", "track", "region", "year"]
STAGES = ["enter", "present", "complete", "continue", "return"]


def draw_policy(draw: Draw, drawn: Drawn) -> None:
    """Draw the policy, the scores of its goals and the commitments."""
    years: list[int] = drawn.settings["years"]
    horizon: Cells = {}
    if draw.has("more_case_years") and len(years) > 1:
        wanted = max(1, len(years) - draw.pick([1, 2]))
        begin = draw.rng.randint(0, len(years) - wanted)
        horizon["years"] = [years[begin], years[begin + wanted - 1]]
    if draw.has("tail"):
        horizon["tail"] = draw.pick([0, 1, "runoff", *["steady"] * 4])
    if draw.has("discount"):
        horizon["discount"] = draw.pick([0.03, 0.25])
    drawn.policy = {"schema": 1, "title": f"Random policy {draw.seed}", "why": "test"}
    drawn.policy["cases"] = ["*"]
    if horizon:
        drawn.policy["horizon"] = horizon
    goals = {f"g{i + 1}": _draw_goal(draw, drawn, i) for i in range(draw.pick([1, 2, 3]))}
    drawn.policy["goals"] = goals
    if draw.has("scores"):
        _draw_scores(draw, drawn)
    drawn.policy["limits"] = [
        draw_limit(draw, drawn, i, shape) for i, shape in enumerate(draw.limits)
    ]
    if draw.has("support_floor"):
        _draw_floor(draw, drawn)
    _draw_money(draw, drawn)
    if draw.has("stability"):
        rule = {"max_change": draw.pick([0.5, 1.0, 1.5]), "penalty": draw.pick([0.1, 1.0])}
        keep = draw.pick([["max_change"], ["penalty"], ["max_change", "penalty"]])
        drawn.policy["stability"] = {key: rule[key] for key in keep}
    if draw.has("commitments"):
        _draw_commitments(draw, drawn)
    drawn.policy["solver"] = {"gap": 1e-9, "seed": 1, "threads": 1}


def _draw_goal(draw: Draw, drawn: Drawn, number: int) -> Cells:
    goal: Cells = {"weight": draw.pick([1, 2, 0.5]), "scale": draw.pick(["none", 2, 12.5])}
    if draw.has("indicators"):
        goal["missing"] = draw.pick(["zero", "reweight", 0.5])
        goal["indicators"] = draw.some(COUNTRY_INDICATORS, 2)
        if not goal["indicators"]:
            del goal["indicators"]
        elif draw.chance(0.3) and len(drawn.tables["countries"]) > 1:
            goal["indicators"][0] = {k: v for k, v in goal["indicators"][0].items() if k != "range"}
    first = number == 0
    if draw.has("region_effects", "regions") and draw.chance(0.7):
        goal["region_effects"] = _draw_effects(draw, drawn, STAGES[:4], first=first)
        if len(drawn.tables["regions"]) > 1 and draw.chance(0.7):
            goal["region_indicators"] = [{"column": "jobs", "weight": 1, "direction": "lower"}]
    if "region_effects" not in goal or draw.chance(0.55):
        goal["effects"] = _draw_effects(draw, drawn, STAGES, first=first)
    else:
        goal.pop("indicators", None)
    if draw.has("diminishing") and draw.chance(0.7):
        goal["diminishing"] = {
            "by": _diminishing_by(draw, goal),
            "per": draw.pick(["year", "horizon"]),
            "breakpoints": [[0, 1.0], [draw.pick([1, 1.5]), 0.5], [draw.pick([2.5, 4]), 0.125]],
        }
        if draw.chance(0.3):
            goal["diminishing"]["breakpoints"].pop()
        _draw_units(draw, goal["diminishing"], number)
    elif not first and draw.chance(0.35):
        goal["weight"] = draw.pick([-0.5, -1])
    return goal


def _diminishing_by(draw: Draw, goal: Cells) -> list[str]:
    if "region_effects" not in goal:
        return draw.pick([["country"], ["track"], ["world_region"], ["country", "track"]])
    return ["track"] if "effects" in goal else [draw.pick(["region", "area"])]


def _draw_units(draw: Draw, rule: Cells, number: int) -> None:
    """Breakpoints per unit of what is added up; of a source of its own, as they came later."""
    rng = Random(f"units {draw.seed} {draw.attempt} {number}")
    owners = {"country": "country", "world_region": "country", "track": "track"}
    sides = {owners.get(name, "region") for name in rule["by"]}
    columns = {
        "country": ["country.population", "strength"],
        "track": ["duration_years", "country.population"],
        "region": ["region.population", "jobs"],
    }
    if rng.random() < (0.8 if "region" in sides else 0.4):
        rule["breakpoints_per"] = rng.choice(columns[rng.choice(sorted(sides))])
        for point in rule["breakpoints"]:
            point[0] *= 0.25


def _draw_effects(draw: Draw, drawn: Drawn, stages: list[str], *, first: bool) -> list[Cells]:
    effects: list[Cells] = []
    chosen = draw.some(stages, 3) or ["enter"]
    if first and "enter" not in chosen:
        chosen = [draw.pick(["enter", "present"]), *chosen[-1:]]
    for stage in dict.fromkeys(chosen):
        style = draw.pick(["each", "all", "one"])
        if style == "all":
            where: list[Cells] = [{"direction": drawn.names("tracks", "direction")}]
        elif style == "each":
            where = [{"track": track} for track in drawn.names("tracks", "track")]
        else:
            column = draw.pick(["pathway", "sector", "direction"])
            where = [{column: draw.pick(drawn.names("tracks", column))}]
        for filters in where:
            effect = draw.pick([1, 2, 3, 0.5])
            if stage in {"present", "continue", "return"} and draw.chance(0.15):
                effect = -0.5
            effects.append({"where": filters, "stage": stage, "effect": effect})
    return effects


def _draw_scores(draw: Draw, drawn: Drawn) -> None:
    goal = draw.pick(sorted(drawn.policy["goals"]))
    by_region = draw.has("scores_by_region", "regions")
    if "diminishing" in drawn.policy["goals"][goal]:
        drawn.policy["goals"][goal].pop("diminishing")
    rows: list[Cells] = []
    pairs = dict.fromkeys((r["country"], r["track"]) for r in drawn.tables["applicants"])
    for country, track in pairs:
        here = [str(r["region"]) for r in drawn.tables["sites"] if r["track"] == track]
        for region in ["", *dict.fromkeys(here)] if by_region else [""]:
            if draw.chance(0.6):
                row: Cells = {"goal": goal, "country": country, "track": track, "region": region}
                rows.append(row | {"value": draw.pick([-1, 1, 2, 3.5])})
    if draw.has("forecast"):
        for country in drawn.names("countries", "country"):
            row = {"goal": goal, "country": country, "track": "f1", "region": ""}
            rows += [row | {"value": draw.pick([-1, 2])}] if draw.chance(0.5) else []
    if not any(row["region"] for row in rows):
        rows = [{key: row[key] for key in row if key != "region"} for row in rows]
    drawn.tables["scores"] = rows


def _draw_floor(draw: Draw, drawn: Drawn) -> None:
    """A floor below what some choices cost, so that it can be met."""
    track = draw.pick([r for r in drawn.tables["tracks"] if r["duration_years"]] or [{}])
    lines = {r["line"] for r in drawn.tables["budgets"] if r.get("purpose") == "integration"}
    amounts = [
        float(row["amount_jpy"])
        for row in drawn.tables["costs"]
        if row["track"] == track.get("track") and row["line"] in lines
    ]
    most = max(amounts, default=0.0)
    if most > 0:
        column = draw.pick(["pathway", "sector"])
        drawn.policy["support_floor"] = [
            {"where": {column: track[column]}, "amount_per_year": most * draw.pick([0.25, 0.6, 1])}
        ]


def _draw_money(draw: Draw, drawn: Drawn) -> None:
    budget: dict[str, Any] = {}
    if draw.has("transfers", "many_lines"):
        ways = draw.some([("main", "help"), ("help", "main")], 2) or [("main", "help")]
        budget["transfers"] = [
            {"from": a, "to": b, "share": draw.pick([0.1, 0.5, 0.9])} for a, b in ways
        ]
    if draw.has("carry_over"):
        budget["carry_over"] = draw.pick([0.25, 0.5, 0.9, {"main": 0.5}])
    if budget:
        drawn.policy["budget"] = budget


def _draw_commitments(draw: Draw, drawn: Drawn) -> None:
    first, last = drawn.policy.get("horizon", {}).get("years", [drawn.settings["years"][0], 0])
    years = list(range(first, (last or drawn.settings["years"][-1]) + 1))
    pairs = [(r["country"], r["track"]) for r in drawn.tables["applicants"]]
    rows: list[Cells] = []
    for _ in range(draw.pick([1, 1, 2])):
        country, track = draw.pick(pairs)
        sites = [r["region"] for r in drawn.tables["sites"] if r["track"] == track]
        row: Cells = dict.fromkeys([*COMMITMENT_KEYS, "at_least", "at_most"], "")
        shape = draw.pick(list(product([True, False], repeat=4)))
        for key, value, used in zip(
            COMMITMENT_KEYS,
            [country, track, draw.pick(sites or [""]), draw.pick(years)],
            shape,
            strict=True,
        ):
            row[key] = value if used else ""
        side = draw.pick(["at_least", "at_most", "both"])
        if side != "at_most":
            row["at_least"] = 0 if draw.chance(0.8) else 1
        if side != "at_least":
            row["at_most"] = draw.pick([2, 3, 5])
        if all(any(row[key] != other[key] for key in COMMITMENT_KEYS) for other in rows):
            rows.append(row)
    drawn.tables["commitments"] = rows
