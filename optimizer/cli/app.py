"""The application that commands are registered with, and how its help lists them."""

from __future__ import annotations

import os
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from optimizer.cli.exits import Exit
from optimizer.cli.given import Program

MAKE, ASK, MANY, SHOW = "Make", "Ask", "Many", "Show"
"""Groups of commands, in the order of the help."""

_GROUPS = {
    MAKE: "which plan is best, and does it keep every rule?",
    ASK: "why this plan, what else would do, and what would change it?",
    MANY: "what if numbers or aims are others?",
    SHOW: "how does it look, for whom?",
}
"""The question that the commands of each group answer."""

_ORDER = (
    *("new", "validate", "solve", "check"),
    *("explain", "alternatives", "compare", "repair"),
    *("sweep", "frontier", "stakeholders"),
    *("app", "formulation"),
)
"""Commands as they are asked one after the other; others come last."""

WIDEST_SENTENCE = 200
"""Characters of a command's first sentence: help breaks the line rather than cutting it."""

_SHELLS = ("bash", "zsh", "fish")
_COMPLETE = "_OPTIMIZER_COMPLETE"
"""What the script of a shell sets where it asks for the words that may come next."""


class Grouped(TyperGroup):
    """Commands under the names and questions of their groups, in plain text."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Commands in the order of the help."""
        place = {name: number for number, name in enumerate(_ORDER)}
        return sorted(self.commands, key=lambda name: place.get(name, len(place)))

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write a section for each group."""
        rows: dict[str, list[tuple[str, str]]] = {group: [] for group in _GROUPS}
        for name in self.list_commands(ctx):
            command = self.commands[name]
            if not command.hidden:
                group = str(getattr(command, "rich_help_panel", None) or SHOW)
                sentence = command.get_short_help_str(WIDEST_SENTENCE)
                rows[group].append((name, sentence))
        for group, question in _GROUPS.items():
            formatter.write_paragraph()
            formatter.write(f"{group}: {question}\n")
            with formatter.indentation():
                formatter.write_dl(rows[group])


def _epilog() -> str:
    # The character keeps click from filling the lines into one paragraph.
    return "\n".join(["\b", "Exit codes:", *(f"  {code:<3}  {code.meaning}" for code in Exit)])


program = Program(
    cls=Grouped,
    # That would write into the files of a shell; --completion prints what goes there.
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Plan talent programmes: slots, support and money across countries, tracks and regions.",
    epilog=_epilog(),
)

if _COMPLETE in os.environ:
    from typer.completion import get_completion_inspect_parameters

    # Makes the shells known to typer, which answers them before any command is looked at.
    get_completion_inspect_parameters()


def _version(wanted: bool) -> None:
    if wanted:
        import importlib.metadata

        print(importlib.metadata.version("talent-optimizer"))
        raise typer.Exit


def _completion(shell: str | None) -> None:
    if shell is None:
        return
    if shell not in _SHELLS:
        raise typer.BadParameter(f"{shell!r} is not one of {', '.join(_SHELLS)}")
    from typer._completion_shared import get_completion_script

    print(get_completion_script(prog_name="optimizer", complete_var=_COMPLETE, shell=shell))
    raise typer.Exit


@program.callback()
def _top(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
    completion: Annotated[
        str | None,
        typer.Option(
            "--completion",
            metavar="SHELL",
            callback=_completion,
            is_eager=True,
            help="Print what has bash, zsh or fish complete commands and options.",
        ),
    ] = None,
) -> None:
    pass
