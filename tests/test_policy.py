"""Policies: what is read, merged and changed, and what is wrong, in the words users see."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pytest

from optimizer.errors import PolicyError
from optimizer.io.changes import parse_changes
from optimizer.policy import (
    Amount,
    Limit,
    Relative,
    Transfer,
    load_policy,
    policy_schema,
)

PLAIN = """\
schema = 1
title = "Plain"

[horizon]
years = [2027, 2028]
discount = 0.03

[goals.growth]
weight = 2
[[goals.growth.indicators]]
column = "gdp"
range = [0, 50]
[[goals.growth.effects]]
where = { pathway = ["study", "exchange"] }
stage = "complete"
effect = 1.5
[goals.growth.diminishing]
by = ["country"]
per = "year"
breakpoints = [[0, 1], [10, 0.5]]

[goals.welcome]
weight = 1
[[goals.welcome.region_effects]]
stage = "continue"
effect = 1

[[limits]]
name = "asia_share"
measure = "slots"
where = { world_region = "Asia" }
by = ["year"]
at_most = { times = 0.8, measure = "slots" }

[[limits]]
name = "labour_floor"
measure = "slots"
where = { sector = "care" }
at_least = 20
soft = 0.5

[budget]
carry_over = 0.05
[[budget.transfers]]
from = "grants"
to = "welcome"
share = 0.1

[stability]
max_change = 0.3

