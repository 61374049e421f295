"""Signals that end a command: what is begun is cleared away, what is there is finished."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from optimizer.io import interrupts

ROOT = Path(__file__).resolve().parents[1]
POLICY, CASE = ROOT / "models" / "tiny.toml", ROOT / "inputs" / "tiny"


@pytest.fixture(autouse=True)
def _usual_ctrl_c() -> Iterator[None]:
    """Ctrl-C as a terminal gives it: whatever a shell runs in the background ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    assert signal.signal(signal.SIGINT, before) is signal.default_int_handler


def press(number: int = signal.SIGINT) -> None:
    os.kill(os.getpid(), number)


def test_the_first_one_asks_and_the_second_one_ends() -> None:
    asked = []
    with interrupts.listening(lambda: asked.append(1)):
        press()
        assert asked == [1]
        with pytest.raises(KeyboardInterrupt):
            press()


def test_programs_keep_their_own_signals_but_for_ctrl_c() -> None:
    heard = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: heard.append(number))
    try:
        with interrupts.listening(lambda: None):
            press(signal.SIGTERM)
        assert heard == [signal.SIGTERM]
        with interrupts.command(), pytest.raises(KeyboardInterrupt):
            press(signal.SIGTERM)
        press(signal.SIGTERM)
        assert heard == [signal.SIGTERM] * 2
    finally:
        signal.signal(signal.SIGTERM, before)


def test_what_is_kept_is_not_interrupted() -> None:
    found: list[str] = []
    with interrupts.command(), interrupts.kept(lambda: bool(found)):
        with pytest.raises(KeyboardInterrupt):
            press()
        found.append("a plan")
        press()
    with interrupts.command():
        interrupts.done()
        press()
    with interrupts.command(), pytest.raises(KeyboardInterrupt):
        press()


def test_other_threads_go_without() -> None:
    asked = []

    def work() -> None:
        with interrupts.listening(lambda: asked.append(1)):
            asked.append(0)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert asked == [0]


# The whole process ------------------------------------------------------------------------------

READY = """
import sys
from optimizer.io import interrupts
interrupts.take_process()
print("ready", flush=True)
{then}
from optimizer.__main__ import main
code = main()
{last}
sys.exit(code)
"""
"""From our first line on; what comes before it is Python's own start."""


def interrupted(
    words: list[str], number: int, delay: float, folder: Path, *, then: str = "", last: str = ""
) -> tuple[int, str]:
    """Exit code and stderr of a command that gets a signal some seconds after it has begun."""
    run = [sys.executable, "-c", READY.format(then=then, last=last), *words]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(run, cwd=folder, text=True, **pipes) as process:  # type: ignore[call-overload]
        process.stdout.readline()
        time.sleep(delay)
        process.send_signal(number)
        error = process.communicate(timeout=300)[1]
    return process.returncode, error


SLOW = "import time; time.sleep(60)"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_process_ends_at_once_and_without_a_word_of_python(number: int, tmp_path: Path) -> None:
    begun = time.monotonic()
    assert interrupted([], number, 0.0, tmp_path, then=SLOW) == (130, "interrupted\n")
    assert time.monotonic() - begun < 60


def test_it_ends_where_an_exception_would_get_lost(tmp_path: Path) -> None:
    # As while modules are imported, whose locks are freed like this.
    lost = f"class Lost:\n    def __del__(self):\n        {SLOW}\nLost()\n"
    assert interrupted([], signal.SIGINT, 0.3, tmp_path, then=lost) == (130, "interrupted\n")


def test_after_the_command_nothing_is_left_to_interrupt(tmp_path: Path) -> None:
    last = "import os, signal; os.kill(os.getpid(), signal.SIGTERM)"
    code, error = interrupted(["--version"], signal.SIGWINCH, 0.0, tmp_path, last=last)
    assert (code, error) == (0, "")


def test_a_process_clears_away_what_it_has_begun(tmp_path: Path) -> None:
    then = (
        "from optimizer.io import targets\n"
        "place = targets.look('a/out', force=False, check=lambda path: None, expected='')\n"
        f"with place.aside() as made:\n    made.path.mkdir()\n    {SLOW}\n"
    )
    assert interrupted([], signal.SIGTERM, 2.0, tmp_path, then=then) == (130, "interrupted\n")
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
@pytest.mark.parametrize("command", ["solve", "formulation", "new"])
def test_whenever_it_comes_all_is_there_or_nothing(command: str, tmp_path: Path) -> None:
    words = {
        "solve": ["solve", str(POLICY), str(CASE), "--out", "out"],
        "formulation": ["formulation", str(POLICY), str(CASE), "--format", "lp", "--out", "out"],
        "new": ["new", "out", "--policy"],
    }[command]
    begun = time.monotonic()
    assert interrupted(words, signal.SIGWINCH, 0.0, tmp_path)[0] == 0
    whole = sorted(item.relative_to(tmp_path) for item in tmp_path.rglob("*"))
    seconds = time.monotonic() - begun
    chance = random.Random(13)
    for number in range(10):
        folder = tmp_path / str(number)
        folder.mkdir()
        signs = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
        # Half of them in the first tenth.
        delay = seconds * chance.choice([0.1, 1.0]) * chance.random()
        code, error = interrupted(words, chance.choice(signs), delay, folder)
        left = sorted(item.relative_to(folder) for item in folder.rglob("*"))
        assert (code, left) in [(130, []), (0, whole)]
        assert "Traceback" not in error
        assert "ignored" not in error
