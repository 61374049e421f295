"""The worked example of docs/people-who-continue.md is what the solver finds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from optimizer import Plan, solve
from optimizer.io.changes import parse_changes

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "people-who-continue.md").read_text(encoding="utf-8")
TABLE = PAGE.partition("<!-- example: models/tiny.toml -->")[2].split("\n\n")[1]
HEAD, _, *ROWS = TABLE.splitlines()


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("|")[1:-1]]


def told(plan: Plan) -> list[str]:
    lives, take_up = plan.decisions.transitions_by_region, plan.tables["take_up"]
    live = lives[lives["year"].eq(2032)].groupby("region")["persons"].sum()
    of_lab = take_up[take_up["track"].eq("lab") & take_up["year"].eq(2032)]
    share = of_lab["stay"].sum() / of_lab["may_stay"].sum()
    regions = [f"{live.get(region, 0.0):.6g}" for region in ("coast", "hills")]
    return [*regions, f"{100 * share:.6g}%", f"{plan.objective:.6g}"]


@pytest.mark.parametrize("line", ROWS)
def test_the_page_says_what_the_solver_finds(line: str) -> None:
    first, *printed = cells(line)
    changes = parse_changes(re.findall(r"`([^`]+)`", first))
    plan = solve(ROOT / "models" / "tiny.toml", ROOT / "inputs" / "tiny", changes=changes)
    assert told(plan) == printed


def test_all_rows_are_compared() -> None:
    assert len(ROWS) == 5
    assert cells(HEAD)[1:] == ["coast 2032", "hills 2032", "take-up of `lab` 2032", "points"]
