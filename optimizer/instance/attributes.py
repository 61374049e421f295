"""Names in filters and groups: which dimension an attribute belongs to, and what it says."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from optimizer.case import Case
from optimizer.errors import Problems, did_you_mean
from optimizer.frames.following import FollowedFields, FollowedMapping
from optimizer.frames.grouping import once
from optimizer.instance.sets import Sets
from optimizer.io.cells import attribute_figures
from optimizer.io.grids import number_text
from optimizer.io.guesses import NUMBER
from optimizer.policy import Policy
from optimizer.policy.groups_of_goals import GOAL, STAKEHOLDER
from optimizer.schema.tables import BAND_PREFIX, TABLES

DIMENSIONS = ("country", "track", "level", "region", "year", "line", "service")
"""Where attributes are looked up; with the value of goals among :data:`GOAL_GROUPS` as well."""
NOT_ATTRIBUTES = ("source", "note")
MOST_LISTED = 12
"""Values that are listed one by one."""

OPEN_ENDED = {"country": "countries", "region": "regions"}
"""Dimensions whose tables have attributes of the user's own, which keep their text."""


@dataclass(frozen=True)
class Attribute:
    """One attribute: the dimension it belongs to and its value for each key there."""

    dimension: str
    column: str
    values: pd.Series

    @property
    def known(self) -> set[object]:
        """Values that occur, blanks aside."""
        return once(_known, self.values)

    def of(self, frame: pd.DataFrame) -> pd.Series:
        """Value for every row of a frame that has the dimension as a column."""
        return frame[self.dimension].map(self.values)

    def having(self, values: Collection[object]) -> pd.Index:
        """Keys that have one of the values."""
        return self.values.index[self._are_among(values)]

    def meant(self, wanted: object) -> list[object]:
        """Values of a filter as the attribute has them: a number in text is its plain digits.

        Examples
        --------
        >>> office = Attribute("region", "office", pd.Series(["01", "1"], index=["r1", "r2"]))
        >>> office.meant([1, "01"])
        ['1', '01']
        """
        if not pd.api.types.is_string_dtype(self.values):
            return wanted_values(wanted)
        return [_as_text(value, self.known) for value in wanted_values(wanted)]

    def matches(self, wanted: object) -> pd.Series:
        """Whether each key has the value, or one of the values, of a filter."""
        return self._are_among(self.meant(wanted))

    def _are_among(self, values: Collection[object]) -> pd.Series:
        # With pyarrow, text that no cell can hold, such as half a character, cannot be looked for.
        return self.values.isin([value for value in values if value in self.known])


@dataclass(frozen=True)
class Attributes(FollowedFields):
    """Every attribute that a policy may filter or group by.

    Columns of countries, tracks and regions, agency and purpose of budget lines, and the keys
    ``year``, ``level``, ``line`` and ``service`` themselves; and names of goals and stakeholders.
    """

    tables: Mapping[str, Mapping[str, pd.Series]]
    """Columns by dimension, each indexed by key."""
    file: str
    """Name of the policy's file, for problems."""
    problems: Problems = field(compare=False)
    rows: Mapping[str, pd.Index] = field(default_factory=dict)
    """Rows in the file of the dimensions with attributes of the user's own."""

    def figures(self, attribute: Attribute) -> pd.Series | None:
        """Values as numbers, NaN where blank; None where the attribute is none of numbers.

        A cell that is not a number among others that are is a problem at its place in the file.
        """
        values = attribute.values
        if pd.api.types.is_numeric_dtype(values):
            return values.astype("float64")
        table = OPEN_ENDED.get(attribute.dimension)
        if table is None or attribute.column not in self.own(attribute.dimension):
            return None
        rows = self.rows[attribute.dimension]
        cells = pd.Series(values.to_numpy(), index=rows, name=attribute.column)
        found = attribute_figures(cells, TABLES[table].file, self.problems)
        if found is None:
            return None
        figures = found.to_numpy()
        # Faulty cells have been told, and are not blank.
        is_faulty = np.isnan(figures) & values.ne("").to_numpy()
        return pd.Series(np.where(is_faulty, 0.0, figures), index=values.index)

    def keys(self, dimension: str) -> pd.Index:
        """Keys of a dimension, in the order of its table."""
        return self.tables[dimension][dimension].index

    def own(self, dimension: str) -> list[str]:
        """Attributes of the user's own that could hold figures."""
        spec = TABLES[OPEN_ENDED[dimension]]
        declared = {dimension, *(column.name for column in spec.columns)}
        names = map(str, self.tables[dimension])
        return [name for name in names if name not in declared and not name.startswith(BAND_PREFIX)]

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
            f"{name!r} is not an attribute of {', '.join(within)}",
            "a column of the case's tables",
            did_you_mean(name, known),
        )
        return None

    def members(
        self, dimension: str, where: Mapping[str, object], place: str, *, optional: bool = False
    ) -> list[str]:
        """Keys of one dimension that match every filter; none is a problem unless optional."""
        keys = self.keys(dimension)
        keep = pd.Series(True, index=keys)
        for name, wanted in where.items():
            attribute = self.find(name, f"{place}.where", within=[dimension])
            if attribute is None:
                return []
            values = self.wanted(attribute, name, wanted, place, optional=optional)
            keep &= attribute.matches(values)
        if where and not keep.any() and not optional:
            self.add(
                f"{place}.where",
                f"no {dimension} matches all of {dict(where)}",
                f"filters that at least one {dimension} matches",
            )
        return list(keys[keep])

    def wanted(
        self, attribute: Attribute, name: str, wanted: object, place: str, *, optional: bool = False
    ) -> list[object]:
        """Values of a filter as a list; one that occurs nowhere is a problem."""
        values = attribute.meant(wanted)
        known = attribute.known
        for value, said in zip(values, wanted_values(wanted), strict=True):
            if value not in known and not optional:
                self.add(
                    f"{place}.where.{name}",
                    f"no {attribute.dimension} has {attribute.column} = {said!r}",
                    _in_use(known),
                    _guessed(value, known),
                )
        return values

    def quiet(self) -> Attributes:
        """The same names for a second look, whose problems have been reported already."""
        return self.telling(Problems())

    def telling(self, problems: Problems) -> Attributes:
        """The same names, whose problems are added elsewhere."""
        return Attributes(self.tables, self.file, problems, self.rows)

    def add(self, place: str, message: str, expected: str, maybe: str | None = None) -> None:
        """Add a problem at a place of the policy."""
        self.problems.add(
            file=self.file,
            column=place,
            message=message,
            expected=expected,
            maybe=maybe,
        )


