"""Docstrings and rows as Markdown."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable

SECTION = re.compile(r"^(\w[\w ]*)\n-+$", re.MULTILINE)
MATH = re.compile(r"^\.\. math:: *(.*\n?(?:(?: +.*)?\n)*(?: +.*)?)", re.MULTILINE)
ROLE = re.compile(r":\w+:`~?([^`]+)`")
CODE = re.compile(r"``([^`]+)``")


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Write a Markdown table."""
    head = list(header)
    lines = [head, ["---"] * len(head), *([*row] for row in rows)]
    return "\n".join(
        f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines
    )


def sections(text: str) -> dict[str, str]:
    """Split a NumPy-style docstring: the words under ``""``, sections under their names."""
    pieces = SECTION.split(inspect.cleandoc(text))
    named = dict(zip(pieces[1::2], (piece.strip() for piece in pieces[2::2]), strict=True))
    return {"": pieces[0].strip(), **named}


def attributes(text: str) -> dict[str, str]:
    """Read the section Attributes: meaning by name or names."""
    found: dict[str, str] = {}
    name = ""
    for line in sections(text)["Attributes"].splitlines():
        if line and not line.startswith(" "):
            name, found[line] = line, ""
        elif name:
            found[name] = f"{found[name]} {line.strip()}".strip()
    return found


def markdown(text: str) -> str:
    """Turn the words and formulas of a docstring into Markdown."""
    body, last = [], 0
    for match in MATH.finditer(text):
        body += [words(text[last : match.start()]), f"```math\n{_formula(match)}\n```"]
        last = match.end()
    body.append(words(text[last:]))
    return "\n\n".join(part for part in body if part)


def words(text: str) -> str:
    """Turn roles and literals of a docstring into Markdown."""
    text = ROLE.sub(lambda match: f"`{match[1].rpartition('.')[2]}`", text)
    return CODE.sub(r"`\1`", text).strip()


def formulas(text: str) -> list[str]:
    """Formulas of a docstring, as LaTeX."""
    return [_formula(match) for match in MATH.finditer(inspect.cleandoc(text))]


def _formula(match: re.Match[str]) -> str:
    return "\n".join(line.strip() for line in match[1].strip().splitlines())
