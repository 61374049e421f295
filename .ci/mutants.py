"""Change the code that decides what is claimed, one small thing at a time: does a test notice?

    bash .ci/mutants [PLACE ...]    in a copy and an environment of its own

`mutmut` writes the small changes ("mutants"): every function that `mutants.toml` names exists once
as it is and once for each of its mutants, and a variable of the environment says which of them is
called. pytest then collects the tests once, runs each of them once and notes which functions it
calls. For every mutant a fork of that process runs the tests of its function, the quickest first,
until one fails. (`mutmut run` starts pytest anew for every mutant, which takes ten times as long.)

A mutant that no test notices must be listed in `mutants.toml` with the reason why it is equal.
"""

from __future__ import annotations

import ast
import gc
import os
import resource
import signal
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from _pytest.tmpdir import tmppath_result_key
from mutmut.mutation import trampoline
from mutmut.mutation.file_mutation import mutate_file_contents
from mutmut.utils.format_utils import orig_function_and_class_names_from_key

Item = pytest.Function
LEAST_KILLED = 0.9
MOST_SECONDS = 120.0
"""For all tests together."""
ACTIVE = "MUTANT_UNDER_TEST"
SURVIVED, KILLED, UNTESTED = 0, 1, 3
PYTEST = ["-q", "--capture=sys", "--assert=plain", "-o", "addopts=--import-mode=importlib"]


class Mutant(NamedTuple):
    """One small change: where, the lines that it takes away and those in their place."""

    key: str
    place: str
    was: str
    now: str

    @property
    def change(self) -> tuple[str, str, str]:
        """What it is known by, whatever else changes in its file."""
        return self.place, self.was, self.now

    @property
    def function(self) -> str:
        """Name under which calls of its function are noted."""
        return self.key.partition("__mutmut_")[0]


class Outcome(NamedTuple):
    """What became of every mutant, and the seconds of all tests together."""

    code: dict[Mutant, int]
    seconds: float


def mutated(path: Path) -> Iterator[Mutant]:
    """Write a module anew, with all its mutants beside the code."""
    source = path.read_text(encoding="utf-8")
    found = mutate_file_contents(str(path), source)
    path.write_text(found.code, encoding="utf-8")
    module = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
    lines = found.code.splitlines()
    functions = {
        node.name: lines[node.lineno : node.end_lineno]
        for node in ast.walk(ast.parse(found.code))
        if isinstance(node, ast.FunctionDef) and "__mutmut_" in node.name
    }
    for name in found.mutant_names:
        key = f"{module}.{name}"
        function, owner = orig_function_and_class_names_from_key(key)
        original = functions[f"{name.partition('__mutmut_')[0]}__mutmut_orig"]
        place = f"{path.as_posix()}:{f'{owner}.{function}' if owner else function}"
        yield Mutant(key, place, *changed_lines(original, functions[name]))


def changed_lines(original: Sequence[str], other: Sequence[str]) -> tuple[str, str]:
    """Lines that are gone and lines that are new, each as one text: a mutant changes one place."""
    most = min(len(original), len(other))
    pairs = zip(original, other, strict=False)
    before = next((n for n, (old, new) in enumerate(pairs) if old != new), most)
    ends = zip(reversed(original[before:]), reversed(other[before:]), strict=False)
    after = next((n for n, (old, new) in enumerate(ends) if old != new), most - before)
    was, now = (lines[before : len(lines) - after] for lines in (original, other))
    return " ".join(map(str.strip, was)), " ".join(map(str.strip, now))


