"""Tables of a case, column by column, from the schema that the reader is driven by."""

from __future__ import annotations

from optimizer.case.header import CaseHeader
from optimizer.schema.tables import MONEY, NOTE, SOURCE, TABLES, ColumnSpec, TableSpec
from pagewriter.keys import key_tables
from pagewriter.markdown import table


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
    if spec.goes_on:
        key = ", ".join(f"`{name}`" for name in spec.lasting_keys)
        facts += f" The last row of each {key} holds in all later years."
    if spec.open_ended:
        facts += " Further columns are attributes."
    rows = [
        (
            f"`{_header(column)}`",
            _presence(spec, column),
            _kind(column),
            _unit(column),
            _range(column),
            f"`{column.default}`" if column.default is not None else "",
            _meaning(column),
        )
        for column in spec.columns
        if column not in (SOURCE, NOTE)
    ]
    header = ["column", "presence", "type", "unit", "range", "default", "meaning"]
    return f"### {spec.name}\n\n{spec.meaning} {facts}\n\n{table(header, rows)}"


def _meaning(column: ColumnSpec) -> str:
    home = f"; a key of `{column.refers_to}`" if column.refers_to else ""
    in_frames = f"; `{column.name}` in Python" if column.unit == MONEY else ""
    return f"{column.meaning}{home}{in_frames}"


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
