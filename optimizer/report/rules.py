"""Binding rules, and the limits of the policy."""

from __future__ import annotations

from typing import Any

import pandas as pd

from optimizer.report import figures
from optimizer.report.blocks import Bar, Bars, Block, Piece, Section, Text
from optimizer.report.colours import ACCENT, GREY, SEQUENTIAL, Colour
from optimizer.report.custom import titles
from optimizer.report.figures import number
from optimizer.report.limits import are_relative, commitment
from optimizer.report.material import Material
from optimizer.report.tables import plain_table, records
from optimizer.schema.rules import BOUNDS, RULES, Rule
from optimizer.text.figures import counted

CUSTOM = "a custom rule"
EXAMPLES = 3
MOST_BROKEN = 200
"""Broken rows that are listed; all are counted."""
_YEARS = range(1900, 2200)
"""Numbers that are taken for years where nobody says what they are."""
CHOSEN = tuple(name for name, rule in RULES.items() if rule.floor_of or rule.ceiling_of)
"""Rules in which a plain number of 0 is a choice; elsewhere there is then nothing to limit."""
_KINDS: dict[str, tuple[str, Colour]] = {
    "limit": ("Chosen limits", ACCENT),
    "fact": ("Data limits", SEQUENTIAL[3]),
    "link": ("Linking constraints", GREY),
}


def rules_section(material: Material) -> Section:
    """Give the rules that hold with equality, in the planner's words."""
    rules = _judged(material)
    blocks: list[Block] = []
    broken = rules[rules["broken"]]
    if len(broken):
        rows = [
            (
                title_of(material, str(row.rule)),
                place_of(material, row),
                _told(row),
                number(-row.slack),
            )
            for row in records(broken.head(MOST_BROKEN))
        ]
        told = f"This plan breaks rules in {counted(len(broken), 'place')}."
        head = ("Rule", "Where", "Value and number", "Beyond by")
        blocks += [
            Text((told,), tone="alarm"),
            plain_table("Rules that are broken", head, rows, (3,)),
        ]
    for kind, (title, colour) in _KINDS.items():
        bars = _bars(material, rules[rules["kind"].eq(kind)], colour)
        if bars:
            described = "Share of each rule's rows without slack; the largest numbers as examples."
            blocks.append(Bars(title, described, bars))
    if not blocks:
        blocks.append(Text(("Every rule has slack everywhere.",)))
    lead = "A binding rule keeps the plan from going further there."
    if len(rules) < len(material.table("rules")):
        lead += " Rows whose number is 0, so that there is nothing to limit, are left out."
    return Section("rules", "Binding rules", lead, tuple(blocks))


def _judged(material: Material) -> pd.DataFrame:
    """Checked rows that say something, with ``kind`` and ``binds``."""
    rules = material.table("rules")
    running = set(material.slots[["track", "year"]].itertuples(index=False, name=None))
    floor = rules["rule"].eq("support_reaches_floor")
    by_floor = pd.Series([place[:2] in running for place in rules["place"]], index=rules.index)
    known = _known(material)
    named = rules["rule"].isin([*CHOSEN, *titles(material)])
    chosen = named & ~are_relative(material, rules)
    says = rules["limit"].ne(0.0) | chosen | (floor & by_floor)
    is_equality = rules["sense"].eq("equal")
    return rules.assign(
        # A variable of a custom rule that is beyond its bounds is no rule of the register.
        kind=[known[rule].kind if rule in known else "limit" for rule in rules["rule"]],
        binds=says & ~is_equality & (rules["slack"].abs() <= rules["allowed"]),
    )[(says & ~is_equality) | rules["broken"]]


def _bars(material: Material, rules: pd.DataFrame, colour: Colour) -> tuple[Bar, ...]:
    bars = []
    known = _known(material)
    for rule, rows in rules.groupby("rule", sort=False):
        binding = rows[rows["binds"]]
        if not len(binding):
            continue
        told = binding.sort_values("limit", ascending=False, kind="stable")
        places = pd.Series(map(_whatever_the_year, told["by"], told["place"]), told.index)
        told = told[~places.duplicated()].head(EXAMPLES)
        examples = [f"{place_of(material, row)}: {_told(row)}" for row in records(told)]
        if len(binding) > len(told):
            examples.append(f"and {counted(len(binding) - len(told), 'more row')}")
        share = len(binding) / len(rows)
        source, title = known[str(rule)].source, known[str(rule)].title
        shown = f"{figures.whole(len(binding))} of {figures.whole(len(rows))}"
        piece = Piece(0.0, round(100 * share, 3), colour, f"{title}: {shown} rows")
        bars.append(
            Bar(
                title,
                shown,
                (piece,),
                small=f"from {source}",
                examples=tuple(examples),
            )
        )
    return tuple(sorted(bars, key=lambda bar: -bar.pieces[0].length))


def _whatever_the_year(by: tuple[str, ...], place: tuple[object, ...]) -> tuple[object, ...]:
    """Place of a row without its year: examples that differ only there say the same."""
    return tuple(
        value
        for column, value in zip(by, place, strict=True)
        if column not in ("year", "entry_year") and not (column == "" and value in _YEARS)
    )


def title_of(material: Material, rule: str) -> str:
    """Give the title of a rule, also of a custom one."""
    known = _known(material)
    return known[rule].title if rule in known else figures.sentence(rule)


def _known(material: Material) -> dict[str, Rule]:
    """The register of rules, with the custom ones of the run."""
    custom = {
        str(row.rule): Rule(str(row.rule), str(row.title), str(row.source) or CUSTOM, "limit")
        for row in records(material.plan.tables.get("custom_rules", pd.DataFrame()))
    }
    return RULES | BOUNDS | custom


def place_of(material: Material, row: Any) -> str:
    """Say where a row is, in names; commitments by what their row of the case says."""
    if row.by == ("commitment",):
        return commitment(material, row)
    return material.names.words(row.by, row.place) or "all"


def _told(row: Any) -> str:
    rule = str(row.rule)
    value, limit = float(row.value), float(row.limit)
    if rule == "support_reaches_floor":
        return "below the floor" if row.broken else "exactly at the floor"
    is_money = rule in RULES and RULES[rule].unit == "money"
    shown = figures.money if is_money else number
    word = "at least" if row.sense == "at_least" else "of"
    return (
        f"{shown(value)}, {word} {shown(limit)}"
        if word != "of"
        else (f"{shown(value)} of {shown(limit)}")
    )
