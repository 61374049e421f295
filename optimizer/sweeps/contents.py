"""Contents of a study's two tables: rows of any origin made into tidy frames, and checked.

Nothing here knows a policy or a case; what the addresses lead to is looked up by
:mod:`optimizer.sweeps.resolving`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import fsum, isnan
from typing import Any, TypeGuard

import pandas as pd

from optimizer.errors import OptimizerError, Problem, Problems, did_you_mean, shorten
from optimizer.io.changes import Operation, operation_in
from optimizer.io.toml import frozen, shown
from optimizer.schema.tables import LARGEST_NUMBER
from optimizer.sweeps.origins import CHANGE_TABLE, SCENARIO_TABLE, Origins
from optimizer.sweeps.scenarios import BASE, PLACED
from optimizer.text.characters import folded, oddity

StudyRows = Sequence[Mapping[str, Any]]

OPERATIONS = ("set", "add", "multiply")
SCENARIO_COLUMNS = ("scenario", "probability", "note")
DESIGN_COLUMNS = ("rescaled", *PLACED)
"""Columns of scenarios that are there only where some scenario has them."""
CHANGE_COLUMNS = ("scenario", "address", "operation", "value", "note")

LONGEST_NAME, LONGEST_TITLE = 200, 500
SUM_TOLERANCE = 1e-6
"""How far from 1 the sum of the probabilities of all scenarios may be."""


def rows_in(what: str, given: object) -> StudyRows:
    """Rows of a frame, or of a list of them, with blank cells left out.

    Raises
    ------
    OptimizerError
        If it is neither.
    """
    rows: Any = given.to_dict("records") if isinstance(given, pd.DataFrame) else given
    if not isinstance(rows, list | tuple) or not all(isinstance(row, Mapping) for row in rows):
        expected = "a frame, or a list of rows by column"
        raise OptimizerError(f"Study: {what} are {shorten(ascii(rows))}, not {expected}")
    return [{str(name): cell for name, cell in row.items() if not _is_blank(cell)} for row in rows]


def names_listed(what: str, given: object) -> tuple[str, ...]:
    """Names of a list.

    Raises
    ------
    OptimizerError
        If it is none, or holds anything else.
    """
    if not isinstance(given, list | tuple) or not all(isinstance(name, str) for name in given):
        told = shorten(ascii(given))
        raise OptimizerError(f"Study: {what} are {told}, not a list of names")
    return tuple(given)


def require_line(what: str, text: str) -> None:
    """Refuse a text that cannot stand in one line.

    Raises
    ------
    OptimizerError
        With what is wrong with it.
    """
    odd = oddity(text)
    if odd is not None or len(text) > LONGEST_TITLE:
        fault = odd.message if odd else f"has {len(text):,} characters"
        expected = odd.expected if odd else f"at most {LONGEST_TITLE}"
        raise OptimizerError(f"Study: {what} {fault}; expected {expected}")


def _is_blank(cell: object) -> bool:
    if cell is None or cell is pd.NA:
        return True
    return cell == "" if isinstance(cell, str) else isinstance(cell, float) and isnan(cell)


def scenario_table(
    rows: StudyRows | None, changes: pd.DataFrame, origins: Origins, problems: Problems
) -> pd.DataFrame:
    """Give the table of scenarios, with ``base`` first.

    Parameters
    ----------
    rows
        As given; without any, scenarios are those of the changes.
    """
    changed = [name for name in dict.fromkeys(changes["scenario"]) if name]
    if rows is None:
        found: list[dict[str, Any]] = [_scenario({"scenario": name}) for name in changed]
        backwards = [*enumerate(changes["scenario"])][::-1]
        firsts = {name: position for position, name in backwards}
        problems.extend(_alike({firsts[name]: name for name in changed}, CHANGE_TABLE, origins))
    else:
        found = []
        for position, row in enumerate(rows):
            problems.extend(_faults_of_scenario(row, position, origins))
            found.append(_scenario(row))
        names = dict(enumerate(row["scenario"] for row in found))
        problems.extend(_alike(names, SCENARIO_TABLE, origins))
        problems.extend(_unknown(changes, [row["scenario"] for row in found], origins))
    problems.extend(_odd_sums(found, origins))
    bases = [row for row in found if row["scenario"] == BASE] or [_scenario({"scenario": BASE})]
    others = [row for row in found if row["scenario"] != BASE]
    if any(row["probability"] is not None for row in others):
        bases[0]["probability"] = bases[0]["probability"] or 0.0
    return _framed([bases[0], *others])


def _framed(found: list[dict[str, Any]]) -> pd.DataFrame:
    frame = pd.DataFrame(found, columns=[*SCENARIO_COLUMNS, *DESIGN_COLUMNS])
    types = {"scenario": "str", "note": "str", "probability": "float64", "rescaled": "bool"}
    types |= {"lever": "str", "matrix": "str", "draw": "Int64"}
    frame = frame.astype(types)
    blank = {"rescaled": ~frame["rescaled"], "draw": frame["draw"].isna()}
    unused = [name for name in DESIGN_COLUMNS if blank.get(name, frame[name] == "").all()]
    return frame.drop(columns=unused)


def _scenario(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row with every column; what is of another kind, which is a problem, comes out blank."""
    probability, draw = frozen(row.get("probability")), frozen(row.get("draw"))
    return {
        **{name: _text(row.get(name)) for name in ("scenario", "note", "lever", "matrix")},
        "probability": probability if is_finite(probability) else None,
        "draw": draw if is_finite(draw) else None,
        "rescaled": row.get("rescaled") is True,
    }


