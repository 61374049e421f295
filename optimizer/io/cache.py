"""Small files that save work, in a folder of the user's: whatever goes wrong, nothing is known.

What lies there is never asked for, so that nothing of it may end a command or be believed blindly.
Files are read that are plain, of this user, of no others to write, and small. They are written
beside their place and renamed when complete, so that two processes never see half of one.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from optimizer.io.paths import READING

FOLDER = "TALENT_OPTIMIZER_CACHE"
"""Variable of the environment: a folder to use instead of the user's own; empty for none."""
PROGRAM = "talent-optimizer"

_MOST_FILES = 256
"""Files of one kind that are kept; beyond them the least recently used are removed."""
MOST_BYTES = 2**16
"""Bytes of a file that are read."""
LEFT_BEHIND = 3600.0
"""Seconds after which a file that was never completed is one that nobody writes any more."""
OF_OTHERS = stat.S_IWGRP | stat.S_IWOTH
_KEPT = re.compile(r"[0-9a-f]{64}\.json")
BEGUN = re.compile(r"\.[0-9a-f]{16}\.begun")


def user_folder() -> Path | None:
    """The user's folder for what can be made again; ``None`` where there is none or it is off."""
    named = os.environ.get(FOLDER)
    if named is not None:
        return Path(named) if named else None
    from platformdirs import user_cache_path

    folder = user_cache_path(PROGRAM, appauthor=False)
    # A user without a home has none.
    return folder if folder.is_absolute() else None


@dataclass(frozen=True)
class Cache:
    """Files of one kind, by key.

    Parameters
    ----------
    folder
        Holds files of this kind and nothing else; it is made when it is needed.
    mark
        How all of them begin: what does not is none of ours.
    """

    folder: Path
    mark: bytes

    def read(self, key: str) -> bytes | None:
        """Content of a file; ``None`` where there is none that can be believed."""
        with suppress(OSError, ValueError):
            path = self._path(key)
            content = _content(path) if self._is_ours() else None
            if content is not None and content.startswith(self.mark):
                _note_use(path)
                return content
        return None

    def write(self, key: str, content: bytes) -> None:
        """Keep a content that begins with the mark, if that can be done."""
        with suppress(OSError, ValueError):
            path = self._path(key)
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self._is_ours() and len(content) <= MOST_BYTES:
                _write_whole(path, content)
                self._clear()

    def _path(self, key: str) -> Path:
        name = f"{key}.json"
        if not _KEPT.fullmatch(name):
            raise ValueError(f"{key!r} is not a hash")
        return self.folder / name

    def _is_ours(self) -> bool:
        """Whether the folder is one, not a link to one, and nobody else may write to it."""
        facts = self.folder.lstat()
        return stat.S_ISDIR(facts.st_mode) and _is_private(facts)

    def _clear(self) -> None:
        """Remove what is too much, the least recently used first, and what was never completed."""
        kept = sorted(self._files(), reverse=True)
        for _, path in kept[_MOST_FILES:]:
            if (_content(path) or b"").startswith(self.mark):
                path.unlink(missing_ok=True)

    def _files(self) -> Iterator[tuple[float, Path]]:
        """Files that bear a name of ours, with the time of their last use."""
        for name in os.listdir(self.folder):
            path = self.folder / name
            facts = path.lstat()
            if not stat.S_ISREG(facts.st_mode):
                continue
            if _KEPT.fullmatch(name):
                yield facts.st_mtime, path
            elif BEGUN.fullmatch(name) and facts.st_mtime < time.time() - LEFT_BEHIND:
                path.unlink(missing_ok=True)


def _is_private(facts: os.stat_result) -> bool:
    """Whether something is this user's, and only this user may write it."""
    if not hasattr(os, "geteuid"):
        return True
    return facts.st_uid == os.geteuid() and not facts.st_mode & OF_OTHERS


def _content(path: Path) -> bytes | None:
    """Content of a plain, private and small file; links are not followed."""
    if not stat.S_ISREG(path.lstat().st_mode):
        return None
    file = os.open(path, READING | getattr(os, "O_NOFOLLOW", 0))
    with open(file, "rb") as opened:
        facts = os.fstat(file)
        if not (stat.S_ISREG(facts.st_mode) and _is_private(facts)):
            return None
        content = opened.read(MOST_BYTES + 1)
    return content if len(content) <= MOST_BYTES else None


def _note_use(path: Path) -> None:
    """Have a file kept longer; where nothing may be written, nothing is removed either."""
    with suppress(OSError):
        os.utime(path, follow_symlinks=os.utime not in os.supports_follow_symlinks)


def _write_whole(path: Path, content: bytes) -> None:
    """Write a file that only this user may read, or none."""
    begun = path.with_name(f".{secrets.token_hex(8)}.begun")
    writing = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        with open(os.open(begun, writing, 0o600), "wb") as file:
            file.write(content)
        begun.replace(path)
    finally:
        begun.unlink(missing_ok=True)
