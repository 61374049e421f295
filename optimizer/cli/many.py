"""Commands that answer many questions at once."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from optimizer.cli.app import MANY, program
from optimizer.cli.exits import Exit
from optimizer.cli.options import (
    CacheOption,
    Json,
    ScalesOption,
    require_word,
    scales_of,
    set_again,
    share,
    share_again,
)
from optimizer.cli.showing import EVERY, print_json, print_next, rate_in_words

if TYPE_CHECKING:
    import pandas as pd

    from optimizer.sweeps.driver import SweepProgress
    from optimizer.sweeps.results import Sweep
    from optimizer.sweeps.sensitivity.finding import Finding

MOST_ROWS_SHOWN, MOST_CHANGES_SHOWN = 20, 3
_PATHS = "POLICY CASE STUDY"


@dataclass(frozen=True)
class _Paths:
    """What the words of the command name.

    Attributes
    ----------
    parts
        Folders to merge.
    """

    policy: Path
    case: Path
    study: Path
    parts: tuple[Path, ...] = ()


@program.command("sweep", rich_help_panel=MANY)
def sweep_command(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar=_PATHS,
            help="Policy, case and study: scenarios and changes, as .toml, .xlsx, .csv or a "
            "folder. CASE and STUDY may be left out where an .xlsx holds them too.",
        ),
    ],
    *,
    out: Annotated[
        Path, typer.Option(help="Folder for results as they come; it goes on where it stopped.")
    ],
    executor: Annotated[
        str | None,
        typer.Option(
            metavar="WHERE",
            help="threads:N, local:N (processes) or dask:ADDRESS (a cluster); default: local:N "
            "with the processors there are.",
        ),
    ] = None,
    relax: Annotated[bool, typer.Option("--relax", help="Solve LP relaxations alone.")] = False,
    gap: Annotated[
        float | None,
        typer.Option(
            parser=share, metavar="SHARE", help="Relative MIP gap of each scenario: 0.01 or 1%."
        ),
    ] = None,
    time_limit: Annotated[
        float | None, typer.Option(min=0.001, help="Wall seconds for each scenario.")
    ] = None,
    expect: Annotated[
        Path | None,
        typer.Option(
            help="Expectations that every scenario has to meet, a .toml file; exit code 5 if not."
        ),
    ] = None,
    fixed: Annotated[
        Path | None,
        typer.Option(
            metavar="RUN",
            help="A run folder whose plan is held as it is in every scenario: regret, and where it "
            "breaks a rule.",
        ),
    ] = None,
    part: Annotated[
        str | None, typer.Option(metavar="N/COUNT", help="Solve one of several parts: 3/64.")
    ] = None,
    merge: Annotated[
        bool,
        typer.Option("--merge", help="Solve nothing: put together the folders named after STUDY."),
    ] = False,
    retry: Annotated[
        bool,
        typer.Option("--retry", help="Solve again what crashed, failed or ran out of time."),
    ] = False,
    scales: ScalesOption = None,
    cache: CacheOption = True,
    as_json: Json = False,
) -> None:
    """Solve every scenario of a study; none is lost, and none is solved twice."""
    named = _named(paths, merge=merge)
    if expect is not None and relax:
        raise typer.BadParameter("needs plans, and --relax makes none", param_hint="--expect")
    from optimizer.plan.expectations import join_expectations, load_expectations
    from optimizer.plan.question import read_question
    from optimizer.runs.loading import load_run
    from optimizer.session.own_bests import with_own_bests
    from optimizer.sweeps.executors import executor_named, usual_processes
    from optimizer.sweeps.merging import merge_sweeps
    from optimizer.sweeps.sensitivity.payoffs import payoffs
    from optimizer.sweeps.sweeping import part_of, sweep

    require_word("--executor", executor, executor_named)
    require_word("--part", part, part_of)

    question = with_own_bests(read_question(named.policy, named.case))
    expected = None if expect is None else load_expectations(expect)
    if expected is not None:
        # Joined before solving, so that a typing error costs nothing.
        join_expectations(expected, question.case, question.policy)
    run = None if fixed is None else load_run(fixed).plan
    asked = question.policy, question.case, named.study
    if merge:
        found = merge_sweeps(*asked, parts=named.parts, out=out, relax=relax, gap=gap)
    else:
        line = _SweepLine("" if part else "; writing study.html and study.xlsx")
        found = sweep(
            *asked,
            out=out,
            executor=executor or usual_processes(),
            relax=relax,
            gap=gap,
            time_limit=time_limit,
            scales=scales_of(scales),
            cache=cache,
            part=part,
            retry=retry,
            on_progress=line.show,
        )
        line.end()
    compared = None if expected is None else found.check_expectations(expected)
    held = None if run is None else payoffs(found, {str(fixed): run})
    again = ["--relax"] if relax else []
    again += share_again("--gap", gap)
    _show(found, named, out, compared, held, as_json=as_json)
    if not as_json:
        print_next(*_next_of(found, named, out, again, part=part))
    code = _exit_of(found, compared, is_part=part is not None)
    if code:
        raise typer.Exit(code)


def _named(paths: Sequence[Path], *, merge: bool) -> _Paths:
    """Policy, case and study; a workbook may be several of them."""
    is_book = paths[0].suffix.lower() == ".xlsx"
    if len(paths) <= 2 and is_book and not merge:
        return _Paths(paths[0], paths[0], paths[-1])
    if len(paths) < 3:
        missing = _PATHS.split()[len(paths) :]
        raise typer.BadParameter("is missing", param_hint=" ".join(missing))
    parts = tuple(paths[3:])
    if parts and not merge:
        raise typer.BadParameter(f"{parts[0]} is one too many", param_hint=_PATHS)
    if merge and not parts:
        raise typer.BadParameter("needs the folders to merge after STUDY", param_hint="--merge")
    return _Paths(paths[0], paths[1], paths[2], parts)


class _SweepLine:
    """One line on stderr, rewritten on a terminal, and a new one now and then elsewhere.

    Parameters
    ----------
    then
        What comes after the last scenario, in words.
    """

    def __init__(self, then: str) -> None:
        self._then = then
        self._terminal = sys.stderr.isatty()
        self._last = -EVERY

    def show(self, progress: SweepProgress) -> None:
        """Show how far a sweep is."""
        is_last = progress.done == progress.total
        text = _in_line(progress) + (self._then if is_last else "")
        if self._terminal:
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()
        elif progress.seconds - self._last >= EVERY or is_last:
            self._last = progress.seconds
            print(text, file=sys.stderr)

    def end(self) -> None:
        """Leave a clean line."""
        if self._terminal:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def _in_line(progress: SweepProgress) -> str:
    text = f"{progress.seconds:6.1f} s  {progress.done:,} of {progress.total:,} solved"
    if progress.kept:
        text += f", {progress.kept:,} from before"
    text += rate_in_words(progress.done, progress.rate, progress.seconds_left)
    told = ", ".join(f"{count:,} {status}" for status, count in progress.counts.items())
    return f"{text}  {told}" if told else text


def _show(
    found: Sweep,
    named: _Paths,
    out: Path,
    compared: pd.DataFrame | None,
    held: Finding | None,
    *,
    as_json: bool,
) -> None:
    """Print what came out, what was expected of it, how a plan fared, and the next command."""
    from optimizer.runs import finite

    table = found.table
    missed = None if compared is None else compared[~compared["holds"]]
    if as_json:
        document = {
            "out": str(out),
            "complete": found.complete,
            "interrupted": found.interrupted,
            "counts": found.counts,
            "scenarios": _records(table),
        }
        if missed is not None:
            document["missed"] = missed.drop(columns="holds").to_dict("records")
        if held is not None:
            document["fixed"] = _records(held.table)
        print_json(finite(document))
        return
    print(f"{found.policy.name} on {found.case.name}: {found.in_words()[0]}")
    _print_rows(table)
    if missed is not None and compared is not None:
        _print_expected(missed, len(compared))
    for sentence in [] if held is None else held.in_words():
        print(sentence)
    print(f"Results: {out}")


def _records(table: pd.DataFrame) -> list[dict[str, object]]:
    """Rows for JSON, in which nothing is missing but ``null``."""
    rows = table.astype("object").where(table.notna(), None).to_dict("records")
    return [{str(name): cell for name, cell in row.items()} for row in rows]


def _next_of(
    found: Sweep, named: _Paths, out: Path, again: Sequence[str], *, part: str | None
) -> list[str | Path]:
    """Words of the next command: what is missing, what no plan can keep, or a plan to hold."""
    from optimizer.sweeps.outcomes import ANSWERED, MISSING

    # Nothing went wrong with these: solving them again would give the same, or they are to come.
    settled = {*ANSWERED, MISSING}
    sweep_again: list[str | Path] = ["sweep", named.policy, named.case, named.study, "--out"]
    counts = found.counts
    if part is not None and not found.interrupted and set(counts) <= settled:
        whole = out.with_name(f"{out.name}-whole")
        return [*sweep_again, whole, *again, "--merge", out]
    if not found.complete:
        words = [*sweep_again, out, *again, *([] if part is None else ["--part", part])]
        return words if set(counts) <= settled else [*words, "--retry"]
    lost = found.table.loc[found.table["status"].eq("infeasible"), "scenario"]
    changes = _changes_of(found, str(lost.iloc[0])) if len(lost) else None
    if changes is not None:
        return ["repair", named.policy, named.case, *changes]
    return ["solve", named.policy, named.case]


def _changes_of(found: Sweep, name: str) -> list[str] | None:
    """Words that make the changes of a scenario, where they are few."""
    from optimizer.io.changes import change_in_words

    changes = dict(found.scenario(name).changes)
    if len(changes) > MOST_CHANGES_SHOWN:
        return None
    return set_again([change_in_words(*change) for change in changes.items()])


def _print_rows(table: pd.DataFrame) -> None:
    from optimizer.frames import rows_of

    width = min(40, int(table["scenario"].str.len().max()))
    shown = table[["scenario", "status", "points", "gap", "hint"]]
    for row in rows_of(shown.head(MOST_ROWS_SHOWN)):
        points = f"{row.points:12,.3f} points" if row.points == row.points else ""
        gap = f"  gap {row.gap:.3%}" if row.gap == row.gap else ""
        text = f"  {row.scenario:<{width}}  {row.status:<10} {points}{gap}{row.hint}"
        print(text.rstrip())
    if len(table) > MOST_ROWS_SHOWN:
        print(f"  and {len(table) - MOST_ROWS_SHOWN:,} more")


def _print_expected(missed: pd.DataFrame, count: int) -> None:
    from optimizer.frames import rows_of

    if not len(missed):
        print(f"As expected: {count:,} met.")
        return
    print(f"Not as expected: {len(missed):,} of {count:,} not met.")
    for row in rows_of(missed.head(MOST_ROWS_SHOWN)):
        key = f" {row.key}" if row.key else ""
        why = f" ({row.why})" if row.why else ""
        print(f"  {row.scenario}: {row.what}{key}: {row.found}, expected {row.expected}{why}")
    if len(missed) > MOST_ROWS_SHOWN:
        print(f"  and {len(missed) - MOST_ROWS_SHOWN:,} more")


def _exit_of(found: Sweep, compared: pd.DataFrame | None, *, is_part: bool) -> int:
    from optimizer.sweeps.outcomes import ANSWERED

    if found.interrupted:
        print("interrupted; the same command goes on with what is missing", file=sys.stderr)
        return Exit.INTERRUPTED
    counts = dict(found.counts)
    if is_part:
        # What the other parts solve is not missing here.
        counts.pop("missing", None)
    if not set(counts) <= set(ANSWERED):
        return Exit.NO_PLAN
    if compared is not None and not compared["holds"].all():
        return Exit.UNEXPECTED
    return Exit.BROKEN if set(counts) == {"infeasible"} else Exit.AS_ASKED