def _text(cell: object) -> str:
    return cell if isinstance(cell, str) else ""


def is_finite(cell: object) -> TypeGuard[int | float]:
    """Whether a value is a number that can be computed with."""
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        return False
    return abs(cell) <= LARGEST_NUMBER


def _faults_of_scenario(row: Mapping[str, Any], position: int, origins: Origins) -> list[Problem]:
    found = []

    def add(column: str, message: str, expected: str, maybe: str | None = None) -> None:
        found.append(origins.problem((SCENARIO_TABLE, position, column), message, expected, maybe))

    _check_columns(row, (*SCENARIO_COLUMNS, *DESIGN_COLUMNS), add)
    _check_name(row.get("scenario"), add)
    _check_texts(row, ("note", "lever", "matrix"), add)
    probability = frozen(row.get("probability"))
    if probability is not None and not (is_finite(probability) and 0 <= probability <= 1):
        add("probability", f"{shown(probability)} is not a probability", "a number from 0 to 1")
    if "rescaled" in row and not isinstance(row["rescaled"], bool):
        add("rescaled", f"{shown(row['rescaled'])} is not allowed", "true or false")
    return found


def _check_columns(row: Mapping[str, Any], known: Sequence[str], add: Any) -> None:
    for name in row:
        if name not in known:
            add(
                name,
                "is not a known column",
                f"one of {', '.join(known)}",
                did_you_mean(name, known),
            )


def _check_name(name: object, add: Any) -> None:
    if name is None:
        add("scenario", "is blank", "the name of a scenario")
    elif not isinstance(name, str):
        add("scenario", f"{shown(name)} is not text", "the name of a scenario")
    elif (odd := oddity(name)) is not None:
        add("scenario", f"{shorten(ascii(name))} {odd.message}", odd.expected, odd.maybe)
    elif name != name.strip():
        message = f"{shorten(repr(name))} has spaces around it"
        add("scenario", message, "a name without spaces around it", name.strip() or None)
    elif len(name) > LONGEST_NAME:
        message = f"{shorten(repr(name))} has {len(name):,} characters"
        add("scenario", message, f"at most {LONGEST_NAME}")


def _check_texts(row: Mapping[str, Any], names: Sequence[str], add: Any) -> None:
    for name in names:
        cell = row.get(name)
        if cell is not None and not isinstance(cell, str):
            add(name, f"{shown(frozen(cell))} is not text", "text, or nothing")


def _alike(names: Mapping[int, str], table: str, origins: Origins) -> list[Problem]:
    """Names that are there twice, or look as if they were, by the position of their rows."""
    first = {folded(BASE): BASE}
    seen: set[str] = set()
    found = []
    for position, name in names.items():
        before = first.setdefault(folded(name), name)
        if not name or (before == name and name not in seen):
            seen.add(name)
            continue
        same = "is there twice" if before == name else f"looks like {shorten(repr(before))}"
        expected = "every scenario once, by a name of its own"
        message = f"{shorten(repr(name))} {same}"
        found.append(origins.problem((table, position, "scenario"), message, expected))
    return found


