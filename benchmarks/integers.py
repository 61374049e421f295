"""A model with integers only, which CP-SAT needs.

Accounts are written out by their defining rows. What is continuous after that (people who stay on,
money moved, diminishing values) is counted in small steps. Coefficients are scaled per row and
rounded so that nothing is allowed that the true model forbids; costs are rounded too, so CP-SAT's
bound is one of this model and takes no part in the best bound.
"""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import scipy.sparse

from tidy import Floats, Tidy

ACCOUNTS = {
    "spending_adds_up": "spending",
    "use_adds_up": "use",
    "intake_adds_up": "intake",
    "residents_add_up": "residents",
    "movers_add_up": "movers",
    "value_adds_up": "value",
    "raw_value_adds_up": "raw_value",
    "measure_adds_up": "measured",
    "compared_adds_up": "compared",
    "commitment_adds_up": "committed",
    "change_adds_up": "change",
}
"""Defining rule of every account."""
STEPS = {"transitions": 1 / 16, "transitions_by_region": 1 / 16}
"""Persons: the same on both sides of the equality of totals."""
SHARE = 1e-5
"""Step of everything else that is continuous, against its largest value."""
DIGITS = 2.0**20
NEARLY = 1e-9
LARGEST = 1e6
"""Largest integer where nothing else limits one."""
Whole = npt.NDArray[np.int64]


class Integers(NamedTuple):
    """Maximise cost @ z with lower <= a @ z <= upper, 0 <= z <= most, all whole.

    Attributes
    ----------
    columns, step
        Column of the tidy model that each z stands for, and how much one unit is there.
    units
        Factor of costs against the tidy model's.
    """

    a: scipy.sparse.csr_array
    lower: Floats
    upper: Floats
    most: Whole
    cost: Whole
    columns: Whole
    step: Floats
    units: float

    def values(self, z: Floats, width: int) -> Floats:
        """Values of the tidy model's columns; accounts are left at 0."""
        x = np.zeros(width)
        x[self.columns] = z * self.step
        return x


def keep(model: Integers, path: Path) -> None:
    path.write_bytes(pickle.dumps(model))


def kept(path: Path) -> Integers:
    found = pickle.loads(path.read_bytes())
    assert isinstance(found, Integers)
    return found


def integers(tidy: Tidy) -> Integers:
    """Write out the accounts, choose steps, scale and round."""
    a, lower, upper, cost, columns = _without_accounts(tidy)
    step, most = _steps(tidy, a, upper, columns)
    a = scipy.sparse.csr_array(a @ scipy.sparse.diags_array(step))
    a.eliminate_zeros()
    filled = np.diff(a.indptr) > 0
    a, lower, upper = scipy.sparse.csr_array(a[filled]), lower[filled], upper[filled]
    largest = np.maximum(scipy.sparse.csr_array(abs(a)).max(axis=1).toarray().ravel(), 1e-300)
    entries = scipy.sparse.coo_array(a)
    smallest = np.full(a.shape[0], np.inf)
    np.minimum.at(smallest, entries.coords[0], np.abs(entries.data))
    ratio = entries.data / smallest[entries.coords[0]]
    odd = np.zeros(a.shape[0], dtype=bool)
    np.logical_or.at(odd, entries.coords[0], np.abs(ratio - np.round(ratio)) > NEARLY)
    factor = np.where(odd, DIGITS / largest, 1.0 / smallest)
    scaled = scipy.sparse.coo_array(scipy.sparse.diags_array(factor) @ a)
    rows = scaled.coords[0]
    # Towards what forbids more: up in rows with an upper side, down in rows with a lower one.
    up = np.isfinite(upper)[rows]
    data = np.where(up, np.ceil(scaled.data - NEARLY), np.floor(scaled.data + NEARLY))
    data = np.where(odd[rows], data, np.round(scaled.data))
    units = DIGITS / np.abs(cost * step).max()
    return Integers(
        a=scipy.sparse.csr_array((data.astype(np.int64), scaled.coords), shape=a.shape),
        lower=np.ceil(lower * factor - 1e-6),
        upper=np.floor(upper * factor + 1e-6),
        most=most,
        cost=np.round(cost * step * units).astype(np.int64),
        columns=columns,
        step=step,
        units=float(units),
    )


def _without_accounts(
    tidy: Tidy,
) -> tuple[scipy.sparse.csr_array, Floats, Floats, Floats, Whole]:
    names = np.array([name for name, _ in tidy.columns])
    defining = [number for number, rule in enumerate(tidy.rules_of_rows) if rule in ACCOUNTS]
    is_account = np.zeros(len(names), dtype=bool)
    out = scipy.sparse.lil_array((len(names), len(names)))
    constant = np.zeros(len(names))
    for row in defining:
        part = slice(tidy.a.indptr[row], tidy.a.indptr[row + 1])
        at, values = tidy.a.indices[part], tidy.a.data[part]
        mine = names[at] == ACCOUNTS[tidy.rules_of_rows[row]]
        assert mine.sum() == 1, "one account in its defining row"
        account, pivot = at[mine][0], values[mine][0]
        is_account[account] = True
        out[account, at[~mine]] = -values[~mine] / pivot
        constant[account] = tidy.row_upper[row] / pivot
    kept_columns = np.flatnonzero(~is_account)
    whole = scipy.sparse.csr_array(out)
    chosen = scipy.sparse.diags_array((~is_account).astype(float)).tocsr()
    express, shift = scipy.sparse.csr_array(chosen), np.zeros(len(names))
    # Accounts may be made of accounts: repeated until nothing changes.
    for _ in range(len(ACCOUNTS)):
        express = scipy.sparse.csr_array(chosen + whole @ express)
        shift = whole @ shift + constant
    rows = np.array([rule not in ACCOUNTS for rule in tidy.rules_of_rows])
    a = scipy.sparse.csr_array(tidy.a[rows] @ express)[:, kept_columns]
    offset = tidy.a[rows] @ shift
    cost = (express.T @ tidy.cost)[kept_columns]
    return (
        scipy.sparse.csr_array(a),
        tidy.row_lower[rows] - offset,
        tidy.row_upper[rows] - offset,
        cost,
        kept_columns,
    )


def _steps(
    tidy: Tidy, a: scipy.sparse.csr_array, upper: Floats, columns: Whole
) -> tuple[Floats, Whole]:
    """Step and largest count of every column; bounds come from rows that only add up."""
    entries = scipy.sparse.coo_array(a)
    only_up = np.ones(a.shape[0], dtype=bool)
    np.logical_and.at(only_up, entries.coords[0], entries.data >= 0)
    usable = (only_up & np.isfinite(upper))[entries.coords[0]] & (entries.data > 0)
    rows, at = entries.coords[0][usable], entries.coords[1][usable]
    bound = tidy.upper[columns].copy()
    np.minimum.at(bound, at, np.maximum(upper[rows], 0.0) / entries.data[usable])
    names = [tidy.columns[number][0] for number in columns]
    persons = np.array([STEPS.get(name, 0.0) for name in names]) / tidy.column_scale[columns]
    usual = np.where(np.isfinite(bound), bound * SHARE, 1.0 / 16)
    usual = np.where(usual > 0, usual, 1.0)
    step = np.where(persons > 0, persons, usual)
    step = np.where(tidy.integral[columns], 1.0, step)
    most = np.floor(np.minimum(bound / step + 1e-6, LARGEST))
    return step, most.astype(np.int64)
