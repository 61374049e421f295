"""Plans of stakeholders that were found before, in a folder with which a question goes on.

One file holds every solution that is finished, how far it is proven, and a hash of everything that
was handed to the solver, so that it can only go on with the same question. Solutions are made into
plans and checked again before they count.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from math import inf, isfinite
from pathlib import Path
from typing import Any

from optimizer.errors import InputError, Problems
from optimizer.explain.kept_ends import solution_as_text, solution_in_text
from optimizer.frames.arrays import Floats
from optimizer.io import targets
from optimizer.io.paths import NotReadError, content_of, standing_at
from optimizer.io.writing import write_text
from optimizer.session.aims.steps import AimStep

KEPT_FILE = "stakeholders.json"
_MARK, _FORMAT = "talent-optimizer stakeholders", 1
_LARGEST = 200 * 2**20
"""Bytes of such a file; a plan of fifty countries takes fifty thousand."""
_EXPECTED = "a folder that this question has written; another name begins anew"


@dataclass(frozen=True, eq=False)
class KeptSolution:
    """A solution, and what is proven of it.

    Attributes
    ----------
    x
        ``None`` where it is proven that there is none.
    steps
        What there was to be as much as possible of, one after the other.
    why
        Why there is none, or it is not what was looked for; blank otherwise.
    """

    x: Floats | None
    steps: tuple[AimStep, ...]
    seconds: float
    why: str = ""


@dataclass
class KeptSolutions:
    """Solutions by name, in a file that is replaced as a whole.

    Parameters
    ----------
    folder
        Where the file is; ``None`` keeps nothing.
    question
        Hash of the question.
    width
        Columns of a solution.
    """

    folder: Path | None
    question: str
    width: int
    _found: dict[str, KeptSolution] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self._path is None:
            return
        _look(self._path)
        if standing_at(self._path) != "nothing":
            self._take(self._path)

    @property
    def _path(self) -> Path | None:
        return None if self.folder is None else self.folder / KEPT_FILE

    def get(self, name: str) -> KeptSolution | None:
        """The solution of a name, if it was found before."""
        return self._found.get(name)

    def keep(self, name: str, solution: KeptSolution) -> None:
        """Keep one more, and write them all."""
        if self._path is None:
            return
        self._found[name] = solution
        with targets.written_aside(_look(self._path)) as new:
            write_text(new, self._text())

    def _text(self) -> str:
        said = {
            "question": self.question,
            "solutions": {name: _told(each) for name, each in self._found.items()},
        }
        return json.dumps({"made_by": _MARK, "format": _FORMAT, **said, "sha256": _digest(said)})

    def _take(self, path: Path) -> None:
        document: Any = _parsed(path)
        if document is None:
            raise _refused(path, "is not a file of stakeholders' plans")
        if document.get("format") != _FORMAT:
            raise _refused(path, f"is of version {document.get('format')}, not {_FORMAT}")
        said: dict[str, Any] = {name: document.get(name) for name in ("question", "solutions")}
        if _digest(said) != document.get("sha256"):
            raise _refused(path, "was changed since it was written")
        if said["question"] != self.question:
            raise _refused(path, "answers another question")
        # Whoever wrote it knew how to make the hash, but not necessarily what stands in it.
        try:
            self._found = {
                str(name): _read(each, self.width) for name, each in said["solutions"].items()
            }
        except (ValueError, TypeError, KeyError, AttributeError, zlib.error):
            raise _refused(path, "holds what no question writes") from None


def _told(solution: KeptSolution) -> dict[str, Any]:
    steps = [
        [each.aimed_at, each.value, _finite(each.bound), each.status, each.seconds]
        for each in solution.steps
    ]
    x = None if solution.x is None else solution_as_text(solution.x)
    return {"x": x, "steps": steps, "seconds": solution.seconds, "why": solution.why}


def _finite(bound: float) -> float | None:
    return bound if isfinite(bound) else None


def _read(said: Mapping[str, Any], width: int) -> KeptSolution:
    steps = tuple(
        AimStep(
            str(aimed_at),
            float(value),
            inf if bound is None else float(bound),
            str(status),
            float(seconds),
        )
        for aimed_at, value, bound, status, seconds in said["steps"]
    )
    x = None if said["x"] is None else solution_in_text(said["x"], width)
    return KeptSolution(x, steps, float(said["seconds"]), str(said["why"]))


def _look(path: Path) -> targets.Place:
    return targets.look(path, force=True, check=_none_of_ours, expected=_EXPECTED)


def _none_of_ours(path: Path) -> str | None:
    is_ours = standing_at(path) == "file" and _parsed(path) is not None
    return None if is_ours else "is not a file of stakeholders' plans"


def _parsed(path: Path) -> dict[str, Any] | None:
    with suppress(NotReadError, ValueError, RecursionError):
        document = json.loads(content_of(path, at_most=_LARGEST, expected="JSON"))
        if isinstance(document, dict) and document.get("made_by") == _MARK:
            return document
    return None


def _digest(said: Mapping[str, Any]) -> str:
    """Hash of what a file says, which reveals whatever was changed since."""
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def _refused(path: Path, message: str) -> InputError:
    problems = Problems()
    problems.add(str(path), message, expected=_EXPECTED)
    return InputError(problems)
