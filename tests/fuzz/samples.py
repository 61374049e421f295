"""The inputs that are mutated: small cases, each with a policy that is meant for it."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from bad_inputs.given import POLICY
from case_builder import full_case, write_case
from optimizer import write_case as write_out
from optimizer.case import Case, load_case
from optimizer.schema.tables import TABLES, ColumnSpec
from random_cases import write_random_case

ROOT = Path(__file__).resolve().parents[2]
RANDOM_SEED = 7
NAMES = ("full", "tiny", "random")

Rows = list[list[str]]
"""Header and rows of a table."""


@dataclass(frozen=True)
class Sample:
    """A case as files, as it is read, and as a workbook, with its policy."""

    folder: str
    files: Mapping[str, bytes]
    policy: str
    case: Case
    book: bytes

    @property
    def tables(self) -> list[str]:
        """Names of the tables that have rows."""
        names = [name.removesuffix(".csv") for name in self.files if name.endswith(".csv")]
        return sorted(name for name in names if len(self.case.tables[name]))

    def rows(self, table: str) -> Rows:
        """Header and rows of a table."""
        text = self.files[f"{table}.csv"].decode()
        return list(csv.reader(io.StringIO(text, newline=""), strict=True))

    def column(self, table: str, header: str) -> ColumnSpec | None:
        """What the schema says of a column; None for an attribute."""
        currency = self.case.currency
        return next((one for one in TABLES[table].columns if one.header(currency) == header), None)


def text_of(rows: Rows) -> bytes:
    """The bytes of a table."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


@cache
def sample(name: str) -> Sample:
    """One of the samples by its name."""
    with TemporaryDirectory() as folder:
        if name == "full":
            case, policy = write_case(Path(folder) / "case", full_case()), POLICY
        elif name == "tiny":
            case = ROOT / "inputs" / "tiny"
            policy = (ROOT / "models" / "tiny.toml").read_text(encoding="utf-8")
        else:
            case, path = write_random_case(Path(folder), RANDOM_SEED)
            policy = path.read_text(encoding="utf-8")
        files = {
            path.name: path.read_bytes()
            for path in sorted(case.iterdir())
            if path.suffix in (".csv", ".toml")
        }
        read = load_case(case)
        write_out(read, Path(folder) / "book.xlsx")
        return Sample(case.name, files, policy, read, (Path(folder) / "book.xlsx").read_bytes())
