"""The garbage collector is out of the way only as long as it is asked to be."""

from __future__ import annotations

import gc

import pytest

from optimizer.formulation.collecting import all_kept


def fail() -> None:
    with all_kept():
        raise ValueError("within")


def test_the_collector_is_back_afterwards_whatever_happens() -> None:
    assert gc.isenabled()
    with all_kept():
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(ValueError, match="within"):
        fail()
    assert gc.isenabled()


def test_a_collector_that_was_off_stays_off() -> None:
    gc.disable()
    try:
        with all_kept(), all_kept():
            assert not gc.isenabled()
        assert not gc.isenabled()
    finally:
        gc.enable()
