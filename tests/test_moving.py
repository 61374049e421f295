"""Every field of a policy and every figure of a case, changed in a session and built afresh."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pydantic import BaseModel, Field

import shared
from optimizer import Session, load_policy
from optimizer.case.changes import change_case
from optimizer.formulation.numbers import SETTLED
from optimizer.io.cell_faults import NUMBER_KINDS as KINDS
from optimizer.persistent import patching
from optimizer.policy import Policy
from optimizer.policy.loading import changed_policy
from optimizer.schema.tables import TABLES
from optimizer.session.moving import ATTRIBUTE_TABLES, FIELD_PARTS, FIGURES, IN_CELLS, moved_by
from optimizer.session.sameness import PARTS
from test_session import compared

ROOT = Path(__file__).resolve().parents[1]
POLICY, CASE = ROOT / "models" / "tiny.toml", ROOT / "inputs" / "tiny"

EFFECT = [{"where": {"pathway": "exchange"}, "stage": "complete", "effect": 2}]
INDICATOR = [{"column": "security_depth", "range": [0, 3]}]
CHANGED: Mapping[str, tuple[str, object]] = {
    "title": ("title", "Another"),
    "why": ("why", "Because."),
    "cases": ("cases", ["*"]),
    "goals.*.weight": ("goals.alliance.weight", 4),
    "goals.*.scale": ("goals.bridges.scale", 7),
    "goals.*.why": ("goals.alliance.why", "Because."),
    "goals.*.source": ("goals.alliance.source", "a study"),
    "goals.*.missing": ("goals.alliance.missing", "zero"),
    "goals.*.indicators": ("goals.bridges.indicators", INDICATOR),
    "goals.*.indicators.*.column": ("goals.alliance.indicators.1.column", "trade_tier"),
    "goals.*.indicators.*.weight": ("goals.alliance.indicators.1.weight", 2),
    "goals.*.indicators.*.transform": ("goals.competitiveness.indicators.1.transform", "linear"),
    "goals.*.indicators.*.direction": ("goals.safe_haven.indicators.1.direction", "higher"),
    "goals.*.indicators.*.range": ("goals.alliance.indicators.1.range", [0, 2]),
    "goals.*.indicators.*.missing": ("goals.safe_haven.indicators.1.missing", 0.5),
    "goals.*.effects": ("goals.safe_haven.effects", EFFECT),
    "goals.*.effects.*.where": ("goals.bridges.effects.1.where", {"agency": "Science"}),
    "goals.*.effects.*.where.*": ("goals.bridges.effects.1.where.pathway", "protection"),
    "goals.*.effects.*.stage": ("goals.bridges.effects.1.stage", "complete"),
    "goals.*.effects.*.effect": ("goals.competitiveness.effects.1.effect", 3),
    "goals.*.effects.*.optional": ("goals.bridges.effects.1.optional", True),
    "goals.*.region_indicators": ("goals.regional_vitality.region_indicators", []),
    "goals.*.region_indicators.*.column": (
        "goals.regional_vitality.region_indicators.1.column",
        "foreign_share",
    ),
    "goals.*.region_indicators.*.weight": ("goals.regional_vitality.region_indicators.1.weight", 2),
    "goals.*.region_indicators.*.transform": (
        "goals.regional_vitality.region_indicators.1.transform",
        "log",
    ),
    "goals.*.region_indicators.*.direction": (
        "goals.regional_vitality.region_indicators.1.direction",
        "lower",
    ),
    "goals.*.region_indicators.*.range": (
        "goals.regional_vitality.region_indicators.1.range",
        [0.1, 0.5],
    ),
    "goals.*.region_indicators.*.missing": (
        "goals.regional_vitality.region_indicators.1.missing",
        "zero",
    ),
    "goals.*.region_effects": (
        "goals.regional_vitality.region_effects",
        [{"stage": "continue", "effect": 2}],
    ),
    "goals.*.region_effects.*.where": (
        "goals.regional_vitality.region_effects.1.where",
        {"pathway": "exchange"},
    ),
    "goals.*.region_effects.*.where.*": (
        "goals.regional_vitality.region_effects.1.where.direction",
        ["inbound"],
    ),
    "goals.*.region_effects.*.stage": ("goals.regional_vitality.region_effects.1.stage", "present"),
    "goals.*.region_effects.*.effect": ("goals.regional_vitality.region_effects.1.effect", 2),
    "goals.*.region_effects.*.optional": (
        "goals.regional_vitality.region_effects.1.optional",
        True,
    ),
    "limits.*.at_least": ("limits.alliance_floor.at_least", 3),
    "limits.*.at_least.amount": ("limits.served.at_least.amount", 0.0002),
    "limits.*.at_least.times": ("limits.near.at_least.times", 0.1),
    "limits.*.at_most": ("limits.industry_money.at_most", 21e6),
    "limits.*.at_most.amount": ("limits.residents_per_inhabitant.at_most.amount", 0.002),
    "limits.*.at_most.times": ("limits.country_share.at_most.times", 0.6),
    "limits.*.at_least.plus": ("limits.steps.at_least.plus", 5),
    "limits.*.at_least.first.times": ("limits.steps.at_least.first.times", 0.1),
    "limits.*.at_least.first.plus": ("limits.steps.at_least.first.plus", 7),
    "limits.*.at_most.plus": ("limits.steps.at_most.plus", 5),
    "limits.*.at_most.first.times": ("limits.steps.at_most.first.times", 3),
    "limits.*.at_most.first.plus": ("limits.steps.at_most.first.plus", 7),
    "limits.*.at_least.parity": ("limits.band.at_least.parity", 0.2),
    "limits.*.at_most.parity": ("limits.band.at_most.parity", 3),
    "limits.*.at_least.coverage": ("limits.covered.at_least.coverage", 0.2),
    "limits.*.at_most.coverage": ("limits.covered.at_most.coverage", 3),
    "limits.*.at_most.gini": ("limits.even.at_most.gini", 0.6),
    "limits.*.at_most.hoover": ("limits.settled.at_most.hoover", 0.6),
    "limits.*.at_least.own_best": ("limits.alone.at_least.own_best", 0.2),
    "limits.*.soft": ("limits.more_from_africa.soft", 0.2),
    "limits.*.soft_base": ("limits.near.soft_base", 5),
    "limits.*.flex": ("limits.industry_money.flex", {"price": 2}),
    "limits.*.flex.down": ("limits.steps.flex.down", 0.2),
    "limits.*.flex.up": ("limits.steps.flex.up", 0.2),
    "limits.*.flex.price": ("limits.steps.flex.price", 3),
    "limits.*.protected": ("limits.alliance_floor.protected", False),
    "limits.*.why": ("limits.alliance_floor.why", "Because."),
    "limits.*.source": ("limits.alliance_floor.source", "a study"),
    "support_floor.*.amount_per_year": ("support_floor.1.amount_per_year", 1_400_000),
    "support_floor.*.protected": ("support_floor.1.protected", False),
    "support_floor.*.why": ("support_floor.1.why", "Because."),
    "support_floor.*.source": ("support_floor.1.source", "a study"),
    "fairness.*.why": ("fairness.regions.why", "Because."),
    "fairness.*.source": ("fairness.regions.source", "a study"),
    "stakeholders.*.agency": ("stakeholders.Science.agency", "an academy"),
    "stakeholders.*.weights": ("stakeholders.Science.weights", {"alliance": 1, "bridges": 1}),
    "stakeholders.*.weights.*": ("stakeholders.Science.weights.alliance", 3),
    "stakeholders.*.comparisons.*.times": ("stakeholders.Refuge.comparisons.1.times", 5),
    "stakeholders.*.limits": ("stakeholders.Science.limits", ["band"]),
    "stakeholders.*.why": ("stakeholders.Science.why", "Because."),
    "stakeholders.*.source": ("stakeholders.Science.source", "a study"),
    "horizon.discount": ("horizon.discount", 0.1),
    "budget.transfers.*.share": ("budget.transfers.1.share", 0.2),
    "budget.carry_over.*": ("budget.carry_over.science", 0.25),
    "stability.max_change": ("stability.max_change", 0.7),
    "stability.penalty": ("stability.penalty", 0),
    "solver.gap": ("solver.gap", 0.01),
    "solver.time_limit": ("solver.time_limit", 30),
}
"""An address and another value for every field that changes no more than numbers."""

ELSEWHERE = {"extends": "is merged as a policy is read", "budget.carry_over": "stands below"}
"""Fields that no change of this policy reaches."""

MORE = """
[[limits]]
name = "served"
measure = "residents"
by = ["region", "year"]
at_least = { amount = 0.0001, per = "region.population" }
soft = 0.1

