"""Mutations of the files of a case, and what is known of them by construction."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from fuzz.samples import Rows, Sample, text_of
from optimizer.schema.tables import TABLES, ColumnSpec

A_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)

HOSTILE = (
    "", " ", "x", "-", "0", "1", "-1", "7", "0.5", "1.000", "2.000", "1,000", "0,5", "1e3", "1e16",
    "1e400", "1e-400", "9" * 40, "nan", "inf", "-inf", "NaN", "1_000", "0x1F", "\uff11", "٣", "5 %",
    "¥5", "2027-01-05", "2027", "=1+1", "=cmd|' /C calc'!A0", "+1", "@SUM(A1)", "#REF!", "TRUE",
    "yes", "no", "null", "None", "KOR", "study", "standard", "\0", "\x1b[31m", "a\nb", "a\r\nb",
    "\t", '"', "'", '""', ",", ";", "\\", "../../etc/passwd", "\u200b", "KOR\u200b", "\ufeffKOR",
    "e\u0301", "\u202eKOR", "東京", "\U0001f3ef", "\ud7ff", "\ufffd", "<script>", "{}", "%s",
    "x" * 300,
)  # fmt: skip

TEXTS = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(st.characters(codec="utf-8"), max_size=8),
    st.integers(-(10**6), 10**6).map(str),
    st.floats(allow_nan=True).map(repr),
)


@dataclass(frozen=True)
class Mutated:
    """A case's files after a mutation.

    Attributes
    ----------
    must_refuse
        Whether the contract is broken for certain.
    file, row, column
        What a problem must then name; None where any will do.
    kept
        Rows of tables that must be read as they stand here, if the case is accepted.
    """

    files: dict[str, bytes]
    must_refuse: bool = False
    file: str | None = None
    row: int | None = None
    column: str | None = None
    kept: dict[str, Rows] = field(default_factory=dict)


def _cell(data: DataObject, rows: Rows) -> tuple[int, int]:
    """Place of a cell below the header."""
    row = data.draw(st.integers(1, len(rows) - 1), "row")
    return row, data.draw(st.integers(0, len(rows[0]) - 1), "column")


def _table(data: DataObject, sample: Sample) -> tuple[str, Rows]:
    table = data.draw(st.sampled_from(sample.tables), "table")
    return table, sample.rows(table)


def cell_replaced(data: DataObject, sample: Sample) -> Mutated:
    """Another text in one cell."""
    table, rows = _table(data, sample)
    row, place = _cell(data, rows)
    text = data.draw(TEXTS, "text")
    rows[row][place] = text
    header = rows[0][place]
    file = f"{table}.csv"
    # A row of one column that is blank is no row.
    refused = any(rows[row]) and _breaks(sample, sample.column(table, header), text)
    mutated = {**sample.files, file: text_of(rows)}
    return Mutated(mutated, refused, file, row + 1, header, {table: rows})


def _breaks(sample: Sample, column: ColumnSpec | None, text: str) -> bool:
    """Whether a text in a column breaks what the schema says of it, judged without the reader."""
    if column is None or column.name in ("source", "note"):
        return bool(re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", text))
    if re.search(r"[\x00-\x1f\x7f\u200b\ufeff\u202e\ufffd]", text) or text != text.strip():
        return True
    if not text:
        return column.required
    if column.kind in ("int", "number"):
        return _is_no_number(sample, column, text)
    allowed = {"bool": ("yes", "no"), "choice": column.choices}.get(column.kind)
    if column.refers_to is not None:
        key = "service" if column.name == "service" else TABLES[column.refers_to].keys[0]
        allowed = tuple(sample.case.table(column.refers_to)[key])
    return allowed is not None and text not in allowed


def _is_no_number(sample: Sample, column: ColumnSpec, text: str) -> bool:
    if not A_NUMBER.fullmatch(text):
        return True
    value = float(text)
    if abs(value) == float("inf") or (column.kind == "int" and value != int(value)):
        return True
    if column.low is not None and value < column.low:
        return True
    if column.high is not None and value > column.high:
        return True
    return column.name == "year" and value not in sample.case.years


def cells_swapped(data: DataObject, sample: Sample) -> Mutated:
    """Two cells of one table take each other's place."""
    table, rows = _table(data, sample)
    (row, place), (other, there) = _cell(data, rows), _cell(data, rows)
    rows[row][place], rows[other][there] = rows[other][there], rows[row][place]
    return Mutated({**sample.files, f"{table}.csv": text_of(rows)}, kept={table: rows})


