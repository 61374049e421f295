"""Write constraints.txt and requirements.lock, both from one resolution of pyproject.toml.

    python3 .ci/pins.py            keeps every pin that still fits
    python3 .ci/pins.py --upgrade  takes the newest of everything

`requirements.lock` holds the hashes of every file of each pinned release, for all platforms and
Python 3.11 or newer; `constraints.txt` holds the same pins without hashes, because pip refuses an
editable install under constraints that carry them. Neither names a registry. Every combination of
PYTHONS and PLATFORMS must find wheels for its pins.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import tomllib
import venv
from itertools import product
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
UV = "uv==0.13.9"
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
PLATFORMS = ("x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu", "macos", "windows")
OPTIONS = ["--all-extras", "--only-binary", ":all:", "--no-header", "--no-annotate", "--quiet"]
LOCK_HEADER = (
    "# Written by .ci/pins.py: every pin with the hashes of its files.\n"
    "# Use: pip install --require-hashes -r requirements.lock && pip install --no-deps -e .\n"
)
CONSTRAINTS_HEADER = (
    "# Written by .ci/pins.py: the pins of requirements.lock without their hashes.\n"
    '# Use: pip install -c constraints.txt -e ".[all]"\n'
)


def pins_without_hashes(lock: str) -> list[str]:
    """Give the pins of a lock file, a line each, with their environment markers."""
    return re.findall(r"^[a-z0-9][^\s=]*==[^\\\n]*[^\\\s]", lock, flags=re.MULTILINE)


def install_uv(folder: Path) -> Path:
    """Install uv in an environment of its own and return the path of its command."""
    venv.create(folder, with_pip=True)
    scripts = folder / ("Scripts" if os.name == "nt" else "bin")
    subprocess.run([scripts / "python", "-m", "pip", "install", "--quiet", UV], check=True)
    return scripts / "uv"


def resolve(uv: Path, lock: Path, *, upgrade: bool) -> None:
    """Resolve everything the project can ask for, what builds it included, for all platforms."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    building = lock.with_name("building.in")
    building.write_text("\n".join(project["build-system"]["requires"]), encoding="utf-8")
    command: list[str | Path] = [uv, "pip", "compile", "pyproject.toml", building, *OPTIONS]
    command += ["--output-file", lock]
    command += ["--universal", "--python-version", PYTHONS[0], "--generate-hashes"]
    command += ["--no-emit-index-url", "--no-emit-find-links"]
    subprocess.run([*command, "--upgrade"] if upgrade else command, check=True, cwd=ROOT)


def require_wheels(uv: Path, constraints: Path) -> None:
    """Resolve under the pins, wheels only, once for each platform and Python."""
    for platform, python in product(PLATFORMS, PYTHONS):
        command: list[str | Path] = [uv, "pip", "compile", "pyproject.toml", *OPTIONS]
        command += ["--constraint", constraints]
        command += ["--python-platform", platform, "--python-version", python]
        subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)


def main() -> int:
    """Resolve and check in a temporary folder, then replace both files."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        uv = install_uv(folder / "uv")
        lock, constraints = folder / "requirements.lock", folder / "constraints.txt"
        if (ROOT / lock.name).exists():
            lock.write_bytes((ROOT / lock.name).read_bytes())
        resolve(uv, lock, upgrade="--upgrade" in sys.argv[1:])
        hashed = lock.read_text(encoding="utf-8")
        pins = pins_without_hashes(hashed)
        constraints.write_text("\n".join(pins) + "\n", encoding="utf-8")
        require_wheels(uv, constraints)
        plain = constraints.read_text(encoding="utf-8")
    if "://" in hashed:
        raise SystemExit("The resolution names an address; nothing was written.")
    (ROOT / "requirements.lock").write_text(LOCK_HEADER + hashed, encoding="utf-8")
    (ROOT / "constraints.txt").write_text(CONSTRAINTS_HEADER + plain, encoding="utf-8")
    print(f"{len(pins)} pins, wheels for Python {', '.join(PYTHONS)} on {', '.join(PLATFORMS)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
