"""Addresses: every name has a spelling, and what is written is read back."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import optimizer
from case_builder import smallest_case, write_case
from optimizer.errors import PolicyError
from optimizer.io.changes import made_after, parse_changes
from optimizer.io.toml import dotted
from optimizer.schema.addresses import (
    CellAddress,
    address_of,
    cell_of,
    is_cell,
    meant,
    names_of,
    one_spelling,
    split_change,
)

# Signs of addresses far more often than chance would have them.
NAMES = st.text(st.one_of(st.sampled_from("""[]=.,*"' ab\n"""), st.characters()), max_size=8)
WORDS = st.from_regex(r"[a-z_]{1,6}", fullmatch=True)
CELLS = st.builds(
    CellAddress,
    WORDS,
    st.lists(st.tuples(WORDS, NAMES), max_size=3).map(tuple),
    NAMES.filter(bool),
)


@given(st.lists(NAMES, min_size=1, max_size=4).map(tuple))
def test_every_address_of_a_policy_is_read_back_as_it_is_written(names: tuple[str, ...]) -> None:
    assert names_of(address_of(names)) == names
    assert not is_cell(address_of(names))


@given(CELLS)
def test_every_address_of_a_cell_is_read_back_as_it_is_written(cell: CellAddress) -> None:
    assert is_cell(str(cell))
    assert cell_of(str(cell)) == cell


@given(st.one_of(CELLS.map(str), st.lists(NAMES, min_size=1, max_size=4).map(address_of)), NAMES)
def test_every_address_can_be_given_a_value(address: str, value: str) -> None:
    assert split_change(f"{address}={value}") == (address.strip(), value.strip())


@given(st.one_of(CELLS.map(str), st.lists(NAMES, min_size=1, max_size=4).map(address_of)))
def test_one_spelling_is_its_own(address: str) -> None:
    assert one_spelling(one_spelling(address)) == one_spelling(address)


@given(st.text(st.one_of(st.sampled_from("""[]=.,*"' ab"""), st.characters()), max_size=30))
def test_no_text_breaks_the_reader_and_what_is_proposed_can_be_typed(text: str) -> None:
    split_change(text)
    one_spelling(text)
    proposed = meant(text)
    if proposed is not None:
        assert is_cell(proposed) or names_of(proposed) is not None
        assert not is_cell(proposed) or str(cell_of(proposed)) == proposed


@pytest.mark.parametrize(
    "name", ["st. louis", 'the "big" three', "o'hare", "a=b", " x", "plain", """both " and '""", ""]
)
def test_addresses_are_read_back_as_they_are_told(name: str) -> None:
    address = dotted(("limits", name, "at_most"), {})
    assert names_of(address) == ("limits", name, "at_most")


@pytest.mark.parametrize(
    ("address", "spelling"),
    [
        ("limits.'x'.at_most", "limits.x.at_most"),
        (' limits . "a.b" . at_most ', 'limits."a.b".at_most'),
        ("limits.'it''s'.at_most", """limits."it's".at_most"""),
        ("limits.it's.at_most", """limits."it's".at_most"""),
        ("limits.x, y.at_most", 'limits."x, y".at_most'),
        ("budgets[year='2030', line=a].amount_usd", "budgets[line=a, year=2030].amount"),
        ("budgets[line=Women's fund].amount", """budgets[line="Women's fund"].amount"""),
        ("budgets[line=a=b].amount", 'budgets[line="a=b"].amount'),
        ("tracks[].min_cohort", "tracks[].min_cohort"),
        ("countries[country=KEN].'gdp [usd]'", 'countries[country=KEN]."gdp [usd]"'),
    ],
)
def test_spellings_of_one_address(address: str, spelling: str) -> None:
    assert one_spelling(address) == spelling


def test_what_is_changed_in_another_spelling_is_changed_twice() -> None:
    with pytest.raises(PolicyError) as caught:
        parse_changes(["limits.a.at_most=1", "limits.'a'.at_most=2", "t[k=a].x=1", 't[k="a"].x=2'])
    assert str(caught.value) == (
        "2 problems\n- changes, limits.'a'.at_most: is changed twice\n"
        '- changes, t[k="a"].x: is changed twice'
    )
    before = {"limits.'a'.at_most": 1, "budgets[line='b'].amount": 2}
    after = {"limits.a.at_most": 3, "budgets[line=b].amount": 4}
    assert made_after(before, after) == after


