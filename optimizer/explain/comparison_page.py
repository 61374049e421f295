"""The page of a comparison: inputs, points and goals, who gains and loses, with pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from optimizer.explain.fairness_differences import FAIRNESS_OF_GROUPS
from optimizer.explain.sides import Side
from optimizer.report.answers import AnswerPage
from optimizer.report.blocks import Block, Section, Text, in_paragraphs
from optimizer.report.pictures import drawn_picture, frame_table
from optimizer.report.tables import behind
from optimizer.text.figures import counted

_MAP, _MONEY = "map", "spending: line"
"""Charts of the page beside those of slots."""


def comparison_page(
    sides: Sequence[Side],
    answer: pd.DataFrame,
    tables: Mapping[str, pd.DataFrame],
    sentences: Sequence[str],
    drawings: Mapping[str, Callable[[], Any]],
) -> AnswerPage:
    """Give the sections of a comparison.

    Parameters
    ----------
    answer, tables, sentences
        Of the comparison.
    drawings
        What draws each chart, by name.
    """
    names = [side.name for side in sides]
    sections = [
        Section("words", "In words", "", tuple(in_paragraphs(sentences))),
        Section(
            "inputs",
            "What was asked",
            "Every key of a policy and every cell of a case that differs, with the places.",
            (behind(frame_table("Differences of the inputs", tables["inputs"])),),
        ),
    ]
    pictures = _pictures(drawings)
    if pictures:
        lead = f"{names[0]} is what the others are compared with."
        sections.append(Section("pictures", "Who gains, who loses", lead, pictures))
    if len(answer):
        lead = "Parts of the plans, before and after."
        blocks = tuple(
            behind(frame_table(_caption(str(part), str(by)), rows))
            for (part, by), rows in answer.groupby(["part", "by"], sort=False)
        )
        sections.append(Section("results", "What came out", lead, blocks))
    sections.append(
        Section("sides", "What is compared", "", (frame_table("Inputs", tables["sides"]),))
    )
    return AnswerPage(
        kicker="Comparison",
        title=f"{names[0]} and {counted(len(names) - 1, 'other')}"
        if len(names) > 2
        else f"{names[0]} and {names[1]}",
        subtitle="Inputs first, then results",
        footer="Points can be compared where weights and scales are the same.",
        sections=sections,
    )


def _pictures(drawings: Mapping[str, Callable[[], Any]]) -> tuple[Block, ...]:
    blocks: list[Block] = []
    for name in drawings:
        if name in (_MAP, _MONEY) or name.startswith(("slots: ", FAIRNESS_OF_GROUPS)):
            described = "Circles: the first; diamonds: what is compared with it."
            if name == _MAP:
                described = "A tile a region; signs say whether slots are more or fewer."
            block = drawn_picture(
                name.replace("_", " ").replace(": ", " by "), described, drawings[name]
            )
            blocks.append(block)
            if isinstance(block, Text):
                break
    return tuple(blocks)


def _caption(part: str, by: str) -> str:
    words = part.replace("_", " ")
    return f"{words} by {by}" if by else f"{words}, all"
