"""Why nothing fits: sets of clashing rules, ours beside what HiGHS and Pyomo offer.

    python benchmarks/conflicts.py [--quick]

Three questions without a plan on each case: two limits that contradict each other, a budget of 3
among millions, and a number of people that is no whole one. Every tool gets the same model. Times
are CPU seconds from the loaded model to the set, without reading, joining and building. A set is
counted in rows and in rules, as the policy or a table has them. `clash` says whether branch and
bound finds no solution for its rows and for what ties decisions together, without all other limits
and facts; `proven smallest`, whether the tool has solved that no row can be left out. HiGHS's sets
are those of the relaxation. `write_iis` of Pyomo and `compute_infeasibilities` of linopy need a
commercial solver; Pyomo's `contrib.iis.mis` does not, but expects solutions where HiGHS has none to
load. optlens needs Python 3.12: it is asked where `OPTLENS_PYTHON` names an interpreter that has it
and pyscipopt, and gets whole people only where the question is about them.
"""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import Collection
from dataclasses import replace
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import TYPE_CHECKING, Any

import numpy as np

from measuring import Note, Rows, apart, by_itself, table

if TYPE_CHECKING:
    from optimizer.persistent import LoadedModel
    from optimizer.plan.question import Question

OURS = "find_conflicts"
ELASTIC, IRREDUCIBLE = "HiGHS, from its LP", "HiGHS, irreducible"
MIS, OPTLENS = "Pyomo, contrib.iis.mis", "optlens"
CONTRADICTION, TYPO, WHOLE = "two limits", "budget of 3", "whole people"
QUESTIONS = (CONTRADICTION, TYPO, WHOLE)
RUNS = (
    ("gap_01", (OURS, ELASTIC, IRREDUCIBLE, MIS, OPTLENS)),
    ("gap_06", (OURS, ELASTIC, IRREDUCIBLE, MIS, OPTLENS)),
    ("japan", (OURS, IRREDUCIBLE, OPTLENS)),
)
QUICK_RUNS = (("gap_01", (OURS, IRREDUCIBLE, MIS, OPTLENS)),)
LIMIT, QUICK_LIMIT = 300.0, 60.0
PYTHON_OF_OPTLENS = "OPTLENS_PYTHON"
_ASK_OPTLENS = """
import json, sys, time
import optlens
model = optlens.load(sys.argv[1])
limit = float(sys.argv[2])
started = time.process_time()
found = optlens.get_iis(model, optlens.default_backend(model), limit, limit)
print(json.dumps({"seconds": time.process_time() - started, "rows": list(found.rows)}))
"""
_CROSSED, _BETWEEN = (40, 30), (1.2, 1.8)
"""At least and at most so many slots."""
SPENT, SHOWN = 0.1, 60
"""Part of a budget that has to be spent; letters of an error that are shown."""


def work(payload: dict[str, Any], note: Note) -> None:
    from cases import case_and_policy
    from formulations import probe_scales
    from optimizer.formulation import build_pyomo
    from optimizer.instance import joined
    from optimizer.persistent import LoadedModel

    case, policy = case_and_policy(payload["case"])
    question = question_without_plan(payload["question"], policy, case)
    instance = joined(question.case, question.policy)
    model = build_pyomo(instance, probe_scales(instance))
    loaded = LoadedModel(instance, model)
    tool = payload["tool"]
    started, proven, seconds = process_time(), False, None
    if tool == OURS:
        rows, proven = _ours(loaded)
    elif tool == MIS:
        rows = _by_pyomo(loaded, model)
    elif tool == OPTLENS:
        rows, seconds = _by_optlens(loaded, is_whole=payload["question"] == WHOLE)
    else:
        rows = _by_highs(loaded, tool)
    seconds = process_time() - started if seconds is None else seconds
    note(seconds=seconds, proven=proven, **_counted(loaded, rows))


def question_without_plan(name: str, policy_path: Path, case_path: Path) -> Question:
    """A question that has no plan."""
    from optimizer.plan.question import Question, read_question
    from optimizer.policy.loading import policy_with_limit

    question = read_question(policy_path, case_path)
    year = min(question.case.years)
    if name == TYPO:
        # A part of a budget has to be spent, and three zeros and more are missing in it.
        budgets = question.case.tables["budgets"]
        first = budgets[budgets["year"].astype("str").eq(str(year))].nlargest(1, "amount")
        line, amount = str(first["line"].iloc[0]), float(first["amount"].iloc[0])
        typo = {f"budgets[line={line}, year={year}].amount": 3}
        question = read_question(policy_path, case_path, typo)
        limits = [_limit("spending", {"line": line, "year": year}, "at_least", SPENT * amount)]
    else:
        where: dict[str, object] = {"year": year}
        if name == WHOLE:
            # One and a half may come from a country, as far as the relaxation knows.
            where["country"] = str(question.case.tables["applicants"]["country"].mode().iloc[0])
        least, most = _BETWEEN if name == WHOLE else _CROSSED
        limits = [
            _limit("slots", where, "at_least", least),
            _limit("slots", where, "at_most", most),
        ]
    policy = question.policy
    for limit in limits:
        policy = policy_with_limit(policy, limit)
    return Question.of(policy, question.case)


def _limit(measure: str, where: dict[str, object], sense: str, number: float) -> dict[str, object]:
    return {"name": f"asked_{sense}", "measure": measure, "where": where, sense: number}


def _ours(loaded: LoadedModel) -> tuple[list[int], bool]:
    from optimizer.persistent.conflict import find_conflicts
    from optimizer.solver import Watch

    found = find_conflicts(loaded, Watch(), most=1).found
    rows = [each.row for conflict in found for each in conflict.rows]
    return rows, bool(found) and all(each.verified and each.is_minimal for each in found)


