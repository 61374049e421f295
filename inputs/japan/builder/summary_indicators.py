"""The section of the case's README on indicators: meaning, correlations and rank bands."""

from __future__ import annotations

import re
from itertools import combinations

import numpy as np

from .ranks import Floats, bands, figures, goals, indicators, rank_shares, scores

START = "<!-- written by build.py: indicators -->"
END = "<!-- end of what build.py writes on indicators -->"

FIRST, WIDEST = 5, 5
# Two columns say much the same from here on; the handbook asks for a reason then.
STRONG = 0.8


def spearman(first: Floats, second: Floats) -> float:
    """Return the rank correlation of two columns over the countries that have both."""
    given = ~(np.isnan(first) | np.isnan(second))
    if min(np.ptp(first[given]), np.ptp(second[given])) == 0:
        return float("nan")
    return float(np.corrcoef(rank_shares(first[given]), rank_shares(second[given]))[0, 1])


def _rho(first: Floats, second: Floats) -> str:
    value = spearman(first, second)
    return "" if np.isnan(value) else f"{value:+.2f}"


def _meaning(goal: str) -> str:
    """Return the first sentence of what the policy says of a goal."""
    return re.split(r"(?<=\.)\s", " ".join(goals()[goal]["why"].split()))[0]


def _meanings() -> list[str]:
    lines = ["| goal | weight | what it means, in the policy's words |", "|---|---:|---|"]
    return lines + [
        f"| `{goal}` | {goals()[goal]['weight']:.2f} | {_meaning(goal)} |" for goal in goals()
    ]


def _indicator_lines(goal: str) -> list[str]:
    """Return a row for each indicator: weight, correlation with the score and with the others."""
    used = indicators(goal)
    lines = []
    for one in used:
        sign = "lower" if one.is_lower_better else "higher"
        others = ", ".join(
            f"`{other.column}` {_rho(one.values, other.values)}"
            for other in used
            if other is not one
        )
        weight = one.weight / sum(each.weight for each in used)
        score, wealth = _rho(one.values, scores(goal)), _rho(one.values, figures("gdp_usd"))
        blanks = int(np.isnan(one.values).sum()) or ""
        spread = float(np.nanstd(one.scaled()))
        lines.append(
            f"| `{goal}` | `{one.column}` | {sign} | {weight:.2f} | {spread:.2f} | {blanks}"
            f" | {score} | {wealth} | {others} |"
        )
    return lines


def _correlations() -> list[str]:
    lines = [
        "| goal | indicator | wanted | weight | spread | blanks | with the score | with GDP | with"
        " the goal's other indicators |",
        "|---|---|---|---:|---:|---:|---:|---:|---|",
    ]
    return lines + [line for goal in goals() for line in _indicator_lines(goal)]


def _goal_correlations() -> list[str]:
    names = list(goals())
    others = " | ".join(f"`{name}`" for name in names)
    lines = [f"| score | GDP | {others} |", "|---|---:|" + "---:|" * len(names)]
    for name in names:
        cells = [_rho(scores(name), figures("gdp_usd"))]
        cells += ["" if name == other else _rho(scores(name), scores(other)) for other in names]
        lines.append(f"| `{name}` | {' | '.join(cells)} |")
    return lines


def _wanted() -> dict[str, list[tuple[str, str]]]:
    """Return the goals that use each column, with the direction they want."""
    found: dict[str, list[tuple[str, str]]] = {}
    for goal in goals():
        for one in indicators(goal):
            found.setdefault(one.column, []).append((goal, "-" if one.is_lower_better else "+"))
    return found


def _observations() -> list[str]:
    """Return what a reader of the tables should see: shared columns and near-doubles."""
    lines = []
    for column, uses in _wanted().items():
        if len(uses) > 1:
            told = ", ".join(f"`{goal}` {sign}" for goal, sign in uses)
            opposite = ", with opposite signs" if len({sign for _, sign in uses}) > 1 else ""
            lines.append(f"- `{column}` is in {len(uses)} goals{opposite}: {told}.")
    for goal in goals():
        for first, second in combinations(indicators(goal), 2):
            if abs(spearman(first.values, second.values)) >= STRONG:
                lines.append(
                    f"- In `{goal}`, `{first.column}` and `{second.column}` say much the same"
                    f" ({_rho(first.values, second.values)})."
                )
    return lines


def _told(goal: str, countries: list[str]) -> str:
    found = bands(goal)
    return ", ".join(
        f"{country} {found[country][0]} ({found[country][1]}-{found[country][2]})"
        for country in countries
    )


def _band_line(goal: str) -> str:
    found = bands(goal)
    # Partners that share the last place are not told apart by the goal.
    last = max(rank for rank, _, _ in found.values())
    placed = [country for country in found if found[country][0] < last]
    first = sorted(placed, key=lambda country: found[country][0])[:FIRST]
    rest = [country for country in found if country not in first]
    width = {country: found[country][2] - found[country][1] for country in rest}
    widest = [c for c in sorted(rest, key=lambda c: -width[c])[:WIDEST] if width[c]]
    return f"| `{goal}` | {_told(goal, first)} | {_told(goal, widest)} |"


def _band_table() -> list[str]:
    lines = ["| goal | first five | widest bands of the others |", "|---|---|---|"]
    return lines + [_band_line(goal) for goal in goals()]


def section() -> str:
    """Return the generated section of the README."""
    parts = [
        ["What the goals of `models/balanced.toml` that score partners mean:"],
        _meanings(),
        [
            "Rank correlations (Spearman) of the indicators over the partners that have both"
            " figures. `spread` is the standard deviation of the scaled indicator: of two with the"
            " same weight, the one that spreads more decides more. An indicator that hardly goes"
            " with the score has less say than its weight."
        ],
        _correlations(),
        ["Rank correlations of the scores with GDP and with each other:"],
        _goal_correlations(),
        _observations(),
        [
            "Rank by the policy as it stands and, in brackets, the 5% and 95% rank of 1,000 draws"
            " over weights, size or per head, normalisation, aggregation and blanks. All of them"
            " are in `rank_bands.csv`, the method in `builder/ranks.py`. A blank counts as the"
            " policy says, and is drawn in the bands, so a rank may lie outside of its band."
        ],
        _band_table(),
    ]
    return "\n\n".join([START, *("\n".join(lines) for lines in parts if lines), END])
