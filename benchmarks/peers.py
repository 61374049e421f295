"""The projected model built and loaded by other modelling layers, each the way its docs advise.

Every builder is given the same tidy frames (one per rule: row, family, position, coefficient; one
array of numbers), declares variables by family and rows by rule, and ends with a solver or a
solver's input in memory. What it gives back is the number of rows, columns and nonzeros that
arrived there. HiGHS of highspy is imported inside the builders: it cannot live in one process with
that of OR-Tools. Where a layer offers several ways, the fastest documented one that keeps names of
families and rules is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tidy import Rule, Tidy

Counts = tuple[int, int, int]
Terms = list[tuple[str, int, float]]
INFINITY = float("inf")


def counts_of(highs: Any) -> Counts:
    lp = highs.getLp()
    return lp.num_row_, lp.num_col_, len(lp.a_matrix_.index_)


def by_row(rule: Rule) -> Iterator[tuple[Terms, float]]:
    """Terms and number of every row: a user's dictionary of terms, filled in one pass."""
    rows: list[Terms] = [[] for _ in rule.number]
    terms = rule.terms
    for row, family, position, coefficient in zip(
        terms["row"].tolist(),
        terms["family"].tolist(),
        terms["position"].tolist(),
        terms["coefficient"].tolist(),
        strict=True,
    ):
        rows[row].append((family, position, coefficient))
    return zip(rows, rule.number.tolist(), strict=True)


def related(expression: Any, sense: str, number: float) -> Any:
    """The relation as the layers' overloaded operators make it."""
    if sense == "==":
        return expression == number
    return expression <= number if sense == "<=" else expression >= number


def arrays(tidy: Tidy) -> Counts:
    """Hand-written: arrays into HiGHS, without names."""
    from formulations import loaded_highs

    return counts_of(loaded_highs(tidy))


def stock_pyomo_model(tidy: Tidy, changing: frozenset[str] = frozenset()) -> Any:
    """Indexed variables and constraints, sums by quicksum, as Pyomo's own examples.

    Numbers of rules named in ``changing``, and then costs too, are mutable parameters.
    """
    import pyomo.environ as pyo

    model = pyo.ConcreteModel()
    variables: dict[str, list[Any]] = {}
    for name, family in tidy.families.items():
        lower, upper = family.lower.tolist(), family.upper.tolist()

        def bounds(
            model: Any, index: int, lower: list[float] = lower, upper: list[float] = upper
        ) -> tuple[float | None, float | None]:
            low, high = lower[index], upper[index]
            return (None if low == -INFINITY else low), (None if high == INFINITY else high)

        domain = pyo.Integers if family.integral else pyo.Reals
        component = pyo.Var(range(len(lower)), domain=domain, bounds=bounds)
        model.add_component(name, component)
        variables[name] = list(component.values())
    for name, rule in tidy.rules.items():
        rows = list(by_row(rule))
        numbers: Any = rule.number.tolist()
        if name in changing:
            numbers = pyo.Param(range(len(rows)), initialize=dict(enumerate(numbers)), mutable=True)
            model.add_component(f"{name}_number", numbers)

        def row(
            model: Any,
            index: int,
            rows: list[tuple[Terms, float]] = rows,
            sense: str = rule.sense,
            numbers: Any = numbers,
        ) -> Any:
            total = pyo.quicksum(c * variables[family][at] for family, at, c in rows[index][0])
            return related(total, sense, numbers[index])

        model.add_component(f"{name}_rule", pyo.Constraint(range(len(rows)), rule=row))
    terms = {
        (family, at): cost
        for family, (position, values) in tidy.objective().items()
        for at, cost in zip(position.tolist(), values.tolist(), strict=True)
    }
    costs: Any = terms
    if changing:
        costs = model.costs = pyo.Param(list(terms), initialize=terms, mutable=True)
    points = pyo.quicksum(costs[family, at] * variables[family][at] for family, at in terms)
    model.points = pyo.Objective(expr=points + tidy.offset, sense=pyo.maximize)
    return model


def persistent_pyomo(model: Any) -> Any:
    """Pyomo's persistent interface to HiGHS with the model loaded."""
    from pyomo.contrib.solver.solvers.highs import Highs

    solver = Highs()
    solver.set_instance(model)
    return solver


def pyomo_persistent(tidy: Tidy) -> Counts:
    return counts_of(persistent_pyomo(stock_pyomo_model(tidy))._solver_model)


def pulp(tidy: Tidy) -> Counts:
    """Affine expressions row by row; PuLP's in-memory HiGHS."""
    import pulp as layer

    problem = layer.LpProblem("plan", layer.LpMaximize)
    variables: dict[str, list[Any]] = {}
    for name, family in tidy.families.items():
        kind = layer.LpInteger if family.integral else layer.LpContinuous
        variables[name] = [
            layer.LpVariable(
                f"{name}_{number}",
                None if low == -INFINITY else low,
                None if high == INFINITY else high,
                kind,
            )
            for number, (low, high) in enumerate(
                zip(family.lower.tolist(), family.upper.tolist(), strict=True)
            )
        ]
    problem += layer.LpAffineExpression(
        [
            (variables[family][at], cost)
            for family, (position, values) in tidy.objective().items()
            for at, cost in zip(position.tolist(), values.tolist(), strict=True)
        ]
    )
    for name, rule in tidy.rules.items():
        for index, (terms, number) in enumerate(by_row(rule)):
            total = layer.LpAffineExpression([(variables[f][at], c) for f, at, c in terms])
            problem += related(total, rule.sense, number), f"{name}_{index}"
    solver = layer.HiGHS(msg=False)
    solver.createAndConfigureSolver(problem)
    solver.buildSolverModel(problem)
    return counts_of(problem.solverModel)


