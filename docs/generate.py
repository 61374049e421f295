"""Writes the generated parts of the documentation from the code they describe.

    python docs/generate.py            # brings every page up to date
    python docs/generate.py --check    # exit code 1 if a page is not what this writes

Generated parts of a page stand between ``<!-- generated: name -->`` and ``<!-- end generated -->``;
everything else in it is written by hand.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

import optimizer.formulation
from optimizer.case.header import CaseHeader
from optimizer.formulation import CONCEPTS, RULES
from optimizer.formulation.expressions import KEYS
from optimizer.formulation.goals import add_points
from optimizer.instance.diminishing import tangents
from optimizer.instance.money import spending_terms
from optimizer.instance.people import build_people
from optimizer.instance.scoring import _Scorer
from optimizer.instance.services import use_terms
from optimizer.instance.sets import Sets
from optimizer.instance.values import value_terms
from optimizer.plan import COLUMNS, Decisions
from optimizer.policy import Policy, Where
from optimizer.schema import MONEY, NOTE, SOURCE, TABLES, ColumnSpec, TableSpec

DOCS = Path(__file__).resolve().parent
BLOCK = re.compile(r"(<!-- generated: ([\w-]+) -->\n).*?(<!-- end generated -->)", re.DOTALL)
SECTION = re.compile(r"^(\w[\w ]*)\n-+$", re.MULTILINE)
MATH = re.compile(r"^\.\. math:: *(.*\n?(?:(?: +.*)?\n)*(?: +.*)?)", re.MULTILINE)
ROLE = re.compile(r":\w+:`~?([^`]+)`")
CODE = re.compile(r"``([^`]+)``")
BOUNDS = {"ge": "from", "gt": "above", "le": "to"}
LARGEST_INTEGER = 2**31 - 1

ACCOUNTS = {
    "cohort": "new participants of a country on a track at a support level; whole",
    "placed": "new participants of a group of countries placed in a region; whole",
    "slots": "new participants of a country in a region; whole; in touched blocks only",
    "agreement": "1 if a proposed agreement is open in the year",
    "running": "1 if a pair with a minimum cohort but without agreement admits people in the year",
    "stays": "expected persons who complete a track and continue on another; continuous",
    "stays_at": "the same by group of countries and the region they go to; continuous",
    "expansion": "expansion steps of a service decided in the year; whole",
}
TERMS: tuple[tuple[str, Callable[..., Any]], ...] = (
    ("People", build_people),
    ("Spending", spending_terms),
    ("Use of services", use_terms),
    ("Scores", _Scorer.score),
    ("Value", value_terms),
    ("Diminishing returns", tangents),
)


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Write a Markdown table."""
    head = list(header)
    lines = [head, ["---"] * len(head), *([*row] for row in rows)]
    return "\n".join(
        f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines
    )


def sections(text: str) -> dict[str, str]:
    """Split a NumPy-style docstring: the words under ``""``, sections under their names."""
    pieces = SECTION.split(inspect.cleandoc(text))
    named = dict(zip(pieces[1::2], (piece.strip() for piece in pieces[2::2]), strict=True))
    return {"": pieces[0].strip(), **named}


def attributes(text: str) -> dict[str, str]:
    """Read the section Attributes: meaning by name or names."""
    found: dict[str, str] = {}
    name = ""
    for line in sections(text)["Attributes"].splitlines():
        if line and not line.startswith(" "):
            name, found[line] = line, ""
        elif name:
            found[name] = f"{found[name]} {line.strip()}".strip()
    return found


def markdown(text: str) -> str:
    """Turn the words and formulas of a docstring into Markdown."""
    body, last = [], 0
    for match in MATH.finditer(text):
        formula = "\n".join(line.strip() for line in match[1].strip().splitlines())
        body += [_words(text[last : match.start()]), f"```math\n{formula}\n```"]
        last = match.end()
    body.append(_words(text[last:]))
    return "\n\n".join(part for part in body if part)


def _words(text: str) -> str:
    text = ROLE.sub(lambda match: f"`{match[1].rpartition('.')[2]}`", text)
    return CODE.sub(r"`\1`", text).strip()


def _module(function: Callable[..., Any]) -> str:
    return f"{function.__module__.replace('.', '/')}.py"


def symbols() -> str:
    """Symbols of the formulas, from the table in the formulation's docstring."""
    lines = inspect.cleandoc(optimizer.formulation.__doc__ or "").splitlines()
    first, _, last = (number for number, line in enumerate(lines) if line.startswith("==="))
    width = lines[first].index(" ")
    rows = [(line[:width].strip(), line[width:].strip()) for line in lines[first + 1 : last]]
    return table(rows[0], (row for row in rows[2:] if row[0]))


