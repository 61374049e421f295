"""Golden files of several parts: what a test finds is compared with what the review has read.

``GOLDEN=update pytest tests/test_plan_tables.py tests/test_money.py`` writes them anew.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

IS_UPDATE = os.environ.get("GOLDEN") == "update"


def written(found: object) -> str:
    """Frames as text with the types of their columns; anything else as it is written."""
    if isinstance(found, Mapping):
        return "".join(f"{name}:\n{written(part)}" for name, part in found.items())
    if isinstance(found, list):
        return "".join(map(written, found))
    if isinstance(found, np.ndarray):
        return f"{found.dtype} {found.tolist()}\n"
    if isinstance(found, pd.DataFrame):
        told = found.to_csv(float_format="%.9g", lineterminator="\n")
        return f"{told}{','.join(map(str, found.dtypes))}\n"
    return f"{found}\n"


@dataclass(frozen=True)
class Golden:
    """One file, in which every part stands below its title."""

    file: Path

    def parts(self) -> dict[str, str]:
        """Every part by its title."""
        if not self.file.exists():
            return {}
        pieces = self.file.read_text(encoding="utf-8").split("== ")[1:]
        return {title: text for title, _, text in (piece.partition("\n") for piece in pieces)}

    def holds(self, title: str, found: object) -> bool:
        """Whether a part is what was found; an update makes it so."""
        text = written(found)
        if IS_UPDATE:
            told = {**self.parts(), title: text}
            lines = "".join(f"== {name}\n{part}" for name, part in told.items())
            self.file.write_text(lines, encoding="utf-8")
        # Shown by pytest where they differ.
        assert text == self.parts()[title]
        return True
