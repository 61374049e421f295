"""When does it fail: boxes of levers in which most scenarios of a kind lie (PRIM).

The patient rule induction method: Friedman and Fisher, Statistics and Computing 9 (1999),
123-143; as scenario discovery: Bryant and Lempert, Technological Forecasting and Social Change 77
(2010), 34-49. A box begins as everything. Again and again the slice of a lever's range is peeled
off that leaves the densest box, a small part of the scenarios at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from optimizer.errors import OptimizerError
from optimizer.errors.arguments import typed
from optimizer.frames import rows_of
from optimizer.frames.arrays import Floats
from optimizer.sweeps.outcomes import INFEASIBLE_ROW
from optimizer.sweeps.results import Sweep
from optimizer.sweeps.scenarios import BASE
from optimizer.sweeps.sensitivity.answers import OF_POINTS, Answers, answers_of, place
from optimizer.sweeps.sensitivity.finding import Finding
from optimizer.text.figures import figure

_Marks = NDArray[np.bool_]
_ALPHA = 0.05
"""Part of the scenarios in the box that one peel takes off, at most where they are few."""
_LEAST_MASS = 0.05
"""Part of all scenarios that a box holds at least."""
_SIGNIFICANT = 0.05
"""Probability of the same density by chance above which a side of a box means nothing."""


@dataclass(frozen=True)
class LeverBox:
    """Ranges of levers.

    Attributes
    ----------
    low, high
        Sides by lever, shape (levers,); infinite where there is none.
    inside
        Which scenarios are inside.
    """

    low: Floats
    high: Floats
    inside: _Marks


@typed
def discover(
    sweep: Sweep,
    *,
    below: float | None = None,
    of: str = OF_POINTS,
    alpha: float = _ALPHA,
    least_mass: float = _LEAST_MASS,
) -> Finding:
    """Find the box of levers in which scenarios fail.

    Parameters
    ----------
    below
        Scenarios whose number is below this fail, and those without a plan. Without it, those
        fail that no plan can keep every rule of. What timed out or crashed is unknown, and left
        out.
    of
        As for :func:`tornado`.
    alpha
        Part of the scenarios in a box that is peeled off at a time.
    least_mass
        Part of all scenarios that a box holds at least.

    Returns
    -------
    Finding
        Its table has a row for every lever that the box restricts: lever, status (``restricted``),
        low, high (missing where open), p_value (the probability, by a binomial test, that the box
        would be as dense by chance without this lever's sides). The table ``box`` has scenarios,
        failing, density (failing in the box, of all in it) and coverage (of all failing); the
        table ``peels`` has these after every peel, with mass and levers, from which another box
        may be chosen; the table ``scenarios`` says which scenario fails, and is inside.

    Raises
    ------
    OptimizerError
        If no lever has numbers, or none or all of the scenarios fail.
    """
    for name, share in (("alpha", alpha), ("least_mass", least_mass)):
        if not 0.0 < share < 1.0:
            raise OptimizerError(f"{name} is {share:g}\n    Expected a number above 0 and below 1.")
    answers = answers_of(sweep, of)
    levers, values, fails, names = _told(answers, below)
    peels = list(peeled(values, fails, alpha=alpha, least_mass=least_mass))
    box = peels[_chosen(peels, fails)]
    answer = _sides(box, levers, values, fails)
    steps = _steps(peels, fails)
    measures = steps.iloc[[_chosen(peels, fails)]].reset_index(drop=True)
    scenarios = pd.DataFrame({"scenario": names, "fails": fails, "inside": box.inside})
    drawn = pd.DataFrame(values, columns=pd.Index(levers)).assign(fails=fails)
    why = f"{of} below {figure(below)}" if below is not None else "no plan keeps every rule"
    return Finding(
        name="discover",
        answer=answer,
        sentences=tuple(_in_words(answer, measures, why)),
        provenance={**answers.provenance, "below": below, "alpha": alpha, "least_mass": least_mass},
        tables={"box": measures, "peels": steps, "scenarios": scenarios},
        drawings={
            "box": lambda table: _drawn(table, drawn, why),
            "peels": lambda _: _drawn_peels(steps),
        },
    )


def _told(answers: Answers, below: float | None) -> tuple[list[str], Floats, _Marks, pd.Series]:
    """Levers with numbers, their values by scenario, which scenarios fail, and their names."""
    infeasible = answers.status.eq(INFEASIBLE_ROW)
    known = (answers.value.notna() | infeasible) & (answers.status.index != BASE)
    values = answers.levers.map(place).loc[known]
    whole = [
        str(name) for name in values if values[name].notna().all() and values[name].nunique() > 1
    ]
    if not whole:
        raise OptimizerError(
            "no lever has a number in every scenario: try Study.sample, which moves all at once"
        )
    fails = (
        infeasible[known] if below is None else infeasible[known] | answers.value[known].lt(below)
    )
    if fails.all() or not fails.any():
        how_many = "all" if fails.all() else "none"
        raise OptimizerError(
            f"{how_many} of the {len(fails)} scenarios fail: nothing to distinguish"
        )
    names = pd.Series(fails.index, dtype="str")
    return whole, values[whole].to_numpy(dtype=float), fails.to_numpy(dtype=bool), names


def peeled(
    values: Floats, fails: _Marks, *, alpha: float = _ALPHA, least_mass: float = _LEAST_MASS
) -> Iterator[LeverBox]:
    """Peel boxes, the first of which is everything.

    Parameters
    ----------
    values
        Levers of every scenario, shape (scenarios, levers).
    fails
        Which scenarios are looked for, shape (scenarios,).
    """
    levers = values.shape[1]
    box = LeverBox(
        np.full(levers, -np.inf), np.full(levers, np.inf), np.ones(len(fails), dtype=bool)
    )
    yield box
    while fails[box.inside].mean() < 1.0:
        smaller = [
            each
            for lever in range(levers)
            for each in _slices(box, values[:, lever], lever, alpha)
            if each.inside.mean() >= least_mass
        ]
        if not smaller:
            return
        # The densest; of these the one that keeps most.
        best = max(smaller, key=lambda each: (fails[each.inside].mean(), each.inside.sum()))
        if fails[best.inside].mean() < fails[box.inside].mean():
            return
        box = best
        yield box


def _slices(box: LeverBox, column: Floats, lever: int, alpha: float) -> Iterator[LeverBox]:
    """The box without the lowest and without the highest values of a lever."""
    here = np.unique(column[box.inside])
    if len(here) < 2:
        return
    cut_low, cut_high = np.quantile(column[box.inside], [alpha, 1.0 - alpha])
    low = here[min(np.searchsorted(here, cut_low, side="right"), len(here) - 1)]
    high = here[max(np.searchsorted(here, cut_high, side="left") - 1, 0)]
    for inside, sides in (
        (box.inside & (column >= low), {"low": (here[here < low].max() + low) / 2}),
        (box.inside & (column <= high), {"high": (here[here > high].min() + high) / 2}),
    ):
        lows, highs = box.low.copy(), box.high.copy()
        lows[lever] = sides.get("low", lows[lever])
        highs[lever] = sides.get("high", highs[lever])
        yield LeverBox(lows, highs, inside)


def _measured(box: LeverBox, fails: _Marks) -> tuple[int, int, float, float]:
    """Scenarios in a box, failing ones among them, density and coverage."""
    count, failing = int(box.inside.sum()), int(fails[box.inside].sum())
    return count, failing, failing / count, failing / int(fails.sum())


def _chosen(peels: Sequence[LeverBox], fails: _Marks) -> int:
    """The box whose harmonic mean of density and coverage is largest, the widest of equals."""

    def balance(box: LeverBox) -> float:
        _, _, density, coverage = _measured(box, fails)
        return 2 * density * coverage / (density + coverage) if density + coverage else 0.0

    return max(range(len(peels)), key=lambda at: (round(balance(peels[at]), 12), -at))


def _steps(peels: Sequence[LeverBox], fails: _Marks) -> pd.DataFrame:
    rows = [
        (*_measured(box, fails), box.inside.mean(), int(_restricted(box).sum())) for box in peels
    ]
    columns = ["scenarios", "failing", "density", "coverage", "mass", "levers"]
    return pd.DataFrame(rows, columns=columns).assign(status="peeled")


def _restricted(box: LeverBox) -> _Marks:
    return np.isfinite(box.low) | np.isfinite(box.high)


def _sides(box: LeverBox, levers: Sequence[str], values: Floats, fails: _Marks) -> pd.DataFrame:
    rows = []
    for at in np.flatnonzero(_restricted(box)).tolist():
        others = np.ones(len(fails), dtype=bool)
        for lever in np.flatnonzero(_restricted(box)):
            if lever != at:
                column = values[:, lever]
                others &= (column >= box.low[lever]) & (column <= box.high[lever])
        chance = float(fails[others].mean())
        count, failing, _, _ = _measured(box, fails)
        rows.append(
            (levers[at], "restricted", box.low[at], box.high[at], _p(failing, count, chance))
        )
    table = pd.DataFrame(rows, columns=["lever", "status", "low", "high", "p_value"])
    sides = table[["low", "high"]].astype("float64")
    table[["low", "high"]] = sides.where(np.isfinite(sides))
    return table.sort_values("p_value", kind="stable").reset_index(drop=True)


def _p(failing: int, count: int, chance: float) -> float:
    from scipy.stats import binomtest

    return float(binomtest(failing, count, chance, alternative="greater").pvalue)


def _in_words(answer: pd.DataFrame, measures: pd.DataFrame, why: str) -> list[str]:
    row = measures.iloc[0]
    if not len(answer):
        return [f"No lever says when {why}."]
    told = [
        f"In the box {int(row['failing'])} of {int(row['scenarios'])} scenarios fail ({why}), "
        f"{100 * row['density']:.0f}%; these are {100 * row['coverage']:.0f}% of all that fail."
    ]
    for lever in rows_of(answer):
        sides = []
        if not np.isnan(lever.low):
            sides.append(f"above {figure(lever.low)}")
        if not np.isnan(lever.high):
            sides.append(f"below {figure(lever.high)}")
        unsure = "" if lever.p_value < _SIGNIFICANT else ", which may be chance"
        told.append(f"{lever.lever} {' and '.join(sides)}{unsure}.")
    return told


def _drawn(sides: pd.DataFrame, drawn: pd.DataFrame, why: str) -> Any:
    import altair as alt

    first, second = ([*sides["lever"], *drawn.columns.drop("fails")] * 2)[:2]
    if first == second:
        second = next((name for name in drawn.columns.drop("fails") if name != first), first)
    shown = pd.DataFrame({"x": drawn[first], "y": drawn[second], "fails": drawn["fails"]})
    ends = sides.set_index("lever").reindex([first, second])
    edges = {
        "x": ends["low"].fillna(drawn[[first, second]].min()).iloc[0],
        "x2": ends["high"].fillna(drawn[[first, second]].max()).iloc[0],
        "y": ends["low"].fillna(drawn[[first, second]].min()).iloc[1],
        "y2": ends["high"].fillna(drawn[[first, second]].max()).iloc[1],
    }
    kinds = ["has a plan" if why.startswith("no plan") else "does not", why]
    shown["kind"] = shown["fails"].map({False: kinds[0], True: kinds[1]})
    box = alt.Chart(pd.DataFrame([edges])).mark_rect(fillOpacity=0.08, stroke="black")
    points = alt.Chart(shown, title=f"When it fails: {why}").mark_point(filled=True, size=45)
    colours = alt.Scale(domain=kinds, range=["#0072B2", "#D55E00"])
    shapes = alt.Scale(domain=kinds, range=["circle", "square"])
    return (
        box.encode(x="x:Q", x2="x2:Q", y="y:Q", y2="y2:Q")
        + points.encode(
            x=alt.X("x:Q", title=first, scale=alt.Scale(zero=False)),
            y=alt.Y("y:Q", title=second, scale=alt.Scale(zero=False)),
            color=alt.Color("kind:N", title=None, scale=colours),
            shape=alt.Shape("kind:N", title=None, scale=shapes),
        )
    ).properties(width=420, height=300)


def _drawn_peels(steps: pd.DataFrame) -> Any:
    import altair as alt

    return (
        alt.Chart(steps, title="Every box that was peeled")
        .mark_line(point=True)
        .encode(
            order="mass:Q",
            x=alt.X("coverage:Q", scale=alt.Scale(domain=[0, 1])),
            y=alt.Y("density:Q", scale=alt.Scale(domain=[0, 1])),
            tooltip=["scenarios", "failing", "density", "coverage", "levers"],
        )
        .properties(width=420, height=260)
    )
