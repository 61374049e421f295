"""Names that become those of files and folders, on any disk."""

from __future__ import annotations

import re
from collections.abc import Sequence

from optimizer.text.characters import folded

LONGEST_OF_A_FILE = 80
"""Characters of a name that somebody gives a file on the page."""
A_PLAIN_NAME = (
    f"letters, digits, - and _, at most {LONGEST_OF_A_FILE}, the first a letter or a digit"
)
_PLAIN = re.compile(rf"[A-Za-z0-9][A-Za-z0-9_-]{{0,{LONGEST_OF_A_FILE - 1}}}")
_MOST_KEPT = 40
"""Characters that are kept of a name given to something else: disks allow 255 bytes, of which one
character may take four."""


def plain_name(name: str) -> bool:
    r"""Whether a name can be that of a file or folder: no path, and nothing hidden.

    Examples
    --------
    >>> plain_name("lab-2"), plain_name("../lab"), plain_name("lab\n")
    (True, False, False)
    """
    return _PLAIN.fullmatch(name) is not None


def file_names(names: Sequence[str], *, begin: str) -> list[str]:
    """Names of files for what has other names, in order, no two alike on any disk.

    Examples
    --------
    >>> file_names(["MEXT", "Cabinet (office)", "cabinet office", "?"], begin="best")
    ['best-mext', 'best-cabinet-office', 'best-cabinet-office-3', 'best-4']
    """
    found: list[str] = []
    for number, name in enumerate(names, start=1):
        signs = "".join(sign if sign.isalnum() else " " for sign in folded(name))
        plain = "-".join([begin, *signs.split()])[: len(begin) + 1 + _MOST_KEPT].rstrip("-")
        wanted = f"{begin}-{number}" if plain == begin else plain
        added = number
        while wanted in found:
            wanted, added = f"{plain}-{added}", added + len(names)
        found.append(wanted)
    return found
