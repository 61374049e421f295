"""Help on tables and columns for planners who fill them in."""

from __future__ import annotations

import re
from collections.abc import Mapping

from optimizer.case.header import CaseHeader
from optimizer.case.writing.contents import Contents
from optimizer.io.cell_faults import expected
from optimizer.schema.tables import MONEY, NOTE, SOURCE, ColumnSpec, TableSpec

MARK = "Written by `optimizer new`; replaced by it with --force."
"""Stands in files that may be replaced."""

_FOLDER = """
A case: facts that plans are made from. One CSV file per table, UTF-8, comma separated, with one
header row. Numbers plainly (`1500000`, `0.25`), `yes` and `no` for yes and no. Rows may stand in
any order; an optional table may be deleted. Columns of money carry the currency of `case.toml` in
their name, so that a new currency means new headers too: `optimizer new --currency` writes
both. `optimizer validate` on this folder names everything that is wrong, with file, row and column.
"""


def unit_words(column: ColumnSpec, currency: str) -> str:
    """Give a column's unit in words; "" where it has none."""
    return currency if column.unit == MONEY else column.unit


def presence_words(column: ColumnSpec, spec: TableSpec) -> str:
    """Say whether cells must be filled and what a blank one means."""
    if column.name in spec.optional_keys:
        return f"Optional key. Blank means {spec.blank_means}."
    if column.required:
        return "Required in every row."
    if column in (SOURCE, NOTE):
        return "Optional."
    if column.default is not None:
        return f"Optional. Blank means {column.default}."
    return f"Optional. Blank means {spec.blank_cells}."


def column_lines(column: ColumnSpec, spec: TableSpec, currency: str) -> list[str]:
    """Describe a column: meaning, unit, what cells hold, and what blanks mean."""
    lines = [f"{column.meaning[:1].upper()}{column.meaning[1:]}."]
    unit = unit_words(column, currency)
    if unit:
        lines.append(f"Unit: {unit}.")
    if column.kind != "text":
        lines.append(f"A cell holds {expected(column)}.")
    if column.refers_to is not None and column.refers_to != spec.name:
        lines.append(f"One that {column.refers_to} has.")
    lines.append(presence_words(column, spec))
    return lines


def attribute_lines(info: Mapping[str, str]) -> list[str]:
    """Describe an attribute column as the case does."""
    lines = ["An attribute: figures or text, for policies to use."]
    if info.get("description"):
        lines.insert(0, info["description"])
    if info.get("unit"):
        lines.append(f"Unit: {info['unit']}.")
    return lines


def readme_text(contents: Contents) -> str:
    """Explain a case's folder, table by table, in Markdown."""
    parts = [f"<!-- {MARK} -->\n# {contents.title}"]
    if contents.steps:
        numbered = enumerate(contents.steps, start=1)
        lines = [f"{number}. **{short}.** {_as_code(full)}" for number, (short, full) in numbered]
        parts.append("## Next steps\n\n" + "\n".join(lines))
        parts.append("## What is in this folder")
    parts.append(_FOLDER.strip())
    fields = CaseHeader.model_fields.items()
    keys = [(f"`{field.alias or name}`", field.description or "") for name, field in fields]
    parts.append(f"## case.toml\n\n{_markdown_table(('key', 'what it says'), keys)}")
    for spec in contents.specs:
        rows = []
        for header, column, _ in contents.columns(spec):
            if column is None:
                lines = attribute_lines(contents.attributes.get(spec.name, {}).get(header, {}))
            else:
                lines = column_lines(column, spec, contents.currency)
            rows.append((f"`{header}`", " ".join(lines)))
        presence = "Required" if spec.required else "Optional"
        keys_of_table = ", ".join([*spec.keys, *spec.optional_keys])
        parts.append(
            f"## {spec.file}\n\n{presence}. {spec.meaning} One row per {keys_of_table}.\n\n"
            f"{_markdown_table(('column', 'what cells hold'), rows)}"
        )
    return "\n\n".join(parts) + "\n"


def _markdown_table(header: tuple[str, str], rows: list[tuple[str, str]]) -> str:
    lines = [header, ("---", "---"), *rows]
    return "\n".join(f"| {' | '.join(map(_in_table, line))} |" for line in lines)


def _as_code(text: str) -> str:
    """A step with its command as code."""
    command, colon, rest = text.partition(": ")
    return f"`{command}`{colon}{rest}" if command.startswith("optimizer ") else text


def _in_table(cell: str) -> str:
    return re.sub(r"\s+", " ", cell).replace("|", "\\|")
