"""Reads single tables: text first, then figures, every fault with its row and column."""

from __future__ import annotations

from optimizer.tables.reading import TableRead, describe, empty_table, read_table

__all__ = ["TableRead", "describe", "empty_table", "read_table"]
