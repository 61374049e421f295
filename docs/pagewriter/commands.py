"""The command line, from what its help lists."""

from __future__ import annotations

from optimizer.cli import Exit
from pagewriter.markdown import table


def exit_codes() -> str:
    """Every exit code with its meaning."""
    return table(["exit code", "meaning"], ((f"{code:d}", code.meaning) for code in Exit))
