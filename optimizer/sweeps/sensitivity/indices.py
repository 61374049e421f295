"""Which lever explains how much of the spread of an answer: Sobol indices.

First-order and total indices by the estimators of Saltelli et al. (2010), Computer Physics
Communications 181, 259-270, with confidence by the bootstrap.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from optimizer.errors import OptimizerError
from optimizer.errors.arguments import typed
from optimizer.frames import rows_of
from optimizer.frames.arrays import Floats
from optimizer.sweeps.results import Sweep
from optimizer.sweeps.sensitivity.answers import OF_POINTS, answers_of
from optimizer.sweeps.sensitivity.finding import Finding

_REFUSE, _DROP = "refuse", "drop"
_CONFIDENCE = 0.95
_RESAMPLES = 999
_FEWEST = 4
"""Draws that there must be."""


@typed
def sobol_indices(
    sweep: Sweep, of: str = OF_POINTS, *, failed: str = _REFUSE, seed: int = 0
) -> Finding:
    """Share the variance of a number out between the levers of :meth:`Study.sobol`.

    Parameters
    ----------
    of
        As for :func:`tornado`.
    failed
        What is done where scenarios have no answer: ``refuse``, or ``drop`` every draw that has
        one of them. Dropping them describes the spread where plans exist, and says so.
    seed
        Of the bootstrap.

    Returns
    -------
    Finding
        lever, status (``used``), first, first_low, first_high, total, total_low, total_high, with
        95% confidence, and draws (used, of those made); the largest total first. The first-order
        index is the share of variance that a lever explains by itself, the total that with all
        that it does together with others.

    Raises
    ------
    OptimizerError
        If the scenarios are not those of ``Study.sobol``, an answer is missing, or all are alike.
    """
    if failed not in (_REFUSE, _DROP):
        raise OptimizerError(f"failed is {failed!r}\n    Expected one of {_REFUSE}, {_DROP}.")
    answers = answers_of(sweep, of)
    design = _design(sweep.tables["scenarios"])
    values = answers.value[design["scenario"]].to_numpy()
    levers = [name for name in dict.fromkeys(design["lever"]) if name]
    placed = design.assign(value=values).set_index(["draw", "matrix", "lever"])["value"]
    wide = pd.DataFrame(placed.unstack(["matrix", "lever"]))
    whole: pd.Series = wide.notna().all(axis="columns")
    statuses = answers.status[design["scenario"]]
    if not whole.all() and failed == _REFUSE:
        missing = ", ".join(
            f"{n} {s}" for s, n in statuses[np.isnan(values)].value_counts().items()
        )
        raise OptimizerError(
            f"{int(np.isnan(values).sum())} of {len(values)} scenarios have no answer ({missing}): "
            f"indices of the rest describe something else. failed='drop' leaves out the "
            f"{int((~whole).sum())} of {len(whole)} draws that have one of them, and says so"
        )
    used = wide[whole]
    rows = indices_of(
        used["A", ""].to_numpy(),
        used["B", ""].to_numpy(),
        np.array([used["AB", lever].to_numpy() for lever in levers]),
        levers,
        seed=seed,
    )
    rows["draws"] = f"{int(whole.sum())} of {len(whole)}"
    return Finding(
        name="sobol_indices",
        answer=rows,
        sentences=tuple(_in_words(rows, of, int((~whole).sum()), len(whole))),
        provenance={**answers.provenance, "failed": failed, "seed": seed},
        drawings={"indices": lambda table: _drawn(table, of)},
    )


def _design(scenarios: pd.DataFrame) -> pd.DataFrame:
    """Rows of the matrices A, B and AB, with their draw and lever."""
    needed = ["matrix", "draw", "lever"]
    if not set(needed) <= set(scenarios):
        raise OptimizerError("the scenarios are not those of Study.sobol, which indices need")
    rows = scenarios[scenarios["matrix"].isin(["A", "B", "AB"])]
    return rows[["scenario", *needed]].reset_index(drop=True)


def indices_of(
    a: Floats, b: Floats, ab: Floats, levers: Sequence[str], *, seed: int = 0
) -> pd.DataFrame:
    """Estimate the indices, with a bootstrap over the draws.

    Parameters
    ----------
    a, b
        Answers in the draws of either matrix, shape (draws,).
    ab
        Answers in those of A with one lever as in B, shape (levers, draws).

    Raises
    ------
    OptimizerError
        If there are fewer than 4 draws, or all answers are alike.
    """
    if len(a) < _FEWEST:
        raise OptimizerError(f"{len(a)} draws are too few for indices, which need {_FEWEST}")
    if np.ptp(np.concatenate([a, b])) == 0.0:
        raise OptimizerError("every draw has the same answer: there is no spread to explain")
    first, total = _estimated(a, b, ab)
    # scipy.stats.sobol_indices has the same estimates (the tests compare them), but takes powers
    # of two only, which draws that were dropped are not, and its bootstrap has no seed.
    picks = np.random.default_rng(seed).integers(len(a), size=(_RESAMPLES, len(a)))
    again = np.array([_estimated(a[pick], b[pick], ab[:, pick]) for pick in picks])
    low, high = np.nanquantile(again, [(1 - _CONFIDENCE) / 2, (1 + _CONFIDENCE) / 2], axis=0)
    rows = pd.DataFrame(
        {
            "lever": pd.Series(list(levers), dtype="str"),
            "status": "used",
            "first": first,
            "first_low": low[0],
            "first_high": high[0],
            "total": total,
            "total_low": low[1],
            "total_high": high[1],
        }
    )
    return rows.sort_values("total", ascending=False, kind="stable").reset_index(drop=True)


def _estimated(a: Floats, b: Floats, ab: Floats) -> tuple[Floats, Floats]:
    """First-order and total indices, each of shape (levers,); missing without any spread."""
    both = np.concatenate([a, b])
    mean, variance = both.mean(), both.var()
    if variance == 0.0:
        return np.full(len(ab), np.nan), np.full(len(ab), np.nan)
    first = np.mean((b - mean) * (ab - a), axis=1) / variance
    total = 0.5 * np.mean((a - ab) ** 2, axis=1) / variance
    return first, total


def _in_words(rows: pd.DataFrame, of: str, dropped: int, draws: int) -> list[str]:
    told = []
    for row in rows_of(rows):
        by_itself = f"{row.first:.0%} of the spread of {of} by itself"
        with_others = f"{row.total:.0%} with what it does together with others"
        sure = f"95% confidence {row.total_low:.0%} to {row.total_high:.0%}"
        told.append(f"{row.lever} explains {by_itself}, {with_others} ({sure}).")
    if dropped:
        told.append(
            f"{dropped} of {draws} draws were left out, since a scenario of theirs has no answer: "
            "this is the spread where there are plans."
        )
    return told


def _drawn(table: pd.DataFrame, of: str) -> Any:
    import altair as alt

    kinds = (("first", "by itself"), ("total", "with others"))
    parts = [
        table[["lever"]].assign(
            kind=words, value=table[name], low=table[f"{name}_low"], high=table[f"{name}_high"]
        )
        for name, words in kinds
    ]
    base = alt.Chart(pd.concat(parts, ignore_index=True), title=f"What explains the spread of {of}")
    y = alt.Y("lever:N", sort=table["lever"].tolist(), title=None, axis=alt.Axis(labelLimit=320))
    offset = alt.YOffset("kind:N", sort=[words for _, words in kinds])
    bars = base.mark_bar().encode(
        x=alt.X("value:Q", title="share of the variance"),
        y=y,
        yOffset=offset,
        color=alt.Color("kind:N", title=None, sort=[words for _, words in kinds]),
        tooltip=["lever", "kind", "value", "low", "high"],
    )
    sure = base.mark_rule().encode(x="low:Q", x2="high:Q", y=y, yOffset=offset)
    return (bars + sure).properties(width=460, height={"step": 16})
