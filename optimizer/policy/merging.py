"""Puts a policy on top of the one it extends, and remembers which file said what."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from optimizer.case.sources import OTHER_WORKBOOKS, WORKBOOK_SUFFIX
from optimizer.errors import Problem, Problems, did_you_mean, shorten
from optimizer.io.changes import CHANGES
from optimizer.io.paths import NEITHER, names_in, standing_at
from optimizer.io.toml import Address, named_parts, read_toml
from optimizer.policy.shapes import NAMED_LISTS
from optimizer.policy.sheets import Sheets, read_sheets
from optimizer.schema.addresses import names_of

EXTENDS = "extends"
ROW_PARTS = 2
"""Parts of the address of what a row of a sheet is about, such as ``goals.alliance``."""


@dataclass(frozen=True)
class Layers:
    """The tables of a policy file, of the one it extends, and both merged.

    Attributes
    ----------
    file, base_file
        Names of the files; ``base_file`` is empty without ``extends``.
    own, base
        Tables as in the files.
    merged
        ``own`` over ``base``, with the changes made.
    changed
        Addresses of the changes, taken apart.
    sheets
        What the sheets say, where the policy is a workbook.
    below
        Layers of the policy that a workbook extends, which may extend one more.
    """

    file: str
    own: Mapping[str, Any]
    base_file: str
    base: Mapping[str, Any]
    merged: Mapping[str, Any]
    changed: tuple[tuple[str, ...], ...] = ()
    sheets: Sheets | None = None
    below: Layers | None = None

    @cached_property
    def _said(self) -> _Said:
        return _Said(self.own)

    @cached_property
    def _below(self) -> _Said:
        return _Said(self.base)

    def retell(self, problem: Problem) -> Problem:
        """Report a problem of an address with who said it, or with its cell in a workbook."""
        is_ours = problem.file == self.file and problem.sheet is None
        parts = names_of(problem.column or "") if is_ours else None
        if parts is None:
            return problem
        if any(parts[: len(change)] == change for change in self.changed):
            return replace(problem, file=CHANGES)
        if self.sheets is None:
            is_inherited = self._below.depth(parts) > self._said.depth(parts)
            return replace(problem, file=self.base_file) if is_inherited else problem
        told, cell = self.sheets.problem(problem, parts)
        told_to = 0 if cell is None else ROW_PARTS if cell.is_row else len(parts)
        if self._below.depth(parts) > told_to:
            return replace(problem, file=self._base_file_of(parts))
        return told

    def _base_file_of(self, parts: tuple[str, ...]) -> str:
        below = self.below
        is_further = below is not None and below._said.depth(parts) < below._below.depth(parts)
        return below.base_file if below is not None and is_further else self.base_file

    def file_of(self, address: Address) -> str:
        """Name the file that said what stands at an address, or in the table around it."""
        parts = named_parts(address, self.merged)
        if any(parts[: len(change)] == change for change in self.changed):
            return CHANGES
        for end in range(len(address), 0, -1):
            if self._said.holds(address[:end], self.merged):
                return self.file
            if self.base_file and self._below.holds(address[:end], self.merged):
                return self.base_file if self.below is None else self.below.file_of(address)
        return self.file


class _Said:
    """Tables of one file, asked what they say; entries of :data:`NAMED_LISTS` are found by name."""

    def __init__(self, tables: Mapping[str, Any]) -> None:
        self.tables = tables
        # The first of a name; of thousands none is looked for twice.
        self._named: dict[Address, dict[str | None, Any]] = {
            (key,): {_name(entry): entry for entry in reversed(_entries(tables, key))}
            for key in NAMED_LISTS
        }

    def holds(self, address: Address, merged: Any) -> bool:
        """Whether something is said at an address of the merged tables."""
        data: Any = self.tables
        for depth, part in enumerate(address):
            if isinstance(part, int):
                if not isinstance(merged, tuple) or not isinstance(data, tuple):
                    return False
                merged = merged[part] if part < len(merged) else None
                named = self._named.get(address[:depth])
                name = None if named is None else _name(merged)
                if named is not None and name is not None:
                    data = named.get(name)
                else:
                    data = data[part] if part < len(data) else None
            else:
                merged = merged.get(part) if isinstance(merged, Mapping) else None
                if not isinstance(data, Mapping) or part not in data:
                    return False
                data = data[part]
            if data is None:
                return False
        return True

    def depth(self, parts: tuple[str, ...]) -> int:
        """Number of leading parts of an address for which there is a value."""
        data: Any = self.tables
        for depth, part in enumerate(parts):
            if isinstance(data, tuple):
                data = self._named.get(parts[:depth], {}).get(part)
            else:
                data = data.get(part) if isinstance(data, Mapping) else None
            if data is None:
                return depth
        return len(parts)


def _entries(tables: Mapping[str, Any], key: str) -> tuple[Any, ...]:
    found = tables.get(key)
    return found if isinstance(found, tuple) else ()


def _name(entry: object) -> str | None:
    """The name of an entry; None where it has none, or something else stands for it."""
    name = entry.get("name") if isinstance(entry, Mapping) else None
    return name if isinstance(name, str) else None


def read_layers(path: Path, problems: Problems) -> Layers | None:
    """Read a policy file and the one it extends; None where the file itself is unreadable."""
    if path.suffix.lower() == WORKBOOK_SUFFIX and standing_at(path) == "file":
        return _book_layers(path, problems)
    own = _read(path, problems)
    if own is None:
        return None
    if EXTENDS not in own:
        return Layers(path.name, own, "", {}, own)
    base_path = _base_path(path, own[EXTENDS], problems)
    base = read_toml(base_path, problems) if base_path is not None else None
    if base_path is None or base is None:
        return Layers(path.name, own, "", {}, own)
    if EXTENDS in base:
        problems.add(
            base_path.name,
            f"is extended by {path.name} and extends {base[EXTENDS]!r} itself",
            column=EXTENDS,
            expected="a policy that extends no other",
        )
        # What such a chain seems to lack is not reported.
        return Layers(path.name, own, "", {}, own)
    return Layers(path.name, own, base_path.name, base, merge(base, own))


def _book_layers(path: Path, problems: Problems) -> Layers | None:
    """Read a workbook on top of the policy it extends, which may extend one as TOML files do."""
    sheets = read_sheets(path, problems)
    if sheets is None:
        return None
    base_path = None
    if EXTENDS in sheets.said:
        base_path = _base_path(path, sheets.said[EXTENDS], problems)
    below = read_layers(base_path, problems) if base_path is not None else None
    if below is None:
        own = sheets.tables({}, "", problems)
        return Layers(path.name, own, "", {}, own, sheets=sheets)
    own = sheets.tables(below.merged, below.file, problems)
    return Layers(
        path.name,
        own,
        below.file,
        below.merged,
        merge(below.merged, own),
        sheets=sheets,
        below=below,
    )


def _read(path: Path, problems: Problems) -> dict[str, Any] | None:
    standing = standing_at(path)
    if standing == "other":
        problems.add(path.name, NEITHER, expected="a TOML file")
        return None
    if standing == "file":
        if path.suffix.lower() in OTHER_WORKBOOKS:
            message = f"is a {path.suffix.lower()} file"
            problems.add(path.name, message, expected="a .toml file or an .xlsx workbook")
            return None
        return read_toml(path, problems)
    if standing == "folder":
        problems.add(path.name, "is a folder", expected="a TOML file")
        return None
    here = path.parent if standing_at(path.parent) == "folder" else None
    suffix = WORKBOOK_SUFFIX if path.suffix.lower() == WORKBOOK_SUFFIX else ".toml"
    names = [name for name in names_in(here, Problems()) if name.endswith(suffix)] if here else []
    maybe = did_you_mean(path.name, names) or did_you_mean(f"{path.name}.toml", names)
    message = f"there is no such file in {path.parent}"
    problems.add(shorten(path.name), message, maybe=maybe)
    return None


def _base_path(path: Path, extends: object, problems: Problems) -> Path | None:
    if not isinstance(extends, str):
        # Validation against the schema says so.
        return None
    refusal = _refusal(path, extends)
    if refusal is None:
        return path.parent / PurePosixPath(extends)
    message, expected, maybe = refusal
    problems.add(path.name, message, column=EXTENDS, expected=expected, maybe=maybe)
    return None


def _refusal(path: Path, extends: str) -> tuple[str, str, str | None] | None:
    """Say why a policy cannot extend what it names, what it could, and what may be meant."""
    pure = PurePosixPath(extends)
    leaves = pure.is_absolute() or PureWindowsPath(extends).is_absolute() or ".." in pure.parts
    base = path.parent / pure
    leaves = leaves or not extends.isprintable()
    standing = "nothing" if leaves else standing_at(base)
    if standing != "nothing":
        leaves = not base.resolve().is_relative_to(path.parent.resolve())
    told = shorten(repr(extends))
    if leaves:
        return f"{told} leads out of the policy's folder", "a file of the same folder", None
    if standing != "nothing" and base.samefile(path):
        return f"{told} is the policy itself", "another policy", None
    if base.suffix.lower() == WORKBOOK_SUFFIX:
        return f"{told} is a workbook", "a TOML policy of the same folder", None
    if standing == "other":
        return f"{told} {NEITHER}", "a TOML file", None
    if standing != "file":
        names = names_in(path.parent, Problems())
        maybe = did_you_mean(extends, [name for name in names if _may_extend(path, name)])
        message = (
            f"{told} {_link_fault(base)}" if os.path.islink(base) else f"there is no file {told}"
        )
        return message, "a file of the same folder", maybe
    return None


def _may_extend(path: Path, name: str) -> bool:
    """Whether a policy may extend the file of its folder that has this name."""
    other = path.parent / name
    return name.endswith(".toml") and name != path.name and standing_at(other) == "file"


def _link_fault(link: Path) -> str:
    try:
        link.stat()
    except OSError as error:
        return "is a circular link" if error.errno == errno.ELOOP else "is a link to nothing"
    return NEITHER


def merge(base: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Merge tables recursively and named lists by name; anything else of ``own`` replaces.

    Examples
    --------
    >>> merge({"goals": {"a": {"weight": 1, "why": "x"}}}, {"goals": {"a": {"weight": 2}}})
    {'goals': {'a': {'weight': 2, 'why': 'x'}}}
    """
    merged = _merged_tables(base, own)
    for key in NAMED_LISTS:
        before, after = base.get(key), own.get(key)
        if isinstance(before, tuple) and isinstance(after, tuple):
            merged[key] = _merged_entries(before, after)
    return merged


def _merged_tables(base: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in own.items():
        before = base.get(key)
        if isinstance(value, Mapping) and isinstance(before, Mapping):
            merged[key] = _merged_tables(before, value)
        else:
            merged[key] = value
    return merged


def _merged_entries(base: tuple[Any, ...], own: tuple[Any, ...]) -> tuple[Any, ...]:
    """Put entries of the same name together key by key; new ones come last."""
    merged = list(base)
    places = {_name(entry): place for place, entry in enumerate(base) if _name(entry) is not None}
    for entry in own:
        place = places.get(_name(entry))
        if place is None or merged[place] is not base[place]:
            merged.append(entry)
        else:
            merged[place] = {**base[place], **entry}
    return tuple(merged)


def changed_parts(changes: Mapping[str, object]) -> tuple[tuple[str, ...], ...]:
    """Take the addresses of changes apart, leaving out malformed ones."""
    parts = (names_of(address) for address in changes)
    return tuple(found for found in parts if found is not None)