[[limits]]
name = "near"
measure = "slots"
by = ["year"]
where = { country = "AVA" }
at_least = { times = 0.2, measure = "slots", by = ["year"] }
soft = 0.1
soft_base = 4

[[limits]]
name = "steps"
measure = "slots"
by = ["year"]
at_least = { times = 0.5, previous = true, plus = 4, first = { times = 0.2, plus = 6 } }
at_most = { times = 1.5, previous = true, plus = 4, first = { times = 2, plus = 6 } }
flex = { down = 0.1, up = 0.1, price = 2 }

[[limits]]
name = "band"
measure = "slots"
by = ["region"]
relative_to = "region.population"
at_least = { parity = 0.1 }
at_most = { parity = 2 }

[[limits]]
name = "covered"
measure = "slots"
by = ["country"]
relative_to = "applicants"
at_least = { coverage = 0.1 }
at_most = { coverage = 2 }
soft = 0.1

[[limits]]
name = "even"
measure = "slots"
by = ["region"]
at_most = { gini = 0.5 }

[[limits]]
name = "settled"
measure = "slots"
by = ["region"]
relative_to = "region.population"
at_most = { hoover = 0.5 }

[[limits]]
name = "alone"
measure = "slots"
by = ["region"]
at_least = { own_best = 0.1, bests = { "region=coast" = 6, "region=hills" = 4 } }

