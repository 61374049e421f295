"""A repair as a file: a policy that extends the one at fault, or a study of one scenario."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from optimizer.errors import OptimizerError, printable
from optimizer.explain.said_once import said_once
from optimizer.io import targets
from optimizer.io.changes import change_in_words, unchanged_value, value_text
from optimizer.io.toml import toml_text
from optimizer.io.writing import write_text
from optimizer.plan.question import Question
from optimizer.policy import Policy
from optimizer.policy.loading import changed_policy, load_policy, policy_with_limits, tables_of
from optimizer.policy.merging import merge
from optimizer.schema.addresses import address_of, cells_and_keys, names_of

SCENARIO = "repaired"
"""Scenario of the study that holds a repair."""
_AS_CHANGES = "the changes of the repair by themselves, as Repairs.changes gives them"
_AS_STUDY = "a name ending in .csv, for the changes as a study"
_NO_CHANGES: Mapping[str, object] = {}


def place_for_repair(path: Path, changes: Mapping[str, object] = _NO_CHANGES) -> targets.Place:
    """Find out whether a repair may be written at a path; nothing that is there is replaced.

    Parameters
    ----------
    changes
        What is asked, and must be in the file.

    Raises
    ------
    OptimizerError
        If the name says neither policy nor changes, or a policy that would have to hold figures of
        the case.
    TargetError
        If something is there already, or it cannot be written.
    """
    if path.suffix not in (".toml", ".csv"):
        raise OptimizerError(
            f"{path.name}: a repair is written as .toml (a policy) or .csv (changes, as a study)"
        )
    _require_no_cells(path, changes, _AS_STUDY)
    return targets.look(path, force=None, check=lambda _: "is there", expected="a new file")


def write_repaired(
    question: Question, changes: Mapping[str, object], path: Path, beyond: Sequence[str] = ()
) -> Path:
    """Write the changes of a repair; nothing that is there is replaced.

    Parameters
    ----------
    beyond
        What is asked beside the question and no file can hold, in words.

    Raises
    ------
    OptimizerError
        If such a file cannot hold all that is asked, or as :func:`place_for_repair`.
    TargetError
        As there.
    """
    place = place_for_repair(path)
    if beyond:
        raise _refused(path, f"a file cannot hold {' or '.join(beyond)}", _AS_CHANGES)
    changes = said_once(question, changes)
    added = ", ".join(str(limit["name"]) for limit in question.added)
    is_policy = path.suffix == ".toml"
    _require_no_cells(path, changes, _AS_CHANGES if added else _AS_STUDY)
    cells, keys = cells_and_keys(changes)
    if added and not is_policy:
        fault = f"a study cannot hold limits that were added ({added})"
        other = "a name ending in .toml, for a policy with them"
        raise _refused(path, fault, _AS_CHANGES if cells else other)
    title = f"{question.base.title}, {SCENARIO}"
    text = _policy_text(question, keys, path, title) if is_policy else _study(changes, SCENARIO)
    with targets.written_aside(place) as new:
        write_text(new, text)
    return path


def _require_no_cells(path: Path, changes: Mapping[str, object], expected: str) -> None:
    cells, _ = cells_and_keys(changes)
    if cells and path.suffix == ".toml":
        fault = f"a policy cannot hold figures of the case ({', '.join(cells)})"
        raise _refused(path, fault, expected)


def _refused(path: Path, fault: str, expected: str) -> OptimizerError:
    return OptimizerError(f"{path.name}: {fault}\n    Expected {expected}.")


def _policy_text(question: Question, keys: Mapping[str, object], path: Path, title: str) -> str:
    """A policy with the changes: on top of the one at fault where that is possible, or whole."""
    base, limits = question.base, question.added
    longer = policy_with_limits(base, limits)
    changed = tables_of(changed_policy(longer, keys))
    marks = "".join(_marks(longer, keys))
    reached = reached_from(path, base)
    if reached is not None:
        added = [address_of(("limits", str(limit["name"]))) for limit in limits]
        said = _said(changed, [*keys, *added])
        if _alike(merge(tables_of(base), said), changed):
            above = {"schema": 1, "title": title, "extends": reached}
            return f"# {reached}, with these changes:\n{marks}\n{toml_text({**above, **said})}"
    whole = {key: value for key, value in changed.items() if key != "extends"}
    head = f"# All of {printable(base.path.name)}, without its comments, and with these changes:\n"
    return f"{head}{marks}\n{toml_text({**whole, 'title': title})}"


def _marks(base: Policy, keys: Mapping[str, object]) -> Iterator[str]:
    """What is changed, as comments: a line for each key."""
    tables = tables_of(base)
    for address, value in keys.items():
        before = unchanged_value(names_of(address) or (), tables, Policy)
        if isinstance(before, float) and before.is_integer():
            before = int(before)
        told = "" if before is None else f", before {value_text(before)}"
        yield f"# {printable(change_in_words(address.strip(), value) + told)}\n"


def reached_from(path: Path, base: Policy) -> str | None:
    """How a policy extends the one at fault, from its own folder; ``None`` where it cannot.

    It extends a TOML file in its folder, or in one within, which extends no other.
    """
    here, file = path.parent.resolve(), base.path.resolve()
    can = base.extends is None and file.suffix == ".toml" and file.is_relative_to(here)
    if not can:
        return None
    try:
        # A policy that was changed after it was read is in no file.
        is_in_file = tables_of(load_policy(file)) == tables_of(base)
    except OptimizerError:
        return None
    reached = file.relative_to(here).as_posix()
    return reached if is_in_file and reached.isprintable() else None


def extended_in_words(written: Path, base: Policy) -> str:
    """What to add where a policy that was written does not extend the one at fault; or nothing."""
    if written.suffix != ".toml" or load_policy(written).extends is not None:
        return ""
    return f" (all of {printable(base.path.name)}, which cannot be extended from there)"


def _said(changed: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    """The parts of a changed policy that hold the changed keys."""
    said: dict[str, Any] = {}
    limits = {limit["name"]: limit for limit in changed.get("limits", ())}
    names_of_limits: dict[str, None] = {}
    for names in map(names_of, keys):
        assert names is not None, "changes were made at these addresses"
        first, second = names[0], names[1] if len(names) > 1 else None
        if first == "limits":
            names_of_limits |= dict.fromkeys(limits if second is None else (second,))
        elif isinstance(changed[first], Mapping) and second is not None:
            said[first] = {**said.get(first, {}), second: changed[first][second]}
        else:
            said[first] = changed[first]
    if names_of_limits:
        said["limits"] = tuple(limits[name] for name in names_of_limits)
    return said


def _alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two policies say the same, by whatever title."""
    return {**one, "title": ""} == {**other, "title": ""}


def _study(changes: Mapping[str, object], scenario: str) -> str:
    """Changes as a study of one scenario, a row each."""
    content = io.StringIO()
    rows = csv.writer(content, lineterminator="\n")
    rows.writerow(["scenario", "address", "value"])
    rows.writerows(
        [scenario, address.strip(), value_text(value)] for address, value in changes.items()
    )
    return content.getvalue()


def write_scenario(question: Question, path: Path) -> list[Path]:
    """Write changes of a policy and further limits as a policy of its own, under its file's name.

    Changes of the case are written as a study beside it.

    Returns
    -------
    list of Path
        What was written. Nothing that is there is replaced.

    Raises
    ------
    OptimizerError
        If a cell that must be said by itself has no address of its own.
    TargetError
        If something is there already, or it cannot be written.
    """
    cells, keys = cells_and_keys(said_once(question, {}))
    title = f"{question.base.title}, {path.stem}"
    texts = {path: _policy_text(question, keys, path, title)}
    if cells:
        texts[path.with_suffix(".csv")] = _study(cells, path.stem)
    places = {file: place_for_repair(file) for file in texts}
    for file, place in places.items():
        with targets.written_aside(place) as new:
            write_text(new, texts[file])
    return list(places)
