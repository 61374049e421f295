"""Ideals that were worked out before, kept in the user's cache by what was solved for them.

The key is a hash of everything that is handed to HiGHS, of its options, of all versions that can
move a plan and of the code that solves. So there is no list of what ideals depend on that could
lack anything. What is read back is a number for each goal that is asked for, or it is not used.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cache, cached_property
from math import isfinite
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np
import scipy.sparse

from optimizer import persistent, solver
from optimizer.io.cache import Cache, user_folder
from optimizer.persistent import LoadedModel
from optimizer.persistent.goals_alone import ideal_options
from optimizer.plan.provenance import versions

_FOLDER = "ideals"
_MARK = b'{"made_by": "talent-optimizer", "kind": "ideals", '
"""Beginning of every file of the cache."""


@dataclass(frozen=True)
class KeptIdeals:
    """Ideals of goals in one model, as they are kept.

    Parameters
    ----------
    model
        The model whose ideals count.
    goals
        All goals that are asked for.
    is_used
        Whether anything may be read or written.
    """

    model: LoadedModel
    goals: Sequence[str]
    is_used: bool = True

    def known(self) -> dict[str, float] | None:
        """Ideals of all the goals, where they were kept."""
        place = self._place
        if place is None:
            return None
        kept, key = place
        content = kept.read(key)
        return None if content is None else _ideals_in(content, key, self.goals)

    def keep(self, found: Mapping[str, float]) -> None:
        """Keep ideals; all of them must be proven."""
        place = self._place
        if place is not None and _are_ideals(found, self.goals):
            kept, key = place
            kept.write(key, _content_of(key, {goal: found[goal] for goal in self.goals}))

    @cached_property
    def _place(self) -> tuple[Cache, str] | None:
        folder = user_folder() if self.is_used else None
        if folder is None:
            return None
        return Cache(folder / _FOLDER, _MARK), key_of(self.model, self.goals)


def key_of(model: LoadedModel, goals: Sequence[str]) -> str:
    """Hash of everything that ideals depend on.

    The costs of a model are not part of it: each ideal has a cost of its own, which is 1 for the
    value of its goal and 0 for all else.
    """
    matrix = replace(model.matrix, cost=np.zeros(len(model.matrix.cost)), offset=0.0)
    columns = {goal: matrix.column("value", goal) for goal in sorted(goals)}
    return content_hash(matrix, columns, dict(ideal_options(model)), versions(), _code())


def content_hash(*parts: Any) -> str:
    """Hash of matrices, tables and numbers, in every digit."""
    digest = hashlib.sha256()
    for piece in _pieces(parts):
        # Each with its length, so that no two lists of pieces run into the same bytes.
        digest.update(len(piece).to_bytes(8, "big"))
        digest.update(piece)
    return digest.hexdigest()


def _pieces(value: Any) -> Iterator[bytes]:
    """A value in bytes; values that bytes cannot distinguish are never found again."""
    yield type(value).__name__.encode()
    if isinstance(value, np.ndarray):
        yield f"{value.dtype} {value.shape}".encode()
        yield value.tobytes()
    elif isinstance(value, scipy.sparse.csc_array):
        yield from _pieces((value.shape, value.indptr, value.indices, value.data))
    elif is_dataclass(value):
        for field in fields(value):
            yield field.name.encode()
            yield from _pieces(getattr(value, field.name))
    elif isinstance(value, tuple):
        for item in value:
            yield from _pieces(item)
    else:
        yield repr(value).encode()


@cache
def _code() -> str:
    """Hash of the code that solves: who works on it keeps the version for a while."""
    digest = hashlib.sha256()
    for package in (solver, persistent):
        for file in sorted(Path(str(package.__file__)).parent.glob("*.py")):
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _content_of(key: str, ideals: Mapping[str, float]) -> bytes:
    """Text of a file of ideals; its hash reveals digits that were lost or changed."""
    told = f'"key": "{key}", "ideals": {json.dumps(dict(ideals))}'
    digest = hashlib.sha256(told.encode()).hexdigest()
    return _MARK + f'{told}, "sha256": "{digest}"}}'.encode()


def _ideals_in(content: bytes, key: str, goals: Sequence[str]) -> dict[str, float] | None:
    """Ideals that a file holds; ``None`` where it is not just what is written for this key."""
    try:
        document = json.loads(content.decode())
    except (ValueError, RecursionError):
        return None
    ideals = document.get("ideals") if isinstance(document, dict) else None
    if not _are_ideals(ideals, goals) or content != _content_of(key, ideals):
        return None
    return dict(ideals)


def _are_ideals(ideals: object, goals: Sequence[str]) -> TypeGuard[Mapping[str, float]]:
    """Whether there is a finite number for each goal and nothing else."""
    return (
        isinstance(ideals, Mapping)
        and ideals.keys() == set(goals)
        and all(isinstance(value, float) and isfinite(value) for value in ideals.values())
    )
