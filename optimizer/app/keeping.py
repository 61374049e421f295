"""Runs that the page writes; nothing that is there is replaced.

A page names files and folders by a plain name alone, never by a path.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from optimizer.errors import PolicyError, Problems
from optimizer.plan import Plan
from optimizer.report import render_report
from optimizer.runs import REPORT, WORKBOOK, run_place
from optimizer.runs.workbook import workbook_of
from optimizer.runs.writing import write_run
from optimizer.text.file_names import A_PLAIN_NAME, plain_name

RUNS = Path("runs")
FILES = (WORKBOOK, REPORT)
"""Files of a run that can be had without writing one."""


def export_run(plan: Plan | None, name: str, *, public: bool = False) -> str:
    """Write a plan as a run folder in ``runs``, with report and workbook.

    Parameters
    ----------
    public
        Whether the folder ``public`` is written as well, without small numbers of sensitive tracks.

    Raises
    ------
    InputError, PolicyError, TargetError
        If the name cannot be that of a folder, there is one already, there is no plan, or it is to
        be published and no track is marked as sensitive.
    """
    require_plain(name)
    plan = _shown(plan)
    run_place(RUNS / name, force=None)
    return str(write_run(replace(plan, folder=None), RUNS / name, public=public))


def file_of_plan(plan: Plan | None, name: str) -> bytes:
    """Content of the workbook or the report of a plan.

    Parameters
    ----------
    name
        One of :data:`FILES`.

    Raises
    ------
    PolicyError
        If there is no plan yet, or no such file.
    """
    if name not in FILES:
        raise refusal("file", f"{name!r} is not a file of a plan", " or ".join(FILES))
    plan = _shown(plan)
    question = plan.question
    assert question is not None, "plans of sessions know what they answer"
    if name == REPORT:
        return render_report(plan, question.case, question.policy).encode()
    return workbook_of(plan, question.policy, question.case)


def _shown(plan: Plan | None) -> Plan:
    if plan is None:
        raise refusal("export", "there is no plan yet", "a plan that is shown")
    return plan


def require_plain(name: str) -> None:
    """Refuse what cannot be the name of a file or a folder.

    Raises
    ------
    PolicyError
        If it is none.
    """
    if not plain_name(name):
        raise refusal("name", f"{name!r} is not a plain name", A_PLAIN_NAME)


def refusal(what: str, message: str, expected: str) -> PolicyError:
    """Make the error for a request that cannot be met."""
    problems = Problems()
    problems.add("page", message, column=what, expected=expected)
    return PolicyError(problems)
