"""What all tests share."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

import shared
from golden.small_cases import SmallCase
from optimizer.errors import PolicyError
from optimizer.io.cache import FOLDER

# Solving takes its time on a busy machine, and a slow example is not a wrong one. Without a
# database and with derandomized examples every run tries the same cases, on every machine.
settings.register_profile("project", deadline=None, derandomize=True, database=None)
settings.load_profile("project")

# A test whose scales an earlier one had left behind would not see what goes wrong while they are
# worked out, and none may touch the user's own folder; processes that tests start keep to it too.
# The tests of what is kept name a folder of their own; `kept_scales` below is for long ones.
os.environ[FOLDER] = ""

# Where bytecode is not kept, every command that a test starts compiles the whole package again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def pytest_collection_finish() -> None:
    """What is loaded by now stays to the end: looking through it for garbage takes long.

    Models are many small objects, so that one is looked for far too often by default: together
    that was a sixth of the time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository's top folder."""
    return Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The system's Chromium; a missing one skips the test, except in CI, where it fails."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        message = f"pages are tested in a browser and none of {', '.join(BROWSERS)} is installed"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return Path(found)


@pytest.fixture
def kept_scales(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Scales are kept, and found where another test has left them, as anybody's are.

    For tests that solve the case of Japan, whose scales take longer than all the rest. With
    ``KEPT_SCALES`` in the environment they are in that folder: CI has worked them out before.
    """
    own = tmp_path_factory.getbasetemp()
    # Folders of pytest-xdist's workers lie in that of the run.
    shared_by_all = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    monkeypatch.setenv(FOLDER, os.environ.get("KEPT_SCALES") or str(shared_by_all / "scales"))


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """Runs the command and gives its exit code and everything it says."""

    def command(*words: object) -> tuple[int, str]:
        code = shared.run(monkeypatch, *words)
        said = capsys.readouterr()
        return code, said.out + said.err

    return command


@pytest.fixture
def refusals(tmp_path: Path) -> Callable[[SmallCase], list[str]]:
    """Gives every problem for which joining a case is refused, in words."""

    def refusals(case: SmallCase) -> list[str]:
        with pytest.raises(PolicyError) as caught:
            case.instance(tmp_path)
        return [str(problem) for problem in caught.value.problems]

    return refusals
