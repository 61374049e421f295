"""Samples over the rank bands, beside cases whose tables hold the scores that were drawn."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from signal import SIGINT, raise_signal

import numpy as np
import pandas as pd
import pytest

from golden.small_cases import NATIONAL, SmallCase
from optimizer import (
    InfeasibleError,
    InputError,
    Instance,
    OptimizerError,
    Plan,
    PolicyError,
    RankFirmness,
    Session,
    build_instance,
    evaluate,
    load_case,
    load_policy,
    ranks,
    solve,
    write_run,
)
from optimizer.formulation import Model
from optimizer.frames import rows_of
from optimizer.solver import Progress
from optimizer.tradeoffs.rank_bands import banded_goals, drawn_scores
from random_cases import write_random_case
from seeds import seeds
from shared import run

CLOSE = 1e-6
GOALS = """[goals.trust]
weight = 2
scale = "ideal"
missing = "zero"
indicators = [{ column = "trusted", range = [0, 1] }]
effects = [{ stage = "enter", effect = 1 }]
diminishing = { by = ["country"], per = "year", breakpoints = [[0, 1.0], [2, 0.5]] }

[goals.risk]
weight = -0.5
scale = 5
indicators = [{ column = "risky", range = [0, 1] }]
effects = [{ where = { track = "t" }, stage = "enter", effect = 1 }]

[goals.people]
weight = 1
scale = 10
effects = [{ stage = "enter", effect = 1 }]

