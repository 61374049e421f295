"""Pages to print: one for each agency and host region, with what it has to do with the plan."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import pandas as pd

from optimizer.case import Case
from optimizer.instance.attribution import REGION
from optimizer.plan import Plan
from optimizer.plan.own_sheets import AGENCY, ByYear, OwnSheet, amounts_by_year, sheet_title
from optimizer.policy import Policy
from optimizer.report import figures
from optimizer.report.blocks import Block, Cell, Section, Table, Text
from optimizer.report.figures import SPACE, sentence
from optimizer.report.material import Material, gather, span
from optimizer.report.page import environment
from optimizer.report.tables import EMPTY, plain_table, records
from optimizer.schema.rules import LIMIT_RULES, RULES
from optimizer.text.figures import counted

_KINDS = {AGENCY: "Agency", REGION: "Host region"}
_MILLION = 1e6
_NONE = {
    "places": "no places",
    "money": "no money",
    "agreements": "no agreements to open",
    "services": "no services to build",
    "rules": "no rules of its own",
}
Shown = Callable[[float], str]


def render_sheets(plan: Plan, case: Case, policy: Policy, sheets: Sequence[OwnSheet]) -> str:
    """Give all pages as the text of one self-contained HTML page.

    Raises
    ------
    OptimizerError
        If the extra ``report`` is not installed.
    """
    material = gather(plan, case, policy)
    sections = [_section(material, number, sheet) for number, sheet in enumerate(sheets, start=1)]
    kinds = [
        (title, [part for part, sheet in zip(sections, sheets, strict=True) if sheet.kind == kind])
        for kind, title in ((AGENCY, "Agencies"), (REGION, "Host regions"))
    ]
    return (
        environment()
        .get_template("sheets.html.jinja")
        .render(
            case=case,
            policy=policy,
            plan=plan,
            years=span(material.years),
            contents=[(title, parts) for title, parts in kinds if parts],
        )
    )


def _section(material: Material, number: int, sheet: OwnSheet) -> Section:
    parts = sheet.parts
    blocks: list[Block] = [
        *_places(material, parts["places"]),
        *_money(material, sheet),
        *_agreements(material, parts["agreements"]),
        *_services(material, sheet),
        *_rules(material, sheet),
    ]
    # A region opens no agreements, which needs no saying.
    absent = [
        words
        for name, words in _NONE.items()
        if not len(parts[name]) and not (name == "agreements" and sheet.kind == REGION)
    ]
    if absent:
        blocks.append(Text((f"{sentence(figures.listed(absent, most=len(absent)))}.",)))
    title = sheet_title(sheet, material.case)
    return Section(f"sheet-{number}", title, _lead(material, sheet), tuple(blocks))


def _lead(material: Material, sheet: OwnSheet) -> str:
    places = sheet.parts["places"]
    kind = _KINDS[sheet.kind]
    if not len(places):
        return f"{kind}."
    total = counted(int(places["amount"].sum()), "place")
    tracks, countries = places["track"].nunique(), places["country"].nunique()
    on = f"on {counted(tracks, 'track')} for {counted(countries, 'country', 'countries')}"
    whose = " that it runs or pays for" if sheet.kind == AGENCY else ""
    return f"{kind}. {total} in {span(material.years)} {on}{whose}."


def _places(material: Material, places: pd.DataFrame) -> Iterator[Table]:
    if len(places):
        for column, head in (("track", "Track"), ("country", "Country")):
            caption = f"Places by {column} and year"
            rows = amounts_by_year(places, [column])
            if column == "country":
                rows = dict(sorted(rows.items(), key=lambda row: -sum(row[1].values())))
            named: Rows = {(material.names.of(column, key),): row for (key,), row in rows.items()}
            yield _years(caption, (head,), named, material.years, figures.whole)


Rows = Mapping[tuple[str, ...], ByYear]


def _years(
    caption: str,
    head: Sequence[str],
    rows: Rows,
    years: Sequence[int],
    shown: Shown,
    *,
    has_total: bool = True,
) -> Table:
    """Give a table with a column a year, and totals where rows can be summed."""
    listed = [year for year in years if any(row.get(year) for row in rows.values())]

    def line(key: Iterable[str], row: dict[int, float]) -> tuple[Cell, ...]:
        values = [row.get(year, 0.0) for year in listed]
        texts = [shown(value) for value in [*values, sum(values)]]
        cells = [
            Cell(EMPTY if text.strip("-\N{MINUS SIGN}0.") == "" else text, True) for text in texts
        ]
        return (*(Cell(word) for word in key), *cells)

    body = [line(key, row) for key, row in rows.items()]
    if has_total and len(rows) > 1:
        total = {year: sum(row.get(year, 0.0) for row in rows.values()) for year in listed}
        body.append(line(("Total", *[""] * (len(head) - 1)), total))
    heads = (
        *(Cell(word) for word in head),
        *(Cell(str(year), True) for year in listed),
        Cell("Total", True),
    )
    return Table(caption, heads, tuple(body), has_total=has_total and len(rows) > 1)


def _millions(value: float) -> str:
    return figures.number(value / _MILLION)


def _money(material: Material, sheet: OwnSheet) -> Iterator[Table]:
    money = sheet.parts["money"]
    if not len(money):
        return
    rows = amounts_by_year(money, ["line", "what"])
    named: Rows = {
        (material.names.of("line", line), what.replace("_", " ")): row
        for (line, what), row in rows.items()
    }
    is_region = sheet.kind == REGION
    of = "Spent here, as far as it is attributed to regions" if is_region else "Money of its lines"
    caption = f"{of} (million {material.currency})"
    head = ("Line", "For" if is_region else "What")
    yield _years(caption, head, named, material.window, _millions, has_total=is_region)


def _agreements(material: Material, opened: pd.DataFrame) -> Iterator[Table]:
    rows = []
    for (decide, begin, track), part in opened.groupby(["decide_by", "open_from", "track"]):
        countries = sorted(material.names.of("country", key) for key in part["country"])
        cost = _millions(float(part["setup_cost"].sum()))
        name = material.names.of("track", track)
        rows.append((str(decide), str(begin), name, ", ".join(countries), cost))
    if rows:
        cost = f"Set-up (million {material.currency})"
        head = ("Decide by", "Open from", "Track", "Countries", cost)
        yield plain_table("Agreements to open", head, rows, (4,))


def _services(material: Material, sheet: OwnSheet) -> Iterator[Table]:
    services = sheet.parts["services"]
    if not len(services):
        return
    built = amounts_by_year(services, ["region", "service", "unit"])
    cost = services.groupby(["region", "service", "unit"], sort=False)["cost"].sum()
    is_region = sheet.kind == REGION
    rows: dict[tuple[str, ...], dict[int, float]] = {}
    paid = []
    for (region, service, unit), row in built.items():
        where = () if is_region else (material.names.of("region", region),)
        rows[(*where, service.replace("_", " "), unit)] = row
        paid.append(_millions(float(cost[region, service, unit])))
    head = (*(() if is_region else ("Region",)), "Service", "Unit")
    caption = "Services to build: capacity to add, by the year in which it is decided"
    table = _years(caption, head, rows, material.years, figures.number, has_total=False)
    heads = (*table.head, Cell(f"Cost (million {material.currency})", True))
    body = [(*row, Cell(text, True)) for row, text in zip(table.rows, paid, strict=True)]
    yield Table(caption, heads, tuple(body))


def _rules(material: Material, sheet: OwnSheet) -> Iterator[Table]:
    rows = []
    units = {limit.name: limit.counts.unit for limit in material.policy.limits}
    for row in records(sheet.parts["rules"]):
        if row.sense == "at_most" and not row.measured:
            continue
        is_limit = row.rule in LIMIT_RULES or row.rule == "limit_soft"
        unit = units.get(row.title, "") if is_limit else RULES[row.rule].unit
        shown = figures.money if unit == "money" else figures.number
        own = str(row.of).split(", ")
        known = {*own, row.title, sheet.key}
        parts = [part.rpartition("=")[2] for part in str(row.tightest).split(", ")]
        at = [part for part in parts if part not in known]
        if row.sense == "soft":
            missed = figures.number(row.missed_percent)
            slack = f"missed by {missed}%" if row.missed_percent else "kept"
        else:
            slack = shown(row.slack)
        rows.append(
            (
                sentence(row.title),
                _words(material, [part for part in own if part != sheet.key]),
                str(row.sense).replace("_", SPACE),
                shown(row.number),
                shown(row.measured),
                slack,
                _words(material, at),
                f"{figures.whole(row.without_slack)} of {figures.whole(row.rows)}",
            )
        )
    head = ("Rule", "For", "Sense", "Number", "Reached", "Slack", "There", "Without slack")
    if rows:
        caption = "Its own rules, each where it is tightest; unused ceilings are left out"
        yield plain_table(caption, head, rows, (3, 4, 5, 7))


def _words(material: Material, keys: Iterable[str]) -> str:
    """Keys of several tables by their names."""
    names = material.names
    known = {**names.country, **names.line, **names.region, **names.track}
    return " · ".join(known.get(key, key.replace("_", " ")) for key in keys)
