"""Commands that show what is asked."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from optimizer.cli.app import SHOW, program
from optimizer.cli.options import (
    CacheOption,
    CasePath,
    Changes,
    PolicyPath,
    ScalesOption,
    case_path,
    scales_of,
    set_again,
)
from optimizer.cli.showing import print_next


@program.command("formulation", rich_help_panel=SHOW)
def formulation_command(
    policy: PolicyPath,
    case: CasePath = None,
    *,
    style: Annotated[
        str, typer.Option("--format", help="markdown, latex, lp or mps.")
    ] = "markdown",
    out: Annotated[Path | None, typer.Option(help="File to write; default: stdout.")] = None,
    changes: Changes = None,
    scales: ScalesOption = None,
    cache: CacheOption = True,
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

    place = None if out is None else model_place(out)
    changed = parse_changes(changes or [])
    if style in ("markdown", "latex"):
        # The words and formulas do not depend on scales, so none are worked out for them.
        text = exposition(plain_model(policy, case_path(policy, case), changed), style=style)
    else:
        given = scales_of(scales)
        model = build_model(
            policy, case_path(policy, case), changes=changed, scales=given, cache=cache
        )
        text = model_text(model, style)
    if place is None:
        # The document is all there is on stdout, so that it can be sent on.
        sys.stdout.write(text)
    else:
        write_formulation(place, text, style)
        print(f"Written: {out}")
        print_next("solve", policy, case, *set_again(changes))
