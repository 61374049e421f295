"""Reads ``case.toml``: what a case is called, and what holds for all of its tables."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from optimizer.errors import Problems
from optimizer.io.strict import Line, StrictTable, Version, add_complaints
from optimizer.io.toml import parse_toml
from optimizer.schema.expected import expected_in

HEADER_FILE = "case.toml"
CURRENCY = "^[A-Za-z]{3}$"
FIRST_YEAR, LAST_YEAR, MOST_YEARS = 1900, 2200, 100
"""Years that a plan may have."""

ONE_YEAR = re.compile(r"[0-9]{4}")
FIRST_AND_LAST = re.compile(r"([0-9]{4}) ?- ?([0-9]{4})")
YEARS = "the first and the last year, such as 2027-2031, or all of them"
"""Pattern of a text that names years."""


Movement = Literal["free", "by_attraction"]
"""How people who continue on another track come to live where they do."""


class AttributeInfo(StrictTable):
    """Meaning of an attribute column."""

    description: str = Field(default="", description="what the column holds")
    unit: str = Field(default="", description="the unit of its figures")


class CaseHeader(StrictTable):
    """Contents of ``case.toml``."""

    schema_version: Version = Field(alias="schema", description="schema = 1, the version")
    title: Line = Field(min_length=1, description="a title, printed in reports")
    currency: Annotated[str, Field(pattern=CURRENCY)] = Field(
        description="a currency of three letters, such as JPY", examples=["JPY"]
    )
    years: tuple[Annotated[int, Field(ge=FIRST_YEAR, le=LAST_YEAR)], ...] = Field(
        min_length=1,
        max_length=MOST_YEARS,
        description="a list of years without gaps, such as [2027, 2028]",
        examples=["[2027, 2028]"],
    )
    country_codes: Literal["iso3166", "any"] = Field(
        description="iso3166 if country codes are ISO 3166 alpha-3, else any"
    )
    licence: Line = Field(min_length=1, description="under which terms the figures may be used")
    movement: Movement | None = Field(
        default=None,
        description="by_attraction if people who continue remain in their region or move as "
        "regions attract them, free if the plan chooses where they live; without, by_attraction "
        "where continuations have a retention",
    )
    attributes: Mapping[str, Mapping[str, AttributeInfo]] = Field(
        default_factory=dict, description="attributes.<table>.<column>, for countries and regions"
    )

    @model_validator(mode="after")
    def _years_without_gaps(self) -> CaseHeader:
        if any(after != before + 1 for before, after in itertools.pairwise(self.years)):
            message = f"{list(self.years)} does not go up year by year"
            raise self.complain(("years", message, "every year from the first to the last"))
        return self


def unsaid(said: Collection[str]) -> dict[str, str]:
    """Keys that a header may leave out and has left out, each with its meaning.

    Examples
    --------
    >>> list(unsaid(["title"])), unsaid(["movement"])
    (['movement'], {})
    """
    return {
        name: f"{expected_in(field)}: {field.description}"
        for name, field in CaseHeader.model_fields.items()
        if not field.is_required() and name not in (*said, "attributes")
    }


@dataclass(frozen=True)
class HeaderRead:
    """A header as read.

    Attributes
    ----------
    contents
        None where the header is faulty.
    currency
        Known even from a header that is faulty elsewhere; else None.
    """

    contents: CaseHeader | None
    currency: str | None


def parse_header(content: bytes, problems: Problems) -> HeaderRead:
    """Parse what a header's file holds; every fault becomes a problem."""
    data = parse_toml(content, HEADER_FILE, problems)
    return HeaderRead(None, None) if data is None else check_header(data, problems)


def check_header(data: Mapping[str, Any], problems: Problems) -> HeaderRead:
    """Check what a header says, wherever it stands."""
    contents = None
    try:
        contents = CaseHeader.model_validate(data)
    except ValidationError as error:
        add_complaints(error, CaseHeader, data, problems, lambda address: HEADER_FILE)
    currency = data.get("currency")
    is_known = isinstance(currency, str) and re.fullmatch(CURRENCY, currency)
    return HeaderRead(contents, currency if is_known else None)


def add_missing(problems: Problems) -> HeaderRead:
    """Say that there is no header."""
    problems.add(HEADER_FILE, "the file is missing", expected="title, currency, years and more")
    return HeaderRead(None, None)


def years_in(text: str) -> tuple[int, ...] | None:
    """Give the years a text names, or None.

    Examples
    --------
    >>> years_in("2027-2029"), years_in("2027, 2028"), years_in("2027"), years_in("soon")
    ((2027, 2028, 2029), (2027, 2028), (2027,), None)
    """
    ends = FIRST_AND_LAST.fullmatch(text)
    if ends:
        return tuple(range(int(ends[1]), int(ends[2]) + 1)) or None
    years = [year.strip() for year in text.split(",")]
    return tuple(map(int, years)) if all(map(ONE_YEAR.fullmatch, years)) else None
