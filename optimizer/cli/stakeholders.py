"""The command that asks what each stakeholder gives up, and for compromises between all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from optimizer.cli.app import MANY, program
from optimizer.cli.exits import Exit
from optimizer.cli.options import (
    CacheOption,
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
    share_again,
)
from optimizer.cli.showing import ProgressLine, print_json, print_next, rows_as_json

if TYPE_CHECKING:
    from optimizer.tradeoffs.stakeholder_question import Stakeholders


@program.command("stakeholders", rich_help_panel=MANY)
def stakeholders_command(
    context: typer.Context,
    policy: PolicyPath,
    case: CasePath = None,
    *,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Folder for a run of each plan; the same command goes on with what is missing.",
        ),
    ] = None,
    take: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="With --out: write the run of this plan alone, such as leximin."
        ),
    ] = None,
    compromises: Annotated[
        str | None,
        typer.Option(
            metavar="A,B", help="Some of mean, least-regret, leximin and nash; default: all."
        ),
    ] = None,
    relax: Annotated[
        bool, typer.Option("--relax", help="Ask the LP relaxation alone, which gives no plans.")
    ] = False,
    gap: GapOption = None,
    time_limit: TimeLimit = None,
    changes: Changes = None,
    scales: ScalesOption = None,
    cache: CacheOption = True,
    as_json: Json = False,
) -> None:
    """Show what each stakeholder gives up under any plan, and compromises between all."""
    from optimizer.io.changes import parse_changes
    from optimizer.runs import require_writers
    from optimizer.tradeoffs.compromise_search import COMPROMISES
    from optimizer.tradeoffs.stakeholder_question import stakeholders

    case = case_path(policy, case)
    if take is not None and out is None:
        raise typer.BadParameter("needs --out, where the run is written", param_hint="--take")
    if relax and out is not None:
        raise typer.BadParameter("makes no plans to be kept", param_hint="--relax")
    said = COMPROMISES if compromises is None else compromises.split(",")
    wanted = [name.strip() for name in said]
    if out is not None:
        require_writers()
        _require_places(policy, wanted, take, out)
    line = ProgressLine()
    found = stakeholders(
        policy,
        case,
        compromises=wanted,
        relaxed=relax,
        out=out,
        changes=parse_changes(changes or []),
        scales=scales_of(scales),
        cache=cache,
        gap=gap,
        time_limit=time_limit,
        report=line.show,
        started=context.obj,
    )
    line.end()
    # Whatever becomes of writing, what was found is not lost.
    if as_json:
        print_json(_document(found))
    else:
        print(*found.in_words(), sep="\n")
    written = [] if out is None else _write(found, take, out)
    if not as_json:
        for path in written:
            print(f"Written: {path}")
        asked: list[str | Path | None] = [policy, None if case == policy else case]
        asked += set_again(changes)
        asked += ["--compromises", compromises] if compromises is not None else []
        asked += share_again("--gap", gap)
        asked += ["--scales", scales] if scales is not None else []
        print_next(*_next_of(found, asked, out, take))
    if found.interrupted:
        raise typer.Exit(Exit.INTERRUPTED)
    if not found.complete:
        raise typer.Exit(Exit.NO_PLAN)


def _require_places(policy: Path, wanted: Sequence[str], take: str | None, out: Path) -> None:
    """Refuse at once a plan that nobody looks for, and what cannot be written."""
    from optimizer.policy import load_policy
    from optimizer.runs import require_run_places
    from optimizer.tradeoffs.compromise_search import AS_TODAY, THE_POLICY, names_of_bests

    bests = names_of_bests([each.name for each in load_policy(policy).stakeholders])
    known = [THE_POLICY, *bests, AS_TODAY, *wanted]
    if take is not None and take not in known:
        message = f"{take!r} is not looked for; one of {', '.join(known)}"
        raise typer.BadParameter(message, param_hint="--take")
    names = known if take is None else [take]
    require_run_places(out / name for name in names if _told_before(out, name) is None)


def _told_before(out: Path, name: str) -> Mapping[str, Any] | None:
    """What a run says of stakeholders that this command has written under a name before.

    Only runs beside the file of what was found are its own: that file names the question.
    """
    from optimizer.io.paths import standing_at
    from optimizer.runs import facts_if_run
    from optimizer.tradeoffs.stakeholder_store import KEPT_FILE

    facts = facts_if_run(out / name) if standing_at(out / KEPT_FILE) == "file" else None
    told = {} if facts is None else facts.get("stakeholders")
    return told if isinstance(told, dict) and told.get("plan") == name else None


def _write(found: Stakeholders, take: str | None, out: Path) -> list[Path]:
    """Write a run for each plan, or for the one that is taken; what says the same stays."""
    from optimizer.result.charts import not_among
    from optimizer.runs import finite
    from optimizer.runs.writing import write_run

    if take is not None and take not in found.plans:
        raise not_among(list(found.plans), take, "stakeholders have no plan")
    written, known = [], found.provenance["kept_before"]
    for name, plan in found.plans.items():
        if take not in (None, name):
            continue
        before = _told_before(out, name)
        is_same = name in known and before == finite(plan.provenance["stakeholders"])
        if not is_same:
            written.append(write_run(plan, out / name, force=before is not None))
    return written


def _document(found: Stakeholders) -> dict[str, object]:
    """The answer as one document."""
    from optimizer.runs import finite

    tables = {name: rows_as_json(table) for name, table in found.tables.items()}
    document: dict[str, object] = finite(
        {
            "regrets": rows_as_json(found.table),
            "complete": found.complete,
            "why_incomplete": found.why_incomplete,
            **tables,
            "provenance": dict(found.provenance),
        }
    )
    return document


def _next_of(
    found: Stakeholders,
    asked: list[str | Path | None],
    out: Path | None,
    take: str | None,
) -> list[str | Path | None]:
    """Words of the next command: go on, compare what was written, or keep the plans.

    Parameters
    ----------
    asked
        Policy, case and options of this command.
    """
    if out is not None and not found.complete:
        return ["stakeholders", *asked, "--out", out]
    if out is not None:
        known = [out / name for name in ("policy", "least-regret") if name in found.plans]
        is_pair = len(known) == 2 and take is None
        return ["compare", *known] if is_pair else ["check", out / (take or "policy")]
    into = Path("runs") / f"{Path(str(asked[0])).stem}-stakeholders"
    return ["stakeholders", *asked, "--out", into]
