"""What is installed: the wheel's contents, and pins that agree with each other."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
import tomllib
from itertools import chain
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PIN = re.compile(r"^([a-z0-9-]+)==([^\s;\\]+)(?: ; ([^\\\n]*[^\\\s]))?", flags=re.MULTILINE)


def pins(name: str) -> list[tuple[str, str, str]]:
    """Distribution, version and marker of each pin of a file."""
    return PIN.findall((ROOT / name).read_text(encoding="utf-8"))


def distribution(requirement: str) -> str:
    """Name of the distribution that a requirement asks for, as it is written in the pins."""
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found is not None, requirement
    return re.sub(r"[-_.]+", "-", found.group()).lower()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "-d", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (built,) = folder.glob("*.whl")
    return built


def test_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    version = PROJECT["project"]["version"]
    assert wheel.name == f"talent_optimizer-{version}-py3-none-any.whl"
    with ZipFile(wheel) as archive:
        files = archive.namelist()
    assert {file.split("/")[0] for file in files} == {
        "optimizer",
        f"talent_optimizer-{version}.dist-info",
    }
    sources = {file.relative_to(ROOT).as_posix() for file in (ROOT / "optimizer").rglob("*.py")}
    assert sources <= set(files)
    parts = (".html", ".js", ".css", ".jinja")
    data = [file for file in (ROOT / "optimizer").rglob("*") if file.suffix in parts]
    assert {file.relative_to(ROOT).as_posix() for file in data} <= set(files)
    assert "optimizer/py.typed" in files, "the classifier `Typing :: Typed` promises it"
    assert f"talent_optimizer-{version}.dist-info/licenses/LICENSE" in files


def test_command_is_installed() -> None:
    (command,) = importlib.metadata.entry_points(group="console_scripts", name="optimizer")
    assert command.value == "optimizer.__main__:main"
    assert callable(command.load())


def test_checkout_is_not_importable_by_accident() -> None:
    """An editable install exposes `optimizer`, not the folders beside it."""
    code = (
        "import importlib.util as u, sys; "
        "sys.exit(sum(u.find_spec(n) is not None for n in ('models', 'inputs', 'benchmarks')))"
    )
    assert subprocess.run([sys.executable, "-I", "-c", code], check=False).returncode == 0


def test_constraints_and_lock_hold_the_same_pins() -> None:
    assert pins("constraints.txt")
    assert pins("constraints.txt") == pins("requirements.lock")


def test_every_pin_in_the_lock_has_hashes() -> None:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    entries = re.split(r"\n(?=[a-z0-9])", text)
    assert len(entries) == len(pins("requirements.lock")) + 1, "the first entry is the header"
    assert not [entry for entry in entries[1:] if "--hash=sha256:" not in entry]


def test_everything_asked_for_is_pinned() -> None:
    project = PROJECT["project"]
    extras = chain.from_iterable(project["optional-dependencies"].values())
    asked = {distribution(line) for line in [*project["dependencies"], *extras]}
    pinned = {name for name, _, _ in pins("constraints.txt")}
    assert asked - pinned == {project["name"]}, "the extra `all` names the project itself"


def test_build_requirements_are_the_pinned_ones() -> None:
    known = {f"{name}=={version}" for name, version, _ in pins("constraints.txt")}
    assert set(PROJECT["build-system"]["requires"]) <= known


def test_supported_pythons_are_named() -> None:
    project = PROJECT["project"]
    minors = re.findall(r"Python :: 3\.(\d+)", "\n".join(project["classifiers"]))
    assert project["requires-python"] == f">=3.{minors[0]}"
    assert minors == ["11", "12", "13", "14"]


def test_another_highs_is_judged_by_tests_that_exist() -> None:
    script = (ROOT / ".ci" / "highs").read_text(encoding="utf-8")
    named = re.findall(r"tests/\w+\.py", script)
    assert {"tests/test_oracle.py", "tests/test_laws.py", "tests/test_published.py"} <= set(named)
    assert [name for name in named if not (ROOT / name).is_file()] == []
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "\tbash .ci/highs $(VERSION) $(TESTS)\n" in makefile
