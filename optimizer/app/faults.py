"""What went wrong, in words for the page."""

from __future__ import annotations

import traceback

from optimizer.errors import OptimizerError


def fault_in_words(error: Exception) -> str:
    """Say what went wrong; what nobody foresaw is printed as well, for whoever reports it."""
    if isinstance(error, OptimizerError):
        return str(error)
    traceback.print_exception(error)
    return f"{type(error).__name__}: {error} (a fault of this tool, not of the case)"
