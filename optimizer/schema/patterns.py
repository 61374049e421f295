"""Patterns: addresses in which a star stands for any name, or any part of one.

``goals.*.weight`` names the weight of every goal, ``budgets[line=mext_*].amount`` the lines that
begin so. A star in quotes is a star.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from optimizer.schema.addresses import (
    AddressError,
    CellAddress,
    cell_of,
    is_cell,
    matched_cell,
    matched_names,
    names_of,
)

ANY = "*"


def is_pattern(address: str) -> bool:
    """Whether a well-formed address holds a star outside of quotes.

    Examples
    --------
    >>> is_pattern("goals.*.weight"), is_pattern('goals."*".weight')
    (True, False)
    >>> is_pattern("budgets[line=*].amount"), is_pattern("budgets[line='*'].amount")
    (True, False)
    """
    return bool(starred_keys(address) if is_cell(address) else starred_names(address))


def starred_names(address: str) -> dict[int, str]:
    """Names of a dotted address that hold a star, by their position from 0."""
    found = matched_names(address) or []
    return {place: name[2].strip() for place, name in enumerate(found) if ANY in (name[2] or "")}


def starred_keys(address: str) -> dict[int, str]:
    """Values of keys of a cell's address that hold a star, by the position of the key."""
    try:
        _, keys, _ = matched_cell(address)
    except AddressError:
        return {}
    values = enumerate(value[2] or "" for _, value in keys)
    return {place: value.strip() for place, value in values if ANY in value}


def matching_names(star: str, names: Iterable[str]) -> list[str]:
    """Names that a name with stars stands for, in their order.

    Examples
    --------
    >>> matching_names("mext_*", ["meti_grants", "mext_grants"])
    ['mext_grants']
    """
    parts = (".*" if part == ANY else re.escape(part) for part in re.split(r"(\*)", star))
    pattern = re.compile("".join(parts), re.DOTALL)
    return [name for name in names if pattern.fullmatch(name)]


def parts_of(address: str) -> tuple[str, ...] | CellAddress | None:
    """Take an address apart that may be a pattern; None where it is malformed."""
    if not is_cell(address):
        return names_of(address)
    try:
        return cell_of(address)
    except AddressError:
        return None
