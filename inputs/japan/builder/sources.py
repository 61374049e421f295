"""Read the source tables; look figures up by key and fail on anything missing."""

from __future__ import annotations

import csv
from pathlib import Path

Row = dict[str, str]

SOURCES = Path(__file__).resolve().parent.parent / "sources"
YEARS = (2027, 2028, 2029, 2030, 2031)


def read(name: str) -> list[Row]:
    """Return the rows of ``sources/<name>.csv`` as text."""
    with (SOURCES / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        header, *lines = csv.reader(stream)
    for line_number, cells in enumerate(lines, start=2):
        if len(cells) != len(header):
            raise ValueError(
                f"sources/{name}.csv: row {line_number} has {len(cells)} cells, not {len(header)}"
            )
    return [dict(zip(header, cells, strict=True)) for cells in lines]


def read_by(name: str, key: str) -> dict[str, Row]:
    """Return the rows of a source table by a unique key column."""
    rows = read(name)
    table = {row[key]: row for row in rows}
    if len(table) != len(rows):
        raise ValueError(f"sources/{name}.csv: column {key} is not unique")
    return table


def _keyed_values(name: str) -> dict[str, str]:
    return {key: row["value"] for key, row in read_by(name, "key").items()}


FACTS = _keyed_values("programme_facts")
ASSUMPTIONS = _keyed_values("assumptions")


def number(key: str) -> float:
    """Return a published fact or an assumption as a number."""
    value = FACTS.get(key, ASSUMPTIONS.get(key))
    if value is None:
        raise KeyError(f"{key} is neither in programme_facts.csv nor in assumptions.csv")
    return float(value)


def words(key: str) -> list[str]:
    """Return an assumption that is a list of words."""
    return ASSUMPTIONS[key].split()


def value_or_zero(text: str) -> float:
    """Return the number in a cell, 0 for a blank (only where the caller's rule says so)."""
    return float(text) if text else 0.0


def whole(value: float) -> int:
    """Round half up, so that the result does not depend on the parity of the number."""
    return int(value + 0.5)


def plain(value: float, digits: int = 6) -> str:
    """Write a number without trailing zeros or exponent."""
    text = f"{value:.{digits}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text or "0"
