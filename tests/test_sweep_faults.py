"""Sweeps whose workers, drivers, disks and clusters fail: real processes, nothing mocked."""

from __future__ import annotations

import os
import random
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from optimizer import OptimizerError, load_sweep, sweep
from optimizer.sweeps import Scenario, Study
from optimizer.sweeps.driver import SweepProgress
from shared import tiny

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
POLICY, CASE = ROOT / "models" / "tiny.toml", ROOT / "inputs" / "tiny"
ENOUGH = 120.0
"""Seconds after which something hangs."""


class Poison(float):
    """A weight that ends whatever process reads it."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os._exit, (3,)


class Given(Study):
    """Scenarios as they are, whatever is in them."""

    def __init__(self, weights: Sequence[float]) -> None:
        super().__init__()
        given = (
            Scenario(f"w{number}", None, "", {"goals.alliance.weight": weight})
            for number, weight in enumerate(weights)
        )
        object.__setattr__(self, "_given", (Scenario("base", None, "", {}), *given))

    def resolved(self, policy: object, case: object, *, check: bool = True) -> tuple[Scenario, ...]:
        given: tuple[Scenario, ...] = vars(self)["_given"]
        return given

    def values(self) -> pd.DataFrame:
        return pd.DataFrame(index=[scenario.name for scenario in self.resolved(None, None)])


def poisoned() -> Given:
    return Given([1, 2, Poison(2.5), 3, 4, 5, 6, 7])


def told_of_poison(table: pd.DataFrame) -> None:
    statuses = table.set_index("scenario")["status"].to_dict()
    assert statuses.pop("w2") == "crashed"
    assert set(statuses.values()) == {"optimal"}
    assert "ended twice" in table["hint"].iloc[3]


def test_a_scenario_that_ends_its_process_is_tried_twice_and_told(tmp_path: Path) -> None:
    out = tmp_path / "out"
    found = sweep(*tiny(), poisoned(), out=out, executor="local:2", relax=True)
    told_of_poison(found.table)
    # It is not tried again unless somebody asks for that.
    again = sweep(*tiny(), poisoned(), out=out, executor="local:2", relax=True)
    pd.testing.assert_frame_equal(again.table, found.table)


def test_a_script_without_a_guard_is_told_so(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import optimizer\n"
        f"optimizer.sweep({str(POLICY)!r}, {str(CASE)!r}, optimizer.Study(), executor='local:2')\n"
    )
    run = [sys.executable, str(script)]
    done = subprocess.run(run, capture_output=True, text=True, timeout=ENOUGH, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(
        "optimizer.errors.OptimizerError: the worker processes end before they begin. A script "
    )


# A cluster --------------------------------------------------------------------------------------


@contextmanager
def process(*words: object) -> Iterator[subprocess.Popen[bytes]]:
    """A process of its own, ended with all that it started."""
    begun = subprocess.Popen(
        [sys.executable, *map(str, words)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield begun
    finally:
        with suppress(ProcessLookupError):
            os.killpg(begun.pid, signal.SIGKILL)
        begun.wait()


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Address of a scheduler with two workers that have nannies, all processes of their own."""
    distributed = pytest.importorskip("distributed")
    monkeypatch.setenv("DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES", "1")
    file = tmp_path / "scheduler.json"
    scheduler = ["-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", 0]
    worker = ["-m", "distributed.cli.dask_worker", "--scheduler-file", file, "--nthreads", 1]
    quiet = ["--no-dashboard"]
    with process(*scheduler, *quiet, "--scheduler-file", file):
        until(lambda: file.exists() and file.stat().st_size > 0)
        apart = ["--local-directory", tmp_path / "dask", "--nanny", *quiet]
        with process(*worker, *apart, "--name", "a"), process(*worker, *apart, "--name", "b"):
            client = distributed.Client(scheduler_file=str(file), set_as_default=False)
            client.wait_for_workers(2, timeout=ENOUGH)
            address = client.scheduler.address
            client.close()
            yield f"dask:{address}"


def until(is_so: Any) -> None:
    begun = time.monotonic()
    while not is_so():
        assert time.monotonic() - begun < ENOUGH
        time.sleep(0.05)


def test_a_worker_of_a_cluster_that_is_killed_loses_nothing(cluster: str, tmp_path: Path) -> None:
    import distributed

    killed: list[int] = []

    def kill(progress: SweepProgress) -> None:
        if progress.done >= 3 and not killed:
            with distributed.Client(cluster.removeprefix("dask:"), set_as_default=False) as client:
                killed.extend(client.run(os.getpid).values())
            os.kill(killed[0], signal.SIGKILL)

    study = Given([number / 10 for number in range(40)])
    found = sweep(
        *tiny(), study, out=tmp_path / "out", executor=cluster, relax=True, on_progress=kill
    )
    assert killed
    assert found.counts == {"optimal": 41}
    alone = sweep(*tiny(), study, executor="threads:1", relax=True)
    assert found.table["points"].tolist() == pytest.approx(alone.table["points"].tolist())


def test_a_poison_scenario_is_told_by_a_cluster_too(cluster: str) -> None:
    told_of_poison(sweep(*tiny(), poisoned(), executor=cluster, relax=True).table)


def test_no_scheduler_is_told() -> None:
    pytest.importorskip("distributed")
    with pytest.raises(OptimizerError, match=r"dask:tcp://127\.0\.0\.1:9: no scheduler answers"):
        sweep(*tiny(), Study(), executor="dask:tcp://127.0.0.1:9")


# The command as a process -----------------------------------------------------------------------

COUNT = 60


