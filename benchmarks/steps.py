"""Where the time of one plan goes: seconds by step, gap over time, peak memory.

    python benchmarks/steps.py models/balanced.toml inputs/japan [--gap 0.005] [--time-limit 60]

Prints what one run on this machine took, scales worked out anew; compare runs only side by side.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from pathlib import Path

STARTED = time.monotonic()
BYTES_PER_UNIT = 1 if sys.platform == "darwin" else 1024
MEGABYTE = 1_000_000


def main() -> int:
    """Solve once and print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("policy", type=Path)
    parser.add_argument("case", type=Path)
    parser.add_argument("--gap", type=float)
    parser.add_argument("--time-limit", type=float)
    words = parser.parse_args()

    from optimizer.session.solving import solve

    imported = time.monotonic() - STARTED
    limits = {"gap": words.gap, "time_limit": words.time_limit}
    plan = solve(words.policy, words.case, cache=False, **limits)

    print(f"{plan!r}\n\n{'step':<12} {'seconds':>8}")
    for step, seconds in {"import": imported, **plan.seconds}.items():
        print(f"{step:<12} {seconds:>8.2f}")
    print(f"\n{'seconds':>8} {'points':>10} {'bound':>10} {'gap':>8}  after")
    for entry in plan.provenance["trace"]:
        points, bound = entry["objective"], entry["bound"]
        gap = "" if points is None else f"{(bound - points) / abs(points):.3%}"
        shown = "" if points is None else f"{points:.3f}"
        print(f"{entry['seconds']:>8.1f} {shown:>10} {bound:>10.3f} {gap:>8}  {entry['step']}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * BYTES_PER_UNIT / MEGABYTE
    print(f"\npeak memory {peak:,.0f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
