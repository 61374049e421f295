"""Numbers of a loaded model changed in place: numbers of rules, coefficients and costs.

What has changed is found by comparing what an instance asks for with what stands in the matrix;
nothing is compiled again.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping

import numpy as np
import pandas as pd
import scipy.sparse

from optimizer.formulation.expressions import KEYS, Numbers, added_up
from optimizer.formulation.limits import LimitRow
from optimizer.formulation.numbers import (
    BY_LIMIT,
    PRICED,
    SETTLED,
    Terms,
    rule_numbers,
    rule_terms,
)
from optimizer.frames.arrays import Floats, Integers
from optimizer.instance import Instance
from optimizer.instance.people import CONSTANT
from optimizer.persistent.change_rows import ROWS_OF_CHANGE, SLOTS_MOVED
from optimizer.persistent.roles import columns_in_order
from optimizer.solver.matrix import Matrix
from optimizer.solver.patch import Patch

_EXACT = 1e-9
"""Relative difference of two numbers that is none."""


class CannotPatchError(Exception):
    """The change needs rows or columns that the loaded model does not have."""


class Patcher:
    """Finds the rows and columns of what changes, and which way round each row was compiled.

    A rule may be written with its number on either side, and compiling may turn its rows round.
    So nothing is taken for granted: where the number of a rule stands is learnt by looking for the
    numbers of the instance in the matrix that was compiled from it. A rule in which they are not
    found is not changed in place, and neither is a model with a rule of which it is not known
    what its coefficients follow from.

    Parameters
    ----------
    instance, matrix
        A model as it was compiled; rows that are dropped may be without sides.
    before
        The same before rows and columns were appended.
    """

    def __init__(self, instance: Instance, matrix: Matrix, before: Patcher | None = None) -> None:
        self.rows = {key: number for number, key in enumerate(matrix.rows)}
        self.by_rule: dict[str, list[int]] = {}
        for number, (rule, _) in enumerate(matrix.rows):
            self.by_rule.setdefault(rule, []).append(number)
        # A row with two sides was compiled into two, and has two numbers.
        self.twice = {rule for (rule, _), rows in Counter(matrix.rows).items() if rows > 1}
        self.has_lower = np.isfinite(matrix.row_lower)
        self.has_upper = np.isfinite(matrix.row_upper)
        self.columns = {family: columns_in_order(instance, matrix, family) for family in KEYS}
        self._source, self._by_row = matrix.a, scipy.sparse.csr_array(matrix.a)
        self.matrix = matrix
        terms = rule_terms(instance)
        unknown = self.by_rule.keys() - terms.keys() - SETTLED - BY_LIMIT - ROWS_OF_CHANGE
        costs = {matrix.columns[column][0] for column in np.flatnonzero(matrix.cost)}
        unknown |= costs - PRICED - {SLOTS_MOVED}
        self.unknown = sorted(unknown)
        self.signs: dict[str, float]
        self.summed: dict[str, float]
        if before is None:
            numbers = rule_numbers(instance)
            self.signs = {rule: self._sign(rule, told) for rule, told in numbers.items()}
            self.summed = {
                rule: self._sign_of_terms(rule, terms[rule])
                for rule in self.by_rule.keys() & terms.keys()
                if not terms[rule].account
            }
        else:
            known = len(before.has_lower)
            self.has_lower[:known], self.has_upper[:known] = before.has_lower, before.has_upper
            self.signs, self.summed = before.signs, before.summed

    @property
    def is_known(self) -> bool:
        """Whether it is known of every row and cost what it follows from."""
        return not self.unknown

    def require_known(self) -> None:
        """Refuse to change a model in which anything may follow from what changes.

        Raises
        ------
        CannotPatchError
            If there is a rule, or a component with a penalty, that nothing here knows of.
        """
        if self.unknown:
            raise CannotPatchError(f"{', '.join(self.unknown)} may follow from any number")

    def _sign(self, rule: str, numbers: Mapping[object, float]) -> float:
        """Sign with which the numbers of a rule stand in its rows; 0 where rows do not agree."""
        sides = self.matrix.numbers()
        found = {
            _sign_between(number, float(sides[row]))
            for index, number in numbers.items()
            if number and (row := self.rows.get((rule, index))) is not None
        }
        return found.pop() if len(found) == 1 and rule not in self.twice else 0.0

    def _sign_of_terms(self, rule: str, told: Terms) -> float:
        """Sign with which a limited sum of terms stands in its rows; 0 where it is not found."""
        chosen = self.by_rule[rule]
        rows, columns, weights, _ = self._desired(rule, told)
        wanted = scipy.sparse.csr_array((weights, (rows, columns)), shape=self._by_row.shape)
        there, sought = self._by_row[chosen], wanted[chosen]
        # Nothing is below nothing: rows without terms do not show how they would hold them.
        small = _EXACT * abs(there).max()
        for sign in (1.0, -1.0):
            if abs(there - sign * sought).max() < small:
                return sign
        return 0.0

    def use(self, matrix: Matrix) -> None:
        """Compare with this matrix from now on; its rows and columns are the same."""
        if matrix.a is not self._source:
            self._source, self._by_row = matrix.a, scipy.sparse.csr_array(matrix.a)
        self.matrix = matrix

    def numbers(self, patch: Patch, wanted: Numbers) -> None:
        """New numbers of rules; numbers without a row limit nothing.

        Raises
        ------
        CannotPatchError
            If it is not known where a rule that has numbers other than 0 holds them.
        """
        sides = self.matrix.numbers()
        for rule, by_index in wanted.items():
            sign = self.signs.get(rule)
            for index, number in by_index.items():
                row = self.rows.get((rule, index))
                if row is None:
                    continue
                if sign:
                    self._side(patch, row, sign * float(number))
                elif number or sides[row]:
                    raise CannotPatchError(f"where {rule} holds its numbers is not known")

    def limits(
        self, patch: Patch, wanted: Mapping[str, Mapping[tuple[str, str], LimitRow]]
    ) -> None:
        """New numbers, bases and factors of limits."""
        for rule, by_index in wanted.items():
            for index, limit in by_index.items():
                row = self._row(rule, index)
                own = self.matrix.column("measured", index)
                sign = 0.0 if own is None else float(self._by_row[row, own])
                if abs(sign) != 1.0:
                    raise CannotPatchError(f"where {rule} holds its numbers is not known")
                self._side(patch, row, sign * limit.number)
                for name, key, weight in limit.others:
                    column = self.matrix.column(name, key)
                    if column is None:
                        raise CannotPatchError(f"{name}[{key}] has no column")
                    value = sign * weight
                    if self._by_row[row, column] != value:
                        patch.add(np.array([row]), np.array([column]), np.array([value]))

    def terms(self, patch: Patch, rule: str, wanted: Terms) -> None:
        """New terms of an account, or of a sum that is limited itself."""
        chosen = np.array(
            [
                row
                for row in self.by_rule.get(rule, [])
                if self.matrix.rows[row][1] not in wanted.others
            ]
        )
        rows, columns, weights, constant = self._desired(rule, wanted)
        if not len(chosen):
            return
        height, width = self._by_row.shape
        present = scipy.sparse.coo_array(self._by_row[chosen])
        has_row, has_column, data = chosen[present.coords[0]], present.coords[1], present.data
        # Every row is sum = -constant or sum - account = -constant, or that turned round.
        if wanted.account:
            is_account = np.isin(has_column, self.matrix.family(wanted.account))
            sign = np.zeros(height)
            sign[has_row[is_account]] = -np.sign(data[is_account])
            keep = ~is_account
            has_row, has_column, data = has_row[keep], has_column[keep], data[keep]
        else:
            known = self.summed.get(rule)
            if not known:
                raise CannotPatchError(f"where {rule} holds its terms is not known")
            sign = np.full(height, known)
        before = scipy.sparse.csr_array((data, (has_row, has_column)), shape=(height, width))
        after = scipy.sparse.csr_array(
            (weights * sign[rows], (rows, columns)), shape=(height, width)
        )
        changed = scipy.sparse.coo_array(after - before)
        moved = changed.data != 0.0
        at = changed.coords[0][moved], changed.coords[1][moved]
        patch.add(*at, _cells(after, *at))
        for row in chosen.tolist():
            self._side(patch, row, -constant[row] * sign[row])

    def _desired(self, rule: str, wanted: Terms) -> tuple[Integers, Integers, Floats, Floats]:
        """Row, column and weight of every term, and the constant of every row."""
        constant = np.zeros(len(self.matrix.rows))
        if not len(wanted.frame):
            none = np.array([], dtype=np.int64)
            return none, none, constant[none], constant
        keys, merged = added_up(wanted.frame, wanted.by)
        merged = merged[merged["coefficient"] != 0.0]
        code, used = pd.factorize(merged["row"])
        distinct = [keys[number] for number in used]
        found = [self._row(rule, key if len(key) > 1 else key[0]) for key in distinct]
        rows = np.array(found, dtype=np.int64)[code]
        weights = merged["coefficient"].to_numpy()
        fixed = merged["family"].eq(CONSTANT).to_numpy()
        np.add.at(constant, rows[fixed], weights[fixed])
        position = merged["position"].to_numpy()
        columns = np.zeros_like(position)
        for family in merged["family"].unique():
            if family != CONSTANT:
                if family not in self.columns:
                    raise CannotPatchError(f"nothing is known of {family}")
                chosen = merged["family"].eq(family).to_numpy()
                columns[chosen] = self.columns[family][position[chosen]]
        if (columns[~fixed] < 0).any():
            raise CannotPatchError(f"{rule} adds up decisions that no rule spoke of before")
        return rows[~fixed], columns[~fixed], weights[~fixed], constant

    def _row(self, rule: str, index: object) -> int:
        row = self.rows.get((rule, index))
        if row is None:
            raise CannotPatchError(f"{rule}[{index}] has no row")
        return row

    def _side(self, patch: Patch, row: int, number: float) -> None:
        """Give a row a new number on the sides where it was compiled with one."""
        # Zero may be negative here.
        number = float(number) + 0.0
        lower = number if self.has_lower[row] else -np.inf
        upper = number if self.has_upper[row] else np.inf
        if lower != self.matrix.row_lower[row] or upper != self.matrix.row_upper[row]:
            patch.sides[row] = (lower, upper)


def _sign_between(number: float, side: float) -> float:
    """Sign that makes a number the side of a row; 0 if none does."""
    return next((sign for sign in (1.0, -1.0) if math.isclose(sign * number, side)), 0.0)


def _cells(a: scipy.sparse.csr_array, rows: Integers, columns: Integers) -> Floats:
    """Values of single cells, 0 where nothing is stored."""
    stored = scipy.sparse.coo_array(a)
    by_cell = pd.Series(stored.data, index=np.ravel_multi_index(stored.coords, a.shape))
    wanted = np.ravel_multi_index((rows, columns), a.shape)
    return by_cell.reindex(wanted, fill_value=0.0).to_numpy()
