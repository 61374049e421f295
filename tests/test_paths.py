"""Paths people give: only files are opened, and nothing that is not ours is written over."""

from __future__ import annotations

import ast
import errno
import os
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from case_builder import full_case, write_case
from optimizer import (
    InputError,
    OptimizerError,
    Plan,
    TargetError,
    load_case,
    load_expectations,
    load_policy,
    read_plan,
    solve,
    validate,
    write_model,
    write_report,
    write_template,
)
from optimizer import write_case as write_out
from optimizer.io import aside, targets
from optimizer.io.paths import NotReadError, content_of, standing_at

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "optimizer"
POLICY, CASE = ROOT / "models" / "tiny.toml", ROOT / "inputs" / "tiny"
MUCH = 10**6


@pytest.fixture(autouse=True)
def _nothing_waits() -> Iterator[None]:
    """Let a test fail that waits at a pipe, rather than wait with it."""

    def late(number: int, frame: object) -> None:
        raise AssertionError("waits for ever")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(300)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


# The gate ---------------------------------------------------------------------------------------


def pipe(path: Path) -> None:
    os.mkfifo(path)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def end_of_a_socket(path: Path) -> None:
    # Names of sockets have at most a hundred bytes.
    before = Path.cwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as end:
            end.bind(path.name)
    finally:
        os.chdir(before)


ODD = {"pipe": pipe, "device": device, "socket": end_of_a_socket, "folder": Path.mkdir}


@pytest.mark.parametrize("make", ODD.values(), ids=ODD)
def test_only_files_are_read(make: Callable[[Path], None], tmp_path: Path) -> None:
    make(tmp_path / "x")
    with pytest.raises(NotReadError, match=r"is neither a file|is a folder") as raised:
        content_of(tmp_path / "x", at_most=MUCH, expected="a table")
    assert raised.value.expected == "a table"


@pytest.mark.parametrize("path", ["/proc/self/pagemap", "/proc/self/clear_refs", "/proc/self/mem"])
def test_files_of_the_system_that_do_not_end_or_cannot_be_read(path: str) -> None:
    # They are files of size 0 to whoever asks.
    if standing_at(Path(path)) != "file":
        pytest.skip("this system has no such file")
    with pytest.raises(NotReadError, match=r"has more than 1,000,000 bytes|cannot be read: "):
        content_of(Path(path), at_most=MUCH, expected="a table")


def test_what_became_a_pipe_after_it_was_looked_at_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(b"x")
    pipe(tmp_path / "pipe")
    facts = (tmp_path / "file").stat()
    monkeypatch.setattr(Path, "stat", lambda path, **options: facts)
    with pytest.raises(NotReadError, match="is neither a file nor a folder"):
        content_of(tmp_path / "pipe", at_most=MUCH, expected="a table")


def test_files_up_to_the_limit_are_read(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"x" * 10)
    assert content_of(tmp_path / "x", at_most=10, expected="a table") == b"x" * 10
    with pytest.raises(NotReadError, match="has 10 bytes") as raised:
        content_of(tmp_path / "x", at_most=9, expected="a table")
    assert raised.value.expected == "at most 9 bytes"


def run_folder(path: Path) -> Path:
    """A run folder by hand: the least that is read."""
    path.mkdir()
    (path / "plan.csv").write_text("country,track,level,region,year,slots\n")
    (path / "decisions.csv").write_text(
        "decision,country,track,level,region,service,line,to_line,from_track,year,amount\n"
    )
    (path / "run.json").write_text('{"policy": "tiny", "case": "tiny", "scales": {}}')
    return path


def in_run(name: str) -> Callable[[Path, Callable[[Path], None]], object]:
    def action(folder: Path, make: Callable[[Path], None]) -> object:
        run = run_folder(folder / "run")
        (run / name).unlink(missing_ok=True)
        make(run / name)
        return read_plan(run, load_case(CASE))

    return action


def given_to(name: str, read: Callable[[Path], object]) -> Callable[..., object]:
    def action(folder: Path, make: Callable[[Path], None]) -> object:
        make(folder / name)
        return read(folder / name)

    return action


def in_case(name: str) -> Callable[..., object]:
    def action(folder: Path, make: Callable[[Path], None]) -> object:
        case = write_case(folder / "case", full_case())
        (case / name).unlink()
        make(case / name)
        return load_case(case)

    return action


