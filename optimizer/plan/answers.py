"""What was asked of a plan and answered, as far as its report and its run folder hold it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import pandas as pd

from optimizer.frames.records import HandingOut
from optimizer.result import Result

WHAT_LIMITS, MONEY_HELPS, PRICES, YEAR_CHANGES, ROOM = (
    "limiting",
    "money",
    "prices",
    "years",
    "room",
)
ANSWER_SHEETS: Mapping[str, str] = MappingProxyType(
    {
        WHAT_LIMITS: "what_limits",
        MONEY_HELPS: "where_money_helps",
        PRICES: "prices_of_rules",
        YEAR_CHANGES: "odd_years",
        ROOM: "room_to_manoeuvre",
    }
)
"""Every answer that a plan may hold, and the sheet of the workbook with its table."""


@dataclass(frozen=True, eq=False)
class PlanAnswer(HandingOut):
    """One question that was asked of a plan.

    Attributes
    ----------
    sentences
        The answer in words.
    table
        The answer; its columns are those of the analysis.
    skipped
        What was not asked, or not in time, in a sentence each.
    """

    sentences: tuple[str, ...]
    table: pd.DataFrame
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class PlanAnswers(HandingOut):
    """Everything that was asked of a plan.

    Attributes
    ----------
    asked
        How many questions of each kind: a number, or ``all``.
    objective
        Points of the plan it was asked of: those of one that was edited since are others.
    of
        Answers by name, see :data:`ANSWER_SHEETS`.
    skipped
        What was not asked at all, and why, in a sentence each.
    """

    asked: str
    objective: float
    of: Mapping[str, PlanAnswer]
    skipped: tuple[str, ...] = ()

    def sheets(self) -> Iterator[tuple[str, pd.DataFrame]]:
        """Sheets of the workbook, and their tables."""
        for name, answer in self.of.items():
            yield ANSWER_SHEETS[name], answer.table


def answer_of(result: Result, table: pd.DataFrame, skipped: list[str]) -> PlanAnswer:
    """The answer of an analysis, of which a plan keeps one table."""
    return PlanAnswer(tuple(result.in_words()), table, tuple(filter(None, skipped)))


def as_facts(answers: PlanAnswers) -> dict[str, Any]:
    """Answers as lists, texts and numbers, with the types of columns."""
    return {
        "asked": answers.asked,
        "objective": answers.objective,
        "skipped": list(answers.skipped),
        "answers": {
            name: {
                "sentences": list(answer.sentences),
                "skipped": list(answer.skipped),
                "columns": {str(name): str(kind) for name, kind in answer.table.dtypes.items()},
                "rows": answer.table.astype("object")
                .where(answer.table.notna(), None)
                .to_numpy()
                .tolist(),
            }
            for name, answer in answers.of.items()
        },
    }
