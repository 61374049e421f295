"""Files and folders that are written aside and take their name only when they are complete."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from optimizer.errors import InputError, Problems

Check = Callable[[Path], str | None]
"""Says why what is at a path may not be replaced, or None where it may."""


def refuse_existing(path: Path, *, force: bool, check: Check, expected: str) -> None:
    """Refuse a path that exists, unless it is of our own kind and may be replaced.

    Parameters
    ----------
    force
        Whether it may be replaced at all.
    check
        Says why it may not, although it may.
    expected
        What would have been there to replace, in words.

    Raises
    ------
    InputError
        If the path may not be written.
    """
    if not os.path.lexists(path):
        return
    problems = Problems()
    if path.is_symlink():
        problems.add(str(path), "is a symbolic link", expected="a path of its own")
    elif not force:
        problems.add(str(path), "exists already", expected="a new path, or --force")
    else:
        reason = check(path)
        if reason is not None:
            problems.add(str(path), reason, expected=expected)
    problems.raise_if_any(InputError)


@contextmanager
def written_aside(path: Path) -> Iterator[Path]:
    """Give an empty folder beside the path; it takes the path's place when all went well."""
    path = Path(os.path.abspath(path))
    with _beside(path) as aside:
        yield aside
        aside.chmod(0o755)
        if path.exists():
            old = Path(tempfile.mkdtemp(prefix=f".{path.name}-old-", dir=path.parent))
            os.replace(path, old / path.name)
            os.replace(aside, path)
            shutil.rmtree(old)
        else:
            os.replace(aside, path)


@contextmanager
def file_aside(path: Path) -> Iterator[Path]:
    """Give a file name in a folder beside the path; the file takes the path when all went well."""
    path = Path(os.path.abspath(path))
    with _beside(path) as aside:
        yield aside / path.name
        os.replace(aside / path.name, path)


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """Give an empty folder beside a path, which is gone afterwards unless it was renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
    try:
        yield aside
    finally:
        shutil.rmtree(aside, ignore_errors=True)
