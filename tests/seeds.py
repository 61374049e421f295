"""Seeds of random cases: some are tried in every run, the others where slow tests are.

With ``RANDOM_CASES=300`` in the environment, tests that draw small cases draw so many of them.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

import pytest
from _pytest.mark import ParameterSet


def seeds(chosen: Sequence[int | None], *, quick: int) -> list[ParameterSet]:
    """Give parameters of which all past the first few are marked as slow."""
    return [
        *(pytest.param(seed) for seed in chosen[:quick]),
        *(pytest.param(seed, marks=pytest.mark.slow) for seed in chosen[quick:]),
    ]


def many(usual: int, first: int = 0) -> range:
    """So many seeds from a first one on, or more where somebody asks for more."""
    return range(first, first + max(usual, int(os.environ.get("RANDOM_CASES", "0"))))
