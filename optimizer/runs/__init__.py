"""Run folders: a plan on disk, written aside and renamed when it is complete."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from optimizer.case import Case
from optimizer.errors import Problems, not_installed
from optimizer.io import targets
from optimizer.io.paths import NotReadError, content_of, names_in, standing_at
from optimizer.io.writing import write_text
from optimizer.plan import Plan
from optimizer.policy import Policy
from optimizer.runs import workbook
from optimizer.runs.decision_rows import decision_rows

PLAN, DECISIONS_FILE, SUMMARY, RUN = "plan.csv", "decisions.csv", "summary.json", "run.json"
WORKBOOK, REPORT, LOG = "plan.xlsx", "report.html", "solver.log"
PRINTED = "sheets.html"
"""One page for each agency and region; runs of before have none."""
ANSWERS = "answers.json"
"""What was asked of the plan, where anything was."""
VARIABLES = "variables.csv"
"""Values of the variables of custom rules, where there are any."""

INPUTS, POLICY_FILE, CASE_FILES, CASE_BOOK = "inputs", "policy.toml", "case.zip", "case.xlsx"
"""Folder of the question that a run answers, and what it holds: one of the two cases."""

PUBLIC, PUBLIC_SUMMARY, PUBLIC_README = "public", SUMMARY, "README.md"
"""Folder of what is published of a run, and what it holds beside tables."""

PUBLIC_TABLES: Mapping[str, str] = MappingProxyType(
    {
        "plan": "slots by country, track, support level, region and year; of sensitive "
        "tracks by country and year alone",
        "slots_by_track": "slots by track and year, and of all tracks together",
        "slots_by_country": "slots of all years by country and track",
        "slots_by_region": "slots by region, track and year, and of all years",
        "money": "budget and spending of every line by year",
        "agreements": "agreements in force or to be opened, without those of sensitive tracks",
    }
)
"""Tables that are published, and what they hold in words."""

WRITTEN_ALWAYS = frozenset({PLAN, DECISIONS_FILE, SUMMARY, RUN, WORKBOOK, REPORT})
_WRITTEN = WRITTEN_ALWAYS | {ANSWERS, VARIABLES, LOG, f"search-{LOG}", INPUTS, PRINTED, PUBLIC}
"""Names of all that a run folder holds: one with anything else is nobody's to replace."""

OF_INPUTS = frozenset({POLICY_FILE, CASE_FILES, CASE_BOOK})
OF_PUBLIC = frozenset({PUBLIC_SUMMARY, PUBLIC_README, *(f"{name}.csv" for name in PUBLIC_TABLES)})

LARGEST_FACTS = 50 * 2**20
"""Bytes of what run.json holds; those of a run of fifty countries are a few ten thousand."""

