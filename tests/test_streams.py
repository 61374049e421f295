"""What a command prints, where nothing can be printed: the run is whole and the exit code right."""

from __future__ import annotations

import errno
import io
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from optimizer.cli.streams import Kept
from shared import run

ROOT = Path(__file__).resolve().parents[1]
POLICY, CASE = ROOT / "models" / "tiny.toml", ROOT / "inputs" / "tiny"


class Failing(io.StringIO):
    """A stream whose reader is gone, or whose disk is full."""

    def __init__(self, error: OSError, *, only_at_the_end: bool) -> None:
        super().__init__()
        self._error, self._only_at_the_end = error, only_at_the_end

    def write(self, text: str) -> int:
        if not self._only_at_the_end:
            raise self._error
        return super().write(text)

    def flush(self) -> None:
        raise self._error


FULL = OSError(errno.ENOSPC, "No space left on device")
UNREAD = BrokenPipeError(errno.EPIPE, "Broken pipe")


@pytest.mark.parametrize("only_at_the_end", [False, True])
@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_run_is_whole_though_nothing_can_be_printed(
    options: tuple[str, ...],
    only_at_the_end: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(sys, "stdout", Failing(FULL, only_at_the_end=only_at_the_end))
    assert run(monkeypatch, "solve", POLICY, CASE, "--out", tmp_path / "run", *options) == 0
    assert capsys.readouterr().err.endswith(
        f"nothing could be printed: No space left on device; written to {tmp_path / 'run'}\n"
    )
    assert json.loads((tmp_path / "run" / "summary.json").read_text())["status"] == "optimal"


def test_what_is_only_printed_is_lost_and_that_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdout", Failing(FULL, only_at_the_end=True))
    assert run(monkeypatch, "formulation", POLICY, CASE) == 2
    assert capsys.readouterr().err == "nothing could be printed: No space left on device\n"
    assert run(monkeypatch, "--version") == 2


def test_a_worse_exit_code_is_kept(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdout", Failing(FULL, only_at_the_end=True))
    assert run(monkeypatch, "validate", ROOT / "nowhere.toml") == 1
    assert "nothing could be printed" in capsys.readouterr().err


@pytest.mark.parametrize("only_at_the_end", [False, True])
def test_a_reader_that_has_seen_enough_is_no_failure(
    only_at_the_end: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdout", Failing(UNREAD, only_at_the_end=only_at_the_end))
    assert run(monkeypatch, "formulation", POLICY, CASE) == 0
    assert capsys.readouterr().err == ""


def test_progress_that_cannot_be_told_stops_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "stderr", Failing(FULL, only_at_the_end=False))
    assert run(monkeypatch, "solve", POLICY, CASE, "--out", tmp_path / "run", "--json") == 0
    assert json.loads(capsys.readouterr().out)["status"] == "optimal"


def test_a_stream_that_is_closed() -> None:
    stream = Kept(None)
    assert stream.write("text") == 4
    stream.flush()
    assert not stream.isatty()
    assert str(stream.lost) == f"[Errno {errno.EBADF}] standard output is closed"


def shell(words: str, folder: Path) -> tuple[int, str, str]:
    """Run a command in a shell, ``OPTIMIZER`` standing for ours; what both streams got is kept."""
    ours = f"{shlex.quote(sys.executable)} -m optimizer"
    script = words.replace("OPTIMIZER", ours)
    out, err = folder / "stdout", folder / "stderr"
    with out.open("wb") as to_out, err.open("wb") as to_err:
        done = subprocess.run(
            ["sh", "-c", script], stdout=to_out, stderr=to_err, cwd=ROOT, check=False
        )
    return done.returncode, out.read_text(), err.read_text()


CLOSED = "nothing could be printed: standard output is closed\n"
COMMANDS = {
    "OPTIMIZER --version >&-": (2, CLOSED),
    "OPTIMIZER --version >/dev/full": (2, "nothing could be printed: No space left on device\n"),
    "OPTIMIZER --version 2>&-": (0, ""),
    "OPTIMIZER --help <&- | head -1": (0, ""),
    "OPTIMIZER slove 2>&-": (2, ""),
    "OPTIMIZER --version <&- >&- 2>&-": (2, ""),
}


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full")
@pytest.mark.parametrize("words", COMMANDS)
def test_in_a_shell(words: str, tmp_path: Path) -> None:
    code, told = COMMANDS[words]
    assert shell(words, tmp_path)[::2] == (code, told)


def test_a_run_in_a_shell_that_closes_every_stream(tmp_path: Path) -> None:
    """No file of the run gets the number of a stream, and with it what is printed."""
    words = f"OPTIMIZER solve {POLICY} {CASE} --out {shlex.quote(str(tmp_path / 'run'))}"
    assert shell(f"{words} <&- >&- 2>&-", tmp_path) == (0, "", "")
    assert (tmp_path / "run" / "plan.csv").read_text().startswith("country,track,level,region")
    assert (tmp_path / "run" / "solver.log").read_text().startswith("Running HiGHS")
