"""A first case: what is asked, what is written solves at once, and nothing else is replaced."""

from __future__ import annotations

import csv
import os
import pty
import re
import select
import shlex
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

import shared
from optimizer import load_case, load_policy, validate, write_first_case
from optimizer.errors import InputError
from optimizer.policy.first_case import EXAMPLE

Run = Callable[..., tuple[int, str]]
OPTIONS = (
    *("--title", "Scholarships", "--currency", "eur", "--years", "2027-2029"),
    *("--countries", "KEN=Kenya, VNM", "--tracks", "bachelor, master"),
    *("--regions", "north, south=The south"),
)


def next_of(said: str) -> list[str]:
    line = said.splitlines()[-1]
    assert line.startswith("Next: optimizer ")
    return shlex.split(line)[2:]


@pytest.mark.parametrize("name", ["mine", "mine.xlsx", "v1.0"])
def test_what_is_written_solves_and_its_report_is_there(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    monkeypatch.chdir(tmp_path)
    code, said = run("new", name, *OPTIONS)
    assert code == 0, said
    case = load_case(name)
    assert (case.title, case.currency, case.years) == ("Scholarships", "EUR", (2027, 2028, 2029))
    assert case.table("countries")["name"].tolist() == ["Kenya", "VNM"]
    assert case.table("tracks")["pathway"].eq("study").all()
    assert case.table("regions")["name"].tolist() == ["North", "The south"]
    assert case.country_codes == "iso3166"
    for frame in case.tables.values():
        assert frame["source"].eq(EXAMPLE).all()
    (item,) = validate([Path(name)])
    assert (item.ok, item.warnings) == (True, ())

    # The next command, as it is printed, leads to a report, and is the first of the steps.
    words = next_of(said)
    code, said = run(*words)
    assert code == 0, said
    folder = Path("runs") / ("mine-mine" if name.endswith(".xlsx") else f"policy-{name}")
    assert case.name == name.removesuffix(".xlsx")
    page = (folder / "report.html").read_text("utf-8")
    assert "Scholarships" in page
    assert EXAMPLE.partition(": ")[2] in page
    slots = list(csv.DictReader((folder / "plan.csv").read_text("utf-8").splitlines()))
    # All of both countries cannot be paid for, and each of them gets some.
    assert {row["country"] for row in slots} == {"KEN", "VNM"}
    wanted = case.table("applicants")["applicants"].sum() * len(case.years)
    assert 0 < sum(float(row["slots"]) for row in slots) < wanted

    steps = steps_of(Path(name))
    assert steps[0] == f"optimizer {shlex.join(words)}"
    assert f"{folder}/report.html" in " ".join(steps)
    for step in steps[1:]:
        command = step.partition(": ")[0]
        if command.startswith("optimizer "):
            code, said = run(*shlex.split(command)[1:])
            assert code == 0, said


def steps_of(path: Path) -> list[str]:
    """What the file says is to be done next, without marks."""
    if path.suffix == ".xlsx":
        rows = openpyxl.load_workbook(path)["read me"].iter_rows(values_only=True)
        found = [str(right) for left, right in rows if re.match(r"\d\. ", str(left))]
    else:
        text = (path / "README.md").read_text("utf-8")
        lines = re.findall(r"^\d\. \*\*.*?\*\* (.*)$", text, re.M)
        found = [line.replace("`", "") for line in lines]
    assert len(found) == 7
    return found


def test_without_options_and_without_a_terminal_what_is_proposed_stands(
    tmp_path: Path, run: Run
) -> None:
    code, said = run("new", tmp_path / "mine")
    assert code == 0, said
    assert said == (
        f"Written: {tmp_path / 'mine'}\nWritten: {tmp_path / 'mine' / 'policy.toml'}\n"
        "Every row is an example, and its source says so. What to do next stands in "
        f"{tmp_path / 'mine' / 'README.md'}.\n"
        f"Next: optimizer solve {tmp_path / 'mine' / 'policy.toml'} {tmp_path / 'mine'}\n"
    )
    case, policy = load_case(tmp_path / "mine"), load_policy(tmp_path / "mine" / "policy.toml")
    assert not len(case.table("regions"))
    assert (case.title, case.currency) == ("First case", "JPY")
    assert [limit.name for limit in policy.limits] == ["country_share"]
    files = {file.name for file in (tmp_path / "mine").iterdir()}
    # Tables without rows are left out.
    assert "sites.csv" not in files
    assert {"README.md", "policy.toml", "case.toml", "costs.csv"} <= files


def test_one_country_is_not_kept_to_a_half(tmp_path: Path) -> None:
    _, policy = write_first_case(tmp_path / "mine", countries=["a"])
    assert not load_policy(policy).limits
    assert load_case(tmp_path / "mine").country_codes == "any"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--years", "soon"), "'soon' is not the first and the last year"),
        (("--currency", "yen!"), "case.toml, currency: 'yen!' is not allowed"),
        (("--countries", "KEN, KEN"), "countries: 'KEN' is given twice"),
        (
            ("--tracks", "study, Study"),
            "tracks: 'Study' differs from 'study' in spelling alone",
        ),
        (("--tracks", "study,,work"), "tracks: '' has no code"),
        (("--countries", "none"), "countries: none is given"),
        (("--empty", "--tracks", "study"), "is for example rows, not for an empty case or a copy"),
    ],
)
def test_wrong_options_are_named_and_nothing_is_left(
    options: tuple[str, ...], said: str, tmp_path: Path, run: Run
) -> None:
    code, printed = run("new", tmp_path / "mine", *options)
    assert code in (1, 2)
    assert said in " ".join(printed.split())
    assert not list(tmp_path.iterdir())


