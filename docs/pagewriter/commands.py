"""The command line, from what its help lists."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

import typer.main

from optimizer.cli import Exit, program
from pagewriter.markdown import table


def exit_codes() -> str:
    """Every exit code with its meaning."""
    return table(["exit code", "meaning"], ((f"{code:d}", code.meaning) for code in Exit))


def commands() -> str:
    """Every command: what it does, how it is written, its arguments and options."""
    group: Any = typer.main.get_command(program)
    context = group.make_context("optimizer", [], resilient_parsing=True)
    named = {name: group.commands[name] for name in group.list_commands(context)}
    return "\n\n".join(
        _described(name, command) for name, command in named.items() if not command.hidden
    )


def _described(name: str, command: Any) -> str:
    context = command.make_context(f"optimizer {name}", [], resilient_parsing=True)
    # What has to be given stands in braces in help, which nobody should type.
    usage = re.sub(r"[{}]", "", " ".join(command.collect_usage_pieces(context)))
    rows = table(["argument or option", "meaning"], _parameters(command, context))
    said = inspect.cleandoc(command.help).split("\f")[0].replace("\b\n", "").strip()
    return f"## {name}\n\n{said}\n\n```text\noptimizer {name} {usage}\n```\n\n{rows}"


def _parameters(command: Any, context: Any) -> Iterator[tuple[str, str]]:
    for parameter in command.get_params(context):
        if getattr(parameter, "hidden", False) or parameter.name == "help":
            continue
        record = parameter.get_help_record(context)
        if record is not None:
            written, meaning = record
            yield f"`{written}`", " ".join(meaning.split())
