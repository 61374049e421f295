"""What two policies do not have in common, key by key, and policies between the two."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from optimizer.errors import Problems
from optimizer.explain.differences import KEY, NOT_THERE, Difference, place_in_words
from optimizer.policy import Policy
from optimizer.policy.loading import policy_with_tables, tables_of
from optimizer.schema.addresses import address_of

_LIMITS, _NAME = "limits", "name"
_REMARKS = frozenset({"title", "why", "cases"})
"""Keys of a policy that change no plan."""
_REMARKS_WITHIN = frozenset({"why", "source", "protected"})
_WITH_REMARKS = frozenset({"goals", _LIMITS, "support_floor"})
"""The same of each goal, limit and floor of support."""
_NOT_COMPARED = frozenset({"extends", "schema"})
SOLVER = "solver"
"""Options that decide which plan is found, and neither which there are nor their points."""
_Part = str | int


def policy_differences(one: Policy, other: Policy) -> list[Difference]:
    """Every key that differs; defaults count as said, limits are matched by name.

    A goal or limit that one policy lacks is one difference.
    """
    said = _by_name(tables_of(one)), _by_name(tables_of(other))
    whole = (
        _by_name(one.model_dump(by_alias=True)),
        _by_name(other.model_dump(by_alias=True)),
    )
    return [
        _difference(one, other, at, before, after)
        for at, before, after in _walk((), said, whole)
        if at[0] not in _NOT_COMPARED
    ]


def mixed_policy(one: Policy, other: Policy, chosen: Sequence[Difference]) -> Policy:
    """The first policy with some of its differences as the other has them.

    Raises
    ------
    PolicyError
        If that is not a valid policy.
    """
    tables = _by_name(tables_of(one))
    theirs = _by_name(tables_of(other))
    for difference in chosen:
        tables = _put(tables, difference.at, _at(theirs, difference.at))
    tables = _without_gaps(tables)
    limits = tables.pop(_LIMITS, {})
    tables.pop("extends", None)
    # They change no plan, and may name a limit that the mixture lacks.
    tables.pop("stakeholders", None)
    if limits:
        tables[_LIMITS] = tuple({_NAME: name, **limit} for name, limit in limits.items())
    return policy_with_tables(one, tables)


def _by_name(tables: Mapping[str, Any]) -> dict[str, Any]:
    """Tables in which limits stand under their names."""
    limits = {
        limit[_NAME]: {key: value for key, value in limit.items() if key != _NAME}
        for limit in tables.get(_LIMITS, ())
    }
    return {**tables, _LIMITS: limits}


_Both = tuple[Any, Any]


def _walk(
    at: tuple[_Part, ...], said: _Both, whole: _Both
) -> Iterator[tuple[tuple[_Part, ...], Any, Any]]:
    """Where tables differ, from the top down to values that are no tables themselves."""
    keys = [key for part in said for key in _keys_of(part)]
    for key in dict.fromkeys(keys):
        before, after = (_part_of(part, key) for part in whole)
        if before == after:
            continue
        here = (*at, key)
        if _are_tables(before, after):
            deeper = (_part_of(said[0], key), _part_of(said[1], key))
            yield from _walk(here, deeper, (before, after))
        else:
            # What only one says is shown as it says it, without defaults.
            told = _part_of(said[0], key), _part_of(said[1], key)
            yield (
                here,
                before if told[0] is NOT_THERE else told[0],
                after if told[1] is NOT_THERE else told[1],
            )


def _keys_of(part: Any) -> list[_Part]:
    if isinstance(part, Mapping):
        return list(part)
    return list(range(len(part))) if _is_list_of_tables(part) else []


def _part_of(part: Any, key: _Part) -> Any:
    if isinstance(part, Mapping):
        return part.get(key, NOT_THERE)
    if isinstance(part, tuple) and isinstance(key, int) and key < len(part):
        return part[key]
    return NOT_THERE


def _is_list_of_tables(part: Any) -> bool:
    return isinstance(part, tuple) and any(isinstance(each, Mapping) for each in part)


def _are_tables(before: Any, after: Any) -> bool:
    """Whether both are tables, or lists of tables, of which parts can be compared."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        return True
    lists = isinstance(before, tuple) and isinstance(after, tuple)
    return lists and (_is_list_of_tables(before) or _is_list_of_tables(after))


def _difference(
    one: Policy, other: Policy, at: tuple[_Part, ...], before: Any, after: Any
) -> Difference:
    address = address_of(tuple(str(part + 1) if isinstance(part, int) else part for part in at))
    return Difference(
        kind=KEY,
        address=address,
        before=before,
        after=after,
        before_at="" if before is NOT_THERE else _said_at(one, address),
        after_at="" if after is NOT_THERE else _said_at(other, address),
        counts=at[0] != SOLVER and not _is_remark(at),
        at=at,
    )


def _is_remark(at: tuple[_Part, ...]) -> bool:
    """Whether a key changes no plan; goals and limits may have the names of such keys."""
    match at:
        case ("stakeholders", *_):
            return True
        case (key,):
            return key in _REMARKS
        case (table, _, key):
            return table in _WITH_REMARKS and key in _REMARKS_WITHIN
    return False


def _said_at(policy: Policy, address: str) -> str:
    problems = Problems()
    problems.add(policy.path.name, "", column=address)
    place = place_in_words(next(iter(policy.retold(problems))))
    # The address stands in front already.
    return place.removesuffix(f", {address}")


def _at(tables: Any, at: tuple[_Part, ...]) -> Any:
    for part in at:
        tables = _part_of(tables, part)
    return tables


class _Gap:
    """Stands where something is taken out of a list, so that the others keep their places."""


_GAP = _Gap()


def _put(tables: Any, at: tuple[_Part, ...], value: Any) -> Any:
    """The same tables with a value put in its place, or taken out."""
    if not at:
        return value
    first, rest = at[0], at[1:]
    inner = _put(_part_of(tables, first), rest, value) if rest else value
    if isinstance(first, int):
        entries = list(tables or ())
        entries += [_GAP] * (first + 1 - len(entries))
        entries[first] = _GAP if inner is NOT_THERE else inner
        return tuple(entries)
    found = dict(tables or {})
    if inner is NOT_THERE:
        found.pop(first, None)
    else:
        found[first] = inner
    return found


def _without_gaps(tables: Any) -> Any:
    if isinstance(tables, Mapping):
        return {key: _without_gaps(value) for key, value in tables.items()}
    if isinstance(tables, tuple):
        return tuple(_without_gaps(each) for each in tables if each is not _GAP)
    return tables
