"""Sessions of a policy on a case, and where they begin if the policy by itself leaves no plan.

Scales of goals are those of the unchanged policy. Where its own rules clash, or do not even fit the
case, it has none: then those of the first setting that fits count.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from optimizer.app.moves import Setting
from optimizer.case import Case
from optimizer.errors import OptimizerError
from optimizer.plan.question import Question, read_question
from optimizer.policy import Policy
from optimizer.session import Session, held_by
from optimizer.solver import Progress

Report = Callable[[Session, Progress], None]


@dataclass(frozen=True)
class Sessions:
    """Makes sessions of a policy on a case.

    Attributes
    ----------
    policy, case
        Unchanged.
    scales
        Those of a run that count; ``None`` where they are worked out.
    """

    policy: Policy
    case: Case
    scales: Mapping[str, float] | None = None

    def first(self) -> Session:
        """The session that searches."""
        return Session(self.policy, self.case, scales=self.scales)

    def first_with(self, setting: Setting, fitting: Session) -> Session:
        """The same where the policy by itself leaves no plan.

        Parameters
        ----------
        setting
            With whose changes it begins.
        fitting
            The session of :class:`Mending` for it, whose scales count.
        """
        found, goals = fitting.scales, fitting.policy.goals
        scales = {name: found[name] for name in goals if goals[name].scale == "ideal"}
        return Session(self.policy, self.case, changes=setting.changes, scales=scales)

    def twin(self, session: Session) -> Session:
        """Another one, which begins where the first relaxation of a session has come to."""
        changes = held_by(session).question.changes
        twin = Session(self.policy, self.case, changes=changes, scales=session.scales)
        held_by(twin).loaded.begin_like(held_by(session).loaded)
        return twin


class Mending:
    """Settings of a policy that leaves no plan, each as if it had always been the policy.

    Parameters
    ----------
    sessions
        Of the policy.
    unchanged
        The session of the unchanged policy; ``None`` where it does not even fit the case.
    fault
        Why there are no scales.
    """

    def __init__(
        self, sessions: Sessions, unchanged: Session | None, fault: OptimizerError
    ) -> None:
        self._sessions, self._unchanged, self._fault = sessions, unchanged, fault
        self._made: tuple[Setting, Session] | None = None

    def question_of(self, setting: Setting) -> Question:
        """What is set.

        Raises
        ------
        OptimizerError
            If policy or case cannot hold it.
        """
        return read_question(self._sessions.policy, self._sessions.case, setting.changes)

    def session_of(self, setting: Setting) -> Session:
        """A session whose scales are not known.

        Raises
        ------
        OptimizerError
            If policy or case cannot hold the setting, or do not fit each other with it.
        """
        if not setting.changes:
            if self._unchanged is None:
                raise self._fault
            return self._unchanged
        if self._made is None or self._made[0] != setting:
            question = self.question_of(setting)
            self._made = setting, Session(question.policy, question.case)
        return self._made[1]

    def fitting(self, setting: Setting, report: Report) -> Session | None:
        """A session with scales, as some plan keeps every rule; ``None`` where it was stopped.

        Raises
        ------
        OptimizerError
            If no plan does, or as :meth:`session_of`.
        """
        if not setting.changes:
            raise self._fault
        session = self.session_of(setting)
        relaxed = session.relax(report=lambda told: report(session, told))
        return None if relaxed.status == "stopped" else session