[[fairness]]
name = "regions"
measure = "slots"
by = ["region"]

[[stakeholders]]
name = "Science"
weights = { alliance = 2, competitiveness = 1 }
lines = ["science"]
limits = ["even"]

[[stakeholders]]
name = "Refuge"
comparisons = [{ goal = "safe_haven", over = "bridges", times = 3 }]

"""
"""What the tiny policy has not: limits per amount, relative ones and on evenness; a division and
stakeholders."""


@pytest.fixture
def policy(tmp_path: Path) -> Policy:
    text = POLICY.read_text(encoding="utf-8")
    file = tmp_path / "tiny.toml"
    file.write_text(text.replace("[[support_floor]]", f"{MORE}[[support_floor]]"), encoding="utf-8")
    return load_policy(file)


def leaves(model: type[BaseModel], path: str = "") -> Iterator[str]:
    """Paths of all fields of a table, with those of the tables inside."""
    for name, field in model.model_fields.items():
        here = f"{path}.{name}" if path else name
        yield here
        for inner, many in inside(field.annotation):
            yield from leaves(inner, f"{here}.*" if many else here)


def inside(annotation: Any, *, many: bool = False) -> Iterator[tuple[type[BaseModel], bool]]:
    """Tables in the type of a field, and whether there are many of them."""
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        yield annotation, many
        return
    origin = getattr(annotation, "__origin__", None)
    for inner in getattr(annotation, "__args__", ()):
        yield from inside(
            inner, many=many or origin in (tuple, Mapping) or "Mapping" in str(origin)
        )


def moves(policy: Policy, path: str) -> frozenset[str] | None:
    return moved_by(policy, changed_policy(policy, dict([CHANGED[path]])), [])


def test_what_is_listed_is_a_field_or_the_cell_of_one() -> None:
    known = set(leaves(Policy))
    under = {name.removesuffix(".*") for name in (*FIELD_PARTS, *FIGURES)}
    assert {"goals.*.weight", "limits.*.at_most.times", "stability.penalty"} <= known
    assert under <= known
    assert {*FIELD_PARTS, *FIGURES} == {*CHANGED, *ELSEWHERE}


def test_fields_that_are_not_listed_move_the_model_itself(policy: Policy) -> None:
    changes: list[dict[str, object]] = [
        {"horizon.tail": 3},
        {"horizon.years": [2030, 2030]},
        {"limits.more_from_africa.optional": True},
        {"limits.country_share.by": ["country"], "limits.country_share.at_most.by": []},
        {"goals.alliance.diminishing.breakpoints": [[0, 1.0]]},
        {"solver.seed": 3},
        {"stakeholders.Science.lines": ["industry"]},
        {"stability": {"penalty": 0.1}},
    ]
    for change in changes:
        assert moved_by(policy, changed_policy(policy, change), []) is None, change


def test_a_section_that_somebody_adds_moves_the_model_itself(policy: Policy) -> None:
    class Wider(Policy):
        protected: bool = Field(default=False)
        cap: float = 1.0

    def wider(**more: object) -> Wider:
        return Wider.model_validate(policy.model_dump(by_alias=True) | more)

    assert moved_by(wider(), wider(), []) == frozenset()
    # What is called like a field of a limit that nothing follows from may still mean something.
    assert moved_by(wider(), wider(protected=True), []) is None
    assert moved_by(wider(), wider(cap=2.0), []) is None


def test_every_field_that_moves_numbers_alone(policy: Policy) -> None:
    case = shared.case("tiny")
    kinds = {path: moves(policy, path) for path in CHANGED}
    assert all(part is not None for part in kinds.values())
    session = Session(policy, case)
    asked: dict[str, object] = {}
    # One by one, none of them joining everything again, so none can hide that another did not.
    for path, part in kinds.items():
        if "terms" not in (part or ()):
            asked |= dict([CHANGED[path]])
            session.change(dict([CHANGED[path]]))
    assert session.rebuilt == 0
    scales = session.scales
    compared(session, Session(session.policy, case, scales=scales))
    assert session.policy == changed_policy(policy, asked)


def test_every_field_that_moves_terms(policy: Policy) -> None:
    case = shared.case("tiny")
    terms = [path for path in CHANGED if "terms" in (moves(policy, path) or ())]
    session = Session(policy, case)
    for path in terms:
        address, value = CHANGED[path]
        below = any(address.startswith(f"{CHANGED[other][0]}.") for other in terms)
        if not below and path not in ("goals.*.indicators.*.column", "goals.*.region_indicators"):
            session.change({address: value})
    assert session.rebuilt == 0
    compared(session, Session(session.policy, case))
    # What stands in each other's way comes afterwards.
    for path in ("goals.*.indicators.*.column", "goals.*.effects.*.where.*"):
        session.change(dict([CHANGED[path]]))
    compared(session, Session(session.policy, case))


def figures() -> list[tuple[str, str]]:
    """Every figure of every table: what an address of a cell can change."""
    return [
        (table.name, column.name)
        for table in TABLES.values()
        for column in table.columns
        if column.kind in KINDS and column.name not in (*table.keys, *table.optional_keys)
    ]


def cell(table: str, column: str, frame: pd.DataFrame) -> tuple[str, object]:
    """Address and another value of the first cell of a column that is not blank."""
    row = frame[frame[column].notna()].iloc[0]
    spec = TABLES[table]
    keys = [key for key in (*spec.keys, *spec.optional_keys) if str(row[key]) not in ("", "<NA>")]
    value = row[column] + 1 if spec.column(column).kind == "int" else float(row[column]) * 0.75
    chosen = ", ".join(f"{key}={row[key]}" for key in keys)
    return f"{table}[{chosen}].{column}", value


def test_every_figure_that_is_listed_is_one() -> None:
    assert set(IN_CELLS) <= set(figures())


@pytest.mark.parametrize(("table", "column"), sorted(set(figures()) - set(IN_CELLS)))
def test_figures_that_are_not_listed_move_the_model_itself(table: str, column: str) -> None:
    policy = shared.policy("tiny")
    assert moved_by(policy, policy, [(table, column)]) is None
    assert moved_by(policy, policy, [("costs", "amount"), (table, column)]) is None


def test_every_figure_that_is_listed(policy: Policy) -> None:
    """One by one, each compared with the whole at the end: terms come last, as they join all."""
    case = shared.case("tiny")
    done: dict[str, object] = {}
    session = Session(policy, case)
    for table, column in sorted(IN_CELLS, key=lambda key: IN_CELLS[key] == "terms"):
        frame = session.case.table(table)
        if not len(frame):
            # Nobody comes by forecast in the tiny case; tests/test_forecasts.py changes that.
            continue
        if not frame[column].notna().any():
            frame = frame.assign(**{column: 3.0})
        done |= (change := dict([cell(table, column, frame)]))
        if IN_CELLS[table, column] == "terms":
            continue
        session.change(change)
    assert session.rebuilt == 0
    compared(session, Session(policy, session.case))
    session.change(done)
    compared(session, Session(policy, change_case(case, done)[0]))


def test_columns_of_ones_own(policy: Policy) -> None:
    case = shared.case("tiny")
    plain = load_policy(POLICY)
    session = Session(plain, case)
    done: dict[str, object] = {}
    for table, key in zip(ATTRIBUTE_TABLES, ("country=AVA", "region=coast"), strict=True):
        declared = {column.name for column in TABLES[table].columns}
        frame = case.table(table)
        own = [name for name in frame if name not in declared]
        figures = [
            name for name in own if pd.to_numeric(frame[name], errors="coerce").notna().all()
        ]
        assert {"security_depth", "population"} & set(figures)
        done |= {f"{table}[{key}].{name}": 0.5 for name in figures}
    session.change(done)
    assert session.rebuilt == 0
    compared(session, Session(plain, change_case(case, done)[0]))
    # Needs stand among the coefficients of limits on how evenly groups share.
    needs = Session(policy, case)
    fewer = {"regions[region=coast].population": 0.5}
    needs.change(fewer)
    assert needs.rebuilt == 1
    compared(needs, Session(policy, change_case(case, fewer)[0]))


def test_parts_that_somebody_adds_are_never_old(
    policy: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(PARTS, "budget")
    session = Session(policy, CASE)
    session.change({"goals.alliance.weight": 4})
    assert session.rebuilt == 0
    session.change({"budgets[line=science].amount": 9e6})
    assert session.rebuilt == 1
    session.add_limit({"name": "few", "measure": "slots", "at_most": 5})
    assert session.rebuilt == 2
    compared(session, Session(session.policy, session.case))


def test_a_rule_of_which_nothing_is_known_builds_the_model_again(
    policy: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    unknown = {"placements_within_site"}
    monkeypatch.setattr(patching, "SETTLED", SETTLED - unknown)
    session = Session(policy, CASE)
    session.change({"goals.alliance.weight": 4})
    assert session.rebuilt == 1
