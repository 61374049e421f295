"""What was asked of the plan: what limits it, where money helps, prices of rules, room to move.

The report asks for nothing itself: it is handed answers with a plan, and a plan without them has
none of these sections.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import isnan
from typing import Any

import pandas as pd

from optimizer.plan.answers import (
    MONEY_HELPS,
    PRICES,
    ROOM,
    WHAT_LIMITS,
    YEAR_CHANGES,
    PlanAnswer,
)
from optimizer.report.blocks import (
    Bar,
    Bars,
    Block,
    Details,
    Key,
    Piece,
    Section,
    Text,
    in_paragraphs,
)
from optimizer.report.colours import ACCENT, ALARM, SEQUENTIAL, Colour
from optimizer.report.figures import SPACE, number, sentence
from optimizer.report.material import Material
from optimizer.report.pictures import frame_table
from optimizer.report.tables import records
from optimizer.schema.addresses import cell_of, is_cell
from optimizer.text.figures import counted, figure

_MOST_BARS = 20
_DIGITS = 3
_BY_DUAL = "dual"
_MORE, _LESS, _PALE = ACCENT, ALARM, SEQUENTIAL[2]
_LINES_IN_WORDS = 12


def limiting_section(material: Material) -> Section | None:
    """Give what limits the plan, and where money helps."""
    answer, money = _answer(material, WHAT_LIMITS), _answer(material, MONEY_HELPS)
    if answer is None:
        return _left_out(material)
    blocks: list[Block] = []
    solved = answer.table[answer.table["basis"].ne(_BY_DUAL)]
    if len(solved):
        blocks.append(_steps(material, solved))
    else:
        blocks += in_paragraphs(answer.sentences)
    blocks += _behind("What one step of each number brings", answer, _NUMBER_COLUMNS)
    if money is not None and len(money.table):
        blocks.append(_money(material, money.table))
        blocks += _behind("What the same sum brings in each line and year", money, _MONEY_COLUMNS)
    lead = (
        f"{answer.sentences[0]} Each number below was changed by one step both ways and the "
        "relaxation solved again."
    )
    return Section("limiting", "What limits the plan", lead, (*blocks, *_skipped(answer, money)))


def prices_section(material: Material) -> Section | None:
    """Give points more or fewer without each rule of the policy."""
    answer = _answer(material, PRICES)
    if answer is None:
        return None
    table = answer.table
    changed = table[table["change_points"].ne(0.0)]
    blocks: list[Block] = [_prices(changed.head(_MOST_BARS))] if len(changed) else []
    same = table[table["change_points"].eq(0.0)]
    if len(same):
        names = ", ".join(_part(str(address)) for address in same["address"])
        blocks.append(Text((f"Without any one of these the points stay the same: {names}.",)))
    blocks += _behind("Points without each rule", answer, _PRICE_COLUMNS)
    lead = (
        "Points more or fewer in the relaxation without each rule of the policy: what the rule "
        "costs. What is good about a rule and no goal counts has no points."
    )
    return Section("prices", "The price of each rule", lead, (*blocks, *_skipped(answer)))


def years_section(material: Material) -> Section | None:
    """Give what changes by more than half from one year to the next, with reasons."""
    answer = _answer(material, YEAR_CHANGES)
    if answer is None or not len(answer.table):
        return None
    blocks: list[Block] = [_changes(material, answer.table.head(_MOST_BARS))]
    blocks += _behind("Why each changes", answer, _YEAR_COLUMNS)
    lead = (
        "Slots of a track, country or region that change by more than half from one year to the "
        "next. For each the relaxation was solved with a level year instead."
    )
    return Section("years", "What changes from year to year", lead, (*blocks, *_skipped(answer)))


def room_section(material: Material) -> Section | None:
    """Give how far slots may move among plans that are nearly as good."""
    answer = _answer(material, ROOM)
    if answer is None:
        return None
    known = answer.table[answer.table["status"].ne("stopped")]
    blocks: list[Block] = [_ranges(material, known.head(_MOST_BARS))] if len(known) else []
    blocks += _behind("Least and most", answer, _ROOM_COLUMNS)
    lead = " ".join(answer.sentences[:2])
    return Section("room", "Room to manoeuvre", lead, (*blocks, *_skipped(answer)))


ANSWER_SECTIONS: Mapping[str, Callable[[Material], Section | None]] = {
    WHAT_LIMITS: limiting_section,
    MONEY_HELPS: limiting_section,
    PRICES: prices_section,
    YEAR_CHANGES: years_section,
    ROOM: room_section,
}
"""The section of the report in which each answer stands."""

_NUMBER_COLUMNS = {
    "address": "Number",
    "number": "Now",
    "looser": "More room",
    "gain_points": "Points",
    "tighter": "Less room",
    "loss_points": "Points then",
    "dual_points": "By the dual",
    "basis": "Basis",
    "status": "Status",
}
_MONEY_COLUMNS = {
    "line": "Line",
    "year": "Year",
    "amount": "Budget",
    "more": "More",
    "gain_points": "Points",
    "basis": "Basis",
    "status": "Status",
}
_PRICE_COLUMNS = {
    "address": "Rule",
    "title": "Says",
    "change_points": "Points without it",
    "slots_moved": "Slots that move",
    "basis": "Basis",
    "status": "Status",
}
_YEAR_COLUMNS = {
    "by": "By",
    "key": "Of",
    "year_before": "Year before",
    "slots_before": "Slots then",
    "year": "Year",
    "slots": "Slots",
    "cost_points": "Points of a level year",
    "reason": "Reason",
    "address": "Number",
    "basis": "Basis",
    "status": "Status",
}
_ROOM_COLUMNS = {
    "key": "Of",
    "plan": "In the plan",
    "least": "Least",
    "most": "Most",
    "least_basis": "Least by",
    "most_basis": "Most by",
    "status": "Status",
}


def _answer(material: Material, name: str) -> PlanAnswer | None:
    answers = material.plan.answers
    return None if answers is None else answers.of.get(name)


def _left_out(material: Material) -> Section | None:
    """Say why nothing was answered, where anything was asked."""
    answers = material.plan.answers
    if answers is None or not answers.skipped:
        return None
    blocks = (Text(answers.skipped, is_list=True, tone="note"),)
    return Section("limiting", "What limits the plan", "This was asked and not answered.", blocks)


def _skipped(*answers: PlanAnswer | None) -> list[Block]:
    said = [line for answer in answers if answer is not None for line in answer.skipped]
    return [Text(tuple(said), is_list=True, tone="note")] if said else []


def _behind(caption: str, answer: PlanAnswer, columns: Mapping[str, str]) -> list[Block]:
    """The table behind a line that opens it, with the sentences that explain it."""
    table = answer.table
    if not len(table):
        return []
    shown = table[[name for name in columns if name in table]].rename(columns=dict(columns))
    words = answer.sentences[1 : 1 + _LINES_IN_WORDS]
    if words and words[-1].endswith(":"):
        # Of the list that it begins nothing is left.
        words = words[:-1]
    summary = f"{caption}, in words and as a table ({counted(len(table), 'row')})"
    return [Details(summary, (*in_paragraphs(words), frame_table(caption, shown)))]


def _points(points: float) -> str:
    if isnan(points):
        return "no value"
    sign = "+" if points > 0 else "\N{MINUS SIGN}" if points < 0 else ""
    return f"{sign}{figure(abs(points), _DIGITS)}"


class _Axis:
    """Where 0 and points stand, in percent of the width."""

    def __init__(self, values: list[float]) -> None:
        known = [value for value in values if not isnan(value)]
        self._low, high = min([0.0, *known]), max([0.0, *known])
        self._width = (high - self._low) or 1.0

    def piece(self, value: float, colour: Colour, tip: str) -> Piece:
        """A bar from 0 to a value, which may be negative."""
        start = 100.0 * (min(0.0, value) - self._low) / self._width
        return Piece(round(start, 3), round(100.0 * abs(value) / self._width, 3), colour, tip)

    @property
    def zero(self) -> float:
        """Place of 0."""
        return round(-100.0 * self._low / self._width, 3)


def _steps(material: Material, solved: pd.DataFrame) -> Bars:
    """A bar a number, to the right with more room and to the left with less."""
    shown = solved.head(_MOST_BARS)
    axis = _Axis([*shown["gain_points"], *shown["loss_points"]])
    bars = []
    for row in records(shown):
        sides = (
            (row.loss_points, row.tighter, row.status_tighter, _LESS),
            (row.gain_points, row.looser, row.status_looser, _MORE),
        )
        pieces = tuple(
            axis.piece(points, colour, f"{_amount(material, row, at)}: {_points(points)} points")
            for points, at, _, colour in sides
            if not isnan(points) and points != 0.0
        )
        failed = [
            f"{_amount(material, row, at)}: {status}"
            for points, at, status, _ in sides
            if isnan(points) and status
        ]
        said = " / ".join(_points(points) for points, *_ in sides if not isnan(points))
        bars.append(
            Bar(
                _label(material, row),
                said or "no value",
                pieces,
                mark=axis.zero,
                small=f"now {_amount(material, row, row.number)}, a step is "
                f"{_amount(material, row, row.step)}",
                examples=tuple(failed),
            )
        )
    legend = (Key(_LESS, "a step less room"), Key(_MORE, "a step more room"))
    described = "Points fewer and more with one step of each number, by relaxation."
    return Bars("One step of each number", described, tuple(bars), legend)


def _label(material: Material, row: Any) -> str:
    """A limit by its name, a cell by its rule and keys, and other numbers by their rule."""
    if is_cell(row.address):
        keys = [material.names.of(column, key) for column, key in cell_of(row.address).keys]
        return f"{row.title}: {', '.join(keys)}"
    names = row.address.split(".")
    if names[0] == "limits" and len(names) > 2:
        return f"{sentence(names[1])}, {sentence(names[2]).lower()}"
    return str(row.title)


def _amount(material: Material, row: Any, value: float) -> str:
    if row.unit == "share":
        return f"{figure(100.0 * value)}%"
    return material.money(value) if row.unit == "money" else number(value)


def _money(material: Material, table: pd.DataFrame) -> Bars:
    """A bar a line and year: points that the same sum brings."""
    shown = table.head(_MOST_BARS)
    axis = _Axis([*shown["gain_points"]])
    bars = []
    for row in records(shown):
        by_dual = row.basis == _BY_DUAL
        tip = "by its dual" if by_dual else "solved again"
        known = not isnan(row.gain_points)
        colour = _PALE if by_dual else _MORE
        pieces = (axis.piece(row.gain_points, colour, tip),) if known else ()
        name = f"{material.names.of('line', row.line)} {row.year}".strip()
        bars.append(Bar(name, _points(row.gain_points), pieces, small=tip if by_dual else ""))
    more = material.money(float(table["more"].iloc[0]))
    legend = (Key(_MORE, "solved again"), Key(_PALE, "by its dual, not solved"))
    described = f"Points that {more} more bring, one line and year at a time; they do not add up."
    return Bars(f"Where {more} more help", described, tuple(bars), legend)


def _part(address: str) -> str:
    return sentence(address.removeprefix("limits."))


def _prices(changed: pd.DataFrame) -> Bars:
    """A bar a rule: points more without it to the right, fewer to the left."""
    axis = _Axis([*changed["change_points"]])
    bars = []
    for row in records(changed):
        points = row.change_points
        is_known = not isnan(points)
        colour = _MORE if is_known and points > 0.0 else _LESS
        pieces = (axis.piece(points, colour, "without it"),) if is_known else ()
        value = _points(points) if is_known else f"{row.status}"
        bars.append(Bar(_part(row.address), value, pieces, mark=axis.zero, small=str(row.title)))
    return Bars("Points without each rule", "Those that change most.", tuple(bars))


def _changes(material: Material, table: pd.DataFrame) -> Bars:
    """A bar a change, from the slots of one year to those of the next."""
    width = float(table[["slots_before", "slots"]].to_numpy().max()) or 1.0
    bars = []
    for row in records(table):
        low, high = sorted((row.slots_before, row.slots))
        colour = _MORE if row.change > 0 else _LESS
        said = f"{number(row.slots_before)} to {number(row.slots)}"
        piece = Piece(
            round(100.0 * low / width, 3), round(100.0 * (high - low) / width, 3), colour, said
        )
        name = f"{material.names.of(row.by, row.key)}, {row.year_before} to {row.year}"
        bars.append(Bar(name, said, (piece,), small=_reason(row)))
    legend = (Key(_LESS, "fewer than the year before"), Key(_MORE, "more than the year before"))
    return Bars("Changes by more than half", "The largest.", tuple(bars), legend)


def _reason(row: Any) -> str:
    """What stands against a level year, in a few words."""
    if row.status == "open":
        return "a level year costs nothing"
    if isnan(row.cost_points):
        return f"{row.reason or row.status}"
    cost = f"a level year costs {figure(row.cost_points, _DIGITS)} points"
    return f"{cost}, because of {row.address}" if row.address else cost


def _ranges(material: Material, table: pd.DataFrame) -> Bars:
    """A bar from least to most for each key, with a stroke at the plan."""
    width = max(float(table["most"].max()), float(table["plan"].max())) or 1.0
    bars = []
    for row in records(table):
        start, length = 100.0 * row.least / width, 100.0 * (row.most - row.least) / width
        tip = f"{number(row.least)} to {number(row.most)}"
        piece = Piece(round(start, 3), round(max(length, 0.3), 3), SEQUENTIAL[2], tip)
        name = material.names.of(row.by, row.key)
        value = f"{number(row.plan)}{SPACE}({number(row.least)}–{number(row.most)})"
        bars.append(Bar(name, value, (piece,), mark=round(100.0 * row.plan / width, 3)))
    described = (
        f"Least and most {table['unit'].iloc[0]} in plans that are nearly as good; the stroke is "
        "the plan in hand."
    )
    return Bars(f"From least to most by {table['by'].iloc[0]}", described, tuple(bars))
