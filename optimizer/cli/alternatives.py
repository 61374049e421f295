"""The command that asks how far slots may move among plans that are nearly as good."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from optimizer.cli.app import ASK, app
from optimizer.cli.exits import Exit
from optimizer.cli.options import Json, TimeLimit, share
from optimizer.cli.showing import ProgressLine, print_json, print_next


@app.command("alternatives", rich_help_panel=ASK)
def alternatives_command(
    context: typer.Context,
    run: Annotated[Path, typer.Argument(help="Run folder.")],
    *,
    by: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEYS",
            help="country (the default), track, level, region, year, several as in country,track; "
            "or agreement. May be repeated.",
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
    time_limit: TimeLimit = None,
    as_json: Json = False,
) -> None:
    """Give the least and most slots by country, or by other keys, of all plans nearly as good."""
    from optimizer.explain.manoeuvring import ONE_PERCENT, alternatives
    from optimizer.runs import finite

    line = ProgressLine()
    found = alternatives(
        run,
        by=by or ["country"],
        within=ONE_PERCENT if within is None else within,
        exact=exact,
        time_limit=time_limit,
        report=line.show,
        started=context.obj,
    )
    line.end()
    if as_json:
        document = {
            "points": found.points,
            "least_points": found.least_points,
            "complete": found.is_complete,
            "ranges": found.table.to_dict("records"),
        }
        print_json(finite(document))
    else:
        print(*found.in_words(), sep="\n")
        again = [word for keys in by or [] for word in ("--by", keys)]
        told = ["--within", f"{within:g}"] if within is not None else []
        if exact:
            print_next("check", run)
        else:
            print_next("alternatives", run, *again, *told, "--exact")
    if not found.is_complete:
        raise typer.Exit(Exit.INTERRUPTED if found.interrupted else Exit.NO_PLAN)