def decisions() -> str:
    """Families of decisions, with their keys."""
    rows = [(f"`{name}`", ", ".join(keys), ACCOUNTS[name]) for name, keys in KEYS.items()]
    money = [
        ("`transfer`", "line, to line, year", "money a line gives to another; continuous"),
        ("`carry_over`", "line, year", "money a line keeps for the next year; continuous"),
    ]
    return table(["decision", "keys", "meaning"], [*rows, *money])


def index_sets() -> str:
    """Index sets of an instance."""
    rows = [(f"`{name}`", _words(text)) for name, text in attributes(Sets.__doc__ or "").items()]
    return table(["set", "what it holds"], rows)


def concepts() -> str:
    """Every concept of the model with its formulas."""
    functions: tuple[Callable[..., Any], ...] = (*CONCEPTS, add_points)
    parts = []
    for function in functions:
        heading = function.__name__.removeprefix("add_").replace("_", " ").capitalize()
        text = markdown(sections(function.__doc__ or "")[""])
        parts.append(f"### {heading}\n\n{text}\n\nWritten in `{_module(function)}`.")
    return "\n\n".join(parts)


def terms() -> str:
    """What the sums of the formulas are made of."""
    parts = []
    for heading, function in TERMS:
        text = markdown(sections(function.__doc__ or "")[""])
        parts.append(f"### {heading}\n\n{text}\n\nWritten in `{_module(function)}`.")
    return "\n\n".join(parts)


def rules() -> str:
    """Write the register of rules."""
    rows = [(f"`{r.name}`", r.title, r.kind, r.source) for r in RULES.values()]
    return table(["rule", "in words", "kind", "numbers from"], rows)


def case_keys() -> str:
    """Keys of ``case.toml``."""
    return key_tables(CaseHeader)


def table_overview() -> str:
    """All tables of a case in one table."""
    rows = [
        (
            f"[`{spec.name}`](#{spec.name})",
            "required" if spec.required else "optional",
            ", ".join([*spec.keys, *(f"{key}?" for key in spec.optional_keys)]),
            spec.meaning,
        )
        for spec in TABLES.values()
    ]
    return table(["table", "", "key (`?` = may be blank)", "what it says"], rows)


def tables() -> str:
    """Every table of a case, column by column."""
    return "\n\n".join(_table(spec) for spec in TABLES.values())


def _table(spec: TableSpec) -> str:
    facts = "A required table." if spec.required else "An optional table."
    if spec.optional_keys:
        facts += f" A blank key means *{spec.blank_means}*."
    if spec.open_ended:
        facts += " Further columns are attributes: figures or text."
    rows = [
        (
            f"`{_header(column)}`",
            _presence(spec, column),
            _kind(column),
            _unit(column),
            _range(column),
            f"`{column.default}`" if column.default is not None else "",
            column.meaning + (f"; a key of `{column.refers_to}`" if column.refers_to else ""),
        )
        for column in spec.columns
        if column not in (SOURCE, NOTE)
    ]
    header = ["column", "presence", "type", "unit", "range", "default", "meaning"]
    return f"### {spec.name}\n\n{spec.meaning} {facts}\n\n{table(header, rows)}"


def _header(column: ColumnSpec) -> str:
    return f"{column.name}_<cur>" if column.unit == MONEY else column.name


def _presence(spec: TableSpec, column: ColumnSpec) -> str:
    if column.name in spec.keys:
        return "key"
    if column.name in spec.optional_keys:
        return "optional key"
    return "required" if column.required else "optional"


def _kind(column: ColumnSpec) -> str:
    kinds = {"text": "text", "int": "whole number", "number": "number", "bool": "`yes` or `no`"}
    if column.kind == "choice":
        return " or ".join(f"`{choice}`" for choice in column.choices)
    return kinds[column.kind]


def _unit(column: ColumnSpec) -> str:
    return "money of the case" if column.unit == MONEY else column.unit


def _range(column: ColumnSpec) -> str:
    if column.low is not None and column.high is not None:
        return f"{column.low:g} to {column.high:g}"
    if column.low is not None:
        return f"at least {column.low:g}"
    return ""


def policy_keys() -> str:
    """Every key that a policy may hold."""
    return key_tables(Policy)


