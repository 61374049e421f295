"""Money: integration support by country and track, and every budget line by year."""

from __future__ import annotations

import pandas as pd

from optimizer.report import figures
from optimizer.report.blocks import Bars, Block, Key, Panels, Section, Table, Text
from optimizer.report.charts import ChartParts, Series, panel, single, stacked_bars
from optimizer.report.colours import ACCENT, STROKE
from optimizer.report.coming import ANYWAY
from optimizer.report.figures import sentence
from optimizer.report.material import Material, span
from optimizer.report.periods import keys_of_years, later_years
from optimizer.report.tables import behind, by_year, crossed, pivot, plain_table, records

NO_COUNTRY = "No single country"
NO_TRACK = "Build-up of services"
NO_REGION = "No single region"


def integration_section(material: Material) -> Section:
    """Give the integration budget: language lessons, housing, liaison and the like."""
    paid = material.table("integration")
    title, lead = "Integration budget", "Money of the budget lines with purpose “integration”."
    if not len(paid):
        none = Text(("No budget line of this case pays for integration, or nothing is spent.",))
        return Section("integration", title, lead, (none,))
    blocks = [*_by_country(material, paid), *_by_track(material, paid), *_rest(material, paid)]
    lead += f" In all {material.money(float(paid['amount'].sum()))} over {span(material.window)}."
    return Section("integration", title, lead, tuple(blocks))


def _by_country(material: Material, paid: pd.DataFrame) -> list[Block]:
    with_country = paid[paid["country"].ne("")]
    if not len(with_country):
        return []
    with_country = with_country.assign(pathway=with_country["track"].map(material.pathway))
    present = set(with_country["pathway"].unique())
    shown = [name for name in material.colours if name in present]
    frame = pivot(with_country, "country", "pathway", "amount", shown)
    frame = frame.loc[frame.sum(axis=1).sort_values(ascending=False, kind="stable").index]
    parts = ChartParts(
        {name: material.colours[name] for name in shown},
        {name: sentence(name) for name in shown},
        figures.money,
    )
    top = frame.head(figures.COUNTRIES_SHOWN)
    names = [material.names.of("country", country) for country in top.index]
    described = f"{material.currency}, all years, by kind of track."
    if len(frame) > len(top):
        described += f" The {len(top)} largest of {len(frame)} countries; all in the table."
    chart = Bars("By country", described, stacked_bars(top, parts, names), parts.legend())
    return [chart]


def _by_track(material: Material, paid: pd.DataFrame) -> list[Block]:
    order = [*material.case.table("tracks")["track"], ""]
    total = paid.groupby("track")["amount"].sum()
    tracks = [track for track in order if track in total.index]
    values = {_track(material, track): float(total[track]) for track in tracks}
    chart = Bars(
        "By track", f"{material.currency}, all years.", single(values, ACCENT, figures.money)
    )
    wide = pivot(paid, "country", "track", "amount", tracks)
    wide = wide.loc[wide.sum(axis=1).sort_values(ascending=False, kind="stable").index]
    wide = wide.rename(
        index=lambda key: material.names.of("country", key) if key else NO_COUNTRY,
        columns=lambda key: _track(material, key),
    )
    caption = f"Integration budget by country and track (million {material.currency})"
    return [chart, behind(crossed(caption, "Country", wide / 1e6, _millions))]


def _track(material: Material, key: str) -> str:
    return material.names.of("track", key) if key else NO_TRACK


def _millions(value: float) -> str:
    # Adding zero turns the -0.0 of amounts that cancel into 0.0.
    return f"{round(value, 1) + 0.0:,.1f}".replace("-", figures.MINUS)


