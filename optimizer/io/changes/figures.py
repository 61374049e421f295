"""Figures said in relation to the unchanged ones: ``*1.1``, ``/2``, ``+10%``, ``-10%``, ``+=100``.

Percentages such as ``40%`` are figures where a share is asked. All are exact in decimals: ten per
cent more than 0.3 is 0.33.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from optimizer.errors import shorten

_NUMBER = r"(\d(?:_?\d){0,20}(?:\.\d{1,20})?(?:[eE][+-]?\d{1,3})?)"
FORMS = {
    "times": re.compile(rf"\*\s*(-?){_NUMBER}"),
    "over": re.compile(rf"/\s*(-?){_NUMBER}"),
    "more": re.compile(rf"([+-])\s*{_NUMBER}\s*%"),
    "add": re.compile(rf"([+-])=\s*{_NUMBER}"),
    "share": re.compile(rf"(){_NUMBER}\s*%"),
    "either": re.compile(rf"([+-])\s*{_NUMBER}"),
}
LIKE = re.compile(r"\s*(?:[*/+-]|[x×]\s*\d).*|.*%\s*", re.DOTALL)
A_CHANGE = "a number, or a change such as *1.1, /2, +10%, -10%, +=100"


@dataclass(frozen=True)
class Operation:
    """Operation on the unchanged figure, as scenarios say it.

    Attributes
    ----------
    name
        ``set`` puts the value in its place, ``add`` and ``multiply`` take it to the figure.
    """

    name: Literal["set", "add", "multiply"]
    value: Fraction

    def exactly(self, figure: float) -> Fraction:
        """The changed figure.

        Examples
        --------
        >>> float(Operation("multiply", Fraction("1.1")).exactly(0.3))
        0.33
        """
        if self.name == "set":
            return self.value
        # Digits as they are written, not the binary fraction nearest to them.
        before = Fraction(repr(figure))
        return before + self.value if self.name == "add" else before * self.value

    def of(self, figure: float) -> float:
        """The changed figure; a whole number stays one where it can."""
        exact = self.exactly(figure)
        if isinstance(figure, int) and exact.denominator == 1:
            return int(exact)
        try:
            return float(exact)
        except OverflowError:
            return float("inf") if exact > 0 else float("-inf")


def operation_in(text: str) -> Operation | None:
    """Read a figure that is said in relation to another, or as a percentage.

    Examples
    --------
    >>> operation_in("+10%") == operation_in("*1.1") == Operation("multiply", Fraction("1.1"))
    True
    >>> operation_in("40%"), operation_in("much")
    (Operation(name='set', value=Fraction(2, 5)), None)
    """
    form, number = _form(text)
    if form == "times":
        return Operation("multiply", number)
    if form == "over" and number:
        return Operation("multiply", 1 / number)
    if form == "more":
        return Operation("multiply", 1 + number / 100)
    if form == "add":
        return Operation("add", number)
    return Operation("set", number / 100) if form == "share" else None


def share_in(text: str) -> float:
    """Read a share, said as a fraction or in percent.

    Raises
    ------
    ValueError
        If it is neither, or not from 0 to 1.

    Examples
    --------
    >>> share_in("1%"), share_in("0.01")
    (0.01, 0.01)
    """
    operation = operation_in(text)
    is_percentage = operation is not None and operation.name == "set"
    share = operation.of(0.0) if operation is not None and is_percentage else float(text)
    if not 0.0 <= share <= 1.0:
        raise ValueError(text)
    return share


def unreadable(text: str) -> tuple[str, str] | None:
    """Say why a text that means to change a figure does not, and what would."""
    told = shorten(repr(text))
    if _form(text)[0] == "either":
        sign, plain = text.strip()[0], text.strip()[1:].strip()
        number = plain if sign == "+" else f"-{plain}"
        much = "more" if sign == "+" else "less"
        expected = f"{number} for the number, or {sign}={plain} for so much {much}"
        return f"{told} may mean a number or a change by so much", expected
    return (f"{told} is not a figure", A_CHANGE) if LIKE.fullmatch(text) else None


def means_figure(text: str) -> bool:
    """Whether text without quotes says a figure that is no number by itself."""
    form, _ = _form(text)
    # A minus alone makes a number, a plus alone nobody writes without a thought.
    return bool(form) and (form != "either" or text.startswith("+"))


def _form(text: str) -> tuple[str, Fraction]:
    for form, pattern in FORMS.items():
        found = pattern.fullmatch(text.strip())
        if found is not None:
            sign = -1 if found[1] == "-" else 1
            return form, sign * Fraction(found[2])
    return "", Fraction(0)
