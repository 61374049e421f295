"""Contents of a case as in its files: header, described attributes and columns of text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from optimizer.case import Case
from optimizer.case.header import Movement
from optimizer.io.grids import number_text
from optimizer.io.guesses import NUMBER
from optimizer.io.tables import empty_table
from optimizer.schema.tables import TABLES, ColumnSpec, TableSpec


@dataclass(frozen=True)
class Contents:
    """A case to be written; unlike a :class:`~optimizer.case.Case` it need not have been read.

    Attributes
    ----------
    tables
        Frames as a case has them, of the tables that are to be written.
    explained
        Whether ``case.toml`` says what else it may hold, for whoever begins with it.
    steps
        What to do next, each step in a few words and in full, for whoever begins with it.
    """

    title: str
    currency: str
    years: tuple[int, ...]
    country_codes: str
    licence: str
    attributes: Mapping[str, Mapping[str, Mapping[str, str]]]
    tables: Mapping[str, pd.DataFrame]
    movement: Movement | None = None
    explained: bool = False
    steps: tuple[tuple[str, str], ...] = ()

    @property
    def specs(self) -> list[TableSpec]:
        """Tables that are written, in the order of the data dictionary."""
        return [spec for spec in TABLES.values() if spec.name in self.tables]

    def columns(self, spec: TableSpec) -> list[tuple[str, ColumnSpec | None, pd.Series]]:
        """Header, description (None for attributes) and cells of each column of a table."""
        frame = self.tables[spec.name]
        own = {column.name: column for column in spec.columns}
        return [
            (
                own[name].header(self.currency) if name in own else name,
                own.get(name),
                frame[name],
            )
            for name in map(str, frame)
        ]


def contents_of(case: Case) -> Contents:
    """Give what is written of a case: tables that every case has, or that hold anything."""
    tables = {
        name: frame
        for name, frame in case.tables.items()
        if TABLES[name].required or len(frame) or len(frame.columns) > len(TABLES[name].columns)
    }
    return Contents(
        title=case.title,
        currency=case.currency,
        years=case.years,
        country_codes=case.country_codes,
        licence=case.licence,
        attributes=case.attributes,
        tables=tables,
        movement=case.movement,
    )


def empty_contents(**header: Any) -> Contents:
    """Give a case in which every table has its header and no rows."""
    tables = {name: empty_table(spec) for name, spec in TABLES.items()}
    return Contents(attributes={}, tables=tables, **header)


def texts(cells: pd.Series) -> Iterator[str]:
    """Write the cells of a column as files do; numbers as short as they read back the same."""
    if pd.api.types.is_bool_dtype(cells):
        return ("yes" if cell else "no" for cell in cells.tolist())
    if is_figures(cells):
        return ("" if pd.isna(cell) else number_text(float(cell)) for cell in cells.tolist())
    return iter(cells.tolist())


def is_plain_number(text: str) -> bool:
    """Whether a number cell reads back as this very text.

    Examples
    --------
    >>> is_plain_number("34.5"), is_plain_number("01"), is_plain_number("0.50")
    (True, False, False)
    """
    return NUMBER.fullmatch(text) is not None and number_text(float(text)) == text


def is_figures(cells: pd.Series) -> bool:
    """Whether a column holds numbers."""
    return pd.api.types.is_numeric_dtype(cells) and not pd.api.types.is_bool_dtype(cells)
