"""What the schema promises of years, blank keys and blank cells: rows left out count as written."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from golden.small_cases import NATIONAL
from optimizer import Session, solve
from optimizer.formulation.exposition import model_text
from optimizer.schema.tables import TABLES
from optimizer.session.building import build_model

Rows = list[dict[str, str]]
Rewrite = Callable[[str, Rows], Rows]

YEARS = ("2030", "2031")
LATER = ("2032", "2033")
BANDED = {"work"}
"""Tracks of the tiny case that use a service by band; a band elsewhere would split their blocks."""

WITH_YEARS = [spec.name for spec in TABLES.values() if any(c.name == "year" for c in spec.columns)]
GOING_ON = [spec.name for spec in TABLES.values() if spec.goes_on and not spec.every_year]
EVERY = [
    (spec.name, key)
    for spec in TABLES.values()
    if spec.blank_means == "every"
    for key in spec.optional_keys
]
DEFAULTS = [
    (spec.name, column.name)
    for spec in TABLES.values()
    for column in spec.columns
    if column.default is not None
]


@pytest.fixture
def written(root: Path, tmp_path: Path) -> Callable[..., Path]:
    """Give a function that writes the tiny case with its rows rewritten, in other years."""

    def written(name: str, rewrite: Rewrite, years: Iterable[str] = YEARS) -> Path:
        folder = tmp_path / name / "tiny"
        shutil.copytree(root / "inputs" / "tiny", folder)
        header = folder / "case.toml"
        text = header.read_text(encoding="utf-8")
        assert "years = [2030, 2031]" in text
        told = f"years = [{', '.join(years)}]"
        header.write_text(text.replace("years = [2030, 2031]", told), encoding="utf-8")
        for file in folder.glob("*.csv"):
            rows = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"))))
            rows = rewrite(file.stem, rows)
            out = io.StringIO()
            writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
            file.write_text(out.getvalue(), encoding="utf-8")
        return folder

    return written


@pytest.fixture
def model(root: Path) -> Callable[..., list[str]]:
    """Give a function that lists the rows of the tiny policy's model of a case, in any order."""

    def model(case: Path, last: int = 2031) -> list[str]:
        changes = {"horizon.years": [2030, last]}
        built = build_model(root / "models" / "tiny.toml", case, changes=changes, scales={})
        blocks = model_text(built, "lp").split("\n\n")
        return sorted("\n".join(sorted(block.split("\n"))) for block in blocks)

    return model


def spelt_out(
    table: str, rows: Rows, key: str, values: Callable[[dict[str, str]], list[str]]
) -> Rows:
    """Rows with a blank key written out for each of its values that has no row of its own."""
    spec = TABLES[table]
    rows = [{key: ""} | row for row in rows]

    def named(row: dict[str, str]) -> tuple[str, ...]:
        return tuple(row.get(name, "") for name in (*spec.keys, *spec.optional_keys))

    given = {named(row) for row in rows}
    found = []
    for row in rows:
        meant = [row] if row[key] else [row | {key: value} for value in values(row)]
        found += [each for each in meant if each == row or named(each) not in given]
    return found


def with_copies(rows: Rows, of: str, years: Iterable[str]) -> Rows:
    """Rows of one year written again for later years."""
    return rows + [row | {"year": year} for row in rows if row["year"] == of for year in years]


@pytest.mark.parametrize("table", WITH_YEARS)
def test_years_after_the_case_are_as_its_last_one(
    table: str, written: Callable[..., Path], model: Callable[..., list[str]]
) -> None:
    """People stay beyond 2031: whether 2032 and 2033 are left out or copied, the model is one."""

    def short(name: str, rows: Rows) -> Rows:
        if name != table or TABLES[name].blank_means != "every" or TABLES[name].goes_on:
            return rows
        return spelt_out(name, rows, "year", lambda row: list(YEARS))

    def long(name: str, rows: Rows) -> Rows:
        if name == table or TABLES[name].every_year:
            return with_copies(short(name, rows), "2031", LATER)
        return rows

    assert model(written("short", short)) == model(written("long", long, YEARS + LATER))


@pytest.mark.parametrize("table", GOING_ON)
@pytest.mark.parametrize("last", YEARS)
def test_years_after_the_last_row_repeat_it(
    table: str, last: str, written: Callable[..., Path], model: Callable[..., list[str]]
) -> None:
    def until(copied: Iterable[str]) -> Rewrite:
        def rewrite(name: str, rows: Rows) -> Rows:
            if name == table:
                kept = [row for row in rows if row["year"] <= last]
                return with_copies(kept, last, copied)
            return with_copies(rows, "2031", LATER) if TABLES[name].every_year else rows

        return rewrite

    years = YEARS + LATER
    left_out = written("left_out", until(()), years)
    copied = written("copied", until(year for year in years if year > last), years)
    assert model(left_out, 2033) == model(copied, 2033)


