"""Plans that are as different as possible, and questions of alternatives that go on."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import random
import signal
import sys
import threading
import zlib
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import optimizer
from golden.small_cases import NATIONAL
from optimizer import InputError, OptimizerError, Plan, PolicyError, TargetError
from optimizer.cli import main
from optimizer.explain.nearly_as_good import NearlyAsGood
from optimizer.explain.priced_sums import PricedSums
from optimizer.frames.arrays import Floats
from optimizer.solver import Progress, Watch
from optimizer.solver.engine import EngineRun
from seeds import many, seeds
from test_alternatives import INDICATOR

ROOT = Path(__file__).resolve().parents[1]
TINY = ROOT / "models" / "tiny.toml", ROOT / "inputs" / "tiny"


@pytest.fixture(scope="module")
def plan() -> Plan:
    return optimizer.solve(*TINY)


def _cohorts(plan: Plan, names: str) -> tuple[int, ...]:
    slots = plan.slots.groupby("country")["slots"].sum().to_dict()
    return tuple(int(slots.get(name * 2, 0)) for name in names)


@pytest.mark.parametrize("seed", seeds(many(14), quick=2))
def test_each_plan_is_the_farthest_of_all_that_are_listed(seed: int, tmp_path: Path) -> None:
    """Cohorts of up to three countries under a budget: all of them are listed, with distances."""
    draw = random.Random(seed)
    names = draw.choice(["AB", "ABC"])
    costs, gdp = [draw.randint(3, 9) for _ in names], [draw.randint(0, 4) for _ in names]
    applicants, budget = [draw.randint(1, 6) for _ in names], draw.randint(15, 60)
    within = draw.choice([0.05, 0.2, 0.5])
    case = NATIONAL.with_(
        INDICATOR,
        countries=tuple(
            f"{name * 2},{name}land,Asia,{size}" for name, size in zip(names, gdp, strict=True)
        ),
        applicants=tuple(
            f"{name * 2},t,,{most}" for name, most in zip(names, applicants, strict=True)
        ),
        budgets=(f"main,{{year}},M,{budget},program",),
        costs=tuple(
            f"t,main,1,,{name * 2},,,{cost}" for name, cost in zip(names, costs, strict=True)
        ),
    )
    files, policy = case.write(tmp_path)
    points = {
        cohorts: sum(50 * count * (1 + size / 4) for count, size in zip(cohorts, gdp, strict=True))
        for cohorts in product(*(range(most + 1) for most in applicants))
        if sum(count * cost for count, cost in zip(cohorts, costs, strict=True)) <= budget
    }
    solved = optimizer.solve(policy, files, gap=0)
    least = solved.objective * (1 - within) - 1e-6
    good = [cohorts for cohorts, reached in points.items() if reached >= least]
    in_hand = _cohorts(solved, names)

    def apart(one: tuple[int, ...], other: tuple[int, ...]) -> float:
        moved = sum(abs(a - b) for a, b in zip(one, other, strict=True))
        return moved / (2 * max(1, sum(in_hand)))

    found = optimizer.alternatives(solved, plans=3, within=within)
    before, rows = [in_hand], found.tables["plans"].set_index("plan")
    for number, each in found.plans.items():
        cohorts = _cohorts(each, names)
        assert cohorts in good
        assert each.objective == pytest.approx(points[cohorts])
        nearest = min(apart(cohorts, one) for one in before)
        assert nearest == pytest.approx(
            max(min(apart(one, other) for other in before) for one in good)
        )
        assert rows["distance_from_plan"][number] == pytest.approx(apart(cohorts, in_hand))
        before.append(cohorts)
    assert len(found.plans) == min(3, len(good) - 1)
    missing = rows[rows["points"].isna()]
    assert missing["status"].eq("none").all()
    assert rows.loc[list(found.plans), "is_farthest"].all()


def test_uphill_finds_plans_of_their_own(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the model of the farthest plan is too large, plans are still different and checked."""
    monkeypatch.setattr("optimizer.explain.apart.MOST_SIGNS", 0)
    found = optimizer.alternatives(plan, plans=2, within="20%")
    rows = found.tables["plans"]
    assert rows["distance_from_nearest"].tolist()[1:] == pytest.approx(
        _nearest(found.tables["distances"], [1, 2])
    )
    assert (rows["distance_from_nearest"] > 0).all()
    assert not rows["is_farthest"].any()


def _nearest(distances: pd.DataFrame, numbers: list[int]) -> list[float]:
    found = []
    for number in numbers:
        mine = distances[distances["plan"].eq(number) | distances["other"].eq(number)]
        found.append(float(mine["distance"].min()))
    return found


