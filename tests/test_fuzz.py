"""Broken inputs by the thousand: each is refused with a sentence, or kept to the last cell."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from fuzz import books, policies
from fuzz.outcome import Tally, outcome_of, tried
from fuzz.samples import NAMES, ROOT, Rows, Sample, sample
from fuzz.tables import MUTATIONS, Mutated
from optimizer import build_instance, load_case, load_policy, validate
from optimizer.case import Case
from optimizer.errors import Problem
from optimizer.schema.tables import ColumnSpec

SAMPLES = st.sampled_from(NAMES)
POLICIES = sorted((ROOT / "models").glob("*.toml"))
BREAK = re.compile(r"\r\n|\r|\n")
ONE_IN = 20
"""Of so many accepted cases one is solved too."""
Report = Callable[[Tally], None]

ENOUGH = 100
"""Examples among which some must be fine."""

pytestmark = pytest.mark.slow


@pytest.fixture
def report(record_property: Callable[[str, object], None]) -> Report:
    """Records how many examples of each kind had which outcome; ``-s`` shows it."""

    def show(tally: Tally) -> None:
        record_property("tally", tally.table())
        print(tally.table())
        assert "refused" in tally.outcomes()
        if tally.counts.total() >= ENOUGH:
            assert "accepted" in tally.outcomes()

    return show


def names(mutated: Mutated, problem: Problem) -> bool:
    """Whether a problem names the file that was changed, and its row and column where known."""
    is_there = mutated.row is None or problem.row == mutated.row
    is_column = mutated.column is None or problem.column in (mutated.column, None)
    return mutated.file in (None, problem.file) and is_there and is_column


def lines_of(rows: Rows) -> list[int]:
    """Line on which each row below the header begins."""
    counts = [1 + sum(len(BREAK.findall(cell)) for cell in row) for row in rows]
    return [1 + sum(counts[:place]) for place in range(1, len(rows))]


def assert_kept(read: Case, chosen: Sample, table: str, rows: Rows) -> None:
    """Every row is there at its line, and every cell holds what the file says."""
    frame = read.tables[table]
    assert frame.index.tolist() == lines_of(rows)
    header, *cells = rows
    for place, name in enumerate(header):
        column = chosen.column(table, name)
        found = frame[name if column is None else column.name].tolist()
        for row, value in zip(cells, found, strict=True):
            assert is_same(row[place], value, column), (table, name, row[place], value)


def is_same(text: str, value: object, column: ColumnSpec | None) -> bool:
    """Whether a value in a frame is what a text in a file says."""
    if not text:
        default = "" if column is None or column.default is None else column.default
        return bool(pd.isna(value)) or value == default  # type: ignore[call-overload]
    if isinstance(value, bool):
        return value == (text == "yes")
    return value == text if isinstance(value, str) else value == float(text)


def go_on(data: DataObject, read: Case, case: Path, policy: Path) -> None:
    """Join what was accepted, and now and then solve its relaxation."""
    if data.draw(st.integers(0, ONE_IN - 1), "solve"):
        outcome_of(lambda: build_instance(read, load_policy(policy)))
        return
    found, problems = outcome_of(lambda: validate([policy, case], solve=True))
    assert not problems
    for outcome in found:
        assert outcome.ok or outcome.problems


def test_mutated_cases(report: Report) -> None:
    tally = Tally()

    @given(st.data(), SAMPLES, st.sampled_from(MUTATIONS))
    def example(
        data: DataObject, name: str, mutation: Callable[[DataObject, Sample], Mutated]
    ) -> None:
        chosen = sample(name)
        mutated = mutation(data, chosen)
        with TemporaryDirectory() as folder:
            case = Path(folder) / chosen.folder
            case.mkdir()
            for file, content in mutated.files.items():
                (case / file).write_bytes(content)
            read, problems = outcome_of(lambda: load_case(case))
            tally.counts[mutation.__name__, "refused" if problems else "accepted"] += 1
            if problems:
                if mutated.must_refuse:
                    assert any(names(mutated, problem) for problem in problems), problems
                return
            assert not mutated.must_refuse
            for table, rows in mutated.kept.items():
                assert_kept(read, chosen, table, rows)
            others = set(chosen.case.tables) - set(mutated.kept)
            if mutated.kept:
                for table in others:
                    pd.testing.assert_frame_equal(read.tables[table], chosen.case.tables[table])
            policy = Path(folder) / "policy.toml"
            policy.write_text(chosen.policy, encoding="utf-8")
            go_on(data, read, case, policy)

    tried(0.6, example)()
    report(tally)


def texts_of_policies() -> Mapping[str, str]:
    """Policies by name: those of the samples, which are joined, and all in ``models``."""
    texts = {name: sample(name).policy for name in NAMES}
    return texts | {path.stem: path.read_text(encoding="utf-8") for path in POLICIES}


def says(found: object, said: object) -> bool:
    """Whether a policy as read says all that its file says."""
    if isinstance(said, dict):
        return isinstance(found, Mapping) and all(says(found[key], said[key]) for key in said)
    if isinstance(said, list):
        if not isinstance(found, tuple) or len(found) != len(said):
            return False
        return all(says(one, other) for one, other in zip(found, said, strict=True))
    return type(found) is bool if isinstance(said, bool) else found == said


def test_mutated_policies(report: Report) -> None:
    tally, texts = Tally(), texts_of_policies()

    @given(st.data(), st.sampled_from(sorted(texts)), st.sampled_from(policies.MUTATIONS))
    def example(
        data: DataObject,
        name: str,
        mutation: Callable[[DataObject, str], policies.MutatedPolicy],
    ) -> None:
        mutated = mutation(data, texts[name])
        with TemporaryDirectory() as folder:
            for path in POLICIES:
                (Path(folder) / path.name).write_bytes(path.read_bytes())
            policy = Path(folder) / "mutated.toml"
            policy.write_bytes(mutated.text)
            read, problems = outcome_of(lambda: load_policy(policy))
            tally.counts[mutation.__name__, "refused" if problems else "accepted"] += 1
            if problems:
                assert all(problem.file.endswith(".toml") for problem in problems)
                return
            assert not mutated.must_refuse
            if mutated.said is not None and read.extends is None:
                assert says(read.model_dump(by_alias=True), mutated.said)
            if name in NAMES:
                outcome_of(lambda: build_instance(sample(name).case, read))

    tried(0.25, example)()
    report(tally)


def test_mutated_workbooks(report: Report) -> None:
    tally = Tally()

    @given(st.data(), SAMPLES, st.sampled_from(books.MUTATIONS))
    def example(
        data: DataObject,
        name: str,
        mutation: Callable[[DataObject, Sample], books.MutatedBook],
    ) -> None:
        chosen = sample(name)
        mutated = mutation(data, chosen)
        with TemporaryDirectory() as folder:
            case = Path(folder) / f"{chosen.folder}.xlsx"
            case.write_bytes(mutated.content)
            read, problems = outcome_of(lambda: load_case(case))
            tally.counts[mutation.__name__, "refused" if problems else "accepted"] += 1
            if not problems:
                assert not mutated.must_refuse
                policy = Path(folder) / "policy.toml"
                policy.write_text(chosen.policy, encoding="utf-8")
                go_on(data, read, case, policy)
                return
            assert all(problem.file == case.name for problem in problems)
            if mutated.must_refuse:
                assert any(
                    mutated.sheet in (None, problem.sheet)
                    and mutated.row in (None, problem.row)
                    and mutated.letter in (None, problem.letter)
                    for problem in problems
                )

    tried(0.15, example)()
    report(tally)
