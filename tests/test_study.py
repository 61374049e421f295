"""Studies: two tables, and what they change in a policy and a case."""

from __future__ import annotations

import pickle
from functools import cache
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import optimizer
from optimizer import InputError, PolicyError, Study
from optimizer.plan.question import asked
from optimizer.sweeps import BASE, Scenario

POLICY, CASE = "models/tiny.toml", "inputs/tiny"
WEIGHTS = {
    "alliance": 3,
    "competitiveness": 3,
    "safe_haven": 2,
    "regional_vitality": 1,
    "bridges": 1,
}


def change(scenario: str, address: str, value: object, **more: object) -> dict[str, Any]:
    return {"scenario": scenario, "address": address, "value": value, **more}


def resolved(*changes: dict[str, Any], **more: Any) -> dict[str, Scenario]:
    found = Study(changes=changes, **more).resolved(POLICY, CASE)
    return {scenario.name: scenario for scenario in found}


def problems_of(**tables: Any) -> list[str]:
    with pytest.raises(InputError) as caught:
        Study(**tables).resolved(POLICY, CASE)
    return [str(problem) for problem in caught.value.problems]


def test_base_is_always_there_and_first() -> None:
    study = Study(changes=[change("lean", "goals.alliance.weight", 2)])
    assert study.scenarios["scenario"].tolist() == [BASE, "lean"]
    listed = Study([{"scenario": "lean"}, {"scenario": BASE, "note": "as it is"}])
    assert listed.scenarios["scenario"].tolist() == [BASE, "lean"]
    assert listed.scenarios["note"].tolist() == ["as it is", ""]
    first, lean = study.resolved(POLICY, CASE)
    assert first == Scenario(BASE, None, "", {})
    assert lean.changes == {"goals.alliance.weight": 2}


def test_nothing_at_all_is_base_alone() -> None:
    assert [scenario.name for scenario in Study().resolved(POLICY, CASE)] == [BASE]


def test_operations_come_as_a_session_takes_them() -> None:
    found = resolved(
        change("s", "goals.alliance.weight", 1.5, operation="multiply"),
        change("s", "goals.bridges.weight", -0.5, operation="add"),
        change("s", "goals.safe_haven.weight", 4, operation="set"),
        change("s", "budgets[line=industry].amount_jpy", "+10%"),
        change("s", "horizon.discount", "20%"),
    )["s"].changes
    assert found == {
        "goals.alliance.weight": "*1.5",
        "goals.bridges.weight": "-=0.5",
        "goals.safe_haven.weight": 4,
        "budgets[line=industry].amount_jpy": "*1.1",
        "horizon.discount": "20%",
    }
    session = optimizer.Session(POLICY, CASE)
    session.change(found)
    weights = {name: session.policy.goals[name].weight for name in ("alliance", "bridges")}
    assert weights == {"alliance": 4.5, "bridges": 0.5}


def test_a_value_may_say_its_operation() -> None:
    said = [
        change("s", f"goals.{goal}.weight", value)
        for goal, value in zip(WEIGHTS, ("*2", "/2", "+=1", 3, "+10%"), strict=True)
    ]
    study = Study(changes=said)
    assert study.changes["operation"].tolist() == ["multiply", "multiply", "add", "set", "multiply"]
    assert study.changes["value"].tolist() == [2, 0.5, 1, 3, 1.1]


def test_patterns_stand_for_everything_they_match() -> None:
    found = resolved(change("s", "goals.*.weight", "*2"))["s"].changes
    assert found == {f"goals.{name}.weight": "*2" for name in WEIGHTS}
    some = resolved(change("s", "goals.*e*.weight", 7))["s"].changes
    assert list(some) == [f"goals.{name}.weight" for name in WEIGHTS if "e" in name]
    whole = resolved(change("s", "budgets[line=*, year=2030].amount_jpy", "*2"))["s"].changes
    assert whole == {"budgets[year=2030].amount_jpy": "*2"}
    part = resolved(change("s", "budgets[line=in*].amount_jpy", "*2"))["s"].changes
    assert part == {"budgets[line=industry].amount_jpy": "*2"}


def test_a_star_in_a_list_stands_for_its_names_and_positions() -> None:
    limits = resolved(change("s", "limits.*.why", "as asked"))["s"].changes
    names = [limit.name for limit in optimizer.load_policy(POLICY).limits]
    assert list(limits) == [f"limits.{name}.why" for name in names]
    indicators = resolved(change("s", "goals.alliance.indicators.*.weight", 2))["s"].changes
    assert list(indicators) == ["goals.alliance.indicators.security_depth.weight"]


def test_a_pattern_leaves_alone_what_has_no_value() -> None:
    # A price would make the others soft.

    soft = [each.name for each in optimizer.load_policy(POLICY).limits if each.soft is not None]
    found = resolved(change("s", "limits.*.soft", "*2"))["s"].changes
    assert list(found) == [f"limits.{name}.soft" for name in soft]


def test_weights_of_others_keep_their_proportion() -> None:
    # 3 of 10 becomes 6.5, so that 3.5 are left where 7 were: half of each.
    changes = [change("heavy", "goals.alliance.weight", 6.5)]
    _, heavy = Study([{"scenario": "heavy", "rescaled": True}], changes).resolved(POLICY, CASE)
    assert heavy.changes == {
        "goals.alliance.weight": 6.5,
        "goals.competitiveness.weight": 1.5,
        "goals.safe_haven.weight": 1.0,
        "goals.regional_vitality.weight": 0.5,
        "goals.bridges.weight": 0.5,
    }
    assert heavy.note == (
        "weights of competitiveness, safe_haven, regional_vitality, bridges times 0.5, "
        "so that all sum to 10"
    )