def test_tables_count_what_plans_have(plan: Plan) -> None:
    found = optimizer.alternatives(plan, plans=3, within="20%")
    often = found.tables["often"].set_index(["country", "track"])
    pairs = often[often["kind"].eq("country,track")].loc[[("AVA", "work")]]
    cells = pairs[["plans", "of", "status", "in_hand", "most"]].to_numpy().tolist()[0]
    assert cells[:4] == [1, 4, "sometimes", False]
    given = [each.slots for each in found.plans.values()]
    has = [
        int(slots[slots["country"].eq("AVA") & slots["track"].eq("work")]["slots"].sum())
        for slots in given
    ]
    assert cells[4] == max(has)
    agreement = often[often["kind"].eq("agreement")]
    assert agreement["status"].tolist() == ["always"]
    assert found.table is not found.tables["plans"]
    pd.testing.assert_frame_equal(found.table, found.tables["plans"])
    assert found.tables["slots"]["slots"].sum() == found.table["slots"].sum()
    for name in ("plans", "often"):
        assert "mark" in json.dumps(found.chart(name).to_dict())
    with pytest.raises(OptimizerError, match="Maybe 'plans'"):
        found.chart("plan")


def test_wrong_counts_end_in_words(plan: Plan) -> None:
    with pytest.raises(PolicyError, match="plans: 51 is not a valid number of plans"):
        optimizer.alternatives(plan, plans=51)
    with pytest.raises(PolicyError, match="plans: -1 is not"):
        optimizer.alternatives(plan, plans=-1)


def test_plans_that_are_not_looked_for_in_time_are_rows(plan: Plan) -> None:
    found = optimizer.alternatives(plan, plans=2, time_limit=0.001)
    assert found.tables["plans"]["status"].tolist() == ["in hand", "stopped", "stopped"]
    assert not found.is_complete
    assert "2 plans not looked for in time." in found.in_words()


