"""Numbers that mean "no limit", against brute force on numbers that are just large enough."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from optimizer.errors import PolicyError
from oracle import solve_by_enumeration
from oracle.enumerate import TooManyError
from oracle.reader import UnclearError
from random_cases import write_random_case
from seeds import seeds
from test_oracle import REFUSED, is_close, solved

HUGE = [3_000_000, 10**9, 10**15]
SEEDS = range(32)
CHANGED = 0.7
"""Share of the rows that lose their limit."""
NO_LIMIT = {"applicants": "applicants", "sites": "max_slots", "services": "expansion_unit"}


def with_no_limits(case: Path, folder: Path, random: np.random.Generator) -> Path:
    """Numbers of one or two tables without a limit: huge in the case, just enough in a copy."""
    small = folder / "small"
    shutil.copytree(case, small)
    tables = {name: read(case, name) for name in (*NO_LIMIT, "tracks")}
    here = [name for name in NO_LIMIT if len(tables[name])]
    # Either everybody may apply or every site has room, so that the other bounds the cohorts.
    dropped = random.choice(["applicants", "sites"])
    for name in here:
        if name == dropped or (name == "applicants" and "sites" not in here):
            continue
        column, table = NO_LIMIT[name], tables[name]
        enough = just_enough(name, tables)
        for row in np.flatnonzero(random.random(len(table)) < CHANGED).tolist():
            if float(table[column].iloc[row]) > 0.0:
                table.loc[table.index[row], column] = str(random.choice(HUGE))
        table.to_csv(case / f"{name}.csv", index=False)
        huge = table[column].isin([str(number) for number in HUGE])
        table[column] = table[column].mask(huge, enough)
        table.to_csv(small / f"{name}.csv", index=False)
    return small


def read(case: Path, name: str) -> pd.DataFrame:
    path = case / f"{name}.csv"
    return pd.read_csv(path, dtype=str, keep_default_na=False) if path.exists() else pd.DataFrame()


def just_enough(name: str, tables: dict[str, pd.DataFrame]) -> pd.Series:
    """A number for every row that no plan could need more than."""
    table = tables[name]
    if name == "services":
        return pd.Series("3000", index=table.index)
    other, cell = ("sites", "region") if name == "applicants" else ("applicants", "country")
    most = tables[other].assign(n=tables[other][NO_LIMIT[other]].astype(float))
    by = most.groupby(["track", cell])["n"].max().groupby("track").sum()
    least = tables["tracks"].set_index("track")["min_cohort"].astype(float)
    room = table["track"].map(by).fillna(0.0).clip(lower=table["track"].map(least).clip(lower=1.0))
    return room.astype(int).astype(str)


@pytest.mark.parametrize("start", seeds(range(0, 32, 8), quick=2))
def test_huge_numbers_change_no_answer_of_brute_force(start: int, tmp_path: Path) -> None:
    compared = 0
    differences: list[object] = []
    for seed in SEEDS[start : start + 8]:
        case, policy = write_random_case(tmp_path / str(seed), seed)
        small = with_no_limits(case, tmp_path / str(seed), np.random.default_rng(seed))
        try:
            expected = solve_by_enumeration(small, policy)
        except (TooManyError, UnclearError):
            continue
        try:
            found = solved(case, policy)
        except PolicyError as error:
            if not any(words in str(error) for words in REFUSED):
                differences.append((seed, "refused", None, str(error)))
            continue
        compared += 1
        points = found.solution.objective
        same = points is expected.objective is None
        if points is not None and expected.objective is not None:
            same = is_close(points, expected.objective)
            same &= found.evaluation(found.decisions()).holds
        if not same or found.solution.status != expected.status:
            differences.append((seed, found.solution.status, points, expected))
    assert not differences
    assert compared >= 3
