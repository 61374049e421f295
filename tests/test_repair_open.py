"""Repairs of which something was cut off: what is not proven is not said, and not written."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import Any

import pytest

import optimizer
from golden.small_cases import ACTIVE, NATIONAL
from optimizer import InfeasibleError, OptimizerError, PolicyError, Repairs
from optimizer.explain import repairing, searching
from optimizer.explain.loosening import PlanAsking
from optimizer.persistent import LoadedModel
from optimizer.persistent.conflict import Conflicts, find_conflicts
from optimizer.plan.question import read_question
from optimizer.session.loading import built, load
from optimizer.solver import Watch
from optimizer.solver.engine import Engine, EngineRun
from optimizer.solver.feasibility import Feasibility
from test_repair import ALL_OF_A, BUDGET, FIVE, POOR, TINY, command, repaired

Cut = Callable[[Watch], None]
NODES = "as nodes of branch and bound ran out"
BETWEEN = NATIONAL.with_(
    '[[limits]]\nname = "l"\nmeasure = "spending"\nat_least = 14\nat_most = 16\n'
)
"""One person costs 10: only parts of people spend 14 to 16."""


def time_out(watch: Watch) -> None:
    watch.timed_out = True


def ctrl_c(watch: Watch) -> None:
    watch.interrupted = True


def cut_off_after_the_clash(monkeypatch: pytest.MonkeyPatch, cut: Cut) -> None:
    """Let time run out, or Ctrl-C come, once it is found what clashes."""

    def found(loaded: LoadedModel, watch: Watch) -> Conflicts:
        conflicts = find_conflicts(loaded, watch)
        cut(watch)
        return conflicts

    monkeypatch.setattr(repairing, "find_conflicts", found)


def unless_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let questions of whole numbers run out of nodes."""
    original = Feasibility.without

    def without(asked: Feasibility, rows: Collection[int], watch: Watch) -> bool | None:
        return original(asked, rows, watch) if asked._is_relaxed else None

    monkeypatch.setattr(Feasibility, "without", without)


# What was cut off ---------------------------------------------------------------------------------

STOPS = ((time_out, "as time ran out", 4), (ctrl_c, "as it was interrupted", 130))


