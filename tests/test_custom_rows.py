"""Rows of custom rules in an evaluation: hard ones to judge, soft ones as what they cost."""

from __future__ import annotations

import pandas as pd

from optimizer.plan.custom import custom_table, split_rows
from optimizer.plan.subject import ROW, judged
from optimizer.schema.rules import CustomRule, Extension

COLUMNS = ["rule", "key", "by", "place", "value", "sense", "limit", "size", "soft", "base"]


def custom(*rows: tuple[str, float, str, float, float | None, float]) -> pd.DataFrame:
    """Rule, value, sense, limit, price and base of rows."""
    told = [
        (rule, "k", ("a",), ("k",), value, sense, limit, 9.0, soft, base)
        for rule, value, sense, limit, soft, base in rows
    ]
    return pd.DataFrame(told, columns=COLUMNS).astype({"soft": "float64"})


ROWS = custom(
    ("hard", 5.0, "at_most", 4.0, None, 1.0),
    # Missed by 1 of 8, 12.5 %, at 2 points each; kept; and the same two from below.
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
    _, priced = split_rows(ROWS)
    assert list(priced.columns) == [
        "limit", "key", "by", "place", "value", "number", "percent", "points",
    ]  # fmt: skip
    told = priced.set_index("limit")
    assert told["percent"].to_dict() == {
        "soft": 12.5, "kept": 0.0, "short": 12.5, "above": 0.0, "over": 12.5, "under": 25.0,
    }  # fmt: skip
    assert told["points"].tolist() == [25.0, 0.0, 25.0, 0.0, 25.0, 50.0]
    assert told["value"].tolist() == [5, 3, 3, 5, 5, 2]
    assert told["number"].tolist() == [4.0] * 6
    assert told[["key", "by", "place"]].iloc[0].tolist() == ["k", ("a",), ("k",)]


def test_without_custom_rules_there_are_no_rows() -> None:
    hard, priced = split_rows(None)
    assert (len(hard), len(priced)) == (0, 0)
    assert isinstance(hard, pd.DataFrame)
    assert isinstance(priced, pd.DataFrame)


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
