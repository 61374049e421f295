"""Stakeholders: their weights, what each gives up under any plan, and compromises between all."""

from __future__ import annotations

import csv
import json
import random
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from pathlib import Path
from signal import SIGINT, raise_signal
from typing import Any

import numpy as np
import pytest

import optimizer
from golden.small_cases import NATIONAL
from knapsacks import GOALS, drawn_case
from optimizer import (
    InputError,
    NoPlanError,
    OptimizerError,
    PolicyError,
    SolverError,
    load_policy,
)
from optimizer.frames.arrays import Floats, Mask
from optimizer.instance.oddities import warnings_of
from optimizer.plan.provenance import aim_in
from optimizer.plan.to_stakeholders import STAKEHOLDERS_HEAD
from optimizer.policy import Stakeholder
from optimizer.session.aims.among import Among, Reached
from optimizer.session.aims.outcomes import Outcomes
from optimizer.session.aims.steps import AimSteps
from optimizer.solver import Progress
from optimizer.solver.watch import relative_gap
from optimizer.tradeoffs import stakeholder_question
from optimizer.tradeoffs.compromise_aims import CompromiseAims
from optimizer.tradeoffs.compromise_search import CALLED
from optimizer.tradeoffs.stakeholder_store import KeptSolution
from optimizer.tradeoffs.stakeholder_words import stakeholders_in_words
from seeds import many, seeds
from shared import ROOT, run
from workbook_builder import Rows, write_book

TINY, TINY_CASE = ROOT / "models" / "tiny.toml", ROOT / "inputs" / "tiny"
FRONTS = ROOT / "tests" / "fronts"


def compared(rows: Sequence[Sequence[float]]) -> Stakeholder:
    """A stakeholder with the comparisons above the diagonal of a matrix."""
    names = "abcdef"
    pairs = [
        {"goal": names[i], "over": names[j], "times": float(rows[i][j])}
        for i in range(len(rows))
        for j in range(i + 1, len(rows))
    ]
    return Stakeholder.model_validate({"name": "s", "comparisons": tuple(pairs)})


def test_comparisons_without_contradiction_give_their_ratios() -> None:
    found = compared([[1, 2, 6], [0, 1, 3], [0, 0, 1]])
    assert found.importance == pytest.approx({"a": 0.6, "b": 0.3, "c": 0.1})
    assert found.consistency_ratio == pytest.approx(0.0, abs=1e-12)


def test_three_comparisons_by_hand() -> None:
    """The eigenvector of a 3 x 3 matrix is that of the geometric means of its rows.

    Its eigenvalue is 1 + t + 1 / t with t the cube root of a12 a23 / a13.
    """
    found = compared([[1, 1 / 3, 5], [3, 1, 7], [1 / 5, 1 / 7, 1]])
    means = np.array([5 / 3, 21.0, 1 / 35]) ** (1 / 3)
    assert list(found.importance.values()) == pytest.approx(means / means.sum())
    t = (7 / 3 / 5) ** (1 / 3)
    assert found.consistency_ratio == pytest.approx(((1 + t + 1 / t - 3) / 2) / 0.58)


def test_comparisons_in_a_circle_contradict_each_other_more_than_by_chance() -> None:
    """a over b over c over a, 9 times each: t = 9, as in the formula above, and a ratio of 6.1."""
    found = compared([[1, 9, 1 / 9], [0, 1, 9], [0, 0, 1]])
    assert found.consistency_ratio == pytest.approx(((1 + 9 + 1 / 9 - 3) / 2) / 0.58)


@pytest.mark.parametrize(
    ("rows", "weights", "index"),
    [
        ([[1, 5, 6, 7], [0, 1, 4, 6], [0, 0, 1, 4], [0, 0, 0, 1]], (0.61, 0.24, 0.10, 0.05), 0.13),
        ([[1, 4, 6, 7], [0, 1, 3, 4], [0, 0, 1, 2], [0, 0, 0, 1]], (0.62, 0.22, 0.10, 0.06), 0.03),
    ],
)
def test_four_comparisons_as_published(
    rows: list[list[float]], weights: tuple[float, ...], index: float
) -> None:
    """Brightness of chairs at four distances, judged twice: Saaty, Journal of Mathematical
    Psychology 15 (1977), 234, with weights and consistency index to two digits."""
    found = compared(rows)
    assert list(found.importance.values()) == pytest.approx(weights, abs=0.009)
    assert found.consistency_ratio == pytest.approx(index / 0.9, abs=0.006 / 0.9)
    whole = np.array(
        [[rows[i][j] if i <= j else 1 / rows[j][i] for j in range(4)] for i in range(4)]
    )
    values, vectors = np.linalg.eig(whole)
    at = int(values.real.argmax())
    vector = vectors[:, at].real
    assert list(found.importance.values()) == pytest.approx(vector / vector.sum())
    ratio = (values.real[at] - 4) / 3 / 0.9
    assert found.consistency_ratio == pytest.approx(ratio)


WHO = """
[[stakeholders]]
name = "Science"
agency = "Ministry of science"
weights = { competitiveness = 3, bridges = 1 }
lines = ["science"]
limits = ["country_share"]
why = "Research first."
source = "assumption: made up"

[[stakeholders]]
name = "Refuge"
comparisons = [
  { goal = "safe_haven", over = "alliance", times = 3 },
  { goal = "safe_haven", over = "regional_vitality", times = 6 },
  { goal = "alliance", over = "regional_vitality", times = 2 },
]
"""


def written(folder: Path, text: str, name: str = "tiny.toml") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(TINY.read_text(encoding="utf-8") + text, encoding="utf-8")
    return path


