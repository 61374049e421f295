"""Ends of ranges and plans that were found before, in a file with which a question goes on.

The file holds a hash of everything that was handed to the solver, so that it can only go on with
the same question; plans in it are checked again before they count. Ends are those of any plan in
hand, but plans that are far apart are far from one of them: they are kept by a hash of theirs.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from optimizer.errors import InputError, Problems
from optimizer.explain.ranges import RangeEnd
from optimizer.frames.arrays import Floats
from optimizer.io import targets
from optimizer.io.paths import NotReadError, content_of, standing_at
from optimizer.io.writing import write_text
from optimizer.solver import Watch

_MARK, _FORMAT = "talent-optimizer alternatives", 2
_LARGEST = 500 * 2**20
"""Bytes of such a file; a plan of fifty countries takes fifty thousand."""
_EVERY = 10.0
"""Seconds after which what was found is written once more."""
_EXPECTED = "a file that this question has written; another name begins anew"
_ENDS, _AT_ENDS, _APART = "ends", "at_ends", "apart"


@dataclass
class KeptEnds:
    """What was found of a question, in a file that is replaced as a whole.

    Parameters
    ----------
    path
        Of the file; ``None`` keeps nothing.
    question
        Hash of the question.
    in_hand
        Hash of what else plans that are far apart depend on; blank where none are asked for.
    width
        Columns of a plan.

    Attributes
    ----------
    at_ends
        Solutions in whole people that stand at ends.
    """

    path: Path | None
    question: str
    in_hand: str
    width: int
    watch: Watch
    at_ends: list[Floats] = field(default_factory=list)
    _ends: dict[tuple[str, str, float], dict[str, Any]] = field(default_factory=dict)
    _apart: dict[str, list[tuple[Floats, bool]]] = field(default_factory=dict)
    _written: float = 0.0

    def __post_init__(self) -> None:
        self._written = self.watch.seconds
        if self.path is None:
            return
        targets.look(self.path, force=True, check=_none_of_ours, expected=_EXPECTED)
        if standing_at(self.path) != "nothing":
            self._take(_document_in(self.path))

    def _take(self, document: Mapping[str, Any]) -> None:
        assert self.path is not None, "it was read from there"
        if document["question"] != self.question:
            raise _refused(self.path, "answers another question")
        # Whoever wrote it knew how to make the hash, but not necessarily what stands in it.
        try:
            self._ends = {
                (str(by), str(key), float(sign)): _end(said)
                for by, key, sign, said in document[_ENDS]
            }
            self.at_ends = [solution_in_text(text, self.width) for text in document[_AT_ENDS]]
            self._apart = {
                in_hand: [
                    (solution_in_text(text, self.width), proven is True) for text, proven in found
                ]
                for in_hand, found in document[_APART].items()
            }
        except (ValueError, TypeError, KeyError, AttributeError, zlib.error):
            raise _refused(self.path, "holds what no question writes") from None

    @property
    def apart(self) -> list[tuple[Floats, bool]]:
        """Solutions far from the plan in hand and from each other, and whether none is farther."""
        return self._apart.setdefault(self.in_hand, [])

    @property
    def solutions(self) -> list[Floats]:
        """All that was found in whole people, whichever plan was in hand."""
        return [*self.at_ends, *(x for found in self._apart.values() for x, _ in found)]

    def restore(self, ends: Sequence[RangeEnd]) -> int:
        """Take over what is known of ends; the number of those that are."""
        count = 0
        for end in ends:
            said = self._ends.get((end.each.by, end.each.key, end.sign))
            if said is not None:
                end.limit, end.is_asked = said["limit"], said["asked"]
                # Another plan in hand may have stood there.
                end.is_free = said["free"] and end.limit == end.found
                count += 1
        return count

    def note(self, ends: Sequence[RangeEnd], *, at_once: bool = False) -> None:
        """Keep what is known of ends, and write it all from time to time."""
        if self.path is None or not (at_once or self.watch.seconds - self._written >= _EVERY):
            return
        for end in ends:
            if end.limit is not None:
                said = {"limit": end.limit, "free": end.is_free, "asked": end.is_asked}
                self._ends[end.each.by, end.each.key, end.sign] = said
        place = targets.look(self.path, force=True, check=_none_of_ours, expected=_EXPECTED)
        with targets.written_aside(place) as new:
            write_text(new, self._text())
        self._written = self.watch.seconds

    def _text(self) -> str:
        said = {
            "question": self.question,
            _ENDS: [[*key, said] for key, said in self._ends.items()],
            _AT_ENDS: [solution_as_text(x) for x in self.at_ends],
            _APART: {
                in_hand: [[solution_as_text(x), proven] for x, proven in found]
                for in_hand, found in self._apart.items()
                if found
            },
        }
        return json.dumps({"made_by": _MARK, "format": _FORMAT, **said, "sha256": _digest(said)})


def solution_as_text(x: Floats) -> str:
    """A solution as text, in every digit."""
    return base64.b64encode(zlib.compress(x.astype("<f8").tobytes())).decode()


def solution_in_text(text: str, width: int) -> Floats:
    """A solution; no more is unpacked than one can be long."""
    length = width * np.dtype("<f8").itemsize
    content = zlib.decompressobj().decompress(base64.b64decode(text), length + 1)
    if len(content) != length:
        raise ValueError("a solution of another question")
    return np.frombuffer(content, dtype="<f8").astype(float)


def _end(said: Mapping[str, Any]) -> dict[str, Any]:
    limit = float(said["limit"])
    if not isfinite(limit):
        raise ValueError("an end that is nowhere")
    return {"limit": limit, "free": said["free"] is True, "asked": said["asked"] is True}


def _digest(said: Mapping[str, Any]) -> str:
    """Hash of what a file says, which reveals whatever was changed since."""
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def _document_in(path: Path) -> dict[str, Any]:
    """What a file says, as it was written.

    Raises
    ------
    InputError
        If it was changed since.
    """
    document = _parsed(path)
    if document is None:
        raise _refused(path, "is not a file of alternatives")
    if document.get("format") != _FORMAT:
        raise _refused(path, f"is of version {document.get('format')} of such files, not {_FORMAT}")
    said = {name: document.get(name) for name in ("question", _ENDS, _AT_ENDS, _APART)}
    if _digest(said) != document.get("sha256"):
        raise _refused(path, "was changed since it was written")
    return said


def _parsed(path: Path) -> dict[str, Any] | None:
    with suppress(NotReadError, ValueError, RecursionError):
        document = json.loads(content_of(path, at_most=_LARGEST, expected="JSON"))
        if isinstance(document, dict) and document.get("made_by") == _MARK:
            return document
    return None


def _none_of_ours(path: Path) -> str | None:
    """Why what is at a path may not be replaced."""
    is_ours = standing_at(path) == "file" and _parsed(path) is not None
    return None if is_ours else "is not a file of alternatives"


def _refused(path: Path, message: str) -> InputError:
    problems = Problems()
    problems.add(str(path), message, expected=_EXPECTED)
    return InputError(problems)
