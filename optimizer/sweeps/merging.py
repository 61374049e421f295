"""Putting together what sweeps of parts of a study have found; nothing is solved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from optimizer.case import Case
from optimizer.errors import OptimizerError
from optimizer.errors.arguments import typed
from optimizer.plan.question import read_question
from optimizer.policy import Policy
from optimizer.session.own_bests import with_own_bests
from optimizer.session.solving import check_options
from optimizer.sweeps.folder import held_folder
from optimizer.sweeps.question import require_same
from optimizer.sweeps.results import Sweep
from optimizer.sweeps.sensitivity.page import write_study_files
from optimizer.sweeps.store import Store
from optimizer.sweeps.study import Study
from optimizer.sweeps.sweeping import reopened, settled_facts, study_asked, sweep_result


@typed
def merge_sweeps(
    policy: Policy | str | Path,
    case: Case | str | Path,
    study: Study | str | Path,
    *,
    parts: Sequence[str | Path],
    out: str | Path,
    relax: bool = False,
    gap: float | None = None,
) -> Sweep:
    """Put together what sweeps of parts of a study have found; nothing is solved.

    Parameters
    ----------
    policy, case, study, relax, gap
        As the parts were asked for.
    parts
        Folders of sweeps.
    out
        Folder that takes all of it: a new one, or one of the same sweep.

    Returns
    -------
    Sweep
        Scenarios that no part has solved have the status ``missing``.

    Raises
    ------
    TargetError
        If one of them holds results of something else, or ``out`` cannot be written.
    InputError, PolicyError
        As :func:`sweep`.
    """
    check_options(gap, None)
    question = with_own_bests(read_question(policy, case))
    asked = replace(study_asked(question, study), relaxed=relax, gap=gap)
    stores = [reopened(Path(each)) for each in parts]
    if not stores:
        raise OptimizerError("there is nothing to merge\n    Expected folders of sweeps.")
    with held_folder(Path(out)) as store:
        facts = settled_facts(asked, store, Path(out), lambda: _scales_in(stores))
        keys = asked.keys(facts)
        for each in stores:
            require_same(each, each.facts(), {**asked.facts(), "scales": facts["scales"]})
            _take_over(each, store, keys)
    found = sweep_result(asked, facts, reopened(Path(out)))
    write_study_files(found, Path(out))
    return found


def _scales_in(stores: Sequence[Store]) -> Mapping[str, Any]:
    facts = stores[0].facts()
    return {name: facts[name] for name in ("scales", "scales_from")}


def _take_over(source: Store, store: Store, keys: Mapping[str, str]) -> None:
    """Take what another store knows better."""
    known = {row.key: row for row in store.rows().values()}
    named: dict[str, list[str]] = {}
    for name, key in keys.items():
        named.setdefault(key, []).append(name)
    for row in source.rows().values():
        is_better = row.key not in known or (row.complete and not known[row.key].complete)
        if row.key in named and is_better:
            contents = source.contents_of(row.key)
            store.write((row.named(name), contents) for name in named[row.key])
