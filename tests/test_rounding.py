"""Rounding by hand: totals first, then the largest fractions."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest

from golden.rule_cases import SCORED
from golden.small_cases import FOLLOWED, NATIONAL, SmallCase
from golden.texts import Golden
from optimizer.formulation import build_pyomo
from optimizer.formulation.compiling import compile_model
from optimizer.instance import Instance
from optimizer.persistent.rounding import build_rounding
from optimizer.solver.matrix import Matrix
from optimizer.solver.rounding import Rounding, _to_totals

GOLDEN = Golden(Path(__file__).parent / "golden" / "rounding.txt")
CASES = {"single slots": SCORED, "margins": FOLLOWED, "national": NATIONAL}


def columns(*pairs: tuple[int, ...], names: str = "column block") -> pd.DataFrame:
    return pd.DataFrame(pairs, columns=names.split(), dtype="int64")


NOTHING = columns()
NO_SLOTS = columns(names="column block left_column top_column")


@pytest.mark.parametrize(
    ("x", "block", "totals", "whole"),
    [
        pytest.param([0.9, 0.1], [0, 0], [1.0], [1, 0], id="the largest fraction goes up"),
        pytest.param([0.1, 0.9], [0, 0], [1.0], [0, 1], id="wherever it stands"),
        pytest.param([1.2, 2.7, 0.6], [0, 0, 0], [5.0], [1, 3, 1], id="and the next one"),
        pytest.param([1.2, 2.7, 0.6], [0, 0, 0], [4.0], [1, 3, 0], id="as many as are missing"),
        pytest.param([0.5, 0.5], [0, 0], [1.0], [1, 0], id="the first of two alike"),
        pytest.param([0.3, 0.6, 0.7, 0.4], [1, 0, 1, 0], [1.0, 1.0], [0, 1, 1, 0], id="blocks"),
        pytest.param([2.0, 1.0], [0, 1], [2.0, 1.0, 0.0], [2, 1], id="empty blocks at the end"),
        pytest.param([2.0, 0.7, 0.3], [0, 2, 2], [2.0, 0.0, 1.0], [2, 1, 0], id="an empty block"),
        # What is a rounding error below a whole number is the first to go up, so it is whole.
        pytest.param([0.9999999, 0.4, 0.6], [0, 0, 0], [2.0], [1, 0, 1], id="nearly whole"),
        pytest.param([-1e-9, 0.3, 2.0], [0, 0, 0], [2.0], [0, 0, 2], id="nearly nothing"),
        pytest.param([0.99999, 0.0], [0, 0], [0.0], [0, 0], id="not nearly whole"),
    ],
)
def test_largest_fractions_go_up_until_the_total_is_met(
    x: list[float], block: list[int], totals: list[float], whole: list[int]
) -> None:
    found = _to_totals(np.array(x), np.array(block), np.array(totals))
    assert found.tolist() == whole


def test_both_margins_are_rounded_to_the_total_of_places() -> None:
    # Places add up to 2.4 and 3.6, so 2 and 4; the last column is no margin.
    rounding = Rounding(
        2,
        left=columns((0, 0), (1, 0), (2, 1)),
        top=columns((3, 0), (4, 0), (5, 1), (6, 1)),
        cells=NO_SLOTS,
    )
    x = np.array([1.3, 1.3, 3.6, 0.8, 1.6, 1.7, 1.9, 0.5])
    kept = x.copy()
    assert rounding.near(x).tolist() == [1, 1, 4, 1, 1, 2, 2, 0.5]
    assert x.tolist() == kept.tolist()


def test_without_places_cohorts_tell_the_totals() -> None:
    rounding = Rounding(1, columns((0, 0), (1, 0)), NOTHING, NO_SLOTS)
    assert rounding.near(np.array([1.3, 1.4])).tolist() == [1, 2]
    assert rounding.near(np.array([1.2, 1.2])).tolist() == [1, 1]


def test_where_there_is_no_place_there_is_no_cohort() -> None:
    # The last block has a cohort, but no column of a place: its total is nothing.
    rounding = Rounding(2, columns((0, 0), (1, 1)), columns((2, 0)), NO_SLOTS)
    assert rounding.near(np.array([1.2, 0.4, 1.2])).tolist() == [1, 0, 1]


def test_single_slots_are_rounded_and_margins_added_up_from_them() -> None:
    # Slots of 2 and 3 on cohorts 0 and 1 and places 4 and 5: 1.6, 0.3, 0.2 and 0.9 are three.
    names = "column block left_column top_column"
    slots = columns((6, 0, 0, 4), (7, 0, 0, 5), (8, 0, 1, 4), (9, 0, 1, 5), names=names)
    rounding = Rounding(2, columns((0, 0), (1, 0), (2, 1)), columns((4, 0), (5, 0), (3, 1)), slots)
    x = np.array([1.9, 1.1, 1.4, 1.4, 1.8, 1.2, 1.6, 0.3, 0.2, 0.9])
    assert rounding.near(x).tolist() == [2, 1, 1, 1, 2, 1, 2, 0, 0, 1]


@cache
def compiled(name: str) -> tuple[Instance, Matrix]:
    with TemporaryDirectory() as folder:
        case: SmallCase = CASES[name]
        instance = case.instance(Path(folder))
    return instance, compile_model(build_pyomo(instance, {"g": 1.0}))


@pytest.mark.parametrize("name", CASES)
def test_columns_of_every_block_are_as_reviewed(name: str) -> None:
    instance, matrix = compiled(name)
    found = build_rounding(instance, matrix)
    told = {"cohort": found.left, "placements": found.top, "slots": found.cells}
    assert GOLDEN.holds(name, {"blocks": found.blocks, **told})
    # And they are those of the decisions that they are told to be.
    for family, frame in told.items():
        assert {matrix.columns[column][0] for column in frame["column"]} <= {family}


def test_a_slot_without_a_column_is_left_out() -> None:
    instance, matrix = compiled("single slots")
    key = next(key for family, key in matrix.columns if family == "slots")
    columns_ = {name: n for name, n in matrix._positions.items() if name != ("slots", key)}
    fewer = build_rounding(instance, replace(matrix, _positions=columns_)).cells
    all_ = build_rounding(instance, matrix).cells
    assert len(fewer) == len(all_) - 1
