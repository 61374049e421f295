"""Names that become files: safe on any disk, and no two of them the same."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from optimizer import Decisions, Keep, Near, TargetError
from optimizer.cli.options import case_path
from optimizer.plan import COLUMNS
from optimizer.plan.keeping import kept_in_words
from optimizer.runs import require_run_places
from optimizer.text.file_names import file_names, plain_name

SLOTS = pd.DataFrame([["AA", "t", "", "r", 2030, 3]], columns=list(COLUMNS["slots"]))


@given(st.lists(st.text(min_size=1, max_size=300), min_size=1, max_size=6, unique=True))
def test_whatever_is_named_gets_a_name_of_its_own_on_any_disk(names: list[str]) -> None:
    found = file_names(names, begin="best")
    # Disks that do not look at the case of letters would write one over the other.
    assert len({name.casefold() for name in found}) == len(names)
    for name in found:
        assert len(name.encode()) <= 255
        assert name.startswith("best-")
        assert not set(name) & set('/\\:*?"<>|\n\r\t\0')
        assert name == name.strip(" .-")


def test_numbers_in_names_do_not_clash_with_those_that_are_added() -> None:
    found = file_names(["x 3", "x", "X"], begin="best")
    assert found == ["best-x-3", "best-x", "best-x-6"]
    long = file_names(["a" * 300, "a" * 299 + "b"], begin="best")
    assert len(set(long)) == 2


@pytest.mark.parametrize("name", ["", "../x", "x\n", ".x", "-x", "x" * 81, "x/y", "x y", "é"])
def test_no_file_of_the_page_is_named(name: str) -> None:
    assert not plain_name(name)


def test_a_name_that_breaks_lines_is_written_on_one() -> None:
    plan = Decisions(SLOTS.astype(COLUMNS["slots"]))
    for each in (Near(plan, 1.0, name="a\nplan\x00"), Keep(plan, name="a\nplan\x00")):
        assert each.name == "a\\nplan\\x00"
        assert each.in_words().startswith("3 slots of a\\nplan\\x00")


def test_slots_in_several_plans_are_counted_once() -> None:
    plan = Decisions(SLOTS.astype(COLUMNS["slots"]))
    more = Decisions(SLOTS.assign(slots=5).astype(COLUMNS["slots"]))
    other = Decisions(SLOTS.assign(country="BB").astype(COLUMNS["slots"]))
    apart = [Keep(plan, name="a"), Keep(other, name="b")]
    assert kept_in_words(apart) == "3 slots of a; 3 slots of b"
    assert kept_in_words([Keep(plan, name="a"), Keep(more, at_least=True, name="b")]) == (
        "3 slots of a; at least 5 slots of b; 5 slots in all, as some are in more than one"
    )


def test_a_run_in_place_of_a_policy_is_told_what_to_type(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("{}", encoding="utf-8")
    with pytest.raises(typer.BadParameter) as raised:
        case_path(tmp_path, None)
    assert raised.value.format_message() == (
        f"Invalid value for POLICY: {tmp_path} is a run folder; type the paths of the policy and "
        "the case that it was made from, or ask about its plan: optimizer explain "
        f"{tmp_path}"
    )


def test_places_of_runs_are_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "b").write_text("mine", encoding="utf-8")
    require_run_places([tmp_path / "a", tmp_path / "c"])
    with pytest.raises(TargetError):
        require_run_places([tmp_path / "a", tmp_path / "b"])