NO_INPUTS: Mapping[str, Any] = MappingProxyType({})

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""First characters of text that a spreadsheet program takes for a formula in a CSV file."""


def default_folder(policy: str, case: str) -> Path:
    """Folder of a run for which none is named."""
    return Path("runs") / f"{policy}-{case}"


def run_place(folder: Path, *, force: bool | None) -> targets.Place:
    """Find out whether a run may be written as a folder, before it is made.

    Parameters
    ----------
    force
        Whether an older run may be replaced: just the one that is there now; ``None`` where nobody
        could ask for that.

    Raises
    ------
    TargetError
        If the folder exists and ``force`` is not set, or it is not a run folder.
    """
    expected = "a folder this tool has written"
    return targets.look(folder, force=force, check=_no_run, expected=expected)


def require_run_places(folders: Iterable[Path]) -> None:
    """Refuse at once what cannot be written as runs, before anything is solved.

    Raises
    ------
    TargetError
        As :func:`run_place`.
    """
    for folder in folders:
        run_place(folder, force=None)


def facts_if_run(folder: Path) -> Mapping[str, Any] | None:
    """What a run says of itself; ``None`` where a folder is none that this tool has written."""
    if standing_at(folder / RUN) != "file" or _no_run(folder) is not None:
        return None
    return _facts_in(folder / RUN)


def _no_run(folder: Path) -> str | None:
    if standing_at(folder) != "folder":
        return "is not a run folder"
    problems = Problems()
    names = set(names_in(folder, problems))
    if len(problems):
        return "cannot be read"
    if names and not (names >= WRITTEN_ALWAYS and _facts_in(folder / RUN) is not None):
        return "is not a run folder"
    foreign = sorted(names - _WRITTEN)
    for inner, known in ((INPUTS, OF_INPUTS), (PUBLIC, OF_PUBLIC)):
        inside = names_in(folder / inner, problems) if inner in names else ()
        foreign += [f"{inner}/{name}" for name in inside if name not in known]
    if len(problems):
        return "cannot be read"
    return f"holds files that are not part of a run: {', '.join(foreign[:3])}" if foreign else None


def _facts_in(path: Path) -> dict[str, Any] | None:
    """What a file says that a run says of itself; other programs have run.json too."""
    try:
        facts = json.loads(content_of(path, at_most=LARGEST_FACTS, expected="JSON"))
    except (NotReadError, ValueError, RecursionError):
        return None
    is_of_run = isinstance(facts, dict) and facts.keys() >= {"policy", "case", "scales"}
    return facts if is_of_run else None


def require_writers() -> None:
    """Find out before solving, not after it, whether everything is there to write a run with.

    Raises
    ------
    OptimizerError
        If an extra is not installed.
    """
    for module, extra in (("openpyxl", "excel"), ("jinja2", "report")):
        if importlib.util.find_spec(module) is None:
            raise not_installed("a run folder", module, extra)


def write_tables(plan: Plan, folder: Path, policy: Policy, case: Case) -> None:
    """Write what was chosen, as CSV and with all that follows from it as a workbook.

    Parameters
    ----------
    policy
        The policy as changed, that the plan was made for.
    """
    write_csv(plan.slots, folder / PLAN)
    write_csv(decision_rows(plan.decisions), folder / DECISIONS_FILE)
    if len(plan.decisions.variables):
        write_csv(plan.decisions.variables, folder / VARIABLES)
    workbook.write_workbook(plan, folder / WORKBOOK, policy, case)


def write_facts(
    plan: Plan,
    folder: Path,
    name: Path,
    inputs: Mapping[str, Any] = NO_INPUTS,
    answers: str = "",
) -> None:
    """Write summary and provenance, last of all, so that they hold the whole time taken.

    Parameters
    ----------
    folder
        Where to write.
    name
        Name the folder will have, for the summary.
    inputs
        What is kept of policy and case: hashes of the files, and of those they were read from.
    answers
        Hash of what was asked of the plan; blank where nothing was.
    """
    write_json(plan.summary() | {"run_folder": str(name)}, folder / SUMMARY)
    facts = {
        "policy": plan.policy,
        "case": plan.case,
        "status": plan.status,
        "gap": plan.gap,
        "objective": plan.objective,
        "bound": plan.bound,
    }
    kept: dict[str, Any] = {"inputs": inputs} if inputs else {}
    kept |= {"answers": answers} if answers else {}
    write_json(facts | dict(plan.provenance) | kept, folder / RUN)


def write_json(content: Mapping[str, Any], path: Path) -> None:
    """Write facts as JSON, a line each."""
    text = json.dumps(finite(content), indent=2, ensure_ascii=False, default=str)
    write_text(path, text + "\n")


def finite(content: Any) -> Any:
    """Replace what JSON has no word for (infinities, NaN) by null."""
    if isinstance(content, Mapping):
        return {str(key): finite(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [finite(value) for value in content]
    if isinstance(content, float) and not abs(content) < float("inf"):
        return None
    return content


EVERY_DIGIT = "%.15g"
"""Of a number in a file: a plan that is read again keeps its budgets to the yen."""


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table; text that a spreadsheet would run as a formula gets an apostrophe."""
    text = table.apply(_inert).to_csv(index=False, lineterminator="\n", float_format=EVERY_DIGIT)
    write_text(path, text)


def _inert(column: pd.Series) -> pd.Series:
    if not pd.api.types.is_string_dtype(column):
        return column
    return column.where(~column.str.startswith(FORMULA_STARTS, na=False), "'" + column)


def plain_text(text: str) -> str:
    """Take the apostrophe of :func:`write_csv` off again."""
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA_STARTS) else text