def key_tables(top: type[BaseModel]) -> str:
    """Write one table of keys for each kind of TOML table, under the places where it may stand."""
    places: dict[type[BaseModel], list[str]] = {top: ["Top of the file"]}
    _find_places(top, "", places)
    parts = []
    for model, names in places.items():
        heading = " and ".join(names)
        rows = [_key(field.alias or name, field) for name, field in model.model_fields.items()]
        keys = table(["key", "value", "default", "meaning"], rows)
        words = _words(inspect.cleandoc(model.__doc__ or ""))
        parts.append(f"### {heading}\n\n{words}\n\n{keys}")
    return "\n\n".join(parts)


def _find_places(
    model: type[BaseModel], prefix: str, places: dict[type[BaseModel], list[str]]
) -> None:
    for name, field in model.model_fields.items():
        address, inner = f"{prefix}{field.alias or name}", field.annotation
        while is_a(get_origin(inner), Mapping):
            address, inner = f"{address}.<name>", get_args(inner)[1]
        for kind in _models(inner):
            places.setdefault(kind, []).append(f"`{address}`")
            _find_places(kind, f"{address}.", places)


def _models(annotation: Any) -> list[type[BaseModel]]:
    """Tables that a type may hold, at any depth."""
    if is_a(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models(part)]


def is_a(kind: Any, parent: type) -> bool:
    """Tell whether something is a class, and below another."""
    return isinstance(kind, type) and issubclass(kind, parent)


def _key(name: str, field: FieldInfo) -> tuple[str, ...]:
    default = "required" if field.is_required() else _default(field)
    return f"`{name}`", _type(field.annotation, field.metadata), default, field.description or ""


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    if value is None or value in ("", (), {}) or isinstance(value, BaseModel):
        return ""
    return f"`{json.dumps(value)}`"


def _type(annotation: Any, metadata: Iterable[Any] = ()) -> str:
    """Say in words what a value may be."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if annotation == Where:
        return "filter"
    if origin is Annotated:
        return _type(inner[0], [*metadata, *inner[1:]])
    if origin in (Union, UnionType):
        kinds = dict.fromkeys(_type(part, metadata) for part in inner if part is not type(None))
        return ", ".join(kinds)
    if origin is Literal:
        return ", ".join(f"`{word}`" for word in inner)
    return _container(annotation) if origin else _plain(annotation, metadata)


def _container(annotation: Any) -> str:
    inner = get_args(annotation)
    if is_a(get_origin(annotation), Mapping):
        return f"table by name of {_type(inner[1])}"
    return f"list of {_type(inner[0])}" if inner[-1] is ... else f"pair of {_type(inner[0])}"


def _plain(kind: Any, metadata: Iterable[Any]) -> str:
    if is_a(kind, BaseModel):
        return "table"
    names = {str: "text", bool: "true or false", int: "whole number", float: "number"}
    return names[kind] + _bounds(metadata)


def _bounds(metadata: Iterable[Any]) -> str:
    flat = [part for item in metadata for part in getattr(item, "metadata", [item])]
    words = [
        f" {word} {getattr(item, side):g}"
        for item in flat
        for side, word in BOUNDS.items()
        if hasattr(item, side) and getattr(item, side) < LARGEST_INTEGER
    ]
    return "".join(words)


def decision_tables() -> str:
    """Tables of what a plan decides."""
    meanings = attributes(Decisions.__doc__ or "")
    return table(["table", "columns"], ((f"`{name}`", _words(meanings[name])) for name in COLUMNS))


BLOCKS: dict[str, Callable[[], str]] = {
    "symbols": symbols,
    "decisions": decisions,
    "index-sets": index_sets,
    "concepts": concepts,
    "terms": terms,
    "rules": rules,
    "case-header": case_keys,
    "table-overview": table_overview,
    "tables": tables,
    "policy-keys": policy_keys,
    "decision-tables": decision_tables,
}


def filled(text: str) -> str:
    """Fill in the generated parts of a page."""
    return BLOCK.sub(lambda match: f"{match[1]}\n{BLOCKS[match[2]]()}\n\n{match[3]}", text)


def stale_pages() -> dict[Path, str]:
    """Find pages that are not up to date, with what they should hold."""
    pages = {page: page.read_text(encoding="utf-8") for page in sorted(DOCS.glob("*.md"))}
    return {page: new for page, old in pages.items() if (new := filled(old)) != old}


def main(arguments: list[str]) -> int:
    """Write or check every page."""
    stale = stale_pages()
    for page, text in stale.items():
        print(page.relative_to(DOCS.parent))
        if "--check" not in arguments:
            page.write_text(text, encoding="utf-8")
    return int(bool(stale) and "--check" in arguments)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