def test_no_two_names_look_alike_and_none_looks_like_base() -> None:
    def told(said: list[str]) -> list[str]:
        return [each.partition(": ")[2].partition("\n")[0] for each in said]

    listed = [{"scenario": name} for name in ("lean", "LEAN", "Base", "lean")]
    assert told(problems_of(scenarios=listed)) == [
        "'LEAN' looks like 'lean'",
        "'Base' looks like 'base'",
        "'lean' is there twice",
    ]
    changes = [change(name, "horizon.tail", 0) for name in ("lean", "Lean")]
    assert told(problems_of(changes=changes)) == ["'Lean' looks like 'lean'"]


def test_weights_below_zero_count_by_their_size() -> None:
    # 3, 3, 2, 1 and -1 are 10 without signs; 6.5 leave 3.5 of 7 for the others, signs as before.
    policy = optimizer.load_policy(POLICY, changes={"goals.bridges.weight": -1})
    changes = [change("heavy", "goals.alliance.weight", 6.5)]
    heavy = Study([{"scenario": "heavy", "rescaled": True}], changes).resolved(policy, CASE)[1]
    assert heavy.changes["goals.bridges.weight"] == -0.5
    assert heavy.note.endswith("so that all sum to 10")


def test_probabilities_are_of_all_or_of_none() -> None:
    both = [{"scenario": "a", "probability": 0.25}, {"scenario": "b", "probability": 0.75}]
    assert Study(both).scenarios["probability"].tolist() == [0.0, 0.25, 0.75]
    with_base = [*both[:1], {"scenario": BASE, "probability": 0.75}]
    found = Study(with_base).resolved(POLICY, CASE)
    assert [scenario.probability for scenario in found] == [0.75, 0.25]
    assert Study([{"scenario": "a"}]).scenarios["probability"].isna().all()


def test_a_policy_for_another_case_is_refused_as_ever() -> None:
    with pytest.raises(PolicyError, match="is not meant for case"):
        Study().resolved(POLICY, "inputs/japan")


def test_a_study_knows_what_it_is_for() -> None:
    assert problems_of(cases=["japan"], policies=["balanced"]) == [
        "scenarios of the study, column cases: is not meant for case 'tiny'\n"
        "    Expected one of japan.",
        "scenarios of the study, column policies: is not meant for policy 'tiny'\n"
        "    Expected one of balanced.",
    ]


def test_studies_travel_and_are_compared_by_what_they_say() -> None:
    study = Study(changes=[change("a", "goals.alliance.weight", 2)])
    assert pickle.loads(pickle.dumps(study)) == study
    assert study != Study(changes=[change("a", "goals.alliance.weight", 3)])
    handed_out = study.changes
    handed_out.loc[0, "value"] = 9
    assert study.changes["value"].tolist() == [2]


def test_a_study_is_made_of_frames_as_of_lists() -> None:
    changes = pd.DataFrame(
        [change("a", "goals.alliance.weight", 2), change("b", "horizon.tail", "steady")]
    )
    study = Study(pd.DataFrame({"scenario": ["a", "b"], "probability": [0.5, 0.5]}), changes)
    again = Study(study.scenarios, study.changes)
    assert again == study
    assert study.levers == ("goals.alliance.weight", "horizon.tail")
    assert list(study.values().loc["b"]) == ["", "steady"]


@cache
def _session() -> optimizer.Session:
    return optimizer.Session(POLICY, CASE)


ADDRESSES = (
    "goals.*.weight",
    "budgets[line=*].amount_jpy",
    "costs[].amount_jpy",
    "horizon.discount",
    "limits.industry_money.at_most",
)


@settings(max_examples=10, deadline=None)
@given(
    st.dictionaries(st.sampled_from(ADDRESSES), st.floats(0.5, 1.5), min_size=1, max_size=3),
    st.dictionaries(st.sampled_from(ADDRESSES), st.floats(0.5, 1.5), min_size=1, max_size=3),
)
def test_changes_made_and_undone_give_the_base(
    one: dict[str, float], other: dict[str, float]
) -> None:
    session = _session()
    policy, case = session.policy, session.case
    rows = [
        change(name, address, round(factor, 3), operation="multiply")
        for name, factors in (("one", one), ("other", other))
        for address, factor in factors.items()
    ]
    _, first, second = Study(changes=rows).resolved(policy, case)
    for scenario in (first, second, Scenario(BASE, None, "", {})):
        session.change_to(scenario.changes)
        wanted = asked(policy, case, scenario.changes)
        assert session.policy == wanted.policy
        assert session.case.tables == wanted.case.tables
    assert session.policy == policy
    assert session.case.tables == case.tables


def test_whoever_makes_the_changes_need_not_try_them_before() -> None:
    study = Study(changes=[change("s", "goals.alliance.weight", -3)])
    with pytest.raises(InputError, match="-3 is below 0"):
        study.resolved(POLICY, CASE)
    assert study.resolved(POLICY, CASE, check=False)[1].changes == {"goals.alliance.weight": -3}