def in_template(name: str) -> Callable[..., object]:
    def action(folder: Path, make: Callable[[Path], None]) -> object:
        write_template(folder / "new")
        (folder / "new" / name).unlink(missing_ok=True)
        make(folder / "new" / name)
        return write_template(folder / "new", policy=True, force=True)

    return action


def refused_policy(path: Path) -> object:
    (found,) = validate([path])
    assert not found.ok
    raise InputError(found.problems)


def extending(folder: Path, make: Callable[[Path], None]) -> object:
    make(folder / "base.toml")
    (folder / "own.toml").write_text('schema = 1\nextends = "base.toml"\n')
    return load_policy(folder / "own.toml")


DOORS = {
    "case's workbook": given_to("x.xlsx", load_case),
    "case": given_to("x", load_case),
    "header": in_case("case.toml"),
    "table": in_case("tracks.csv"),
    "policy": given_to("x.toml", load_policy),
    "policy's workbook": given_to("x.xlsx", load_policy),
    "base of a policy": extending,
    "expectations": given_to("x.toml", load_expectations),
    "validated workbook": given_to("x.xlsx", refused_policy),
    "validated policy": given_to("x.toml", refused_policy),
    "plan": given_to("plan.csv", lambda path: read_plan(path, load_case(CASE))),
    "plan's workbook": given_to("plan.xlsx", lambda path: read_plan(path, load_case(CASE))),
    "plan of a run": in_run("plan.csv"),
    "decisions of a run": in_run("decisions.csv"),
    "variables of a run": in_run("variables.csv"),
    "facts of a run": in_run("run.json"),
    "help of a template": in_template("README.md"),
    "policy of a template": in_template("policy.toml"),
    "table of a template": in_template("tracks.csv"),
    "template": given_to("x", lambda path: write_template(path, force=True)),
    "template's workbook": given_to("x.xlsx", lambda path: write_template(path, force=True)),
    "model": given_to("x.lp", lambda path: write_model(POLICY, CASE, path)),
}


@pytest.mark.parametrize("make", [pipe, device, end_of_a_socket])
@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
def test_every_door_refuses_what_is_no_file(
    door: Callable[..., object], make: Callable[[Path], None], tmp_path: Path
) -> None:
    with pytest.raises(OptimizerError):
        door(tmp_path, make)


TOUCHING = frozenset(
    """
    open fdopen read_text read_bytes write_text write_bytes touch mkdir makedirs renames
    unlink rmdir rmtree iterdir glob rglob listdir scandir symlink_to hardlink_to link chmod
    mkdtemp mkstemp TemporaryDirectory NamedTemporaryFile TemporaryFile copytree copyfile move
    read_csv read_excel read_json read_parquet to_excel to_parquet savetxt loadtxt fromfile
    load_workbook from_path
    """.split()  # noqa: SIM905
)
"""Names of functions that open, make or remove what a path leads to."""

TOUCHERS = ("paths.py", "aside.py", "targets.py", "writing.py", "cache.py", "locks.py")
"""Modules of ``io`` that do so for all others."""
LIBRARIES = {"shutil", "tempfile"}
OURS = {"read_text", "write_text", "write_bytes"}

ALLOWED = {
    ("io/archives.py", "archive.open"),
    ("cli/explaining.py", "found.to_excel"),
    ("cli/streams.py", "os.open"),
    ("io/muting.py", "os.open"),
    ("io/table_books.py", "package.open"),
    ("session/ideals_cache.py", "file.read_bytes"),
    ("session/ideals_cache.py", "Path(str(package.__file__)).parent.glob"),
    ("sweeps/sensitivity/page.py", "book.to_excel"),
}
"""Parts of archives in memory; what a shell has closed, opened for nothing; the null device; our
own sources; a result, which writes itself through ``io.targets``."""


