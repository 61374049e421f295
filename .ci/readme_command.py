"""Print one of the README's commands, so that what CI runs cannot drift from what users read.

    python3 .ci/readme_command.py solve

The README holds it as the only line of the code block right after `<!-- command: solve -->`.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

README = Path(__file__).resolve().parents[1] / "README.md"


def command(name: str, text: str) -> str:
    """Return the single line that stands in the code block behind the marker of that name."""
    marker = rf"^<!-- command: {re.escape(name)} -->\n+```\w*\n(.*?)^```$"
    blocks = re.finditer(marker, text, flags=re.MULTILINE | re.DOTALL)
    lines = [block.group(1).strip() for block in blocks]
    if len(lines) != 1 or not lines[0] or "\n" in lines[0]:
        raise SystemExit(f"README.md: expected one command of one line marked {name!r}: {lines}")
    return lines[0]


if __name__ == "__main__":
    print(command(sys.argv[1], README.read_text(encoding="utf-8")))
