"""Least and most of sums of decisions among all plans of a least value."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from optimizer.errors import ARGUMENT, ArgumentError, Problems, did_you_mean
from optimizer.explain.nearly_as_good import NearlyAsGood
from optimizer.explain.pace import Pace
from optimizer.explain.priced_sums import PricedSums, whole_below
from optimizer.explain.stepping import BY_PLAN, BY_RELAXATION
from optimizer.frames.arrays import Floats, Integers
from optimizer.instance import Instance
from optimizer.persistent import LoadedModel
from optimizer.persistent.roles import columns_in_order
from optimizer.plan import Plan
from optimizer.schema.decisions import DECISIONS
from optimizer.solver import Watch
from optimizer.solver.matrix import Matrix

AGREEMENTS = "agreement"
"""Stands for keys of slots where agreements are asked for."""
NOT_REACHED = "stopped"
"""What an end rests on where time ran out; otherwise on a plan that stands there, as none goes
further, or on the relaxation, which no plan exceeds."""
Done: TypeAlias = Callable[[], None]
"""Called whenever something is done that is to be kept."""
_COUNTED = ("cohort", "placements")
_PAIR = ["country", "track"]


@dataclass(frozen=True)
class Sum:
    """A sum of whole decisions, such as the slots of a country.

    Attributes
    ----------
    by, key
        Keys, and their values.
    columns
        Of the matrix.
    value
        In the plan in hand.
    """

    by: str
    key: str
    columns: Integers
    value: float


@dataclass
class RangeEnd:
    """One end of the range of a sum.

    Attributes
    ----------
    sign
        1 for the most, -1 for the least.
    found
        What the plan has that comes nearest to the end among those that are known.
    limit
        What no plan of the least value exceeds; ``None`` where time ran out.
    is_free
        Whether it needed no solving: no decision goes further than a known plan.
    is_asked
        Whether a plan was looked for there, with all the nodes of a question.
    """

    each: Sum
    sign: float
    found: float
    limit: float | None = None
    is_free: bool = False
    is_asked: bool = False

    @property
    def basis(self) -> str:
        """What the end rests on."""
        if self.limit is None:
            return NOT_REACHED
        return BY_PLAN if self.limit == self.found else BY_RELAXATION

    def learn(self, value: float) -> None:
        """Take note of a plan that has this value."""
        self.found = max(self.found, value) if self.sign > 0 else min(self.found, value)

    def limit_by(self, value: float) -> None:
        """Take note that no plan exceeds a value, whole as all plans are."""
        rounded = self.sign * whole_below(self.sign * value)
        # Known plans are within.
        within = max(rounded, self.found) if self.sign > 0 else min(rounded, self.found)
        nearer = min if self.sign > 0 else max
        self.limit = float(within if self.limit is None else nearer(within, self.limit))


def sums_of(instance: Instance, matrix: Matrix, plan: Plan, by: str) -> list[Sum]:
    """Sums of a plan by some keys, those included of which it has nothing.

    Raises
    ------
    ArgumentError
        If no decision has these keys.
    """
    names = [name.strip() for name in by.split(",")]
    if names == [AGREEMENTS]:
        return list(_agreements(instance, matrix, plan))
    fitting = [family for family in _COUNTED if set(names) <= set(DECISIONS[family].keys)]
    fitting = [family for family in fitting if len(getattr(instance.sets, family))]
    if not fitting:
        raise _unknown(names, instance)
    frame = getattr(instance.sets, fitting[0]).reset_index(drop=True)
    columns = columns_in_order(instance, matrix, fitting[0])
    slots = plan.slots.assign(**{name: plan.slots[name].astype("str") for name in names})
    given = slots.groupby(names)["slots"].sum()
    found = []
    for key, rows in frame.groupby(names, sort=True).indices.items():
        cells = tuple(map(str, key)) if isinstance(key, tuple) else (str(key),)
        there = columns[rows]
        value = float(given.get(cells if len(cells) > 1 else cells[0], 0.0))
        found.append(Sum(", ".join(names), ", ".join(cells), there[there >= 0], value))
    return found


def _agreements(instance: Instance, matrix: Matrix, plan: Plan) -> Iterator[Sum]:
    """Whether each proposed agreement is ever open: what is open in the last year."""
    frame = instance.sets.agreement.reset_index(drop=True)
    columns = columns_in_order(instance, matrix, "agreement")
    opened = set(map(tuple, plan.decisions.agreements[_PAIR].to_numpy().tolist()))
    for pair, rows in frame.groupby(_PAIR, sort=True).indices.items():
        assert isinstance(pair, tuple), "grouped by two keys"
        last = max(rows, key=lambda row: frame["year"].iloc[row])
        there = columns[[last]]
        key = ", ".join(map(str, pair))
        yield Sum(AGREEMENTS, key, there[there >= 0], float(pair in opened))


def _unknown(names: Sequence[str], instance: Instance) -> ArgumentError:
    known = list(DECISIONS["cohort"].keys)
    known += ["region"] if len(instance.sets.placements) else []
    near = [did_you_mean(name, [*known, AGREEMENTS]) for name in names if name not in known]
    problems, several = Problems(), "several with commas (region and country do not go together)"
    problems.add(
        ARGUMENT,
        f"no slots are decided by {','.join(names)!r}",
        column="by",
        expected=f"{', '.join(known)}, or {several}, or {AGREEMENTS}",
        maybe=repr(near[0]) if near and near[0] is not None else None,
    )
    return ArgumentError(problems)


def limit_ends(
    ends: Sequence[RangeEnd], loaded: LoadedModel, least_points: float, watch: Watch, done: Done
) -> None:
    """Limits of ends among solutions of the relaxation that have enough points, one by one.

    Parameters
    ----------
    done
        Called after each end.
    """
    left = [end for end in ends if end.limit is None]
    if not left:
        return
    matrix, sums = loaded.matrix, PricedSums(loaded, least_points, watch)
    pace = Pace("relaxation", len(left), watch)
    for end in left:
        pace.say()
        side = matrix.upper if end.sign > 0 else matrix.lower
        if end.found == float(side[end.each.columns].sum()):
            end.limit, end.is_free = end.found, True
        elif not watch.should_stop():
            limit = sums.limit(end.each.columns, end.sign, end.found)
            if limit is not None:
                end.limit_by(limit)
        pace.solved += not end.is_free
        done()


def reach_ends(
    ends: Sequence[RangeEnd],
    among: NearlyAsGood,
    watch: Watch,
    checked: Callable[[Floats], bool],
    done: Done,
) -> None:
    """Look for a plan at each end that no known plan reaches.

    Parameters
    ----------
    checked
        Whether a solution is a plan that keeps every rule and the floor.
    done
        Called after each end.
    """
    left = [end for end in ends if end.basis == BY_RELAXATION and not end.is_asked]
    pace = Pace("plan", len(left), watch)
    for end in left:
        pace.say()
        if end.basis == BY_PLAN or watch.should_stop():
            # A plan that was found for another end may stand here too.
            continue
        cost = np.zeros(len(among.matrix.cost))
        cost[end.each.columns] = end.sign
        run = among.whole(cost, watch)
        if run.bound is not None and np.isfinite(run.bound):
            end.limit_by(end.sign * run.bound)
        if run.x is not None and checked(run.x):
            learn(ends, run.x)
        end.is_asked = not watch.should_stop()
        pace.solved += 1
        done()


def ends_of(sums: Sequence[Sum]) -> list[RangeEnd]:
    """Both ends of every sum, the least before the most."""
    return [RangeEnd(each, sign, each.value) for each in sums for sign in (-1.0, 1.0)]


def learn(ends: Sequence[RangeEnd], x: Floats) -> None:
    """Take note of a plan at every end."""
    for end in ends:
        end.learn(float(np.round(x[end.each.columns]).sum()))
