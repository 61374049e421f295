"""Makes bad inputs: each function gives an action that writes one into a folder and reads it."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import openpyxl

from case_builder import changed, full_case, smallest_case, write_case
from optimizer import build_instance, load_case, load_policy, read_plan
from optimizer import write_case as write_out

Action = Callable[[Path], object]
"""Given an empty folder, writes a bad input into it and reads that; raises what the user sees."""

POLICY = """\
schema = 1
title = "Plain"

[horizon]
years = [2027, 2028]
discount = 0.03

[goals.growth]
weight = 2
missing = "zero"
[[goals.growth.indicators]]
column = "gdp"
range = [0, 50]
[[goals.growth.effects]]
where = { pathway = ["study", "exchange"] }
stage = "complete"
effect = 1.5

[goals.welcome]
weight = 1
[[goals.welcome.region_effects]]
stage = "enter"
effect = 1

[[limits]]
name = "asia_share"
measure = "slots"
where = { world_region = "Asia" }
by = ["year"]
at_most = { times = 0.8, measure = "slots" }

[budget]
carry_over = 0.05
[[budget.transfers]]
from = "grants"
to = "welcome"
share = 0.1
"""

EXTENDING = 'schema = 1\nextends = "{}"\n'

MEGABYTE = b" " * 2**20

PLAN = """\
country,track,level,region,year,slots
KOR,study,standard,osaka,2027,5
FRA,study,standard,miyagi,2027,3
"""

DECISIONS = "decision,country,track,next_track,group,region,service,line,to_line,year,amount\n"

RUN = {"scales": {"growth": 2.0}}


@dataclass(frozen=True)
class Kind:
    """One kind of bad input, and the whole of what its user is told."""

    action: Action
    told: str


def table(file: str, old: str, new: str) -> Action:
    """A case with one piece of one table replaced."""
    return lambda folder: load_case(
        write_case(folder / "case", changed(full_case(), file, old, new))
    )


def content(file: str, data: str | bytes) -> Action:
    """A case with another content of one file."""
    return lambda folder: load_case(write_case(folder / "case", {**full_case(), file: data}))


def case_made(change: Callable[[Path], object]) -> Action:
    """A case whose folder was changed by a function."""

    def action(folder: Path) -> object:
        case = write_case(folder / "case", full_case())
        change(case)
        return load_case(case)

    return action


def replaced(file: str, make: Callable[[Path], object]) -> Action:
    """A case in which something else stands in place of one file."""

    def change(case: Path) -> None:
        (case / file).unlink()
        make(case / file)

    return case_made(change)


def case_at(path: str) -> Action:
    """A path, within the folder of the case or absolute, given as case."""

    def action(folder: Path) -> object:
        write_case(folder / "case", full_case())
        return load_case(folder / path)

    return action


def header(old: str, new: str) -> Action:
    """A case with one piece of ``case.toml`` replaced."""
    return table("case.toml", old, new)


def joined(file: str, data: str, **settings: str) -> Action:
    """A case with another content of one file and of the header, joined with the policy."""

    def action(folder: Path) -> object:
        files = {**full_case(), file: data}
        for key, value in settings.items():
            files["case.toml"] = files["case.toml"].replace(f'{key} = "free"', f'{key} = "{value}"')
        case = write_case(folder / "case", files)
        write(folder / "plain.toml", POLICY)
        return build_instance(load_case(case), load_policy(folder / "plain.toml"))

    return action


def policy(old: str, new: str) -> Action:
    """A policy with one piece replaced, joined with the case."""
    assert POLICY.count(old) == 1, f"{old!r} is not exactly once in the policy"
    return policy_text(POLICY.replace(old, new))


def policy_text(text: str | bytes, file: str = "plain.toml") -> Action:
    """A policy of some text, joined with the case."""
    return policy_made(lambda folder: write(folder / file, text), file)


def national_limit(body: str) -> Action:
    """A limit, joined with the smallest case, which has no regions."""
    goal = '[goals.growth]\nweight = 1\neffects = [{ stage = "enter", effect = 1 }]\n'
    text = f'schema = 1\ntitle = "Plain"\n{goal}[[limits]]\nname = "north"\n{body}\n'

    def action(folder: Path) -> object:
        write(folder / "plain.toml", text)
        case = load_case(write_case(folder / "case", smallest_case()))
        return build_instance(case, load_policy(folder / "plain.toml"))

    return action


def policy_made(make: Callable[[Path], object], file: str = "plain.toml") -> Action:
    """A policy made by a function in a folder, joined with the case."""

    def action(folder: Path) -> object:
        make(folder)
        found = load_policy(folder / file)
        return build_instance(load_case(write_case(folder / "case", full_case())), found)

    return action


def extending(name: str, base: str | Callable[[Path], object] = POLICY) -> Action:
    """A policy that extends one of some name, and what stands at ``base.toml``."""

    def make(folder: Path) -> None:
        write(folder / "plain.toml", EXTENDING.format(name))
        if callable(base):
            base(folder / "base.toml")
        else:
            write(folder / "base.toml", base)

    return policy_made(make)


@cache
def _book() -> bytes:
    with TemporaryDirectory() as name:
        case = load_case(write_case(Path(name) / "case", full_case()))
        write_out(case, Path(name) / "case.xlsx")
        return (Path(name) / "case.xlsx").read_bytes()


def book(change: Callable[[openpyxl.Workbook], object]) -> Action:
    """The case as a workbook, changed and saved without computing a formula."""

    def action(folder: Path) -> object:
        found = openpyxl.load_workbook(io.BytesIO(_book()))
        change(found)
        found.save(folder / "case.xlsx")
        return load_case(folder / "case.xlsx")

    return action


def cell(sheet: str, place: str, value: Any, kind: str | None = None) -> Action:
    """The workbook with another value in one cell."""

    def change(found: openpyxl.Workbook) -> None:
        found[sheet][place] = value
        if kind is not None:
            found[sheet][place].data_type = kind

    return book(change)


def book_file(data: Callable[[bytes], bytes]) -> Action:
    """Other bytes in place of the workbook."""

    def action(folder: Path) -> object:
        write(folder / "case.xlsx", data(_book()))
        return load_case(folder / "case.xlsx")

    return action


def with_part(part: str, pieces: int, piece: bytes) -> Callable[[bytes], bytes]:
    """Adds a part to a workbook, piece by piece, so that it never is in memory as a whole."""

    def data(before: bytes) -> bytes:
        packed = io.BytesIO(before)
        with (
            zipfile.ZipFile(packed, "a", zipfile.ZIP_DEFLATED) as archive,
            archive.open(part, "w") as stream,
        ):
            for _ in range(pieces):
                stream.write(piece)
        return packed.getvalue()

    return data


def run(**files: str | bytes | Callable[[Path], object]) -> Action:
    """A run folder with other files, read as a plan of the case; ``plan_csv`` is plan.csv."""

    def action(folder: Path) -> object:
        case = load_case(write_case(folder / "case", full_case()))
        usual = {"plan_csv": PLAN, "decisions_csv": DECISIONS, "run_json": json.dumps(RUN)}
        (folder / "run").mkdir()
        for name, given in {**usual, **files}.items():
            path = folder / "run" / name.replace("_", ".")
            given(path) if callable(given) else write(path, given)
        return read_plan(folder / "run", case)

    return action


def plan(text: str | Callable[[Path], object]) -> Action:
    """A bare table of slots."""

    def action(folder: Path) -> object:
        case = load_case(write_case(folder / "case", full_case()))
        path = folder / "plan.csv"
        text(path) if callable(text) else write(path, text)
        return read_plan(path, case)

    return action


def write(path: Path, data: str | bytes) -> None:
    path.write_bytes(data if isinstance(data, bytes) else data.encode())


def pipe(path: Path) -> None:
    """A pipe that nobody writes to: whoever opens it waits for ever."""
    os.mkfifo(path)


def link(target: str) -> Callable[[Path], object]:
    return lambda path: path.symlink_to(target)


def replace_all(files: Mapping[str, str], old: str, new: str) -> dict[str, str]:
    return {name: text.replace(old, new) for name, text in files.items()}
