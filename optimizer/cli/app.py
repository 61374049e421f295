"""The application that commands are registered with, and how its help lists them."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from optimizer.cli.exits import Exit

MAKE, ASK, MANY, SHOW = "Make", "Ask", "Many", "Show"
"""Groups of commands, in the order of the help."""

WIDEST_SENTENCE = 200
"""Characters of a command's first sentence: help breaks the line rather than cutting it."""


class Grouped(TyperGroup):
    """Commands under the names of their groups, in plain text."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Commands in the order in which they were registered."""
        return list(self.commands)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write a section for each group."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for name, command in self.commands.items():
            if not command.hidden:
                panel = str(getattr(command, "rich_help_panel", None) or "Commands")
                sentence = command.get_short_help_str(WIDEST_SENTENCE)
                groups.setdefault(panel, []).append((name, sentence))
        for panel, rows in groups.items():
            with formatter.section(panel):
                formatter.write_dl(rows)


def _epilog() -> str:
    # The character keeps click from filling the lines into one paragraph.
    return "\n".join(["\b", "Exit codes:", *(f"  {code:<3}  {code.meaning}" for code in Exit)])


app = typer.Typer(
    cls=Grouped,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Plan talent programmes: slots, support and money across countries, tracks and regions.",
    epilog=_epilog(),
)


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
