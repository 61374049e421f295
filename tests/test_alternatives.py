"""Room to manoeuvre: ranges against enumeration and against the best plan beyond each end."""

from __future__ import annotations

import json
import random
import re
import sys
from itertools import product
from pathlib import Path

import numpy as np
import pytest

import optimizer
from golden.small_cases import NATIONAL
from optimizer import OptimizerError, Plan, PolicyError, Session
from optimizer.cli import main
from optimizer.explain.nearly_as_good import NearlyAsGood
from optimizer.explain.priced_sums import PricedSums, whole_below
from optimizer.explain.ranges import sums_of
from optimizer.session import held_by
from optimizer.solver import Watch
from seeds import many, seeds

ROOT = Path(__file__).resolve().parents[1]
TINY = ROOT / "models" / "tiny.toml", ROOT / "inputs" / "tiny"
RANGE = ["least", "most"]
INDICATOR = """
[goals.h]
weight = 1
scale = "none"
indicators = [{ column = "gdp", weight = 1, range = [0, 4] }]
effects = [{ stage = "enter", effect = 1 }]
"""


@pytest.fixture(scope="module")
def plan() -> Plan:
    return optimizer.solve(*TINY)


@pytest.mark.parametrize("seed", seeds(many(12), quick=2))
def test_ranges_equal_enumeration(seed: int, tmp_path: Path) -> None:
    """Cohorts of two countries under a budget: all of them are listed, with their points."""
    draw = random.Random(seed)
    costs, gdp = [draw.randint(3, 9) for _ in "AB"], [draw.randint(0, 4) for _ in "AB"]
    applicants, budget = [draw.randint(1, 6) for _ in "AB"], draw.randint(15, 60)
    within = draw.choice([0.0, 0.05, 0.2])
    case = NATIONAL.with_(
        INDICATOR,
        countries=(f"AA,Aland,Asia,{gdp[0]}", f"BB,Bland,Europe,{gdp[1]}"),
        applicants=(f"AA,t,,{applicants[0]}", f"BB,t,,{applicants[1]}"),
        budgets=(f"main,{{year}},M,{budget},program",),
        costs=(f"t,main,1,,AA,,,{costs[0]}", f"t,main,1,,BB,,,{costs[1]}"),
    )
    files, policy = case.write(tmp_path)
    points = {
        cohorts: sum(
            50 * people * (1 + size / 4) for people, size in zip(cohorts, gdp, strict=True)
        )
        for cohorts in product(*(range(most + 1) for most in applicants))
        if sum(people * cost for people, cost in zip(cohorts, costs, strict=True)) <= budget
    }
    solved = optimizer.solve(policy, files, gap=0)
    assert solved.objective == pytest.approx(max(points.values()))
    least = max(points.values()) * (1 - within) - 1e-6
    good = [cohorts for cohorts, worth in points.items() if worth >= least]
    by = ["country", "track"]
    exact = optimizer.alternatives(solved, by=by, within=within, exact=True)
    counted = [*zip(*good, strict=True), list(map(sum, good))]
    wanted = [[float(min(each)), float(max(each))] for each in counted]
    assert exact.table[RANGE].to_numpy().tolist() == wanted
    assert set(exact.table[["least_basis", "most_basis"]].to_numpy().ravel()) == {"plan"}
    outer = optimizer.alternatives(solved, by=by, within=within).table
    assert (outer["least"] <= exact.table["least"]).all()
    assert (outer["most"] >= exact.table["most"]).all()


GALLERY = ROOT / "models" / "gallery" / "aid.toml", ROOT / "inputs/gallery" / "aid"


@pytest.mark.parametrize("files", [TINY, GALLERY], ids=["tiny", "gallery"])
def test_limits_by_prices_are_those_with_the_floor_as_a_row(files: tuple[Path, Path]) -> None:
    plan = optimizer.solve(*files)
    session = Session(*files, scales=plan)
    points, loaded = session.relax().points, held_by(session).loaded
    sums = [
        each
        for keys in ("country", "track", "year", "country,track", "agreement")
        for each in sums_of(loaded.instance, loaded.matrix, plan, keys)
    ]
    assert len(sums) > 5
    for share in (0.0, 0.001, 0.02, 0.2, 0.9):
        least_points = plan.objective - share * abs(plan.objective)
        among = NearlyAsGood(loaded, least_points)
        priced = PricedSums(loaded, least_points, Watch())
        for each, sign in product(sums, (-1.0, 1.0)):
            cost = np.zeros(len(among.matrix.cost))
            cost[each.columns] = sign
            x = among.relaxed(cost, Watch())
            assert x is not None
            wanted = max(sign * each.value, whole_below(sign * float(x[each.columns].sum())))
            limit = priced.limit(each.columns, sign, each.value)
            assert limit is not None
            assert max(sign * each.value, sign * limit) == pytest.approx(wanted)
    # What the model holds is as it was.
    assert session.relax().points == pytest.approx(points, rel=1e-9)


