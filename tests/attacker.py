"""Works out what can be worked out from published sums: nothing here is shared with the tool.

Everybody who reads the folder knows which numbers are there, that ``<5`` is from 1 to 4 and
``withheld`` above 0, and that people are whole and add up.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

ALL_TRACKS, ALL_YEARS = "all tracks", "all years"
MOST = 10_000.0

Texts = Mapping[tuple[Any, ...], str]
Parts = dict[tuple[Any, ...], list[int]]


class Attacker:
    """What follows of each published number of sensitive tracks.

    Parameters
    ----------
    texts
        What is published of sensitive tracks, by table and key.
    others
        People of other tracks by year, which stand in the plan, for totals of all tracks.
    """

    def __init__(self, texts: Texts, others: Mapping[str, int] | None = None) -> None:
        of_country = [key for key in texts if key[0] == "plan"]
        of_region = [key for key in texts if key[0] == "slots_by_region" and key[3] != ALL_YEARS]
        self.cells = [*of_country, *of_region]
        self.parts: Parts = {cell: [at] for at, cell in enumerate(self.cells)}
        for at, cell in enumerate(self.cells):
            if cell[0] == "plan":
                _, country, track, _, _, year = cell
                self._add(at, "slots_by_country", country, track, ALL_YEARS)
                for tracks in (track, ALL_TRACKS):
                    for years in (year, ALL_YEARS):
                        self._add(at, "slots_by_track", tracks, years)
            else:
                self._add(at, "slots_by_region", cell[1], cell[2], ALL_YEARS)
        self.rules: list[LinearConstraint] = list(self._same_people(of_country, of_region))
        for key, text in texts.items():
            if key not in self.parts:
                continue
            free = (others or {}).get(key[2], 0) if key[1] == ALL_TRACKS else 0
            low, high = (1.0, 4.0) if text == "<5" else (1.0, MOST)
            if text not in ("<5", "withheld"):
                low = high = float(text) - free
            self.rules.append(LinearConstraint(self._row(key)[None, :], low, high))

    def _add(self, at: int, *key: Any) -> None:
        self.parts.setdefault(key, []).append(at)

    def _row(self, key: tuple[Any, ...]) -> np.ndarray:
        row = np.zeros(len(self.cells))
        row[self.parts[key]] = 1.0
        return row

    def _same_people(
        self, of_country: list[tuple[Any, ...]], of_region: list[tuple[Any, ...]]
    ) -> list[LinearConstraint]:
        if not of_region:
            return []
        found = []
        for track, year in dict.fromkeys((key[2], key[5]) for key in of_country):
            row = np.zeros(len(self.cells))
            for at, key in enumerate(self.cells):
                if key[0] == "plan" and (key[2], key[5]) == (track, year):
                    row[at] = 1.0
                if key[0] != "plan" and (key[2], key[3]) == (track, year):
                    row[at] = -1.0
            found.append(LinearConstraint(row[None, :], 0.0, 0.0))
        return found

    def interval(self, key: tuple[Any, ...]) -> tuple[int, int]:
        """Least and most that a published number can be."""
        ends = []
        for sign in (1.0, -1.0):
            answer = milp(
                sign * self._row(key),
                integrality=np.ones(len(self.cells), dtype=np.int64),
                bounds=Bounds(0.0, MOST),
                constraints=self.rules,
            )
            assert answer.success, answer.message
            ends.append(round(sign * answer.fun))
        return ends[0], ends[1]
