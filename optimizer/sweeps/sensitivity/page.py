"""The page and the workbook of a sweep: what was asked, what came out, and what it tells."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from optimizer.errors import OptimizerError
from optimizer.frames import rows_of
from optimizer.io import targets
from optimizer.io.writing import write_text
from optimizer.report.answers import place_for_page
from optimizer.report.blocks import Block, Fact, Facts, Picture, Section, Table, Text
from optimizer.report.figures import percent, whole
from optimizer.report.page import environment
from optimizer.report.pictures import drawn_picture, frame_table
from optimizer.report.tables import behind, plain_table
from optimizer.sweeps.outcomes import SOLVED
from optimizer.sweeps.scenarios import BASE
from optimizer.sweeps.sensitivity.best import best_plans
from optimizer.sweeps.sensitivity.boxes import discover
from optimizer.sweeps.sensitivity.choices import chosen, compared
from optimizer.sweeps.sensitivity.curves import heat_map
from optimizer.sweeps.sensitivity.finding import Finding
from optimizer.sweeps.sensitivity.indices import sobol_indices
from optimizer.sweeps.sensitivity.maps import region_maps
from optimizer.sweeps.sensitivity.parallel import parallel_coordinates
from optimizer.sweeps.sensitivity.payoffs import distinct_plans, payoffs
from optimizer.sweeps.sensitivity.tornado import tornado
from optimizer.text.figures import counted, figure

if TYPE_CHECKING:
    from optimizer.sweeps.results import Sweep

PAGE, BOOK = "study.html", "study.xlsx"
_MOST_WORDS, _MOST_ROWS = 30, 500
_MOST_HELD, _MOST_EVALUATED = 8, 120
"""Plans that the page holds against all scenarios, and how often it evaluates one at most."""
_FEWEST_TOGETHER = 3
"""Levers that some scenario changes at once, where lines through all of them are drawn."""
_MOST_COMPARED, _MOST_COUNTED = 60, 2_000
_WEIGHT = ".weight"
"""End of the address of a weight."""
_Part = tuple[str, str, Callable[["Sweep"], Finding]]


def write_study_files(sweep: Sweep, folder: Path) -> None:
    """Write ``study.html`` and ``study.xlsx``; older ones of ours are replaced, and nothing else.

    Raises
    ------
    TargetError
        If something else is there, or they cannot be written.
    """
    findings = list(_findings(sweep))
    place = place_for_page(folder / PAGE)
    with targets.written_aside(place) as new:
        write_text(new, _rendered(sweep, findings))
    tables = {name: sweep.tables[name] for name in ("scenarios", "changes", "goals")}
    for _, _, finding in findings:
        tables |= {finding.name: finding.table}
        tables |= {f"{finding.name}_{name}": table for name, table in finding.tables.items()}
    book = Finding("study", sweep.table, tuple(sweep.in_words()), sweep.provenance, tables)
    book.to_excel(folder / BOOK, force=True)


def _findings(sweep: Sweep) -> Iterator[tuple[str, str, Finding]]:
    """Title, question and finding of all that can be said of this sweep."""
    found: dict[str, Finding] = {}
    parts: list[_Part] = [
        ("Which lever matters", "Levers that are changed by themselves.", tornado),
        ("Two levers together", "The points over both.", _of_two),
        ("What explains the spread", "Sobol indices of the levers.", sobol_indices),
        ("When it fails", "The box of levers in which most scenarios fail.", discover),
        ("All levers at once", "A line a scenario, from its levers to its points.", _together),
        (
            "Plans in other scenarios",
            "Each plan is held as it is and evaluated again in every scenario.",
            _held,
        ),
        (
            "Which plan is best where",
            "The best of these plans over both levers.",
            lambda swept: _best(swept, found),
        ),
        ("What plans have in common", "Agreements and pairs, counted over all plans.", _chosen),
        ("Who gets more, who fewer", "Slots by country, against nothing changed.", _compared),
        ("Where slots go", "Slots by region, against nothing changed.", _mapped),
    ]
    for title, question, ask in parts:
        try:
            finding = ask(sweep)
        except OptimizerError:
            # The study was not made for this question.
            continue
        found[finding.name] = finding
        yield title, question, finding


def _of_two(sweep: Sweep) -> Finding:
    return heat_map(sweep, *_two(sweep))


def _two(sweep: Sweep) -> tuple[str, str]:
    levers = [str(name) for name in sweep.levers]
    if len(levers) != 2:
        raise OptimizerError("a map has two levers")
    return levers[0], levers[1]


def _together(sweep: Sweep) -> Finding:
    """Lines say something only where several levers move at once."""
    changed = sweep.levers.map(lambda cell: cell != "")
    if changed.sum(axis="columns").max() < _FEWEST_TOGETHER:
        raise OptimizerError("no scenario changes several levers at once")
    return parallel_coordinates(sweep)


def _best(sweep: Sweep, found: Mapping[str, Finding]) -> Finding:
    if "payoffs" not in found:
        raise OptimizerError("no plans were held against other scenarios")
    return best_plans(sweep, *_two(sweep), found["payoffs"])


def _mapped(sweep: Sweep) -> Finding:
    maps = region_maps(sweep) if len(sweep.scenarios) <= _MOST_COUNTED else None
    if maps is None or not maps.drawings:
        raise OptimizerError("too many plans for one page, or regions without tiles")
    return maps


def _held(sweep: Sweep) -> Finding:
    """Hold the first plans that differ, as many as time allows, that of the base before all."""
    table = sweep.table
    most = min(_MOST_HELD, _MOST_EVALUATED // max(1, len(table)))
    if sweep.provenance["relaxed"] or not most or not table["status"].isin(SOLVED).any():
        raise OptimizerError("there are no plans, or too many scenarios")
    return payoffs(sweep, distinct_plans(sweep, most))


def _chosen(sweep: Sweep) -> Finding:
    if len(sweep.scenarios) > _MOST_COUNTED:
        raise OptimizerError("too many plans for one page")
    return chosen(sweep)


def _compared(sweep: Sweep) -> Finding:
    if len(sweep.scenarios) > _MOST_COMPARED:
        raise OptimizerError("too many scenarios for one table")
    return compared(sweep)


def _rendered(sweep: Sweep, findings: list[tuple[str, str, Finding]]) -> str:
    sections = [_asked(sweep), _came_out(sweep)]
    sections += [_section(title, question, finding) for title, question, finding in findings]
    sections += [section for section in (_without(sweep), _all(sweep)) if section is not None]
    template = environment().get_template("study.html.jinja")
    return template.render(case=sweep.case, policy=sweep.policy, sections=sections, sweep=sweep)


def _asked(sweep: Sweep) -> Section:
    """What each lever is changed to, and how scenarios count."""
    levers = sweep.levers
    rows = []
    for name in levers:
        changes = [str(cell) for cell in levers[name] if cell != ""]
        told = list(dict.fromkeys(changes))
        shown = ", ".join(told[:6]) + (f" and {len(told) - 6:,} more" if len(told) > 6 else "")
        rows.append((str(name), whole(len(changes)), shown))
    table = plain_table("Levers of the study", ("Lever", "Scenarios", "Changes"), rows, (1,))
    probability = sweep.tables["scenarios"]["probability"]
    count = (
        "All scenarios count alike."
        if probability.isna().any()
        else "Scenarios have probabilities."
    )
    gap = sweep.provenance["gap"]
    kind = (
        "Linear relaxations were solved, which have no plans."
        if sweep.provenance["relaxed"]
        else (
            "Plans were searched for within the gap of the policy."
            if gap is None
            else f"Plans were searched for within a gap of {percent(gap, 2)}."
        )
    )
    return Section("asked", "What was asked", f"{kind} {count}", (table,))


def _came_out(sweep: Sweep) -> Section:
    table = sweep.table.set_index("scenario")
    facts = [Fact("Scenarios", whole(len(table)))]
    facts += [
        Fact(status.replace("_", " ").capitalize(), whole(n)) for status, n in sweep.counts.items()
    ]
    points = table["points"].dropna()
    if BASE in points:
        facts.append(Fact("Points of the base", figure(points[BASE])))
    if len(points):
        facts.append(Fact("Most points", figure(points.max()), str(points.idxmax())))
        facts.append(Fact("Fewest points", figure(points.min()), str(points.idxmin())))
    seconds = figure(float(table["seconds"].sum()), 3)
    lead = f"{counted(len(table), 'scenario')} in {seconds} s of solving."
    if any(str(name).endswith(_WEIGHT) for name in sweep.levers):
        lead += " Each scenario counts points by its own weights."
    if sweep.interrupted or not sweep.complete:
        lead += " Some have no answer yet: the same command goes on with them."
    return Section("result", "What came out", lead, (Facts(tuple(facts)),))


def _section(title: str, question: str, finding: Finding) -> Section:
    words = finding.in_words()
    left = len(words) - _MOST_WORDS
    more = (f"and {left:,} more sentences.",) if left > 0 else ()
    blocks: list[Block] = [Text((*words[:_MOST_WORDS], *more), is_list=True)]
    blocks += _pictures(finding)
    blocks += [
        behind(_plain(name, table)) for name, table in _tables(finding).items() if len(table)
    ]
    return Section(finding.name, title, question, tuple(blocks))


def _tables(finding: Finding) -> dict[str, pd.DataFrame]:
    return {finding.name: finding.table, **finding.tables}


def _pictures(finding: Finding) -> Iterator[Picture | Text]:
    described = " ".join(finding.in_words()[:3])
    for name in finding.drawings:
        block = drawn_picture(f"{finding.name}: {name}", described, partial(finding.chart, name))
        yield block
        if isinstance(block, Text):
            # Why there is no picture holds for the others as well.
            return


def _plain(caption: str, table: pd.DataFrame) -> Table:
    return frame_table(caption.replace("_", " ").capitalize(), table)


def _without(sweep: Sweep) -> Section | None:
    """Scenarios without an answer or a plan, each with its reason."""
    table = sweep.table
    lost = table[~table["status"].isin(SOLVED)]
    if not len(lost):
        return None
    rows = [(row.scenario, row.status, row.hint) for row in rows_of(lost.head(_MOST_ROWS))]
    title = "Scenarios without a plan"
    lead = (
        "Rules that cannot all be kept, each with the number it asks for. optimizer repair says "
        "what each of these numbers would have to be."
    )
    shown = plain_table(title, ("Scenario", "Status", "Hint"), rows)
    return Section("failed", title, lead, (shown,))


def _all(sweep: Sweep) -> Section:
    columns = ["scenario", "status", "points", "bound", "gap", "seconds", "rebuilt_because"]
    notes = sweep.tables["scenarios"]["note"]
    table = sweep.table[columns].assign(note=notes.to_numpy())
    blocks = (behind(_plain("all scenarios", table)),)
    lead = f"Every number is in {BOOK}, every plan in the folder."
    return Section("scenarios", "All scenarios", lead, blocks)
