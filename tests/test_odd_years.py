"""Changes by more than half from year to year, by hand and against questions asked anew."""

from __future__ import annotations

from math import isnan
from pathlib import Path
from signal import SIGINT, raise_signal

import pandas as pd
import pytest

import optimizer
import shared
from golden.small_cases import NATIONAL, SmallCase
from optimizer import Decisions, InfeasibleError, OptimizerError, Plan, Session
from optimizer.frames import rows_of
from optimizer.solver import Progress
from random_cases import write_random_case
from seeds import seeds

TWO_YEARS = NATIONAL.over(2030, 2031)
BY_GDP = """
[goals.g]
weight = 1
scale = "none"
indicators = [{ column = "gdp", range = [0, 4] }]
effects = [{ stage = "enter", effect = 1 }]
"""


def solved(case: SmallCase, folder: Path) -> Plan:
    files, policy = case.write(folder)
    return optimizer.solve(policy, files, gap=0.0)


@pytest.mark.parametrize("seed", seeds(range(1, 7), quick=1))
def test_costs_of_level_years_are_those_asked_from_nothing(seed: int, tmp_path: Path) -> None:
    case, policy = write_random_case(tmp_path, seed)
    try:
        plan = optimizer.solve(policy, case, gap=0.0)
    except InfeasibleError:
        pytest.skip("no plan")
    found = optimizer.odd_years(plan, top=None)
    for row in rows_of(found.table):
        earlier = row.asked == "as many before"
        where = {row.by: row.key, "year": row.year_before if earlier else row.year}
        number = row.slots if earlier else row.slots_before
        sense = "at_most" if row.change > 0 and not earlier else "at_least"
        session = Session(policy, case, scales=found.provenance["scales"])
        limit = {"measure": "slots", "where": where, "planned": True, sense: number}
        try:
            session.add_limit({"name": "own", **limit})
            points = session.relax().points
        except OptimizerError:
            points = None
        if points is None:
            assert isnan(row.cost_points)
            assert row.status in ("explained", "unexplained")
            continue
        assert found.points - points == pytest.approx(row.cost_points, rel=1e-5, abs=1e-5)
        assert (row.status == "open") == (row.cost_points == 0.0)
        if row.status == "explained":
            assert row.cost_without <= 0.5 * row.cost_points
            assert row.verified


def test_a_budget_that_falls_is_the_reason(tmp_path: Path) -> None:
    # Money for all seven, and then for four: three of B, who bring 0.75 each, and one of A, who
    # brings 0.25. Four of A would take the places of three of B.
    case = TWO_YEARS.aiming_at(BY_GDP).with_(
        budgets=("main,2030,M,70,program", "main,2031,M,40,program")
    )
    plan = solved(case, tmp_path)
    found = optimizer.odd_years(plan)
    assert found.in_words() == [
        "Changes by more than half from one year to the next:",
        "- country AA: 4 in 2030, 1 in 2031. Keeping 4 in 2031 costs 150 points (relaxation), and "
        "nothing without Spending stays within the budget: budgets[line=main, year=2031].amount "
        "(budgets.csv row 3, column amount_jpy), now 40 and 70 for 2030.",
    ]
    (row,) = rows_of(found.table)
    assert (row.status, row.verified, row.cost_without) == ("explained", True, 0.0)
    assert (row.number, row.number_in_other_year) == (40.0, 70.0)


def test_a_rise_is_explained_by_the_year_before(tmp_path: Path) -> None:
    case = TWO_YEARS.aiming_at(BY_GDP).with_(
        budgets=("main,2030,M,40,program", "main,2031,M,70,program")
    )
    assert optimizer.odd_years(solved(case, tmp_path)).in_words()[1:] == [
        "- track t: 4 in 2030, 7 in 2031. Having 7 in 2030 too is not possible: Spending stays "
        "within the budget: budgets[line=main, year=2030].amount (verified).",
        "- country AA: 1 in 2030, 4 in 2031. Having 4 in 2030 too costs 150 points (relaxation), "
        "and nothing without Spending stays within the budget: budgets[line=main, "
        "year=2030].amount (budgets.csv row 2, column amount_jpy), now 40 and 70 for 2031.",
    ]


