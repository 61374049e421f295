"""Random limits of every measure and shape."""

from __future__ import annotations

from typing import Any

from .drawing import Cells, Draw, Drawn
from .drawing_people import draw_current_plan
from .measures import AGREEMENTS, OUTCOMES

COUNTRY = ["country", "world_region", "bloc", "country.name"]
TRACK = ["track", "pathway", "sector", "direction", "track.agency"]
LATER = (*OUTCOMES, *AGREEMENTS)
REGION = ["region", "area", "region.name"]
LINE = ["line", "line.agency"]
# What a measure cannot be told apart by.
UNTOLD = {
    "slots": {*LINE, "service"},
    "transitions": {"level"},
    **{measure: {*REGION, "level"} for measure in ("returns", *AGREEMENTS)},
}
# Loose numbers, to be tightened later: for at_most, and for a soft at_least.
BOUNDS: dict[str, tuple[list[float], list[float]]] = {
    "slots": ([3, 4, 6], [1, 2]),
    "residents": ([4, 6, 8], [1, 2]),
    "spending": ([6, 10, 15], [1, 2]),
    "use": ([3, 4, 6], [1, 2]),
    "value": ([5, 10, 20], [0.5, 1, 2]),
    "completions": ([2, 3, 4], [0.5, 1]),
    "transitions": ([0.5, 1, 2], [0.25, 0.5]),
    "returns": ([1, 2, 3], [0.5, 1]),
    "open": ([1, 2, 3], [1]),
    "opened": ([1, 2], [1]),
}


def draw_limit(draw: Draw, drawn: Drawn, number: int, shape: dict[str, str]) -> Cells:
    """One limit of a given measure and shape."""
    measure, side = shape["measure"], shape["side"]
    if measure == "use" and not drawn.tables.get("service_use"):
        measure = "residents"
    if measure in AGREEMENTS and not drawn.tables["agreements"]:
        measure = "completions"
    limit: Cells = {"name": f"limit_{number + 1}", "measure": measure}
    if measure == "value":
        _choose_goal(draw, drawn, limit, side)
    else:
        _choose_sides(draw, drawn, limit, shape)
    if shape["planned"] == "yes":
        limit["planned"] = True
    if shape["right"] == "previous":
        _follow_years(limit)
    limit[side] = _right_side(draw, drawn, limit, shape)
    is_number = not isinstance(limit[side], dict)
    if shape["soft"] == "soft":
        limit["soft"] = draw.pick([0.05, 0.5, 2])
        if not is_number or draw.chance(0.3):
            limit["soft_base"] = draw.pick([1, 2, 4])
    elif draw.chance(0.2):
        limit["protected"] = True
    elif is_number and draw.chance(0.4) and side == "at_most":
        limit["at_least"] = draw.pick([0, 1])
    if draw.chance(0.05):
        limit["optional"] = True
        limit["where"] = {"pathway": "nowhere"} if measure != "value" else {"year": 1999}
    return {key: value for key, value in limit.items() if value not in ({}, [])}


def _choose_goal(draw: Draw, drawn: Drawn, limit: Cells, side: str) -> None:
    """A goal to limit, by year only where its value does not diminish."""
    goals: dict[str, Cells] = drawn.policy["goals"]
    plain = [name for name in goals if "diminishing" not in goals[name]]
    if not plain and side == "at_most":
        del goals["g1"]["diminishing"]
        plain = ["g1"]
    any_goal = side == "at_least" and draw.chance(0.5)
    limit["goal"] = draw.pick(sorted(goals) if any_goal else plain or sorted(goals))
    limit["by"], limit["where"] = [], {}
    if limit["goal"] in plain and draw.chance(0.4):
        limit["by"] = ["year"]
    if limit["goal"] in plain and draw.chance(0.3):
        limit["where"] = {"year": _value_of(draw, drawn, "year")}


def _choose_sides(draw: Draw, drawn: Drawn, limit: Cells, shape: dict[str, str]) -> None:
    """What the limit is grouped and filtered by."""
    sides = _sides(draw, drawn, limit["measure"], shape)
    limit["by"], limit["where"] = draw.some(sides, 2), {}
    name = draw.pick(sides)
    if shape["single"] == "yes" and limit["measure"] == "slots" and drawn.tables.get("regions"):
        limit["by"], name = [draw.pick(REGION)], draw.pick(COUNTRY[:2])
        if draw.chance(0.5):
            limit["by"].insert(0, draw.pick(COUNTRY))
        else:
            limit["where"] = {name: _value_of(draw, drawn, name)}
    elif draw.chance(0.4):
        limit["where"] = {name: _value_of(draw, drawn, name)}
    if limit["measure"] in LATER and shape["side"] == "at_least" and "year" in limit["by"]:
        # There is nothing to count in some years of the window, and no floor to reach.
        limit["where"] = {"year": _value_of(draw, drawn, "year")}


