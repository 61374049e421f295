"""Slots of earlier plans that a new plan has to grant: which they are, and what follows for it.

Decisions are margins: a cohort of each country, places of each region. What is kept is single
slots. Where all slots of a block (track, level and year) are kept as they are, its margins are
fixed. Where those of some countries are, their cohorts are fixed, and each region has at least the
places that they take; with regions it is the other way round. Where more may be granted, margins
are at least what is kept. In each of these cases kept slots can be told apart from all others, and
whatever is granted beside them is filled in around them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from optimizer.errors import ARGUMENT, ArgumentError, Problems, SolverError, did_you_mean, printable
from optimizer.frames import rows_of, stacked, summed
from optimizer.frames.arrays import Floats
from optimizer.frames.records import Comparable
from optimizer.instance import Instance
from optimizer.io.toml import shown
from optimizer.plan import COLUMNS, SLOT_KEYS, Decisions, Plan, empty
from optimizer.plan.given import ReadPlan, decisions_in
from optimizer.plan.values import values_of
from optimizer.schema.patterns import matching_names
from optimizer.schema.years import key_text

_FAMILIES = ("cohort", "placements", "slots")
_KEEP = "keep"
BOTH_NAMED = "names countries and regions at once"
_ONE_NAMED = "one of them, or slots of which there may be more"


@dataclass(frozen=True, eq=False)
class Keep(Comparable):
    """Slots of an earlier plan that a new one grants as well.

    Parameters
    ----------
    plan
        The earlier plan, solved or read; of an edited workbook what stands there now.
    where
        Which of its slots: values by column (country, track, level, region, year), one or several,
        in which a star stands for any part; all of them without it. A year may be a whole float.
        Whatever these columns choose is as in the plan, also where that grants nothing. Either
        countries or regions are named, as who of the other countries goes to a region named is for
        the new plan to decide.
    at_least
        Whether more may be granted.
    name
        Of the plan, in messages; what would break a line there is written as Python writes it.

    Raises
    ------
    ArgumentError
        If a column is not known or has no values, or both countries and regions are named.
    """

    plan: Decisions | Plan | ReadPlan
    where: Mapping[str, Any] = field(default_factory=dict)
    at_least: bool = False
    name: str = "a plan"

    def __post_init__(self) -> None:
        problems = Problems()
        object.__setattr__(self, "name", printable(str(self.name)))
        require_columns(self.where, self.argument, problems)
        if {"country", "region"} <= self.where.keys() and not self.at_least:
            problems.add(ARGUMENT, BOTH_NAMED, column=_KEEP, expected=_ONE_NAMED)
        problems.raise_if_any(ArgumentError)

    @property
    def argument(self) -> str:
        """The argument that problems of it name."""
        return f"{_KEEP}.at_least" if self.at_least else _KEEP

    @property
    def slots(self) -> pd.DataFrame:
        """The slots that are kept: country, track, level, region, year, slots."""
        slots = decisions_in(self.plan).slots
        return slots[self.chosen(slots)].reset_index(drop=True)

    def chosen(self, rows: pd.DataFrame) -> pd.Series:
        """Whether each row of a table is chosen by those columns that the table has."""
        return chosen_by(self.where, rows)

    def in_words(self) -> str:
        """Which slots these are."""
        count = int(self.slots["slots"].sum())
        least = "at least " if self.at_least else ""
        return f"{least}{count:,} slots of {self.name}{where_in_words(self.where)}"

    def facts(self) -> dict[str, Any]:
        """The same as plain values, from which :func:`keep_in` makes it again."""
        return {
            "name": self.name,
            "where": listed_where(self.where),
            "at_least": self.at_least,
            "slots": self.slots.to_numpy(dtype=object).tolist(),
        }


def keep_in(facts: Mapping[str, Any]) -> Keep:
    """Undo :meth:`Keep.facts`.

    Raises
    ------
    ValueError, KeyError, TypeError
        If they say something else.
    """
    slots = pd.DataFrame(facts["slots"], columns=list(COLUMNS["slots"])).astype(COLUMNS["slots"])
    return Keep(Decisions(slots), dict(facts["where"]), bool(facts["at_least"]), str(facts["name"]))


def _listed(column: str, wanted: Any) -> list[str]:
    if isinstance(wanted, np.ndarray | pd.Series | pd.Index | pd.api.extensions.ExtensionArray):
        wanted = np.atleast_1d(np.asarray(wanted, dtype=object)).tolist()
    values = wanted if isinstance(wanted, list | tuple | set | frozenset) else [wanted]
    return [key_text(column, str(value)) for value in values]


def listed_where(where: Mapping[str, Any]) -> dict[str, list[str]]:
    """Values by column, each a list of texts."""
    return {column: _listed(column, wanted) for column, wanted in where.items()}


def where_in_words(where: Mapping[str, Any]) -> str:
    """Columns with the values that they choose, in brackets; blank where none do.

    Examples
    --------
    >>> where_in_words({"year": [2030, 2031], "track": "lab*"})
    ' (year 2030 or 2031, track lab*)'
    """
    which = ", ".join(
        f"{column} {' or '.join(values)}" for column, values in listed_where(where).items()
    )
    return f" ({which})" if which else ""


def chosen_by(where: Mapping[str, Any], rows: pd.DataFrame) -> pd.Series:
    """Whether each row of a table is chosen by those columns that the table has."""
    found = pd.Series(True, index=rows.index)
    for column, wanted in where.items():
        if column in rows:
            texts = rows[column].astype("str")
            known = texts.unique()
            stars = _listed(column, wanted)
            found &= texts.isin([name for star in stars for name in matching_names(star, known)])
    return found


def require_columns(where: Mapping[str, Any], option: str, problems: Problems) -> None:
    """Refuse columns that slots do not have, and columns without values."""
    for column in where:
        if column not in SLOT_KEYS:
            problems.add(
                ARGUMENT,
                f"slots have no column {column!r}",
                column=option,
                expected=f"one of {', '.join(SLOT_KEYS)}",
                maybe=did_you_mean(str(column), SLOT_KEYS),
            )
    for column, wanted in where.items():
        if not _listed(column, wanted):
            problems.add(
                ARGUMENT, f"names no {column}", column=option, expected="a value, or several"
            )


@dataclass(frozen=True)
class KeptSlots:
    """What several plans together have a new one grant.

    Attributes
    ----------
    cells
        country, track, level, region, year, slots: at least so many in each.
    bounds
        Lower and upper bounds of margins and single slots by family, in the order of its frame.
    """

    cells: pd.DataFrame
    bounds: Mapping[str, tuple[Floats, Floats]]


def kept_slots(instance: Instance, keeps: Sequence[Keep]) -> tuple[KeptSlots, pd.DataFrame]:
    """Put what is kept on the decisions of an instance.

    Returns
    -------
    tuple
        What is kept; and slots among it that the case does not allow, as
        :class:`optimizer.plan.values.Values` has them.

    Raises
    ------
    ArgumentError
        If a plan is kept by names that the case does not have, or two plans contradict each other.
    """
    problems = Problems()
    rows = [keep.slots for keep in keeps]
    cells = _together(rows)
    for keep, own in zip(keeps, rows, strict=True):
        require_chooses(instance, keep.where, keep.argument, problems)
        if not keep.at_least:
            _require_as_they_are(keep, own, cells, problems)
    problems.raise_if_any(ArgumentError)
    values = values_of(instance, Decisions(cells))
    bounds = {name: _bounds(instance, name, values.of[name], keeps) for name in _FAMILIES}
    return KeptSlots(cells, bounds), values.impossible


def _bounds(
    instance: Instance, family: str, least: Floats, keeps: Sequence[Keep]
) -> tuple[Floats, Floats]:
    """Least and most of each decision of a family."""
    frame, most = getattr(instance.sets, family), np.full(len(least), np.inf)
    for keep in keeps:
        # Sums over what the columns tell apart may be more than what is kept.
        if not keep.at_least and keep.where.keys() & {"country", "region"} <= set(frame):
            fixed = keep.chosen(frame).to_numpy()
            most[fixed] = least[fixed]
    return least, most


def require_chooses(
    instance: Instance, where: Mapping[str, Any], option: str, problems: Problems
) -> None:
    """Refuse names that choose nothing: what they were meant to keep would be lost."""
    sets = instance.sets
    frame = sets.cohort
    for column, wanted in where.items():
        names = sets.regions.index if column == "region" else frame[column].unique()
        known = [str(name) for name in names]
        for each in _listed(column, wanted):
            if not matching_names(each, known):
                problems.add(
                    ARGUMENT,
                    f"no slots could be granted with {column} {shown(each)}",
                    column=option,
                    expected=f"a {column} of the case, or a pattern",
                    maybe=did_you_mean(each, known),
                )


def _require_as_they_are(
    keep: Keep, own: pd.DataFrame, cells: pd.DataFrame, problems: Problems
) -> None:
    """Refuse slots that another plan raises above what this one keeps as it is."""
    both = cells[keep.chosen(cells)].merge(
        own, on=list(SLOT_KEYS), how="left", suffixes=("", "_own")
    )
    both = both.fillna({"slots_own": 0})
    raised = both[both["slots"] > both["slots_own"]]
    for row in rows_of(raised.head(1)):
        where = ", ".join(str(getattr(row, name)) for name in SLOT_KEYS if getattr(row, name) != "")
        told = f"{where}: {row.slots:,} slots are kept, and {keep.name} keeps {row.slots_own:g}"
        problems.add(ARGUMENT, told, column=_KEEP, expected="plans that agree where both are kept")


def _together(rows: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Slots of several plans, each once however many of them have it."""
    each = stacked([empty("slots"), *(summed(one, list(SLOT_KEYS), "slots") for one in rows)])
    most = each.groupby(list(SLOT_KEYS), sort=False, as_index=False).max()
    return most.astype(COLUMNS["slots"])


