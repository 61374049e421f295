"""Output of the command line: a line of progress, plans, checks and validations."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from optimizer.errors import Problem
    from optimizer.plan import Plan
    from optimizer.plan.answers import PlanAnswers
    from optimizer.plan.evaluation import Evaluation
    from optimizer.solver import Progress
    from optimizer.sweeps.validation import Validation

SHOWN_VIOLATIONS = 20
SHOWN_SENTENCES = 6
"""Sentences of each answer that follow a plan."""
EVERY = 10.0
"""Seconds between two lines of progress where nobody sees one rewritten."""
SHOWN_LOSS = 5e-4


class ProgressLine:
    """One line on stderr, rewritten in place on a terminal.

    Elsewhere there is a line for each step, and now and then one on how many parts are done.
    """

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._step, self._said = "", (0.0, 0)

    def show(self, progress: Progress) -> None:
        """Show how far a search is."""
        text = f"{progress.seconds:6.1f} s  {progress.step}"
        if progress.total:
            text += f"  {progress.done:,} of {progress.total:,} solved"
            text += rate_in_words(progress.done, progress.rate, progress.seconds_left)
        if progress.objective is not None:
            text += f"  plan {progress.objective:,.3f}"
        if progress.bound is not None:
            text += f"  bound {progress.bound:,.3f}"
        if progress.gap is not None and progress.gap < float("inf"):
            text += f"  gap {progress.gap:.3%}"
        if self._terminal:
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()
        elif progress.step != self._step or self._is_due(progress):
            print(text, file=sys.stderr)
            self._said = progress.seconds, progress.done
        self._step = progress.step

    def _is_due(self, progress: Progress) -> bool:
        """Whether more parts are done than were said some time ago."""
        seconds, done = self._said
        return progress.done > done and progress.seconds - seconds >= EVERY

    def end(self) -> None:
        """Leave a clean line."""
        if self._terminal:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def rate_in_words(done: int, rate: float, seconds_left: float | None) -> str:
    """How many parts are done in a minute, and when the last one will be.

    Examples
    --------
    >>> rate_in_words(3, 0.05, 340.0), rate_in_words(0, 0.0, None)
    ('  3.0 a minute  5:40 min left', '')
    """
    text = f"  {60 * rate:,.1f} a minute" if done and rate else ""
    return f"{text}  {time_in_words(seconds_left)} left" if seconds_left else text


def time_in_words(seconds: float) -> str:
    """A time in two parts at most.

    Examples
    --------
    >>> time_in_words(42), time_in_words(200), time_in_words(9000)
    ('42 s', '3:20 min', '2:30 h')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02} min"
    return f"{whole // 3600}:{whole % 3600 // 60:02} h"


def print_json(document: object) -> None:
    """Print one JSON document."""
    is_plain = (sys.stdout.encoding or "").lower() != "utf-8"
    print(json.dumps(document, indent=2, ensure_ascii=is_plain, default=str))


def rows_as_json(table: pd.DataFrame) -> list[dict[str, object]]:
    """Rows of a table in which what is missing is ``None``."""
    rows = table.astype("object").where(table.notna(), None).to_dict("records")
    return [{str(name): cell for name, cell in row.items()} for row in rows]


def print_next(*words: str | Path | None) -> None:
    """Print the command to type next, as a shell reads it; what was not given is left out."""
    given = ["optimizer", *(_typed(word) for word in words if word is not None)]
    print(f"Next: {shlex.join(given)}")


def _typed(word: str | Path) -> str:
    text = str(word)
    # A path that begins with a dash would be taken for an option.
    return f"./{text}" if isinstance(word, Path) and text.startswith("-") else text


def print_plan(plan: Plan) -> None:
    """Print the headline of a plan and its goals."""
    from optimizer.frames import rows_of

    gap = "" if plan.gap is None else f", proven gap {plan.gap:.3%}"
    print(f"{plan.policy} on {plan.case}: {plan.status}, {plan.objective:,.3f} points{gap}")
    found, written = plan.seconds["total"], plan.seconds["write"]
    print(f"{plan.headline}, found in {found:.1f} s; written in {written:.1f} s to {plan.folder}")
    provisional = plan.provenance.get("provisional_scales", ())
    if provisional:
        print(
            f"provisional scale of {', '.join(provisional)}: the time limit left no time for it; "
            "do not compare points with another plan's"
        )
    for row in rows_of(plan.tables["goals"]):
        print(f"  {row.goal:<20} {row.weighted:9.3f} points  {row.scaled:7.1%} of its scale")
    lost = plan.tables["goals"]["weighted"].sum() - plan.objective
    if lost > SHOWN_LOSS:
        print(f"  {'soft limits, change':<20} {-lost:9.3f} points")