def _by_highs(loaded: LoadedModel, tool: str) -> list[int]:
    """Rows of the set that HiGHS names; its bounds of columns come without a name of ours."""
    import highspy

    wanted = int(highspy.IisStrategy.kIisStrategyFromLp)
    if tool == IRREDUCIBLE:
        wanted += int(highspy.IisStrategy.kIisStrategyIrreducible)
    highs = _relaxed(loaded)
    highs.setOptionValue("iis_strategy", wanted)
    _, found = highs.getIis()
    return [int(row) for row in found.row_index_]


def _by_optlens(loaded: LoadedModel, *, is_whole: bool) -> tuple[list[int], float]:
    """Rows of the set that it names, and CPU seconds from the model in its memory on."""
    from optimizer.solver.engine import Engine

    highs = Engine(loaded.matrix, relaxed=not is_whole, options=loaded.options)._highs
    for row in range(len(loaded.matrix.rows)):
        highs.passRowName(row, f"r{row}")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.mps"
        highs.writeModel(str(path))
        asked = [os.environ[PYTHON_OF_OPTLENS], "-c", _ASK_OPTLENS, str(path), str(LIMIT)]
        ended = subprocess.run(asked, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise RuntimeError(ended.stderr.strip().splitlines()[-1])
    found = json.loads(ended.stdout.splitlines()[-1])
    return [int(name[1:]) for name in found["rows"]], float(found["seconds"])


def _relaxed(loaded: LoadedModel) -> Any:
    """The relaxation in a HiGHS of its own, in the units in which it is loaded."""
    from optimizer.solver.engine import Engine

    return Engine(loaded.matrix, relaxed=True, options=loaded.options)._highs


def _by_pyomo(loaded: LoadedModel, model: Any) -> list[int]:
    """Rows of the set that Pyomo writes to its log, under the names of its constraints."""
    from pyomo.contrib.iis.mis import compute_infeasibility_explanation

    said = StringIO()
    logger = logging.getLogger("conflicts")
    logger.setLevel(logging.INFO)
    logger.addHandler(logging.StreamHandler(said))
    logger.propagate = False
    compute_infeasibility_explanation(model, "highs", logger=logger)
    told = said.getvalue().rpartition("(MIS)")[2]
    rows = {_written(*key): row for row, key in enumerate(loaded.matrix.rows)}
    named = re.findall(r"constraint: (\S.*)", told)
    return [rows[name] for name in named if name in rows]


def _written(name: str, index: object) -> str:
    """A row as Pyomo writes it."""
    if index is None:
        return name
    keys = index if isinstance(index, tuple) else (index,)
    return f"{name}[{','.join(map(str, keys))}]"


def _counted(loaded: LoadedModel, rows: Collection[int]) -> dict[str, Any]:
    """Rows and rules of a set, and whether its rows clash by themselves."""
    from optimizer.formulation.row_keys import row_keys
    from optimizer.persistent.conflict import CLASHING_KINDS, rule_part_of
    from optimizer.schema.rules import register
    from optimizer.solver import Watch
    from optimizer.solver.engine import Engine

    key_of = row_keys(loaded.instance)
    parts = {rule_part_of(key_of(*loaded.matrix.rows[row])) for row in rows}
    rules = register(loaded.instance.extension)
    chosen = [
        row
        for row, (name, _) in enumerate(loaded.matrix.rows)
        if name in rules and rules[key_of(*loaded.matrix.rows[row]).rule].kind in CLASHING_KINDS
    ]
    others = np.setdiff1d(chosen, list(rows))
    lower, upper = loaded.matrix.row_lower.copy(), loaded.matrix.row_upper.copy()
    lower[others], upper[others] = -np.inf, np.inf
    # Without points nothing is unbounded, which HiGHS would not tell from infeasible.
    no_points = np.zeros(len(loaded.matrix.cost))
    alone = replace(loaded.matrix, cost=no_points, row_lower=lower, row_upper=upper)
    run = Engine(alone, relaxed=False, options=loaded.options).run(Watch())
    return {"rows": len(rows), "rules": len(parts), "clash": run.status == "infeasible"}


def measured(*, quick: bool) -> Rows:
    """Size of the set and seconds, by case, question and tool."""
    rows: Rows = []
    for case, tools in QUICK_RUNS if quick else RUNS:
        for question in QUESTIONS:
            for tool in tools:
                if tool == OPTLENS and PYTHON_OF_OPTLENS not in os.environ:
                    continue
                payload = {"case": case, "question": question, "tool": tool}
                limit = QUICK_LIMIT if quick else LIMIT
                noted, ended = apart("conflicts", payload, limit=limit)
                rows.append({**payload, "ended": ended, **(noted[0] if noted else {})})
    return rows


def told(rows: Rows) -> str:
    """The table: rules, rows, whether they clash, seconds in multiples of ours."""
    lines = []
    for row in rows:
        ours = next(
            each.get("seconds")
            for each in rows
            if (each["case"], each["question"], each["tool"])
            == (row["case"], row["question"], OURS)
        )
        seconds = row.get("seconds")
        lines.append(
            {
                "case": row["case"],
                "question": row["question"],
                "tool": row["tool"],
                "rules": row.get("rules", ""),
                "rows": row.get("rows", ""),
                "clash": _yes(row.get("clash")),
                "proven smallest": _yes(row.get("proven")),
                "seconds": "" if seconds is None else seconds,
                "ratio": "" if seconds is None or not ours else seconds / ours,
                "ended": str(row["ended"])[:SHOWN],
            }
        )
    return table(lines)


def _yes(value: bool | None) -> str:
    return "" if value is None else "yes" if value else "no"


if __name__ == "__main__":
    sys.exit(by_itself(work, lambda quick: told(measured(quick=quick)), __doc__))
