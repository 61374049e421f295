"""Look-ups with optional keys: the most specific row wins, and ties are told."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pandas as pd
import pytest

from optimizer.errors import Problems
from optimizer.frames import grouping
from optimizer.instance.lookup import resolve

KEYS = ("track", "year_of_stay")
OPTIONAL = ("level", "country", "year")


def costs(*rows: tuple[str, int, str, str, int | None, float]) -> pd.DataFrame:
    """Give a table as a case holds it: rows from 2, "" and <NA> for blank."""
    frame = pd.DataFrame(list(rows), columns=[*KEYS, *OPTIONAL, "amount"])
    frame["year"] = frame["year"].astype("Int64")
    frame.index = pd.RangeIndex(2, len(frame) + 2, name="row")
    return frame.astype(dict.fromkeys(("track", "level", "country"), "str"))


def cells(*rows: tuple[str, int, str, str, int]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=[*KEYS, *OPTIONAL])


def look_up(query: pd.DataFrame, table: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    problems = Problems()
    found = resolve(
        query,
        table,
        keys=KEYS,
        optional=OPTIONAL,
        values=["amount"],
        file="costs.csv",
        problems=problems,
    )
    return found, [str(problem) for problem in problems]


def test_most_specific_row_wins() -> None:
    table = costs(
        ("study", 1, "", "", None, 10.0),
        ("study", 1, "high", "", None, 20.0),
        ("study", 1, "high", "KOR", None, 30.0),
        ("study", 1, "high", "KOR", 2028, 40.0),
    )
    query = cells(
        ("study", 1, "standard", "FRA", 2027),  # only the row for every level
        ("study", 1, "high", "FRA", 2027),  # the row for this level
        ("study", 1, "high", "KOR", 2027),  # level and country
        ("study", 1, "high", "KOR", 2028),  # all three
    )
    found, problems = look_up(query, table)
    assert not problems
    assert found["amount"].tolist() == [10.0, 20.0, 30.0, 40.0]
    assert found["row"].tolist() == [2, 3, 4, 5]
    assert found["row"].dtype == "Int64"


def test_cell_without_a_row_is_blank() -> None:
    table = costs(("study", 1, "high", "", None, 20.0))
    query = cells(
        ("study", 1, "standard", "KOR", 2027),  # another level
        ("study", 2, "high", "KOR", 2027),  # another year of stay
        ("lab", 1, "high", "KOR", 2027),  # a track the table does not know
        ("study", 1, "high", "KOR", 2027),
    )
    found, _ = look_up(query, table)
    assert found["amount"].isna().tolist() == [True, True, True, False]
    assert found["row"].tolist() == [pd.NA, pd.NA, pd.NA, 2]


def test_index_of_the_query_is_kept() -> None:
    table = costs(("study", 1, "", "", None, 10.0))
    query = cells(*[("study", 1, "a", "b", 2027)] * 3).set_axis([7, 7, 1])
    found, _ = look_up(query, table)
    assert found.index.tolist() == [7, 7, 1]
    assert list(found) == ["amount", "row"]


def test_two_equally_specific_rows_are_told_once() -> None:
    table = costs(
        ("study", 1, "", "", None, 10.0),
        ("study", 1, "", "KOR", None, 20.0),
        ("study", 1, "high", "", None, 30.0),
    )
    query = cells(
        ("study", 1, "high", "FRA", 2027),  # only row 4 fills one key
        ("study", 1, "high", "KOR", 2027),  # rows 3 and 4 both do
        ("study", 1, "high", "KOR", 2028),
        ("study", 1, "standard", "KOR", 2027),  # only row 3
    )
    found, problems = look_up(query, table)
    assert problems == [
        "costs.csv row 3: rows 3 and 4 both match track 'study', year_of_stay 1, level 'high', "
        "country 'KOR', year 2027; neither is more specific\n"
        "    Expected one most specific row for each cell."
    ]
    assert found["amount"].tolist()[::3] == [30.0, 20.0]


def test_equally_specific_rows_may_differ_where_a_more_specific_one_decides() -> None:
    table = costs(
        ("study", 1, "", "KOR", None, 20.0),
        ("study", 1, "high", "", None, 30.0),
        ("study", 1, "high", "KOR", None, 40.0),
    )
    found, problems = look_up(cells(("study", 1, "high", "KOR", 2027)), table)
    assert not problems
    assert found["amount"].tolist() == [40.0]


def test_equally_specific_rows_that_no_cell_meets_are_fine() -> None:
    table = costs(("study", 1, "", "KOR", None, 20.0), ("study", 1, "high", "", None, 30.0))
    _, problems = look_up(cells(("study", 1, "high", "FRA", 2027)), table)
    assert not problems


def test_repeated_row_is_told() -> None:
    table = costs(("study", 1, "", "KOR", None, 20.0), ("study", 1, "", "KOR", None, 30.0))
    _, problems = look_up(cells(("study", 1, "high", "KOR", 2027)), table)
    assert problems == [
        "costs.csv row 2: rows 2 and 3 both match track 'study', year_of_stay 1, level 'high', "
        "country 'KOR', year 2027; neither is more specific\n"
        "    Expected one most specific row for each cell."
    ]


@pytest.mark.parametrize("rows", [0, 2])
def test_nothing_to_look_up_or_to_look_in(rows: int) -> None:
    empty_table = costs()
    found, problems = look_up(cells(*[("study", 1, "high", "KOR", 2027)] * rows), empty_table)
    assert not problems
    assert len(found) == rows
    assert found["amount"].isna().all()
    assert not len(look_up(cells(), costs(("study", 1, "", "", None, 1.0)))[0])


def test_table_without_optional_keys() -> None:
    table = costs(("study", 1, "", "", None, 10.0), ("study", 2, "", "", None, 20.0))
    found = resolve(
        pd.DataFrame({"track": ["study"], "year_of_stay": [2]}),
        table,
        keys=KEYS,
        optional=[],
        values=["amount"],
        file="costs.csv",
        problems=Problems(),
    )
    assert found["amount"].tolist() == [20.0]


def by_hand(query: pd.DataFrame, table: pd.DataFrame) -> list[set[int]]:
    """Give the file rows of the most specific matches of each cell, found one by one."""
    answers = []
    for cell in query.to_dict("records"):
        best: dict[int, set[int]] = {}
        for row, line in table.iterrows():
            told = {
                name: line[name]
                for name in (*KEYS, *OPTIONAL)
                if not pd.isna(line[name]) and line[name] != ""
            }
            if all(cell[name] == value for name, value in told.items()):
                best.setdefault(len(told), set()).add(int(str(row)))
        answers.append(best[max(best)] if best else set())
    return answers


@pytest.mark.parametrize("largest", [grouping.LARGEST_CODE, 4])
@pytest.mark.parametrize("seed", range(10))
def test_agrees_with_looking_row_by_row(
    seed: int, largest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grouping, "LARGEST_CODE", largest)
    draw = random.Random(seed)
    everything = list(
        itertools.product("ab", (1, 2), ("", "x", "y"), ("", "K", "F"), (None, 2027, 2028))
    )
    drawn = draw.sample(everything, draw.randint(1, 30))
    table = costs(*((*keys, float(place)) for place, keys in enumerate(drawn)))
    query = cells(*itertools.product("abc", (1, 2), ("x", "y"), ("K", "F", "L"), (2027, 2028)))
    found, problems = look_up(query, table)
    answers = by_hand(query, table)
    for row, answer in zip(found["row"], answers, strict=True):
        assert row in answer if answer else row is pd.NA
    assert bool(problems) == any(len(answer) > 1 for answer in answers)


def test_values_of_other_kinds_come_along() -> None:
    table = pd.DataFrame(
        {"track": ["a", "b"], "count": [1, 2], "word": ["x", "y"]}, index=pd.Index([2, 3])
    )
    found = resolve(
        pd.DataFrame({"track": ["b", "c"]}),
        table,
        keys=["track"],
        optional=[],
        values=["count", "word"],
        file="t.csv",
        problems=Problems(),
    )
    assert found["count"].tolist()[0] == 2
    assert found["word"].tolist()[0] == "y"
    assert found.loc[1, ["count", "word"]].isna().all()


@pytest.mark.slow
def test_half_a_million_cells_take_seconds() -> None:
    table = costs(
        *(("t", stay, "", "", None, 1.0) for stay in range(4)),
        *(("t", stay, "", f"C{place}", None, 2.0) for stay in range(4) for place in range(90)),
        *(("t", stay, "high", f"C{place}", 2027, 3.0) for stay in range(4) for place in range(90)),
    )
    size = 500_000
    numbers = np.random.default_rng(0)
    query = pd.DataFrame(
        {
            "track": "t",
            "year_of_stay": numbers.integers(0, 4, size),
            "level": numbers.choice(["high", "low"], size),
            "country": numbers.choice([f"C{place}" for place in range(100)], size),
            "year": numbers.integers(2027, 2030, size),
        }
    )
    found, problems = look_up(query, table)
    assert not problems
    known = query["country"].str[1:].astype(int) < 90
    is_high = query["level"].eq("high") & query["year"].eq(2027)
    expected = np.where(known, np.where(is_high, 3.0, 2.0), 1.0)
    np.testing.assert_array_equal(found["amount"], expected)