POLICY = """\
schema = 1
title = "As many as there is money for"
[goals.g]
weight = 1
scale = "none"
effects = [{ stage = "complete", effect = 1 }]
[[limits]]
name = '''%s'''
measure = "slots"
at_most = 9
"""
ODD = ["Research, basic", "a]b", "a[b", "[x]", 'the "big" one', "it's", """both " and '""", "a=b"]
"""Names that hold what addresses are made of."""


def small_case(folder: Path, line: str = "science") -> Path:
    """A national case with one budget line."""
    line = '"' + line.replace('"', '""') + '"'
    files = smallest_case() | {
        "budgets.csv": f"line,year,agency,amount_jpy\n{line},2027,M,100\n{line},2028,M,100\n",
        "costs.csv": f"track,line,year_of_stay,amount_jpy\nstudy,{line},1,2\nstudy,{line},2,2\n",
    }
    return write_case(folder, files)


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "p.toml"
    path.write_text(POLICY % "few", encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ODD)
def test_money_of_a_line_of_any_name_can_be_changed(
    tmp_path: Path, policy: Path, name: str
) -> None:
    case = small_case(tmp_path / "case", name)
    address = str(CellAddress("budgets", (("line", name),), "amount_jpy"))
    changed = optimizer.Session(policy, case, changes=parse_changes([f"{address}=50"])).case
    assert changed.table("budgets")["amount"].tolist() == [50.0, 50.0]


@pytest.mark.parametrize("name", ODD)
def test_limits_of_any_name_can_be_changed(policy: Path, name: str) -> None:
    policy.write_text(POLICY.replace("'''%s'''", '"' + name.replace('"', '\\"') + '"'))
    changes = parse_changes([f"{address_of(('limits', name, 'at_most'))}=3"])
    assert optimizer.load_policy(policy, changes=changes).limits[0].at_most == 3.0


@pytest.mark.parametrize(
    ("address", "told"),
    [
        (
            "budgets[line=Research, basic].amount",
            "changes, budgets[line=Research, basic].amount: 'basic' chooses no rows\n"
            '    Expected key=value. Maybe budgets[line="Research, basic"].amount.',
        ),
        (
            "budgets[line=a]b].amount",
            "changes, budgets[line=a]b].amount: is not the address of a cell\n"
            "    Expected table[key=value, ...].column; in quotes what holds a comma, a bracket "
            'or a quote. Maybe budgets[line="a]b"].amount.',
        ),
        (
            'budgets[line="the "big" one", year=2030].amount',
            'changes, budgets[line="the "big" one", year=2030].amount: is not the address of a '
            "cell\n    Expected table[key=value, ...].column; in quotes what holds a comma, a "
            "bracket or a quote. Maybe budgets[line='the \"big\" one', year=2030].amount.",
        ),
        (
            "budgets[line=science.amount",
            "changes, budgets[line=science.amount: is not the address of a cell\n"
            "    Expected table[key=value, ...].column; in quotes what holds a comma, a bracket "
            "or a quote.",
        ),
        (
            "limits.few [year=2030].at_most",
            "changes: 'limits.few [year=2030].at_most' is not an address\n"
            '    Expected names joined by dots. Maybe limits."few [year=2030]".at_most.',
        ),
        (
            "limits.few [2030].at_most",
            "changes: 'limits.few [2030].at_most' is not an address\n"
            '    Expected names joined by dots. Maybe limits."few [2030]".at_most.',
        ),
    ],
)
def test_an_address_that_cannot_be_read_is_told_with_what_is_meant(
    tmp_path: Path, policy: Path, address: str, told: str
) -> None:
    changes = parse_changes([f"{address}=50"])
    assert list(changes) == [address]
    with pytest.raises(PolicyError) as caught:
        optimizer.Session(policy, small_case(tmp_path / "case"), changes=changes)
    assert str(caught.value) == f"1 problem\n- {told}"
