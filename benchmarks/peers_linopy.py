"""The projected model in linopy, from tidy frames."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from peers import Counts, counts_of, related
from tidy import Tidy


def linopy_model(tidy: Tidy, changing: frozenset[str] = frozenset()) -> Any:
    """Arrays of variables, rows by groupby-sum of labelled terms; linopy's sparse path.

    Rules named in ``changing`` stay open for new numbers.
    """
    import linopy
    import xarray

    linopy.options["semantics"] = "v1"
    model = linopy.Model(sparse=True)
    variables = {
        name: model.add_variables(
            lower=xarray.DataArray(family.lower, dims="item"),
            upper=xarray.DataArray(family.upper, dims="item"),
            name=name,
            integer=family.integral,
        )
        for name, family in tidy.families.items()
    }
    for name, rule in tidy.rules.items():
        number = xarray.DataArray(rule.number, dims="row", coords={"row": range(len(rule.number))})
        total = linopy_sum(variables, rule.terms)
        row = related(total, rule.sense, number)
        model.add_constraints(row, name=name, freeze=name not in changing)
    model.add_objective(linopy_points(model, tidy), sense="max")
    return model


def linopy_points(model: Any, tidy: Tidy) -> Any:
    """The objective."""
    costs = [
        (model.variables[family].isel(item=at) * values).sum()
        for family, (at, values) in tidy.objective().items()
    ]
    return sum(costs[1:], start=costs[0])


def linopy_sum(variables: Any, terms: pd.DataFrame) -> Any:
    """Sum of terms by row: labelled products, concatenated and grouped."""
    import linopy
    import xarray

    parts, rows, seen = [], [], 0
    for family, mine in terms.groupby("family", observed=True, sort=False):
        # Labels of terms must differ between the parts: groupby would else join rows by label.
        labels = {"term": np.arange(seen, seen + len(mine))}
        at = xarray.DataArray(mine["position"].to_numpy(), labels, dims="term")
        coefficient = xarray.DataArray(mine["coefficient"].to_numpy(), labels, dims="term")
        product = variables[family].isel(item=at) * coefficient
        parts.append(product.drop_vars([name for name in product.coords if name != "term"]))
        rows.append(mine["row"].to_numpy())
        seen += len(mine)
    joined = linopy.merge(parts, dim="term") if len(parts) > 1 else parts[0]
    row = xarray.DataArray(np.concatenate(rows), {"term": np.arange(seen)}, dims="term", name="row")
    return joined.groupby(row).sum()


def linopy_direct(tidy: Tidy) -> Counts:
    from linopy.io import to_highspy

    return counts_of(to_highspy(linopy_model(tidy)))
