"""From a question to a model that is loaded: join, build, extend, load."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from optimizer.formulation import Model, build_pyomo
from optimizer.formulation.custom import Extend, extend_model
from optimizer.frames.memory import Memory
from optimizer.instance import Instance, joined
from optimizer.instance.lately import joined_lately
from optimizer.instance.scoring import NO_SCORES, GivenScores
from optimizer.io.paths import begins_with, is_empty
from optimizer.io.targets import look
from optimizer.persistent import LoadedModel
from optimizer.persistent.loaded import search_log
from optimizer.plan.question import Question
from optimizer.plan.scales import known_scales

FIRST_WORDS = "Running HiGHS"
"""Beginning of every log of the solver."""


def built(
    question: Question,
    extend: Extend | None = None,
    scales: Mapping[str, float] | None = None,
    memory: Memory | None = None,
    given: GivenScores = NO_SCORES,
) -> tuple[Instance, Model]:
    """Join and build, with custom rules; goals without a scale count raw."""
    case, policy = question.case, question.policy
    # What was joined lately has the scores of the policy's own indicators.
    instance = joined(case, policy, memory, given) if given else joined_lately(case, policy, memory)
    model = build_pyomo(instance, known_scales(question.policy) | dict(scales or {}))
    return extend_model(model, instance, extend), model


def load(instance: Instance, model: Model, log: Path | None = None) -> LoadedModel:
    """Compile a model and load it, with the policy's options.

    Raises
    ------
    TargetError
        If something is where a log is to be written that is none.
    """
    for path in () if log is None else (log, search_log(log)):
        look(path, force=True, check=_no_log, expected="an older log of the solver, or nothing")
    options = instance.policy.solver
    return LoadedModel(instance, model, seed=options.seed, threads=options.threads, log=log)


def _no_log(path: Path) -> str | None:
    # A search that was not needed leaves an empty one.
    is_log = begins_with(path, FIRST_WORDS) or is_empty(path)
    return None if is_log else "is not a log of the solver"
