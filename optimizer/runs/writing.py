"""Writes a run: the plan, what follows from it, its report, and the question it answers."""

from __future__ import annotations

import time
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from optimizer.case.writing import contents_of
from optimizer.case.writing.folders import files_of
from optimizer.errors import OptimizerError, TargetError
from optimizer.errors.arguments import typed
from optimizer.io.archives import packed
from optimizer.io.targets import Made, put_elsewhere, reason_of
from optimizer.io.toml import toml_text
from optimizer.io.writing import new_folder, spare_path, write_bytes, write_text
from optimizer.plan import Plan
from optimizer.plan.own_sheets import own_sheets
from optimizer.plan.publication import require_sensitive
from optimizer.plan.question import Question
from optimizer.policy.loading import tables_of
from optimizer.report import render_report
from optimizer.report.own_sheets import render_sheets
from optimizer.runs import (
    CASE_BOOK,
    CASE_FILES,
    INPUTS,
    POLICY_FILE,
    PRINTED,
    PUBLIC,
    REPORT,
    require_writers,
    run_place,
    write_facts,
    write_tables,
)
from optimizer.runs.answers import write_answers
from optimizer.runs.public import write_public


@typed
def write_run(plan: Plan, folder: str | Path, *, force: bool = False, public: bool = False) -> Path:
    """Write a plan as a run folder, with its report and everything it was made from.

    Parameters
    ----------
    plan
        A plan, solved here or by a session.
    folder
        Where the run is to stand.
    force
        Replace an older run; a folder that holds anything else is never replaced.
    public
        Write a folder ``public`` as well, for publication: without small numbers of people on
        tracks that the case marks as sensitive, and without anything they could be worked out
        from.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    TargetError
        If the folder may not be written, or something appeared there meanwhile: the message says
        where the run is then.
    InputError
        If the run is to be published and no track of the case is marked as sensitive.
    OptimizerError
        If nobody said what the plan is a plan for, or an extra is not installed.
    """
    require_writers()
    if plan.question is None:
        raise OptimizerError("the plan does not know its policy and case, so it is not a run")
    if public:
        require_sensitive(plan.question.case)
    with run_place(Path(folder), force=force).aside() as made:
        found = written_into(made, plan, public=public)
    if made.refused is not None:
        raise made.refused
    return found


def written_into(made: Made, plan: Plan, *, public: bool = False) -> Path:
    """Write a run aside and give it its place; its time counts as ``write``."""
    question = plan.question
    assert question is not None, "plans that are written know what they answer"
    begun = time.monotonic()
    new_folder(made.path)
    case, policy = question.case, question.policy
    write_text(made.path / REPORT, render_report(plan, case, policy, sheets=PRINTED))
    sheets = own_sheets(plan, case, policy)
    write_text(made.path / PRINTED, render_sheets(plan, case, policy, sheets))
    write_tables(plan, made.path, policy, case)
    if public:
        write_public(plan, made.path / PUBLIC)
    inputs = write_inputs(question, made.path / INPUTS)
    answers = "" if plan.answers is None else write_answers(plan.answers, made.path)
    plan.seconds["write"] = time.monotonic() - begun
    return made.put(lambda name: write_facts(plan, made.path, name, inputs, answers))


def written_somewhere(
    plan: Plan, made: Made, *, public: bool = False
) -> tuple[Path, TargetError | None]:
    """Write a run; give where it is, and why that is not where it was to go."""
    try:
        return written_into(made, plan, public=public), made.refused
    except OSError as error:
        given = made.place.given
        try:
            # A full disk is no reason to lose a plan, as long as there is another one.
            with run_place(spare_path(made.place.path.name), force=False).aside() as spare:
                found = written_into(spare, plan, public=public)
        except TargetError:
            raise error from None
        return found, put_elsewhere(given, reason_of(error), found)


def write_inputs(question: Question, folder: Path) -> Mapping[str, Any]:
    """Write policy and case as they were before any change.

    Returns
    -------
    Mapping
        Hashes of the files, and of those that the case was read from: what ``run.json`` says.
    """
    base = question.base_case
    tables = {name: said for name, said in tables_of(question.base).items() if name != "extends"}
    # What a policy leaves to its default is what it meant today, whatever the default will be.
    tables["horizon"] = {**tables.get("horizon", {}), "tail": question.base.horizon.tail}
    files = {POLICY_FILE: toml_text(tables).encode()}
    is_book = base.places is not None and len(base.contents) == 1
    if is_book:
        files[CASE_BOOK] = next(iter(base.contents.values()))
    else:
        files[CASE_FILES] = packed(base.contents or files_of(contents_of(base)))
    new_folder(folder)
    for name, content in files.items():
        write_bytes(folder / name, content)
    return {
        "files": {name: sha256(content).hexdigest() for name, content in files.items()},
        "case_hashes": dict(base.hashes),
    }
