"""When a number counts as whole: measured in what it lets through.

HiGHS takes 1e-6 of a decision for none at all. Where a decision admits up to a thousand
million, that is a thousand people, and an optimum built on them is no plan. So how near to a whole
number a decision must be depends on how many people one unit of it lets through.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse

from optimizer.frames.arrays import Floats, Integers, Mask
from optimizer.solver.engine import FINEST
from optimizer.solver.loading import Option
from optimizer.solver.matrix import Matrix

WHOLE = 1e-6
"""Distance at which a number counts as whole, or as zero, where nothing hangs on it."""
PERSON = 0.5
"""People that a decision may let through and still count as whole: fewer than one."""
HOPS = 3
"""Rows between people and an account in whose units they are told, such as the hours they use."""


@dataclass(frozen=True)
class Roles:
    """Roles of columns in a search.

    Attributes
    ----------
    staged
        Integers that are decided first, with all others still continuous.
    margins
        Columns that are taken as zero where the relaxation has them at zero.
    """

    staged: Integers
    margins: Integers


@dataclass(frozen=True)
class Wholeness:
    """Which columns must be whole, and how near to an integer each of them must be.

    Attributes
    ----------
    columns
        All whole columns of a matrix.
    near
        Largest distance, for each of them.
    people
        People that one unit of each lets through; 0 for people themselves.
    """

    columns: Integers
    near: Floats
    people: Floats

    def holds(self, x: Floats, among: Integers | None = None) -> bool:
        """Whether a solution is whole, in all of the columns or among some."""
        near = self._near_of(x, among)
        values = x[self.columns if among is None else among]
        return bool((np.abs(values - np.round(values)) <= near).all())

    def box(self, x: Floats, among: Integers) -> tuple[Floats, Floats]:
        """Integers around some columns of a solution."""
        near, values = self._near_of(x, among), x[among]
        return np.floor(values + near), np.ceil(values - near)

    def _near_of(self, x: Floats, among: Integers | None) -> Floats:
        if among is None:
            return self.near
        near = np.full(len(x), WHOLE)
        near[self.columns] = self.near
        return near[among]

    @property
    def is_strained(self) -> bool:
        """Whether a millionth of some decision would let a person through."""
        return bool((self.near < WHOLE).any())

    @property
    def options(self) -> dict[str, Option]:
        """Options of HiGHS for searches in which a millionth would be too much."""
        finest = max(FINEST, float(np.min(self.near, initial=WHOLE)))
        return {} if finest >= WHOLE else {"mip_feasibility_tolerance": finest}


def wholeness(matrix: Matrix, decisions: Integers) -> Wholeness:
    """Measure what decisions let through; margins are people, and a millionth of one is none."""
    people = np.zeros(len(matrix.cost))
    people[decisions] = let_through(matrix, decisions)
    columns = np.flatnonzero(matrix.integral)
    most = people[columns]
    return Wholeness(columns, np.minimum(WHOLE, PERSON / np.maximum(most, PERSON)), most)


def let_through(matrix: Matrix, decisions: Integers) -> Floats:
    """People that one unit of each decision lets in at most, by any row with one side.

    In a row that counts hours, people are recognised by the least that one of them counts there.
    """
    is_decision = np.zeros(len(matrix.cost), dtype=bool)
    is_decision[decisions] = True
    entries = scipy.sparse.coo_array(matrix.a)
    row, column = (part.astype(np.int64) for part in entries.coords)
    size = np.abs(entries.data)
    person = _one_person(matrix, row, column, size, is_decision)
    towards = np.isfinite(matrix.row_lower) * 1.0 - np.isfinite(matrix.row_upper)
    opens = is_decision[column] & (entries.data * towards[row] > 0.0) & np.isfinite(person[row])
    people = np.zeros(len(matrix.cost))
    np.maximum.at(people, column[opens], size[opens] / person[row[opens]])
    most: Floats = people[decisions]
    return most


def _one_person(
    matrix: Matrix, row: Integers, column: Integers, size: Floats, is_decision: Mask
) -> Floats:
    """Least amount that one person counts in every row; infinite where there are none."""
    worth = np.where(matrix.integral & ~is_decision, 1.0, np.inf)
    counted = ~is_decision[column] & (size > 0.0)
    row, column, size = row[counted], column[counted], size[counted]
    is_account = ~matrix.integral[column]
    least = np.full(len(matrix.rows), np.inf)
    for _ in range(HOPS):
        np.minimum.at(least, row, size * worth[column])
        there = row[is_account], column[is_account]
        np.minimum.at(worth, there[1], least[there[0]] / size[is_account])
    return least
