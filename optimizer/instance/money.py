"""Costs of every decision by budget line and year."""

from __future__ import annotations

import numpy as np
import pandas as pd

from optimizer.case import Case
from optimizer.errors import Problems
from optimizer.frames import summed
from optimizer.frames.grouping import Groups
from optimizer.frames.memory import Steps
from optimizer.instance.lookup import resolve
from optimizer.instance.people import CONSTANT, TERM, People, entering, terms, years_of_stay
from optimizer.instance.sets import Sets, cross
from optimizer.instance.years import through_years

_KEYS = ["line", "year", "country", "track", "level", "region", "entry", "year_of_stay", "what"]
"""Columns of the spending terms beside the term itself; blank or 0 where they do not apply."""

PARTICIPANTS, REGIONAL = "participants", "regional supplement"
SETUP, YEARLY = "agreement set-up", "agreement running"
EXPANSION, UPKEEP = "service expansion", "service upkeep"


def participant_costs(
    table: pd.DataFrame, sets: Sets, person_years: pd.DataFrame, problems: Problems
) -> pd.DataFrame:
    """Cost terms of person-years on the country margin, one row per budget line that pays.

    Parameters
    ----------
    table
        Rows of ``costs``.
    person_years
        Terms with country, track, level, entry, year_of_stay and year.

    Returns
    -------
    pandas.DataFrame
        The person-years of positive cost with ``line`` and ``cost`` (currency per person).
    """
    lines = table[["track", "line", "year_of_stay"]].drop_duplicates()
    names = ["track", "year_of_stay", "level", "country", "year", "entry"]
    asked = person_years[names].assign(year=sets.case_year(person_years["year"]))
    # Cells are numbered, so that their text keys are looked at once.
    cells = Groups(asked, names)
    query = asked.take(cells.firsts).assign(cell=np.arange(len(cells.firsts)))
    query = query.merge(lines, on=["track", "year_of_stay"])
    found = resolve(
        query,
        table,
        keys=["track", "line", "year_of_stay"],
        optional=["level", "country", "year", "entry"],
        values=["amount"],
        file="costs.csv",
        problems=problems,
    )
    query["cost"] = found["amount"].fillna(0.0)
    paid = query.loc[query["cost"] != 0, ["cell", "line", "cost"]]
    return person_years.assign(cell=cells.codes).merge(paid, on="cell").drop(columns="cell")


def regional_costs(table: pd.DataFrame, person_years_at: pd.DataFrame) -> pd.DataFrame:
    """Person-years on the region margin with the line and ``cost`` of rows of ``region_costs``."""
    table = table[["track", "line", "region", "year_of_stay", "amount"]]
    table = table[table["amount"] != 0].rename(columns={"amount": "cost"})
    return person_years_at.merge(table, on=["track", "region", "year_of_stay"])


def spending_terms(
    case: Case, sets: Sets, people: People, problems: Problems, step: Steps | None = None
) -> pd.DataFrame:
    """Every term of spending[line, year], labelled by what is paid for and for whom.

    spending[l,y] = participants' costs by year of stay + regional supplements + agreement set-up
    (paid lead_years before the first open year) + running costs of open agreements (in years in
    which people enter) + service expansion in the year it is decided + its upkeep in every later
    year.
    """
    step = step or Steps()
    parts = [
        step(_paid_for_people, case, sets, people, problems),
        step(_paid_by_region, case, people),
        step(_agreement_costs, case, sets),
        step(_expansion_costs, case, sets),
    ]
    spent = pd.concat(parts)
    return step.kept("spending", spent[spent["coefficient"] != 0].reset_index(drop=True))


def _paid_for_people(case: Case, sets: Sets, people: People, problems: Problems) -> pd.DataFrame:
    paid = participant_costs(case.table("costs"), sets, people.present, problems)
    return _labelled(paid.assign(coefficient=paid["coefficient"] * paid["cost"], what=PARTICIPANTS))


def _paid_by_region(case: Case, people: People) -> pd.DataFrame:
    paid = regional_costs(case.table("region_costs"), people.present_at)
    return _labelled(paid.assign(coefficient=paid["coefficient"] * paid["cost"], what=REGIONAL))


def _labelled(part: pd.DataFrame) -> pd.DataFrame:
    blanks = {key: 0 if key == "year_of_stay" else "" for key in _KEYS if key not in part}
    return part.assign(**blanks)[[*TERM, *_KEYS]]


