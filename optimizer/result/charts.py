"""What every chart of a result has in common: names that are known, and Altair."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

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


def drawn_by_name(drawings: Mapping[str, Callable[[], Any]], name: str, told: str) -> Any:
    """Draw the chart of a name, or the first one.

    Parameters
    ----------
    told
        Whose charts they are, for errors: "importance has".

    Raises
    ------
    OptimizerError
        If there is no chart, or none of that name, or the extra ``notebook`` is not installed.
    """
    known = list(drawings)
    if not known:
        raise OptimizerError(f"{told} no chart, as nothing was solved that changes points")
    wanted = name or known[0]
    if wanted not in known:
        raise not_among(known, wanted, f"{told} no chart")
    with drawing():
        return drawings[wanted]()


def not_among(known: Sequence[str], name: str, told: str) -> OptimizerError:
    """Give the error for a name that is none of those that are known."""
    near = did_you_mean(name, known)
    maybe = "" if near is None else f". Maybe {near!r}"
    listed = ", ".join(known)
    return OptimizerError(f"{told} {name!r}\n    Expected one of {listed}{maybe}.")
