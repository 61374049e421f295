"""The smallest amount of money that a case can speak of."""

from __future__ import annotations

import numpy as np

from optimizer.case import Case
from optimizer.schema.tables import MONEY, TABLES

DECIMALS = 2
"""Of most currencies: cents."""
OTHER_DECIMALS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
"""Currencies whose smallest unit is another, by the decimals that ISO 4217 gives them."""
FINER = 3
"""Decimals beyond the currency's own that a case's amounts are looked at for; more of them come
from a division and are no unit of anything."""


def decimals_of(currency: str) -> int:
    """Decimals of a currency's smallest unit, as in ISO 4217.

    Examples
    --------
    >>> decimals_of("JPY"), decimals_of("EUR"), decimals_of("KWD")
    (0, 2, 3)
    """
    for decimals, currencies in OTHER_DECIMALS.items():
        if currency in currencies.split():
            return decimals
    return DECIMALS


def smallest_unit(case: Case) -> float:
    """Smallest unit of money in which a case speaks: the currency's own, or a finer one it uses."""
    decimals = decimals_of(case.currency)
    amounts = [
        case.table(spec.name)[column.name].to_numpy()
        for spec in TABLES.values()
        for column in spec.columns
        if column.unit == MONEY
    ]
    given = np.unique(np.concatenate(amounts))
    given = given[np.isfinite(given)]
    for finer in range(decimals, decimals + FINER):
        if np.array_equal(given, np.round(given, finer)):
            return float(10.0**-finer)
    return float(10.0 ** -(decimals + FINER))
