"""Ideals are kept by everything they depend on, and used only where they are beyond doubt."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse

from golden.small_cases import HOSTED, SmallCase
from optimizer import InfeasibleError, NoPlanError, PolicyError, Session, complete, solve
from optimizer.cli import main
from optimizer.formulation import build_pyomo
from optimizer.io.cache import FOLDER
from optimizer.persistent import LoadedModel, goals_alone
from optimizer.plan.provenance import versions
from optimizer.session import ideals_cache
from optimizer.session.building import build_model, write_model
from optimizer.session.ideals_cache import KeptIdeals, key_of
from optimizer.solver.matrix import Matrix

GOALS = """
[goals.care]
weight = 1
effects = [{ stage = "enter", effect = 3 }]

[goals.spread]
weight = 2
region_effects = [{ stage = "enter", effect = 1 }]
"""
QUESTION = HOSTED.aiming_at(GOALS)
"""Five places and money for ten: ideals of 15 and 5."""
OF_ITS_TIME = ("scales_from", "trace")
IDEALS = {"care": 15.0, "spread": 5.0}


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder of what is kept."""
    monkeypatch.setenv(FOLDER, str(tmp_path / "cache"))
    return tmp_path / "cache" / "ideals"


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """Policy and case."""
    case, policy = QUESTION.write(tmp_path)
    return policy, case


