"""The data dictionary: every table of a case, column by column.

The reader is driven by it and the documentation generated from it. Money columns are declared
without a currency; in files they carry it (``amount_jpy``), in frames they do not (``amount``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

ColumnKind = Literal["text", "int", "number", "bool", "choice"]

MONEY = "currency"
"""Unit of the columns that carry the case's currency in their header."""

ASSUMPTION = "assumption"
"""Beginning of the source of rows whose figures are assumed."""

BAND_PREFIX = "band_"
"""Columns of countries that give the class of each country for one service."""

STANDARD = "standard"
"""Support level of tracks without levels, of stayers, of people present and of expected ones."""

FORECAST = "forecast"
ALLOCATIONS = ("planned", FORECAST)
"""How people come to enter a track: by slots of the plan, or as expected whatever is decided."""

PATHWAYS = ("exchange", "training", "skilled_work", "study", "highly_skilled", "protection")

LARGEST_NUMBER = 1e18
"""Beyond it a solver takes numbers for infinite."""


@dataclass(frozen=True)
class ColumnSpec:
    """One column of a table.

    Attributes
    ----------
    name
        Name in frames.
    kind
        text, int, number, bool (yes/no in files) or choice.
    meaning
        One line for the data dictionary.
    unit
        Unit of the figures; ``currency`` puts the currency into the header of the file.
    required
        Whether the column must be there, with a value in every row.
    default
        What a blank cell or an absent column of an optional column means; None keeps it blank.
    low, high
        Smallest and largest value allowed.
    choices
        Words allowed in a choice column.
    reads_old_names
        Whether words that others have replaced are read as these, rather than refused.
    refers_to
        Table whose key the value must be.
    """

    name: str
    kind: ColumnKind
    meaning: str
    unit: str = ""
    required: bool = True
    default: str | None = None
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    reads_old_names: bool = False
    refers_to: str | None = None

    def header(self, currency: str) -> str:
        """Name of the column in files of a case with this currency."""
        return f"{self.name}_{currency.lower()}" if self.unit == MONEY else self.name


@dataclass(frozen=True)
class TableSpec:
    """One table of a case.

    Attributes
    ----------
    keys, optional_keys
        Columns that together name a row; a blank optional key means ``blank_means``.
    blank_cells
        What a blank cell of another optional column without a default means.
    columns
        All columns, keys first, in the order of the frame; source and note come last.
    required
        Whether every case must have the file.
    open_ended
        Whether further columns are read as attributes.
    every_year
        Whether there must be a row for every year of the case.
    """

    name: str
    meaning: str
    columns: tuple[ColumnSpec, ...]
    keys: tuple[str, ...]
    optional_keys: tuple[str, ...] = ()
    required: bool = False
    open_ended: bool = False
    every_year: bool = False
    blank_means: str = "every"
    blank_cells: str = "not given"

    @property
    def goes_on(self) -> bool:
        """Whether the last row of a key holds in all later years, as the year is never blank."""
        return YEAR.name in self.keys

    @property
    def lasting_keys(self) -> list[str]:
        """Keys without the year."""
        return [name for name in self.keys if name != YEAR.name]

    @property
    def file(self) -> str:
        """Name of the file in the case's folder."""
        return f"{self.name}.csv"

    def reading_old_names(self) -> TableSpec:
        """Give the same table as runs of before have it."""
        columns = (replace(column, reads_old_names=True) for column in self.columns)
        return replace(self, columns=tuple(columns))

    def column(self, name: str) -> ColumnSpec:
        """Look one column up by its name in frames."""
        return next(column for column in self.columns if column.name == name)


SOURCE = ColumnSpec(
    "source",
    "text",
    f"where the row's figures come from; starting with '{ASSUMPTION}' it marks an assumption",
    required=False,
)
NOTE = ColumnSpec("note", "text", "any remark; how an assumption was derived", required=False)


