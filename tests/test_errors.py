"""Problems and exceptions: how they read, and that each one is in use."""

from __future__ import annotations

import inspect
import pickle
import re
import warnings
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer import errors
from optimizer.errors import (
    InfeasibleError,
    InputError,
    ModelWarning,
    OptimizerError,
    PolicyError,
    Problem,
    Problems,
    SolverError,
    did_you_mean,
)
from optimizer.errors.problems import MORE


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        pytest.param(Problem("a.csv", "is wrong"), "a.csv: is wrong", id="file"),
        pytest.param(Problem("a.csv", "is wrong", row=3), "a.csv row 3: is wrong", id="row"),
        pytest.param(
            Problem("a.csv", "is wrong", row=3, column="b"),
            "a.csv row 3, column b: is wrong",
            id="cell",
        ),
        pytest.param(
            Problem("a.csv", "is wrong", column="b"), "a.csv, column b: is wrong", id="column"
        ),
        pytest.param(
            Problem("a.toml", "is wrong", column="b.c"), "a.toml, b.c: is wrong", id="address"
        ),
        pytest.param(Problem("a.toml", "is wrong", row=3), "a.toml line 3: is wrong", id="line"),
        pytest.param(
            Problem("changes", "is wrong", column="b.c"), "changes, b.c: is wrong", id="change"
        ),
        pytest.param(
            Problem("a.csv", "is wrong", expected="something right"),
            "a.csv: is wrong\n    Expected something right.",
            id="expected",
        ),
        pytest.param(
            Problem("a.csv", "is wrong", maybe="this"),
            "a.csv: is wrong\n    Maybe this.",
            id="maybe",
        ),
        pytest.param(
            Problem("a.csv", "is wrong", expected="something right", maybe="this"),
            "a.csv: is wrong\n    Expected something right. Maybe this.",
            id="both",
        ),
    ],
)
def test_problem_reads_well(problem: Problem, text: str) -> None:
    assert str(problem) == text


def test_problems_are_sorted_by_file_and_row() -> None:
    problems = Problems()
    problems.add("b.csv", "one", row=1)
    problems.add("a.csv", "ten", row=10)
    problems.add("a.csv", "two", row=2)
    problems.add("a.csv", "whole")
    with pytest.raises(InputError) as caught:
        problems.raise_if_any(InputError)
    assert [problem.message for problem in caught.value.problems] == ["whole", "two", "ten", "one"]
    assert str(caught.value) == (
        "4 problems\n- a.csv: whole\n- a.csv row 2: two\n- a.csv row 10: ten\n- b.csv row 1: one"
    )


def test_nothing_is_raised_without_problems() -> None:
    Problems().raise_if_any(PolicyError)


def test_same_problem_is_told_once() -> None:
    problems = Problems()
    for _ in range(2):
        problems.add("p.toml", "is wrong", column="a")
    assert len(problems) == 1
    with pytest.raises(PolicyError, match=r"^1 problem\n- p\.toml, a: is wrong$"):
        problems.raise_if_any(PolicyError)


def test_rest_of_many_comes_last() -> None:
    problems = Problems()
    problems.add_all(Problem("a.csv", f"fault {number:02d}") for number in range(12))
    with pytest.raises(InputError) as caught:
        problems.raise_if_any(InputError)
    messages = [problem.message for problem in caught.value.problems]
    assert messages[9:] == ["fault 09", "... and 2 more like the ones before"]


def test_ten_problems_of_each_kind_are_shown_and_the_rest_counted() -> None:
    problems = Problems()
    for number in range(100_000):
        problems.add("p.toml", f"{number} is not text", column=f"limits.'a, {number}'.name")
    for row in range(2, 14):
        problems.add("a.csv", "'x' is not a number", row=row, column="gdp")
        problems.add("a.csv", "'x' is not a number", row=row, column="area")
    for column in "abcdefghijklmn":
        problems.add("a.csv", "is not a column", row=1, column=column)
    with pytest.raises(PolicyError) as caught:
        problems.raise_if_any(PolicyError)
    told = [str(problem) for problem in caught.value.problems]
    assert len(told) == 4 * 11
    assert "a.csv row 12, column gdp: ... and 2 more like the ones before" in told
    assert "a.csv row 1, column k: ... and 4 more like the ones before" in told
    assert told[-1] == "p.toml, limits.'a, 10005'.name: ... and 99,990 more like the ones before"
    assert len(str(caught.value)) < 5_000


