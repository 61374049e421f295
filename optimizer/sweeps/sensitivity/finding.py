"""A finding: a table read from a sweep, sentences made of it, and charts of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from optimizer.errors import OptimizerError
from optimizer.errors.arguments import typed
from optimizer.result import Result
from optimizer.result.charts import drawing, not_among

Drawing = Callable[[pd.DataFrame], Any]
"""Makes a chart of the main table of a finding."""


@dataclass(frozen=True, repr=False, eq=False)
class Finding(Result):
    """What a sweep tells about one question; tables are given as copies.

    Attributes
    ----------
    name
        Of the question, such as ``tornado``.
    answer
        The main table, see the function that made it.
    sentences
        The same in words.
    tables
        Further tables by name.
    provenance
        As of the sweep, and what was asked.
    drawings
        How charts are made, by name.
    """

    name: str
    answer: pd.DataFrame
    sentences: tuple[str, ...]
    provenance: Mapping[str, Any]
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    drawings: Mapping[str, Drawing] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<{self.name}: {len(self.answer):,} rows>"

    @property
    def table(self) -> pd.DataFrame:
        """The main table, with a column ``status``."""
        return self.answer

    def in_words(self) -> list[str]:
        """The answer in sentences."""
        return list(self.sentences)

    @typed
    def chart(self, name: str = "") -> Any:
        """Draw the finding with Altair.

        Parameters
        ----------
        name
            One of ``drawings``; the first without it.

        Raises
        ------
        OptimizerError
            If there is no chart of that name, or the extra ``notebook`` is not installed.
        """
        known = list(self.drawings)
        if not known:
            raise OptimizerError(f"{self.name} has no chart")
        wanted = name or known[0]
        if wanted not in self.drawings:
            raise not_among(known, wanted, f"{self.name} has no chart")
        with drawing():
            return self.drawings[wanted](self.answer)
