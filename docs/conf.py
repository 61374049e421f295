"""The documentation as a site: ``sphinx-build -W --keep-going -b html docs docs/_build``.

Every page is plain Markdown that a forge shows as well. The site needs no network: formulas become
MathML (``_extensions/mathml.py``), and the theme brings its fonts from the reader's own system.
"""

from __future__ import annotations

import importlib.metadata
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_extensions"))

project = "Talent optimizer"
author = "talent-optimizer contributors"
project_copyright = author
release = importlib.metadata.version("talent-optimizer")

extensions = [
    "mathml",
    "myst_parser",
    "pages",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = project
pygments_style = "default"
html_math_renderer = "mathml"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
# Summaries would be fetched page by page, which browsers refuse for files.
html_show_search_summary = False

myst_enable_extensions = ["dollarmath"]
# Forges take ```math for a formula; anchors of headings are made as theirs are.
myst_fence_as_directive = ["math"]
myst_heading_anchors = 4

autodoc_default_options = {"members": True, "exclude-members": "model_config, model_post_init"}
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
napoleon_google_docstring = False
napoleon_use_ivar = True
