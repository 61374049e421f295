"""Policies beside the one at hand that differ from it in nothing but what the page sets.

Nothing that is there is replaced.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from optimizer.app.keeping import refusal, require_plain
from optimizer.app.moves import NOTHING_SET, Setting
from optimizer.case import Case
from optimizer.errors import OptimizerError, Problems
from optimizer.explain.applying import write_scenario
from optimizer.explain.differences import NOT_THERE, Difference
from optimizer.explain.policy_differences import SOLVER, policy_differences
from optimizer.io.paths import names_in
from optimizer.plan.question import asked
from optimizer.policy import Policy, load_policy
from optimizer.policy.loading import changed_policy, policy_with_limits
from optimizer.sweeps.study import Study
from optimizer.text.file_names import plain_name

ReadDemand = Callable[[str], Mapping[str, object]]
"""Gives the limit that a demand is read as, such as ``slots[country=KEN] >= 20``."""
_SUFFIX, _STUDY = ".toml", ".csv"


def save_scenario(
    policy: Policy, case: Case, setting: Setting, read: ReadDemand, name: str
) -> list[str]:
    """Write what is set as a policy that extends another; figures of the case as a study.

    Returns
    -------
    list of str
        The files; the policy first.

    Raises
    ------
    PolicyError, TargetError
        If the name cannot be that of a file, there is one already, it cannot be written, nothing is
        changed, years are kept, which a policy cannot say, or :func:`read_scenario` could not set
        it again.
    """
    require_plain(name)
    if setting.kept is not None:
        message = f"a policy cannot hold {setting.kept.in_words}"
        raise refusal("save", message, "no years that are kept; a run folder holds them")
    if not setting.changes and not setting.demands:
        message = "nothing is moved: the scenario would not differ from the policy"
        raise refusal("save", message, "a weight, a budget, a limit or slots that were set")
    path = policy.path.with_name(f"{name}{_SUFFIX}")
    question = asked(policy, case, setting.changes, [read(text) for text in setting.demands])
    _moves_between(policy, question.policy, name, read)
    return list(map(str, write_scenario(question, path)))


def scenario_names(policy: Policy, read: ReadDemand) -> list[str]:
    """Names of the policies in the folder of one that can be loaded as moves of its page."""
    own, found = policy.path, []
    for file in names_in(own.parent, Problems()):
        path = own.with_name(file)
        if path.suffix != _SUFFIX or file == own.name or not plain_name(path.stem):
            continue
        try:
            setting = read_scenario(policy, path.stem, read)
        except OptimizerError:
            continue
        if setting != NOTHING_SET:
            found.append(path.stem)
    return found


def read_scenario(policy: Policy, name: str, read: ReadDemand) -> Setting:
    """Read a scenario as moves: a policy beside another, and a study of the same name.

    Parameters
    ----------
    policy
        The policy from which it differs.
    name
        Of its file, without ``.toml``. Figures of the case stand in a file ``.csv`` beside it.

    Raises
    ------
    InputError, PolicyError
        If there is no such policy, it is wrong, or it differs in what no lever sets.
    """
    if not plain_name(name):
        raise refusal("load", f"{name!r} is not a plain name", "the name of a scenario")
    path = policy.path.with_name(f"{name}{_SUFFIX}")
    other = load_policy(path)
    changes, demands = _moves_between(policy, other, name, read)
    return Setting(changes | _figures(path), demands)


def _moves_between(
    policy: Policy, other: Policy, name: str, read: ReadDemand
) -> tuple[dict[str, object], tuple[str, ...]]:
    """Changes and demands that lead from a policy to another."""
    changes: dict[str, object] = {}
    demands: list[str] = []
    for each in _counting(policy, other):
        if _is_new_limit(each):
            demands.append(str(each.at[1]))
        elif each.after is NOT_THERE or (each.before is NOT_THERE and _has_tables(each.after)):
            raise _not_a_move(name, each)
        else:
            changes[each.address] = _as_typed(each.after)
    made = policy_with_limits(policy, map(read, demands))
    made = changed_policy(made, changes) if changes else made
    for each in _counting(made, other):
        raise _not_a_move(name, each)
    return changes, tuple(demands)


def _has_tables(value: object) -> bool:
    """Whether a value is a table, or a list of tables, such as a goal or its effects."""
    return isinstance(value, Mapping) or (isinstance(value, tuple) and any(map(_has_tables, value)))


def _as_typed(value: object) -> object:
    """A value as somebody would type it: whole numbers without a point."""
    if isinstance(value, Mapping):
        return {key: _as_typed(each) for key, each in value.items()}
    if isinstance(value, tuple):
        return [_as_typed(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _counting(one: Policy, other: Policy) -> list[Difference]:
    """Differences that can move a plan."""
    found = policy_differences(one, other)
    return [each for each in found if each.counts or each.at[0] == SOLVER]


def _is_new_limit(difference: Difference) -> bool:
    return (
        difference.before is NOT_THERE
        and difference.at[:1] == ("limits",)
        and (len(difference.at) == 2)
    )


def _figures(path: Path) -> dict[str, object]:
    """Figures of the case that the scenario changes."""
    study = path.with_suffix(_STUDY)
    if study.name not in names_in(path.parent, Problems()):
        return {}
    values = Study.read(study).values()
    if path.stem not in values.index:
        known = ", ".join(map(str, values.index))
        raise refusal("load", f"{study.name} has no scenario {path.stem!r}", f"one of {known}")
    row = values.loc[path.stem]
    return {str(address): value for address, value in row.items() if value != ""}


def _not_a_move(name: str, difference: Difference) -> OptimizerError:
    message = f"{name} differs in {difference.address}, which no lever of the page sets"
    return refusal("scenario", message, "single values alone, and slots that are asked for")
