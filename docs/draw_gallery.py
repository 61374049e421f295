"""Draws the pictures of the gallery, and says below each what it shows.

python docs/draw_gallery.py
"""

from __future__ import annotations

import re
from pathlib import Path

from pagewriter.gallery import MODELS, ROOT, line_below, picture, solved

from optimizer import load_case

DOCS = Path(__file__).resolve().parent
PAGE = DOCS / "gallery.md"


def with_line(page: str, name: str, line: str) -> str:
    """Put the line of a model below its picture."""
    return re.sub(rf"(<!-- solved: {name} -->\n).*\n", lambda match: f"{match[1]}{line}\n", page)


def main() -> None:
    """Solve and draw all of them."""
    page = PAGE.read_text(encoding="utf-8")
    for name in MODELS:
        plan, case = solved(name), load_case(ROOT / "inputs" / "gallery" / name)
        (DOCS / "gallery" / f"{name}.svg").write_text(picture(plan, case), encoding="utf-8")
        page = with_line(page, name, line_below(plan, case))
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