[solver]
gap = 0.001
"""

FAULTS = [
    pytest.param(
        'title = "Plain"',
        "title = Plain",
        ("1 problem\n- plain.toml line 2: is not valid TOML: Invalid value"),
        id="syntax",
    ),
    pytest.param(
        'title = "Plain"',
        ('title = "Plain"\ntitle = "Fancy"'),
        ("1 problem\n- plain.toml line 3: is not valid TOML: Cannot overwrite a value"),
        id="key twice",
    ),
    pytest.param(
        "[solver]",
        "[budget]",
        ("1 problem\n- plain.toml line 52: is not valid TOML: Cannot declare ('budget',) twice"),
        id="table twice",
    ),
    pytest.param(
        "discount = 0.03",
        "discont = 0.03",
        (
            "1 problem\n"
            "- plain.toml, horizon.discont: is not a known key\n"
            "    Expected one of discount, tail, years. Maybe discount."
        ),
        id="unknown key",
    ),
    pytest.param(
        "[stability]",
        "[stabilty]",
        (
            "1 problem\n"
            "- plain.toml, stabilty: is not a known key\n"
            "    Expected one of budget, cases, extends, fairness, goals, horizon, limits, schema, "
            "solver, stability, stakeholders, support_floor, title, why. Maybe stability."
        ),
        id="unknown table",
    ),
    pytest.param(
        'column = "gdp"',
        ('column = "gdp"\nwieght = 1'),
        (
            "1 problem\n"
            "- plain.toml, goals.growth.indicators.gdp.wieght: is not a known key\n"
            "    Expected one of column, direction, missing, range, transform, weight. Maybe "
            "weight."
        ),
        id="unknown key in a list",
    ),
    pytest.param(
        "weight = 1\n",
        "",
        (
            "1 problem\n"
            "- plain.toml, goals.welcome.weight: is missing\n"
            "    Expected a number from -1,000,000 to 1,000,000."
        ),
        id="missing key",
    ),
    pytest.param(
        "schema = 1\n",
        "",
        ("1 problem\n- plain.toml, schema: is missing\n    Expected 1."),
        id="missing schema",
    ),
    pytest.param(
        "schema = 1",
        "schema = 3",
        ("1 problem\n- plain.toml, schema: 3 is not allowed\n    Expected 1."),
        id="schema of the future",
    ),
    pytest.param(
        '"Plain"',
        '""',
        ("1 problem\n- plain.toml, title: is empty\n    Expected text."),
        id="empty title",
    ),
    pytest.param(
        "weight = 1\n",
        'weight = "1"\n',
        (
            "1 problem\n"
            "- plain.toml, goals.welcome.weight: '1' is text, not a number\n"
            "    Expected a number from -1,000,000 to 1,000,000. Maybe 1."
        ),
        id="text for a number",
    ),
    pytest.param(
        "weight = 1\n",
        "weight = true\n",
        (
            "1 problem\n"
            "- plain.toml, goals.welcome.weight: true is not a number\n"
            "    Expected a number from -1,000,000 to 1,000,000."
        ),
        id="true for a number",
    ),
    pytest.param(
        "soft = 0.5",
        "protected = 1",
        (
            "1 problem\n"
            "- plain.toml, limits.labour_floor.protected: 1 is not true or false\n"
            "    Expected true or false."
        ),
        id="number for true",
    ),
    pytest.param(
        "[2027, 2028]",
        "[2027, 2028.5]",
        (
            "1 problem\n"
            "- plain.toml, horizon.years.2: 2028.5 is not an integer\n"
            "    Expected an integer."
        ),
        id="fraction of a year",
    ),
    pytest.param(
        "gap = 0.001",
        "threads = true",
        (
            "1 problem\n"
            "- plain.toml, solver.threads: true is not an integer\n"
            "    Expected an integer of at least 1."
        ),
        id="true for a count",
    ),
    pytest.param(
        "weight = 1\n",
        "weight = inf\n",
        (
            "1 problem\n"
            "- plain.toml, goals.welcome.weight: inf is not a finite number\n"
            "    Expected a number from -1,000,000 to 1,000,000."
        ),
        id="infinite",
    ),
    pytest.param(
        "discount = 0.03",
        "discount = nan",
        (
            "1 problem\n"
            "- plain.toml, horizon.discount: nan is not a finite number\n"
            "    Expected a number from 0 to 1."
        ),
        id="not a number",
    ),
    pytest.param(
        'where = { sector = "care" }',
        "where = { gdp = inf }",
        (
            "1 problem\n"
            "- plain.toml, limits.labour_floor.where.gdp: inf is not a finite number\n"
            "    Expected text, true or false, a number or a list."
        ),
        id="infinite filter",
    ),
    pytest.param(
        'where = { sector = "care" }',
        "where = { year = 2027-01-01 }",
        (
            "1 problem\n"
            "- plain.toml, limits.labour_floor.where.year: 2027-01-01 is not allowed here\n"
            "    Expected text, true or false, a number or a list."
        ),
        id="date in a filter",
    ),
    pytest.param(
        'where = { sector = "care" }',
        "where = { sector = [] }",
        (
            "1 problem\n"
            "- plain.toml, limits.labour_floor.where.sector: is empty\n"
            "    Expected text, true or false, a number or a list."
        ),
        id="empty filter",
    ),
    pytest.param(
        "[2027, 2028]",
        "[2028, 2027]",
        (
            "1 problem\n"
            "- plain.toml, horizon.years: 2028 is after 2027\n"
            "    Expected the first year, then the last."
        ),
        id="years backwards",
    ),
    pytest.param(
        "[2027, 2028]",
        "[2027]",
        (
            "1 problem\n- plain.toml, horizon.years.2: has too few entries\n"
            "    Expected a list of 2 integers."
        ),
        id="one year",
    ),
    pytest.param(
        "[2027, 2028]",
        "[2027, 2028, 2029]",
        (
            "1 problem\n"
            "- plain.toml, horizon.years: [2027, 2028, 2029] has too many entries\n"
            "    Expected a list of 2 integers."
        ),
        id="three years",
    ),
    pytest.param(
        "share = 0.1",
        "share = 10",
        (
            "1 problem\n"
            "- plain.toml, budget.transfers.1.share: 10 is above 1\n"
            "    Expected a value of at most 1."
        ),
        id="share above one",
    ),
    pytest.param(
        "carry_over = 0.05",
        "carry_over = { grants = -0.1 }",
        (
            "1 problem\n"
            "- plain.toml, budget.carry_over.grants: -0.1 is below 0\n"
            "    Expected a value of at least 0."
        ),
        id="carry-over below 0",
    ),
    pytest.param(
        "carry_over = 0.05",
        'carry_over = "all"',
        (
            "1 problem\n"
            "- plain.toml, budget.carry_over: 'all' is not allowed here\n"
            "    Expected a number from 0 to 1 or a table of numbers from 0 to 1."
        ),
        id="carry-over in words",
    ),
    pytest.param(
        'to = "welcome"',
        'to = "grants"',
        (
            "1 problem\n"
            "- plain.toml, budget.transfers.1.to: 'grants' is the giving line itself\n"
            "    Expected another line."
        ),
        id="transfer to itself",
    ),
    pytest.param(
        "share = 0.1",
        ('share = 0.1\n[[budget.transfers]]\nfrom = "grants"\nto = "welcome"\nshare = 0.2'),
        (
            "1 problem\n"
            "- plain.toml, budget.transfers: from 'grants' to 'welcome' is listed twice\n"
            "    Expected one entry per pair of lines."
        ),
        id="transfer twice",
    ),
    pytest.param(
        'stage = "complete"',
        'stage = "completed"',
        (
            "1 problem\n"
            "- plain.toml, goals.growth.effects.1.stage: 'completed' is not allowed\n"
            "    Expected 'enter', 'present', 'complete', 'continue' or 'return'. Maybe complete."
        ),
        id="unknown stage",
    ),
    pytest.param(
        'stage = "continue"',
        'stage = "return"',
        (
            "1 problem\n"
            "- plain.toml, goals.welcome.region_effects.1.stage: 'return' is not allowed\n"
            "    Expected 'enter', 'present', 'complete' or 'continue'."
        ),
        id="return on the region side",
    ),
    pytest.param(
        "range = [0, 50]",
        "range = [50, 50]",
        (
            "1 problem\n"
            "- plain.toml, goals.growth.indicators.gdp.range: 50 is not below 50\n"
            "    Expected [low, high] with low below high."
        ),
        id="range backwards",
    ),
    pytest.param(
        "range = [0, 50]",
        "weight = 0",
        (
            "1 problem\n"
            "- plain.toml, goals.growth.indicators: all weights are 0\n"
            "    Expected at least one weight above 0."
        ),
        id="indicators without weight",
    ),
    pytest.param(
        "range = [0, 50]",
        "weight = -1",
        (
            "1 problem\n"
            "- plain.toml, goals.growth.indicators.gdp.weight: -1 is below 0\n"
            "    Expected a value of at least 0."
        ),
        id="negative indicator",
    ),
    pytest.param(
        "weight = 1\n",
        ('weight = 1\nscale = "ideals"\n'),
        (
            "1 problem\n"
            "- plain.toml, goals.welcome.scale: 'ideals' is not allowed\n"
            "    Expected 'ideal' or 'none'. Maybe ideal."
        ),
        id="unknown scale",
    ),
    pytest.param(
        "weight = 1\n",
        ("weight = 1\nscale = 0\n"),
        (
            "1 problem\n"
            "- plain.toml, goals.welcome.scale: 0 is not above 0\n"
            "    Expected a value above 0."
        ),
        id="scale 0",
    ),
    pytest.param(
        "weight = 1\n",
        ("weight = 1\nmissing = 1.5\n"),
        (
            "1 problem\n"
            "- plain.toml, goals.welcome.missing: 1.5 is above 1\n"
            "    Expected a value of at most 1."
        ),
        id="missing rule",
    ),
    pytest.param(
        "[[0, 1], [10, 0.5]]",
        "[[1, 1], [10, 0.5]]",
        (
            "1 problem\n"
            "- plain.toml, goals.growth.diminishing.breakpoints: begins at 1\n"
            "    Expected a first breakpoint at 0."
        ),
        id="points not from 0",
    ),
    pytest.param(
        "[[0, 1], [10, 0.5]]",
        "[[0, 1], [10, 0.5], [10, 0.2]]",
        (
            "1 problem\n"
            "- plain.toml, goals.growth.diminishing.breakpoints: 10 follows 10\n"
            "    Expected increasing values before the factors."
        ),
        id="points not increasing",
    ),
    pytest.param(
        "[[0, 1], [10, 0.5]]",
        "[[0, 1], [10, 1.5]]",
        (
            "1 problem\n"
            "- plain.toml, goals.growth.diminishing.breakpoints: factor 1.5 follows 1, so returns "
            "would increase\n"
            "    Expected factors that do not increase."
        ),
        id="points not concave",
    ),
    pytest.param(
        "[[0, 1], [10, 0.5]]",
        "[[0, 1], [10, -0.5]]",
        (
            "1 problem\n"
            "- plain.toml, goals.growth.diminishing.breakpoints: factor -0.5 is below 0\n"
            "    Expected factors of at least 0."
        ),
        id="points below 0",
    ),
    pytest.param(
        "[[0, 1], [10, 0.5]]",
        "[[0], [10, -0.5]]",
        (
            "1 problem\n"
            "- plain.toml, goals.growth.diminishing.breakpoints.1.2: has too few entries\n"
            "    Expected a list of 2 numbers."
        ),
        id="points of one",
    ),
    pytest.param(
        "weight = 2\n",
        "weight = -2\n",
        (
            "1 problem\n"
            "- plain.toml, goals.growth.weight: -2 is below 0 on a goal with diminishing "
            "returns\n"
            "    Expected a weight of at least 0, or no diminishing."
        ),
        id="negative weight with diminishing returns",
    ),
    pytest.param(
        ("at_least = 20\nsoft = 0.5"),
        "",
        (
            "1 problem\n"
            "- plain.toml, limits.labour_floor.at_least: neither at_least nor at_most is given\n"
            "    Expected a number, {amount, per}, {times, measure}, {times, previous}, "
            "{parity} or {own_best}."
        ),
        id="limit without bounds",
    ),
    pytest.param(
        "at_least = 20\n",
        ("at_least = 20\nat_most = 10\n"),
        (
            "1 problem\n"
            "- plain.toml, limits.labour_floor.at_least: 20 is above at_most = 10\n"
            "    Expected at most 10."
        ),
        id="crossed limit",
    ),
    pytest.param(
        "at_least = 20\n",
        'at_least = "many"\n',
        (
            "1 problem\n"
            "- plain.toml, limits.labour_floor.at_least: 'many' is not allowed here\n"
            "    Expected a number, {amount, per}, {times, measure}, {times, previous}, "
            "{parity} or {own_best}."
        ),
        id="bound in words",
    ),
    pytest.param(
        '{ times = 0.8, measure = "slots" }',
        "{ times = 0.8 }",
        (
            "1 problem\n"
            "- plain.toml, limits.asia_share.at_most.measure: is missing\n"
            "    Expected one of slots, residents, completions, transitions, returns, spending, "
            "use, value, open, opened."
        ),
        id="bound without measure",
    ),
    pytest.param(
        '{ times = 0.8, measure = "slots" }',
        "{ amount = 0.8 }",
        ("1 problem\n- plain.toml, limits.asia_share.at_most.per: is missing\n    Expected text."),
        id="bound without attribute",
    ),
    pytest.param(
        '{ times = 0.8, measure = "slots" }',
        '{ times = 0.8, measure = "slots", by = ["track"] }',
        (
            "1 problem\n"
            "- plain.toml, limits.asia_share.at_most.by: track is not among the limit's groups\n"
            "    Expected the groups of the limit, or fewer."
        ),
        id="more groups",
    ),
    pytest.param(
        "soft = 0.5",
        ("soft = 0.5\nprotected = true"),
        (
            "1 problem\n"
            "- plain.toml, limits.labour_floor.soft: a protected limit cannot be soft\n"
            "    Expected one of the two."
        ),
        id="soft and protected",
    ),
    pytest.param(
        '{ times = 0.8, measure = "slots" }',
        ('{ times = 0.8, measure = "slots" }\nsoft = 1'),
        (
            "1 problem\n"
            "- plain.toml, limits.asia_share.soft_base: is missing; the soft limit's at_most "
            "is relative\n"
            "    Expected the number that counts as 100%."
        ),
        id="soft and relative",
    ),
    pytest.param(
        "at_least = 20\n",
        "at_least = 0\n",
        (
            "1 problem\n"
            "- plain.toml, limits.labour_floor.soft_base: is missing; the soft limit's "
            "at_least is 0\n"
            "    Expected the number that counts as 100%."
        ),
        id="soft and 0",
    ),
    pytest.param(
        "soft = 0.5",
        "soft = 0",
        (
            "1 problem\n"
            "- plain.toml, limits.labour_floor.soft: 0 is not above 0\n"
            "    Expected a value above 0."
        ),
        id="soft for nothing",
    ),
    pytest.param(
        "soft = 0.5",
        "soft_base = 20",
        (
            "1 problem\n"
            "- plain.toml, limits.labour_floor.soft_base: the limit is not soft\n"
            "    Expected soft as well, or neither."
        ),
        id="base without soft",
    ),
    pytest.param(
        'name = "labour_floor"',
        'name = "asia_share"',
        (
            "1 problem\n"
            "- plain.toml, limits.asia_share: the name 'asia_share' is given twice\n"
            "    Expected one limit per name."
        ),
        id="limit twice",
    ),
    pytest.param(
        ('measure = "slots"\nwhere = { sector'),
        ('measure = "value"\nwhere = { sector'),
        (
            "1 problem\n"
            "- plain.toml, limits.labour_floor.goal: is missing; the measure is value\n"
            "    Expected the name of a goal, or groups by goal or stakeholder."
        ),
        id="value without goal",
    ),
    pytest.param(
        "at_least = 20\n",
        ('at_least = 20\ngoal = "welcome"\n'),
        (
            "1 problem\n"
            "- plain.toml, limits.labour_floor.goal: measure slots has no goal\n"
            "    Expected measure value."
        ),
        id="goal without value",
    ),
    pytest.param(
        ('measure = "slots"\nwhere = { sector'),
        ('measure = "value"\ngoal = "wellcome"\nwhere = { sector'),
        (
            "1 problem\n"
            "- plain.toml, limits.labour_floor.goal: there is no goal 'wellcome'\n"
            "    Expected one of growth, welcome. Maybe welcome."
        ),
        id="unknown goal",
    ),
    pytest.param(
        ('measure = "slots"\nwhere = { sector = "care" }\nat_least = 20\n'),
        ('measure = "value"\ngoal = "growth"\nat_most = 20\n'),
        (
            "1 problem\n"
            "- plain.toml, limits.labour_floor.at_most: goal 'growth' has diminishing "
            "returns, so its value cannot be kept down\n"
            "    Expected a goal without diminishing returns."
        ),
        id="ceiling on diminishing",
    ),
    pytest.param(
        ("at_least = 20\nsoft = 0.5"),
        'at_least = { times = 1, measure = "value", goal = "growth" }',
        (
            "1 problem\n"
            "- plain.toml, limits.labour_floor.at_least: goal 'growth' has diminishing "
            "returns, so nothing can be held above its value\n"
            "    Expected a goal without diminishing returns."
        ),
        id="floor above diminishing",
    ),
    pytest.param(
        ("at_least = 20\nsoft = 0.5"),
        'goal = "growth"\nat_least = { times = 1, measure = "value" }',
        (
            "1 problem\n"
            "- plain.toml, limits.labour_floor.at_least: goal 'growth' has diminishing "
            "returns, so nothing can be held above its value\n"
            "    Expected a goal without diminishing returns."
        ),
        id="floor above diminishing, by the limit's own goal",
    ),
    pytest.param(
        "max_change = 0.3",
        "",
        (
            "1 problem\n"
            "- plain.toml, stability.max_change: neither max_change nor penalty is given\n"
            "    Expected at least one of the two."
        ),
        id="stability of nothing",
    ),
    pytest.param(
        "gap = 0.001",
        "seed = -1",
        (
            "1 problem\n"
            "- plain.toml, solver.seed: -1 is below 0\n"
            "    Expected a value of at least 0."
        ),
        id="negative seed",
    ),
    pytest.param(
        "gap = 0.001",
        "time_limit = 0",
        (
            "1 problem\n"
            "- plain.toml, solver.time_limit: 0 is not above 0\n"
            "    Expected a value above 0."
        ),
        id="time 0",
    ),
]


CHANGES = [
    pytest.param(
        {
            "goals.growth.scale": 1e300,
            "goals.welcome.scale": 5e-324,
            "limits.labour_floor.at_least": -(10**19),
        },
        (
            "3 problems\n"
            "- changes, goals.growth.scale: 1e+300 is too large a number\n"
            "    Expected a number from -1e+18 to 1e+18.\n"
            "- changes, goals.welcome.scale: 5e-324 is too small a number\n"
            "    Expected a number of at least 1e-18.\n"
            "- changes, limits.labour_floor.at_least: -10000000000000000000 is too large a number\n"
            "    Expected a number from -1e+18 to 1e+18."
        ),
        id="numbers of no usual size",
    ),
    pytest.param(
        {"goals.grwth.weight": 1},
        (
            "1 problem\n"
            "- changes, goals.grwth.weight: goals has no 'grwth'\n"
            "    Expected one of growth, welcome. Maybe growth."
        ),
        id="unknown address",
    ),
    pytest.param(
        {"limits.labor_floor.at_least": 1},
        (
            "1 problem\n"
            "- changes, limits.labor_floor.at_least: limits has no entry 'labor_floor'\n"
            "    Expected one of asia_share, labour_floor. Maybe labour_floor."
        ),
        id="unknown limit",
    ),
    pytest.param(
        {"limits.labour_floor.at_last": 1},
        (
            "1 problem\n"
            "- changes, limits.labour_floor.at_last: limits.labour_floor has no 'at_last'\n"
            "    Expected one of at_least, at_most, by, flex, goal, measure, name, optional, "
            "planned, protected, relative_to, scaled, soft, soft_base, source, where, why. "
            "Maybe at_least."
        ),
        id="unknown key of a limit",
    ),
    pytest.param(
        {"solver.gpa": 1},
        (
            "1 problem\n"
            "- changes, solver.gpa: solver has no 'gpa'\n"
            "    Expected one of gap, seed, threads, time_limit. Maybe gap."
        ),
        id="unknown field",
    ),
    pytest.param(
        {"solver.gap.x": 1},
        ("1 problem\n- changes, solver.gap.x: solver.gap is a value, not a table"),
        id="value, not a table",
    ),
    pytest.param(
        {"budget.carry_over.grants": 0.1},
        (
            "1 problem\n"
            "- changes, budget.carry_over.grants: budget.carry_over is a value, not a table"
        ),
        id="carry-over of a line",
    ),
    pytest.param(
        {"budget.transfers.2.share": 0.1},
        (
            "1 problem\n"
            "- changes, budget.transfers.2.share: budget.transfers has no entry '2'\n"
            "    Expected a position from 1 to 1."
        ),
        id="position out of range",
    ),
    pytest.param(
        {"goals..weight": 0.1},
        (
            "1 problem\n"
            "- changes: 'goals..weight' is not an address\n"
            "    Expected names joined by dots."
        ),
        id="not an address",
    ),
    pytest.param(
        {"extends": "x.toml"},
        ("1 problem\n- changes, extends: extends cannot be changed; it is read before any change"),
        id="extends",
    ),
    pytest.param(
        {"goals.welcome.weight": "much", "solver.time_limit": -1},
        (
            "2 problems\n"
            "- changes, goals.welcome.weight: 'much' is not a number\n"
            "    Expected a number from -1,000,000 to 1,000,000.\n"
            "- changes, solver.time_limit: -1 is not above 0\n"
            "    Expected a value above 0."
        ),
        id="bad value",
    ),
    pytest.param(
        {"goals.new": {"weight": 1}},
        (
            "1 problem\n"
            "- changes, goals.new: goals has no 'new'\n"
            "    Expected one of growth, welcome."
        ),
        id="new goal",
    ),
]


def write(folder: Path, name: str = "plain.toml", text: str = PLAIN) -> Path:
    path = folder / name
    path.write_text(text)
    return path


@pytest.mark.parametrize(("old", "new", "message"), FAULTS)
def test_fault_is_told(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert PLAIN.count(old) == 1
    with pytest.raises(PolicyError) as caught:
        load_policy(write(tmp_path, text=PLAIN.replace(old, new)))
    assert str(caught.value) == message


@pytest.mark.parametrize(("changes", "message"), CHANGES)
def test_faulty_change_is_told(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(PolicyError) as caught:
        load_policy(write(tmp_path), changes=changes)
    assert str(caught.value) == message


def test_policy_is_read(tmp_path: Path) -> None:
    policy = load_policy(write(tmp_path))
    assert policy.name == "plain"
    assert policy.path == tmp_path / "plain.toml"
    assert policy.cases == ("*",)
    assert policy.horizon.years == (2027, 2028)
    assert policy.horizon.tail == "steady"
    assert list(policy.goals) == ["growth", "welcome"]
    growth = policy.goals["growth"]
    assert (growth.weight, growth.scale, growth.missing) == (2.0, "ideal", "error")
    assert growth.indicators[0].range == (0.0, 50.0)
    assert growth.effects[0].where == {"pathway": ("study", "exchange")}
    assert growth.diminishing is not None
    assert growth.diminishing.breakpoints == ((0.0, 1.0), (10.0, 0.5))
    assert policy.goals["welcome"].region_effects[0].where == {}
    share, floor = policy.limits
    assert share.at_most == Relative(times=0.8, measure="slots")
    assert (floor.at_least, floor.soft, floor.soft_base) == (20.0, 0.5, None)
    assert policy.budget.transfers == (
        Transfer.model_validate({"from": "grants", "to": "welcome", "share": 0.1}),
    )
    assert policy.budget.transfers[0].from_ == "grants"
    assert policy.budget.carry_over == 0.05
    assert policy.stability is not None
    assert policy.stability.penalty is None
    assert (policy.solver.gap, policy.solver.threads) == (0.001, 1)


def test_absent_tables_are_off(tmp_path: Path) -> None:
    text = "schema = 1\ntitle = 'Bare'\n[goals.g]\nweight = 1\n"
    policy = load_policy(write(tmp_path, text=text))
    assert policy.horizon.years is None
    assert policy.horizon.discount == 0.0
    assert not policy.limits
    assert not policy.support_floor
    assert not policy.budget.transfers
    assert policy.budget.carry_over == 0.0
    assert policy.stability is None


def test_kinds_of_filter_values_are_kept(tmp_path: Path) -> None:
    where = '{ year = [2027, 2028], needs_agreement = true, gdp = 1.5, sector = "care" }'
    policy = load_policy(write(tmp_path, text=PLAIN.replace('{ sector = "care" }', where)))
    assert policy.limits[1].where == {
        "year": (2027, 2028),
        "needs_agreement": True,
        "gdp": 1.5,
        "sector": "care",
    }


def test_every_kind_of_bound_is_read(tmp_path: Path) -> None:
    bound = 'at_least = { amount = 2, per = "gdp" }'
    policy = load_policy(write(tmp_path, text=PLAIN.replace("at_least = 20", bound)))
    assert policy.limits[1].at_least == Amount(amount=2.0, per="gdp")


def test_limits_can_be_made_in_code() -> None:
    limit = Limit(
        name="row 3",
        measure="value",
        goal="growth",
        at_least=Relative(times=1.0, measure="value", by=()),
    )
    assert Limit.model_validate(limit.model_dump()) == limit


def test_policy_cannot_be_changed(tmp_path: Path) -> None:
    policy = load_policy(write(tmp_path))
    with pytest.raises(ValueError, match="frozen"):
        policy.title = "Another"


def test_policy_travels_to_another_process(tmp_path: Path) -> None:
    policy = load_policy(write(tmp_path))
    there = pickle.loads(pickle.dumps(policy))
    assert there == policy
    assert (there.name, there.path, there.hash) == (policy.name, policy.path, policy.hash)


def test_policy_is_meant_for_cases(tmp_path: Path) -> None:
    policy = load_policy(write(tmp_path), changes={"cases": ["japan"]})
    assert policy.is_for("japan")
    assert not policy.is_for("tiny")
    assert load_policy(write(tmp_path)).is_for("tiny")


def test_hash_is_that_of_what_is_said(tmp_path: Path) -> None:
    first = load_policy(write(tmp_path))
    said_otherwise = PLAIN.replace("weight = 1\n", 'weight = 1.0\nscale = "ideal"\n')
    assert load_policy(write(tmp_path, "b.toml", said_otherwise)).hash == first.hash
    changed = load_policy(first.path, changes={"goals.welcome.weight": 3})
    assert changed.hash != first.hash
    assert load_policy(write(tmp_path, "c.toml", "extends = 'plain.toml'")).hash == first.hash


def test_everything_wrong_is_told_at_once(tmp_path: Path) -> None:
    text = (
        PLAIN.replace("discount = 0.03", "discont = 0.03")
        .replace("range = [0, 50]", "range = [50, 0]")
        .replace("soft = 0.5", "soft = 0.5\nsoft_base = 0\ngoal = 'a'")
        .replace('name = "labour_floor"', 'name = "asia_share"')
        .replace("weight = 2", "weight = 0")
        .replace("weight = 1\n", "weight = 0\n")
    )
    with pytest.raises(PolicyError) as caught:
        load_policy(write(tmp_path, text=text))
    assert [problem.column for problem in caught.value.problems] == [
        "goals",
        "goals.growth.indicators.gdp.range",
        "horizon.discont",
        "limits.asia_share",
        "limits.asia_share.goal",
        "limits.asia_share.soft_base",
    ]


BASE = (
    PLAIN
    + """
