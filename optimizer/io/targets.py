"""Files and folders that are written aside and take their name only when they are complete.

Nothing is replaced that was not there, as it is, when it was looked at, and was found to be of our
own kind: what appears meanwhile stays, and what was made is put beside it under another name.
"""

from __future__ import annotations

import errno
import itertools
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from optimizer.errors import Problems, TargetError, printable
from optimizer.io import interrupts
from optimizer.io.aside import Aside, clear_leftovers, move_to_free

Check = Callable[[Path], str | None]
"""Says why what is at a path may not be replaced, or None where it may."""

Mark = tuple[object, ...]
"""Identity of a file or folder: its kind, its number and, with a folder, those of all in it."""

A_PLACE = "a writable path with free space, which no other process writes to"

placed: list[Path] = []
"""Files and folders that this process has put in place so far."""


@dataclass(frozen=True)
class Place:
    """A path that something new is meant for, as it was found.

    Attributes
    ----------
    given
        As somebody wrote it.
    path
        The same, from the root on.
    found
        What stands there and is to be replaced; None where nothing does.
    check
        Says why what is there may not be replaced.
    """

    given: Path
    path: Path
    found: Mark | None
    check: Check

    def as_given(self, path: Path) -> Path:
        """The path, or one beside it, in the way the path was given."""
        if path == self.path:
            return self.given
        return self.given.parent / path.name if self.given.name == self.path.name else path

    @contextmanager
    def aside(self) -> Iterator[Made]:
        """Give a hidden folder beside the path to make something in."""
        aside = Aside(self.path)
        with write_errors_told(self.given), aside.held():
            yield Made(self, aside)


@dataclass
class Made:
    """Something that is being made beside its place.

    Attributes
    ----------
    refused
        Why it could not be given its place, and where it is instead; None where it has its place.
    """

    place: Place
    _aside: Aside
    refused: TargetError | None = None
    _why: str = "something else has appeared there meanwhile and stays as it is"

    @property
    def path(self) -> Path:
        """Where to make it: a name in an empty folder."""
        return self._aside.new

    def put(self, named: Callable[[Path], None] = lambda path: None) -> Path:
        """Give it its place, or another name beside that where something else has appeared.

        Parameters
        ----------
        named
            Called with the path that it will have, as given, to write that into it.

        Returns
        -------
        Path
            The path it has now, as given.

        Raises
        ------
        TargetError
            If it cannot be given any; it then stays in its hidden folder.
        """
        for path in _names(self.place.path, is_folder=self.path.is_dir()):
            named(self.place.as_given(path))
            _sync(self.path)
            try:
                is_there = self._takes(path)
            except OSError as error:
                raise self._stuck(error) from error
            if is_there:
                placed.append(self.place.as_given(path))
                if path != self.place.path:
                    self.refused = put_elsewhere(self.place.given, self._why, placed[-1])
                return placed[-1]
        raise AssertionError("names never end")

    def take_place(self) -> None:
        """Give it its place.

        Raises
        ------
        TargetError
            If something else has appeared there, so that it is beside it.
        """
        self.put()
        if self.refused is not None:
            raise self.refused

    def _stuck(self, error: OSError) -> TargetError:
        """Make the error for what is whole but cannot be given a name; it is left as it is."""
        self._aside.keep()
        return put_elsewhere(self.place.given, reason_of(error), self.path)

    def _takes(self, path: Path) -> bool:
        """Whether it has the name now; False where something else has it."""
        if path == self.place.path and self.place.found is not None and not self._moves_old():
            return False
        try:
            move_to_free(self.path, path)
        except FileExistsError:
            return False
        return True

    def _moves_old(self) -> bool:
        """Move away what is replaced; False if it is no longer what it was."""
        path, old, found = self.place.path, self._aside.old, self.place.found
        if not os.path.lexists(path):
            return True
        if mark_of(path) != found:
            return False
        try:
            path.rename(old)
        except OSError as error:
            # In use, or on another file system by way of a layer.
            self._why = f"what is there cannot be replaced ({error.strerror}) and stays as it is"
            return False
        # It may have changed on the way here, so that it is looked at again where nobody finds it.
        if mark_of(old) == found and self.place.check(old) is None:
            return True
        for name in _names(path, is_folder=old.is_dir()):
            try:
                move_to_free(old, name)
            except FileExistsError:
                continue
            return False
        raise AssertionError("names never end")


