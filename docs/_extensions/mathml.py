"""Formulas of the site as MathML, which browsers show without any script or font of ours."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.writers.html5 import HTML5Translator

NAMESPACE = "http://www.w3.org/1998/Math/MathML"
SCRIPTS = {f"{{{NAMESPACE}}}{name}" for name in ("msub", "msup", "msubsup")}
LETTER = f"{{{NAMESPACE}}}mi"


def mathml(latex: str, *, display: bool = False) -> str:
    r"""Convert a formula to MathML.

    Letters that stand together are one name, as ``cohort`` in ``cohort_{c,t}``; products need a
    sign of their own.

    Parameters
    ----------
    latex
        What stands between the dollars.
    display
        Whether the formula has a line of its own.

    Raises
    ------
    ValueError
        For what cannot be read, and for commands that the converter does not know and would
        leave standing as text.

    Examples
    --------
    >>> "<mi>cohort</mi><mi>c</mi>" in mathml("cohort_c")
    True
    >>> mathml(r"\unknown{x}")
    Traceback (most recent call last):
    ...
    ValueError: \unknown is not a command that latex2mathml knows, in: \unknown{x}
    """
    try:
        text = convert(latex, display="block" if display else "inline")
        formula = ET.fromstring(text)
    except Exception as error:  # The converter has ten classes of errors without a common parent.
        name = type(error).__name__
        raise ValueError(f"{name} in the formula: {latex}") from error
    unknown = [part.text for part in formula.iter() if part.text and "\\" in part.text]
    if unknown:
        raise ValueError(f"{unknown[0]} is not a command that latex2mathml knows, in: {latex}")
    _join_names(formula)
    formula.set("alttext", " ".join(latex.split()))
    ET.register_namespace("", NAMESPACE)
    return ET.tostring(formula, encoding="unicode")


def _join_names(row: ET.Element) -> None:
    """Make one name of letters in a row, the base of an index or exponent after them included."""
    if row.tag in SCRIPTS:
        # Each child has a place of its own here, so that none may vanish.
        for child in row:
            _join_names(child)
        return
    name: ET.Element | None = None
    for child in list(row):
        base = child[0] if child.tag in SCRIPTS else child
        if base.tag == LETTER and _is_letter(base.text or "") and not base.attrib:
            if name is not None:
                base.text = f"{name.text}{base.text}"
                row.remove(name)
            name = child if base is child else None
        else:
            name = None
        _join_names(child)


def _is_letter(text: str) -> bool:
    return len(text) == 1 and (text.isalpha() or text == "_")


def _write(translator: HTML5Translator, node: nodes.Element, tag: str) -> None:
    display = tag == "div"
    try:
        formula = mathml(node.astext(), display=display)
    except ValueError as error:
        raise ExtensionError(f"{node.source}:{node.line}: {error}") from error
    translator.body.append(translator.starttag(node, tag, "", CLASS="math"))
    translator.body.append(f"{formula}</{tag}>")
    raise nodes.SkipNode


def visit_inline(translator: HTML5Translator, node: nodes.math) -> None:
    """Write a formula within a line."""
    _write(translator, node, "span")


def visit_display(translator: HTML5Translator, node: nodes.math_block) -> None:
    """Write a formula on a line of its own."""
    _write(translator, node, "div")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the renderer under the name that ``html_math_renderer`` takes."""
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_display, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