def test_each_plan_is_written_as_a_run(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = optimizer.write_run(plan, tmp_path / "run")

    def command(*told: object) -> int:
        monkeypatch.setattr(sys, "argv", ["optimizer", "alternatives", *map(str, (run, *told))])
        return main()

    assert command("--out", tmp_path / "others") == 2
    capsys.readouterr()
    assert command("--plans", 1, "--within", "20%", "--out", tmp_path / "others") == 0
    said = capsys.readouterr().out.splitlines()
    folder = tmp_path / "others" / "plan-1"
    assert said[-2:] == [f"Written: {folder}", f"Next: optimizer compare {run} {folder}"]
    back = optimizer.load_run(folder).plan
    assert back.objective == pytest.approx(405.45)
    assert back.bound == pytest.approx(plan.bound)
    facts = json.loads((folder / "run.json").read_text(encoding="utf-8"))["alternative"]
    assert facts == {"number": 1, "within": 0.2, "least_points": pytest.approx(375.64)}
    assert command("--plans", 1, "--within", "20%", "--out", tmp_path / "others") == 2
    assert command("--plans", 1, "--within", "20%", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert [each["status"] for each in document["plans"]] == ["in hand", "feasible"]


def test_what_was_asked_of_the_plan_in_hand_is_not_said_of_others(
    plan: Plan, tmp_path: Path
) -> None:
    run = optimizer.write_run(optimizer.with_answers(plan, 0), tmp_path / "run")
    other = optimizer.alternatives(run, plans=1, within="20%").plans[1]
    assert other.answers is None
    assert optimizer.load_run(optimizer.write_run(other, tmp_path / "other")).plan.answers is None


def test_plans_beside_one_that_stays_near_to_another_need_not(plan: Plan, tmp_path: Path) -> None:
    before = optimizer.solve(*TINY, changes={"budgets[line=industry].amount": "*0.8"})
    near = optimizer.solve(*TINY, near=optimizer.Near(before, 0.5, name="before"))
    run = optimizer.write_run(near, tmp_path / "run")
    with pytest.warns(optimizer.ModelWarning, match="less the price of change"):
        other = optimizer.alternatives(run, plans=1, within="20%").plans[1]
    back = optimizer.load_run(optimizer.write_run(other, tmp_path / "other"))
    assert back.question.near is None
    assert not {"near", "change_price"} & set(back.plan.provenance)
    report = (tmp_path / "other" / "report.html").read_text(encoding="utf-8")
    assert "stays near to an earlier one" not in report


def test_a_question_goes_on_where_it_stopped(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Interrupted after some ends; the next call asks only what is left, and ends up the same."""
    whole = optimizer.alternatives(plan, by=["country", "year"], within="5%", exact=True)
    file, asked = tmp_path / "kept.json", list[object]()
    limit = PricedSums.limit

    def counting(self: PricedSums, *end: Any) -> float | None:
        asked.append(1)
        if len(asked) == 4:
            os.kill(os.getpid(), signal.SIGINT)
        return limit(self, *end)

    monkeypatch.setattr(PricedSums, "limit", counting)
    assert threading.current_thread() is threading.main_thread()
    options = {"by": ["country", "year"], "within": "5%", "exact": True, "resume": file}
    first = optimizer.alternatives(plan, **options)  # type: ignore[arg-type]
    assert first.interrupted
    assert first.table["status"].eq("stopped").any()
    before = len(asked)
    second = optimizer.alternatives(plan, **options)  # type: ignore[arg-type]
    assert second.taken_over > 0
    assert len(asked) - before == 10 - second.taken_over - second.free
    pd.testing.assert_frame_equal(second.table, whole.table)
    before = len(asked)
    third = optimizer.alternatives(plan, **options)  # type: ignore[arg-type]
    assert len(asked) == before
    pd.testing.assert_frame_equal(third.table, whole.table)
    assert third.in_words()[-1] == "10 ends and plans were found before."


def test_plans_are_kept_too_and_another_question_is_refused(plan: Plan, tmp_path: Path) -> None:
    file = tmp_path / "kept.json"
    first = optimizer.alternatives(plan, plans=1, within="20%", resume=file)
    second = optimizer.alternatives(plan, plans=2, within="20%", resume=file)
    assert second.taken_over == 1
    assert second.plans[1] == first.plans[1]
    with pytest.raises(InputError, match="answers another question"):
        optimizer.alternatives(plan, plans=1, within="10%", resume=file)
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("true]", "false]", 1), encoding="utf-8")
    with pytest.raises(InputError, match="was changed since it was written"):
        optimizer.alternatives(plan, plans=1, within="20%", resume=file)
    file.write_text("{}", encoding="utf-8")
    with pytest.raises(TargetError, match="is not a file of alternatives"):
        optimizer.alternatives(plan, plans=1, within="20%", resume=file)
    assert file.read_text(encoding="utf-8") == "{}"


def test_plans_far_from_another_plan_in_hand_are_not_taken_over(tmp_path: Path) -> None:
    """One slot, for either of two countries: each is farthest from the other, and from no third."""
    case = NATIONAL.with_(applicants=("AA,t,,1", "BB,t,,1"), budgets=("main,{year},M,10,program",))
    files, policy = case.write(tmp_path)
    plan, file = optimizer.solve(policy, files, gap=0.0), tmp_path / "kept.json"
    options: dict[str, Any] = {"within": 0, "by": ["country"], "resume": file}
    first = optimizer.alternatives(plan, plans=1, **options)
    other = first.plans[1]
    assert other.objective == plan.objective
    turned = optimizer.alternatives(other, plans=1, **options)
    # Ends are those of any plan, and what is far from one plan may be the other one itself.
    assert turned.taken_over == 4
    rows = turned.tables["plans"].set_index("plan")
    assert rows["distance_from_plan"].tolist() == [0.0, 1.0]
    assert _cohorts(turned.plans[1], "AB") == _cohorts(plan, "AB")
    again = optimizer.alternatives(plan, plans=1, **options)
    assert again.taken_over == 5
    assert again.plans[1] == other


@pytest.mark.parametrize(
    "said",
    [
        {"ends": [["country", "AVA", 1.0]]},
        {"ends": [["country", "AVA", 1.0, {"limit": "x", "free": True, "asked": True}]]},
        {"ends": [["country", "AVA", 1.0, {"limit": 1e999, "free": True, "asked": True}]]},
        {"ends": 3},
        {"at_ends": ["no base64"]},
        # A thousand times as long as a plan, and packed into nothing.
        {"at_ends": [base64.b64encode(zlib.compress(bytes(10**7))).decode()]},
        {"apart": [["AAAA"]]},
        {"apart": {"": [["AAAA"]]}},
    ],
    ids=str,
)
def test_what_no_question_writes_is_refused(
    plan: Plan, tmp_path: Path, said: dict[str, object]
) -> None:
    """Files made by somebody who knows how the hash is made."""
    file = tmp_path / "kept.json"
    optimizer.alternatives(plan, by=["year"], within="5%", resume=file)
    document = json.loads(file.read_text(encoding="utf-8"))
    facts = {name: document[name] for name in ("question", "ends", "at_ends", "apart")} | said
    digest = hashlib.sha256(json.dumps(facts).encode()).hexdigest()
    file.write_text(json.dumps(document | facts | {"sha256": digest}), encoding="utf-8")
    with pytest.raises(InputError, match="holds what no question writes"):
        optimizer.alternatives(plan, by=["year"], within="5%", resume=file)


def test_ends_at_which_a_known_plan_stands_are_not_solved(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In whole people only ends are asked that neither the plan in hand nor a later one reaches."""
    asked = list[object]()
    whole = NearlyAsGood.whole

    def counting(self: NearlyAsGood, cost: Floats, watch: Watch) -> EngineRun:
        asked.append(1)
        return whole(self, cost, watch)

    monkeypatch.setattr(NearlyAsGood, "whole", counting)
    outer = optimizer.alternatives(plan, by=["country", "track"], within="5%").table
    ends = pd.concat([outer["least_basis"], outer["most_basis"]])
    assert not asked
    exact = optimizer.alternatives(plan, by=["country", "track"], within="5%", exact=True)
    assert len(asked) <= int(ends.eq("relaxation").sum())
    assert len(asked) >= exact.at_ends > 0


def test_progress_says_the_rate_and_what_is_left(plan: Plan) -> None:
    said: list[Progress] = []
    optimizer.alternatives(plan, by=["country", "track,region"], within="5%", report=said.append)
    steps = [each.step for each in said if each.step.startswith("relaxation at end")]
    assert steps[0] == "relaxation at end 1 of 14"
    assert any(step.endswith("s left at most") for step in steps)
