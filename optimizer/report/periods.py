"""Planned years, those that repeat the last of them, and those after: told apart in charts."""

from __future__ import annotations

from optimizer.report.blocks import Key
from optimizer.report.charts import Later
from optimizer.report.colours import ACCENT, REPEATED, RUN_OFF
from optimizer.report.material import Material, span


def later_years(material: Material) -> tuple[Later, ...]:
    """Give the years after the planned ones, and how columns of each are drawn."""
    last = material.years[-1]
    rest = tuple(year for year in material.tail if year not in material.repeated)
    after = "after that" if material.repeated else "after the last planned year"
    found = (
        Later(material.repeated, REPEATED, f"as {last} is repeated"),
        Later(rest, RUN_OFF, after),
    )
    return tuple(each for each in found if each.years)


def keys_of_years(material: Material, what: str) -> list[Key]:
    """Give the legend: what is drawn in planned years, and in each of the later ones."""
    later = [
        Key(each.colour, f"{what} {each.name}, {span(each.years)}")
        for each in later_years(material)
    ]
    return [Key(ACCENT, f"{what}, {span(material.years)}"), *later]


def expected_persons(material: Material) -> str:
    """Say what people of all years are: expected, and with those of the repeated years."""
    if not material.repeated:
        return "expected persons"
    return f"expected persons, also those of cohorts of {span(material.repeated)}"