def row_twice(data: DataObject, sample: Sample) -> Mutated:
    """A row stands there a second time: two rows have the same keys."""
    table, rows = _table(data, sample)
    row = data.draw(st.integers(1, len(rows) - 1), "row")
    rows.append(list(rows[row]))
    file = f"{table}.csv"
    return Mutated({**sample.files, file: text_of(rows)}, True, file, len(rows))


def row_dropped(data: DataObject, sample: Sample) -> Mutated:
    """A row is missing."""
    table, rows = _table(data, sample)
    del rows[data.draw(st.integers(1, len(rows) - 1), "row")]
    return Mutated({**sample.files, f"{table}.csv": text_of(rows)}, kept={table: rows})


def rows_shuffled(data: DataObject, sample: Sample) -> Mutated:
    """The rows of a table stand in another order."""
    table, rows = _table(data, sample)
    rows[1:] = data.draw(st.permutations(rows[1:]), "rows")
    return Mutated({**sample.files, f"{table}.csv": text_of(rows)}, kept={table: rows})


def row_of_other_length(data: DataObject, sample: Sample) -> Mutated:
    """A row has a cell more or less than the header."""
    table, rows = _table(data, sample)
    row = data.draw(st.integers(1, len(rows) - 1), "row")
    if data.draw(st.booleans(), "longer"):
        rows[row].append("x")
    else:
        del rows[row][data.draw(st.integers(0, len(rows[row]) - 1), "column")]
    file = f"{table}.csv"
    refused = len(rows[row]) > 0 and any(rows[row])
    return Mutated({**sample.files, file: text_of(rows)}, refused, file, row + 1)


def column_dropped(data: DataObject, sample: Sample) -> Mutated:
    """A column is missing."""
    table, rows = _table(data, sample)
    place = data.draw(st.integers(0, len(rows[0]) - 1), "column")
    header = rows[0][place]
    column = sample.column(table, header)
    left = [row[:place] + row[place + 1 :] for row in rows]
    refused = column is not None and column.required
    file = f"{table}.csv"
    mutated = {**sample.files, file: text_of(left)}
    return Mutated(mutated, refused, file, 1, header if refused else None, {table: left})


def column_renamed(data: DataObject, sample: Sample) -> Mutated:
    """A column has another name."""
    table, rows = _table(data, sample)
    place = data.draw(st.integers(0, len(rows[0]) - 1), "column")
    column = sample.column(table, rows[0][place])
    before = rows[0][place]
    rows[0][place] = data.draw(TEXTS.filter(lambda text: text not in rows[0]), "name")
    refused = column is not None and (column.required or not TABLES[table].open_ended)
    # Where it was the only column of the schema, the row is no header at all.
    file = f"{table}.csv"
    return Mutated({**sample.files, file: text_of(rows)}, refused and before != "", file)


def column_twice(data: DataObject, sample: Sample) -> Mutated:
    """A column stands there a second time."""
    table, rows = _table(data, sample)
    place = data.draw(st.integers(0, len(rows[0]) - 1), "column")
    doubled = [[*row, row[place]] for row in rows]
    file = f"{table}.csv"
    return Mutated({**sample.files, file: text_of(doubled)}, True, file, 1, rows[0][place])


