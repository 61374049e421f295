"""Reads policies from their files, or from what files would say.

A policy is one TOML file, the sheets of a workbook, or tables in memory. A file may extend one
other, and single values may be changed by dotted addresses on the way in. All that is wrong with
it is raised at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, ValidationError

from optimizer.errors import OptimizerError, PolicyError, Problems
from optimizer.errors.arguments import typed
from optimizer.io.changes import CHANGES, apply_changes, require_changes
from optimizer.io.paths import name_is_text
from optimizer.io.strict import add_complaints
from optimizer.io.toml import Address, frozen
from optimizer.policy.checks import check_whole
from optimizer.policy.from_tables import IN_MEMORY, TablesGiven, layers_of
from optimizer.policy.merging import Layers, changed_parts, read_layers
from optimizer.policy.models import Policy
from optimizer.policy.overriding import check_overrides
from optimizer.schema.addresses import address_of

NO_CHANGES: Mapping[str, object] = MappingProxyType({})
Renew = Callable[[Mapping[str, Any]], Mapping[str, Any]]


@typed
def load_policy(
    path: str | Path | TablesGiven,
    *,
    changes: Mapping[str, object] = NO_CHANGES,
    name: str | None = None,
) -> Policy:
    """Read, merge, change and check a policy.

    Parameters
    ----------
    path
        TOML file, or ``.xlsx`` workbook with the sheets ``policy``, ``goals`` and ``limits``. Or
        what a file would say, as tables by key: ``[[limits]]`` is a list of tables under
        ``"limits"``; ``schema`` may be left out, and ``extends`` needs a file.
    changes
        Values by dotted address, as in ``{"goals.alliance.weight": 0.5}``; limits are addressed
        by name. They are made after ``extends`` is merged and before anything is checked.
    name
        Name of a policy from tables, and only of such a one; ``"policy"`` without it.

    Returns
    -------
    Policy
        With ``name``, ``path`` and ``hash``.

    Raises
    ------
    PolicyError
        Holds everything that is wrong with the policy, the one it extends and the changes.
    OptimizerError
        If a workbook is given and python-calamine is not installed, or arguments do not fit.

    Examples
    --------
    >>> people = {"weight": 1, "effects": [{"stage": "complete", "effect": 1}]}
    >>> load_policy({"title": "Most people", "goals": {"people": people}}).goals["people"].weight
    1.0
    """
    require_changes(changes)
    if isinstance(path, Mapping):
        named = name or IN_MEMORY
        return _made_of(layers_of(path), changes, Problems(), Path(IN_MEMORY)).called(named)
    if name is not None:
        raise OptimizerError("load_policy: name can be said of tables only; a file has its own")
    return read_policy(Path(path), changes)


def read_policy(
    path: Path, changes: Mapping[str, object] = NO_CHANGES, *, renew: Renew | None = None
) -> Policy:
    """Read a policy as :func:`load_policy`.

    Parameters
    ----------
    renew
        What gives the tables of a policy of before under the names of today.
    """
    problems = Problems()
    name_is_text(path, problems)
    layers = read_layers(path, problems)
    if layers is None:
        raise PolicyError(problems)
    if renew is not None:
        layers = replace(layers, own=renew(layers.own), merged=renew(layers.merged))
    return _made_of(layers, changes, problems, path)


def _made_of(
    layers: Layers, changes: Mapping[str, object], problems: Problems, path: Path
) -> Policy:
    problems_in_file = len(problems)
    _check_overrides(layers, problems)
    merged = apply_changes(layers.merged, changes, Policy, problems)
    layers = replace(layers, merged=merged, changed=changed_parts(changes))
    # Without the policy it extends, what is missing is not reported.
    is_whole = not problems_in_file or bool(layers.base_file)
    policy = _validated(merged, problems, layers.file_of, is_whole=is_whole)
    if layers.sheets is not None:
        problems = problems.retold(layers.retell)
    problems.raise_if_any(PolicyError)
    assert policy is not None, "a refused policy has at least one complaint"
    policy._name, policy._path = path.stem, path
    policy._layers = layers
    return policy


def _check_overrides(layers: Layers, problems: Problems) -> None:
    """Check what TOML files say over what they extend; sheets have checks of their own."""

    def add(names: tuple[str, ...], message: str, expected: str) -> None:
        problems.add(layers.file, message, column=address_of(names), expected=expected)

    if layers.below is not None:
        _check_overrides(layers.below, problems)
    if layers.sheets is None:
        check_overrides(layers.base, layers.own, add)


def changed_policy(
    policy: Policy, changes: Mapping[str, object], unchanged: Mapping[str, Any] | None = None
) -> Policy:
    """Give a loaded policy with values changed, checked like one that is read.

    Parameters
    ----------
    unchanged
        Tables that changes such as ``*1.1`` refer to; those of the policy without it.

    Raises
    ------
    PolicyError
        Holds everything that is wrong with the changes.
    """
    problems = Problems()
    data = tables_of(policy)
    merged = apply_changes(data, changes, Policy, problems, unchanged)
    return _noted(_varied(policy, data, merged, problems), changed_parts(changes))


def tables_of(policy: Policy, added: Iterable[Mapping[str, object]] = ()) -> dict[str, Any]:
    """Give the tables that a policy says, with limits added to them."""
    data = policy.model_dump(by_alias=True, exclude_unset=True)
    limits = (*data.get("limits", ()), *map(frozen, added))
    return {**data, "limits": limits} if limits else data


def policy_with_tables(policy: Policy, tables: Mapping[str, Any]) -> Policy:
    """Give a loaded policy with other tables, checked like one that is read.

    Raises
    ------
    PolicyError
        Holds everything that is wrong with them.
    """
    return _varied(policy, tables_of(policy), tables, Problems())


def policy_with_limit(policy: Policy, limit: Mapping[str, object]) -> Policy:
    """Give a loaded policy with one more limit, checked like one that is read.

    Raises
    ------
    PolicyError
        Holds everything that is wrong with the limit.
    """
    data = tables_of(policy)
    limits = (*data.get("limits", ()), frozen(limit))
    longer = _varied(policy, data, {**data, "limits": limits}, Problems())
    return _noted(longer, (("limits", longer.limits[-1].name),))


def policy_with_limits(policy: Policy, limits: Iterable[Mapping[str, object]]) -> Policy:
    """Give a loaded policy with further limits, as :func:`policy_with_limit` adds one."""
    for limit in limits:
        policy = policy_with_limit(policy, limit)
    return policy


def policy_with_division(policy: Policy, division: Mapping[str, object]) -> Policy:
    """Give a loaded policy that judges one division and no other, checked like one that is read.

    Raises
    ------
    PolicyError
        Holds everything that is wrong with the division.
    """
    data = tables_of(policy)
    judging = _varied(policy, data, {**data, "fairness": (frozen(division),)}, Problems())
    return _noted(judging, (("fairness", judging.fairness[0].name),))


def _noted(policy: Policy, changed: tuple[tuple[str, ...], ...]) -> Policy:
    """Note what no file of the policy says any more."""
    layers = policy._layers
    if layers is not None:
        policy._layers = replace(layers, changed=(*layers.changed, *changed))
    return policy


def _varied(
    policy: Policy, data: Mapping[str, Any], merged: Mapping[str, Any], problems: Problems
) -> Policy:
    """The policy whose tables were ``data`` and are now others."""
    # What did not change stands as the record it is, so that only the rest is checked; records
    # have no keys to name a fault by, so that faults are found again in the plain tables.
    changed = _valid(_reused(policy, data, merged))
    if changed is None:
        changed = _validated(merged, problems, lambda address: CHANGES, is_whole=True)
    else:
        check_whole(merged, problems, lambda address: CHANGES)
    problems.raise_if_any(PolicyError)
    assert changed is not None, "a refused policy has at least one complaint"
    return changed.named_like(policy)


def _reused(record: Any, before: Any, after: Any) -> Any:
    """Tables as they are now, with the records that were made of those that are still the same."""
    if after is before:
        return record
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        parts = record
        if isinstance(record, BaseModel):
            fields = type(record).model_fields.items()
            parts = {field.alias or name: getattr(record, name) for name, field in fields}
        return {
            key: _reused(parts[key], before[key], value) if key in before else value
            for key, value in after.items()
        }
    if isinstance(before, tuple) and isinstance(after, tuple):
        same = tuple(map(_reused, record, before, after))
        return same + after[len(same) :]
    return after


def _valid(tables: Any) -> Policy | None:
    try:
        return Policy.model_validate(tables)
    except ValidationError:
        return None


def _validated(
    merged: Mapping[str, Any],
    problems: Problems,
    file_of: Callable[[Address], str],
    *,
    is_whole: bool,
) -> Policy | None:
    """The policy that merged tables are; ``None`` where they are none, with the complaints."""
    policy = None
    try:
        policy = Policy.model_validate(merged)
    except ValidationError as error:
        if is_whole:
            add_complaints(error, Policy, merged, problems, file_of)
    check_whole(merged, problems, file_of)
    return policy


def policy_schema() -> dict[str, Any]:
    """Give the JSON schema of policy files, for editors.

    A policy that extends another need not repeat what that one says, so that keys of goals and
    limits are offered but not demanded; reading the policy demands them.
    """
    schema = Policy.model_json_schema(by_alias=True)
    required = schema.pop("required")
    schema["anyOf"] = [{"required": required}, {"required": ["schema", "extends"]}]
    schema["$defs"]["Goal"].pop("required")
    schema["$defs"]["Limit"]["required"] = ["name"]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
