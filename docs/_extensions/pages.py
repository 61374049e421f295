"""What the site needs and a forge would show as code: contents, the API from docstrings."""

from __future__ import annotations

import inspect
import re
from typing import Any

from sphinx.application import Sphinx

import optimizer

CONTENTS = {"index": r"\]\(([\w-]+)\.md\)", "policies": r"\]\((policies/[\w-]+)\.md\)"}
"""Pages whose links to other pages are also the site's table of contents, and those links."""

API = "api"
NAMES = re.compile(r"\w+(?:, \w+)+")


def contents(text: str, links: str) -> str:
    """Table of contents of the pages that a page links to, in the order of the links."""
    pages = dict.fromkeys(re.findall(links, text))
    return "\n".join(["", "```{toctree}", ":hidden:", "", *pages, "```", ""])


def named_outside(text: str, page: str) -> str:
    """Name files of the repository that are no pages of the site, in place of links to them."""
    up = r"\.\./" * (page.count("/") + 1)
    return re.sub(rf"\[([^\]]+)\]\({up}([^)#\s]+)[^)]*\)", r"\1 (`\2`)", text)


def directives() -> str:
    """One directive for every name of the public API, for autodoc to fill."""
    lines = []
    for name in optimizer.__all__:
        thing = getattr(optimizer, name)
        kind = "function"
        if inspect.isclass(thing):
            kind = "exception" if issubclass(thing, BaseException) else "class"
        lines += [
            "",
            f"### {name}",
            "",
            "```{eval-rst}",
            f".. auto{kind}:: optimizer.{name}",
            "```",
        ]
    return "\n".join(["", "## In detail", *lines, ""])


def complete(_: Sphinx, page: str, source: list[str]) -> None:
    """Add to a page what only the site shows, and name files that the site does not hold."""
    text = source[0]
    if page in CONTENTS:
        text += contents(text, CONTENTS[page])
    if page == API:
        text += directives()
    source[0] = named_outside(text, page)


def split_names(
    _: Sphinx, kind: str, name: str, thing: object, options: object, lines: list[str]
) -> None:
    """Give each of several names its own entry; napoleon does so for parameters alone."""
    done: list[str] = []
    while lines:
        line = lines.pop(0)
        if not NAMES.fullmatch(line):
            done.append(line)
            continue
        told = []
        while lines and lines[0].startswith(" "):
            told.append(lines.pop(0))
        for each in line.split(", "):
            done += [each, *told]
    lines[:] = done


def setup(app: Sphinx) -> dict[str, Any]:
    """Listen to pages and docstrings as they are read."""
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("source-read", complete)
    # Before napoleon, which listens at the usual priority of 500.
    app.connect("autodoc-process-docstring", split_names, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
