"""What is published of a plan: small numbers of sensitive tracks cannot be worked out from it."""

from __future__ import annotations

import csv
import ctypes
import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.optimize
import scipy.sparse

import shared
from attacker import ALL_TRACKS, ALL_YEARS, Attacker
from optimizer import InputError, Plan, TargetError, load_case, solve, write_run
from optimizer.plan.publication import publication, suppression, told_sums
from optimizer.plan.publication.cells import Cells
from optimizer.plan.publication.suppression import Marks, Published, withheld

ROOT = Path(__file__).parents[1]
POLICY, CASE = ROOT / "models" / "tiny.toml", ROOT / "inputs" / "tiny"
SENSITIVE = ("refuge", "shelter")
COLUMNS = ["country", "track", "level", "region", "year", "slots"]


def marked(folder: Path) -> Path:
    """Tiny, with refuge as a sensitive track."""
    shutil.copytree(CASE, folder / "tiny")
    path = folder / "tiny" / "tracks.csv"
    with path.open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    lines = [[*head, "sensitive"], *([*row, "yes" if row[0] == "refuge" else ""] for row in rows)]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(lines)
    return folder / "tiny"


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return solve(POLICY, marked(tmp_path_factory.mktemp("marked")), gap=0.0)


@pytest.fixture(scope="module")
def public(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_run(plan, tmp_path_factory.mktemp("runs") / "run", public=True) / "public"


def frame(rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=COLUMNS)


def random_slots(seed: int, *, regions: int, most: int) -> pd.DataFrame:
    """Slots of two sensitive tracks and of another one, few of them in most places."""
    draw = np.random.default_rng(seed)
    rows = []
    for track in ("lab", *SENSITIVE):
        for country in ("AVA", "BOR", "CYR", "DOR", "ELB"):
            for region in [f"r{at}" for at in range(regions)] if regions else [""]:
                for year in (2030, 2031, 2032):
                    slots = int(draw.integers(1, most)) if draw.random() < 0.3 else 0
                    rows += [(country, track, "standard", region, year, slots)] if slots else []
    return frame(rows)


def told(slots: pd.DataFrame, marks: Marks | None = None) -> dict[tuple[Any, ...], str]:
    """What is published of the sums; without marks everything but small numbers, naively."""
    cells = Cells.of(slots, SENSITIVE)
    published = counted(cells)
    marks = withheld(published) if marks is None else marks
    if not len(marks.sums):
        marks = Marks(published.are_small & published.are_beside, np.zeros(0, dtype=bool))
    texts = told_sums(cells, marks)
    return {(key[0], *map(str, key[1:])): text for key, text in texts.items()}


def counted(cells: Cells) -> Published:
    """Sums without any money."""
    slots = np.array([*cells.by_country["slots"], *cells.by_region["slots"]], dtype=np.int64)
    nothing = np.zeros(0)
    return Published(
        cells=slots,
        sums=cells.sums,
        losses=np.array([row.loss for row in cells.rows]),
        are_beside=np.array([row.is_beside for row in cells.rows], dtype=bool),
        links=cells.links(),
        money=scipy.sparse.csr_array((0, len(slots))),
        low=nothing,
        high=nothing,
    )


NAIVE = Marks(np.zeros(0, dtype=bool), np.zeros(0, dtype=bool))


def free_by_year(slots: pd.DataFrame) -> dict[str, int]:
    free = slots[~slots["track"].isin(SENSITIVE)]
    by_year = {str(year): int(rows["slots"].sum()) for year, rows in free.groupby("year")}
    return by_year | {ALL_YEARS: int(free["slots"].sum())}


def narrowed(texts: dict[tuple[Any, ...], str], slots: pd.DataFrame) -> Iterator[str]:
    """What the attacker learns of hidden numbers: a number, or more than ``<5`` says."""
    attacker = Attacker(texts, free_by_year(slots))
    for key, text in texts.items():
        if text not in ("<5", "withheld"):
            continue
        low, high = attacker.interval(key)
        if low == high or (text == "<5" and high < 4):
            yield f"{key} is {low} to {high}"


# ------------------------------------------------------------------------------- suppression


def test_a_small_number_alone_is_recovered_from_its_total_and_with_another_is_not() -> None:
    # Naively 3 = 23 - 20; with 20 hidden too the small one can be 1 to 4, as the other follows.
    slots = frame(
        [("AVA", "refuge", "standard", "", 2030, 3), ("BOR", "refuge", "standard", "", 2030, 20)]
    )
    key = ("plan", "AVA", "refuge", "", "", "2030")
    assert Attacker(told(slots, NAIVE)).interval(key) == (3, 3)
    found = told(slots)
    assert found[key] == "<5"
    assert Attacker(found).interval(key) == (1, 4)


def test_five_hidden_beside_one_gives_the_one_away_so_that_the_total_goes() -> None:
    # 6 = 1 + 5 with a withheld number of at least 5 leaves 1 alone: another number must be hidden.
    slots = frame(
        [("AVA", "refuge", "standard", "", 2030, 1), ("BOR", "refuge", "standard", "", 2030, 5)]
    )
    found = told(slots)
    assert found["slots_by_track", "refuge", "2030"] == "withheld"
    assert not list(narrowed(found, slots))


def test_sums_by_region_do_not_give_countries_away() -> None:
    # All of one country in one region: the two numbers are the same, and both are hidden.
    slots = frame(
        [
            ("AVA", "refuge", "standard", "coast", 2030, 2),
            ("BOR", "refuge", "standard", "hills", 2030, 9),
            ("CYR", "refuge", "standard", "hills", 2031, 12),
        ]
    )
    assert list(narrowed(told(slots, NAIVE), slots))
    assert not list(narrowed(told(slots), slots))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("regions", "most", "most_hidden"), [(0, 9, 0.95), (3, 5, 0.75), (6, 30, 0.15), (40, 60, 0.1)]
)
def test_nothing_hidden_is_recovered_from_random_tables(
    seed: int, regions: int, most: int, most_hidden: float
) -> None:
    slots = random_slots(seed, regions=regions, most=most)
    texts = told(slots)
    assert not list(narrowed(texts, slots))
    # Hiding everything would be no art.
    hidden = sum(text in ("<5", "withheld") for text in texts.values())
    assert 0 < hidden < most_hidden * len(texts)


