"""What one agency or one host region has to do with a plan: a sheet each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from optimizer.case import Case
from optimizer.frames import groups_of, mapping, summed
from optimizer.frames.grouping import remembered
from optimizer.instance.attribution import REGION
from optimizer.instance.money import EXPANSION, UPKEEP
from optimizer.instance.years import through_years
from optimizer.plan import Plan
from optimizer.plan.own_rules import own_rules
from optimizer.plan.question import Question
from optimizer.policy import Policy

AGENCY = "agency"

ByYear = dict[int, float]
"""Amounts of one key by year."""

ACCOUNT = ("budget", "received", "carried_in", "spent", "given", "carried_out", "unspent")
"""What there is of an agency's line in a year, and where it goes."""

SHEET_PARTS: Mapping[str, Mapping[str, str]] = {
    "places": {"track": "str", "country": "str", "year": "int64", "amount": "float64"},
    "money": {"line": "str", "what": "str", "year": "int64", "amount": "float64"},
    "agreements": {
        "track": "str",
        "country": "str",
        "line": "str",
        "decide_by": "int64",
        "open_from": "int64",
        "setup_cost": "float64",
        "yearly_cost": "float64",
    },
    "services": {
        "region": "str",
        "service": "str",
        "line": "str",
        "unit": "str",
        "year": "int64",
        "amount": "float64",
        "steps": "float64",
        "cost": "float64",
    },
    "rules": {
        "rule": "str",
        "title": "str",
        "of": "str",
        "tightest": "str",
        "sense": "str",
        "number": "float64",
        "measured": "float64",
        "slack": "float64",
        "missed_percent": "float64",
        "rows": "int64",
        "without_slack": "int64",
    },
}
"""Parts of a sheet and their columns."""

_DUST = 1e-6
"""Amounts of money up to here are what is left by rounding."""


@dataclass(frozen=True)
class OwnSheet:
    """What one agency or region has to do with a plan.

    Attributes
    ----------
    kind, key
        ``agency`` or ``region``, and which.
    parts
        ``places``, ``money``, ``agreements``, ``services`` and ``rules``, with the columns of
        :data:`SHEET_PARTS`.
    """

    kind: str
    key: str
    parts: Mapping[str, pd.DataFrame]


def own_sheets(plan: Plan, case: Case, policy: Policy) -> list[OwnSheet]:
    """Give a sheet for every agency that owns a budget line, and for every host region.

    An agency has the places of the tracks that it runs, and of those that its lines pay for; the
    money of its lines; the agreements and local services that they pay for. A region has the places
    in it and the money that is attributed to it: what is built there, and the integration budget.
    """
    return remembered([plan, case, policy], own_sheets, lambda: _own_sheets(plan, case, policy))


def _own_sheets(plan: Plan, case: Case, policy: Policy) -> list[OwnSheet]:
    question = Question.of(policy, case)
    lines = case.table("budgets").drop_duplicates("line")[["line", "agency"]]
    agencies = list(dict.fromkeys(lines["agency"]))
    runs = case.table("tracks")[["track", "agency"]]
    runs = runs[runs["agency"].isin(agencies)]
    slots = plan.slots.rename(columns={"slots": "amount"})
    built = _built(plan, case)
    of_agency = {
        "places": slots.merge(_concerned(case, lines, runs), on="track"),
        "money": _accounts(plan),
        "agreements": _agreements(plan, case).merge(lines, on="line"),
        "services": built.merge(lines, on="line"),
        "rules": own_rules(
            plan, question, AGENCY, {"track": runs, "line": lines, "to_line": _to(lines)}
        ),
    }
    regions = case.table("regions")[["region"]]
    at_region = {"region": regions.assign(key=regions["region"])}
    of_region = {
        "places": slots,
        "money": _attributed(plan, case, built),
        "services": built,
        "rules": own_rules(plan, question, REGION, at_region, ["track", "service"]),
    }
    return [
        *_split(AGENCY, agencies, of_agency, case),
        *_split(REGION, regions["region"], of_region, case),
    ]


def _to(lines: pd.DataFrame) -> pd.DataFrame:
    return lines.rename(columns={"line": "to_line"})


def _split(
    kind: str, keys: Iterable[str], tables: Mapping[str, pd.DataFrame], case: Case
) -> Iterable[OwnSheet]:
    """Divide tables by who they belong to; amounts of one key are summed."""
    by_key: dict[str, dict[str, pd.DataFrame]] = {}
    nothing = {name: _nothing(name) for name in SHEET_PARTS}
    for name, table in tables.items():
        columns, summed_up = list(SHEET_PARTS[name]), table
        if columns[-1] == "amount":
            by = list(dict.fromkeys([kind, *columns[:-1]]))
            summed_up = _ordered(summed(table, by, "amount"), case)
        for (key,), rows in groups_of(summed_up, [kind]):
            by_key.setdefault(str(key), {})[name] = rows[columns].reset_index(drop=True)
    for key in keys:
        yield OwnSheet(kind, key, nothing | by_key.get(key, {}))


