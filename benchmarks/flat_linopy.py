"""The flat model in linopy, as a user would write it: one integer per slot, with masks.

`slots` stands on the dimensions country, track, level, region and year, masked where nobody may
come or nothing can host. Rules about applicants and sites are sums over dimensions; money,
services, goals and limits are groupby-sums over tables of terms, which the user is given ready.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from peers import Counts, counts_of, related
from peers_linopy import linopy_sum
from tidy import Tidy

DIMENSIONS = ["country", "track", "level", "region", "year"]
OVER = {
    "cohort_within_applicants": ["level", "region"],
    "placements_within_site": ["country", "level"],
}
"""Rules that are sums over dimensions of the slots."""


class Slots:
    """The masked variable, to be picked by position in the table of options."""

    def __init__(self, model: Any, keys: pd.DataFrame) -> None:
        import xarray

        axes = {name: np.sort(keys[name].unique()) for name in DIMENSIONS}
        self.codes = {name: axis.searchsorted(keys[name].to_numpy()) for name, axis in axes.items()}
        mask = np.zeros([len(axis) for axis in axes.values()], dtype=bool)
        mask[tuple(self.codes.values())] = True
        self.mask = xarray.DataArray(mask, coords=axes, dims=DIMENSIONS)
        self.variable = model.add_variables(
            lower=0, coords=self.mask.coords, integer=True, mask=self.mask, name="slots"
        )

    def isel(self, item: Any) -> Any:
        """Single slots by their position in the table."""
        import xarray

        chosen = {
            name: xarray.DataArray(codes[item.to_numpy()], item.coords, dims="term")
            for name, codes in self.codes.items()
        }
        return self.variable.isel(chosen)


def flat_model(flat: Tidy) -> Any:
    """Build the model; ``flat`` holds the tables."""
    import linopy
    import xarray

    linopy.options["semantics"] = "v1"
    model = linopy.Model(sparse=True)
    keys = pd.DataFrame([key for name, key in flat.columns if name == "slots"], columns=DIMENSIONS)
    slots = Slots(model, keys)
    variables: dict[str, Any] = {"slots": slots} | {
        name: model.add_variables(
            lower=xarray.DataArray(family.lower, dims="item"),
            upper=xarray.DataArray(family.upper, dims="item"),
            name=name,
            integer=family.integral,
        )
        for name, family in flat.families.items()
        if name != "slots"
    }
    numbers = _numbers(flat)
    for name, rule in flat.rules.items():
        plain = name.rsplit("_", 1)[0]
        if plain in OVER:
            number = numbers[plain].to_xarray()
            total = slots.variable.sum(OVER[plain]).sel(
                {dimension: number[dimension] for dimension in number.dims}
            )
            model.add_constraints(total <= number.fillna(0), name=plain, mask=number.notnull())
            continue
        number = xarray.DataArray(rule.number, {"row": np.arange(len(rule.number))}, dims="row")
        model.add_constraints(
            related(linopy_sum(variables, rule.terms), rule.sense, number), name=name
        )
    costs = [
        (variables[family].isel(item=at) * values).sum()
        for family, (at, values) in flat.objective().items()
    ]
    model.add_objective(sum(costs[1:], start=costs[0]), sense="max")
    return model


def _numbers(flat: Tidy) -> dict[str, pd.Series]:
    """Applicants and places, by country, track and year or by track, region and year."""
    found = {}
    for rule, over in OVER.items():
        kept = [number for number, (name, _) in enumerate(flat.rows) if name == rule]
        if not kept:
            continue
        names = [name for name in DIMENSIONS if name not in over]
        index = pd.MultiIndex.from_tuples([flat.rows[number][1] for number in kept], names=names)
        values = flat.row_upper[kept] / flat.row_scale[kept]
        found[rule] = pd.Series(values, index=index)
    return found


def flat_direct(flat: Tidy) -> Counts:
    """Build and load into HiGHS."""
    from linopy.io import to_highspy

    return counts_of(to_highspy(flat_model(flat)))
