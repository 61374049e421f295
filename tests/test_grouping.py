"""Rows by key, and what is kept of frames as long as they live."""

from __future__ import annotations

import gc

import numpy as np
import pandas as pd
import pytest

from optimizer.frames import grouping
from optimizer.frames.grouping import _kept, groups, once, places, remembered, sums_at


def test_rows_without_a_key_belong_to_no_group() -> None:
    frame = pd.DataFrame({"track": ["b", None, "a", "b"], "year": [1, 1, 2, 1]})
    found = groups(frame, ["track", "year"])
    assert found.keys.tolist() == [("b", 1), ("a", 2)]
    assert found.sums(np.array([1.0, 10.0, 2.0, 4.0])).tolist() == [5.0, 2.0]


def test_nothing_is_added_up_to_nothing() -> None:
    frame = pd.DataFrame({"track": pd.Series(dtype="str")})
    assert groups(frame, ["track"]).sums(np.zeros(0)).tolist() == []
    assert sums_at(pd.Index(["a"]), frame, ["track"], np.zeros(0)).tolist() == [0.0]
    # A sum of minus nothing is nothing, without a sign.
    minus = pd.DataFrame({"track": ["a"]})
    assert str(groups(minus, ["track"]).sums(np.array([-0.0]))[0]) == "0.0"


def test_long_sums_are_as_exact_as_a_plan_is_checked() -> None:
    # Added up one by one, a million tenths are 1e-6 off: a thousand times what is allowed.
    amounts = np.full(1_000_000, 0.1)
    frame = pd.DataFrame({"track": np.zeros(len(amounts), dtype="int64")})
    (found,) = groups(frame, ["track"]).sums(amounts)
    assert abs(found - 100_000.0) < 64 * np.finfo(float).eps * 100_000.0


def test_wanted_keys_are_found_whatever_their_order() -> None:
    frame = pd.DataFrame({"track": ["b", "a", "b"], "year": [1, 2, 1]})
    wanted = pd.DataFrame({"year": [2, 1, 1], "track": ["a", "b", "a"]})
    key = ["track", "year"]
    assert places(frame, key, wanted).tolist() == [1, 0, -1]
    assert sums_at(wanted, frame, key, np.array([1.0, 2.0, 4.0])).tolist() == [2.0, 5.0, 0.0]


@pytest.mark.parametrize("largest", [grouping.LARGEST_CODE, 4])
def test_keys_of_many_columns_are_numbered_within_64_bits(
    largest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grouping, "LARGEST_CODE", largest)
    key = ["track", "year", "level"]
    frame = pd.DataFrame(
        {"track": ["b", "a", None, "b"], "year": [1, 2, 1, 1], "level": ["x", "y", "x", "x"]}
    )
    wanted = pd.DataFrame(
        {"track": ["a", None, "b", "b"], "year": [2, 1, 1, 2], "level": ["y", "x", "x", "y"]}
    )
    assert groups(frame, key).codes.tolist() == [0, 1, -1, 0]
    assert places(frame, key, wanted).tolist() == [1, -1, 0, -1]


def test_what_is_remembered_goes_with_any_of_its_owners() -> None:
    gc.collect()
    first, second = pd.DataFrame({"a": [1]}), pd.DataFrame({"a": [2]})
    before = len(_kept)
    made = remembered([first, second], "sum", lambda: [3])
    assert remembered([first, second], "sum", list) is made
    # Two owners the other way round, and a copy, are others.
    assert remembered([second, first], "sum", list) == []
    assert once(len, first) == 1
    assert len(_kept) == before + 3
    del second
    gc.collect()
    assert len(_kept) == before + 1
    del first
    gc.collect()
    assert len(_kept) == before
