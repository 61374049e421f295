"""Commitments, the support floor and stability."""

from __future__ import annotations

from itertools import product

from .flows import Flows
from .matrix import Expr, Matrix, total
from .money import ENTRIES, Money
from .reader import Problem, Row, UnclearError

Current = dict[tuple[str, str], float]


def add_commitments(problem: Problem, matrix: Matrix, flows: Flows) -> list[Expr]:
    """Promised and capped slots, a blank key summed over; returns the slots of every row."""
    result = []
    for row in problem.rows("commitments"):
        promised = _committed(problem, flows, row)
        if not promised.terms:
            raise UnclearError("a commitment speaks of no slots")
        low, high = row.get("at_least"), row.get("at_most")
        if low and high and float(low) > float(high):
            raise UnclearError("a commitment promises more than it allows")
        if row.get("at_least"):
            matrix.at_least("commitments", promised, float(row["at_least"]))
        if row.get("at_most"):
            matrix.at_most("commitments", promised, float(row["at_most"]))
        result.append(promised)
    return result


def _committed(problem: Problem, flows: Flows, row: Row) -> Expr:
    result = Expr()
    country, region = row.get("country"), row.get("region")
    years = [year for year in problem.horizon if row.get("year") in {None, "", str(year)}]
    tracks = [track for track in problem.tracks if row.get("track") in {None, "", track}]
    if country and region:
        for track, year in product(tracks, years):
            for level in problem.levels(track):
                cell = flows.slots(country, track, level, region, year)
                if cell is not None:
                    result.add_column(cell)
        return result
    for (who, track, _, year), column in flows.intake.items():
        on_regions = len(who) > 1
        if track not in tracks or year not in years or on_regions != bool(region):
            continue
        if who[-1] == region or (not on_regions and country in {None, "", who[0]}):
            result.add_column(column)
    return result


def add_support_floors(problem: Problem, matrix: Matrix, flows: Flows, money: Money) -> None:
    """Integration money per entrant and year of stay, averaged over a track and entry year.

    The entrants of a window year are the cohort and those who continue; the whole stay counts,
    also its years after the window.
    """
    lines = [name for name, row in problem.lines.items() if row.get("purpose") == "integration"]
    for floor in problem.policy.get("support_floor", []):
        filters = problem.filters(floor.get("where", {}))
        tracks = [t for t in problem.tracks if problem.matches(filters, {"track": t})]
        if not tracks:
            raise UnclearError("a support floor matches no track")
        for track, year in product(tracks, problem.window):
            duration = problem.duration(track)
            row = Expr()
            for who, level, entry in product(
                flows.members("country", track), problem.levels(track), ENTRIES
            ):
                paid = sum(
                    money.cost(
                        track, line, age,
                        level=level, country=who[0], year=year + age - 1, entry=entry,
                    )
                    for line, age in product(lines, range(1, duration + 1))
                )  # fmt: skip
                short = paid - floor["amount_per_year"] * duration
                row.add(flows.entrants(who, track, level, year, entry), short)
            for who, level in product(flows.members("region", track), problem.levels(track)):
                paid = sum(
                    money.region_cost(track, line, who[1], age)
                    for line, age in product(lines, range(1, duration + 1))
                )
                row.add(flows.entrants(who, track, level, year), paid)
            # What is spent on those who come by themselves neither reaches nor misses the floor.
            row.constant = 0.0
            if row.terms:
                matrix.at_least("support_floor", row, 0.0)


def add_stability(problem: Problem, matrix: Matrix, flows: Flows, *, penalised: bool) -> Expr:
    """Limit the yearly change against the current plan; return the penalty of all changes."""
    penalty = Expr()
    rule = problem.policy.get("stability")
    if rule is None:
        return penalty
    rows = [r for r in problem.rows("current_plan") if not problem.is_forecast(r["track"])]
    by_country = _summed(rows, "country")
    everyone = sum(by_country.values())
    if everyone <= 0:
        raise UnclearError("stability without current slots")
    by_region = _summed(rows, "region") if all(row.get("region") for row in rows) else None
    for year in problem.horizon:
        changes = [_change(problem, matrix, flows, by_country, side="country", year=year)]
        if by_region is not None:
            changes.append(_change(problem, matrix, flows, by_region, side="region", year=year))
        share = total(changes).scaled(1.0 / everyone / len(changes))
        if "max_change" in rule:
            matrix.at_most("stability", share, float(rule["max_change"]))
        if penalised:
            penalty.add(share, 100.0 * rule.get("penalty", 0.0))
    return penalty


def _summed(rows: list[Row], key: str) -> Current:
    result: Current = {}
    for row in rows:
        cell = (row[key], row["track"])
        result[cell] = result.get(cell, 0.0) + float(row["slots"])
    return result


def _change(
    problem: Problem, matrix: Matrix, flows: Flows, current: Current, *, side: str, year: int
) -> Expr:
    """The sum of absolute changes of one margin in one year."""
    planned: dict[tuple[str, str], Expr] = {}
    for (who, track, _, intake_year), column in flows.intake.items():
        if intake_year == year and (len(who) == 1) == (side == "country"):
            planned.setdefault((who[-1], track), Expr()).add_column(column)
    result = Expr()
    for cell in dict.fromkeys([*current, *planned]):
        less = Expr(current.get(cell, 0.0))
        more = planned.get(cell, Expr())
        up = more.scaled(1.0).add(less, -1.0)
        if not up.terms:
            result.constant += abs(up.constant)
            continue
        result.add(matrix.most_of("change", side, *cell, year, parts=[up, up.scaled(-1.0)]))
    return result
