"""Templates: what is written validates as it stands, and nothing else is ever overwritten."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from case_builder import full_case, write_case
from optimizer import load_case, load_policy, solve, validate, write_template
from optimizer import write_case as write_out
from optimizer.case.books import ATTRIBUTES, CASE
from optimizer.case.header import CaseHeader
from optimizer.case.writing.help import column_lines
from optimizer.errors import InputError
from optimizer.frames import mapping
from optimizer.io.grids import letters
from optimizer.policy.sheet_columns import SHEETS
from optimizer.schema.measures import MEASURES
from optimizer.schema.tables import TABLES, ColumnSpec, TableSpec
from random_cases import write_random_case

Run = Callable[..., tuple[int, str]]
NOTHING = (
    "nothing can be planned, because countries, tracks, applicants, budgets, costs have no rows. "
    "Maybe you want to fill them."
)
NET = (
    "no people already here are given, so capacities, caps and budgets are read as net of them. "
    "Maybe you want present_by_country and present_by_region, with 0 persons where there is nobody."
)


@pytest.mark.parametrize(
    ("name", "place"), [("new", "countries.csv"), ("new.xlsx", "new.xlsx, sheet countries")]
)
def test_empty_template_validates(name: str, place: str, tmp_path: Path) -> None:
    path, policy = write_template(tmp_path / name, policy=True)
    assert path == tmp_path / name
    found = validate([path, policy])
    assert {(item.ok, item.message, item.warnings) for item in found} == {
        (True, "relaxation solved", (f"{place}: {NOTHING}",))
    }
    case = load_case(path)
    assert case.years == (2027, 2028, 2029, 2030, 2031)
    assert not any(map(len, case.tables.values()))


def test_empty_folder_has_every_table_and_column(tmp_path: Path) -> None:
    (path,) = write_template(tmp_path / "new")
    written = {file.name for file in path.iterdir()}
    assert written == {"case.toml", "README.md", *(spec.file for spec in TABLES.values())}
    for spec in TABLES.values():
        header = ",".join(column.header("JPY") for column in spec.columns)
        assert (path / spec.file).read_text() == f"{header}\n"


def test_readme_explains_every_column(tmp_path: Path) -> None:
    (path,) = write_template(tmp_path / "new")
    text = (path / "README.md").read_text()
    for spec in TABLES.values():
        _, _, section = text.partition(f"\n## {spec.file}\n")
        section, _, _ = section.partition("\n## ")
        for column in spec.columns:
            assert f"\n| `{column.header('JPY')}` | " in section
    assert (
        "| `amount_jpy` | Money to spend. Unit: JPY. A cell holds a number of at least 0. "
        "Required in every row. |\n"
        "| `purpose` | What the line pays for; one per line. A cell holds program or integration. "
        "Optional. Blank means program. |\n"
    ) in text
    assert (
        "| `region` | Host region. One that regions has. Optional key. Blank means not divided by "
        "region. |\n"
    ) in text


def test_empty_workbook_has_every_table_and_help_on_every_column(tmp_path: Path) -> None:
    (path,) = write_template(tmp_path / "new.xlsx")
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["read me", "case", "attributes", *TABLES]
    for spec in TABLES.values():
        cells = next(book[spec.name].iter_rows(max_row=1))
        assert [cell.value for cell in cells] == [column.header("JPY") for column in spec.columns]
        assert book[spec.name].freeze_panes == "A2"
        assert book[spec.name].auto_filter.ref == f"A1:{letters(len(cells))}1"
        for place, (cell, column) in enumerate(zip(cells, spec.columns, strict=True), start=1):
            assert cell.comment is not None
            assert cell.comment.text.lower().startswith(column.meaning.lower())
            width_format = book[spec.name].column_dimensions[letters(place)].number_format
            assert (width_format == "@") == (column.kind in ("text", "choice", "bool"))
    told = {row[0].value: row[1].value for row in book["read me"].iter_rows()}
    assert told["costs"] == f"Required. {TABLES['costs'].meaning}"


def test_empty_cases_name_every_key_of_their_header(tmp_path: Path) -> None:
    (path,) = write_template(tmp_path / "new")
    text = (path / "case.toml").read_text()
    (book,) = write_template(tmp_path / "new.xlsx")
    rows = list(openpyxl.load_workbook(book)["case"].iter_rows())
    keys = {row[0].value for row in rows}
    comment = rows[0][0].comment
    for name, field in CaseHeader.model_fields.items():
        key = field.alias or name
        if key == "attributes":
            continue
        assert re.search(f"^(# )?{key}( = | may be)", text, re.M)
        assert key in keys or (comment is not None and f"may be {key} too" in comment.text)
    assert max(map(len, text.splitlines())) <= 100
    # Once it is said it is no comment.
    (path / "case.toml").write_text(f'{text}movement = "free"\n')
    write_out(load_case(path), tmp_path / "said")
    assert '\nmovement = "free"\n' in (tmp_path / "said" / "case.toml").read_text()
    assert "#" not in (tmp_path / "said" / "case.toml").read_text()


@pytest.mark.parametrize("name", ["copy", "copy.xlsx"])
def test_copy_of_a_case_is_the_case(name: str, root: Path, tmp_path: Path) -> None:
    path, policy = write_template(tmp_path / name, source=root / "inputs" / "tiny", policy=True)
    case, copy = load_case(root / "inputs" / "tiny"), load_case(path)
    for table, frame in case.tables.items():
        pd.testing.assert_frame_equal(copy.tables[table], frame)
    found = validate([path, policy])
    assert {(item.ok, item.message, item.warnings) for item in found} == {
        (True, "relaxation solved", ())
    }
    plan = solve(policy, path)
    assert plan.status == "optimal"
    assert plan.slots_total > 0


@pytest.mark.parametrize("name", ["copy", "copy.xlsx"])
@pytest.mark.parametrize("seed", [4, 5])
def test_copy_of_a_random_case_validates(seed: int, name: str, tmp_path: Path) -> None:
    folder, _ = write_random_case(tmp_path / "drawn", seed)
    found = validate(write_template(tmp_path / name, source=folder, policy=True))
    assert {item.problems for item in found} == {()}
    assert found[0].policy is not None


@pytest.mark.slow
@pytest.mark.parametrize("name", ["copy", "copy.xlsx"])
def test_copy_of_the_japan_case_validates(name: str, root: Path, tmp_path: Path) -> None:
    source = root / "inputs" / "japan"
    found = validate(write_template(tmp_path / name, source=source, policy=True))
    assert {(item.ok, item.message, item.warnings) for item in found} == {
        (True, "relaxation solved", (NET,))
    }


def test_policy_in_a_folder_is_validated_with_it(root: Path, tmp_path: Path, run: Run) -> None:
    target = tmp_path / "mine"
    source = root / "inputs" / "tiny"
    code, output = run("new", target, "--from", source, "--policy")
    assert code == 0
    assert output == (
        f"Written: {target}\nWritten: {target / 'policy.toml'}\nNext: optimizer validate {target}\n"
    )
    code, output = run("validate", target)
    assert code == 0
    assert output.startswith(f"ok    {target / 'policy.toml'} on {target}: relaxation solved")
    assert output.splitlines()[1:] == [f"Next: optimizer solve {target / 'policy.toml'} {target}"]


def test_command_names_the_policy_beside_a_workbook(tmp_path: Path, run: Run) -> None:
    code, output = run("new", tmp_path / "mine.xlsx", "--empty", "--policy")
    assert code == 0
    assert output.endswith(
        f"optimizer validate {tmp_path / 'mine.xlsx'} {tmp_path / 'mine-policy.toml'}\n"
    )


def test_a_workbook_with_a_policy_is_both(tmp_path: Path) -> None:
    path, policy = write_template(tmp_path / "mine.xlsx", policy=True)
    assert load_policy(path).hash == load_policy(policy).hash
    assert [(item.policy, item.case, item.ok) for item in validate([path])] == [(path, path, True)]
    book = openpyxl.load_workbook(path)
    assert book.sheetnames[-3:] == ["policy", "goals", "limits"]
    assert [cell.value for cell in book["goals"][2]][:3] == ["people", 1, "ideal"]
    assert book["limits"]["B1"].comment.text == (
        "What is limited.\n"
        "A cell holds slots, residents, completions, transitions, returns, spending, use, value, "
        "open or opened, or a blank cell.\n"
        "Optional. Blank means as in the policy that is extended."
    )
    (choices,) = (
        found for found in book["limits"].data_validations.dataValidation if "B2" in found.sqref
    )
    assert choices.formula1 == f'"{",".join(MEASURES)}"'
    told = {row[0].value: row[1].value for row in book["read me"].iter_rows()}
    assert told["goals"] == "Optional. Weights and scales of goals."


def test_first_policy_wants_every_track(root: Path, tmp_path: Path) -> None:
    _, policy = write_template(tmp_path / "mine", policy=True)
    found = load_policy(policy)
    (effect,) = found.goals["people"].effects
    assert not effect.where
    assert found.is_for("any case")
    assert (root / "docs" / "policies.md").is_file()
    assert (root / "models" / "balanced.toml").is_file()


def refusal(path: Path, *, force: bool = False, policy: bool = False) -> str:
    with pytest.raises(InputError) as caught:
        write_template(path, force=force, policy=policy)
    return str(caught.value)


EXISTS = "exists already\n    Expected a new path, or --force."
FOREIGN = "\n    Expected nothing, or the tables of a case and no other files."


@pytest.mark.parametrize("name", ["new", "new.xlsx"])
def test_existing_template_is_replaced_with_force_only(name: str, tmp_path: Path) -> None:
    path, policy = write_template(tmp_path / name, policy=True)
    assert refusal(path) == f"1 problem\n- {path}: {EXISTS}"
    policy.write_text(policy.read_text() + "# mine\n")
    write_template(path, policy=True, force=True)
    assert not policy.read_text().endswith("# mine\n")
    assert [file.name for file in tmp_path.iterdir() if file.name.startswith(".")] == []


def test_what_is_no_template_is_never_replaced(root: Path, tmp_path: Path) -> None:
    policy = tmp_path / "book-policy.toml"
    policy.write_text("schema = 1\n")
    book = tmp_path / "book.xlsx"
    assert refusal(book, policy=True, force=True) == (
        f"1 problem\n- {policy}: is not a policy that this tool has written\n"
        "    Expected a first policy."
    )
    assert not book.exists()
    openpyxl.Workbook().save(book)
    before = book.read_bytes()
    told = f"1 problem\n- {book}: is not a case's workbook{FOREIGN}"
    assert refusal(book, force=True) == told
    book.write_text("no workbook")
    assert refusal(book, force=True) == told
    assert before != b""
    folder = write_case(tmp_path / "case", full_case())
    (folder / "README.md").write_text("My own notes\n")
    (folder / "build.py").write_text("")
    assert refusal(folder, force=True) == (
        f"1 problem\n- {folder}: holds files that are not part of a case: README.md, "
        f"build.py{FOREIGN}"
    )
    japan = root / "inputs" / "japan"
    assert "LICENCE-DATA.md, README.md, build.py" in refusal(japan, force=True)
    file = tmp_path / "file"
    file.write_text("")
    assert refusal(file, force=True) == f"1 problem\n- {file}: is not a folder{FOREIGN}"


def test_policy_of_the_planner_is_not_lost(tmp_path: Path) -> None:
    path, policy = write_template(tmp_path / "new", policy=True)
    assert refusal(path, force=True) == (
        f"1 problem\n- {path}: holds files that are not part of a case: policy.toml{FOREIGN}"
    )
    assert policy.is_file()


def test_links_are_not_followed_and_dots_are_resolved(tmp_path: Path) -> None:
    write_template(tmp_path / "real")
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "real")
    assert refusal(link, force=True) == (
        f"1 problem\n- {link}: is a symbolic link\n    Expected a path that is not a symbolic link."
    )
    write_template(tmp_path / "real" / ".." / "beside")
    assert (tmp_path / "beside" / "case.toml").is_file()


@pytest.mark.parametrize("suffix", [".xls", ".csv", ".toml"])
def test_names_of_other_files_are_refused(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"new{suffix}"
    assert refusal(path) == (
        f"1 problem\n- {path}: would be a folder that is called like a {suffix} file\n"
        "    Expected a folder, or an .xlsx workbook."
    )


def test_faulty_source_leaves_nothing_behind(tmp_path: Path) -> None:
    files = full_case()
    files["applicants.csv"] = "country,track,applicants\nKOR,study,-1\n"
    source = write_case(tmp_path / "faulty", files)
    with pytest.raises(InputError, match="-1 is below 0"):
        write_template(tmp_path / "new", source=source)
    assert [file.name for file in tmp_path.iterdir()] == ["faulty"]


def test_nothing_to_plan_is_said_where_tables_have_rows(tmp_path: Path) -> None:
    files = full_case()
    files["sites.csv"] = "track,region,max_slots\nstudy,miyagi,0\nstudy,osaka,0\n"
    files["commitments.csv"] = "country,track,region,year,at_least,at_most\n"
    folder = write_case(tmp_path / "case", files)
    _, policy = write_template(tmp_path / "new", policy=True)
    (found,) = validate([folder, policy], solve=False)
    assert found.warnings[0] == (
        "applicants.csv: nothing can be planned, because nobody with applicants could be given a "
        "slot. Maybe you want more rows in applicants, sites and agreements."
    )


def test_solving_an_empty_case_is_refused_with_a_sentence(tmp_path: Path, run: Run) -> None:
    path, policy = write_template(tmp_path / "new", policy=True)
    code, output = run("solve", policy, path, "--out", tmp_path / "run")
    assert code == 1
    assert "nothing of goal 'people' can be earned in case 'new' (its ideal is 0)" in output


def test_run_of_a_workbook_is_called_by_its_case(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    """Policies name cases, and a plan of the workbook is the plan of the folder."""
    source = root / "inputs" / "tiny"
    write_out(load_case(source), tmp_path / "tiny.xlsx")
    monkeypatch.chdir(tmp_path)
    policy = root / "models" / "tiny.toml"
    assert run("solve", policy, "tiny.xlsx")[0] == 0
    assert run("solve", policy, source, "--out", "folder")[0] == 0
    names = ("plan.csv", "decisions.csv")
    for name in names:
        written = (tmp_path / "runs" / "tiny-tiny" / name).read_bytes()
        assert written == (tmp_path / "folder" / name).read_bytes()
    assert run("check", "runs/tiny-tiny", policy, "tiny.xlsx")[0] == 0


def test_github_annotations_name_the_workbook(root: Path, tmp_path: Path, run: Run) -> None:
    write_out(load_case(root / "inputs" / "tiny"), tmp_path / "tiny.xlsx")
    book = openpyxl.load_workbook(tmp_path / "tiny.xlsx")
    book["tracks"]["H2"] = -2
    saved = io.BytesIO()
    book.save(saved)
    (tmp_path / "tiny.xlsx").write_bytes(saved.getvalue())
    code, output = run("validate", "--github", tmp_path / "tiny.xlsx")
    assert code == 1
    assert output.splitlines()[1] == (
        f"::error file={tmp_path / 'tiny.xlsx'},line=2::tiny.xlsx, sheet tracks, row 2, column H "
        "(min_cohort): -2 is below 0%0A    Expected a whole number of at least 0."
    )


@pytest.mark.parametrize("name", ["new", "new.xlsx"])
@pytest.mark.parametrize("source", [None, "tiny"])
def test_template_in_another_currency_and_for_other_years(
    source: str | None, name: str, root: Path, tmp_path: Path, run: Run
) -> None:
    copied = () if source is None else ("--from", root / "inputs" / source)
    target = tmp_path / name
    wanted = ("--currency", "eur", "--years", "2031-2040", "--policy")
    code, output = run("new", target, *copied, *wanted)
    assert code == 0
    told = (
        "Amounts are copied, not converted; their rows are marked as assumptions.\n"
        "New years repeat the nearest year of the copied case and are marked as assumptions; "
        "commitments with a year are left out.\n"
    )
    assert (told in output) == (source is not None)
    case = load_case(target)
    assert (case.currency, case.years) == ("EUR", tuple(range(2031, 2041)))
    policy = tmp_path / "new-policy.toml" if name.endswith("xlsx") else target / "policy.toml"
    assert "\n# years = [2031, 2040]\n" in policy.read_text()
    found = validate([target, policy])
    assert {(item.ok, item.message) for item in found} == {(True, "relaxation solved")}


def test_new_years_repeat_the_nearest_one_and_say_so(root: Path, tmp_path: Path) -> None:
    # The tiny case has 2030 and 2031: 2029 is as 2030, 2032 is as 2031, and both say so.
    before = load_case(root / "inputs" / "tiny")
    (path,) = write_template(tmp_path / "new", source=before, years=range(2029, 2033))
    case = load_case(path)
    own, new = (
        {name: mapping(each.table("budgets"), ["line", "year"], name) for name in told}
        for each in (before, case)
        for told in [("amount", "source")]
    )
    for year, nearest in ((2029, 2030), (2030, 2030), (2031, 2031), (2032, 2031)):
        there = own["source"]["science", nearest]
        assert new["amount"]["science", year] == own["amount"]["science", nearest]
        marked = f"assumption: as in {nearest} ({there})"
        assert new["source"]["science", year] == (there if year == nearest else marked)
    # Promises of a year hold for no other, and may not be kept in any: an agreement may be late.
    assert case.table("commitments")["year"].isna().all()
    assert case.table("present_by_country")["entry_year"].lt(2029).all()


def test_caps_that_end_go_on_in_new_years(tmp_path: Path) -> None:
    # The cap of 2027 holds for 2028 as well, because years after the last row repeat it.
    source = write_case(tmp_path / "case", full_case())
    (path,) = write_template(tmp_path / "new", source=source, years=(2028, 2029))
    caps = load_case(path).table("national_caps")
    assert caps[["track", "year", "max", "source"]].to_dict("list") == {
        "track": ["study", "study"],
        "year": [2028, 2029],
        "max": [150, 150],
        "source": ["assumption: as in 2027"] * 2,
    }


def test_amounts_in_another_currency_say_that_they_are_not_converted(tmp_path: Path) -> None:
    source = write_case(tmp_path / "case", full_case())
    before = load_case(source)
    (path,) = write_template(tmp_path / "new", source=source, currency="EUR")
    case = load_case(path)
    for table, spec in TABLES.items():
        has_money = any(column.unit == "currency" for column in spec.columns)
        sources = case.table(table)["source"]
        marked = sources.str.startswith("assumption: amounts of JPY, not converted")
        assert (marked if has_money else ~marked).all(), table
        pd.testing.assert_frame_equal(
            case.table(table).drop(columns="source"), before.table(table).drop(columns="source")
        )


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (
            ("--years", "2031,2033"),
            "case.toml, years: [2031, 2033] does not go up year by year",
        ),
        (("--currency", "euro"), "case.toml, currency: 'euro' is not allowed"),
        (("--years", "soon"), "Invalid value for --years: 'soon' is not the first and the last"),
        (("--years", "2040-2031"), "Invalid value for --years: '2040-2031' is not the first"),
    ],
)
def test_currencies_and_years_of_no_case_are_refused(
    options: tuple[str, ...], told: str, tmp_path: Path, run: Run
) -> None:
    code, output = run("new", tmp_path / "new", *options)
    assert code in (1, 2)
    assert told in output
    assert not any(tmp_path.iterdir())


def test_no_help_ends_where_it_should_say_something() -> None:
    specs = [*TABLES.values(), *SHEETS.values(), CASE, ATTRIBUTES]
    lines = [line for spec in specs for column in spec.columns for line in _help(column, spec)]
    assert len(lines) > 300
    assert not [
        line for line in lines if re.search(r"(means|Unit:|cell holds|One that) *\.|\bNone\b", line)
    ]
    assert not [line for line in lines if line != " ".join(line.split()) or line.endswith("..")]


def _help(column: ColumnSpec, spec: TableSpec) -> list[str]:
    return column_lines(column, spec, "JPY")