@pytest.mark.parametrize(("table", "key"), EVERY)
def test_a_blank_key_means_every_one(
    table: str, key: str, written: Callable[..., Path], model: Callable[..., list[str]], root: Path
) -> None:
    levels = {"refuge": ["standard", "intensive"]}

    def all_of(row: dict[str, str]) -> list[str]:
        return {
            "year": list(YEARS),
            "country": ["AVA", "BOR", "CYR"],
            "region": ["coast", "hills"],
            "level": levels.get(row["track"], ["standard"]),
            "entry": ["new", "transition"],
            "band": ["near", "far"] if row["track"] in BANDED else [""],
        }[key]

    def written_out(name: str, rows: Rows) -> Rows:
        if name != table:
            return rows
        found = spelt_out(table, rows, key, all_of)
        assert found != rows, "nothing was blank"
        return found

    def as_it_is(name: str, rows: Rows) -> Rows:
        return rows

    cases = [written("blank", as_it_is), written("spelt_out", written_out)]
    if table == "scores":
        # Scores by region are planned slot by slot: another model of the same plans.
        plans = [solve(root / "models" / "tiny.toml", case) for case in cases]
        assert plans[0].objective == pytest.approx(plans[1].objective, abs=1e-9)
        return
    assert model(cases[0]) == model(cases[1])


@pytest.mark.parametrize(("table", "column"), DEFAULTS)
@pytest.mark.parametrize("spelling", ["blank", "absent"])
def test_a_blank_cell_has_its_default(
    table: str,
    column: str,
    spelling: str,
    written: Callable[..., Path],
    model: Callable[..., list[str]],
) -> None:
    default = TABLES[table].column(column).default

    def told(name: str, rows: Rows) -> Rows:
        return [row | {column: str(default)} for row in rows] if name == table else rows

    def untold(name: str, rows: Rows) -> Rows:
        if name != table:
            return rows
        if spelling == "blank":
            return [row | {column: ""} for row in rows]
        return [{key: cell for key, cell in row.items() if key != column} for row in rows]

    assert model(written("told", told)) == model(written("untold", untold))


def test_a_track_without_levels_has_one_like_itself(
    written: Callable[..., Path], model: Callable[..., list[str]]
) -> None:
    def told(name: str, rows: Rows) -> Rows:
        if name != "support_levels":
            return rows
        lab = {"track": "lab", "level": "standard", "completion_rate": "1", "stay_rate_factor": "1"}
        return [*rows, rows[0] | lab]

    def untold(name: str, rows: Rows) -> Rows:
        return rows

    assert model(written("told", told)) == model(written("untold", untold))


# National caps: 10 applicants a year and nothing else in the way, so that the caps are the plan.

CAPPED = NATIONAL.over(2030, 2031, 2032).with_(
    applicants=("AA,t,,10",), budgets=("main,{year},M,1000,program",)
)


@pytest.mark.parametrize(
    ("caps", "slots"),
    [
        pytest.param(("t,2030,2,intake",), [2, 2, 2], id="ends with the first year"),
        pytest.param(("t,2031,2,intake",), [10, 2, 2], id="begins later"),
        pytest.param(("t,2030,3,intake", "t,2032,2,intake"), [3, 10, 2], id="gap"),
        pytest.param(("t,2031,3,intake", "t,2030,2,intake"), [2, 3, 3], id="rows in any order"),
        pytest.param(("t,2030,2,intake", "t,2031,4,residents"), [2, 4, 4], id="counts change"),
        pytest.param(("t,2030,0,residents",), [0, 0, 0], id="nobody"),
    ],
)
def test_caps_go_on_after_their_last_row(
    caps: tuple[str, ...], slots: list[int], tmp_path: Path
) -> None:
    case, policy = CAPPED.with_(national_caps=caps).write(tmp_path)
    given = solve(policy, case).slots.groupby("year")["slots"].sum()
    assert given.reindex([2030, 2031, 2032], fill_value=0).tolist() == slots


def test_a_cap_from_before_the_horizon_holds_in_it(tmp_path: Path) -> None:
    later = CAPPED.with_("[horizon]\nyears = [2031, 2032]\n", national_caps=("t,2030,2,intake",))
    case, policy = later.write(tmp_path)
    assert solve(policy, case).slots["slots"].tolist() == [2, 2]


def test_changing_the_last_cap_changes_all_it_holds_for(tmp_path: Path) -> None:
    case, policy = CAPPED.with_(national_caps=("t,2030,2,intake",)).write(tmp_path)
    session = Session(policy, case)
    assert session.solve().slots_total == 6
    session.change({"national_caps[track=t, year=2030].max": 4})
    assert session.solve().slots_total == 12
