"""The command line: progress and problems on stderr, results on stdout.

Exit codes: 0 a plan, or everything in order; 1 case or policy wrong; 2 usage; 3 infeasible, or a
rule broken; 4 no plan within the limit; 5 a plan, but not what ``--expect`` expects; 130
interrupted without a plan.
"""

from __future__ import annotations

import io
import json
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from optimizer.errors import OptimizerError, Problem
    from optimizer.evaluation import Evaluation
    from optimizer.expectations import Joined
    from optimizer.plan import Plan
    from optimizer.policy import Policy
    from optimizer.solver import Progress
    from optimizer.validation import Validation

WRONG, INFEASIBLE, NO_PLAN, UNEXPECTED, INTERRUPTED = 1, 3, 4, 5, 130
SHOWN_VIOLATIONS = 20
WRITING_SHARE, WRITING_SECONDS = 0.15, 8.0
SHOWN_LOSS = 5e-4

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Plan talent programs: slots, support and money across countries, tracks and regions.",
)

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
PolicyPath = Annotated[
    Path, typer.Argument(help="Policy, a .toml file or an .xlsx workbook with its sheets.")
]
CasePath = Annotated[
    Path | None,
    typer.Argument(help="Case, a folder with case.toml or an .xlsx; POLICY itself without it."),
]
Changes = Annotated[
    list[str] | None,
    typer.Option("--set", help="Change a value: goals.alliance.weight=0.5. May be repeated."),
]


def main() -> int:
    """Run the command line and give its exit code."""
    from optimizer.errors import OptimizerError

    for stream in (sys.stdout, sys.stderr):
        # A name that a terminal cannot show is no reason to lose a plan.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        # Time limits count from here: what is imported later is part of the command.
        app(prog_name="optimizer", standalone_mode=True, obj=time.monotonic())
    except OptimizerError as error:
        return _fail(error)
    except OSError as error:
        place = "" if error.filename is None else f"{error.filename}: "
        print(f"{place}{error.strerror or error}", file=sys.stderr)
        return WRONG
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 0 if stop.code is None else 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    return 0


def _fail(error: OptimizerError) -> int:
    from optimizer.errors import InfeasibleError, NoPlanError

    print(error, file=sys.stderr)
    if isinstance(error, InfeasibleError):
        return INFEASIBLE
    if isinstance(error, NoPlanError):
        return INTERRUPTED if error.interrupted else NO_PLAN
    return WRONG


def _version(wanted: bool) -> None:
    if wanted:
        import importlib.metadata

        print(importlib.metadata.version("talent-optimizer"))
        raise typer.Exit


