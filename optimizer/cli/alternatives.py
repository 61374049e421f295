"""The command that asks how far slots may move among plans that are nearly as good."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from optimizer.cli.app import ASK, program
from optimizer.cli.exits import Exit
from optimizer.cli.options import Json, TimeLimit, share, share_again
from optimizer.cli.showing import ProgressLine, print_json, print_next


@program.command("alternatives", rich_help_panel=ASK)
def alternatives_command(
    context: typer.Context,
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Run folder.")],
    *,
    by: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEYS",
            help="country (the default without --plans), track, level, region, year, several as in "
            "country,track; or agreement. May be repeated.",
        ),
    ] = None,
    within: Annotated[
        float | None,
        typer.Option(
            parser=share, metavar="SHARE", help="Points that a plan may lack: 1% (the default)."
        ),
    ] = None,
    exact: Annotated[
        bool, typer.Option("--exact", help="Look for a plan in whole people at each end.")
    ] = False,
    plans: Annotated[
        int,
        typer.Option(
            min=0, max=50, help="Give so many plans, each as far from those before as is found."
        ),
    ] = 0,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Write each of --plans as a run: FOLDER/plan-1, ..."),
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Keep in this file what is found, and go on from what is there."
        ),
    ] = None,
    time_limit: TimeLimit = None,
    as_json: Json = False,
) -> None:
    """Give the least and most slots by country, or by other keys, of all plans nearly as good."""
    from optimizer.explain.manoeuvring import ONE_PERCENT, alternatives
    from optimizer.runs import finite, require_writers, run_place
    from optimizer.runs.writing import write_run

    places = {number: out / f"plan-{number}" for number in range(1, plans + 1)} if out else {}
    if out is not None and not plans:
        raise typer.BadParameter("needs --plans, the number of plans", param_hint="--out")
    for place in places.values():
        # What cannot be written is refused before anything is solved.
        require_writers()
        run_place(place, force=False)
    line = ProgressLine()
    found = alternatives(
        run,
        by=by,
        within=ONE_PERCENT if within is None else within,
        exact=exact,
        plans=plans,
        resume=resume,
        time_limit=time_limit,
        report=line.show,
        started=context.obj,
    )
    line.end()
    written = [write_run(plan, places[number]) for number, plan in found.plans.items() if out]
    if as_json:
        tables = {name: table.to_dict("records") for name, table in found.tables.items()}
        document = {
            "points": found.points,
            "least_points": found.least_points,
            "complete": found.is_complete,
            **tables,
        }
        print_json(finite(document))
    else:
        print(*found.in_words(), sep="\n")
        print(*(f"Written: {folder}" for folder in written), sep="\n", end="\n" if written else "")
        again: list[str | Path] = [word for keys in by or [] for word in ("--by", keys)]
        told: list[str | Path] = [*share_again("--within", within)]
        kept: list[str | Path] = ["--resume", resume] if resume is not None else []
        if not found.is_complete and resume is not None:
            asked: list[str | Path] = ["--exact"] if exact else []
            asked += ["--plans", str(plans)] if plans else []
            print_next("alternatives", run, *again, *told, *asked, *kept)
        elif written:
            print_next("compare", run, *written)
        elif exact:
            print_next("check", run)
        elif plans:
            print_next(
                "alternatives", run, *told, "--plans", str(plans), *kept, "--out", _beside(run)
            )
        else:
            print_next("alternatives", run, *again, *told, *kept, "--exact")
    if not found.is_complete:
        raise typer.Exit(Exit.INTERRUPTED if found.interrupted else Exit.NO_PLAN)


def _beside(run: Path) -> Path:
    """Folder for plans beside a run."""
    return run.with_name(f"{run.resolve().name}-alternatives")