def _sides(draw: Draw, drawn: Drawn, measure: str, shape: dict[str, str]) -> list[str]:
    """Attributes one limit may use together."""
    place = REGION if drawn.tables.get("regions") and draw.chance(0.5) else COUNTRY
    if measure in LATER:
        sides = ["year", *TRACK, *(place if measure in OUTCOMES[:2] else COUNTRY)]
        return [*sides, "level"] if measure == "completions" else sides
    if measure == "use":
        return ["year", "service", *REGION] + ([] if shape["right"] == "per" else TRACK[:2])
    if measure == "value":
        return ["year"]
    if shape["right"] == "per":
        return ["year", *place] if draw.chance(0.8) else ["year", *TRACK]
    if measure == "spending":
        return ["year", *LINE, *draw.pick([[], ["purpose"], TRACK, place, place])]
    return ["year", "level", *TRACK, *place]


def _value_of(draw: Draw, drawn: Drawn, name: str) -> Any:
    """A value that occurs, or a list of such values."""
    owner, _, column = name.rpartition(".")
    column = column or name
    tables = {
        "country": "countries",
        "world_region": "countries",
        "bloc": "countries",
        "region": "regions",
        "area": "regions",
        "line": "budgets",
        "purpose": "budgets",
        "service": "services",
    }
    if name == "year":
        first, last = drawn.policy.get("horizon", {}).get(
            "years", [drawn.settings["years"][0], drawn.settings["years"][-1]]
        )
        return draw.rng.randint(first, last)
    if name == "level":
        return draw.pick(["standard", "intensive"]) if draw.has("levels") else "standard"
    values = drawn.names(tables.get(owner or name, "tracks"), column) or ["program"]
    return sorted(values) if draw.chance(0.25) else draw.pick(values)


def _right_side(draw: Draw, drawn: Drawn, limit: Cells, shape: dict[str, str]) -> Any:
    measure, side = limit["measure"], shape["side"]
    by: list[str] = limit["by"]
    number: float = draw.pick(BOUNDS[measure][0 if side == "at_most" else 1])
    if side == "at_least" and shape["soft"] != "soft":
        number = 0
    amount = draw.pick([0.25, 0.5, 1] if side == "at_most" else [0.125, 0.25])
    used = {*by, *limit["where"]}
    if shape["right"] == "per" and measure != "value":
        if used & set(REGION) or measure == "use":
            return {"amount": amount, "per": draw.pick(["jobs", "region.population"])}
        if used & set(COUNTRY) or not drawn.tables.get("regions"):
            return {"amount": amount, "per": "country.population"}
        return {"amount": amount, "per": "duration_years"}
    if shape["right"] == "previous" and "year" in by:
        return _previous(draw, drawn, limit)
    if shape["right"] == "times":
        return _relative(draw, drawn, limit, shape)
    return number


def _follow_years(limit: Cells) -> None:
    """Group by year what can be."""
    if limit["measure"] == "value":
        return
    if limit["measure"] == "slots":
        # The current plan tells no levels.
        limit["by"] = [name for name in limit["by"] if name != "level"]
        limit["where"] = {name: of for name, of in limit["where"].items() if name != "level"}
    if "year" not in limit["by"]:
        limit["by"] = [*limit["by"], "year"]


def _previous(draw: Draw, drawn: Drawn, limit: Cells) -> Cells:
    """A multiple of the year before, and a little beside."""
    right: Cells = {"times": draw.pick([0, 0.5, 1, 1.5]), "previous": True}
    if draw.chance(0.7):
        right["plus"] = draw.pick([0, 0.5, 1, 2])
    if limit["measure"] == "slots" and draw.chance(0.85):
        if not drawn.tables.get("current_plan"):
            draw_current_plan(draw, drawn)
        right["first"] = {"times": draw.pick([0, 0.5, 1])}
        if draw.chance(0.7):
            right["first"]["plus"] = draw.pick([1, 2])
    return right


def _relative(draw: Draw, drawn: Drawn, limit: Cells, shape: dict[str, str]) -> Cells:
    """A multiple of the same measure seen wider, or of another measure on the same groups."""
    other, by = limit["measure"], limit["by"]
    if other == "value" or (other in {"residents", "use"} and draw.chance(0.5)):
        other = "slots" if "service" not in by else "use"
    if other in LATER and draw.chance(0.5):
        other = draw.pick(["slots", "residents", *OUTCOMES, *AGREEMENTS])
    if other == "slots" and limit["measure"] == "slots" and draw.chance(0.2) and "level" not in by:
        other = "residents"
    right: Cells = {"times": draw.pick([0.25, 0.5, 1, 2]), "measure": other}
    usual = [name for name in by if name not in UNTOLD.get(other, ())]
    if usual != by or draw.chance(0.4):
        right["by"] = draw.some(usual, 2)
    if draw.chance(0.4):
        options = _sides(draw, drawn, other, shape)
        fitting = [n for n in options if n in TRACK or n == "year" or n in LINE]
        name = draw.pick(fitting)
        if other == "slots" and name in LINE:
            return right
        right["where"] = {name: _value_of(draw, drawn, name)}
    if limit["measure"] == other and "where" not in right and right.get("by", by) == by:
        right["by"] = by[:-1]
    return right