@app.callback()
def _top(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


@app.command()
def solve(
    context: typer.Context,
    policy: PolicyPath,
    case: CasePath = None,
    *,
    out: Annotated[
        Path | None, typer.Option(help="Run folder; runs/POLICY-CASE without it.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an older run.")] = False,
    gap: Annotated[
        float | None, typer.Option(min=0.0, max=1.0, help="Relative gap to stop at.")
    ] = None,
    time_limit: Annotated[
        float | None, typer.Option(min=0.001, help="Wall seconds for the whole command.")
    ] = None,
    changes: Changes = None,
    expect: Annotated[
        Path | None, typer.Option(help="Expectations, a .toml file; exit code 5 if one is not met.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Find the best plan, check it, and write a run folder with a report."""
    from dataclasses import replace

    from optimizer import planner, runs
    from optimizer.case import load_case
    from optimizer.changes import parse_changes
    from optimizer.policy import load_policy
    from optimizer.report import write_report

    started: float = context.obj
    case = _case_path(policy, case)
    changed = parse_changes(changes or [])
    folder = out or runs.default_folder(policy.stem, _case_name(case))
    runs.refuse_existing(folder, force=force)
    wanted = load_policy(policy, changes=changed)
    # Joined before solving, so that a typing error costs nothing.
    expected = None if expect is None else _join_expectations(expect, wanted, case)
    line = _ProgressLine()
    with runs.new_folder(folder, force=force) as aside:
        limit = wanted.solver.time_limit if time_limit is None else time_limit
        plan = planner.solve(
            policy,
            case,
            changes=changed,
            gap=gap,
            time_limit=None if limit is None else limit - _for_writing(limit),
            report=line.show,
            log=aside / runs.LOG,
            started=started,
        )
        line.end()
        with _undisturbed():
            solved = time.monotonic()
            plan = replace(plan, folder=folder)
            loaded_case = load_case(case)
            write_report(plan, loaded_case, wanted, aside / runs.REPORT)
            runs.write_tables(plan, aside, wanted, loaded_case)
            plan.seconds["write"] = time.monotonic() - solved
            plan.seconds["total"] = time.monotonic() - started
            runs.write_facts(plan, aside, folder)
    _show(plan, expected, as_json=as_json)


def _join_expectations(file: Path, policy: Policy, case: Path) -> Joined:
    from optimizer.case import load_case
    from optimizer.expectations import join_expectations, load_expectations

    return join_expectations(load_expectations(file), load_case(case), policy)


def _show(plan: Plan, expected: Joined | None, *, as_json: bool) -> None:
    """Print a plan and what was expected of it, and end the command if that is not met."""
    from optimizer import expectations, runs

    compared = None if expected is None else expectations.compare(plan, expected)
    if as_json:
        document = plan.summary()
        if compared is not None:
            document["expectations"] = expectations.as_document(compared)
        _print_json(runs.finite(document))
    else:
        _print_plan(plan)
        if compared is not None:
            print("\n".join(expectations.in_words(compared)))
    if compared is not None and not compared["holds"].all():
        raise typer.Exit(UNEXPECTED)


def _case_path(policy: Path, case: Path | None) -> Path:
    """Path of the case; a policy's workbook may be one too."""
    if case is None and policy.suffix.lower() != ".xlsx":
        raise typer.BadParameter("is missing; only an .xlsx can be both", param_hint="CASE")
    return policy if case is None else case


def _case_name(path: Path) -> str:
    """Name of the case at a path, as reading it will give it."""
    return path.stem if path.suffix.lower() == ".xlsx" else path.name


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Let no Ctrl-C lose a plan that is there while it is written."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _for_writing(limit: float) -> float:
    """Seconds of a time limit that are kept for checking and writing what was found."""
    return min(WRITING_SHARE * limit, WRITING_SECONDS)


@app.command()
def check(
    plan: Annotated[Path, typer.Argument(help="Run folder, plan.xlsx or plan.csv.")],
    policy: PolicyPath,
    case: CasePath = None,
    complete: Annotated[
        bool, typer.Option("--complete", help="Keep the slots, solve for everything else.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Check a plan against every rule, whoever made it."""
    from optimizer import checking, runs
    from optimizer.case import load_case

    loaded_case = load_case(_case_path(policy, case))
    read = checking.read_plan(plan, loaded_case)
    if complete:
        from optimizer import planner

        line = _ProgressLine()
        completed = planner.complete(read.decisions, policy, loaded_case, report=line.show)
        line.end()
        evaluation = checking.evaluate(completed, policy, loaded_case)
        assumed: tuple[str, ...] = ("everything but the slots was solved for",)
    else:
        scales = checking.run_scales(read, policy)
        evaluation = checking.evaluate(read.decisions, policy, loaded_case, scales=scales)
        assumed = (*read.assumed, *checking.differences(read, policy, loaded_case))
    if as_json:
        document = {
            "holds": evaluation.holds,
            "points": evaluation.points,
            "assumed": list(assumed),
            "goals": evaluation.tables["goals"].to_dict("records"),
            "violations": evaluation.violations.to_dict("records"),
        }
        _print_json(runs.finite(document))
    else:
        _print_evaluation(evaluation, assumed)
    if not evaluation.holds:
        raise typer.Exit(INFEASIBLE)


@app.command()
def validate(
    paths: Annotated[
        list[Path], typer.Argument(help="Policies (.toml) and cases (folders, .xlsx).")
    ],
    solve: Annotated[
        bool, typer.Option("--solve/--no-solve", help="Solve the relaxation of each pair.")
    ] = True,
    github: Annotated[bool, typer.Option("--github", help="Annotations for GitHub.")] = False,
    as_json: Json = False,
) -> None:
    """Read, join, build and relax every policy on every case it names."""
    from optimizer.validation import validate as validate_paths

    found = validate_paths(paths, solve=solve)
    if as_json:
        _print_json([_as_document(item) for item in found])
    else:
        for item in found:
            _print_validation(item, github=github)
    if not all(item.ok for item in found):
        raise typer.Exit(WRONG)


@app.command()
def template(
    target: Annotated[Path, typer.Argument(help="New folder, or new .xlsx workbook.")],
    *,
    source: Annotated[
        Path | None, typer.Option("--from", help="Case to copy; an empty one without it.")
    ] = None,
    policy: Annotated[bool, typer.Option("--policy", help="Write a first policy too.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an older template.")] = False,
) -> None:
    """Write a case to begin with: an empty one that explains itself, or a copy of another."""
    from optimizer.template import write_template

    written = write_template(target, source=source, policy=policy, force=force)
    for path in written:
        print(f"Written: {path}")
    beside = [path for path in written[1:] if target not in path.parents]
    print(f"To check it: optimizer validate {' '.join(map(str, [target, *beside]))}")


@app.command()
def formulation(
    policy: PolicyPath,
    case: CasePath = None,
    style: Annotated[
        str, typer.Option("--format", help="markdown, latex, lp or mps.")
    ] = "markdown",
    out: Annotated[Path | None, typer.Option(help="File to write; stdout without it.")] = None,
    changes: Changes = None,
) -> None:
    """Write the model of a policy on a case, as mathematics or as a file for any solver."""
    if style not in ("markdown", "latex", "lp", "mps"):
        raise typer.BadParameter("markdown, latex, lp or mps", param_hint="--format")
    from optimizer.changes import parse_changes
    from optimizer.formulation.exposition import exposition, model_text
    from optimizer.preparation import build_model

    case = _case_path(policy, case)
    changed = parse_changes(changes or [])
    # The words and formulas do not depend on scales, so none are worked out for them.
    scales: dict[str, float] | None = {} if style in ("markdown", "latex") else None
    model = build_model(policy, case, changes=changed, scales=scales)
    if style in ("markdown", "latex"):
        text = exposition(model, style=style)
    else:
        text = model_text(model, style)
    if out is None:
        sys.stdout.write(text)
    else:
        out.write_text(text, encoding="utf-8")


class _ProgressLine:
    """One line on stderr, rewritten in place on a terminal and silent elsewhere but for steps."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._step = ""

    def show(self, progress: Progress) -> None:
        text = f"{progress.seconds:6.1f} s  {progress.step}"
        if progress.objective is not None:
            text += f"  plan {progress.objective:,.3f}"
        if progress.bound is not None:
            text += f"  bound {progress.bound:,.3f}"
        if progress.gap is not None and progress.gap < float("inf"):
            text += f"  gap {progress.gap:.3%}"
        if self._terminal:
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()
        elif progress.step != self._step:
            print(text, file=sys.stderr)
        self._step = progress.step

    def end(self) -> None:
        if self._terminal:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def _print_json(document: object) -> None:
    is_plain = (sys.stdout.encoding or "").lower() != "utf-8"
    print(json.dumps(document, indent=2, ensure_ascii=is_plain, default=str))


def _print_plan(plan: Plan) -> None:
    from optimizer.frames import rows_of

    gap = "" if plan.gap is None else f", proven gap {plan.gap:.3%}"
    print(f"{plan.policy} on {plan.case}: {plan.status}, {plan.objective:,.3f} points{gap}")
    print(f"{plan.slots_total:,} slots in {plan.seconds['total']:.1f} s; written to {plan.folder}")
    for row in rows_of(plan.tables["goals"]):
        print(f"  {row.goal:<20} {row.weighted:9.3f} points  {row.scaled:7.1%} of its scale")
    lost = plan.tables["goals"]["weighted"].sum() - plan.objective
    if lost > SHOWN_LOSS:
        print(f"  {'soft limits, change':<20} {-lost:9.3f} points")


def _print_evaluation(evaluation: Evaluation, assumed: tuple[str, ...]) -> None:
    for sentence in assumed:
        print(f"Assumed: {sentence}.")
    sentences = evaluation.in_words()
    for sentence in sentences[:SHOWN_VIOLATIONS]:
        print(f"Broken: {sentence}")
    if len(sentences) > SHOWN_VIOLATIONS:
        print(f"... and {len(sentences) - SHOWN_VIOLATIONS} more")
    verdict = "Every rule holds." if evaluation.holds else f"{len(sentences)} rules are broken."
    print(f"{verdict} {evaluation.points:,.4f} points.")


def _print_validation(item: Validation, *, github: bool) -> None:
    names = " on ".join(str(path) for path in (item.policy, item.case) if path is not None)
    mark = "ok   " if item.ok else "WRONG"
    size = f"  {item.options:,} options" if item.options else ""
    print(f"{mark}  {names}: {item.message}{size}  {item.seconds:.1f} s")
    for problem in item.problems:
        print(_annotation(item, problem) if github else f"       {problem}")
    for sentence in item.warnings:
        print(f"::warning::{names}: {sentence}" if github else f"       odd: {sentence}")


def _annotation(item: Validation, problem: Problem) -> str:
    case = item.case if item.policy is None else None
    file = problem.file
    if case is not None:
        is_case = case.name == problem.file
        file = str(case if is_case else case / problem.file)
    if item.policy is not None and problem.file == item.policy.name:
        file = str(item.policy)
    line = "" if problem.row is None else f",line={problem.row}"
    text = str(problem).replace("%", "%25").replace("\n", "%0A")
    return f"::error file={file}{line}::{text}"


def _as_document(item: Validation) -> dict[str, object]:
    return {
        "policy": None if item.policy is None else str(item.policy),
        "case": None if item.case is None else str(item.case),
        "ok": item.ok,
        "message": item.message,
        "options": item.options,
        "seconds": round(item.seconds, 3),
        "problems": [str(problem) for problem in item.problems],
        "warnings": list(item.warnings),
    }
