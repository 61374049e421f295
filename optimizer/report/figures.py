"""Numbers and names as a reader wants to see them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from optimizer.case import Case
from optimizer.text.figures import persons

MINUS = "\N{MINUS SIGN}"
SPACE = "\N{NO-BREAK SPACE}"
UNITS = ((1e12, "tn"), (1e9, "bn"), (1e6, "mn"))
ROUNDS_UP = 0.9995
"""999.5 million is shown as 1.00 billion, not as 1,000 million."""
_WHOLE, _WHOLE_FROM = 1e-6, 100
"""What a whole number may be off by, and from where on figures are printed without digits."""
SMALLEST_SHOWN = 0.005
COUNTRIES_SHOWN = 20
"""Countries of a chart: those with most; the tables have all of them."""

Format = Callable[[float], str]


def minus_sign(text: str) -> str:
    """Write a figure with a minus sign in place of a hyphen."""
    return text.replace("-", MINUS)


def whole(value: float) -> str:
    """Give a count with thousands separators.

    Examples
    --------
    >>> whole(1234567.4)
    '1,234,567'
    """
    return minus_sign(f"{round(value):,d}")


def rounded(value: float) -> float:
    """Give a figure as :func:`number` prints it.

    Examples
    --------
    >>> rounded(1234.5), rounded(12.345)
    (1234.0, 12.35)
    """
    return round(value, 0 if abs(value) >= _WHOLE_FROM else 2)


def number(value: float) -> str:
    """Give a figure with as many digits as it needs: none from 100 on, else up to two.

    Examples
    --------
    >>> number(1234.5), number(12.5), number(3.0)
    ('1,234', '12.50', '3')
    """
    if abs(value) >= _WHOLE_FROM or abs(value - round(value)) < _WHOLE:
        return whole(value)
    return minus_sign(f"{value:,.2f}" if abs(value) >= SMALLEST_SHOWN else f"{value:.2g}")


def people(value: float) -> str:
    """Give a number of expected persons: few of them with a decimal, and nobody alone as 0.

    Examples
    --------
    >>> people(1234.4), people(2.34), people(0.02)
    ('1,234', '2.3', '<0.1')
    """
    return minus_sign(persons(value))


def short(value: float) -> str:
    """Give a figure in few characters, for charts.

    Examples
    --------
    >>> short(940), short(12345), short(2345678), short(2.5)
    ('940', '12k', '2.3M', '2.5')
    """
    for unit, name in ((1e6, "M"), (1e3, "k")):
        if abs(value) >= unit * ROUNDS_UP:
            scaled = value / unit
            return minus_sign(f"{scaled:.1f}{name}" if abs(scaled) < 10 else f"{scaled:.0f}{name}")
    return minus_sign(f"{value:.0f}" if abs(value - round(value)) < _WHOLE else f"{value:.3g}")


def money(value: float) -> str:
    """Give an amount with three digits and a unit.

    Examples
    --------
    >>> [text.replace(SPACE, " ") for text in (money(17.7e9), money(2765400), money(950))]
    ['17.7 bn', '2.77 mn', '950']
    """
    for unit, name in UNITS:
        if abs(value) >= unit * ROUNDS_UP:
            scaled = value / unit
            digits = 0 if abs(scaled) >= 100 else 1 if abs(scaled) >= 10 else 2
            return minus_sign(f"{scaled:,.{digits}f}{SPACE}{name}")
    return whole(value)


def percent(share: float, digits: int = 0) -> str:
    """Give a share in percent; a part is not rounded to nothing or to all where a digit helps.

    Examples
    --------
    >>> [percent(share).replace(SPACE, " ") for share in (0.004, 0.37, 0.996, 1.0)]
    ['0.4%', '37%', '99.6%', '100%']
    >>> percent(0.0015, 2).replace(SPACE, " ")
    '0.15%'
    """
    text, finer = (f"{100 * share:.{places}f}" for places in (digits, digits + 1))
    is_rounded_away = float(text) in (0.0, 100.0) and float(finer) != float(text)
    return minus_sign(f"{finer if is_rounded_away else text}%")


def exactly(share: float) -> str:
    """Give a share that somebody chose, unrounded.

    Examples
    --------
    >>> exactly(0.0025).replace(SPACE, " "), exactly(0.625).replace(SPACE, " ")
    ('0.25%', '62.5%')
    """
    return minus_sign(f"{100 * share:.6g}%")


def listed(words: list[str], most: int = 4) -> str:
    """Give words as a list in a sentence, cut after the first few.

    Examples
    --------
    >>> listed(["a", "b", "c"]), listed(["a", "b", "c"], most=2)
    ('a, b and c', 'a, b and 1 more')
    """
    if len(words) > most:
        return f"{', '.join(words[:most])} and {len(words) - most} more"
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def sentence(key: str) -> str:
    """Give a key as words.

    Examples
    --------
    >>> sentence("highly_skilled")
    'Highly skilled'
    """
    words = key.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


@dataclass(frozen=True)
class ReportNames:
    """Names to show for the keys of a case.

    Attributes
    ----------
    country, track, region
        Name by key.
    line
        Name by budget line: its key in words, with agencies as they are written.
    """

    country: Mapping[str, str]
    track: Mapping[str, str]
    region: Mapping[str, str]
    line: Mapping[str, str]

    def of(self, column: str, key: object) -> str:
        """Give the name shown for a key of some column; blank keys have none."""
        text = str(key)
        known: dict[str, Mapping[str, str]] = {
            "country": self.country,
            "track": self.track,
            "next_track": self.track,
            "region": self.region,
            "line": self.line,
            "to_line": self.line,
        }
        return known.get(column, {}).get(text, text)

    def words(self, by: Sequence[str], place: Sequence[object], *, own: bool = False) -> str:
        """Give the place of a checked row in names.

        Parameters
        ----------
        by, place
            Columns and values that name the row.
        own
            Whether the name of the limit is left out that the row belongs to.
        """
        # Only rows of limits are grouped by attributes whose values do not speak for themselves.
        is_limit = tuple(by[:1]) == ("limit",)
        cells = list(zip(by, place, strict=False))[1 if own else 0 :]
        parts = [self._part(column, value, named=is_limit) for column, value in cells]
        return " · ".join(part for part in parts if part)

    def _part(self, column: str, value: object, *, named: bool) -> str:
        text = str(value)
        if not column:
            known = (self.country, self.track, self.region, self.line)
            found = {names[text] for names in known if text in names}
            return found.pop() if len(found) == 1 else text.replace("_", " ")
        if column == "floor" and not named:
            return f"floor {text}"
        if column == "group" and text == "all" and not named:
            return ""
        name = self.of(column.rpartition(".")[2], text)
        if name != text or column == "year":
            return name
        words = text.replace("_", " ")
        if not named or column == "limit":
            return words
        return f"{column.replace('_', ' ')} {text}"


def report_names(case: Case) -> ReportNames:
    """Read the names of a case."""

    def told(table: str, key: str) -> dict[str, str]:
        frame = case.table(table)
        return {str(code): str(name) for code, name in zip(frame[key], frame["name"], strict=True)}

    budgets = case.table("budgets")
    agencies = {str(agency).casefold(): str(agency) for agency in budgets["agency"].unique()}
    return ReportNames(
        country=told("countries", "country"),
        track=told("tracks", "track"),
        region=told("regions", "region"),
        line={str(key): _line(str(key), agencies) for key in budgets["line"].unique()},
    )


def _line(key: str, agencies: Mapping[str, str]) -> str:
    """Give a budget line in words.

    Examples
    --------
    >>> _line("mext_research", {"mext": "MEXT"}), _line("local_integration", {})
    ('MEXT research', 'Local integration')
    """
    words = " ".join(agencies.get(word.casefold(), word) for word in key.split("_"))
    return words[:1].upper() + words[1:]
