"""Looks figures up in tables whose optional keys may be blank: the most specific row wins."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from optimizer.errors import Problem, Problems
from optimizer.frames import grouping
from optimizer.frames.arrays import Integers
from optimizer.io.tables import describe


def resolve(
    query: pd.DataFrame,
    table: pd.DataFrame,
    *,
    keys: Sequence[str],
    optional: Sequence[str],
    values: Sequence[str],
    file: str,
    problems: Problems,
) -> pd.DataFrame:
    """Find for each cell of a query the row of a table that speaks of it most specifically.

    A row speaks of a cell if all its filled keys are those of the cell; a blank optional key
    means every. Of several such rows the one with the most filled optional keys counts. Two rows
    that fill equally many are a problem, as nothing says which of them was meant.

    Parameters
    ----------
    query
        Cells: all columns of ``keys`` and ``optional``, filled.
    table
        Frame of a case: index is the row in the file; blank is "" in text, <NA> in numbers.
    keys, optional
        Names of key columns.
    values
        Names of the columns wanted.
    file
        Name of the table's file, for problems.
    problems
        Collects pairs of rows that speak of one cell equally specifically.

    Returns
    -------
    DataFrame
        The columns of ``values`` and ``row`` (Int64), index as in ``query``; NaN and <NA> where
        no row speaks of the cell.

    Examples
    --------
    >>> table = pd.DataFrame({"track": ["a", "a"], "level": ["", "high"], "amount": [5.0, 7.0]})
    >>> query = pd.DataFrame({"track": ["a", "a"], "level": ["low", "high"]})
    >>> resolve(query, table, keys=["track"], optional=["level"], values=["amount"],
    ...         file="costs.csv", problems=Problems())["amount"].tolist()
    [5.0, 7.0]
    """
    names = [*keys, *optional]
    coded, codes = _coded(query, table, names)
    filled = {name: _is_filled(table[name]) for name in optional}
    best = np.full(len(query), -1, dtype=np.int64)
    rival = np.full(len(query), -1, dtype=np.int64)
    for patterns in _by_specificity(filled, len(table)):
        open_cells = np.flatnonzero(best < 0)
        for pattern, rows in patterns:
            columns = [name for name in names if name not in filled or name in pattern]
            for matches in _matches(coded, codes, columns, rows, open_cells):
                is_first = (best[open_cells] < 0) & (matches >= 0)
                is_rival = (best[open_cells] >= 0) & (matches >= 0) & (rival[open_cells] < 0)
                is_rival &= best[open_cells] != matches
                best[open_cells[is_first]] = matches[is_first]
                rival[open_cells[is_rival]] = matches[is_rival]
    _report_rivals(query[names], table, best, rival, file=file, problems=problems)
    return _values_at(table, values, best, query.index)


def _is_filled(cells: pd.Series) -> npt.NDArray[np.bool_]:
    is_number = pd.api.types.is_numeric_dtype(cells)
    filled = cells.notna() if is_number else cells.notna() & cells.ne("")
    return filled.to_numpy(dtype=bool)


def _coded(
    query: pd.DataFrame, table: pd.DataFrame, names: Sequence[str]
) -> tuple[dict[str, Integers], dict[str, Integers]]:
    """Number the values of each key of the table; -1 in the query for those it never names."""
    coded, codes = {}, {}
    for name in names:
        numbers, known = pd.factorize(table[name])
        codes[name] = numbers.astype(np.int64)
        coded[name] = pd.Index(known).get_indexer(pd.Index(query[name])).astype(np.int64)
    return coded, codes


def _by_specificity(
    filled: dict[str, npt.NDArray[np.bool_]], length: int
) -> Iterator[list[tuple[frozenset[str], Integers]]]:
    """Group rows by which optional keys they fill, those that fill most first."""
    pattern = np.zeros(length, dtype=np.int64)
    for place, is_filled in enumerate(filled.values()):
        pattern += is_filled.astype(np.int64) << place
    groups: dict[int, list[tuple[frozenset[str], Integers]]] = {}
    for number in np.unique(pattern).tolist():
        names = frozenset(name for place, name in enumerate(filled) if number >> place & 1)
        groups.setdefault(len(names), []).append((names, np.flatnonzero(pattern == number)))
    for count in sorted(groups, reverse=True):
        yield groups[count]


def _matches(
    coded: dict[str, Integers],
    codes: dict[str, Integers],
    columns: Sequence[str],
    rows: Integers,
    cells: Integers,
) -> Iterator[Integers]:
    """Yield for each cell the first row with its keys, then the last one; -1 for none.

    The two differ only where rows of the table repeat their keys.
    """
    wanted = np.zeros(len(cells), dtype=np.int64)
    given = np.zeros(len(rows), dtype=np.int64)
    possible = np.ones(len(cells), dtype=bool)
    size = 1
    for name in columns:
        base = int(codes[name].max(initial=-1)) + 1
        if size * base > grouping.LARGEST_CODE:
            known, given = np.unique(given, return_inverse=True)
            wanted, found = _positions(known, wanted)
            possible &= found
            size = len(known)
        numbers = coded[name][cells]
        possible &= numbers >= 0
        wanted = wanted * base + numbers
        given = given * base + codes[name][rows]
        size *= base
    order = np.argsort(given, kind="stable")
    known, firsts = np.unique(given[order], return_index=True)
    places, found = _positions(known, wanted)
    lasts = np.append(firsts[1:], len(rows)) - 1
    for ends in (firsts, lasts):
        yield np.where(possible & found, rows[order[ends[places]]], -1)


def _positions(known: Integers, wanted: Integers) -> tuple[Integers, npt.NDArray[np.bool_]]:
    """Find values in sorted ones: their positions, and whether they are there."""
    places = np.searchsorted(known, wanted).clip(max=len(known) - 1).astype(np.int64)
    return places, known[places] == wanted


def _report_rivals(
    cells: pd.DataFrame,
    table: pd.DataFrame,
    best: Integers,
    rival: Integers,
    *,
    file: str,
    problems: Problems,
) -> None:
    """Add one problem for each pair of rows, naming the first cell they both speak of."""
    clashing = np.flatnonzero(rival >= 0)
    pairs = np.sort(np.column_stack([best[clashing], rival[clashing]]), axis=1)
    _, firsts = np.unique(pairs, axis=0, return_index=True)
    found = []
    for place in np.sort(firsts).tolist():
        first, second = (int(table.index[row]) for row in pairs[place])
        told = _told(cells, int(clashing[place]))
        message = f"rows {first} and {second} both match {told}; neither is more specific"
        expected = "one most specific row for each cell"
        found.append(Problem(file, message, first, None, expected))
    problems.add_all(found)


def _told(cells: pd.DataFrame, place: int) -> str:
    return describe({str(name): cells[name].iloc[place] for name in cells})


def _values_at(
    table: pd.DataFrame, values: Sequence[str], places: Integers, index: pd.Index
) -> pd.DataFrame:
    numbered = table[list(values)].assign(row=table.index.astype("Int64"))
    numbered.index = pd.RangeIndex(len(table))
    found = numbered.reindex(np.where(places >= 0, places, -1))
    found.index = index
    return found
