"""Validating policies on cases, and studies of both: read, join, build, solve each relaxation."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from optimizer.case import Case, load_case
from optimizer.errors import InfeasibleError, InputError, PolicyError, Problem
from optimizer.errors.arguments import typed
from optimizer.formulation import build_pyomo
from optimizer.frames.memory import Memory
from optimizer.instance import joined
from optimizer.instance.oddities import oddities, warnings_of
from optimizer.instance.sets import options
from optimizer.io.paths import standing_at
from optimizer.persistent import LoadedModel
from optimizer.plan.anyway import overuse
from optimizer.plan.question import Question
from optimizer.plan.scales import known_scales
from optimizer.policy import Policy, book_roles, load_policy
from optimizer.session.clashing import infeasible
from optimizer.session.own_bests import with_open_floors, with_own_bests
from optimizer.solver import Watch
from optimizer.sweeps.reading import is_study
from optimizer.sweeps.study import Study

POLICY_SUFFIX = ".toml"
INFEASIBLE = "infeasible"
_FIELDS = ("policy", "case", "study")
OWN_POLICY = "policy.toml"
"""Policy that lies in the folder of a case and is validated with it."""


@dataclass(frozen=True)
class Validation:
    """Outcome for one policy on one case, or for one of them alone, or for a study of both.

    Attributes
    ----------
    policy, case
        Paths as given; ``None`` where the row is about the other alone.
    study
        The same; ``None`` where the row is not about a study.
    ok
        Whether nothing is wrong.
    problems
        What is wrong.
    warnings
        Warnings about case and policy.
    message
        Outcome in a few words.
    options
        Number of slots that could be given.
    seconds
        Time taken.
    """

    policy: Path | None
    case: Path | None
    ok: bool
    message: str
    problems: tuple[Problem, ...] = ()
    warnings: tuple[str, ...] = ()
    options: int = 0
    seconds: float = 0.0
    study: Path | None = None

    @property
    def is_infeasible(self) -> bool:
        """Whether all that is wrong is that no plan could keep every rule."""
        return self.message == INFEASIBLE


@typed
def validate(paths: Sequence[str | Path], *, solve: bool = True) -> list[Validation]:
    """Validate every policy on every case it names, among the paths, and every study of these.

    Parameters
    ----------
    paths
        Policies (``.toml``), cases (folders with ``case.toml``, or ``.xlsx`` workbooks) and studies
        (``.toml``, ``.csv``, or folders with ``changes.csv``). A ``policy.toml`` in a case's folder
        is validated too, and so are a policy and a study in the sheets of a workbook.
    solve
        Whether to solve the LP relaxation of each pair; otherwise the model is only built.

    Returns
    -------
    list of Validation
        One per file that is faulty by itself, and one per policy and case.
    """
    read, found = _read_all(paths)
    policies, cases, studies = read.policies, read.cases, read.studies
    pairs = [
        (policy, case)
        for policy in policies
        for case in cases
        if policies[policy].is_for(cases[case].name)
    ]
    # What several policies leave alone is joined once.
    memories = {case: Memory() for case in cases}
    for policy, case in pairs:
        found.append(
            _pair(policies[policy], cases[case], policy, case, memory=memories[case], solve=solve)
        )
    triples = [
        (study, policy, case)
        for study in studies
        for policy, case in pairs
        if studies[study].is_for(policies[policy].name, cases[case].name)
    ]
    found += [_of_study(read, *triple) for triple in triples]
    unread = " could be read" if any(not item.ok for item in found) else ""
    used = [{pair[0] for pair in pairs}, {pair[1] for pair in pairs}, {each[0] for each in triples}]
    given = [list(policies), list(cases), list(studies)]
    alone = [_left(paths, used_of) for paths, used_of in zip(given, used, strict=True)]
    pair_of = (f"case given{unread}", "policy given", f"policy and case given{unread}")
    for field, left, other in zip(_FIELDS, alone, pair_of, strict=True):
        found += [_one(field, path, f"valid; no matching {other}") for path in left]
    return found


def _left(paths: Iterable[Path], used: set[Path]) -> list[Path]:
    return [path for path in paths if path not in used]


class _Read(NamedTuple):
    """What could be read, by path."""

    policies: dict[Path, Policy]
    cases: dict[Path, Case]
    studies: dict[Path, Study]


def _one(field: str, path: Path, message: str, *, ok: bool = True, **more: Any) -> Validation:
    """Outcome for a policy, a case or a study alone."""
    paths = [path if name == field else None for name in _FIELDS]
    return Validation(paths[0], paths[1], ok=ok, message=message, study=paths[2], **more)


def _read_all(paths: Sequence[str | Path]) -> tuple[_Read, list[Validation]]:
    """What could be read, and what not."""
    read, found = _Read({}, {}, {}), []
    for path, field in dict.fromkeys(_readings(paths)):
        started = time.monotonic()
        try:
            if field == "policy":
                read.policies[path] = load_policy(path)
            elif field == "case":
                read.cases[path] = load_case(path)
            else:
                read.studies[path] = Study.read(path)
        except (InputError, PolicyError) as error:
            told = {"problems": tuple(error.problems), "seconds": time.monotonic() - started}
            found.append(_one(field, path, "cannot be read", ok=False, **told))
    return read, found


def _readings(paths: Sequence[str | Path]) -> Iterator[tuple[Path, str]]:
    """Every path with what it is read as; workbooks may be read as several."""
    for path in map(Path, paths):
        says = zip(_FIELDS[:2], book_roles(path), strict=True)
        roles = [field for field, is_said in says if is_said]
        if is_study(path):
            roles.append("study")
        elif path.suffix == POLICY_SUFFIX:
            roles.append("policy")
        yield from ((path, role) for role in roles or ["case"])
        if standing_at(path / OWN_POLICY) == "file":
            yield path / OWN_POLICY, "policy"


def _of_study(read: _Read, study: Path, policy: Path, case: Path) -> Validation:
    """Outcome for a study of a policy on a case."""
    started = time.monotonic()
    problems: tuple[Problem, ...] = ()
    try:
        count = len(read.studies[study].resolved(read.policies[policy], read.cases[case]))
        message = f"{count:,} scenario{'' if count == 1 else 's'}"
    except (InputError, PolicyError) as error:
        message, problems = "does not fit", tuple(error.problems)
    return Validation(
        policy,
        case,
        ok=not problems,
        message=message,
        problems=problems,
        seconds=time.monotonic() - started,
        study=study,
    )


def _pair(
    policy: Policy,
    case: Case,
    policy_path: Path,
    case_path: Path,
    *,
    memory: Memory,
    solve: bool,
) -> Validation:
    started = time.monotonic()

    found = Validation(policy_path, case_path, ok=False, message="does not join")

    def outcome(message: str, *problems: Problem) -> Validation:
        seconds = time.monotonic() - started
        return replace(found, ok=not problems, message=message, problems=problems, seconds=seconds)

    try:
        # What each group could have by itself is worked out only where something is solved anyway.
        asked = with_own_bests(Question.of(policy, case)).policy if solve else None
        instance = joined(case, asked or with_open_floors(policy), memory)
    except InfeasibleError as error:
        return outcome(INFEASIBLE, Problem(policy_path.name, str(error)))
    except (InputError, PolicyError) as error:
        return outcome("does not join", *error.problems)
    odd = (*oddities(instance), *warnings_of(instance, (overuse,)))
    found = replace(found, warnings=odd, options=options(instance.sets))
    model = build_pyomo(instance, known_scales(instance.policy))
    if not solve:
        return outcome("built")
    loaded = LoadedModel(instance, model)
    if loaded.relaxation_is_feasible(Watch()):
        return outcome("relaxation solved")
    return outcome(INFEASIBLE, Problem(policy_path.name, str(infeasible(loaded, Watch()))))
