"""Single slots from their margins: exact, rounded with control, near to today, repeatable."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.plan.filling import fill_block

Counts = npt.NDArray[np.int64]


def counts(values: list[int]) -> Counts:
    return np.array(values, dtype=np.int64)


@st.composite
def margins(draw: st.DrawFn, most_members: int = 6, largest: int = 40) -> tuple[Counts, Counts]:
    """Two margins with one total: a random table added up along both sides."""
    rows, columns = draw(st.integers(1, most_members)), draw(st.integers(1, most_members))
    cells = draw(
        st.lists(st.integers(0, largest), min_size=rows * columns, max_size=rows * columns)
    )
    table = counts(cells).reshape(rows, columns)
    return table.sum(axis=1), table.sum(axis=0)


@st.composite
def small_blocks(draw: st.DrawFn) -> tuple[Counts, Counts, Counts]:
    """Margins and current slots small enough to list every table with these margins."""
    cohort, placements = draw(margins(most_members=3, largest=2))
    size = len(cohort) * len(placements)
    current = draw(st.lists(st.integers(0, 3), min_size=size, max_size=size))
    return cohort, placements, counts(current).reshape(len(cohort), len(placements))


@given(margins())
def test_both_margins_are_exact(block: tuple[Counts, Counts]) -> None:
    cohort, placements = block
    slots = fill_block(cohort, placements)
    assert slots.sum(axis=1).tolist() == cohort.tolist()
    assert slots.sum(axis=0).tolist() == placements.tolist()
    assert (slots >= 0).all()


@given(margins())
def test_every_slot_is_its_proportional_number_rounded_down_or_up(
    block: tuple[Counts, Counts],
) -> None:
    cohort, placements = block
    total = int(cohort.sum())
    slots = fill_block(cohort, placements)
    for (i, have), (j, room) in itertools.product(enumerate(cohort), enumerate(placements)):
        share = int(have) * int(room)
        low = share // total if total else 0
        assert slots[i, j] in (low, low + bool(total and share % total))


@given(small_blocks())
def test_no_table_with_the_margins_is_nearer_to_today(
    block: tuple[Counts, Counts, Counts],
) -> None:
    cohort, placements, current = block
    slots = fill_block(cohort, placements, current)
    assert slots.sum(axis=1).tolist() == cohort.tolist()
    assert slots.sum(axis=0).tolist() == placements.tolist()
    nearest = min(
        int(np.abs(table - current).sum())
        for table in all_tables(cohort.tolist(), placements.tolist())
    )
    assert int(np.abs(slots - current).sum()) == nearest


def all_tables(cohort: list[int], placements: list[int]) -> list[Counts]:
    """Every whole table with these margins, by brute force."""
    if len(cohort) == 1:
        return [counts(placements).reshape(1, -1)] if sum(placements) == cohort[0] else []
    found = []
    for row in itertools.product(*(range(min(cohort[0], room) + 1) for room in placements)):
        if sum(row) == cohort[0]:
            rest = [room - taken for room, taken in zip(placements, row, strict=True)]
            found += [
                np.vstack([counts(list(row)), below]) for below in all_tables(cohort[1:], rest)
            ]
    return found


@given(small_blocks())
def test_the_same_block_is_always_filled_in_the_same_way(
    block: tuple[Counts, Counts, Counts],
) -> None:
    cohort, placements, current = block
    first = fill_block(cohort.copy(), placements.copy(), current.copy())
    assert first.tolist() == fill_block(cohort, placements, current).tolist()


def test_what_today_leaves_open_is_spread_in_proportion() -> None:
    # Today's 2 in the first cell stay. Of each margin 4 are left: 4 * 2 / 4 = 2 for every region.
    slots = fill_block(counts([2, 4]), counts([4, 2]), counts([2, 0, 0, 0]).reshape(2, 2))
    assert slots.tolist() == [[2, 0], [2, 2]]


def test_today_is_not_kept_beyond_the_margins() -> None:
    slots = fill_block(counts([1, 3]), counts([2, 2]), counts([9, 0, 0, 0]).reshape(2, 2))
    assert slots.tolist() == [[1, 0], [1, 2]]


def test_large_numbers_do_not_overflow() -> None:
    # The product of the margins, 4e18, would not fit 32 bits, and only just fits 64.
    slots = fill_block(counts([2_000_000_000, 1]), counts([1, 2_000_000_000]))
    assert slots.sum(axis=1).tolist() == [2_000_000_000, 1]


@pytest.mark.parametrize("shape", [(0, 0), (2, 3)])
def test_a_block_without_anybody_is_empty(shape: tuple[int, int]) -> None:
    rows, columns = shape
    slots = fill_block(counts([0] * rows), counts([0] * columns))
    assert slots.shape == shape
    assert not slots.any()


def test_margins_of_different_totals_are_our_own_bug() -> None:
    with pytest.raises(AssertionError, match="different totals"):
        fill_block(counts([1]), counts([2]))
