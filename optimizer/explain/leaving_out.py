"""What a plan would lose or gain without a rule, an agreement, a country or a budget line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd

from optimizer.errors.arguments import typed
from optimizer.explain.asking import OUT_OF_TIME, Answer, Asking
from optimizer.explain.explained import InSolver, asked_of
from optimizer.explain.marginal_charts import change_bars
from optimizer.explain.marginal_tables import frame
from optimizer.explain.marginal_words import without_words
from optimizer.explain.marginals import provenance_of, why_incomplete
from optimizer.explain.parts import BUDGET, GROUPS, RULE, LeftOut, parts_named
from optimizer.explain.solved_again import DrawnAgain
from optimizer.explain.stepping import BY_DUAL, BY_RELAXATION
from optimizer.formulation.custom import Extend
from optimizer.plan import Plan
from optimizer.policy.limits import limit_on_slots
from optimizer.runs.loading import Run
from optimizer.session import Session
from optimizer.session.solving import check_options
from optimizer.solver import Progress, Watch


@dataclass(frozen=True, repr=False, eq=False)
class Importance(DrawnAgain):
    """What the relaxation comes to without parts of policy and case; tables are given as copies.

    Attributes
    ----------
    answer
        A row for each part: address, group, title, points, change_points (without it, against
        the relaxation with it), ``change_<goal>_raw``, slots_moved, basis (``relaxation``, or
        ``dual`` for rules whose duals are all 0: nothing changes without them), status, why,
        rebuilt_because; groups as asked, and the largest change first.
    points
        Of the relaxation with all of them.
    complete, why_incomplete
        Whether all was solved that was asked for, and why not.
    interrupted
        Whether Ctrl-C ended it.
    """

    answer: pd.DataFrame
    points: float
    why_incomplete: str
    interrupted: bool
    provenance: Mapping[str, Any]
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    called: ClassVar[str] = "importance has"

    def __repr__(self) -> str:
        return f"<importance: {len(self.answer):,} parts>"

    @property
    def table(self) -> pd.DataFrame:
        """A row for each part."""
        return self.answer

    def in_words(self) -> list[str]:
        """What is lost or gained without each part."""
        return without_words(self.answer, self.points, self.why_incomplete)

    @property
    def _drawings(self) -> Mapping[str, Callable[[], Any]]:
        changes = self.answer["change_points"]
        is_any = bool((changes.notna() & changes.ne(0.0)).any())
        return {"parts": lambda: change_bars(self.answer)} if is_any else {}


@typed
def importance(
    subject: Run | Plan | Session | str | Path,
    addresses: Sequence[str] | None = None,
    *,
    extend: Extend | None = None,
    time_limit: float | None = None,
    report: Callable[[Progress], None] | None = None,
    started: float | None = None,
) -> Importance:
    """Find what is lost or gained without parts of policy and case, each solved by relaxation.

    Parameters
    ----------
    subject
        A run or the path of its folder, a plan, or a session as it is now.
    addresses
        Rules, which limit nothing without them: ``limits.NAME``, ``support_floor.1``, the name of
        a rule, or a row of commitments. Rows of ``countries``, ``agreements``, ``tracks`` or
        ``regions``, such as ``countries[country=KEN]``, without which no slots are given there;
        who comes by forecast still comes.
        Lines of ``budgets``, which have no money then, in one year or all. A group for all in it;
        all rules, commitments, lines, agreements and countries without addresses.
    extend, time_limit, report, started
        As in :func:`marginal_values`.

    Raises
    ------
    InputError, PolicyError, ExtensionError, BrokenPlanError, InfeasibleError, NoPlanError
        As there, and if an address names nothing that can be left out.
    """
    check_options(None, time_limit, started)
    watch = Watch.since(started, time_limit, report)
    asked = asked_of(subject, extend)
    parts = parts_named(asked.held.loaded, GROUPS if addresses is None else addresses)
    with watch.listening():
        asking = Asking(asked.held, watch)
        return parts_left_out(asked, asking, watch, parts, list(addresses or GROUPS))


def parts_left_out(
    asked: InSolver,
    asking: Asking,
    watch: Watch,
    parts: Sequence[LeftOut],
    addresses: Sequence[str],
) -> Importance:
    """Find the same of parts of what is loaded and has been solved once.

    Parameters
    ----------
    addresses
        As they were named.
    """
    answers = _answers(asking, watch, parts)
    table = _table(list(zip(parts, answers, strict=False)), asking)
    return Importance(
        answer=table,
        points=asking.base.points,
        why_incomplete=why_incomplete(watch, len(parts) - len(answers), "part"),
        interrupted=watch.interrupted,
        provenance={**provenance_of(asked), "addresses": list(addresses)},
    )


def _answers(asking: Asking, watch: Watch, parts: Sequence[LeftOut]) -> list[Answer]:
    """The relaxation without each part, until time runs out."""
    found: list[Answer] = []
    for place, part in enumerate(parts):
        if watch.should_stop():
            break
        watch.begin_part("parts", place, len(parts))
        answer = _without(asking, part)
        if answer.status == OUT_OF_TIME:
            break
        found.append(answer)
    return found


def is_idle(asking: Asking, part: LeftOut) -> bool:
    """Whether the relaxation stays as it is without a part, so that nothing need be solved.

    The duals of an optimum prove that it is one as well without rows whose duals are 0.
    """
    return part.kind == RULE and asking.priced.isdisjoint(part.rows)


def _without(asking: Asking, part: LeftOut) -> Answer:
    if is_idle(asking, part):
        return asking.base
    if part.kind == BUDGET:
        answer = asking.at({f"{part.address}.amount": 0})
        asking.restore()
        return answer
    if part.kind == RULE:
        return asking.without(part.rows)
    limit = limit_on_slots(f"without {part.address}", part.where, at_most=0, optional=True)
    return asking.with_limit(limit)


def _table(pairs: Sequence[tuple[LeftOut, Answer]], asking: Asking) -> pd.DataFrame:
    goals = [f"change_{goal}_raw" for goal in asking.base.goals]
    types = {
        **dict.fromkeys(("address", "group", "title"), "str"),
        **dict.fromkeys(("points", "change_points", *goals, "slots_moved"), "float64"),
        **dict.fromkeys(("basis", "status", "why", "rebuilt_because"), "str"),
    }
    table = frame([_row(part, answer, asking) for part, answer in pairs], types)
    groups = {group: place for place, group in enumerate(dict.fromkeys(table["group"]))}
    # What leaves no plan comes before any number.
    order = table.assign(
        place=table["group"].map(groups).astype("int64"),
        size=table["change_points"].abs().fillna(float("inf")),
    ).sort_values(["place", "size"], ascending=[True, False], kind="stable")
    return order.drop(columns=["place", "size"]).reset_index(drop=True)


def _row(part: LeftOut, answer: Answer, asking: Asking) -> dict[str, Any]:
    base = asking.base
    unknown = dict.fromkeys(base.goals, float("nan"))
    raw = answer.raw_since(base) if answer.is_known else unknown
    return {
        "address": part.address,
        "group": part.group,
        "title": part.title,
        "points": answer.points,
        "change_points": asking.difference(answer),
        **{f"change_{goal}_raw": value for goal, value in raw.items()},
        "slots_moved": answer.moved_since(base) if answer.is_known else float("nan"),
        "basis": BY_DUAL if is_idle(asking, part) else BY_RELAXATION,
        "status": answer.status,
        "why": answer.why,
        "rebuilt_because": answer.rebuilt_because,
    }
