"""The documentation as a site: built without a warning, readable without a network or a script."""

from __future__ import annotations

import ast
import doctest
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pagewriter.markdown import formulas
from playwright.sync_api import Page, sync_playwright

import optimizer
from test_docs import load

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
MATHML = load("mathml", DOCS / "_extensions" / "mathml.py")
DIRECTIVE = re.compile(r"^ *\.\. math::", re.MULTILINE)
WIDTHS = (1280, 390)


def docstrings(file: Path) -> Iterator[tuple[str, str]]:
    """Name and docstring of everything in a file that has one."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            text = ast.get_docstring(node)
            if text:
                yield f"{file.stem}.{getattr(node, 'name', '')}", text


WRITTEN = {
    f"{name} {number}": formula
    for file in sorted((ROOT / "optimizer").rglob("*.py"))
    # Every worker collects the names of all tests: no file is parsed for nothing.
    if ".. math::" in file.read_text(encoding="utf-8")
    for name, text in docstrings(file)
    for number, formula in enumerate(formulas(text), start=1)
}


@pytest.mark.parametrize("name", WRITTEN)
def test_every_formula_of_a_docstring_becomes_mathml(name: str) -> None:
    assert "</math>" in MATHML.mathml(WRITTEN[name], display=True)


def test_no_formula_of_a_docstring_is_overlooked() -> None:
    texts = [text for file in (ROOT / "optimizer").rglob("*.py") for _, text in docstrings(file)]
    assert sum(len(DIRECTIVE.findall(text)) for text in texts) == len(WRITTEN) > 20
    assert not any(":math:" in text for text in texts), "short formulas are written as words"


@pytest.mark.parametrize(
    ("latex", "message"),
    [
        (r"\unknown{x}", r"\unknown is not a command that latex2mathml knows, in: \unknown{x}"),
        ("a_b_c", "DoubleSubscriptsError in the formula: a_b_c"),
        ("{", "NoAvailableTokensError in the formula: {"),
    ],
)
def test_a_formula_that_cannot_be_read_is_refused(latex: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        MATHML.mathml(latex)


def test_names_of_several_letters_stay_together() -> None:
    written = MATHML.mathml(r"min\_cohort_t \cdot agreement_{c,t}")
    assert "<msub><mi>min_cohort</mi><mi>t</mi></msub>" in written
    assert "<msub><mi>agreement</mi><mrow><mi>c</mi><mo>,</mo><mi>t</mi></mrow></msub>" in written


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built in a process of its own; every warning is an error."""
    folder = tmp_path_factory.mktemp("site")
    run = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html"]
    run += ["-d", str(folder / "trees"), str(DOCS), str(folder / "html")]
    done = subprocess.run(run, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not done.stderr
    return folder / "html"


@pytest.fixture(scope="module")
def browser_page(chromium: Path) -> Iterator[Page]:
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(chromium))
        yield browser.new_page()
        browser.close()


@pytest.mark.slow
def test_every_page_of_the_forge_is_on_the_site(site: Path) -> None:
    pages = [page.relative_to(DOCS).with_suffix(".html") for page in DOCS.rglob("[!_]*.md")]
    assert len(pages) > 10
    assert not [str(page) for page in pages if not (site / page).is_file()]


@pytest.mark.slow
def test_the_public_door_is_told_from_its_docstrings(site: Path) -> None:
    text = (site / "api.html").read_text(encoding="utf-8")
    missing = [name for name in optimizer.__all__ if f'id="optimizer.{name}"' not in text]
    assert not missing


@pytest.mark.slow
@pytest.mark.parametrize("width", WIDTHS)
def test_every_page_opens_without_network_message_or_hidden_formula(
    site: Path, browser_page: Page, width: int
) -> None:
    asked: list[str] = []
    said: list[str] = []
    browser_page.set_viewport_size({"width": width, "height": 900})
    browser_page.on("request", lambda request: asked.append(request.url))
    browser_page.on("console", lambda message: said.append(message.text))
    browser_page.on("pageerror", lambda error: said.append(str(error)))
    shown = 0
    for file in sorted(site.rglob("*.html")):
        # Without a question the page of search results is empty.
        browser_page.goto(file.as_uri() + ("?q=reciprocity" if file.stem == "search" else ""))
        sizes = browser_page.evaluate(
            "[...document.querySelectorAll('math')].map(formula => {"
            " const box = formula.getBoundingClientRect();"
            " return [box.width, box.height, formula.textContent]; })"
        )
        assert not [size for size in sizes if min(size[:2]) < 1 or "\\" in size[2]], file.name
        shown += len(sizes)
        wide = browser_page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, f"{file.name} is {wide} wide"
        browser_page.locator("[role=main] :is(p, li, dl)").first.wait_for(timeout=5000)
    assert shown >= len(WRITTEN)
    away = [url for url in asked if not url.startswith((site.as_uri(), "data:"))]
    assert not away
    assert not said


@pytest.mark.slow
def test_the_site_loads_nothing_from_elsewhere(site: Path) -> None:
    away = re.compile(
        r"<(?:script|link|img|iframe)[^>]+(?:src|href)=\"(?:https?:)?//|url\(['\"]?(?:https?:)?//",
        re.IGNORECASE,
    )
    files = [file for file in site.rglob("*") if file.suffix in {".html", ".css"}]
    assert len(files) > 10
    assert not [file.name for file in files if away.search(file.read_text(encoding="utf-8"))]


def test_examples_of_the_converter_run() -> None:
    assert doctest.testmod(MATHML) == doctest.TestResults(failed=0, attempted=2)
