"""Tables as Parquet files, with what they were made with in the file's own facts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from optimizer.errors import not_installed
from optimizer.io.paths import NotReadError, content_of

LARGEST_PARQUET = 2**30
"""Bytes of an older file that is read to see whose it is."""

FACTS_KEY = b"talent-optimizer"
"""Under which a file keeps what it was made with, and by which a file of ours is known."""


def parquet_bytes(table: pd.DataFrame, facts: Mapping[str, str], what: str) -> bytes:
    """Bytes of a table as a Parquet file.

    Parameters
    ----------
    table
        With texts and numbers. Blank texts in a column of numbers become missing numbers; other
        columns of mixed kinds become texts.
    facts
        Kept in the file, as JSON under ``talent-optimizer``.
    what
        What is written, for the error.

    Raises
    ------
    OptimizerError
        If pyarrow is not installed.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise not_installed(what, "pyarrow", "parquet") from error
    columns = {str(name): _of_one_kind(table[name]) for name in table}
    made = pa.table(columns).replace_schema_metadata({FACTS_KEY: json.dumps(facts).encode()})
    sink = pa.BufferOutputStream()
    pq.write_table(made, sink)
    return bytes(sink.getvalue().to_pybytes())


def no_parquet(path: Path) -> str | None:
    """Why what is at a path may not be replaced by a table."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        content = content_of(path, at_most=LARGEST_PARQUET, expected="a Parquet file")
        kept = pq.read_schema(pa.BufferReader(content)).metadata or {}
    except (NotReadError, pa.ArrowException, OSError):
        kept = {}
    return None if FACTS_KEY in kept else "is not a result that this tool has written"


def _of_one_kind(column: pd.Series) -> list[Any]:
    """Cells of a column: numbers, or texts where there is anything else."""
    cells = column.tolist()
    if column.dtype != object:
        return cells
    cells = [None if cell == "" else cell for cell in cells]
    known = [cell for cell in cells if cell is not None]
    if known and all(isinstance(cell, int | float) and cell is not True for cell in known):
        return [None if cell is None else float(cell) for cell in cells]
    return ["" if cell is None else str(cell) for cell in cells]
