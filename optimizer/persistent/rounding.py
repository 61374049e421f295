"""Where the margins of every block stand in a matrix, for rounding them."""

from __future__ import annotations

import pandas as pd

from optimizer.formulation.expressions import KEYS
from optimizer.frames import keys_of
from optimizer.instance import Instance
from optimizer.instance.sets import BLOCK
from optimizer.solver.matrix import Matrix
from optimizer.solver.rounding import Rounding


def build_rounding(instance: Instance, matrix: Matrix) -> Rounding:
    """Find the columns of every block."""
    sets = instance.sets
    distinct = dict.fromkeys(keys_of(sets.cohort, BLOCK))
    blocks = {key: number for number, key in enumerate(distinct)}

    def located(family: str) -> pd.DataFrame:
        frame = getattr(sets, family)
        columns = [matrix.column(family, key) for key in keys_of(frame, KEYS[family])]
        block = [blocks[key] for key in keys_of(frame, BLOCK)]
        table = pd.DataFrame({"column": columns, "block": block})
        margins = (("left", "cohort"), ("top", "placements")) if family == "slots" else ()
        for side, margin in margins:
            table[f"{side}_column"] = [
                matrix.column(margin, key) for key in keys_of(frame, KEYS[margin])
            ]
        return table.dropna().astype("int64")

    return Rounding(len(blocks), located("cohort"), located("placements"), located("slots"))
