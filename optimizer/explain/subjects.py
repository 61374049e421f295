"""What is explained, read once, with the plan in hand where there is one."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

from optimizer.formulation.custom import Extend
from optimizer.plan import Plan
from optimizer.runs.loading import Run, load_run
from optimizer.session import Session

ExplainedSubject: TypeAlias = Run | Plan | Session


def subject_and_plan(
    subject: Run | Plan | Session | str | Path, extend: Extend | None
) -> tuple[ExplainedSubject, Plan | None]:
    """Read the folder of a run; the plan is ``None`` of a session, which has none."""
    if isinstance(subject, str | Path):
        subject = load_run(subject, extend=extend)
    plan = subject.plan if isinstance(subject, Run) else subject
    return subject, plan if isinstance(plan, Plan) else None
