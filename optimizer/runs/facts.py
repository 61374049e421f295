"""Contents of ``run.json``, read and checked as strictly as any other input."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError
from pydantic_core import PydanticCustomError

from optimizer.errors import Problems
from optimizer.io.strict import StrictTable, add_complaints
from optimizer.io.toml import Address, dotted, frozen, shown
from optimizer.policy.goals import SMALLEST_SCALE
from optimizer.schema.tables import LARGEST_NUMBER

NOT_OURS = "is not a value that a run writes"


def is_scale(value: object) -> bool:
    """Whether a value can be the raw value of a goal that counts as 1."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and SMALLEST_SCALE <= value <= LARGEST_NUMBER  # type: ignore[operator]


def _scale(value: Any) -> float:
    if not is_scale(value):
        expected = {"expected": "a number above 0"}
        raise PydanticCustomError("no_scale", "{} is not a valid scale", expected)
    return float(value)


Scale = Annotated[float, BeforeValidator(_scale)]
Figures = Mapping[str, float]


class _Extend(StrictTable):
    """The function that added custom rules."""

    function: str = Field(description="the name of a function")
    sha256: str | None = Field(default=None, description="the hash of its text")


class Inputs(StrictTable):
    """Hashes of policy and case as they were before any change."""

    files: Mapping[str, str] = Field(description="hashes by file")
    case_hashes: Mapping[str, str] = Field(description="hashes by file")


class _Kept(StrictTable):
    """Slots of an earlier plan that the run grants again."""

    name: str = Field(default="", description="the name of a plan")
    where: Mapping[str, tuple[str, ...]] = Field(
        default_factory=dict, description="lists of values by column"
    )
    at_least: bool = Field(default=False, description="true or false")
    slots: tuple[tuple[str, str, str, str, int, int], ...] = Field(
        default=(), description="a list of slots: country, track, level, region, year, slots"
    )


class _Near(StrictTable):
    """An earlier plan from which every slot moved has a price."""

    name: str = Field(default="", description="the name of a plan")
    price: float = Field(default=0.0, ge=0.0, description="points for every slot moved")
    where: Mapping[str, tuple[str, ...]] = Field(
        default_factory=dict, description="lists of values by column"
    )
    slots: tuple[tuple[str, str, str, str, int, int], ...] = Field(
        default=(), description="a list of slots: country, track, level, region, year, slots"
    )


class _ChangePrice(StrictTable):
    """What was moved away from it, and what that costs."""

    price: float = Field(default=0.0, ge=0.0, description="points for every slot moved")
    slots_moved: int = Field(default=0, ge=0, description="a whole number")
    impossible_slots: int = Field(default=0, ge=0, description="a whole number")
    cost_points: float = Field(default=0.0, description="points")
    points_less_cost: float = Field(default=0.0, description="points")
    most_points: float | None = Field(default=None, description="points")
    basis: str = Field(default="", description="a word")


class _Keeping(StrictTable):
    """What it costs to grant them."""

    free_points: float | None = Field(default=None, description="points")
    kept_points: float | None = Field(default=None, description="points")
    cost_points: float | None = Field(default=None, description="points")
    basis: str = Field(default="", description="a word")


class RunFacts(StrictTable, extra="allow"):
    """Facts of a run; runs of other versions may have more, or fewer.

    Only the scales are always there: without them points cannot be counted.
    """

    scales: Mapping[str, Scale] = Field(description="a number above 0")
    scales_from: str = Field(default="", description="where scales come from, in words")
    provisional_scales: tuple[str, ...] = Field(default=(), description="a list of goals")
    case_hashes: Mapping[str, str] = Field(default_factory=dict, description="hashes by file")
    policy_hash: str = Field(default="", description="a hash")
    changes: Mapping[str, Any] = Field(default_factory=dict, description="values by address")
    changed_to: Mapping[str, float | Figures] = Field(
        default_factory=dict, description="figures by address"
    )
    inputs: Inputs | None = Field(default=None, description="hashes of policy and case")
    answers: str = Field(default="", description="the hash of what was asked of the plan")
    added_limits: tuple[Mapping[str, Any], ...] = Field(default=(), description="a list of limits")
    dropped: tuple[str, ...] = Field(default=(), description="a list of names")
    keep: tuple[_Kept, ...] = Field(default=(), description="a list of kept slots")
    keeping: _Keeping | None = Field(default=None, description="points with and without them")
    near: _Near | None = Field(default=None, description="an earlier plan and a price")
    change_price: _ChangePrice | None = Field(
        default=None, description="slots moved and what they cost"
    )
    extend: _Extend | None = Field(default=None, description="a function and its hash")
    policy: str = Field(default="", description="the name of the policy")
    case: str = Field(default="", description="the name of the case")
    status: str = Field(default="", description="a word")
    objective: float | None = Field(default=None, description="points")
    bound: float | None = Field(default=None, description="points")
    gap: float | None = Field(default=None, description="a share")
    gap_asked: float | None = Field(default=None, description="a share")
    time_limit: float | None = Field(default=None, description="seconds")
    ranges: tuple[Mapping[str, Any], ...] = Field(default=(), description="a list of ranges")
    versions: Mapping[str, str] = Field(default_factory=dict, description="versions by library")
    seed: int = Field(default=0, description="a whole number")
    threads: int = Field(default=1, description="a whole number")
    nodes: int | None = Field(default=None, description="a whole number")
    deterministic: bool = Field(default=False, description="true or false")
    trace: tuple[Mapping[str, Any], ...] = Field(default=(), description="a list of steps")


def facts_in(content: bytes, path: Path, problems: Problems) -> dict[str, Any]:
    """Read the content of ``run.json``; nothing where it is not a value that a run writes.

    Parameters
    ----------
    path
        File it was read from, named in problems.
    """
    try:
        facts = frozen(json.loads(content.decode()))
        is_ours = isinstance(facts, dict) and isinstance(facts.get("scales"), dict)
        odd = list(_odd_numbers(facts, ())) if is_ours else []
    except (ValueError, RecursionError):
        # Nothing of ours lies so deep or has so many digits.
        is_ours = False
    if not is_ours:
        problems.add(path.name, NOT_OURS, expected="JSON with a table of scales")
        return {}
    assert isinstance(facts, dict), "it is a table with a table of scales"
    told = Problems()
    try:
        facts = RunFacts.model_validate(facts).model_dump(exclude_unset=True)
    except ValidationError as error:
        add_complaints(error, RunFacts, facts, told, lambda address: path.name)
    columns = {problem.column for problem in told}
    for address, message in odd:
        column = dotted(address, facts)
        if column not in columns:
            told.add(
                path.name,
                message,
                column=column,
                expected=f"a number from -{LARGEST_NUMBER:g} to {LARGEST_NUMBER:g}",
            )
    problems.extend(told)
    return {} if len(told) else facts


def _odd_numbers(value: object, address: Address) -> Iterator[tuple[Address, str]]:
    """Numbers at any depth that nothing can be reckoned with; scales say so themselves."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if (*address, key) != ("scales",):
                yield from _odd_numbers(inner, (*address, key))
    elif isinstance(value, tuple):
        for place, inner in enumerate(value):
            yield from _odd_numbers(inner, (*address, place))
    elif isinstance(value, int | float) and not -LARGEST_NUMBER <= value <= LARGEST_NUMBER:
        yield address, f"{shown(value)} is out of range"
