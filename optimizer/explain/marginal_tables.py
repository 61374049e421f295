"""Marginal values as tables: a row a number, every step that was solved, and money by line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

import pandas as pd

from optimizer.explain.asking import OPTIMAL, Answer
from optimizer.explain.numbers import IN_MONEY, BindingNumber
from optimizer.explain.stepping import BY_DUAL, LOOSER, TIGHTER, Step, Stepped
from optimizer.schema.addresses import cell_of, is_cell

_NONE = float("nan")
MARGINAL_COLUMNS = {
    **dict.fromkeys(("address", "rule", "title", "source", "kind", "unit"), "str"),
    **dict.fromkeys(("protected",), "bool"),
    **dict.fromkeys(("number", "step", "dual_points", "looser", "gain_points"), "float64"),
    **dict.fromkeys(("tighter", "loss_points"), "float64"),
}
"""Columns of the main table before those of goals."""
AFTER_GOALS = {
    "slots_moved": "float64",
    "basis": "str",
    "within_gap": "bool",
    "valid_from": "float64",
    "valid_to": "float64",
    "status": "str",
    "status_looser": "str",
    "status_tighter": "str",
    "rebuilt_because": "str",
}


def marginal_table(
    stepped: Sequence[Stepped], others: Sequence[BindingNumber], base: Answer
) -> pd.DataFrame:
    """A row for each number that binds: those that were solved again, then duals alone."""
    goals = list(base.goals)
    rows = [_solved(each, base) for each in stepped]
    rows += [_of_number(each) | _alone(each, goals) for each in others]
    gains = dict.fromkeys((f"gain_{goal}_raw" for goal in goals), "float64")
    return frame(rows, MARGINAL_COLUMNS | gains | AFTER_GOALS)


def frame(rows: Sequence[Mapping[str, Any]], types: Mapping[str, str]) -> pd.DataFrame:
    """A table of rows, with the types of its columns."""
    return pd.DataFrame(
        {name: pd.Series([row[name] for row in rows], dtype=kind) for name, kind in types.items()}
    )


def plain_records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of a table as records by the names of its columns."""
    return [{str(name): cell for name, cell in row.items()} for row in table.to_dict("records")]


def _of_number(number: BindingNumber) -> dict[str, Any]:
    return {
        "address": number.address,
        "rule": number.rule,
        "title": number.title,
        "source": number.source,
        "kind": number.kind,
        "unit": number.unit,
        "protected": number.protected,
        "number": number.value,
        "step": number.step,
        "dual_points": number.dual_points,
    }


def _alone(number: BindingNumber, goals: Sequence[str]) -> dict[str, Any]:
    """What is known of a number of which the dual alone is."""
    return {
        "looser": number.moved(1.0),
        "gain_points": number.dual_points,
        "tighter": number.moved(-1.0),
        "loss_points": -number.dual_points,
        **{f"gain_{goal}_raw": _NONE for goal in goals},
        "slots_moved": _NONE,
        "basis": BY_DUAL,
        "within_gap": False,
        "valid_from": number.value,
        "valid_to": number.value,
        "status": OPTIMAL,
        "status_looser": "",
        "status_tighter": "",
        "rebuilt_because": "",
    }


def _solved(stepped: Stepped, base: Answer) -> dict[str, Any]:
    """What solving again says of a number."""
    number, more, less = stepped.number, stepped.best(LOOSER), stepped.best(TIGHTER)
    taken = [each for each in (more, less) if each is not None]
    failed = [each.answer.status for each in taken if not each.answer.is_known]
    because = [each.answer.rebuilt_because for each in taken if each.answer.rebuilt_because]
    relaxed = next((each for each in stepped.taken if each.direction == LOOSER), None)
    after = None if relaxed is None or not relaxed.answer.is_known else relaxed.answer
    # What is not known after a step is left blank, as 0 would say that nothing moves.
    raw = dict.fromkeys(base.goals, _NONE) if after is None else after.raw_since(base)
    low, high = stepped.range
    return _of_number(number) | {
        "looser": _NONE if more is None else more.number,
        "gain_points": _points(more),
        "tighter": _NONE if less is None else less.number,
        "loss_points": _points(less),
        **{f"gain_{goal}_raw": change for goal, change in raw.items()},
        "slots_moved": _NONE if after is None else after.moved_since(base),
        "basis": ", ".join(dict.fromkeys(each.basis for each in taken)),
        "within_gap": bool(stepped.unsettled),
        "valid_from": low,
        "valid_to": high,
        "status": next(iter(failed), OPTIMAL),
        "status_looser": _status(more),
        "status_tighter": _status(less),
        "rebuilt_because": next(iter(because), ""),
    }


def _points(step: Step | None) -> float:
    return _NONE if step is None else step.points


def _status(step: Step | None) -> str:
    return "" if step is None else step.answer.status


STEPS = {
    **dict.fromkeys(("address", "direction"), "str"),
    **dict.fromkeys(("steps", "number"), "float64"),
    "basis": "str",
    **dict.fromkeys(("points", "bound", "difference"), "float64"),
    "within_gap": "bool",
    **dict.fromkeys(("status", "why", "rebuilt_because"), "str"),
}


def step_table(stepped: Sequence[Stepped]) -> pd.DataFrame:
    """A row for each time that something was solved."""
    rows = [
        {
            "address": step.address,
            "direction": step.direction,
            "steps": step.steps,
            "number": step.number,
            "basis": step.basis,
            "points": step.answer.points,
            "bound": step.answer.bound if isfinite(step.answer.bound) else _NONE,
            "difference": step.points,
            "within_gap": step.within_gap,
            "status": step.answer.status,
            "why": step.answer.why,
            "rebuilt_because": step.answer.rebuilt_because,
        }
        for each in stepped
        for step in each.taken
    ]
    return frame(rows, STEPS)


MONEY_COLUMNS = {
    **dict.fromkeys(("line", "year", "address"), "str"),
    **dict.fromkeys(("amount", "more", "dual_points", "gain_points"), "float64"),
    **dict.fromkeys(("basis", "status"), "str"),
}


def is_budget(number: BindingNumber) -> bool:
    """Whether a number is money that a line has in a year."""
    return number.unit == IN_MONEY and is_cell(number.address) and number.rule.endswith("budget")


def money_row(
    number: BindingNumber, more: float, answer: Answer | None, gain: float
) -> dict[str, Any]:
    """What so much more money in a line and year brings; by its dual where it was not solved."""
    keys = dict(cell_of(number.address).keys)
    return {
        "line": keys.get("line", ""),
        "year": keys.get("year", ""),
        "address": number.address,
        "amount": number.value,
        "more": more,
        "dual_points": number.dual * more,
        "gain_points": number.dual * more if answer is None else gain,
        "basis": BY_DUAL if answer is None else "relaxation",
        "status": OPTIMAL if answer is None else answer.status,
    }
