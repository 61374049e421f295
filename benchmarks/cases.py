"""Cases of any size with the statistics of the Japan case.

    python benchmarks/cases.py NAME FOLDER      # NAME: national, japan, large, world, gap_01 ...

Tracks, countries and regions are drawn from the Japan case again and again, with noise, so that
what belongs together stays together: which pairs are eligible or have agreements, set-up costs,
levels, continuations, years of stay, costs and the use of services are those of the row that was
drawn. Applicants come from a log-normal distribution fitted per track, with the share of the
variance that Japan's countries explain. Whatever must grow with demand (budgets, sites, services,
caps, commitments, today's plan) keeps its ratio to it, so that about the same share binds.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

from generating import Generator, Size
from optimizer.case import load_case
from optimizer.case.writing import case_place, write_contents
from optimizer.io.targets import written_aside

ROOT = Path(__file__).resolve().parents[1]
JAPAN, POLICY = ROOT / "inputs" / "japan", ROOT / "models" / "balanced.toml"
GENERATED = Path(__file__).with_name("generated.toml")
"""Policy of generated cases: it asks for nothing that follows from the present plan of Japan."""
KEPT = ROOT / "benchmarks" / ".kept"
"""Folder of generated cases and of models for other processes; may be deleted."""
REAL = "JAPAN"
"""Name of the case of ``inputs/japan`` itself."""

SIZES: Mapping[str, Size] = {
    "small": Size(16, 8, 8, 3),
    "national": Size(64, 17, 0, 5),
    "japan": Size(64, 17, 47, 5),
    "large": Size(200, 30, 47, 10),
    "world": Size(200, 40, 300, 10),
}
GAP_SIZES: Mapping[str, Size] = {
    f"gap_{number:02d}": Size(*shape, seed=100 + number)
    for number, shape in enumerate(
        [
            (10, 6, 4, 2),
            (12, 8, 6, 3),
            (16, 8, 8, 3),
            (20, 12, 6, 5),
            (20, 10, 8, 3),
            (24, 12, 10, 3),
            (24, 16, 12, 4),
            (32, 12, 16, 4),
            (32, 16, 20, 5),
            (40, 16, 24, 5),
            (48, 16, 32, 5),
            (64, 16, 47, 5),
        ],
        start=1,
    )
}
ALL_SIZES: Mapping[str, Size] = {**SIZES, **GAP_SIZES}


def write_generated(size: Size, folder: Path) -> tuple[Path, Path]:
    """Write ``folder/case`` and ``folder/policy.toml``; give both paths."""
    case, policy = folder / "case", folder / "policy.toml"
    folder.mkdir(parents=True, exist_ok=True)
    with written_aside(case_place(case, force=True)) as new:
        write_contents(Generator(load_case(JAPAN), size).contents(), new)
    policy.write_text(policy_text(size), encoding="utf-8")
    return case, policy


def case_and_policy(name: str) -> tuple[Path, Path]:
    """Paths of a case by name: ``inputs/japan`` for ``JAPAN``, else generated where it is not yet.

    What was generated is kept under a name that changes with the generator and the Japan case.
    """
    if name == REAL:
        return JAPAN, POLICY
    scripts = [Path(__file__), Path(__file__).with_name("generating.py")]
    read = [*scripts, GENERATED, *sorted(JAPAN.glob("*.*"))]
    text = b"".join(path.read_bytes() for path in read)
    folder = KEPT / f"{name}-{hashlib.sha256(text).hexdigest()[:8]}"
    if not (folder / "policy.toml").exists():
        return write_generated(ALL_SIZES[name], folder)
    return folder / "case", folder / "policy.toml"


def policy_text(size: Size) -> str:
    """The policy, without the goal about regions where there are none."""
    text = GENERATED.read_text(encoding="utf-8")
    if size.regions:
        return text
    start = text.index("[goals.regional_vitality]")
    text = text[:start] + text[text.index("\n[goals.", start) + 1 :]
    assert "regional_vitality" not in tomllib.loads(text)["goals"]
    return text


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("name", choices=list(ALL_SIZES))
    parser.add_argument("folder", type=Path)
    words = parser.parse_args()
    for path in write_generated(ALL_SIZES[words.name], words.folder):
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