def _text(name: str, meaning: str) -> ColumnSpec:
    return ColumnSpec(name, "text", meaning)


def _share(name: str, meaning: str) -> ColumnSpec:
    return ColumnSpec(name, "number", meaning, unit="share", low=0.0, high=1.0)


def _amount(name: str, meaning: str, unit: str = MONEY) -> ColumnSpec:
    return ColumnSpec(name, "number", meaning, unit=unit, low=0.0)


def _count(name: str, meaning: str, unit: str) -> ColumnSpec:
    return ColumnSpec(name, "int", meaning, unit=unit, low=0.0)


def _rank(name: str, meaning: str) -> ColumnSpec:
    return ColumnSpec(name, "int", meaning, low=1.0)


def _choice(name: str, meaning: str, *choices: str) -> ColumnSpec:
    return ColumnSpec(name, "choice", meaning, choices=choices)


def _flag(name: str, meaning: str) -> ColumnSpec:
    return ColumnSpec(name, "bool", meaning)


_COUNTRY = ColumnSpec("country", "text", "code of the partner country", refers_to="countries")
TRACK = ColumnSpec("track", "text", "track", refers_to="tracks")
_REGION = ColumnSpec("region", "text", "host region", refers_to="regions")
_LINE = ColumnSpec("line", "text", "budget line that pays", refers_to="budgets")
LEVEL = ColumnSpec("level", "text", "support level of the track; standard without support_levels")
YEAR = ColumnSpec("year", "int", "year of the case", unit="year")
YEAR_OF_STAY = ColumnSpec(
    "year_of_stay", "int", "year since entry, counted from 1", unit="year", low=1.0
)
_SERVICE = ColumnSpec("service", "text", "service", refers_to="services")
ENTRY = ColumnSpec(
    "entry",
    "choice",
    "new: cohort, people present and expected; transition: came by continuation from another track",
    choices=("new", "transition"),
)


def _optional(column: ColumnSpec, default: str | None = None) -> ColumnSpec:
    return replace(column, required=False, default=default)


_FORECAST = (
    _amount("persons", "people expected to enter, as counted", "persons per year"),
    _optional(_amount("low", "fewest people to expect, for scenarios", "persons per year")),
    _optional(_amount("high", "most people to expect, for scenarios", "persons per year")),
)


def table_spec(
    name: str,
    meaning: str,
    keys: tuple[ColumnSpec, ...],
    *columns: ColumnSpec,
    optional_keys: tuple[ColumnSpec, ...] = (),
    required: bool = False,
    open_ended: bool = False,
    every_year: bool = False,
    blank_means: str = "every",
) -> TableSpec:
    """Describe a table: its keys, then its columns, then where the figures of a row come from."""
    opened = tuple(_optional(key) for key in optional_keys)
    return TableSpec(
        name=name,
        meaning=meaning,
        columns=(*keys, *opened, *columns, SOURCE, NOTE),
        keys=tuple(key.name for key in keys),
        optional_keys=tuple(key.name for key in opened),
        required=required,
        open_ended=open_ended,
        every_year=every_year,
        blank_means=blank_means,
    )


