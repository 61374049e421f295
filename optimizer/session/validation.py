"""Validating policies on cases: read, join, build, and solve the relaxation of each pair."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from optimizer.case import Case, load_case
from optimizer.errors import InputError, PolicyError, Problem
from optimizer.errors.arguments import typed
from optimizer.formulation import build_pyomo
from optimizer.instance import build_instance
from optimizer.instance.oddities import oddities, warnings_of
from optimizer.instance.sets import options
from optimizer.io.paths import standing_at
from optimizer.persistent import LoadedModel
from optimizer.plan.anyway import overuse
from optimizer.plan.scales import known_scales
from optimizer.policy import Policy, book_roles, load_policy
from optimizer.session.advice import infeasible
from optimizer.solver import Watch

POLICY_SUFFIX = ".toml"
INFEASIBLE = "infeasible"
OWN_POLICY = "policy.toml"
"""Policy that lies in the folder of a case and is validated with it."""


@dataclass(frozen=True)
class Validation:
    """Outcome for one policy on one case, or for one of them alone.

    Attributes
    ----------
    policy, case
        Paths as given; ``None`` where the row is about the other alone.
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

    @property
    def is_infeasible(self) -> bool:
        """Whether all that is wrong is that no plan could keep every rule."""
        return self.message == INFEASIBLE


@typed
def validate(paths: Sequence[str | Path], *, solve: bool = True) -> list[Validation]:
    """Validate every policy on every case it names, among the paths.

    Parameters
    ----------
    paths
        Policies (``.toml``) and cases (folders with ``case.toml``, or ``.xlsx`` workbooks). A
        ``policy.toml`` in a case's folder is validated too, and so is a policy in the sheets of
        a workbook.
    solve
        Whether to solve the LP relaxation of each pair; otherwise the model is only built.

    Returns
    -------
    list of Validation
        One per file that is faulty by itself, and one per policy and case.
    """
    policies, cases, found = _read_all(paths)
    pairs = [
        (policy, case)
        for policy in policies
        for case in cases
        if policies[policy].is_for(cases[case].name)
    ]
    for policy, case in pairs:
        found.append(_pair(policies[policy], cases[case], policy, case, solve=solve))
    unread = " could be read" if any(not item.ok for item in found) else ""
    found += [
        Validation(path, None, ok=True, message=f"valid; no matching case given{unread}")
        for path in policies
        if path not in {policy for policy, _ in pairs}
    ]
    found += [
        Validation(None, path, ok=True, message="valid; no matching policy given")
        for path in cases
        if path not in {case for _, case in pairs}
    ]
    return found


def _read_all(
    paths: Sequence[str | Path],
) -> tuple[dict[Path, Policy], dict[Path, Case], list[Validation]]:
    """Policies and cases by path, and what cannot be read."""
    policies: dict[Path, Policy] = {}
    cases: dict[Path, Case] = {}
    found: list[Validation] = []
    for path, is_policy in dict.fromkeys(_readings(paths)):
        started = time.monotonic()
        try:
            if is_policy:
                policies[path] = load_policy(path)
            else:
                cases[path] = load_case(path)
        except (InputError, PolicyError) as error:
            found.append(
                Validation(
                    path if is_policy else None,
                    None if is_policy else path,
                    ok=False,
                    message="cannot be read",
                    problems=tuple(error.problems),
                    seconds=time.monotonic() - started,
                )
            )
    return policies, cases, found


def _readings(paths: Sequence[str | Path]) -> Iterator[tuple[Path, bool]]:
    """Every path with whether it is read as a policy; workbooks may be read as both."""
    for path in map(Path, paths):
        says_policy, says_case = book_roles(path)
        if says_policy or path.suffix == POLICY_SUFFIX:
            yield path, True
        if says_case or not (says_policy or path.suffix == POLICY_SUFFIX):
            yield path, False
        if standing_at(path / OWN_POLICY) == "file":
            yield path / OWN_POLICY, True


def _pair(
    policy: Policy, case: Case, policy_path: Path, case_path: Path, *, solve: bool
) -> Validation:
    started = time.monotonic()

    found = Validation(policy_path, case_path, ok=False, message="does not join")

    def outcome(message: str, *problems: Problem) -> Validation:
        seconds = time.monotonic() - started
        return replace(found, ok=not problems, message=message, problems=problems, seconds=seconds)

    try:
        instance = build_instance(case, policy)
    except (InputError, PolicyError) as error:
        return outcome("does not join", *error.problems)
    odd = (*oddities(instance), *warnings_of(instance, (overuse,)))
    found = replace(found, warnings=odd, options=options(instance.sets))
    model = build_pyomo(instance, known_scales(policy))
    if not solve:
        return outcome("built")
    loaded = LoadedModel(instance, model)
    if loaded.relaxation_is_feasible(Watch()):
        return outcome("relaxation solved")
    return outcome(INFEASIBLE, Problem(policy_path.name, str(infeasible(loaded, Watch()))))
