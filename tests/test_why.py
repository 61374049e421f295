"""Why there are as many slots as there are, and what would bring in those that there are not."""

from __future__ import annotations

from dataclasses import replace
from math import isnan
from pathlib import Path
from signal import SIGINT, raise_signal
from typing import Any

import pandas as pd
import pytest

import optimizer
import shared
from golden.small_cases import AGREED, FOLLOWED, HOSTED, NATIONAL, SmallCase
from optimizer import InfeasibleError, OptimizerError, Plan, PolicyError, Session
from optimizer.explain.attributing import attributed
from optimizer.explain.explained import asked_of
from optimizer.frames import rows_of
from optimizer.plan.values import values_of
from optimizer.solver import Progress
from random_cases import write_random_case
from seeds import many, seeds

BY_GDP = """
[goals.g]
weight = 1
scale = "none"
indicators = [{ column = "gdp", range = [0, 4] }]
effects = [{ stage = "enter", effect = 1 }]
"""
THREE = NATIONAL.aiming_at(BY_GDP).with_(
    applicants=("AA,t,,4", "BB,t,,5"), budgets=("main,{year},M,30,program",)
)
"""Money for three, all of B, who brings 0.75 each; A would bring 0.25."""


def solved(case: SmallCase, folder: Path) -> Plan:
    """The best plan of a case."""
    files, policy = case.write(folder)
    return optimizer.solve(policy, files, gap=0.0)


# Against questions asked from nothing -------------------------------------------------------------


def points_with(
    policy: Path, case: Path, scales: Any, limit: dict[str, Any] | None, **changes: Any
) -> float:
    """Points of a relaxation of its own with one limit more; not a number where there is none."""
    try:
        session = Session(policy, case, scales=scales, **changes)
        if limit is not None:
            session.add_limit({"name": "own", "measure": "slots", "planned": True, **limit})
        points = session.relax().points
    except OptimizerError:
        return float("nan")
    return float("nan") if points is None else points


