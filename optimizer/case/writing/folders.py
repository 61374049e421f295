"""Writes a case as a folder: ``case.toml`` and a CSV file per table."""

from __future__ import annotations

import csv
import io
import json
import re
import textwrap
from pathlib import Path

from optimizer.case.header import unsaid
from optimizer.case.writing.contents import Contents, texts
from optimizer.io.writing import write_bytes
from optimizer.schema.tables import TABLES, TableSpec

_HEADER, HELP, POLICY_BESIDE = "case.toml", "README.md", "policy.toml"
TABLE_FILES = frozenset({_HEADER, *(spec.file for spec in TABLES.values())})
"""Files that a case is read from."""

_WIDTH = 100

BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def write_folder(contents: Contents, folder: Path) -> None:
    """Write all files into an empty folder."""
    for name, content in files_of(contents).items():
        write_bytes(folder / name, content)


def files_of(contents: Contents) -> dict[str, bytes]:
    """All files of a case's folder by name, as they would be written."""
    tables = {spec.file: _table_text(contents, spec) for spec in contents.specs}
    texts_of_files = {_HEADER: header_text(contents), **tables}
    return {name: text.encode() for name, text in texts_of_files.items()}


def _table_text(contents: Contents, spec: TableSpec) -> str:
    columns = contents.columns(spec)
    rows = io.StringIO(newline="")
    writer = csv.writer(rows, lineterminator="\n")
    writer.writerow(header for header, _, _ in columns)
    writer.writerows(zip(*(texts(cells) for _, _, cells in columns), strict=True))
    return rows.getvalue()


def header_text(contents: Contents) -> str:
    """Write what ``case.toml`` says."""
    said = {
        "schema": "1",
        "title": _quoted(contents.title),
        "currency": _quoted(contents.currency),
        "years": f"[{', '.join(map(str, contents.years))}]",
        "country_codes": _quoted(contents.country_codes),
        "licence": _quoted(contents.licence),
    }
    if contents.movement is not None:
        said["movement"] = _quoted(contents.movement)
    lines = [f"{key} = {value}" for key, value in said.items()]
    for key, meaning in unsaid(said).items() if contents.explained else ():
        told = f"{key} may be said here too, {meaning}."
        lines += textwrap.wrap(told, _WIDTH, initial_indent="# ", subsequent_indent="# ")
    for table, columns in contents.attributes.items():
        lines += ["", f"[attributes.{_key(table)}]"]
        for column, info in columns.items():
            words = ", ".join(f"{key} = {_quoted(text)}" for key, text in info.items() if text)
            lines.append(f"{_key(column)} = {{ {words} }}" if words else f"{_key(column)} = {{}}")
    return "\n".join(lines) + "\n"


def _key(name: str) -> str:
    return name if BARE_KEY.fullmatch(name) else _quoted(name)


def _quoted(text: str) -> str:
    # JSON's strings are TOML's, but for one character that only TOML escapes.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
