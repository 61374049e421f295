"""Numbers in messages: as many digits as are needed, and none that are noise."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal

EXACT_FROM = 100_000
"""Figures from here on are written without decimals."""
DIGITS, MOST_DIGITS = 6, 15
_FEW, _LEAST = 10, 0.1
"""Persons below the first have a decimal; fewer than the second are said to be."""
NOBODY = 1e-6
"""Part of a person that is nobody; see :mod:`optimizer.plan.tolerance`."""
_NOISE = 1e-2
"""Part of the last digit that is left of a linear program's tolerance: 1e-6 of a number."""
_ROUNDED = 4
"""Digits of an amount that is rounded up."""
_NOTHING = 1e-12
"""Figures below it are what rounding leaves of nothing."""


def figure(value: float, digits: int = DIGITS) -> str:
    """Write a number as a planner would: thousands separated, no exponent, no noise.

    Examples
    --------
    >>> figure(12_000_000.0), figure(0.3333333), figure(0.00001), figure(5e-17)
    ('12,000,000', '0.333333', '0.00001', '0')
    """
    if digits == DIGITS and abs(value) >= EXACT_FROM:
        return f"{value:,.0f}"
    if not math.isfinite(value):
        return f"{value:g}"
    plain = Decimal(f"{value if abs(value) >= _NOTHING else 0.0:.{digits}g}")
    whole, point, decimals = f"{plain:,f}".partition(".")
    return f"{whole}{point}{decimals}".rstrip("0").rstrip(".") if point else whole


def plainly(value: float, digits: int = DIGITS) -> str:
    """Write a number as files have it, without an exponent.

    Examples
    --------
    >>> plainly(1500.5), plainly(2e6)
    ('1500.5', '2000000')
    """
    return f"{Decimal(f'{value:.{digits}g}'):f}" if math.isfinite(value) else f"{value:g}"


def counted(count: int, one: str, many: str = "") -> str:
    """Give a count with its noun.

    Examples
    --------
    >>> counted(1, "slot"), counted(1200, "slot"), counted(0, "country", "countries")
    ('1 slot', '1,200 slots', '0 countries')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def persons(value: float) -> str:
    """Write a number of expected persons: few of them with a decimal, and nobody alone as 0.

    Examples
    --------
    >>> persons(1234.4), persons(9.97), persons(2.34), persons(3.0), persons(0.02), persons(0.0)
    ('1,234', '10', '2.3', '3', '<0.1', '0')
    """
    if abs(value - round(value)) < NOBODY or round(value, 1) >= _FEW:
        return f"{round(value):,d}"
    return f"{value:.1f}" if value >= _LEAST / 2 else f"<{_LEAST}"


def difference(beyond: float, limit: float) -> str:
    """Write by how much a sum is beyond a limit, without what rounding leaves of both.

    Examples
    --------
    >>> difference(3.00001e-6, 51_950.37), difference(2.0, 4.0)
    ('0.000003', '2')
    """
    places = 12 - math.ceil(math.log10(max(10.0, abs(limit))))
    return figure(round(beyond, places) or beyond)


def apart(one: float, other: float, write: Callable[[float, int], str] = figure) -> tuple[str, str]:
    """Write two numbers that differ so that this can be seen.

    Examples
    --------
    >>> apart(20.0, 21.0), apart(1_000_000.5, 1_000_000.0)
    (('20', '21'), ('1,000,000.5', '1,000,000'))
    >>> apart(1_000_001, 1_000_000, plainly)
    ('1000001', '1000000')
    """
    told = write(one, DIGITS), write(other, DIGITS)
    for digits in (9, 12, MOST_DIGITS):
        if told[0] != told[1]:
            break
        told = write(one, digits), write(other, digits)
    return told


def rounded_up(amount: float, *, is_whole: bool) -> float:
    """Round an amount up to a whole number, or to four digits; noise is not rounded up.

    Examples
    --------
    >>> rounded_up(19.9998, is_whole=True), rounded_up(1.2, is_whole=True)
    (20.0, 2.0)
    >>> rounded_up(19.9998, is_whole=False), rounded_up(2.203125, is_whole=False)
    (20.0, 2.204)
    """
    places = 0 if is_whole else _ROUNDED - 1 - math.floor(math.log10(amount))
    steps = math.ceil(amount * 10.0**places - _NOISE)
    return max(1, steps) / 10**places if places > 0 else float(max(1, steps) * 10**-places)
