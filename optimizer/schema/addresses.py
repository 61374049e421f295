"""Addresses: the one way to name a value of a policy or figures of a case.

``goals.alliance.weight`` names tables, keys and entries from the top of a policy.
``budgets[line=science, year=2030].amount`` names a table of a case, the keys that choose its rows
and a column. A name that holds a sign of addresses stands in quotes, single or double; the same
quote inside is doubled: ``budgets[line="Research, basic"].amount``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from optimizer.errors import shorten
from optimizer.schema.tables import MONEY, TABLES
from optimizer.schema.years import key_text

Names = tuple[str, ...]

_SIGNS = frozenset("""[]=.,*"'""")
"""Characters that a name may show in quotes alone; a star will stand for any name."""

_CELL = re.compile(r"\s*(\w+)\s*\[")
QUOTED = r"""("(?:[^"]|"")*"|'(?:[^']|'')*')"""
NAME = re.compile(rf"""\s*(?:{QUOTED}|([^\s.=\[\]"'][^.=\[\]]*))\s*(\.|\Z)""")
_KEY = re.compile(rf"""\s*(?:{QUOTED}|([^\s,=\[\]"'][^,=\[\]]*))\s*""")
VALUE = re.compile(rf"""\s*(?:{QUOTED}|((?:[^\s,\[\]"'][^,\[\]]*)?))\s*([,\]])""")
END = re.compile(r"[\s,]*\]")
DOT = re.compile(r"\s*\.")

MEANT_CELL = re.compile(r"\s*(\w+)\s*\[(.*)\]\s*\.([^\]]*)", re.DOTALL)
MEANT_KEY = re.compile(r"(?:^|,)\s*(\w+)\s*=")
FORM = "table[key=value, ...].column"


class AddressError(ValueError):
    """An address cannot be read: what is wrong, what was expected and what may be meant."""

    def __init__(self, message: str, expected: str, maybe: str | None = None) -> None:
        super().__init__(message)
        self.message, self.expected, self.maybe = message, expected, maybe


@dataclass(frozen=True)
class CellAddress:
    """Figures of a case.

    Attributes
    ----------
    keys
        Columns and the values they must have; a year that is a whole float becomes the year.
    """

    table: str
    keys: tuple[tuple[str, str], ...]
    column: str

    def __post_init__(self) -> None:
        keys = tuple((key, key_text(key, value)) for key, value in self.keys)
        object.__setattr__(self, "keys", keys)

    def __str__(self) -> str:
        keys = ", ".join(f"{_written(key)}={_written(value)}" for key, value in self.keys)
        return f"{self.table}[{keys}].{_written(self.column)}"


def cells_and_keys(changes: Mapping[str, object]) -> tuple[dict[str, object], dict[str, object]]:
    """Changes of cells of a case, and those of keys of a policy, each in order.

    Examples
    --------
    >>> cells_and_keys({"costs[track=lab].amount": 5, "goals.alliance.weight": 2})
    ({'costs[track=lab].amount': 5}, {'goals.alliance.weight': 2})
    """
    of_cells = {address: value for address, value in changes.items() if is_cell(address)}
    return of_cells, {address: changes[address] for address in changes if address not in of_cells}


def is_cell(address: str) -> bool:
    """Whether an address means cells of a case, well-formed or not, rather than a policy.

    Examples
    --------
    >>> is_cell("budgets[line=science].amount"), is_cell("goals.alliance.weight")
    (True, False)
    """
    return _CELL.match(address) is not None


def names_of(address: str) -> Names | None:
    """Take a dotted address apart; None where it is malformed.

    Examples
    --------
    >>> names_of('limits."st. louis".at_most')
    ('limits', 'st. louis', 'at_most')
    """
    found = matched_names(address)
    return None if found is None else tuple(_read(name[1], name[2]) for name in found)


def matched_names(address: str) -> list[re.Match[str]] | None:
    """Match every name of a dotted address, in quotes or without; None where it is malformed."""
    names: list[re.Match[str]] = []
    place = 0
    while True:
        found = NAME.match(address, place)
        if found is None:
            return None
        names.append(found)
        if not found[3]:
            return names
        place = found.end()


def address_of(names: Iterable[str]) -> str:
    """Write a dotted address as :func:`names_of` reads it.

    Examples
    --------
    >>> address_of(("limits", "st. louis", "at_most"))
    'limits."st. louis".at_most'
    """
    return ".".join(map(_written, names))


def cell_of(address: str) -> CellAddress:
    """Take the address of cells apart.

    Raises
    ------
    AddressError
        If it is malformed, with the address that may be meant.

    Examples
    --------
    >>> cell_of('budgets[line="Research, basic", year=2030].amount').keys
    (('line', 'Research, basic'), ('year', '2030'))
    >>> str(cell_of("budgets[year=2030.0].amount"))
    'budgets[year=2030].amount'
    """
    table, keys, column = matched_cell(address)
    values = ((key, _read(value[1], value[2])) for key, value in keys)
    return CellAddress(table, tuple(values), column)