@given(
    st.lists(
        st.builds(
            Problem,
            st.sampled_from(["a.csv", "p.toml"]),
            st.builds("'{}' is wrong {}".format, st.integers(0, 99), st.sampled_from("ab")),
            st.one_of(st.none(), st.integers(1, 99)),
            st.one_of(st.none(), st.sampled_from(["x", "y"])),
        ),
        max_size=99,
        unique=True,
    )
)
def test_no_problem_is_lost(found: list[Problem]) -> None:
    problems = Problems()
    problems.extend(found)
    shown = PolicyError(problems).problems
    more = [MORE.fullmatch(problem.message) for problem in shown]
    counted = sum(1 if each is None else int(each[1].replace(",", "")) for each in more)
    assert counted == len(found)
    # What travels between processes, or is collected again, counts the same.
    assert PolicyError(shown).problems == shown


def test_what_is_counted_is_counted_again() -> None:
    first, second = Problems(), Problems()
    for number in range(2):
        first.add_all(Problem("a.csv", f"{number} no {row}", row) for row in range(2, 22))
    second.extend(first)
    second.add("a.csv", "2 no 99", row=99)
    told = [str(problem) for problem in InputError(second).problems]
    assert told[-1] == "a.csv row 7: ... and 31 more like the ones before"
    assert len(told) == 11


def test_thousands_of_things_expected_are_cut() -> None:
    names = ", ".join(f"name {number}" for number in range(100_000))
    problem = Problem("p.toml", "is wrong", expected=f"one of {names}", maybe="name 7")
    assert len(str(problem)) < 2_100
    assert str(problem).endswith("name 208, name 209, ... and 99,790 more. Maybe name 7.")
    assert len(str(Problem("p.toml", "x" * 9_999))) < 2_100
    named = Problem("p.toml", "is wrong", column=f"limits.{'x' * 9_999}.at_least")
    assert str(named).endswith("xxx.at_least: is wrong")
    assert len(str(named)) < 400


def test_infeasible_error_holds_what_clashes() -> None:
    clash = {"rule": ["spending_within_budget"], "number": [7.0]}
    with pytest.raises(InfeasibleError, match=r"^no plan keeps every rule$") as caught:
        raise InfeasibleError("no plan keeps every rule", clash)
    assert caught.value.clash is clash


def test_solver_error_is_one_of_ours() -> None:
    with pytest.raises(OptimizerError, match="refused"):
        raise SolverError("HiGHS refused the model")
    with pytest.raises(SolverError):
        raise SolverError


def test_model_warning_is_a_user_warning() -> None:
    with pytest.warns(ModelWarning, match="odd"):
        warnings.warn("legal but odd", ModelWarning, stacklevel=1)
    assert issubclass(ModelWarning, UserWarning)


@pytest.mark.parametrize(
    "error",
    [
        PolicyError([Problem("p.toml", "is wrong")]),
        InputError([Problem("a.csv", "is wrong", row=2)]),
        InfeasibleError("no plan", clash=[1]),
        SolverError("no"),
    ],
)
def test_errors_travel_between_processes(error: OptimizerError) -> None:
    there = pickle.loads(pickle.dumps(error))
    assert type(there) is type(error)
    assert str(there) == str(error)
    assert there.__dict__ == error.__dict__


def exceptions() -> list[str]:
    return [
        name
        for name, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, Exception) and not name.startswith("_")
    ]


@pytest.mark.parametrize("name", exceptions())
def test_every_exception_is_raised_by_a_test(name: str) -> None:
    texts = [path.read_text() for path in sorted(Path(__file__).parent.glob("test_*.py"))]
    pattern = re.compile(rf"pytest\.(raises|warns)\({name}\b")
    assert any(pattern.search(text) for text in texts)


@pytest.mark.parametrize("name", exceptions())
def test_every_exception_is_in_the_drawn_tree(name: str) -> None:
    assert errors.__doc__ is not None
    assert re.search(rf"^    [│├└─ ]*{name}\b", errors.__doc__, re.MULTILINE)


@pytest.mark.parametrize(
    ("word", "options", "guess"),
    [
        pytest.param("wieght", ["weight", "scale"], "weight", id="misspelt"),
        pytest.param("osaka", ["Osaka", "Kyoto"], "Osaka", id="small letters"),
        pytest.param("zzz", ["weight", "scale"], None, id="nothing close"),
        pytest.param("weight", [], None, id="nothing there"),
    ],
)
def test_guesses(word: str, options: list[str], guess: str | None) -> None:
    assert did_you_mean(word, options) == guess