def command(folder: Path, *more: object) -> list[str]:
    """Words of a sweep of many relaxations."""
    study = folder / "study.csv"
    rows = [f"w{number},goals.alliance.weight,{number / 10}" for number in range(1, COUNT)]
    study.write_text("\n".join(["scenario,address,value", *rows]), encoding="utf-8")
    words = ["sweep", POLICY, CASE, study, "--out", folder / "out", "--relax", *more]
    return [sys.executable, "-m", "optimizer", *map(str, words)]


def begun(words: list[str], **options: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        words,
        cwd=ROOT,
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def stored(folder: Path) -> dict[str, tuple[object, ...]]:
    """Rows of a store as anybody can read them."""
    path = folder / "out" / "results.sqlite"
    if not path.exists() or not path.stat().st_size:
        return {}
    database = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
    try:
        rows = database.execute("SELECT scenario, status, points, seconds FROM results").fetchall()
    except sqlite3.OperationalError:
        rows = []
    database.close()
    return {row[0]: row[1:] for row in rows}


@pytest.mark.parametrize("executor", ["threads:1", "local:2"])
def test_a_sweep_that_is_killed_again_and_again_ends_whole(executor: str, tmp_path: Path) -> None:
    words, draw = command(tmp_path, "--executor", executor), random.Random(17)
    known: dict[str, tuple[object, ...]] = {}
    for _ in range(10):
        running = begun(words)
        # Half of them as soon as something new is there, the others at any moment.
        if draw.random() < 0.5:
            until_more(tmp_path, running, len(known))
        else:
            time.sleep(6 * draw.random())
        running.kill()
        running.communicate()
        now = stored(tmp_path)
        # No row is lost, and none is solved again: its seconds would be others.
        assert {name: now[name] for name in known} == known
        known = now
    until(lambda: not processes_of(tmp_path))
    done = subprocess.run(
        words, cwd=ROOT, capture_output=True, text=True, timeout=ENOUGH, check=False
    )
    assert done.returncode == 0, done.stderr
    now = stored(tmp_path)
    assert {name: now[name] for name in known} == known
    assert len(now) == COUNT
    assert load_sweep(tmp_path / "out").counts == {"optimal": COUNT}


def until_more(folder: Path, running: subprocess.Popen[str], known: int) -> None:
    until(lambda: len(stored(folder)) > known or running.poll() is not None)


def processes_of(folder: Path) -> list[int]:
    """Processes that have a file in a folder open, or its name among their words."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes() if entry.name.isdigit() else b""
        except OSError:
            continue
        if str(folder).encode() in words:
            found.append(int(entry.name))
    return found


def test_the_second_of_two_commands_is_refused(tmp_path: Path) -> None:
    words = command(tmp_path, "--executor", "threads:1")
    first = begun(words)
    try:
        until(lambda: stored(tmp_path) or first.poll() is not None)
        first.send_signal(signal.SIGSTOP)
        second = subprocess.run(
            words, cwd=ROOT, capture_output=True, text=True, timeout=ENOUGH, check=False
        )
    finally:
        first.send_signal(signal.SIGCONT)
        first.communicate()
    assert second.returncode == 2
    assert f"another sweep (process {first.pid}) is writing to it" in second.stderr
    assert first.returncode == 0
    assert len(stored(tmp_path)) == COUNT


@pytest.mark.parametrize("executor", ["threads:2", "local:2"])
def test_an_interrupt_keeps_all_and_leaves_no_process(executor: str, tmp_path: Path) -> None:
    words = command(tmp_path, "--executor", executor)
    running = begun(words)
    children: list[int] = []
    until(lambda: stored(tmp_path) or running.poll() is not None)
    children = descendants(running.pid)
    # As a terminal does: to every process of the command.
    os.killpg(running.pid, signal.SIGINT)
    _, error = running.communicate(timeout=ENOUGH)
    assert running.returncode == 130
    assert error.splitlines()[-1] == "interrupted; the same command goes on with what is missing"
    assert "Traceback" not in error
    until(lambda: not [pid for pid in children if Path(f"/proc/{pid}").exists()])
    assert 0 < len(stored(tmp_path)) < COUNT
    again = subprocess.run(
        words, cwd=ROOT, capture_output=True, text=True, timeout=ENOUGH, check=False
    )
    assert again.returncode == 0
    assert "from before" in again.stderr
    assert len(stored(tmp_path)) == COUNT


def descendants(parent: int) -> list[int]:
    path = Path(f"/proc/{parent}/task/{parent}/children")
    return [int(pid) for pid in path.read_text().split()] if path.exists() else []


def test_a_killed_driver_leaves_no_worker(tmp_path: Path) -> None:
    running = begun(command(tmp_path, "--executor", "local:2"))
    until(lambda: stored(tmp_path) or running.poll() is not None)
    children = descendants(running.pid)
    assert len(children) >= 2
    running.kill()
    running.communicate()
    until(lambda: not [pid for pid in children if is_alive(pid)])


def is_alive(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def small_files() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))


def test_a_full_disk_is_told_once_and_loses_nothing(tmp_path: Path) -> None:
    words = command(tmp_path, "--executor", "threads:1")
    running = begun(words, preexec_fn=small_files)
    _, error = running.communicate(timeout=ENOUGH)
    assert running.returncode == 2
    place = tmp_path / "out" / "results.sqlite"
    assert f"1 problem\n- {place}: cannot be written: " in error
    assert "Expected free space; the same command goes on where it has stopped." in error
    assert "Traceback" not in error
    known = stored(tmp_path)
    again = subprocess.run(
        words, cwd=ROOT, capture_output=True, text=True, timeout=ENOUGH, check=False
    )
    assert again.returncode == 0, again.stderr
    now = stored(tmp_path)
    assert {name: now[name] for name in known} == known
    assert len(now) == COUNT
