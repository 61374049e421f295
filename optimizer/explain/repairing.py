"""Repairs of a policy and a case that no plan can keep, as a result with its tables and words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import Any

import pandas as pd

from optimizer.case import Case
from optimizer.errors import ARGUMENT, ArgumentError, OptimizerError, Problems
from optimizer.errors.arguments import typed
from optimizer.explain.applying import write_repaired
from optimizer.explain.levers import levers_of, of_agency, priced
from optimizer.explain.repair_tables import alone_in, alone_table, repair_table
from optimizer.explain.repair_words import repairs_in_words
from optimizer.explain.searching import SCALES_UNKNOWN, RepairSearch
from optimizer.formulation.custom import Extend
from optimizer.io.changes import require_changes
from optimizer.io.toml import shown
from optimizer.persistent.conflict import find_conflicts
from optimizer.plan import Plan
from optimizer.plan.provenance import plain_value, versions
from optimizer.plan.question import Question, read_question
from optimizer.plan.scales import GIVEN, Scales, ScalesGiven, known_scales, scales_given
from optimizer.policy import Policy
from optimizer.result import Result
from optimizer.schema.addresses import one_spelling
from optimizer.schema.tables import LARGEST_NUMBER
from optimizer.session import AskedInSession, Session, asked_in
from optimizer.session.clash_table import clash_table
from optimizer.session.clashing import nothing_named
from optimizer.session.holding import Holding
from optimizer.session.own_bests import with_own_bests
from optimizer.session.solving import check_options
from optimizer.solver import Progress, Watch

NO_PRICES: Mapping[str, float] = {}
"""Every percent, and every percentage point of a share, costs 1."""


@dataclass(frozen=True, repr=False, eq=False)
class Repairs(Result):
    """Rules that clash, and what to change; tables are given as copies.

    Attributes
    ----------
    answer
        A row for each change of each repair: repair (its number), address, before, after,
        change_percent, cost; of the repair: kinds, numbers, total_cost, points, gap, within_gap,
        verified, status (of its plan, or ``stopped``).
    tables
        ``clash``: a row for each row of each conflict; ``alone``: what each number of a conflict
        would have to become by itself. Its status is ``alone`` or ``not alone`` where it is proven
        that this suffices and nothing nearer does, or that nothing does; ``enough`` or ``open``
        where it is not, and ``why_open``. ``another`` where nothing suffices, as other rules clash
        even without the number.
    is_feasible
        Whether a plan keeps every rule, so that there is nothing to repair.
    is_infeasible
        Whether it is proven that none does; where neither is known, time or nodes ran out.
    is_complete
        Whether there is a plan once the conflicts are resolved, as far as is known.
    interrupted, timed_out
        Whether Ctrl-C, or the time limit, ended it.
    not_shown
        What is not known, in sentences.
    plans
        The plan of each repair, by its number; those found in time.
    beyond_files
        What is asked beside the question and no file can hold, in words.
    """

    answer: pd.DataFrame
    tables: Mapping[str, pd.DataFrame]
    is_feasible: bool
    is_infeasible: bool
    is_complete: bool
    interrupted: bool
    timed_out: bool
    provenance: Mapping[str, Any]
    question: Question
    not_shown: tuple[str, ...] = ()
    plans: Mapping[int, Plan] = field(default_factory=dict)
    beyond_files: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<repairs: {self.answer['repair'].nunique()}>"

    @property
    def table(self) -> pd.DataFrame:
        """A row for each change of each repair."""
        return self.answer

    @property
    def verified(self) -> bool:
        """Whether there is a repair with a plan that was found and checked."""
        return bool(self.answer["verified"].any())

    def in_words(self) -> list[str]:
        """What clashes, what each number alone would have to be, and the repairs."""
        lines = repairs_in_words(
            self.answer,
            self.tables["clash"],
            self.tables["alone"],
            is_feasible=self.is_feasible,
            is_complete=self.is_complete,
            is_scaled=self.provenance["scales_from"] != SCALES_UNKNOWN,
            is_interrupted=self.interrupted,
        )
        return [*lines, *self.not_shown]

    def changes(self, number: int) -> dict[str, float]:
        """Values by address of a repair, as :func:`optimizer.solve` takes them.

        Raises
        ------
        OptimizerError
            If there is no repair of this number.
        """
        rows = self.answer[self.answer["repair"].eq(number)]
        if not len(rows):
            count = self.answer["repair"].nunique()
            known = f"a number from 1 to {count}" if count else "none, as nothing was found"
            raise OptimizerError(f"there is no repair {number}\n    Expected {known}.")
        whole = [
            (row, float(value)) for row, value in zip(rows["address"], rows["after"], strict=True)
        ]
        return {address: int(value) if value.is_integer() else value for address, value in whole}

    @typed
    def apply(self, number: int, path: str | Path) -> Path:
        """Write a repair: a policy that extends the one at fault, or changes as a study.

        Parameters
        ----------
        number
            Of the repair.
        path
            ``.toml`` for a policy beside the one at fault, where only the policy is changed;
            ``.csv`` for the changes, policy and case alike, as a study of one scenario. Limits
            that were added to a session stand in the policy alone; rules that were dropped, slots
            that are kept and custom rules stand in neither.

        Raises
        ------
        OptimizerError, TargetError
            If there is no such repair, no plan of it was found in time, the file cannot hold all
            that is asked, or something is there already.
        """
        changes = self.changes(number)
        if number not in self.plans:
            others = " or ".join(map(str, self.plans))
            expected = f"a repair with a plan: {others}" if others else "more time"
            raise OptimizerError(f"repair {number} is not verified\n    Expected {expected}.")
        return write_repaired(self.question, changes, Path(path), self.beyond_files)


@typed
def repair(
    policy: Policy | Session | str | Path,
    case: Case | str | Path | None = None,
    *,
    changes: Mapping[str, object] = NO_PRICES,
    extend: Extend | None = None,
    scales: ScalesGiven | None = None,
    prices: Mapping[str, float] = NO_PRICES,
    touch_protected: bool = False,
    agency: str | None = None,
    gap: float | None = None,
    time_limit: float | None = None,
    report: Callable[[Progress], None] | None = None,
    started: float | None = None,
) -> Repairs:
    """Find the rules that clash, and verified changes of numbers after which there is a plan.

    Parameters
    ----------
    policy, case, changes, extend
        As in :func:`optimizer.solve`; or a session alone, which holds all of them and stays as it
        is.
    scales
        As there. Without them all repairs share the ideals that goals have with the numbers that
        clash set free, so that their points can be compared.
    prices
        By address: points of price for changing that number by 1%, or a share by one percentage
        point; infinite for a number that must stay. For all others that of the policy (``flex``),
        or 1.
    touch_protected
        Whether protected limits and floors may be changed as well.
    agency
        Only budgets of this agency's lines may be changed.
    gap, time_limit, report, started
        As in :func:`optimizer.solve`, the time limit for everything.

    Returns
    -------
    Repairs
        With every repair solved, and its plan checked, before it is offered.

    Raises
    ------
    InputError, PolicyError
        Case, policy, scales or prices are wrong.
    OptimizerError
        If there is no case, or a session and what it holds already.
    """
    check_options(gap, time_limit, started)
    _require_prices(prices)
    watch = Watch.since(started, time_limit, report)
    in_session = _asked(policy, case, changes, extend, watch)
    asked, extend, known, dropped = in_session
    given = known if scales is None else scales_given(asked.policy, scales)
    counted = given or Scales(known_scales(asked.policy), GIVEN)
    held = Holding(asked.as_it_is, extend=extend, scales=counted, dropped=dropped)
    with watch.listening():
        found = find_conflicts(held.loaded, watch)
        levers = priced(levers_of(held.loaded), prices, touch_protected=touch_protected)
        if agency is not None:
            levers = of_agency(levers, agency, held.loaded.instance)
        gap = asked.policy.solver.gap if gap is None else gap
        search = RepairSearch(held, found, levers, watch, scales=given, gap=gap)
        alone = alone_in(search, found)
        suffices = [{each.address: each.after} for each in alone if each.after is not None]
        is_one = len(found.found) == 1
        repairs = search.repairs(suffices if is_one else []) if found.found else []
    is_feasible = not found.found and found.is_complete
    is_unnamed = not (found.found or is_feasible)
    return Repairs(
        answer=repair_table(repairs, search.levers),
        tables={
            "clash": clash_table(found, held.loaded.instance),
            "alone": alone_table(alone),
        },
        is_feasible=is_feasible,
        is_infeasible=found.is_proven,
        is_complete=found.is_complete or any(each.plan is not None for each in repairs),
        interrupted=watch.interrupted,
        timed_out=watch.timed_out,
        provenance=_provenance(asked, held, prices, gap=gap),
        question=asked,
        not_shown=(nothing_named(found, watch),) if is_unnamed else tuple(search.not_shown),
        plans={number: each.plan for number, each in enumerate(repairs, 1) if each.plan},
        beyond_files=tuple(_beyond_files(in_session)),
    )


def _beyond_files(asked: AskedInSession) -> Iterator[str]:
    """What is asked that neither a policy nor a study can say."""
    if asked.dropped:
        yield f"rules that were dropped ({', '.join(asked.dropped)})"
    if asked.question.keep:
        yield "slots of earlier plans that are kept"
    if asked.extend is not None:
        yield "custom rules"


def _asked(
    policy: Policy | Session | str | Path,
    case: Case | str | Path | None,
    changes: Mapping[str, object],
    extend: Extend | None,
    watch: Watch,
) -> AskedInSession:
    if isinstance(policy, Session):
        if case is not None or changes or extend is not None:
            raise OptimizerError(
                "repair: a session holds case, changes and custom rules already\n"
                "    Expected a session alone, or policy and case."
            )
        return asked_in(policy)
    if case is None:
        expected = "policy and case, or a session"
        raise OptimizerError(f"repair: there is no case\n    Expected {expected}.")
    question = with_own_bests(read_question(policy, case, changes), watch)
    return AskedInSession(question, extend, None, ())


def _require_prices(prices: object) -> None:
    """Refuse what is not a mapping of addresses to prices.

    Raises
    ------
    ArgumentError
        With everything that is not an address, or not a price, or priced twice.
    """
    require_changes(prices)
    assert isinstance(prices, Mapping), "anything else is refused"
    problems = Problems()
    spelt: set[str] = set()
    for address, price in prices.items():
        is_number = isinstance(price, int | float) and not isinstance(price, bool)
        if not (is_number and 0.0 < price <= LARGEST_NUMBER) and price != inf:
            message = f"{shown(price)} is not a valid price of {address}"
            problems.add(ARGUMENT, message, column="prices", expected="a number above 0, or inf")
        if one_spelling(address) in spelt:
            message = f"{shown(address)} is priced twice"
            problems.add(ARGUMENT, message, column="prices", expected="one price of each number")
        spelt.add(one_spelling(address))
    problems.raise_if_any(ArgumentError)


def _provenance(
    asked: Question, held: Holding, prices: Mapping[str, float], *, gap: float
) -> dict[str, Any]:
    """What the repairs were made with."""
    return {
        "policy": asked.policy.name,
        "case": asked.case.name,
        "policy_hash": asked.policy.hash,
        "case_hashes": dict(asked.case.hashes),
        "changes": plain_value(asked.changes),
        "prices": plain_value(prices),
        "scales": dict(held.scales.of) if held.scales is not None else {},
        "scales_from": "" if held.scales is None else held.scales.origin,
        "gap_asked": gap,
        "versions": versions(),
    }
