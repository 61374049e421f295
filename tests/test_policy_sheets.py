"""Policies in workbooks: what the sheets say, what they inherit, and the words of what is wrong."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from optimizer import build_instance, cli, load_case, load_policy, solve, validate, write_case
from optimizer.errors import PolicyError
from optimizer.policy import Amount, First, Previous, Relative, policy_rows
from optimizer.policy.cell_text import (
    CellTextError,
    filter_text,
    names_text,
    parse_filter,
    parse_names,
)
from optimizer.policy.sheet_columns import LIMITS
from optimizer.policy.sheet_rows import POLICY_KEYS
from workbook_builder import Rows, set_cells, write_book

BASE = """\
schema = 1
title = "Base"
[goals.growth]
weight = 2
why = "Grow."
effects = [{ stage = "enter", effect = 1 }]
[goals.welcome]
weight = 1
scale = 5
effects = [{ stage = "continue", effect = 1 }]
[[limits]]
name = "asia_share"
measure = "slots"
where = { world_region = "Asia" }
by = ["country", "year"]
at_most = { times = 0.8, measure = "slots", by = ["year"] }
[[limits]]
name = "crowding"
measure = "residents"
by = ["region"]
at_most = { amount = 0.5, per = "region.population" }
[[limits]]
name = "floor"
measure = "slots"
at_least = 10
protected = true
"""
EXTENDS: Rows = [["key", "value"], ["extends", "base.toml"]]
GOALS = ["goal", "weight", "scale", "why"]
KEYS = (
    "title, why, extends, cases, horizon.years, horizon.tail, horizon.discount, "
    "stability.max_change, stability.penalty, budget.carry_over, solver.gap, solver.time_limit, "
    "solver.seed, solver.threads"
)
FILTER = "attribute = value, or several as in: pathway = study, exchange; year = 2027"
ROOT = Path(__file__).resolve().parents[1]
POLICIES = sorted((ROOT / "models").glob("*.toml"))


def limit(**cells: object) -> dict[str, Rows]:
    return {"limits": [list(cells), list(cells.values())]}


def goal(**cells: object) -> dict[str, Rows]:
    return {"goals": [list(cells), list(cells.values())]}


def said(*rows: Sequence[object]) -> dict[str, Rows]:
    return {"policy": [*EXTENDS, *rows]}


@pytest.fixture
def book(tmp_path: Path) -> Callable[..., Path]:
    """Write a workbook that extends ``base.toml``; sheets given replace or join its own."""
    (tmp_path / "base.toml").write_text(BASE, encoding="utf-8")

    def write(sheets: Mapping[str, Rows]) -> Path:
        return write_book(tmp_path / "book.xlsx", {"policy": EXTENDS, **sheets})

    return write


# Cells ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("pathway = exchange", {"pathway": "exchange"}),
        (
            "pathway=exchange;world_region = Asia , Middle East; year = 2027, 2028",
            {
                "pathway": "exchange",
                "world_region": ("Asia", "Middle East"),
                "year": (2027, 2028),
            },
        ),
        ("region = 01; track = 7", {"region": "01", "track": "7"}),
        ("tile_row = 3; population = 1.5e6", {"tile_row": 3, "population": 1.5e6}),
        (
            "needs_agreement = yes; returns_home = no",
            {"needs_agreement": True, "returns_home": False},
        ),
        ("partner = yes", {"partner": "yes"}),
        ("band_language = 1; level = 2", {"band_language": "1", "level": "2"}),
        ("line.agency = Home; region.code = 7", {"line.agency": "Home", "region.code": 7}),
        ('code = "7", "a, b", "c; d", "say ""yes"""', {"code": ("7", "a, b", "c; d", 'say "yes"')}),
    ],
)
def test_filters_are_typed_as_their_attributes_are(text: str, found: object) -> None:
    assert repr(parse_filter(text)) == repr(found)
    assert repr(parse_filter(filter_text(parse_filter(text)))) == repr(found)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("pathway", "'pathway' has no value"),
        ("pathway = a = b", "'pathway' has more than one '='"),
        ("pathway = a; pathway = b", "'pathway' is there twice"),
        ("pathway =", "a name or a value is missing"),
        ("pathway = a,", "a name or a value is missing"),
        ("pathway = a;", "a name or a value is missing"),
        ("= a", "a name or a value is missing"),
        ('pathway = ""', "a name or a value is missing"),
        ('pathway = "a', "a quote is not closed"),
        ('pathway = a "b"', "'ab' cannot be read"),
    ],
)
def test_filters_that_cannot_be_read(text: str, reason: str) -> None:
    with pytest.raises(CellTextError) as raised:
        parse_filter(text)
    assert str(raised.value) == reason


