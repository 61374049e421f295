"""Shared by all benchmarks: work in processes of its own, time, memory, tables, the machine."""

from __future__ import annotations

import argparse
import gc
import importlib.metadata
import json
import os
import platform
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
MEGABYTE = 1_000_000
SHARE_OF_MEMORY = 0.85
"""Part of the machine's memory that one measured process may take before it is refused more."""
TAIL = 300

PACKAGES = (
    "talent-optimizer pyomo highspy numpy pandas scipy linopy xarray PuLP cvxpy pyoptinterface "
    "ortools pyscipopt cbcbox openpyxl XlsxWriter"
)

Payload = Mapping[str, Any]
Rows = list[dict[str, Any]]


class Note:
    """Takes down what a worker found, line by line, so that nothing is lost when it is stopped."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __call__(self, **values: Any) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(values) + "\n")


def apart(script: str, payload: Payload, *, limit: float) -> tuple[Rows, str]:
    """Run one piece of work in a process of its own.

    Parameters
    ----------
    script
        Module of this folder; its :func:`serve` gets the payload.
    limit
        Seconds after which the process is ended.

    Returns
    -------
    rows, ended
        What was noted, and ``ok``, ``stopped``, ``not installed`` or how it failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        notes, said = Path(folder) / "notes", Path(folder) / "said"
        command = [sys.executable, str(HERE / f"{script}.py"), "--worker", json.dumps(payload)]
        notes.touch()
        with said.open("wb") as file:
            process = subprocess.Popen(
                [*command, str(notes)],
                cwd=folder,
                # What is measured is worked out each time.
                env={**os.environ, "TALENT_OPTIMIZER_CACHE": ""},
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            ended = _awaited(process, limit)
        rows = [json.loads(line) for line in notes.read_text("utf-8").splitlines()]
        if ended == "failed":
            lines = said.read_text("utf-8", errors="replace").strip().splitlines()
            ended = f"failed: {lines[-1][:TAIL] if lines else process.returncode}"
    absent = [row for row in rows if "absent" in row]
    return [row for row in rows if "absent" not in row], "not installed" if absent else ended


def _awaited(process: subprocess.Popen[bytes], limit: float) -> str:
    try:
        return "ok" if process.wait(limit) == 0 else "failed"
    except subprocess.TimeoutExpired:
        return "stopped"
    finally:
        if process.poll() is None:
            # Its own session: what it started itself (a solver's program) ends with it.
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def serve(work: Callable[[dict[str, Any], Note], None], words: Sequence[str]) -> bool:
    """Do what :func:`apart` asks for, if this process was started by it."""
    if len(words) < 4 or words[1] != "--worker":
        return False
    note = Note(Path(words[3]))
    memory = int(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * SHARE_OF_MEMORY)
    resource.setrlimit(resource.RLIMIT_AS, (memory, resource.RLIM_INFINITY))
    try:
        work(json.loads(words[2]), note)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] in ("optimizer", *_own_modules()):
            raise
        note(absent=error.name)
    return True


def by_itself(
    work: Callable[[dict[str, Any], Note], None],
    report: Callable[[bool], str],
    about: str | None,
) -> int:
    """Run one part of the benchmarks, or do in this process what its parent asks for.

    Parameters
    ----------
    work
        As for :func:`serve`.
    report
        Measures and reports, given whether to be quick.
    about
        The part's docstring, for its help.
    """
    if serve(work, sys.argv):
        return 0
    parser = argparse.ArgumentParser(description=(about or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    print(report(parser.parse_args().quick))
    return 0


def _own_modules() -> list[str]:
    return [path.stem for path in HERE.glob("*.py")]


@contextmanager
def timed() -> Iterator[dict[str, float]]:
    """Wall seconds of a block, and the peak memory within it where the system reports it."""
    gc.collect()
    _reset_peak()
    found: dict[str, float] = {}
    started = time.perf_counter()
    yield found
    found["seconds"] = time.perf_counter() - started
    found["peak_mb"] = peak_memory()


def _reset_peak() -> None:
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def peak_memory() -> float:
    """Peak resident memory of this process in MB, since the last reset where there is one."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / MEGABYTE
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024 / MEGABYTE


def table(rows: Sequence[Mapping[str, object]]) -> str:
    """Markdown table with the columns of the first row; figures to the right."""
    if not rows:
        return "(nothing measured)\n"
    columns = list(dict.fromkeys(name for row in rows for name in row))
    cells = [[told(row.get(name, "")) for name in columns] for row in rows]
    width = [max(len(text) for text in column) for column in zip(columns, *cells, strict=True)]
    right = [
        all(not isinstance(row.get(name, ""), str) or row.get(name, "") == "" for row in rows)
        for name in columns
    ]
    lines = [
        "| " + " | ".join(_padded(*cell) for cell in zip(line, width, right, strict=True)) + " |"
        for line in [columns, *cells]
    ]
    rule = [
        "-" * (w - 1) + ":" if to_right else "-" * w
        for w, to_right in zip(width, right, strict=True)
    ]
    return "\n".join([lines[0], "| " + " | ".join(rule) + " |", *lines[1:]]) + "\n"


def _padded(text: str, width: int, to_right: bool) -> str:
    return text.rjust(width) if to_right else text.ljust(width)


def told(value: object) -> str:
    """A figure with three digits that count, whole numbers in full."""
    if value is None:
        return "-"
    if isinstance(value, float):
        large = 100
        return f"{value:,.0f}" if abs(value) >= large else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def environment() -> dict[str, str]:
    """What the numbers depend on: machine, versions, commit, date."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    found = {
        "date": time.strftime("%Y-%m-%d %H:%M"),
        "commit": _commit(),
        "machine": f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GB",
        "system": platform.platform(),
        "python": platform.python_version(),
    }
    for name in PACKAGES.split():
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _commit() -> str:
    def git(*words: str) -> str:
        done = subprocess.run(
            ["git", "-C", str(ROOT), *words], capture_output=True, text=True, check=False
        )
        return done.stdout.strip()

    commit = git("rev-parse", "--short", "HEAD")
    return f"{commit or 'unknown'}{', with changes' if git('status', '--porcelain') else ''}"
