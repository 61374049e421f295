"""Provenance of a plan: versions, the function that added custom rules, and what it aims at."""

from __future__ import annotations

import hashlib
import importlib.metadata
import inspect
import platform
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from optimizer.io.toml import frozen

VERSIONED = ("talent-optimizer", "pyomo", "highspy", "numpy", "pandas", "scipy", "pydantic")

BY_POINTS_ALONE = "policy"
"""Name of the plan for the policy's points alone, among those for stakeholders."""


def function_told(function: Callable[..., object]) -> dict[str, str | None]:
    """Name of a function, and hash of its text where it is to be had."""
    name = f"{function.__module__}.{getattr(function, '__qualname__', type(function).__qualname__)}"
    try:
        text = inspect.getsource(function)
    except (OSError, TypeError):
        return {"function": name, "sha256": None}
    return {"function": name, "sha256": hashlib.sha256(text.encode()).hexdigest()}


def plain_value(value: object) -> object:
    """Values as JSON has them: lists for tuples, Python's numbers for NumPy's."""
    if isinstance(value, Mapping):
        return {str(key): plain_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain_value(item) for item in value]
    return frozen(value)


def versions() -> dict[str, str]:
    """Versions of everything that can move a plan."""
    found = {"python": platform.python_version(), "platform": platform.platform()}
    return found | {name: _version(name) for name in VERSIONED}


@cache
def _version(package: str) -> str:
    """Version that was installed when somebody first asked."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "unknown"


def aim_in(provenance: Mapping[str, Any]) -> str | None:
    """What a plan was to have most of, where that was not the points alone."""
    aim, point = provenance.get("aim"), provenance.get("frontier")
    weighed = provenance.get("stakeholders", {}).get("plan", BY_POINTS_ALONE)
    if aim:
        return f"{aim['aim']} of {aim['division']}, at least {aim['least_share']:.4g} of all points"
    if weighed != BY_POINTS_ALONE:
        return f"values of stakeholders (plan {weighed})"
    return f"point {point['point']} of a front of {', '.join(point['goals'])}" if point else None