def _known(values: pd.Series) -> set[object]:
    return set(values.dropna().tolist())


def _in_use(known: Collection[object]) -> str:
    if len(known) > MOST_LISTED:
        return f"one of the {len(known)} values in use"
    return (
        f"one of {', '.join(map(_in_policies, in_order(known)))}"
        if known
        else "an attribute with values"
    )


def _guessed(value: object, known: Collection[object]) -> str | None:
    """Value that was probably meant: the same number in other digits, or a word like it."""
    number = _number(value)
    alike = [item for item in in_order(known) if number is not None and _number(item) == number]
    if alike:
        return " or ".join(
            f'"{item}"' if isinstance(item, str) else value_in_words(item) for item in alike
        )
    return did_you_mean(str(value), map(_in_policies, in_order(known)))


def _in_policies(value: object) -> str:
    """Write a value as a policy says it."""
    return str(value).lower() if isinstance(value, bool) else value_in_words(value)


def _number(value: object) -> float | None:
    if isinstance(value, int | float):
        return float(value)
    return float(value) if isinstance(value, str) and NUMBER.fullmatch(value) else None


def _as_text(value: object, known: Collection[object]) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    spelt = [repr(value), value_in_words(value)]
    return next((text for text in spelt if text in known), spelt[-1])


def value_in_words(value: object) -> str:
    """Write a value as its table does; a figure in its shortest digits.

    Examples
    --------
    >>> value_in_words(1.0), value_in_words("1.0"), value_in_words("01")
    ('1', '1.0', '01')
    """
    return number_text(value) if isinstance(value, float) else str(value)


def in_order(values: Collection[object]) -> list[object]:
    """Sort values of an attribute: numbers by size, then words.

    Examples
    --------
    >>> in_order({"10", "9", "b", "01", "1"})
    ['01', '1', '9', '10', 'b']
    """

    def place(value: object) -> tuple[bool, float, str]:
        number = _number(value)
        return number is None, number or 0.0, str(value)

    return sorted(values, key=place)


def wanted_values(wanted: object) -> list[object]:
    """Values of a filter, which may be one value or several."""
    return list(wanted) if isinstance(wanted, list | tuple) else [wanted]


def build_attributes(case: Case, policy: Policy, sets: Sets, problems: Problems) -> Attributes:
    """Collect the attribute tables of a case, and what a policy names."""
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
        GOAL: pd.DataFrame(index=pd.Index(list(policy.goals), dtype="str")),
        STAKEHOLDER: pd.DataFrame(
            index=pd.Index([each.name for each in policy.stakeholders], dtype="str")
        ),
    }
    tables = {
        key: FollowedMapping(
            {str(name): table[name] for name in table if name not in NOT_ATTRIBUTES}
            | {key: pd.Series(table.index, index=table.index, name=key)}
        )
        for key, table in plain.items()
    }
    rows = {key: case.table(name).index for key, name in OPEN_ENDED.items()}
    return Attributes(FollowedMapping(tables), policy.path.name, problems, rows)
