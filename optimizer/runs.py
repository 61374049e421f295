"""Run folders: a plan on disk, written aside and renamed when it is complete."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from optimizer.errors import InputError, OptimizerError, Problems
from optimizer.plan import COLUMNS, Decisions, Plan, amount_column

PLAN, DECISIONS, SUMMARY, RUN = "plan.csv", "decisions.csv", "summary.json", "run.json"
WORKBOOK, REPORT, LOG = "plan.xlsx", "report.html", "solver.log"
VARIABLES = "variables.csv"
"""Values of the variables of custom rules, where there are any."""
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
OTHER_KEYS = (
    "country",
    "track",
    "next_track",
    "group",
    "region",
    "service",
    "line",
    "to_line",
)
"""Keys that decisions other than slots may have, beside the year."""
DECISION_KEYS = ("decision", *OTHER_KEYS, "year", "amount")


def default_folder(policy: str, case: str) -> Path:
    """Folder of a run that is not told where to go."""
    return Path("runs") / f"{policy}-{case}"


def refuse_existing(folder: Path, *, force: bool) -> None:
    """Refuse a folder that exists, unless it is an older run and may be replaced.

    Raises
    ------
    InputError
        If the folder exists and ``force`` is not set, or it is not a run folder.
    """
    if not os.path.lexists(folder):
        return
    problems = Problems()
    if folder.is_symlink():
        problems.add(str(folder), "is a symbolic link", expected="a folder of its own")
    elif not force:
        problems.add(str(folder), "exists already", expected="a new folder, or --force")
    elif not folder.is_dir() or (any(folder.iterdir()) and not (folder / RUN).is_file()):
        problems.add(str(folder), "is not a run folder", expected="a folder this tool has written")
    problems.raise_if_any(InputError)


@contextmanager
def new_folder(folder: Path, *, force: bool = False) -> Iterator[Path]:
    """Give a folder beside the wanted one; it takes its name only when everything was written."""
    folder = Path(os.path.abspath(folder))
    refuse_existing(folder, force=force)
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        yield aside
        aside.chmod(0o755)
        if folder.exists():
            old = Path(tempfile.mkdtemp(prefix=f".{folder.name}-old-", dir=folder.parent))
            os.replace(folder, old / folder.name)
            os.replace(aside, folder)
            shutil.rmtree(old)
        else:
            os.replace(aside, folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def write_tables(plan: Plan, folder: Path) -> None:
    """Write what was chosen, as CSV and with all that follows from it as a workbook."""
    write_csv(plan.slots, folder / PLAN)
    write_csv(decision_rows(plan.decisions), folder / DECISIONS)
    if len(plan.decisions.variables):
        write_csv(plan.decisions.variables, folder / VARIABLES)
    write_workbook(plan, folder / WORKBOOK)


def write_facts(plan: Plan, folder: Path, name: Path) -> None:
    """Write summary and provenance, last of all, so that they hold the whole time taken.

    Parameters
    ----------
    folder
        Where to write.
    name
        Name the folder will have, for the summary.
    """
    _write_json(plan.summary() | {"run_folder": str(name)}, folder / SUMMARY)
    facts = {
        "policy": plan.policy,
        "case": plan.case,
        "status": plan.status,
        "gap": plan.gap,
        "objective": plan.objective,
        "bound": plan.bound,
    }
    _write_json(facts | dict(plan.provenance), folder / RUN)


def _write_json(content: Mapping[str, Any], path: Path) -> None:
    text = json.dumps(finite(content), indent=2, ensure_ascii=False, default=str)
    path.write_text(text + "\n", encoding="utf-8")


def finite(content: Any) -> Any:
    """Replace what JSON has no word for (infinities, NaN) by null."""
    if isinstance(content, Mapping):
        return {str(key): finite(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [finite(value) for value in content]
    if isinstance(content, float) and not abs(content) < float("inf"):
        return None
    return content


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table; text that a spreadsheet would run as a formula gets an apostrophe."""
    table.apply(_inert).to_csv(path, index=False, lineterminator="\n", float_format="%.10g")


def _inert(column: pd.Series) -> pd.Series:
    if not pd.api.types.is_string_dtype(column):
        return column
    return column.where(~column.str.startswith(FORMULA_STARTS, na=False), "'" + column)


def plain(text: str) -> str:
    """Take the apostrophe of :func:`write_csv` off again."""
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA_STARTS) else text


def decision_rows(decisions: Decisions) -> pd.DataFrame:
    """Everything chosen beside the slots, one row per decision."""
    parts = []
    for name, table in decisions.tables().items():
        if name == "slots":
            continue
        amount = amount_column(table)
        rows = table.rename(columns={amount: "amount"}) if amount else table.assign(amount=1)
        parts.append(rows.assign(decision=name, amount=rows["amount"].astype(float)))
    rows = pd.concat(parts, ignore_index=True)
    for key in DECISION_KEYS:
        if key not in rows:
            rows[key] = ""
    text = [key for key in DECISION_KEYS if key not in ("year", "amount")]
    rows[text] = rows[text].fillna("").astype("str")
    return rows[list(DECISION_KEYS)].astype({"year": "int64"})


def decisions_from_rows(slots: pd.DataFrame, rows: pd.DataFrame) -> Decisions:
    """Undo :func:`decision_rows`."""
    tables = {}
    for name, columns in COLUMNS.items():
        if name == "slots":
            continue
        chosen = rows[rows["decision"].eq(name)]
        amount = amount_column(columns)
        if amount:
            chosen = chosen.rename(columns={"amount": amount})
        tables[name] = chosen[list(columns)].astype(columns).reset_index(drop=True)
    return Decisions(slots=slots, **tables)


def write_workbook(plan: Plan, path: Path) -> None:
    """Write the plan's tables as one workbook, a sheet per table, ready for pivoting.

    Raises
    ------
    OptimizerError
        If openpyxl is not installed.
    """
    try:
        from openpyxl import Workbook
        from openpyxl.cell import WriteOnlyCell
    except ImportError as error:
        raise OptimizerError(
            'plan.xlsx needs openpyxl: pip install "talent-optimizer[excel]"'
        ) from error
    book = Workbook(write_only=True)
    for name, table in _sheets(plan).items():
        sheet = book.create_sheet(name)
        sheet.append([str(column) for column in table])
        risky = [
            pd.api.types.is_string_dtype(column)
            and bool(column.str.startswith(FORMULA_STARTS, na=False).any())
            for _, column in table.items()
        ]
        cells = table.astype("object").where(table.notna(), None)
        for row in cells.itertuples(index=False, name=None):
            if not any(risky):
                sheet.append(row)
                continue
            inert = []
            for value, is_risky in zip(row, risky, strict=True):
                cell = WriteOnlyCell(sheet, value=value)
                if is_risky and str(value).startswith(FORMULA_STARTS):
                    cell.data_type = "s"
                inert.append(cell)
            sheet.append(inert)
    book.save(path)


def _sheets(plan: Plan) -> dict[str, pd.DataFrame]:
    """Tables of the workbook; the integration budget by its four keys, whatever the line."""
    sheets = {"slots": plan.slots, "decisions": decision_rows(plan.decisions)}
    if len(plan.decisions.variables):
        sheets |= {"variables": plan.decisions.variables}
    sheets |= {
        name: table
        for name, table in plan.tables.items()
        if name != "rules" and (name != "custom_rules" or len(table))
    }
    keys = ["country", "track", "region", "year"]
    total = plan.tables["integration"].groupby(keys, sort=False)["amount"].sum()
    return sheets | {"integration": total.reset_index()}
