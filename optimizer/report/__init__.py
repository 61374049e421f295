"""The report of a plan: one HTML file with pictures first and tables behind them.

The page needs no network, no JavaScript and no fonts of its own, and every text from case and
policy is escaped, also within drawings.
"""

from __future__ import annotations

from pathlib import Path

from optimizer.case import Case
from optimizer.plan import Plan
from optimizer.policy import Policy
from optimizer.report.page import render_page

__all__ = ["render_report", "write_report"]


def render_report(plan: Plan, case: Case, policy: Policy) -> str:
    """Give the report of a plan as the text of one self-contained HTML page.

    Parameters
    ----------
    plan
        A checked plan, solved here or recomputed.
    case, policy
        What it was made for; names, reasons and assumptions are read from them.

    Raises
    ------
    OptimizerError
        If the extra ``report`` is not installed.
    """
    return render_page(plan, case, policy)


def write_report(plan: Plan, case: Case, policy: Policy, path: str | Path) -> None:
    """Write the report of a plan; what is there is replaced.

    Parameters
    ----------
    plan, case, policy
        As for :func:`render_report`.
    path
        The file, by custom ``report.html``.

    Raises
    ------
    OptimizerError
        If the extra ``report`` is not installed.
    """
    Path(path).write_text(render_report(plan, case, policy), encoding="utf-8", newline="\n")
