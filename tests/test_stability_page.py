"""The worked examples of docs/stability-and-soft-limits.md are what the solver finds."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from optimizer import InfeasibleError, Plan, load_case, solve
from optimizer.frames import mapping
from optimizer.io.changes import parse_changes

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "stability-and-soft-limits.md").read_text(encoding="utf-8")
EXAMPLE = re.compile(
    r"(?:```toml\n(?P<policy>schema.*?)```\n(?:(?!```).)*?)?"
    r"<!-- example: (?P<file>[\w/.]+) -->\n\n(?P<table>(?:\|[^\n]*\n)+)",
    re.DOTALL,
)


@dataclass(frozen=True)
class Row:
    """One row of a table: the policy it is about, what is set, and what is printed for it."""

    file: str
    policy: str | None
    sets: tuple[str, ...]
    printed: dict[str, str]


def rows() -> list[Row]:
    found = []
    for example in EXAMPLE.finditer(PAGE):
        head, _, *body = (
            [cell.strip() for cell in line.split("|")[1:-1]]
            for line in example["table"].splitlines()
        )
        for first, *cells in body:
            sets = tuple(re.findall(r"`([^`]+)`", first))
            printed = dict(zip(head[1:], cells, strict=True))
            found.append(Row(example["file"], example["policy"], sets, printed))
    return found


ROWS = rows()


def told(plan: Plan, column: str) -> str:
    """What a column of the page says of a plan."""
    change, soft = plan.tables["change"], plan.tables["soft"]
    what, _, key = column.partition(" ")
    if what == "change":
        return f"{mapping(change, 'year', 'percent')[int(key)]:.6g}%"
    if what == "missed":
        return f"{mapping(soft, 'key', 'percent')[key.strip('`')]:.6g}%"
    if what == "slots":
        country, year = key.split()
        slots = plan.slots
        return str(
            slots.loc[slots["country"].eq(country) & slots["year"].eq(int(year)), "slots"].sum()
        )
    if column == "penalties paid":
        return f"{change['points'].sum() + soft['points'].sum():.6g}"
    assert column == "points"
    return f"{plan.objective:.6g}"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.file} {' '.join(row.sets)}")
def test_the_page_prints_what_is_found(row: Row, tmp_path: Path) -> None:
    for policy in (ROOT / "models").glob("*.toml"):
        shutil.copy(policy, tmp_path)
    path = tmp_path / Path(row.file).name
    if row.policy is not None:
        path.write_text(row.policy, encoding="utf-8")
    case, changes = load_case(ROOT / "inputs" / "tiny"), parse_changes(row.sets)
    if "no plan" in row.printed.values():
        with pytest.raises(InfeasibleError):
            solve(path, case, changes=changes)
        assert set(row.printed.values()) == {"no plan", ""}
        return
    plan = solve(path, case, changes=changes)
    assert {column: told(plan, column) for column in row.printed} == row.printed


def test_every_table_of_the_page_is_compared() -> None:
    assert PAGE.count("--set ...") == PAGE.count("<!-- example: ") == 5
    assert len(ROWS) == 16
