"""The command that opens the planner's page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from optimizer.cli.app import SHOW, program
from optimizer.cli.options import CasePath, PolicyPath, case_path
from optimizer.cli.showing import print_next


@program.command("app", rich_help_panel=SHOW)
def app_command(
    policy: PolicyPath,
    case: CasePath = None,
    *,
    run: Annotated[
        Path | None,
        typer.Option(help="Begin with the plan of this run, and count as it does."),
    ] = None,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of this machine; 0: any that is free.")
    ] = 0,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the page in a browser.")
    ] = True,
) -> None:
    """Open the planner's page: move weights, budgets and limits, and see the plan change."""
    case_path(policy, case)
    from optimizer.app.opening import desk_of
    from optimizer.app.serving import serve

    desk = desk_of(policy, case, run)

    def ready(address: str) -> None:
        print(address, flush=True)
        if browser:
            import threading
            import webbrowser

            # One in a terminal would return only when it is left.
            threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()

    serve(desk, port=port, ready=ready)
    print_next("solve", policy, case)
