"""Needs of groups, from an attribute of their members or from a table of the case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from optimizer.errors import did_you_mean
from optimizer.instance.attributes import DIMENSIONS
from optimizer.instance.groups import dimension_of
from optimizer.instance.measures import Measures
from optimizer.instance.years import through_years
from optimizer.schema.tables import TABLES, YEAR, ColumnSpec, TableSpec

_NUMERIC = ("int", "number")
_UNIT = "unit"
_MOST_NAMED = 5
_OF_ATTRIBUTES = ("countries", "regions", "tracks")
"""Tables whose figures are attributes."""


@dataclass(frozen=True)
class Dividing:
    """What is divided among whom, by which need.

    Attributes
    ----------
    place
        Where the policy says so.
    relative_to
        An attribute, a table or a column of a table; groups count the same without it.
    """

    place: str
    where: Mapping[str, object]
    by: tuple[str, ...]
    relative_to: str | None

    @property
    def needed(self) -> str:
        """Where the policy names the need."""
        return f"{self.place}.relative_to"


def needs_of(
    asked: Dividing, groups: pd.DataFrame, measures: Measures, counted: set[str]
) -> pd.Series | None:
    """Need of every group, at least 0; ``None`` after a problem.

    An attribute is added up over the members of a group. The figures of a table are added up over
    its rows that match the filters, and over the planned years where it has years.

    Parameters
    ----------
    groups
        Index: group label; one column per attribute of ``by``.
    counted
        Groups in which something can be counted: others need no figure.
    """
    if asked.relative_to is None:
        return pd.Series(1.0, index=groups.index)
    table = _table_of(asked, measures)
    if table is not None:
        return _of_table(asked, groups, measures, *table)
    return _of_attribute(asked, groups, measures, counted)


def matching_members(asked: Dividing, measures: Measures, dimension: str | None) -> pd.Series:
    """Which keys of a dimension match the filters."""
    keys = measures.attributes.keys(str(dimension))
    member = pd.Series(True, index=keys)
    for name, values in asked.where.items():
        attribute = measures.dimension(name)
        if attribute is not None and attribute.dimension == dimension:
            member &= attribute.matches(values)
    return member


def _table_of(asked: Dividing, measures: Measures) -> tuple[TableSpec, str] | None:
    """Table and column that a need names; ``None`` where it is an attribute, or neither."""
    name = asked.relative_to or ""
    table, _, column = name.partition(".")
    if table not in TABLES or table in _OF_ATTRIBUTES or measures.dimension(name) is not None:
        return None
    spec, currency = TABLES[table], measures.case.currency
    figures = [each for each in spec.columns if _is_figure(each, spec)]
    named = [each for each in figures if column in (each.name, each.header(currency))]
    if column and named:
        return spec, named[0].name
    return (spec, "" if column or len(figures) != 1 else figures[0].name) if figures else None


def _is_figure(column: ColumnSpec, spec: TableSpec) -> bool:
    return column.kind in _NUMERIC and column.name not in (*spec.keys, *spec.optional_keys)


def _of_table(
    asked: Dividing, groups: pd.DataFrame, measures: Measures, spec: TableSpec, column: str
) -> pd.Series | None:
    attributes, currency = measures.attributes, measures.case.currency
    if not column:
        known = [
            f"{spec.name}.{each.header(currency)}"
            for each in spec.columns
            if _is_figure(each, spec)
        ]
        said = asked.relative_to or ""
        message = f"{said!r} is not a column of figures"
        attributes.add(
            asked.needed, message, f"one of {', '.join(known)}", did_you_mean(said, known)
        )
        return None
    keys = [name for name in (*spec.keys, *spec.optional_keys) if name in DIMENSIONS]
    own = [name for name in asked.by if dimension_of(measures, name) in keys]
    if not own:
        attributes.add(
            asked.needed,
            f"{spec.name} has no figures by {', '.join(asked.by)}",
            f"groups by attributes of {', '.join(keys) or 'nothing'}, or another table",
        )
        return None
    rows = _matching(asked, measures, _rows(measures, spec, keys, column), keys)
    problem = _fault(asked, measures, rows, own, (spec, column))
    if problem is not None:
        attributes.add(asked.needed, *problem)
        return None
    found = {name: measures.dimension(name) for name in own}
    cells = {name: each.of(rows) for name, each in found.items() if each is not None}
    totals: dict[tuple[object, ...], float] = {}
    of_rows = pd.DataFrame(cells).itertuples(index=False, name=None)
    for key, amount in zip(of_rows, rows[column].astype("float64"), strict=True):
        totals[key] = totals.get(key, 0.0) + float(amount)
    of_groups = groups[own].itertuples(index=False, name=None)
    needs = [totals.get(key, 0.0) for key in of_groups]
    return pd.Series(needs, index=groups.index, dtype="float64")


def _rows(measures: Measures, spec: TableSpec, keys: Sequence[str], column: str) -> pd.DataFrame:
    """Rows of a table as they hold in each planned year, where it has years."""
    case, years = measures.case, measures.sets.years
    columns = [name for name in (*keys, column) if name != YEAR.name]
    columns += [_UNIT] if _UNIT in {each.name for each in spec.columns} else []
    if spec.goes_on:
        return through_years(case, spec.name, columns, years)
    table = case.table(spec.name)
    if YEAR.name not in spec.optional_keys:
        return table[columns]
    lasting = [name for name in (*spec.keys, *spec.optional_keys) if name != YEAR.name]
    of_year = table[YEAR.name].notna()
    told = set(zip(*(table.loc[of_year, name] for name in (*lasting, YEAR.name)), strict=True))
    parts = [table.loc[of_year & table[YEAR.name].isin(years), [*columns, YEAR.name]]]
    every = table[~of_year]
    for year in years:
        # A row of the year itself stands in place of one for every year.
        cells = zip(*(every[name] for name in lasting), [year] * len(every), strict=True)
        own = [key not in told for key in cells]
        parts.append(every.loc[own, columns].assign(**{YEAR.name: year}))
    return pd.concat(parts, ignore_index=True).astype({YEAR.name: "int64"})


def _matching(
    asked: Dividing, measures: Measures, rows: pd.DataFrame, keys: Sequence[str]
) -> pd.DataFrame:
    """Rows that the filters leave; filters of what the table does not know leave all."""
    for dimension in keys:
        member = matching_members(asked, measures, dimension)
        if dimension in rows and not member.all():
            rows = rows[rows[dimension].isin(member.index[member])]
    return rows


def _fault(
    asked: Dividing,
    measures: Measures,
    rows: pd.DataFrame,
    own: Sequence[str],
    of: tuple[TableSpec, str],
) -> tuple[str, str] | None:
    """What is wrong with the rows, and what was expected."""
    spec, column = of
    name = f"{spec.name}.{column}"
    blank = next(
        (
            each
            for each in dict.fromkeys(dimension_of(measures, by) for by in own)
            if each is not None and _is_blank(rows[each]).any()
        ),
        None,
    )
    if blank is not None:
        message = f"{spec.name} has rows without a {blank}, which belong to no group"
        return message, f"groups that need no {blank}, or a {blank} in every row"
    if rows[column].isna().any():
        return f"{name!r} is blank in some rows", "a figure in every row that is counted"
    if (rows[column].astype("float64") < 0).any():
        return f"{name!r} is below 0 in some rows", "figures of at least 0"
    if _UNIT in rows and rows[_UNIT].nunique() > 1:
        units = ", ".join(sorted(rows[_UNIT].unique())[:_MOST_NAMED])
        return f"{name!r} is counted in {units}, which do not add up", "a table of one unit"
    return None


def _of_attribute(
    asked: Dividing, groups: pd.DataFrame, measures: Measures, counted: set[str]
) -> pd.Series | None:
    """The attribute added up over the members of each group."""
    attributes = measures.attributes
    attribute = attributes.find(asked.relative_to or "", asked.needed)
    if attribute is None:
        return None
    figures = attributes.figures(attribute)
    if figures is None:
        message = f"{asked.relative_to!r} is not numeric"
        attributes.add(asked.needed, message, "a numeric attribute")
        return None
    own = [name for name in asked.by if dimension_of(measures, name) == attribute.dimension]
    if not own:
        attributes.add(
            asked.needed,
            f"{asked.relative_to!r} is known by {attribute.dimension}, but the groups are by "
            f"{', '.join(asked.by)}",
            f"groups by attributes of {attribute.dimension}, or another attribute",
        )
        return None
    member = matching_members(asked, measures, attribute.dimension)
    found = {name: measures.dimension(name) for name in own}
    table = pd.DataFrame({name: each.values for name, each in found.items() if each})
    needs = []
    cells = groups[own].itertuples(index=False, name=None)
    for label, row in zip(groups.index, cells, strict=True):
        inside = member & table.eq(list(row)).all(axis=1)
        chosen = figures[inside]
        if label not in counted and chosen.isna().any():
            needs.append(0.0)
            continue
        if not _are_needs(chosen, asked, measures):
            return None
        needs.append(float(chosen.sum()))
    return pd.Series(needs, index=groups.index, dtype="float64")


def _are_needs(chosen: pd.Series, asked: Dividing, measures: Measures) -> bool:
    for is_wrong, told in ((chosen.isna(), "blank"), (chosen < 0, "below 0")):
        if is_wrong.any():
            wrong = ", ".join(map(str, chosen.index[is_wrong][:_MOST_NAMED]))
            message = f"{asked.relative_to!r} is {told} for {wrong}"
            expected = "a figure of at least 0 for every member"
            measures.attributes.add(asked.needed, message, expected)
            return False
    return True


def _is_blank(cells: pd.Series) -> pd.Series:
    return cells.isna() | cells.eq("").fillna(False)
