"""The report of a plan: one HTML file with pictures first and tables behind them.

The page needs no network, no JavaScript and no fonts of its own, and every text from case and
policy is escaped, also within drawings.
"""

from __future__ import annotations

from pathlib import Path

from optimizer.case import Case
from optimizer.errors.arguments import typed
from optimizer.io import targets
from optimizer.io.paths import begins_with
from optimizer.io.writing import write_text
from optimizer.plan import Plan
from optimizer.plan.checking import recomputed
from optimizer.plan.given import ReadPlan
from optimizer.policy import Policy
from optimizer.report.page import GENERATOR, render_page

__all__ = ["render_report", "write_report"]


@typed
def render_report(plan: Plan | ReadPlan, case: Case, policy: Policy, *, sheets: str = "") -> str:
    """Give the report of a plan as the text of one self-contained HTML page.

    Parameters
    ----------
    plan
        A plan, solved here or read; one that was read is recomputed.
    case, policy
        What it was made for; names, reasons and assumptions are read from them.
    sheets
        Name of a file beside it with pages to print, to which it links; empty for none.

    Raises
    ------
    OptimizerError
        If the extra ``report`` is not installed.
    """
    return render_page(recomputed(plan, policy, case), case, policy, sheets)


@typed
def write_report(plan: Plan | ReadPlan, case: Case, policy: Policy, path: str | Path) -> None:
    """Write the report of a plan; an older report is replaced, and nothing else.

    Parameters
    ----------
    plan, case, policy
        As for :func:`render_report`.
    path
        The file, by custom ``report.html``.

    Raises
    ------
    TargetError
        If something else is there, or the file cannot be written.
    OptimizerError
        If the extra ``report`` is not installed.
    """
    place = targets.look(path, force=True, check=_no_report, expected="an older report, or nothing")
    text = render_report(plan, case, policy)
    with targets.written_aside(place) as new:
        write_text(new, text)


def _no_report(path: Path) -> str | None:
    return None if begins_with(path, GENERATOR) else "is not a report that this tool has written"
