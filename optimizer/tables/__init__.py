"""Reads single tables: text first, then figures, every fault with its row and column."""

from __future__ import annotations

from optimizer.tables.grids import Grid, letters, number_text
from optimizer.tables.places import Places
from optimizer.tables.reading import TableRead, describe, empty_table, parse_grid, read_table
from optimizer.tables.workbook import Workbook, read_workbook

__all__ = [
    "Grid",
    "Places",
    "TableRead",
    "Workbook",
    "describe",
    "empty_table",
    "letters",
    "number_text",
    "parse_grid",
    "read_table",
    "read_workbook",
]