class Trial:
    """Plugin of pytest: runs every test twice, then the mutants.

    The first time instances and models that tests keep are made; the second time is like that of
    a fork, so that calls and seconds are noted then.
    """

    def __init__(self, mutants: Sequence[Mutant], jobs: int) -> None:
        self.mutants, self.jobs = mutants, jobs
        self.tests: dict[str, list[Item]] = {}
        self.duration: dict[str, float] = {}
        self.seconds = 0.0
        self.code: dict[Mutant, int] = {}

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run the tests, and on forks of this process the mutants."""
        items = [item for item in session.items if isinstance(item, Item)]
        began = time.perf_counter()
        for item in items:
            run(item)
        self.seconds = time.perf_counter() - began
        for item in items:
            self._note(item)
        gc.collect()
        gc.freeze()
        running: dict[int, Mutant] = {}
        for mutant in self.mutants:
            if len(running) >= self.jobs:
                self._wait(running)
            if tests := self.tests.get(mutant.function):
                running[self._fork(mutant, tests)] = mutant
            else:
                self.code[mutant] = UNTESTED
        while running:
            self._wait(running)
        return True

    def _note(self, item: Item) -> None:
        called: set[str] = set()
        trampoline.record_trampoline_hit = lambda name, caller: called.add(name)
        os.environ[ACTIVE] = "stats"
        began = time.perf_counter()
        run(item)
        self.duration[item.nodeid] = time.perf_counter() - began
        os.environ[ACTIVE] = ""
        for name in called:
            self.tests.setdefault(name, []).append(item)

    def _fork(self, mutant: Mutant, items: Sequence[Item]) -> int:
        ordered = sorted(items, key=lambda item: self.duration[item.nodeid])
        child = os.fork()
        if child:
            return child
        gc.disable()
        limit = 5 + int(10 * sum(self.duration[item.nodeid] for item in items))
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
        # Against what waits for ever, which takes no time of the processor.
        signal.alarm(20 * limit)
        os.environ[ACTIVE] = mutant.key
        code = SURVIVED
        try:
            for item in ordered:
                run(item)
        except BaseException:
            code = KILLED
        finally:
            os._exit(code)

    def _wait(self, running: dict[int, Mutant]) -> None:
        child, status = os.wait()
        mutant = running.pop(child)
        self.code[mutant] = os.waitstatus_to_exitcode(status)
        if self.code[mutant] == SURVIVED:
            print(in_words(mutant), file=sys.__stderr__, flush=True)
        if len(self.code) % 100 == 0:
            print(f"{len(self.code)} of {len(self.mutants)}", file=sys.__stderr__, flush=True)


def run(item: Item) -> None:
    """Run a test without a report, which would take longer than most of them."""
    # What was remembered before would stand in for what a mutant makes. The package must not be
    # imported above: its modules are not written anew yet.
    sys.modules["optimizer.frames.grouping"]._kept.clear()
    item._initrequest()
    # What pytest's reports would say of its folder.
    item.stash[tmppath_result_key] = {}
    try:
        item.session._setupstate.setup(item)
        item.runtest()
    except pytest.skip.Exception:
        pass
    finally:
        item.session._setupstate.teardown_exact(None)


def tried(mutants: Sequence[Mutant], tests: Sequence[str], jobs: int) -> Outcome:
    """Run the tests on every mutant."""
    trial = Trial(mutants, jobs)
    if pytest.main([*PYTEST, *tests], plugins=[trial]):
        raise SystemExit("The tests fail without any mutant.")
    return Outcome(trial.code, trial.seconds)


def in_words(mutant: Mutant) -> str:
    """Where a change is, and what it is."""
    return f"{mutant.place}\n    - {mutant.was}\n    + {mutant.now}"


def problems(outcome: Outcome, equal: set[tuple[str, str, str]], share: float) -> Iterator[str]:
    """What is wrong with an outcome, in words."""
    alive = [mutant for mutant, code in outcome.code.items() if code in {SURVIVED, UNTESTED}]
    for mutant in alive:
        if mutant.change not in equal:
            told = "no test notices" if outcome.code[mutant] == SURVIVED else "no test calls it"
            yield f"{told}: {in_words(mutant)}"
    for gone in sorted(equal - {mutant.change for mutant in alive}):
        yield f"listed as equal, but gone or noticed: {in_words(Mutant('', *gone))}"
    if share < LEAST_KILLED:
        yield f"{share:.1%} are noticed; it must be {LEAST_KILLED:.0%}"
    if outcome.seconds > MOST_SECONDS:
        yield f"the tests take {outcome.seconds:.0f} s; it must be {MOST_SECONDS:.0f} s"


def main(chosen: Sequence[str]) -> int:
    """Mutate this copy of the project, run the tests on it and tell what was noticed."""
    if Path(".git").exists():
        raise SystemExit("This changes the sources: run `bash .ci/mutants`, which makes a copy.")
    # mutmut asks for its settings, though nothing of what is used here needs any.
    Path("setup.cfg").write_text("[mutmut]\nsource_paths = optimizer\n", encoding="utf-8")
    wanted: dict[str, Any] = tomllib.loads(Path(".ci/mutants.toml").read_text(encoding="utf-8"))

    def is_chosen(place: str) -> bool:
        return any(fnmatch(place, f"*{part}*") for part in chosen or [""])

    mutants = [
        mutant
        for pattern, functions in wanted["mutate"].items()
        for path in sorted(Path().glob(pattern))
        for mutant in mutated(path)
        if any(fnmatch(mutant.place.partition(":")[2], name) for name in functions)
    ]
    mutants = [mutant for mutant in mutants if is_chosen(mutant.place)]
    equal = {
        (listed["place"], was, now)
        for listed in wanted["equal"]
        for was, now in listed["changes"]
        if is_chosen(listed["place"])
    }
    jobs = int(os.environ.get("JOBS", os.cpu_count() or 1))
    outcome = tried(mutants, wanted["tests"], jobs)
    is_noticed = {mutant: code not in {SURVIVED, UNTESTED} for mutant, code in outcome.code.items()}
    share = sum(is_noticed.values()) / max(1, len(mutants))
    by_file = Counter(mutant.place.partition(":")[0] for mutant in mutants)
    alive = Counter(mutant.place.partition(":")[0] for mutant in mutants if not is_noticed[mutant])
    for file, count in by_file.items():
        print(f"{file}: {count} mutants, {count - alive[file]} noticed, {alive[file]} not")
    endless = sum(code not in {SURVIVED, KILLED, UNTESTED} for code in outcome.code.values())
    print(f"{len(mutants)} mutants, {share:.1%} noticed ({endless} of them as crashes or no end)")
    print(f"by tests that take {outcome.seconds:.0f} s; {len(equal)} changes are listed as equal")
    wrong = list(problems(outcome, equal, share))
    print(*wrong, sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
