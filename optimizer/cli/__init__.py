"""The command line: progress and problems on stderr, results on stdout."""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

# Importing the commands registers them.
from optimizer.cli import (
    alternatives,
    ask,
    beginning,
    compare,
    desk,
    explaining,
    frontier,
    make,
    many,
    show,
    stakeholders,
    streams,
)
from optimizer.cli.app import program
from optimizer.cli.exits import Exit
from optimizer.io import interrupts

if TYPE_CHECKING:
    from optimizer.errors import ArgumentError, OptimizerError

__all__ = [
    "Exit",
    "alternatives",
    "ask",
    "beginning",
    "compare",
    "desk",
    "explaining",
    "frontier",
    "main",
    "make",
    "many",
    "program",
    "show",
    "stakeholders",
]


def _show_warning(message: Warning | str, category: type[Warning], *place: Any, **_: Any) -> None:
    """Print the package's warnings in words, and any other warning as Python does."""
    from optimizer.errors import ModelWarning

    is_ours = issubclass(category, ModelWarning)
    foreign = "" if is_ours else warnings.formatwarning(message, category, *place[:2])
    told = foreign or f"warning: {message}\n"
    if sys.stderr is not None:
        sys.stderr.write(told)


@contextmanager
def _warnings_in_words() -> Iterator[None]:
    from optimizer.errors import ModelWarning

    with warnings.catch_warnings():
        warnings.simplefilter("always", ModelWarning)
        warnings.showwarning = _show_warning
        yield


def main() -> int:
    """Run the command line and give its exit code."""
    from optimizer.io.targets import placed

    placed.clear()
    # What is in its place is there, so that nothing is left to interrupt.
    with (
        streams.streams_kept() as (out, err),
        interrupts.command(),
        interrupts.kept(lambda: bool(placed)),
        _warnings_in_words(),
    ):
        code = _run()
        interrupts.done()
        out.flush()
        if out.lost is None or out.is_unread:
            return code
        where = f"; written to {', '.join(map(str, placed))}" if placed else ""
        print(f"nothing could be printed: {out.lost.strerror}{where}", file=err)
        # A run that is whole is what was asked for; all else a command finds out it prints.
        return Exit.USAGE if code == 0 and not placed else code


def _run() -> int:
    from optimizer.errors import OptimizerError

    try:
        # Time limits count from here: what is imported later is part of the command.
        program(prog_name="optimizer", standalone_mode=True, obj=time.monotonic())
    except OptimizerError as error:
        return _fail(error)
    except OSError as error:
        place = "" if error.filename is None else f"{error.filename}: "
        print(f"{place}{error.strerror or error}", file=sys.stderr)
        return Exit.WRONG
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 0 if stop.code is None else 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return Exit.INTERRUPTED
    return 0


def _fail(error: OptimizerError) -> int:
    from optimizer.errors import (
        ArgumentError,
        BrokenPlanError,
        InfeasibleError,
        NoPlanError,
        TargetError,
    )

    if isinstance(error, ArgumentError):
        print(_of_options(error), file=sys.stderr)
        return Exit.USAGE
    print(error, file=sys.stderr)
    if isinstance(error, InfeasibleError | BrokenPlanError):
        return Exit.BROKEN
    if isinstance(error, NoPlanError):
        return Exit.INTERRUPTED if error.interrupted else Exit.NO_PLAN
    return Exit.USAGE if isinstance(error, TargetError) else Exit.WRONG


_OPTIONS = {"keep.at_least": "nested-in", "prices": "price"}
"""Options whose names are not those of the arguments."""


def _option_of(argument: str) -> str:
    return f"--{_OPTIONS.get(argument, argument.replace('_', '-'))}"


def _of_options(error: ArgumentError) -> ArgumentError:
    """The same error, whose arguments are named as options of the command."""
    from optimizer.errors import ArgumentError

    return ArgumentError(
        replace(each, file=_option_of(each.column), column=None) if each.column else each
        for each in error.problems
    )
