"""What stands at a path somebody gave, found out without opening it.

Opening would wait for ever at a pipe that nobody writes to.
"""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Literal

from optimizer.errors import Problems

Standing = Literal["file", "folder", "other", "nothing"]

NEITHER = "is neither a file nor a folder"
"""What pipes, sockets and devices are."""


def standing_at(path: Path) -> Standing:
    """Tell what stands at a path; links are followed, and broken ones lead to nothing.

    Examples
    --------
    >>> standing_at(Path.cwd()), standing_at(Path("x" * 5000))
    ('folder', 'nothing')
    """
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        # Too long a name, a circle of links or a zero character: nothing can stand there.
        return "nothing"
    if stat.S_ISREG(mode):
        return "file"
    return "folder" if stat.S_ISDIR(mode) else "other"


def name_is_text(path: Path, problems: Problems) -> bool:
    """Whether a name can be written into files; one that cannot becomes a problem."""
    try:
        path.name.encode()
    except UnicodeEncodeError:
        problems.add(path.name, "its name is not UTF-8", expected="a name that can be written")
        return False
    return True
