"""Commands that ask: what to change where no plan keeps every rule."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from optimizer.cli.app import ASK, program
from optimizer.cli.exits import Exit
from optimizer.cli.options import (
    CasePath,
    Changes,
    GapOption,
    Json,
    PolicyPath,
    ScalesOption,
    TimeLimit,
    case_path,
    scales_of,
    set_again,
)
from optimizer.cli.showing import ProgressLine, annotation, print_json, print_next

if TYPE_CHECKING:
    from optimizer.explain.repairing import Repairs


@program.command("repair", rich_help_panel=ASK)
def repair_command(
    context: typer.Context,
    policy: PolicyPath,
    case: CasePath = None,
    *,
    apply: Annotated[
        tuple[int, Path] | None,
        typer.Option(
            metavar="N FILE",
            help="Write repair N: as a policy (.toml), or its changes as a study (.csv).",
        ),
    ] = None,
    price: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ADDRESS=NUMBER",
            help="Price of changing a number by 1%, or a share by a percentage point, in place of "
            "1; inf if it must stay. May be repeated.",
        ),
    ] = None,
    touch_protected: Annotated[
        bool,
        typer.Option("--touch-protected", help="Let protected limits and floors change too."),
    ] = False,
    agency: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Change budgets of this agency's lines alone."),
    ] = None,
    gap: GapOption = None,
    time_limit: TimeLimit = None,
    changes: Changes = None,
    scales: ScalesOption = None,
    github: Annotated[bool, typer.Option("--github", help="Print annotations for GitHub.")] = False,
    as_json: Json = False,
) -> None:
    """Name the rules that clash where there is no plan, and changes after which there is one."""
    from optimizer.explain.applying import extended_in_words, place_for_repair
    from optimizer.explain.repairing import repair
    from optimizer.io.changes import parse_changes

    case = case_path(policy, case)
    asked = parse_changes(changes or [])
    if apply is not None:
        # What cannot be written is refused before anything is solved, as far as that is known.
        if apply[0] < 1:
            message = f"{apply[0]} is not the number of a repair"
            raise typer.BadParameter(message, param_hint="--apply")
        place_for_repair(apply[1], asked)
    line = ProgressLine()
    found = repair(
        policy,
        case,
        changes=asked,
        scales=scales_of(scales),
        prices=_prices(price or []),
        touch_protected=touch_protected,
        agency=agency,
        gap=gap,
        time_limit=time_limit,
        report=line.show,
        started=context.obj,
    )
    line.end()
    if as_json:
        print_json(_document(found))
    else:
        print(*found.in_words(), sep="\n")
    if github:
        # GitHub reads both, and a document is no document with anything beside it.
        for note in _annotations(found, policy, case):
            print(note, file=sys.stderr if as_json else sys.stdout)
    # What was found is printed even where it cannot be written.
    written = None if apply is None else _written(found, *apply)
    if not as_json:
        if written is not None:
            words = extended_in_words(written, found.question.base)
            print(f"Written: {written}{words}")
        print_next(*_after(found, policy, case, written))
    raise typer.Exit(_exit_of(found))


def _written(found: Repairs, number: int, path: Path) -> Path | None:
    """Where a repair was written; none is where there was none to write."""
    if found.verified:
        return found.apply(number, path)
    why = "there is nothing to repair" if found.is_feasible else "no repair is verified"
    print(f"{path} is not written: {why}", file=sys.stderr)
    return None


def _exit_of(found: Repairs) -> Exit:
    """What a shell is told: an interruption first, then whether there is anything to go on with."""
    if found.is_feasible:
        return Exit.AS_ASKED
    if found.interrupted:
        return Exit.INTERRUPTED
    if found.verified:
        return Exit.AS_ASKED
    return Exit.BROKEN if found.is_infeasible and not found.timed_out else Exit.NO_PLAN


def _prices(texts: list[str]) -> dict[str, float]:
    """Prices by address."""
    from optimizer.schema.addresses import split_change

    found = {}
    for text in texts:
        address, number = split_change(text) or ("", "")
        if address in found:
            raise typer.BadParameter(f"{address} is priced twice", param_hint="--price")
        try:
            found[address] = float(number)
        except ValueError:
            raise typer.BadParameter(
                f"{text!r} is not ADDRESS=NUMBER", param_hint="--price"
            ) from None
    return found


def _after(
    found: Repairs, policy: Path, case: Path, written: Path | None
) -> tuple[str | Path | None, ...]:
    """Words of the command to type next: with what was written, or the first repair verified."""
    from optimizer.io.changes import change_in_words, made_after

    named = None if case == policy else case
    if written is not None and written.suffix == ".toml":
        return "solve", written, named or policy
    if written is not None:
        return "sweep", policy, named, written, "--out", written.with_suffix("")
    verified = found.table[found.table["verified"]]["repair"].tolist()
    if not (verified or found.is_feasible):
        return "validate", policy, named
    made = made_after(found.question.changes, found.changes(verified[0]) if verified else {})
    told = [change_in_words(address, value) for address, value in made.items()]
    return "solve", policy, named, *set_again(told)


def _document(found: Repairs) -> dict[str, object]:
    """The answer as one document."""
    from optimizer.runs import finite

    tables = {name: table.to_dict("records") for name, table in found.tables.items()}
    document = {
        "feasible": found.is_feasible,
        "infeasible": found.is_infeasible,
        "verified": found.verified,
        "complete": found.is_complete,
        "interrupted": found.interrupted,
        "timed_out": found.timed_out,
        "repairs": found.table.to_dict("records"),
        **tables,
        "not_shown": list(found.not_shown),
    }
    plain: dict[str, object] = finite(document)
    return plain


def _annotations(found: Repairs, policy: Path, case: Path) -> list[str]:
    """Clashing numbers where they stand."""
    import pandas as pd

    from optimizer.frames import rows_of
    from optimizer.io.changes import CHANGES

    lines, extended = [], found.question.base.extends
    for row in rows_of(found.tables["clash"]):
        name = row.file.partition(", sheet ")[0]
        # What was asked on the spot counts to the policy, of which it is no line.
        is_asked = name in ("", CHANGES)
        file = policy if is_asked else _file_of(name, policy, case, extended or "")
        line = None if is_asked or pd.isna(row.row) else int(row.row)
        text = f"{row.title}: {row.key}: {row.bound}, clashes with other rules"
        lines.append(annotation(str(file), line, text))
    return lines


def _file_of(name: str, policy: Path, case: Path, extended: str) -> Path:
    """Where a file lies of which the table has the name alone."""
    from optimizer.case.header import HEADER_FILE

    for path in (policy, case):
        if name == path.name:
            return path
    if not name.endswith(".toml") or name == HEADER_FILE:
        return case / name
    return policy.parent / (extended if Path(extended).name == name else name)
