"""Where scenarios are solved: threads, processes of this machine, or a Dask cluster.

All of them are a :class:`concurrent.futures.Executor`; a pool adds what that lacks: how many work
at a time, a new start after a worker has died, and an early end.
"""

from __future__ import annotations

import multiprocessing
import os
import re
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import (
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
)
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

from optimizer.errors import OptimizerError, did_you_mean, not_installed, shorten
from optimizer.io import interrupts
from optimizer.sweeps.worker import EVERY_JOB, stop_job

KINDS = "threads:N, local:N or dask:ADDRESS"
MOST_WORKERS = 1024
_COUNTED = re.compile(r"(threads|local):(\d{1,6})")
_KILLED = frozenset({"KilledWorker"})
"""Errors of Dask that say that a task's worker has died, by name: Dask is not always installed."""
WITHOUT_WORKERS = 60.0
"""Seconds for which a cluster may be without workers; nannies need about five to start one."""
NOT_STARTED = (
    "the worker processes end before they begin. A script that asks for local:N has to stand "
    'below `if __name__ == "__main__":`, as each process reads it again; executor="threads:N" '
    "needs no processes"
)


class Pool:
    """An executor, and what is known of its workers.

    Parameters
    ----------
    executor
        Somebody else's, which is left open in the end.
    """

    def __init__(self, executor: Executor | None = None) -> None:
        self._executor = executor

    @property
    def workers(self) -> int:
        """Number of scenarios that are solved at a time."""
        count = getattr(self._executor, "_max_workers", None)
        return count if isinstance(count, int) and count > 0 else 1

    def submit(self, call: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Have a function called by a worker."""
        assert self._executor is not None, "a pool has an executor while it is used"
        return self._executor.submit(call, *arguments)

    def require_ready(self) -> None:
        """Refuse to wait for workers that never come."""

    def renew(self) -> None:
        """Start again after a worker has died."""
        raise OptimizerError("a worker of the executor has died, and it takes no more work")

    def stop(self, token: str) -> None:
        """Have what is being solved for a job end soon."""
        stop_job(token)

    def close(self) -> None:
        """Free what was started."""


class _Threads(Pool):
    """Threads of this process: the solver lets them work side by side."""

    def __init__(self, count: int) -> None:
        super().__init__(ThreadPoolExecutor(count, thread_name_prefix="sweep"))

    def close(self) -> None:
        """Wait for the threads, which have nothing left to do."""
        assert self._executor is not None, "threads are started at once"
        self._executor.shutdown(wait=True, cancel_futures=True)


class _Processes(Pool):
    """Processes of this machine, started anew when one of them has died."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self._count, self._has_begun = count, False
        if multiprocessing.parent_process() is not None:
            # A script that reads itself again, or a worker, which is to have no workers.
            raise OptimizerError(NOT_STARTED)
        self.renew()

    @property
    def workers(self) -> int:
        """Number of processes."""
        return self._count

    def submit(self, call: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Have a function called by a process, of which the first ones are started by this."""
        with interrupts.held_back():
            return super().submit(call, *arguments)

    def renew(self) -> None:
        """Start all processes again: one that has died takes its pool with it."""
        self.close()
        context = multiprocessing.get_context("spawn")
        # An event would wait for processes that have died; the end of a pipe does not.
        follow, self._until = context.Pipe(duplex=False)
        self._executor = ProcessPoolExecutor(
            self._count, mp_context=context, initializer=begin_process, initargs=(follow,)
        )

    def require_ready(self) -> None:
        """Wait for the first process, whose absence would be taken for a scenario's fault."""
        if self._has_begun:
            return
        try:
            self.submit(os.getpid).result()
            self._has_begun = True
        except BrokenExecutor as error:
            raise OptimizerError(NOT_STARTED) from error

    def stop(self, token: str) -> None:
        """Tell every process."""
        self._until.close()

    def close(self) -> None:
        """Let the processes end."""
        if self._executor is not None:
            _let_go(self._executor)
            self._executor.shutdown(wait=True, cancel_futures=True)
            self._executor = None


def _let_go(pool: Executor) -> None:
    """Let a pool end, whose thread may be writing to processes that are no more.

    Before Python 3.11.5 it would wait for ever where more is written than a pipe holds; since then
    its thread closes the pipe by itself, and must not find it closed.
    """
    if sys.version_info >= (3, 11, 5):
        return
    queue = getattr(pool, "_call_queue", None)
    with suppress(AttributeError, OSError):
        queue._reader.close()  # type: ignore[union-attr]


def begin_process(follow: Connection) -> None:
    """Prepare a process: the one that has started it says when it ends, also by its own end."""
    interrupts.leave_to_others()
    threading.Thread(target=_follow, args=(follow,), daemon=True).start()
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _follow(until: Connection) -> None:
    with suppress(EOFError, OSError):
        until.recv()
    stop_job(EVERY_JOB)


def _end_with(parent: Any) -> None:
    parent.join()
    os._exit(1)


class _Cluster(Pool):
    """Workers of a Dask cluster, wherever they are."""

    def __init__(self, address: str) -> None:
        try:
            from distributed import Client
        except ImportError:
            raise not_installed("dask:ADDRESS", "distributed", "cluster") from None
        self._address, self._seen = address, time.monotonic()
        try:
            self._client = Client(address, timeout=WITHOUT_WORKERS / 2, set_as_default=False)
        except (OSError, ValueError, ImportError) as error:
            raise OptimizerError(
                f"dask:{address}: no scheduler answers there ({shorten(str(error))}). Expected the "
                "address that `dask scheduler` prints, such as dask:tcp://10.0.0.1:8786"
            ) from error
        super().__init__(self._client.get_executor(pure=False, retries=0))

    @property
    def workers(self) -> int:
        """Threads of all workers that are there now."""
        return max(1, int(sum(self._client.nthreads().values())))

    def require_ready(self) -> None:
        """Refuse to wait for a cluster whose workers have gone for good."""
        now = time.monotonic()
        if self._client.status != "running":
            raise OptimizerError(f"dask:{self._address}: the scheduler has gone")
        if self._client.nthreads():
            self._seen = now
        elif now - self._seen > WITHOUT_WORKERS:
            raise OptimizerError(
                f"dask:{self._address}: no worker has been there for {WITHOUT_WORKERS:.0f} s. "
                "Workers with a nanny, as `dask worker` starts them, come back after they died"
            )

    def renew(self) -> None:
        """Nothing is to be done: nannies start workers again."""

    def close(self) -> None:
        """Leave the cluster to others."""
        self._client.close()


def usual_processes() -> str:
    """Name an executor of as many processes as there are processors for this one."""
    allowed = getattr(os, "sched_getaffinity", None)
    count = len(allowed(0)) if allowed is not None else os.cpu_count() or 1
    return f"local:{min(count, MOST_WORKERS)}"


def is_lost(error: BaseException | None) -> bool:
    """Whether an error says that a worker has died."""
    return isinstance(error, BrokenExecutor) or type(error).__name__ in _KILLED


def pool_of(executor: str | Executor) -> Pool:
    """Start what ``executor`` names, or use one that was started by somebody else.

    Raises
    ------
    OptimizerError
        If it names nothing, or nobody answers.
    """
    if isinstance(executor, Executor):
        return Pool(executor)
    kind, of = executor_named(executor)
    if kind == "dask":
        return _Cluster(of)
    return _Threads(int(of)) if kind == "threads" else _Processes(int(of))


def executor_named(name: str) -> tuple[str, str]:
    """Read the name of an executor: its kind, and a number of workers or an address.

    Raises
    ------
    OptimizerError
        If it names nothing.

    Examples
    --------
    >>> executor_named("local:2")
    ('local', '2')
    """
    counted = _COUNTED.fullmatch(name)
    if counted is not None and 1 <= int(counted[2]) <= MOST_WORKERS:
        return counted[1], counted[2]
    kind, _, address = name.partition(":")
    if kind == "dask" and address:
        return kind, address
    near = did_you_mean(kind, ("threads", "local", "dask"))
    maybe = "" if near is None or near == kind else f". Maybe {near}:{address or 2}"
    told = f"executor {shorten(ascii(name))} is not known"
    raise OptimizerError(f"{told}\n    Expected {KINDS}, N from 1 to {MOST_WORKERS}{maybe}.")
