"""A session that follows what is set on the page."""

from __future__ import annotations

from optimizer.app.moves import KeptYears, Setting
from optimizer.explain.wanting import wanted_from
from optimizer.session import Session, held_by, joined_in


class Follower:
    """Has a session ask what is set, and nothing else.

    Parameters
    ----------
    session
        As it began, with its scales known; nobody else changes it.
    most_dropped
        Slots that are asked for no longer whose limits stay in the session, dropped. Once there are
        more, the session begins again without them.

    Attributes
    ----------
    session
        That asks it: another one after it has begun again.
    """

    def __init__(self, session: Session, *, most_dropped: int) -> None:
        self.session, self._most_dropped = session, most_dropped
        self._scales, self._changes = held_by(session).scales, held_by(session).question.changes
        self._limits: dict[str, dict[str, object]] = {}
        self._kept: KeptYears | None = None

    def following(self, setting: Setting) -> Session:
        """The session, once it asks what is set; as :meth:`follow`."""
        self.follow(setting)
        return self.session

    def follow(self, setting: Setting) -> None:
        """Ask what is set from now on.

        Raises
        ------
        OptimizerError
            If policy or case cannot hold it; whatever is set next is asked all the same.
        """
        kept, gone = setting.kept, self._limits.keys() - set(setting.demands)
        if len(gone) > self._most_dropped:
            self.session = self._begun_again()
            self._limits, self._kept, gone = {}, None, set()
        session = self.session
        if self._kept is not None and kept != self._kept:
            session.keep([])
            self._kept = None
        # Changes may be of what is asked for.
        for text in setting.demands:
            if text in self._limits:
                session.restore(text)
                continue
            limit = read_demand(text, session)
            session.add_limit(limit)
            self._limits[text] = limit
        session.change_to(setting.changes)
        for text in gone:
            session.drop(text)
        # Last of all: changes may be what makes room for it.
        if kept is not None and self._kept is None:
            session.keep([kept.keep])
            self._kept = kept

    def _begun_again(self) -> Session:
        """Another session of the same as it was at first, with the same scales."""
        held, scales = held_by(self.session), self._scales
        new = Session(held.question.base, held.question.base_case, changes=self._changes)
        assert scales is not None, "who follows counts by known scales"
        held_by(new).take_scales(scales)
        held_by(new).loaded.begin_like(held.loaded)
        return new


def read_demand(demand: str, session: Session) -> dict[str, object]:
    """Read a demand as a limit of the policy.

    Raises
    ------
    PolicyError
        If it cannot be read, or names what the case of the session does not have.
    """
    asked = wanted_from(demand, None, joined_in(session))
    return asked.with_number(asked.sense, asked.number, demand).limit
