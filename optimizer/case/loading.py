"""Reads a case from its folder or workbook, or from frames, and has it checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path

import pandas as pd

from optimizer.case import consistency, coverage, references
from optimizer.case.checked import CaseTables
from optimizer.case.from_frames import FramesGiven, InMemory, YearsGiven
from optimizer.case.header import HEADER_FILE, CaseHeader, Movement
from optimizer.case.sources import Source, open_source
from optimizer.errors import InputError, OptimizerError, Problems, did_you_mean, shorten
from optimizer.errors.arguments import typed
from optimizer.frames.following import FollowedFields
from optimizer.frames.records import Comparable, Frames
from optimizer.io.pauses import pause
from optimizer.io.places import PlaceFinder
from optimizer.io.tables import TableRead
from optimizer.io.toml import frozen
from optimizer.schema.tables import MONEY, TABLES, TableSpec
from optimizer.schema.years import year_number


@dataclass(frozen=True, eq=False)
class Case(FollowedFields, Comparable):
    """Facts of one case, read and checked.

    Cases are equal where they say the same, wherever they were read from. Tables are given as
    copies: a case stays as it was read.

    Attributes
    ----------
    name
        Name of the folder, or of the workbook without its ending, or as given with frames.
    path
        The folder or workbook; only the name of a case from frames.
    title, licence, country_codes, movement
        As in ``case.toml``; movement is None where it says nothing of it.
    currency
        In upper case.
    years
        Years of the case, without gaps.
    attributes
        Description and unit of attribute columns, by table and column.
    tables
        A frame for every table of the schema; those of absent tables are empty. The index,
        ``row``, is the row in the file or sheet, or that a file of the frame would have.
    hashes
        SHA-256 of every file read, by name.
    contents
        These files, byte by byte, or what they would be of frames; none for a changed case.
    places
        Finder of places in the workbook or in frames; None for a folder.
    """

    name: str
    path: Path = field(compare=False)
    title: str
    currency: str
    years: tuple[int, ...]
    country_codes: str
    licence: str
    attributes: Mapping[str, Mapping[str, Mapping[str, str]]]
    tables: Mapping[str, pd.DataFrame]
    hashes: dict[str, str] = field(compare=False)
    contents: Mapping[str, bytes] = field(compare=False, repr=False)
    places: PlaceFinder | None = field(default=None, compare=False)
    movement: Movement | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "tables", Frames(self.tables))

    @typed
    def table(self, name: str) -> pd.DataFrame:
        """Give the frame of one table.

        Raises
        ------
        InputError
            If the schema has no such table.
        """
        if name not in self.tables:
            problems, known = Problems(), ", ".join(self.tables)
            maybe = did_you_mean(name, list(self.tables))
            message = f"there is no table {shorten(ascii(name))}"
            problems.add(self.name, message, expected=f"one of {known}", maybe=maybe)
            raise InputError(problems)
        return self.tables[name]

    @property
    def moves_by_attraction(self) -> bool:
        """Whether people who continue remain in their region or move as regions attract them."""
        if self.movement is not None:
            return self.movement == "by_attraction"
        return bool(self.tables["continuations"]["retention"].notna().any())

    def retold(self, problems: Problems) -> Problems:
        """Report later problems in tables with the places that the reader of the case knows."""
        return problems if self.places is None else problems.retold(self.places.retell)


@typed
def load_case(
    path: str | Path | FramesGiven,
    *,
    title: str | None = None,
    currency: str | None = None,
    years: YearsGiven | None = None,
    country_codes: str | None = None,
    licence: str | None = None,
    movement: str | None = None,
    attributes: Mapping[str, Mapping[str, Mapping[str, str]]] | None = None,
    name: str | None = None,
) -> Case:
    """Read a case from its folder, its workbook or data frames, and check it.

    Parameters
    ----------
    path
        Folder with ``case.toml`` and one CSV file per table, the same as a ``.zip`` archive, or
        an ``.xlsx`` workbook with a sheet per table and the sheets ``case`` and ``attributes``.
        Or a data frame for every table, by its name: columns as in files, those of money also
        without the currency in their name, as tables of a case have them. Missing values are
        blank cells, and where a file says yes or no there is True or False.
    title, currency, years
        As in ``case.toml``; with frames, and only with them. Years may be an array or a column too.
    country_codes, licence, movement, attributes
        The same; ``"any"``, ``"not stated"`` and nothing without them.
    name
        Name of a case from frames, which policies may ask for; ``"case"`` without it.

    Raises
    ------
    InputError
        Holds everything that is wrong with the case. Of frames it names table, label of the row
        and column.
    OptimizerError
        If a workbook is given and python-calamine is not installed, or arguments do not fit.

    Examples
    --------
    >>> frames = {
    ...     "countries": pd.DataFrame({"country": ["a"], "name": ["A"], "world_region": ["Asia"]}),
    ...     "applicants": pd.DataFrame({"country": ["b"], "track": ["t"], "applicants": [5]}),
    ... }
    >>> load_case(frames, title="Few", currency="EUR", years=[2030])  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    optimizer.errors.InputError: 4 problems
    - table applicants, row 0, column country: 'b' is not in table countries
        Expected a country of table countries.
    - table budgets: the table is missing
    ...
    """
    said: dict[str, object] = {
        "title": title,
        "currency": currency,
        "years": years,
        "country_codes": country_codes,
        "licence": licence,
        "movement": movement,
        "attributes": attributes,
    }
    given = {key: value for key, value in said.items() if value is not None}
    if isinstance(path, Mapping):
        by_default = {"schema": 1, "country_codes": "any", "licence": "not stated"}
        if years is not None:
            listed = getattr(years, "tolist", lambda: years)()
            given["years"] = tuple(year_number(frozen(year)) for year in listed)
        problems = Problems()
        return _case_of(InMemory(path, by_default | given, name or "case"), problems)
    if given or name is not None:
        told = ", ".join([*given, *([] if name is None else ["name"])])
        message = f"load_case: {told} can be said of data frames only; a case at a path says it"
        raise OptimizerError(message)
    return read_case(Path(path), TABLES.values())


def read_case(path: Path, specs: Iterable[TableSpec]) -> Case:
    """Read a case as :func:`load_case`, its tables as they are declared here."""
    problems = Problems()
    source = open_source(path, problems)
    if source is None:
        raise InputError(problems)
    return replace(_case_of(source, problems, specs), path=path)


def _case_of(
    source: Source, problems: Problems, specs: Iterable[TableSpec] = TABLES.values()
) -> Case:
    header = source.header(problems)
    source.check_names(problems)
    reads = {}
    for spec in specs:
        pause()
        reads[spec.name] = source.table(spec, header.currency, problems)
    if header.currency is not None:
        _check_currency(header.currency, reads, problems)
    if header.contents is not None:
        tables = CaseTables(header.contents, reads, problems)
        references.check_references(tables)
        pause()
        consistency.check_consistency(tables)
        pause()
        coverage.check_coverage(tables)
    source.retold(problems).raise_if_any(InputError)
    contents = header.contents
    assert contents is not None, "a header that cannot be used is a problem"
    return Case(
        name=source.name,
        path=Path(source.name),
        title=contents.title,
        currency=contents.currency.upper(),
        years=contents.years,
        country_codes=contents.country_codes,
        licence=contents.licence,
        attributes=_attributes(contents),
        tables={name: read.frame for name, read in reads.items()},
        hashes={name: sha256(content).hexdigest() for name, content in source.contents.items()},
        contents=source.contents,
        places=source.places,
        movement=contents.movement,
    )


def _check_currency(currency: str, reads: Mapping[str, TableRead], problems: Problems) -> None:
    """Say of all columns of money at once that they are in another currency."""
    foreign = {TABLES[table].file: read.foreign for table, read in reads.items() if read.foreign}
    headers = [header for file in foreign.values() for header in file]
    if not headers:
        return
    ending = f"_{currency.lower()}"
    found = sorted({header[-3:].upper() for header in headers})
    there = [table for table, read in reads.items() if read.is_there]
    money = sum(column.unit == MONEY for table in there for column in TABLES[table].columns)
    is_all = len(found) == 1 and money == len(headers)
    told = "; ".join(f"{', '.join(names)} in {file}" for file, names in foreign.items())
    right = dict.fromkeys(f"{header[:-4]}{ending}" for header in headers)
    problems.add(
        HEADER_FILE,
        f"is {currency!r}, but columns of money are in {', '.join(found)}: {told}",
        column="currency",
        expected=f"headers that end in {ending}, with amounts in {currency.upper()}",
        maybe=found[0] if is_all else ", ".join(right),
    )


def _attributes(header: CaseHeader) -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    return {
        table: {column: info.model_dump() for column, info in columns.items()}
        for table, columns in header.attributes.items()
    }
