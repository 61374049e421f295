"""Why not: what a plan would lose with slots that it does not give, and who would give way."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from optimizer.errors import PolicyError, Problems, did_you_mean
from optimizer.errors.arguments import typed
from optimizer.explain.asking import (
    CANNOT_BE_HELD,
    NONE_KEEPS_RULES,
    OPTIMAL,
    Answer,
    Asking,
    asked_of,
)
from optimizer.explain.marginal_tables import frame
from optimizer.explain.marginals import provenance_of
from optimizer.explain.numbers import binding_numbers
from optimizer.explain.stepping import BY_RELAXATION
from optimizer.explain.why_not_words import why_not_words
from optimizer.formulation.custom import Extend
from optimizer.formulation.goals import points_per_value
from optimizer.frames.records import Frames
from optimizer.instance import Instance
from optimizer.io.changes import CHANGES
from optimizer.plan import Plan
from optimizer.result import Result
from optimizer.runs.loading import Run
from optimizer.schema.addresses import AddressError, cell_of
from optimizer.session import Session
from optimizer.session.clashing import infeasible
from optimizer.session.solving import check_options
from optimizer.solver import Progress, Watch

_FORM = re.compile(r"\s*(slots\s*\[.*\])\s*(>=|<=)\s*(\d+(?:\.\d+)?)\s*", re.DOTALL)
_TABLE_OF = {"country": "countries", "track": "tracks", "region": "regions"}
_KEYS = (*_TABLE_OF, "year")
_EXPECTED = "such as 'slots[country=KEN, track=researchers, year=2030] >= 20', or <="
MOVES = {
    **dict.fromkeys(("country", "track"), "str"),
    **dict.fromkeys(("slots_before", "slots_after", "change"), "float64"),
    **dict.fromkeys(("basis", "status"), "str"),
}
"""Columns of the main table."""
GOAL_CHANGES = {
    "goal": "str",
    **dict.fromkeys(("raw_before", "raw_after", "change_raw", "change_points"), "float64"),
}
PENALTIES = "penalties"
"""Row for points that no goal earns: penalties of soft limits and of change."""
SMALLEST_REST = 1e-6
"""Points from which it is there."""
WANTED = "what is wanted"
"""Name of the limit that asks for it."""
_NOBODY = 1e-6
"""Part of a slot that is none."""


@dataclass(frozen=True, repr=False, eq=False)
class WhyNot(Result):
    """What the relaxation comes to with what was asked; tables are given as copies.

    Attributes
    ----------
    wanted
        What was asked, as it was said.
    answer
        A row for each country and track whose slots change: country, track, slots_before,
        slots_after, change, basis (``relaxation``), status.
    tables
        ``goals``: goal, raw_before, raw_after, change_raw, change_points; ``numbers``: address,
        title, source of those that limit the relaxation then and not now.
    points, change_points
        Of the relaxation with what was asked, and against the one without; without a value where
        there is none.
    status, why
        ``optimal``, ``infeasible``, ``refused``, ``stopped`` or ``failed`` (the solver gave up),
        and what stands in the way.
    interrupted
        Whether Ctrl-C ended it.
    """

    wanted: str
    answer: pd.DataFrame
    tables: Mapping[str, pd.DataFrame]
    points: float
    change_points: float
    status: str
    why: str
    interrupted: bool
    provenance: Mapping[str, Any]

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "tables", Frames(self.tables))

    def __repr__(self) -> str:
        return f"<why not {self.wanted}: {self.status}>"

    @property
    def table(self) -> pd.DataFrame:
        """A row for each country and track whose slots change."""
        return self.answer

    @property
    def complete(self) -> bool:
        """Whether the relaxation was solved, found to have no solution, or is ruled out."""
        return self.status in (OPTIMAL, NONE_KEEPS_RULES, CANNOT_BE_HELD)

    def in_words(self) -> list[str]:
        """What it would cost, and who would give way."""
        return why_not_words(self)


@typed
def why_not(
    subject: Run | Plan | Session | str | Path,
    wanted: str,
    *,
    extend: Extend | None = None,
    time_limit: float | None = None,
    report: Callable[[Progress], None] | None = None,
    started: float | None = None,
) -> WhyNot:
    """Find what slots that a plan does not give would cost, and who would give way.

    Parameters
    ----------
    subject
        A run or the path of its folder, a plan, or a session as it is now.
    wanted
        Slots and a number, such as ``slots[country=KEN, track=researchers, year=2030] >= 20``, or
        ``<=``. Without a country, track, region or year the sum over all of them is meant.
    extend, time_limit, report, started
        As in :func:`marginal_values`.

    Returns
    -------
    WhyNot
        By relaxation, with and without what is wanted.

    Raises
    ------
    InputError, PolicyError, ExtensionError, BrokenPlanError, InfeasibleError, NoPlanError
        As there, and if what is wanted cannot be read, or names what the case does not have.
    """
    check_options(None, time_limit, started)
    limit = _limit(wanted)
    watch = Watch.since(started, time_limit, report)
    asked = asked_of(subject, extend)
    _require_known(limit, wanted, asked.held.loaded.instance)
    with watch.listening():
        asking = Asking(asked.held, watch)
        before = _binding(asking)
        seen: dict[str, Any] = {"why": "", "numbers": []}

        def look(answer: Answer) -> None:
            if answer.status == NONE_KEEPS_RULES:
                seen["why"] = str(infeasible(asking.held.loaded, watch.for_last_steps()))
            elif answer.is_known:
                found = _binding(asking)
                seen["numbers"] = [row for at, row in found.items() if at not in before]

        watch.begin("what is wanted")
        answer = asking.with_limit(limit, look)
    numbers = [row for row in seen["numbers"] if WANTED not in row["address"]]
    return WhyNot(
        wanted=wanted.strip(),
        answer=_moves(asking.base, answer),
        tables={
            "goals": _goals(asking, answer),
            "numbers": frame(numbers, dict.fromkeys(("address", "title", "source"), "str")),
        },
        points=answer.points,
        change_points=asking.difference(answer),
        status=answer.status,
        why=answer.why or seen["why"],
        interrupted=watch.interrupted,
        provenance={**provenance_of(asked), "wanted": wanted.strip()},
    )


def _limit(wanted: str) -> dict[str, object]:
    """What is wanted as a limit of the policy."""
    form, problems = _FORM.fullmatch(wanted), Problems()
    try:
        keys = None if form is None else cell_of(f"{form[1]}.slots").keys
    except AddressError:
        keys = None
    unknown = [name for name, _ in keys or () if name not in _KEYS]
    if form is None or keys is None:
        problems.add(CHANGES, "cannot be read", column=wanted, expected=_EXPECTED)
    for name in unknown:
        expected = f"some of {', '.join(_KEYS)}"
        problems.add(CHANGES, f"{name!r} is not a key of slots", column=wanted, expected=expected)
    for name, value in keys or ():
        if name == "year" and not value.isdecimal():
            problems.add(CHANGES, f"{value!r} is not a year", column=wanted, expected="a year")
    problems.raise_if_any(PolicyError)
    assert form is not None, "what cannot be read is refused"
    assert keys is not None, "the same"
    where = {name: int(value) if name == "year" else value for name, value in keys}
    sense = "at_least" if form[2] == ">=" else "at_most"
    return {"name": WANTED, "measure": "slots", "where": where, sense: float(form[3])}


def _require_known(limit: Mapping[str, Any], wanted: str, instance: Instance) -> None:
    """Refuse names and years that the case does not have: no plan could ever give such slots."""
    years, problems = [str(year) for year in instance.sets.years], Problems()
    for key, value in limit["where"].items():
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
        problems.add(CHANGES, message, column=wanted, expected=expected, maybe=maybe)
    problems.raise_if_any(PolicyError)


def _binding(asking: Asking) -> dict[str, dict[str, str]]:
    """Numbers that limit the last relaxation, by address."""
    loaded = asking.held.loaded
    found = binding_numbers(loaded, asking.last, loaded.lp.prices())
    return {
        each.address: {"address": each.address, "title": each.title, "source": each.source}
        for each in found
    }


def _moves(base: Answer, answer: Answer) -> pd.DataFrame:
    if not answer.is_known:
        return frame([], MOVES)
    before, after = _by_pair(base.cohorts), _by_pair(answer.cohorts)
    rows: list[dict[str, Any]] = [
        {
            "country": country,
            "track": track,
            "slots_before": before.get((country, track), 0.0),
            "slots_after": after.get((country, track), 0.0),
            "change": after.get((country, track), 0.0) - before.get((country, track), 0.0),
            "basis": BY_RELAXATION,
            "status": answer.status,
        }
        for country, track in dict.fromkeys([*before, *after])
    ]
    table = frame([row for row in rows if abs(row["change"]) > _NOBODY], MOVES)
    return table.sort_values("change", kind="stable").reset_index(drop=True)


def _by_pair(cohorts: pd.Series) -> dict[tuple[str, str], float]:
    found: dict[tuple[str, str], float] = {}
    for key, slots in zip(cohorts.index, cohorts, strict=True):
        pair = str(key[0]), str(key[1])
        found[pair] = found.get(pair, 0.0) + float(slots)
    return found


def _goals(asking: Asking, answer: Answer) -> pd.DataFrame:
    if not answer.is_known:
        return frame([], GOAL_CHANGES)
    per_value = points_per_value(asking.held.loaded.instance, asking.held.frozen().of)
    raw, base = answer.raw_since(asking.base), asking.base.goals
    rest = asking.difference(answer) - sum(change * per_value[goal] for goal, change in raw.items())
    rows: list[dict[str, Any]] = [
        {
            "goal": goal,
            "raw_before": base[goal],
            "raw_after": answer.goals[goal],
            "change_raw": change,
            "change_points": change * per_value[goal],
        }
        for goal, change in raw.items()
    ]
    if abs(rest) > SMALLEST_REST:
        unknown = dict.fromkeys(("raw_before", "raw_after", "change_raw"), float("nan"))
        rows.append({"goal": PENALTIES, **unknown, "change_points": rest})
    return frame(rows, GOAL_CHANGES)
