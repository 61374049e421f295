"""Options of every command: each is given once, with a value, and its errors name it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import typer

import optimizer
from optimizer import ArgumentError, Keep, Near, Plan
from optimizer.cli import program
from shared import ROOT, run

COMMANDS: dict[str, Any] = dict(typer.main.get_command(program).commands)  # type: ignore[attr-defined]
POLICY, CASE = str(ROOT / "models" / "tiny.toml"), str(ROOT / "inputs" / "tiny")


def options_of(command: str) -> list[Any]:
    found = [each for each in COMMANDS[command].params if each.param_type_name == "option"]
    return [each for each in found if not each.is_eager]


def refused(command: str, *words: str) -> str:
    """What a command says of words that it does not even begin with."""
    with pytest.raises(typer.BadParameter) as raised:
        COMMANDS[command].make_context(command, list(words))
    return raised.value.format_message()


def given(option: Any) -> list[str]:
    """An option with as many words as it takes."""
    return [option.opts[0], *(["1"] * option.nargs if not option.is_flag else [])]


@pytest.mark.parametrize("command", COMMANDS)
def test_no_option_is_lost_where_it_is_given_again(command: str) -> None:
    """Of two values the last would count, and nothing would say so."""
    for option in options_of(command):
        words, again = given(option), [*given(option), *given(option)]
        if not option.multiple:
            told = refused(command, *words, *again)
            assert f"{option.opts[0]}" in told
            assert "is given 3 times; it may be given once" in told
            assert "is given twice; it may be given once" in refused(command, *again)
        if option.secondary_opts:
            assert "is given twice" in refused(command, *words, option.secondary_opts[0])


@pytest.mark.parametrize("command", COMMANDS)
def test_no_word_of_a_command_is_empty(command: str) -> None:
    """An empty path would be the folder one stands in."""
    for option in options_of(command):
        if not option.is_flag:
            blank = [option.opts[0], *[""] * option.nargs]
            assert f"{option.opts[0]}: is empty" in refused(command, *blank)
    words = [each for each in COMMANDS[command].params if each.param_type_name == "argument"]
    for number in range(len(words)):
        assert ": is empty" in refused(command, *["x"] * number, "")


def test_options_that_may_be_repeated_are() -> None:
    repeated = {each.opts[0] for name in COMMANDS for each in options_of(name) if each.multiple}
    assert {"--set", "--keep", "--nested-in", "--without"} <= repeated


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "small"
    return optimizer.write_run(optimizer.solve(POLICY, CASE, gap=0.0), folder)


Asked = Callable[..., tuple[int, str]]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Asked:
    """Exit code and problems of a command."""
    return lambda *words: (run(monkeypatch, *words), capsys.readouterr().err)


OF_PLANS: dict[str, tuple[Sequence[str], str]] = {
    "near": (["--near", "{},yeer=2030", "--change-price", "1"], "slots have no column 'yeer'"),
    "near, both": (
        ["--near", "{},country=AVA,region=coast", "--change-price", "1"],
        "names countries and regions at once",
    ),
    "near, unknown": (
        ["--near", "{},year=2099", "--change-price", "1"],
        "no slots could be granted with year '2099'",
    ),
    "near, no plan": (
        ["--near", ",year=2030", "--change-price", "1"],
        "',year=2030' names no plan",
    ),
    "keep": (["--keep", "{},yeer=2030"], "slots have no column 'yeer'"),
    "keep, no plan": (["--keep", " ,year=2030"], "' ,year=2030' names no plan"),
    "nested-in": (["--nested-in", "{},yeer=2030"], "slots have no column 'yeer'"),
    "nested-in, unknown": (
        ["--nested-in", "{},track=labs"],
        "no slots could be granted with track 'labs'",
    ),
}


@pytest.mark.parametrize("name", OF_PLANS)
def test_an_option_of_earlier_plans_is_named(
    asked: Asked, small: Path, tmp_path: Path, name: str
) -> None:
    words, message = OF_PLANS[name]
    said = [word.replace("{}", str(small)) for word in words]
    code, told = asked("solve", POLICY, CASE, "--out", tmp_path / "new", *said)
    assert code == 2
    assert f"- {words[0]}: {message}" in told
    assert not (tmp_path / "new").exists()


OF_QUESTIONS: dict[str, tuple[Sequence[str], str]] = {
    "why": (["explain", "--why", "slots[a=1]"], "--why 'slots[a=1]': 'a' is not a key of slots"),
    "why-not": (["explain", "--why-not", "x"], "--why-not x: cannot be read"),
    "without": (["explain", "--without", "x"], "--without: 'x' names nothing that can be left out"),
    "by": (["alternatives", "--by", "nope"], "--by: no slots are decided by 'nope'"),
}


@pytest.mark.parametrize("name", OF_QUESTIONS)
def test_an_option_of_a_question_is_named(asked: Asked, small: Path, name: str) -> None:
    (command, *words), message = OF_QUESTIONS[name]
    code, told = asked(command, small, *words)
    assert code == 2
    assert f"- {message}\n" in told


def test_prices_of_repairs_are_named(asked: Asked) -> None:
    code, told = asked("repair", POLICY, CASE, "--price", "x=-3")
    assert code == 2
    assert "- --price: -3.0 is not a valid price of x\n" in told


def test_arguments_are_named_in_python(small: Path) -> None:
    run_of = optimizer.load_run(small)
    plan = run_of.plan
    assert isinstance(plan, Plan)
    asks: tuple[Callable[[], object], ...] = (
        lambda: optimizer.weights(run_of, samples=-1),
        lambda: optimizer.weights(run_of, within=2),
        lambda: optimizer.marginal_values(run_of, top=-1),
        lambda: optimizer.alternatives(run_of, by=["nope"]),
        lambda: optimizer.solve(POLICY, CASE, gap=2),
        lambda: optimizer.solve(POLICY, CASE, time_limit=0),
        lambda: Near(plan, -1.0),
        lambda: Keep(plan, {"yeer": 1}),
    )
    for ask in asks:
        with pytest.raises(ArgumentError, match=r"\n- arguments, "):
            ask()
