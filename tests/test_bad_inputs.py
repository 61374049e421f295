"""A catalogue of bad inputs: every kind is refused, with the whole text that its user reads."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from bad_inputs import books, cells, forecasts, paths, plans, policies, studies, tables
from bad_inputs.given import MEGABYTE, POLICY, Kind, book_file, with_part
from case_builder import changed, full_case, write_case
from optimizer import load_case, load_policy, read_plan, solve, validate
from optimizer import write_case as write_out
from optimizer.errors import InputError, OptimizerError
from optimizer.runs import FORMULA_STARTS, write_tables

ROOT = Path(__file__).resolve().parents[1]
PARTS = (cells, tables, forecasts, paths, policies, books, plans, studies)
NAMES = [name for part in PARTS for name in part.KINDS]
KINDS: dict[str, Kind] = {name: kind for part in PARTS for name, kind in part.KINDS.items()}


def test_the_catalogue_is_large_and_names_each_kind_once() -> None:
    assert len(set(NAMES)) == len(NAMES)
    assert len(NAMES) >= 200


@pytest.mark.parametrize("name", KINDS)
def test_bad_input_is_told(name: str, tmp_path: Path) -> None:
    kind = KINDS[name]
    with pytest.raises(OptimizerError) as raised:
        kind.action(tmp_path)
    told = kind.told.replace("{folder}", str(tmp_path)).replace("{name}", tmp_path.name)
    assert str(raised.value) == told


def test_the_examples_in_the_documentation_are_what_users_read() -> None:
    page = (ROOT / "docs" / "data-dictionary.md").read_text(encoding="utf-8")
    examples = re.findall(r"<!-- told: ([^>]*) -->\n```text\n(.*?)\n```", page, re.DOTALL)
    assert len(examples) == 3
    for name, text in examples:
        assert KINDS[name].told == f"1 problem\n{text}"


FINE: dict[str, tuple[str, Callable[[str], str]]] = {
    "byte order mark": ("applicants.csv", lambda text: "\ufeff" + text),
    "line ends of Windows": ("applicants.csv", lambda text: text.replace("\n", "\r\n")),
    "line ends of old Macs": ("applicants.csv", lambda text: text.replace("\n", "\r")),
    "no line end at the end": ("applicants.csv", lambda text: text.rstrip("\n")),
    "everything in quotes": (
        "applicants.csv",
        lambda text: "".join(
            ",".join(f'"{cell}"' for cell in line.split(",")) + "\n" for line in text.splitlines()
        ),
    ),
    "numbers with signs and exponents": (
        "applicants.csv",
        lambda text: text.replace(",,100", ",,+1e2").replace(",,20\n", ",,20.0\n"),
    ),
}


@pytest.mark.parametrize("name", FINE)
def test_what_is_only_written_otherwise_is_read_the_same(name: str, tmp_path: Path) -> None:
    file, rewrite = FINE[name]
    usual = load_case(write_case(tmp_path / "usual", full_case()))
    files = full_case() | {file: rewrite(full_case()[file])}
    other = load_case(write_case(tmp_path / "other", files))
    for table, frame in usual.tables.items():
        pd.testing.assert_frame_equal(other.tables[table], frame)


def test_byte_order_mark_of_a_header_file_is_fine(tmp_path: Path) -> None:
    files = full_case() | {"case.toml": "\ufeff" + full_case()["case.toml"]}
    assert load_case(write_case(tmp_path / "case", files)).years == (2027, 2028)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_rows_are_counted_right_after_a_note_of_several_lines(end: str, tmp_path: Path) -> None:
    text = f'track,region,max_slots,note\nstudy,miyagi,60,"one{end}two{end}three"\nlab,osaka,x,\n'
    with pytest.raises(InputError) as raised:
        load_case(write_case(tmp_path / "bad", full_case() | {"sites.csv": text}))
    assert str(raised.value) == (
        "1 problem\n"
        "- sites.csv row 5, column max_slots: 'x' is not a number\n"
        "    Expected a whole number of at least 0."
    )
    fine = text.replace("osaka,x", "osaka,10") + "study,osaka,80,\n"
    case = load_case(write_case(tmp_path / "fine", full_case() | {"sites.csv": fine}))
    assert case.table("sites").index.tolist() == [2, 5, 6]
    assert case.table("sites")["note"][2] == f"one{end}two{end}three"


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("宮城　県", id="ideographic space"),
        pytest.param("می\u200c\u0627گی", id="joiner inside a word"),
        pytest.param("Łódź \U0001f3ef", id="accents and a picture"),
        pytest.param("=Miyagi", id="formula"),
        pytest.param("O'Higgins – “north”", id="quotes and dashes"),
    ],
)
def test_names_of_all_scripts_are_kept(name: str, tmp_path: Path) -> None:
    files = changed(full_case(), "regions.csv", "miyagi,Miyagi", f"miyagi,{name}")
    case = load_case(write_case(tmp_path / "case", files))
    assert case.table("regions")["name"].tolist() == [name, "Osaka"]


def test_goal_of_the_scores_that_the_policy_lacks_is_odd(tmp_path: Path) -> None:
    files = changed(full_case(), "scores.csv", "growth,KOR,study,,1.5", "growht,KOR,study,,1.5")
    (tmp_path / "plain.toml").write_text(POLICY, encoding="utf-8")
    case = write_case(tmp_path / "case", files)
    (found,) = validate([tmp_path / "plain.toml", case], solve=False)
    assert found.ok
    told = [warning for warning in found.warnings if warning.startswith("scores.csv")]
    assert told == [
        "scores.csv row 2, column goal: 1 row for 'growht', which is not a goal of the policy, "
        "counts "
        "for nothing. Maybe you want 'growth'.",
    ]


def test_zip_bomb_takes_neither_time_nor_memory(tmp_path: Path) -> None:
    bomb = book_file(with_part("xl/media/picture.bin", 100, MEGABYTE))
    with pytest.raises(InputError):
        bomb(tmp_path)
    path = tmp_path / "case.xlsx"
    assert path.stat().st_size < 300_000
    tracemalloc.start()
    started = time.perf_counter()
    with pytest.raises(InputError):
        load_case(path)
    seconds, (_, peak) = time.perf_counter() - started, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert seconds < 5
    assert peak < 5_000_000


def test_table_of_ten_million_rows_is_refused_quickly(tmp_path: Path) -> None:
    folder = write_case(tmp_path / "case", full_case())
    rows = b"KOR,study,,100\n" * 10_000
    with (folder / "applicants.csv").open("wb") as file:
        file.write(b"country,track,year,applicants\n")
        for _ in range(1_000):
            file.write(rows)
    started = time.perf_counter()
    with pytest.raises(InputError) as raised:
        load_case(folder)
    assert time.perf_counter() - started < 5
    assert str(raised.value) == (
        "1 problem\n"
        "- applicants.csv: has 10,000,001 lines\n"
        "    Expected at most 2,000,001, a header and 2,000,000 rows."
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("file", ["sites.csv", "case.toml"])
def test_file_that_may_not_be_read_is_told(file: str, tmp_path: Path) -> None:
    folder = write_case(tmp_path / "case", full_case())
    (folder / file).chmod(0)
    with pytest.raises(InputError) as raised:
        load_case(folder)
    assert str(raised.value) == f"1 problem\n- {file}: cannot be read: Permission denied"


RENAMED = {"AVA": "=AVA()", "BOR": "+BOR", "CYR": "@CYR", "hills": "-hills", "work": "=1+1"}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny case and its policy with keys that a spreadsheet would run as formulas."""
    folder = tmp_path_factory.mktemp("hostile")
    for path in [*(ROOT / "inputs" / "tiny").glob("*.csv"), ROOT / "inputs" / "tiny" / "case.toml"]:
        with path.open(encoding="utf-8", newline="") as file:
            rows = [[RENAMED.get(cell, cell) for cell in row] for row in csv.reader(file)]
        (folder / "tiny").mkdir(exist_ok=True)
        if path.suffix == ".toml":
            (folder / "tiny" / path.name).write_bytes(path.read_bytes())
            continue
        with (folder / "tiny" / path.name).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(rows)
    policy = (ROOT / "models" / "tiny.toml").read_text(encoding="utf-8")
    assert policy.count('region = "hills"') == 1
    text = policy.replace('region = "hills"', 'region = "-hills"')
    (folder / "tiny.toml").write_text(text, encoding="utf-8")
    return folder


