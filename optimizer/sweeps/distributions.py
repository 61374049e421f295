"""Distributions of a number of a study, as what turns shares of 1 into values.

A value is a factor on the number as it is, unless the distribution says ``set`` or ``add``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import Any, Literal, get_args

import numpy as np

from optimizer.errors import OptimizerError, did_you_mean, shorten
from optimizer.frames.arrays import Floats
from optimizer.io.toml import frozen, shown
from optimizer.sweeps.contents import is_finite
from optimizer.sweeps.resolving import asked_value

By = Literal["multiply", "add", "set"]

LARGEST_FACTOR = 1000.0
"""Beyond it a factor was meant to be a value, not a thousandfold."""

_DIGITS = 9
"""Significant digits of sampled numbers: enough for every draw, few enough to be read."""

_SPREAD = 3.0
"""Standard deviations to either side at which a normal distribution ends unless told."""


@dataclass(frozen=True)
class Distribution(ABC):
    """How likely the values of a number are.

    Attributes
    ----------
    operation
        What a value is: a factor on the number as it is, something to add to it, or the number.
    """

    operation: By

    @abstractmethod
    def at(self, shares: Floats) -> Sequence[object]:
        """Values below which these shares of all lie."""

    def drawn(self, shares: Floats) -> list[object]:
        """The same as values of changes, such as ``*1.1``."""
        return [asked_value(self.operation, value) for value in self.at(shares)]


def _rounded(values: Floats) -> list[float]:
    return [float(f"{value:.{_DIGITS}g}") for value in values]


@dataclass(frozen=True)
class _Uniform(Distribution):
    low: float
    high: float
    is_log: bool = False

    def at(self, shares: Floats) -> Sequence[object]:
        if self.is_log:
            low, high = log(self.low), log(self.high)
            return _rounded(np.exp(low + shares * (high - low)))
        return _rounded(self.low + shares * (self.high - self.low))


@dataclass(frozen=True)
class _Triangular(Distribution):
    low: float
    mode: float
    high: float

    def at(self, shares: Floats) -> Sequence[object]:
        width, left = self.high - self.low, self.mode - self.low
        rising = self.low + np.sqrt(shares * width * left)
        falling = self.high - np.sqrt((1 - shares) * width * (width - left))
        return _rounded(np.where(shares < left / width, rising, falling))


@dataclass(frozen=True)
class _Normal(Distribution):
    mean: float
    deviation: float
    low: float
    high: float

    def at(self, shares: Floats) -> Sequence[object]:
        from scipy.special import ndtr, ndtri

        ends = ndtr([(end - self.mean) / self.deviation for end in (self.low, self.high)])
        inside = ends[0] + shares * (ends[1] - ends[0])
        values = self.mean + self.deviation * ndtri(inside)
        return _rounded(np.clip(values, self.low, self.high))


@dataclass(frozen=True)
class _Choice(Distribution):
    values: tuple[object, ...]
    weights: tuple[float, ...]

    def at(self, shares: Floats) -> Sequence[object]:
        upper = np.cumsum(self.weights) / np.sum(self.weights)
        places = np.searchsorted(upper[:-1], shares, side="right")
        return [self.values[place] for place in places]


def uniform(low: float, high: float, *, operation: By = "multiply") -> Distribution:
    """Every value from the lowest to the highest is as likely.

    Raises
    ------
    OptimizerError
        If these are not two numbers in order, or factors that must have been meant as values.

    Examples
    --------
    >>> uniform(0.8, 1.2).drawn(np.array([0.0, 0.5, 1.0]))
    ['*0.8', '*1', '*1.2']
    >>> uniform(5e6, 9e6, operation="set").drawn(np.array([0.5]))
    [7000000.0]
    """
    _require("uniform", operation, low=low, high=high)
    return _Uniform(operation, low, high)


def loguniform(low: float, high: float, *, operation: By = "multiply") -> Distribution:
    """As :func:`uniform` of the logarithm: half and twice the number are as likely.

    Raises
    ------
    OptimizerError
        As :func:`uniform`, and if a value is not above 0.

    Examples
    --------
    >>> loguniform(0.5, 2).drawn(np.array([0.0, 0.5, 1.0]))
    ['*0.5', '*1', '*2']
    """
    _require("loguniform", operation, low=low, high=high)
    if low <= 0:
        raise OptimizerError(f"loguniform: low is {shown(low)}, not above 0")
    return _Uniform(operation, low, high, is_log=True)


def triangular(low: float, mode: float, high: float, *, operation: By = "multiply") -> Distribution:
    """From the lowest to the highest value, the likeliest between them.

    Raises
    ------
    OptimizerError
        As :func:`uniform`.

    Examples
    --------
    >>> triangular(0.0, 1.0, 2.0).drawn(np.array([0.0, 0.5, 1.0]))
    ['*0', '*1', '*2']
    """
    _require("triangular", operation, low=low, mode=mode, high=high)
    return _Triangular(operation, low, mode, high)


def normal(
    mean: float,
    deviation: float,
    *,
    low: float | None = None,
    high: float | None = None,
    operation: By = "multiply",
) -> Distribution:
    """A bell curve, cut off at both ends.

    Parameters
    ----------
    deviation
        Standard deviation before it is cut off.
    low, high
        Ends; three standard deviations from the mean unless told.

    Raises
    ------
    OptimizerError
        As :func:`uniform`.

    Examples
    --------
    >>> normal(1, 0.1).drawn(np.array([0.0, 0.5, 1.0]))
    ['*0.7', '*1', '*1.3']
    """
    given = {"mean": mean, "deviation": deviation}
    _require_numbers("normal", {**given, **_given(low=low, high=high)})
    if deviation <= 0:
        raise OptimizerError(f"normal: deviation is {shown(deviation)}, not above 0")
    low = mean - _SPREAD * deviation if low is None else low
    high = mean + _SPREAD * deviation if high is None else high
    _require("normal", operation, low=low, high=high)
    if low > mean + 2 * _SPREAD * deviation or high < mean - 2 * _SPREAD * deviation:
        raise OptimizerError("normal: low and high leave hardly anything of the bell curve")
    return _Normal(operation, mean, deviation, low, high)


def choice(
    values: Sequence[object], weights: Sequence[float] | None = None, *, operation: By = "set"
) -> Distribution:
    """One of a few values, which need not be numbers; by themselves, not as factors.

    Parameters
    ----------
    weights
        How likely each is, in relation to the others; all alike without it.

    Raises
    ------
    OptimizerError
        If there is no value, or not a weight above 0 for each.

    Examples
    --------
    >>> choice(["steady", 2], weights=[1, 3]).drawn(np.array([0.2, 0.3, 0.9]))
    ['steady', 2, 2]
    """
    _require_operation("choice", operation)
    given = _listed("choice", "values", values)
    parts = [1.0] * len(given) if weights is None else _listed("choice", "weights", weights)
    _require_numbers("choice", {f"weight {at}": each for at, each in enumerate(parts, start=1)})
    if len(parts) != len(given) or min(parts) <= 0:
        expected = f"{len(given)} numbers above 0"
        raise OptimizerError(f"choice: weights are {shown(parts)}, not {expected}")
    for value in given if operation == "set" else ():
        if not isinstance(value, str | int | float | bool | list | tuple | dict):
            raise OptimizerError(f"choice: {shorten(ascii(value))} is not a value of TOML")
    if operation != "set":
        _require_numbers("choice", {f"value {at}": v for at, v in enumerate(given, start=1)})
    return _Choice(operation, tuple(map(frozen, given)), tuple(map(float, parts)))


DISTRIBUTIONS = {each.__name__: each for each in (uniform, loguniform, triangular, normal, choice)}
"""Distributions by the name that files call them."""


def times(*factors: float) -> tuple[object, ...]:
    """Give factors on a number as values of changes.

    Raises
    ------
    OptimizerError
        If one is not a number, or must have been meant as a value.

    Examples
    --------
    >>> times(0.9, 1, 1.1)
    ('*0.9', '*1', '*1.1')
    """
    _require_numbers("times", {f"factor {at}": each for at, each in enumerate(factors, start=1)})
    for factor in factors:
        _require_factor("times", factor)
    return tuple(asked_value("multiply", frozen(factor)) for factor in factors)


@dataclass(frozen=True)
class Correlated:
    """Levers that a sample moves together.

    Attributes
    ----------
    correlation
        Rank correlation (Spearman's) of every two of them, from -1 to 1.
    """

    levers: tuple[str, ...]
    correlation: float


def correlated(levers: Sequence[str], by: float) -> Correlated:
    """Say which levers of a sample move together, and how closely.

    Parameters
    ----------
    levers
        Two addresses of the sample, or more.
    by
        Rank correlation (Spearman's) of every two of them, from -1 to 1; from 0 for more than two.

    Raises
    ------
    OptimizerError
        If there are not two levers, or they cannot all be correlated so.

    Examples
    --------
    >>> correlated(["goals.alliance.weight", "goals.bridges.weight"], by=0.8).correlation
    0.8
    """
    few = 2
    given = _listed("correlated", "levers", levers)
    is_text = all(isinstance(lever, str) for lever in given)
    if not is_text or len(set(given)) < max(few, len(given)):
        told = "two different addresses or more"
        raise OptimizerError(f"correlated: levers are {shown(frozen(given))}, not {told}")
    _require_numbers("correlated", {"by": by})
    # Not everything can move against everything else: of three, two move together.
    least = -1.0 if len(given) == few else 0.0
    if not least <= by <= 1:
        told = f"from {least:g} to 1 for {len(given)} levers"
        raise OptimizerError(f"correlated: by is {shown(by)}, not {told}")
    return Correlated(tuple(given), float(by))


def _listed(name: str, what: str, given: Any) -> list[Any]:
    if not isinstance(given, list | tuple) or not given:
        told = shorten(ascii(frozen(given)))
        raise OptimizerError(f"{name}: {what} are {told}, not a list of them")
    return list(given)


def _given(**numbers: float | None) -> dict[str, float]:
    return {name: number for name, number in numbers.items() if number is not None}


def _require(name: str, operation: str, **numbers: float) -> None:
    """Refuse numbers that are not in order, and factors that must have been meant as values."""
    _require_operation(name, operation)
    _require_numbers(name, numbers)
    ordered = list(numbers.values())
    if ordered != sorted(ordered) or ordered[0] == ordered[-1]:
        told = ", ".join(f"{key} {shown(number)}" for key, number in numbers.items())
        raise OptimizerError(f"{name}: {told} are not in order, the lowest first")
    if operation == "multiply":
        for number in ordered:
            _require_factor(name, number)


def _require_operation(name: str, operation: object) -> None:
    known = get_args(By)
    if not isinstance(operation, str) or operation not in known:
        maybe = did_you_mean(operation, known) if isinstance(operation, str) else None
        hint = f"; maybe {maybe}" if maybe else ""
        told = shorten(ascii(operation))
        raise OptimizerError(f"{name}: operation is {told}, not {', '.join(known)}{hint}")


def _require_numbers(name: str, numbers: Mapping[str, object]) -> None:
    for key, number in numbers.items():
        plain = frozen(number)
        if not is_finite(plain):
            told = shorten(ascii(plain))
            raise OptimizerError(f"{name}: {key} is {told}, not a finite number")


def _require_factor(name: str, factor: float) -> None:
    if abs(factor) > LARGEST_FACTOR:
        told = f"{shown(factor)} would be a factor; if it is a value"
        how = "it stands as it is" if name == "times" else 'operation is "set"'
        raise OptimizerError(f"{name}: {told}, {how}")