def test_names_come_back() -> None:
    names = ("country", "region.area", "a, b")
    assert parse_names(names_text(names)) == names
    with pytest.raises(CellTextError, match=r"^'a=b' cannot be read$"):
        parse_names("a = b")


# What the sheets say ----------------------------------------------------------------------------


def test_blank_cells_inherit_and_filled_ones_do_not(book: Callable[..., Path]) -> None:
    sheets = said(
        ["title", "Mine"], ["why", None], ["horizon.years", "2027-2029"], ["solver.gap", 0.1]
    )
    sheets |= {"goals": [GOALS, ["growth", 3, None, None], ["welcome", None, "ideal", "Stay."]]}
    path = book(sheets)
    policy, base = load_policy(path), load_policy(path.with_name("base.toml"))
    assert (policy.name, policy.path, policy.title) == ("book", path, "Mine")
    assert policy.horizon.years == (2027, 2029)
    assert policy.solver.gap == 0.1
    growth, welcome = policy.goals["growth"], policy.goals["welcome"]
    assert growth == base.goals["growth"].model_copy(update={"weight": 3.0})
    assert (welcome.weight, welcome.scale, welcome.why) == (1.0, "ideal", "Stay.")
    assert welcome.effects == base.goals["welcome"].effects
    assert policy.limits == base.limits


def test_keys_of_the_sheet_policy(book: Callable[..., Path]) -> None:
    rows: Rows = [
        ["title", 7],
        ["why", "Because."],
        ["cases", "tiny, japan"],
        ["horizon.years", 2028],
        ["horizon.tail", 3],
        ["horizon.discount", 0.5],
        ["stability.max_change", 0.25],
        ["stability.penalty", 2],
        ["budget.carry_over", 0.1],
        ["solver.time_limit", 9],
        ["solver.seed", 4],
        ["solver.threads", 2],
    ]
    policy = load_policy(book(said(*rows)))
    assert (policy.title, policy.why, policy.cases) == ("7", "Because.", ("tiny", "japan"))
    horizon, solver = policy.horizon, policy.solver
    assert (horizon.years, horizon.tail, horizon.discount) == ((2028, 2028), 3, 0.5)
    assert policy.stability is not None
    assert (policy.stability.max_change, policy.stability.penalty) == (0.25, 2.0)
    assert policy.budget.carry_over == 0.1
    assert (solver.time_limit, solver.seed, solver.threads) == (9.0, 4, 2)


@pytest.mark.parametrize(
    ("cells", "bound"),
    [
        ({"share_of": "slots"}, Relative(times=0.5, measure="slots", by=("year",))),
        (
            {"share_of": "residents", "share_where": "pathway = study", "share_by": "none"},
            Relative(times=0.5, measure="residents", where={"pathway": "study"}, by=()),
        ),
        ({"share_of": "none"}, 0.5),
        ({"per": "none"}, 0.5),
        ({"per": "country.population"}, Amount(amount=0.5, per="country.population")),
        ({"previous": "yes", "plus": 3}, Previous(times=0.5, previous=True, plus=3.0)),
        (
            {"previous": "yes", "first_times": 2, "first_plus": 0},
            Previous(times=0.5, previous=True, first=First(times=2.0)),
        ),
        ({"previous": "no"}, 0.5),
        (
            {"previous": "no", "per": "country.population"},
            Amount(amount=0.5, per="country.population"),
        ),
    ],
)
def test_shares_stay_shares_unless_the_sheet_says_otherwise(
    book: Callable[..., Path], cells: dict[str, object], bound: object
) -> None:
    policy = load_policy(book(limit(limit="asia_share", at_most=0.5, **cells)))
    assert policy.limits[0].at_most == bound
    assert policy.limits[0].where == {"world_region": "Asia"}
    assert policy.limits[0].by == ("country", "year")


