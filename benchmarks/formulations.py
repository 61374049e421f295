"""Our projected model and the flat model of the same case, as tidy frames."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import highspy
import numpy as np
import pandas as pd
import scipy.sparse

from optimizer import load_case, load_policy
from optimizer.formulation import build_pyomo
from optimizer.formulation.compiling import compile_model
from optimizer.formulation.expressions import KEYS
from optimizer.instance import Instance, build_instance
from optimizer.instance.slot_level import single_slots
from optimizer.solver.matrix import Matrix
from optimizer.solver.scaling import objective_units, power_of_two_scales
from tidy import Tidy

PROBE_SCALE = 1e4
"""Raw value that counts as 1 where only the work of building is measured, not the optimum."""


def join(case: str | Path, policy: str | Path) -> Instance:
    """Read and join."""
    return build_instance(load_case(case), load_policy(policy))


def probe_scales(instance: Instance) -> dict[str, float]:
    return dict.fromkeys(instance.policy.goals, PROBE_SCALE)


def projected(instance: Instance, scales: dict[str, float]) -> Tidy:
    """Our model with the margins of the slots."""
    return tidy_of(compile_model(build_pyomo(instance, scales)))


def tidy_of(matrix: Matrix) -> Tidy:
    """Scale and sort the columns of a compiled matrix by family."""
    row_scale, column_scale = power_of_two_scales(matrix)
    names = [name for name, _ in matrix.columns]
    order = np.argsort(pd.factorize(pd.Series(names))[0], kind="stable")
    scale = column_scale[order]
    a = scipy.sparse.csr_array(matrix.a)[:, order]
    scaled = scipy.sparse.diags_array(row_scale) @ a @ scipy.sparse.diags_array(scale)
    cost = matrix.cost[order] * scale
    units = objective_units(cost)
    return Tidy(
        a=scipy.sparse.csr_array(scaled),
        cost=cost * units,
        offset=matrix.offset * units,
        row_lower=matrix.row_lower * row_scale,
        row_upper=matrix.row_upper * row_scale,
        lower=matrix.lower[order] / scale,
        upper=matrix.upper[order] / scale,
        integral=matrix.integral[order],
        sizes={str(k): int(v) for k, v in pd.Series(names).value_counts(sort=False).items()},
        rules_of_rows=[rule for rule, _ in matrix.rows],
        columns=[matrix.columns[number] for number in order],
        rows=list(matrix.rows),
        column_scale=scale,
        row_scale=row_scale,
        units=units,
    )


def options_of(instance: Instance) -> pd.DataFrame:
    """Every single slot: country, track, level, group, region, year; without regions, cohorts."""
    if len(instance.sets.slots):
        raise ValueError("benchmarks are about policies that name no single slots")
    if instance.sets.placements.empty:
        return instance.sets.cohort.assign(region="")
    return single_slots(instance.sets.cohort, instance.sets.placements)


def flat(instance: Instance, tidy: Tidy) -> Tidy:
    """The model with one integer per slot: margins are written out as sums of slots."""
    options = options_of(instance)
    names = [name for name in ("cohort", "placements") if name in tidy.sizes]
    parts = [tidy.a[:, np.array([name not in names for name, _ in tidy.columns])]]
    kept = [number for number, (name, _) in enumerate(tidy.columns) if name not in names]
    slots = scipy.sparse.csr_array((tidy.a.shape[0], len(options)))
    for name in names:
        start, size = tidy.starts[name], tidy.sizes[name]
        place = {key: at for at, (_, key) in enumerate(tidy.columns[start : start + size])}
        keys = zip(*(options[key].tolist() for key in KEYS[name]), strict=True)
        at = np.array([place[key] for key in keys])
        sums = scipy.sparse.csr_array(
            (np.ones(len(options)), (at, np.arange(len(options)))), shape=(size, len(options))
        )
        slots = slots + tidy.a[:, start : start + size] @ sums
        if tidy.cost[start : start + size].any():
            raise ValueError("costs stand on accounts, not on margins")
    rows = np.array([rule != "placements_match_cohorts" for rule in tidy.rules_of_rows])
    count = len(options)
    several = dict(tidy.sizes)
    sizes = {"slots": count} | {name: several[name] for name in several if name not in names}
    singles = list(zip(*(options[key].tolist() for key in KEYS["slots"]), strict=True))
    return replace(
        tidy,
        a=scipy.sparse.csr_array(scipy.sparse.hstack([slots, *parts], format="csr"))[rows],
        cost=np.concatenate([np.zeros(count), tidy.cost[kept]]),
        row_lower=tidy.row_lower[rows],
        row_upper=tidy.row_upper[rows],
        lower=np.concatenate([np.zeros(count), tidy.lower[kept]]),
        upper=np.concatenate([np.full(count, np.inf), tidy.upper[kept]]),
        integral=np.concatenate([np.ones(count, dtype=bool), tidy.integral[kept]]),
        sizes=sizes,
        rules_of_rows=[rule for rule, keep in zip(tidy.rules_of_rows, rows, strict=True) if keep],
        columns=[("slots", key) for key in singles] + [tidy.columns[number] for number in kept],
        rows=[row for row, keep in zip(tidy.rows, rows, strict=True) if keep],
        column_scale=np.concatenate([np.ones(count), tidy.column_scale[kept]]),
        row_scale=tidy.row_scale[rows],
    )


def highs_lp(tidy: Tidy, *, relaxed: bool = False) -> highspy.HighsLp:
    """The arrays as HiGHS takes them."""
    lp = highspy.HighsLp()
    lp.num_row_, lp.num_col_ = tidy.a.shape
    lp.col_cost_, lp.offset_ = tidy.cost, tidy.offset
    lp.col_lower_, lp.col_upper_ = tidy.lower, tidy.upper
    lp.row_lower_, lp.row_upper_ = tidy.row_lower, tidy.row_upper
    lp.sense_ = highspy.ObjSense.kMaximize
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_, lp.a_matrix_.index_ = tidy.a.indptr, tidy.a.indices
    lp.a_matrix_.value_ = tidy.a.data
    if not relaxed:
        kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
        lp.integrality_ = [kinds[int(whole)] for whole in tidy.integral]
    return lp


def loaded_highs(tidy: Tidy, *, relaxed: bool = False) -> highspy.Highs:
    """A silent HiGHS with one thread that holds the model."""
    highs = highspy.Highs()  # type: ignore[no-untyped-call]  # not annotated by highspy
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("threads", 1)
    if highs.passModel(highs_lp(tidy, relaxed=relaxed)) == highspy.HighsStatus.kError:
        raise RuntimeError("HiGHS refuses the model")
    return highs
