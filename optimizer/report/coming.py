"""What comes whatever is decided, told apart from what the plan decides."""

from __future__ import annotations

import pandas as pd

from optimizer.report import figures
from optimizer.report.blocks import Block, Fact
from optimizer.report.material import Material, span
from optimizer.report.tables import behind, crossed, pivot

ANYWAY = "whatever is decided"


def expected_fact(material: Material) -> list[Fact]:
    """Give how many people come by forecast beside the slots, where anybody does."""
    table = expected_by_country(material)
    if not len(table):
        return []
    told = f"people who come by forecast, {span(material.years)}"
    return [Fact("Expected besides", figures.people(material.plan.expected_total), told)]


def anyway_findings(material: Material) -> list[str]:
    """Say how much of people, use and money there is whatever is decided, where there is any."""
    told = []
    last = material.years[-1]
    here = material.table("residents")
    here = here[here["year"].eq(last)]
    if here["anyway"].any():
        part = f"{_of(here['anyway'].sum(), here['persons'].sum())} people here in {last}"
        told.append(f"{part} came before the plan or come by forecast, {ANYWAY}.")
    money = material.table("spending")
    money = money[money["year"].isin(material.years)]
    if money["anyway"].any():
        part = f"{material.money(money['anyway'].sum())} of {material.money(money['spent'].sum())}"
        told.append(
            f"{part} spent {span(material.years)} goes to people already here or expected and to "
            f"agreements in force, {ANYWAY}."
        )
    return told


def _of(part: float, whole: float) -> str:
    return f"{figures.people(part)} of {figures.people(whole)}"


def expected_tables(material: Material) -> list[Block]:
    """Give people who come by forecast, by track and year."""
    table = expected_by_country(material)
    if not len(table):
        return []
    wide = pivot(table, "track", "year", "persons", material.years)
    wide = wide.rename(index=lambda key: material.names.of("track", key))
    caption = "Expected besides: people who come by forecast, by track and year"
    return [behind(crossed(caption, "Track", wide, figures.people))]


def expected_by_country(material: Material) -> pd.DataFrame:
    """Give people who come by forecast in each planned year, by country and track."""
    table = material.table("expected")
    return table[table["country"].ne("")]
