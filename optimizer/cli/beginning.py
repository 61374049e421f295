"""The command that makes a case to begin with."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from optimizer.cli.app import MAKE, program
from optimizer.cli.showing import print_next

_NONE = "none"
"""What is answered where there are no regions."""

_QUESTIONS = {
    "title": "Title",
    "currency": "Currency",
    "years": "First and last year",
    "countries": "Countries, as CODE or CODE=NAME",
    "tracks": "Tracks: what people come for",
    "regions": "Regions where they are placed, or none",
}


@program.command(rich_help_panel=MAKE)
@program.command("template", hidden=True)
def new(
    target: Annotated[
        Path, typer.Argument(metavar="DIR|FILE.xlsx", help="New folder, or new .xlsx workbook.")
    ],
    *,
    title: Annotated[str | None, typer.Option(help="Title of the case.")] = None,
    currency: Annotated[str | None, typer.Option(help="Currency of amounts, such as EUR.")] = None,
    years: Annotated[
        str | None, typer.Option(help="First and last year, such as 2031-2040.")
    ] = None,
    countries: Annotated[
        str | None, typer.Option(help="Their codes, with names or without: 'KEN=Kenya, VNM'.")
    ] = None,
    tracks: Annotated[
        str | None, typer.Option(help="What people come for, in the same way: 'study, work'.")
    ] = None,
    regions: Annotated[
        str | None, typer.Option(help="Where they are placed, in the same way; or none.")
    ] = None,
    empty: Annotated[
        bool, typer.Option("--empty", help="Every table with its header and no rows.")
    ] = False,
    source: Annotated[
        Path | None, typer.Option("--from", help="Copy this case instead of making up examples.")
    ] = None,
    policy: Annotated[
        bool, typer.Option("--policy", help="With --empty and --from: write a first policy too.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an older template.")] = False,
) -> None:
    """Write a case to begin with: example rows that solve at once, an empty one, or a copy.

    On a terminal it asks for what no option says; elsewhere it takes what it would propose.
    """
    said = {"title": title, "countries": countries, "tracks": tracks, "regions": regions}
    if not empty and source is None:
        given = {**said, "currency": currency, "years": years}
        _write_examples(target, {key: text for key, text in given.items() if text}, force=force)
        return
    for key, text in said.items():
        if text is not None:
            message = "is for example rows, not for an empty case or a copy"
            raise typer.BadParameter(message, param_hint=f"--{key}")
    from optimizer.policy.template import write_template

    wanted = None if years is None else _years(years)
    written = write_template(
        target, source=source, currency=currency, years=wanted, policy=policy, force=force
    )
    _print_written(written)
    if source is not None and currency:
        print("Amounts are copied, not converted; their rows are marked as assumptions.")
    if source is not None and years:
        print(
            "New years repeat the nearest year of the copied case and are marked as assumptions; "
            "commitments with a year are left out."
        )
    beside = [path for path in written[1:] if target not in path.parents]
    print_next("validate", target, *beside)


def _write_examples(target: Path, said: dict[str, str], *, force: bool) -> None:
    """Ask for what was not said, where somebody can answer, and write the case."""
    from optimizer.case.writing import case_place
    from optimizer.policy import first_case

    # Nobody answers six questions about a folder that cannot be written.
    case_place(target, force=force, replaces_policy=True)
    proposed = {
        "title": first_case.FIRST_TITLE,
        "currency": first_case.FIRST_CURRENCY,
        "years": f"{first_case.FIRST_YEARS[0]}-{first_case.FIRST_YEARS[-1]}",
        "countries": ", ".join(first_case.FIRST_COUNTRIES),
        "tracks": ", ".join(first_case.FIRST_TRACKS),
        "regions": _NONE,
    }
    if sys.stdin.isatty() and sys.stderr.isatty():
        for key, proposal in proposed.items():
            if key not in said:
                said[key] = _asked(_QUESTIONS[key], proposal, _CHECKED.get(key, str))
    told = {key: said.get(key, proposal) for key, proposal in proposed.items()}
    arguments: dict[str, Any] = {key: _READ.get(key, str)(text) for key, text in told.items()}
    written = first_case.write_first_case(target, **arguments, force=force)
    _print_written(written)
    is_book = target.suffix.lower() == ".xlsx"
    where = "the sheet 'read me'" if is_book else str(target / "README.md")
    print(f"Every row is an example, and its source says so. What to do next stands in {where}.")
    print_next("solve", *([] if is_book else [written[1]]), target)


def _asked(question: str, proposal: str, read: Callable[[str], object]) -> str:
    """Ask until the answer can be read; an empty one takes what is proposed."""
    while True:
        sys.stderr.write(f"{question} [{proposal}]: ")
        sys.stderr.flush()
        answer = sys.stdin.readline().strip() or proposal
        try:
            read(answer)
        except typer.BadParameter as error:
            print(error.message, file=sys.stderr)
        else:
            return answer


def _years(text: str) -> tuple[int, ...]:
    from optimizer.case.header import YEARS, years_in

    found = years_in(text)
    if found is None:
        raise typer.BadParameter(f"{text!r} is not {YEARS}", param_hint="--years")
    return found


def _currency(text: str) -> str:
    from optimizer.case.header import CURRENCY

    if re.fullmatch(CURRENCY, text) is None:
        raise typer.BadParameter(f"{text!r} is not a currency of three letters, such as EUR")
    return text


def _names(text: str) -> list[str]:
    """Names between commas; blank ones are reported where they are used."""
    is_none = text.strip().casefold() == _NONE
    return [] if is_none else [part.strip() for part in text.split(",")]


_READ: dict[str, Callable[[str], object]] = {
    "years": _years,
    "countries": _names,
    "tracks": _names,
    "regions": _names,
}
"""What is made of what is said; of all others the text itself."""

_CHECKED = {"currency": _currency, "years": _years}
"""What can be asked for again at once; all else is checked with the case."""


def _print_written(written: list[Path]) -> None:
    for path in written:
        print(f"Written: {path}")
