"""Runs what is tried within limits, tells its outcome and counts outcomes by kind."""

from __future__ import annotations

import os
import signal
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import hypothesis
from hypothesis import HealthCheck, settings

from optimizer.errors import InputError, ModelWarning, OptimizerError, PolicyError, Problem

SECONDS = 20
"""Wall time that one example may take."""

RUNS = int(os.environ.get("FUZZ_RUNS", "200"))
"""Examples of all tests together; a full run has 5000."""

SEED = os.environ.get("FUZZ_SEED")
"""Tries other examples than the usual ones."""


@dataclass
class Tally:
    """Counts what was tried, by kind and outcome."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)

    def table(self) -> str:
        """A line for each kind."""
        kinds = sorted({kind for kind, _ in self.counts})
        lines = [
            f"{kind:<34}{self.counts[kind, 'refused']:>6} refused"
            f"{self.counts[kind, 'accepted']:>6} accepted"
            for kind in kinds
        ]
        return "\n".join(["", *lines, f"{'all':<34}{self.counts.total():>6}"])

    def outcomes(self) -> set[str]:
        """Outcomes that occurred."""
        return {outcome for _, outcome in self.counts}


def tried(share: float, example: Callable[..., None]) -> Callable[..., None]:
    """Run an example as often as its share of all runs; ``example`` is a test of hypothesis."""
    chosen = settings(
        max_examples=max(1, round(RUNS * share)),
        derandomize=SEED is None,
        suppress_health_check=list(HealthCheck),
    )(example)
    return chosen if SEED is None else hypothesis.seed(int(SEED))(chosen)


@contextmanager
def limited() -> Iterator[None]:
    """Let nothing hang and nothing warn."""

    def stop(*_: object) -> None:
        raise AssertionError(f"took more than {SECONDS} seconds")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(SECONDS)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warnings.simplefilter("ignore", ModelWarning)
            yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def outcome_of(step: Callable[[], Any]) -> tuple[Any, tuple[Problem, ...]]:
    """What a step gives, or the problems it raises; anything else it raises fails the test."""
    with limited():
        try:
            return step(), ()
        except OptimizerError as error:
            refused = error
    return None, _checked(refused)


def _checked(error: OptimizerError) -> tuple[Problem, ...]:
    """The problems of an error, each fit to be read."""
    told = str(error)
    assert told
    if not isinstance(error, InputError | PolicyError):
        return (Problem("", told),)
    assert error.problems
    for problem in error.problems:
        _check_told(problem)
    return error.problems


def _check_told(problem: Problem) -> None:
    """A problem can be printed, fits on few lines, and says where it is."""
    told = str(problem)
    told.encode()
    assert problem.file
    assert len(told.splitlines()) <= 2, told
    assert all(sign.isprintable() or sign.isspace() for sign in told), ascii(told)
    assert len(told) < 2_000, told
