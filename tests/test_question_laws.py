"""Every question about a run that keeps, drops and adds limits: as if all stood in its files."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pytest

import optimizer
from optimizer import Keep, Session, load_run, write_run
from optimizer.plan import SLOT_KEYS
from optimizer.runs.loading import Run
from shared import ROOT, tiny
from test_oracle import cells_of

FEW_AT_WORK: dict[str, object] = {
    "name": "few_at_work",
    "measure": "slots",
    "where": {"track": "work", "year": 2031},
    "at_most": 3,
}
CHANGES: dict[str, object] = {
    "goals.bridges.weight": 2.0,
    "budgets[line=science, year=2030].amount": 9_000_000.0,
}
DROPPED = "industry_money"


class Pair(NamedTuple):
    """The same question in two runs."""

    asked: Run
    written: Run


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    folder = tmp_path_factory.mktemp("laws")
    small = optimizer.solve(*tiny(), changes={"budgets[line=industry].amount": "*0.8"}, gap=0.0)
    keep = Keep(small, {"country": "AVA", "year": 2030}, name="the small plan")
    session = Session(*tiny(), changes=CHANGES)
    scales = session.scales
    session.add_limit(FEW_AT_WORK)
    session.drop(DROPPED)
    session.keep([keep])
    plan = session.solve(gap=0.0)
    write_run(plan, folder / "asked")
    policy, case = _by_hand(folder, keep, cells_of(session._held.loaded.instance))
    other = optimizer.solve(policy, case, scales=scales, gap=0.0)
    assert other.objective == pytest.approx(plan.objective, rel=1e-9)
    assert plan.objective < optimizer.solve(*tiny(), scales=scales).objective - 1, (
        "all this matters"
    )
    write_run(other, folder / "written")
    return Pair(load_run(folder / "asked"), load_run(folder / "written"))


def _by_hand(folder: Path, keep: Keep, cells: pd.DataFrame) -> tuple[Path, Path]:
    """Policy and case as somebody would write them who knows of no session."""
    text = (ROOT / "models" / "tiny.toml").read_text()
    text = re.sub(r"(\[goals\.bridges\]\nweight = )1\n", r"\g<1>2.0\n", text)
    text = re.sub(rf'\[\[limits\]\]\nname = "{DROPPED}"\n(?:.+\n)+\n', "", text)
    limits = [FEW_AT_WORK]
    own = keep.slots.set_index(list(SLOT_KEYS))["slots"]
    for number, cell in enumerate(cells[keep.chosen(cells)].itertuples()):
        key = tuple(getattr(cell, name) for name in SLOT_KEYS)
        slots = int(own.get(key, 0))
        where = {name: value for name, value in zip(SLOT_KEYS, key, strict=True) if value != ""}
        limits.append(
            {
                "name": f"kept {number}",
                "measure": "slots",
                "where": where,
                "at_least": slots,
                "at_most": slots,
            }
        )
    for limit in limits:
        filters = ", ".join(f"{name} = {value!r}" for name, value in _items(limit["where"]))
        rest = {name: value for name, value in limit.items() if name != "where"}
        lines = [f"{name} = {value!r}" for name, value in rest.items()]
        text += "\n".join(["", "[[limits]]", *lines, f"where = {{ {filters} }}", ""])
    (folder / "tiny.toml").write_text(text)
    case = Path(shutil.copytree(ROOT / "inputs" / "tiny", folder / "tiny"))
    budgets = (case / "budgets.csv").read_text()
    (case / "budgets.csv").write_text(
        budgets.replace("2030,Science,8000000", "2030,Science,9000000")
    )
    return folder / "tiny.toml", case


def _items(where: object) -> list[tuple[str, object]]:
    assert isinstance(where, dict)
    return list(where.items())


def alike(pair: Pair, ask: Any, keys: list[str], figures: list[str]) -> int:
    """How many rows of both tables have the same key, and so the same figures."""
    tables = [ask(run).table.set_index(keys)[figures].astype(float) for run in pair]
    assert all(table.index.is_unique for table in tables)
    common = tables[0].index.intersection(tables[1].index)
    asked, written = (table.loc[common] for table in tables)
    pd.testing.assert_frame_equal(asked, written, rtol=1e-6, atol=1e-6)
    return len(common)


def test_marginal_values(pair: Pair) -> None:
    count = alike(
        pair,
        lambda run: optimizer.marginal_values(run, top=40),
        ["address"],
        ["dual_points", "gain_points", "loss_points"],
    )
    assert count >= 8


def test_importance(pair: Pair) -> None:
    asked = ["countries", "agreements", "budgets", "limits.country_share", "commitments"]
    count = alike(
        pair, lambda run: optimizer.importance(run, asked), ["address"], ["change_points"]
    )
    assert count >= 10


@pytest.mark.parametrize(
    ("by", "exact"),
    [
        ("country", False),
        *(
            pytest.param(by, exact, marks=pytest.mark.slow)
            for by in ("country", "track", "region", "year")
            for exact in (False, True)
            if exact or by != "country"
        ),
    ],
)
def test_alternatives(pair: Pair, by: str, exact: bool) -> None:
    count = alike(
        pair,
        lambda run: optimizer.alternatives(run, by=[by], within="5%", exact=exact),
        ["key"],
        ["least", "most"],
    )
    assert count >= 2


@pytest.mark.parametrize(
    "wanted",
    ["slots[country=BOR] >= 6", "slots[country=AVA, year=2030] >= 5", "slots[track=work] <= 2"],
)
def test_why_not(pair: Pair, wanted: str) -> None:
    first, second = (optimizer.why_not(run, wanted) for run in pair)
    assert first.status == second.status
    assert first.points == pytest.approx(second.points, abs=1e-6, nan_ok=True)


def test_a_change_has_the_same_effect(pair: Pair) -> None:
    """Whatever a session is told afterwards, on a run that was read back."""
    found = []
    for run in pair:
        session = run.session
        session.change({"budgets[line=industry, year=2031].amount": 8_000_000.0})
        found.append((session.relax().points, session.solve(gap=0.0).objective))
    assert found[0] == pytest.approx(found[1], rel=1e-9)
