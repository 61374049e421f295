"""The README and the pages say what is true: commands, links, tables and generated parts."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pyomo.environ as pyo
import pytest
import typer

import optimizer
import shared
from optimizer import cli
from optimizer.cli import program
from optimizer.plan.answers import ANSWER_SHEETS
from optimizer.runs.workbook import sheets_of
from optimizer.schema.tables import TABLES

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
DOCS = ROOT / "docs"
PAGES = [README, *sorted(DOCS.glob("*.md")), *sorted(DOCS.glob("policies/*.md"))]
INSTALL = "python3 -m venv .venv && . .venv/bin/activate && pip install --only-binary :all: -c "
COMMANDS = {
    "solve": f'{INSTALL}constraints.txt -e ".[all]" '
    "&& optimizer solve models/balanced.toml inputs/japan",
    "test": f'{INSTALL}constraints.txt -e ".[all,test]" && pytest -n 2 -m "not slow"',
}
LONGEST_SECONDS = 20.0

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)


def load(name: str, path: Path) -> ModuleType:
    """Load a script that is not part of any package."""
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def block(page: Path, marker: str) -> str:
    """Code of the block right below a marker comment."""
    pattern = rf"^<!-- {re.escape(marker)} -->\n```\w*\n(.*?)^```$"
    found: list[str] = re.findall(pattern, page.read_text(encoding="utf-8"), re.M | re.S)
    assert len(found) == 1, f"{page.name}: {len(found)} blocks marked {marker!r}"
    return found[0]


def slug(heading: str) -> str:
    """Anchor that forges give to a heading."""
    plain = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return plain.replace(" ", "-")


def anchors(page: Path) -> set[str]:
    return {slug(line) for line in re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.M)}


def options_by_command() -> dict[str, set[str]]:
    group = typer.main.get_command(program)
    commands = getattr(group, "commands", {})
    return {
        name: {
            option
            for parameter in command.params
            for option in [*parameter.opts, *parameter.secondary_opts]
        }
        for name, command in commands.items()
    }


def test_generated_parts_are_current() -> None:
    stale = load("generate", DOCS / "generate.py").stale_pages()
    assert not stale, f"run docs/generate.py: {[page.name for page in stale]}"


def test_every_generated_part_stands_in_a_page() -> None:
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    named = re.findall(r"<!-- generated: ([\w-]+) -->", text)
    # What a command's number means is told to users and to writers of pipelines.
    named.remove("exit-codes")
    assert sorted(named) == sorted(load("generate", DOCS / "generate.py").BLOCKS)


@pytest.mark.parametrize("name", COMMANDS)
def test_readme_commands_are_the_tested_ones(name: str) -> None:
    reader = load("readme_command", ROOT / ".ci" / "readme_command.py")
    assert reader.command(name, README.read_text(encoding="utf-8")) == COMMANDS[name]


def test_no_test_is_left_out_of_both_jobs() -> None:
    _, _, quick = COMMANDS["test"].rpartition(" && ")
    (left_out,) = re.findall(r'^pytest -n 2 -m "not (\w+)"$', quick)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert f"\n\t$(BIN){quick}\n" in makefile
    assert re.search(r"^check:.*\n\tbash \.ci/run$", makefile, re.M)
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    after = lines[lines.index("readme_command test") :]
    assert f"pytest -n 2 -m {left_out}" in after


def test_readme_shows_what_the_first_command_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("models", "inputs"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.chdir(tmp_path)
    command = "optimizer solve models/tiny.toml inputs/tiny"
    assert f"\n{command}\n" in README.read_text(encoding="utf-8")
    monkeypatch.setattr(sys, "argv", command.split())
    assert cli.main() == 0
    # Seconds are those of the machine.
    shown, printed = (
        re.sub(r"\d+\.\d s", "s", text)
        for text in (block(README, "printed: tiny"), capsys.readouterr().out)
    )
    assert shown == printed


@pytest.mark.slow
def test_readme_python_runs() -> None:
    code = block(README, "python")
    lines = [line for line in code.splitlines() if line and not line.startswith("import")]
    assert len(lines) <= 10
    before = os.times().children_user
    run = [sys.executable, "-c", code]
    done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    # Processor time, so that other tests beside this one do not count.
    assert os.times().children_user - before < LONGEST_SECONDS
    assert done.stdout.startswith(("optimal", "feasible"))
    assert "Every rule holds" in done.stdout


@each_page
def test_links_resolve(page: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        is_there = file.is_relative_to(ROOT) and file.exists()
        if not is_there or (anchor and anchor not in anchors(file)):
            broken.append(target)
    assert not broken


@each_page
def test_commands_and_options_exist(page: Path) -> None:
    known = options_by_command()
    wrong = []
    for line in page.read_text(encoding="utf-8").splitlines():
        # Options belong to the command named in the same line; elsewhere any command will do.
        named = re.findall(r"\boptimizer ([a-z]+)\b", line) if "`" in line else []
        wrong += [f"optimizer {name}" for name in named if name not in known]
        allowed = set().union(*(known[name] for name in named if name in known)) or set().union(
            *known.values()
        )
        found = re.findall(r"(?<=`)(--[a-z][a-z-]*)", line)
        wrong += [f"{option} in: {line}" for option in found if option not in allowed]
    assert not wrong


@pytest.mark.parametrize("page", [README, DOCS / "which-command.md"], ids=lambda page: page.stem)
def test_commands_in_the_tables_are_all_there_are(page: Path) -> None:
    rows = re.findall(r"^\| [^|]* \| `optimizer (\w+)", page.read_text(encoding="utf-8"), re.M)
    commands = getattr(typer.main.get_command(program), "commands", {})
    assert set(rows) == {name for name, command in commands.items() if not command.hidden}


def test_example_policy_joins_the_japan_case(tmp_path: Path) -> None:
    policy = tmp_path / "example.toml"
    policy.write_text(block(DOCS / "policies.md", "example policy"), encoding="utf-8")
    case = shared.case("japan")
    instance = optimizer.build_instance(case, optimizer.load_policy(policy))
    assert len(instance.limits) == len(instance.policy.limits)


RESULTS = DOCS / "results.md"


def described(marker: str) -> dict[str, list[str]]:
    """Names and columns in the table below a marker of the page on results."""
    section = RESULTS.read_text(encoding="utf-8").split(f"<!-- {marker} -->")[1]
    table = section.strip().split("\n\n")[0].splitlines()[2:]
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in table]
    return {row[0].strip("`"): row[1].split(", ") for row in cells}


@pytest.fixture(scope="module")
def plan() -> optimizer.Plan:
    return optimizer.solve(
        ROOT / "models" / "tiny.toml", ROOT / "inputs" / "tiny", extend=with_a_custom_variable
    )


def with_a_custom_variable(model: Any, _: optimizer.Instance) -> None:
    model.extra = pyo.Var([2030], bounds=(0, 1))
    model.extra_is_small = pyo.Constraint(expr=model.extra[2030] <= 0.5)


def test_result_tables_are_those_of_a_plan(plan: optimizer.Plan) -> None:
    tables = {name: list(frame) for name, frame in plan.tables.items()}
    assert described("tables of a plan") == tables


def test_docstring_of_a_plan_names_its_tables(plan: optimizer.Plan) -> None:
    told = str(optimizer.Plan.__doc__).split("What follows:")[1].split("notes\n")[0]
    assert re.findall(r"``(\w+)``", told) == list(plan.tables)


def test_sheets_are_those_of_a_plan(plan: optimizer.Plan) -> None:
    policy = shared.policy("tiny")
    case = shared.case("tiny")
    sheets = {name: list(frame) for name, frame in sheets_of(plan, policy, case).items()}
    assert described("tables of a plan") | described("sheets of a plan") == sheets


def test_no_page_names_a_sheet_or_column_of_a_plan_that_it_has_not(plan: optimizer.Plan) -> None:
    text = RESULTS.read_text(encoding="utf-8")
    sheets = described("tables of a plan") | described("sheets of a plan")
    frames = [*plan.decisions.tables().values(), *plan.tables.values()]
    known = {name for names in sheets.values() for name in names}
    known |= {str(name) for frame in frames for name in frame}
    named = re.findall(r"\bsheets?,? ((?:`\w+`(?:, | and |,\n| and\n)?)+)", text)
    assert set(re.findall(r"`(\w+)`", " ".join(named))) <= set(sheets)
    assert set(re.findall(r"\bcolumns? `(\w+)`", text)) <= known
    # What is quoted and has a line in it can only be the name of a table or of a column.
    quoted = set(re.findall(r"`([a-z]+_[a-z_]+)`", text))
    # ... or a key of run.json or summary.json.
    in_run = {*plan.provenance, *plan.summary(), "provisional_scales"}
    named_too = {*plan.decisions.tables(), *TABLES, *ANSWER_SHEETS.values(), *in_run}
    # Every sheet of what is asked of a plan has its row.
    assert set(ANSWER_SHEETS.values()) <= quoted
    assert quoted <= known | set(sheets) | named_too


def test_dictionary_names_columns_as_files_and_as_frames_have_them(tmp_path: Path) -> None:
    text = (DOCS / "data-dictionary.md").read_text(encoding="utf-8")
    (path,) = optimizer.write_template(tmp_path / "new", currency="CHF")
    for name, frame in optimizer.load_case(path).tables.items():
        section = text.split(f"\n### {name}\n")[1].split("\n###")[0].split("<!--")[0]
        rows = re.findall(r"^\| `([\w<>]+)` \|.*\|(.*)\|$", section, re.M)
        in_python = [(header, re.search(r"`(\w+)` in Python", told)) for header, told in rows]
        in_frames = [header if said is None else said[1] for header, said in in_python]
        assert [*in_frames, "source", "note"] == list(frame)
        header = (path / f"{name}.csv").read_text(encoding="utf-8").strip()
        in_files = [header.replace("<cur>", "chf") for header, _ in rows]
        assert header == ",".join([*in_files, "source", "note"])
