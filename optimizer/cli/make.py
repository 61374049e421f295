"""Commands that make: the proof that inputs are in order, a plan, the check of a plan."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from optimizer.cli.app import MAKE, program
from optimizer.cli.exits import Exit
from optimizer.cli.fair import AimOption, FairnessOption, LeastOption, aim_asked, planned_for
from optimizer.cli.kept import (
    ChangePriceOption,
    KeepOption,
    NearOption,
    NestedOption,
    RealisedOption,
    print_kept,
    require_near,
)
from optimizer.cli.options import (
    CacheOption,
    CasePath,
    Changes,
    Json,
    PolicyPath,
    ScalesOption,
    TimeLimit,
    case_path,
    count_of,
    scales_of,
    set_again,
    share,
)
from optimizer.cli.showing import (
    ProgressLine,
    print_answers,
    print_evaluation,
    print_json,
    print_next,
    print_plan,
    print_validation,
    validation_annotations,
    validation_document,
)
from optimizer.io import interrupts

if TYPE_CHECKING:
    from optimizer.plan import Plan
    from optimizer.plan.expectations import Joined
    from optimizer.plan.question import Question
    from optimizer.solver import Watch
    from optimizer.sweeps.validation import Validation


@program.command("validate", rich_help_panel=MAKE)
def validate_command(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="PATH",
            help="Policies (.toml), cases (folders, .xlsx) and studies (.toml, .csv).",
        ),
    ],
    solve: Annotated[
        bool, typer.Option("--solve/--no-solve", help="Solve the LP relaxation of each pair.")
    ] = True,
    github: Annotated[bool, typer.Option("--github", help="Print annotations for GitHub.")] = False,
    as_json: Json = False,
) -> None:
    """Check inputs, build models and solve LP relaxations: every policy on every case it names.

    Studies are looked up on each of these pairs.
    """
    from optimizer.sweeps.validation import validate as validate_paths

    found = validate_paths(paths, solve=solve)
    if as_json:
        print_json([validation_document(item) for item in found])
        # GitHub reads both, and a document is no document with anything beside it.
        notes = [note for item in found if github for note in validation_annotations(item)]
        for note in notes:
            print(note, file=sys.stderr)
    else:
        for item in found:
            print_validation(item, github=github)
        if not github:
            print_next(*_after_validating(found, paths))
    wrong = [item for item in found if not item.ok]
    if wrong:
        raise typer.Exit(Exit.BROKEN if all(item.is_infeasible for item in wrong) else Exit.WRONG)


def _after_validating(found: list[Validation], paths: list[Path]) -> tuple[str | Path | None, ...]:
    """Words of the command to type next: go on with the first pair, or validate what was mended."""
    if not all(item.ok for item in found):
        return ("validate", *paths)
    pairs = [item for item in found if item.policy and item.case]
    asked = next((item for item in pairs if item.study), pairs[0] if pairs else None)
    if asked is not None:
        case = None if asked.policy == asked.case else asked.case
        if asked.study is None:
            return ("solve", asked.policy, case)
        out = Path("runs") / asked.study.stem
        return ("sweep", asked.policy, case, asked.study, "--out", out)
    lacking = [name for name in ("policy", "case") if getattr(found[0], name) is None]
    return ("validate", *paths, *(name.upper() for name in lacking))


@program.command("solve", rich_help_panel=MAKE)
def solve_command(
    context: typer.Context,
    policy: PolicyPath,
    case: CasePath = None,
    *,
    out: Annotated[Path | None, typer.Option(help="Run folder; default: runs/POLICY-CASE.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an older run.")] = False,
    gap: Annotated[
        float | None,
        typer.Option(
            parser=share, metavar="SHARE", help="Stop at this relative MIP gap: 0.01 or 1%."
        ),
    ] = None,
    time_limit: TimeLimit = None,
    changes: Changes = None,
    keep: KeepOption = None,
    nested_in: NestedOption = None,
    realised: RealisedOption = None,
    near: NearOption = None,
    change_price: ChangePriceOption = None,
    aim: AimOption = None,
    fairness: FairnessOption = None,
    least: LeastOption = None,
    scales: ScalesOption = None,
    cache: CacheOption = True,
    expect: Annotated[
        Path | None, typer.Option(help="Expectations, a .toml file; exit code 5 if one is not met.")
    ] = None,
    public: Annotated[
        bool,
        typer.Option(
            "--public",
            help="Write public/ too, for publication: no small numbers of sensitive tracks.",
        ),
    ] = False,
    explain: Annotated[
        str,
        typer.Option(
            metavar="N",
            help="Ask so many questions of each kind of the plan, or none or all: what limits it, "
            "where money helps, prices of rules, ranges of countries. Report and workbook show "
            "the answers.",
        ),
    ] = "none",
    as_json: Json = False,
) -> None:
    """Find the best plan, check it, and write a run folder with a report."""
    from dataclasses import replace

    from optimizer import runs
    from optimizer.case.sources import case_name
    from optimizer.errors import InfeasibleError
    from optimizer.io.writing import new_folder
    from optimizer.plan import expectations
    from optimizer.plan.publication import require_sensitive
    from optimizer.runs.keeping import keeps_of, near_of
    from optimizer.runs.writing import written_somewhere
    from optimizer.session.planning import WRITING
    from optimizer.session.solving import PlanOptions, begun

    case = case_path(policy, case)
    questions = count_of(explain, "--explain")
    wanted = aim_asked(aim, fairness, least)
    require_near(near, change_price, aim)
    folder = out or runs.default_folder(policy.stem, case_name(case))
    place = runs.run_place(folder, force=force)
    line = ProgressLine()
    watch = begun(line.show, context.obj, gap=gap, time_limit=time_limit)
    runs.require_writers()
    with watch.looking():
        question = _asked(policy, case, changes or [], watch)
        question = replace(
            question,
            keep=keeps_of(question, keep or [], nested_in or [], realised),
            near=near_of(question, near, change_price),
        )
        if public:
            require_sensitive(question.case)
        given = scales_of(scales)
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
        options = PlanOptions(scales=given, cache=cache, gap=gap, log=log, to_come=WRITING)
        try:
            plan, words = planned_for(question, watch, options, wanted, fairness)
        except InfeasibleError:
            line.end()
            # A repair knows policy and case alone.
            if not as_json and not question.keep:
                print_next("repair", policy, case, *set_again(changes))
            raise
        if questions != 0:
            plan = _answered(plan, questions, watch)
        line.end()
        found, refused = written_somewhere(plan, made, public=public)
    shown = replace(plan, folder=found)
    is_as_expected = _show(shown, expected, words, as_json=as_json, public=public)
    if refused is not None:
        raise refused
    if not is_as_expected:
        raise typer.Exit(Exit.UNEXPECTED)


def _asked(policy: Path, case: Path, changes: list[str], watch: Watch) -> Question:
    """The question, with what each group of a limit could have by itself where that is needed."""
    from optimizer.io.changes import parse_changes
    from optimizer.plan.question import read_question
    from optimizer.session.own_bests import with_own_bests

    question = read_question(policy, case, parse_changes(changes))
    watch.limit_by_default(question.policy.solver.time_limit)
    return with_own_bests(question, watch)


def _answered(plan: Plan, questions: int | None, watch: Watch) -> Plan:
    """Ask questions of a plan in the time that is left before it is written."""
    from optimizer.explain.answering import answers_if_any
    from optimizer.solver import Watch as Clock

    left = Clock(watch.time_limit, watch.report, watch.started, watch.reserve)
    return answers_if_any(plan, questions, left)


def _show(
    plan: Plan, expected: Joined | None, words: list[str], *, as_json: bool, public: bool
) -> bool:
    """Print a plan and what was expected of it; give whether that is met."""
    from optimizer import runs
    from optimizer.plan import expectations

    compared = None if expected is None else expectations.compare_expected(plan, expected)
    if as_json:
        document = plan.summary()
        if compared is not None:
            document["expectations"] = expectations.as_document(compared)
        print_json(runs.finite(document))
    else:
        print_plan(plan)
        print("".join(f"{line}\n" for line in words), end="")
        print_kept(plan)
        if plan.answers is not None:
            print_answers(plan.answers)
        if public and plan.folder is not None:
            print(f"For publication: {plan.folder / runs.PUBLIC}")
        if compared is not None:
            print("\n".join(expectations.in_words(compared)))
        print_next(*_after_solving(plan))
    return compared is None or bool(compared["holds"].all())


def _after_solving(plan: Plan) -> tuple[str | Path | None, ...]:
    """Words of the command to type next: what changed and why, where change had a price."""
    from optimizer.io.paths import standing_at
    from optimizer.runs import RUN

    near = None if plan.question is None else plan.question.near
    if near is not None and standing_at(Path(near.name) / RUN) == "file":
        return ("compare", Path(near.name), plan.folder)
    return ("check", plan.folder)


@program.command(rich_help_panel=MAKE)
def check(
    plan: Annotated[
        Path, typer.Argument(metavar="PLAN", help="Run folder, plan.xlsx or plan.csv.")
    ],
    policy: Annotated[
        Path | None, typer.Argument(metavar="POLICY", help="Policy; a run folder keeps its own.")
    ] = None,
    case: CasePath = None,
    *,
    complete: Annotated[
        bool, typer.Option("--complete", help="Keep the slots, solve for everything else.")
    ] = False,
    scales: ScalesOption = None,
    cache: CacheOption = True,
    as_json: Json = False,
) -> None:
    """Check a plan of any origin against every rule."""
    from optimizer import runs
    from optimizer.frames import mapping
    from optimizer.plan import checking
    from optimizer.plan.to_stakeholders import own_bests_in
    from optimizer.runs.checking import plan_to_check, run_to_check

    given = scales_of(scales)
    if policy is None:
        _require_run(plan)
        subject = run_to_check(plan)
    else:
        subject = plan_to_check(plan, policy, case_path(policy, case), given)
    question, assumed = subject.question, subject.assumed
    if complete:
        from optimizer.session import solving

        line = ProgressLine()
        completed = solving.complete(
            subject.read,
            question.policy,
            question.case,
            scales=given,
            cache=cache,
            report=line.show,
        )
        line.end()
        evaluation = checking.evaluate(completed, question.policy, question.case)
        assumed = ("everything but the slots was solved for",)
    else:
        evaluation = checking.evaluated(
            subject.read, question.policy, question.case, scales=given, dropped=subject.dropped
        )
    scales_now = mapping(evaluation.tables["goals"], "goal", "scale")
    bests = own_bests_in(subject.read.facts, question.policy, question.case, scales_now)
    if as_json:
        document = {
            "holds": evaluation.holds,
            "points": evaluation.points,
            "assumed": list(assumed),
            "goals": evaluation.tables["goals"].to_dict("records"),
            "fairness": evaluation.tables["fairness"].to_dict("records"),
            "stakeholders": [
                {**row, "best_points": bests.get(str(row["stakeholder"]))}
                for row in evaluation.tables["stakeholders"].to_dict("records")
            ],
            "violations": evaluation.violations.to_dict("records"),
        }
        print_json(runs.finite(document))
    else:
        print_evaluation(evaluation, assumed, bests)
        if complete:
            print_next("solve", *subject.paths, *set_again(subject.changes))
        else:
            print_next("check", plan, policy, case, "--complete")
    if not evaluation.holds:
        raise typer.Exit(Exit.BROKEN)


def _require_run(plan: Path) -> None:
    from optimizer.io.paths import standing_at

    if standing_at(plan) in ("file", "other"):
        raise typer.BadParameter("is missing; only a run folder keeps it", param_hint="POLICY")