def test_limits_are_changed_emptied_and_added(book: Callable[..., Path]) -> None:
    names = ["limit", "measure", "where", "by", "at_least", "at_most", "soft", "protected"]
    rows: list[list[object]] = [
        ["asia_share", None, "none", "country, year, region", None, None, None, None],
        ["floor", None, None, None, 12, None, 0.5, "no"],
        ["europe", "slots", "world_region = Europe", "year", 3, 9, None, "yes"],
    ]
    asia, crowding, floor, europe = load_policy(book({"limits": [names, *rows]})).limits
    assert (asia.where, asia.by) == ({}, ("country", "year", "region"))
    assert isinstance(asia.at_most, Relative)
    assert isinstance(crowding.at_most, Amount)
    assert (floor.at_least, floor.soft, floor.protected) == (12.0, 0.5, False)
    assert (europe.at_least, europe.at_most, europe.protected) == (3.0, 9.0, True)
    assert europe.where == {"world_region": "Europe"}


def test_a_workbook_alone_says_what_sheets_can(tmp_path: Path) -> None:
    sheets: dict[str, Rows] = {
        "policy": [["key", "value"], ["title", "Alone"]],
        "goals": [GOALS, ["growth", 1]],
    }
    policy = load_policy(write_book(tmp_path / "alone.xlsx", sheets))
    assert (policy.title, list(policy.goals)) == ("Alone", ["growth"])


def test_changes_come_on_top(book: Callable[..., Path]) -> None:
    path = book(goal(goal="growth", weight=3))
    changed = load_policy(path, changes={"goals.growth.weight": 4, "limits.floor.at_least": 1})
    assert changed.goals["growth"].weight == 4.0
    assert changed.limits[2].at_least == 1.0
    with pytest.raises(PolicyError) as raised:
        load_policy(path, changes={"goals.growth.weight": "x"})
    assert str(raised.value) == (
        "1 problem\n- changes, goals.growth.weight: 'x' is not a number\n"
        "    Expected a number from -1,000,000 to 1,000,000."
    )


# The same as TOML -------------------------------------------------------------------------------


@pytest.mark.parametrize("source", POLICIES, ids=lambda path: path.stem)
def test_rows_written_from_a_policy_read_back_as_the_same(source: Path, tmp_path: Path) -> None:
    for file in POLICIES:
        shutil.copy(file, tmp_path)
    policy = load_policy(tmp_path / source.name)
    again = load_policy(write_book(tmp_path / "again.xlsx", policy_rows(policy)))
    assert again.hash == policy.hash


def test_a_sheet_that_says_the_same_as_changes_has_the_same_hash(tmp_path: Path) -> None:
    shutil.copy(ROOT / "models" / "balanced.toml", tmp_path)
    policy = load_policy(tmp_path / "balanced.toml")
    path = write_book(tmp_path / "book.xlsx", policy_rows(policy))
    set_cells(path, "goals", {"B2": 0.3})
    set_cells(path, "limits", {"G2": 0.15})
    changes = {"goals.alliance.weight": 0.3, "limits.country_share.at_most.times": 0.15}
    assert load_policy(path).hash == load_policy(policy.path, changes=changes).hash != policy.hash


