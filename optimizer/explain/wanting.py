"""What is asked for that a plan does not have: slots of some keys and a number, or an agreement."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from optimizer.errors import PolicyError, Problems, did_you_mean
from optimizer.instance import Instance
from optimizer.io.changes import CHANGES
from optimizer.plan import Plan
from optimizer.policy.limits import limit_on_slots
from optimizer.schema.addresses import AddressError, CellAddress, cell_of
from optimizer.session.holding import Holding
from optimizer.text.figures import counted, figure

WANTED_SLOTS, OF_AGREEMENTS = "slots", "agreements"
WANTED = "what is wanted"
"""Name of the limit that asks for it."""
AT_LEAST, AT_MOST = "at_least", "at_most"
_SENSES = {">=": AT_LEAST, "<=": AT_MOST, "+=": AT_LEAST, "-=": AT_MOST}
_CHANGES = {"+=": 1.0, "-=": -1.0}
_SIGNS = {"=>": ">=", "=<": "<=", ">": ">=", "<": "<=", "=": ">=", "==": ">=", "+": "+=", "-": "-="}
"""What may be meant by other signs."""
_TABLE_OF = {"country": "countries", "track": "tracks", "region": "regions"}
_KEYS = {WANTED_SLOTS: (*_TABLE_OF, "year"), OF_AGREEMENTS: ("country", "track", "year")}
_OPEN, _WITHOUT = "open", "without"
_FORM = re.compile(
    r"\s*(?P<what>slots|agreements)\s*(?P<keys>\[.*\])?\s*"
    r"(?:(?P<sign>>=|<=|\+=|-=)\s*(?P<number>\d+(?:\.\d+)?)|(?P<word>open|without))?\s*",
    re.DOTALL,
)
_ALMOST = re.compile(
    r"\s*(?P<what>\w+)\s*(?P<keys>\[.*\])?\s*(?P<sign>[^\w\s\[\]]*)\s*(?P<number>\d+(?:\.\d+)?)?\s*",
    re.DOTALL,
)
EXPECTED = (
    "such as 'slots[country=KEN, track=researchers, year=2030] >= 20', with <=, += or -=, or "
    "'agreements[country=KEN, track=researchers] open', or without"
)
EXPECTED_SLOTS = "such as 'slots[country=KEN, track=researchers]'"


@dataclass(frozen=True)
class Wanted:
    """What is asked for.

    Attributes
    ----------
    text
        As it was said.
    what
        ``slots`` or ``agreements``.
    where
        Values by key; years are whole numbers.
    sense
        ``at_least`` or ``at_most``.
    number
        How many.
    since
        What the plan in hand gives, where the number refers to that.
    name
        Of the limit that asks for it.
    """

    text: str
    what: str
    where: Mapping[str, Any]
    sense: str = AT_LEAST
    number: float = 1.0
    since: float | None = None
    name: str = WANTED

    @property
    def in_words(self) -> str:
        """What was said, and what it comes to where it refers to the plan in hand."""
        if self.since is None:
            return self.text
        words = "at least" if self.sense == AT_LEAST else "at most"
        return f"{self.text} ({words} {figure(self.number)}; the plan has {figure(self.since)})"

    @property
    def limit(self) -> dict[str, object]:
        """The same as a limit of the policy.

        An agreement without a year is open by the last year of intake, or never.
        """
        bound = {self.sense: self.number}
        if self.is_of_slots:
            return limit_on_slots(self.name, self.where, **bound)
        return {"name": self.name, "measure": "open", "where": dict(self.where), **bound}

    @property
    def is_of_slots(self) -> bool:
        """Whether slots are asked for rather than an agreement."""
        return self.what == WANTED_SLOTS

    def with_number(self, sense: str, number: float, name: str = WANTED) -> Wanted:
        """The same slots with another number, asked for by a limit of another name."""
        return replace(self, sense=sense, number=float(f"{number:.12g}"), name=name)

    def hold(self, held: Holding) -> None:
        """Ask for it in a model, which may know the limit from before."""
        if self.name in held.dropped:
            held.restore(self.name)
        else:
            held.add_limit(self.limit)

    def chosen(self, frame: pd.DataFrame) -> pd.Series:
        """Rows of a frame that are meant; keys that it does not have say nothing."""
        meant = pd.Series(True, index=frame.index)
        for key, value in self.where.items():
            if key in frame:
                meant &= frame[key].eq(value)
        return meant

    def granted(self, plan: Plan) -> float:
        """Slots that a plan gives there."""
        slots = plan.decisions.slots
        return float(slots.loc[self.chosen(slots), "slots"].sum())

    def is_given_by(self, plan: Plan) -> bool:
        """Whether a plan has it already."""
        if self.is_of_slots:
            there = self.granted(plan)
        else:
            opened = plan.decisions.agreements
            pair = opened["country"].eq(self.where["country"])
            pair &= opened["track"].eq(self.where["track"])
            year = self.where.get("year")
            there = float((pair if year is None else pair & opened["year"].le(year)).any())
        return there >= self.number if self.sense == AT_LEAST else there <= self.number


def wanted_from(text: str, plan: Plan | None, instance: Instance) -> Wanted:
    """Read what is asked for.

    Parameters
    ----------
    plan
        The plan in hand, to which ``+=`` and ``-=`` refer; ``None`` where there is none.

    Raises
    ------
    PolicyError
        If it cannot be read, names what the case does not have, or takes away more than there is.
    """
    form, problems = _FORM.fullmatch(text), Problems()
    keys = None if form is None else _keys_in(form["keys"])
    if form is None or keys is None or not _is_whole(form):
        problems.add(CHANGES, "cannot be read", column=text, expected=EXPECTED, maybe=_meant(text))
        problems.raise_if_any(PolicyError)
    assert form is not None, "what cannot be read is refused"
    assert keys is not None, "the same"
    what = form["what"]
    _check_keys(keys, what, text, problems)
    problems.raise_if_any(PolicyError)
    where = {name: int(value) if name == "year" else value for name, value in keys}
    _check_known(where, text, instance, problems)
    problems.raise_if_any(PolicyError)
    if what == OF_AGREEMENTS:
        return _agreement(form, where, text, instance)
    wanted = Wanted(text.strip(), WANTED_SLOTS, where, _SENSES[form["sign"]], float(form["number"]))
    change = _CHANGES.get(form["sign"])
    return wanted if change is None else _relative(wanted, change, plan)


def slots_from(text: str, instance: Instance) -> Wanted:
    """Read which slots are meant, as ``slots[country=KEN, track=researchers]``.

    Raises
    ------
    PolicyError
        If that cannot be read, or names what the case does not have.
    """
    form, problems = _FORM.fullmatch(text), Problems()
    keys = None if form is None else _keys_in(form["keys"])
    if form is None or keys is None or form["what"] != WANTED_SLOTS or form["sign"] or form["word"]:
        near = None if form is None or keys is None else f"'{WANTED_SLOTS}{form['keys'] or '[]'}'"
        problems.add(CHANGES, "cannot be read", column=text, expected=EXPECTED_SLOTS, maybe=near)
        problems.raise_if_any(PolicyError)
    assert keys is not None, "what cannot be read is refused"
    _check_keys(keys, WANTED_SLOTS, text, problems)
    problems.raise_if_any(PolicyError)
    where = {name: int(value) if name == "year" else value for name, value in keys}
    _check_known(where, text, instance, problems)
    problems.raise_if_any(PolicyError)
    return Wanted(text.strip(), WANTED_SLOTS, where)


def _keys_in(text: str | None) -> tuple[tuple[str, str], ...] | None:
    """Keys between brackets; none of nothing, and ``None`` of what cannot be read."""
    if text is None:
        return ()
    try:
        return cell_of(f"slots{text}.slots").keys
    except AddressError:
        return None


def _is_whole(form: re.Match[str]) -> bool:
    """Whether it says all that is needed: slots a number, an agreement its name."""
    if form["what"] == WANTED_SLOTS:
        return form["sign"] is not None
    said = form["sign"], None if form["number"] is None else float(form["number"])
    return form["keys"] is not None and said in ((None, None), (">=", 1.0), ("<=", 0.0))


def _meant(text: str) -> str | None:
    """What may be meant by something that cannot be read."""
    found = _ALMOST.fullmatch(text)
    if found is None or _keys_in(found["keys"]) is None:
        return None
    what = did_you_mean(found["what"], (WANTED_SLOTS, OF_AGREEMENTS))
    keys, number = found["keys"] or "", found["number"]
    if what == OF_AGREEMENTS and keys:
        return f"'{OF_AGREEMENTS}{keys} {_WITHOUT if number == '0' else _OPEN}'"
    if what != WANTED_SLOTS:
        return None
    sign = found["sign"] if found["sign"] in _SENSES else _SIGNS.get(found["sign"], ">=")
    return f"'{WANTED_SLOTS}{keys} {sign} {number or 1}'"


def _check_keys(
    keys: tuple[tuple[str, str], ...], what: str, text: str, problems: Problems
) -> None:
    names = [name for name, _ in keys]
    for name, value in keys:
        if name not in _KEYS[what]:
            expected = f"some of {', '.join(_KEYS[what])}"
            maybe = did_you_mean(name, _KEYS[what])
            message = f"{name!r} is not a key of {what}"
            problems.add(CHANGES, message, column=text, expected=expected, maybe=maybe)
        elif names.count(name) > 1 and value != dict(keys)[name]:
            problems.add(CHANGES, f"{name} is given twice", column=text, expected="each key once")
        elif name == "year" and not value.isdecimal():
            problems.add(CHANGES, f"{value!r} is not a year", column=text, expected="a year")


def _check_known(
    where: Mapping[str, Any], text: str, instance: Instance, problems: Problems
) -> None:
    """Refuse names and years that the case does not have: no plan could ever give such slots."""
    years = [str(year) for year in instance.sets.years]
    for key, value in where.items():
        if key == "year":
            known, expected = years, f"one of {', '.join(years)}"
        else:
            known = instance.case.table(_TABLE_OF[key])[key].tolist()
            expected = f"a code listed in {_TABLE_OF[key]}"
        if str(value) in known:
            continue
        near = did_you_mean(str(value), known)
        message = f"{str(value)!r} is not a {key}" + (" with intake" if key == "year" else "")
        maybe = None if near is None else f"{key}={near}"
        problems.add(CHANGES, message, column=text, expected=expected, maybe=maybe)


def _relative(wanted: Wanted, change: float, plan: Plan | None) -> Wanted:
    """So many more or fewer than in the plan in hand."""
    problems = Problems()
    if plan is None:
        problems.add(
            CHANGES,
            "there is no plan in hand from which to count",
            column=wanted.text,
            expected="a run or a plan, or >= and <= of a session",
        )
        problems.raise_if_any(PolicyError)
    assert plan is not None, "without a plan it is refused"
    there = wanted.granted(plan)
    number = there + change * wanted.number
    if number < 0.0:
        problems.add(
            CHANGES,
            f"the plan in hand gives only {counted(round(there), 'slot')} there",
            column=wanted.text,
            expected=f"at most {figure(there)}",
            maybe=f"'{wanted.text.partition('-=')[0].strip()} <= 0'",
        )
    problems.raise_if_any(PolicyError)
    return replace(wanted, number=number, since=there)


def _agreement(
    form: re.Match[str], where: Mapping[str, Any], text: str, instance: Instance
) -> Wanted:
    """A proposed agreement, open or not."""
    problems, table = Problems(), instance.case.table(OF_AGREEMENTS)
    names = [(str(country), str(track)) for country, track in zip(*_pair(table), strict=True)]
    pair = where.get("country"), where.get("track")
    stays_away = form["word"] == _WITHOUT or form["sign"] == "<="
    if pair not in names:
        near = did_you_mean(str(pair), list(map(str, names)))
        found = next((each for each in names if str(each) == near), None)
        problems.add(
            CHANGES,
            "names no agreement of the case",
            column=text,
            expected="country and track of a row of agreements",
            maybe=None if found is None else _named(*found),
        )
    elif table["status"].iloc[names.index((str(pair[0]), str(pair[1])))] == "existing":
        slots = _named(*map(str, pair)).replace(OF_AGREEMENTS, WANTED_SLOTS)
        problems.add(
            CHANGES,
            "the agreement exists already, so no plan decides on it",
            column=text,
            expected="a proposed agreement, or slots",
            maybe=f"'{slots} <= 0'" if stays_away else f"'{slots} >= 1'",
        )
    problems.raise_if_any(PolicyError)
    if stays_away:
        return Wanted(text.strip(), OF_AGREEMENTS, where, AT_MOST, 0.0)
    return Wanted(text.strip(), OF_AGREEMENTS, {"year": instance.sets.years[-1], **where})


def _pair(table: pd.DataFrame) -> tuple[list[Any], list[Any]]:
    return table["country"].tolist(), table["track"].tolist()


def _named(country: str, track: str) -> str:
    keys = (("country", country), ("track", track))
    return str(CellAddress(OF_AGREEMENTS, keys, "row")).removesuffix(".row")
