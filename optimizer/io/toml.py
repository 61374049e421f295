"""Reads and writes TOML, and shows its values and their addresses."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from optimizer.errors import Problems, shorten
from optimizer.io.paths import read_given
from optimizer.schema.addresses import address_of

Address = tuple[str | int, ...]
"""Keys and list positions (from 0) on the way from the top of a file to a value."""

NAMING_KEYS = {
    "limits": "name",
    "fairness": "name",
    "stakeholders": "name",
    "indicators": "column",
    "region_indicators": "column",
    "scenarios": "name",
}
"""Lists of tables whose entries are known by one of their keys instead of by position."""

AT_LINE = re.compile(r"\s*\(at (?:line (\d+), column \d+|end of document)\)$")

LARGEST_TOML = 10 * 2**20
"""Bytes of one file; a long policy has some ten thousand."""

DEEP_KEY = re.compile(r"""(?:(?:[\w-]+|"[^"\n]*"|'[^'\n]*')[ \t]*\.[ \t]*){50}""")
"""A key of more parts than anything here has; reading takes their number squared."""

TOO_DEEP = "holds a number too long or tables too deep to read"


def read_toml(path: Path, problems: Problems) -> dict[str, Any] | None:
    """Read a TOML file; what is not TOML becomes a problem with its line.

    Lists come back as tuples, so that what is built on them cannot be changed.
    """
    content = read_given(path, problems, at_most=LARGEST_TOML, expected="a TOML file")
    return None if content is None else parse_toml(content, path.name, problems)


def parse_toml(content: bytes, name: str, problems: Problems) -> dict[str, Any] | None:
    """Parse what was read from a TOML file of this name."""
    try:
        # TOML counts only \n and \r\n as line ends, so nothing is translated on the way in.
        text = content.decode("utf-8-sig")
        deep = DEEP_KEY.search(text)
        if deep is None:
            return {key: frozen(value) for key, value in tomllib.loads(text).items()}
        problems.add(name, TOO_DEEP, row=text.count("\n", 0, deep.start()) + 1)
    except tomllib.TOMLDecodeError as error:
        found = AT_LINE.search(str(error))
        line = int(found[1]) if found and found[1] else None
        message = AT_LINE.sub("", str(error))
        problems.add(name, f"is not valid TOML: {message}", row=line)
    except UnicodeDecodeError:
        problems.add(name, "is not UTF-8", expected="text saved as UTF-8")
    except (ValueError, RecursionError):
        # Python refuses numbers of thousands of digits and tables of thousands of levels.
        problems.add(name, TOO_DEEP)
    return None


def frozen(value: object) -> object:
    """Turn lists into tuples and NumPy's numbers into Python's, all the way down."""
    if isinstance(value, bool):
        return value
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value)
    if isinstance(value, list | tuple):
        return tuple(frozen(item) for item in value)
    if isinstance(value, dict):
        return {key: frozen(item) for key, item in value.items()}
    return value


def shown(value: object) -> str:
    """Show a value as TOML writes it, cut if it is long."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return shorten(repr(value))
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, list | tuple):
        return shorten(f"[{', '.join(shown(item) for item in value)}]")
    return shorten(str(value))


def dotted(address: Sequence[str | int], data: object) -> str:
    """Write an address with dots; entries of lists by their name, else by position from 1.

    Examples
    --------
    >>> dotted(("limits", 0, "by", 1), {"limits": ({"name": "floor", "by": ("a", "b")},)})
    'limits.floor.by.2'
    """
    return address_of(named_parts(address, data))


def named_parts(address: Sequence[str | int], data: object) -> tuple[str, ...]:
    """Name the parts of an address; entries of lists by their name, else by position from 1."""
    told: list[str] = []
    key = ""
    for part in address:
        data = data[part] if has_part(data, part) else None  # type: ignore[index]
        if isinstance(part, str):
            key = part
            told.append(part)
        else:
            name = data.get(NAMING_KEYS.get(key, "")) if isinstance(data, Mapping) else None
            told.append(name if isinstance(name, str) and name else str(part + 1))
    return tuple(told)


def has_part(data: object, part: str | int) -> bool:
    """Whether a table has a key, or a list a position."""
    if isinstance(part, int):
        return isinstance(data, tuple) and part < len(data)
    return isinstance(data, Mapping) and part in data


def toml_text(tables: Mapping[str, Any]) -> str:
    """Write tables as a TOML file says them; reading it gives the same.

    Examples
    --------
    >>> print(toml_text({"title": "Few", "limits": ({"name": "x", "at_most": 1e-6},)}), end="")
    title = "Few"
    limits = [
        { name = "x", at_most = 1e-06 },
    ]
    """
    import tomli_w

    return tomli_w.dumps(_writable(tables))


def _writable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _writable(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_writable(inner) for inner in value]
    return value