def test_the_attacker_recovers_what_is_hidden_naively() -> None:
    found = [
        sum(1 for _ in narrowed(told(slots, NAIVE), slots))
        for slots in (random_slots(seed, regions=3, most=9) for seed in range(3))
    ]
    assert min(found) > 0


def test_totals_of_all_tracks_hide_small_numbers_of_sensitive_ones() -> None:
    # 103 slots in all and 100 that everybody sees: 3 people of a sensitive track.
    slots = frame(
        [("AVA", "lab", "standard", "", 2030, 100), ("AVA", "refuge", "standard", "", 2030, 3)]
    )
    found = told(slots)
    assert found["slots_by_track", ALL_TRACKS, "2030"] == "withheld"
    assert found["slots_by_track", ALL_TRACKS, ALL_YEARS] == "withheld"


def test_large_numbers_are_told_where_nothing_is_small() -> None:
    slots = frame(
        [("AVA", "refuge", "standard", "coast", year, 5 + year % 7) for year in (2030, 2031)]
    )
    assert not {"<5", "withheld"} & set(told(slots).values())


def test_everything_is_withheld_where_no_answer_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suppression._Worlds, "find", lambda *_: False)
    assert set(told(random_slots(0, regions=3, most=9)).values()) == {"withheld"}


def test_nothing_is_printed_where_results_are_printed(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    # HiGHS prints on some tables past Python, which would break what --json prints.
    solved = scipy.optimize.milp

    def noisy(*arguments: Any, **options: Any) -> Any:
        os.write(1, b"noise")
        ctypes.CDLL(None).printf(b"noise that is kept back")
        return solved(*arguments, **options)

    monkeypatch.setattr(scipy.optimize, "milp", noisy)
    told(random_slots(0, regions=3, most=9))
    ctypes.CDLL(None).fflush(None)
    print("heard")
    assert capfd.readouterr().out == "heard\n"


# ------------------------------------------------------------------------------------ folder


def texts_in(folder: Path, tracks: tuple[str, ...]) -> tuple[dict[tuple[Any, ...], str], Any]:
    """What a reader of the folder finds of sensitive tracks, and slots of the others by year."""
    texts: dict[tuple[Any, ...], str] = {}
    free = pd.DataFrame()
    for name in ("plan", "slots_by_track", "slots_by_country", "slots_by_region"):
        table = pd.read_csv(folder / f"{name}.csv", dtype=str, keep_default_na=False)
        theirs = table[table["track"].isin([*tracks, ALL_TRACKS])]
        for *key, text in theirs.itertuples(index=False, name=None):
            texts[name, *key] = text
        if name == "plan":
            free = table[~table["track"].isin(tracks)].astype({"slots": int})
    by_year = {year: int(rows["slots"].sum()) for year, rows in free.groupby("year")}
    return texts, {**by_year, ALL_YEARS: int(free["slots"].sum())}


def test_the_folder_holds_what_was_made_for_it_alone(public: Path) -> None:
    assert sorted(path.name for path in public.iterdir()) == [
        "README.md",
        "agreements.csv",
        "money.csv",
        "plan.csv",
        "slots_by_country.csv",
        "slots_by_region.csv",
        "slots_by_track.csv",
        "summary.json",
    ]


def test_nothing_hidden_is_recovered_from_the_folder(public: Path) -> None:
    texts, free = texts_in(public, ("refuge",))
    attacker = Attacker(texts, free)
    hidden = [key for key, text in texts.items() if text in ("<5", "withheld")]
    # By hand: 2 people of CYR in 2030 and 3 in 2031, all in the hills at the intensive level.
    assert texts["plan", "CYR", "refuge", "", "", "2030"] == "<5"
    assert len(hidden) == 8
    assert all(attacker.interval(key) >= (1, 4) for key in hidden)


def test_no_row_of_a_sensitive_track_has_country_and_region_or_a_level(public: Path) -> None:
    table = pd.read_csv(public / "plan.csv", dtype=str, keep_default_na=False)
    theirs = table[table["track"].eq("refuge")]
    assert len(theirs) == 2
    assert not "".join([*theirs["region"], *theirs["level"]])
    assert "refuge" not in (public / "agreements.csv").read_text(encoding="utf-8")


def test_slots_of_other_tracks_are_all_there(plan: Plan, public: Path) -> None:
    table = pd.read_csv(public / "plan.csv", dtype=str, keep_default_na=False)
    given = table[table["track"].ne("refuge")].astype({"year": int, "slots": int})
    wanted = plan.slots[plan.slots["track"].ne("refuge")]
    keys = COLUMNS[:-1]
    assert given.set_index(keys)["slots"].to_dict() == wanted.set_index(keys)["slots"].to_dict()


def test_money_of_lines_that_pay_for_them_is_rounded_to_ten_people(
    plan: Plan, public: Path
) -> None:
    money = pd.read_csv(public / "money.csv", dtype=str, keep_default_na=False)
    rows = plan.tables["spending"].itertuples()
    spent = {(row.line, row.year): float(str(row.spent)) for row in rows}
    units = dict(zip(money["line"], money["rounded_to_jpy"], strict=True))
    # refuge costs welcome, and who stays on as a worker costs industry; science pays for neither.
    assert {line for line, unit in units.items() if unit} == {"industry", "welcome"}
    for row in money.itertuples():
        exact = spent[row.line, int(str(row.year))]
        if row.rounded_to_jpy and row.spent_jpy != "withheld":
            assert abs(float(str(row.spent_jpy)) - exact) <= float(str(row.rounded_to_jpy)) / 2
        elif not row.rounded_to_jpy:
            assert float(str(row.spent_jpy)) == exact


def test_an_amount_from_which_people_follow_is_withheld() -> None:
    # Two people cost 2 units; one more would be rounded up, one less down: only 2 people fit.
    one = scipy.sparse.csr_array(np.array([[1.0]]))
    published = Published(
        cells=np.array([2]),
        sums=one,
        losses=np.array([1.0]),
        are_beside=np.array([False]),
        links=scipy.sparse.csr_array((0, 1)),
        money=one,
        low=np.array([-0.5]),
        high=np.array([0.5]),
    )
    marks = withheld(published)
    assert marks.money.tolist() == [True]
    assert marks.sums.tolist() == [False]


def test_the_summary_has_nothing_that_people_follow_from(public: Path) -> None:
    summary = json.loads((public / "summary.json").read_text(encoding="utf-8"))
    assert list(summary) == [
        "policy",
        "case",
        "status",
        "slots_total",
        "sensitive_tracks",
        "hidden",
        "rounded_to",
    ]
    assert summary["sensitive_tracks"] == ["refuge"]


def test_the_readme_says_what_was_left_out(public: Path) -> None:
    text = (public / "README.md").read_text(encoding="utf-8")
    assert "* Sensitive tracks: refuge." in text
    assert "6 numbers are shown as `<5`; 3 are withheld" in text
    assert "line `welcome` is rounded to 20,000,000 JPY" in text


def test_a_case_without_regions_has_no_table_by_region(plan: Plan) -> None:
    national = replace(plan.decisions, slots=plan.slots.assign(region=""))
    assert "slots_by_region" not in publication(replace(plan, decisions=national)).tables


def test_the_same_plan_is_published_in_the_same_way(plan: Plan, public: Path) -> None:
    again = write_run(plan, public.parent.parent / "again", public=True) / "public"
    for path in public.iterdir():
        assert (again / path.name).read_bytes() == path.read_bytes()


# ----------------------------------------------------------------------------------- refusals


REFUSED = (
    "tracks.csv, column sensitive: no track of case 'tiny' is marked, so that nothing would be "
    "hidden\n    Expected yes for tracks whose small numbers could give people away; a plan in "
    "which nothing need be hidden is published by its plan.csv as it is."
)


def test_nothing_is_published_before_somebody_said_whose_numbers_are_small(
    plan: Plan, tmp_path: Path
) -> None:
    assert plan.question is not None
    unmarked = replace(plan, question=replace(plan.question, case=load_case(CASE)))
    with pytest.raises(InputError) as caught:
        write_run(unmarked, tmp_path / "run", public=True)
    assert REFUSED in str(caught.value)
    assert not (tmp_path / "run").exists()


def test_the_command_refuses_before_it_solves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    assert shared.run(monkeypatch, "solve", POLICY, CASE, "--out", out, "--public") == 1
    said = capsys.readouterr().err
    assert REFUSED in said
    assert "relaxation" not in said
    assert not out.exists()


def test_the_command_publishes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out, case = tmp_path / "run", marked(tmp_path)
    assert shared.run(monkeypatch, "solve", POLICY, case, "--out", out, "--public") == 0
    assert f"For publication: {out}/public\n" in capsys.readouterr().out
    assert (out / "public" / "plan.csv").exists()


def test_an_older_run_with_a_published_part_is_replaced_unless_it_holds_more(
    plan: Plan, tmp_path: Path
) -> None:
    run = write_run(plan, tmp_path / "run", public=True)
    assert write_run(plan, run, force=True) == run
    assert not (run / "public").exists()
    write_run(plan, run, force=True, public=True)
    (run / "public" / "letter.txt").write_text("to the press", encoding="utf-8")
    with pytest.raises(TargetError, match=r"holds files that are not part of a run: public/letter"):
        write_run(plan, run, force=True)


# -------------------------------------------------------------------------------------- page


def test_the_page_prints_what_is_found(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (root / "docs" / "publication.md").read_text(encoding="utf-8")
    code, printed = re.findall(r"```(?:python|text)\n(.*?)^```", page, re.M | re.S)
    for folder in ("models", "inputs"):
        (tmp_path / folder).symlink_to(root / folder)
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "publication.md", "exec"), {})
    assert capsys.readouterr().out == printed


def test_the_page_names_every_file(root: Path, public: Path) -> None:
    page = (root / "docs" / "publication.md").read_text(encoding="utf-8")
    assert all(f"`{path.name}`" in page for path in public.iterdir())
