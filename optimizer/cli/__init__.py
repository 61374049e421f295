"""The command line: progress and problems on stderr, results on stdout.

Exit codes: 0 a plan, or everything in order; 1 case or policy wrong; 2 usage, or nothing can be
written where it is to go; 3 infeasible, or a rule broken; 4 no plan within the limit; 5 a plan, but
not what ``--expect`` expects; 130 interrupted without a plan.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from optimizer.cli import streams
from optimizer.cli.showing import (
    ProgressLine,
    as_document,
    print_evaluation,
    print_json,
    print_plan,
    print_validation,
)
from optimizer.io import interrupts

if TYPE_CHECKING:
    from optimizer.errors import OptimizerError, TargetError
    from optimizer.io.targets import Made
    from optimizer.plan import Plan
    from optimizer.plan.expectations import Joined
    from optimizer.plan.given import ReadPlan
    from optimizer.plan.question import Question
    from optimizer.plan.scales import OfRun

WRONG, USAGE, INFEASIBLE, NO_PLAN, UNEXPECTED = 1, 2, 3, 4, 5
INTERRUPTED = interrupts.INTERRUPTED

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
    typer.Argument(
        help="Case, a folder with case.toml or an .xlsx; omit if POLICY also holds the case."
    ),
]
Changes = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        help="Change a value: goals.alliance.weight=0.5, or cells of the case: "
        "'budgets[line=jsps, year=2028].amount=9e9'; or a part of it: *1.1, /2, +10%, -10%, "
        "+=100. May be repeated.",
    ),
]

Scales = Annotated[
    Path | None,
    typer.Option(
        "--scales", metavar="RUN", help="Count by the ideals of this run, a folder or its run.json."
    ),
]
Cache = Annotated[
    bool,
    typer.Option(
        "--cache/--no-cache", help="Keep ideals that took time, and use those that were kept."
    ),
]


def _share(text: str | float) -> float:
    from optimizer.io.changes import share_in

    if str(text).strip() == "1":
        raise typer.BadParameter("'1' may mean 1% or all of it; say 1% (or 0.01), or 100%")
    try:
        return share_in(str(text))
    except ValueError:
        message = f"{text!r} is no share; a fraction from 0 to 1, or a percentage: 0.01 or 1%"
        raise typer.BadParameter(message) from None


def _show_warning(message: Warning | str, category: type[Warning], *place: Any, **_: Any) -> None:
    """Print what is legal but odd in words, and any other warning as Python does."""
    from optimizer.errors import ModelWarning

    is_ours = issubclass(category, ModelWarning)
    foreign = "" if is_ours else warnings.formatwarning(message, category, *place[:2])
    told = foreign or f"warning: {message}\n"
    if sys.stderr is not None:
        sys.stderr.write(told)


@contextmanager
def _warnings_in_words() -> Iterator[None]:
    from optimizer.errors import ModelWarning

    with warnings.catch_warnings():
        warnings.simplefilter("always", ModelWarning)
        warnings.showwarning = _show_warning
        yield


def main() -> int:
    """Run the command line and give its exit code."""
    from optimizer.io.targets import placed

    placed.clear()
    # What is in its place is there, so that nothing is left to interrupt.
    with (
        streams.kept() as (out, err),
        interrupts.command(),
        interrupts.kept(lambda: bool(placed)),
        _warnings_in_words(),
    ):
        code = _run()
        interrupts.done()
        out.flush()
        if out.lost is None or out.is_unread:
            return code
        where = f"; written to {', '.join(map(str, placed))}" if placed else ""
        print(f"nothing could be printed: {out.lost.strerror}{where}", file=err)
        # A run that is whole is what was asked for; all else a command finds out it prints.
        return USAGE if code == 0 and not placed else code


def _run() -> int:
    from optimizer.errors import OptimizerError

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
    from optimizer.errors import InfeasibleError, NoPlanError, TargetError

    print(error, file=sys.stderr)
    if isinstance(error, InfeasibleError):
        return INFEASIBLE
    if isinstance(error, NoPlanError):
        return INTERRUPTED if error.interrupted else NO_PLAN
    return USAGE if isinstance(error, TargetError) else WRONG


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
        float | None,
        typer.Option(
            parser=_share, metavar="SHARE", help="Stop at this relative MIP gap: 0.01 or 1%."
        ),
    ] = None,
    time_limit: Annotated[
        float | None, typer.Option(min=0.001, help="Wall seconds for the whole command.")
    ] = None,
    changes: Changes = None,
    scales: Scales = None,
    cache: Cache = True,
    expect: Annotated[
        Path | None, typer.Option(help="Expectations, a .toml file; exit code 5 if one is not met.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Find the best plan, check it, and write a run folder with a report."""
    from dataclasses import replace

    from optimizer import runs
    from optimizer.io.changes import parse_changes
    from optimizer.io.writing import new_folder
    from optimizer.plan import expectations
    from optimizer.plan.question import read_question
    from optimizer.session.planning import WRITING
    from optimizer.session.solving import Options, begun, planned

    case = _case_path(policy, case)
    changed = parse_changes(changes or [])
    folder = out or runs.default_folder(policy.stem, _case_name(case))
    place = runs.place_for(folder, force=force)
    line = ProgressLine()
    watch = begun(line.show, context.obj, gap=gap, time_limit=time_limit)
    runs.require_writers()
    with watch.looking():
        question = read_question(policy, case, changed)
        given = _run_scales(scales)
    # Joined before solving, so that a typing error costs nothing.
    expected = (
        None
        if expect is None
        else expectations.join_expectations(
            expectations.load_expectations(expect), question.case, question.policy
        )
    )
    # Once there is a plan it is written, whatever is pressed.
    with place.aside() as made, interrupts.kept(lambda: watch.objective is not None):
        new_folder(made.path)
        log = made.path / runs.LOG
        options = Options(scales=given, cache=cache, gap=gap, log=log, to_come=WRITING)
        plan = planned(question, watch, options)
        line.end()
        found, refused = _written(plan, made)
    is_as_expected = _show(replace(plan, folder=found), expected, as_json=as_json)
    if refused is not None:
        raise refused
    if not is_as_expected:
        raise typer.Exit(UNEXPECTED)


