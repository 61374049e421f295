"""Sheets of agencies and regions in the workbook of a plan: one table each, a row an item."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from optimizer.frames import rows_of
from optimizer.instance.attribution import REGION
from optimizer.plan import Plan
from optimizer.plan.own_sheets import AGENCY, OwnSheet, amounts_by_year

PREFIXES = (f"{AGENCY} ", f"{REGION} ")
"""Beginnings of the names of these sheets, which are not read back."""

_LONGEST_NAME = 31
_NOT_IN_NAMES = str.maketrans(dict.fromkeys("[]:*?/\\'", "_"))
_BEFORE = ("about", "of", "track", "country", "line", "region", "service", "what", "unit")
_DATES = ("decide_by", "open_from")
_RULES = ("sense", "number", "measured", "slack", "missed_percent", "rows", "without_slack")
_AFTER = ("total", *_RULES)


def own_tables(
    plan: Plan, sheets: Sequence[OwnSheet], taken: Collection[str]
) -> dict[str, pd.DataFrame]:
    """Give one table for each agency and region, by the names of their sheets.

    Parameters
    ----------
    taken
        Names of the other sheets of the workbook.
    """
    years = sorted({*plan.slots["year"], *plan.tables["spending"]["year"]})
    names = {name.casefold() for name in taken}
    found = {}
    for sheet in sheets:
        name = sheet_name(f"{sheet.kind} {sheet.key}", names)
        names.add(name.casefold())
        found[name] = _table(sheet, plan.currency, years)
    return found


def sheet_name(wanted: str, taken: Collection[str]) -> str:
    """Give a name that a sheet can have and none has: workbooks do not look at capitals.

    Examples
    --------
    >>> sheet_name("agency Trade/Industry and its branches", {"agency trade_industry and its b"})
    'agency Trade_Industry and i (2)'
    """
    plain = wanted.translate(_NOT_IN_NAMES)
    name, number = plain[:_LONGEST_NAME], 1
    while name.casefold() in taken:
        number += 1
        end = f" ({number})"
        name = plain[: _LONGEST_NAME - len(end)] + end
    return name


def _table(sheet: OwnSheet, currency: str, years: list[int]) -> pd.DataFrame:
    """Everything on one sheet, with a column a year; columns without anything are left out."""
    items = list(_items(sheet, currency))
    columns = [*_BEFORE, *_DATES, *years, *_AFTER]
    used = {column for item in items for column in item}
    shown = [column for column in columns if column in used] or ["about"]
    return pd.DataFrame(
        {str(column): [item.get(column) for item in items] for column in shown}, dtype="object"
    )


def _items(sheet: OwnSheet, currency: str) -> Iterator[dict[Any, Any]]:
    parts = sheet.parts
    yield from _by_year("places", parts["places"], {"unit": "persons"})
    yield from _by_year("money", parts["money"], {"unit": currency})
    for row in rows_of(parts["agreements"]):
        yield {
            "about": "agreements",
            **{name: getattr(row, name) for name in ("track", "country", "line", *_DATES)},
            "what": "set-up",
            "unit": currency,
            "total": row.setup_cost,
        }
    services = parts["services"]
    built = services.drop(columns=["steps", "cost"])
    yield from _by_year("services to build", built, {"what": "capacity"})
    paid = built.drop(columns="unit").assign(amount=services["cost"])
    yield from _by_year("services to build", paid, {"what": "cost", "unit": currency})
    for row in rows_of(parts["rules"]):
        yield {
            "about": "rules",
            "of": row.of,
            "what": f"{row.title.replace('_', ' ')}: {row.tightest}",
            **{name: getattr(row, name) for name in _RULES if pd.notna(getattr(row, name))},
        }


def _by_year(about: str, table: pd.DataFrame, more: Mapping[str, str]) -> Iterator[dict[Any, Any]]:
    """One item for every key, with its amounts by year."""
    keys = [str(column) for column in table if column not in ("year", "amount")]
    for key, amounts in amounts_by_year(table, keys).items():
        named = dict(zip(keys, key, strict=True))
        yield {"about": about, **named, **more, **amounts, "total": sum(amounts.values())}