def matched_cell(address: str) -> tuple[str, list[tuple[str, re.Match[str]]], str]:
    """Table, keys with the match of each value, in quotes or without, and column of an address.

    Raises
    ------
    AddressError
        As :func:`cell_of`.
    """
    start = _CELL.match(address)
    if start is None:
        raise AddressError("is not the address of a cell", FORM)
    place, keys = start.end(), []
    while (end := END.match(address, place)) is None:
        key = _KEY.match(address, place)
        if key is None:
            raise _malformed(address)
        name, place = _read(key[1], key[2]), key.end()
        if address[place : place + 1] in (",", "]"):
            message = f"{shorten(repr(name))} chooses no rows"
            raise AddressError(message, "key=value", meant(address))
        value = VALUE.match(address, place + 1) if address[place : place + 1] == "=" else None
        if value is None:
            raise _malformed(address)
        keys.append((name, value))
        # A closing bracket is looked at again.
        place = value.start(3)
        place += address[place] == ","
    dot = DOT.match(address, end.end())
    column = None if dot is None else NAME.match(address, dot.end())
    if column is None or column[3]:
        raise _malformed(address)
    return start[1], keys, _read(column[1], column[2])


def _malformed(address: str) -> AddressError:
    expected = f"{FORM}; in quotes what holds a comma, a bracket or a quote"
    return AddressError("is not the address of a cell", expected, meant(address))


def meant(address: str) -> str | None:
    """Likely meaning of a malformed address: the same names, in quotes where they must be.

    Examples
    --------
    >>> meant("budgets[line=Research, basic].amount")
    'budgets[line="Research, basic"].amount'
    >>> meant("limits.a [2030].at_most")
    'limits."a [2030]".at_most'
    """
    if not is_cell(address):
        names = tuple(map(_bare, address.split(".")))
        return address_of(names) if len(names) > 1 and all(names) else None
    found = MEANT_CELL.fullmatch(address)
    before, *parts = MEANT_KEY.split(found[2]) if found else ("",)
    if found is None or not parts or before.strip(" ,"):
        return None
    keys = tuple(zip(parts[::2], map(_bare, parts[1::2]), strict=True))
    return str(CellAddress(found[1], keys, _bare(found[3]))) if _bare(found[3]) else None


def split_change(text: str) -> tuple[str, str] | None:
    """Split ``address=value`` at the first equals sign that ends an address.

    Examples
    --------
    >>> split_change("budgets[line=science].amount=5")
    ('budgets[line=science].amount', '5')
    """
    signs = [place for place, sign in enumerate(text) if sign == "="]
    end = next((place for place in signs if _is_address(text[:place])), None)
    if end is None:
        # Faults of the address are reported when it is looked up.
        bracket = text.rfind("]") if "[" in text.partition("=")[0] else 0
        end = next((place for place in signs if place > bracket >= 0), signs[-1] if signs else None)
    if end is None or not text[:end].strip():
        return None
    return text[:end].strip(), text[end + 1 :].strip()


def _is_address(text: str) -> bool:
    if not is_cell(text):
        return names_of(text) is not None
    try:
        cell_of(text)
    except AddressError:
        return False
    return True


def one_spelling(address: str) -> str:
    """An address as every other spelling of it comes out too; what is none stays as it is.

    Keys of cells come in the order of the table, money columns without their currency.

    Examples
    --------
    >>> one_spelling("budgets[ year=2030,line='science' ].amount_jpy")
    'budgets[line=science, year=2030].amount'
    >>> one_spelling('goals."alliance" .weight')
    'goals.alliance.weight'
    """
    if not is_cell(address):
        names = names_of(address)
        return address if names is None else address_of(names)
    try:
        cell = cell_of(address)
    except AddressError:
        return address
    spec = TABLES.get(cell.table)
    if spec is None:
        return str(cell)
    order = [*spec.keys, *spec.optional_keys]
    keys = sorted(
        set(cell.keys), key=lambda key: (order.index(key[0]) if key[0] in order else -1, key)
    )
    money = [column.name for column in spec.columns if column.unit == MONEY]
    column = next(
        (name for name in money if re.fullmatch(f"{name}_[a-z]{{3}}", cell.column)), cell.column
    )
    return str(CellAddress(cell.table, tuple(keys), column))


def _read(quoted: str | None, bare: str | None) -> str:
    """The name that stands in quotes, or without."""
    if quoted is None:
        return (bare or "").strip()
    quote = quoted[0]
    return quoted[1:-1].replace(quote * 2, quote)


def _written(name: str) -> str:
    """A name as it is read back, in quotes where it must be."""
    if name and name == name.strip() and not _SIGNS.intersection(name):
        return name
    if '"' in name and "'" not in name:
        return f"'{name}'"
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


def _bare(name: str) -> str:
    """A name without blanks and quotes around it."""
    name = name.strip()
    is_quoted = len(name) > 1 and name[0] == name[-1] and name[0] in "\"'"
    return name[1:-1] if is_quoted else name