@pytest.mark.parametrize("stop", STOPS)
def test_what_was_cut_off_after_the_clash_is_not_said_to_help_nowhere(
    stop: tuple[Cut, str, int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    cut, why, code = stop
    cut_off_after_the_clash(monkeypatch, cut)
    found = repaired(POOR, tmp_path)
    assert found.in_words()[3:] == [
        "What each number would have to be by itself:",
        f"- {BUDGET}: 40; whether changing it alone is enough is not shown, {why}",
        f"- limits.five.at_least: 5; whether changing it alone is enough is not shown, {why}",
        "No repair was found.",
        f"Whether there is any repair is not shown, {why}.",
    ]
    assert found.tables["alone"]["status"].tolist() == ["open", "open"]
    assert found.tables["alone"]["why_open"].tolist() == [why, why]
    assert (found.interrupted, found.timed_out) == (code == 130, code == 4)
    case, policy = POOR.write(tmp_path)
    new = tmp_path / "new.toml"
    assert command(monkeypatch, "repair", policy, case, "--apply", 1, new) == code
    assert f"{new} is not written: no repair is verified\n" in capsys.readouterr().err
    assert not new.exists()


FAIR = FIVE.with_(
    f'{ALL_OF_A}[[limits]]\nname = "fair"\nmeasure = "slots"\nby = ["country"]\n'
    "at_most = { gini = 0.6 }\n"
)
"""All for one of five countries is an inequality of 0.8, which is found by bisection."""
GINI = "limits.fair.at_most.gini"
KEPT = {BUDGET: inf, "limits.a.at_least": inf}


def test_shares_that_were_cut_off_are_not_said_to_help_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_off_after_the_clash(monkeypatch, time_out)
    alone = repaired(FAIR, tmp_path, prices=KEPT).tables["alone"].set_index("address")
    assert alone.loc[GINI, "status"] == "open"


def test_a_value_that_leaves_a_plan_need_not_be_the_nearest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The search for the least change ends at its nodes, with a change in hand."""

    class OutOfNodes(Engine):
        def run(self, watch: Watch, **options: Any) -> EngineRun:
            return replace(super().run(watch, **options), status="stopped")

    monkeypatch.setattr("optimizer.explain.loosening.Engine", OutOfNodes)
    found = repaired(POOR, tmp_path)
    smaller = f"whether a smaller change is enough is not shown, {NODES}"
    assert found.in_words()[3:] == [
        "What each number would have to be by itself:",
        f"- {BUDGET}: 50 instead of 40; {smaller}",
        f"- limits.five.at_least: 4 instead of 5; {smaller}",
        "Repairs, each solved and its plan checked:",
        "1. lower limits.five.at_least from 5 to 4 (20%) (cheapest so far): 400.000 points",
        f"2. raise {BUDGET} from 40 to 50 (25%): 500.000 points",
        f"Whether a repair is cheaper is not shown, {NODES}.",
    ]
    assert found.tables["alone"]["status"].tolist() == ["enough", "enough"]


def test_a_share_found_beside_open_questions_need_not_be_the_nearest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = PlanAsking.has_plan

    def has_plan(asking: PlanAsking, *given: Any) -> bool | None:
        return original(asking, *given) or None

    monkeypatch.setattr(PlanAsking, "has_plan", has_plan)
    found = repaired(FAIR, tmp_path, prices=KEPT)
    alone = found.tables["alone"].set_index("address").loc[GINI]
    assert (alone["status"], alone["why_open"]) == ("enough", NODES)
    assert found.changes(1) == {GINI: pytest.approx(0.8, abs=1.1e-4)}
    assert found.table["kinds"].tolist() == ["alone, cheapest so far"]
    assert found.verified


def test_repairs_that_were_not_solved_in_time_are_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Time runs out after the first of two plans."""
    original = searching.RepairSearch._solved

    def solved(search: searching.RepairSearch, repair: searching.Repair) -> object:
        found = original(search, repair)
        search._watch.timed_out = True
        return found

    monkeypatch.setattr(searching.RepairSearch, "_solved", solved)
    found = repaired(POOR, tmp_path)
    assert found.in_words()[-3:] == [
        "Repairs:",
        "1. lower limits.five.at_least from 5 to 4 (20%) (cheapest): 400.000 points",
        f"2. raise {BUDGET} from 40 to 50 (25%): not verified, as time ran out",
    ]
    with pytest.raises(OptimizerError) as error:
        found.apply(2, tmp_path / "new.csv")
    assert str(error.value) == "repair 2 is not verified\n    Expected a repair with a plan: 1."
    assert not (tmp_path / "new.csv").exists()
    case, policy = POOR.write(tmp_path)
    assert command(monkeypatch, "repair", policy, case) == 0


# Whether there is a plan at all -------------------------------------------------------------------


def test_time_that_is_out_at_once_leaves_everything_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    case, policy = POOR.write(tmp_path)
    assert command(monkeypatch, "repair", policy, case, "--time-limit", "0.001") == 4
    told = "Whether a plan keeps every rule is not shown, as time ran out.\n"
    assert capsys.readouterr().out.startswith(told)


def test_no_time_limit_is_blamed_where_nodes_ran_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    unless_whole(monkeypatch)
    case, policy = NATIONAL.write(tmp_path)
    assert command(monkeypatch, "repair", policy, case) == 4
    assert capsys.readouterr().out.splitlines()[0] == (
        f"Whether a plan keeps every rule is not shown, {NODES}."
    )
    case, policy = BETWEEN.write(tmp_path)
    with pytest.raises(InfeasibleError) as error:
        optimizer.solve(policy, case)
    assert str(error.value) == (
        "No plan keeps every rule. The rules that clash were not found: nodes of branch and bound "
        "ran out."
    )


def test_that_no_plan_exists_is_said_where_no_rule_is_to_blame(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("optimizer.persistent.conflict.minimal_subset", lambda *_: [])
    case, policy = BETWEEN.write(tmp_path)
    assert command(monkeypatch, "repair", policy, case) == 3
    told = (
        "No plan keeps every rule. The rules that clash were not found: what ties decisions "
        "together leaves none."
    )
    assert capsys.readouterr().out.splitlines()[0] == told
    with pytest.raises(InfeasibleError) as error:
        optimizer.solve(policy, case)
    assert str(error.value) == told


def test_a_plan_of_whole_decisions_alone_is_no_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Time runs out before people must be whole."""
    original = Feasibility.without

    def without(asked: Feasibility, rows: Collection[int], watch: Watch) -> bool | None:
        answer = original(asked, rows, watch)
        watch.timed_out = not asked._is_relaxed
        return answer

    case, policy = ACTIVE.write(tmp_path)
    model = load(*built(read_question(policy, case)))
    assert find_conflicts(model, Watch()).has_plan is True
    monkeypatch.setattr(Feasibility, "without", without)
    assert find_conflicts(model, Watch()) == Conflicts((), has_plan=None)
    found = repaired(ACTIVE, tmp_path)
    assert not found.is_feasible
    assert found.in_words() == ["Whether a plan keeps every rule is not shown, as time ran out."]


def test_why_slots_cannot_be_is_not_blamed_on_rules_that_nobody_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    none = '[[limits]]\nname = "none"\nmeasure = "slots"\nwhere = { country = "BB" }\nat_most = 0\n'
    case, policy = NATIONAL.with_(none).write(tmp_path)
    plan = optimizer.solve(policy, case)
    monkeypatch.setattr(Watch, "for_last_steps", lambda _: Watch(time_limit=0.0))
    assert optimizer.why_not(plan, "slots[country=BB] >= 1").why == (
        "No plan keeps every rule. The rules that clash were not found within the time limit."
    )


# Fewest numbers -----------------------------------------------------------------------------------


def three_conflicts(folder: Path) -> Repairs:
    """Floors of three countries, each above a ceiling of its own."""
    limits = "".join(
        f'\n[[limits]]\nname = "{name}_{code}"\nmeasure = "slots"\n'
        f'where = {{ country = "{code}" }}\n{bound}\n'
        for code in ("AA", "BB", "CC")
        for name, bound in (("least", "at_least = 3"), ("most", "at_most = 2"))
    )
    return repaired(FIVE.with_(limits, budgets=("main,{year},M,900,program",)), folder)


FLOORS = {f"limits.least_{code}.at_least": 2 for code in ("AA", "BB", "CC")}


def test_sets_that_leave_a_conflict_are_not_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 20 sets of three numbers 8 have one of each conflict."""
    found = three_conflicts(tmp_path)
    assert found.changes(1) == FLOORS
    assert found.table["kinds"].iloc[0] == "fewest, cheapest"
    assert not found.not_shown
    monkeypatch.setattr(searching, "MOST_COMBINATIONS", 4)
    found = three_conflicts(tmp_path)
    assert found.changes(1) == FLOORS
    assert found.table["kinds"].iloc[0] == "fewest so far, cheapest"
    assert found.in_words()[-1] == (
        "Whether other sets of 3 numbers cost less is not shown: 4 sets were tried."
    )


def test_one_number_may_resolve_several_conflicts() -> None:
    """Money of 2030 is carried over to 2031: dearer than more in both years, but one number."""
    few = {"stability.max_change": 1, "budgets[line=science].amount": "*0.5"}
    found = optimizer.repair(*TINY, changes=few)
    assert found.tables["clash"]["conflict"].max() == 2
    kinds = found.table.drop_duplicates("repair").set_index("repair")["kinds"]
    assert kinds.tolist() == ["cheapest", "fewest"]
    assert found.changes(2) == {"budgets[line=science, year=2030].amount": 36_000_000}


# Options ------------------------------------------------------------------------------------------


def test_what_can_never_be_written_is_refused_before_anything_is_solved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("nothing is solved")

    monkeypatch.setattr(repairing, "repair", never)
    case, policy = POOR.write(tmp_path)
    halved = ("--set", "budgets[line=main].amount=*0.5")
    new = tmp_path / "new.toml"
    assert command(monkeypatch, "repair", policy, case, *halved, "--apply", 1, new) == 1
    assert capsys.readouterr().err == (
        "new.toml: a policy cannot hold figures of the case (budgets[line=main].amount)\n"
        "    Expected a name ending in .csv, for the changes as a study.\n"
    )
    assert command(monkeypatch, "repair", policy, case, "--apply", 0, new) == 2
    assert "0 is not the number of a repair" in capsys.readouterr().err


def test_where_there_is_nothing_to_repair_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    new = tmp_path / "new.toml"
    assert command(monkeypatch, "repair", *TINY, "--apply", 1, new) == 0
    assert f"{new} is not written: there is nothing to repair\n" in capsys.readouterr().err
    assert not new.exists()


def test_a_number_has_one_price(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    case, policy = POOR.write(tmp_path)
    floor = "limits.five.at_least"
    twice = ("--price", f"{floor}=1", "--price", f"{floor}=5")
    assert command(monkeypatch, "repair", policy, case, *twice) == 2
    assert f"{floor} is priced twice" in capsys.readouterr().err
    spelt = ("--price", f"{floor}=1", "--price", "limits . five . at_least=5")
    assert command(monkeypatch, "repair", policy, case, *spelt) == 2
    assert capsys.readouterr().err == (
        "1 problem\n- --price: 'limits . five . at_least' is priced twice\n"
        "    Expected one price of each number.\n"
    )
    with pytest.raises(PolicyError, match="is priced twice"):
        optimizer.repair(policy, case, prices={floor: 1, f" {floor}": 1})


def test_annotations_stand_beside_a_document(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ("--set", "stability.max_change=0.25", "--json", "--github")
    assert command(monkeypatch, "repair", *TINY, *asked) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["infeasible"]
    assert printed.err.count("::error file=") == 2
