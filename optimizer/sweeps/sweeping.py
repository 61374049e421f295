"""The whole of a sweep: what is there is kept, what is missing is solved, and all is given back."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from optimizer.case import Case
from optimizer.errors import OptimizerError, Problems, TargetError, shorten
from optimizer.errors.arguments import typed
from optimizer.plan.question import Question, read_question
from optimizer.plan.scales import ScalesGiven, scales_given
from optimizer.policy import Policy
from optimizer.runs.loading import inputs_in
from optimizer.session.own_bests import with_own_bests
from optimizer.session.solving import check_options
from optimizer.sweeps.driver import Driver, SweepProgress
from optimizer.sweeps.executors import executor_named, pool_of
from optimizer.sweeps.folder import held_folder, kept_inputs
from optimizer.sweeps.ordering import neighbours_together
from optimizer.sweeps.outcomes import CRASHED, FAILED, Outcome
from optimizer.sweeps.question import (
    SweepQuestion,
    require_same,
    scales_for,
    scenarios_in,
    study_facts,
)
from optimizer.sweeps.results import Sweep
from optimizer.sweeps.sensitivity.page import write_study_files
from optimizer.sweeps.store import RESULTS, Store, StoredRow, row_of
from optimizer.sweeps.study import Study
from optimizer.sweeps.worker import Item, SealedJob

DEFAULT_EXECUTOR = "threads:2"


@typed
def sweep(
    policy: Policy | str | Path,
    case: Case | str | Path,
    study: Study | str | Path,
    *,
    out: str | Path | None = None,
    executor: str | Executor = DEFAULT_EXECUTOR,
    relax: bool = False,
    gap: float | None = None,
    time_limit: float | None = None,
    scales: ScalesGiven | None = None,
    cache: bool = True,
    part: str | None = None,
    retry: bool = False,
    on_progress: Callable[[SweepProgress], None] | None = None,
) -> Sweep:
    """Solve every scenario of a study; none is lost, and none is solved twice.

    Parameters
    ----------
    policy, case, study
        Loaded, or paths.
    out
        Folder for results as they come. What is there already is not solved again; results of
        another policy, case, gap or version are refused. In memory without it.
    executor
        ``threads:N``; ``local:N``, processes of this machine; ``dask:ADDRESS``, a cluster; or any
        :class:`concurrent.futures.Executor`.
    relax
        Whether to solve linear relaxations alone, whose points no plan can exceed.
    gap, time_limit
        Instead of the policy's, for each scenario.
    scales, cache
        As in :func:`optimizer.solve`. Scales are those before any change, in all scenarios.
    part
        Such as ``3/64``: only the third of 64 parts, for :func:`merge_sweeps` to put together.
    retry
        Whether to solve scenarios again that crashed, failed or ran out of time.
    on_progress
        Called with the progress a few times a second.

    Returns
    -------
    Sweep
        With a row for every scenario. After Ctrl-C it holds what was solved until then.

    Raises
    ------
    InputError, PolicyError
        Case, policy, study or scales are wrong, or the results of before cannot be read.
    TargetError
        If ``out`` is not the folder of a sweep, holds results of something else, cannot be
        written, or another sweep is writing to it. What was solved is kept.
    OptimizerError
        If there is no such executor, or it is gone.
    """
    check_options(gap, time_limit)
    if isinstance(executor, str):
        # Before anything is worked out that takes time.
        executor_named(executor)
    question = with_own_bests(read_question(policy, case))
    asked = replace(study_asked(question, study), relaxed=relax, gap=gap, time_limit=time_limit)
    chosen = None if part is None else part_of(part)
    with ExitStack() as stack:
        store = Store() if out is None else stack.enter_context(held_folder(Path(out)))
        folder = None if out is None else Path(out)
        facts = settled_facts(asked, store, folder, lambda: _scales(asked, scales, cache=cache))
        _require_scales(store, facts, asked, scales)
        answers = _Answers(asked, store, facts, retry=retry)
        todo = answers.missing(chosen)
        interrupted = False
        if todo:
            pool = pool_of(executor)
            stack.callback(pool.close)
            sealed = SealedJob.of(asked.job(facts["scales"]), secrets.token_hex(8))
            driver = Driver(sealed, pool, answers.keep, on_progress, answers.counts)
            driver.run(todo)
            interrupted = driver.interrupted
    found = sweep_result(asked, facts, store if folder is None else reopened(folder), interrupted)
    if folder is None or chosen is not None:
        return found
    try:
        write_study_files(found, folder)
    except KeyboardInterrupt:
        # All answers are there; page and workbook are those of before.
        return replace(found, interrupted=True)
    return found


def study_asked(question: Question, study: Study | str | Path) -> SweepQuestion:
    """The scenarios of a study on a policy and a case."""
    study = study if isinstance(study, Study) else Study.read(study)
    return SweepQuestion(question, study.resolved(question.policy, question.case), study.values())


def _scales(asked: SweepQuestion, given: ScalesGiven | None, *, cache: bool) -> dict[str, Any]:
    """Scales, and where they come from, as facts."""
    scales = scales_for(asked.of, given, cache=cache)
    return {"scales": scales.of, "scales_from": scales.origin}


def part_of(text: str) -> tuple[int, int]:
    """Read a part, such as ``3/64``.

    Raises
    ------
    OptimizerError
        If it is none.

    Examples
    --------
    >>> part_of("3/64")
    (3, 64)
    """
    number, slash, count = text.partition("/")
    if slash and number.strip().isdecimal() and count.strip().isdecimal():
        found = int(number), int(count)
        if 1 <= found[0] <= found[1]:
            return found
    raise OptimizerError(
        f"{shorten(ascii(text))} is not a part\n    Expected NUMBER/COUNT, such as 3/64."
    )


def settled_facts(
    asked: SweepQuestion,
    store: Store,
    folder: Path | None,
    scales: Callable[[], Mapping[str, Any]],
) -> dict[str, Any]:
    """Facts of a store: those of before if they are the same, else as they are asked for now."""
    before, now = store.facts(), asked.facts()
    if "scales" in before:
        require_same(store, before, now)
    else:
        now |= scales()
        if folder is not None:
            now["inputs"] = kept_inputs(folder, asked.of)
        before |= now
        store.write_facts(now)
    store.write_facts(study_facts(asked.scenarios, asked.levers))
    return before


def _require_scales(
    store: Store, facts: Mapping[str, Any], asked: SweepQuestion, given: ScalesGiven | None
) -> None:
    if given is not None:
        now = {**asked.facts(), "scales": scales_given(asked.of.policy, given).of}
        require_same(store, facts, now)


class _Answers:
    """Scenarios and their answers, those from before and those that come.

    Attributes
    ----------
    counts
        Number of scenarios that had their answer before, by status.
    """

    def __init__(
        self, asked: SweepQuestion, store: Store, facts: Mapping[str, Any], *, retry: bool
    ) -> None:
        self._asked, self._store, self._retry = asked, store, retry
        self._scenarios = {scenario.name: scenario for scenario in asked.scenarios}
        self._named: dict[str, list[str]] = {}
        for name, key in asked.keys(facts).items():
            self._named.setdefault(key, []).append(name)
        self.counts: Counter[str] = Counter()

    def missing(self, part: tuple[int, int] | None) -> list[Item]:
        """Scenarios that have no answer yet, neighbours together; answers of before are kept."""
        stored = {row.key: row for row in self._store.rows().values()}
        items = [(key, self._scenarios[names[0]].changes) for key, names in self._named.items()]
        items = neighbours_together(items, lambda item: item[1])
        if part is not None:
            number, count = part
            items = items[(number - 1) * len(items) // count : number * len(items) // count]
        kept = {key: stored[key] for key, _ in items if self._stands(stored.get(key))}
        self._under_all_names(kept)
        self.counts.update(row.status for row in kept.values())
        return [item for item in items if item[0] not in kept]

    def _under_all_names(self, kept: Mapping[str, StoredRow]) -> None:
        """Keep answers under the names that scenarios have now."""
        rows = self._store.rows()
        nothing: dict[str, bytes] = {}
        renamed = [
            (row.named(name), nothing)
            for key, row in kept.items()
            for name in self._named[key]
            if name not in rows or rows[name].key != key
        ]
        if renamed:
            self._store.write(renamed)

    def _stands(self, row: StoredRow | None) -> bool:
        """Whether there is an answer that would not be another one today."""
        if row is None or row.complete:
            return row is not None
        if self._retry:
            return False
        if row.status in (CRASHED, FAILED):
            return True
        limit = self._limit(self._scenarios[self._named[row.key][0]].changes)
        return row.time_limit is None or (limit is not None and limit <= row.time_limit)

    def _limit(self, changes: Mapping[str, object]) -> float | None:
        asked = self._asked
        if asked.time_limit is not None or asked.relaxed:
            return asked.time_limit
        own = changes.get("solver.time_limit", asked.of.policy.solver.time_limit)
        return float(own) if isinstance(own, int | float) else None

    def keep(self, found: Sequence[tuple[str, Outcome]]) -> None:
        """Keep answers as they come."""
        self._store.write(
            (row_of(name, key, self._scenarios[name].changes, outcome), outcome.contents)
            for key, outcome in found
            for name in self._named[key]
        )


def reopened(folder: Path) -> Store:
    """The store of a folder, for reading alone, also while a sweep writes to it."""
    return Store(folder / RESULTS, only_read=True)


def sweep_result(
    asked: SweepQuestion, facts: Mapping[str, Any], store: Store, interrupted: bool = False
) -> Sweep:
    """What a store holds of the scenarios of a study."""
    told = {name: facts[name] for name in (*asked.facts(), "scales", "scales_from")}
    return Sweep(
        policy=asked.of.policy,
        case=asked.of.case,
        scenarios=asked.scenarios,
        levers=asked.levers,
        provenance=told,
        keys=asked.keys(facts),
        store=store,
        interrupted=interrupted,
    )


@typed
def load_sweep(folder: str | Path) -> Sweep:
    """Read the folder of a sweep, also while it is at work.

    Raises
    ------
    InputError
        If it is not one, or was edited since.
    """
    folder = Path(folder)
    store = reopened(folder)
    facts = store.facts()
    if "scales" not in facts or "scenarios" not in facts:
        problems = Problems()
        problems.add(store.name, "holds no results yet", expected="a sweep that has begun")
        raise TargetError(problems)
    policy, case = inputs_in(folder, facts, facts["inputs"])
    scenarios, levers = scenarios_in(facts)
    question = read_question(policy, case)
    asked = SweepQuestion(question, scenarios, levers, relaxed=facts["relaxed"], gap=facts["gap"])
    return sweep_result(asked, facts, store)
