"""Attributes of the user: text to group and filter by, figures to whoever counts with them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from golden.small_cases import HOSTED, NATIONAL, SmallCase
from optimizer import Session, load_case, solve
from optimizer.case.writing import write_case
from optimizer.errors import InputError, PolicyError
from optimizer.instance import Instance
from optimizer.policy.cell_text import filter_text, parse_filter

Join = Callable[[SmallCase], Instance]


@pytest.fixture
def join(tmp_path: Path) -> Join:
    return lambda case: case.instance(tmp_path)


def limit(body: str) -> str:
    return f'[[limits]]\nname = "l"\nmeasure = "slots"\n{body}\n'


def coded(*codes: str, policy: str = "") -> SmallCase:
    """One country for each code, all with applicants."""
    names = [chr(ord("A") + place) * 2 for place in range(len(codes))]
    pairs = list(zip(names, codes, strict=True))
    return NATIONAL.with_(
        policy,
        countries=(
            "country,name,world_region,code",
            *(f"{name},{name},Asia,{code}" for name, code in pairs),
        ),
        applicants=tuple(f"{name},t,,10" for name in names),
    )


def groups_of(instance: Instance) -> list[str]:
    return list(instance.limits[0].groups.index)


BY_CODE = limit('by = ["code"]\nat_most = 1')


@pytest.mark.parametrize(
    ("codes", "groups"),
    [
        pytest.param(["01", "1", "13"], ["code=01", "code=1", "code=13"], id="leading zero"),
        pytest.param(["10", "9", "2"], ["code=2", "code=9", "code=10"], id="by size"),
        pytest.param(["1.0", "1", "1.00"], ["code=1", "code=1.0", "code=1.00"], id="decimals"),
        pytest.param(["1e3", "1000"], ["code=1000", "code=1e3"], id="exponent"),
        pytest.param(["+1", "1"], ["code=+1", "code=1"], id="sign"),
        pytest.param(["true", "yes", "1"], ["code=1", "code=true", "code=yes"], id="truth values"),
        pytest.param(["2030-01-02", "b"], ["code=2030-01-02", "code=b"], id="dates"),
        pytest.param(["NA", "nan", "inf"], ["code=NA", "code=inf", "code=nan"], id="words"),
        pytest.param(["1", "2", "3A"], ["code=1", "code=2", "code=3A"], id="a letter in one"),
        pytest.param(["2", "", "2"], ["code=2"], id="blank belongs nowhere"),
        pytest.param(
            ["123456789012345678901", "123456789012345678902"],
            ["code=123456789012345678901", "code=123456789012345678902"],
            id="more digits than a number has",
        ),
        pytest.param(["1" * 30, "0"], ["code=0", "code=" + "1" * 30], id="too large a number"),
    ],
)
def test_groups_are_told_apart_as_they_are_written(
    codes: list[str], groups: list[str], join: Join
) -> None:
    assert groups_of(join(coded(*codes, policy=BY_CODE))) == groups


def test_one_slot_per_office(tmp_path: Path) -> None:
    # Three offices, one slot each; 01 and 1 are two of them.
    case, policy = coded("01", "1", "13", policy=BY_CODE).write(tmp_path)
    assert solve(policy, case).slots_total == 3


@pytest.mark.parametrize(
    ("wanted", "countries"),
    [
        pytest.param('"01"', ["AA"], id="text"),
        pytest.param("1", ["BB"], id="a number is its digits"),
        pytest.param("1.0", ["BB"], id="a whole number has no decimals"),
        pytest.param('["1", 13]', ["BB", "CC"], id="both"),
    ],
)
def test_filters_take_what_is_written(wanted: str, countries: list[str], join: Join) -> None:
    policy = limit(f"where = {{ code = {wanted} }}\nat_most = 1")
    instance = join(coded("01", "1", "13", policy=policy))
    measured = instance.limits[0].measured["position"]
    assert instance.sets.cohort.loc[measured, "country"].tolist() == countries


@pytest.mark.parametrize(
    ("codes", "wanted", "told"),
    [
        (["01", "02"], "1", 'no country has code = 1\n    Expected one of 01, 02. Maybe "01".'),
        (["1", "2"], '"01"', "no country has code = '01'\n    Expected one of 1, 2. Maybe \"1\"."),
        (
            ["0.50", "2"],
            "0.5",
            'no country has code = 0.5\n    Expected one of 0.50, 2. Maybe "0.50".',
        ),
        (["yes", "no"], "true", "no country has code = True\n    Expected one of no, yes."),
    ],
)
def test_filters_of_other_digits_match_nothing(
    codes: list[str], wanted: str, told: str, join: Join
) -> None:
    policy = limit(f"where = {{ code = {wanted} }}\nat_most = 1")
    with pytest.raises(PolicyError) as caught:
        join(coded(*codes, policy=policy))
    assert str(caught.value.problems[0]) == f"policy.toml, limits.l.where.code: {told}"


def test_filters_in_sheets_keep_leading_zeros() -> None:
    assert parse_filter("office = 01, 1, 0.5") == {"office": ("01", 1, 0.5)}
    assert parse_filter(filter_text({"office": ("01", "1", 1)})) == {"office": ("01", "1", 1)}


SCORED = """\
[goals.g]
weight = 1
scale = "none"
indicators = [{ column = "code" }]
effects = [{ stage = "enter", effect = 1 }]
"""


def test_indicators_are_figures_however_they_are_written(join: Join) -> None:
    scores = join(coded("01", "1.50", "2e0").aiming_at(SCORED)).scores.countries["g"]
    assert scores.tolist() == pytest.approx([0.0, 0.5, 1.0])


@pytest.mark.parametrize(
    ("codes", "told"),
    [
        (
            ["1", "2", "3A"],
            "countries.csv row 4, column code: '3A' is not a number\n"
            "    Expected a number or a blank cell.",
        ),
        (
            ["1", "2", "9" * 30],
            f"countries.csv row 4, column code: '{'9' * 30}' is too large a number\n"
            "    Expected a number or a blank cell.",
        ),
        (
            ["x", "y", "3"],
            "policy.toml, goals.g.indicators.code.column: 'code' is not a numeric column of "
            "countries\n    Expected a numeric attribute column.",
        ),
    ],
)
def test_indicators_that_are_no_figures(codes: list[str], told: str, join: Join) -> None:
    with pytest.raises(PolicyError) as caught:
        join(coded(*codes).aiming_at(SCORED))
    assert [str(problem) for problem in caught.value.problems] == [told]


def test_amounts_per_unit_read_figures(join: Join) -> None:
    policy = limit('at_most = { amount = 2, per = "code" }')
    bound = join(coded("01", "1.50", policy=policy)).limits[0].bounds[0]
    assert bound.constant.tolist() == [5.0]
    with pytest.raises(PolicyError, match=r"countries.csv row 4, column code: 'x' is not a number"):
        join(coded("1", "2", "x", policy=policy))


@pytest.mark.parametrize("cell", ["90 %", "1,234", "n/a", "=A1", "#REF!", "nan", "2030-01-02"])
def test_spoiled_figures_among_figures_are_told_when_read(cell: str, tmp_path: Path) -> None:
    case, _ = coded("1", "2", f'"{cell}"').write(tmp_path)
    with pytest.raises(InputError, match="row 4, column code"):
        load_case(case)


def test_a_blank_group_of_diminishing_returns_is_told(join: Join) -> None:
    curve = 'diminishing = { by = ["code"], per = "horizon", breakpoints = [[0, 1], [5, 0.5]] }\n'
    goal = '[goals.g]\nweight = 1\nscale = "none"\neffects = [{ stage = "enter", effect = 1 }]\n'
    with pytest.raises(PolicyError, match="part of the value of goal 'g' belongs to no code"):
        join(coded("a", "").aiming_at(goal + curve))
    groups = join(coded("01", "1").aiming_at(goal + curve)).diminishing["g"].groups
    assert groups == ["code=01", "code=1"]


def test_codes_survive_a_workbook_and_a_folder(tmp_path: Path) -> None:
    case, _ = coded("01", "1", "0.50", "-7", "x", policy=BY_CODE).write(tmp_path)
    read = load_case(case)
    write_case(read, tmp_path / "hand.xlsx")
    for path in (tmp_path / "hand.xlsx", case):
        assert load_case(path).table("countries")["code"].tolist() == ["01", "1", "0.50", "-7", "x"]


def test_number_cells_and_text_cells_of_a_sheet_are_the_same_code(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    case, _ = coded("1", "2", "3").write(tmp_path)
    path = tmp_path / "hand.xlsx"
    write_case(load_case(case), path)
    book = openpyxl.load_workbook(path)
    for row, value in enumerate([1, "1", "01"], start=2):
        book["countries"].cell(row, 4).value = value
    book.save(path)
    assert load_case(path).table("countries")["code"].tolist() == ["1", "1", "01"]


def test_figures_are_changed_by_their_address(tmp_path: Path) -> None:
    case, policy = coded("01", "1.50", "2").aiming_at(SCORED).write(tmp_path)
    session = Session(policy, case)
    session.change({"countries[country=AA].code": 1.75})
    assert session.case.table("countries")["code"].tolist() == ["1.75", "1.50", "2"]
    fresh = solve(policy, case, changes={"countries[country=AA].code": 1.75})
    assert session.solve().objective == pytest.approx(fresh.objective)


def test_labels_of_figures_that_tables_have_by_themselves(join: Join) -> None:
    # The completion rate of track t is 1, told as the table tells it.
    policy = limit('by = ["completion_rate", "duration_years"]\nat_most = 1')
    assert groups_of(join(NATIONAL.with_(policy))) == ["completion_rate=1, duration_years=1"]


# Amounts per unit where some figure is blank

PLACES = (
    "region,name,area,population",
    "r1,R,east,100",
    "r2,S,west,300",
    "abroad,Abroad,abroad,",
)


def placed(policy: str) -> SmallCase:
    """Two regions host who comes; who goes abroad is hosted there, where nobody is counted."""
    return HOSTED.with_(
        policy,
        tracks=(
            "t,T,study,M,care,inbound,1,0,no,1,no",
            "u,U,exchange,M,care,outbound,1,0,no,1,no",
        ),
        regions=PLACES,
        applicants=("AA,t,,4", "BB,t,,3", "AA,u,,2"),
        sites=("t,r1,,5", "t,r2,,5", "u,abroad,,5"),
    )


@pytest.mark.parametrize(
    ("body", "numbers"),
    [
        pytest.param('by = ["region"]\nat_least', {"r1": 1.0, "r2": 3.0}, id="a floor"),
        pytest.param('by = ["region"]\nat_most', {"r1": 1.0, "r2": 3.0}, id="a ceiling"),
        pytest.param("at_most", {"": 4.0}, id="all together"),
        pytest.param('by = ["year"]\nat_most', {"": 4.0}, id="other groups"),
    ],
)
@pytest.mark.parametrize(
    "where",
    [
        pytest.param('direction = "inbound"', id="no inbound track is hosted abroad"),
        pytest.param('area = ["east", "west"]', id="another area"),
        pytest.param('region.region = ["r1", "r2"]', id="by name"),
        pytest.param('direction = "inbound", world_region = ["Asia", "Europe"]', id="countries"),
    ],
)
def test_figures_of_who_is_filtered_out_may_be_blank(
    body: str, numbers: dict[str, float], where: str, join: Join
) -> None:
    if "world_region" in where and "region" in body.partition("at_")[0]:
        where = where.partition(",")[0]  # with both the limit is one on single slots
    where = where.replace("region.region", '"region.region"')
    per = '{ amount = 0.01, per = "region.population" }'
    joined = join(placed(limit(f"where = {{ {where} }}\n{body} = {per}"))).limits[0]
    assert joined.bounds[0].constant.tolist() == pytest.approx(list(numbers.values()))


@pytest.mark.parametrize(
    "body",
    [
        'by = ["region"]\nat_most',
        "at_most",
        'where = { direction = "outbound" }\nat_most',
        'where = { world_region = "Asia" }\nat_most',
    ],
)
def test_figures_of_who_counts_may_not_be_blank(body: str, join: Join) -> None:
    per = '{ amount = 0.01, per = "region.population" }'
    with pytest.raises(PolicyError, match=r"'region.population' is blank for abroad"):
        join(placed(limit(f"{body} = {per}")))


def test_limits_count_per_resident_of_today(tmp_path: Path) -> None:
    # 1 place per 100 of 200 and of 400 residents.
    text = limit('by = ["region"]\nat_most = { amount = 0.01, per = "region.residents_today" }')
    case = HOSTED.with_(
        text,
        regions=("region,name,area,jobs,residents_today", "r1,R,east,2,200", "r2,S,west,5,400"),
    )
    joined = case.instance(tmp_path).limits[0]
    assert joined.bounds[0].constant.tolist() == pytest.approx([2.0, 4.0])
