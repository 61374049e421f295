"""Names in filters and groups: which dimension an attribute belongs to, and what it says."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from optimizer.case import Case
from optimizer.errors import Problems, did_you_mean
from optimizer.instance.sets import Sets
from optimizer.policy import Policy

DIMENSIONS = ("country", "track", "level", "region", "year", "line", "service")
NOT_ATTRIBUTES = ("source", "note")
MOST_LISTED = 12
"""Values that are told one by one."""


@dataclass(frozen=True)
class Attribute:
    """One attribute: the dimension it belongs to and its value for each key there."""

    dimension: str
    column: str
    values: pd.Series

    def of(self, frame: pd.DataFrame) -> pd.Series:
        """Value for every row of a frame that has the dimension as a column."""
        return frame[self.dimension].map(self.values)


@dataclass(frozen=True)
class Attributes:
    """Every attribute that a policy may filter or group by.

    Columns of countries, tracks and regions, agency and purpose of budget lines, and the keys
    ``year``, ``level``, ``line`` and ``service`` themselves.
    """

    tables: Mapping[str, pd.DataFrame]
    policy: Policy
    problems: Problems

    def find(self, name: str, place: str, within: Sequence[str] = DIMENSIONS) -> Attribute | None:
        """Look an attribute up by its bare name or as ``dimension.name``.

        An unknown or ambiguous name becomes a problem at ``place`` of the policy.
        """
        dimension, dot, column = name.partition(".")
        if not dot:
            dimension, column = "", name
        homes = [
            key
            for key in within
            if column in self.tables[key] and (not dimension or key == dimension)
        ]
        if len(homes) == 1:
            return Attribute(homes[0], column, self.tables[homes[0]][column])
        if homes:
            names = [f"{key}.{column}" for key in homes]
            self.add(place, f"{name!r} may mean {' or '.join(names)}", "one of them", names[0])
            return None
        known = [str(column) for key in within for column in self.tables[key]]
        known += [f"{key}.{column}" for key in within for column in self.tables[key]]
        self.add(
            place,
            f"{name!r} is no attribute of {', '.join(within)}",
            "a column of the case's tables",
            did_you_mean(name, known),
        )
        return None

    def members(
        self, dimension: str, where: Mapping[str, object], place: str, *, optional: bool = False
    ) -> list[str]:
        """Keys of one dimension that match every filter; none is a problem unless optional."""
        table = self.tables[dimension]
        keep = pd.Series(True, index=table.index)
        for name, wanted in where.items():
            attribute = self.find(name, f"{place}.where", within=[dimension])
            if attribute is None:
                return []
            values = self.wanted(attribute, name, wanted, place, optional=optional)
            keep &= attribute.values.isin(values)
        if where and not keep.any() and not optional:
            self.add(
                f"{place}.where",
                f"no {dimension} matches all of {dict(where)}",
                f"filters that at least one {dimension} matches",
            )
        return list(table.index[keep])

    def wanted(
        self, attribute: Attribute, name: str, wanted: object, place: str, *, optional: bool = False
    ) -> list[object]:
        """Values of a filter as a list; one that occurs nowhere is a problem."""
        values = listed(wanted)
        known = set(attribute.values.dropna())
        for value in values:
            if value not in known and not optional:
                self.add(
                    f"{place}.where.{name}",
                    f"no {attribute.dimension} has {attribute.column} = {value!r}",
                    _in_use(known),
                    did_you_mean(str(value), [str(item) for item in sorted(known, key=str)]),
                )
        return values

    def quiet(self) -> Attributes:
        """The same names for a second look, whose problems have been told already."""
        return Attributes(self.tables, self.policy, Problems())

    def add(self, place: str, message: str, expected: str, maybe: str | None = None) -> None:
        """Add a problem at a place of the policy."""
        self.problems.add(
            file=self.policy.path.name,
            column=place,
            message=message,
            expected=expected,
            maybe=maybe,
        )


def _in_use(known: Collection[object]) -> str:
    if len(known) > MOST_LISTED:
        return f"one of the {len(known)} values in use"
    return f"one of {', '.join(sorted(map(str, known)))}" if known else "an attribute with values"


def listed(wanted: object) -> list[object]:
    """Values of a filter, which may be one value or several."""
    return list(wanted) if isinstance(wanted, list | tuple) else [wanted]


def build_attributes(case: Case, policy: Policy, sets: Sets, problems: Problems) -> Attributes:
    """Collect the attribute tables of a case."""
    lines = case.table("budgets").drop_duplicates("line").set_index("line")
    plain = {
        "country": sets.countries,
        "track": sets.tracks,
        "region": sets.regions,
        "line": lines[["agency", "purpose"]],
        "level": pd.DataFrame(index=pd.Index(sets.levels["level"].unique(), dtype="str")),
        "year": pd.DataFrame(index=pd.Index(sets.window)),
        "service": pd.DataFrame(
            index=pd.Index(case.table("services")["service"].unique(), dtype="str")
        ),
    }
    tables = {
        key: table.drop(columns=[name for name in NOT_ATTRIBUTES if name in table]).assign(
            **{key: table.index}
        )
        for key, table in plain.items()
    }
    return Attributes(tables, policy, problems)
