"""Seeds of random cases: some are tried in every run, the others where slow tests are."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from _pytest.mark import ParameterSet


def seeds(chosen: Sequence[int | None], *, quick: int) -> list[ParameterSet]:
    """Give parameters of which all past the first few are marked as slow."""
    return [
        *(pytest.param(seed) for seed in chosen[:quick]),
        *(pytest.param(seed, marks=pytest.mark.slow) for seed in chosen[quick:]),
    ]
