"""Forecasts: tracks on which people are expected, and what contradicts them."""

from __future__ import annotations

from collections.abc import Mapping

from bad_inputs.given import Action, Kind, content, table
from case_builder import full_case, write_case
from optimizer import load_case


def files(others: Mapping[str, str | None]) -> Action:
    """A case with the contents of several files replaced, or the files left out."""
    contents = {name: text for name, text in {**full_case(), **others}.items() if text is not None}
    return lambda folder: load_case(write_case(folder / "case", contents))


KINDS = {
    "forecast that the regions do not add up to": Kind(
        content("forecasts_by_region.csv", "region,track,year,persons\nosaka,visit,2027,10\n"),
        (
            "1 problem\n"
            "- forecasts_by_region.csv, column persons: 10 persons are expected on track 'visit' "
            "in 2028, but 10.5 in forecasts_by_country.csv\n"
            "    Expected the same total in both tables, where the last row of each key goes on."
        ),
    ),
    "forecast outside its own range": Kind(
        table("forecasts_by_country.csv", "2027,4,2,5", "2027,4,5,3"),
        (
            "2 problems\n"
            "- forecasts_by_country.csv row 3, column high: 3 is below persons, 4\n"
            "    Expected low no higher and high no lower than persons.\n"
            "- forecasts_by_country.csv row 3, column low: 5 is above persons, 4\n"
            "    Expected low no higher and high no lower than persons."
        ),
    ),
    "forecast for regions alone": Kind(
        files({"forecasts_by_country.csv": None}),
        (
            "2 problems\n"
            "- forecasts_by_country.csv: the file is missing, but there is "
            "forecasts_by_region.csv\n"
            "    Expected both or neither.\n"
            "- tracks.csv row 4, column allocation: track 'visit' has a forecast, but no rows in "
            "forecasts_by_country.csv\n"
            "    Expected rows with those expected, of 0 persons where there are none."
        ),
    ),
    "forecast of a planned track": Kind(
        table("tracks.csv", "yes,forecast", "yes,planned"),
        (
            "5 problems\n"
            + "".join(
                f"- forecasts_by_{side}.csv row {row}, column track: track 'visit' is planned, so "
                "nobody comes by forecast\n    Expected a track with allocation = forecast.\n"
                for side, row in (
                    ("country", 2),
                    ("country", 3),
                    ("country", 4),
                    ("region", 2),
                    ("region", 3),
                )
            )
        ).rstrip("\n"),
    ),
    "slots promised and scored on a track with a forecast": Kind(
        files(
            {
                "applicants.csv": "country,track,applicants\nKOR,visit,3\n",
                "agreements.csv": None,
                "commitments.csv": "track,at_least\nvisit,5\n",
                "scores.csv": "goal,country,track,region,value\ng,KOR,visit,osaka,1\n",
            }
        ),
        (
            "3 problems\n"
            "- applicants.csv row 2, column track: track 'visit' has a forecast, so no slots are "
            "given on it\n"
            "    Expected a planned track; who enters one with a forecast is in "
            "forecasts_by_country.csv.\n"
            "- commitments.csv row 2, column track: track 'visit' has a forecast, so no slots are "
            "given on it\n"
            "    Expected a planned track, as nobody is given a slot on one with a forecast.\n"
            "- scores.csv row 2, column region: track 'visit' has a forecast, which is not by "
            "country and region\n"
            "    Expected a blank, or a planned track."
        ),
    ),
    "track with a forecast that has to be opened": Kind(
        table("tracks.csv", "inbound,1,0,no,0.8,yes,forecast", "outbound,1,2,yes,0.8,yes,forecast"),
        (
            "3 problems\n"
            "- tracks.csv row 4, column direction: track 'visit' has a forecast, but is outbound\n"
            "    Expected inbound, as who comes by forecast is given nothing.\n"
            "- tracks.csv row 4, column min_cohort: track 'visit' has a forecast, but has a "
            "smallest cohort\n"
            "    Expected 0, as who comes by forecast is given nothing.\n"
            "- tracks.csv row 4, column needs_agreement: track 'visit' has a forecast, but needs "
            "an agreement\n"
            "    Expected no, as who comes by forecast is given nothing."
        ),
    ),
    "services missing where people are expected": Kind(
        files(
            {
                "service_use.csv": "track,service,year_of_stay,units\nvisit,clinic,1,1\n",
                "services.csv": full_case()["services.csv"].replace(
                    "osaka,language", "miyagi,clinic"
                ),
            }
        ),
        (
            "1 problem\n"
            "- services.csv: 'osaka' expects people of 'visit', which uses 'clinic', but has no "
            "row\n"
            "    Expected rows for every service used in a region, with capacity 0 if there is "
            "none."
        ),
    ),
}
