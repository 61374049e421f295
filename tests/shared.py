"""What many tests use: inputs, read once in each process and changed by nobody, and the command."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

import pytest

from optimizer import Case, Policy, cli, load_case, load_policy

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


def run(monkeypatch: pytest.MonkeyPatch, *words: object) -> int:
    """Exit code of the command with these words behind its name."""
    monkeypatch.setattr(sys, "argv", ["optimizer", *map(str, words)])
    return cli.main()
