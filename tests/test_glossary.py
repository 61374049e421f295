"""The glossary holds the words of the code, each once, and none that the code has forgotten."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import get_args

import pytest

from optimizer.formulation.expressions import KEYS
from optimizer.policy import Stage
from optimizer.schema.measures import Measure
from optimizer.schema.rules import RuleKind
from optimizer.schema.tables import PATHWAYS, STANDARD, TABLES

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `([^`]+)` \| (.+) \|$", TEXT, re.MULTILINE)
WORDS = [word for word, _ in ROWS]
COLUMNS = [column for spec in TABLES.values() for column in spec.columns]
KEY_COLUMNS = {key for spec in TABLES.values() for key in (*spec.keys, *spec.optional_keys)}

OF_THE_CODE: dict[str, set[str]] = {
    "pathways": set(PATHWAYS),
    "stages": set(get_args(Stage)),
    "measures": set(get_args(Measure)),
    "kinds of rules": set(get_args(RuleKind)),
    "choices in tables": {choice for column in COLUMNS for choice in column.choices},
    "keys of tables": KEY_COLUMNS,
    "families of decisions": set(KEYS) | {"transfer", "carry_over"},
    "keys of a policy": {"horizon", "limits", "support_floor", "optional", "protected", "soft"},
    "links of pairs": {"free", "active", "existing", "proposed"},
    "level of everybody else": {STANDARD},
    "statuses": {"optimal", "feasible", "infeasible"},
}


@pytest.mark.parametrize("kind", OF_THE_CODE)
def test_words_of_the_code_are_explained(kind: str) -> None:
    assert OF_THE_CODE[kind] <= set(WORDS)


def test_every_word_has_one_meaning() -> None:
    assert [word for word, count in Counter(WORDS).items() if count > 1] == []
    assert [meaning for meaning, count in Counter(dict(ROWS).values()).items() if count > 1] == []


@pytest.mark.parametrize("word", WORDS)
def test_every_word_is_in_use(word: str) -> None:
    sources = (path.read_text(encoding="utf-8") for path in (ROOT / "optimizer").rglob("*.py"))
    spelled = re.compile(rf"\b{word.replace('_', '[_ ]')}", re.IGNORECASE)
    assert any(spelled.search(source) for source in sources)


def test_every_row_of_the_tables_is_a_word() -> None:
    bodies = [line for line in TEXT.splitlines() if line.startswith("| ")]
    heads = [line for line in bodies if line.startswith(("| word |", "| --- |"))]
    assert len(bodies) - len(heads) == len(ROWS)
    assert len(ROWS) > len(set.union(*OF_THE_CODE.values()))
