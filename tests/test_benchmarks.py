"""The benchmarks run, and their generated cases are cases: valid, feasible, the same every time."""

from __future__ import annotations

import importlib
import importlib.util
import io
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest
from python_calamine import CalamineWorkbook

from optimizer import Session, build_instance, load_case, load_policy, validate
from optimizer.instance.sets import options
from optimizer.io.cache import FOLDER as FOLDER_OF_CACHE
from optimizer.persistent import goals_alone

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "benchmarks"
ALIKE = 0.1
pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))


def script(name: str) -> ModuleType:
    return importlib.import_module(name)


@pytest.mark.parametrize("name", ["small", "national", "gap_01", "gap_02", "gap_05"])
def test_generated_cases_are_valid_and_feasible(name: str, tmp_path: Path) -> None:
    cases = script("cases")
    case, policy = cases.write_generated(cases.ALL_SIZES[name], tmp_path)

    # Validating solves the relaxation as well.
    told = validate([policy, case])

    assert [(row.message, [str(p) for p in row.problems]) for row in told if not row.ok] == []
    assert any(row.options > 0 for row in told)


def test_a_seed_gives_the_same_files_and_another_one_does_not(tmp_path: Path) -> None:
    cases = script("cases")
    size = cases.GAP_SIZES["gap_01"]
    other = cases.Size(size.countries, size.tracks, size.regions, size.years, seed=size.seed + 1)
    tables = []
    for number, wanted in enumerate((size, size, other)):
        case, _ = cases.write_generated(wanted, tmp_path / str(number))
        tables.append((case / "applicants.csv").read_text(encoding="utf-8"))

    assert tables[0] == tables[1]
    assert tables[0] != tables[2]


def test_a_case_of_japans_size_has_japans_shape(tmp_path: Path) -> None:
    cases = script("cases")
    drawn, policy_path = cases.write_generated(cases.SIZES["japan"], tmp_path)
    policy = load_policy(policy_path)
    ours, japan = (load_case(path) for path in (drawn, cases.JAPAN))
    sets, wanted = (build_instance(case, policy).sets for case in (ours, japan))

    for table in ("agreements", "sites", "costs", "service_use", "continuations"):
        assert len(ours.table(table)) == len(japan.table(table)), table
    # Who comes to Japan by forecast applies there.
    coming = japan.table("forecasts_by_country")["persons"]
    pools = pd.concat([japan.table("applicants")["applicants"], coming])
    drawn_pools = ours.table("applicants")["applicants"]
    assert len(drawn_pools) == len(pools)
    assert options(sets) > options(wanted)
    assert np.log(drawn_pools).std() == pytest.approx(np.log(pools).std(), rel=3 * ALIKE)


@pytest.mark.parametrize("regions", [True, False])
def test_the_flat_and_the_whole_number_model_are_the_same_as_ours(
    regions: bool, tmp_path: Path
) -> None:
    cases, formulations, integers = map(script, ("cases", "formulations", "integers"))
    size = cases.GAP_SIZES["gap_01"]
    size = size if regions else replace(size, regions=0)
    instance = formulations.join(*cases.write_generated(size, tmp_path))
    ours = formulations.projected(instance, formulations.probe_scales(instance))
    flat = formulations.flat(instance, ours)
    optima = []
    for model in (ours, flat):
        highs = formulations.loaded_highs(model, relaxed=True)
        highs.run()
        optima.append(highs.getInfo().objective_function_value)

    assert flat.sizes["slots"] == options(instance.sets)
    assert optima[1] == pytest.approx(optima[0], rel=1e-9)
    # No plan is one of the whole-number model without being one of ours.
    whole = integers.integers(flat)
    nothing = whole.values(np.zeros(len(whole.columns)), len(flat.cost))
    assert nothing.shape == flat.cost.shape
    assert (whole.a.data == np.round(whole.a.data)).all()


def test_profiles_count_shares_of_cases() -> None:
    profiles = script("profiles")
    times = {"fast": {"a": 1.0, "b": None}, "slow, flat": {"a": 3.0, "b": 2.0}}

    assert profiles.ratios(times) == {"fast": [1.0, float("inf")], "slow, flat": [3.0, 1.0]}
    assert "| fast       | 50% |" in profiles.profile_table(times)
    assert 'stroke-dasharray="5 4"' in profiles.profile_svg(times, "title")


def test_gaps_count_for_plans_that_are_worth_what_was_said() -> None:
    tables = script("gap_tables")

    def row(tool: str, ended: str, seconds: float, claimed: float, true: float) -> dict[str, Any]:
        entry = {"seconds": seconds, "objective": claimed, "bound": 100.0}
        given = {"case": "c", "limit": 60.0, "tool": tool, "ended": ended, "trace": [entry]}
        return given | {"claimed": claimed, "true": true}

    ours = row("optimizer", "ok", 2.0, 99.95, 99.95)
    more = row("CP-SAT, flat", "ok", 8.0, 99.2, 99.97)
    less = row("CBC, flat", "ok", 1.0, 99.95, 98.0)
    late = row("SCIP, flat", "stopped", 1.0, 99.95, 99.95)
    rows = [ours, more, less, late]
    proven = {row["tool"]: tables.proven(row, 0.01) for row in rows}
    assert proven == {"optimizer": 2.0, "CP-SAT, flat": 8.0, "CBC, flat": None, "SCIP, flat": None}
    lines = [line.split("|")[1:] for line in tables.told(rows).splitlines() if line.startswith("|")]
    found = {cells[0].strip(): [cell.strip() for cell in cells[1:-1]] for cells in lines[:-5]}
    assert found["best of the four, flat"] == ["1", "4", "30", "30", "0", "0"]
    assert found["CBC, flat"] == ["1", "30", "30", "30", "0", "1"]
    assert tables.gap_at_end(rows, more) == pytest.approx(0.03 / 99.97)


