"""Names that were replaced: refused with the new ones, and read where runs of before have them."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any, get_args

import pytest

from golden.small_cases import FOLLOWED, SmallCase
from optimizer import (
    OptimizerError,
    Session,
    load_case,
    load_policy,
    load_run,
    read_plan,
    write_run,
)
from optimizer.formulation.expressions import KEYS
from optimizer.io.archives import packed
from optimizer.plan import COLUMNS
from optimizer.policy.goals import Diminishing, Stage
from optimizer.policy.models import Stability
from optimizer.runs import CASE_FILES, DECISIONS_FILE, INPUTS, POLICY_FILE, RUN
from optimizer.schema.fields import known_keys
from optimizer.schema.rules import RULES
from optimizer.schema.tables import TABLES
from optimizer.text.old_names import OLD_NAMES
from workbook_builder import Rows, write_book

LINKS = {"free", "active", "existing", "proposed"}
IN_USE = {*KEYS, *COLUMNS, *RULES, *get_args(Stage), *LINKS} | {
    word for spec in TABLES.values() for column in spec.columns for word in column.choices
}
IN_USE |= known_keys([Diminishing, Stability])

# Whoever completes t in the years of the plan goes on to u, where it costs something. The goal has
# a name that was a key: names that anybody may choose are never taken for old ones.
CONTINUED = FOLLOWED.aiming_at(
    '[goals.price]\nweight = 1\nscale = "none"\n'
    'effects = [{ where = { track = "t" }, stage = "continue", effect = 1 }]\n'
    'diminishing = { by = ["country"], per = "year", breakpoints = [[0, 1], [1, 0.5]] }\n'
).with_(costs=("t,main,1,,,,,10", "u,main,1,,,,transition,4"))


def test_an_old_name_is_no_name_any_more_and_has_a_new_one() -> None:
    assert not IN_USE & set(OLD_NAMES)
    assert IN_USE.issuperset(name for new in OLD_NAMES.values() for name in new)


def refused(text: str, make: Any) -> None:
    with pytest.raises(OptimizerError) as refusal:
        make()
    assert text in str(refusal.value)


def read(case: SmallCase, folder: Path) -> tuple[Any, Any]:
    where, policy = case.write(folder)
    return load_policy(policy), load_case(where)


@pytest.mark.parametrize("effects", ["effects", "region_effects"])
def test_the_old_stage_is_answered_with_the_new(effects: str, tmp_path: Path) -> None:
    goal = f'[goals.g]\nweight = 1\n{effects} = [{{ stage = "stay", effect = 1 }}]\n'
    refused(
        f"goals.g.{effects}.1.stage: 'stay' is not allowed\n"
        "    Expected 'enter', 'present', 'complete'",
        lambda: read(FOLLOWED.aiming_at(goal), tmp_path),
    )
    refused("Maybe continue.", lambda: read(FOLLOWED.aiming_at(goal), tmp_path))


def test_an_old_key_is_answered_with_the_new(tmp_path: Path) -> None:
    goal = CONTINUED.policy.replace("breakpoints", "points")
    refused(
        "goals.price.diminishing.points: is not a known key\n"
        "    Expected one of breakpoints, breakpoints_per, by, per. Maybe breakpoints.",
        lambda: read(replace(CONTINUED, policy=goal), tmp_path),
    )
    refused(
        "stability.price: is not a known key\n"
        "    Expected one of max_change, penalty. Maybe penalty.",
        lambda: read(CONTINUED.with_("[stability]\nmax_change = 1\nprice = 2\n"), tmp_path),
    )


def test_an_address_with_an_old_key_is_answered_with_the_new(tmp_path: Path) -> None:
    session = Session(*read(CONTINUED, tmp_path))
    refused("Maybe penalty.", lambda: session.change({"stability.price": 1}))


def test_a_sheet_with_an_old_key_is_answered_with_the_new(tmp_path: Path) -> None:
    sheets: dict[str, Rows] = {
        "policy": [["key", "value"], ["stability.price", 2]],
        "goals": [["goal", "weight"]],
    }
    path = write_book(tmp_path / "mine.xlsx", sheets)
    refused("Maybe stability.penalty.", lambda: load_policy(path))


def test_the_old_way_of_entry_is_answered_with_the_new(tmp_path: Path) -> None:
    old = CONTINUED.with_(costs=("u,main,1,,,,stay,4",))
    refused(
        "costs.csv row 2, column entry: 'stay' is not allowed\n"
        "    Expected new or transition, or a blank cell. Maybe transition.",
        lambda: read(old, tmp_path),
    )


def test_an_address_with_the_old_way_of_entry_is_answered_with_the_new(tmp_path: Path) -> None:
    session = Session(*read(CONTINUED, tmp_path))
    change = {"costs[track=u, entry=stay].amount": 5}
    refused("Maybe entry=transition.", lambda: session.change(change))


def test_an_old_rule_is_answered_with_the_new(tmp_path: Path) -> None:
    session = Session(*read(CONTINUED, tmp_path))
    refused("Maybe placements_within_site.", lambda: session.drop("placed_within_site"))


# Runs of before ----------------------------------------------------------------------------------


def as_of_before(run: Path) -> None:
    """Write into a run what it would have held under the old names."""
    folder = run / INPUTS
    with zipfile.ZipFile(folder / CASE_FILES) as archive:
        case = {name: archive.read(name) for name in archive.namelist()}
    case = {name: told.replace(b",transition,", b",stay,") for name, told in case.items()}
    (folder / CASE_FILES).write_bytes(packed(case))
    policy = (folder / POLICY_FILE).read_text()
    policy = policy.replace('"continue"', '"stay"').replace("breakpoints", "points")
    (folder / POLICY_FILE).write_text(policy)
    rows = (run / DECISIONS_FILE).read_text()
    rows = rows.replace("\ntransitions_by_region,", "\nstays_at,").replace(
        "\ntransitions,", "\nstays,"
    )
    assert "stays," in rows
    assert "stays_at," in rows
    (run / DECISIONS_FILE).write_text(rows)
    facts = json.loads((run / RUN).read_text())
    facts["changes"] = {
        "costs[track=u, entry=stay].amount": 3,
        "goals.price.effects.1.stage": "stay",
        "goals.price.diminishing.points.2.1": 1.5,
    }
    facts["dropped"] = ["placed_within_site"]
    facts["inputs"]["files"] = {
        name: sha256((folder / name).read_bytes()).hexdigest() for name in facts["inputs"]["files"]
    }
    (run / RUN).write_text(json.dumps(facts))


@pytest.fixture
def run(tmp_path: Path) -> Path:
    policy, case = read(CONTINUED, tmp_path)
    session = Session(policy, case)
    session.change(
        {
            "costs[track=u, entry=transition].amount": 3,
            "goals.price.diminishing.breakpoints.2.1": 1.5,
        }
    )
    session.drop("placements_within_site")
    return write_run(session.solve(gap=0.0), tmp_path / "run")


def test_a_run_of_before_is_read_as_it_was(run: Path) -> None:
    new = load_run(run)
    assert len(new.plan.decisions.transitions)
    as_of_before(run)
    old = load_run(run)
    assert old.plan.decisions == new.plan.decisions
    assert old.plan.objective == new.plan.objective
    assert old.session.relax().points == pytest.approx(new.session.relax().points)
    assert old.read.facts["dropped"] == ("placements_within_site",)


def test_a_run_without_a_tail_ends_with_the_run_off_that_it_was_written_with(
    tmp_path: Path,
) -> None:
    case, policy = CONTINUED.write(tmp_path)
    text = policy.read_text().replace('\n[horizon]\ntail = "runoff"\n', "")
    assert "tail" not in text
    policy.write_text(text)
    written = write_run(Session(policy, case).solve(gap=0.0), tmp_path / "run")
    assert load_run(written).policy.horizon.tail == "steady"
    kept = written / INPUTS / POLICY_FILE
    kept.write_text(kept.read_text().replace('tail = "steady"', ""))
    facts = json.loads((written / RUN).read_text())
    facts["inputs"]["files"][POLICY_FILE] = sha256(kept.read_bytes()).hexdigest()
    (written / RUN).write_text(json.dumps(facts))
    assert load_run(written).policy.horizon.tail == "runoff"


def test_decisions_of_before_are_read_as_they_were(run: Path) -> None:
    case = load_run(run).case
    new = read_plan(run, case).decisions
    as_of_before(run)
    assert read_plan(run, case).decisions == new
