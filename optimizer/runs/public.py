"""Writes what is published of a run: a folder that holds only what was made for it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from optimizer.io.writing import new_folder, write_text
from optimizer.plan import Plan
from optimizer.plan.publication import UP_TO_FOUR, WITHHELD, Publication, publication
from optimizer.report.figures import listed
from optimizer.runs import PUBLIC_README, PUBLIC_SUMMARY, PUBLIC_TABLES, write_csv, write_json


def write_public(plan: Plan, folder: Path) -> None:
    """Write the tables of a plan that can be published, and what was left out of them.

    Raises
    ------
    InputError
        If no track is marked as sensitive.
    """
    published = publication(plan)
    new_folder(folder)
    for name, table in published.tables.items():
        headers = {"budget", "spent", "rounded_to"} & set(table)
        unit = {column: f"{column}_{plan.currency.lower()}" for column in headers}
        write_csv(table.rename(columns=unit), folder / f"{name}.csv")
    write_json(_summary(plan, published), folder / PUBLIC_SUMMARY)
    write_text(folder / PUBLIC_README, "\n".join(_readme(plan, published)) + "\n")


def _summary(plan: Plan, published: Publication) -> Mapping[str, object]:
    return {
        "policy": plan.policy,
        "case": plan.case,
        "status": plan.status,
        "slots_total": published.slots_total,
        "sensitive_tracks": list(published.sensitive),
        "hidden": {name: dict(counts) for name, counts in published.counts.items()},
        "rounded_to": dict(published.units),
    }


def _readme(plan: Plan, published: Publication) -> list[str]:
    """Say what is here and what was left out, in words."""
    few = sum(counts[UP_TO_FOUR] for counts in published.counts.values())
    hidden = sum(counts[WITHHELD] for counts in published.counts.values())
    tables = [f"* `{name}.csv`: {PUBLIC_TABLES[name]}." for name in published.tables]
    money = [
        f"* Money of line `{line}` is rounded to {unit:,.15g} {plan.currency}, the cost of at "
        "least ten of these people for a year."
        for line, unit in published.units.items()
    ]
    return [
        f"# Plan {plan.policy} on {plan.case}, for publication",
        "",
        *tables,
        "",
        "What was left out",
        "",
        f"* Sensitive tracks: {listed(list(published.sensitive))}. Their people could be "
        "recognised where they are few, so that slots are given by country and by region, never "
        "by both at once, and without support levels and agreements.",
        f"* `{UP_TO_FOUR}` stands for a number from 1 to 4, `{WITHHELD}` for any number above 0. "
        f"{few} numbers are shown as `{UP_TO_FOUR}`; {hidden} are withheld, because a small one "
        "could be worked out from them. Where a row is missing, the number is 0.",
        *money,
        "* Points, goals, services, residents and what becomes of people follow from single "
        "numbers, so that none of them is here.",
        "* Who knows ceilings as well (caps, places of sites, applicants) can narrow what is "
        "withheld, and who has case and policy can solve again: do not publish those of "
        "sensitive tracks beside this.",
        "* All other tracks are given in full, single persons too.",
    ]
