"""What two cases do not have in common, cell by cell, and cases between the two."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pandas as pd

from optimizer.case import Case
from optimizer.case.header import HEADER_FILE
from optimizer.case.rechecking import require_whole
from optimizer.errors import Problems
from optimizer.explain.differences import (
    CELL,
    COLUMN,
    HEADER,
    NOT_THERE,
    WHOLE_ROW,
    Difference,
    place_in_words,
)
from optimizer.frames.records import Frames
from optimizer.schema.addresses import CellAddress
from optimizer.schema.tables import NOTE, SOURCE, TABLES, TableSpec

_HEADER = {
    **{"title": False, "currency": True, "years": True},
    **{"country_codes": False, "licence": False, "movement": True},
}
"""Keys of case.toml, and whether they can change a plan."""
_REMARKS = frozenset({SOURCE.name, NOTE.name, "name", "tile_row", "tile_column"})
"""Columns that change no plan."""
_Key = tuple[str, ...]
_Keyed = dict[_Key, int]


def case_differences(one: Case, other: Case) -> list[Difference]:
    """Every cell, row and key of the header that differs; rows are matched by their keys."""
    found = list(_of_headers(one, other))
    for name in TABLES:
        found += _of_tables(one, other, name)
    return found


def mixed_case(one: Case, other: Case, chosen: Sequence[Difference]) -> Case:
    """The first case with some of its differences as the other has them.

    Raises
    ------
    InputError
        If that is not a sound case.
    """
    header = {each.at[0]: each.after for each in chosen if each.kind == HEADER}
    tables, by_table = Frames(one.tables), defaultdict(list)
    for each in chosen:
        if each.kind in (CELL, WHOLE_ROW, COLUMN):
            by_table[each.at[0]].append(each)
    for name, some in by_table.items():
        mixed = _mixed_table(TABLES[name], one.table(name), other.table(name), some)
        tables = tables.with_frame(name, mixed)
    mark = ", ".join(sorted(each.address for each in chosen))
    hashes = {
        name: sha256(f"{before}{mark}".encode()).hexdigest() for name, before in one.hashes.items()
    }
    case = replace(one, tables=tables, hashes=hashes, contents={}, **_of_header(header))
    require_whole(case)
    return case


def _of_header(values: Mapping[str, Any]) -> dict[str, Any]:
    known = {name: value for name, value in values.items() if name in _HEADER}
    if "years" in known:
        known["years"] = tuple(known["years"])
    return known


def _of_headers(one: Case, other: Case) -> Iterator[Difference]:
    for name, counts in _HEADER.items():
        before, after = getattr(one, name), getattr(other, name)
        if before != after:
            first, second = (_place(case, HEADER_FILE, None, name) for case in (one, other))
            yield Difference(HEADER, name, before, after, first, second, counts, (name,))
    tables = dict.fromkeys((*one.attributes, *other.attributes))
    for table in tables:
        ours, theirs = (dict(case.attributes.get(table, {})) for case in (one, other))
        for column in dict.fromkeys((*ours, *theirs)):
            before, after = ours.get(column), theirs.get(column)
            if before != after:
                address = f"attributes.{table}.{column}"
                first, second = (
                    "" if value is None else _place(case, HEADER_FILE, None, address)
                    for case, value in ((one, before), (other, after))
                )
                yield Difference(HEADER, address, before, after, first, second, False, ("",))


def _of_tables(one: Case, other: Case, name: str) -> Iterator[Difference]:
    spec = TABLES[name]
    ours, theirs = one.table(name), other.table(name)
    if ours.equals(theirs):
        return
    keyed, their_keyed = _keyed(spec, ours), _keyed(spec, theirs)
    both = [key for key in keyed if key in their_keyed]
    if both:
        yield from _of_columns(one, other, spec)
        yield from _of_cells(one, other, spec, both)
    for key, position in keyed.items():
        if key not in their_keyed:
            before, at = _row_text(ours, spec, position), _row_at(one, spec, ours, position)
            yield _row(spec, key, before, NOT_THERE, (at, ""))
    for key, position in their_keyed.items():
        if key not in keyed:
            after, at = _row_text(theirs, spec, position), _row_at(other, spec, theirs, position)
            yield _row(spec, key, NOT_THERE, after, ("", at))


def _row(spec: TableSpec, key: _Key, before: Any, after: Any, at: tuple[str, str]) -> Difference:
    address = f"{spec.name}[{_keys_text(spec, key)}]"
    return Difference(WHOLE_ROW, address, before, after, *at, counts=True, at=(spec.name, "", key))


def _of_columns(one: Case, other: Case, spec: TableSpec) -> Iterator[Difference]:
    """Columns that one of the two lacks: indicators that a case may have or not."""
    ours, theirs = one.table(spec.name), other.table(spec.name)
    for column in dict.fromkeys((*ours, *theirs)):
        if column in ours and column in theirs:
            continue
        has_it = one if column in ours else other
        place = _place(has_it, spec.file, None, str(column))
        words = "a column"
        before, after = (words, NOT_THERE) if column in ours else (NOT_THERE, words)
        at = (place, "") if column in ours else ("", place)
        address = f"{spec.name}.{column}"
        yield Difference(
            COLUMN, address, before, after, *at, counts=True, at=(spec.name, str(column), ())
        )


def _of_cells(
    one: Case, other: Case, spec: TableSpec, both: Sequence[_Key]
) -> Iterator[Difference]:
    ours, theirs = one.table(spec.name), other.table(spec.name)
    keyed, their_keyed = _keyed(spec, ours), _keyed(spec, theirs)
    rows, their_rows = [keyed[key] for key in both], [their_keyed[key] for key in both]
    keys = {*spec.keys, *spec.optional_keys}
    for column in ours:
        if column in keys or column not in theirs:
            continue
        cells, their_cells = _plain(ours[column], rows), _plain(theirs[column], their_rows)
        if cells == their_cells:
            continue
        header = _header(spec, str(column), one)
        their_header = _header(spec, str(column), other)
        for at, (before, after) in enumerate(zip(cells, their_cells, strict=True)):
            if before != after:
                yield Difference(
                    CELL,
                    str(CellAddress(spec.name, _pairs(spec, both[at]), str(column))),
                    before,
                    after,
                    _place(one, spec.file, int(ours.index[rows[at]]), header),
                    _place(other, spec.file, int(theirs.index[their_rows[at]]), their_header),
                    counts=column not in _REMARKS,
                    at=(spec.name, str(column), both[at]),
                )


def _mixed_table(
    spec: TableSpec, ours: pd.DataFrame, theirs: pd.DataFrame, chosen: Sequence[Difference]
) -> pd.DataFrame:
    mixed = ours
    keyed, their_keyed = _keyed(spec, ours), _keyed(spec, theirs)
    by_column: dict[str, list[_Key]] = defaultdict(list)
    for each in chosen:
        if each.kind == CELL:
            by_column[each.at[1]].append(each.at[2])
    for column, keys in by_column.items():
        cells = mixed[column].tolist()
        for key in keys:
            cells[keyed[key]] = theirs[column].iloc[their_keyed[key]]
        mixed = mixed.assign(**{column: pd.Series(cells, mixed.index, dtype=ours[column].dtype)})
    for each in chosen:
        if each.kind == COLUMN and each.before is not NOT_THERE:
            mixed = mixed.drop(columns=each.at[1])
        elif each.kind == COLUMN:
            at = [their_keyed.get(key) for key in keyed]
            cells = [pd.NA if row is None else theirs[each.at[1]].iloc[row] for row in at]
            mixed[each.at[1]] = pd.Series(cells, mixed.index, dtype=theirs[each.at[1]].dtype)
    gone = [keyed[e.at[2]] for e in chosen if e.kind == WHOLE_ROW and e.after is NOT_THERE]
    come = [their_keyed[e.at[2]] for e in chosen if e.kind == WHOLE_ROW and e.before is NOT_THERE]
    mixed = mixed.drop(index=mixed.index[gone])
    if not come:
        return mixed
    more = theirs.iloc[come].reindex(columns=mixed.columns)
    # Two files number their rows alike; those of the other come after all of ours.
    most = max([0, *ours.index.tolist()])
    more.index = pd.Index([most + int(row) for row in more.index], name=mixed.index.name)
    if not len(mixed):
        return more
    return pd.concat([mixed, more]).astype(mixed.dtypes.to_dict())


def _keyed(spec: TableSpec, frame: pd.DataFrame) -> _Keyed:
    """Position of every row by its keys; rows of equal keys are numbered."""
    names = [*spec.keys, *spec.optional_keys]
    columns = [["" if pd.isna(cell) else str(cell) for cell in frame[name]] for name in names]
    found: _Keyed = {}
    for position, key in enumerate(zip(*columns, strict=True)):
        unique = key
        while unique in found:
            unique = (*unique, "again")
        found[unique] = position
    return found


def _plain(cells: pd.Series, rows: Sequence[int]) -> list[Any]:
    """Cells as Python has them; blank ones, of texts as well, are not there."""
    values = cells.astype("object").to_numpy()[list(rows)].tolist()
    return [NOT_THERE if pd.isna(value) or value == "" else value for value in values]


def _pairs(spec: TableSpec, key: _Key) -> tuple[tuple[str, str], ...]:
    names = (*spec.keys, *spec.optional_keys)
    return tuple((name, value) for name, value in zip(names, key, strict=False) if value)


def _keys_text(spec: TableSpec, key: _Key) -> str:
    return str(CellAddress("", _pairs(spec, key), "x")).removesuffix("].x").removeprefix("[")


def _row_text(frame: pd.DataFrame, spec: TableSpec, position: int) -> dict[str, Any]:
    """Cells of a row that are no keys and no remarks."""
    cells = frame.iloc[[position]].to_dict("records")[0]
    keys = {*spec.keys, *spec.optional_keys, *_REMARKS}
    return {
        str(name): value
        for name, value in cells.items()
        if name not in keys and not pd.isna(value) and value != ""
    }


def _row_at(case: Case, spec: TableSpec, frame: pd.DataFrame, position: int) -> str:
    return _place(case, spec.file, int(frame.index[position]), "")


def _header(spec: TableSpec, column: str, case: Case) -> str:
    declared = {each.name: each for each in spec.columns}
    return declared[column].header(case.currency) if column in declared else column


def _place(case: Case, file: str, row: int | None, column: str) -> str:
    problems = Problems()
    problems.add(file, "", row=row, column=column or None)
    return place_in_words(next(iter(case.retold(problems))))