def test_no_plan_of_so_many_points_lies_beyond_an_end(plan: Plan) -> None:
    """Solved from nothing with a limit of its own at the end, and one slot beyond it."""
    found = optimizer.alternatives(plan, by=["track,region"], within="5%", exact=True)
    rows = found.table.set_index("key")
    session = optimizer.Session(*TINY, scales=plan)
    for key, side, sense, step in (
        ("refuge, hills", "least", "at_most", -1),
        ("work, hills", "most", "at_least", 1),
    ):
        track, region = key.split(", ")
        end = float(rows[side].to_dict()[key])
        limit = {"measure": "slots", "where": {"track": track, "region": region}}
        best = {}
        for name, number in (("at", end), ("beyond", end + step)):
            session.add_limit({**limit, "name": f"{name} {key}", sense: number})
            try:
                best[name] = session.solve(gap=0).objective
            except optimizer.InfeasibleError:
                best[name] = float("-inf")
            session.drop(f"{name} {key}")
        assert best["at"] >= found.least_points - 1e-6
        assert best["beyond"] < found.least_points


def test_agreements_are_open_or_not(plan: Plan) -> None:
    every = optimizer.alternatives(plan, by=["agreement"], within="100%", exact=True).table
    assert every["key"].tolist() == ["CYR, lab"]
    # A commitment asks for people of that pair, whatever the points.
    assert every[RANGE].to_numpy().tolist() == [[1.0, 1.0]]


def test_a_plan_in_hand_at_the_end_of_its_decisions_needs_no_solving(plan: Plan) -> None:
    found = optimizer.alternatives(plan, by=["track,region"])
    row = found.table.set_index("key").loc["work, hills"]
    assert (row["plan"], row["least"], row["least_basis"]) == (0.0, 0.0, "plan")
    assert found.free == 1
    assert found.is_complete


def test_what_is_not_reached_in_time_is_said(plan: Plan) -> None:
    found = optimizer.alternatives(plan, by=["year"], time_limit=0.001)
    assert not found.is_complete
    assert found.table["status"].eq("stopped").all()
    assert found.table[["least", "most"]].isna().all(axis=None)
    assert found.in_words()[-1] == "4 of 4 ends were not reached in time."


def test_wrong_questions_end_in_words(plan: Plan) -> None:
    with pytest.raises(OptimizerError, match=r"by 'contry'\n.* or agreement\. Maybe 'country'"):
        optimizer.alternatives(plan, by=["contry"])
    with pytest.raises(OptimizerError, match="region and country do not go together"):
        optimizer.alternatives(plan, by=["country,region"])
    with pytest.raises(PolicyError, match="within: 2 is not a valid share"):
        optimizer.alternatives(plan, within=2)
    with pytest.raises(OptimizerError, match=r"tiny\.toml: is not a folder"):
        optimizer.alternatives(TINY[0])


def test_ranges_are_drawn_and_written(plan: Plan, tmp_path: Path) -> None:
    found = optimizer.alternatives(plan, by=["country", "year"])
    assert len(found.chart("year").to_dict()["layer"]) == 2
    with pytest.raises(OptimizerError, match="Maybe 'year'"):
        found.chart("yaer")
    assert found.to_excel(tmp_path / "ranges.xlsx").exists()


def test_the_command_leads_to_exact_ends(
    plan: Plan,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = optimizer.write_run(plan, tmp_path / "run")

    def command(*told: object) -> int:
        monkeypatch.setattr(sys, "argv", ["optimizer", "alternatives", *map(str, (run, *told))])
        return main()

    assert command("--by", "year", "--within", "5%") == 0
    told = capsys.readouterr().out.splitlines()
    assert told[2:] == [
        "By year:",
        "- 2031: 11, from 9 (relaxation) to 11",
        "- 2030: 8, and so in every such plan",
        f"Next: optimizer alternatives {run} --by year --within 0.05 --exact",
    ]
    for given, again in (("100%", "100%"), ("1.2345678%", "0.012345678"), ("0", "0")):
        assert command("--by", "year", "--within", given) == 0
        last = capsys.readouterr().out.splitlines()[-1]
        assert last == f"Next: optimizer alternatives {run} --by year --within {again} --exact"
        assert command("--by", "year", "--within", again) == 0
        capsys.readouterr()
    assert command("--by", "year", "--within", "5%", "--exact", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert [each["least"] for each in document["ranges"]] == [8.0, 10.0]
    assert command("--time-limit", "0.001") == 4


def test_the_page_of_alternatives_prints_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    page = (ROOT / "docs" / "alternatives.md").read_text(encoding="utf-8")
    parts = re.findall(
        r"<!-- run -->\n```python\n(.*?)```\n\n<!-- prints -->\n```text\n(.*?)```", page, re.DOTALL
    )
    names: dict[str, object] = {}
    assert len(parts) == 2
    for code, printed in parts:
        exec(code, names)
        assert capsys.readouterr().out == printed