def test_what_the_tool_did_not_write_is_never_replaced(tmp_path: Path, run: Run) -> None:
    run("new", tmp_path / "mine")
    code, said = run("new", tmp_path / "mine")
    assert code == 2
    assert "exists already" in said
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    code, said = run("new", tmp_path / "mine", "--force")
    assert code == 2
    assert "holds files that are not part of a case: notes.txt" in said
    (tmp_path / "mine" / "notes.txt").unlink()
    (tmp_path / "mine" / "policy.toml").write_text("schema = 1\n")
    assert run("new", tmp_path / "mine", "--force")[0] == 2
    assert (tmp_path / "mine" / "policy.toml").read_text() == "schema = 1\n"
    (tmp_path / "book-policy.toml").write_text("schema = 1\n")
    assert run("new", tmp_path / "book.xlsx", "--force")[0] == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["book-policy.toml", "mine"]
    run("new", tmp_path / "ours")
    assert run("new", tmp_path / "ours", "--force", "--title", "Again")[0] == 0
    assert load_case(tmp_path / "ours").title == "Again"


def test_codes_that_no_table_takes_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="table countries, row 0, column country"):
        write_first_case(tmp_path / "mine", countries=["A\u200b"])
    assert not list(tmp_path.iterdir())


def test_on_a_terminal_it_asks_for_what_no_option_says(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "optimizer", "new", "mine", "--title", "Said"]
    main, other = pty.openpty()
    process = subprocess.Popen(
        command, cwd=tmp_path, stdin=other, stdout=other, stderr=other, close_fds=True
    )
    os.close(other)
    said = "\n"
    # What cannot be read is asked for again; blank answers take what is proposed.
    answers = {
        "Currency": "francs",
        "First and last year": "next year",
        "Countries": "AA=Land A, BB",
        "Tracks": "",
        "Regions": "one, two",
    }
    again = {"'francs' is not a currency": "chf", "'next year' is not": "2030-2031"}
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if not select.select([main], [], [], 1.0)[0]:
            continue
        try:
            piece = os.read(main, 4096).decode()
        except OSError:
            break
        if not piece:
            break
        said += piece
        if said.endswith("]: "):
            *_, before, tail = said.splitlines()
            asked = [key for key in again if before.startswith(key)]
            key = next(key for key in answers if tail.startswith(key))
            os.write(main, f"{again[asked[0]] if asked else answers[key]}\n".encode())
    assert process.wait(10) == 0, said
    os.close(main)
    case = load_case(tmp_path / "mine")
    assert (case.title, case.currency, case.years) == ("Said", "CHF", (2030, 2031))
    assert case.table("countries")["country"].tolist() == ["AA", "BB"]
    assert case.table("tracks")["track"].tolist() == ["study", "research", "work"]
    assert case.table("regions")["region"].tolist() == ["one", "two"]
    assert "Title [" not in said


def test_the_page_shows_commands_that_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    monkeypatch.chdir(tmp_path)
    text = (shared.ROOT / "docs" / "first-plan.md").read_text("utf-8")
    (command,) = re.findall(r"<!-- command: new -->\n```sh\n(.*)\n```", text)
    code, said = run(*shlex.split(command)[1:])
    assert code == 0, said
    assert next_of(said) == ["solve", "mine.xlsx"]
    assert EXAMPLE in text