def _run_scales(run: Path | None) -> OfRun | None:
    """Scales of a run, where one is named."""
    from optimizer.runs import reading

    return None if run is None else reading.scales_of_run(run)


def _written(plan: Plan, made: Made) -> tuple[Path, TargetError | None]:
    """Write a run; give where it is, and why that is not where it was to go."""
    from optimizer import runs
    from optimizer.errors import TargetError
    from optimizer.io.targets import put_elsewhere, reason_of
    from optimizer.io.writing import spare_path
    from optimizer.runs.writing import written_into

    try:
        return written_into(made, plan), made.refused
    except OSError as error:
        given = made.place.given
        try:
            # A full disk is no reason to lose a plan, as long as there is another one.
            with runs.place_for(spare_path(made.place.path.name), force=False).aside() as spare:
                found = written_into(spare, plan)
        except TargetError:
            raise error from None
        return found, put_elsewhere(given, reason_of(error), found)


def _show(plan: Plan, expected: Joined | None, *, as_json: bool) -> bool:
    """Print a plan and what was expected of it; give whether that is met."""
    from optimizer import runs
    from optimizer.plan import expectations

    compared = None if expected is None else expectations.compare(plan, expected)
    if as_json:
        document = plan.summary()
        if compared is not None:
            document["expectations"] = expectations.as_document(compared)
        print_json(runs.finite(document))
    else:
        print_plan(plan)
        if compared is not None:
            print("\n".join(expectations.in_words(compared)))
    return compared is None or bool(compared["holds"].all())


def _to_check(
    plan: Path, policy: Path | None, case: Path | None, given: OfRun | None
) -> tuple[ReadPlan, Question, tuple[str, ...], tuple[str, ...]]:
    """What is to be checked, on what, what need not hold, and what was assumed."""
    from dataclasses import replace

    from optimizer.case import load_case
    from optimizer.io.paths import standing_at
    from optimizer.plan import checking
    from optimizer.plan.question import Question
    from optimizer.policy import load_policy
    from optimizer.runs.loading import load_run
    from optimizer.runs.reading import read_plan

    if policy is None:
        if standing_at(plan) in ("file", "other"):
            raise typer.BadParameter("is missing; only a run folder keeps it", param_hint="POLICY")
        run = load_run(plan)
        dropped = tuple(run.read.facts.get("dropped", ()))
        told = f"what the run had dropped need not hold ({', '.join(dropped)})"
        return run.read, run.question, dropped, (*run.read.assumed, *([told] if dropped else []))
    loaded_case = load_case(_case_path(policy, case))
    read = read_plan(plan, loaded_case)
    loaded = load_policy(policy)
    scaled = read if given is None else replace(read, scales=given.of)
    differences = checking.differences(scaled, loaded, loaded_case)
    question = Question.of(loaded, loaded_case)
    return read, question, (), (*read.assumed, *differences)


def _case_path(policy: Path, case: Path | None) -> Path:
    """Path of the case; a policy's workbook may be one too."""
    if case is None and policy.suffix.lower() != ".xlsx":
        raise typer.BadParameter("is missing; only an .xlsx can be both", param_hint="CASE")
    return policy if case is None else case


def _case_name(path: Path) -> str:
    """Name of the case at a path, as reading it will give it."""
    return path.stem if path.suffix.lower() == ".xlsx" else path.name


