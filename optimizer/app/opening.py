"""A desk from paths: policy, case, and a run to begin with."""

from __future__ import annotations

from pathlib import Path

from optimizer.app.desk import Desk
from optimizer.case import load_case
from optimizer.errors import InputError, Problems
from optimizer.plan.question import require_case
from optimizer.policy import load_policy
from optimizer.runs import require_writers
from optimizer.runs.loading import load_run


def desk_of(policy: Path, case: Path | None, run: Path | None = None) -> Desk:
    """Load what the page is about.

    Parameters
    ----------
    case
        ``None`` where the policy's workbook holds it.
    run
        Folder of a run of the same policy on the same case; its changes are set, its plan is
        plan A.

    Raises
    ------
    InputError, PolicyError
        If policy, case or run are wrong, or the run is one of something else.
    OptimizerError
        If an extra is not installed.
    """
    require_writers()
    meant, facts = load_policy(policy), load_case(policy if case is None else case)
    require_case(meant, facts)
    if run is None:
        return Desk(meant, facts, (policy, case))
    known, problems = load_run(run), Problems()
    question = known.question
    if question.base.hash != meant.hash:
        problems.add(run.name, f"is not a run of {policy.name} as it is now", expected="its run")
    if dict(question.base_case.hashes) != dict(facts.hashes):
        problems.add(run.name, f"is not a run of {facts.name} as it is now", expected="its run")
    if question.added or question.keep or known.read.facts.get("dropped"):
        expected = "a run with changes alone"
        problems.add(run.name, "has limits of its own, or keeps slots", expected=expected)
    problems.raise_if_any(InputError)
    return Desk(meant, facts, (policy, case), known)
