"""What errors say is expected: type, range and choices of a value, and guesses that would do."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from optimizer import PolicyError, load_policy
from optimizer.case.header import CaseHeader
from optimizer.errors import Problems
from optimizer.io.cells import parse_cells
from optimizer.policy import Policy
from optimizer.schema.expected import expected_at, is_valid_at
from optimizer.schema.measures import MEASURES
from optimizer.schema.tables import ColumnSpec

IN_WORDS = [
    (Policy, "goals", "at least one [goals.NAME]"),
    (Policy, "limits", "[[limits]]"),
    (Policy, "goals.g.weight", "a number from -1,000,000 to 1,000,000"),
    (Policy, "goals.g.scale", "one of ideal, none or a number above 0"),
    (Policy, "horizon.years", "a list of 2 integers"),
    (
        Policy,
        "limits.0.at_least",
        "a number, {amount, per}, {times, measure}, {times, previous}, {parity} or {own_best}",
    ),
    (Policy, "limits.0.where.gdp", "text, true or false, a number or a list"),
    (Policy, "limits.0.protected", "true or false"),
    (Policy, "limits.0.measure", f"one of {', '.join(MEASURES)}"),
    (Policy, "budget.carry_over", "a number from 0 to 1 or a table of numbers from 0 to 1"),
    (Policy, "solver.threads", "an integer of at least 1"),
    (CaseHeader, "years", "a list of integers from 1900 to 2200, such as [2027, 2028]"),
    (CaseHeader, "currency", "3 letters, such as JPY"),
    (CaseHeader, "schema", "1"),
    (Policy, "nothing.there", "another value"),
]


@pytest.mark.parametrize(("model", "address", "words"), IN_WORDS, ids=str)
def test_expected_is_type_and_range(model: type, address: str, words: str) -> None:
    parts = [int(part) if part.isdigit() else part for part in address.split(".")]
    assert expected_at(model, parts) == words


def test_a_value_is_tried_where_it_would_stand() -> None:
    assert is_valid_at(Policy, ("goals", "g", "weight"), 1e6)
    assert not is_valid_at(Policy, ("goals", "g", "weight"), 2e6)
    assert not is_valid_at(Policy, ("goals", "g", "weight"), "1")


def faults(policy: Path) -> str:
    with pytest.raises(PolicyError) as raised:
        load_policy(policy)
    return str(raised.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        # 2 would be no share, so it is not guessed.
        ('"2"', "'2' is not a number\n    Expected a number from 0 to 1."),
        ('"50 %"', "'50 %' is text, not a number\n    Expected a number from 0 to 1. Maybe 0.5."),
        ('"few"', "'few' is not a number\n    Expected a number from 0 to 1."),
    ],
)
def test_a_number_in_quotes_is_guessed_where_it_would_do(
    text: str, told: str, root: Path, tmp_path: Path
) -> None:
    policy = tmp_path / "p.toml"
    tiny = (root / "models" / "tiny.toml").read_text(encoding="utf-8")
    head, table, tail = tiny.partition("[solver]\n")
    rest = [line for line in tail.splitlines(keepends=True) if not line.startswith("gap")]
    policy.write_text("".join([head, table, f"gap = {text}\n", *rest]), encoding="utf-8")
    assert faults(policy) == f"1 problem\n- p.toml, solver.gap: {told}"


def test_a_key_that_is_there_already_is_no_guess(root: Path, tmp_path: Path) -> None:
    policy = tmp_path / "p.toml"
    tiny = (root / "models" / "tiny.toml").read_text(encoding="utf-8")
    policy.write_text(f'titel = "T"\n{tiny}', encoding="utf-8")
    assert "p.toml, titel: is not a known key" in faults(policy)
    assert "Maybe" not in faults(policy)


def test_links_that_lead_nowhere_are_named(root: Path, tmp_path: Path) -> None:
    policy = tmp_path / "p.toml"
    policy.write_text('schema = 1\nextends = "base.toml"\n', encoding="utf-8")
    for target, fault in (("base.toml", "a circular link"), ("gone", "a link to nothing")):
        (tmp_path / "base.toml").symlink_to(target)
        assert faults(policy) == (
            f"1 problem\n- p.toml, extends: 'base.toml' is {fault}\n"
            "    Expected a file of the same folder."
        )
        (tmp_path / "base.toml").unlink()
    # Neither a folder nor a link to nothing is what was meant by a name that is nearly theirs.
    (tmp_path / "bases.toml").mkdir()
    (tmp_path / "bas.toml").symlink_to("gone")
    assert "Maybe" not in faults(policy)
    shutil.copy(root / "models" / "tiny.toml", tmp_path / "base1.toml")
    assert faults(policy).endswith("Maybe base1.toml.")


@pytest.mark.parametrize(
    ("cell", "column", "maybe"),
    [
        ("(1,000)", ColumnSpec("c", "number", "", low=0), None),
        ("(1,000)", ColumnSpec("c", "number", ""), "-1000"),
        ("1,5", ColumnSpec("c", "int", "", low=0), None),
        ("120 %", ColumnSpec("c", "number", "", low=0, high=1), None),
        ("90 %", ColumnSpec("c", "number", "", low=0, high=1), "0.9"),
    ],
)
def test_a_guess_is_what_the_column_takes(cell: str, column: ColumnSpec, maybe: str | None) -> None:
    problems = Problems()
    parse_cells(pd.Series([cell], index=[2], dtype=object), column, "t.csv", "c", problems)
    (problem,) = problems
    assert problem.maybe == maybe
