"""The command that asks what is given up of one goal for another, or of points for fairness."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from optimizer.cli.app import MANY, program
from optimizer.cli.exits import Exit
from optimizer.cli.options import (
    CacheOption,
    CasePath,
    Changes,
    GapOption,
    Json,
    PolicyPath,
    ScalesOption,
    TimeLimit,
    case_path,
    scales_of,
    set_again,
    share,
    share_again,
)
from optimizer.cli.showing import ProgressLine, print_json, print_next, rows_as_json

if TYPE_CHECKING:
    from optimizer.tradeoffs.front_result import Frontier

CHOICES, MOST_PLACES = 2, 200
"""Points that may be chosen besides those asked for, and places that are looked at before all
points are asked for."""


@program.command("frontier", rich_help_panel=MANY)
def frontier_command(
    context: typer.Context,
    policy: PolicyPath,
    case: CasePath = None,
    *,
    goals: Annotated[
        str | None,
        typer.Option(
            metavar="A,B[,C]", help="Goals to weigh up; prices are in those of the first."
        ),
    ] = None,
    fairness: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="In place of goals: what it costs in points to raise the lowest rate of this "
            "[[fairness]] table.",
        ),
    ] = None,
    points: Annotated[
        int | None, typer.Option(min=2, help="Look for so many well-spread points (11).")
    ] = None,
    exact: Annotated[
        bool, typer.Option("--exact", help="Find all points; exit code 4 if that is not proven.")
    ] = False,
    relaxed: Annotated[
        bool,
        typer.Option(
            "--relaxed", help="With --fairness: of the LP relaxation, quicker and without plans."
        ),
    ] = False,
    lexicographic: Annotated[
        float | None,
        typer.Option(
            parser=share,
            metavar="SHARE",
            help="Choose the most of the first goal, then of the next and so on, where this share "
            "of each may be lacking: 0 or 1%.",
        ),
    ] = None,
    reference: Annotated[
        str | None,
        typer.Option(
            metavar="A=N,B=N", help="Choose the point that goes farthest beyond these values."
        ),
    ] = None,
    take: Annotated[
        int | None, typer.Option(min=1, metavar="K", help="Point that is written to --out.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH",
            help="With --take a run folder, or a policy (.toml) that keeps what the point has, "
            "on top of the one asked if that is in the same folder or in one within; without it a "
            "folder with a run for each point.",
        ),
    ] = None,
    gap: GapOption = None,
    time_limit: TimeLimit = None,
    changes: Changes = None,
    scales: ScalesOption = None,
    cache: CacheOption = True,
    as_json: Json = False,
) -> None:
    """Show what is given up of one goal for another, or of points for fairness, plan by plan."""
    from optimizer.explain.applying import extended_in_words
    from optimizer.io.changes import parse_changes
    from optimizer.tradeoffs.asked_of_front import USUAL_POINTS
    from optimizer.tradeoffs.frontier import frontier
    from optimizer.tradeoffs.taking import require_point

    case = case_path(policy, case)
    if (goals is None) == (fairness is None):
        raise typer.BadParameter("name one of the two", param_hint="--goals, --fairness")
    if relaxed and out is not None:
        raise typer.BadParameter("needs plans, which --relaxed has not", param_hint="--out")
    if take is not None and out is None:
        raise typer.BadParameter("needs --out, where the point is written", param_hint="--take")
    _require_place(take, out, None if exact else points or USUAL_POINTS)
    names = [] if goals is None else [name.strip() for name in goals.split(",")]
    line = ProgressLine()
    found = frontier(
        policy,
        case,
        goals=names,
        fairness=fairness,
        points=points,
        exact=exact,
        relaxed=relaxed,
        lexicographic=lexicographic,
        reference=None if reference is None else _values(reference),
        changes=parse_changes(changes or []),
        scales=scales_of(scales),
        cache=cache,
        gap=gap,
        time_limit=time_limit,
        report=line.show,
        started=context.obj,
    )
    line.end()
    # Whatever becomes of writing, what was found is not lost.
    if as_json:
        print_json(_front_document(found))
    else:
        print(*found.in_words(), sep="\n")
    if take is not None:
        require_point(take, list(found.plans))
    written = [] if out is None else _write(found, take, out)
    if not as_json:
        for path in written:
            words = "" if take is None else extended_in_words(path, found.question.policy)
            print(f"Written: {path}{words}")
        asked: list[str | Path | None] = [policy, None if case == policy else case]
        asked += ["--goals", goals] if goals is not None else ["--fairness", fairness]
        asked += [*set_again(changes), *(["--exact"] if exact else [])]
        asked += ["--points", str(points)] if points is not None else []
        asked += share_again("--lexicographic", lexicographic)
        asked += ["--reference", reference] if reference is not None else []
        asked += share_again("--gap", gap)
        asked += ["--scales", scales] if scales is not None else []
        print_next(*_next_of(found, asked, take, written))
    if found.interrupted:
        raise typer.Exit(Exit.INTERRUPTED)
    if found.timed_out or (exact and not found.complete):
        raise typer.Exit(Exit.NO_PLAN)


def _require_place(take: int | None, out: Path | None, points: int | None) -> None:
    """Refuse what cannot be written before anything is solved.

    Parameters
    ----------
    points
        How many are asked for; ``None`` for all there are.
    """
    from optimizer.runs import require_run_places, require_writers
    from optimizer.tradeoffs.taking import place_for_point

    if out is None:
        return
    if out.suffix == ".toml":
        if take is None:
            raise typer.BadParameter("is a policy and needs --take", param_hint="--out")
        place_for_point(out)
        return
    require_writers()
    most = MOST_PLACES if points is None else points + CHOICES
    places = [out] if take is not None else [out / f"point-{each + 1}" for each in range(most)]
    require_run_places(places)


def _write(found: Frontier, take: int | None, out: Path) -> list[Path]:
    from optimizer.runs.writing import write_run

    if take is None:
        return [write_run(plan, out / f"point-{point}") for point, plan in found.plans.items()]
    if out.suffix == ".toml":
        return [found.write_policy(take, out)]
    return [write_run(found.plans[take], out)]


def _values(text: str) -> dict[str, float]:
    """Read values by goal."""
    values = {}
    for part in text.split(","):
        goal, _, number = part.partition("=")
        if goal.strip() in values:
            message = f"{goal.strip()!r} is given twice"
            raise typer.BadParameter(message, param_hint="--reference")
        try:
            values[goal.strip()] = float(number)
        except ValueError:
            message = f"{part.strip()!r} is not GOAL=NUMBER"
            raise typer.BadParameter(message, param_hint="--reference") from None
    return values


def _front_document(found: Frontier) -> dict[str, object]:
    """The front as one document."""
    from optimizer.runs import finite

    tables = {name: rows_as_json(table) for name, table in found.tables.items()}
    document: dict[str, object] = finite(
        {
            "points": rows_as_json(found.table),
            "complete": found.complete,
            "why_incomplete": found.why_incomplete,
            "knee": found.knee,
            **tables,
        }
    )
    return document


def _next_of(
    found: Frontier, asked: list[str | Path | None], take: int | None, written: list[Path]
) -> list[str | Path | None]:
    """Words of the next command: solve or check what was written, or take a point.

    Parameters
    ----------
    asked
        Policy, case and options of this command.
    """
    policy, named = asked[:2]
    if not found.plans:
        # Without the relaxation alone, points are plans.
        return ["frontier", *asked]
    if take is not None and written[0].suffix == ".toml":
        return ["solve", written[0], named or policy]
    if written:
        return ["check", written[0]] if len(written) == 1 else ["compare", *written[:2]]
    has_chosen = "chosen" in found.table
    chosen = found.table.loc[found.table["chosen"].ne(""), "point"].tolist() if has_chosen else []
    point = str(chosen[0] if chosen else found.knee or 1)
    into = Path("runs") / f"{Path(str(policy)).stem}-point-{point}"
    return ["frontier", *asked, "--take", point, "--out", into]
