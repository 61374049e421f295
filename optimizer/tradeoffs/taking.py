"""A point of a front as a policy: at least what it has of each goal, then the most points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from optimizer.errors import OptimizerError, printable
from optimizer.explain.applying import reached_from
from optimizer.io import targets
from optimizer.io.toml import shown, toml_text
from optimizer.io.writing import write_text
from optimizer.plan.question import Question
from optimizer.policy import Fairness, Policy
from optimizer.policy.loading import policy_with_tables, tables_of
from optimizer.policy.merging import merge
from optimizer.schema.addresses import cells_and_keys

_DIGITS = 12
_OF_BOTH = ("measure", "where", "by", "relative_to", "goal", "scaled", "planned")
"""Keys that a limit and a division have in common."""


def require_point(point: object, known: Sequence[int]) -> None:
    """Refuse a point that a front does not have.

    Raises
    ------
    OptimizerError
        If there is none of this number.
    """
    if not known:
        raise OptimizerError(
            "points of the relaxation are not plans\n    Expected a front that is not relaxed."
        )
    if point not in known:
        last = max(known)
        raise OptimizerError(
            f"the front has no point {shown(point)}\n    Expected a number from 1 to {last}."
        )


def place_for_point(path: Path) -> targets.Place:
    """Find out whether the policy of a point may be written; nothing that is there is replaced.

    Raises
    ------
    OptimizerError
        If the name is not that of a policy.
    TargetError
        If something is there already, or it cannot be written.
    """
    if path.suffix != ".toml":
        raise OptimizerError(f"{path.name}: a policy is written as .toml")
    return targets.look(path, force=None, check=lambda _: "is there", expected="a new file")


def point_as_policy(
    question: Question, point: int, limits: tuple[dict[str, Any], ...], path: Path
) -> Path:
    """Write a policy with limits that keep what a point of a front has.

    Raises
    ------
    OptimizerError
        If cells of the case were changed, which a policy cannot hold, or the path is not one.
    TargetError
        If it cannot be written.
    """
    place = place_for_point(path)
    cells, _ = cells_and_keys(question.changes)
    if cells:
        raise OptimizerError(
            f"{path.name}: a policy cannot hold figures of the case ({', '.join(cells)})\n"
            "    Expected a run folder, which holds them."
        )
    policy = question.policy
    title = f"{policy.title}, point {point} of a front"
    whole = merge(tables_of(policy), {"limits": limits})
    # Checked like a policy that is read, before anything is written.
    policy_with_tables(policy, whole)
    reached = reached_from(path, policy)
    if reached is None:
        plain = {key: value for key, value in whole.items() if key != "extends"}
        name = printable(policy.path.name)
        text = f"# All of {name}, without its comments, with limits that keep what a point "
        text += f"of a front has:\n\n{toml_text({**plain, 'title': title})}"
    else:
        said = {"schema": 1, "title": title, "extends": reached, "limits": limits}
        text = f"# {reached}, with limits that keep what a point of a front has:\n\n"
        text += toml_text(said)
    with targets.written_aside(place) as new:
        write_text(new, text)
    return path


def goal_limits(
    policy: Policy, values: Mapping[str, float], wanted: Mapping[str, str], point: int
) -> tuple[dict[str, Any], ...]:
    """Limits that keep goals where a point has them, for what the plan itself decides.

    Parameters
    ----------
    values
        Raw value of every goal there.
    wanted
        ``more`` or ``less`` of each goal.
    """
    pairs = values.items()
    return tuple(_limit(policy, goal, value, wanted[goal], point) for goal, value in pairs)


def level_limit(policy: Policy, division: Fairness, rate: float, point: int) -> dict[str, Any]:
    """A limit that gives every group of a division at least a rate."""
    number = float(f"{rate:.{_DIGITS}g}")
    if number > rate:
        # Rounded up it could ask for one person more.
        number = float(f"{rate * (1.0 - 10.0 ** (1 - _DIGITS)):.{_DIGITS}g}")
    asked = division.model_dump(exclude_defaults=True)
    kept = {key: asked[key] for key in _OF_BOTH if key in asked}
    return {
        **kept,
        "name": _free_name(policy, division.name),
        "at_least": {"coverage": number} if division.relative_to else number,
        "why": f"As point {point} of a front has it.",
    }


def _free_name(policy: Policy, of: str) -> str:
    names, name = {limit.name for limit in policy.limits}, f"{of}_on_front"
    number = 2
    while name in names:
        name, number = f"{of}_on_front_{number}", number + 1
    return name


def _limit(policy: Policy, goal: str, value: float, wanted: str, point: int) -> dict[str, Any]:
    side = "at_least" if wanted == "more" else "at_most"
    return {
        "name": _free_name(policy, goal),
        "measure": "value",
        "goal": goal,
        "planned": True,
        side: float(f"{value:.{_DIGITS}g}"),
        "why": f"As point {point} of a front has it.",
    }
