"""From a policy and a case to a model that is loaded: read, join, build, extend."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from optimizer.case.changes import cell_changes
from optimizer.formulation import Model, build_pyomo
from optimizer.formulation.custom import Extend, extend_model
from optimizer.frames.memory import Memory
from optimizer.instance import Instance, joined
from optimizer.io.changes import unchanged_value
from optimizer.io.paths import begins_with, is_empty
from optimizer.io.targets import look
from optimizer.persistent import LoadedModel
from optimizer.persistent.loaded import search_log
from optimizer.plan.question import NO_CHANGES, Question
from optimizer.plan.scales import Scales, ScalesGiven, known_scales, scales_given
from optimizer.policy import Policy
from optimizer.policy.loading import tables_of
from optimizer.schema.addresses import is_cell, names_of

FIRST_WORDS = "Running HiGHS"
"""How every log of the solver begins."""


@dataclass(frozen=True)
class Wanted:
    """What is to be planned.

    Attributes
    ----------
    pair
        Policy and case.
    changes
        Values that were changed, by address, in the order in which they are made.
    extend
        Function that adds custom rules.
    added
        Limits that were added to the policy.
    scales
        Where they were given; otherwise they are worked out.
    cache
        Whether ideals that were kept are used, and new ones kept.
    """

    pair: Question
    changes: Mapping[str, object] = field(default_factory=lambda: NO_CHANGES)
    extend: Extend | None = None
    added: tuple[Mapping[str, object], ...] = ()
    scales: Scales | None = None
    cache: bool = True

    @property
    def same_rules(self) -> bool:
        """Whether its hard rules are those of the base policy, on which ideals depend."""
        if self.extend is not None or self.added:
            return False
        return all(map(_is_indifferent, self.changes))

    def built(
        self, scales: Mapping[str, float], memory: Memory | None = None
    ) -> tuple[Instance, Model]:
        """Join and build, with custom rules."""
        instance = joined(self.pair.case, self.pair.policy, memory)
        model = build_pyomo(instance, known_scales(self.pair.policy) | dict(scales))
        return extend_model(model, instance, self.extend), model


def changed_to(wanted: Wanted) -> dict[str, object]:
    """Figures that changes such as ``*1.1`` came to: of a policy by address, of cells by row."""
    asked = {address: text for address, text in wanted.changes.items() if isinstance(text, str)}
    case = wanted.pair.base_case
    found: dict[str, object] = {}
    for change in cell_changes(case, {name: asked[name] for name in asked if is_cell(name)}):
        found[change.address] = change.by_row(case.table(change.table))
    tables = tables_of(wanted.pair.policy)
    for address in asked:
        names = None if is_cell(address) else names_of(address)
        value = None if names is None else unchanged_value(names, tables, Policy)
        if isinstance(value, int | float):
            found[address] = value
    return found


def _is_indifferent(address: str) -> bool:
    """Whether a change there leaves the hard rules as they are."""
    names = None if is_cell(address) else names_of(address)
    match names or ():
        case ("solver", _) | ("goals", _, "weight" | "scale"):
            return True
    return False


def wanted_for(
    pair: Question,
    changes: Mapping[str, object] = NO_CHANGES,
    extend: Extend | None = None,
    *,
    scales: ScalesGiven | None = None,
    cache: bool = True,
) -> Wanted:
    """What is wanted of policy and case, with scales where they are given.

    Raises
    ------
    InputError, PolicyError
        Scales are none.
    """
    given = None if scales is None else scales_given(pair.policy, scales)
    return Wanted(pair, changes, extend, scales=given, cache=cache)


def load(wanted: Wanted, instance: Instance, model: Model, log: Path | None = None) -> LoadedModel:
    """Compile a model and load it, with the policy's options.

    Raises
    ------
    TargetError
        If something is where a log is to be written that is none.
    """
    for path in () if log is None else (log, search_log(log)):
        look(path, force=True, check=_no_log, expected="an older log of the solver, or nothing")
    options = wanted.pair.policy.solver
    return LoadedModel(instance, model, seed=options.seed, threads=options.threads, log=log)


def _no_log(path: Path) -> str | None:
    # A search that was not needed leaves an empty one.
    is_log = begins_with(path, FIRST_WORDS) or is_empty(path)
    return None if is_log else "is not a log of the solver"
