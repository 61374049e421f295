"""Hidden folders beside a path, in which something new is made before it takes that path.

::

    .NAME-0123456789ab/
        lock        held for as long as whoever writes is alive
        new/NAME    what is being made
        old/NAME    what is being replaced, until the new one is in place

Nothing is believed to be ours by its name alone: only a folder with a lock that says so, and that
nobody holds, is cleared.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from optimizer.io import interrupts

try:
    import fcntl
except ImportError:  # Where files cannot be locked, nothing is ever cleared.
    fcntl = None  # type: ignore[assignment]

LOCK, NEW, OLD = "lock", "new", "old"
_PARTS = frozenset({LOCK, NEW, OLD})
LOCK_MARK = (
    b"Held by talent-optimizer while it writes. What nobody holds is cleared by its next run.\n"
)

LONGEST_NAMED = 60
"""Characters of a name that stand in the name of its hidden folder: 255 bytes are the most."""

RANDOM_BYTES = 6


class Aside:
    """A hidden folder beside a path, held until it is left.

    Attributes
    ----------
    path
        What the new thing is made for.
    folder
        The hidden folder.
    is_kept
        Whether it stays, since what is in it has nowhere else to go.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.folder = path.parent / f"{_start(path.name)}{secrets.token_hex(RANDOM_BYTES)}"
        self.is_kept = False
        self._parents: list[Path] = []
        self._lock: int | None = None

    @property
    def new(self) -> Path:
        """Where to make what is new; the folder it lies in is there."""
        return self.folder / NEW / self.path.name

    @property
    def old(self) -> Path:
        """Where what is replaced waits."""
        return self.folder / OLD / self.path.name

    @contextmanager
    def held(self) -> Iterator[None]:
        """Make the folder and those above it; in the end it is gone, and they are if empty."""
        with interrupts.cleaned(self._clear):
            missing = [above for above in self.path.parents if not above.exists()]
            for above in reversed(missing):
                with suppress(FileExistsError):
                    above.mkdir()
                    self._parents.append(above)
            self.folder.mkdir(mode=0o700)
            self._lock = _new_lock(self.folder)
            self.new.parent.mkdir()
            self.old.parent.mkdir()
            yield

    def keep(self) -> None:
        """Leave the folder where it is for good."""
        self.is_kept = True
        with suppress(OSError):
            # Without a lock no later run takes it for a leftover.
            (self.folder / LOCK).unlink()

    def _clear(self) -> None:
        try:
            _put_back(self.folder)
        except OSError:
            # What was to be replaced has nowhere else to be.
            self.is_kept = True
        if not self.is_kept:
            shutil.rmtree(self.folder, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
        for above in reversed(self._parents):
            with suppress(OSError):
                above.rmdir()


def _start(name: str) -> str:
    return f".{name[:LONGEST_NAMED]}-"


def _new_lock(folder: Path) -> int | None:
    """Make a lock that is held from the moment it can be seen."""
    made = folder / "making"
    lock = os.open(made, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
    os.write(lock, LOCK_MARK)
    if fcntl is not None:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            # Some file systems know no locks. Nobody could know whether it is held.
            made.unlink()
            return lock
    made.rename(folder / LOCK)
    return lock


def is_aside(name: str, of: str) -> bool:
    """Whether a name is one under which a file called ``of`` is written aside.

    Examples
    --------
    >>> is_aside(".study.html-0123456789ab", "study.html"), is_aside(".study.html", "study.html")
    (True, False)
    """
    return bool(re.fullmatch(re.escape(_start(of)) + f"[0-9a-f]{{{2 * RANDOM_BYTES}}}", name))


def clear_leftovers(path: Path) -> None:
    """Remove what killed runs have left beside a path; what they were replacing is put back."""
    if fcntl is None:
        return
    try:
        beside = sorted(item for item in path.parent.iterdir() if is_aside(item.name, path.name))
    except OSError:
        return
    for folder in beside:
        with suppress(OSError):
            _clear_leftover(folder)


def _clear_leftover(folder: Path) -> None:
    if not stat.S_ISDIR(folder.lstat().st_mode):
        return
    lock = os.open(folder / LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        if (
            not stat.S_ISREG(os.fstat(lock).st_mode)
            or os.read(lock, len(LOCK_MARK) + 1) != LOCK_MARK
        ):
            return
        # Fails while its owner is alive.
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        is_same = os.path.samestat(os.fstat(lock), os.lstat(folder / LOCK))
        if is_same and {item.name for item in folder.iterdir()} <= _PARTS:
            _put_back(folder)
            shutil.rmtree(folder)
    finally:
        os.close(lock)


def _put_back(folder: Path) -> None:
    """Give what was about to be replaced its place again, unless something else has it."""
    if (folder / OLD).is_dir():
        for old in (folder / OLD).iterdir():
            with suppress(FileExistsError):
                move_to_free(old, folder.parent / old.name)


def move_to_free(source: Path, path: Path) -> None:
    """Give something a new name that nothing has; never over anything, whenever it appeared.

    Raises
    ------
    FileExistsError
        If the name is taken.
    """
    if os.name == "nt":
        # Windows never renames over anything.
        source.rename(path)
        return
    if source.is_dir():
        # A folder takes the place of an empty one, so that the empty one must be ours.
        path.mkdir()
        try:
            source.rename(path)
        except OSError as error:
            with suppress(OSError):
                path.rmdir()
            if path.exists():
                raise FileExistsError(error.errno, error.strerror, str(path)) from error
            raise
        return
    try:
        os.link(source, path)
    except FileExistsError:
        raise
    except OSError:
        # File systems without links: the name is taken by an empty file of ours.
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        source.replace(path)
    else:
        source.unlink()
