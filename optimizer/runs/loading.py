"""Reads a run back: its plan, and the session in which it was found, to ask more of it."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from optimizer.case import Case
from optimizer.case.loading import read_case
from optimizer.errors import ExtensionError, InputError, ModelWarning, PolicyError, Problems
from optimizer.errors.arguments import typed
from optimizer.frames.memory import Memory
from optimizer.io.paths import NotReadError, content_of, standing_at
from optimizer.plan import Plan
from optimizer.plan.checking import recomputed
from optimizer.plan.given import ReadPlan
from optimizer.plan.provenance import function_told
from optimizer.plan.question import Question, asked
from optimizer.policy import Policy
from optimizer.policy.loading import read_policy
from optimizer.runs import CASE_BOOK, CASE_FILES, INPUTS, POLICY_FILE, RUN
from optimizer.runs.answers import answers_in
from optimizer.runs.of_before import renewed_policy, tables_of_before
from optimizer.runs.reading import facts_of_run, read_plan

if TYPE_CHECKING:
    from optimizer.formulation.custom import Extend
    from optimizer.plan.keeping import Keep
    from optimizer.plan.nearness import Near
    from optimizer.session import Session

_Made = TypeVar("_Made")
A_RUN = "a run folder"
LARGEST_INPUT = 100 * 2**20
"""Bytes of a file of a question; those of fifty countries are a few ten thousand."""


@dataclass(frozen=True, eq=False)
class Run:
    """A run read back.

    Attributes
    ----------
    path
        The folder.
    read
        The plan as it was read, with what run.json says.
    question
        Policy and case, as they were and as the run had them changed.
    extend
        The function that added custom rules.
    memory
        Of what other runs have joined, most of which is the same.
    """

    path: Path
    read: ReadPlan
    question: Question
    extend: Extend | None = None
    memory: Memory | None = field(default=None, repr=False)

    @property
    def policy(self) -> Policy:
        """The policy as changed."""
        return self.question.policy

    @property
    def case(self) -> Case:
        """The case as changed."""
        return self.question.case

    @property
    def inputs(self) -> tuple[Path, ...]:
        """Where its policy and its case are kept, before any change."""
        # The policy first, whatever the case is called.
        files = sorted(self.read.facts["inputs"]["files"], key=lambda name: name != POLICY_FILE)
        return tuple(self.path / INPUTS / name for name in files)

    @cached_property
    def plan(self) -> Plan:
        """The plan with all that follows from it, checked again, and what was asked of it.

        Raises
        ------
        InputError
            If what was asked of it was edited since.
        """
        dropped = self.read.facts.get("dropped", ())
        plan = recomputed(
            self.read,
            self.policy,
            self.case,
            extend=self.extend,
            dropped=dropped,
            memory=self.memory,
        )
        plan = replace(plan, folder=self.path, question=self.question)
        wanted = self.read.facts.get("answers", "")
        if not wanted:
            return plan
        answers, why_none = answers_in(self.path, wanted, plan.objective)
        notes = (*plan.notes, why_none) if why_none else plan.notes
        return replace(plan, answers=answers, notes=notes)

    @cached_property
    def session(self) -> Session:
        """The policy on the case, loaded, as they were when the plan was found.

        It is made when it is first asked for, with the scales of the run: none are worked out but
        where those of the run only stood in for others.
        """
        # The plan alone needs no solver.
        from optimizer.session import Session

        facts, base = self.read.facts, self.question.unchanged
        scales = None if facts.get("provisional_scales") else self.read.scales
        session = Session(base.policy, base.case, extend=self.extend, scales=scales)
        for limit in facts.get("added_limits", ()):
            session.add_limit(limit)
        session.change(facts.get("changes", {}))
        for name in facts.get("dropped", ()):
            session.drop(name)
        # Last of all: changes may be what makes room for it.
        if self.question.keep:
            session.keep(self.question.keep)
        if self.question.near is not None:
            session.near(self.question.near)
        return session


@typed
def load_run(path: str | Path, *, extend: Extend | None = None) -> Run:
    """Read a run folder with the question that it answers.

    Parameters
    ----------
    extend
        The function that added custom rules to the run, if there was one: no code is kept with
        a run.

    Raises
    ------
    InputError
        If it is not a run, was written before runs kept their question, or was edited since.
    PolicyError
        If a change cannot be made any more.
    ExtensionError
        If custom rules are missing, or the run has none.
    """
    folder, problems = Path(path), Problems()
    standing = standing_at(folder)
    if standing != "folder":
        absent = f"there is no such folder in {folder.parent}"
        message = absent if standing == "nothing" else "is not a folder"
        problems.add(folder.name, message, expected=A_RUN)
        raise InputError(problems)
    facts = facts_of_run(folder)
    kept = facts.get("inputs")
    if kept is None:
        message = "keeps no policy and no case"
        expected = "a run that this version has written, or read_plan with its case"
        problems.add(f"{folder.name}/{INPUTS}", message, expected=expected)
    problems.raise_if_any(InputError)
    assert isinstance(kept, Mapping), "a run without inputs is refused"
    _require_extension(facts, extend)
    policy, case = inputs_in(folder, facts, kept)
    asked_of = facts.get("changes", {}), facts.get("added_limits", ())
    question = asked(policy, case, *asked_of, keep=_kept(facts), near=_near(facts))
    return Run(folder, read_plan(folder, question.case), question, extend)


def _kept(facts: Mapping[str, Any]) -> list[Keep]:
    """What the run kept of earlier plans."""
    if "keep" not in facts:
        return []
    from optimizer.plan.keeping import keep_in

    return [_made_again("keep", "what was kept", keep_in, each) for each in facts["keep"]]


def _near(facts: Mapping[str, Any]) -> Near | None:
    """The earlier plan from which every slot moved had a price."""
    if not facts.get("near"):
        return None
    from optimizer.plan.nearness import near_in

    return _made_again("near", "which plan it is near to", near_in, facts["near"])


def _made_again(
    column: str, what: str, make: Callable[[Mapping[str, Any]], _Made], facts: Mapping[str, Any]
) -> _Made:
    try:
        return make(facts)
    except (ValueError, KeyError, TypeError, PolicyError) as error:
        problems = Problems()
        message = f"does not say {what} ({error})"
        problems.add(RUN, message, column=column, expected="what the run has written")
        raise InputError(problems) from error


def inputs_in(
    folder: Path, facts: Mapping[str, Any], kept: Mapping[str, Any]
) -> tuple[Policy, Case]:
    """Read back what :func:`optimizer.runs.writing.write_inputs` has written into ``inputs``.

    Parameters
    ----------
    facts
        Names of ``policy`` and ``case``.
    kept
        What writing gave.

    Raises
    ------
    InputError
        If a file was edited since, or is missing.
    """
    problems = Problems()
    _require_untouched(folder, kept["files"], problems)
    problems.raise_if_any(InputError)
    case = _case(folder, kept)
    case = replace(case, name=facts.get("case", case.name), hashes=dict(kept["case_hashes"]))
    policy = read_policy(folder / INPUTS / POLICY_FILE, renew=renewed_policy)
    return policy.called(facts.get("policy", policy.name)), case


def _case(folder: Path, kept: Mapping[str, Any]) -> Case:
    name = CASE_BOOK if CASE_BOOK in kept["files"] else CASE_FILES
    return read_case(folder / INPUTS / name, tables_of_before())


def _require_untouched(folder: Path, hashes: Mapping[str, str], problems: Problems) -> None:
    """Refuse a question that is not the one the plan answers."""
    case = {CASE_FILES, CASE_BOOK} & set(hashes)
    if POLICY_FILE not in hashes or len(case) != 1 or len(hashes) > len(case) + 1:
        expected = f"hashes of {POLICY_FILE} and of {CASE_FILES} or {CASE_BOOK}"
        problems.add(RUN, "does not name what is kept", column="inputs.files", expected=expected)
        return
    for name, wanted in hashes.items():
        place, path = f"{INPUTS}/{name}", folder / INPUTS / name
        if not os.path.lexists(path):
            problems.add(place, "the file is missing", expected="what the run kept")
            continue
        try:
            content = content_of(path, at_most=LARGEST_INPUT, expected="what the run kept")
        except NotReadError as error:
            problems.add(place, str(error), expected=error.expected)
            continue
        if sha256(content).hexdigest() != wanted:
            problems.add(place, "was edited since the run", expected="what the run kept")


def _require_extension(facts: Mapping[str, Any], extend: Extend | None) -> None:
    told, problems = facts.get("extend"), Problems()
    if told is not None and extend is None:
        message = f"the custom rules of {told['function']} are not kept with the run"
        problems.add(RUN, message, column="extend", expected="load_run(path, extend=...)")
    if told is None and extend is not None:
        message = "the run was made without custom rules"
        problems.add(RUN, message, column="extend", expected="load_run(path)")
    problems.raise_if_any(ExtensionError)
    if told is not None and extend is not None:
        now = function_told(extend)
        if now["sha256"] != told.get("sha256"):
            sentence = f"the custom rules of the run, {told['function']}, have changed since"
            warnings.warn(sentence, ModelWarning, stacklevel=4)