@app.command()
def check(
    plan: Annotated[Path, typer.Argument(help="Run folder, plan.xlsx or plan.csv.")],
    policy: Annotated[
        Path | None, typer.Argument(help="Policy; a run folder keeps its own.")
    ] = None,
    case: CasePath = None,
    *,
    complete: Annotated[
        bool, typer.Option("--complete", help="Keep the slots, solve for everything else.")
    ] = False,
    scales: Scales = None,
    cache: Cache = True,
    as_json: Json = False,
) -> None:
    """Check a plan against every rule, whoever made it."""
    from optimizer import runs
    from optimizer.plan import checking

    given = _run_scales(scales)
    read, question, dropped, assumed = _to_check(plan, policy, case, given)
    if complete:
        from optimizer.session import solving

        line = ProgressLine()
        completed = solving.complete(
            read, question.policy, question.case, scales=given, cache=cache, report=line.show
        )
        line.end()
        evaluation = checking.evaluate(completed, question.policy, question.case)
        assumed = ("everything but the slots was solved for",)
    else:
        evaluation = checking.evaluated(
            read, question.policy, question.case, scales=given, dropped=dropped
        )
    if as_json:
        document = {
            "holds": evaluation.holds,
            "points": evaluation.points,
            "assumed": list(assumed),
            "goals": evaluation.tables["goals"].to_dict("records"),
            "violations": evaluation.violations.to_dict("records"),
        }
        print_json(runs.finite(document))
    else:
        print_evaluation(evaluation, assumed)
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
    """Check inputs, build models and solve LP relaxations: every policy on every case it names."""
    from optimizer.session.validation import validate as validate_paths

    found = validate_paths(paths, solve=solve)
    if as_json:
        print_json([as_document(item) for item in found])
    else:
        for item in found:
            print_validation(item, github=github)
    if not all(item.ok for item in found):
        raise typer.Exit(WRONG)


@app.command()
def template(
    target: Annotated[Path, typer.Argument(help="New folder, or new .xlsx workbook.")],
    *,
    source: Annotated[
        Path | None, typer.Option("--from", help="Case to copy; an empty one without it.")
    ] = None,
    currency: Annotated[str | None, typer.Option(help="Currency of amounts, such as EUR.")] = None,
    years: Annotated[
        str | None, typer.Option(help="First and last year, such as 2031-2040.")
    ] = None,
    policy: Annotated[bool, typer.Option("--policy", help="Write a first policy too.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an older template.")] = False,
) -> None:
    """Write a case to begin with: an empty one that explains itself, or a copy of another."""
    from optimizer.case.header import YEARS, years_in
    from optimizer.policy.template import write_template

    wanted = None if years is None else years_in(years)
    if years is not None and wanted is None:
        raise typer.BadParameter(f"{years!r} is not {YEARS}", param_hint="--years")
    written = write_template(
        target, source=source, currency=currency, years=wanted, policy=policy, force=force
    )
    for path in written:
        print(f"Written: {path}")
    if source is not None and currency:
        print("Amounts are copied, not converted; their rows are marked as assumptions.")
    if source is not None and years:
        print(
            "New years are as the nearest year of the copied case, and marked as assumptions; "
            "commitments with a year are left out."
        )
    beside = [path for path in written[1:] if target not in path.parents]
    print(f"To check it: optimizer validate {' '.join(map(str, [target, *beside]))}")


@app.command()
def formulation(
    policy: PolicyPath,
    case: CasePath = None,
    *,
    style: Annotated[
        str, typer.Option("--format", help="markdown, latex, lp or mps.")
    ] = "markdown",
    out: Annotated[Path | None, typer.Option(help="File to write; stdout without it.")] = None,
    changes: Changes = None,
    scales: Scales = None,
    cache: Cache = True,
) -> None:
    """Write the model of a policy on a case, as mathematics or as a file for any solver."""
    if style not in ("markdown", "latex", "lp", "mps"):
        raise typer.BadParameter("markdown, latex, lp or mps", param_hint="--format")
    from optimizer.formulation.exposition import (
        exposition,
        model_place,
        model_text,
        write_formulation,
    )
    from optimizer.io.changes import parse_changes
    from optimizer.session.building import build_model, plain_model

    case = _case_path(policy, case)
    place = None if out is None else model_place(out)
    changed = parse_changes(changes or [])
    if style in ("markdown", "latex"):
        # The words and formulas do not depend on scales, so none are worked out for them.
        text = exposition(plain_model(policy, case, changed), style=style)
    else:
        given = _run_scales(scales)
        model = build_model(policy, case, changes=changed, scales=given, cache=cache)
        text = model_text(model, style)
    if place is None:
        sys.stdout.write(text)
    else:
        write_formulation(place, text, style)
