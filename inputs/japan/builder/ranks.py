"""How far a partner's rank by a goal may be trusted: 1,000 draws over the choices behind a score.

The method follows the OECD/JRC Handbook on Constructing Composite Indicators (2008), step 7,
uncertainty analysis. A score rests on choices that might have been made otherwise, so each draw
makes all of them anew:

* weights: each within 25% of the policy's, then brought back to a sum of 1;
* size: an indicator that the table gives per head too (or the other way round) is taken in
  either form, for all indicators of the goal alike;
* normalisation: the range of the policy (or smallest to largest), ranks, or smallest to largest
  after the values beyond the 5th and 95th percentile are drawn in to it;
* aggregation: weighted arithmetic or geometric mean (of scores drawn up to 0.01-1, so that a
  single 0 does not decide alone);
* blanks: a value of the column, drawn among the partners that have one.

The band of a partner runs from the 5% to the 95% rank of the draws. Its rank is that of the
policy as it stands and may lie outside the band, where the policy's own choice is an extreme one.
Each goal has a generator of its own, so that a goal added moves no other.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .countries import country_rows
from .sources import Row

Floats = NDArray[np.float64]

POLICY = Path(__file__).resolve().parents[3] / "models" / "balanced.toml"
DRAWS = 1000
SEED = 2008
NOTE = (
    "5-95% of 1000 draws over weights (+-25%), size or per head, normalisation, aggregation and"
    " blanks; method in builder/ranks.py"
)

_PER_HEAD = {"sci_articles": "articles_per_million", "patents_resident": "patents_per_million"}
# By column: the same thing by size and per head.
SIBLINGS = _PER_HEAD | {per_head: size for size, per_head in _PER_HEAD.items()}


@dataclass(frozen=True)
class Indicator:
    """One indicator of a goal: its figures by country after the transform, NaN where blank."""

    column: str
    weight: float
    values: Floats
    low: float
    high: float
    is_lower_better: bool
    missing: str | float
    sibling: Indicator | None

    def turned(self, scaled: Floats) -> Floats:
        """Scores from 0 to 1, high for what the goal wants."""
        return 1.0 - scaled if self.is_lower_better else scaled

    def scaled(self) -> Floats:
        """Scores from 0 to 1 by the policy, NaN where blank."""
        return self.turned(_scaled(self.values, self.low, self.high))


@cache
def goals() -> dict[str, dict[str, Any]]:
    """Return the goals of the policy that score countries by indicators."""
    text = POLICY.read_text(encoding="utf-8")
    found: dict[str, dict[str, Any]] = tomllib.loads(text)["goals"]
    return {name: goal for name, goal in found.items() if goal.get("indicators")}


@cache
def countries() -> tuple[str, ...]:
    """Return the countries in the order of the table."""
    return tuple(row["country"] for row in country_rows())


@cache
def figures(column: str) -> Floats:
    """Return a column of the countries table, NaN where it is blank."""
    return np.array([float(row[column] or "nan") for row in country_rows()])


@cache
def indicators(goal: str) -> tuple[Indicator, ...]:
    """Return the indicators of a goal as the policy has them."""
    found = []
    for given in goals()[goal]["indicators"]:
        missing = given.get("missing", goals()[goal].get("missing", "error"))
        found.append(_indicator(given, missing, _sibling(given, missing)))
    return tuple(found)


def _sibling(given: dict[str, Any], missing: str | float) -> Indicator | None:
    """Return the indicator by size instead of per head, or the other way round."""
    column = SIBLINGS.get(given["column"])
    # The sibling's own sibling is not asked for, and the policy's range is not one of its figures.
    kept = {key: value for key, value in given.items() if key != "range"}
    return None if column is None else _indicator(kept | {"column": column}, missing, None)


def _indicator(given: dict[str, Any], missing: str | float, sibling: Indicator | None) -> Indicator:
    values = figures(given["column"])
    shown = given.get("range", (np.nanmin(values), np.nanmax(values)))
    is_log = given.get("transform") == "log"
    low, high = np.log1p(shown) if is_log else shown
    return Indicator(
        given["column"],
        float(given.get("weight", 1.0)),
        np.log1p(values) if is_log else values,
        float(low),
        float(high),
        given.get("direction") == "lower",
        missing,
        sibling,
    )


def _scaled(values: Floats, low: float, high: float) -> Floats:
    return np.clip((values - low) / (high - low), 0.0, 1.0)


@cache
def scores(goal: str) -> Floats:
    """Return the score of every country by the policy as it stands, blanks by its rule."""
    total, weight = np.zeros(len(countries())), np.zeros(len(countries()))
    for one in indicators(goal):
        scaled = one.scaled()
        blank = np.isnan(scaled)
        is_reweighted = one.missing == "reweight"
        fill = one.missing if isinstance(one.missing, int | float) else 0.0
        total += one.weight * np.where(blank, 0.0 if is_reweighted else fill, scaled)
        weight += one.weight * np.where(blank & is_reweighted, 0.0, 1.0)
    return total / weight


def ranked(values: Floats) -> NDArray[np.int64]:
    """Return ranks, 1 for the highest; equals share the best one of theirs."""
    # Sums of the same terms in another order differ in the last digits.
    rounded = np.round(values, 9)
    ranks: NDArray[np.int64] = 1 + (rounded[:, None] < rounded[None, :]).sum(axis=1)
    return ranks


def rank_shares(values: Floats) -> Floats:
    """Return 0 for the lowest to 1 for the highest by rank; equals share the mean of theirs."""
    below = (values[:, None] > values[None, :]).sum(axis=1)
    equal = (values[:, None] == values[None, :]).sum(axis=1)
    shares: Floats = (below + (equal - 1) / 2) / (len(values) - 1)
    return shares


def _normalised(one: Indicator, values: Floats, choice: int) -> Floats:
    """Return the figures between 0 and 1 by the policy's range, by ranks or winsorised."""
    if choice == 1:
        return rank_shares(values)
    low, high = np.quantile(values, (0.05, 0.95)) if choice == 2 else (one.low, one.high)
    if not high > low:
        # Fewer than one in twenty have another value: to draw these in would leave nothing.
        low, high = one.low, one.high
    return _scaled(values, low, high)


