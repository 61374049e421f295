"""The command that compares runs, policies, cases and scenarios of a sweep."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from optimizer.cli.app import ASK, program
from optimizer.cli.exits import Exit
from optimizer.cli.options import GapOption, Json, TimeLimit
from optimizer.cli.showing import ProgressLine, print_json, print_next

if TYPE_CHECKING:
    import pandas as pd

    from optimizer.explain.comparing import Comparison
    from optimizer.explain.sides import Side

OF_SWEEP = "::"
"""Stands between the folder of a sweep and the name of a scenario."""
_PAGE = "comparison.html"


@program.command("compare", rich_help_panel=ASK)
def compare_command(
    context: typer.Context,
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="A B",
            help="Run folders, policies or cases, or scenarios of a sweep as FOLDER::SCENARIO; all "
            "are compared with the first.",
        ),
    ],
    *,
    case: Annotated[
        Path | None, typer.Option(help="A case, with which policies are solved and compared.")
    ] = None,
    policy: Annotated[
        Path | None, typer.Option(help="A policy, with which cases are solved and compared.")
    ] = None,
    by: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEYS",
            help="Add up slots by country, track, level, region or year, or by several: "
            "country,track. May be repeated; each by itself without it.",
        ),
    ] = None,
    gap: GapOption = None,
    time_limit: TimeLimit = None,
    html: Annotated[
        Path | None, typer.Option(help="Write the comparison as one page, with charts.")
    ] = None,
    expect: Annotated[
        Path | None,
        typer.Option(help="Differences that are accepted, a .toml file; exit code 5 if not met."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Say what differs: first the inputs, then points, slots, money and agreements of the plans."""
    if len(inputs) < 2:  # two are the fewest that can be compared
        raise typer.BadParameter("two inputs or more are compared", param_hint="A B ...")
    from optimizer.explain.comparing import compare
    from optimizer.explain.tolerances import load_tolerances, within_tolerances
    from optimizer.report.answers import place_for_page

    # What is wrong with these is said before anything is read or solved.
    tolerances = None if expect is None else load_tolerances(expect)
    if html is not None:
        place_for_page(html)
    line = ProgressLine()
    found = compare(
        *map(_input, inputs),
        policy=policy,
        case=case,
        by=by,
        gap=gap,
        time_limit=time_limit,
        report=line.show,
        started=context.obj,
    )
    line.end()
    held = None if tolerances is None else within_tolerances(found, tolerances)
    if as_json:
        print_json(_document(found, held))
    else:
        _print(found, held)
    written = None if html is None else found.to_html(html)
    if not as_json:
        if written is not None:
            print(f"Written: {written}")
        print_next(*_after(found, inputs, policy, case, written))
    if found.interrupted:
        raise typer.Exit(Exit.INTERRUPTED)
    if not found.is_complete:
        raise typer.Exit(Exit.NO_PLAN)
    if held is not None and not held["holds"].all():
        raise typer.Exit(Exit.UNEXPECTED)


def _input(text: str) -> Path | Side:
    """A path, or a scenario of a sweep."""
    folder, _, name = text.rpartition(OF_SWEEP)
    if not folder:
        return Path(text)
    from optimizer.explain.sides import NO_PLAN_AT_ALL, Side
    from optimizer.plan.question import asked
    from optimizer.sweeps.sweeping import load_sweep

    sweep = load_sweep(folder)
    scenario, row = sweep.scenario(name), sweep.rows.get(name)
    question = asked(sweep.policy, sweep.case, scenario.changes)
    if row is not None and row.status == NO_PLAN_AT_ALL:
        return Side(name, question.policy, question.case, status=NO_PLAN_AT_ALL)
    plan = sweep.plan(name)
    return Side(name, question.policy, question.case, plan, plan.status)


def _print(found: Comparison, held: pd.DataFrame | None) -> None:
    from optimizer.plan import expectations

    print(*found.in_words(), sep="\n")
    if held is not None:
        print(*expectations.in_words(held), sep="\n")


def _document(found: Comparison, held: pd.DataFrame | None) -> dict[str, object]:
    """The answer as one document."""
    from optimizer.plan import expectations
    from optimizer.runs import finite

    document: dict[str, object] = {
        "words": found.in_words(),
        "results": found.table.to_dict("records"),
        **{name: table.to_dict("records") for name, table in found.tables.items()},
    }
    if held is not None:
        document["expectations"] = expectations.as_document(held)
    plain: dict[str, object] = finite(document)
    return plain


def _after(
    found: Comparison,
    inputs: list[str],
    policy: Path | None,
    case: Path | None,
    written: Path | None,
) -> tuple[str | Path | None, ...]:
    """Words of the command to type next: why there is no plan, the page, or one of the inputs."""
    from optimizer.explain.sides import NO_PLAN_AT_ALL

    for text, side in zip(inputs, found.sides, strict=True):
        if side.status == NO_PLAN_AT_ALL and (policy is not None or case is not None):
            return "repair", policy or Path(text), case or Path(text)
    if written is None and len(found.table):
        again = {"--case": case, "--policy": policy}
        options = [word for pair in again.items() if pair[1] is not None for word in pair]
        return "compare", *map(Path, inputs), *options, "--html", _PAGE
    last = inputs[-1]
    if OF_SWEEP in last:
        return "compare", *map(Path, reversed(inputs))
    if found.sides[-1].plan is not None and policy is None and case is None:
        return "check", Path(last)
    return "validate", *map(Path, inputs)