def _rest(material: Material, paid: pd.DataFrame) -> list[Block]:
    """By year and use, and by region, as tables."""
    used = pivot(paid, "what", "year", "amount", material.window).rename(index=sentence)
    unit = f"(million {material.currency})"
    done: list[Block] = [
        behind(crossed(f"Integration budget by use and year {unit}", "Use", used / 1e6, _millions))
    ]
    if paid["region"].ne("").any():
        wide = pivot(paid, "region", "year", "amount", material.window)
        order = [r for r in (*material.case.table("regions")["region"], "") if r in wide.index]
        wide = wide.reindex(order).rename(
            index=lambda key: material.names.of("region", key) if key else NO_REGION
        )
        table = crossed(
            f"Integration budget by region and year {unit}", "Region", wide / 1e6, _millions
        )
        done.append(behind(table))
    return done


def budget_section(material: Material) -> Section:
    """Give every budget line by year, against what it had to spend."""
    money = material.table("spending")
    panels = []
    for line, rows in money.groupby("line", sort=False):
        yearly = rows.set_index("year")
        planned = yearly[yearly.index.isin(material.years)]
        series = Series(
            values=by_year(yearly["spent"]),
            colour=ACCENT,
            unit=f" {material.currency}",
            marks=by_year(yearly["spent"] + yearly["unspent"]),
            mark_name="of",
            later=later_years(material),
        )
        small = f"{rows['agency'].iloc[0]}: {_spent(planned)}"
        panels.append(panel(material.names.of("line", str(line)), small, series, figures.money))
    legend = keys_of_years(material, "spent")
    is_moved = bool(money[["received", "carried_in"]].to_numpy().any())
    stroke = "money of the year" if is_moved else "budget of the year"
    legend.append(Key(STROKE, f"{stroke} (tick)", is_stroke=True))
    described = f"{material.currency}; every line has a scale of its own."
    if is_moved:
        described += (
            " The money of a year is the line's budget and what it gets from other lines and from "
            "the year before, without what it gives away or keeps for the next."
        )
    chart = Panels("Spending by line and year", described, tuple(panels), tuple(legend))
    blocks: tuple[Block, ...] = (chart, behind(_accounts(material, money)), *_moved(material))
    return Section("budgets", "Budgets", "Each line is spent by the agency that owns it.", blocks)


def _spent(money: pd.DataFrame) -> str:
    """Say what a line spends of the money it has, and its own budget where that is not all."""
    spent, budget = float(money["spent"].sum()), float(money["budget"].sum())
    free = spent + float(money["unspent"].sum())
    if not free:
        return figures.money(spent)
    told = f"{figures.money(spent)}, {figures.percent(spent / free)} of {figures.money(free)}"
    moved = figures.money(free) != figures.money(budget)
    return f"{told} (own budget {figures.money(budget)})" if moved else told


def _accounts(material: Material, money: pd.DataFrame) -> Table:
    columns = {
        "budget": "Budget",
        "received": "Received",
        "carried_in": "Carried in",
        "spent": "Spent",
        **({"anyway": f"Of it {ANYWAY}"} if money["anyway"].any() else {}),
        "given": "Given",
        "carried_out": "Carried out",
        "unspent": "Unspent",
    }
    rows = [
        (
            material.names.of("line", str(row.line)),
            str(row.year),
            str(row.purpose),
            *(_millions(getattr(row, name) / 1e6) for name in columns),
        )
        for row in records(money)
    ]
    head = ("Line", "Year", "Purpose", *columns.values())
    caption = f"Money by line and year (million {material.currency})"
    return plain_table(caption, head, rows, figures=(1, *range(3, len(head))))


def _moved(material: Material) -> list[Block]:
    moved = material.plan.decisions.transfers
    if not len(moved):
        return []
    rows = [
        (
            material.names.of("line", str(row.line)),
            material.names.of("line", str(row.to_line)),
            str(row.year),
            _millions(row.amount / 1e6),
        )
        for row in records(moved)
    ]
    head = ("From", "To", "Year", "Amount")
    return [
        behind(plain_table(f"Transfers (million {material.currency})", head, rows, figures=(2, 3)))
    ]
