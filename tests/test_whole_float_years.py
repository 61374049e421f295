"""Years that are given as 2030.0: the same years in every address, keep and argument."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import optimizer
from optimizer import ArgumentError, InputError, Keep, Near, PolicyError
from optimizer.case.changes import change_case
from optimizer.errors import Problems
from optimizer.explain.wanting import slots_from, wanted_from
from optimizer.instance import joined
from optimizer.plan import COLUMNS, SLOT_KEYS, Decisions
from optimizer.plan.keeping import kept_slots
from optimizer.runs.keeping import split_keep
from optimizer.schema.addresses import CellAddress, cell_of, one_spelling
from optimizer.schema.years import YEAR_KEYS
from optimizer.sweeps.expanding import expanded
from shared import ROOT, tiny

YEARS = st.integers(min_value=1900, max_value=2200)
ZEROS = st.integers(min_value=1, max_value=3).map(lambda count: "0" * count)


@given(
    YEARS,
    ZEROS,
    st.sampled_from(sorted(YEAR_KEYS)),
    st.sampled_from(["{}", "'{}'", '"{}"', " {} "]),
)
def test_a_whole_float_is_the_year_in_every_spelling(
    year: int, zeros: str, key: str, quotes: str
) -> None:
    written = quotes.format(f"{year}.{zeros}")
    address = f"budgets[line=science, {key}={written}].amount"
    assert cell_of(address) == cell_of(f"budgets[line=science, {key}={year}].amount")
    assert one_spelling(address) == one_spelling(f"budgets[line=science, {key}={year}].amount")
    assert cell_of(str(CellAddress("budgets", ((key, f"{year}.{zeros}"),), "amount"))).keys == (
        (key, str(year)),
    )


@pytest.mark.parametrize(
    ("key", "value"), [("year", "2030.5"), ("year", "2030."), ("year", "2.03e3"), ("line", "1.0")]
)
def test_nothing_else_is_taken_for_another(key: str, value: str) -> None:
    assert cell_of(f"budgets[{key}={value}].amount").keys == ((key, value),)


def test_cells_are_changed_and_chosen_by_it() -> None:
    policy, case = tiny()
    addresses = [f"national_caps[track=work, year={year}].max" for year in ("2030", "2030.0")]
    tables = [change_case(case, {each: 3})[0].table("national_caps") for each in addresses]
    assert tables[0].equals(tables[1])
    assert not tables[0].equals(case.table("national_caps"))
    with pytest.raises(PolicyError, match="names the same cells as"):
        change_case(case, dict.fromkeys(addresses, 3))
    with pytest.raises(PolicyError, match=r"Maybe year=2030\."):
        change_case(case, {"national_caps[track=work, year=2030.5].max": 3})
    plain, odd = (expanded(each.replace("work", "*"), {}, case, Problems()) for each in addresses)
    assert plain == odd == ("national_caps[year=2030].max",)
    instance = joined(case, policy)
    asked = "slots[country=AVA, track=lab, year=2030.0]"
    assert slots_from(asked, instance).where["year"] == 2030
    assert wanted_from(f"{asked} >= 3", None, instance).where["year"] == 2030
    with pytest.raises(PolicyError, match=r"'2030\.5' is not a year"):
        slots_from("slots[year=2030.5]", instance)


SLOTS = Decisions(
    pd.DataFrame(
        [("AVA", "lab", "standard", "coast", year, year - 2028) for year in (2030, 2031)],
        columns=[*SLOT_KEYS, "slots"],
    ).astype(COLUMNS["slots"])
)
GIVEN: dict[str, Any] = {
    "float": 2030.0,
    "text": "2030.0",
    "NumPy": np.float64(2030),
    "list": [2030.0],
    "array": np.array([2030.0]),
    "column": pd.Series([2030.0, None]).dropna(),
    "column of integers": pd.array([2030], dtype="Int64"),
    "index": pd.Index([2030.0]),
}


@pytest.mark.parametrize("kind", GIVEN)
def test_slots_are_kept_by_it(kind: str) -> None:
    plain, keep = (Keep(SLOTS, {"year": year}) for year in (2030, GIVEN[kind]))
    assert keep.slots["slots"].tolist() == [2]
    assert keep.slots.equals(plain.slots)
    assert (keep.facts(), keep.in_words()) == (plain.facts(), plain.in_words())
    near = Near(SLOTS, 1.0, {"year": GIVEN[kind]})
    assert near.facts() == Near(SLOTS, 1.0, {"year": 2030}).facts()


def test_half_a_year_is_not_kept() -> None:
    path, where = split_keep("runs/a,year=2030.0,country=AVA")
    assert (path, where) == ("runs/a", {"year": ["2030.0"], "country": ["AVA"]})
    instance = optimizer.build_instance(*tiny()[::-1])
    kept, impossible = kept_slots(instance, [Keep(SLOTS, where)])
    assert kept.cells["slots"].tolist() == [2]
    assert not len(impossible)
    with pytest.raises(ArgumentError, match=r"with year '2030\.5'\n.*Maybe 2030\."):
        kept_slots(instance, [Keep(SLOTS, {"year": 2030.5})])


def test_limits_that_are_added_take_it() -> None:
    session, points = optimizer.Session(*tiny()), list[float]()
    for number, year in enumerate((2030, 2030.0)):
        name = f"few {number}"
        limit = {"name": name, "measure": "slots", "where": {"year": [year]}, "at_most": 7}
        session.add_limit(limit)
        relaxed = session.relax().points
        assert relaxed is not None
        points.append(relaxed)
        session.drop(name)
    assert points[0] == pytest.approx(points[1])
    assert points[0] < 469.0


def test_years_of_frames_may_be_floats_and_those_of_a_policy_not(tmp_path: Path) -> None:
    frames = {path.stem: pd.read_csv(path) for path in (ROOT / "inputs" / "tiny").glob("*.csv")}
    for years in ([2030.0, 2031.0], pd.Series([2030.0, 2031.0]), np.array([2030.0, 2031.0])):
        assert optimizer.load_case(frames, years=years, title="Tiny", currency="JPY").years == (
            2030,
            2031,
        )
    with pytest.raises(InputError, match=r"load_case, years\.1: 2030\.5 is not an integer"):
        optimizer.load_case(frames, years=[2030.5, 2031], title="Tiny", currency="JPY")
    path = tmp_path / "odd.toml"
    tables = 'schema = 1\ntitle = "Odd"\n[goals.g]\nweight = 1\n[horizon]\nyears = [2030.0, 2031]\n'
    path.write_text(tables, encoding="utf-8")
    with pytest.raises(PolicyError) as caught:
        optimizer.load_policy(path)
    told = "odd.toml, horizon.years.1: 2030.0 is not an integer\n    Expected an integer."
    assert str(caught.value) == f"1 problem\n- {told}"