def test_all_ways_to_write_a_workbook_write_the_same_cells() -> None:
    writing = script("house_writing")
    table = pd.DataFrame({"text": ["=1+1", "", "b"], "number": [0.5, float("nan"), 3.0]})
    books = [writing.cell_by_cell({"one": table, "two": table[:1]})]
    if importlib.util.find_spec("xlsxwriter") is not None:
        books.append(writing.constant_memory({"one": table, "two": table[:1]}))
    for book in books:
        read = CalamineWorkbook.from_filelike(io.BytesIO(book))
        one, two = (read.get_sheet_by_name(name).to_python() for name in read.sheet_names)
        assert one == [["text", "number"], ["=1+1", 0.5], ["", ""], ["b", 3.0]]
        assert two == one[:2]


def test_all_ways_to_scales_give_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scales = script("house_scales")
    monkeypatch.setenv(FOLDER_OF_CACHE, "")
    monkeypatch.setattr(goals_alone, "GOALS_AT_A_TIME", goals_alone.GOALS_AT_A_TIME)
    given = (ROOT / "models" / "balanced.toml", ROOT / "inputs" / "tiny", str(tmp_path))
    question = scales.Question(*given)
    found = [question.scales(cache=True)]
    for way in scales.WAYS.values():
        found.append(way(question))
    assert all(each == found[0] for each in found)
    assert len(list(tmp_path.rglob("*.json"))) == 1


def test_all_ways_to_relax_after_a_change_find_the_same_optimum(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    relaxing = script("house_relaxing")
    for module, name, _ in relaxing.AS_IT_WAS:
        # Set back afterwards; a name that has moved ends the test.
        monkeypatch.setattr(module, name, getattr(module, name))
    case, policy = ROOT / "inputs" / "tiny", ROOT / "models" / "balanced.toml"
    scales = Session(policy, case).scales
    for name in ("relax, a floor dropped", "relax, all weights"):
        job = relaxing.JOBS[name]
        changed = Session(policy, case, scales=scales)
        job.before(changed)
        job.change(changed)
        points = changed.relax().points
        assert points is not None
        for way in job.WAYS.values():
            # The optimum is compared inside.
            assert list(way(relaxing.Question(policy, case, scales, points))) == [None]
    with pytest.raises(AssertionError):
        list(way(relaxing.Question(policy, case, scales, 1.0)))


def test_what_a_way_does_before_it_yields_is_in_nobodys_clock() -> None:
    house = script("house")
    done: list[str] = []

    def steps(given: str) -> Any:
        done.append(f"before {given}")
        yield
        done.append(f"timed {given}")

    for way, before in ((steps, ["before it"]), (done.append, [])):
        done.clear()
        timed = house._ready(way, "it")
        assert done == before
        timed()
        assert done == [*before, "timed it" if before else "it"]


def test_ways_of_a_job_take_turns_and_are_compared_with_the_old_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    house = script("house")
    asked: list[str] = []

    def apart(_: str, payload: dict[str, Any], *, limit: float) -> tuple[list[Any], str]:
        asked.append(payload["way"])
        # Each takes longer the later it comes; the peer is not there.
        is_absent = payload["way"].startswith("XlsxWriter")
        return ([], "not installed") if is_absent else ([{"seconds": 1.0 * len(asked)}], "ok")

    monkeypatch.setattr(house, "apart", apart)
    monkeypatch.setattr(house, "JOBS", {"writing a run": script("house_writing")})
    rows = house.measured(quick=False)

    old, peer, ours = house.JOBS["writing a run"].WAYS
    assert asked == ["prepare", *(old, peer, ours) * 3]
    assert [row["seconds"] for row in rows] == [[2.0, 5.0, 8.0], [], [4.0, 7.0, 10.0]]
    assert [row["ended"] for row in rows] == ["ok", "not installed", "ok"]
    cells = [line.split("|")[4:6] for line in house.told(rows).splitlines()[2:]]
    assert [[cell.strip() for cell in line] for line in cells] == [
        ["5", "1"],
        ["-", "-"],
        ["7", "1.4"],
    ]


def test_the_quick_run_needs_no_peers_and_writes_its_page(tmp_path: Path) -> None:
    parts = ["build", "changes", "scale"]
    command = [sys.executable, str(FOLDER / "run.py"), "--quick", "--out", str(tmp_path)]
    done = subprocess.run(
        [*command, "--only", *parts], capture_output=True, text=True, check=False, timeout=400
    )

    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    page = (tmp_path / "RESULTS.md").read_text(encoding="utf-8")
    assert list(found["parts"]) == parts
    ended = {
        (part, row.get("tool", "")): row["ended"]
        for part, told in found["parts"].items()
        for row in told["rows"]
    }
    for ours in [("build", "optimizer"), ("changes", "optimizer, Session"), ("scale", "")]:
        assert ended[ours] == "ok"
    assert set(ended.values()) <= {"ok", "not installed"}
    assert all(row["disagreements"] == 0 for row in found["parts"]["changes"]["rows"])
    for title in ("# Benchmark results (quick", "## Scale", "| seconds", "Seeds: small 1"):
        assert title in page
