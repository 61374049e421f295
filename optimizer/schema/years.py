"""Years that are given as 2030.0, as workbooks and frames do where a column has gaps.

Cells of tables, keys of addresses, slots that are kept and the years of a case from frames take
them as the year. Keys of a policy stay as strict as TOML: there 2030.0 is not an integer.
"""

from __future__ import annotations

import re

from optimizer.schema.tables import TABLES

YEAR_KEYS = frozenset(
    column.name
    for spec in TABLES.values()
    for column in spec.columns
    if column.unit == "year" and column.name in (*spec.keys, *spec.optional_keys)
)
"""Keys that are years: of the case, of entry, and of a stay."""

_WHOLE_FLOAT = re.compile(r"(-?\d+)\.0+")


def key_text(key: str, value: str) -> str:
    """Value of a key as tables are compared with it: a year that is a whole float as the year.

    Examples
    --------
    >>> key_text("year", "2030.0"), key_text("year", "2030.5"), key_text("line", "1.0")
    ('2030', '2030.5', '1.0')
    """
    found = _WHOLE_FLOAT.fullmatch(value) if key in YEAR_KEYS else None
    return value if found is None else found[1]


def year_number(value: object) -> object:
    """A year that is a whole float as an integer; anything else as it is.

    Examples
    --------
    >>> year_number(2030.0), year_number(2030.5), year_number("2030")
    (2030, 2030.5, '2030')
    """
    return int(value) if isinstance(value, float) and value.is_integer() else value
