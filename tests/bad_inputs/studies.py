"""Studies: tables that contradict themselves, and addresses that lead nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bad_inputs.given import Action, Kind
from optimizer import Study

SCENARIOS = """\
scenario,probability,note
lean,0.25,
rich,0.75,
"""
CHANGES = """\
scenario,address,operation,value,note
lean,budgets[line=*].amount_jpy,multiply,0.9,
rich,goals.alliance.weight,add,1,
"""
FILE = """\
schema = 1
title = "Some"

[[scenarios]]
name = "lean"
changes = [{ address = "goals.alliance.weight", multiply = 2 }]
"""


def _read(path: Path) -> object:
    return Study.read(path).resolved("models/tiny.toml", "inputs/tiny")


def tables(old: str = "", new: str = "", **files: str) -> Action:
    """A folder with both tables, in which one piece of one is replaced."""
    texts: Mapping[str, str] = {"scenarios": SCENARIOS, "changes": CHANGES, **files}

    def action(folder: Path) -> object:
        assert any(old in text for text in texts.values())
        for name, text in texts.items():
            (folder / f"{name}.csv").write_text(text.replace(old, new), encoding="utf-8")
        return _read(folder)

    return action


def file(old: str, new: str) -> Action:
    """A TOML file with a piece replaced."""
    return named("study.toml", FILE.replace(old, new))


def named(name: str, text: str) -> Action:
    """A file of its own."""

    def action(folder: Path) -> object:
        (folder / name).write_text(text, encoding="utf-8")
        return _read(folder / name)

    return action


def folder_of(folder: Path, scenarios: str) -> Path:
    """A folder without changes."""
    (folder / "scenarios.csv").write_text(scenarios, encoding="utf-8")
    return folder


KINDS = {
    "scenario of a study twice": Kind(
        tables("rich,0.75,\n", "lean,0.75,\n"),
        (
            "1 problem\n"
            "- scenarios.csv row 3: scenario 'lean' is already in row 2\n"
            "    Expected one row per scenario."
        ),
    ),
    "scenario of a study that looks like another": Kind(
        tables("rich", "Lean"),
        (
            "1 problem\n"
            "- scenarios.csv row 3, column scenario: 'Lean' looks like 'lean'\n"
            "    Expected every scenario once, by a name of its own."
        ),
    ),
    "change of a scenario that is not listed": Kind(
        tables("rich,goals", "rihc,goals"),
        (
            "1 problem\n"
            "- changes.csv row 3, column scenario: 'rihc' is not a scenario of the study\n"
            "    Expected a scenario of the table scenarios. Maybe rich."
        ),
    ),
    "change of base": Kind(
        tables("rich,goals", "base,goals"),
        (
            "1 problem\n"
            "- changes.csv row 3, column scenario: base is the policy and the case as "
            "they are\n"
            "    Expected another scenario."
        ),
    ),
    "probabilities that do not sum to 1": Kind(
        tables("0.75", "0.5"),
        (
            "1 problem\n"
            "- scenarios.csv row 3, column probability: the probabilities of all "
            "scenarios sum to 0.75\n"
            "    Expected a sum of 1."
        ),
    ),
    "probability above 1": Kind(
        tables("0.75", "75"),
        (
            "1 problem\n"
            "- scenarios.csv row 3, column probability: 75 is above 1\n"
            "    Expected a number from 0 to 1, or a blank cell. Maybe 0.75."
        ),
    ),
    "probability of some scenarios": Kind(
        tables("0.75", ""),
        (
            "1 problem\n"
            "- scenarios.csv row 3, column probability: is blank, but 1 of 2 scenarios "
            "have a probability\n"
            "    Expected a probability of every scenario, or of none."
        ),
    ),
    "operation of a study that is none": Kind(
        tables("multiply", "mutliply"),
        (
            "1 problem\n"
            "- changes.csv row 2, column operation: 'mutliply' is not allowed\n"
            "    Expected set, add or multiply, or a blank cell. Maybe multiply."
        ),
    ),
    "change of a study without a value": Kind(
        tables("multiply,0.9", "multiply,"),
        (
            "1 problem\n"
            "- changes.csv row 2, column value: is blank\n"
            "    Expected text: a value as --set takes it."
        ),
    ),
    "text where a study multiplies": Kind(
        tables("multiply,0.9", "multiply,much"),
        (
            "1 problem\n"
            "- changes.csv row 2, column value: 'much' is not a number, which multiply "
            "needs\n"
            "    Expected a number."
        ),
    ),
    "operation of a study said twice": Kind(
        tables("add,1", "set,*1.1"),
        (
            "1 problem\n"
            "- changes.csv row 3, column value: '*1.1' changes a figure, and the "
            "operation is set\n"
            "    Expected a value. Maybe 1.1 with multiply."
        ),
    ),
    "percentage that a study adds": Kind(
        tables("add,1", "add,10%"),
        (
            "1 problem\n"
            "- changes.csv row 3, column value: '10%' is not a number, which add needs\n"
            "    Expected a number."
        ),
    ),
    "unknown goal in a study": Kind(
        tables("alliance", "allaince"),
        (
            "1 problem\n"
            "- changes.csv row 3, column address: goals has no 'allaince'\n"
            "    Expected one of alliance, bridges, competitiveness, "
            "regional_vitality, safe_haven. Maybe alliance."
        ),
    ),
    "unknown table in a study": Kind(
        tables("budgets[", "budget["),
        (
            "1 problem\n"
            "- changes.csv row 2, column address: 'budget' is not a table\n"
            "    Expected a table of a case. Maybe budgets."
        ),
    ),
    "pattern that matches no key of a case": Kind(
        tables("line=*", "line=sciense*"),
        (
            "1 problem\n"
            "- changes.csv row 2, column address: budgets[line=sciense*].amount_jpy "
            "matches nothing\n"
            "    Expected a pattern that matches what has a value. Maybe line=science."
        ),
    ),
    "pattern that matches no goal": Kind(
        tables("goals.alliance.weight", "goals.*.wieght"),
        (
            "1 problem\n"
            "- changes.csv row 3, column address: goals.*.wieght matches nothing\n"
            "    Expected a pattern that matches what has a value. Maybe goals.*.weight."
        ),
    ),
    "pattern with a key that is none": Kind(
        tables("line=*", "lines=*"),
        (
            "1 problem\n"
            "- changes.csv row 2, column address: 'lines=*' chooses no rows\n"
            "    Expected line=..., year=.... Maybe line."
        ),
    ),
    "number that a scenario changes twice": Kind(
        tables(changes=CHANGES + 'lean,"budgets[line=science, year=2030].amount_jpy",set,5,\n'),
        (
            "1 problem\n"
            "- changes.csv row 4, column address: budgets[line=science, "
            "year=2030].amount_jpy changes what budgets[line=*].amount_jpy changes in "
            "this scenario\n"
            "    Expected every number once in a scenario."
        ),
    ),
    "table and number within it in one scenario": Kind(
        tables(
            changes=CHANGES + "lean,stability.penalty,set,1,\nlean,stability,set,{ penalty = 2 },\n"
        ),
        (
            "1 problem\n"
            "- changes.csv row 5, column address: stability changes what "
            "stability.penalty changes in this scenario\n"
            "    Expected every number once in a scenario."
        ),
    ),
    "flag that a study multiplies": Kind(
        tables("goals.alliance.weight,add,1", "limits.country_share.protected,multiply,2"),
        (
            "1 problem\n"
            "- changes.csv row 3, column operation: limits.country_share.protected is "
            "not a number, which multiply needs\n"
            "    Expected the address of a number, or set."
        ),
    ),
    "value of a study that a policy refuses": Kind(
        tables("add,1", "set,-1"),
        (
            "1 problem\n"
            "- changes.csv row 3, column value: -1 is below 0 on a goal with "
            "diminishing returns\n"
            "    Expected a weight of at least 0, or no diminishing."
        ),
    ),
    "value of a study that a case refuses": Kind(
        tables("multiply,0.9", "set,-1"),
        (
            "1 problem\n"
            "- changes.csv row 2, column value: -1 is below 0\n"
            "    Expected a number of at least 0."
        ),
    ),
    "floor of a study above its ceiling": Kind(
        tables("budgets[line=*].amount_jpy,multiply,0.9", "commitments[].at_least,set,1000"),
        (
            "1 problem\n"
            "- changes.csv row 2, column value: commitments.csv row 4, column "
            "at_least: 1000 is above at_most, 3\n"
            "    Expected at_least no higher than at_most."
        ),
    ),
    "study without a column": Kind(
        tables("address", "adress"),
        (
            "2 problems\n"
            "- changes.csv row 1: unknown column 'adress'\n"
            "    Expected columns of changes only. Maybe address.\n"
            "- changes.csv row 1, column address: the column is missing\n"
            "    Expected text: what is changed; a star stands for any name."
        ),
    ),
    "row of a study twice": Kind(
        tables(changes=CHANGES + CHANGES.splitlines()[2] + "\n"),
        (
            "1 problem\n"
            "- changes.csv row 4: scenario 'rich', address 'goals.alliance.weight' is "
            "already in row 3\n"
            "    Expected one row per scenario, address."
        ),
    ),
    "folder without changes": Kind(
        lambda folder: _read(folder_of(folder, SCENARIOS)),
        (
            "1 problem\n"
            "- {name}: is a folder without changes.csv\n"
            "    Expected a study: .toml, .xlsx or .csv, or a folder with changes.csv."
        ),
    ),
    "probabilities of a flat study that differ": Kind(
        named(
            "flat.csv",
            "scenario,probability,address,operation,value\n"
            + "a,1,horizon.tail,,0\na,0.5,horizon.discount,,0\n",
        ),
        (
            "1 problem\n"
            "- flat.csv row 3, column probability: 0.5 differs from 1.0 in row 2\n"
            "    Expected the same in every row of a, or once."
        ),
    ),
    "value of a flat study without an address": Kind(
        named("flat.csv", "scenario,probability,address,operation,value\n" + "a,1,,,0\n"),
        (
            "1 problem\n"
            "- flat.csv row 2, column address: is blank\n"
            "    Expected an address, such as goals.alliance.weight."
        ),
    ),
    "study of no known form": Kind(
        named("study.json", "{}"),
        (
            "1 problem\n"
            "- study.json: is not a study\n"
            "    Expected a study: .toml, .xlsx or .csv, or a folder with changes.csv."
        ),
    ),
    "unknown key of a study": Kind(
        file("address", "adress"),
        (
            "2 problems\n"
            "- study.toml, scenarios.lean.changes.1.address: is missing\n"
            "    Expected text.\n"
            "- study.toml, scenarios.lean.changes.1.adress: is not a known key\n"
            "    Expected one of add, address, multiply, note, set. Maybe address."
        ),
    ),
    "change of a file that says nothing": Kind(
        file(", multiply = 2", ""),
        (
            "1 problem\n"
            "- study.toml, scenarios.lean.changes.1.set: none of them is given\n"
            "    Expected one of set, add and multiply."
        ),
    ),
    "change of a file that says two things": Kind(
        file("multiply = 2", "multiply = 2, add = 1"),
        (
            "1 problem\n"
            "- study.toml, scenarios.lean.changes.1.set: add, multiply is given\n"
            "    Expected one of set, add and multiply."
        ),
    ),
    "unknown goal in a study's file": Kind(
        file("goals.alliance", "goals.aliance"),
        (
            "1 problem\n"
            "- study.toml, scenarios.lean.changes.1.address: goals has no 'aliance'\n"
            "    Expected one of alliance, bridges, competitiveness, "
            "regional_vitality, safe_haven. Maybe alliance."
        ),
    ),
    "name of a scenario with a zero": Kind(
        file('name = "lean"', 'name = "le\\u0000an"'),
        (
            "1 problem\n"
            "- study.toml, scenarios.le\\x00an.name: 'le\\x00an' has control characters\n"
            "    Expected text without control characters."
        ),
    ),
    "study's file without scenarios": Kind(
        named("study.toml", FILE[: FILE.index("[[")]),
        (
            "1 problem\n"
            "- study.toml, scenarios: no scenario is given\n"
            "    Expected one of scenarios, one_at_a_time, grid, sample, sobol."
        ),
    ),
    "sample of a study's file that is no power of two": Kind(
        named(
            "study.toml",
            FILE + '[sample]\nn = 100\nlevers."horizon.discount" = { uniform = [0.5, 2] }\n',
        ),
        (
            "1 problem\n"
            "- study.toml, sample: n is 100, not a power of two, so that every range "
            'is drawn from as often: 64 or 128, or method="latin", which takes any number'
        ),
    ),
    "range of a study's file in the wrong order": Kind(
        named(
            "study.toml",
            FILE + '[sample]\nn = 4\nlevers."horizon.discount" = { uniform = [2, 0.5] }\n',
        ),
        (
            "1 problem\n"
            '- study.toml, sample.levers."horizon.discount".uniform: low 2.0, high 0.5 '
            "are not in order, the lowest first\n"
            "    Expected a distribution."
        ),
    ),
    "study for another case": Kind(
        file("schema = 1", "schema = 1\ncases = ['japan']"),
        (
            "1 problem\n"
            "- study.toml, cases: is not meant for case 'tiny'\n"
            "    Expected one of japan."
        ),
    ),
}