def _nothing(name: str) -> pd.DataFrame:
    return pd.DataFrame(
        {column: pd.Series(dtype=kind) for column, kind in SHEET_PARTS[name].items()}
    )


def _ordered(table: pd.DataFrame, case: Case) -> pd.DataFrame:
    """Rows of tracks, countries and lines in the order of the case, years last."""
    homes = {"track": "tracks", "country": "countries", "line": "budgets"}
    places = {
        column: {key: at for at, key in enumerate(dict.fromkeys(case.table(home)[column]))}
        for column, home in homes.items()
        if column in table
    }
    order = table.assign(**{column: table[column].map(known) for column, known in places.items()})
    return table.loc[order.sort_values([*places, "year"], kind="stable").index]


def _concerned(case: Case, lines: pd.DataFrame, runs: pd.DataFrame) -> pd.DataFrame:
    """Tracks that an agency runs or pays for."""
    paid = pd.concat([case.table("costs"), case.table("region_costs")])[["track", "line"]]
    paid = paid.drop_duplicates().merge(lines, on="line")[["track", "agency"]]
    return pd.concat([runs, paid]).drop_duplicates()


def _accounts(plan: Plan) -> pd.DataFrame:
    keys = ["agency", "line", "year"]
    long = plan.tables["spending"][[*keys, *ACCOUNT]].melt(
        keys, var_name="what", value_name="amount"
    )
    return long[(long["amount"].abs() > _DUST) | long["what"].isin(["budget", "spent"])]


def _agreements(plan: Plan, case: Case) -> pd.DataFrame:
    """Agreements to open, with the year in which their set-up is paid."""
    opened = plan.tables["agreements"]
    opened = opened[opened["status"].eq("proposed")].drop(columns="status")
    found = opened.merge(case.table("agreements"), on=["country", "track"])
    found = found.assign(decide_by=found["open_from"] - found["lead_years"])
    return found.sort_values(["decide_by", "open_from"], kind="stable")


def _built(plan: Plan, case: Case) -> pd.DataFrame:
    """Steps of services, with the capacity that they add and their cost."""
    columns = ["region", "service", "year", "unit", "expansion_unit", "expansion_cost", "line"]
    found = plan.decisions.expansion.merge(
        case.table("services")[columns], on=["region", "service", "year"], how="inner"
    )
    found["amount"] = found["steps"] * found["expansion_unit"]
    found["cost"] = found["steps"] * found["expansion_cost"]
    return found.astype({"steps": "float64"})


def _attributed(plan: Plan, case: Case, built: pd.DataFrame) -> pd.DataFrame:
    """Money that goes to a region: what is built there, and the integration budget."""
    paid = plan.tables["integration"]
    paid = paid[paid["region"].ne("") & ~paid["what"].isin([EXPANSION, UPKEEP])]
    keys = ["region", "line", "what", "year"]
    steps = built.assign(what=EXPANSION, amount=built["cost"])[[*keys, "amount"]]
    return pd.concat([summed(paid, keys, "amount"), steps, _upkeep(plan, case)[[*keys, "amount"]]])


def _upkeep(plan: Plan, case: Case) -> pd.DataFrame:
    """Upkeep of what is built, in every later year in which money is counted."""
    years = [int(year) for year in np.unique(plan.tables["spending"]["year"])]
    paid = through_years(case, "services", ["region", "service", "upkeep", "line"], years)
    steps = plan.decisions.expansion.rename(columns={"year": "decided"})
    found = steps.merge(paid, on=["region", "service"])
    found = found[found["year"] > found["decided"]]
    return found.assign(amount=found["steps"] * found["upkeep"], what=UPKEEP)


def amounts_by_year(table: pd.DataFrame, keys: Sequence[str]) -> dict[tuple[Any, ...], ByYear]:
    """Amounts of a part of a sheet by year, for every key in order of first appearance."""
    found: dict[tuple[Any, ...], ByYear] = {}
    named = zip(*(table[column].tolist() for column in keys), strict=True)
    rows = zip(named, table["year"].tolist(), table["amount"].tolist(), strict=True)
    for key, year, amount in rows:
        years = found.setdefault(key, {})
        years[year] = years.get(year, 0) + amount
    return found


def sheet_title(sheet: OwnSheet, case: Case) -> str:
    """Name of the agency or region, as reports show it."""
    if sheet.kind == AGENCY:
        return sheet.key
    names: Mapping[Any, Any] = mapping(case.table("regions"), "region", "name")
    return str(names[sheet.key])
