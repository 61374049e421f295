"""All benchmarks, one command, no supervision; writes RESULTS.md, results.json and profiles.

    pip install -r benchmarks/requirements-peers.txt -c constraints.txt -e ".[excel,report]"
    python benchmarks/run.py [--quick] [--only build gaps ...] [--out FOLDER]

Best on a machine that does nothing else. Every part is written down as soon as it is measured, with
the machine, the versions and the commit it was measured on, so that nothing is lost when the
command is stopped; parts left out keep what an earlier run found. Ratios are never taken between
parts. A peer that is not installed is shown as such. Gates nothing.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import building
import cases
import changes
import changing
import command
import conflicts
import desk
import fronts
import gap_tables
import gaps
import house
import plans
import questions
import scale
import sweep_counts
import sweep_plans
import sweeps
from measuring import HERE, environment

PARTS: dict[str, tuple[str, ModuleType]] = {
    "build": ("Building and loading the same model", building),
    "changes": ("Solving on after changes", changes),
    "command": ("The whole command", command),
    "house": ("What the house does besides solving", house),
    "plans": ("A first plan, then the gap", plans),
    "gaps": ("Time to a proven gap", gaps),
    "desk": ("From a lever of the page to a relaxation", desk),
    "conflicts": ("Why nothing fits", conflicts),
    "fronts": ("Fronts and fairest plans", fronts),
    "questions": ("Questions about a plan", questions),
    "sweeps": ("Sweeps of many scenarios", sweeps),
    "sweep_plans": ("Plans of many scenarios", sweep_plans),
    "sweep_counts": ("More and more scenarios", sweep_counts),
    "scale": ("Scale", scale),
}
"""Parts in the order in which they run: the longest last."""


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="smallest sizes, short limits")
    parser.add_argument("--only", nargs="*", choices=list(PARTS), default=list(PARTS))
    parser.add_argument("--out", type=Path, default=HERE, help="folder for the results")
    words = parser.parse_args()
    words.out.mkdir(parents=True, exist_ok=True)
    path = words.out / "results.json"
    found = _started(path, quick=words.quick)
    for name in words.only:
        title, module = PARTS[name]
        print(f"\n## {title}\n", flush=True)
        started = time.monotonic()
        rows = module.measured(quick=words.quick)
        seconds = time.monotonic() - started
        found["parts"][name] = {"environment": environment(), "seconds": seconds, "rows": rows}
        path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        (words.out / "RESULTS.md").write_text(page(found), encoding="utf-8")
        for file, text in gap_tables.pictures(rows).items() if name == "gaps" else ():
            (words.out / file).write_text(text, encoding="utf-8")
        print(module.told(rows), flush=True)
    return 0


def _started(path: Path, *, quick: bool) -> dict[str, Any]:
    """Parts that were measured before, if they were measured in the same way."""
    if path.exists():
        before: dict[str, Any] = json.loads(path.read_text("utf-8"))
        if before["quick"] == quick and before["seeds"] == seeds():
            return before
    return {"quick": quick, "seeds": seeds(), "parts": {}}


def seeds() -> dict[str, int]:
    """Seeds of everything that is drawn; solvers run with their own default seeds."""
    return {
        **{name: size.seed for name, size in cases.ALL_SIZES.items()},
        "changes": changing.SEED,
    }


def page(found: dict[str, Any]) -> str:
    """The page of results."""
    kind = " (quick: smallest sizes, short limits; says little)" if found["quick"] else ""
    seeds_told = ", ".join(f"{name} {seed}" for name, seed in found["seeds"].items())
    lines = [
        f"# Benchmark results{kind}",
        "",
        "Written by `python benchmarks/run.py`; what is compared and how is said in "
        "`benchmarks/README.md` and at the head of every script. All ratios of a part are of times "
        "taken in one run, whose machine, versions and commit stand below it. Losses are shown as "
        "losses.",
        "",
        f"Seeds: {seeds_told}.",
        "",
    ]
    for name, (title, module) in PARTS.items():
        if name in found["parts"]:
            part = found["parts"][name]
            lines += [f"## {title}", "", f"{module.told(part['rows'])}"]
            if name == "gaps":
                lines += [f"![{file}]({file})\n" for file in gap_tables.pictures(part["rows"])]
            facts = ", ".join(f"{name} {value}" for name, value in part["environment"].items())
            lines += [f"Measured in {part['seconds'] / 60:.1f} minutes: {facts}.", ""]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
