"""A session that follows what is set on the page."""

from __future__ import annotations

from optimizer.app.moves import KeptYears, Setting
from optimizer.explain.wanting import wanted_from
from optimizer.session import Session, joined_in


class Follower:
    """Has a session ask what is set, and nothing else.

    Parameters
    ----------
    session
        With nothing changed; nobody else changes it.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self._limits: dict[str, dict[str, object]] = {}
        self._kept: KeptYears | None = None

    def follow(self, setting: Setting) -> None:
        """Ask what is set from now on.

        Raises
        ------
        OptimizerError
            If policy or case cannot hold it; whatever is set next is asked all the same.
        """
        session, kept = self.session, setting.kept
        if self._kept is not None and kept != self._kept:
            session.keep([])
            self._kept = None
        session.change_to(setting.changes)
        for text in setting.demands:
            if text in self._limits:
                session.restore(text)
                continue
            limit = self.read(text)
            session.add_limit(limit)
            self._limits[text] = limit
        for text in self._limits.keys() - set(setting.demands):
            session.drop(text)
        # Last of all: changes may be what makes room for it.
        if kept is not None and self._kept is None:
            session.keep([kept.keep])
            self._kept = kept

    def read(self, demand: str) -> dict[str, object]:
        """Read a demand as a limit of the policy.

        Raises
        ------
        PolicyError
            If it cannot be read, or names what the case does not have.
        """
        asked = wanted_from(demand, None, joined_in(self.session))
        return asked.with_number(asked.sense, asked.number, demand).limit