def test_what_no_cell_can_say_is_left_to_the_policy_extended(tmp_path: Path) -> None:
    odd = """\
schema = 1
title = "Odd"
[goals.growth]
weight = 0.3
why = \"\"\"
Ends in a line break.
\"\"\"
[[limits]]
name = "both ways"
measure = "slots"
where = { world_region = ["Asia"], name = "a, b; \\"c\\"", code = "12", year = 2027.0 }
by = ["country", "odd, name"]
at_least = 3
at_most = { times = 0.5, measure = "slots" }
"""
    (tmp_path / "odd.toml").write_text(odd, encoding="utf-8")
    policy = load_policy(tmp_path / "odd.toml")
    rows = policy_rows(policy)
    assert rows["goals"]["why"].tolist() == [""]
    assert rows["limits"][["where", "by", "note"]].to_numpy().tolist()[0] == [
        "",
        'country, "odd, name"',
        "The bounds are of different kinds, so they can be changed in the TOML file only.",
    ]
    assert rows["limits"][["at_least", "at_most"]].isna().all().all()
    assert load_policy(write_book(tmp_path / "book.xlsx", rows)).hash == policy.hash


# What is wrong ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sheets", "message"),
    [
        pytest.param(
            goal(goal="grwth", weight=3),
            "sheet goals, row 2, column A (goal): 'grwth' is not a goal of base.toml\n"
            "    Expected one of growth, welcome. Maybe growth.",
            id="unknown goal",
        ),
        pytest.param(
            goal(goal="growth", weight="3"),
            "sheet goals, row 2, column B (weight): '3' is a number stored as text\n"
            "    Expected a number cell. Maybe 3.",
            id="number as text",
        ),
        pytest.param(
            goal(goal="growth", weight=1e9),
            "sheet goals, row 2, column B (weight): 1000000000.0 is above 1e+06\n"
            "    Expected a value of at most 1e+06.",
            id="weight too large",
        ),
        pytest.param(
            goal(goal="growth", scale="idael"),
            "sheet goals, row 2, column B (scale): 'idael' is not allowed\n"
            "    Expected 'ideal' or 'none'. Maybe ideal.",
            id="scale",
        ),
        pytest.param(
            goal(goal="growth", wieght=3),
            "sheet goals, row 1: unknown column 'wieght'\n"
            "    Expected columns of goals only. Maybe weight.",
            id="unknown column",
        ),
        pytest.param(
            {"goals": [GOALS, ["growth", 1], ["growth", 2]]},
            "sheet goals, row 3: goal 'growth' is already in row 2\n    Expected one row per goal.",
            id="goal twice",
        ),
        pytest.param(
            limit(limit="asia_share", at_most=0.5),
            "sheet limits, row 2, column B (at_most): 0.5 is a plain number, but in base.toml "
            "at_most is a share of slots\n"
            "    Expected share_of filled in as well: slots as there, or none for a plain number.",
            id="plain number for a share",
        ),
        pytest.param(
            limit(limit="asia_share", at_least=2),
            "sheet limits, row 2, column B (at_least): 2 is a plain number, but in base.toml "
            "at_most is a share of slots\n"
            "    Expected share_of filled in as well: slots as there, or none for a plain number.",
            id="plain number beside a share",
        ),
        pytest.param(
            limit(limit="crowding", at_most=500),
            "sheet limits, row 2, column B (at_most): 500 is a plain number, but in base.toml "
            "at_most is an amount per region.population\n"
            "    Expected per filled in as well: region.population as there, or none for a plain "
            "number.",
            id="plain number for an amount per unit",
        ),
        pytest.param(
            limit(limit="crowding", at_most=500, per="x", share_of="slots"),
            "sheet limits, row 2, column C (per): is filled in beside share_of\n"
            "    Expected one of the two.",
            id="share and amount",
        ),
        pytest.param(
            limit(limit="floor", at_least=5, share_by="year"),
            "sheet limits, row 2, column C (share_by): is filled in, but share_of names no "
            "measure\n    Expected share_of as well.",
            id="share of nothing",
        ),
        pytest.param(
            limit(limit="asia_share", share_of="slots"),
            "sheet limits, row 2, column B (share_of): is filled in, but at_least and at_most are "
            "blank\n    Expected a number in at_least or at_most as well.",
            id="share without a number",
        ),
        pytest.param(
            limit(limit="asia_share", at_most=0.5, share_of="slots", share_by="region"),
            "sheet limits, row 2, column D (share_by): region is not among the limit's groups\n"
            "    Expected the groups of the limit, or fewer.",
            id="groups of a share",
        ),
        pytest.param(
            limit(limit="floor", soft=1),
            "sheet limits, row 2, column B (soft): a protected limit cannot be soft\n"
            "    Expected one of the two.",
            id="clash with what is inherited",
        ),
        pytest.param(
            limit(limit="floor", protected=True),
            "sheet limits, row 2, column B (protected): 'TRUE' is not allowed\n"
            "    Expected yes or no, or a blank cell. Maybe yes.",
            id="truth value",
        ),
        pytest.param(
            limit(limit="floor", where="pathway exchange"),
            "sheet limits, row 2, column B (where): 'pathway exchange' cannot be read: 'pathway "
            f"exchange' has no value\n    Expected {FILTER}.",
            id="filter",
        ),
        pytest.param(
            limit(limit="floor", by="country, country"),
            "sheet limits, row 2, column B (by): 'country, country' cannot be read: 'country' is "
            "there twice\n    Expected names separated by commas, such as: country, year.",
            id="groups",
        ),
        pytest.param(
            limit(limit="flor", at_least=3),
            "sheet limits, row 2, column A (limit): 'flor' is not a limit of base.toml, and a new "
            "one needs a measure\n"
            "    Expected one of asia_share, crowding, floor, or a measure. Maybe floor.",
            id="unknown limit",
        ),
        pytest.param(
            limit(limit="new", measure="slots"),
            "sheet limits, row 2, column A (limit): neither at_least nor at_most is given\n"
            "    Expected a number, which share_of, per or previous makes a share, an amount or a "
            "factor.",
            id="limit without bounds",
        ),
        pytest.param(
            limit(limit="new", measure="value", at_least=1, goal="grwth"),
            "sheet limits, row 2, column D (goal): there is no goal 'grwth'\n"
            "    Expected one of growth, welcome. Maybe growth.",
            id="goal of a limit",
        ),
        pytest.param(
            said(["gap", 0.1]),
            "sheet policy, row 3, column A (key): 'gap' is not a known key\n"
            f"    Expected one of {KEYS}. Maybe solver.gap.",
            id="unknown key",
        ),
        pytest.param(
            said(["solver.gap", 7]),
            "sheet policy, row 3, column B (solver.gap): 7 is above 1\n"
            "    Expected a value of at most 1.",
            id="value out of range",
        ),
        pytest.param(
            said(["solver.gap", "small"]),
            "sheet policy, row 3, column B (solver.gap): 'small' is not a number\n"
            "    Expected a number from 0 to 1.",
            id="value of another kind",
        ),
        pytest.param(
            said(["horizon.years", "2027 to 2029"]),
            "sheet policy, row 3, column B (value): '2027 to 2029' does not name years\n"
            "    Expected the first and the last year, such as 2027-2029. Maybe 2027-2029.",
            id="years",
        ),
        pytest.param(
            said(["title", "a"], ["title", "b"]),
            "sheet policy, row 4: key 'title' is already in row 3\n    Expected one row per key.",
            id="key twice",
        ),
        pytest.param(
            {"policy": [["key", "value"], ["extends", "bas.toml"]]},
            "sheet policy, row 2, column B (extends): there is no file 'bas.toml'\n"
            "    Expected a file of the same folder. Maybe base.toml.",
            id="no such policy",
        ),
        pytest.param(
            {"policy": [["key", "value"], ["extends", "../base.toml"]]},
            "sheet policy, row 2, column B (extends): '../base.toml' leads out of the policy's "
            "folder\n    Expected a file of the same folder.",
            id="policy elsewhere",
        ),
        pytest.param(
            {"policy": [["key", "value"], ["extends", "other.xlsx"]]},
            "sheet policy, row 2, column B (extends): 'other.xlsx' is a workbook\n"
            "    Expected a TOML policy of the same folder.",
            id="workbook extended",
        ),
        pytest.param(
            {"policy": [["key", "value"], ["title", "Alone"]]},
            "sheet policy: goals is missing\n    Expected at least one [goals.NAME].",
            id="no goals",
        ),
        pytest.param(
            {"Limits": [["limit"], ["floor"]]},
            "sheet Limits: is not read\n"
            "    Expected the name limits for a sheet of the policy. Maybe limits.",
            id="misspelt sheet",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_cell(
    book: Callable[..., Path], sheets: dict[str, Rows], message: str
) -> None:
    with pytest.raises(PolicyError) as raised:
        load_policy(book(sheets))
    assert str(raised.value) == f"1 problem\n- book.xlsx, {message}"


def test_a_hidden_sheet_is_refused(book: Callable[..., Path]) -> None:
    import openpyxl

    path = book(goal(goal="growth", weight=3))
    workbook = openpyxl.load_workbook(path)
    workbook["goals"].sheet_state = "hidden"
    workbook.save(path)
    with pytest.raises(PolicyError) as raised:
        load_policy(path)
    assert str(raised.value) == (
        "1 problem\n- book.xlsx, sheet goals: is hidden\n    Expected a visible sheet."
    )


def test_a_workbook_without_a_sheet_policy(tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as raised:
        load_policy(write_book(tmp_path / "book.xlsx", {"Policy": EXTENDS}))
    assert str(raised.value) == (
        "1 problem\n- book.xlsx: has no sheet 'policy'\n"
        "    Expected a sheet with the keys title and extends. Maybe Policy."
    )


def test_other_workbooks_and_missing_ones(book: Callable[..., Path]) -> None:
    path = book({})
    path.with_name("book.xls").write_text("x", encoding="utf-8")
    with pytest.raises(PolicyError) as raised:
        load_policy(path.with_name("book.xls"))
    assert str(raised.value) == (
        "1 problem\n- book.xls: is a .xls file\n    Expected a .toml file or an .xlsx workbook."
    )
    with pytest.raises(PolicyError) as raised:
        load_policy(path.with_name("bok.xlsx"))
    assert str(raised.value) == (
        f"1 problem\n- bok.xlsx: there is no such file in {path.parent}\n    Maybe book.xlsx."
    )


def test_the_documentation_shows_what_is_said(tmp_path: Path) -> None:
    shutil.copy(ROOT / "models" / "balanced.toml", tmp_path)
    rows = policy_rows(load_policy(tmp_path / "balanced.toml"))
    path = write_book(tmp_path / "japan.xlsx", rows)
    set_cells(path, "limits", {"G2": 0.15, "H2": None, "J2": None})
    with pytest.raises(PolicyError) as raised:
        load_policy(path)
    text = (ROOT / "docs" / "policies.md").read_text(encoding="utf-8")
    assert f"```text\n{raised.value.problems[0]}\n```" in text


def test_the_documentation_lists_every_key_and_column() -> None:
    text = (ROOT / "docs" / "policies.md").read_text(encoding="utf-8")
    section = text.partition("## Policies in a workbook")[2].partition("\n## ")[0]
    names = [*POLICY_KEYS, *(column.name for column in LIMITS.columns if column.name != "note")]
    assert [name for name in names if f"`{name}`" not in section] == []


# With a case ------------------------------------------------------------------------------------


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """Give the tiny case and its policy as one workbook, with the policy it extends beside it."""
    shutil.copy(ROOT / "models" / "tiny.toml", tmp_path)
    write_case(load_case(ROOT / "inputs" / "tiny"), tmp_path / "tiny.xlsx")
    return write_book(tmp_path / "tiny.xlsx", policy_rows(load_policy(tmp_path / "tiny.toml")))


def join(path: Path, **changes: object) -> list[str]:
    """Join the case and the policy of a workbook, and give the places of what does not fit."""
    with pytest.raises(PolicyError) as raised:
        build_instance(load_case(path), load_policy(path, changes=changes))
    return [problem.place for problem in raised.value.problems]


def test_what_does_not_fit_the_case_is_told_with_its_cell(tiny: Path) -> None:
    set_cells(tiny, "limits", {"C4": "line.agency = Industri", "D3": "regoin, year"})
    assert join(tiny) == [
        "tiny.xlsx, sheet limits, row 3, column D (by)",
        "tiny.xlsx, sheet limits, row 4, column C (where)",
    ]


def test_what_is_inherited_or_changed_keeps_its_own_name(tiny: Path) -> None:
    policy = tiny.with_name("tiny.toml")
    text = policy.read_text(encoding="utf-8")
    text = text.replace('pathway = "protection"', 'pathway = "protektion"')
    policy.write_text(text.replace('service = "lessons"', 'service = "lesons"'), "utf-8")
    set_cells(tiny, "limits", {"C4": None, "C5": None})
    assert join(tiny, **{"limits.industry_money.where": {"line.agency": "Industri"}}) == [
        "changes, limits.industry_money.where.line.agency",
        "tiny.toml, goals.safe_haven.effects.1.where",
        "tiny.toml, goals.safe_haven.effects.1.where.pathway",
        "tiny.toml, limits.lessons_in_the_hills.where.service",
        "tiny.toml, support_floor.1.where",
        "tiny.toml, support_floor.1.where.pathway",
    ]


def test_the_further_policy_below_is_named_too(tiny: Path) -> None:
    policy = tiny.with_name("tiny.toml")
    text = policy.read_text(encoding="utf-8")
    policy.write_text(text.replace('service = "lessons"', 'service = "lesons"'), "utf-8")
    middle = 'schema = 1\ntitle = "Middle"\nextends = "tiny.toml"\n[goals.bridges]\nweight = 2\n'
    tiny.with_name("middle.toml").write_text(middle, encoding="utf-8")
    set_cells(tiny, "policy", {"B2": "middle.toml"})
    set_cells(tiny, "limits", {"C5": None})
    assert join(tiny) == ["tiny.toml, limits.lessons_in_the_hills.where.service"]


def test_a_policy_for_other_cases(tiny: Path) -> None:
    set_cells(tiny, "policy", {"A8": "cases", "B8": "japan"})
    with pytest.raises(PolicyError) as raised:
        solve(tiny, tiny)
    assert str(raised.value) == (
        "1 problem\n- tiny.xlsx, sheet policy, row 8, column B (cases): is not meant for case "
        "'tiny'\n    Expected one of japan. Maybe add \"tiny\" to its `cases`."
    )


def test_a_goal_of_which_nothing_can_be_earned(tmp_path: Path) -> None:
    write_case(load_case(ROOT / "inputs" / "tiny"), tmp_path / "tiny.xlsx")
    sheets: dict[str, Rows] = {
        "policy": [["key", "value"], ["title", "Alone"]],
        "goals": [GOALS, ["growth", 1]],
    }
    path = write_book(tmp_path / "tiny.xlsx", sheets)
    with pytest.raises(PolicyError) as raised:
        solve(path, path)
    assert str(raised.value) == (
        "1 problem\n- tiny.xlsx, sheet goals, row 2, column C (scale): nothing of goal 'growth' "
        "can be earned in case 'tiny' (its ideal is 0)\n"
        "    Expected a scale as a number, or 'none'."
    )


@pytest.mark.slow
def test_one_workbook_is_policy_and_case(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*words: object) -> int:
        monkeypatch.setattr("sys.argv", ["optimizer", *map(str, words)])
        return cli.main()

    monkeypatch.chdir(tiny.parent)
    assert run("solve", tiny) == 0
    assert " to runs/tiny-tiny" in capsys.readouterr().out
    for plan in ("runs/tiny-tiny", "runs/tiny-tiny/plan.xlsx"):
        assert run("check", plan, tiny) == 0
        assert capsys.readouterr().out.startswith("Every rule holds.")
    assert run("formulation", tiny) == 0
    assert capsys.readouterr().out.startswith("# tiny on tiny")
    assert run("solve", tiny.with_name("tiny.toml")) == 2
    assert "CASE: is missing; only an .xlsx can be both" in capsys.readouterr().err
    same = solve(tiny.with_name("tiny.toml"), ROOT / "inputs" / "tiny")
    assert same.objective == solve(tiny, tiny).objective


def test_validate_reads_a_workbook_as_what_it_is(tiny: Path) -> None:
    both = validate([tiny])
    assert [(item.policy, item.case, item.message) for item in both] == [
        (tiny, tiny, "relaxation solved")
    ]
    alone = tiny.with_name("alone.xlsx")
    write_book(alone, policy_rows(load_policy(tiny.with_name("tiny.toml"))))
    (only,) = validate([alone])
    assert (only.policy, only.case, only.ok) == (alone, None, True)
    set_cells(tiny, "goals", {"A2": "aliance"})
    wrong, case = validate([tiny])
    assert (wrong.policy, wrong.case, wrong.ok) == (tiny, None, False)
    assert [str(problem).splitlines()[0] for problem in wrong.problems] == [
        "tiny.xlsx, sheet goals, row 2, column A (goal): 'aliance' is not a goal of tiny.toml"
    ]
    assert (case.policy, case.case, case.ok) == (None, tiny, True)


STEPS = """
[[limits]]
name = "steps"
measure = "slots"
by = ["year"]
at_most = { times = 1.2, previous = true, plus = 4, first = { times = 2, plus = 5 } }
at_least = { times = 0.8, previous = true, plus = 4, first = { times = 2, plus = 5 } }
"""


def test_a_limit_against_the_year_before_is_changed_in_part(
    book: Callable[..., Path], tmp_path: Path
) -> None:
    path = book(limit(limit="steps", at_most=1.5, previous="yes", first_plus=6))
    base = path.parent / "base.toml"
    base.write_text(base.read_text(encoding="utf-8") + STEPS, encoding="utf-8")
    steps = load_policy(path).limits[-1]
    first = First(times=2.0, plus=6.0)
    assert steps.at_most == Previous(times=1.5, previous=True, plus=4.0, first=first)
    assert steps.at_least == Previous(
        times=0.8, previous=True, plus=4.0, first=First(times=2.0, plus=5.0)
    )
    # What a workbook is written from is what it says.
    row = policy_rows(load_policy(base))["limits"].iloc[-1]
    cells = row[["at_least", "at_most", "previous", "plus", "first_times", "first_plus"]]
    assert cells.tolist() == [0.8, 1.2, "yes", 4.0, 2.0, 5.0]


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (
            {"at_most": 2},
            "(at_most): 2 is a plain number, but in base.toml at_most is a factor on the year "
            "before\n    Expected previous filled in as well: yes as there, or no for a plain "
            "number.",
        ),
        (
            {"at_most": 2, "previous": "yes", "per": "country.population"},
            "(previous): is filled in beside per\n    Expected one of the two.",
        ),
        (
            {"at_least": 1, "at_most": 2, "previous": "no", "plus": 0},
            "(plus): is filled in, but previous is not\n    Expected yes in previous as well.",
        ),
        (
            {"plus": 0},
            "(plus): is filled in, but at_least and at_most are blank\n    Expected a number in "
            "at_least or at_most as well.",
        ),
        (
            {"at_most": 2, "previous": "yes", "plus": -1},
            "(plus): -1.0 is below 0\n    Expected a value of at least 0.",
        ),
        (
            {"at_most": 2, "previous": "yes", "first_times": -1},
            "(first_times): -1.0 is below 0\n    Expected a value of at least 0.",
        ),
    ],
)
def test_cells_of_the_year_before_are_told(
    book: Callable[..., Path], cells: dict[str, object], message: str
) -> None:
    path = book(limit(limit="steps", **cells))
    base = path.parent / "base.toml"
    base.write_text(base.read_text(encoding="utf-8") + STEPS, encoding="utf-8")
    with pytest.raises(PolicyError) as raised:
        load_policy(path)
    assert str(raised.value).endswith(message)
    assert str(raised.value).startswith("1 problem\n- ")
