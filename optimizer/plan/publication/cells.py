"""Cells of sensitive tracks that nobody sees, and every sum over them that is published."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse

from optimizer.frames import summed
from optimizer.frames.arrays import Integers
from optimizer.plan.publication.money import RoundedMoney
from optimizer.plan.publication.suppression import Published

ALL_TRACKS, ALL_YEARS = "all tracks", "all years"

BY_COUNTRY = ["track", "country", "level", "year"]
BY_REGION = ["track", "region", "level", "year"]
_BLOCK = ["track", "level", "year"]

_SUMS: tuple[tuple[str, str, list[str], tuple[str, ...], float], ...] = (
    ("country", "plan", ["country", "track", "year"], ("country", "track", "", "", "year"), 1.0),
    ("country", "slots_by_country", ["country", "track"], ("country", "track", ALL_YEARS), 2.0),
    ("region", "slots_by_region", ["region", "track", "year"], ("region", "track", "year"), 1.0),
    ("region", "slots_by_region", ["region", "track"], ("region", "track", ALL_YEARS), 2.0),
    ("country", "slots_by_track", ["track", "year"], ("track", "year"), 4.0),
    ("country", "slots_by_track", ["track"], ("track", ALL_YEARS), 16.0),
    ("country", "slots_by_track", ["year"], (ALL_TRACKS, "year"), 8.0),
    ("country", "slots_by_track", [], (ALL_TRACKS, ALL_YEARS), 32.0),
)
"""Everything that is published of sensitive tracks: whether it adds up cells by country or by
region, its table, what it is summed by, the key of its rows, and what is lost with each."""


@dataclass(frozen=True)
class Row:
    """One number that is published.

    Attributes
    ----------
    table, key
        Where it stands.
    value
        People of sensitive tracks that it counts.
    beside
        People of other tracks that it counts as well.
    """

    table: str
    key: tuple[Any, ...]
    value: int
    beside: int
    loss: float
    is_beside: bool


@dataclass(frozen=True)
class Cells:
    """Sensitive people by country, the same by region, and the sums that are published.

    Attributes
    ----------
    by_country, by_region
        slots by track, country or region, level and year; no rows by region in national cases.
    rows, sums
        The sums, and which cells each adds up: those by country first.
    """

    sensitive: tuple[str, ...]
    by_country: pd.DataFrame
    by_region: pd.DataFrame
    rows: tuple[Row, ...]
    sums: scipy.sparse.csr_array

    @classmethod
    def of(cls, slots: pd.DataFrame, sensitive: Sequence[str]) -> Cells:
        """Cells of a plan's slots."""
        hidden = slots["track"].isin(sensitive)
        theirs, others = slots[hidden], slots[~hidden]
        by_country = summed(theirs, BY_COUNTRY, "slots")
        by_region = summed(theirs[theirs["region"].ne("")], BY_REGION, "slots")
        rows: list[Row] = []
        parts: list[scipy.sparse.csr_array] = []
        for side, table, by, key, loss in _SUMS:
            cells = by_country if side == "country" else by_region
            codes, found = _grouped(cells, by)
            before = len(by_country) if side == "region" else 0
            shape = (len(found), len(by_country) + len(by_region))
            places = before + np.arange(len(cells))
            parts.append(scipy.sparse.csr_array((np.ones(len(cells)), (codes, places)), shape))
            values = np.bincount(codes, cells["slots"], len(found)).astype(int)
            for names, value in zip(found, values, strict=True):
                of = dict(zip(by, names, strict=True))
                is_beside = ALL_TRACKS in key
                rows.append(
                    Row(
                        table,
                        tuple(of.get(name, name) for name in key),
                        int(value),
                        _beside(others, of) if is_beside else 0,
                        loss,
                        is_beside,
                    )
                )
        sums = scipy.sparse.vstack(parts, format="csr")
        return cls(tuple(sensitive), by_country, by_region, tuple(rows), sums)

    def published(self, money: RoundedMoney) -> Published:
        """Give what others can add up, without names."""
        slots = [*self.by_country["slots"], *self.by_region["slots"]]
        return Published(
            cells=np.array(slots, dtype=np.int64),
            sums=self.sums,
            losses=np.array([row.loss for row in self.rows]),
            are_beside=np.array([row.is_beside for row in self.rows], dtype=bool),
            links=self.links(),
            money=money.by_person,
            low=money.low,
            high=money.high,
        )

    def links(self) -> scipy.sparse.csr_array:
        """Everybody of a track, level and year has a country and a region."""
        if not len(self.by_region):
            return scipy.sparse.csr_array((0, len(self.by_country)))
        both = pd.concat([self.by_country[_BLOCK], self.by_region[_BLOCK]])
        codes = both.groupby(_BLOCK, sort=False).ngroup().to_numpy()
        signs = np.repeat([1.0, -1.0], [len(self.by_country), len(self.by_region)])
        places = np.arange(len(both))
        return scipy.sparse.csr_array((signs, (codes, places)), (codes.max() + 1, len(both)))


def _grouped(cells: pd.DataFrame, by: list[str]) -> tuple[Integers, list[tuple[Any, ...]]]:
    """Number of the group of every cell, and the key of every group."""
    if not by or not len(cells):
        return np.zeros(len(cells), dtype=np.int64), [()] if len(cells) else []
    groups = cells.groupby(by, sort=False)
    return np.array(groups.ngroup(), dtype=np.int64), list(_keys(cells, by))


def _keys(cells: pd.DataFrame, by: list[str]) -> Iterator[tuple[Any, ...]]:
    yield from cells[by].drop_duplicates().itertuples(index=False, name=None)


def _beside(others: pd.DataFrame, of: dict[str, Any]) -> int:
    chosen = others[others["year"].eq(of["year"])] if "year" in of else others
    return int(chosen["slots"].sum())