_TABLES = (
    table_spec(
        "countries",
        "Partner countries, with attributes and indicators in further columns.",
        (_text("country", "code of the country, ISO 3166 alpha-3 where the case says so"),),
        _text("name", "name shown in reports"),
        _text("world_region", "Asia, Europe, Middle East, Africa, Americas, Oceania"),
        required=True,
        open_ended=True,
    ),
    table_spec(
        "tracks",
        "Talent tracks: what people come for, how long, and under whom.",
        (_text("track", "short name used in all tables"),),
        _text("name", "name shown in reports"),
        _choice("pathway", "kind of track", *PATHWAYS),
        _text("agency", "agency that runs the track"),
        _text("sector", "sector the track serves"),
        _choice("direction", "inbound, or outbound to partner countries", "inbound", "outbound"),
        replace(_count("duration_years", "years from entry to completion", "year"), high=100.0),
        _count("min_cohort", "smallest yearly cohort of a country, if it is not zero", "persons"),
        _flag("needs_agreement", "whether a country takes part only under an agreement"),
        _share("completion_rate", "share of entrants who complete"),
        _flag("returns_home", "whether completers who do not stay go home"),
        _optional(
            _choice(
                "allocation", "whether the plan gives slots, or people come anyway", *ALLOCATIONS
            ),
            ALLOCATIONS[0],
        ),
        _optional(
            _flag("sensitive", "whether small numbers of it could give people away if published"),
            "no",
        ),
        required=True,
    ),
    table_spec(
        "continuations",
        "Which completers may stay on which next track.",
        (TRACK, ColumnSpec("next_track", "text", "track stayed on", refers_to="tracks")),
        _share("stay_rate", "largest share of completers that stays; at most 1 per track in sum"),
        _optional(
            _share(
                "retention",
                "share of those who stay on that remains in its region where it can; in every row, "
                "or in none",
            )
        ),
    ),
    table_spec(
        "regions",
        "Host regions, with attributes and indicators in further columns.",
        (_text("region", "short name used in all tables"),),
        _text("name", "name shown in reports"),
        _text("area", "larger area the region belongs to"),
        _optional(
            _amount(
                "attraction",
                "how much the region draws people who move, relative to others; nobody without",
                "relative weight",
            )
        ),
        _optional(ColumnSpec("tile_row", "int", "row of the region on the tile map")),
        _optional(ColumnSpec("tile_column", "int", "column of the region on the tile map")),
        _optional(
            _amount(
                "residents_today",
                "people who live there today, of the kind that the plan is about",
                "persons",
            )
        ),
        open_ended=True,
    ),
    table_spec(
        "support_levels",
        "Levels of integration support; a track without rows has the one level standard.",
        (TRACK, _text("level", "name of the level; one must be standard")),
        _share("completion_rate", "share of entrants who complete, in place of the track's"),
        _amount("stay_rate_factor", "factor on the stay rates of completers", "factor"),
    ),
    table_spec(
        "applicants",
        "Qualified applicants; a pair without a row is not eligible.",
        (_COUNTRY, TRACK),
        _count("applicants", "most people who could enter", "persons per year"),
        optional_keys=(YEAR,),
        required=True,
    ),
    table_spec(
        "sites",
        "Where tracks can be hosted; a pair without a row cannot host.",
        (TRACK, _REGION),
        _count("max_slots", "most new participants", "persons per year"),
        optional_keys=(YEAR,),
    ),
    table_spec(
        "national_caps",
        "Caps on whole tracks; years after the last row repeat it.",
        (TRACK, YEAR),
        _count("max", "most people counted", "persons"),
        _choice("counts", "new participants, or all present", "intake", "residents"),
    ),
    table_spec(
        "budgets",
        "Money per budget line, with a row for every year of the case.",
        (_text("line", "short name of the budget line"), YEAR),
        _text("agency", "agency that owns the line; the same in all its rows"),
        _amount("amount", "money to spend"),
        _optional(
            _choice("purpose", "what the line pays for; one per line", "program", "integration"),
            "program",
        ),
        required=True,
        every_year=True,
    ),
    table_spec(
        "costs",
        "What one participant costs a line in each year of stay.",
        (TRACK, _LINE, YEAR_OF_STAY),
        _amount("amount", "cost per participant and year"),
        optional_keys=(LEVEL, _COUNTRY, YEAR, ENTRY),
        required=True,
    ),
    table_spec(
        "region_costs",
        "What one participant costs more in a region, at every level and entry.",
        (TRACK, _LINE, _REGION, YEAR_OF_STAY),
        _amount("amount", "additional cost per participant and year"),
    ),
    table_spec(
        "agreements",
        "Agreements with countries, for every eligible pair of a track that needs one.",
        (_COUNTRY, TRACK),
        _choice("status", "in force already, or could be opened", "existing", "proposed"),
        _LINE,
        _amount("setup_cost", "paid once, lead_years before the first open year"),
        _amount("yearly_cost", "paid in every open year of the horizon"),
        _count("lead_years", "years from decision to first cohort", "year"),
    ),
    table_spec(
        "services",
        "Local support: capacity of each region, and what more would cost.",
        (_REGION, _text("service", "short name of the service"), YEAR),
        _amount("capacity", "units without expansion", "units per year"),
        _text("unit", "what is counted, the same for one service everywhere"),
        _amount(
            "expansion_unit",
            "capacity that one expansion step adds from the next year on",
            "units per year",
        ),
        _count("expansion_limit", "most steps that can be decided in that year", "steps"),
        _amount("expansion_cost", "cost of one step, paid in the year of decision"),
        _amount("upkeep", "cost of one step in every later year"),
        _LINE,
        every_year=True,
    ),
    table_spec(
        "service_use",
        "Units of a service that one participant uses in each year of stay.",
        (TRACK, _SERVICE, YEAR_OF_STAY),
        _amount("units", "use per participant", "units per year"),
        optional_keys=(
            LEVEL,
            _text("band", "class of the country in column band_<service> of countries"),
            ENTRY,
        ),
    ),
    table_spec(
        "scores",
        "Value of single combinations for a goal, earned by each new participant.",
        (_text("goal", "name of a goal of the policy"), _COUNTRY, TRACK),
        ColumnSpec("value", "number", "raw value per new participant", unit="points"),
        optional_keys=(_REGION,),
    ),
    table_spec(
        "rank_bands",
        "How far a country's rank by a goal's score moves when weights, normalisation and blanks "
        "are drawn at random.",
        (_text("goal", "name of a goal of the policy"), _COUNTRY),
        _rank("rank", "rank by the score as the policy has it, 1 for the best"),
        _rank("low", "best rank of the band"),
        _rank("high", "worst rank of the band"),
    ),
    table_spec(
        "commitments",
        "Slots promised or ruled out.",
        (),
        _optional(_amount("at_least", "fewest slots", "persons")),
        _optional(_amount("at_most", "most slots", "persons")),
        optional_keys=(_COUNTRY, TRACK, _REGION, YEAR),
        blank_means="summed over",
    ),
    table_spec(
        "present_by_country",
        "People already here, by country.",
        (_COUNTRY, TRACK, ColumnSpec("entry_year", "int", "year they came", unit="year")),
        _amount("persons", "people present or completed since", "persons"),
    ),
    table_spec(
        "present_by_region",
        "The same people, by region.",
        (_REGION, TRACK, ColumnSpec("entry_year", "int", "year they came", unit="year")),
        _amount("persons", "people present or completed since", "persons"),
    ),
    table_spec(
        "forecasts_by_country",
        "People expected to enter forecast tracks, by country; years after the last row repeat it.",
        (_COUNTRY, TRACK, YEAR),
        *_FORECAST,
    ),
    table_spec(
        "forecasts_by_region",
        "The same people, by region.",
        (_REGION, TRACK, YEAR),
        *_FORECAST,
    ),
    table_spec(
        "current_plan",
        "Slots given today.",
        (_COUNTRY, TRACK),
        _amount("slots", "slots per year", "persons per year"),
        optional_keys=(_REGION,),
        blank_means="not divided by region",
    ),
    table_spec(
        "current_plan_by_region",
        "The same slots by region, of tracks that `current_plan` does not divide by region.",
        (TRACK, _REGION),
        _amount("slots", "slots per year", "persons per year"),
    ),
)

TABLES: Mapping[str, TableSpec] = MappingProxyType({table.name: table for table in _TABLES})
"""Every table of a case by name, in the order of the data dictionary."""
