"""Cases: what is true, read from a folder or workbook of tables and checked as a whole."""

from __future__ import annotations

from optimizer.case.loading import Case, load_case

__all__ = ["Case", "load_case"]
