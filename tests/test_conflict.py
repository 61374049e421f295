"""Rules that clash where no plan keeps every rule: a smallest set of them, verified, in words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pyomo.environ as pyo
import pytest
from hypothesis import given
from hypothesis import strategies as st

import optimizer
from clashing_cases import MINIMUM, ClashingCase, Row, clashing_case
from golden.small_cases import ACTIVE, NATIONAL, SmallCase
from optimizer import InfeasibleError
from optimizer.persistent import LoadedModel
from optimizer.persistent.conflict import ClashingRow, Conflicts, find_conflicts, rule_part_of
from optimizer.plan.question import read_question
from optimizer.schema.rules import RULES
from optimizer.session.loading import built, load
from optimizer.session.origins import RULE_CELLS, RULES_OF_POLICY
from optimizer.solver import Watch
from optimizer.solver.elastic import Elastic, Given
from optimizer.solver.subsets import minimal_subset
from seeds import seeds


def loaded(case: SmallCase, folder: Path) -> LoadedModel:
    """The model of a case, in the solver."""
    files, policy = case.write(folder)
    return load(*built(read_question(policy, files)))


def refusal(case: SmallCase, folder: Path, **options: Any) -> InfeasibleError:
    """The error of a case without a plan."""
    with pytest.raises(InfeasibleError) as raised:
        optimizer.solve(*reversed(case.write(folder)), **options)
    return raised.value


def floor(name: str, country: str, least: float) -> str:
    return (
        f'[[limits]]\nname = "{name}"\nmeasure = "slots"\n'
        f'where = {{ country = "{country}" }}\nat_least = {least}\n'
    )


# Against brute force ------------------------------------------------------------------------------


def row_in(case: ClashingCase, told: ClashingRow) -> Row:
    """The row that brute force knows."""
    part = rule_part_of(told.key)
    rows = case.rows_of([part])
    if part in ((MINIMUM,), ("cohort_within_applicants",)):
        return rows[("AA", "BB").index(told.key.index[0])]
    (row,) = rows
    assert (row.sense, row.number) == (told.sense, told.number) or row.of is not None
    return row


@pytest.mark.parametrize("seed", seeds(range(200), quick=3))
def test_conflicts_are_minimal_sets_of_rules_and_of_rows(seed: int, tmp_path: Path) -> None:
    case = clashing_case(seed)
    found = find_conflicts(loaded(case.small_case(), tmp_path), Watch())
    first = found.found[0]
    assert first.within == case.stage
    assert frozenset(first.parts) in case.minimal_sets(first.within)
    left = list(case.rows)
    for conflict in found.found:
        rows = [row_in(case, each) for each in conflict.rows]
        assert all(row in left for row in rows)
        assert conflict.verified
        assert conflict.is_minimal
        assert case.clash(rows, conflict.within)
        for row in rows:
            assert not case.clash([each for each in rows if each != row], conflict.within)
        # A number takes part in one conflict only.
        left = [row for row in left if row not in rows]
    assert found.is_complete
    assert not case.clash(left, "everything")


def test_random_cases_clash_in_every_way() -> None:
    cases = [clashing_case(seed) for seed in range(60)]
    assert {case.stage for case in cases} == {"relaxation", "decisions", "everything"}
    assert {len(case.minimal_sets(str(case.stage))) for case in cases} >= {1, 2, 3}


@given(st.lists(st.sets(st.integers(0, 7), min_size=1), min_size=1, max_size=4))
def test_a_minimal_subset_has_the_property_and_no_smaller_part_has(wanted: Any) -> None:
    def has(part: list[int]) -> bool:
        return any(each <= set(part) for each in wanted)

    found = minimal_subset(range(8), has)
    assert has(found)
    assert not any(has([each for each in found if each != left]) for left in found)


# In words -----------------------------------------------------------------------------------------


def test_rows_are_named_as_checks_name_them(tmp_path: Path) -> None:
    """Three of A are promised and at most one may come, by attributes that need quotation marks."""
    ceiling = (
        '[[limits]]\nname = "few"\nmeasure = "slots"\nby = ["world_region", "year"]\nat_most = 1\n'
    )
    case = NATIONAL.with_(
        ceiling,
        countries=('AA,Aland,"Asia, east",1', "BB,Bland,Europe,3"),
        commitments=("AA,t,,2030,3,",),
    )
    assert str(refusal(case, tmp_path)) == (
        "No plan keeps every rule.\n"
        "These 2 cannot all be kept; without any one of them the rest of these can (verified):\n"
        "- Committed slots are given: commitments row 2: at least 3 (commitments.csv row 2, "
        "column at_least)\n"
        '- A ceiling of the policy: few, world_region="Asia, east", year=2030: at most 1 '
        "(policy.toml, limits.few.at_most)"
    )


def test_a_custom_rule_with_one_row_has_no_key(tmp_path: Path) -> None:
    """It forbids what the floor of A asks for."""

    def none(model: Any, instance: Any) -> None:
        model.none = pyo.Constraint(expr=sum(model.cohort.values()) <= 1)

    error = refusal(NATIONAL.with_(floor("a", "AA", 2)), tmp_path, extend=none)
    assert "\n- None: at most 1 (custom rule)" in str(error)
    assert error.clash[["rule", "index", "key"]].to_numpy().tolist() == [
        ["limit_at_least", ("a",), "a"],
        ["none", (), ""],
    ]


def test_a_mistyped_budget_is_named_before_anything_else(tmp_path: Path) -> None:
    """Three where there are thousands; the floor asks for one person a year."""
    yearly = '[[limits]]\nname = "each_year"\nmeasure = "slots"\nby = ["year"]\nat_least = 1\n'
    case = NATIONAL.over(2030, 2031, 2032).with_(
        yearly,
        budgets=(
            "main,2030,M,4000,program",
            "main,2031,M,3,program",
            "main,2032,M,5000,program",
        ),
    )
    assert str(refusal(case, tmp_path)) == (
        "No plan keeps every rule.\n"
        "Maybe a slip: budgets.csv row 3, column amount_jpy: 3, where the figures beside it are "
        "near 4,500.\n"
        "These 2 cannot all be kept; without any one of them the rest of these can (verified):\n"
        "- A floor of the policy: each_year, year=2031: at least 1 (policy.toml, "
        "limits.each_year.at_least)\n"
        "- Spending stays within the budget: main, 2031: at most 3 (budgets.csv row 3, column "
        "amount_jpy)"
    )


@pytest.mark.parametrize("cost", [10, 10**5, 10**8, 10**11])
def test_a_mistyped_budget_is_named_beside_numbers_of_any_size(cost: int, tmp_path: Path) -> None:
    """Four people cost 40 to 400,000 million: beside such a floor a budget of 3 is nothing."""
    least = f'[[limits]]\nname = "spent"\nmeasure = "spending"\nat_least = {4 * cost}\n'
    case = NATIONAL.with_(
        least, budgets=("main,{year},M,3,program",), costs=(f"t,main,1,,,,,{cost}",)
    )
    error = refusal(case, tmp_path)
    assert error.clash is not None
    assert error.clash["rule"].tolist() == ["limit_at_least", "spending_within_budget"]
    assert "(verified)" in str(error)


def test_a_conflict_that_duals_do_not_show_is_found_without_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whatever is blamed, one row of it is lost: what is left clashes no more.
    before = Elastic.run

    def misled(elastic: Elastic, *given: Any) -> Given:
        found = before(elastic, *given)
        return replace(found, to_blame=found.to_blame[:-1])

    case = NATIONAL.with_(
        floor("a", "AA", 3) + floor("b", "BB", 2), budgets=("main,{year},M,40,program",)
    )
    monkeypatch.setattr(Elastic, "run", misled)
    error = refusal(case, tmp_path)
    assert error.clash is not None
    assert sorted(error.clash["rule"]) == [
        "limit_at_least",
        "limit_at_least",
        "spending_within_budget",
    ]
    assert "without any one of them the rest of these can (verified)" in str(error)


def test_what_clashes_apart_is_told_apart(tmp_path: Path) -> None:
    """Floors of A and B above ceilings of A and B; one floor is a share, and people are whole."""
    limits = floor("a", "AA", 3) + floor("b", "BB", 1.5)
    for name, country, most in (("few_a", "AA", 2), ("few_b", "BB", 1.75)):
        limits += floor(name, country, most).replace("at_least", "at_most")
    told = str(refusal(NATIONAL.with_(limits), tmp_path))
    assert told == (
        "No plan keeps every rule.\n"
        "Conflict 1 of 2: These 2 cannot all be kept; without any one of them the rest of "
        "these can (verified):\n"
        "- A floor of the policy: a: at least 3 (policy.toml, limits.a.at_least)\n"
        "- A ceiling of the policy: few_a: at most 2 (policy.toml, limits.few_a.at_most)\n"
        "Conflict 2 of 2: These 2 cannot all be kept as people must be whole; without any one of "
        "them the rest of these can (verified):\n"
        "- A floor of the policy: b: at least 1.5 (policy.toml, limits.b.at_least)\n"
        "- A ceiling of the policy: few_b: at most 1.75 (policy.toml, limits.few_b.at_most)"
    )


def test_a_cohort_that_runs_or_not_clashes_before_people_are_whole(tmp_path: Path) -> None:
    """Tracks run with two or more: one to 1.5 of A are neither."""
    limits = floor("a", "AA", 1) + floor("few", "AA", 1.5).replace("at_least", "at_most")
    error = refusal(ACTIVE.with_(limits), tmp_path)
    assert error.clash["within"].unique().tolist() == ["decisions"]
    assert (
        "cannot all be kept as agreements and other decisions must be whole; without any one"
        in str(error)
    )
    assert "- Minimum cohort where the track runs: AA, t, 2030: at least 2, or nobody" in str(error)


@pytest.mark.parametrize(
    ("bound", "said"),
    [
        ("at_least = { amount = 2, per = 'country.gdp' }", "at least 6, 2 per country.gdp"),
        ("at_least = { times = 0.9, measure = 'slots' }", "at least 0.9 times slots"),
    ],
)
def test_bounds_are_told_as_the_policy_says_them(bound: str, said: str, tmp_path: Path) -> None:
    by = "by = ['country']\n" if "amount" in bound else "where = { country = 'BB' }\n"
    limits = f'[[limits]]\nname = "l"\nmeasure = "slots"\n{by}{bound}\n' + floor("a", "AA", 3)
    few = '[[limits]]\nname = "few"\nmeasure = "slots"\nat_most = 4\n'
    case = NATIONAL.with_(limits + few, applicants=("AA,t,,4", "BB,t,,30"))
    assert f": {said} (policy.toml, limits.l.at_least" in str(refusal(case, tmp_path))


def test_questions_that_run_out_of_nodes_leave_a_conflict_not_proven_minimal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without an answer a rule is kept; what is told clashes all the same."""
    from optimizer.solver.feasibility import Feasibility

    between = '[[limits]]\nname = "l"\nmeasure = "spending"\nat_least = 14\nat_most = 16\n'
    model = loaded(NATIONAL.with_(between), tmp_path)
    answers = Feasibility.without

    def out_of_nodes(asked: Feasibility, rows: Any, watch: Watch) -> bool | None:
        answer = answers(asked, rows, watch)
        return None if answer else answer

    monkeypatch.setattr(Feasibility, "without", out_of_nodes)
    found: Conflicts = find_conflicts(model, Watch())
    (conflict,) = found.found
    assert (conflict.verified, conflict.is_minimal) == (True, False)
    assert not found.is_complete
    assert {each.key.rule for each in conflict.rows} >= {"limit_at_least", "limit_at_most"}


def test_every_number_that_somebody_chose_has_a_place() -> None:
    chosen = {name for name, rule in RULES.items() if rule.kind == "limit"}
    assert chosen <= {*RULE_CELLS, *RULES_OF_POLICY} <= set(RULES)
    assert not set(RULE_CELLS) & RULES_OF_POLICY
