"""Changes: a value stays of its kind, and figures may be said in relation to the unchanged ones."""

from __future__ import annotations

import json
import time
import tomllib
from fractions import Fraction
from pathlib import Path
from random import Random

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from typer.testing import CliRunner

import optimizer
import shared
from case_builder import changed as rewritten
from case_builder import full_case, smallest_case, write_case
from optimizer.case import Case, load_case
from optimizer.case.changes import change_case
from optimizer.cli import program
from optimizer.errors import InputError, PolicyError
from optimizer.frames.memory import Memory
from optimizer.io.cell_faults import NUMBER_KINDS
from optimizer.io.changes import (
    Operation,
    change_in_words,
    operation_in,
    parse_changes,
    share_in,
)
from optimizer.policy.loading import changed_policy, load_policy
from optimizer.schema.tables import TABLES, TableSpec
from shared import ROOT

POLICY = """\
schema = 1
title = "Kinds"
[horizon]
years = [2027, 2028]
[goals.g]
weight = 0.3
scale = "none"
effects = [{ where = { pathway = "study" }, stage = "complete", effect = 1 }]
[goals.h]
weight = 2
scale = 50
effects = [{ stage = "complete", effect = 1 }]
[[limits]]
name = "share"
measure = "slots"
by = ["country"]
at_most = { times = 0.4, measure = "slots", by = [] }
[[limits]]
name = "per head"
measure = "slots"
by = ["country"]
at_least = { amount = 0.1, per = "country.gdp" }
[[limits]]
name = "plain"
measure = "slots"
where = { year = 2027, pathway = ["study", "exchange"] }
at_most = 50
[budget]
carry_over = { grants = 0.1 }
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "p.toml"
    path.write_text(POLICY, encoding="utf-8")
    return path


# A value of one kind does not become one of another ----------------------------------------------

OTHER_KINDS = [
    pytest.param(
        {"limits.share.at_most": 0.4},
        "limits.share.at_most: 0.4 would replace a table (times, measure, by)\n"
        "    Expected limits.share.at_most.times, or limits.share written whole. "
        "Maybe limits.share.at_most.times.",
        id="share",
    ),
    pytest.param(
        {"limits.per head.at_least": 3},
        "limits.per head.at_least: 3 would replace a table (amount, per)\n"
        "    Expected limits.per head.at_least.amount, or limits.per head written whole. "
        "Maybe limits.per head.at_least.amount.",
        id="amount",
    ),
    pytest.param(
        {"limits.share.at_least": 0.1},
        "limits.share.at_least: 0.1 is a plain number, at_most beside it a table "
        "(times, measure, by)\n    Expected limits.share written whole.",
        id="the other side of a share",
    ),
    pytest.param(
        {"limits.share.at_most": "+10%"},
        "limits.share.at_most: '+10%' changes a number, but in the unchanged policy it is "
        "a table\n    Expected a number. Maybe limits.share.at_most.times.",
        id="ten per cent of a table",
    ),
    pytest.param(
        {"limits.plain.where.year": "2028"},
        "limits.plain.where.year: '2028' is text, not a number\n"
        "    Expected limits.plain.where written whole.",
        id="a year as text",
    ),
    pytest.param(
        {"limits.plain.where.pathway": [1, "study"]},
        "limits.plain.where.pathway: [1, 'study'] is a number and text, not text\n"
        "    Expected limits.plain.where written whole.",
        id="a number among texts",
    ),
    pytest.param(
        {"limits.plain.where.year": True},
        "limits.plain.where.year: true is true or false, not a number\n"
        "    Expected limits.plain.where written whole.",
        id="a flag for a number",
    ),
    pytest.param(
        {"limits.share.at_most.times": 0.5, 'limits."share".at_most.times': 0.6},
        'limits."share".at_most.times: names the same value as limits.share.at_most.times\n'
        "    Expected one of them.",
        id="twice in two spellings",
    ),
    pytest.param(
        {"goals.g.effects.1.effect": 0.5, "goals.g.effects.01.effect": 0.6},
        "goals.g.effects.01.effect: names the same value as goals.g.effects.1.effect\n"
        "    Expected one of them.",
        id="twice by position",
    ),
]


@pytest.mark.parametrize(("changes", "told"), OTHER_KINDS)
def test_a_change_to_another_kind_is_refused_on_every_way_in(
    path: Path, tmp_path: Path, changes: dict[str, object], told: str
) -> None:
    case = write_case(tmp_path / "case", full_case())
    loaded = load_policy(path)
    for way_in in (
        lambda: load_policy(path, changes=changes),
        lambda: changed_policy(loaded, changes),
        lambda: optimizer.solve(path, case, changes=changes),
        lambda: optimizer.Session(path, case, changes=changes),
    ):
        with pytest.raises(PolicyError) as caught:
            way_in()
        assert str(caught.value) == f"1 problem\n- changes, {told}"


def test_kinds_that_mean_the_same_replace_each_other(path: Path) -> None:
    whole = {"name": "share", "measure": "slots", "at_most": 30}
    policy = load_policy(
        path,
        changes={
            "limits.share": whole,
            "limits.plain.at_most": {"times": 0.5, "measure": "slots"},
            "limits.plain.where.year": [2027, 2028],
            "limits.plain.where.pathway": "study",
            "limits.per head.at_least": {"times": 0.1, "measure": "residents"},
            "goals.g.scale": 7,
            "goals.h.scale": "ideal",
            "budget.carry_over": 0.2,
            "horizon.tail": 3,
        },
    )
    share, head, plain = policy.limits
    assert (share.at_most, plain.where["pathway"]) == (30.0, "study")
    assert isinstance(head.at_least, optimizer.policy.Relative)
    assert isinstance(plain.at_most, optimizer.policy.Relative)
    assert (policy.goals["g"].scale, policy.goals["h"].scale) == (7.0, "ideal")
    assert (policy.budget.carry_over, policy.horizon.tail) == (0.2, 3)


def extending(folder: Path, limit: str) -> Path:
    (folder / "own.toml").write_text(f'extends = "p.toml"\n[[limits]]\n{limit}\n')
    return folder / "own.toml"


@pytest.mark.parametrize(
    ("limit", "told"),
    [
        (
            'name = "share"\nat_most = 0.5',
            "limits.share.at_most: 0.5 would replace a table (times, measure, by)\n"
            "    Expected a table like it, or measure as well.",
        ),
        (
            'name = "share"\nat_least = 0.5',
            "limits.share.at_least: 0.5 is a plain number, at_most beside it a table "
            "(times, measure, by)\n    Expected a table like it, or measure as well.",
        ),
    ],
)
def test_a_policy_that_extends_another_keeps_its_kinds(
    path: Path, tmp_path: Path, limit: str, told: str
) -> None:
    own = extending(path.parent, limit)
    with pytest.raises(PolicyError) as caught:
        load_policy(own)
    assert str(caught.value) == f"1 problem\n- own.toml, {told}"
    # Who repeats what is measured writes the bound anew.
    policy = load_policy(extending(path.parent, f'{limit}\nmeasure = "slots"'))
    assert 0.5 in (policy.limits[0].at_least, policy.limits[0].at_most)


def test_a_policy_that_extends_another_may_change_numbers_and_tables(path: Path) -> None:
    limit = 'name = "share"\nat_most = { times = 0.5, measure = "slots", by = [] }'
    policy = load_policy(extending(path.parent, f"{limit}\nwhere = {{ year = '2027' }}"))
    assert policy.limits[0].where == {"year": "2027"}
    # Who writes both sides sees the one beside the other.
    assert load_policy(extending(path.parent, f"{limit}\nat_least = 3")).limits[0].at_least == 3.0


# Figures in relation to the unchanged ones --------------------------------------------------------


WORDS = st.text("ab09 .,_%+-*/=#'\"\\\\[]{}é東", min_size=1).map(str.strip).filter(bool)


@given(WORDS)
@example("steady")
@example("[2027, 2028")
@example("1\n2 = 3")
def test_what_is_no_value_of_toml_is_text(text: str) -> None:
    try:
        value = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        value = {}
    meant = value["value"] if list(value) == ["value"] else text
    assert parse_changes([f"title={text}"]) == {"title": meant}


VALUES = st.recursive(
    st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | WORDS,
    lambda inner: st.lists(inner) | st.dictionaries(WORDS, inner),
)


@given(VALUES)
@example("steady")
@example("2030")
@example(" true ")
@example("")
@example({"main": 0.2, "a b": [1, "x"]})
def test_a_change_is_written_as_it_is_read(value: object) -> None:
    assert parse_changes([change_in_words("a.b", value)]) == {"a.b": value}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            "horizon.tail=stedy",
            "horizon.tail: 'stedy' is not allowed\n"
            "    Expected 'steady' or 'runoff'. Maybe steady.",
        ),
        (
            "horizon.years=2229, 2230",
            "horizon.years: '2229, 2230' is not a list\n"
            "    Expected a list of 2 integers. Maybe [2229, 2230].",
        ),
        (
            "cases=[here, there]",
            "cases: '[here, there]' is not a list\n"
            "    Expected a list of texts. Maybe ['here', 'there'].",
        ),
        (
            "limits.share.protected=True",
            "limits.share.protected: 'True' is not true or false\n"
            "    Expected true or false. Maybe true.",
        ),
        (
            "goals.g.weight=1,000",
            "goals.g.weight: '1,000' is text, not a number\n"
            "    Expected a number from -1,000,000 to 1,000,000. Maybe 1000.",
        ),
        (
            "goals.g.weight=much",
            "goals.g.weight: 'much' is not a number\n"
            "    Expected a number from -1,000,000 to 1,000,000.",
        ),
    ],
)
def test_a_word_that_cannot_stand_there_is_told(path: Path, change: str, told: str) -> None:
    with pytest.raises(PolicyError) as caught:
        load_policy(path, changes=parse_changes([change]))
    assert str(caught.value) == f"1 problem\n- changes, {told}"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            "where.pathway=[study, exchange]",
            "where.pathway: no track has pathway = '[study, exchange]'",
        ),
        (
            "where.needs_agreement=True",
            "where.needs_agreement: no track has needs_agreement = 'True'\n"
            "    Expected one of false, true. Maybe true.",
        ),
    ],
)
def test_a_word_that_no_row_has_is_told(path: Path, change: str, told: str, tmp_path: Path) -> None:
    case = optimizer.load_case(write_case(tmp_path / "case", full_case()))
    policy = load_policy(path, changes=parse_changes([f"limits.share.{change}"]))
    with pytest.raises(PolicyError) as caught:
        optimizer.build_instance(case, policy)
    assert f"limits.share.{told}" in str(caught.value)


def test_a_word_needs_no_quotes(path: Path) -> None:
    changes = parse_changes(["horizon.tail=runoff", "title=Fewer, and later", "goals.g.scale=none"])
    policy = load_policy(path, changes=changes)
    assert (policy.horizon.tail, policy.title) == ("runoff", "Fewer, and later")
    assert policy.goals["g"].scale == "none"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("*1.1", 0.33),
        ("* 2", 0.6),
        ("/3", 0.1),
        ("+10%", 0.33),
        ("-10 %", 0.27),
        ("+=100", 100.3),
        ("-=0.1", 0.2),
        ("*-1", -0.3),
        ("*1e1", 3.0),
    ],
)
def test_a_figure_is_changed_by_its_decimals(path: Path, text: str, value: float) -> None:
    # 0.3 * 1.1 is 0.33 and not 0.33000000000000002.
    changes = parse_changes([f"goals.g.weight={text}"])
    assert changes == {"goals.g.weight": text}
    assert load_policy(path, changes=changes).goals["g"].weight == value


@given(st.floats(-1e6, 1e6), st.sampled_from(["*1", "/1", "+0%", "-0%", "+=0", "-=0"]))
def test_what_changes_nothing_leaves_every_digit(figure: float, text: str) -> None:
    operation = operation_in(text)
    assert operation is not None
    assert operation.of(figure) == figure


@given(st.decimals(0, 1, places=4))
def test_percent_and_fraction_are_the_same_share(share: Fraction) -> None:
    assert share_in(f"{share * 100:f}%") == share_in(f"{share:f}") == float(share)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            "goals.g.weight=+100",
            "goals.g.weight: '+100' may mean a number or a change by so much\n"
            "    Expected 100 for the number, or +=100 for so much more.",
        ),
        (
            'goals.g.weight="-100"',
            "goals.g.weight: '-100' may mean a number or a change by so much\n"
            "    Expected -100 for the number, or -=100 for so much less.",
        ),
        (
            'goals.g.weight="x1.1"',
            "goals.g.weight: 'x1.1' is not a figure\n"
            "    Expected a number, or a change such as *1.1, /2, +10%, -10%, +=100.",
        ),
        (
            "goals.g.weight=/0",
            "goals.g.weight: '/0' is not a figure\n"
            "    Expected a number, or a change such as *1.1, /2, +10%, -10%, +=100.",
        ),
        (
            "limits.plain.at_most=40%",
            "limits.plain.at_most: '40%' is a share, but no share is expected here\n"
            "    Expected a number.",
        ),
        (
            "limits.plain.soft=*2",
            "limits.plain.soft: '*2' changes a number, but in the unchanged policy it has "
            "no value\n    Expected a number.",
        ),
        (
            "goals.g.scale=*2",
            "goals.g.scale: '*2' changes a number, but in the unchanged policy it is "
            "'none'\n    Expected a number.",
        ),
        (
            "goals.g.weight=*1e999",
            "goals.g.weight: inf is not a finite number\n"
            "    Expected a number from -1,000,000 to 1,000,000.",
        ),
        (
            "horizon.years.1=*1.1",
            "horizon.years.1: 2229.7 is not an integer\n    Expected an integer.",
        ),
    ],
)
def test_a_figure_that_cannot_be_meant_is_told(path: Path, change: str, told: str) -> None:
    with pytest.raises(PolicyError) as caught:
        load_policy(path, changes=parse_changes([change]))
    assert str(caught.value) == f"1 problem\n- changes, {told}"


def test_shares_are_taken_in_percent_and_absent_figures_by_their_default(path: Path) -> None:
    changes = [
        "limits.share.at_most.times=40%",
        "budget.carry_over.grants=5 %",
        "solver.gap=0.1%",
        "solver.seed=+=3",
        "title=+10%",
    ]
    policy = load_policy(path, changes=parse_changes(changes))
    share = policy.limits[0].at_most
    assert isinstance(share, optimizer.policy.Relative)
    assert (share.times, policy.solver.gap, policy.solver.seed) == (0.4, 0.001, 3)
    assert (policy.budget.carry_over, policy.title) == ({"grants": 0.05}, "+10%")


def test_every_cell_is_changed_by_itself(tmp_path: Path) -> None:
    files = rewritten(smallest_case(), "applicants.csv", "FRA,study,40", "FRA,study,45")
    case = optimizer.load_case(write_case(tmp_path / "case", files))
    changed, _ = change_case(
        case,
        {
            "applicants[].applicants": "+10%",
            "budgets[line=grants].amount": "/3",
            "tracks[track=study].completion_rate": "45%",
        },
    )
    # Persons come whole, halves as one more: 49.5 are 50.
    assert changed.table("applicants")["applicants"].tolist() == [110, 50]
    assert changed.table("budgets")["amount"].tolist()[:2] == [1e6 / 3, 1e6 / 3]
    assert changed.table("tracks")["completion_rate"].tolist() == [0.45]


@pytest.mark.parametrize(
    ("address", "asked", "told"),
    [
        (
            "countries[].gdp",
            "*2",
            "'*2' changes numbers, but 1 of 2 cells are blank\n    Expected keys of rows with "
            "figures.",
        ),
        ("costs[].amount", "5%", "'5%' is a share, and amount is not one\n    Expected a number."),
        (
            "costs[].amount",
            "+5",
            "'+5' may mean a number or a change by so much\n"
            "    Expected 5 for the number, or +=5 for so much more.",
        ),
        (
            "tracks[track=study].completion_rate",
            "*2",
            "1.8 is above 1\n    Expected a number from 0 to 1.",
        ),
        ("tracks[].min_cohort", "-=6", "-1 is below 0\n    Expected a whole number of at least 0."),
    ],
)
def test_a_cell_that_cannot_be_changed_so_is_told(
    tmp_path: Path, address: str, asked: str, told: str
) -> None:
    case = optimizer.load_case(write_case(tmp_path / "case", full_case()))
    with pytest.raises(PolicyError) as caught:
        change_case(case, {address: asked})
    assert f"- changes, {address}: {told}" in str(caught.value)


CASE, TINY = Path("inputs/tiny"), Path("models/tiny.toml")


def test_hashes_are_those_of_figures_and_not_of_changes() -> None:
    case = shared.case("tiny")
    one, all_years = "budgets[line=science, year=2030].amount", "budgets[line=science].amount"
    other = "budgets[line=industry].amount"

    def changed(changes: dict[str, object]) -> Case:
        return change_case(case, changes)[0]

    # The last of two that reach the same cell counts.
    last, first = changed({all_years: "*1.1", one: 4e6}), changed({one: 4e6, all_years: "*1.1"})
    assert not last.table("budgets").equals(first.table("budgets"))
    assert all(last.hashes[name] != first.hashes[name] for name in case.hashes)
    # Whichever way the same figures are said, they are the same case.
    asked: list[dict[str, object]] = [
        {all_years: "*1.1", other: 5e6},
        {other: 5000000, all_years: "+10%"},
        {one: 4e6, all_years: "*1.1", other: 5e6},
    ]
    assert len({tuple(changed(changes).hashes.items()) for changes in asked}) == 1


def test_a_session_refers_to_the_beginning(path: Path) -> None:
    root = Path(__file__).parents[1]
    session = optimizer.Session(root / TINY, root / CASE, changes={"goals.alliance.weight": 5})
    session.add_limit({"name": "few", "measure": "slots", "at_most": 40})
    science, few = "budgets[line=science].amount", "limits.few.at_most"
    before = session.case.table("budgets")
    is_science = before["line"].eq("science")
    for _ in range(2):
        session.change({"goals.alliance.weight": "*1.1", science: "+10%", few: "*2"})
    # 3 of the file, not 5 of the session, and once, though it was changed twice.
    assert session.policy.goals["alliance"].weight == 3.3
    assert session.policy.limits[-1].at_most == 80.0
    after = session.case.table("budgets")["amount"]
    assert after[is_science].tolist() == [8_800_000.0, 12_100_000.0]
    assert after[~is_science].equals(before["amount"][~is_science])
    told = session.solve().provenance
    assert told["changes"] == {"goals.alliance.weight": "*1.1", science: "+10%", few: "*2"}
    assert told["changed_to"] == {
        "goals.alliance.weight": 3.3,
        few: 80.0,
        science: {
            "budgets[line=science, year=2030].amount": 8_800_000.0,
            "budgets[line=science, year=2031].amount": 12_100_000.0,
        },
    }
    again = optimizer.Session(root / TINY, root / CASE)
    again.add_limit({"name": "few", "measure": "slots", "at_most": 40})
    again.change(told["changes"])
    assert again.policy.hash == session.policy.hash
    assert again.case.table("budgets").equals(session.case.table("budgets"))


def test_a_run_says_what_was_asked_and_what_it_came_to(tmp_path: Path) -> None:
    root = Path(__file__).parents[1]
    out = tmp_path / "run"
    arguments = ["solve", str(root / TINY), str(root / CASE), "--out", str(out), "--gap", "0%"]
    found = CliRunner().invoke(
        program, [*arguments, "--set", "goals.alliance.weight=+10%"], obj=time.monotonic()
    )
    assert found.exit_code == 0, found.output
    told = json.loads((out / "run.json").read_text())
    assert told["changes"] == {"goals.alliance.weight": "+10%"}
    assert told["changed_to"] == {"goals.alliance.weight": 3.3}
    assert told["gap_asked"] == 0.0
    report = (out / "report.html").read_text("utf-8")
    assert "goals.alliance.weight = +10% (now 3.3)" in report
    table = pd.read_excel(out / "plan.xlsx", sheet_name="parameters", engine="calamine")
    row = table[table["group"] == "change"].iloc[0]
    assert (row["name"], row["value"], row["of"]) == ("goals.alliance.weight", "+10%", "3.3")


@pytest.mark.parametrize("gap", ["101%", "1.5", "-0.1", "much", "nan", "+1%"])
def test_what_is_no_gap_is_told_as_usage(tmp_path: Path, gap: str) -> None:
    found = CliRunner().invoke(program, ["solve", "p.toml", "case", f"--gap={gap}"])
    assert found.exit_code == 2
    assert "is not a valid share" in found.output


def test_a_gap_of_one_is_asked_back() -> None:
    # Whoever means one percent would be given any plan at all.
    found = CliRunner().invoke(program, ["solve", "p.toml", "case", "--gap=1"])
    assert found.exit_code == 2
    assert "'1' may mean 1% or all of it" in found.output


@pytest.mark.parametrize(
    ("address", "told"),
    [
        (
            "goals.g",
            "0.3 would replace a table (weight, scale, effects)\n"
            "    Expected the address of one of these, or a whole table. Maybe goals.g.weight.",
        ),
        ("budgets.amount", "Maybe budgets[].amount."),
    ],
)
def test_where_a_number_may_be_meant_is_told(address: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "kinds.toml"
    path.write_text(POLICY)
    with pytest.raises(PolicyError) as caught:
        load_policy(path, changes={address: 0.3})
    assert told in str(caught.value)


@pytest.mark.parametrize("weight", [None, "+10%"])
def test_the_report_says_whose_scales_it_tells(weight: str | None, tmp_path: Path) -> None:
    # Scales stay those of the unchanged policy: after a change a goal may well earn more alone.
    policy, page = tmp_path / "kinds.toml", tmp_path / "report.html"
    policy.write_text(
        'schema = 1\ntitle = "One goal"\n[goals.g]\nweight = 1\n'
        'effects = [{ stage = "complete", effect = 1 }]\n'
    )
    case = write_case(tmp_path / "case", smallest_case())
    changes = {} if weight is None else {"goals.g.weight": weight}
    plan = optimizer.solve(policy, case, changes=changes)
    used = load_policy(policy, changes=changes)
    optimizer.write_report(plan, optimizer.load_case(case), used, page)
    told = page.read_text("utf-8")
    for said in ("all goals at their ideal", "maximum when optimised alone"):
        assert said in told
        assert (f"{said} under the unchanged policy" in told) == (weight is not None)


def test_an_operation_is_what_scenarios_say() -> None:
    assert operation_in("*1.1") == operation_in("+10%") == Operation("multiply", Fraction("1.1"))
    assert operation_in("-=5") == Operation("add", Fraction(-5))
    assert operation_in("much") is None


@pytest.mark.parametrize("seed", range(4))
def test_checks_that_remember_find_what_checks_from_nothing_find(seed: int) -> None:
    case, memory, random = load_case(ROOT / "inputs" / "tiny"), Memory(), Random(seed)
    addresses = [
        f"{spec.name}[{', '.join(f'{key}={cell}' for key, cell in keys)}].{column.name}"
        for spec in TABLES.values()
        for column in spec.columns
        if column.kind in NUMBER_KINDS and column.name not in spec.keys
        for keys in _keys_of_rows(case, spec)[:3]
    ]
    outcomes = set()
    for _ in range(60):
        chosen = random.sample(addresses, random.randint(1, 3))
        changes: dict[str, object] = {
            address: random.choice([0, 0.3, 1, 3, 50]) for address in chosen
        }
        told, fresh = (_made_or_told(case, changes, each) for each in (memory, None))
        assert told == fresh, changes
        outcomes.add(fresh.startswith("["))
    assert outcomes == {True, False}, "some are made, others contradict something"


def _keys_of_rows(case: Case, spec: TableSpec) -> list[list[tuple[str, str]]]:
    """Keys of each row, those left out that are blank."""
    frame = case.table(spec.name)
    names = [name for name in (*spec.keys, *spec.optional_keys) if name in frame]
    rows = frame[names].astype("object").itertuples(index=False, name=None)
    return [
        [
            (name, str(cell))
            for name, cell in zip(names, cells, strict=True)
            if not pd.isna(cell) and cell != ""
        ]
        for cells in rows
    ]


def _made_or_told(case: Case, changes: dict[str, object], memory: Memory | None) -> str:
    try:
        return str(sorted(change_case(case, changes, memory=memory)[0].hashes.items()))
    except (InputError, PolicyError) as error:
        return str(error)
