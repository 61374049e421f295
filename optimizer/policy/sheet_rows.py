"""Rows of a policy's workbook, and what they say as a policy's tables.

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
    COMPARISONS_EXPECTED,
    FILTER,
    NAMES_EXPECTED,
    NOTHING,
    WEIGHTS_EXPECTED,
    CellTextError,
    number_of,
    parse_comparisons,
    parse_filter,
    parse_names,
    parse_weights,
)
from optimizer.policy.sheet_columns import (
    OF_BEFORE,
    OTHER_SIDE,
    SHARED,
)

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
        words = self._texts("protected", "optional", "scaled", "planned")
        return entry | {key: BOOLEANS[word] for key, word in words.items()}

    def stakeholder(self) -> dict[str, Any]:
        """Give what a row of the sheet ``stakeholders`` says."""
        entry = {"name": self._row["stakeholder"]} | self._texts("agency", "why", "source")
        entry |= self._parsed("weights", parse_weights, {}, WEIGHTS_EXPECTED)
        entry |= self._parsed("comparisons", parse_comparisons, (), COMPARISONS_EXPECTED)
        entry |= self._parsed("lines", parse_names, (), NAMES_EXPECTED)
        entry |= self._parsed("limits", parse_names, (), NAMES_EXPECTED)
        return entry | {key: BOOLEANS[word] for key, word in self._texts("optional").items()}

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
        numbers = self._numbers(*OF_BEFORE)
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
            for column in [each for each in OF_BEFORE if each in filled]:
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
