"""Where levers stand: their numbers of now, whatever is set, and what sets them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from optimizer.app.sliders import IN_PERCENT, Slider
from optimizer.case import Case
from optimizer.case.changes import CellChange, FiguresAt, cell_changes, figures_at
from optimizer.errors import OptimizerError, Problems
from optimizer.io.changes import apply_changes, place_at, unchanged_value
from optimizer.io.toml import Address
from optimizer.policy import Policy
from optimizer.policy.loading import tables_of
from optimizer.schema.addresses import cells_and_keys, is_cell, names_of, one_spelling

_SAME_RATIO = 1e-9
"""Relative difference up to which figures were multiplied by the same: well above rounding."""


class LeverNumbers(NamedTuple):
    """What is set, as levers show it.

    Attributes
    ----------
    levers
        By address, of levers that something set touches: ``number`` of now, ``None`` where there is
        no single one; ``own``, the change that sets this lever and nothing else, as it is spelt;
        and whether something else sets it as well (``covered``).
    overridden
        Changes of cells all of which are set again by later ones.
    """

    levers: dict[str, dict[str, Any]]
    overridden: frozenset[str] = frozenset()


class NumbersNow:
    """Looks up where the levers of a policy and a case stand.

    Only what was changed is looked at, as this is asked for with every move.

    Parameters
    ----------
    policy, case
        Unchanged.
    """

    def __init__(self, policy: Policy, case: Case, sliders: Sequence[Slider]) -> None:
        self._policy, self._case, self._sliders = policy, case, sliders

    @cached_property
    def _tables(self) -> dict[str, Any]:
        return tables_of(self._policy)

    @cached_property
    def _cells(self) -> list[tuple[Slider, FiguresAt]]:
        """Levers of cells with the rows they set."""
        found = [
            (slider, figures_at(slider.address, self._case, Problems()))
            for slider in self._sliders
            if is_cell(slider.address)
        ]
        return [(slider, at) for slider, at in found if at is not None]

    @cached_property
    def _keys(self) -> list[tuple[Slider, Address]]:
        """Levers of the policy with their places."""
        found = [
            (slider, place_at(slider.address, self._tables, Policy, Problems()))
            for slider in self._sliders
            if not is_cell(slider.address)
        ]
        return [(slider, at) for slider, at in found if at is not None]

    def of(self, changes: Mapping[str, object]) -> LeverNumbers:
        """Where levers stand with some changes made; as unchanged where these are not possible."""
        cells, keys = cells_and_keys(changes)
        try:
            done = cell_changes(self._case, cells) if cells else ()
        except OptimizerError:
            return LeverNumbers({})
        last = {cell: change.address for change in done for cell in _cells_of(change)}
        overridden = {change.address for change in done} - set(last.values())
        return LeverNumbers({**self._by_key(keys), **self._by_cell(done)}, frozenset(overridden))

    def _by_key(self, changes: Mapping[str, object]) -> dict[str, dict[str, Any]]:
        problems = Problems()
        after = apply_changes(self._tables, changes, Policy, problems) if changes else {}
        places = {address: place_at(address, after, Policy, problems) for address in changes}
        if len(problems):
            return {}
        found = {}
        for slider, at in self._keys if changes else ():
            touching = [
                address for address, place in places.items() if place == at[: len(place or at)]
            ]
            if touching:
                value = unchanged_value(names_of(slider.address) or (), after, Policy)
                number = None
                if isinstance(value, int | float) and not isinstance(value, bool):
                    number = float(value)
                own = [address for address in touching if places[address] == at]
                found[slider.address] = _told(number, own, touching)
        return found

    def _by_cell(self, done: Sequence[CellChange]) -> dict[str, dict[str, Any]]:
        now, touching = dict[_Cell, float](), dict[_Cell, list[str]]()
        for change in done:
            for cell, value in zip(_cells_of(change), change.values, strict=True):
                now[cell] = value
                touching.setdefault(cell, []).append(change.address)
        found = {}
        for slider, at in self._cells if done else ():
            cells = [(at.table, at.kind.name, row) for row in at.rows]
            by = dict.fromkeys(each for cell in cells for each in touching.get(cell, ()))
            if by:
                before = self._case.table(at.table)[at.kind.name].iloc[at.rows].tolist()
                after = [now.get(cell, old) for cell, old in zip(cells, before, strict=True)]
                number = _ratio(before, after) if slider.kind == IN_PERCENT else after[0]
                spelling = one_spelling(slider.address)
                own = [address for address in by if one_spelling(address) == spelling]
                found[slider.address] = _told(number, own, list(by))
        return found


_Cell = tuple[str, str, int]


def _cells_of(change: CellChange) -> list[_Cell]:
    return [(change.table, change.column, row) for row in change.rows]


def _told(number: float | None, own: list[str], touching: list[str]) -> dict[str, Any]:
    return {
        "number": number,
        "own": own[0] if own else None,
        "covered": len(touching) > len(own),
    }


def _ratio(before: list[float], after: list[float]) -> float | None:
    """Percentage of what they were that all figures are; ``None`` where there is no single one."""
    ratios = [new / old for old, new in zip(before, after, strict=True) if old]
    grown = [new for old, new in zip(before, after, strict=True) if not old and new]
    if not ratios or grown or max(ratios) - min(ratios) > _SAME_RATIO * max(ratios):
        return None
    return 100.0 * ratios[0]
