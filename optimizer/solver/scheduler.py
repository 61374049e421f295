"""HiGHS's own threads: how many there are is settled anew for every run."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import highspy


class _Here(threading.local):
    """Whether a run is on its way in this thread."""

    is_running = False


_here = _Here()


@contextmanager
def own_scheduler() -> Iterator[None]:
    """Give the run inside a scheduler of its own, with as many threads as it asks for.

    HiGHS keeps one scheduler in every thread that calls it. The first run settles its number of
    threads, and from then on every run that asks for another number is refused. So whatever was
    left there is ended before, and ours after, so that others who use HiGHS are not refused
    either. That takes a ten-thousandth of a second. A run within a callback of another has the
    scheduler of that one.
    """
    if _here.is_running:
        yield
        return
    highspy.Highs.resetGlobalScheduler(True)
    try:
        with inside_run():
            yield
    finally:
        highspy.Highs.resetGlobalScheduler(True)


@contextmanager
def inside_run() -> Iterator[None]:
    """Note that what is done inside belongs to a run; callbacks may come in HiGHS's own threads."""
    before, _here.is_running = _here.is_running, True
    try:
        yield
    finally:
        _here.is_running = before
