"""Writes the generated parts of the documentation from the code they describe.

    python docs/generate.py            # brings every page up to date
    python docs/generate.py --check    # exit code 1 if a page is not what this writes

Generated parts of a page stand between ``<!-- generated: name -->`` and ``<!-- end generated -->``;
everything else in it is written by hand. Pages in ``policies/`` are generated as a whole.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

from pagewriter import architecture, commands, door, keys, model, policies, tables

DOCS = Path(__file__).resolve().parent
BLOCK = re.compile(r"(<!-- generated: ([\w-]+) -->\n).*?(<!-- end generated -->)", re.DOTALL)

BLOCKS: dict[str, Callable[[], str]] = {
    "symbols": model.symbols,
    "decisions": model.decisions,
    "index-sets": model.index_sets,
    "concepts": model.concepts,
    "terms": model.terms,
    "rules": model.rules,
    "case-header": tables.case_keys,
    "table-overview": tables.table_overview,
    "tables": tables.tables,
    "policy-keys": keys.policy_keys,
    "expectation-keys": keys.expectation_keys,
    "policy-list": policies.policy_list,
    "decision-tables": door.decision_tables,
    "public-door": door.public_door,
    "architecture": architecture.architecture,
    "exit-codes": commands.exit_codes,
    "commands": commands.commands,
}


def filled(text: str) -> str:
    """Fill in the generated parts of a page."""
    return BLOCK.sub(lambda match: f"{match[1]}\n{BLOCKS[match[2]]()}\n\n{match[3]}", text)


def wanted_pages() -> dict[Path, str]:
    """Every page that is generated, in part or as a whole, as it should be."""
    written = [DOCS.parent / "README.md", *sorted(DOCS.glob("*.md"))]
    pages = {page: filled(page.read_text(encoding="utf-8")) for page in written}
    whole = policies.policy_pages()
    return pages | {DOCS / name: text for name, text in whole.items()}


def stale_pages() -> dict[Path, str | None]:
    """Find pages that are not up to date, with what they should hold; ``None`` for none at all."""
    wanted = wanted_pages()
    found: dict[Path, str | None] = {
        page: text
        for page, text in wanted.items()
        if not page.is_file() or page.read_text(encoding="utf-8") != text
    }
    return found | {page: None for page in DOCS.glob("policies/*.md") if page not in wanted}


def main(arguments: list[str]) -> int:
    """Write or check every page."""
    stale = stale_pages()
    for page, text in stale.items():
        print(page.relative_to(DOCS.parent))
        if "--check" in arguments:
            continue
        if text is None:
            page.unlink()
        else:
            page.parent.mkdir(exist_ok=True)
            page.write_text(text, encoding="utf-8")
    return int(bool(stale) and "--check" in arguments)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
