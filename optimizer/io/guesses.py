"""Guesses what was meant where a number belongs and something else stands."""

from __future__ import annotations

import re
import unicodedata

from optimizer.text.characters import visible

NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
"""A number as files have it."""

THOUSANDS = re.compile(r"([+-]?[0-9]{1,3})(?=([, '_]))((?:\2[0-9]{3})+)(\.[0-9]+)?")
POINTED_THOUSANDS = re.compile(r"([+-]?[0-9]{1,3})((?:\.[0-9]{3})+),([0-9]+)")
POINTS = re.compile(r"[+-]?[0-9]{1,3}(\.[0-9]{3}){2,}")
DECIMAL_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+")
IN_BRACKETS = re.compile(r"\(([0-9.,]+)\)")
MONEY_SIGNS = re.compile(r"^(?:[A-Z]{3}\b|[¥$€£₩])\s*|\s*(?:\b[A-Z]{3}|[¥$€£₩円元])$")
DASHES = str.maketrans("−–—\u2019", "---'")

MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_DATE = re.compile(
    r"(?P<first>[0-9]{4})[-/.][0-9]{1,2}[-/.][0-9]{1,2}([ T][0-9:.]+)?"
    r"|[0-9]{1,2}[-/.][0-9]{1,2}[-/.](?P<last>[0-9]{4}|[0-9]{2})"
    rf"|[0-9]{{1,2}}[ -]{MONTH}([ -](?P<named>[0-9]{{2,4}}))?"
    rf"|{MONTH}[ -][0-9]{{1,4}}",
    re.IGNORECASE,
)
SHEET_ERROR = re.compile(r"#(N/A|REF!|VALUE!|DIV/0!|NAME\?|NUM!|NULL!|SPILL!|#+)")

NO_NUMBER = "is not a number"

SAYS_NOTHING = ("", "-", "na", "n/a", "n.a.", "none", "null", "..", "...", "?")
"""Marks in tables for a figure that is not known."""


def what_instead(cell: str) -> str:
    """Say what stands where a number belongs.

    Examples
    --------
    >>> what_instead("2027-01-05"), what_instead("=A1+B1"), what_instead("#REF!")
    ('is a date, not a number', 'is a formula, not a number', 'is an error, not a number')
    """
    if _DATE.fullmatch(cell):
        return "is a date, not a number"
    if cell.startswith("="):
        return "is a formula, not a number"
    return "is an error, not a number" if SHEET_ERROR.fullmatch(cell) else NO_NUMBER


def meant_number(cell: str, unit: str = "", *, may_be_blank: bool = False) -> str | None:
    """Guess the number that was meant, or None.

    Parameters
    ----------
    unit
        Unit of the column; where years belong, dates give theirs.
    may_be_blank
        Whether words for *not known* mean a blank cell.

    Examples
    --------
    >>> meant_number("1.234.567,50"), meant_number("JPY 1 000"), meant_number("90 %")
    ('1234567.50', '1000', '0.9')
    """
    date = _DATE.fullmatch(cell)
    if date is not None:
        year = date["first"] or date["last"] or date["named"]
        return year if unit == "year" and year and len(year) == 4 else None
    plain = _plain(cell)
    if plain.endswith("%"):
        share = _number(plain[:-1].strip())
        return None if share is None else f"{float(share) / 100:g}"
    number = _number(MONEY_SIGNS.sub("", plain).strip())
    if number is not None and number != cell:
        return number
    return "a blank cell" if may_be_blank and plain.casefold() in SAYS_NOTHING else None


def _plain(cell: str) -> str:
    """Write digits and signs of whatever kind as those of ASCII."""
    text = visible(unicodedata.normalize("NFKC", cell)).translate(DASHES).strip()
    return "".join(str(unicodedata.decimal(sign, sign)) for sign in text)


def _number(text: str) -> str | None:
    """Take the separators out of a number; None for anything else."""
    if NUMBER.fullmatch(text) and not POINTS.fullmatch(text):
        return text
    in_brackets = IN_BRACKETS.fullmatch(text)
    if in_brackets:
        # Accountants write what is below zero in brackets.
        amount = _number(in_brackets[1])
        return None if amount is None else f"-{amount}"
    if THOUSANDS.fullmatch(text):
        return re.sub("[, '_]", "", text)
    if POINTED_THOUSANDS.fullmatch(text):
        return text.replace(".", "").replace(",", ".")
    if POINTS.fullmatch(text):
        return text.replace(".", "")
    return text.replace(",", ".") if DECIMAL_COMMA.fullmatch(text) else None


def meant_share(cell: str) -> str | None:
    """Guess that whoever writes 90 for a share means 90%."""
    share = float(cell) / 100
    return f"{share:g}" if share <= 1 else None
