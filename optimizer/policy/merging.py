"""Puts a policy on top of the one it extends, and remembers which file said what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from optimizer.changes import CHANGES, parse_address
from optimizer.errors import Problems, did_you_mean
from optimizer.toml_files import Address, named_parts, read_toml

EXTENDS = "extends"


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
    """

    file: str
    own: Mapping[str, Any]
    base_file: str
    base: Mapping[str, Any]
    merged: Mapping[str, Any]
    changed: tuple[tuple[str, ...], ...] = ()

    def file_of(self, address: Address) -> str:
        """Name the file that said what stands at an address, or in the table around it."""
        parts = named_parts(address, self.merged)
        if any(parts[: len(change)] == change for change in self.changed):
            return CHANGES
        for end in range(len(address), 0, -1):
            if _holds(self.own, address[:end], self.merged):
                return self.file
            if self.base_file and _holds(self.base, address[:end], self.merged):
                return self.base_file
        return self.file


def _holds(data: Any, address: Address, merged: Any) -> bool:
    """Whether data say something at an address of the merged data; limits are found by name."""
    for part in address:
        if isinstance(part, int):
            if not isinstance(merged, tuple) or not isinstance(data, tuple):
                return False
            merged = merged[part] if part < len(merged) else None
            name = merged.get("name") if isinstance(merged, Mapping) else None
            if isinstance(name, str):
                same = (entry for entry in data if _name(entry) == name)
                data = next(same, None)
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


def _name(entry: object) -> object:
    return entry.get("name") if isinstance(entry, Mapping) else None


def read_layers(path: Path, problems: Problems) -> Layers | None:
    """Read a policy file and the one it extends; None where the file itself is unreadable."""
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
    return Layers(path.name, own, base_path.name, base, merge(base, own))


def _read(path: Path, problems: Problems) -> dict[str, Any] | None:
    if path.is_file():
        return read_toml(path, problems)
    if path.is_dir():
        problems.add(path.name, "is a folder", expected="a TOML file")
        return None
    here = path.parent if path.parent.is_dir() else None
    names = [file.name for file in sorted(here.glob("*.toml"))] if here else []
    maybe = did_you_mean(path.name, names) or did_you_mean(f"{path.name}.toml", names)
    problems.add(path.name, f"there is no such file in {path.parent}", maybe=maybe)
    return None


def _base_path(path: Path, extends: object, problems: Problems) -> Path | None:
    if not isinstance(extends, str):
        # Validation against the schema says so.
        return None
    pure = PurePosixPath(extends)
    leaves = pure.is_absolute() or PureWindowsPath(extends).is_absolute() or ".." in pure.parts
    base = path.parent / pure
    leaves = leaves or not extends.isprintable()
    if leaves or not base.resolve().is_relative_to(path.parent.resolve()):
        problems.add(
            path.name,
            f"{extends!r} leads out of the policy's folder",
            column=EXTENDS,
            expected="a file of the same folder",
        )
        return None
    if base.resolve() == path.resolve():
        problems.add(
            path.name,
            f"{extends!r} is the policy itself",
            column=EXTENDS,
            expected="another policy",
        )
        return None
    if not base.is_file():
        names = [file.name for file in sorted(path.parent.glob("*.toml")) if file != path]
        problems.add(
            path.name,
            f"there is no file {extends!r}",
            column=EXTENDS,
            expected="a file of the same folder",
            maybe=did_you_mean(extends, names),
        )
        return None
    return base


def merge(base: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Merge tables recursively and ``limits`` by name; anything else of ``own`` replaces.

    Examples
    --------
    >>> merge({"goals": {"a": {"weight": 1, "why": "x"}}}, {"goals": {"a": {"weight": 2}}})
    {'goals': {'a': {'weight': 2, 'why': 'x'}}}
    """
    merged = _merged_tables(base, own)
    before, after = base.get("limits"), own.get("limits")
    if isinstance(before, tuple) and isinstance(after, tuple):
        merged["limits"] = _merged_limits(before, after)
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


def _merged_limits(base: tuple[Any, ...], own: tuple[Any, ...]) -> tuple[Any, ...]:
    """Put limits of the same name together key by key; new ones come last."""
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
    parts = (parse_address(address) for address in changes)
    return tuple(found for found in parts if found is not None)