def columns_reordered(data: DataObject, sample: Sample) -> Mutated:
    """The columns stand in another order, which changes nothing."""
    table, rows = _table(data, sample)
    order = data.draw(st.permutations(range(len(rows[0]))), "order")
    other = [[row[place] for place in order] for row in rows]
    return Mutated({**sample.files, f"{table}.csv": text_of(other)}, kept={table: other})


def file_removed(data: DataObject, sample: Sample) -> Mutated:
    """A file is missing."""
    file = data.draw(st.sampled_from(sorted(sample.files)), "file")
    files = {name: content for name, content in sample.files.items() if name != file}
    required = file == "case.toml" or TABLES[file.removesuffix(".csv")].required
    return Mutated(files, required, file)


def files_swapped(data: DataObject, sample: Sample) -> Mutated:
    """Two files have each other's content."""
    names = st.lists(st.sampled_from(sorted(sample.files)), min_size=2, max_size=2, unique=True)
    file, other = data.draw(names, "files")
    files = {**sample.files, file: sample.files[other], other: sample.files[file]}
    headers = {files[name].partition(b"\n")[0] for name in (file, other)}
    # Without case.toml tables with money cannot be read.
    told = "case.toml" if "case.toml" in (file, other) else file
    return Mutated(files, len(headers) > 1, told)


def bytes_flipped(data: DataObject, sample: Sample) -> Mutated:
    """Single bits of a file are wrong."""
    file = data.draw(st.sampled_from(sorted(sample.files)), "file")
    content = bytearray(sample.files[file])
    for _ in range(data.draw(st.integers(1, 4), "times")):
        place = data.draw(st.integers(0, len(content) - 1), "place")
        content[place] ^= 1 << data.draw(st.integers(0, 7), "bit")
    return Mutated({**sample.files, file: bytes(content)})


def file_cut(data: DataObject, sample: Sample) -> Mutated:
    """The end of a file is missing."""
    file = data.draw(st.sampled_from(sorted(sample.files)), "file")
    content = sample.files[file]
    return Mutated({**sample.files, file: content[: data.draw(st.integers(0, len(content) - 1))]})


def text_inserted(data: DataObject, sample: Sample) -> Mutated:
    """Quotes, line breaks or other noise somewhere in a file."""
    file = data.draw(st.sampled_from(sorted(sample.files)), "file")
    content = sample.files[file]
    place = data.draw(st.integers(0, len(content)), "place")
    noise = data.draw(st.one_of(TEXTS.map(str.encode), st.binary(min_size=1, max_size=6)), "noise")
    return Mutated({**sample.files, file: content[:place] + noise + content[place:]})


def encoding_changed(data: DataObject, sample: Sample) -> Mutated:
    """A file is saved in an encoding that is not UTF-8."""
    file = data.draw(st.sampled_from(sorted(sample.files)), "file")
    text = sample.files[file].decode()
    encoding = data.draw(st.sampled_from(["utf-16", "utf-16-le", "utf-32", "utf-7"]), "encoding")
    content = text.encode(encoding)
    return Mutated({**sample.files, file: content}, content != sample.files[file], file)


def separators_changed(data: DataObject, sample: Sample) -> Mutated:
    """Another sign separates the columns of a table."""
    table, rows = _table(data, sample)
    sign = data.draw(st.sampled_from(";\t|"), "sign")
    text = "".join(sign.join(row) + "\n" for row in rows)
    file = f"{table}.csv"
    return Mutated({**sample.files, file: text.encode()}, True, file)


MUTATIONS: tuple[Callable[[DataObject, Sample], Mutated], ...] = (
    cell_replaced, cell_replaced, cell_replaced, cell_replaced, cells_swapped, row_twice,
    row_dropped, rows_shuffled, row_of_other_length, column_dropped, column_renamed, column_twice,
    columns_reordered, file_removed, files_swapped, bytes_flipped, file_cut, text_inserted,
    encoding_changed, separators_changed,
)  # fmt: skip
"""The commonest kind counts several times."""