def kept_in_words(keeps: Sequence[Keep]) -> str:
    """What is kept of each plan; and in all, where plans have slots in common."""
    words = "; ".join(keep.in_words() for keep in keeps)
    rows = [keep.slots for keep in keeps]
    total = int(_together(rows)["slots"].sum())
    if total == sum(int(one["slots"].sum()) for one in rows):
        return words
    return f"{words}; {total:,} slots in all, as some are in more than one"


def are_kept(keeps: Sequence[Keep], slots: pd.DataFrame) -> bool:
    """Whether single slots of a plan are as they are to be kept."""
    try:
        require_kept(keeps, slots)
    except SolverError:
        return False
    return True


def require_kept(keeps: Sequence[Keep], slots: pd.DataFrame) -> None:
    """Check single slots of a plan against what it was to keep.

    Raises
    ------
    SolverError
        If it does not.
    """
    for keep in keeps:
        own = summed(keep.slots, list(SLOT_KEYS), "slots")
        now = summed(slots[keep.chosen(slots)], list(SLOT_KEYS), "slots")
        both = own.merge(now, on=list(SLOT_KEYS), how="outer", suffixes=("", "_now")).fillna(0)
        apart = both["slots_now"] - both["slots"]
        holds = apart.ge(0) if keep.at_least else apart.eq(0)
        if not holds.all():
            worst = both[~holds].iloc[0]
            where = ", ".join(str(worst[name]) for name in SLOT_KEYS if worst[name] != "")
            raise SolverError(
                f"the plan grants {worst['slots_now']:g} slots at {where}, and was to keep "
                f"{worst['slots']:g} of {keep.name}"
            )
