"""Sheets of a policy's workbook: their columns, and what their rows say as a policy's tables.

Blank cells say nothing, so that what the policy extends holds; the word ``none`` says that an
inherited entry holds nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import pandas as pd

from optimizer.errors import Problem, did_you_mean, shorten
from optimizer.io.cells import BOOLEANS
from optimizer.io.guesses import NUMBER
from optimizer.io.places import Places
from optimizer.policy.cell_text import (
    FILTER,
    NAMES_EXPECTED,
    NOTHING,
    CellTextError,
    number_of,
    parse_filter,
    parse_names,
)
from optimizer.schema.measures import MEASURES
from optimizer.schema.tables import NOTE, SOURCE, ColumnKind, ColumnSpec, TableSpec

NUMBER_OF_BOUND = "a number, or with share_of or previous a factor, or with per an amount"
INHERITED = "as in the policy that is extended"


def _column(
    name: str, meaning: str, kind: ColumnKind = "text", choices: tuple[str, ...] = ()
) -> ColumnSpec:
    return ColumnSpec(name, kind, meaning, required=False, choices=choices)


POLICY = TableSpec(
    name="policy",
    meaning="What holds for the whole policy, a row for each key.",
    columns=(
        ColumnSpec("key", "text", "what is said, such as title or solver.gap"),
        _column("value", "what it is; blank for what the policy it extends says"),
        SOURCE,
        NOTE,
    ),
    keys=("key",),
    blank_cells=INHERITED,
)
GOALS = TableSpec(
    name="goals",
    meaning="Weights and scales of goals.",
    columns=(
        ColumnSpec("goal", "text", "name of the goal"),
        _column("weight", "its weight in the objective", "number"),
        _column("scale", "ideal, none or a number above 0"),
        _column("why", "the reason, printed in reports"),
        SOURCE,
        NOTE,
    ),
    keys=("goal",),
    blank_cells=INHERITED,
)
LIMITS = TableSpec(
    name="limits",
    meaning="Limits: what a measure is at least and at most.",
    columns=(
        ColumnSpec("limit", "text", "name of the limit"),
        _column("measure", "what is limited", "choice", tuple(MEASURES)),
        _column("where", f"what is counted; {FILTER}"),
        _column("by", f"groups, each with a limit of its own; {NAMES_EXPECTED}"),
        _column("goal", "name of the goal, where a measure is value"),
        _column("at_least", NUMBER_OF_BOUND, "number"),
        _column("at_most", NUMBER_OF_BOUND, "number"),
        _column(
            "share_of",
            "measure of which the bounds are shares; none for plain numbers",
            "choice",
            (*MEASURES, NOTHING),
        ),
        _column("share_where", f"what of that measure is counted; {FILTER}"),
        _column(
            "share_by", f"groups of that measure; those of the limit without it; {NAMES_EXPECTED}"
        ),
        _column("per", "numeric attribute per unit of which the bounds are; none for plain ones"),
        _column(
            "previous",
            "yes if the bounds are factors on the year before",
            "choice",
            tuple(BOOLEANS),
        ),
        _column("plus", "with previous: what a ceiling adds and a floor takes away", "number"),
        _column("first_times", "with previous: factor on current_plan in the first year", "number"),
        _column("first_plus", "with previous: what stands beside it in the first year", "number"),
        _column("soft", "points per 1% by which the limit is missed", "number"),
        _column("soft_base", "what counts as 100%", "number"),
        _column("protected", "yes if it may never be loosened", "choice", tuple(BOOLEANS)),
        _column("optional", "yes if nothing has to match", "choice", tuple(BOOLEANS)),
        _column("planned", "yes if only what the plan decides counts", "choice", tuple(BOOLEANS)),
        _column("why", "the reason, printed in reports"),
        SOURCE,
        NOTE,
    ),
    keys=("limit",),
    blank_cells=INHERITED,
)
SHEETS: Mapping[str, TableSpec] = MappingProxyType(
    {spec.name: spec for spec in (POLICY, GOALS, LIMITS)}
)

_OF_BEFORE = ("plus", "first_times", "first_plus")
OTHER_SIDE = {"at_least": "at_most", "at_most": "at_least"}
BOUND_CELLS: Mapping[tuple[str, ...], str] = MappingProxyType(
    {
        ("measure",): "share_of",
        ("where",): "share_where",
        ("by",): "share_by",
        ("per",): "per",
        ("previous",): "previous",
        ("plus",): "plus",
        ("first",): "first_times",
        ("first", "times"): "first_times",
        ("first", "plus"): "first_plus",
    }
)
"""Columns that say what stands beside the number of a bound, by its keys."""
SHARED = tuple(dict.fromkeys(BOUND_CELLS.values()))
"""Columns that say what the numbers of a limit are counted in."""

_YEARS = re.compile(r"([0-9]{4})(?: ?- ?([0-9]{4}))?")


def _text(text: str) -> object:
    return text


def _number(text: str) -> object:
    """Give the number; what is none is left for the policy's own checks to refuse."""
    return number_of(text) if NUMBER.fullmatch(text) else text


