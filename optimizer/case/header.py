"""Reads ``case.toml``: what a case is called, and what holds for all of its tables."""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError, model_validator

from optimizer.errors import Problems
from optimizer.toml_files import StrictTable, add_complaints, read_toml

HEADER_FILE = "case.toml"
CURRENCY = "^[A-Za-z]{3}$"


class AttributeInfo(StrictTable):
    """What an attribute column holds."""

    description: str = Field(default="", description="what the column holds")
    unit: str = Field(default="", description="the unit of its figures")


class CaseHeader(StrictTable):
    """Contents of ``case.toml``."""

    schema_version: Literal[1] = Field(alias="schema", description="schema = 1, the version")
    title: str = Field(min_length=1, description="a title, printed in reports")
    currency: Annotated[str, Field(pattern=CURRENCY)] = Field(
        description="a currency of three letters, such as JPY"
    )
    years: tuple[int, ...] = Field(
        min_length=1, description="a list of years without gaps, such as [2027, 2028]"
    )
    country_codes: Literal["iso3166", "any"] = Field(
        description="iso3166 if country codes are ISO 3166 alpha-3, else any"
    )
    licence: str = Field(min_length=1, description="under which terms the figures may be used")
    attributes: Mapping[str, Mapping[str, AttributeInfo]] = Field(
        default_factory=dict, description="attributes.<table>.<column>, for countries and regions"
    )

    @model_validator(mode="after")
    def _years_without_gaps(self) -> CaseHeader:
        if any(after != before + 1 for before, after in itertools.pairwise(self.years)):
            message = f"{list(self.years)} does not go up year by year"
            raise self.complain(("years", message, "every year from the first to the last"))
        return self


@dataclass(frozen=True)
class HeaderRead:
    """A header as read.

    Attributes
    ----------
    contents
        None where the header is faulty.
    currency
        Known even from a header that is faulty elsewhere; else None.
    hash
        SHA-256 of the file.
    """

    contents: CaseHeader | None
    currency: str | None
    hash: str


def read_header(folder: Path, problems: Problems) -> HeaderRead:
    """Read the header of the case in a folder; every fault becomes a problem."""
    path = folder / HEADER_FILE
    if not path.is_file():
        problems.add(HEADER_FILE, "the file is missing", expected="title, currency, years and more")
        return HeaderRead(None, None, "")
    data = read_toml(path, problems)
    if data is None:
        return HeaderRead(None, None, "")
    contents = None
    try:
        contents = CaseHeader.model_validate(data)
    except ValidationError as error:
        add_complaints(error, CaseHeader, data, problems, lambda address: HEADER_FILE)
    currency = data.get("currency")
    is_known = isinstance(currency, str) and re.match(CURRENCY, currency)
    content_hash = hashlib.sha256(path.read_bytes()).hexdigest()
    return HeaderRead(contents, currency if is_known else None, content_hash)