def calls_and_imports(file: Path) -> Iterator[str]:
    """What a file calls, and the libraries for whole trees and temporary files if it has them."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)
        elif isinstance(node, ast.Import):
            yield from ({alias.name for alias in node.names} & LIBRARIES)
        elif isinstance(node, ast.ImportFrom) and node.module in LIBRARIES:
            yield node.module


def test_paths_are_touched_in_one_place_only() -> None:
    within = {PACKAGE / "io" / name for name in TOUCHERS}
    outside = [file for file in PACKAGE.rglob("*.py") if file not in within]
    found = {
        (file.relative_to(PACKAGE).as_posix(), name)
        for file in outside
        for name in calls_and_imports(file)
    }
    touching = {
        (file, name)
        for file, name in found
        if name in LIBRARIES | {"os.remove", "os.replace", "os.rename"}
        or name.rpartition(".")[2] in TOUCHING
    }
    # Functions of these modules are called by their bare names.
    assert {pair for pair in touching if pair[1] not in OURS} == ALLOWED


# Places for what is new ----------------------------------------------------------------------


def mine(path: Path) -> str | None:
    """Say that only what says so is ours."""
    file = path / "mark" if path.is_dir() else path
    is_mine = file.is_file() and file.read_text().startswith("mine")
    return None if is_mine or (path.is_dir() and not any(path.iterdir())) else "is not mine"


def look(path: Path, *, force: bool = False) -> targets.Place:
    return targets.look(path, force=force, check=mine, expected="mine")


def make(path: Path, text: str = "mine, new") -> None:
    """Make a file, or a folder where the name has no ending."""
    if path.suffix:
        path.write_text(text)
    else:
        path.mkdir(parents=True)
        (path / "mark").write_text(text)


def text_at(path: Path) -> str:
    return (path / "mark" if path.is_dir() else path).read_text()


def names(folder: Path) -> list[str]:
    return sorted(item.name for item in folder.iterdir())


def linked(path: Path) -> None:
    path.symlink_to("/nowhere")


APPEARING: dict[str, Callable[[Path], object]] = {
    "one of ours": make,
    "one of somebody else": lambda path: make(path, "theirs"),
    "broken link": linked,
    "pipe": pipe,
    "empty folder": Path.mkdir,
    "empty file": Path.touch,
}


@pytest.mark.parametrize("appear", APPEARING.values(), ids=APPEARING)
@pytest.mark.parametrize(("name", "beside"), [("out", "out-2"), ("out.txt", "out-2.txt")])
def test_what_appears_meanwhile_stays(
    name: str, beside: str, appear: Callable[[Path], object], tmp_path: Path
) -> None:
    path = tmp_path / name
    place, before = look(path), []

    def write() -> None:
        with targets.written_aside(place) as written:
            make(written)
            appear(path)
            before.append(targets.mark_of(path))

    with pytest.raises(TargetError) as raised:
        write()
    assert [targets.mark_of(path)] == before
    assert text_at(tmp_path / beside) == "mine, new"
    assert names(tmp_path) == sorted([name, beside])
    assert str(raised.value) == (
        f"1 problem\n- {path}: something else has appeared there meanwhile and stays as it is; "
        f"what was to be written there is in {tmp_path / beside}\n"
        "    Expected a writable path with free space, which no other process writes to."
    )


@pytest.mark.parametrize("name", ["out", "out.txt"])
def test_the_third_one_is_put_beside_the_second(name: str, tmp_path: Path) -> None:
    place = look(tmp_path / name)
    for text in ("one", "two", "three"):
        with place.aside() as made:
            make(made.path, text)
            made.put()
    assert sorted(text_at(tmp_path / name) for name in names(tmp_path)) == ["one", "three", "two"]


@pytest.mark.parametrize("name", ["out", "out.txt"])
def test_with_force_just_what_was_there_is_replaced(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    make(path, "mine, old")
    with targets.written_aside(look(path, force=True)) as written:
        make(written)
        assert text_at(path) == "mine, old"
    assert text_at(path) == "mine, new"
    assert names(tmp_path) == [name]


def removed(path: Path) -> None:
    if path.is_dir():
        (path / "mark").unlink()
        path.rmdir()
    else:
        path.unlink()


def another(path: Path) -> None:
    # Made before the first one is removed, since numbers of files are given anew.
    make(path.with_name(f"b{path.suffix}"), "mine, another's")
    removed(path)
    path.with_name(f"b{path.suffix}").rename(path)


def edited(path: Path) -> None:
    (path / "mark" if path.is_dir() else path).write_text("mine, edited")


def joined(path: Path) -> None:
    make(path / "notes.txt" if path.is_dir() else path, "theirs")


@pytest.mark.parametrize("change", [another, edited, joined])
@pytest.mark.parametrize("name", ["out", "out.txt"])
def test_with_force_nothing_else_is_replaced(
    name: str, change: Callable[[Path], None], tmp_path: Path
) -> None:
    path = tmp_path / name
    make(path, "mine, old")
    place, before = look(path, force=True), []

    def write() -> None:
        with targets.written_aside(place) as written:
            make(written)
            change(path)
            before.append(targets.mark_of(path))

    with pytest.raises(TargetError):
        write()
    assert [targets.mark_of(path)] == before
    assert len(names(tmp_path)) == 2
    assert text_at(tmp_path / f"out-2{path.suffix}") == "mine, new"


@pytest.mark.parametrize("name", ["out", "out.txt"])
def test_what_changes_on_its_way_out_is_put_back(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / name
    make(path, "mine, old")
    rename = Path.rename

    def late(source: Path, target: Path) -> Path:
        # Between the last look and the move.
        if source == path:
            edited(source)
        return rename(source, target)

    monkeypatch.setattr(Path, "rename", late)
    with pytest.raises(TargetError), targets.written_aside(look(path, force=True)) as written:
        make(written)
    assert text_at(path) == "mine, edited"
    assert text_at(tmp_path / f"out-2{path.suffix}") == "mine, new"
    assert len(names(tmp_path)) == 2


def test_what_was_to_be_replaced_may_be_gone(tmp_path: Path) -> None:
    make(tmp_path / "out", "mine, old")
    with targets.written_aside(look(tmp_path / "out", force=True)) as written:
        make(written)
        removed(tmp_path / "out")
    assert text_at(tmp_path / "out") == "mine, new"
    assert names(tmp_path) == ["out"]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize("name", ["out", "out.txt"])
def test_a_failed_write_keeps_what_is_there(
    name: str, error: BaseException, tmp_path: Path
) -> None:
    path = tmp_path / name
    make(path, "mine, old")
    before = targets.mark_of(path)

    def write() -> None:
        with targets.written_aside(look(path, force=True)) as written:
            make(written, "half")
            raise error

    with pytest.raises((TargetError, KeyboardInterrupt)) as raised:
        write()
    assert targets.mark_of(path) == before
    assert names(tmp_path) == [name]
    if isinstance(error, OSError):
        assert str(raised.value) == (
            f"1 problem\n- {path}: cannot be written: No space left on device\n"
            "    Expected a writable path with free space, which no other process writes to."
        )


@pytest.mark.parametrize("name", ["out", "out.txt"])
def test_an_interrupt_between_old_and_new_leaves_the_old(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / name
    make(path, "mine, old")

    def interrupted(source: Path, target: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(targets, "move_to_free", interrupted)
    with pytest.raises(KeyboardInterrupt), targets.written_aside(look(path, force=True)) as written:
        make(written)
    assert text_at(path) == "mine, old"
    assert names(tmp_path) == [name]


@pytest.mark.parametrize("name", ["out", "out.txt"])
def test_what_cannot_be_given_its_name_stays_and_is_told(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / name
    make(path, "mine, old")

    def refused(source: Path, target: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(targets, "move_to_free", refused)
    with (
        pytest.raises(TargetError) as raised,
        targets.written_aside(look(path, force=True)) as written,
    ):
        make(written)
    assert text_at(path) == "mine, old"
    assert text_at(written) == "mine, new"
    assert str(raised.value) == (
        f"1 problem\n- {path}: cannot be written: Permission denied; what was to be written "
        f"there is in {written}\n"
        "    Expected a writable path with free space, which no other process writes to."
    )
    # It is nobody's leftover: the next one leaves it alone.
    monkeypatch.undo()
    with targets.written_aside(look(path, force=True)) as second:
        make(second)
    assert text_at(written) == "mine, new"


@pytest.mark.parametrize("name", ["out", "out.txt"])
def test_what_cannot_be_moved_away_stays(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, rename = tmp_path / name, Path.rename
    make(path, "mine, old")

    def refused(source: Path, target: Path) -> Path:
        if source == path:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return rename(source, target)

    monkeypatch.setattr(Path, "rename", refused)
    told = r"what is there cannot be replaced \(Invalid cross-device link\) and stays as it is"
    with (
        pytest.raises(TargetError, match=told),
        targets.written_aside(look(path, force=True)) as new_,
    ):
        make(new_)
    assert text_at(path) == "mine, old"
    assert text_at(tmp_path / f"out-2{path.suffix}") == "mine, new"


def test_file_systems_without_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(source: object, target: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refused)
    place = look(tmp_path / "out.txt")
    for text in ("one", "two"):
        with place.aside() as made:
            make(made.path, text)
            made.put()
    assert (tmp_path / "out.txt").read_text() == "one"
    assert (tmp_path / "out-2.txt").read_text() == "two"


def test_folders_made_on_the_way_go_again_if_nothing_comes_into_them(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "out"
    with pytest.raises(ZeroDivisionError), look(path).aside():
        raise ZeroDivisionError
    assert not names(tmp_path)
    with targets.written_aside(look(path)) as written:
        make(written)
    assert text_at(path) == "mine, new"


UNFIT = {
    "n" * 300: "cannot be written: File name too long",
    "a\0b": "cannot be written: .*null",
    os.fsdecode(b"a\xf4"): "its name is not UTF-8",
    "file.txt/out": "cannot be written: Not a directory",
}


@pytest.mark.parametrize("name", UNFIT)
def test_paths_that_cannot_be_written_are_told_before_anything_is_made(
    name: str, tmp_path: Path
) -> None:
    (tmp_path / "file.txt").write_text("theirs")
    with pytest.raises(TargetError, match=UNFIT[name]):
        look(tmp_path / name)
    assert names(tmp_path) == ["file.txt"]


def test_the_longest_names_have_room_beside_them(tmp_path: Path) -> None:
    path = tmp_path / ("é" * 120)
    with targets.written_aside(look(path)) as written:
        make(written)
    assert text_at(path) == "mine, new"


# What is left behind ---------------------------------------------------------------------------

KILLED = """
import os, signal, sys
from pathlib import Path
from optimizer.io import targets
with targets.look(sys.argv[1], force=True, check=lambda path: None, expected="").aside() as made:
    made.path.mkdir()
    (made.path / "mark").write_text("half")
    exec(sys.argv[2])