def print_answers(answers: PlanAnswers) -> None:
    """Print what was asked of a plan: the first answers of each kind, and what was left out."""
    for answer in answers.of.values():
        for sentence in answer.sentences[:SHOWN_SENTENCES]:
            print(sentence)
        if len(answer.sentences) > SHOWN_SENTENCES:
            print(f"... and {len(answer.sentences) - SHOWN_SENTENCES} more lines in the report")
        for sentence in answer.skipped:
            print(sentence)
    for sentence in answers.skipped:
        print(sentence)


def print_evaluation(
    evaluation: Evaluation, assumed: tuple[str, ...], bests: Mapping[str, float]
) -> None:
    """Print what was assumed, what the plan is to whom, what is broken, and the verdict.

    Parameters
    ----------
    bests
        The most that stakeholders could have, where the plan holds that.
    """
    for sentence in assumed:
        print(f"Assumed: {sentence}.")
    sentences = evaluation.in_words()
    from optimizer.plan.fair_shares import fairness_words
    from optimizer.plan.to_stakeholders import STAKEHOLDERS_HEAD, stakeholder_lines

    for sentence in fairness_words(evaluation.tables):
        print(f"Fairness of {sentence}")
    lines = stakeholder_lines(evaluation.tables["stakeholders"], bests)
    if lines:
        print(STAKEHOLDERS_HEAD)
    for line in lines:
        print(f"  {line}")
    if evaluation.holds:
        print(*sentences, sep="\n")
        return
    for sentence in sentences[:SHOWN_VIOLATIONS]:
        print(f"Broken: {sentence}")
    if len(sentences) > SHOWN_VIOLATIONS:
        print(f"... and {len(sentences) - SHOWN_VIOLATIONS} more")
    broken = f"{len(sentences)} rules are" if len(sentences) > 1 else "1 rule is"
    print(f"{broken} broken. {evaluation.points:,.4f} points.")


def print_validation(item: Validation, *, github: bool) -> None:
    """Print the outcome for one pair, with its problems or as annotations."""
    mark = "ok  " if item.ok else "FAIL"
    size = f"  {item.options:,} options" if item.options else ""
    print(f"{mark}  {_validated(item)}: {item.message}{size}  {item.seconds:.1f} s")
    if github:
        for note in validation_annotations(item):
            print(note)
        return
    for problem in item.problems:
        print(f"       {problem}")
    for sentence in item.warnings:
        print(f"      warning: {sentence}")


def _validated(item: Validation) -> str:
    names = " on ".join(str(path) for path in (item.policy, item.case) if path is not None)
    if item.study is None:
        return names
    return f"{item.study} of {names}" if names else str(item.study)


def validation_annotations(item: Validation) -> list[str]:
    """Problems and warnings of one pair as GitHub shows them beside the lines of files."""
    warnings = [f"::warning::{_validated(item)}: {sentence}" for sentence in item.warnings]
    return [*(_annotation(item, problem) for problem in item.problems), *warnings]


def _annotation(item: Validation, problem: Problem) -> str:
    case = item.case if item.policy is None else None
    file = problem.file
    if case is not None:
        is_case = case.name == problem.file
        file = str(case if is_case else case / problem.file)
    for path in (item.policy, item.study):
        if path is not None and problem.file == path.name:
            file = str(path)
    return annotation(file, problem.row, str(problem))


def annotation(file: str, row: int | None, text: str) -> str:
    """An error as GitHub shows it beside a line of a file."""
    line = "" if row is None else f",line={row}"
    told = text.replace("%", "%25").replace("\n", "%0A")
    return f"::error file={file}{line}::{told}"


def validation_document(item: Validation) -> dict[str, object]:
    """Give the outcome for one pair as plain text and figures."""
    return {
        "policy": None if item.policy is None else str(item.policy),
        "case": None if item.case is None else str(item.case),
        "study": None if item.study is None else str(item.study),
        "ok": item.ok,
        "message": item.message,
        "options": item.options,
        "seconds": round(item.seconds, 3),
        "problems": [str(problem) for problem in item.problems],
        "warnings": list(item.warnings),
    }
