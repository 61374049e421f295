"""Inputs that many tests use, read once in each process: nothing changes a case or a policy."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from optimizer import Case, Policy, load_case, load_policy

ROOT = Path(__file__).resolve().parents[1]


@cache
def case(name: str) -> Case:
    """A case of the project."""
    return load_case(ROOT / "inputs" / name)


@cache
def policy(name: str) -> Policy:
    """A policy of the project."""
    return load_policy(ROOT / "models" / f"{name}.toml")


def tiny() -> tuple[Policy, Case]:
    """The policy and the case that most tests ask."""
    return policy("tiny"), case("tiny")
