"""Designs: studies made of levers and the values that these take.

A design gives rows of the two tables of a study, as somebody would write them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np

from optimizer.errors import OptimizerError, shorten
from optimizer.io.changes import change_in_words, operation_in, share_in
from optimizer.io.toml import frozen, shown
from optimizer.sweeps.contents import LONGEST_NAME
from optimizer.sweeps.resolving import asked_value

MOST_SCENARIOS = 1_000_000
"""Scenarios of one design; more than anybody solves."""


@dataclass(frozen=True)
class Design:
    """Rows of both tables.

    Attributes
    ----------
    is_rescaled
        Whether weights of goals that a scenario does not change are rescaled.
    """

    is_rescaled: bool = False
    scenarios: list[dict[str, Any]] = field(default_factory=list)
    changes: list[dict[str, Any]] = field(default_factory=list)

    def add(self, name: str, values: Mapping[str, object], **about: object) -> None:
        """Add a scenario with its changes."""
        rescaled = {"rescaled": True} if self.is_rescaled else {}
        self.scenarios.append({"scenario": name, **about, **rescaled})
        self.changes.extend(
            {"scenario": name, "address": address, "value": value}
            for address, value in values.items()
        )


def grid_design(levers: Mapping[str, Iterable[object]], *, rescale: bool = False) -> Design:
    """Every value of every lever with every value of all others."""
    values = {
        address: _values("grid", address, given) for address, given in levers_in("grid", levers)
    }
    count = int(np.prod([float(len(each)) for each in values.values()]))
    require_count("grid", count)
    design, width = Design(rescale), len(str(count))
    for number, chosen in enumerate(product(*values.values()), start=1):
        made = dict(zip(values, chosen, strict=True))
        note = "; ".join(change_in_words(*change) for change in made.items())
        design.add(f"grid_{number:0{width}}", made, note=note)
    return design


def one_at_a_time_design(
    levers: Mapping[str, object] | Iterable[str], by: object, *, rescale: bool = False
) -> Design:
    """Every lever by itself, lower and higher."""
    design = Design(rescale)
    around = _around(by)
    given = levers if isinstance(levers, Mapping) else dict.fromkeys(_listed(levers))
    for address, own in levers_in("one_at_a_time", given):
        if isinstance(own, list | tuple):
            values = _values("one_at_a_time", address, own)
        else:
            values = around if own is None else _around(own, f"{address} ")
        for value in values:
            name = _named(change_in_words(address, value), len(design.scenarios) + 1)
            design.add(name, {address: value}, lever=address)
    return design


def _listed(levers: object) -> list[str]:
    if isinstance(levers, set | frozenset):
        return sorted(levers, key=str)
    if not isinstance(levers, list | tuple):
        told = shorten(ascii(levers))
        raise OptimizerError(f"one_at_a_time: levers are {told}, not a list of addresses")
    return list(levers)


def _named(words: str, number: int) -> str:
    """A name that says the change; one that would be too long is cut and numbered."""
    return words if len(words) <= LONGEST_NAME else f"{shorten(words)} ({number})"


def _around(by: object, whose: str = "") -> list[object]:
    """So much less and more."""
    share = _share(by)
    if share is None:
        told = f"{whose}by {shorten(ascii(by))}"
        raise OptimizerError(f"one_at_a_time: {told}, not a share such as 0.1 or 10%")
    return [asked_value("multiply", float(f"{factor:.12g}")) for factor in (1 - share, 1 + share)]


def _share(by: object) -> float | None:
    try:
        share = share_in(by) if isinstance(by, str) else frozen(by)
    except ValueError:
        return None
    is_number = isinstance(share, int | float) and not isinstance(share, bool)
    return share if is_number and 0 < share <= 1 else None  # type: ignore[operator, return-value]


def levers_in(design: str, levers: object) -> Iterable[tuple[str, Any]]:
    """Levers with what is given for each; refused where there are none."""
    if not isinstance(levers, Mapping) or not levers:
        expected = "values by address" if design == "grid" else "a lever at least"
        raise OptimizerError(f"{design}: levers are {shorten(ascii(levers))}, not {expected}")
    for address in levers:
        if not isinstance(address, str):
            raise OptimizerError(f"{design}: {shorten(ascii(address))} is not an address")
    return levers.items()


def _values(design: str, address: str, given: object) -> list[object]:
    """Values of a lever, each once."""
    if isinstance(given, str | Mapping) or not isinstance(given, Iterable):
        told = shorten(str(frozen(given)))
        raise OptimizerError(f"{design}: {address} has {told}, not a list of values")
    values = [frozen(value) for value in given]
    if not values or len(set(map(_said, values))) < len(values):
        told = "no value" if not values else f"a value twice: {shown(values)}"
        raise OptimizerError(f"{design}: {address} has {told}")
    return values


def _said(value: object) -> str:
    """The same for values that change a number in the same way."""
    if isinstance(value, str):
        return repr(operation_in(value) or value)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return repr(float(value) if is_number else value)  # type: ignore[arg-type]


def require_count(design: str, count: int) -> None:
    """Refuse more scenarios than anybody solves."""
    if count > MOST_SCENARIOS:
        told = f"would make {count:,} scenarios"
        raise OptimizerError(f"{design}: {told}, more than {MOST_SCENARIOS:,}")