def _unknown(changes: pd.DataFrame, names: Sequence[str], origins: Origins) -> list[Problem]:
    """Changes of scenarios that are not listed."""
    known = {*names, BASE}
    unknown = {name for name in set(changes["scenario"]) - known if name}
    maybe = {name: did_you_mean(name, [*known]) for name in unknown}
    return [
        origins.problem(
            (CHANGE_TABLE, position, "scenario"),
            f"{shorten(repr(name))} is not a scenario of the study",
            "a scenario of the table scenarios",
            maybe[name],
        )
        for position, name in enumerate(changes["scenario"])
        if name in unknown
    ]


def _odd_sums(found: Sequence[Mapping[str, Any]], origins: Origins) -> list[Problem]:
    """Probabilities that some scenarios have and others have not, or that do not sum to 1."""
    given = [row["probability"] for row in found if row["probability"] is not None]
    if not given:
        return []
    without = [
        position
        for position, row in enumerate(found)
        if row["probability"] is None and row["scenario"] != BASE
    ]
    if without:
        message = f"is blank, but {len(given):,} of {len(found):,} scenarios have a probability"
        expected = "a probability of every scenario, or of none"
        return [
            origins.problem((SCENARIO_TABLE, position, "probability"), message, expected)
            for position in without
        ]
    total = fsum(given)
    if abs(total - 1) <= SUM_TOLERANCE:
        return []
    message = f"the probabilities of all scenarios sum to {total:.10g}"
    last = len(found) - 1
    return [origins.problem((SCENARIO_TABLE, last, "probability"), message, "a sum of 1")]


def change_table(rows: StudyRows, origins: Origins, problems: Problems) -> pd.DataFrame:
    """Give the table of changes, operations apart from their figures."""
    found = []
    for position, row in enumerate(rows):

        def add(
            column: str,
            message: str,
            expected: str,
            maybe: str | None = None,
            position: int = position,
        ) -> None:
            told = origins.problem((CHANGE_TABLE, position, column), message, expected, maybe)
            problems.extend([told])

        _check_columns(row, CHANGE_COLUMNS, add)
        _check_name(row.get("scenario"), add)
        _check_texts(row, ("note",), add)
        if row.get("scenario") == BASE:
            message = f"{BASE} is the policy and the case as they are"
            add("scenario", message, "another scenario")
        address = row.get("address")
        if not isinstance(address, str):
            told = "is blank" if address is None else f"{shown(frozen(address))} is not an address"
            add("address", told, "an address, such as goals.alliance.weight")
        operation, value = _operation_and_value(row, add)
        texts = (_text(row.get("scenario")), _text(address), operation, value)
        found.append((*texts, _text(row.get("note"))))
    frame = pd.DataFrame(found, columns=list(CHANGE_COLUMNS), dtype="object")
    return frame.astype({name: "str" for name in CHANGE_COLUMNS if name != "value"})


def _operation_and_value(row: Mapping[str, Any], add: Any) -> tuple[str, object]:
    """Operation and value; without an operation the value may say it, as in ``*1.1``."""
    operation, value = row.get("operation"), frozen(row.get("value"))
    if value is None:
        add("value", "is blank", "a value")
        return "set", None
    said = operation_in(value) if isinstance(value, str) else None
    if operation is None:
        if said is None or said.name == "set":
            return "set", value
        return said.name, _plain(said)
    if operation not in OPERATIONS:
        maybe = did_you_mean(operation, OPERATIONS) if isinstance(operation, str) else None
        told = shown(frozen(operation))
        add("operation", f"{told} is not allowed", "set, add or multiply, or nothing", maybe)
        return "set", value
    return str(operation), _figure(str(operation), value, said, add)


def _figure(operation: str, value: object, said: Operation | None, add: Any) -> object:
    """Value of an operation that is named beside it."""
    if operation == "set":
        if said is not None and said.name != "set":
            message = f"{shown(value)} changes a figure, and the operation is set"
            add("value", message, "a value", f"{_plain(said)} with {said.name}")
        return value
    if operation == "multiply" and said is not None and said.name == "set":
        return _plain(said)
    if not is_finite(value):
        maybe = f"{_plain(said)} with {said.name}" if said and said.name != "set" else None
        is_huge = isinstance(value, int | float) and abs(value) > LARGEST_NUMBER
        what = "too large a number" if is_huge else f"not a number, which {operation} needs"
        add("value", f"{shown(value)} is {what}", "a number", maybe)
    return value


def _plain(operation: Operation) -> int | float:
    """The figure of an operation, whole where it is."""
    exact = operation.value
    return exact.numerator if exact.denominator == 1 else float(exact)
