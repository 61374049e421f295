"""Performance profiles: on what share of cases a tool is within a factor of the fastest.

Dolan and Moré, Mathematical Programming 91 (2002). Drawn as plain SVG.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from html import escape

from measuring import table

Times = Mapping[str, Mapping[str, float | None]]
"""Seconds by tool and case; ``None`` where the tool did not get there."""
FACTORS = (1, 1.5, 2, 5, 10, 100)
LEAST = 0.01
"""Seconds: shorter times count as this long."""
WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 760, 420, 56, 36, 190, 48
FARTHEST = 1000.0
COLOURS = ("#1b4f72", "#c0392b", "#7d6608", "#6c3483", "#0e6655")


def ratios(times: Times) -> dict[str, list[float]]:
    """Time against the fastest on every case; infinite where a tool did not get there."""
    cases = list(dict.fromkeys(case for found in times.values() for case in found))
    result: dict[str, list[float]] = {tool: [] for tool in times}
    for case in cases:
        seconds = {
            tool: max(LEAST, value)
            for tool, found in times.items()
            if (value := found.get(case)) is not None
        }
        fastest = min(seconds.values(), default=math.inf)
        for tool in times:
            result[tool].append(seconds[tool] / fastest if tool in seconds else math.inf)
    return result


def profile_table(times: Times) -> str:
    """Share of cases within each factor, by tool."""
    lines = []
    for tool, found in ratios(times).items():
        line: dict[str, object] = {"tool": tool}
        for factor in FACTORS:
            share = sum(ratio <= factor for ratio in found) / max(1, len(found))
            line[f"{factor:g} x"] = f"{share:.0%}"
        solved = sum(math.isfinite(ratio) for ratio in found)
        lines.append({**line, "at all": f"{solved} of {len(found)}"})
    return table(lines)


def profile_svg(times: Times, title: str) -> str:
    """Steps over the factor, on a logarithmic axis; the flat model is dashed."""
    solvers = list(dict.fromkeys(tool.split(", ")[0] for tool in times))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{LEFT}" y="20" font-size="14">{escape(title)}: share of cases within a factor '
        "of the fastest</text>",
        *_axes(),
    ]
    for number, (tool, found) in enumerate(ratios(times).items()):
        colour = COLOURS[solvers.index(tool.split(", ")[0]) % len(COLOURS)]
        style = f'stroke="{colour}" stroke-width="2" fill="none"'
        if tool.endswith("flat"):
            style += ' stroke-dasharray="5 4"'
        if "," not in tool:
            style = style.replace('width="2"', 'width="4"')
        path, share = f"M {_x(1):.1f} {_y(_share(found, 1)):.1f}", _share(found, 1)
        for ratio in sorted(r for r in found if 1 < r <= FARTHEST):
            path += f" H {_x(ratio):.1f}"
            share = _share(found, ratio)
            path += f" V {_y(share):.1f}"
        path += f" H {WIDTH - RIGHT}"
        y = TOP + 14 + 20 * number
        parts += [
            f'<path d="{path}" {style}/>',
            f'<path d="M {WIDTH - RIGHT + 16} {y} h 28" {style}/>',
            f'<text x="{WIDTH - RIGHT + 50}" y="{y + 4}">{escape(tool)}</text>',
        ]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _axes() -> list[str]:
    parts = []
    for factor in (1, 10, 100, 1000):
        parts.append(
            f'<path d="M {_x(factor):.1f} {TOP} V {HEIGHT - BOTTOM}" stroke="#ddd"/>'
            f'<text x="{_x(factor):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">'
            f"{factor} x</text>"
        )
    for percent in range(0, 101, 25):
        y = _y(percent / 100)
        parts.append(
            f'<path d="M {LEFT} {y:.1f} H {WIDTH - RIGHT}" stroke="#ddd"/>'
            f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{percent}%</text>'
        )
    return parts


def _share(found: list[float], factor: float) -> float:
    return sum(ratio <= factor for ratio in found) / max(1, len(found))


def _x(factor: float) -> float:
    return LEFT + (WIDTH - RIGHT - LEFT) * math.log(factor) / math.log(FARTHEST)


def _y(share: float) -> float:
    return TOP + (HEIGHT - BOTTOM - TOP) * (1 - share)