def same(one: float, other: float) -> bool:
    return one == pytest.approx(other, nan_ok=True, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("seed", seeds(many(6, 1), quick=1))
def test_every_step_is_what_asking_from_nothing_gives(seed: int, tmp_path: Path) -> None:
    case, policy = write_random_case(tmp_path, seed)
    try:
        plan = optimizer.solve(policy, case, gap=0.0)
    except (InfeasibleError, PolicyError):
        pytest.skip("no plan, or a policy that does not fit")
    instance = asked_of(plan, None).held.loaded.instance
    pairs = instance.sets.pairs[["country", "track"]].drop_duplicates().head(3)
    for row in rows_of(pairs):
        where = {"country": row.country, "track": row.track}
        asked = f"slots[country={row.country}, track={row.track}]"
        found = optimizer.why(plan, asked)
        scales = found.provenance["scales"]
        for step in rows_of(found.table):
            sense = "at_least" if step.step == "more" else "at_most"
            limit = {"where": where, sense: step.slots}
            assert same(step.points, points_with(policy, case, scales, limit)), step.step
        for entry in rows_of(found.tables["entry"][found.tables["entry"]["status"].eq("found")]):
            limit = {"where": where, "at_least": 1.0}
            changes = {entry.address: entry.needed}
            free = points_with(policy, case, scales, None, changes=changes)
            assert same(free, points_with(policy, case, scales, limit, changes=changes))
            assert same(entry.points, free)
            # One step less does not bring them in.
            part = {entry.address: float(f"{entry.needed - entry.step:.12g}")}
            forced = points_with(policy, case, scales, limit, changes=part)
            free = points_with(policy, case, scales, None, changes=part)
            assert isnan(forced) or forced < free - 1e-7


@pytest.mark.parametrize("seed", seeds(many(6, 1), quick=1))
def test_what_slots_earn_and_cost_adds_up_to_the_plan(seed: int, tmp_path: Path) -> None:
    case, policy = write_random_case(tmp_path, seed)
    try:
        plan = optimizer.solve(policy, case, gap=0.0)
    except (InfeasibleError, PolicyError):
        pytest.skip("no plan, or a policy that does not fit")
    instance, slots = asked_of(plan, None).held.loaded.instance, plan.decisions.slots
    whole, scales = values_of(instance, plan.decisions), plan.provenance["scales"]
    everything = attributed(instance, whole, slots, {})
    parts = [
        attributed(instance, whole, slots[slots["country"].eq(country)], {"country": country})
        for country in slots["country"].unique()
    ]
    earned = pd.concat([part.earned(scales) for part in parts]).groupby("goal", sort=False)["raw"]
    assert earned.sum().tolist() == pytest.approx(
        everything.earned(scales)["raw"].tolist(), abs=1e-7
    )
    if not instance.sets.present.empty:
        return
    # Where nobody is here already, all that the plan earns follows from its slots.
    by_goal = plan.tables["goals"].set_index("goal")["raw"]
    own = everything.earned(scales).set_index("goal")["raw"]
    assert own.tolist() == pytest.approx(by_goal.tolist(), abs=1e-6)
    built = {"service expansion", "service upkeep"}
    terms = instance.spending
    paid = float((whole.amounts(terms)[~terms["what"].isin(built).to_numpy()]).sum())
    anyway = float(plan.tables["spending"]["anyway"].sum())
    assert float(everything.spent()["amount"].sum()) == pytest.approx(paid - anyway, abs=1e-3)


@pytest.mark.parametrize("seed", seeds(many(4, 1), quick=1))
def test_the_plan_after_is_the_best_with_what_was_asked(seed: int, tmp_path: Path) -> None:
    case, policy = write_random_case(tmp_path, seed)
    try:
        plan = optimizer.solve(policy, case, gap=0.0)
    except (InfeasibleError, PolicyError):
        pytest.skip("no plan, or a policy that does not fit")
    slots = plan.decisions.slots
    country, scales = slots["country"].iloc[0], plan.provenance["scales"]
    found = optimizer.why_not(plan, f"slots[country={country}] -= 1", plans=True, gap=0.0)
    session = Session(policy, case, scales=scales)
    most = int(slots.loc[slots["country"].eq(country), "slots"].sum()) - 1
    limit = {"measure": "slots", "where": {"country": country}, "planned": True, "at_most": most}
    session.add_limit({"name": "own", **limit})
    try:
        other = session.solve(gap=0.0)
    except InfeasibleError:
        assert found.tables["plan"]["points"].isna().all()
        return
    (row,) = rows_of(found.tables["plan"])
    assert row.points == pytest.approx(other.objective, rel=1e-6, abs=1e-6)
    assert row.change_points == pytest.approx(other.objective - plan.objective, rel=1e-5, abs=1e-5)
    # Both are proven, so that nothing is left open, and the slots that move add up.
    assert not row.within_gap
    moves = found.tables["plan_moves"]
    assert moves["change"].ne(0.0).all()
    own = moves.loc[moves["country"].eq(country), "change"].sum()
    assert own <= -1.0


# By hand ------------------------------------------------------------------------------------------


def test_why_there_are_three_of_one(tmp_path: Path) -> None:
    plan = solved(THREE, tmp_path)
    found = optimizer.why(plan, "slots[country=BB]")
    assert found.in_words() == [
        "slots[country=BB]: 3 in the plan, 3 in the relaxation.",
        "They earn 225 points by the plan's own terms: g 225.",
        "They cost 30 JPY in all years: main 30.",
        "Solved again (relaxation): 1 more leaves no plan; 1 fewer costs 50 points.",
        "What limits them, by duals:",
        "- Spending stays within the budget: budgets[line=main, year=2030].amount (budgets.csv row "
        "2, column amount_jpy), now 30 JPY: the room they take costs 225 points",
        "Without them the relaxation has 150 points fewer.",
        "In their place come: 3 of AA t.",
    ]
    assert (found.there, found.in_plan, found.accounted) == (3.0, 3.0, "plan")


def test_what_would_bring_in_somebody(tmp_path: Path) -> None:
    # One of A takes the place of one of B, who brings 50 points more. A comes where its gdp is that
    # of B, or where there is money for one of A beside the five of B: at 5 each, or from 60 on.
    plan = solved(THREE, tmp_path)
    found = optimizer.why(plan, "slots[country=AA, track=t]")
    assert found.in_words() == [
        "slots[country=AA, track=t]: 0 in the plan, 0 in the relaxation.",
        "Solved again (relaxation): 1 more costs 50 points.",
        "What limits them, by duals:",
        "- Spending stays within the budget: budgets[line=main, year=2030].amount (budgets.csv row "
        "2, column amount_jpy), now 30 JPY: the room they take costs 75 points",
        "What would bring it in, one change at a time (relaxation, solved again):",
        "- score: countries[country=AA].gdp (countries.csv row 2, column gdp), now 1: 3.001 or "
        "more",
        "- unit cost: costs[track=t, line=main, year_of_stay=1].amount (costs.csv row 2, column "
        "amount_jpy), now 10 JPY: 5 JPY or less",
        "- cap: budgets[line=main, year=2030].amount (budgets.csv row 2, column amount_jpy), now "
        "30 JPY: 60 JPY or more",
    ]
    entry = found.tables["entry"]
    assert entry["status"].tolist() == ["found"] * 3
    # Of the score the slope says exactly what is needed; of the others more of B come first.
    assert entry["proposed"].iloc[0] == pytest.approx(3.0)
    none = optimizer.why(plan, "slots[country=AA, track=t]", top=0)
    assert not len(none.tables["entry"])
    nearer = optimizer.why_not(plan, "slots[country=AA, track=t] >= 1")
    assert nearer.tables["entry"]["needed"].tolist() == entry["needed"].tolist()


def test_what_no_change_brings_in_within_its_bounds(tmp_path: Path) -> None:
    # A brings nothing: it comes at the best score, or where there is money for all 99 of B, as at
    # 0.3 each; twice the budget is still spent on B.
    far = THREE.with_(
        countries=("AA,Aland,Asia,0", "BB,Bland,Europe,4"), applicants=("AA,t,,4", "BB,t,,99")
    )
    found = optimizer.why(solved(far, tmp_path), "slots[country=AA, track=t]")
    said = found.in_words()
    assert said[-3:] == [
        "- score: countries[country=AA].gdp (countries.csv row 2, column gdp), now 0: 4 or more",
        "- unit cost: costs[track=t, line=main, year_of_stay=1].amount (costs.csv row 2, column "
        "amount_jpy), now 10 JPY: 0.3 JPY or less",
        "- cap: budgets[line=main, year=2030].amount (budgets.csv row 2, column amount_jpy), now "
        "30 JPY: not even 60 JPY",
    ]


def test_what_rules_forbid_is_let_in_by_them_alone(tmp_path: Path) -> None:
    none = """
[[limits]]
name = "none"
measure = "slots"
where = { country = "AA" }
at_most = 0
"""
    found = optimizer.why_not(
        solved(NATIONAL.with_(none), tmp_path), "slots[country=AA, track=t] >= 2"
    )
    assert found.status == "infeasible"
    assert found.in_words()[-2:] == [
        "What would bring it in, one change at a time (relaxation, solved again):",
        "- cap: limits.none.at_most (policy.toml), now 0: 2 or more",
    ]


@pytest.mark.parametrize(
    ("case", "asked", "said"),
    [
        (
            NATIONAL.with_(applicants=("BB,t,,3",)),
            "slots[country=AA, track=t]",
            "AA t: nobody of AA applies for t (applicants.csv has no such row)",
        ),
        (
            NATIONAL.with_(applicants=("AA,t,,0", "BB,t,,3")),
            "slots[country=AA, track=t]",
            "AA t: AA has 0 applicants for t (applicants.csv row 2, column applicants)",
        ),
        (
            AGREED,
            "slots[country=AA, track=t, year=2030]",
            "AA t in 2030: its agreement cannot open before 2031 (agreements.csv row 2, column "
            "lead_years)",
        ),
        (
            AGREED.with_(applicants=("AA,t,,1", "BB,t,,3")),
            "slots[country=AA, track=t, year=2031]",
            "AA t in 2031: AA has 1 applicant for t, fewer than the minimum cohort of 2 "
            "(tracks.csv row 2, column min_cohort)",
        ),
        (
            HOSTED.with_(sites=("t,r1,,9",)),
            "slots[country=AA, track=t, region=r2]",
            "AA t: r2 is not a site of t (sites.csv)",
        ),
        (
            HOSTED.with_(sites=("t,r1,,9", "t,r2,,0")),
            "slots[country=AA, track=t, region=r2]",
            "AA t: r2 has 0 places for t (sites.csv row 3, column max_slots)",
        ),
    ],
)
def test_facts_that_rule_slots_out_are_named(
    case: SmallCase, asked: str, said: str, tmp_path: Path
) -> None:
    plan = solved(case, tmp_path)
    found = optimizer.why(plan, asked)
    assert found.in_words()[-1] == f"Ruled out for {said}."
    assert optimizer.why_not(plan, f"{asked} >= 1").in_words() == [
        f"{asked} >= 1: no plan can give that.",
        f"Ruled out for {said}.",
    ]


def test_scores_of_goals_to_avoid_are_lowered(tmp_path: Path) -> None:
    """One of A brings 0.25 less what h takes for it: without that A comes before nobody of B."""
    avoid = '\n[goals.h]\nweight = -2\nscale = "none"\n'
    other = '\n[goals.unused]\nweight = 0\nscale = "none"\n'
    case = THREE.with_(
        avoid + other,
        scores=("unused,AA,t,,0.5", "h,AA,t,,0.5"),
        budgets=("main,{year},M,90,program",),
    )
    plan = solved(case, tmp_path)
    entry = optimizer.why(plan, "slots[country=AA, track=t]").tables["entry"].set_index("kind")
    score = entry.loc["score"]
    assert score["address"] == "scores[goal=h, country=AA, track=t].value"
    assert (score["status"], score["bound"]) == ("found", 0.0)
    assert score["needed"] == pytest.approx(0.125, abs=1e-3)


def test_indicators_move_to_where_the_track_brings_most(tmp_path: Path) -> None:
    """People of the track take from g by their gdp, so that a lower one brings them in."""
    takes = BY_GDP.replace("weight = 1", "weight = -1") + (
        '\n[goals.all]\nweight = 0.5\nscale = "none"\neffects = [{ stage = "enter", effect = 1 }]\n'
    )
    case = THREE.aiming_at(takes).with_(countries=("AA,Aland,Asia,3", "BB,Bland,Europe,1"))
    entry = optimizer.why(solved(case, tmp_path), "slots[country=AA, track=t]").tables["entry"]
    score = entry.set_index("kind").loc["score"]
    assert (score["status"], score["bound"]) == ("found", 0.0)
    assert score["needed"] <= 2.0


def test_no_share_is_tried_above_all_of_it(tmp_path: Path) -> None:
    """A of its own is all there is, an inequality of 0.8 among five: twice 0.6 cannot be asked."""
    codes = ("AA", "BB", "CC", "DD", "EE")
    case = THREE.with_(
        '\n[goals.h]\nweight = -1\nscale = "none"\n\n[[limits]]\nname = "fair"\nmeasure = "slots"\n'
        'by = ["country"]\nat_most = { gini = 0.6 }\n',
        countries=tuple(f"{code},{code}land,Asia,{int(code == 'AA')}" for code in codes),
        applicants=tuple(f"{code},t,,4" for code in codes),
        scores=tuple(f"h,{code},t,,9" for code in codes[1:]),
    )
    found = optimizer.why(solved(case, tmp_path), "slots[country=AA, track=t]")
    cap = found.tables["entry"].set_index("kind").loc["cap"]
    assert (cap["address"], cap["bound"], cap["unit"]) == ("limits.fair.at_most.gini", 1.0, "share")
    assert cap["status"] == "found"
    assert cap["needed"] <= 0.8


def test_numbers_that_clash_are_told_in_their_unit(tmp_path: Path) -> None:
    case = THREE.with_(
        "\n[stability]\nmax_change = 0.5\n",
        current_plan=("BB,t,,3",),
        budgets=("main,{year},M,90,program",),
    )
    found = optimizer.why_not(solved(case, tmp_path), "slots[country=AA, track=t] >= 3")
    assert found.status == "infeasible"
    # Twice as much change brings in two more of B before three of A.
    assert found.in_words()[-1] == (
        "- cap: stability.max_change (policy.toml), now 50%: not even 100%"
    )


def test_people_who_continue_count_for_the_slots_they_came_by(tmp_path: Path) -> None:
    # Three of A come to t, of whom half complete and 0.4 of those continue on u at most, beside
    # those of the eight who are there already.
    plan = solved(FOLLOWED, tmp_path)
    found = optimizer.why(plan, "slots[country=AA, track=t]")
    spent = found.tables["spent"].groupby("line")["amount"].sum()
    own = plan.decisions.slots["country"].eq("AA")
    cohort = plan.decisions.slots[own]
    paid = (cohort["slots"] * cohort["level"].map({"standard": 10.0, "intensive": 15.0})).sum()
    moved = plan.decisions.transitions
    later = moved.loc[moved["year"].gt(2030), "persons"].sum() * 4.0
    assert spent.tolist() == [pytest.approx(paid + later)]


def test_plans_are_compared_within_their_gaps(tmp_path: Path) -> None:
    plan = solved(THREE, tmp_path)
    found = optimizer.why_not(plan, "slots[country=AA] >= 1", plans=True)
    assert found.in_words()[-2:] == [
        "The plan with it has 175.000 points (gap 0%); that without it has 225.000: 50 points "
        "fewer.",
        "What moves: -1 BB t 2030, +1 AA t 2030.",
    ]
    session = optimizer.why_not(
        Session(*THREE.write(tmp_path)[::-1]), "slots[country=AA] >= 1", plans=True
    )
    assert session.tables["plan"]["change_points"].tolist() == [pytest.approx(-50.0)]


def test_too_small_a_difference_of_plans_is_said(tmp_path: Path) -> None:
    # As if a worse plan had been found, of which no more is proven than of the best.
    plan = replace(solved(THREE, tmp_path), objective=170.0)
    found = optimizer.why_not(plan, "slots[country=AA] >= 1", plans=True)
    (row,) = rows_of(found.tables["plan"])
    assert (row.within_gap, row.least_change, row.most_change) == (True, -50.0, 5.0)
    assert found.in_words()[-2] == (
        "The plan with it has 175.000 points (gap 0%); that without it has 170.000: too small a "
        "difference of plans to be sure."
    )


# On the command line ------------------------------------------------------------------------------


def test_the_command_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = optimizer.write_run(solved(THREE, tmp_path), tmp_path / "run")
    book = tmp_path / "why.xlsx"
    asked = "slots[country=BB]"
    assert shared.run(monkeypatch, "explain", run, "--why", asked, "--out", book) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "slots[country=BB]: 3 in the plan, 3 in the relaxation."
    assert said[-3:] == [
        f"Written: {book}",
        f"Next: optimizer explain {run} --why-not 'slots[country=BB] += 1'",
        f"Next: optimizer explain {run}",
    ]
    assert pd.read_excel(book, sheet_name="earned", engine="openpyxl")["points"].tolist() == [225.0]
    assert shared.run(monkeypatch, "explain", run, "--why", "slots[country=BBB]") == 2
    assert "Maybe country=BB" in capsys.readouterr().err
    assert shared.run(monkeypatch, "explain", run, "--why", asked, "--why-not", asked) == 2
    with pytest.raises(PolicyError, match=r"Maybe 'slots\[country=BB\]'"):
        optimizer.why(run, "slots[country=BB] >= 5")


def test_ctrl_c_keeps_what_was_solved(tmp_path: Path) -> None:
    plan = solved(THREE, tmp_path)

    def stop(progress: Progress) -> None:
        if progress.step.startswith("what would bring"):
            raise_signal(SIGINT)

    found = optimizer.why(plan, "slots[country=AA, track=t]", report=stop)
    assert (found.complete, found.interrupted) == (False, True)
    assert found.table["status"].tolist() == ["optimal"]
    assert "was not solved in time" in "\n".join(found.in_words())