def _years(text: str) -> object:
    ends = _YEARS.fullmatch(text)
    return text if ends is None else (int(ends[1]), int(ends[2] or ends[1]))


POLICY_KEYS: Mapping[str, Callable[[str], object]] = MappingProxyType(
    {
        "title": _text,
        "why": _text,
        "extends": _text,
        "cases": parse_names,
        "horizon.years": _years,
        "horizon.tail": _number,
        "horizon.discount": _number,
        "stability.max_change": _number,
        "stability.penalty": _number,
        "budget.carry_over": _number,
        "solver.gap": _number,
        "solver.time_limit": _number,
        "solver.seed": _number,
        "solver.threads": _number,
    }
)
"""Keys of the sheet ``policy``, and what reads their values."""


class RowReader:
    """Reads one row of a sheet; what is wrong with it is kept as problems.

    Parameters
    ----------
    row
        Cells by column, of the row whose number is their name.
    base
        What the policy that is extended says about the same goal or limit; empty if nothing.
    base_file
        Name of the file of that policy.
    """

    def __init__(
        self, sheet: str, row: pd.Series, places: Places, base: Mapping[str, Any], base_file: str
    ) -> None:
        self.problems: list[Problem] = []
        self._sheet, self._row, self._places = sheet, row, places
        self._base, self._base_file = base, base_file

    def add(
        self, column: str, message: str, expected: str | None = None, maybe: str | None = None
    ) -> None:
        """Keep a problem of a cell."""
        self.problems.append(
            self._places.problem(
                self._sheet,
                message,
                row=int(str(self._row.name)),
                column=column,
                expected=expected,
                maybe=maybe,
            )
        )

    def said(self) -> tuple[str, object] | None:
        """Give key and value of a row of the sheet ``policy``; None where it says nothing."""
        key, text = str(self._row["key"]), str(self._row["value"])
        read = POLICY_KEYS.get(key)
        if read is None:
            by_last = {known.rpartition(".")[2]: known for known in POLICY_KEYS}
            maybe = by_last.get(key) or did_you_mean(key, POLICY_KEYS)
            self.add(
                "key", f"{key!r} is not a known key", f"one of {', '.join(POLICY_KEYS)}", maybe
            )
            return None
        if not key or not text:
            return None
        try:
            value = read(text)
        except CellTextError as error:
            self.add("value", f"{shorten(repr(text))} cannot be read: {error}", NAMES_EXPECTED)
            return None
        if read is _years and isinstance(value, str):
            ends = re.findall("[0-9]{4}", text)
            maybe = f"{ends[0]}-{ends[-1]}" if ends else None
            expected = "the first and the last year, such as 2027-2029"
            self.add("value", f"{text!r} does not name years", expected, maybe)
            return None
        return key, value

    def goal(self) -> dict[str, Any]:
        """Give what a row of the sheet ``goals`` says."""
        entry = self._texts("scale", "why", "source") | self._numbers("weight")
        if "scale" in entry:
            entry["scale"] = _number(entry["scale"])
        return entry

    def limit(self) -> dict[str, Any]:
        """Give what a row of the sheet ``limits`` says."""
        entry = {"name": self._row["limit"]} | self._texts("measure", "goal", "why", "source")
        entry |= self._parsed("where", parse_filter, {}, FILTER)
        entry |= self._parsed("by", parse_names, (), NAMES_EXPECTED)
        entry |= self._numbers("soft", "soft_base") | self._bounds()
        words = self._texts("protected", "optional", "planned")
        return entry | {key: BOOLEANS[word] for key, word in words.items()}

    def _texts(self, *columns: str) -> dict[str, Any]:
        return {column: self._row[column] for column in columns if self._row[column]}

    def _numbers(self, *columns: str) -> dict[str, Any]:
        return {
            column: float(self._row[column]) for column in columns if not pd.isna(self._row[column])
        }

    def _parsed(
        self, column: str, read: Callable[[str], object], nothing: object, expected: str
    ) -> dict[str, object]:
        text = str(self._row[column])
        if not text or text == NOTHING:
            return {column: nothing} if text else {}
        try:
            return {column: read(text)}
        except CellTextError as error:
            self.add(column, f"{shorten(repr(text))} cannot be read: {error}", expected)
            return {}

    def _bounds(self) -> dict[str, Any]:
        """Give the bounds as what the columns beside their numbers say."""
        numbers = self._numbers("at_least", "at_most")
        filled = [column for column in SHARED if self._is_filled(column)]
        if filled and not numbers:
            expected = "a number in at_least or at_most as well"
            self.add(filled[0], "is filled in, but at_least and at_most are blank", expected)
        word = BOOLEANS.get(self._row["previous"])
        kinds = [column for column in ("share_of", "per") if self._row[column]]
        is_plain = NOTHING in (self._row["share_of"], self._row["per"])
        is_plain |= word is False and not kinds
        kinds += ["previous"] if word else []
        if len(kinds) > 1:
            self.add(kinds[1], f"is filled in beside {kinds[0]}", "one of the two")
            return {}
        kind = "plain" if is_plain else kinds[0] if kinds else ""
        beside = self._beside()
        bounds: dict[str, Any] = {}
        for key, number in numbers.items():
            # A limit's new side is of the kind of the side it has.
            side = key if key in self._base else OTHER_SIDE[key]
            before = self._base.get(side)
            inherited = dict(before) if isinstance(before, Mapping) else {}
            if inherited and not kind:
                self._refuse_plain(key, side, number, inherited)
            else:
                bounds[key] = self._bound(kind, number, inherited, beside)
        if numbers and not self.problems:
            self._check_beside(kind, filled)
        return bounds

    def _beside(self) -> dict[str, Any]:
        """Give what the columns beside the number of a bound say, by its keys."""
        where = self._parsed("share_where", parse_filter, {}, FILTER).get("share_where")
        by = self._parsed("share_by", parse_names, (), NAMES_EXPECTED).get("share_by")
        numbers = self._numbers(*_OF_BEFORE)
        first = {key: numbers.get(f"first_{key}") for key in ("times", "plus")}
        first = {key: number for key, number in first.items() if number is not None}
        said = {"where": where, "by": by, "plus": numbers.get("plus"), "first": first or None}
        return {key: value for key, value in said.items() if value is not None}

    def _bound(
        self, kind: str, number: float, inherited: Mapping[str, Any], beside: Mapping[str, Any]
    ) -> object:
        """Give a bound, with what it keeps of the one of the policy that is extended."""

        def kept(*parts: str) -> dict[str, Any]:
            return {
                part: said[part] for said in (inherited, beside) for part in parts if part in said
            }

        if kind == "share_of":
            head = {"times": number, "measure": self._row["share_of"]}
            goal = {"goal": inherited["goal"]} if "goal" in inherited else {}
            return head | kept("where", "by") | goal
        if kind == "per":
            return {"amount": number, "per": self._row["per"]}
        if kind == "previous":
            found = {"times": number, "previous": True} | kept("plus", "first")
            before = inherited.get("first")
            if "first" in beside and isinstance(before, Mapping):
                found["first"] = {**before, **beside["first"]}
            return found
        return number

    def _check_beside(self, kind: str, filled: list[str]) -> None:
        """Refuse cells that belong to bounds of another kind."""
        if kind != "share_of":
            for column in {"share_where", "share_by"}.intersection(filled):
                self.add(column, "is filled in, but share_of names no measure", "share_of as well")
        if kind != "previous":
            for column in [each for each in _OF_BEFORE if each in filled]:
                self.add(column, "is filled in, but previous is not", "yes in previous as well")

    def _is_filled(self, column: str) -> bool:
        """Whether a cell says anything; 0 does."""
        cell = self._row[column]
        return not pd.isna(cell) and cell != ""

    def _refuse_plain(
        self, key: str, side: str, number: float, inherited: Mapping[str, Any]
    ) -> None:
        """Never take a number for an absolute one where the policy extended has a share."""
        column, told, kind = "per", inherited.get("per"), f"an amount per {inherited.get('per')}"
        if "measure" in inherited:
            column, told = "share_of", inherited["measure"]
            kind = f"a share of {told}"
        elif "previous" in inherited:
            self.add(
                key,
                f"{number:g} is a plain number, but in {self._base_file} {side} is a factor on the "
                "year before",
                "previous filled in as well: yes as there, or no for a plain number",
            )
            return
        self.add(
            key,
            f"{number:g} is a plain number, but in {self._base_file} {side} is {kind}",
            f"{column} filled in as well: {told} as there, or {NOTHING} for a plain number",
        )
