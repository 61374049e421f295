"""Random tiny cases: a folder of tables and a policy per seed, small enough to enumerate."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from itertools import count, islice
from pathlib import Path

from oracle.drawing import Draw, Drawn
from oracle.drawing_case import draw_case
from oracle.drawing_policy import draw_policy
from oracle.enumerate import TooManyError, assignments
from oracle.kinds import ALL_KINDS, kinds_of
from oracle.model import Program, build
from oracle.reader import UnclearError
from oracle.relaxation import Relaxation, TooManyNodesError, best_by_branching
from oracle.tightening import another_plan, tighten

__all__ = ["ALL_KINDS", "kinds_of", "random_cases_that", "write_random_case"]

MOST_ASSIGNMENTS = 5_000
MOST_LOOSE = 5_000
FEW_ASSIGNMENTS = 12
MOST_NODES = 200
MOST_ATTEMPTS = 200
USUAL_SIZE = 3
LAST_INFEASIBLE = 15


class TooFewError(RuntimeError):
    """There is next to nothing to decide."""


def write_random_case(folder: Path, seed: int) -> tuple[Path, Path]:
    """Write ``folder/case`` and ``folder/policy.toml``, always the same for one seed.

    A draw is thrown away when the specification leaves its meaning open, when it has too many
    integer assignments, or when the best plan takes nobody in; some seeds look for an
    infeasible case first.

    Parameters
    ----------
    folder
        Where to write; what an earlier call wrote there is replaced.
    seed
        Fixes which kinds of rules are switched on, and all numbers.

    Returns
    -------
    tuple[Path, Path]
        The case folder and the policy file.
    """
    case_folder, policy_path = folder / "case", folder / "policy.toml"
    case_that_is_drawn(seed).write(case_folder, policy_path)
    return case_folder, policy_path


@lru_cache(maxsize=200)
def case_that_is_drawn(seed: int) -> Drawn:
    """Case and policy of a seed; neighbouring tests ask different things of the same ones."""
    size = USUAL_SIZE
    for attempt in range(MOST_ATTEMPTS):
        try:
            drawn = _drawn(Draw(seed, attempt, size))
        except UnclearError:
            continue
        except (TooManyError, TooManyNodesError):
            size = max(0, size - 1)
            continue
        except TooFewError:
            size = min(6, size + 1)
            continue
        if drawn is not None:
            return drawn
    raise RuntimeError(f"seed {seed}: no usable case in {MOST_ATTEMPTS} attempts")


def random_cases_that(
    hold: Callable[[Path, Path], bool], number: int, folder: Path
) -> list[tuple[Path, Path]]:
    """Write the first cases that have a property, whatever their seeds are.

    Draws change with every new kind of rule, so that a list of seeds keeps no property for long.
    """
    drawn = (write_random_case(folder / str(seed), seed) for seed in count())
    return list(islice((pair for pair in drawn if hold(*pair)), number))


def _drawn(draw: Draw) -> Drawn | None:
    """A case drawn loosely and then tightened; None where it is of no use."""
    drawn = draw_case(draw)
    draw_policy(draw, drawn)
    program = _program(drawn)
    cohorts = [c for c in program.matrix.columns if c.name[0] == "cohort"]
    if not any(column.upper > 0 for column in cohorts):
        raise TooFewError
    few = max(2, FEW_ASSIGNMENTS - 2 * draw.attempt)
    if len(assignments(program.matrix, MOST_LOOSE)) < few:
        raise TooFewError
    wanted = Relaxation(program.matrix).solve(program.matrix.bounds())
    other = another_plan(draw, program, MOST_NODES)
    if wanted is not None and other is not None:
        tighten(draw, drawn, program, (wanted, other))
        program = _program(drawn)
    elif not draw.has("may_be_infeasible"):
        return None
    if len(assignments(program.matrix, MOST_ASSIGNMENTS)) < few:
        raise TooFewError
    best, _ = best_by_branching(program.matrix, MOST_NODES)
    takes_in = best is not None and any(
        column.name[0] == "cohort" and x > 0.5
        for column, x in zip(program.matrix.columns, best, strict=True)
    )
    if draw.has("may_be_infeasible") and draw.attempt < LAST_INFEASIBLE:
        return drawn if best is None else None
    return drawn if takes_in else None


def _program(drawn: Drawn) -> Program:
    """The program, aiming at the points."""
    program = build(drawn.problem())
    scales = {
        name: 1.0 if goal["scale"] == "none" else float(goal["scale"])
        for name, goal in program.values.goals.items()
    }
    program.aim_at_points(scales)
    return program
