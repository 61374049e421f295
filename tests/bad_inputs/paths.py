"""Files and folders: missing, swapped, unreadable, too large, endless, and names that are odd."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from bad_inputs.given import (
    POLICY,
    Action,
    Kind,
    case_at,
    case_made,
    content,
    extending,
    header,
    link,
    pipe,
    policy_made,
    policy_text,
    replaced,
    write,
)
from optimizer import load_case, load_expectations, write_template
from optimizer.runs import run_place as refuse_run


def named_in_bytes(folder: Path, name: bytes) -> str:
    return os.fsdecode(os.fsencode(folder) + b"/" + name)


def renamed(old: str, new: str) -> Callable[[Path], object]:
    return lambda case: (case / old).rename(case / new)


def made(name: str, make: Callable[[Path], object], given: Callable[[Path], object]) -> Action:
    """What a function made at a name in the folder, given to another function."""

    def action(folder: Path) -> object:
        make(folder / name)
        return given(folder / name)

    return action


def linked_to(name: str, target: str, given: Callable[[Path], object]) -> Action:
    """A path that is a symbolic link, given to a function."""

    def action(folder: Path) -> object:
        (folder / name).symlink_to(target)
        return given(folder / name)

    return action


KINDS = {
    "pipe for a table": Kind(
        replaced("sites.csv", pipe),
        ("1 problem\n- sites.csv: is not a file that can be read\n    Expected a CSV file."),
    ),
    "pipe for case.toml": Kind(
        replaced("case.toml", pipe),
        ("1 problem\n- case.toml: is not a file that can be read\n    Expected a TOML file."),
    ),
    "pipe for a table that no case has": Kind(
        case_made(lambda case: pipe(case / "visas.csv")),
        (
            "1 problem\n"
            "- visas.csv: is not a table of a case\n"
            "    Expected only tables of the data dictionary."
        ),
    ),
    "device for a table": Kind(
        replaced("sites.csv", link("/dev/zero")),
        ("1 problem\n- sites.csv: is not a file that can be read\n    Expected a CSV file."),
    ),
    "device for a case": Kind(
        lambda folder: load_case("/dev/zero"),
        (
            "1 problem\n"
            "- zero: is neither a file nor a folder\n"
            "    Expected the folder of a case, or an .xlsx workbook."
        ),
    ),
    "pipe for a case": Kind(
        made("case", pipe, load_case),
        (
            "1 problem\n"
            "- case: is neither a file nor a folder\n"
            "    Expected the folder of a case, or an .xlsx workbook."
        ),
    ),
    "circle of links for a table": Kind(
        replaced("sites.csv", link("sites.csv")),
        ("1 problem\n- sites.csv: is not a file that can be read\n    Expected a CSV file."),
    ),
    "circle of links for a case": Kind(
        made("case", link("case"), load_case),
        ("1 problem\n- case: there is no such folder in {folder}"),
    ),
    "link out of the folder for a table": Kind(
        replaced("sites.csv", link("/etc/passwd")),
        (
            "1 problem\n"
            "- sites.csv: is a symbolic link that leads out of the case's folder\n"
            "    Expected a file in the folder."
        ),
    ),
    "folder for case.toml": Kind(
        replaced("case.toml", Path.mkdir),
        ("1 problem\n- case.toml: is not a file that can be read\n    Expected a TOML file."),
    ),
    "table with its ending in capitals": Kind(
        case_made(renamed("sites.csv", "sites.CSV")),
        (
            "2 problems\n"
            "- sites.CSV: is not a table of a case\n"
            "    Expected only tables of the data dictionary. Maybe sites.csv.\n"
            "- sites.csv: the file is missing\n"
            "    Expected sites in the regions of regions.csv."
        ),
    ),
    "table saved as text": Kind(
        case_made(renamed("sites.csv", "sites.txt")),
        (
            "1 problem\n"
            "- sites.csv: the file is missing\n"
            "    Expected sites in the regions of regions.csv."
        ),
    ),
    "copy of a table": Kind(
        case_made(lambda case: write(case / "sites (1).csv", "")),
        (
            "1 problem\n"
            "- sites (1).csv: is not a table of a case\n"
            "    Expected only tables of the data dictionary."
        ),
    ),
    "lock file of a spreadsheet program": Kind(
        case_made(lambda case: write(case / "~$sites.csv", "")),
        (
            "1 problem\n"
            "- ~$sites.csv: is not a table of a case\n"
            "    Expected only tables of the data dictionary."
        ),
    ),
    "file name that is no text": Kind(
        case_made(lambda case: write(Path(named_in_bytes(case, b"s\xf4tes.csv")), "")),
        (
            "1 problem\n"
            "- s\\udcf4tes.csv: is not a table of a case\n"
            "    Expected only tables of the data dictionary."
        ),
    ),
    "folder name that is no text": Kind(
        made(os.fsdecode(b"c\xf4"), Path.mkdir, load_case),
        ("1 problem\n- c\\udcf4: its name is not UTF-8\n    Expected a name that can be written."),
    ),
    "table given for a case": Kind(
        case_at("case/sites.csv"),
        (
            "1 problem\n"
            "- sites.csv: is a file\n"
            "    Expected the folder of a case, or an .xlsx workbook."
        ),
    ),
    "folder above the case": Kind(
        case_at("."),
        (
            "1 problem\n"
            "- {name}: is a folder without case.toml and without any table\n"
            "    Expected the folder of a case, or an .xlsx workbook. Maybe case."
        ),
    ),
    "path through a file": Kind(
        case_at("case/sites.csv/../case"),
        ("1 problem\n- case: there is no such folder in {folder}/case/sites.csv/.."),
    ),
    "path with a zero byte": Kind(
        case_at("case\0"),
        ("1 problem\n- case\\x00: there is no such folder in {folder}\n    Maybe case."),
    ),
    "path with a line break": Kind(
        case_at("ca\nse"),
        ("1 problem\n- ca\\nse: there is no such folder in {folder}\n    Maybe case."),
    ),
    "name too long for any file": Kind(
        case_at("c" * 300),
        (
            "1 problem\n"
            "- ccccccccccccccccccccccccccccccccccccccccccccccccccccccccc...: there is no "
            "such folder in {folder}"
        ),
    ),
    "case.toml of 50 MB": Kind(
        content("case.toml", b"#" * 50_000_000),
        ("1 problem\n- case.toml: has 50,000,000 bytes\n    Expected at most 10,485,760 bytes."),
    ),
    "case.toml with a key of thousands of parts": Kind(
        content("case.toml", ".".join(["a"] * 5000) + " = 1\n"),
        ("1 problem\n- case.toml line 1: holds a number too long or tables too deep to read"),
    ),
    "case.toml with lists within lists": Kind(
        content("case.toml", "x = " + "[" * 5000 + "]" * 5000),
        ("1 problem\n- case.toml: holds a number too long or tables too deep to read"),
    ),
    "case.toml with a number of thousands of digits": Kind(
        header("schema = 1", "schema = " + "1" * 5000),
        ("1 problem\n- case.toml: holds a number too long or tables too deep to read"),
    ),
    "case.toml in UTF-16": Kind(
        content("case.toml", 'title = "x"\n'.encode("utf-16")),
        ("1 problem\n- case.toml: is not UTF-8\n    Expected text saved as UTF-8."),
    ),
    "case.toml with typographic quotes": Kind(
        header('"JPY"', "“JPY”"),
        ("1 problem\n- case.toml line 3: is not valid TOML: Invalid value"),
    ),
    "case.toml in YAML": Kind(
        header('currency = "JPY"', "currency: JPY"),
        (
            "1 problem\n"
            "- case.toml line 3: is not valid TOML: Expected '=' after a key in a "
            "key/value pair"
        ),
    ),
    "case.toml with a table twice": Kind(
        header(
            'licence = "CC0-1.0"\n',
            'licence = "CC0-1.0"\n[attributes.regions]\n[attributes.regions]\n',
        ),
        (
            "1 problem\n"
            "- case.toml line 9: is not valid TOML: Cannot declare ('attributes', "
            "'regions') twice"
        ),
    ),
    "empty case.toml": Kind(
        content("case.toml", ""),
        (
            "6 problems\n"
            "- case.toml, country_codes: is missing\n"
            "    Expected one of iso3166, any.\n"
            "- case.toml, currency: is missing\n"
            "    Expected 3 letters, such as JPY.\n"
            "- case.toml, licence: is missing\n"
            "    Expected text.\n"
            "- case.toml, schema: is missing\n"
            "    Expected 1.\n"
            "- case.toml, title: is missing\n"
            "    Expected text.\n"
            "- case.toml, years: is missing\n"
            "    Expected a list of integers from 1900 to 2200, such as [2027, 2028]."
        ),
    ),
    "title of two lines": Kind(
        header("Two countries, two regions", "Two countries\\n::error::two regions"),
        (
            "1 problem\n"
            "- case.toml, title: 'Two countries\\n::error::two regions' has a line break\n"
            "    Expected text on one line. Maybe Two countries ::error::two regions."
        ),
    ),
    "currency with a line break": Kind(
        header('"JPY"', '"JPY\\n"'),
        (
            "1 problem\n"
            "- case.toml, currency: 'JPY\\n' is not allowed\n"
            "    Expected 3 letters, such as JPY."
        ),
    ),
    "version that is true": Kind(
        header("schema = 1", "schema = true"),
        ("1 problem\n- case.toml, schema: true is not allowed\n    Expected 1."),
    ),
    "version with a point": Kind(
        header("schema = 1", "schema = 1.0"),
        ("1 problem\n- case.toml, schema: 1.0 is not allowed\n    Expected 1."),
    ),
    "year 0": Kind(
        header("[2027, 2028]", "[0, 1]"),
        (
            "2 problems\n"
            "- case.toml, years.1: 0 is below 1900\n"
            "    Expected a value of at least 1900.\n"
            "- case.toml, years.2: 1 is below 1900\n"
            "    Expected a value of at least 1900."
        ),
    ),
    "years backwards": Kind(
        header("[2027, 2028]", "[2028, 2027]"),
        (
            "1 problem\n"
            "- case.toml, years: [2028, 2027] does not go up year by year\n"
            "    Expected every year from the first to the last."
        ),
    ),
    "years in quotes": Kind(
        header("[2027, 2028]", '["2027", "2028"]'),
        (
            "2 problems\n"
            "- case.toml, years.1: '2027' is text, not an integer\n"
            "    Expected an integer from 1900 to 2200. Maybe 2027.\n"
            "- case.toml, years.2: '2028' is text, not an integer\n"
            "    Expected an integer from 1900 to 2200. Maybe 2028."
        ),
    ),
    "one year, not in a list": Kind(
        header("[2027, 2028]", "2027"),
        (
            "1 problem\n"
            "- case.toml, years: 2027 is not a list\n"
            "    Expected a list of integers from 1900 to 2200, such as [2027, 2028]."
        ),
    ),
    "hundreds of years": Kind(
        header("[2027, 2028]", str(list(range(1950, 2100)))),
        (
            "1 problem\n"
            "- case.toml, years: [1950, 1951, 1952, 1953, 1954, 1955, 1956, 1957, 1958, "
            "19... has too many entries\n"
            "    Expected a list of integers from 1900 to 2200, such as [2027, 2028]."
        ),
    ),
    "pipe for a policy": Kind(
        policy_made(lambda folder: pipe(folder / "plain.toml")),
        ("1 problem\n- plain.toml: is neither a file nor a folder\n    Expected a TOML file."),
    ),
    "device for a policy": Kind(
        policy_made(lambda folder: link("/dev/zero")(folder / "plain.toml")),
        ("1 problem\n- plain.toml: is neither a file nor a folder\n    Expected a TOML file."),
    ),
    "policy of 50 MB": Kind(
        policy_text(POLICY + "# " + "x" * 50_000_000),
        ("1 problem\n- plain.toml: has 50,000,604 bytes\n    Expected at most 10,485,760 bytes."),
    ),
    "policy with lists within lists": Kind(
        policy_text(POLICY + "x = " + "[" * 100_000),
        ("1 problem\n- plain.toml: holds a number too long or tables too deep to read"),
    ),
    "policy name that is no text": Kind(
        policy_text(POLICY, os.fsdecode(b"p\xf4.toml")),
        (
            "1 problem\n"
            "- p\\udcf4.toml: its name is not UTF-8\n"
            "    Expected a name that can be written."
        ),
    ),
    "table for a policy": Kind(
        policy_text("country,name\nKOR,South Korea\n", "countries.csv"),
        (
            "1 problem\n"
            "- countries.csv row 1: is not valid TOML: Expected '=' after a key in a "
            "key/value pair"
        ),
    ),
    "JSON for a policy": Kind(
        policy_text('{"schema": 1}\n', "plain.json"),
        ("1 problem\n- plain.json line 1: is not valid TOML: Invalid statement"),
    ),
    "policies that extend each other": Kind(
        extending("base.toml", 'schema = 1\nextends = "plain.toml"\n'),
        (
            "1 problem\n"
            "- base.toml, extends: is extended by plain.toml and extends 'plain.toml' "
            "itself\n"
            "    Expected a policy that extends no other."
        ),
    ),
    "policy that extends a pipe": Kind(
        extending("base.toml", pipe),
        (
            "1 problem\n"
            "- plain.toml, extends: 'base.toml' is neither a file nor a folder\n"
            "    Expected a TOML file."
        ),
    ),
    "policy that extends a circle of links": Kind(
        extending("base.toml", link("base.toml")),
        (
            "1 problem\n"
            "- plain.toml, extends: 'base.toml' is a circular link\n"
            "    Expected a file of the same folder."
        ),
    ),
    "policy that extends what a link out of the folder leads to": Kind(
        extending("base.toml", link("/dev/zero")),
        (
            "1 problem\n"
            "- plain.toml, extends: 'base.toml' leads out of the policy's folder\n"
            "    Expected a file of the same folder."
        ),
    ),
    "policy that extends a folder": Kind(
        extending("."),
        (
            "1 problem\n"
            "- plain.toml, extends: there is no file '.'\n"
            "    Expected a file of the same folder."
        ),
    ),
    "policy that extends nothing": Kind(
        extending(""),
        (
            "1 problem\n"
            "- plain.toml, extends: there is no file ''\n"
            "    Expected a file of the same folder."
        ),
    ),
    "policy that extends a name too long for any file": Kind(
        extending("b" * 5000),
        (
            "1 problem\n"
            "- plain.toml, extends: there is no file "
            "'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb...\n"
            "    Expected a file of the same folder."
        ),
    ),
    "policy that extends a Windows path": Kind(
        extending("..\\\\base.toml"),
        (
            "1 problem\n"
            "- plain.toml, extends: there is no file '..\\\\base.toml'\n"
            "    Expected a file of the same folder. Maybe base.toml."
        ),
    ),
    "pipe for expectations": Kind(
        made("tiny.toml", pipe, load_expectations),
        ("1 problem\n- tiny.toml: is neither a file nor a folder\n    Expected a TOML file."),
    ),
    "run folder that is a link": Kind(
        linked_to("run", "/etc", lambda path: refuse_run(path, force=True)),
        (
            "1 problem\n- {folder}/run: is a symbolic link\n"
            "    Expected a path that is not a symbolic link."
        ),
    ),
    "run folder through a link and back": Kind(
        linked_to("run", "/etc", lambda path: refuse_run(path / ".." / "run", force=True)),
        (
            "1 problem\n"
            "- {folder}/run/../run: is not a run folder\n"
            "    Expected a folder this tool has written."
        ),
    ),
    "template over a link": Kind(
        linked_to("new", "/etc", lambda path: write_template(path, force=True)),
        (
            "1 problem\n- {folder}/new: is a symbolic link\n"
            "    Expected a path that is not a symbolic link."
        ),
    ),
    "workbook over a link": Kind(
        linked_to("new.xlsx", "/etc/passwd", lambda path: write_template(path, force=True)),
        (
            "1 problem\n- {folder}/new.xlsx: is a symbolic link\n"
            "    Expected a path that is not a symbolic link."
        ),
    ),
}
