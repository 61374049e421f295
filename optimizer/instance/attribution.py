"""Spending by country or by region: where the money of people of one margin goes on the other."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from optimizer.case import Case
from optimizer.errors import Problems
from optimizer.instance.attributes import Attributes
from optimizer.instance.money import PARTICIPANTS, REGIONAL, participant_costs
from optimizer.instance.people import People
from optimizer.instance.sets import Sets

COUNTRY, REGION = "country", "region"


def participants_by_region(case: Case, sets: Sets, people: People) -> pd.DataFrame:
    """Participants' costs by region, as terms.

    Returns
    -------
    pandas.DataFrame
        Person-years of the region margin with line, what, and ``same``: whether they cost the same
        for people of every country.
    """
    cell = ["track", "level", "entry", "year_of_stay", "year"]
    paid = participant_costs(case.table("costs"), sets, people.present, Problems())
    cost = paid.groupby([*cell, "line"], as_index=False).agg(
        cost=("cost", "min"), most=("cost", "max"), count=("cost", "size")
    )
    here = people.present.groupby(cell).size().rename("here").reset_index()
    cost = cost.merge(here, on=cell)
    cost["same"] = cost["cost"].eq(cost["most"]) & cost["count"].eq(cost["here"])
    split = people.present_at.merge(cost, on=cell)
    split["coefficient"] = split["coefficient"] * split["cost"]
    return split.assign(what=PARTICIPANTS)


def check_attribution(
    frame: pd.DataFrame,
    spending: pd.DataFrame,
    dimensions: Collection[str],
    attributes: Attributes,
    place: str,
) -> None:
    """Refuse a split of spending that would leave money out or guess where it went.

    Parameters
    ----------
    frame
        Terms that are to be split, of all those in ``spending``.
    dimensions
        What they are split by.
    attributes, place
        Receive the problems, and where in the policy they are.
    """
    if COUNTRY in dimensions and len(frame):
        lines = frame["line"].unique()
        regional = spending[spending["what"].eq(REGIONAL) & spending["line"].isin(lines)]
        if len(regional):
            attributes.add(
                place,
                f"regional supplements on {', '.join(sorted(regional['line'].unique()))} belong to "
                "no country",
                "lines without region_costs, or a split by region",
            )
    if REGION in dimensions and "same" in frame and frame["same"].eq(False).any():
        differing = sorted(frame.loc[frame["same"].eq(False), "line"].unique())
        attributes.add(
            place,
            f"costs on {', '.join(differing)} differ by country",
            "lines whose costs are the same for every country, or a split by country",
        )
