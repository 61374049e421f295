"""Sums of decisions that stay arrays until somebody looks at their terms."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyomo.environ as pyo
from pyomo.core.expr import LinearExpression, MonomialTermExpression


@dataclass(frozen=True, eq=False)
class TermTable:
    """Terms of many sums, those of one sum together.

    Attributes
    ----------
    components
        Decision families that are named.
    component, position, coefficient
        Of every term: number of its family in ``components``, number of the decision within the
        family, and what it is multiplied with, which is not 0. Decisions may be added to a family
        later, at its end; none may be removed.
    constants
        Constant of every sum.
    cuts
        Terms ``cuts[row]`` to ``cuts[row + 1]`` are those of the sum ``row``.
    """

    components: tuple[pyo.Var, ...]
    component: npt.NDArray[np.int64]
    position: npt.NDArray[np.int64]
    coefficient: npt.NDArray[np.float64]
    constants: list[float]
    cuts: list[int]

    def terms_of(self, row: int) -> list[Any]:
        """Constant and terms of a sum, as Pyomo keeps them."""
        part = slice(self.cuts[row], self.cuts[row + 1])
        constant = self.constants[row]
        found: list[Any] = [constant] if constant else []
        for family, position, coefficient in zip(
            self.component[part].tolist(),
            self.position[part].tolist(),
            self.coefficient[part].tolist(),
            strict=True,
        ):
            found.append(MonomialTermExpression((coefficient, self._members[family][position])))
        return found

    @cached_property
    def _members(self) -> list[list[Any]]:
        return [list(component.values()) for component in self.components]


_CLASS: Any = vars(object)["__class__"]
"""The true class of an object, which can be set."""


class LinearSum(LinearExpression):  # type: ignore[misc]  # Pyomo has no types
    """A linear expression of Pyomo whose terms are made when somebody looks at them.

    Pyomo keeps an object for every term. Models have millions of terms, and of most models only
    :func:`optimizer.formulation.compiling.compile_model` reads them, from the arrays. Whoever else
    asks for the terms gets them, and the object is an ordinary ``LinearExpression`` from then on.

    Where an ordinary linear expression stands on the left of ``==`` and a sum on the right, Python
    asks the right side first, and the row is turned round: the same rule, its sides changed.
    """

    # No attributes of its own: only so can an object change its class. Until the terms are made,
    # their number holds the source.
    __slots__ = ()

    def __init__(self, table: TermTable, row: int) -> None:
        self._nargs: Any = (table, row)  # type: ignore[misc]  # a slot of Pyomo's

    @property
    def source(self) -> tuple[TermTable, int]:
        """Table of the terms, and the row of this sum in it."""
        found: tuple[TermTable, int] = self._nargs
        return found

    @property  # type: ignore[misc]  # as in unittest.mock: only read
    def __class__(self) -> type[LinearExpression]:
        """Type for Pyomo, which nearly always looks up by ``__class__``."""
        return LinearExpression

    def __getattr__(self, name: str) -> Any:
        """Make the terms: Python comes here for what is not there, and they are not there yet."""
        if name != "_args_":
            raise AttributeError(f"LinearSum has no attribute {name}")
        table, row = self.source
        terms = table.terms_of(row)
        self._args_ = terms  # type: ignore[misc]  # a slot of Pyomo's
        self._nargs = len(terms)
        _CLASS.__set__(self, LinearExpression)
        return terms

    def nargs(self) -> int:
        """Count the terms and the constant."""
        return len(self._args_)

    def __deepcopy__(self, memo: Any) -> Any:
        _ = self._args_
        return LinearExpression.__deepcopy__(self, memo)

    def __reduce_ex__(self, _: object) -> Any:
        return LinearExpression, (self.args,)