def _agreement_costs(case: Case, sets: Sets) -> pd.DataFrame:
    table = case.table("agreements")
    columns = ["country", "track", "status", "line", "setup_cost", "yearly_cost", "lead_years"]
    paid = entering(sets, "agreement").merge(table[columns], on=["country", "track"])
    setup = opened_agreements(case, sets).merge(table[columns], on=["country", "track"])
    setup = setup.assign(coefficient=setup["coefficient"] * setup["setup_cost"], what=SETUP)
    yearly = paid.assign(coefficient=paid["yearly_cost"], what=YEARLY)
    existing = cross(table.loc[table["status"].eq("existing"), columns], "year", sets.entry_years)
    standing = existing.assign(
        family=CONSTANT, position=-1, coefficient=existing["yearly_cost"], what=YEARLY
    )
    return _labelled(pd.concat([setup, yearly, standing]))


def opened_agreements(case: Case, sets: Sets) -> pd.DataFrame:
    """Agreements in the year in which their set-up is paid, as terms.

    opened[c,t,y] = agreement[c,t,y'] - agreement[c,t,y'-1] with y' = y + lead_years.

    Returns
    -------
    pandas.DataFrame
        family, position, coefficient, country, track, year.
    """
    lead = case.table("agreements")[["country", "track", "lead_years"]]
    is_open = terms(sets.agreement, "agreement").merge(lead, on=["country", "track"])
    # Opening in a year means open now and not the year before, so an agreement that was already
    # open takes the set-up of the following year back.
    before = is_open[is_open["year"].ne(sets.years[-1])]
    already_open = before.assign(coefficient=-1.0, year=before["year"] + 1)
    found = pd.concat([is_open, already_open], ignore_index=True)
    found["year"] -= found.pop("lead_years")
    return found


def _expansion_costs(case: Case, sets: Sets) -> pd.DataFrame:
    built = terms(sets.expansion, "expansion")
    decided = built.assign(coefficient=built["expansion_cost"], what=EXPANSION)
    paid = through_years(case, "services", ["region", "service", "upkeep", "line"], sets.window)
    steps = built[[*TERM, "region", "service", "year"]].rename(columns={"year": "decided"})
    upkeep = steps.merge(paid, on=["region", "service"])
    upkeep = upkeep[upkeep["year"] > upkeep["decided"]]
    upkeep = upkeep.assign(coefficient=upkeep["upkeep"], what=UPKEEP)
    return _labelled(pd.concat([decided, upkeep]))


def support_floor_terms(
    case: Case, sets: Sets, people: People, problems: Problems, step: Steps | None = None
) -> pd.DataFrame:
    """Integration money per entrant over the whole stay, by the year people enter the track.

    Entrants are cohorts and people who stay on from another track; people who were here before
    the first year, or who come by forecast, are not counted.

    Returns
    -------
    pandas.DataFrame
        Terms with track, entry_year and coefficient = money of lines with purpose
        ``integration`` for one entrant (country margin) or one place (region margin).
    """
    budgets = case.table("budgets")
    lines = budgets.loc[budgets["purpose"].eq("integration"), "line"].unique()
    costs, supplements = case.table("costs"), case.table("region_costs")
    given = costs[costs["line"].isin(lines)], supplements[supplements["line"].isin(lines)]
    return (step or Steps())(_integration_money, *given, sets, people, problems)


def _integration_money(
    costs: pd.DataFrame,
    supplements: pd.DataFrame,
    sets: Sets,
    people: People,
    problems: Problems,
) -> pd.DataFrame:
    new, new_at = (
        entries[entries["family"].ne(CONSTANT) & entries["track"].isin(table["track"])]
        for entries, table in ((people.entries, costs), (people.entries_at, supplements))
    )
    paid = [
        participant_costs(costs, sets, years_of_stay(sets, new, all_years=True), problems),
        regional_costs(supplements, years_of_stay(sets, new_at, all_years=True)),
    ]
    parts = [part.assign(coefficient=part["cost"]) for part in paid]
    columns = ["family", "position", "track", "entry_year"]
    spent = pd.concat([part[[*columns, "coefficient"]] for part in parts])
    return summed(spent, columns, "coefficient")