REFUSED = {
    "neither": (
        'name = "x"',
        "stakeholders.x.weights: are missing\n"
        "    Expected weights or comparisons of goals, one of the two.",
    ),
    "both": (
        'name = "x"\nweights = { bridges = 1 }\n'
        'comparisons = [{ goal = "bridges", over = "alliance", times = 2 }]',
        "stakeholders.x.weights: are given beside comparisons\n"
        "    Expected weights or comparisons of goals, one of the two.",
    ),
    "zero": (
        'name = "x"\nweights = { bridges = 0 }',
        "stakeholders.x.weights: are all 0\n    Expected at least one weight that is not 0.",
    ),
    "goal": (
        'name = "x"\nweights = { bridge = 1 }',
        "stakeholders.x.weights.bridge: there is no goal 'bridge'\n    Expected one of alliance, "
        "competitiveness, safe_haven, regional_vitality, bridges. Maybe bridges.",
    ),
    "compared goal": (
        'name = "x"\ncomparisons = [{ goal = "bridges", over = "alliances", times = 2 }]',
        "stakeholders.x.comparisons.1.over: there is no goal 'alliances'\n    Expected one of "
        "alliance, competitiveness, safe_haven, regional_vitality, bridges. Maybe alliance.",
    ),
    "below 0": (
        'name = "x"\nweights = { alliance = -1, bridges = 1 }',
        "stakeholders.x.weights.alliance: -1 is below 0 on a goal with diminishing returns\n"
        "    Expected a weight of at least 0.",
    ),
    "limit": (
        'name = "x"\nweights = { bridges = 1 }\nlimits = ["country_shares"]',
        "stakeholders.x.limits: there is no limit 'country_shares'\n"
        "    Expected names of limits of the policy. Maybe country_share.",
    ),
    "twice": (
        'name = "x"\nweights = { bridges = 1 }\nlines = ["science", "science"]',
        "stakeholders.x.lines: 'science' is listed twice\n    Expected each once.",
    ),
    "pair missing": (
        'name = "x"\ncomparisons = [\n{ goal = "bridges", over = "alliance", times = 2 },\n'
        '{ goal = "bridges", over = "safe_haven", times = 2 }]',
        "stakeholders.x.comparisons: 'alliance' and 'safe_haven' are not compared\n"
        "    Expected every pair of these goals.",
    ),
    "pair twice": (
        'name = "x"\ncomparisons = [\n{ goal = "bridges", over = "alliance", times = 2 },\n'
        '{ goal = "alliance", over = "bridges", times = 2 }]',
        "stakeholders.x.comparisons: 'alliance' and 'bridges' are compared twice\n"
        "    Expected each pair once.",
    ),
    "with itself": (
        'name = "x"\ncomparisons = [{ goal = "bridges", over = "bridges", times = 2 }]',
        "stakeholders.x.comparisons: 'bridges' is compared with itself\n    Expected two goals.",
    ),
    "scale of comparisons": (
        'name = "x"\ncomparisons = [{ goal = "bridges", over = "alliance", times = 20 }]',
        "stakeholders.x.comparisons.1.times: 20 is above 10\n    Expected a value of at most 10.",
    ),
    "same name": (
        'name = "x"\nweights = { bridges = 1 }\n[[stakeholders]]\nname = "x"\n'
        "weights = { bridges = 1 }",
        "stakeholders.x: the name 'x' is given twice\n    Expected one stakeholder per name.",
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_wrong_is_named_with_its_place(kind: str, tmp_path: Path) -> None:
    text, told = REFUSED[kind]
    path = written(tmp_path, f"\n[[stakeholders]]\n{text}\n")
    with pytest.raises(PolicyError) as caught:
        load_policy(path)
    assert str(caught.value) == f"1 problem\n- tiny.toml, {told}"


def test_lines_are_those_of_the_case_unless_they_are_optional(tmp_path: Path) -> None:
    text = '\n[[stakeholders]]\nname = "x"\nweights = { bridges = 1 }\nlines = ["sciense"]\n'
    policy, case = load_policy(written(tmp_path, text)), optimizer.load_case(TINY_CASE)
    with pytest.raises(PolicyError) as caught:
        optimizer.build_instance(case, policy)
    assert str(caught.value) == (
        "1 problem\n- tiny.toml, stakeholders.x.lines: case 'tiny' has no budget line 'sciense'\n"
        "    Expected lines of budgets, or optional = true. Maybe science."
    )
    optimizer.build_instance(case, load_policy(written(tmp_path, f"{text}optional = true\n")))


def test_contradictions_are_warned_of(tmp_path: Path) -> None:
    pairs = [("a", "b", 9), ("a", "c", 1), ("b", "c", 9)]
    names = {"a": "alliance", "b": "bridges", "c": "safe_haven"}
    told = ", ".join(
        f'{{ goal = "{names[one]}", over = "{names[other]}", times = {times} }}'
        for one, other, times in pairs
    )
    path = written(tmp_path, f'\n[[stakeholders]]\nname = "x"\ncomparisons = [{told}]\n')
    instance = optimizer.build_instance(optimizer.load_case(TINY_CASE), load_policy(path))
    ratio = compared([[1, 9, 1], [0, 1, 9], [0, 0, 1]]).consistency_ratio
    assert [told for told in warnings_of(instance) if "consistency" in told] == [
        f"tiny.toml, stakeholders.x.comparisons: consistency ratio {ratio:.3g}: comparisons "
        "contradict each other; up to 0.1 is usual. Maybe alliance over bridges = 2.1."
    ]


def test_a_policy_that_extends_changes_stakeholders_by_name(tmp_path: Path) -> None:
    written(tmp_path, WHO, "base.toml")
    later = tmp_path / "later.toml"
    later.write_text(
        'schema = 1\nextends = "base.toml"\n[[stakeholders]]\nname = "Science"\nweights = {}\n'
        'comparisons = [{ goal = "bridges", over = "alliance", times = 4 }]\n'
        '[[stakeholders]]\nname = "Regions"\nweights = { regional_vitality = 1 }\n',
        encoding="utf-8",
    )
    found = {each.name: each for each in load_policy(later).stakeholders}
    assert list(found) == ["Science", "Refuge", "Regions"]
    assert found["Science"].importance == pytest.approx({"bridges": 0.8, "alliance": 0.2})
    assert found["Science"].why == "Research first."


def test_policies_without_stakeholders_keep_their_hash(tmp_path: Path) -> None:
    plain = load_policy(written(tmp_path, "", "plain.toml"))
    weighed = load_policy(written(tmp_path, WHO, "weighed.toml"))
    assert weighed.hash != plain.hash
    assert load_policy(weighed.path, changes={"stakeholders": []}).hash == plain.hash


def test_a_workbook_says_them_in_a_sheet(tmp_path: Path) -> None:
    written(tmp_path, WHO, "base.toml")
    book = tmp_path / "mine.xlsx"
    head = ["stakeholder", "agency", "weights", "comparisons", "lines", "limits", "why"]
    sheets: dict[str, Rows] = {
        "policy": [["key", "value"], ["extends", "base.toml"], ["title", "Mine"]],
        "stakeholders": [
            head,
            ["Science", None, "competitiveness = 1; safe_haven = 0.5", None, "none", None, None],
            ["Regions", "Towns", None, "regional_vitality, bridges = 4", None, None, "Ours."],
        ],
    }
    write_book(book, sheets)
    found = {each.name: each for each in load_policy(book).stakeholders}
    assert found["Science"].weights == {"competitiveness": 1.0, "safe_haven": 0.5}
    assert found["Science"].lines == ()
    assert found["Science"].limits == ("country_share",)
    assert found["Regions"].importance == pytest.approx({"regional_vitality": 0.8, "bridges": 0.2})
    sheets["stakeholders"] = [
        head,
        ["Sciense", "An academy"],
        ["Refuge", None, "safe_haven; 3"],
        ["Science", None, "bridge = 2"],
    ]
    with pytest.raises(PolicyError) as caught:
        load_policy(write_book(tmp_path / "wrong.xlsx", sheets))
    told = str(caught.value)
    assert "'Sciense' is not a stakeholder of base.toml, and a new one needs weights" in told
    assert "'safe_haven; 3' cannot be read: 'safe_haven' has no number" in told
    assert "sheet stakeholders, row 4, column C (weights): there is no goal 'bridge'" in told


def test_a_template_holds_them(tmp_path: Path) -> None:
    from optimizer.policy import policy_rows

    policy = load_policy(written(tmp_path, WHO, "base.toml"))
    rows = policy_rows(policy)
    book = tmp_path / "mine.xlsx"
    write_book(book, {name: rows[name] for name in ("policy", "stakeholders")})
    assert load_policy(book).stakeholders == policy.stakeholders


@dataclass(frozen=True)
class Weighed:
    """What enumeration knows of a case: values of goals of every plan, and who weighs them how."""

    plans: Sequence[tuple[float, ...]]
    shares: Floats
    policy: Floats

    @property
    def values(self) -> Floats:
        """Points by plan and stakeholder."""
        found: Floats = 100.0 * np.array(self.plans) @ self.shares.T
        return found

    @property
    def points(self) -> Floats:
        found: Floats = 100.0 * np.array(self.plans) @ self.policy
        return found

    def among(self, best: Mask) -> float:
        """Most points among plans that are best."""
        return float(self.points[best].max())


def by_name(found: optimizer.Stakeholders, plan: str) -> list[float]:
    table = found.table
    return [float(value) for value in table.loc[table["plan"].eq(plan), "value_points"]]


def points_of(found: optimizer.Stakeholders, plan: str) -> float:
    return float(found.tables["plans"].set_index("plan")["points"][plan])


def weighed_case(seed: int, folder: Path) -> tuple[Path, Path, Weighed]:
    """A knapsack of three goals, and three stakeholders with drawn weights."""
    draw = random.Random(f"stakeholders {seed}")
    case, plans, signs = drawn_case(draw, 3)
    rows, text = [], ""
    for name in "XYZ":
        weights = [draw.choice([0, 1, 2, 5, -1]) for _ in GOALS]
        weights[draw.randrange(3)] = draw.choice([1, 3])
        told = ", ".join(f"{goal} = {weight}" for goal, weight in zip(GOALS, weights, strict=True))
        text += f'\n[[stakeholders]]\nname = "{name}"\nweights = {{ {told} }}\n'
        rows.append(np.array(weights) / np.abs(weights).sum())
    files, policy = case.write(folder)
    policy.write_text(policy.read_text(encoding="utf-8") + text, encoding="utf-8")
    return policy, files, Weighed(plans, np.array(rows), np.array(signs) / 3.0)


BEFORE_COMPROMISES = ("policy", "best-x", "best-y", "best-z")


# HiGHS's presolve called the floors of 91 infeasible, which a plan kept.
@pytest.mark.parametrize("seed", seeds([91, *(seed for seed in many(8) if seed != 91)], quick=2))
def test_all_plans_equal_enumeration(seed: int, tmp_path: Path) -> None:
    policy, case, known = weighed_case(seed, tmp_path)
    found = optimizer.stakeholders(policy, case, gap=0.0, cache=False)
    values, near = known.values, 1e-6
    bests = values.max(axis=0)
    assert found.complete
    table = found.tables["stakeholders"]
    assert table["best_points"].tolist() == pytest.approx(bests)
    assert points_of(found, "policy") == pytest.approx(known.points.max())
    for number, name in enumerate(["best-x", "best-y", "best-z"]):
        assert by_name(found, name)[number] == pytest.approx(bests[number])
        is_best = values[:, number] >= bests[number] - near
        assert points_of(found, name) == pytest.approx(known.among(is_best))
    means = values.mean(axis=1)
    assert np.mean(by_name(found, "mean")) == pytest.approx(means.max())
    assert points_of(found, "mean") == pytest.approx(known.among(means >= means.max() - near))
    largest = (bests - values).max(axis=1)
    regrets = bests - by_name(found, "least-regret")
    assert regrets.max() == pytest.approx(largest.min(), abs=near)
    is_least = largest <= largest.min() + near
    assert points_of(found, "least-regret") == pytest.approx(known.among(is_least))
    ordered = np.sort(values, axis=1).round(6).tolist()
    best = max(ordered)
    assert sorted(by_name(found, "leximin")) == pytest.approx(best, abs=near)
    is_lexi = np.array([each == best for each in ordered])
    assert points_of(found, "leximin") == pytest.approx(known.among(is_lexi))
    # Nash: over the least that each has in the plans that were found to be best for one.
    against = np.min([by_name(found, name) for name in ("best-x", "best-y", "best-z")], axis=0)
    gains = values - against
    products = np.where((gains > near).all(axis=1), gains.prod(axis=1), 0.0)
    plans = found.tables["plans"].set_index("plan")
    if products.max() == 0.0:
        assert plans["status"]["nash"] == "none"
    else:
        told = float(np.prod(np.array(by_name(found, "nash")) - against))
        assert told == pytest.approx(products.max(), rel=1e-4)
        assert plans["status"]["nash"] == "optimal"
    plan = found.plans["leximin"]
    assert optimizer.evaluate(plan, policy, case).points == pytest.approx(plan.objective)


@pytest.mark.parametrize("seed", seeds(many(8), quick=2))
def test_within_a_gap_bounds_are_those_of_enumeration(seed: int, tmp_path: Path) -> None:
    policy, case, known = weighed_case(seed, tmp_path)
    gap = 0.05
    found = optimizer.stakeholders(policy, case, gap=gap, cache=False)
    values = known.values
    ordered = np.sort(values, axis=1)
    best = max(ordered, key=lambda each: each.round(6).tolist()).cumsum()
    bests = np.max([by_name(found, each) for each in BEFORE_COMPROMISES], axis=0)
    # Regrets are counted from the mean of all own bests, so that a gap has something to be one of.
    regret = max(1.0, float(np.abs(bests).mean())) - (bests - values).max(axis=1).min()
    wanted: dict[str, list[float]] = {"leximin": best.tolist(), "least-regret": [regret]}
    steps = found.tables["steps"].set_index("plan")
    for plan, sums in wanted.items():
        told = steps.loc[[plan]]
        assert len(told) == len(sums)
        for value, bound, reached in zip(told["value"], told["bound"], sums, strict=True):
            assert bound >= reached - 1e-6
            assert relative_gap(value, bound) <= gap + 1e-9
    lowest = np.sort(by_name(found, "leximin")).cumsum()
    assert lowest == pytest.approx(steps.loc[["leximin"], "value"].to_numpy())
    # Nash: everybody's value higher by the gap, no plan has a larger product.
    against = found.tables["disagreement"]["points"].to_numpy()
    products = np.where((values > against).all(axis=1), (values - against).prod(axis=1), 0.0)
    ended = found.tables["plans"].set_index("plan").loc["nash"]
    if ended["status"] not in ("none", "stopped"):
        got = np.array(by_name(found, "nash"))
        bound = steps.loc[["nash"], "bound"].iloc[-1]
        assert bound >= np.log(products.max()) - 1e-6
        assert ended["gap"] <= gap + 1e-9
        assert np.prod(got + ended["gap"] * np.abs(got) - against) == pytest.approx(np.exp(bound))


def enumerated_front() -> list[tuple[float, ...]]:
    with (FRONTS / "gap3.csv").open(encoding="utf-8", newline="") as file:
        return [tuple(map(float, row)) for row in list(csv.reader(file))[1:]]


@pytest.fixture(scope="module")
def assignment() -> optimizer.Stakeholders:
    """Ten items to three agents: a stakeholder for each of three measures of profit."""
    names = ("profit1", "profit2", "profit3")
    who = [{"name": name, "weights": {name: 1}} for name in names]
    scales = {f"goals.{name}.scale": 100.0 for name in names}
    with pytest.warns(optimizer.ModelWarning, match="tail of 0 years"):
        return optimizer.stakeholders(
            FRONTS / "gap3.toml", FRONTS / "gap3", changes={"stakeholders": who, **scales}, gap=0.0
        )


def test_an_assignment_by_three_profits_as_enumerated(assignment: optimizer.Stakeholders) -> None:
    """Least largest regret 9, leximin (68, 69, 74), highest sum 211: all at (69, 74, 68)."""
    found = assignment
    assert found.tables["stakeholders"]["best_points"].tolist() == pytest.approx([78, 81, 76])
    for name in ("mean", "least-regret", "leximin"):
        assert by_name(found, name) == pytest.approx([69, 74, 68])
    plans = found.tables["plans"].set_index("plan")
    assert plans["largest_regret_points"]["least-regret"] == pytest.approx(9.0)
    assert plans["gives_up_most"]["least-regret"] == "profit1"
    assert plans["status"].eq("optimal").all()
    front = enumerated_front()
    against = [min(point) for point in zip((78, 62, 60), (57, 81, 65), (51, 69, 76), strict=True)]
    assert found.tables["disagreement"]["points"].tolist() == pytest.approx(against)

    def logs(point: Sequence[float]) -> float:
        gains = [x - least for x, least in zip(point, against, strict=True)]
        return sum(map(log, gains)) if min(gains) > 0 else -1.0

    # (69, 74, 68) and (60, 78, 72) gain 18 * 12 * 8 = 9 * 16 * 12.
    assert logs(by_name(found, "nash")) == pytest.approx(max(map(logs, front))) == log(1728)


def test_words_say_who_gives_up_what(assignment: optimizer.Stakeholders) -> None:
    told = assignment.in_words()
    assert told[0] == (
        "3 stakeholders. A value is in points: 100 would be every goal that matters to a "
        "stakeholder at its scale. Regret is own best minus value, among plans that keep every "
        "rule."
    )
    assert told[1] == "- profit1: profit1 100% (weights as given); at best 78"
    assert (
        "- least largest regret: regret profit1 9 (11.5%), profit3 8 (10.5%), profit2 7 (8.6%); "
        "mean value 70.33"
    ) in told
    assert "Least largest regret: the largest regret as small as possible; proven." in told
    assert "From the policy's own plan to leximin: no difference to anybody." in told
    nash = by_name(assignment, "nash")
    apart = [x - y for x, y in zip(nash, by_name(assignment, "policy"), strict=True)]
    moved = ", ".join(f"profit{i} {by:+g}" for i, by in enumerate(apart, start=1))
    same = "no difference to anybody" if not any(apart) else moved
    assert f"From the policy's own plan to Nash: {same}." in told
    wanted = "The same to everybody: highest mean value, least largest regret, leximin"
    assert told[-1].startswith(wanted)
    assert "as the case has no current_plan: profit1 51, profit2 62, profit3 60." in " ".join(told)


def test_charts_show_every_plan(assignment: optimizer.Stakeholders) -> None:
    assert assignment.charts == ["regrets", "compromises"]
    tiles = json.dumps(assignment.chart().to_dict())
    assert all(called in tiles for called in ("best for profit1", "least largest regret", "Nash"))
    assert "leximin" in json.dumps(assignment.chart("compromises").to_dict())


WEIGHED = NATIONAL.aiming_at(
    '[goals.g]\nweight = 1\nscale = "none"\n[goals.h]\nweight = 0\nscale = "none"\n'
    'effects = [{ stage = "enter", effect = 1 }]\n'
    '[goals.h.diminishing]\nby = ["country"]\nper = "year"\nbreakpoints = [[0, 1.0], [1, 0.5]]\n'
    '[[stakeholders]]\nname = "G"\nweights = { g = 1 }\n'
    '[[stakeholders]]\nname = "H"\nweights = { h = 1 }\n'
).with_(
    applicants=("AA,t,,4", "BB,t,,4"),
    budgets=("main,{year},M,40,program",),
    scores=("g,AA,t,,2", "g,BB,t,,1"),
)
"""Four of eight people at 10 each. A goal without weight in the policy, whose returns diminish."""


def test_a_value_with_diminishing_returns_is_never_understated(tmp_path: Path) -> None:
    """(4, 0): G 800, H 1 + 3/2 = 250; (2, 2): G 600, H 300; the policy itself asks for (4, 0)."""
    case, policy = WEIGHED.write(tmp_path)
    found = optimizer.stakeholders(policy, case, gap=0.0, cache=False)
    assert by_name(found, "policy") == pytest.approx([800.0, 250.0])
    assert found.tables["stakeholders"]["best_points"].tolist() == pytest.approx([800.0, 300.0])
    # Of plans with the most of H, (3, 1) has more of G than (2, 2): 1 + 2/2 and 1.
    assert by_name(found, "best-h") == pytest.approx([700.0, 300.0])
    relaxed = optimizer.stakeholders(policy, case, relaxed=True, cache=False)
    assert by_name(relaxed, "policy") == pytest.approx([800.0, 250.0])
    assert not relaxed.plans


def test_todays_slots_are_a_plan_and_what_gains_are_counted_over(tmp_path: Path) -> None:
    today = WEIGHED.with_(current_plan=("AA,t,,1", "BB,t,,1"))
    case, policy = today.write(tmp_path)
    found = optimizer.stakeholders(policy, case, gap=0.0, compromises=["nash"], cache=False)
    assert by_name(found, "today") == pytest.approx([300.0, 200.0])
    assert found.tables["disagreement"]["points"].tolist() == pytest.approx([300.0, 200.0])
    # Gains of (3, 1) are 400 and 100; of (2, 2) 300 and 100; of (4, 0) 500 and 50.
    assert by_name(found, "nash") == pytest.approx([700.0, 300.0])
    assert found.tables["plans"]["plan"].tolist()[-2:] == ["today", "nash"]
    assert "Gains are counted over today's slots" in " ".join(found.in_words())


def test_no_gain_for_all_is_said(tmp_path: Path) -> None:
    case, policy = WEIGHED.with_(current_plan=("AA,t,,3", "BB,t,,1")).write(tmp_path)
    found = optimizer.stakeholders(policy, case, gap=0.0, compromises=["nash"], cache=False)
    assert found.tables["plans"].set_index("plan")["status"]["nash"] == "none"
    assert found.complete
    assert "there is no such plan: no plan gives every stakeholder more" in " ".join(
        found.in_words()
    )


def test_rounding_is_no_gain() -> None:
    """Both want the same: each has its own best in every plan, so that nobody can gain."""
    alike = [{"name": name, "weights": {"competitiveness": 3, "bridges": 1}} for name in ("A", "B")]
    found = optimizer.stakeholders(
        ROOT / "models" / "tiny.toml",
        ROOT / "inputs" / "tiny",
        changes={"stakeholders": alike},
        compromises=["nash"],
        gap=0.0,
    )
    assert found.tables["plans"].set_index("plan")["status"]["nash"] == "none"


@pytest.fixture
def searches(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows with every search."""
    made: list[int] = []
    most = Among.most

    def counted(self: Among, *args: Any, **options: Any) -> Any:
        made.append(1)
        return most(self, *args, **options)

    monkeypatch.setattr(Among, "most", counted)
    return made


def test_what_was_found_is_not_looked_for_again(tmp_path: Path, searches: list[int]) -> None:
    case, policy = WEIGHED.write(tmp_path)
    options: dict[str, Any] = {"gap": 0.0, "cache": False, "out": tmp_path / "out"}
    some = optimizer.stakeholders(policy, case, compromises=["mean"], **options)
    assert searches
    searches.clear()
    again = optimizer.stakeholders(policy, case, compromises=["mean"], **options)
    assert not searches
    assert again.table.equals(some.table)
    assert again.provenance["kept_before"] == ["policy", "best-g", "best-h", "today", "mean"]
    more = optimizer.stakeholders(policy, case, compromises=["leximin"], **options)
    assert searches
    assert sorted(by_name(more, "leximin")) == pytest.approx([300.0, 700.0])
    with pytest.raises(InputError, match="answers another question"):
        optimizer.stakeholders(policy, case, changes={"goals.g.scale": 2.0}, **options)
    kept = tmp_path / "out" / "stakeholders.json"
    kept.write_text(kept.read_text(encoding="utf-8").replace('"why": ""', '"why": "x"', 1))
    with pytest.raises(InputError, match="was changed since it was written"):
        optimizer.stakeholders(policy, case, **options)


def test_an_interrupt_keeps_what_is_there(tmp_path: Path) -> None:
    case, policy = WEIGHED.write(tmp_path)

    def once(progress: Progress) -> None:
        if progress.step == "best for H":
            raise_signal(SIGINT)

    found = optimizer.stakeholders(policy, case, gap=0.0, cache=False, report=once)
    assert found.interrupted
    assert not found.complete
    assert found.why_incomplete == "best for H: it was interrupted"
    assert list(found.plans) == ["policy", "best-g"]
    plans = found.tables["plans"].set_index("plan")
    assert plans["status"]["leximin"] == "stopped"
    assert "- Nash: no plan, as it was interrupted" in found.in_words()


def test_what_was_found_before_needs_no_time(tmp_path: Path) -> None:
    case, policy = WEIGHED.with_(current_plan=("AA,t,,1", "BB,t,,1")).write(tmp_path)
    options: dict[str, Any] = {"gap": 0.0, "cache": False, "out": tmp_path / "out"}
    before = optimizer.stakeholders(policy, case, compromises=["nash"], **options)

    def once(progress: Progress) -> None:
        if progress.step == CALLED["mean"]:
            raise_signal(SIGINT)

    found = optimizer.stakeholders(policy, case, report=once, **options)
    assert found.interrupted
    plans = found.tables["plans"].set_index("plan")["status"]
    assert (plans["mean"], plans["nash"]) == ("stopped", "optimal")
    assert by_name(found, "nash") == by_name(before, "nash")


def test_an_interrupt_before_the_first_plan_is_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*asked: Any) -> str:
        raise_signal(SIGINT)
        return "hash"

    monkeypatch.setattr(stakeholder_question, "question_hash", interrupted)
    case, policy = WEIGHED.write(tmp_path)
    with pytest.raises(NoPlanError) as error:
        optimizer.stakeholders(policy, case, gap=0.0, cache=False)
    assert error.value.interrupted


def test_other_slots_of_today_are_another_question(tmp_path: Path) -> None:
    """No rule speaks of them; gains are counted over them all the same."""
    case, policy = WEIGHED.with_(current_plan=("AA,t,,1", "BB,t,,1")).write(tmp_path)
    options: dict[str, Any] = {"gap": 0.0, "cache": False, "out": tmp_path / "out"}
    optimizer.stakeholders(policy, case, compromises=["nash"], **options)
    WEIGHED.with_(current_plan=("AA,t,,3", "BB,t,,1")).write(tmp_path)
    with pytest.raises(InputError, match="answers another question"):
        optimizer.stakeholders(policy, case, compromises=["nash"], **options)


def test_what_is_not_proven_is_not_denied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A search that ends within its gap, where nobody gains yet, has not shown that nobody can."""

    def near(stepping: AimSteps, outcomes: Outcomes, start: Floats, aimed_at: str) -> Reached:
        reached = Reached("feasible", start, 0.0, 5.0)
        stepping.take(aimed_at, reached, 0.0)
        return reached

    monkeypatch.setattr("optimizer.session.aims.nash.lifted", near)
    case, policy = WEIGHED.with_(current_plan=("AA,t,,3", "BB,t,,1")).write(tmp_path)
    options: dict[str, Any] = {"gap": 0.0, "cache": False, "out": tmp_path / "out"}
    for _ in range(2):
        found = optimizer.stakeholders(policy, case, compromises=["nash"], **options)
        assert found.tables["plans"].set_index("plan")["status"]["nash"] == "stopped"
        assert found.why_incomplete.endswith("the gap leaves open whether there is one")


def test_sessions_runs_and_plans_are_asked_as_they_are(tmp_path: Path) -> None:
    case, policy = WEIGHED.write(tmp_path)
    asked: dict[str, Any] = {"gap": 0.0, "compromises": ["mean"]}
    wanted = optimizer.stakeholders(policy, case, **asked)
    session = optimizer.Session(policy, case)
    session.change({"stakeholders.H.weights": {"h": 1, "g": 1}})
    assert session.rebuilt == 0
    assert by_name(optimizer.stakeholders(session, **asked), "policy")[1] == pytest.approx(525.0)
    found = optimizer.stakeholders(optimizer.solve(policy, case), **asked)
    assert found.table.equals(wanted.table)
    with pytest.raises(OptimizerError, match="a session has a case of its own"):
        optimizer.stakeholders(session, case)
    with pytest.raises(OptimizerError, match="case is missing"):
        optimizer.stakeholders(load_policy(policy))
    with pytest.raises(PolicyError, match=r"(?s)no compromise 'leximn'.*Maybe leximin"):
        optimizer.stakeholders(policy, case, compromises=["leximn"])
    with pytest.raises(PolicyError, match="names 0 of at least 2 stakeholders"):
        optimizer.stakeholders(TINY, TINY_CASE)
    with pytest.raises(OptimizerError, match="relaxed=True makes none"):
        optimizer.stakeholders(policy, case, relaxed=True, out=tmp_path / "x")


def test_check_and_report_say_what_a_plan_is_to_whom(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    case, policy = WEIGHED.write(tmp_path)
    found = optimizer.stakeholders(policy, case, gap=0.0, compromises=["mean"])
    values, bests = by_name(found, "mean"), by_name(found, "best-g")[:1]
    bests += by_name(found, "best-h")[1:]
    plan = found.plans["mean"]
    table = plan.tables["stakeholders"]
    assert table["stakeholder"].tolist() == ["G", "H"]
    assert table["value_points"].tolist() == pytest.approx(values)
    # A plan that nobody has compared knows no best; one of this question knows them.
    runs = {"mean": plan, "plain": optimizer.solve(policy, case, gap=0.0, cache=False)}
    for name, each in runs.items():
        folder = optimizer.write_run(each, tmp_path / name)
        assert run(monkeypatch, "check", folder) == 0
        head, *lines = capsys.readouterr().out.splitlines()[:3]
        assert head == STAKEHOLDERS_HEAD
        given = each.tables["stakeholders"]["value_points"]
        for who, line, value, best in zip("GH", lines, given, bests, strict=True):
            told = f"  {value / best:>6.1%} of its own best ({best:,.3f})" if name == "mean" else ""
            assert line == f"  {who} {value:>10,.3f} points{told}"
        page = (folder / "report.html").read_text(encoding="utf-8")
        assert "Value of the plan by the weights of each stakeholder" in page
        assert ("Of own best" in page) == (name == "mean")
    assert run(monkeypatch, "check", tmp_path / "mean", "--json") == 0
    told = json.loads(capsys.readouterr().out)["stakeholders"]
    assert [row["best_points"] for row in told] == pytest.approx(bests)


def test_own_bests_are_those_of_one_case_and_its_scales(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    case, policy = WEIGHED.write(tmp_path)
    found = optimizer.stakeholders(policy, case, gap=0.0, compromises=["mean"])
    folder = optimizer.write_run(found.plans["mean"], tmp_path / "mean")
    assert run(monkeypatch, "check", folder, policy, case) == 0
    assert "of its own best" in capsys.readouterr().out
    richer = WEIGHED.with_(budgets=("main,{year},M,80,program",)).write(tmp_path / "richer")[0]
    assert run(monkeypatch, "check", folder, policy, richer) == 0
    said = capsys.readouterr().out
    assert STAKEHOLDERS_HEAD in said
    assert "of its own best" not in said


def test_what_is_asked_of_a_stakeholders_plan_is_asked_of_the_policy(tmp_path: Path) -> None:
    """The points that it gives up are no gap."""
    case, policy = WEIGHED.write(tmp_path)
    found = optimizer.stakeholders(policy, case, gap=0.0, compromises=[], cache=False)
    assert aim_in(found.plans["policy"].provenance) is None
    with pytest.warns(optimizer.ModelWarning, match=r"values of stakeholders \(plan best-h\)"):
        asked = optimizer.marginal_values(found.plans["best-h"], top=1)
    assert not asked.table["within_gap"].any()
    compared = optimizer.compare(found.plans["policy"], found.plans["best-h"])
    points = compared.table[compared.table["part"].eq("points")]
    assert points["difference"].tolist() == pytest.approx([-100.0])
    assert not points["within_gap"].any()


def test_the_command_keeps_runs_and_leads_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    case, policy = WEIGHED.write(tmp_path)
    out = tmp_path / "plans"
    words = ("stakeholders", policy, case, "--gap", "0", "--compromises", "mean")
    assert run(monkeypatch, *words, "--out", out) == 0
    said = capsys.readouterr().out
    assert optimizer.load_run(out / "mean").read.facts["stakeholders"]["plan"] == "mean"
    assert sorted(path.name for path in out.iterdir()) == [
        "best-g", "best-h", "mean", "policy", "stakeholders.json"
    ]  # fmt: skip
    assert said.count("Written: ") == 4
    assert run(monkeypatch, *words, "--out", out, "--take", "mean") == 0
    assert capsys.readouterr().out.endswith(f"\nNext: optimizer check {out / 'mean'}\n")
    # Before anything is solved: what nobody looks for, and a folder of somebody else.
    assert run(monkeypatch, *words, "--out", out, "--take", "nash") == 2
    assert "--take: 'nash' is not looked for; one of policy, " in capsys.readouterr().err
    other = tmp_path / "other"
    (other / "policy").mkdir(parents=True)
    (other / "policy" / "notes.txt").write_text("mine")
    assert run(monkeypatch, *words, "--out", other) == 2
    said_of_it = capsys.readouterr()
    assert not said_of_it.out
    assert f"{other / 'policy'}: exists already" in said_of_it.err
    assert run(monkeypatch, *words[:-1], "foo") == 2
    assert "--compromises: there is no compromise 'foo'" in capsys.readouterr().err
    assert run(monkeypatch, *words, "--relax", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["complete"]
    assert [row["plan"] for row in document["plans"]] == [
        "policy", "best-g", "best-h", "mean"
    ]  # fmt: skip
    within = ("--relax", "--gap", "1%")
    assert run(monkeypatch, "stakeholders", policy, case, *within) == 2
    assert capsys.readouterr().err == (
        "1 problem\n- --gap: 0.01 with the relaxation alone, which is solved to its end\n"
        "    Expected no gap, or 0.\n"
    )
    assert run(monkeypatch, *words, "--take", "mean") == 2
    assert run(monkeypatch, *words, "--relax", "--out", out) == 2
    capsys.readouterr()
    assert run(monkeypatch, *words, "--relax") == 0
    assert capsys.readouterr().out.splitlines()[-1] == (
        f"Next: optimizer stakeholders {policy} {case} --compromises mean --gap 0 "
        "--out runs/policy-stakeholders"
    )


def test_runs_of_others_are_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    case, policy = WEIGHED.write(tmp_path)
    out = tmp_path / "plans"
    mine = optimizer.write_run(optimizer.solve(policy, case, cache=False), out / "policy")
    before = (mine / "run.json").read_bytes()
    words = ("stakeholders", policy, case, "--gap", "0", "--compromises", "mean", "--out", out)
    assert run(monkeypatch, *words) == 2
    assert f"{mine}: exists already" in capsys.readouterr().err
    assert (mine / "run.json").read_bytes() == before


def test_runs_learn_the_bests_that_are_found_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    case, policy = WEIGHED.write(tmp_path)
    out = tmp_path / "plans"

    def once(progress: Progress) -> None:
        if progress.step == "best for H":
            raise_signal(SIGINT)

    options: dict[str, Any] = {"gap": 0.0, "compromises": ["mean"], "out": out}
    for name, plan in optimizer.stakeholders(policy, case, report=once, **options).plans.items():
        optimizer.write_run(plan, out / name)
    assert list(bests_of(out / "policy")) == ["G"]
    words = ("stakeholders", policy, case, "--gap", "0", "--compromises", "mean", "--out", out)
    assert run(monkeypatch, *words) == 0
    assert capsys.readouterr().out.count("Written: ") == 4
    assert list(bests_of(out / "policy")) == ["G", "H"]
    assert run(monkeypatch, *words) == 0
    assert capsys.readouterr().out.count("Written: ") == 0


def bests_of(folder: Path) -> dict[str, float]:
    bests: dict[str, float] = optimizer.load_run(folder).read.facts["stakeholders"]["bests"]
    return bests


def test_the_page_prints_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (ROOT / "docs" / "stakeholders.md").read_text(encoding="utf-8")
    shutil.copytree(TINY_CASE, tmp_path / "inputs" / "tiny")
    (tmp_path / "models").mkdir()
    shutil.copy(TINY, tmp_path / "models")
    monkeypatch.chdir(tmp_path)
    parts = re.findall(
        r"<!-- run -->\n```python\n(.*?)```\n\n<!-- prints -->\n```text\n(.*?)```", page, re.DOTALL
    )
    names: dict[str, object] = {}
    assert parts
    for code, printed in parts:
        exec(code, names)
        assert capsys.readouterr().out == printed


def test_a_search_that_ends_with_time_left_is_no_time_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HiGHS calls two infeasible: nothing is proven by that, and the next call looks again."""
    most, of_leximin = Among.most, list[Reached]()

    def searched(self: Among, *args: Any, **options: Any) -> Reached:
        if self.watch.step == CALLED["mean"] or of_leximin:
            return Reached("infeasible", None)
        is_first = self.watch.step == CALLED["leximin"]
        found = most(self, *args, **options)
        of_leximin.extend([found] if is_first else [])
        return found

    case, policy = WEIGHED.write(tmp_path)
    options: dict[str, Any] = {"gap": 0.0, "cache": False, "out": tmp_path / "out"}
    wanted = ["mean", "leximin"]
    with monkeypatch.context() as wrong:
        wrong.setattr(Among, "most", searched)
        found = optimizer.stakeholders(policy, case, compromises=wanted, **options)
    told = "a search ended without a plan, although there was time left"
    plans = found.tables["plans"].set_index("plan")
    assert (plans["status"]["mean"], plans["why"]["mean"]) == ("stopped", told)
    assert (plans["status"]["leximin"], plans["why"]["leximin"]) == ("feasible", told)
    assert plans["status"][["policy", "best-g", "best-h"]].eq("optimal").all()
    assert found.why_incomplete == f"highest mean value: {told}"
    again = optimizer.stakeholders(policy, case, compromises=wanted, **options)
    assert again.complete
    assert again.tables["plans"]["status"].eq("optimal").all()


def test_compromises_that_rest_on_own_bests_are_not_looked_for_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, policy = WEIGHED.write(tmp_path)
    options: dict[str, Any] = {"gap": 0.0, "cache": False, "out": tmp_path / "out"}
    best_for = CompromiseAims.best_for

    def failing(*_: object) -> KeptSolution:
        raise SolverError("HiGHS gave up")

    def best_of_first(self: CompromiseAims, number: int) -> KeptSolution:
        return failing() if number else best_for(self, number)

    with monkeypatch.context() as wrong:
        wrong.setattr(CompromiseAims, "best_for", best_of_first)
        found = optimizer.stakeholders(policy, case, **options)
    plans = found.tables["plans"].set_index("plan")
    assert plans["status"].to_dict() == {
        "policy": "optimal",
        "best-g": "optimal",
        "best-h": "stopped",
        "mean": "optimal",
        "least-regret": "stopped",
        "leximin": "optimal",
        "nash": "stopped",
    }
    assert plans["why"]["least-regret"] == "the plan that is best for H was not found"
    again = optimizer.stakeholders(policy, case, **options)
    told = again.tables["plans"].set_index("plan")["status"]
    assert (told["least-regret"], told["nash"]) == ("optimal", "none")
    # Nothing is known at all, or nothing but the highest mean.
    del options["out"]
    monkeypatch.setattr(CompromiseAims, "most_points", failing)
    monkeypatch.setattr(CompromiseAims, "best_for", failing)
    found = optimizer.stakeholders(policy, case, **options)
    told = found.tables["plans"].set_index("plan")["status"]
    assert told[told.eq("optimal")].index.tolist() == ["mean", "leximin"]
    with pytest.raises(SolverError, match="HiGHS gave up"):
        optimizer.stakeholders(policy, case, compromises=["leximin", "least-regret"], **options)


def test_what_a_cut_off_leximin_did_not_come_to_is_not_proven(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    most = Among.most

    def searched(self: Among, *args: Any, **options: Any) -> Reached:
        found = most(self, *args, **options)
        self.watch.interrupted |= self.watch.step == CALLED["leximin"]
        return found

    monkeypatch.setattr(Among, "most", searched)
    case, policy = WEIGHED.write(tmp_path)
    found = optimizer.stakeholders(
        policy, case, compromises=["leximin"], gap=0.0, cache=False, out=tmp_path / "out"
    )
    steps = found.tables["steps"]
    steps = steps[steps["plan"].eq("leximin")]
    assert steps["status"].tolist() == ["optimal", "stopped"]
    plans = found.tables["plans"].set_index("plan")
    assert (plans["status"]["leximin"], plans["gap"]["leximin"]) == ("feasible", np.inf)
    assert (
        "Leximin: the lowest value as high as possible, then the second lowest, and so on; not "
        "all of it is proven."
    ) in found.in_words()


def test_differences_are_those_of_the_plans_that_were_found(
    assignment: optimizer.Stakeholders,
) -> None:
    """The policy's own plan is proven within a gap alone: another one may differ otherwise."""
    tables, regrets = dict(assignment.tables), assignment.table
    plans, values = tables["plans"], regrets["value_points"].copy()
    own, nash = (regrets["plan"].eq(name) for name in ("policy", "nash"))
    values[nash] = values[own].to_numpy() + np.array([1.0, -2.0, 0.0])
    status = plans["status"].mask(plans["plan"].eq("policy"), "feasible")
    tables["plans"] = plans.assign(status=status)
    told = stakeholders_in_words(regrets.assign(value_points=values), tables, is_relaxed=False)
    start = "From the policy's own plan to Nash, as these were found: "
    assert f"{start}profit1 +1, profit2 -2." in told


def test_the_time_limit_of_a_policy_is_for_one_plan(tmp_path: Path) -> None:
    case, policy = WEIGHED.write(tmp_path)
    short = {"solver.time_limit": 0.001}
    assert optimizer.stakeholders(policy, case, changes=short, cache=False).complete
    with pytest.raises(NoPlanError, match=r"within the time limit of 0\.001 s"):
        optimizer.solve(policy, case, changes=short, cache=False)
