"""The orders-of-magnitude tables of the case's README, from the same figures as the tables."""

from __future__ import annotations

from . import summary_indicators
from .countries import entries
from .limits import cap_rows, site_rows
from .money import budget_rows
from .people import FLOWS, PROTECTION, TRACKS, applicants, current_plan, grants_2024, people_on
from .sources import Row, number, read_by, whole

START = "<!-- written by build.py: orders of magnitude -->"
END = "<!-- end of what build.py writes -->"

# Track, public figure of new entries in 2024, statuses of the 2023 entries to warn about.
_PUBLIC = {
    "students": ("student_new_entries", "student"),
    "engineers": ("engineer_specialist_new_entries", "engineer_specialist"),
    "ssw1": ("ssw_new_entries", "ssw"),
    "esd": ("technical_intern_new_entries", "tit"),
    "entrepreneurs": ("business_manager_new_entries", "business_manager"),
}


def _people_line(track: str) -> str:
    public, counted = "", ""
    if track in _PUBLIC:
        key, statuses = _PUBLIC[track]
        public = f"{number(key):,.0f} new entries 2024"
        counted = f"{entries('ALL', statuses):,.0f}"
    elif track == "gov_scholars":
        public = f"{number('mext_scholars_total'):,.0f} present 2020, half of them new a year"
    elif track in PROTECTION:
        public = f"part of {grants_2024():,.0f} protection grants 2024"
    elif track in FLOWS:
        public = f"derived from {FLOWS[track]['base']}"
    sites = sum(int(row["max_slots"]) for row in site_rows() if row["track"] == track)
    plan, pool = people_on(current_plan(), track), people_on(applicants(), track)
    return f"| `{track}` | {public} | {counted} | {plan:,} | {pool:,} | {sites:,} |"


def _people_table() -> list[str]:
    lines = [
        "| track | public figure | 2023 entries | today's plan | applicants | sites |",
        "|---|---|---:|---:|---:|---:|",
    ]
    tracks = [track for track in TRACKS if people_on(applicants(), track)]
    lines += [_people_line(track) for track in tracks]
    total = [
        sum(people_on(people, track) for track in tracks)
        for people in (current_plan(), applicants())
    ]
    return [*lines, f"| all | | | {total[0]:,} | {total[1]:,} | |"]


def _money_table() -> list[str]:
    rows: dict[str, list[Row]] = {}
    for row in budget_rows():
        rows.setdefault(row["line"], []).append(row)
    names = read_by("assumed_lines", "line")
    lines = [
        "| line | agency | purpose | 2027 | 2031 | five years | anchor |",
        "|---|---|---|---:|---:|---:|---|",
    ]
    for line, years in rows.items():
        amounts = [int(row["amount_jpy"]) / 1e9 for row in years]
        facts = names[line]
        lines.append(
            f"| `{line}` | {facts['agency']} | {facts['purpose']} | {amounts[0]:.2f}"
            f" | {amounts[-1]:.2f} | {sum(amounts):.1f} | {facts['note']} |"
        )
    total = sum(int(row["amount_jpy"]) for row in budget_rows()) / 1e9
    return [*lines, f"| all | | | | | {total:.1f} | |"]


def _facts() -> list[str]:
    stipends = number("mext_scholars_total") * number("mext_stipend_master") * 12
    daily = 365 * number("settlement_programme_daily_living_adult")
    rent = 12 * number("settlement_programme_housing_cap_single")
    first_year = daily + number("settlement_programme_lump_sum_adult")
    caps = {row["track"]: int(row["max"]) for row in cap_rows()}
    return [
        f"- {number('mext_scholars_total'):,.0f} government scholars x 144,000 JPY x 12 ="
        f" {stipends / 1e9:.1f} bn JPY a year, published budget"
        f" {number('mext_scholarship_budget') / 1e9:.1f} bn: the stipend in `costs` is right.",
        "- The same stipend for all new students of 2024 would be"
        f" {number('student_new_entries') * number('mext_stipend_master') * 12 / 1e9:,.0f} bn:"
        " self-funded students cost support only.",
        f"- Protection: {grants_2024():,.0f} grants in 2024; caps here"
        f" {caps['scholars_at_risk']} and {caps['professionals_at_risk']} a year. The settlement"
        f" programme pays {whole(first_year):,} JPY in the first year and up to {whole(rent):,}"
        " JPY of rent.",
        f"- Reception grant {number('isa_reception_grant_budget') / 1e9:.1f} bn, official security"
        f" assistance {number('osa_budget') / 1e9:.1f} bn.",
        f"- Caps: {caps['esd']:,} residents in employment for skill development; {caps['ssw1']:,}"
        " specified skilled workers (i) of the plan besides those already here.",
    ]


def section() -> str:
    """Return the generated section of the README."""
    people = ["Persons a year; the 2023 entries count re-entries.", "", *_people_table()]
    money = ["Amounts in bn JPY.", "", *_money_table()]
    return "\n".join([START, "", *people, "", *money, "", *_facts(), "", END])


def replaced(text: str, start: str, end: str, section: str) -> str:
    """Return a text with its generated section, from one mark to the other, renewed."""
    head, rest = text.split(start)
    return head + section + rest.split(end)[1]


def readme_with_sections(text: str) -> str:
    """Return the README with its generated sections renewed."""
    text = replaced(text, START, END, section())
    indicators = summary_indicators
    return replaced(text, indicators.START, indicators.END, indicators.section())