[goals.third]
weight = 1
why = "as before"
"""
)
OWN = """\
extends = "base.toml"
title = "Bolder"
[goals.third]
weight = 5
[goals.fourth]
weight = 1
[[limits]]
name = "labour_floor"
at_least = 30
[[limits]]
name = "new"
measure = "residents"
at_most = 1000
[horizon]
tail = 0
[budget]
transfers = []
"""


def test_extended_policy_is_merged(tmp_path: Path) -> None:
    write(tmp_path, "base.toml", BASE)
    policy = load_policy(write(tmp_path, "own.toml", OWN))
    assert policy.title == "Bolder"
    assert list(policy.goals) == ["growth", "welcome", "third", "fourth"]
    assert (policy.goals["third"].weight, policy.goals["third"].why) == (5.0, "as before")
    assert [limit.name for limit in policy.limits] == ["asia_share", "labour_floor", "new"]
    floor = policy.limits[1]
    assert (floor.measure, floor.at_least, floor.soft) == ("slots", 30.0, 0.5)
    assert (policy.horizon.years, policy.horizon.tail) == ((2027, 2028), 0)
    assert (policy.budget.transfers, policy.budget.carry_over) == ((), 0.05)


def test_bound_of_another_kind_replaces_the_extended_one(tmp_path: Path) -> None:
    write(tmp_path, "base.toml", BASE)
    text = (
        "extends = 'base.toml'\n[[limits]]\nname = 'asia_share'\n"
        "at_most = { amount = 2, per = 'gdp' }\n"
    )
    policy = load_policy(write(tmp_path, "own.toml", text))
    assert policy.limits[0].at_most == Amount(amount=2.0, per="gdp")


def test_faults_are_told_of_the_file_they_stand_in(tmp_path: Path) -> None:
    base = BASE.replace("discount = 0.03", "discount = 3").replace("soft = 0.5", "soft = -1")
    write(tmp_path, "base.toml", base)
    own = write(tmp_path, "own.toml", OWN.replace("at_least = 30", "at_least = 'x'"))
    with pytest.raises(PolicyError) as caught:
        load_policy(own, changes={"solver.gap": -1})
    assert str(caught.value) == (
        "4 problems\n"
        "- base.toml, horizon.discount: 3 is above 1\n"
        "    Expected a value of at most 1.\n"
        "- base.toml, limits.labour_floor.soft: -1 is not above 0\n"
        "    Expected a value above 0.\n"
        "- changes, solver.gap: -1 is below 0\n"
        "    Expected a value of at least 0.\n"
        "- own.toml, limits.labour_floor.at_least: 'x' is not allowed here\n"
        "    Expected a number, {amount, per}, {times, measure}, {times, previous}, "
        "{parity} or {own_best}."
    )


@pytest.mark.parametrize(
    ("extends", "message"),
    [
        pytest.param(
            "bas.toml",
            "own.toml, extends: there is no file 'bas.toml'\n"
            "    Expected a file of the same folder. Maybe base.toml.",
            id="missing",
        ),
        pytest.param(
            "../base.toml",
            "own.toml, extends: '../base.toml' leads out of the policy's folder\n"
            "    Expected a file of the same folder.",
            id="above",
        ),
        pytest.param(
            "/base.toml",
            "own.toml, extends: '/base.toml' leads out of the policy's folder\n"
            "    Expected a file of the same folder.",
            id="absolute",
        ),
        pytest.param(
            "link.toml",
            "own.toml, extends: 'link.toml' leads out of the policy's folder\n"
            "    Expected a file of the same folder.",
            id="link",
        ),
        pytest.param(
            "own.toml",
            "own.toml, extends: 'own.toml' is the policy itself\n    Expected another policy.",
            id="itself",
        ),
        pytest.param(
            "chain.toml",
            "chain.toml, extends: is extended by own.toml and extends 'base.toml' itself\n"
            "    Expected a policy that extends no other.",
            id="chain",
        ),
        pytest.param(
            "broken.toml",
            "broken.toml line 1: is not valid TOML: Expected '=' after a key in a key/value pair",
            id="broken",
        ),
    ],
)
def test_faulty_extension_is_told(tmp_path: Path, extends: str, message: str) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    write(folder, "base.toml", BASE)
    write(folder, "chain.toml", f"extends = 'base.toml'\n{PLAIN}")
    write(folder, "broken.toml", "not a policy")
    (folder / "link.toml").symlink_to(write(tmp_path, "outside.toml", BASE))
    own = write(folder, "own.toml", OWN.replace("base.toml", extends))
    with pytest.raises(PolicyError) as caught:
        load_policy(own)
    assert str(caught.value) == "1 problem\n- " + message


@pytest.mark.parametrize(
    ("name", "message"),
    [
        pytest.param(
            "plan.toml",
            "plan.toml: there is no such file in {folder}\n    Maybe plain.toml.",
            id="missing",
        ),
        pytest.param(
            "plain",
            "plain: there is no such file in {folder}\n    Maybe plain.toml.",
            id="without ending",
        ),
        pytest.param(".", ": is a folder\n    Expected a TOML file.", id="folder"),
        pytest.param(
            "latin.toml", "latin.toml: is not UTF-8\n    Expected text saved as UTF-8.", id="latin"
        ),
    ],
)
def test_path_that_is_no_policy_is_told(tmp_path: Path, name: str, message: str) -> None:
    write(tmp_path)
    (tmp_path / "latin.toml").write_bytes(b"title = '\xe9'\n")
    with pytest.raises(PolicyError) as caught:
        load_policy(str(tmp_path / name))
    expected = message.format(folder=tmp_path)
    expected = tmp_path.name + expected if expected.startswith(":") else expected
    assert str(caught.value) == "1 problem\n- " + expected


def test_changes_reach_what_is_there_and_what_may_be(tmp_path: Path) -> None:
    changes = parse_changes(
        [
            "goals.welcome.weight=0.5",
            "limits.labour_floor.at_least = 100",
            "limits.asia_share.at_most.times=0.5",
            "limits.labour_floor.where.area=['Tohoku']",
            "goals.growth.indicators.gdp.direction='lower'",
            "goals.growth.effects.1.effect=3",
            "budget.carry_over={ grants = 0.2 }",
            "budget.carry_over.welcome=0.1",
            "horizon.tail=0",
            "support_floor=[{ where = { pathway = 'protection' }, amount_per_year = 9 }]",
            "support_floor.1.protected=true",
            "solver.time_limit=60",
        ]
    )
    policy = load_policy(write(tmp_path), changes=changes)
    assert policy.goals["welcome"].weight == 0.5
    assert policy.limits[1].at_least == 100.0
    assert policy.limits[0].at_most == Relative(times=0.5, measure="slots")
    assert policy.limits[1].where == {"sector": "care", "area": ("Tohoku",)}
    assert policy.goals["growth"].indicators[0].direction == "lower"
    assert policy.goals["growth"].effects[0].effect == 3.0
    assert policy.budget.carry_over == {"grants": 0.2, "welcome": 0.1}
    assert policy.horizon.tail == 0
    assert policy.support_floor[0].protected
    assert policy.solver.time_limit == 60.0


def test_limit_names_may_hold_spaces_and_dots(tmp_path: Path) -> None:
    text = PLAIN.replace('"labour_floor"', '"floor no. 1"').replace('"asia_share"', '"my share"')
    changes = {'limits."floor no. 1".at_least': 7, "limits.my share.why": "because"}
    policy = load_policy(write(tmp_path, text=text), changes=changes)
    assert (policy.limits[1].at_least, policy.limits[0].why) == (7.0, "because")


def test_entry_that_is_there_twice_needs_its_position(tmp_path: Path) -> None:
    text = PLAIN.replace(
        "range = [0, 50]\n", 'range = [0, 50]\n[[goals.growth.indicators]]\ncolumn = "gdp"\n'
    )
    path = write(tmp_path, text=text)
    with pytest.raises(PolicyError) as caught:
        load_policy(path, changes={"goals.growth.indicators.gdp.weight": 2})
    assert str(caught.value) == (
        "1 problem\n"
        "- changes, goals.growth.indicators.gdp.weight: "
        "goals.growth.indicators has 2 entries 'gdp'\n"
        "    Expected a position from 1 to 2."
    )
    policy = load_policy(path, changes={"goals.growth.indicators.2.weight": 2})
    assert [indicator.weight for indicator in policy.goals["growth"].indicators] == [1.0, 2.0]


def test_numpy_numbers_are_numbers(tmp_path: Path) -> None:
    numpy = pytest.importorskip("numpy")
    changes = {"horizon.tail": numpy.int64(2), "goals.welcome.weight": numpy.float32(0.5)}
    policy = load_policy(write(tmp_path), changes=changes)
    assert (policy.horizon.tail, policy.goals["welcome"].weight) == (2, 0.5)


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        pytest.param(
            ["goals.a.weight"],
            "changes: 'goals.a.weight' is not a change\n    Expected address=value.",
            id="no value",
        ),
        pytest.param(
            ["=1"], "changes: '=1' is not a change\n    Expected address=value.", id="no address"
        ),
        pytest.param(
            ["goals.a.scale="],
            "changes: 'goals.a.scale=' is not a change\n    Expected address=value.",
            id="nothing",
        ),
        pytest.param(["a.b=1", "a.b=2"], "changes, a.b: is changed twice", id="twice"),
    ],
)
def test_text_that_is_no_change_is_told(texts: list[str], message: str) -> None:
    with pytest.raises(PolicyError) as caught:
        parse_changes(texts)
    assert str(caught.value) == "1 problem\n- " + message


@pytest.mark.parametrize("value", ["1" * 5000, "[" * 3000 + "]" * 3000])
def test_what_python_cannot_read_is_told(tmp_path: Path, value: str) -> None:
    with pytest.raises(PolicyError) as caught:
        load_policy(write(tmp_path, text=f"weight = {value}"))
    assert str(caught.value) == (
        "1 problem\n- plain.toml: holds a number too long or tables too deep to read"
    )
    address = "goals.welcome.weight"
    assert parse_changes([f"{address}={value}"]) == {address: value}
    with pytest.raises(PolicyError) as caught:
        load_policy(write(tmp_path), changes={address: value})
    assert str(caught.value).startswith(
        f"1 problem\n- changes, {address}: '{value[:56]}... is not a number\n"
    )


def test_schema_describes_every_field() -> None:
    schema = policy_schema()
    json.dumps(schema)
    tables = [schema, *schema["$defs"].values()]
    for table in tables:
        assert table["additionalProperties"] is False
        for name, field in table["properties"].items():
            assert field.get("description"), f"{table['title']}.{name} has no description"
    assert "from" in schema["$defs"]["Transfer"]["properties"]
    assert {"schema", "extends"} <= set(schema["properties"])


def test_schema_lets_extending_policies_leave_things_out() -> None:
    schema = policy_schema()
    assert schema["anyOf"] == [
        {"required": ["schema", "title", "goals"]},
        {"required": ["schema", "extends"]},
    ]
    assert "required" not in schema["$defs"]["Goal"]
    assert schema["$defs"]["Limit"]["required"] == ["name"]
