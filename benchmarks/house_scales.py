"""Scales of a session: worked out one ideal after the other, two at a time, and known from before.

Every way begins with policy and case and ends with the scales, so that joining, building, loading
and the hash by which ideals are known are in its clock.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from optimizer.io.cache import FOLDER
from optimizer.persistent import goals_alone
from optimizer.session import Session


@dataclass(frozen=True)
class Question:
    """Paths of policy and case, and the folder in which their ideals are kept."""

    policy: Path
    case: Path
    folder: str

    def scales(self, *, cache: bool) -> dict[str, float]:
        os.environ[FOLDER] = self.folder
        return Session(self.policy, self.case, cache=cache).scales


def prepared(case: str) -> Question:
    """A question whose ideals are known already to who looks for them."""
    from cases import KEPT, case_and_policy

    path, policy = case_and_policy(case)
    question = Question(policy, path, str(KEPT / "house-scales"))
    question.scales(cache=True)
    return question


def one_at_a_time(question: Question) -> dict[str, float]:
    goals_alone.GOALS_AT_A_TIME = 1
    return question.scales(cache=False)


def two_at_a_time(question: Question) -> dict[str, float]:
    return question.scales(cache=False)


def known(question: Question) -> dict[str, float]:
    return question.scales(cache=True)


WAYS: Mapping[str, Callable[[Question], dict[str, float]]] = {
    "one ideal at a time": one_at_a_time,
    "two at a time": two_at_a_time,
    "known from before": known,
}