def _names(path: Path, *, is_folder: bool) -> Iterator[Path]:
    """The path and those beside it: ``run``, ``run-2``, ``run-3``; ``plan-2.xlsx``."""
    yield path
    stem, suffix = (path.name, "") if is_folder else (path.stem, path.suffix)
    for number in itertools.count(2):
        yield path.with_name(f"{stem}-{number}{suffix}")


def look(path: str | Path, *, force: bool | None, check: Check, expected: str) -> Place:
    """Find out whether something new may be written at a path, before it is made.

    Parameters
    ----------
    force
        Whether what is there may be replaced at all; ``None`` where nobody can ask for that.
    check
        Says why it may not, although it may.
    expected
        What would have been there to replace, in words.

    Raises
    ------
    TargetError
        If the path may not be written.
    """
    given, problems = Path(path), Problems()
    try:
        whole = _whole(given)
        str(whole).encode()
        clear_leftovers(whole)
        is_there, is_link = _stands(whole)
    except UnicodeEncodeError:
        problems.add(str(given), "its name is not UTF-8", expected="a name that can be written")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        problems.add(str(given), f"cannot be written: {reason}", expected="another path")
    else:
        if is_link:
            problems.add(
                str(given), "is a symbolic link", expected="a path that is not a symbolic link"
            )
        elif is_there and not force:
            new = "a new path" if force is None else "a new path, or --force"
            problems.add(str(given), "exists already", expected=new)
        elif is_there:
            reason = check(whole)
            if reason is not None:
                problems.add(str(given), reason, expected=expected)
    problems.raise_if_any(TargetError)
    with write_errors_told(given):
        return Place(given, whole, mark_of(whole) if is_there else None, check)


def _whole(given: Path) -> Path:
    """A path from the root on, without links but in its last name."""
    if given.name in ("", ".."):
        return Path(os.path.realpath(given))
    return Path(os.path.realpath(given.parent)) / given.name


def _stands(path: Path) -> tuple[bool, bool]:
    """Whether anything stands at a path, and whether it is a link."""
    try:
        return True, stat.S_ISLNK(path.lstat().st_mode)
    except FileNotFoundError:
        return False, False


def mark_of(path: Path) -> Mark | None:
    """Identity of what stands at a path, to notice changes; None where nothing is."""
    try:
        facts = path.lstat()
        mark = facts.st_dev, facts.st_ino, facts.st_mode
        if not stat.S_ISDIR(facts.st_mode):
            return *mark, facts.st_size, facts.st_mtime_ns
        # Sizes and times of folders may change when they are moved; what is in them says enough.
        return *mark, *((item.name, mark_of(item)) for item in sorted(path.iterdir()))
    except FileNotFoundError:
        return None


@contextmanager
def write_errors_told(path: Path) -> Iterator[None]:
    """Report what prevents that something is written: no room, no right, a folder that is gone."""
    try:
        yield
    except OSError as error:
        problems = Problems()
        problems.add(str(path), reason_of(error), expected=A_PLACE)
        raise TargetError(problems) from error


def reason_of(error: OSError) -> str:
    """Say why something cannot be written."""
    return f"cannot be written: {error.strerror or error}"


@contextmanager
def written_aside(place: Place) -> Iterator[Path]:
    """Give a name to make something at; it takes its place when all went well.

    Raises
    ------
    TargetError
        If it cannot be written, or had to be put beside its place.
    """
    with interrupts.kept(lambda: True), place.aside() as made:
        yield made.path
        made.take_place()


def put_elsewhere(path: Path, why: str, found: Path) -> TargetError:
    """Make the error for what could be written, but not where it was to go."""
    problems = Problems()
    message = f"{why}; what was to be written there is in {printable(str(found))}"
    problems.add(str(path), message, expected=A_PLACE)
    return TargetError(problems)


def _sync(path: Path) -> None:
    """Have a file, or all in a folder, on disk: a full disk may not be reported sooner."""
    if path.is_dir():
        for item in path.iterdir():
            _sync(item)
        return
    with path.open("rb") as file:
        try:
            os.fsync(file.fileno())
        except OSError as error:
            # Some file systems cannot do this; that is no reason to give up.
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
                raise
