"""The gallery: six small models solved, their pictures and the lines below them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path

import pandas as pd

from optimizer import Case, Plan, load_case, load_policy, solve

ROOT = Path(__file__).resolve().parents[2]
MODELS = ("scholarships", "refuge", "interns", "teachers", "aid", "assignment")

_WIDTH, _MARGIN, _GAP, _TALL, _BAR = 760, 200, 14, 300, 10
_COLOURS = ("#2b6cb0", "#c05621", "#2f855a", "#6b46c1", "#97266d", "#975a16")
_INK, _PAPER = "#1a202c", "#ffffff"


def solved(name: str) -> Plan:
    """The best plan of a model of the gallery."""
    policy = load_policy(ROOT / "models" / "gallery" / f"{name}.toml")
    return solve(policy, load_case(ROOT / "inputs" / "gallery" / name), gap=0.0)


def line_below(plan: Plan, case: Case) -> str:
    """What a picture says, in a sentence."""
    said = []
    of = (("country", "countries", "for", "groups"), ("track", "tracks", "on", "tracks"))
    for column, table, before, noun in (*of, ("region", "regions", "at", "places")):
        there, shown = len(case.table(table)), plan.slots[column]
        if there:
            said.append(f"{before} {shown[shown.ne('')].nunique()} of {there} {noun}")
    years = f", {case.years[0]} to {case.years[-1]}" if len(case.years) > 1 else ""
    text = f"{plan.slots_total:,} slots {', '.join(said)}"
    return f"{text}{years}; {plan.status}, {plan.objective:,.2f} points."


def picture(plan: Plan, case: Case) -> str:
    """Where the slots come from, what for and where to, as bands between two or three columns."""
    slots = plan.slots[plan.slots["slots"] > 0]
    columns = ["country", "track"] + (["region"] if slots["region"].ne("").any() else [])
    names = {column: _names(case, column) for column in columns}
    heights = {column: _nodes(slots, column, names[column]) for column in columns}
    xs = {
        column: _MARGIN + number * (_WIDTH - 2 * _MARGIN - _BAR) / (len(columns) - 1)
        for number, column in enumerate(columns)
    }
    colours = dict(zip(heights["track"], _COLOURS, strict=False))
    parts = [_title(case, plan)]
    for left, right in itertools.pairwise(columns):
        parts += _bands(slots, (left, right), (xs[left] + _BAR, xs[right]), heights, colours)
    for column in columns:
        side = {columns[0]: -1, columns[-1]: 1}.get(column, 0)
        parts += _labels(xs[column], heights[column], names[column], side)
    height = _TALL + 60
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" '
        f'font-family="sans-serif" font-size="13">\n'
        f'<rect width="{_WIDTH}" height="{height}" fill="{_PAPER}"/>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def _title(case: Case, plan: Plan) -> str:
    told = escape(f"{case.title}: {plan.slots_total:,} slots")
    style = f'text-anchor="middle" font-weight="bold" fill="{_INK}"'
    return f'<title>{told}</title>\n<text x="{_WIDTH / 2:g}" y="22" {style}>{told}</text>'


def _names(case: Case, column: str) -> Mapping[str, str]:
    table = {"country": "countries", "track": "tracks", "region": "regions"}[column]
    frame = case.table(table)
    return dict(zip(frame[column], frame["name"], strict=True))


Nodes = dict[str, tuple[float, float, int]]
"""Top and height of each node of a column, and its slots."""


def _nodes(slots: pd.DataFrame, column: str, names: Iterable[str]) -> Nodes:
    totals = slots.groupby(column)["slots"].sum()
    shown = [name for name in names if name in totals.index]
    room = _TALL - _GAP * (len(shown) - 1)
    nodes: Nodes = {}
    top = 40.0
    for name in shown:
        height = room * totals[name] / totals.sum()
        nodes[name] = (top, height, int(totals[name]))
        top += height + _GAP
    return nodes


def _bands(
    slots: pd.DataFrame,
    ends: tuple[str, str],
    xs: tuple[float, float],
    nodes: Mapping[str, Nodes],
    colours: Mapping[str, str],
) -> list[str]:
    """Bands between two columns, as wide as the slots that they stand for."""
    left, right = ends
    totals = slots.groupby([left, right])["slots"].sum()
    tops = {column: {name: node[0] for name, node in nodes[column].items()} for column in ends}
    parts = []
    pairs = ((one, other) for one in nodes[left] for other in nodes[right])
    for pair in (pair for pair in pairs if pair in totals.index):
        edges = []
        for column, name in zip(ends, pair, strict=True):
            _, height, count = nodes[column][name]
            top = tops[column][name]
            bottom = top + height * totals[pair] / count
            tops[column][name] = bottom
            edges.append((top, bottom))
        (a, b), (c, d) = edges
        middle = sum(xs) / 2
        path = (
            f"M{xs[0]:.1f},{a:.1f}C{middle:.1f},{a:.1f} {middle:.1f},{c:.1f} {xs[1]:.1f},{c:.1f}"
            f"V{d:.1f}C{middle:.1f},{d:.1f} {middle:.1f},{b:.1f} {xs[0]:.1f},{b:.1f}Z"
        )
        colour = colours[pair[ends.index("track")]]
        told = escape(f"{pair[0]} to {pair[1]}: {totals[pair]:,}")
        look = f'fill="{colour}" fill-opacity="0.45"'
        parts.append(f'<path d="{path}" {look}><title>{told}</title></path>')
    return parts


def _labels(x: float, nodes: Nodes, names: Mapping[str, str], side: int) -> list[str]:
    """Bars of a column with names and slots: outside at both ends, beside them between these."""
    parts = []
    for name, (top, height, slots) in nodes.items():
        parts.append(
            f'<rect x="{x:.1f}" y="{top:.1f}" width="{_BAR}" height="{height:.1f}" fill="{_INK}"/>'
        )
        anchor, at = ("end", x - 6) if side < 0 else ("start", x + _BAR + 6)
        told = escape(f"{names[name]}: {slots:,}")
        halo = "" if side else f'stroke="{_PAPER}" stroke-width="4" paint-order="stroke" '
        parts.append(
            f'<text x="{at:.1f}" y="{top + height / 2 + 4:.1f}" text-anchor="{anchor}" {halo}'
            f'fill="{_INK}">{told}</text>'
        )
    return parts
