"""Models as tidy frames: what every modelling layer is given, and the flat model as well.

Everybody gets the numbers in the units in which we load them (powers of two by row and column),
so that nobody is slowed down by money in single yen beside persons.
"""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


class Family(NamedTuple):
    """Variables of one name: bounds, and whether they are whole (the same for all)."""

    lower: Floats
    upper: Floats
    integral: bool


class Rule(NamedTuple):
    """Rows of one name and sense: terms (row, family, position, coefficient) and numbers."""

    sense: str
    terms: pd.DataFrame
    number: Floats


@dataclass(frozen=True)
class Tidy:
    """Maximise cost @ x + offset; columns stand by family, families in the order of ``sizes``."""

    a: scipy.sparse.csr_array
    cost: Floats
    offset: float
    row_lower: Floats
    row_upper: Floats
    lower: Floats
    upper: Floats
    integral: Bools
    sizes: dict[str, int]
    rules_of_rows: list[str]
    columns: list[tuple[str, Any]]
    rows: list[tuple[str, Any]]
    column_scale: Floats
    row_scale: Floats
    units: float
    """Factor of the objective against points."""

    @cached_property
    def starts(self) -> dict[str, int]:
        """First column of every family."""
        ends = np.cumsum(list(self.sizes.values()))
        return dict(zip(self.sizes, [0, *ends[:-1].tolist()], strict=True))

    @cached_property
    def families(self) -> dict[str, Family]:
        """Variables as a user declares them."""
        found = {}
        for name, start in self.starts.items():
            part = slice(start, start + self.sizes[name])
            whole = bool(self.integral[part].any())
            found[name] = Family(self.lower[part], self.upper[part], whole)
        return found

    @cached_property
    def rules(self) -> dict[str, Rule]:
        """Rows as a user states them, from frames that are ready."""
        entries = scipy.sparse.coo_array(self.a)
        start = np.array(list(self.starts.values()))
        names = pd.Index(list(self.sizes))
        number = np.searchsorted(start, entries.coords[1], side="right") - 1
        frame = pd.DataFrame(
            {
                "row": entries.coords[0].astype(np.int64),
                "family": pd.Categorical.from_codes(number.tolist(), categories=names),
                "position": entries.coords[1].astype(np.int64) - start[number],
                "coefficient": entries.data,
            }
        )
        equal = self.row_lower == self.row_upper
        sense = np.where(equal, "==", np.where(np.isfinite(self.row_upper), "<=", ">="))
        numbers = np.where(np.isfinite(self.row_upper), self.row_upper, self.row_lower)
        labels = pd.Series(
            [f"{rule} {side}" for rule, side in zip(self.rules_of_rows, sense, strict=True)]
        )
        place = labels.groupby(labels).cumcount().to_numpy()
        found = {}
        for (label, terms), rows in zip(
            frame.groupby(labels.to_numpy()[frame["row"]], sort=True),
            (part.index.to_numpy() for _, part in labels.groupby(labels, sort=True)),
            strict=True,
        ):
            mine = terms.assign(row=place[terms["row"]]).reset_index(drop=True)
            name, side = str(label).rsplit(" ", 1)
            found[f"{name}_{SIDES[side]}"] = Rule(side, mine, numbers[rows])
        return found

    def objective(self) -> dict[str, tuple[npt.NDArray[np.int64], Floats]]:
        """Positions and costs, by family."""
        found = {}
        for name, start in self.starts.items():
            part = self.cost[start : start + self.sizes[name]]
            if part.any():
                position = np.flatnonzero(part)
                found[name] = position.astype(np.int64), part[position]
        return found

    def violation(self, x: Floats) -> float:
        """Largest violation of a row or bound, in the loaded units; 0 without any."""
        activity = self.a @ x
        parts = (
            self.row_lower - activity,
            activity - self.row_upper,
            self.lower - x,
            x - self.upper,
        )
        return max(0.0, *(float(part.max(initial=0.0)) for part in parts))

    def points(self, x: Floats) -> float:
        """Points of a solution."""
        return float(self.cost @ x + self.offset) / self.units


SIDES = {"==": "equal", "<=": "most", ">=": "least"}


def keep(tidy: Tidy, path: Path) -> Path:
    """Write a model for other processes."""
    path.write_bytes(pickle.dumps(tidy))
    return path


def kept(path: str | Path) -> Tidy:
    """Read a model that one of our own processes wrote."""
    found = pickle.loads(Path(path).read_bytes())
    assert isinstance(found, Tidy)
    return found
