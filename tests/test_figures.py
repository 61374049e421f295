"""Numbers in messages: two that differ look different, and none shows a solver's noise."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.report.figures import people
from optimizer.text.figures import apart, figure, plainly, rounded_up

NUMBERS = st.floats(min_value=1e-9, max_value=1e14)
WHOLE = st.integers(min_value=0, max_value=10**14)


@given(WHOLE, WHOLE)
def test_counts_that_differ_look_different(one: int, other: int) -> None:
    for write in (figure, plainly):
        told = apart(one, other, write)
        assert (told[0] == told[1]) == (one == other)
        assert float(told[0].replace(",", "")) >= 0.0


@given(NUMBERS)
def test_figures_have_no_exponent(value: float) -> None:
    for text in (figure(value), plainly(value), figure(-value)):
        assert re.fullmatch(r"-?[\d,]+(\.\d+)?", text)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (20.0, "20"),
        (1234.5, "1,234.5"),
        (99_999.5, "99,999.5"),
        (2e9, "2,000,000,000"),
        (-5e-17, "0"),
        (0.1 + 0.2, "0.3"),
        (float("inf"), "inf"),
    ],
)
def test_figure(value: float, text: str) -> None:
    assert figure(value) == text


@given(st.integers(min_value=1, max_value=10**6), st.floats(min_value=-9e-3, max_value=9e-3))
def test_noise_on_whole_people_is_no_person_more_or_less(people: int, noise: float) -> None:
    assert rounded_up(people + noise, is_whole=True) == people


@given(NUMBERS)
def test_what_gives_way_is_rounded_up_but_for_noise(value: float) -> None:
    told = rounded_up(value, is_whole=False)
    assert told >= value * (1 - 1e-4)
    assert told <= value * (1 + 1e-3)
    assert len(re.sub(r"\.|^0+|e.*", "", f"{told:.12g}").strip("0")) <= 4


@given(st.floats(2e-6, 1e9))
def test_few_expected_persons_have_a_decimal_and_are_never_nobody(value: float) -> None:
    told = people(value)
    assert told != "0"
    is_whole = abs(value - round(value)) < 1e-6
    has_decimal = re.fullmatch(r"\d\.\d|<0\.1", told) is not None
    assert has_decimal == (not is_whole and round(value, 1) < 10)
