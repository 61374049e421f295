"""What every chart of a result has in common: names that are known, and Altair."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from optimizer.errors import OptimizerError, did_you_mean


@contextmanager
def drawing() -> Iterator[None]:
    """Draw within it: an extra that is missing is said to be.

    Raises
    ------
    OptimizerError
        If the extra ``notebook`` is not installed.
    """
    try:
        yield
    except ImportError:
        raise OptimizerError(
            "charts need Altair, which is missing: pip install 'talent-optimizer[notebook]'"
        ) from None


def not_among(known: Sequence[str], name: str, told: str) -> OptimizerError:
    """Give the error for a name that is none of those that are known."""
    near = did_you_mean(name, known)
    maybe = "" if near is None else f". Maybe {near!r}"
    listed = ", ".join(known)
    return OptimizerError(f"{told} {name!r}\n    Expected one of {listed}{maybe}.")