@pytest.fixture
def worked_out(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Goals whose ideals are worked out, call by call."""
    calls: list[list[str]] = []
    runs = goals_alone.ideal_runs

    def counted(model: LoadedModel, goals: list[str], *rest: Any) -> Any:
        calls.append(list(goals))
        return runs(model, goals, *rest)

    monkeypatch.setattr(goals_alone, "ideal_runs", counted)
    return calls


def loaded(folder: Path, case: SmallCase = QUESTION) -> LoadedModel:
    instance = case.instance(folder)
    return LoadedModel(instance, build_pyomo(instance, dict.fromkeys(instance.policy.goals, 1.0)))


# What is asked twice is worked out once


def test_the_second_time_nothing_is_worked_out(
    files: tuple[Path, Path], kept: Path, worked_out: list[list[str]]
) -> None:
    first, second = solve(*files), solve(*files)
    assert len(worked_out) == 1
    origins = [plan.provenance["scales_from"] for plan in (first, second)]
    assert origins == ["worked out", "kept from before"]
    assert first.provenance["scales"] == IDEALS
    # All else is the same, to the last bit.
    facts = [
        {name: told for name, told in plan.provenance.items() if name not in OF_ITS_TIME}
        for plan in (first, second)
    ]
    assert facts[0] == facts[1]
    assert second.objective == first.objective
    assert second.decisions == first.decisions
    assert len(list(kept.iterdir())) == 1


def test_every_door_knows_what_another_one_has_kept(
    files: tuple[Path, Path], kept: Path, worked_out: list[list[str]], tmp_path: Path
) -> None:
    assert Session(*files).scales == IDEALS
    plan = solve(*files, time_limit=1000.0)
    complete(plan, *files)
    build_model(*files)
    write_model(*files, tmp_path / "model.lp")
    # What does not move the hard rules, and what does, but not those of the policy's file.
    solve(*files, changes={"goals.care.weight": 5})
    solve(*files, changes={"budgets[line=main].amount": 50})
    solve(*files, extend=lambda model, instance: None)
    assert len(worked_out) == 1


@pytest.mark.parametrize("folder", ["", os.devnull])
def test_without_a_folder_every_time_is_the_first(
    files: tuple[Path, Path],
    folder: str,
    worked_out: list[list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(FOLDER, folder)
    for _ in range(2):
        assert solve(*files).provenance["scales_from"] == "worked out"
    assert len(worked_out) == 2


def test_who_wants_no_cache_neither_reads_nor_writes_it(
    files: tuple[Path, Path], kept: Path, worked_out: list[list[str]], tmp_path: Path
) -> None:
    doors: list[Callable[[], object]] = [
        lambda: solve(*files, cache=False),
        lambda: solve(*files, cache=False, time_limit=1000.0),
        lambda: Session(*files, cache=False).scales,
        lambda: build_model(*files, cache=False),
        lambda: write_model(*files, tmp_path / "model.lp", cache=False),
    ]
    for door in doors:
        door()
    assert len(worked_out) == len(doors)
    assert not kept.exists()
    plan = solve(*files)
    complete(plan, *files, cache=False)
    assert len(worked_out) == len(doors) + 2


def test_numbers_of_the_policy_are_nothing_to_keep(
    tmp_path: Path, kept: Path, worked_out: list[list[str]]
) -> None:
    case, policy = HOSTED.write(tmp_path)
    assert solve(policy, case).provenance["scales_from"] == "numbers of the policy"
    assert not worked_out
    assert not kept.exists()


def test_what_has_no_ideal_is_told_each_time(tmp_path: Path, kept: Path) -> None:
    # Nobody may come: nothing of any goal can be earned, whether that is known already or not.
    case, policy = QUESTION.with_(sites=("t,r1,,0",)).write(tmp_path)
    told = []
    for _ in range(2):
        with pytest.raises(PolicyError) as error:
            solve(policy, case)
        told.append(str(error.value))
    assert told[0] == told[1]
    crowd = '\n[[limits]]\nname = "crowd"\nmeasure = "slots"\nat_least = 6\n'
    case, policy = QUESTION.with_(crowd).write(tmp_path)
    before = sorted(kept.iterdir())
    for _ in range(2):
        with pytest.raises(InfeasibleError):
            solve(policy, case)
    assert sorted(kept.iterdir()) == before


def test_ideals_that_were_stopped_are_not_kept(files: tuple[Path, Path], kept: Path) -> None:
    with pytest.raises(NoPlanError):
        solve(*files, time_limit=1e-9)
    assert not kept.exists()


# The key


@pytest.fixture
def same_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Versions are looked up once, and not for each of many keys."""
    found = versions()
    monkeypatch.setattr(ideals_cache, "versions", lambda: found)


def arrays() -> Iterator[str]:
    """Fields of a matrix that hold numbers which an ideal may depend on."""
    matrix = Matrix.__dataclass_fields__
    left_out = {"cost", "offset", "columns", "rows", "_positions", "a"}
    yield from (name for name in matrix if name not in left_out)


@pytest.mark.usefixtures("same_versions")
@pytest.mark.parametrize("name", list(arrays()))
def test_the_key_moves_with_every_number_of_the_matrix(name: str, tmp_path: Path) -> None:
    model = loaded(tmp_path)
    keys = {key_of(model, ["care"])}
    matrix = model.matrix
    numbers = getattr(matrix, name)
    for place in range(len(numbers)):
        moved = numbers.copy()
        is_flag = moved.dtype == bool
        moved[place] = (
            not moved[place] if is_flag else 7.5 if np.isinf(moved[place]) else moved[place] + 1e-9
        )
        model.matrix = replace(matrix, **{name: moved})
        keys.add(key_of(model, ["care"]))
    assert len(keys) == 1 + len(numbers)


@pytest.mark.usefixtures("same_versions")
def test_the_key_moves_with_every_coefficient_and_its_place(tmp_path: Path) -> None:
    model = loaded(tmp_path)
    matrix, keys = model.matrix, {key_of(model, ["care"])}
    for place in range(matrix.a.nnz):
        a = matrix.a.copy()
        a.data[place] = np.nextafter(a.data[place], np.inf)
        model.matrix = replace(matrix, a=a)
        keys.add(key_of(model, ["care"]))
    assert len(keys) == 1 + matrix.a.nnz
    for a in (matrix.a[::-1], matrix.a[:, ::-1], matrix.a * 2):
        model.matrix = replace(matrix, a=scipy.sparse.csc_array(a))
        keys.add(key_of(model, ["care"]))
    assert len(keys) == 4 + matrix.a.nnz


def test_every_field_of_a_matrix_is_part_of_the_key_unless_each_ideal_has_its_own(
    tmp_path: Path,
) -> None:
    # A field that is new is part of it without anybody's doing.
    pieces = list(ideals_cache._pieces(loaded(tmp_path).matrix))
    assert not [field.name for field in fields(Matrix) if field.name.encode() not in pieces]


def test_weights_prices_and_the_order_of_goals_do_not_move_the_key(tmp_path: Path) -> None:
    model = loaded(tmp_path)
    key = key_of(model, ["care", "spread"])
    model.set_costs({"care": 7.0, "spread": 3.0})
    assert key_of(model, ["spread", "care"]) == key
    assert len({key, key_of(model, ["care"]), key_of(model, ["spread"])}) == 3


def test_the_key_moves_with_options_versions_and_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = loaded(tmp_path)
    keys = [key_of(model, ["care"])]
    model.options = {**model.options, "random_seed": 1}
    keys.append(key_of(model, ["care"]))
    # Ideals are worked out with one thread, however many a search has.
    model.options = {**model.options, "threads": 2}
    assert key_of(model, ["care"]) == keys[-1]
    known = versions()
    assert {"talent-optimizer", "highspy"} <= set(known)
    for name in known:
        changed = known | {name: "of tomorrow"}
        monkeypatch.setattr(ideals_cache, "versions", lambda changed=changed: changed)
        keys.append(key_of(model, ["care"]))
    monkeypatch.setattr(ideals_cache, "_code", lambda: "other code")
    keys.append(key_of(model, ["care"]))
    assert len(set(keys)) == len(keys)


def test_whatever_moves_an_ideal_is_worked_out_again(
    tmp_path: Path, kept: Path, worked_out: list[list[str]]
) -> None:
    # Six places instead of five, money for 2.5 slots, a larger effect.
    others = [
        (QUESTION, 15.0, 5.0),
        (QUESTION.with_(sites=("t,r1,,3", "t,r2,,3")), 18.0, 6.0),
        (QUESTION.with_(costs=("t,main,1,,,,,40",)), 7.5, 2.5),
        (QUESTION.aiming_at(GOALS.replace("effect = 3", "effect = 4")), 20.0, 5.0),
    ]
    for _ in range(2):
        for question, care, spread in others:
            case, policy = question.write(tmp_path)
            found = solve(policy, case).provenance["scales"]
            assert found == {"care": pytest.approx(care), "spread": pytest.approx(spread)}
    assert len(worked_out) == len(others)


@pytest.mark.slow
def test_the_key_is_the_same_in_every_process(tmp_path: Path) -> None:
    case, policy = QUESTION.write(tmp_path)
    code = (
        "import sys; from optimizer import *; from optimizer.persistent import LoadedModel\n"
        "from optimizer.formulation import build_pyomo\n"
        "from optimizer.session.ideals_cache import key_of\n"
        "instance = build_instance(load_case(sys.argv[2]), load_policy(sys.argv[1]))\n"
        "model = LoadedModel(instance, build_pyomo(instance, {'care': 1.0, 'spread': 1.0}))\n"
        "print(key_of(model, ['care', 'spread']))\n"
    )
    found = {key_of(loaded(tmp_path), ["care", "spread"])}
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", code, str(policy), str(case)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        found.add(done.stdout.strip())
    assert len(found) == 1


# What is read back


@pytest.mark.usefixtures("same_versions")
def test_ideals_come_back_to_the_last_bit(tmp_path: Path, kept: Path) -> None:
    memory = KeptIdeals(loaded(tmp_path), ["care", "spread"])
    for numbers in ((0.1 + 0.2, 1 / 3), (5e-324, 1.7976931348623157e308), (-0.0, -1e-12)):
        memory.keep(dict(zip(memory.goals, numbers, strict=True)))
        known = memory.known()
        assert known is not None
        assert [value.hex() for value in known.values()] == [value.hex() for value in numbers]


@pytest.mark.parametrize(
    "found",
    [
        {"care": 1.0},
        {"care": 1.0, "spread": float("nan")},
        {"care": 1.0, "spread": float("inf")},
        {"care": 1.0, "spread": 2.0, "more": 3.0},
        {"care": 1.0, "spread": None},
    ],
)
def test_what_is_no_proven_ideal_of_each_goal_is_not_kept(
    found: dict[str, Any], tmp_path: Path, kept: Path
) -> None:
    memory = KeptIdeals(loaded(tmp_path), ["care", "spread"])
    memory.keep(found)
    assert not kept.exists()


def broken(text: str) -> Iterator[str]:
    """A file as it is not written."""
    entry = json.loads(text)
    yield ""
    yield from (text[:length] for length in range(0, len(text), 17))
    yield text + text
    yield text.replace("}", ', "more": 1}', 1)
    yield text.replace("15.0", "16.0")
    yield text.replace("15.0", "15.00")
    yield text.replace('"care"', '"care": 1.0, "care"')
    yield text.replace("15.0", "NaN")
    yield text.replace("15.0", "Infinity")
    yield text.replace("15.0", "1e999")
    yield text.replace("15.0", "15")
    yield text.replace("15.0", "true")
    yield text.replace("15.0", '"15.0"')
    yield text.replace("15.0", "9" * 5000)
    yield text.replace("15.0", "[" * 9000)
    yield text.replace("care", "cares")
    yield text.replace("ideals", "ideal")
    yield text.replace(entry["key"], "0" * 64)
    yield text.replace("talent-optimizer", "somebody")
    for ideals in (None, [], [15.0, 5.0], {}, {"care": 15.0}, {**IDEALS, "more": 1.0}):
        yield json.dumps({**entry, "ideals": ideals})
    yield json.dumps([entry])
    yield json.dumps(15.0)


@pytest.mark.usefixtures("same_versions")
def test_a_file_that_is_not_what_we_write_is_not_used(tmp_path: Path, kept: Path) -> None:
    memory = KeptIdeals(loaded(tmp_path), ["care", "spread"])
    memory.keep(IDEALS)
    (file,) = kept.iterdir()
    text = file.read_text()
    assert memory.known() == IDEALS
    for content in broken(text):
        assert content != text
        file.write_text(content)
        assert memory.known() is None, content
    file.write_bytes(b"\xff" + text.encode())
    assert memory.known() is None
    memory.keep(IDEALS)
    assert file.read_text() == text


def test_a_broken_file_is_worked_out_again_and_replaced(
    files: tuple[Path, Path], kept: Path, worked_out: list[list[str]]
) -> None:
    solve(*files)
    (file,) = kept.iterdir()
    text = file.read_text()
    file.write_text(text[:-9])
    assert solve(*files).provenance["scales"] == IDEALS
    assert file.read_text() == text
    assert len(worked_out) == 2


@pytest.mark.slow
def test_two_processes_at_once_do_each_other_no_harm(files: tuple[Path, Path], kept: Path) -> None:
    code = "import sys, optimizer; print(optimizer.Session(*sys.argv[1:]).scales)"
    command = [sys.executable, "-c", code, *map(str, files)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(2)]
    told = {process.communicate()[0] for process in running}
    assert told == {f"{IDEALS}\n".encode()}
    assert len(list(kept.iterdir())) == 1


# On the command line


def run(monkeypatch: pytest.MonkeyPatch, *words: object) -> int:
    monkeypatch.setattr(sys, "argv", ["optimizer", *map(str, words)])
    return main()


def test_commands_use_what_is_kept_unless_told_not_to(
    files: tuple[Path, Path],
    kept: Path,
    worked_out: list[list[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = [tmp_path / "first", tmp_path / "second", tmp_path / "third"]
    assert run(monkeypatch, "solve", *files, "--out", out[0]) == 0
    assert run(monkeypatch, "solve", *files, "--out", out[1]) == 0
    assert run(monkeypatch, "check", out[0], *files, "--complete") == 0
    assert run(monkeypatch, "formulation", *files, "--format", "lp") == 0
    assert len(worked_out) == 1
    assert run(monkeypatch, "solve", *files, "--out", out[2], "--no-cache") == 0
    assert run(monkeypatch, "check", out[0], *files, "--complete", "--no-cache") == 0
    assert run(monkeypatch, "formulation", *files, "--format", "lp", "--no-cache") == 0
    assert len(worked_out) == 4
    origins = [json.loads((folder / "run.json").read_text())["scales_from"] for folder in out]
    assert origins == ["worked out", "kept from before", "worked out"]
    for name in ("plan.csv", "decisions.csv"):
        assert len({(folder / name).read_bytes() for folder in out}) == 1
