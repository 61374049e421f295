"""Write the tables of the Japan case from ``sources/``; ``--check`` compares instead.

Run ``python inputs/japan/build.py``. Outside this folder only the goals of
``models/balanced.toml`` are read, whose scores the rank bands are about: a change of its indicators
asks for a new run. A second run writes the same bytes.
"""

from __future__ import annotations

import argparse
import csv
import io
import sys
from collections.abc import Callable
from pathlib import Path

from builder import countries, limits, money, people, ranks, regions, services, summary
from builder.sources import Row

FOLDER = Path(__file__).resolve().parent

TABLES: dict[str, Callable[[], list[Row]]] = {
    "countries": countries.country_rows,
    "tracks": people.track_rows,
    "continuations": limits.continuation_rows,
    "regions": regions.region_rows,
    "support_levels": limits.level_rows,
    "applicants": people.applicant_rows,
    "forecasts_by_country": people.forecast_rows,
    "forecasts_by_region": limits.forecast_region_rows,
    "sites": limits.site_rows,
    "national_caps": limits.cap_rows,
    "budgets": money.budget_rows,
    "costs": money.cost_rows,
    "region_costs": lambda: money.region_cost_rows(limits.site_rows()),
    "agreements": people.agreement_rows,
    "services": services.service_rows,
    "service_use": services.service_use_rows,
    "commitments": limits.commitment_rows,
    "current_plan": people.current_plan_rows,
    "current_plan_by_region": limits.current_region_rows,
    "rank_bands": ranks.band_rows,
}


def table_text(rows: list[Row]) -> str:
    """Return rows as CSV with `source` and `note` last."""
    columns = [name for name in rows[0] if name not in ("source", "note")]
    text = io.StringIO()
    writer = csv.DictWriter(text, [*columns, "source", "note"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def outputs() -> dict[Path, str]:
    """Return the text of every file the script writes: the tables and parts of the README."""
    texts = {FOLDER / f"{name}.csv": table_text(build()) for name, build in TABLES.items()}
    readme = FOLDER / "README.md"
    texts[readme] = summary.readme_with_sections(readme.read_text(encoding="utf-8"))
    return texts


def main(arguments: list[str] | None = None) -> int:
    """Write or check every table; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    check = parser.parse_args(arguments).check
    stale: list[str] = []
    for path, text in outputs().items():
        if not check:
            path.write_text(text, encoding="utf-8", newline="")
        elif not path.exists() or path.read_bytes() != text.encode("utf-8"):
            stale.append(path.name)
    for file_name in stale:
        print(f"{file_name} differs from what build.py writes", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
