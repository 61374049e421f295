"""Rows of custom rules in an evaluation: hard ones to judge, soft ones as what they cost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from golden.small_cases import NATIONAL
from optimizer.instance import Instance
from optimizer.plan.custom import custom_table, split_rows
from optimizer.plan.evaluation import Evaluation, evaluate_decisions
from optimizer.plan.subject import ROW, judged
from optimizer.schema.rules import RULES, CustomRule, Extension
from test_evaluation import plan, slot

COLUMNS = ["rule", "key", "by", "place", "value", "sense", "limit", "size", "soft", "base"]


def custom(*rows: tuple[str, float, str, float, float | None, float]) -> pd.DataFrame:
    """Rule, value, sense, limit, penalty and base of rows."""
    told = [
        (rule, "k", ("a",), ("k",), value, sense, limit, 9.0, soft, base)
        for rule, value, sense, limit, soft, base in rows
    ]
    return pd.DataFrame(told, columns=COLUMNS).astype({"soft": "float64"})


ROWS = custom(
    ("hard", 5.0, "at_most", 4.0, None, 1.0),
    # Missed by 1 of 8, 12.5%, at 2 points each; kept; and the same two from below.
    ("soft", 5.0, "at_most", 4.0, 2.0, 8.0),
    ("kept", 3.0, "at_most", 4.0, 2.0, 8.0),
    ("short", 3.0, "at_least", 4.0, 2.0, 8.0),
    ("above", 5.0, "at_least", 4.0, 2.0, 8.0),
    # What must be equal is missed on either side.
    ("over", 5.0, "equal", 4.0, 2.0, 8.0),
    ("under", 2.0, "equal", 4.0, 2.0, 8.0),
)


def test_hard_rows_are_judged() -> None:
    hard, _ = split_rows(ROWS)
    assert list(hard.columns) == ROW
    assert hard["rule"].tolist() == ["hard"]
    assert hard["unit"].tolist() == ["custom"]
    assert judged(hard, 1.0)["broken"].tolist() == [True]


def test_soft_rows_cost_what_they_miss() -> None:
    _, penalised = split_rows(ROWS)
    assert list(penalised.columns) == [
        "limit", "key", "by", "place", "value", "number", "percent", "points",
    ]  # fmt: skip
    told = penalised.set_index("limit")
    assert told["percent"].to_dict() == {
        "soft": 12.5, "kept": 0.0, "short": 12.5, "above": 0.0, "over": 12.5, "under": 25.0,
    }  # fmt: skip
    assert told["points"].tolist() == [25.0, 0.0, 25.0, 0.0, 25.0, 50.0]
    assert told["value"].tolist() == [5, 3, 3, 5, 5, 2]
    assert told["number"].tolist() == [4.0] * 6
    assert told[["key", "by", "place"]].iloc[0].tolist() == ["k", ("a",), ("k",)]


def test_without_custom_rules_there_are_no_rows() -> None:
    hard, penalised = split_rows(None)
    assert (len(hard), len(penalised)) == (0, 0)
    assert isinstance(hard, pd.DataFrame)
    assert isinstance(penalised, pd.DataFrame)


def test_custom_rules_are_told_with_their_source() -> None:
    rules = {
        "few_at_once": CustomRule("few_at_once", source="a letter", why="rooms", soft=2.0),
        "titled": CustomRule("titled", title="A title"),
    }
    table = custom_table(Extension(rules))
    assert table.drop(columns="soft").to_dict("list") == {
        "rule": ["few_at_once", "titled"],
        "title": ["Few at once", "A title"],
        "source": ["a letter", ""],
        "why": ["rooms", ""],
    }
    assert table["soft"].iloc[0] == 2.0
    assert table["soft"].isna().tolist() == [False, True]
    types = ["str", "str", "str", "str", "float64"]
    assert list(map(str, table.dtypes)) == types
    nothing = custom_table(Extension())
    assert list(map(str, nothing.dtypes)) == types
    assert list(nothing.columns) == list(table.columns)


# In the evaluation of a plan

PLAN = plan([slot("AA", "", 2030, 1)])


def joined(tmp_path: Path) -> Instance:
    """One place is worth 100 points; the rules of the rows are custom ones."""
    rules = {name: CustomRule(name) for name in ROWS["rule"]}
    return replace(NATIONAL.instance(tmp_path), extension=Extension(rules))


@pytest.mark.parametrize(
    ("dropped", "points", "broken"),
    [
        # All that is missed costs 25 + 25 + 25 + 50.
        ((), -25.0, ["hard"]),
        (("hard",), -25.0, []),
        (("soft", "under"), 50.0, ["hard"]),
    ],
)
def test_custom_rows_are_judged_with_the_others(
    dropped: tuple[str, ...], points: float, broken: list[str], tmp_path: Path
) -> None:
    found = evaluate_decisions(joined(tmp_path), PLAN, {"g": 1.0}, ROWS, dropped)
    assert found.points == pytest.approx(points)
    assert found.violations["rule"].tolist() == broken
    # Shown under the title of the rule, which is not a custom rule.
    words = [f"{name.title()}: k: 5, but at most 4 (1 too many)" for name in broken]
    assert found.in_words() == (words or [f"Every rule holds. {points:,.4f} points."])
    assert found.holds == (not broken)
    assert len(found.tables["soft"]) == 6 - len({*dropped} - {"hard"})
    assert "hard" in found.tables["rules"]["rule"].tolist()


def test_custom_rules_and_their_rows_come_together(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"^custom rules have rows$"):
        evaluate_decisions(joined(tmp_path), PLAN, {"g": 1.0})
    with pytest.raises(AssertionError, match=r"^custom rules have rows$"):
        evaluate_decisions(NATIONAL.instance(tmp_path), PLAN, {"g": 1.0}, ROWS)


def test_whatever_is_broken_is_told_in_a_sentence() -> None:
    rows = [
        ("spending_within_budget", "main, 2030", 5.0, "at_most", 4.0, -1.0),
        ("cohort_reaches_minimum", "AA", 2.0, "at_least", 4.0, -2.0),
        ("transitions_match_places", "t", 5.0, "equal", 4.0, -1.0),
        # The bound of a custom variable is no rule of the register.
        ("my_variable", "x", 5.0, "at_most", 4.0, -1.0),
    ]
    columns = ["rule", "key", "value", "sense", "limit", "slack"]
    found = Evaluation(1234.5678, {}, pd.DataFrame(rows, columns=columns))
    assert found.in_words() == [
        f"{RULES['spending_within_budget'].title}: main, 2030: 5, but at most 4 (1 too many)",
        f"{RULES['cohort_reaches_minimum'].title}: AA: 2, but at least 4 (2 short)",
        f"{RULES['transitions_match_places'].title}: t: 5, but exactly 4 (1 too many)",
        "my_variable: x: 5, but at most 4 (1 too many)",
    ]
    assert repr(found) == "<Evaluation: 1,234.568 points, 4 rules broken>"