[[limits]]
name = "some_trust"
measure = "value"
goal = "risk"
at_most = 1.5
soft = 0.25
"""
# D is blank, which counts as 0, and A has no band: it keeps its score.
KEYS = ("AA", "BB", "CC", "DD", "EE")
SCORED = NATIONAL.with_(
    countries=(
        "country,name,world_region,trusted,risky",
        "AA,Aland,Asia,0.7,0.5",
        "BB,Bland,Asia,0.9,1",
        "CC,Cland,Asia,0.4,0.2",
        "DD,Dland,Asia,,0",
        "EE,Eland,Asia,0.2,0.6",
    ),
    tracks=("t,T,study,M,care,inbound,1,0,no,1,no", "lab,Lab,exchange,M,care,inbound,1,2,yes,1,no"),
    applicants=tuple(f"{key},{track},,4" for key in KEYS for track in ("t", "lab")),
    agreements=tuple(f"{key},lab,proposed,main,12,1,0" for key in KEYS),
    costs=("t,main,1,,,,,10", "lab,main,1,,,,,9"),
    rank_bands=(
        "trust,BB,1,1,3",
        "trust,CC,3,1,4",
        "trust,DD,5,3,5",
        "trust,EE,4,2,5",
        "risk,BB,1,1,4",
        "risk,CC,4,2,5",
        "risk,DD,5,3,5",
        "risk,EE,2,1,3",
        "other,EE,2,1,3",
    ),
).aiming_at(GOALS)
COLUMNS = {"trust": "trusted", "risk": "risky"}


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return solve(*reversed(SCORED.write(tmp_path_factory.mktemp("scored"))), gap=0.0)


@pytest.fixture(scope="module")
def found(plan: Plan) -> RankFirmness:
    return ranks(plan, samples=8, seed=3)


def scores_of(found: RankFirmness, sample: int) -> dict[str, dict[str, float]]:
    """Score by country and goal that was drawn."""
    rows = found.tables["scores"]
    rows = rows[rows["sample"].eq(sample)]
    return {
        str(goal): dict(zip(part["country"], part["score"], strict=True))
        for goal, part in rows.groupby("goal")
    }


def with_columns(case: Path, columns: Mapping[str, Mapping[str, float]]) -> None:
    """Put figures of countries into the file of a case."""
    file = case / "countries.csv"
    table = pd.read_csv(file, dtype="str", keep_default_na=False).set_index("country")
    for column, figures in columns.items():
        text = {key: repr(float(figure)) for key, figure in figures.items()}
        table[column] = pd.Series(text).reindex(table.index).fillna(table.get(column, "0"))
    table.reset_index().to_csv(file, index=False)


def test_samples_are_cases_with_these_scores(
    found: RankFirmness, plan: Plan, tmp_path: Path
) -> None:
    case, policy = SCORED.write(tmp_path)
    scales = plan.provenance["scales"]
    for row in rows_of(found.tables["samples"].head(3)):
        drawn = scores_of(found, row.sample)
        with_columns(case, {COLUMNS[goal]: scores for goal, scores in drawn.items()})
        relaxed = Session(policy, case, scales=scales).relax()
        assert row.best_points == pytest.approx(relaxed.points, abs=CLOSE)
        again = evaluate(plan.decisions, policy, case, scales=scales)
        assert row.plan_points == pytest.approx(again.points, abs=CLOSE)
        assert row.short_points == pytest.approx(row.best_points - again.points, abs=CLOSE)
        assert row.within == (row.short_points <= 0.01 * row.best_points + CLOSE)
        assert (row.status, row.keeps_rules, row.rebuilt_because) == ("optimal", again.holds, "")
    # What is drawn matters, and so does what it is compared with.
    assert found.tables["samples"]["best_points"].nunique() > 4
    assert found.tables["samples"]["short_points"].max() > 1.0
    assert found.table["share"].between(0.01, 0.99).any()


def test_who_gets_slots_in_what_share_of_the_samples(found: RankFirmness, plan: Plan) -> None:
    assert list(found.table) == [
        *("by", "key", "share", "least_slots", "median_slots", "most_slots", "plan_slots", "basis")
    ]
    assert set(found.table["by"]) == {"country", "track", "agreement"}
    own = plan.slots.groupby("country")["slots"].sum()
    countries = found.table[found.table["by"].eq("country")].set_index("key")
    assert countries["plan_slots"].to_dict() == own.reindex(countries.index, fill_value=0).to_dict()
    assert (countries["least_slots"] <= countries["median_slots"]).all()
    assert (countries["median_slots"] <= countries["most_slots"]).all()
    # Nobody without a band is drawn.
    assert "AA" not in set(found.tables["bands"]["country"])


def test_the_same_seed_draws_the_same(found: RankFirmness, plan: Plan) -> None:
    fewer, other = ranks(plan, samples=3, seed=3), ranks(plan, samples=1, seed=4)
    assert fewer.tables["samples"].equals(found.tables["samples"].head(3))
    assert not fewer.tables["scores"].equals(other.tables["scores"])
    told = {name: found.provenance[name] for name in ("over", "samples", "seed", "within")}
    assert told == {"over": "rank_bands", "samples": 8, "seed": 3, "within": 0.01}


@pytest.mark.slow
def test_ranks_that_are_sure_leave_all_as_it_is(tmp_path: Path) -> None:
    # The bands of each goal in the order of its scores; two score the same, and share a rank.
    case = SCORED.with_(
        countries=(
            "country,name,world_region,trusted,risky",
            "AA,Aland,Asia,0.7,0.5",
            "BB,Bland,Asia,0.9,1",
            "CC,Cland,Asia,0.2,0.2",
            "DD,Dland,Asia,,0",
            "EE,Eland,Asia,0.2,0.6",
        ),
        rank_bands=("trust,BB,1,1,1", "trust,CC,3,3,3", "trust,DD,5,5,5", "trust,EE,3,3,3"),
    )
    plan = solve(*reversed(case.write(tmp_path)), gap=0.0)
    found = ranks(plan, samples=3)
    samples = found.tables["samples"]
    assert samples["best_points"].tolist() == pytest.approx([found.best] * 3)
    assert samples["plan_points"].tolist() == pytest.approx([plan.objective] * 3)
    bands = found.tables["bands"]
    assert bands["least_score"].equals(bands["score"])
    assert bands["most_score"].equals(bands["score"])
    assert samples["within_gap"].all()


def instance_of(case: SmallCase, tmp_path: Path) -> Instance:
    files, policy = case.write(tmp_path)
    return build_instance(load_case(files), load_policy(policy))


def test_ranks_are_drawn_evenly_and_ties_by_the_draw(tmp_path: Path) -> None:
    case = SCORED.with_(rank_bands=("trust,BB,1,1,1", "trust,CC,2,1,1", "trust,EE,3,1,3"))
    (goal,) = banded_goals(instance_of(case, tmp_path))
    assert goal.own.to_dict() == {"BB": 0.9, "CC": 0.4, "EE": 0.2}
    drawn = pd.DataFrame(list(goal.drawn(500, 0)))
    # E is never before both, as its number is never below theirs.
    assert drawn["EE"].eq(0.2).all()
    assert drawn["BB"].eq(0.9).mean() == pytest.approx(0.5, abs=0.08)
    assert (np.sort(drawn.to_numpy()) == [0.2, 0.4, 0.9]).all()
    wide = SCORED.with_(rank_bands=("trust,BB,1,1,3", "trust,EE,2,2,4"))
    (goal,) = banded_goals(instance_of(wide, tmp_path))
    # Both lie between 2 and 3 once in four times, and then E is first once in two.
    first = np.mean([scores["trust"]["EE"] == 0.9 for scores in drawn_scores([goal], 1000, 1)])
    assert first == pytest.approx(0.125, abs=0.04)


@pytest.mark.filterwarnings("ignore::optimizer.errors.ModelWarning")
@pytest.mark.parametrize("seed", seeds((0, 2, 5), quick=0))
def test_random_cases_are_sampled_as_if_solved_from_nothing(seed: int, tmp_path: Path) -> None:
    case, policy = write_random_case(tmp_path, seed)
    goals = [name for name, goal in load_policy(policy).goals.items() if goal.indicators]
    countries = pd.read_csv(case / "countries.csv")["country"].tolist()
    draw = np.random.default_rng(seed)
    rows = [
        f"{goal},{key},1,{low},{high}"
        for goal in goals
        for key in countries
        for low, high in [np.sort(draw.integers(1, len(countries) + 1, 2))]
    ]
    (case / "rank_bands.csv").write_text("\n".join(["goal,country,rank,low,high", *rows]) + "\n")
    try:
        plan = solve(policy, case, gap=0.0)
        found = ranks(plan, samples=3, seed=seed)
    except (InfeasibleError, InputError):
        assert not goals or not plan_exists(policy, case)
        return
    text = policy.read_text()
    for goal in goals:
        pattern = rf"(\[goals\.{goal}\]\n(?:[^\[\n].*\n)*?)indicators = .*\n"
        text = re.sub(pattern, rf'\1indicators = [{{column = "x_{goal}", range = [0, 1]}}]\n', text)
    policy.write_text(text)
    scales = plan.provenance["scales"]
    for row in rows_of(found.tables["samples"]):
        if row.status == "infeasible":
            continue
        drawn = scores_of(found, row.sample)
        with_columns(case, {f"x_{goal}": scores for goal, scores in drawn.items()})
        relaxed = Session(policy, case, scales=scales).relax()
        assert row.best_points == pytest.approx(relaxed.points, rel=CLOSE, abs=CLOSE)
        again = evaluate(plan.decisions, policy, case, scales=scales)
        assert row.plan_points == pytest.approx(again.points, rel=CLOSE, abs=CLOSE)
        assert row.keeps_rules == again.holds


def plan_exists(policy: Path, case: Path) -> bool:
    try:
        solve(policy, case, gap=0.0)
    except InfeasibleError:
        return False
    return True


FLOOR = """
[[limits]]
name = "floor"
measure = "value"
goal = "trust"
where = { country = "BB" }
at_least = 3.0
"""


@pytest.mark.slow
def test_a_floor_on_a_value_may_leave_no_plan(tmp_path: Path) -> None:
    # Diminishing returns would understate a value that is limited.
    goals = re.sub(r"\ndiminishing.*", "", GOALS)
    case = SCORED.aiming_at(goals).with_(
        FLOOR, applicants=("BB,t,,4", "CC,t,,4", "EE,t,,4"), agreements=()
    )
    files, policy = case.write(tmp_path)
    plan = solve(policy, files, gap=0.0)
    found = ranks(plan, samples=12)
    samples = found.tables["samples"]
    assert set(samples["status"]) == {"optimal", "infeasible"}
    for row in rows_of(samples):
        # B with 4 people needs a score of 0.75, which is its own alone.
        drawn = trust_drawn(found, plan, row.sample)
        assert (row.status == "optimal") == (drawn["BB"] == 0.9)
        assert row.keeps_rules == (row.status == "optimal")
    count = int(samples["status"].eq("infeasible").sum())
    assert found.in_words()[5] == (
        f"Of 12 sets of ranks drawn within their bands (seed 0), {count} leave no plan that keeps "
        "every rule, as limits on the value of a goal count the same scores; what follows is about "
        "the others."
    )


def trust_drawn(found: RankFirmness, plan: Plan, sample: int) -> dict[str, float]:
    """Scores of a sample that may have no plan."""
    question, facts = plan.question, found.provenance
    assert question is not None
    goals = banded_goals(build_instance(question.case, question.policy))
    drawn = list(drawn_scores(goals, facts["samples"], facts["seed"]))[sample - 1]
    return {str(key): float(score) for key, score in drawn["trust"].items()}


def cap(model: Model, instance: Instance) -> None:
    """No cohort above 3; refuses scores by which B is trusted little."""
    if instance.scores.countries["trust"]["BB"] < 0.3:
        raise OptimizerError("nobody trusts B so little")

    @model.Constraint(model.cohort.index_set())  # type: ignore[untyped-decorator]
    def few(model: Model, *key: object) -> object:
        return model.cohort[key] <= 3


@pytest.mark.slow
def test_custom_rules_need_another_model_each_time(tmp_path: Path) -> None:
    files, policy = SCORED.write(tmp_path)
    plan = solve(policy, files, gap=0.0, extend=cap)
    found = ranks(plan, samples=3, seed=3, extend=cap)
    scales = plan.provenance["scales"]
    for row in rows_of(found.tables["samples"]):
        if trust_drawn(found, plan, row.sample)["BB"] < 0.3:
            assert row.status == "refused"
            assert "nobody trusts B so little" in row.why
            continue
        assert row.rebuilt_because == "custom rules may follow from any number"
        drawn = scores_of(found, row.sample)
        with_columns(files, {COLUMNS[goal]: scores for goal, scores in drawn.items()})
        relaxed = Session(policy, files, scales=scales, extend=cap).relax()
        assert row.best_points == pytest.approx(relaxed.points, abs=CLOSE)
        again = evaluate(plan.decisions, policy, files, scales=scales, extend=cap)
        assert row.plan_points == pytest.approx(again.points, abs=CLOSE)
    assert set(found.tables["samples"]["status"]) == {"optimal", "refused"}
    line = "In 1 policy and case, or custom rules, refuse the scores (see why)."
    assert line in found.in_words()


def test_in_words(found: RankFirmness) -> None:
    assert found.in_words() == [
        "The plan has 71.914 points; no plan can have more than 75.139 (relaxation).",
        "The scores of a goal go to its countries in an order that is drawn within their bands:",
        "- trust (57.14% of the weight): 4 countries with a band, 4 wider than one rank.",
        "- risk (14.29% of the weight): 4 countries with a band, 4 wider than one rank.",
        "Scores stay as they are for people.",
        "Of 8 sets of ranks drawn within their bands (seed 3), the plan stays within 1% of the "
        "relaxation's best in 0 (0%); it is short by 13.7 points in the middle one, by 24 at most.",
        "In 2 it is short by no more than 3.225 points, which is what it lacks now or its gap "
        "leaves open: no difference.",
        "Countries with slots by the relaxation: in all of them AA; in some CC (75%), BB (62.5%), "
        "EE (37.5%); in none DD.",
        "Tracks with slots by the relaxation: in all of them lab; in some t (62.5%).",
        "Agreements with slots by the relaxation: in all of them AA lab; in some CC lab (50%), "
        "BB lab (50%), EE lab (37.5%); in none DD lab.",
    ]


def test_what_was_found_stays_when_it_is_interrupted(plan: Plan) -> None:
    seen: list[int] = []

    def stop(progress: Progress) -> None:
        if progress.step == "samples" and progress.done == 2 and not seen:
            seen.append(2)
            raise_signal(SIGINT)

    found = ranks(plan, samples=5, seed=3, report=stop)
    assert (found.complete, found.interrupted) == (False, True)
    assert found.tables["samples"]["status"].tolist() == ["optimal"] * 2 + ["stopped"] * 3
    assert found.tables["scores"]["sample"].max() == 2
    assert found.in_words()[-1] == (
        "Stopped at the interruption: 3 relaxations were not solved again."
    )
    nothing = ranks(plan, samples=0)
    assert (len(nothing.table), nothing.charts, nothing.complete) == (0, [], True)


@pytest.mark.parametrize(
    ("bands", "said"),
    [
        (
            (),
            "1 problem\n- rank_bands.csv: case 'hand' has no bands of ranks\n"
            "    Expected bands of trust or risk.",
        ),
        (
            ("trusty,BB,1,1,2", "people,BB,1,1,2"),
            "1 problem\n- rank_bands.csv, column goal: no band is of a goal of 'policy' that has "
            "weight and scores countries by indicators, but of trusty, people\n"
            "    Expected bands of trust or risk. Maybe trust.",
        ),
    ],
)
def test_without_bands_nothing_is_drawn(bands: tuple[str, ...], said: str, tmp_path: Path) -> None:
    instance = instance_of(SCORED.with_(rank_bands=bands), tmp_path)
    with pytest.raises(InputError) as error:
        banded_goals(instance)
    assert str(error.value) == said


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"samples": -1}, "-1 is not a valid count"),
        ({"seed": -1}, "-1 is not a valid count"),
        ({"within": 2.0}, "2.0 is not a valid share"),
    ],
)
def test_what_is_wrong_is_named(asked: dict[str, object], said: str) -> None:
    with pytest.raises(PolicyError, match=said):
        ranks("nowhere", **asked)  # type: ignore[arg-type]


def test_the_command(
    found: RankFirmness,
    plan: Plan,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_run(plan, tmp_path / "run")
    monkeypatch.chdir(tmp_path)
    assert run(monkeypatch, "explain", "run", "--ranks", "--samples", "8", "--seed", "3") == 0
    said = capsys.readouterr().out.splitlines()
    assert said[: len(found.in_words())] == found.in_words()
    assert said[-2:] == [
        "Next: optimizer alternatives run",
        "Next: optimizer explain run --weights",
    ]
    asked = ("--ranks", "--samples", "1", "--seed", "3", "--json", "--out", "ranks.xlsx")
    assert run(monkeypatch, "explain", "run", *asked) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["provenance"]["over"] == "rank_bands"
    assert len(told["scores"]) == 8
    assert Path("ranks.xlsx").is_file()
    for wrong in (("--ranks", "--weights"), ("--ranks", "--gap", "0.1"), ("--ranks", "--plans")):
        assert run(monkeypatch, "explain", "run", *wrong) == 2
    assert "does not go with --ranks" in capsys.readouterr().err
