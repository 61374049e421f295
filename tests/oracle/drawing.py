"""Writing case folders and policies, and the random choices both are drawn with."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from .measures import AGREEMENTS, OUTCOMES
from .reader import Problem

T = TypeVar("T")
Cells = dict[str, Any]

# How often a kind of rule is switched on; the number is a probability.
SWITCHES = {
    "levels": 0.4,
    "specific_rows": 0.5,
    "applicants_by_year": 0.3,
    "agreements": 0.4,
    "active_track": 0.35,
    "sites_by_year": 0.35,
    "caps": 0.4,
    "many_lines": 0.6,
    "transfers": 0.4,
    "carry_over": 0.35,
    "regions": 0.8,
    "region_costs": 0.35,
    "services": 0.5,
    "bands": 0.65,
    "expansion": 0.65,
    "continuations": 0.45,
    "chain": 0.35,
    "self_continuation": 0.3,
    "instant": 0.08,
    "present": 0.4,
    "tail": 0.6,
    "more_case_years": 0.25,
    "discount": 0.4,
    "indicators": 0.6,
    "region_effects": 0.5,
    "scores": 0.4,
    "scores_by_region": 0.6,
    "diminishing": 0.5,
    "limits": 0.65,
    "commitments": 0.4,
    "support_floor": 0.3,
    "stability": 0.4,
    "may_be_infeasible": 0.08,
}
RIGHT_SIDES = ["number", "number", "per", "times"]
MEASURES = ["slots", "slots", "residents", *["spending"] * 3, "use", "use", "value"]


class Draw:
    """A source of random choices: what is switched on is fixed per seed, the rest per attempt.

    `size` (0 to 6) says how much there is to decide; who draws again can ask for more or less.
    """

    seed: int
    attempt: int

    def __init__(self, seed: int, attempt: int, size: int) -> None:
        self.seed, self.attempt, self.size = seed, attempt, size
        fixed = Random(f"switches {seed}")
        self.on = {name for name, share in SWITCHES.items() if fixed.random() < share}
        self.limits = [
            {
                "measure": fixed.choice(MEASURES),
                "right": fixed.choice(RIGHT_SIDES),
                "side": fixed.choice(["at_most", "at_most", "at_least"]),
                "soft": fixed.choice(["soft", "hard", "hard"]),
                "single": fixed.choice(["yes", "no", "no"]),
            }
            for _ in range(fixed.choice([1, 1, 2, 3]) if "limits" in self.on else 0)
        ]
        # Of a source of its own, so that all other seeds are drawn as before.
        steps = Random(f"steps {seed}")
        for shape in self.limits:
            shape["right"] = "previous" if steps.random() < 0.2 else shape["right"]
        expected = Random(f"forecast {seed}")
        if expected.random() < 0.35:
            self.on.add("forecast")
        for shape in self.limits:
            counts = self.on & {"forecast", "present"} and expected.random() < 0.4
            shape["planned"] = "yes" if counts else "no"
        self._ask_for_outcomes(Random(f"outcomes {seed}"))
        self.rng = Random(f"case {seed} {attempt} {size}")
        # Some combinations of switches hardly ever fit together: give one up now and then.
        for _ in range(attempt // 12):
            self.on.discard(self.rng.choice(sorted(self.on - {"regions"} or {"none"})))
        if attempt > 24:
            self.limits = self.limits[:1]

    def _ask_for_outcomes(self, rng: Random) -> None:
        """One limit more on who completes or on agreements, for half of the seeds."""
        if rng.random() < 0.5:
            return
        measure = rng.choice([*OUTCOMES, *AGREEMENTS])
        shape = {"measure": measure, "single": "no"}
        shape["right"] = rng.choice(["number", "number", "per", "times", "times", "previous"])
        shape["side"] = rng.choice(["at_most", "at_most", "at_least"])
        shape["soft"] = rng.choice(["soft", "hard", "hard"])
        shape["planned"] = "yes" if measure != "returns" and rng.random() < 0.3 else "no"
        self.limits.append(shape)
        if measure in AGREEMENTS:
            self.on.add("agreements")
        elif rng.random() < 0.5 or measure == "transitions":
            self.on.add("continuations")

    def has(self, *switches: str) -> bool:
        """Whether all these kinds are switched on."""
        return self.on.issuperset(switches)

    def chance(self, share: float) -> bool:
        """A coin with a given share of heads."""
        return self.rng.random() < share

    def pick(self, options: Sequence[T]) -> T:
        """One of some options."""
        return self.rng.choice(options)

    def some(self, options: Sequence[T], most: int) -> list[T]:
        """Up to `most` different options, possibly none, in their order."""
        number = self.rng.randint(0, min(most, len(options)))
        chosen = self.rng.sample(range(len(options)), number)
        return [options[i] for i in sorted(chosen)]


@dataclass
class Drawn:
    """A case and a policy in memory."""

    settings: Cells = field(default_factory=dict)
    tables: dict[str, list[Cells]] = field(default_factory=dict)
    policy: Cells = field(default_factory=dict)

    def names(self, table: str, key: str) -> list[str]:
        """The different values of a column, in order."""
        rows = [row for row in self.tables.get(table, []) if key in row]
        return list(dict.fromkeys(str(row[key]) for row in rows))

    def problem(self) -> Problem:
        """What a reader of the written files would find."""
        tables = {
            name: [{key: str(cell) for key, cell in row.items()} for row in rows]
            for name, rows in self.tables.items()
            if rows
        }
        return Problem(self.settings, self.policy, tables)

    def write(self, case_folder: Path, policy_path: Path) -> None:
        """Write both, in place of what was there."""
        if case_folder.exists():
            shutil.rmtree(case_folder)
        case_folder.mkdir(parents=True)
        (case_folder / "case.toml").write_text(to_toml(self.settings), encoding="utf-8")
        for name, rows in self.tables.items():
            if rows:
                write_table(case_folder / f"{name}.csv", rows)
        policy_path.write_text(to_toml(self.policy), encoding="utf-8")


def drop_blank_keys(draw: Draw, rows: list[Cells], keys: list[str]) -> list[Cells]:
    """Leave out optional key columns that are blank in every row, half of the time."""
    unused = [key for key in keys if all(row[key] == "" for row in rows) and draw.chance(0.5)]
    return [{k: v for k, v in row.items() if k not in unused} for row in rows]


def write_table(path: Path, rows: list[Cells]) -> None:
    """Write one CSV file; the columns are those of the first row."""
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def to_toml(settings: Cells) -> str:
    """A TOML document: plain values, then one section per table, then arrays of tables."""
    plain, sections = [], []
    for key, value in settings.items():
        if isinstance(value, dict) and key == "goals":
            for name, goal in value.items():
                sections.append(_section(f"[goals.{name}]", goal))
        elif isinstance(value, dict):
            sections.append(_section(f"[{key}]", value))
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            sections.extend(_section(f"[[{key}]]", entry) for entry in value)
        else:
            plain.append(f"{key} = {_toml_value(value)}\n")
    return "".join(plain) + "".join(sections)


def _section(header: str, entries: Cells) -> str:
    lines = [f"{_toml_key(key)} = {_toml_value(value)}\n" for key, value in entries.items()]
    return f"\n{header}\n" + "".join(lines)


def _toml_key(key: str) -> str:
    return json.dumps(key) if "." in key else key


def _toml_value(value: Any) -> str:
    if isinstance(value, dict):
        inside = ", ".join(f"{_toml_key(k)} = {_toml_value(v)}" for k, v in value.items())
        return "{" + inside + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_toml_value(entry) for entry in value) + "]"
    return json.dumps(value)
