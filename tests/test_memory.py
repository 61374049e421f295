"""Steps that remember: what was read decides whether a step is done again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from optimizer import Case, Instance, OptimizerError, build_instance, load_case, load_policy
from optimizer.case.changes import change_case
from optimizer.errors import Problems
from optimizer.frames.following import FollowedFields, FollowedMapping
from optimizer.frames.memory import Memory, Steps, settled
from optimizer.frames.records import Frames
from optimizer.instance import joined


@dataclass(frozen=True)
class Inner(FollowedFields):
    deep: int = 1
    other: int = 2


@dataclass(frozen=True)
class Outer(FollowedFields):
    read: int = 1
    unread: int = 2
    inner: Inner = Inner()
    note: str = field(default="", compare=False)


class Counted:
    """A step that counts how often it is done."""

    def __init__(self, step: Callable[..., object]) -> None:
        self.step, self.times = step, 0

    def __call__(self, *arguments: object) -> object:
        self.times += 1
        return self.step(*arguments)


def times_done(step: Callable[..., object], *calls: tuple[object, ...]) -> int:
    run, counted = Steps(Memory()), Counted(step)
    for arguments in calls:
        assert run(counted, *arguments) == step(*arguments)
    return counted.times


def test_only_what_was_read_of_a_record_counts() -> None:
    def step(record: Outer) -> int:
        return record.read + record.inner.deep

    same = [Outer(), Outer(unread=9), Outer(inner=Inner(other=9)), Outer(note="x")]
    assert times_done(step, *((record,) for record in same)) == 1
    assert times_done(step, (Outer(),), (Outer(read=9),)) == 2
    assert times_done(step, (Outer(),), (Outer(inner=Inner(deep=9)),)) == 2


def test_what_is_read_depends_on_what_was_read_before() -> None:
    # The second call reads another field than the first one did.
    def step(record: Outer) -> int:
        return record.unread if record.read else record.inner.deep

    calls = [Outer(read=0), Outer(read=1), Outer(read=0, unread=7)]
    assert times_done(step, *((record,) for record in calls)) == 2
    assert times_done(step, (Outer(read=1),), (Outer(read=1, unread=7),)) == 2


def test_a_record_that_is_reached_in_two_ways_must_stay_in_both() -> None:
    shared = Inner()

    def step(outer: Outer, inner: Inner) -> int:
        return outer.inner.deep + inner.deep

    first = Outer(inner=shared), shared
    assert times_done(step, first, (Outer(inner=Inner(deep=3)), shared)) == 2
    assert times_done(step, first, (Outer(inner=shared), Inner(deep=3))) == 2


def test_plain_arguments_count_by_what_they_say() -> None:
    frame = pd.DataFrame({"a": [1.0]})
    assert times_done(len, ([frame],), ([frame.copy()],)) == 1
    assert times_done(len, ([frame],), ([frame + 1],)) == 2


def test_of_a_mapping_its_names_and_the_values_read() -> None:
    def step(of: FollowedMapping[int]) -> object:
        return "a" in of and of["a"]

    plain, longer = FollowedMapping({"a": 1, "b": 2}), FollowedMapping({"a": 1, "b": 2, "c": 3})
    assert times_done(step, (plain,), (FollowedMapping({"a": 1, "b": 9}),)) == 1
    assert times_done(step, (plain,), (longer,)) == 2


def test_frames_stay_the_very_same_beside_one_that_changes() -> None:
    frames = Frames({"a": pd.DataFrame({"x": [1]}), "b": pd.DataFrame({"x": [2]})})
    other = frames.with_frame("b", pd.DataFrame({"x": [3]}))
    assert other.part("a") is frames.part("a")
    assert times_done(lambda of: of["a"]["x"].sum(), (frames,), (other,)) == 1
    assert times_done(lambda of: of["b"]["x"].sum(), (frames,), (other,)) == 2


def test_what_was_before_a_change_is_found_again() -> None:
    calls = [Outer(), Outer(read=2), Outer(), Outer(read=2)]
    assert times_done(lambda record: record.read, *((record,) for record in calls)) == 2


def test_a_step_that_finds_something_wrong_is_done_again() -> None:
    found = []

    def step(value: int, problems: Problems) -> int:
        found.append(value)
        if value < 0:
            problems.add("file", "is below 0")
        return value

    memory = Memory()
    for value in (-1, -1, 1, 1):
        problems = Problems()
        Steps(memory, problems)(step, value, problems)
        assert len(problems) == (value < 0)
    assert found == [-1, -1, 1]


def test_a_new_result_is_made_of_the_old_parts() -> None:
    old: dict[str, Any] = {"a": pd.DataFrame({"x": [1]}), "b": (pd.DataFrame({"x": [1]}), 2)}
    new = settled(old, {"a": pd.DataFrame({"x": [1]}), "b": (pd.DataFrame({"x": [1]}), 3)})
    assert new["a"] is old["a"]
    assert new["b"][0] is old["b"][0]
    assert new["b"][1] == 3
    assert settled(old, {"a": old["a"].copy(), "b": (old["b"][0].copy(), 2)}) is old
    # Numbers of another type are not the same: they are written otherwise.
    assert settled(1, 1.0) == 1.0
    assert isinstance(settled(1, 1.0), float)


def figures_of(case: Case) -> Iterator[tuple[str, list[str]]]:
    """Figures that are read together: those of a table, but each attribute by itself."""
    for table, frame in case.tables.items():
        numbers = list(map(str, frame.select_dtypes("number")))
        attributes = [name for name in numbers if table in {"countries", "regions"}]
        yield from ((table, [name]) for name in attributes)
        if numbers and not attributes:
            yield table, numbers


def outcome(join: Callable[..., Instance], *arguments: object) -> Instance | str:
    try:
        return join(*arguments)
    except OptimizerError as error:
        return str(error)


def test_joining_with_a_memory_is_joining_from_nothing() -> None:
    case, policy = load_case("inputs/tiny"), load_policy("models/tiny.toml")
    memory, tried = Memory(), 0
    first = joined(case, policy, memory)
    for table, columns in figures_of(case):
        frame = case.table(table)
        doubled = {name: (frame[name] * 2).astype(frame[name].dtype) for name in columns}
        tables = Frames(case.tables).with_frame(table, frame.assign(**doubled))
        other = replace(case, tables=tables)
        assert outcome(joined, other, policy, memory) == outcome(build_instance, other, policy), (
            f"{table}: {columns}"
        )
        tried += 1
    assert tried > 15
    assert joined(case, policy, memory) == first


def test_a_change_that_nothing_reads_does_nothing_again() -> None:
    case, policy = load_case("inputs/tiny"), load_policy("models/tiny.toml")
    memory = Memory()
    before = joined(case, policy, memory)
    changed, _ = change_case(case, {"regions[region=coast].tile_row": 7})
    after = joined(changed, policy, memory)
    assert after.spending is before.spending
    assert all(one is other for one, other in zip(after.limits, before.limits, strict=True))
