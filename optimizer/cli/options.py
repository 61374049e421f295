"""Arguments and options that several commands share, and what is read from them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from optimizer.plan.scales import OfRun

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
PolicyPath = Annotated[
    Path,
    typer.Argument(
        metavar="POLICY", help="Policy, a .toml file or an .xlsx workbook with its sheets."
    ),
]
CasePath = Annotated[
    Path | None,
    typer.Argument(
        metavar="CASE",
        help="Case, a folder with case.toml or an .xlsx; omit if POLICY also holds the case.",
    ),
]
Changes = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="ADDRESS=VALUE",
        help="Change a value: goals.alliance.weight=0.5, or cells of the case: "
        "'budgets[line=jsps, year=2028].amount=9e9'; or relative to it: *1.1, /2, +10%, -10%, "
        "+=100. A word needs no quotes: horizon.tail=steady. May be repeated.",
    ),
]
ScalesOption = Annotated[
    Path | None,
    typer.Option(
        "--scales", metavar="RUN", help="Take the scales of this run: a folder or its run.json."
    ),
]
TimeLimit = Annotated[
    float | None, typer.Option(min=0.001, help="Wall seconds for the whole command.")
]
CacheOption = Annotated[
    bool,
    typer.Option("--cache/--no-cache", help="Use the cache of ideals."),
]


def share(text: str | float) -> float:
    """Read a share, as a fraction or in per cent."""
    from optimizer.io.changes import share_in

    if str(text).strip() == "1":
        raise typer.BadParameter("'1' may mean 1% or all of it; say 1% (or 0.01), or 100%")
    try:
        return share_in(str(text))
    except ValueError:
        message = (
            f"{text!r} is not a valid share; a fraction from 0 to 1, or a percentage: 0.01 or 1%"
        )
        raise typer.BadParameter(message) from None


def share_again(option: str, value: float | None) -> list[str]:
    """Words that give a share again, so that the same number is read."""
    if value is None:
        return []
    text = f"{value:g}"
    text = text if float(text) == value else repr(value)
    # 1 by itself is refused, as it may mean 1%.
    return [option, "100%" if value == 1.0 else text]


GapOption = Annotated[
    float | None,
    typer.Option(parser=share, metavar="SHARE", help="Relative MIP gap of each plan: 0.01 or 1%."),
]


def count_of(text: str, option: str) -> int | None:
    """How many questions are asked; 0 for none, and ``None`` for all."""
    if text in ("all", "none"):
        return None if text == "all" else 0
    if not text.isdecimal():
        raise typer.BadParameter(f"{text!r} is not a count, none or all", param_hint=option)
    return int(text)


def require_word(option: str, word: str | None, read: Callable[[str], object]) -> None:
    """Refuse the word of an option that cannot be read, as a wrong use of the command."""
    from optimizer.errors import OptimizerError

    try:
        if word is not None:
            read(word)
    except OptimizerError as error:
        raise typer.BadParameter(str(error), param_hint=option) from None


@contextmanager
def said_of(option: str, text: str | None) -> Iterator[None]:
    """Have what is wrong with the text of an option named by it, as a wrong use of the command."""
    from optimizer.errors import ArgumentError, PolicyError
    from optimizer.io.changes import CHANGES

    try:
        yield
    except PolicyError as error:
        there = {(each.file, (each.column or "").strip()) for each in error.problems}
        if text is None or there != {(CHANGES, text.strip())}:
            raise
        place = f"{option} {quote(text)}"
        told = [replace(each, file=place, column=None) for each in error.problems]
        raise ArgumentError(told) from None


def case_path(policy: Path, case: Path | None) -> Path:
    """Path of the case; a policy's workbook may be one too."""
    if case is None and policy.suffix.lower() != ".xlsx":
        _refuse_run(policy)
        raise typer.BadParameter("is missing; only an .xlsx can be both", param_hint="CASE")
    return policy if case is None else case


def _refuse_run(policy: Path) -> None:
    """Say what to type where a run is given in place of a policy."""
    from optimizer.io.paths import standing_at
    from optimizer.runs import RUN

    if standing_at(policy / RUN) == "file":
        raise typer.BadParameter(
            f"{policy} is a run folder; type the paths of the policy and the case that it was made "
            f"from, or ask about its plan: optimizer explain {quote(str(policy))}",
            param_hint="POLICY",
        )


def set_again(changes: Sequence[str] | None) -> list[str]:
    """Words that make the same changes in another command."""
    return [word for change in changes or [] for word in ("--set", change)]


def scales_of(run: Path | None) -> OfRun | None:
    """Scales of a run, where one is named."""
    from optimizer.runs import reading

    return None if run is None else reading.scales_of_run(run)