def _drawn_scores(goal: str, draw: np.random.Generator) -> Floats:
    choice, is_geometric, is_swapped = (int(draw.integers(n)) for n in (3, 2, 2))
    total, weights = np.zeros(len(countries())), 0.0
    for given in indicators(goal):
        one = given.sibling if is_swapped and given.sibling else given
        weight = one.weight * draw.uniform(0.75, 1.25)
        blank = np.isnan(one.values)
        values = one.values.copy()
        values[blank] = draw.choice(one.values[~blank], blank.sum())
        scaled = one.turned(_normalised(one, values, choice))
        total += weight * (np.log(0.01 + 0.99 * scaled) if is_geometric else scaled)
        weights += weight
    mean: Floats = total / weights
    return np.exp(mean) if is_geometric else mean


@cache
def bands(goal: str) -> dict[str, tuple[int, int, int]]:
    """Return rank, 5% rank and 95% rank of every country."""
    draw = np.random.default_rng([SEED, *goal.encode()])
    ranks = np.array([ranked(_drawn_scores(goal, draw)) for _ in range(DRAWS)])
    low, high = np.quantile(ranks, (0.05, 0.95), axis=0, method="inverted_cdf")
    found = zip(ranked(scores(goal)), low, high, strict=True)
    return {
        country: (int(rank), int(least), int(most))
        for country, (rank, least, most) in zip(countries(), found, strict=True)
    }


def band_rows() -> list[Row]:
    """Return the rank_bands table."""
    return [
        {
            "goal": goal,
            "country": country,
            "rank": str(rank),
            "low": str(low),
            "high": str(high),
            "source": "own calculation",
            "note": NOTE,
        }
        for goal in goals()
        for country, (rank, low, high) in bands(goal).items()
    ]
