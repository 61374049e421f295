"""Decision support for talent programme planning: who gets how many slots where, and with what.

The public API. Everything is loaded when it is first used.

Examples
--------
>>> import optimizer
>>> "solve" in optimizer.__all__
True
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from optimizer.case import Case, load_case
    from optimizer.case.writing import write_case
    from optimizer.errors import (
        ArgumentError,
        BrokenPlanError,
        ExtensionError,
        InfeasibleError,
        InputError,
        ModelWarning,
        NoPlanError,
        OptimizerError,
        PolicyError,
        SolverError,
        TargetError,
    )
    from optimizer.explain.answering import with_answers
    from optimizer.explain.asking_for import WhyNot, why_not
    from optimizer.explain.comparing import Comparison, compare
    from optimizer.explain.leaving_out import Importance, importance
    from optimizer.explain.manoeuvring import Alternatives, alternatives
    from optimizer.explain.marginals import MarginalValues, marginal_values
    from optimizer.explain.odd_years import OddYears, odd_years
    from optimizer.explain.repairing import Repairs, repair
    from optimizer.explain.why_slots import Why, why
    from optimizer.instance import Instance, build_instance
    from optimizer.plan import Decisions, Plan
    from optimizer.plan.checking import evaluate
    from optimizer.plan.evaluation import Evaluation
    from optimizer.plan.expectations import Expectations, check_expectations, load_expectations
    from optimizer.plan.keeping import Keep
    from optimizer.plan.nearness import Near
    from optimizer.policy import Policy, load_policy
    from optimizer.policy.first_case import write_first_case
    from optimizer.policy.template import write_template
    from optimizer.report import write_report
    from optimizer.result import Result
    from optimizer.runs.loading import Run, load_run
    from optimizer.runs.reading import read_plan
    from optimizer.runs.writing import write_run
    from optimizer.schema.rules import CustomRule
    from optimizer.session import Relaxation, Session
    from optimizer.session.building import build_model, write_model
    from optimizer.session.solving import complete, solve
    from optimizer.sweeps import (
        Study,
        choice,
        correlated,
        loguniform,
        normal,
        times,
        triangular,
        uniform,
    )
    from optimizer.sweeps.merging import merge_sweeps
    from optimizer.sweeps.results import Sweep
    from optimizer.sweeps.sweeping import load_sweep, sweep
    from optimizer.sweeps.validation import Validation, validate
    from optimizer.tradeoffs.dividing import FairShares, fairness
    from optimizer.tradeoffs.fair_frontier import FairFrontier
    from optimizer.tradeoffs.fair_plans import FairPlan, fair_plan
    from optimizer.tradeoffs.firmness import Firmness, weights
    from optimizer.tradeoffs.front_result import Frontier
    from optimizer.tradeoffs.frontier import frontier
    from optimizer.tradeoffs.rank_firmness import RankFirmness, ranks
    from optimizer.tradeoffs.stakeholder_question import Stakeholders, stakeholders

_HOMES = {
    "Alternatives": "explain.manoeuvring",
    "ArgumentError": "errors",
    "BrokenPlanError": "errors",
    "Case": "case",
    "Comparison": "explain.comparing",
    "CustomRule": "schema.rules",
    "Decisions": "plan",
    "Evaluation": "plan.evaluation",
    "Expectations": "plan.expectations",
    "ExtensionError": "errors",
    "Importance": "explain.leaving_out",
    "FairFrontier": "tradeoffs.fair_frontier",
    "FairPlan": "tradeoffs.fair_plans",
    "Firmness": "tradeoffs.firmness",
    "FairShares": "tradeoffs.dividing",
    "Frontier": "tradeoffs.front_result",
    "InfeasibleError": "errors",
    "InputError": "errors",
    "Instance": "instance",
    "MarginalValues": "explain.marginals",
    "Keep": "plan.keeping",
    "Near": "plan.nearness",
    "ModelWarning": "errors",
    "NoPlanError": "errors",
    "OptimizerError": "errors",
    "TargetError": "errors",
    "Plan": "plan",
    "Policy": "policy",
    "PolicyError": "errors",
    "RankFirmness": "tradeoffs.rank_firmness",
    "Relaxation": "session",
    "Repairs": "explain.repairing",
    "Result": "result",
    "Run": "runs.loading",
    "Session": "session",
    "SolverError": "errors",
    "Stakeholders": "tradeoffs.stakeholder_question",
    "Study": "sweeps",
    "Sweep": "sweeps.results",
    "Validation": "sweeps.validation",
    "OddYears": "explain.odd_years",
    "Why": "explain.why_slots",
    "WhyNot": "explain.asking_for",
    "alternatives": "explain.manoeuvring",
    "build_instance": "instance",
    "build_model": "session.building",
    "check_expectations": "plan.expectations",
    "choice": "sweeps",
    "compare": "explain.comparing",
    "complete": "session.solving",
    "correlated": "sweeps",
    "evaluate": "plan.checking",
    "fair_plan": "tradeoffs.fair_plans",
    "fairness": "tradeoffs.dividing",
    "frontier": "tradeoffs.frontier",
    "importance": "explain.leaving_out",
    "marginal_values": "explain.marginals",
    "load_case": "case",
    "load_expectations": "plan.expectations",
    "load_policy": "policy",
    "load_sweep": "sweeps.sweeping",
    "merge_sweeps": "sweeps.merging",
    "sweep": "sweeps.sweeping",
    "load_run": "runs.loading",
    "loguniform": "sweeps",
    "normal": "sweeps",
    "read_plan": "runs.reading",
    "repair": "explain.repairing",
    "solve": "session.solving",
    "stakeholders": "tradeoffs.stakeholder_question",
    "times": "sweeps",
    "triangular": "sweeps",
    "uniform": "sweeps",
    "validate": "sweeps.validation",
    "ranks": "tradeoffs.rank_firmness",
    "weights": "tradeoffs.firmness",
    "odd_years": "explain.odd_years",
    "why": "explain.why_slots",
    "why_not": "explain.asking_for",
    "with_answers": "explain.answering",
    "write_case": "case.writing",
    "write_first_case": "policy.first_case",
    "write_model": "session.building",
    "write_report": "report",
    "write_run": "runs.writing",
    "write_template": "policy.template",
}

__all__ = [
    "Alternatives",
    "ArgumentError",
    "BrokenPlanError",
    "Case",
    "Comparison",
    "CustomRule",
    "Decisions",
    "Evaluation",
    "Expectations",
    "ExtensionError",
    "FairFrontier",
    "FairPlan",
    "FairShares",
    "Firmness",
    "Frontier",
    "Importance",
    "InfeasibleError",
    "InputError",
    "Instance",
    "Keep",
    "MarginalValues",
    "ModelWarning",
    "Near",
    "NoPlanError",
    "OddYears",
    "OptimizerError",
    "Plan",
    "Policy",
    "PolicyError",
    "RankFirmness",
    "Relaxation",
    "Repairs",
    "Result",
    "Run",
    "Session",
    "SolverError",
    "Stakeholders",
    "Study",
    "Sweep",
    "TargetError",
    "Validation",
    "Why",
    "WhyNot",
    "alternatives",
    "build_instance",
    "build_model",
    "check_expectations",
    "choice",
    "compare",
    "complete",
    "correlated",
    "evaluate",
    "fair_plan",
    "fairness",
    "frontier",
    "importance",
    "load_case",
    "load_expectations",
    "load_policy",
    "load_run",
    "load_sweep",
    "loguniform",
    "marginal_values",
    "merge_sweeps",
    "normal",
    "odd_years",
    "ranks",
    "read_plan",
    "repair",
    "solve",
    "stakeholders",
    "sweep",
    "times",
    "triangular",
    "uniform",
    "validate",
    "weights",
    "why",
    "why_not",
    "with_answers",
    "write_case",
    "write_first_case",
    "write_model",
    "write_report",
    "write_run",
    "write_template",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'optimizer' has no attribute {name!r}")
    return getattr(importlib.import_module(f"optimizer.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