def formulas(path: Path) -> list[str]:
    book = openpyxl.load_workbook(path)
    return [
        f"{sheet.title}!{cell.coordinate}"
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if cell.data_type == "f"
    ]


def test_no_plan_that_is_written_holds_a_formula(hostile: Path, tmp_path: Path) -> None:
    policy, case = load_policy(hostile / "tiny.toml"), load_case(hostile / "tiny")
    plan = solve(policy, case)
    write_tables(plan, tmp_path, policy, case)
    for name in ("plan.csv", "decisions.csv"):
        with (tmp_path / name).open(encoding="utf-8", newline="") as file:
            starting = [
                cell for row in csv.reader(file) for cell in row if cell.startswith(FORMULA_STARTS)
            ]
        assert not starting
    assert not formulas(tmp_path / "plan.xlsx")
    found = read_plan(tmp_path / "plan.csv", case).decisions.slots
    pd.testing.assert_frame_equal(found.reset_index(drop=True), plan.decisions.slots)
    assert set(found["country"]) <= {"=AVA()", "+BOR", "@CYR"}


@pytest.mark.parametrize("target", ["tiny.xlsx", "again"])
def test_no_case_that_is_written_holds_a_formula(
    target: str, hostile: Path, tmp_path: Path
) -> None:
    case = load_case(hostile / "tiny")
    write_out(case, tmp_path / target)
    if target.endswith(".xlsx"):
        assert not formulas(tmp_path / target)
    found = load_case(tmp_path / target)
    for name, frame in case.tables.items():
        pd.testing.assert_frame_equal(found.tables[name], frame)


def test_names_that_a_terminal_cannot_show_are_told_all_the_same(tmp_path: Path) -> None:
    folder = os.fsdecode(os.fsencode(tmp_path) + b"/c\xf4")
    write_case(Path(folder), full_case())
    run = [sys.executable, "-m", "optimizer", "validate", folder]
    environment = os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = subprocess.run(run, capture_output=True, cwd=ROOT, env=environment, check=False)
    assert done.returncode == 1
    assert done.stderr == b""
    *said, following = done.stdout.decode().splitlines()[1:]
    assert said == [
        "       c\\udcf4: its name is not UTF-8",
        "    Expected a name that can be written.",
    ]
    assert following == f"Next: optimizer validate '{tmp_path}/c\\udcf4'"