"""
KILL = "os.kill(os.getpid(), signal.SIGKILL)"
MIDWAY = f"targets.move_to_free = lambda *names: {KILL}\n    made.put()".replace("\n    ", "\n")


def killed(path: Path, then: str = KILL) -> None:
    run = [sys.executable, "-c", KILLED, str(path), then]
    assert subprocess.run(run, check=False, cwd=ROOT).returncode == -signal.SIGKILL


def test_what_a_killed_run_left_is_cleared_by_the_next_one(tmp_path: Path) -> None:
    killed(tmp_path / "out")
    (left,) = names(tmp_path)
    assert left.startswith(".out-")
    # Not by one that writes elsewhere.
    look(tmp_path / "other")
    assert names(tmp_path) == [left]
    look(tmp_path / "out")
    assert not names(tmp_path)


def test_what_a_killed_run_was_replacing_is_put_back(tmp_path: Path) -> None:
    make(tmp_path / "out", "mine, old")
    killed(tmp_path / "out", MIDWAY)
    assert not (tmp_path / "out").exists()
    with pytest.raises(TargetError, match="exists already"):
        look(tmp_path / "out")
    assert text_at(tmp_path / "out") == "mine, old"
    assert names(tmp_path) == ["out"]


def test_what_somebody_still_writes_is_not_cleared(tmp_path: Path) -> None:
    with look(tmp_path / "out").aside() as made:
        make(made.path)
        look(tmp_path / "out")
        assert text_at(made.path) == "mine, new"


def abandoned(folder: Path) -> Path:
    """A leftover of ours: a lock that nobody holds."""
    left = folder / ".out-0123456789ab"
    (left / "new").mkdir(parents=True)
    (left / "lock").write_bytes(aside.LOCK_MARK)
    return left


def test_leftovers_are_known_by_their_lock(tmp_path: Path) -> None:
    abandoned(tmp_path)
    look(tmp_path / "out")
    assert not names(tmp_path)


SPOILT: dict[str, Callable[[Path], object]] = {
    "no lock": lambda left: (left / "lock").unlink(),
    "another's lock": lambda left: (left / "lock").write_text("theirs"),
    "more in it": lambda left: (left / "letter.txt").write_text("theirs"),
    "another name": lambda left: left.rename(left.with_name(".out-backup")),
    "another's name": lambda left: left.rename(left.with_name(".other-0123456789ab")),
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
def test_what_is_not_surely_ours_is_never_cleared(
    spoil: Callable[[Path], object], tmp_path: Path
) -> None:
    spoil(abandoned(tmp_path))
    before = [str(item) for item in sorted(tmp_path.rglob("*"))]
    look(tmp_path / "out")
    assert [str(item) for item in sorted(tmp_path.rglob("*"))] == before


def test_a_link_in_place_of_a_leftover_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    left = abandoned(tmp_path / "elsewhere")
    (tmp_path / left.name).symlink_to(left)
    look(tmp_path / "out")
    assert (left / "lock").is_file()


# Everything that is written ------------------------------------------------------------------


@pytest.fixture(scope="module")
def plan() -> Plan:
    return solve(POLICY, CASE)


def report(path: Path, plan: Plan) -> None:
    write_report(plan, load_case(CASE), load_policy(POLICY), path)


WRITERS: dict[str, Callable[[Path, Plan], object]] = {
    "report.html": report,
    "model.lp": lambda path, plan: write_model(POLICY, CASE, path),
    "model.mps": lambda path, plan: write_model(POLICY, CASE, path),
    "case": lambda path, plan: write_out(load_case(CASE), path, force=True),
    "case.xlsx": lambda path, plan: write_out(load_case(CASE), path, force=True),
    "new": lambda path, plan: write_template(path, policy=True, force=True),
    "new.xlsx": lambda path, plan: write_template(path, policy=True, force=True),
}


@pytest.mark.parametrize("name", WRITERS)
def test_writers_replace_what_they_wrote_and_nothing_else(
    name: str, tmp_path: Path, plan: Plan
) -> None:
    path, write = tmp_path / name, WRITERS[name]
    write(path, plan)
    once = names(tmp_path)
    write(path, plan)
    assert names(tmp_path) == once
    other = tmp_path / f"other{path.suffix}"
    make(other, "theirs")
    before = targets.mark_of(other)
    with pytest.raises(TargetError, match=r"is not|holds files that are not"):
        write(other, plan)
    assert targets.mark_of(other) == before


def test_logs_are_written_over_logs_only(tmp_path: Path) -> None:
    log = tmp_path / "solver.log"
    for _ in range(2):
        solve(POLICY, CASE, log=log)
        assert log.read_text().startswith("Running HiGHS")
    for name in ("letter.txt", "search-solver.log"):
        (tmp_path / name).write_text("theirs")
    for given in ("letter.txt", "solver.log"):
        with pytest.raises(TargetError, match="is not a log of the solver"):
            solve(POLICY, CASE, log=tmp_path / given)
    assert (tmp_path / "letter.txt").read_text() == "theirs"
    assert (tmp_path / "search-solver.log").read_text() == "theirs"


@contextmanager
def small_files(size: int) -> Iterator[None]:
    """Let no file grow beyond a size, as on a disk that is nearly full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("is_there", [False, True])
@pytest.mark.parametrize("name", WRITERS)
def test_a_full_disk_leaves_nothing_half(
    name: str, is_there: bool, tmp_path: Path, plan: Plan
) -> None:
    path, write = tmp_path / name, WRITERS[name]
    if is_there:
        write(path, plan)
    before = {item: targets.mark_of(item) for item in tmp_path.iterdir()}
    with pytest.raises(TargetError, match="cannot be written: File too large"), small_files(700):
        write(path, plan)
    assert {item: targets.mark_of(item) for item in tmp_path.iterdir()} == before


def test_a_policy_of_ones_own_is_no_template(tmp_path: Path) -> None:
    write_template(tmp_path / "new", policy=True)
    (tmp_path / "new" / "policy.toml").write_text(POLICY.read_text())
    with pytest.raises(TargetError, match=r"holds files that are not part of a case: policy\.toml"):
        write_template(tmp_path / "new", policy=True, force=True)
