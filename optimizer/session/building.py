"""The model of a policy on a case by itself: to look at, or as a file for any solver."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from optimizer.case import Case
from optimizer.errors import OptimizerError
from optimizer.errors.arguments import typed
from optimizer.formulation import Model
from optimizer.formulation.custom import Extend
from optimizer.formulation.exposition import model_place, model_text, write_formulation
from optimizer.plan.question import read_question
from optimizer.plan.scales import ScalesGiven, scales_given
from optimizer.policy import Policy
from optimizer.policy.loading import NO_CHANGES
from optimizer.session.holding import Holding
from optimizer.session.loading import built
from optimizer.session.own_bests import with_own_bests
from optimizer.solver import Watch

MODEL_SUFFIXES = (".lp", ".mps")


def plain_model(
    policy: Policy | str | Path, case: Case | str | Path, changes: Mapping[str, object]
) -> Model:
    """Build a model whose goals on scale ``ideal`` count raw, for what does not depend on scales.

    Raises
    ------
    InputError, PolicyError
        Case or policy is wrong.
    """
    return built(with_own_bests(read_question(policy, case, changes)))[1]


@typed
def build_model(
    policy: Policy | str | Path,
    case: Case | str | Path,
    *,
    changes: Mapping[str, object] = NO_CHANGES,
    scales: ScalesGiven | None = None,
    cache: bool = True,
    extend: Extend | None = None,
) -> Model:
    """Build the Pyomo model of a policy on a case.

    Parameters
    ----------
    changes
        Values by dotted address, as in :func:`optimizer.solve`.
    scales, cache, extend
        As in :func:`optimizer.solve`.

    Raises
    ------
    InputError, PolicyError, ExtensionError
        Case, policy or custom rules are wrong.
    """
    question = with_own_bests(read_question(policy, case, changes))
    if scales is not None:
        return built(question, extend, scales_given(question.policy, scales).of)[1]
    if all(goal.scale != "ideal" for goal in question.policy.goals.values()):
        return built(question, extend)[1]
    held = Holding(question, extend=extend, cache=cache)
    held.scaled(Watch())
    return held.loaded.model


@typed
def write_model(
    policy: Policy | str | Path,
    case: Case | str | Path,
    path: str | Path,
    *,
    changes: Mapping[str, object] = NO_CHANGES,
    scales: ScalesGiven | None = None,
    cache: bool = True,
    extend: Extend | None = None,
) -> Path:
    """Write the model of a policy on a case as a file that any solver reads.

    Parameters
    ----------
    path
        File to write, ``.lp`` or ``.mps``; an older one is replaced, and nothing else. Rows and
        columns keep their names.
    changes, scales, cache, extend
        As in :func:`optimizer.solve`.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    OptimizerError
        If the file is neither ``.lp`` nor ``.mps``.
    InputError, PolicyError, ExtensionError
        Case, policy or custom rules are wrong.
    TargetError
        If something else is there, or the file cannot be written.
    """
    path = Path(path)
    if path.suffix not in MODEL_SUFFIXES:
        raise OptimizerError(f"{path.name}: a model is written as {' or '.join(MODEL_SUFFIXES)}")
    place, style = model_place(path), path.suffix.removeprefix(".")
    model = build_model(policy, case, changes=changes, scales=scales, cache=cache, extend=extend)
    write_formulation(place, model_text(model, style), style)
    return path
