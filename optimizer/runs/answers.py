"""What was asked of a plan, in a file of its run folder that is read back as strictly as others."""

from __future__ import annotations

import json
from hashlib import sha256
from math import isclose
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from pydantic import Field, ValidationError

from optimizer.errors import InputError, Problems
from optimizer.io.paths import NotReadError, content_of
from optimizer.io.strict import StrictTable, add_complaints
from optimizer.io.toml import frozen
from optimizer.io.writing import write_text
from optimizer.plan.answers import ANSWER_SHEETS, PlanAnswer, PlanAnswers, as_facts
from optimizer.runs import ANSWERS, LARGEST_FACTS

AS_WRITTEN = "what the run has written"
_SAME = 1e-6
"""Relative difference of points that are the same."""


class _Answer(StrictTable):
    """One answer."""

    sentences: tuple[str, ...] = Field(description="a list of sentences")
    skipped: tuple[str, ...] = Field(default=(), description="a list of sentences")
    columns: dict[str, Literal["str", "float64", "int64", "bool"]] = Field(
        description="types by column: str, float64, int64 or bool"
    )
    rows: tuple[tuple[str | float | bool | None, ...], ...] = Field(
        description="a list of rows, with a cell for each column"
    )


class _Answers(StrictTable):
    """All answers."""

    asked: str = Field(description="a number of questions, or all")
    objective: float = Field(description="points")
    skipped: tuple[str, ...] = Field(default=(), description="a list of sentences")
    answers: dict[str, _Answer] = Field(description="answers by name")


def write_answers(answers: PlanAnswers, folder: Path) -> str:
    """Write what was asked of a plan; give the hash of the file, which ``run.json`` holds."""
    text = json.dumps(as_facts(answers), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    write_text(folder / ANSWERS, text)
    return sha256(text.encode()).hexdigest()


def answers_in(folder: Path, wanted: str, objective: float) -> tuple[PlanAnswers | None, str]:
    """Read back what was asked of the plan of a run.

    Parameters
    ----------
    wanted
        Hash of the file when it was written.
    objective
        Points of the plan as it is now.

    Returns
    -------
    tuple
        The answers, unless the plan is another one by now; and a sentence that says so.

    Raises
    ------
    InputError
        If the file is missing, was edited, or holds what no run writes.
    """
    problems = Problems()
    try:
        content = content_of(folder / ANSWERS, at_most=LARGEST_FACTS, expected=AS_WRITTEN)
    except NotReadError as error:
        problems.add(ANSWERS, str(error), expected=error.expected)
        raise InputError(problems) from None
    if sha256(content).hexdigest() != wanted:
        problems.add(ANSWERS, "was edited since the run", expected=AS_WRITTEN)
        raise InputError(problems)
    read = _read(content, problems)
    if read is None:
        raise InputError(problems)
    if not isclose(read.objective, objective, rel_tol=_SAME, abs_tol=_SAME):
        return None, "What was asked of the plan is left out, as the plan was edited since."
    return read, ""


def _read(content: bytes, problems: Problems) -> PlanAnswers | None:
    try:
        facts = frozen(json.loads(content.decode()))
    except (ValueError, RecursionError):
        problems.add(ANSWERS, "is not JSON that a run writes", expected=AS_WRITTEN)
        return None
    assert isinstance(facts, dict), "the hash is of what a run has written"
    try:
        read = _Answers.model_validate(facts)
    except ValidationError as error:
        add_complaints(error, _Answers, facts, problems, lambda address: ANSWERS)
        return None
    of = {name: _answer(name, answer, problems) for name, answer in read.answers.items()}
    return None if len(problems) else PlanAnswers(read.asked, read.objective, of, read.skipped)


def _answer(name: str, answer: _Answer, problems: Problems) -> PlanAnswer:
    if name not in ANSWER_SHEETS:
        expected = f"one of {', '.join(ANSWER_SHEETS)}"
        problems.add(ANSWERS, f"{name!r} is not an answer", column="answers", expected=expected)
    try:
        table = _table(answer)
    except (ValueError, TypeError):
        problems.add(ANSWERS, "rows do not fit their columns", column=name, expected=AS_WRITTEN)
        table = pd.DataFrame()
    return PlanAnswer(answer.sentences, table, answer.skipped)


def _table(answer: _Answer) -> pd.DataFrame:
    columns: list[Any] = list(answer.columns)
    table = pd.DataFrame([*answer.rows], columns=columns, dtype="object")
    return pd.DataFrame({name: table[name].astype(kind) for name, kind in answer.columns.items()})
