"""Puts the page together: sections in the order a reader wants them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from optimizer.case import Case
from optimizer.errors import OptimizerError
from optimizer.plan import Plan
from optimizer.policy import Policy
from optimizer.report.agreements import agreements_section
from optimizer.report.answered import (
    limiting_section,
    prices_section,
    room_section,
    years_section,
)
from optimizer.report.background import assumptions_section, policy_section, provenance_section
from optimizer.report.blocks import Section
from optimizer.report.charts import COLUMN_HEIGHT
from optimizer.report.fairness import fairness_section
from optimizer.report.headline import headline
from optimizer.report.limits import limits_section
from optimizer.report.living import living_section
from optimizer.report.material import Material, gather, span
from optimizer.report.money import budget_section, integration_section
from optimizer.report.ranks import ranks_section
from optimizer.report.rules import rules_section
from optimizer.report.sectors import sectors_section
from optimizer.report.services import services_section
from optimizer.report.slots import people_section, slots_section
from optimizer.report.stakeholders import stakeholders_section

if TYPE_CHECKING:
    import jinja2

GENERATOR = '<meta name="generator" content="talent-optimizer">'
"""Stands in the template and so in every report, which is known by it."""

SECTIONS: tuple[Callable[[Material], Section | None], ...] = (
    headline,
    slots_section,
    people_section,
    living_section,
    sectors_section,
    ranks_section,
    integration_section,
    budget_section,
    services_section,
    agreements_section,
    limiting_section,
    prices_section,
    years_section,
    room_section,
    rules_section,
    limits_section,
    fairness_section,
    stakeholders_section,
    policy_section,
    assumptions_section,
    provenance_section,
)


def render_page(plan: Plan, case: Case, policy: Policy, sheets: str = "") -> str:
    """Give the whole page as text, with a link to a file of pages to print beside it."""
    template = environment().get_template("page.html.jinja")
    material = gather(plan, case, policy)
    drawn = [section(material) for section in SECTIONS]
    sections = [section for section in drawn if section is not None]
    return template.render(
        case=case,
        policy=policy,
        plan=plan,
        years=span(material.years),
        sections=sections,
        sheets=sheets,
        column_height=COLUMN_HEIGHT,
    )


class SectionText(NamedTuple):
    """One section of the report, as a text of HTML."""

    name: str
    title: str
    html: str


def section_text(
    material: Material, section: Callable[[Material], Section | None]
) -> SectionText | None:
    """Give a section of the report by itself, for a page that has a style like its own."""
    made = section(material)
    if made is None:
        return None
    template = environment().get_template("section.html.jinja")
    text = template.render(section=made, column_height=COLUMN_HEIGHT)
    return SectionText(made.name, made.title, text)


def style() -> str:
    """Give the style of the report."""
    loader = environment().loader
    assert loader is not None, "templates are loaded from the package"
    return loader.get_source(environment(), "style.css")[0]


@cache
def environment() -> jinja2.Environment:
    """Give the templates, with everything escaped; loaded once."""
    try:
        import jinja2
    except ImportError:
        raise OptimizerError(
            'the report needs jinja2, which is missing: pip install "talent-optimizer[report]"'
        ) from None
    return jinja2.Environment(
        loader=jinja2.PackageLoader("optimizer.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
