"""Tables with a row per year, followed through the years that are planned."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from optimizer.case import Case
from optimizer.frames import keys_of
from optimizer.schema.tables import TABLES


def through_years(
    case: Case, name: str, columns: Sequence[str], years: Sequence[int]
) -> pd.DataFrame:
    """Rows that hold in each year: those of the year, then the last one of each key for ever.

    Parameters
    ----------
    name
        A table that goes on, as the schema says.
    columns
        Columns wanted, ``year`` aside.
    years
        Years in which the rows are to hold.

    Returns
    -------
    pandas.DataFrame
        The columns, and ``year``. Years before the first row of a key, and between two of its
        rows, have none.
    """
    table = case.table(name)
    given = list(
        zip(keys_of(table, TABLES[name].lasting_keys), table["year"].tolist(), strict=True)
    )
    last: dict[object, int] = {}
    for key, year in given:
        last[key] = max(year, last.get(key, year))
    held = [
        (row, later)
        for row, (key, year) in enumerate(given)
        for later in years
        if later == year or later > year == last[key]
    ]
    rows = np.array([row for row, _ in held], dtype=np.intp)
    cells = {column: table[column].array.take(rows) for column in columns}
    return pd.DataFrame(cells | {"year": pd.Series([year for _, year in held], dtype="int64")})
