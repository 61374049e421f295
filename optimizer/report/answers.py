"""The page of one answer: sections of blocks under a title, as one file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from optimizer.errors import Problems, TargetError
from optimizer.io import targets
from optimizer.io.paths import begins_with
from optimizer.io.writing import write_text
from optimizer.report.blocks import Section
from optimizer.report.page import GENERATOR, environment


@dataclass(frozen=True)
class AnswerPage:
    """A page to write.

    Attributes
    ----------
    kicker, title, subtitle
        What stands above its sections.
    footer
        What it was made with.
    """

    kicker: str
    title: str
    subtitle: str
    footer: str
    sections: Sequence[Section]


def place_for_page(path: Path) -> targets.Place:
    """Find out whether a page may be written at a path; an older page of ours is replaced.

    Raises
    ------
    TargetError
        If its name does not end in ``.html``, something else is there, or it cannot be written.
    """
    problems = Problems()
    if path.suffix.lower() != ".html":
        problems.add(str(path), "is not the name of a page", expected="a name ending in .html")
    problems.raise_if_any(TargetError)
    return targets.look(path, force=True, check=_not_ours, expected="an older page, or nothing")


def write_answer(page: AnswerPage, place: targets.Place) -> Path:
    """Write a page as one file, whole or not at all."""
    template = environment().get_template("answer.html.jinja")
    text = template.render(
        kicker=page.kicker,
        title=page.title,
        subtitle=page.subtitle,
        footer=page.footer,
        sections=page.sections,
    )
    with targets.written_aside(place) as new:
        write_text(new, text)
    return place.given


def _not_ours(path: Path) -> str | None:
    return None if begins_with(path, GENERATOR) else "is not a page that this tool has written"
