"""Figures of inequality: by hand, by their definitions, and by what they must not depend on."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.plan.inequality import NOTHING_DIVIDED, Inequality, inequality

GROUPS = st.lists(
    st.tuples(st.floats(0.0, 1e3), st.floats(0.01, 1e3)), min_size=1, max_size=12
).filter(lambda groups: sum(outcome for outcome, _ in groups) > 1e-3)


def of(*groups: tuple[float, float]) -> Inequality:
    outcomes, weights = (np.array(each, dtype=float) for each in zip(*groups, strict=True))
    return inequality(outcomes, weights)


def test_figures_by_hand() -> None:
    """Rates 0, 1 and 4 of equal groups: 5 in all, of which a third each would be 5/3."""
    found = of((0, 1), (1, 1), (4, 1))
    assert found.gini == pytest.approx((1 + 4 + 3) / (3 * 5))
    assert found.hoover == pytest.approx((4 - 5 / 3) / 5)
    assert found.jain == pytest.approx(25 / (3 * 17))
    assert found.theil == pytest.approx(0.2 * math.log(0.6) + 0.8 * math.log(2.4))
    # The highest tenth is 0.3 of the last group; the lowest 40% are the first and a fifth of the
    # second.
    assert found.palma == pytest.approx((0.3 * 4) / (0.2 * 1))
    assert found.largest_to_smallest == math.inf
    needs = of((10, 20), (30, 30), (30, 50))
    assert needs.gini == pytest.approx((20 * 30 * 0.5 + 20 * 50 * 0.1 + 30 * 50 * 0.4) / (100 * 70))
    assert needs.hoover == pytest.approx((30 / 70) - 0.3)
    assert needs.largest_to_smallest == pytest.approx(2.0)


def test_of_nothing_there_are_no_figures() -> None:
    for groups in ([(0.0, 1.0)], [(0.0, 1.0), (0.0, 2.0)], [(-1.0, 1.0), (3.0, 1.0)]):
        found = of(*groups)
        assert all(math.isnan(figure) for figure in vars(found).values())
    assert inequality(np.array([]), np.array([])) is NOTHING_DIVIDED


@given(GROUPS)
def test_every_figure_is_its_definition(groups: list[tuple[float, float]]) -> None:
    found, size, total = of(*groups), sum(w for _, w in groups), sum(x for x, _ in groups)
    pairs = sum(w * v * abs(x / w - y / v) for (x, w), (y, v) in combinations(groups, 2))
    assert found.gini == pytest.approx(pairs / (size * total), abs=1e-9)
    hoover = sum(abs(x / total - w / size) for x, w in groups) / 2
    assert found.hoover == pytest.approx(hoover, abs=1e-9)
    assert found.jain == pytest.approx(total**2 / size / sum(x * x / w for x, w in groups))
    theil = sum(x / total * math.log(x / total * size / w) for x, w in groups if x / total > 0)
    assert found.theil == pytest.approx(theil, abs=1e-9)


@given(GROUPS, st.floats(0.1, 10), st.floats(0.1, 10))
def test_neither_units_nor_order_nor_halves_matter(
    groups: list[tuple[float, float]], outcome: float, weight: float
) -> None:
    found = vars(of(*groups))
    halves = [(x / 2, w / 2) for x, w in groups for _ in range(2)]
    for others in ([(x * outcome, w * weight) for x, w in groups], groups[::-1], halves):
        for name, figure in vars(of(*others)).items():
            assert figure == pytest.approx(found[name], rel=1e-6, abs=1e-9), name


@given(GROUPS)
def test_figures_keep_their_bounds(groups: list[tuple[float, float]]) -> None:
    found = of(*groups)
    assert -1e-12 <= found.hoover <= found.gini + 1e-9 <= 1.0 + 2e-9
    assert 0.0 < found.jain <= 1.0 + 1e-9
    assert found.theil >= 0.0
    assert found.palma >= TENTH_OVER_FORTY - 1e-6
    assert found.largest_to_smallest >= 1.0


TENTH_OVER_FORTY = 0.1 / 0.4
"""Palma where all rates are the same, and never below it."""
