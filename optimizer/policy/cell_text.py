"""Filters, lists of names and weights as text of one cell, and back.

``pathway = exchange; world_region = Asia, Europe; year = 2027``: attributes with the value, or
values, they must have. What holds a comma, a semicolon, an equals sign or a quote stands in double
quotes, with quotes inside doubled.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from optimizer.io.cells import BOOLEANS
from optimizer.io.guesses import NUMBER
from optimizer.schema.tables import BAND_PREFIX, TABLES, ColumnKind

NOTHING = "none"
"""Says of an inherited entry that it shall hold nothing."""

FILTER = "attribute = value, or several as in: pathway = study, exchange; year = 2027"
NAMES_EXPECTED = "names separated by commas, such as: country, year"
WEIGHTS_EXPECTED = "goals with their weights, such as: alliance = 2; science = 1"
COMPARISONS_EXPECTED = (
    "pairs of goals with how many times as important the first is, such as: "
    "alliance, science = 3; alliance, refuge = 0.5"
)

LEADING_ZERO = re.compile("0[0-9]")
"""How codes begin that are no numbers, as in 01."""

TOKEN = re.compile(r'\s*(?:"((?:[^"]|"")*)"|([=,;])|([^=,;"]+))\s*')
_SIGNS = re.compile(r'[=,;"]')
HOMES = {"country": "countries", "track": "tracks", "region": "regions", "line": "budgets"}
"""Tables whose columns are attributes, by the dimension they belong to."""

Scalar = str | bool | int | float
Token = tuple[str, bool]
"""Text or a sign, and whether it stood in quotes."""


class CellTextError(ValueError):
    """The text of a cell is not of the form it must have; the message says why."""


def parse_filter(text: str) -> dict[str, Scalar | tuple[Scalar, ...]]:
    """Read the attributes of a filter, and their values as the attributes are typed.

    Columns of the data dictionary have its types. In further ones what looks like a number is
    one, as in the case itself; quotes make it text.

    Raises
    ------
    CellTextError
        Says what cannot be read.

    Examples
    --------
    >>> parse_filter('pathway = study, exchange; year = 2027; needs_agreement = yes')
    {'pathway': ('study', 'exchange'), 'year': 2027, 'needs_agreement': True}
    >>> parse_filter('region = 01; code = "7", "a, b"')
    {'region': '01', 'code': ('7', 'a, b')}
    """
    found: dict[str, Scalar | tuple[Scalar, ...]] = {}
    for tokens in _split(list(_tokens(text)), ";"):
        name, *rest = _split(tokens, "=")
        attribute = _one(name)[0]
        if len(rest) != 1:
            reason = "no value" if not rest else "more than one '='"
            raise CellTextError(f"{attribute!r} has {reason}")
        if attribute in found:
            raise CellTextError(f"{attribute!r} is there twice")
        values = tuple(_typed(attribute, *_one(value)) for value in _split(rest[0], ","))
        found[attribute] = values[0] if len(values) == 1 else values
    return found


def parse_names(text: str) -> tuple[str, ...]:
    """Read names separated by commas.

    Raises
    ------
    CellTextError
        Says what cannot be read.

    Examples
    --------
    >>> parse_names("country, year")
    ('country', 'year')
    """
    names = tuple(_one(part)[0] for part in _split(list(_tokens(text)), ","))
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise CellTextError(f"{twice!r} is there twice")
    return names


def parse_weights(text: str) -> dict[str, Scalar]:
    """Read the weights of goals; what is no number is left for the policy's own checks to refuse.

    Raises
    ------
    CellTextError
        Says what cannot be read.

    Examples
    --------
    >>> parse_weights('alliance = 2; "a, b" = 0.5')
    {'alliance': 2, 'a, b': 0.5}
    """
    found: dict[str, Scalar] = {}
    for names, value in _assigned(text):
        goal = _one(names)[0]
        if goal in found:
            raise CellTextError(f"{goal!r} is there twice")
        found[goal] = value
    return found


def parse_comparisons(text: str) -> tuple[dict[str, Scalar], ...]:
    """Read how many times as important one goal is as another.

    Raises
    ------
    CellTextError
        Says what cannot be read.

    Examples
    --------
    >>> parse_comparisons("alliance, science = 3")
    ({'goal': 'alliance', 'over': 'science', 'times': 3},)
    """
    found = []
    for names, value in _assigned(text):
        pair = [_one(name)[0] for name in _split(names, ",")]
        if len(pair) != 2:
            raise CellTextError(f"{', '.join(pair)!r} is not a pair of goals")
        found.append({"goal": pair[0], "over": pair[1], "times": value})
    return tuple(found)


def _assigned(text: str) -> Iterator[tuple[list[Token], Scalar]]:
    """What stands before an equals sign, with the number after it, part by part."""
    for tokens in _split(list(_tokens(text)), ";"):
        names, *rest = _split(tokens, "=")
        if len(rest) != 1:
            reason = "no number" if not rest else "more than one '='"
            raise CellTextError(f"{''.join(each for each, _ in names)!r} has {reason}")
        said, is_quoted = _one(rest[0])
        is_number = not is_quoted and NUMBER.fullmatch(said)
        yield names, number_of(said) if is_number else said


def weights_text(weights: Mapping[str, float]) -> str:
    """Write weights as :func:`parse_weights` reads them."""
    return "; ".join(f"{_quoted(goal)} = {weight!r}" for goal, weight in weights.items())


def comparisons_text(comparisons: Iterable[tuple[str, str, float]]) -> str:
    """Write comparisons as :func:`parse_comparisons` reads them.

    Examples
    --------
    >>> comparisons_text([("alliance", "science", 3.0)])
    'alliance, science = 3.0'
    """
    return "; ".join(
        f"{_quoted(goal)}, {_quoted(over)} = {times!r}" for goal, over, times in comparisons
    )


def filter_text(where: Mapping[str, Scalar | tuple[Scalar, ...]]) -> str:
    """Write a filter as :func:`parse_filter` reads it.

    Examples
    --------
    >>> filter_text({"pathway": ("study", "exchange"), "code": "7", "needs_agreement": False})
    'pathway = study, exchange; code = "7"; needs_agreement = no'
    """
    parts = []
    for attribute, wanted in where.items():
        values = wanted if isinstance(wanted, tuple) else (wanted,)
        told = ", ".join(_value_text(attribute, value) for value in values)
        parts.append(f"{_quoted(attribute)} = {told}")
    return "; ".join(parts)


def names_text(names: tuple[str, ...]) -> str:
    """Write names as :func:`parse_names` reads them."""
    return ", ".join(map(_quoted, names))


def number_of(text: str) -> int | float:
    """Give the number that a text says; a whole one where it has neither point nor exponent."""
    return float(text) if re.search("[.eE]", text) else int(text)


def _tokens(text: str) -> Iterator[Token]:
    place = 0
    while place < len(text):
        found = TOKEN.match(text, place)
        if found is None:
            raise CellTextError("a quote is not closed")
        quoted, sign, bare = found.groups()
        yield (
            (quoted.replace('""', '"'), True)
            if quoted is not None
            else (
                (sign or bare).strip(),
                False,
            )
        )
        place = found.end()


def _split(tokens: list[Token], sign: str) -> list[list[Token]]:
    parts: list[list[Token]] = [[]]
    for token in tokens:
        if token == (sign, False):
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def _one(tokens: list[Token]) -> Token:
    """Give the only token of a part, which is a name or a value."""
    if not tokens or tokens == [("", True)]:
        raise CellTextError("a name or a value is missing")
    text, is_quoted = tokens[0]
    if len(tokens) > 1:
        # Either a sign that has no place here, or text on both sides of a quote.
        raise CellTextError(f"{''.join(each for each, _ in tokens)!r} cannot be read")
    return text, is_quoted


def _kind_of(attribute: str) -> ColumnKind | None:
    """Type of an attribute by the data dictionary; None where a case decides."""
    dimension, dot, column = attribute.rpartition(".")
    if column.startswith(BAND_PREFIX) or column in ("level", "service"):
        return "text"
    homes = HOMES.values() if not dot else [HOMES[dimension]] if dimension in HOMES else []
    kinds = [spec.kind for home in homes for spec in TABLES[home].columns if spec.name == column]
    return "int" if column == "year" else kinds[0] if kinds else None


def _typed(attribute: str, text: str, is_quoted: bool) -> Scalar:
    kind = _kind_of(attribute)
    if is_quoted or kind in ("text", "choice"):
        return text
    if kind == "bool":
        return BOOLEANS.get(text, text)
    if not NUMBER.fullmatch(text):
        return text
    return text if kind is None and LEADING_ZERO.match(text) else number_of(text)


def _value_text(attribute: str, value: Scalar) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, str):
        return repr(value)
    plain = _quoted(value)
    is_number = NUMBER.fullmatch(value) and _kind_of(attribute) not in ("text", "choice")
    return f'"{value}"' if is_number and plain == value else plain


def _quoted(text: str) -> str:
    is_plain = text == text.strip() and text and not _SIGNS.search(text)
    doubled = text.replace('"', '""')
    return text if is_plain else f'"{doubled}"'
