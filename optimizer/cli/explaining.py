"""The command that explains a run: what limits it, what a part of it brings, why and why not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from optimizer.cli.app import ASK, program
from optimizer.cli.exits import Exit
from optimizer.cli.fair import aim_again
from optimizer.cli.options import GapOption, Json, TimeLimit, count_of, said_of, set_again
from optimizer.cli.showing import ProgressLine, print_json, print_next

if TYPE_CHECKING:
    from typing import TypeAlias

    from optimizer.explain.asking_for import WhyNot
    from optimizer.explain.leaving_out import Importance
    from optimizer.explain.marginals import MarginalValues
    from optimizer.explain.odd_years import OddYears
    from optimizer.explain.why_slots import Why
    from optimizer.runs.loading import Run
    from optimizer.tradeoffs.firmness import Firmness
    from optimizer.tradeoffs.rank_firmness import RankFirmness

    Found: TypeAlias = (
        MarginalValues | Importance | OddYears | Why | WhyNot | Firmness | RankFirmness
    )

RunPath = Annotated[Path, typer.Argument(metavar="RUN", help="Run folder.")]

_OPTIONS: Mapping[str, tuple[str, ...]] = {
    "": ("--top", "--plans", "--gap"),
    "--why-not": ("--top", "--plans", "--gap"),
    "--why": ("--top",),
    "--odd-years": ("--top",),
    "--without": (),
    "--weights": ("--samples", "--seed"),
    "--ranks": ("--samples", "--seed"),
}
"""Options that go with each question; the first is asked where none is named."""


@program.command("explain", rich_help_panel=ASK)
def explain_command(
    context: typer.Context,
    run: RunPath,
    *,
    top: Annotated[
        str | None,
        typer.Option(
            metavar="N",
            help="Numbers that are solved again: how many, none or all that limit; with --why and "
            "--why-not those that would bring in slots of which there are none, with --odd-years "
            "changes; default: 10.",
        ),
    ] = None,
    without: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ADDRESS",
            help="What is lost without a part: limits.NAME, a rule, 'countries[country=KEN]', "
            "'budgets[line=jsps]', or all limits, commitments, budgets, agreements, countries, "
            "tracks or regions. May be repeated.",
        ),
    ] = None,
    why: Annotated[
        str | None,
        typer.Option(
            metavar="SLOTS",
            help="Why there are as many as there are, and what would change that: "
            "'slots[country=KEN, track=researchers]'.",
        ),
    ] = None,
    why_not: Annotated[
        str | None,
        typer.Option(
            "--why-not",
            metavar="WANTED",
            help="What slots or an agreement would cost, and who would give way: "
            "'slots[country=KEN, track=researchers, year=2030] >= 20', with <=, += or -= (from "
            "the plan in hand), or 'agreements[country=KEN, track=researchers] open', or without.",
        ),
    ] = None,
    odd_years: Annotated[
        bool,
        typer.Option(
            "--odd-years",
            help="Why tracks, countries and regions change by more than half from one year to the "
            "next.",
        ),
    ] = False,
    weights: Annotated[
        bool,
        typer.Option(
            "--weights",
            help="How far each weight may go before another plan is better, and who gets slots "
            "whatever the weights.",
        ),
    ] = False,
    ranks: Annotated[
        bool,
        typer.Option(
            "--ranks",
            help="Who gets slots, and how good the plan is, wherever countries rank within the "
            "case's rank_bands.",
        ),
    ] = False,
    samples: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=0,
            max=1_000_000,
            help="With --weights or --ranks: sets of weights drawn evenly from all, or of ranks "
            "from their bands; default: 30.",
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(min=0, help="With --weights or --ranks: seed of the draw; default: 0."),
    ] = None,
    plans: Annotated[
        bool, typer.Option("--plans", help="Solve plans as well, not relaxations alone.")
    ] = False,
    gap: GapOption = None,
    out: Annotated[
        Path | None, typer.Option(help="Write all tables to this .xlsx as well.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an older result.")] = False,
    time_limit: TimeLimit = None,
    as_json: Json = False,
) -> None:
    """Say what limits a plan, what one more of each number brings, what is lost without a part."""
    from optimizer.explain import asking_for
    from optimizer.explain.leaving_out import importance
    from optimizer.explain.marginals import TIGHTEST, marginal_values
    from optimizer.explain.odd_years import odd_years as changes_of
    from optimizer.explain.why_slots import why as why_there
    from optimizer.result import require_place_for_tables
    from optimizer.runs.loading import load_run
    from optimizer.tradeoffs.firmness import weights as firm_weights
    from optimizer.tradeoffs.rank_firmness import ranks as firm_ranks

    questions = {
        "--without": bool(without),
        "--why": why is not None,
        "--why-not": why_not is not None,
        "--odd-years": odd_years,
        "--weights": weights,
        "--ranks": ranks,
    }
    asked = [question for question, is_asked in questions.items() if is_asked]
    if len(asked) > 1:
        raise typer.BadParameter("ask one of them at a time", param_hint=", ".join(questions))
    given = {"--top": top, "--plans": plans or None, "--gap": gap}
    given |= {"--samples": samples, "--seed": seed}
    _require_fitting("".join(asked), [name for name, value in given.items() if value is not None])
    if gap is not None and not plans:
        raise typer.BadParameter("needs --plans, as relaxations have none", param_hint="--gap")
    draw = {"samples": samples, "seed": seed}
    drawn: dict[str, Any] = {name: value for name, value in draw.items() if value is not None}
    count = TIGHTEST if top is None else count_of(top, "--top")
    if out is not None:
        # What cannot be written is refused before anything is solved.
        require_place_for_tables(out, force=force)
    loaded, line = load_run(run), ProgressLine()
    limits: dict[str, Any] = {
        "time_limit": time_limit,
        "report": line.show,
        "started": context.obj,
    }
    found: Found
    if why_not is not None:
        with said_of("--why-not", why_not):
            found = asking_for.why_not(loaded, why_not, top=count, plans=plans, gap=gap, **limits)
    elif why is not None:
        with said_of("--why", why):
            found = why_there(loaded, why, top=count, **limits)
    elif odd_years:
        found = changes_of(loaded, top=count, **limits)
    elif weights:
        found = firm_weights(loaded, **drawn, **limits)
    elif ranks:
        found = firm_ranks(loaded, **drawn, **limits)
    elif without:
        found = importance(loaded, without, **limits)
    else:
        found = marginal_values(loaded, top=count, plans=plans, gap=gap, **limits)
    line.end()
    _show(found, loaded, out, force=force, as_json=as_json)
    if not found.complete:
        raise typer.Exit(Exit.INTERRUPTED if found.interrupted else Exit.NO_PLAN)


def _require_fitting(question: str, options: Sequence[str]) -> None:
    """Refuse options that the question would take no notice of."""
    for option in options:
        if option in _OPTIONS[question]:
            continue
        fitting = [each for each, known in _OPTIONS.items() if option in known and each]
        fits = f"goes with {' or '.join(fitting)}"
        raise typer.BadParameter(
            f"does not go with {question}" if question else fits, param_hint=option
        )


def _show(found: Found, run: Run, out: Path | None, *, force: bool, as_json: bool) -> None:
    """Print the answer, and write it where that was asked for."""
    if as_json:
        print_json(_document(found))
    else:
        print(*found.in_words(), sep="\n")
    if out is not None:
        found.to_excel(out, force=force)
    if as_json:
        return
    if out is not None:
        print(f"Written: {out}")
    for words in _after(run, found):
        print_next(*words)


def _after(run: Run, found: Found) -> list[tuple[str | Path, ...]]:
    """Words of the two commands to type next."""
    from optimizer.explain.asking_for import WhyNot
    from optimizer.explain.leaving_out import Importance
    from optimizer.explain.odd_years import OddYears
    from optimizer.explain.why_slots import Why
    from optimizer.tradeoffs.firmness import Firmness
    from optimizer.tradeoffs.rank_firmness import RankFirmness

    if isinstance(found, OddYears | Firmness | RankFirmness):
        why = _why_of(run, found) if isinstance(found, OddYears) else ("alternatives", run.path)
        others = ["--weights"] if isinstance(found, RankFirmness) else []
        return [why, ("explain", run.path, *others)]
    if isinstance(found, Why):
        return [
            ("explain", run.path, "--why-not", f"{found.asked} += 1"),
            ("explain", run.path),
        ]
    if isinstance(found, WhyNot):
        return [("explain", run.path), ("explain", run.path, "--without", "limits")]
    if isinstance(found, Importance):
        asked = found.provenance["addresses"]
        other = "limits" if "limits" not in asked else "countries"
        return [("explain", run.path), ("explain", run.path, "--without", other)]
    helpful = found.table[found.table["gain_points"].gt(0.0) & ~found.table["protected"]]
    helpful = helpful[helpful["kind"].eq("limit")]
    first: tuple[str | Path, ...] = "explain", run.path, "--without", "limits"
    question = run.question
    asks_more = question.added or question.keep or question.near or run.read.facts.get("dropped")
    if not len(helpful) or asks_more or run.plan.provenance.get("frontier"):
        return [first, ("explain", run.path, "--plans")]
    return [first, _solved_with(run, helpful["address"].iloc[0], float(helpful["looser"].iloc[0]))]


def _why_of(run: Run, found: OddYears) -> tuple[str | Path, ...]:
    """Words that ask why the first change has the slots that it has."""
    from optimizer.frames import rows_of

    for row in rows_of(found.table.head(1)):
        return "explain", run.path, "--why", f"slots[{row.by}={row.key}, year={row.year}]"
    return "explain", run.path, "--without", "limits"


def _solved_with(run: Run, address: str, value: float) -> tuple[str | Path, ...]:
    """Words that solve the question of a run with one number changed."""
    from optimizer.io.changes import change_in_words, made_after

    plain = int(value) if value.is_integer() else value
    changes = made_after(run.question.changes, {address: plain})
    told = [change_in_words(each, changed) for each, changed in changes.items()]
    aimed = aim_again(run.plan.provenance)
    return ("solve", *run.inputs, *aimed, "--scales", run.path, *set_again(told))


def _document(found: Found) -> dict[str, object]:
    """The answer as one document."""
    from optimizer.runs import finite

    tables = {name: table.to_dict("records") for name, table in found.tables.items()}
    document = {
        "points": found.points,
        "complete": found.complete,
        "rows": found.table.to_dict("records"),
        **tables,
        "provenance": dict(found.provenance),
    }
    plain: dict[str, object] = finite(document)
    return plain
