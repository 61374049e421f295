"""Small steps on data frames, typed as they are used here.

What a column holds is known to the table's schema, not to the type checker, and pandas' own
annotations allow a cell to be anything. These helpers are the one place where cells become
``Any``; everything with a name says again what it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from math import nan
from typing import Any

import pandas as pd


def rows_of(frame: pd.DataFrame) -> Iterator[Any]:
    """Rows in order, each with its cells as attributes named like the columns.

    Examples
    --------
    >>> [row.track for row in rows_of(pd.DataFrame({"track": ["a", "b"], "max": [1, 2]}))]
    ['a', 'b']
    """
    return iter(frame.itertuples(index=False, name="Row"))


def keys_of(frame: pd.DataFrame, columns: Sequence[str]) -> list[tuple[Any, ...]]:
    """Key of every row, in order, as a plain tuple of the columns' cells.

    Examples
    --------
    >>> keys_of(pd.DataFrame({"year": [2030], "track": ["a"]}), ["track", "year"])
    [('a', 2030)]
    """
    # Several times as fast as itertuples, which makes a frame of the columns first.
    return list(zip(*(frame[name].tolist() for name in columns), strict=True))


def mapping(frame: pd.DataFrame, keys: str | Sequence[str], value: str) -> dict[Any, Any]:
    """One column by key; keys are plain for one key column and tuples for several.

    Examples
    --------
    >>> mapping(pd.DataFrame({"line": ["x"], "year": [2030], "amount": [5.0]}),
    ...         ["line", "year"], "amount")
    {('x', 2030): 5.0}
    """
    found = frame[keys].tolist() if isinstance(keys, str) else keys_of(frame, keys)
    return dict(zip(found, frame[value].tolist(), strict=True))


def numbers_at(
    keys: pd.Series, numbers: Mapping[Any, float] | pd.Series, default: float = nan
) -> pd.Series:
    """Number of every row by its key: a float also where there are no rows.

    ``Series.map`` gives a series without rows the type of the keys, so of text, with which nothing
    can be computed.

    Examples
    --------
    >>> numbers_at(pd.Series(["b", "c"]), {"a": 1, "b": 2}).tolist()
    [2.0, nan]
    >>> numbers_at(pd.Series([], dtype="str"), {"a": 1}, 0.0).dtype.name
    'float64'
    """
    known = numbers.to_dict() if isinstance(numbers, pd.Series) else numbers
    found = [known.get(key, default) for key in keys.tolist()]
    return pd.Series(found, index=keys.index, dtype="float64").fillna(default)


def plain_rows(frame: pd.DataFrame) -> list[tuple[Any, ...]]:
    """Cells of every row; columns may be called alike.

    Examples
    --------
    >>> plain_rows(pd.DataFrame([["a", 2030]], columns=["year", "year"]))
    [('a', 2030)]
    """
    if not frame.shape[1]:
        return [()] * len(frame)
    columns = (frame.iloc[:, place].tolist() for place in range(frame.shape[1]))
    return list(zip(*columns, strict=True))


def labels(frame: pd.DataFrame) -> list[str]:
    """Key columns of every row in one text.

    Examples
    --------
    >>> labels(pd.DataFrame({"track": ["a"], "year": [2030]}))
    ['a, 2030']
    """
    return [", ".join(map(str, row)) for row in plain_rows(frame)]


def distinct(text: object, signs: str) -> str:
    """A part of a longer text, in quotes where its own signs could be taken for those between.

    Examples
    --------
    >>> distinct("Asia", ",="), distinct("Asia, east", ",="), distinct("a=b", ",=")
    ('Asia', '"Asia, east"', '"a=b"')
    """
    plain = str(text)
    is_odd = any(sign in plain for sign in (*signs, '"'))
    return json.dumps(plain, ensure_ascii=False) if is_odd else plain


def groups_of(
    frame: pd.DataFrame, by: Sequence[str]
) -> Iterator[tuple[tuple[Any, ...], pd.DataFrame]]:
    """Keys, always as a tuple, with the rows of each, in order of first appearance.

    Examples
    --------
    >>> frame = pd.DataFrame({"track": ["b", "a", "b"], "slots": [1, 2, 3]})
    >>> [(key, rows["slots"].tolist()) for key, rows in groups_of(frame, ["track"])]
    [(('b',), [1, 3]), (('a',), [2])]
    """
    return iter(frame.groupby(list(by), sort=False))


def stacked(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Rows of all parts, numbered anew; parts without rows leave the types of the others alone.

    Examples
    --------
    >>> nobody = pd.DataFrame({"track": [], "slots": []})
    >>> stacked([nobody, pd.DataFrame({"track": ["a"], "slots": [1]})]).dtypes["slots"].name
    'int64'
    >>> stacked([nobody, pd.DataFrame({"year": []})]).columns.tolist()
    ['track', 'slots']
    """
    filled = [part for part in parts if len(part)]
    return pd.concat(filled or parts[:1], ignore_index=True)


def summed(
    frame: pd.DataFrame, by: Sequence[str], column: str, *, sort: bool = False
) -> pd.DataFrame:
    """Key columns and the sum of one column by key, in order of first appearance or of keys.

    Examples
    --------
    >>> summed(pd.DataFrame({"track": ["b", "a", "b"], "slots": [1, 2, 3]}), ["track"], "slots")
      track  slots
    0     b      4
    1     a      2
    """
    return frame.groupby(list(by), sort=sort)[column].sum().reset_index()