def cvxpy(tidy: Tidy) -> Counts:
    """Vectors and sparse matrices by family and rule; ends with the arrays for HiGHS."""
    import cvxpy as layer
    import scipy.sparse

    variables = {
        name: layer.Variable(
            len(family.lower),
            name=name,
            integer=family.integral,
            bounds=[family.lower, family.upper],
        )
        for name, family in tidy.families.items()
    }
    rows = []
    for rule in tidy.rules.values():
        total = 0
        for family, mine in rule.terms.groupby("family", observed=True, sort=False):
            shape = (len(rule.number), len(tidy.families[str(family)].lower))
            at = mine["row"].to_numpy(), mine["position"].to_numpy()
            matrix = scipy.sparse.csr_array((mine["coefficient"].to_numpy(), at), shape=shape)
            total = total + matrix @ variables[str(family)]
        rows.append(related(total, rule.sense, rule.number))  # type: ignore[arg-type]
    points = sum(
        values @ variables[family][at] for family, (at, values) in tidy.objective().items()
    )
    problem = layer.Problem(layer.Maximize(points), rows)
    data = problem.get_problem_data(layer.HIGHS)[0]
    matrix = data["A"]
    return matrix.shape[0], matrix.shape[1], matrix.nnz


def pyoptinterface(tidy: Tidy) -> Counts:
    """Variables and rows straight into HiGHS, row by row."""
    import pyoptinterface as layer
    from pyoptinterface import highs

    model = highs.Model()
    senses = {"==": layer.Eq, "<=": layer.Leq, ">=": layer.Geq}
    variables: dict[str, list[Any]] = {}
    for name, family in tidy.families.items():
        kind = layer.VariableDomain.Integer if family.integral else layer.VariableDomain.Continuous
        bounds = zip(family.lower.tolist(), family.upper.tolist(), strict=True)
        variables[name] = [model.add_variable(kind, lb=low, ub=high) for low, high in bounds]
    nonzeros = 0
    for rule in tidy.rules.values():
        for terms, number in by_row(rule):
            total = layer.ExprBuilder()
            for name, at, coefficient in terms:
                total.add_affine_term(variables[name][at], coefficient)
            model.add_linear_constraint(total, senses[rule.sense], number)
            nonzeros += len(terms)
    points = layer.ExprBuilder()
    for name, (position, values) in tidy.objective().items():
        for at, cost in zip(position.tolist(), values.tolist(), strict=True):
            points.add_affine_term(variables[name][at], cost)
    model.set_objective(points, layer.ObjectiveSense.Maximize)
    width = model.number_of_variables()
    height = model.number_of_constraints(layer.ConstraintType.Linear)
    return height, width, nonzeros


def ortools(tidy: Tidy) -> Counts:
    """OR-Tools' model builder: weighted sums row by row; ends with the message for a solver."""
    from ortools.linear_solver.python import model_builder as layer

    model = layer.Model()
    variables: dict[str, list[Any]] = {}
    for name, family in tidy.families.items():
        bounds = zip(family.lower.tolist(), family.upper.tolist(), strict=True)
        variables[name] = [
            model.new_var(low, high, family.integral, f"{name}_{number}")
            for number, (low, high) in enumerate(bounds)
        ]
    for rule in tidy.rules.values():
        for terms, number in by_row(rule):
            total = layer.LinearExpr.weighted_sum(
                [variables[name][at] for name, at, _ in terms], [c for _, _, c in terms]
            )
            low = -INFINITY if rule.sense == "<=" else number
            high = INFINITY if rule.sense == ">=" else number
            model.add_linear_constraint(total, low, high)
    chosen = [
        (variables[name][at], cost)
        for name, (position, values) in tidy.objective().items()
        for at, cost in zip(position.tolist(), values.tolist(), strict=True)
    ]
    model.maximize(layer.LinearExpr.weighted_sum([v for v, _ in chosen], [c for _, c in chosen]))
    message = model.export_to_proto()
    nonzeros = sum(len(row.var_index) for row in message.constraint)
    return len(message.constraint), len(message.variable), nonzeros


BUILDERS: dict[str, Callable[[Tidy], Counts]] = {
    "hand-written highspy": arrays,
    "Pyomo, persistent": pyomo_persistent,
    "PuLP": pulp,
    "cvxpy": cvxpy,
    "PyOptInterface": pyoptinterface,
    "OR-Tools": ortools,
}
"""Other layers by name."""