def test_what_cannot_be_is_said_with_its_rule_or_fact(tmp_path: Path) -> None:
    # There is money for one of the seven in the second year, and one of A applies.
    case = TWO_YEARS.with_(
        budgets=("main,2030,M,70,program", "main,2031,M,10,program"),
        applicants=("AA,t,2030,4", "AA,t,2031,1", "BB,t,2030,3"),
    )
    plan = solved(case, tmp_path)
    assert optimizer.odd_years(plan).in_words()[1:] == [
        "- track t: 7 in 2030, 1 in 2031. Keeping 7 in 2031 is not possible: 2031 has only 1 "
        "eligible applicant (applicants.csv row 3, column applicants).",
        "- country AA: 4 in 2030, 1 in 2031. Keeping 4 in 2031 is not possible: 2031 has only 1 "
        "eligible applicant (applicants.csv row 3, column applicants).",
        "- country BB: 3 in 2030, 0 in 2031. Keeping 3 in 2031 is not possible: nobody of "
        "BB applies for t (applicants.csv has no such row).",
    ]
    poor = TWO_YEARS.with_(budgets=("main,2030,M,70,program", "main,2031,M,10,program"))
    first = optimizer.odd_years(solved(poor, tmp_path), top=1)
    assert first.in_words() == [
        "Changes by more than half from one year to the next:",
        "- track t: 7 in 2030, 1 in 2031. Keeping 7 in 2031 is not possible: Spending stays within "
        "the budget: budgets[line=main, year=2031].amount (verified).",
        f"{first.left} more changes by more than half were not solved (see the table).",
    ]
    assert first.table["status"].tolist() == ["explained", *["not solved"] * first.left]
    assert first.complete


def test_what_the_value_leaves_open_is_said(tmp_path: Path) -> None:
    # Three come in each year, of whom nobody brings more than another.
    case = TWO_YEARS.with_(budgets=("main,{year},M,30,program",))
    files, policy = case.write(tmp_path)
    slots = pd.DataFrame(
        {
            "country": ["AA", "BB"],
            "track": "t",
            "level": "standard",
            "region": "",
            "year": [2030, 2031],
            "slots": [3, 3],
        }
    )
    plan = optimizer.complete(Decisions(slots), policy, files)
    said = optimizer.odd_years(plan).in_words()
    assert said[1:] == [
        "- country AA: 3 in 2030, 0 in 2031. The value leaves this open: keeping 3 in 2031 costs "
        "nothing (relaxation).",
        "- country BB: 0 in 2030, 3 in 2031. The value leaves this open: keeping 0 in 2031 costs "
        "nothing (relaxation).",
    ]
    level = optimizer.odd_years(solved(TWO_YEARS, tmp_path))
    assert level.in_words() == [
        "No track, country or region changes by more than half from one year to the next."
    ]
    with pytest.raises(OptimizerError, match="not a Run or a Plan or a path"):
        optimizer.odd_years(Session(policy, files))  # type: ignore[arg-type]


def test_the_command_lists_odd_years(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    case = TWO_YEARS.with_(budgets=("main,2030,M,70,program", "main,2031,M,10,program"))
    plan = solved(case, tmp_path)
    run = optimizer.write_run(plan, tmp_path / "run")
    assert shared.run(monkeypatch, "explain", run, "--odd-years", "--top", "1") == 0
    assert capsys.readouterr().out.splitlines()[-2:] == [
        f"Next: optimizer explain {run} --why 'slots[track=t, year=2031]'",
        f"Next: optimizer explain {run}",
    ]

    def stop(progress: Progress) -> None:
        if progress.step.startswith("years"):
            raise_signal(SIGINT)

    found = optimizer.odd_years(plan, report=stop)
    assert (found.complete, found.interrupted) == (False, True)
    assert set(found.table["status"]) == {"stopped"}
