"""Whole tables: encodings, separators, headers, rows, and files that are something else."""

from __future__ import annotations

from bad_inputs.given import Kind, content, header, joined, table
from case_builder import full_case

APPLICANTS = full_case()["applicants.csv"]
COSTS = full_case()["costs.csv"]
BUDGETS = full_case()["budgets.csv"]
SITES = full_case()["sites.csv"]
REGIONS = full_case()["regions.csv"]


KINDS = {
    "Latin-1": Kind(
        content("regions.csv", REGIONS.replace("Tohoku", "T\u00f4hoku").encode("latin-1")),
        (
            "1 problem\n"
            "- regions.csv row 2: byte 0xf4 is not UTF-8\n"
            "    Expected text saved as UTF-8 (in Excel: 'CSV UTF-8')."
        ),
    ),
    "Shift JIS": Kind(
        content("regions.csv", REGIONS.replace("Tohoku", "東北").encode("shift-jis")),
        (
            "1 problem\n"
            "- regions.csv row 2: byte 0x93 is not UTF-8\n"
            "    Expected text saved as UTF-8 (in Excel: 'CSV UTF-8')."
        ),
    ),
    "UTF-16": Kind(
        content("applicants.csv", APPLICANTS.encode("utf-16")),
        (
            "1 problem\n"
            "- applicants.csv: is saved as UTF-16\n"
            "    Expected text saved as UTF-8 (in Excel: 'CSV UTF-8')."
        ),
    ),
    "UTF-16 without a mark": Kind(
        content("applicants.csv", APPLICANTS.encode("utf-16-le")),
        (
            "1 problem\n"
            "- applicants.csv: is not text in UTF-8: its first row has zero bytes\n"
            "    Expected text saved as UTF-8 (in Excel: 'CSV UTF-8')."
        ),
    ),
    "half a character": Kind(
        content("regions.csv", REGIONS.encode() + "nara,東".encode()[:-1]),
        (
            "1 problem\n"
            "- regions.csv row 4: byte 0xe6 is not UTF-8\n"
            "    Expected text saved as UTF-8 (in Excel: 'CSV UTF-8')."
        ),
    ),
    "semicolons and decimal commas": Kind(
        content("costs.csv", COSTS.replace(",", ";").replace("50.5", "50,5")),
        ("1 problem\n- costs.csv row 1: columns are separated by ';'\n    Expected commas."),
    ),
    "tabs": Kind(
        content("costs.csv", COSTS.replace(",", "\t")),
        ("1 problem\n- costs.csv row 1: columns are separated by tabs\n    Expected commas."),
    ),
    "pipes": Kind(
        content("costs.csv", COSTS.replace(",", "|")),
        (
            "1 problem\n"
            "- costs.csv row 1: 'track|line|year_of_stay|level|country|year|entry|amount_.."
            ". is not the header\n"
            "    Expected columns track, line, year_of_stay, amount_jpy."
        ),
    ),
    "separator named in the first row": Kind(
        content("costs.csv", "sep=,\n" + COSTS),
        (
            "1 problem\n"
            "- costs.csv row 1: is not the header, which stands in row 2\n"
            "    Expected the header in row 1."
        ),
    ),
    "title above the header": Kind(
        content("applicants.csv", "Applicants 2027,,,\n" + APPLICANTS),
        (
            "1 problem\n"
            "- applicants.csv row 1: is not the header, which stands in row 2\n"
            "    Expected the header in row 1."
        ),
    ),
    "blank row above the header": Kind(
        content("applicants.csv", "\n" + APPLICANTS),
        (
            "1 problem\n"
            "- applicants.csv row 1: has no header\n"
            "    Expected columns country, track, applicants."
        ),
    ),
    "comment above the header": Kind(
        content("applicants.csv", "# from the embassies\n" + APPLICANTS),
        (
            "1 problem\n"
            "- applicants.csv row 1: is not the header, which stands in row 2\n"
            "    Expected the header in row 1."
        ),
    ),
    "header twice": Kind(
        content("applicants.csv", APPLICANTS.replace("\n", "\ncountry,track,year,applicants\n", 1)),
        ("1 problem\n- applicants.csv row 2: repeats the header\n    Expected the header once."),
    ),
    "header in capitals": Kind(
        content("applicants.csv", APPLICANTS.replace("country,track", "Country,TRACK")),
        (
            "4 problems\n"
            "- applicants.csv row 1: unknown column 'Country'\n"
            "    Expected columns of applicants only. Maybe country.\n"
            "- applicants.csv row 1: unknown column 'TRACK'\n"
            "    Expected columns of applicants only. Maybe track.\n"
            "- applicants.csv row 1, column country: the column is missing\n"
            "    Expected text: code of the partner country.\n"
            "- applicants.csv row 1, column track: the column is missing\n"
            "    Expected text: track."
        ),
    ),
    "header with spaces": Kind(
        content("applicants.csv", APPLICANTS.replace(",track", ", track")),
        (
            "2 problems\n"
            "- applicants.csv row 1: unknown column ' track'\n"
            "    Expected columns of applicants only. Maybe track.\n"
            "- applicants.csv row 1, column track: the column is missing\n"
            "    Expected text: track."
        ),
    ),
    "header renamed": Kind(
        content("applicants.csv", APPLICANTS.replace("track", "programme", 1)),
        (
            "2 problems\n"
            "- applicants.csv row 1: unknown column 'programme'\n"
            "    Expected columns of applicants only.\n"
            "- applicants.csv row 1, column track: the column is missing\n"
            "    Expected text: track."
        ),
    ),
    "header with something unseen": Kind(
        content("applicants.csv", APPLICANTS.replace("track", "tr\u200back", 1)),
        (
            "2 problems\n"
            "- applicants.csv row 1: unknown column 'tr\\u200back'\n"
            "    Expected columns of applicants only. Maybe track.\n"
            "- applicants.csv row 1, column track: the column is missing\n"
            "    Expected text: track."
        ),
    ),
    "no header": Kind(
        content("applicants.csv", APPLICANTS.partition("\n")[2]),
        (
            "1 problem\n"
            "- applicants.csv row 1: 'KOR,study,,100' is not the header\n"
            "    Expected columns country, track, applicants."
        ),
    ),
    "attribute with something unseen": Kind(
        table("countries.csv", "gdp", "g\u200bdp"),
        (
            "1 problem\n"
            "- countries.csv row 1: the column 'g\\u200bdp' has characters that cannot be "
            "seen (U+200B)\n"
            "    Expected text without them. Maybe gdp."
        ),
    ),
    "attribute with a line break": Kind(
        table("countries.csv", "gdp", '"gdp\n(billion)"'),
        (
            "1 problem\n"
            "- countries.csv row 1: the column 'gdp\\n(billion)' has a line break\n"
            "    Expected text on one line. Maybe gdp (billion)."
        ),
    ),
    "attribute twice": Kind(
        table("countries.csv", "gdp,band_language", "gdp,gdp"),
        (
            "2 problems\n"
            "- countries.csv row 1, column band_language: the column is missing; "
            "service_use.csv has bands for service 'language'\n"
            "    Expected the band of every country.\n"
            "- countries.csv row 1, column gdp: the column is there twice"
        ),
    ),
    "a thousand columns too many": Kind(
        content(
            "countries.csv",
            "country,name,world_region," + ",".join(f"c{n}" for n in range(2000)) + "\n",
        ),
        ("1 problem\n- countries.csv row 1: has 2,003 columns\n    Expected at most 1,000."),
    ),
    "header of a megabyte": Kind(
        content("applicants.csv", "a" * 1_000_000),
        (
            "1 problem\n"
            "- applicants.csv row 1: a cell of the row that begins here has more than "
            "131,072 characters\n"
            "    Expected shorter cells; a quote that nothing closes makes one long cell."
        ),
    ),
    "trailing columns without names": Kind(
        content("applicants.csv", APPLICANTS.replace("\n", ",,\n")),
        (
            "2 problems\n"
            "- applicants.csv row 1: column 5 has no name\n"
            "    Expected a name.\n"
            "- applicants.csv row 1: column 6 has no name\n"
            "    Expected a name."
        ),
    ),
    "comma at the end of a row": Kind(
        table("applicants.csv", "KOR,study,,100", "KOR,study,,100,"),
        (
            "1 problem\n"
            "- applicants.csv row 2: has 5 cells; the header has 4\n"
            "    Expected one cell per column, in quotes where it contains a comma."
        ),
    ),
    "unknown column": Kind(
        content(
            "sites.csv",
            SITES.replace("\n", ",owner\n", 1)
            .replace("60\n", "60,x\n")
            .replace("80\n", "80,x\n")
            .replace("10\n", "10,x\n"),
        ),
        (
            "1 problem\n"
            "- sites.csv row 1: unknown column 'owner'\n"
            "    Expected columns of sites only."
        ),
    ),
    "single quotation marks": Kind(
        table("regions.csv", "miyagi,Miyagi,Tohoku,2,5", "miyagi,'Miyagi, the north',Tohoku,2,5"),
        (
            "1 problem\n"
            "- regions.csv row 2: has 6 cells; the header has 5\n"
            "    Expected one cell per column, in quotes where it contains a comma."
        ),
    ),
    "quotes that close too early": Kind(
        table("regions.csv", "miyagi,Miyagi", 'miyagi,"Miya"gi"'),
        (
            "1 problem\n"
            "- regions.csv row 2: the row that begins here cannot be read: ',' expected "
            "after '\"'\n"
            '    Expected quotes in pairs, and doubled ("") inside quoted cells.'
        ),
    ),
    "row of totals": Kind(
        content("applicants.csv", APPLICANTS + "Total,,,280\n"),
        (
            "2 problems\n"
            "- applicants.csv row 6, column country: 'Total' is not in countries.csv\n"
            "    Expected a country of countries.csv.\n"
            "- applicants.csv row 6, column track: is blank\n"
            "    Expected text: track."
        ),
    ),
    "markers of a merge": Kind(
        table(
            "applicants.csv",
            "KOR,study,,100\n",
            "<<<<<<< HEAD\nKOR,study,,100\n=======\nKOR,study,,90\n>>>>>>> other\n",
        ),
        (
            "4 problems\n"
            "- applicants.csv row 2: has 1 cell; the header has 4\n"
            "    Expected one cell per column, in quotes where it contains a comma.\n"
            "- applicants.csv row 4: has 1 cell; the header has 4\n"
            "    Expected one cell per column, in quotes where it contains a comma.\n"
            "- applicants.csv row 5: country 'KOR', track 'study', year blank is already "
            "in row 3\n"
            "    Expected one row per country, track, year.\n"
            "- applicants.csv row 6: has 1 cell; the header has 4\n"
            "    Expected one cell per column, in quotes where it contains a comma."
        ),
    ),
    "pointer in place of a large file": Kind(
        content(
            "applicants.csv",
            "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n",
        ),
        (
            "1 problem\n"
            "- applicants.csv row 1: 'version https://git-lfs.github.com/spec/v1' is not "
            "the header\n"
            "    Expected columns country, track, applicants."
        ),
    ),
    "page in place of a download": Kind(
        content("applicants.csv", "<html><body>404 Not Found</body></html>\n"),
        (
            "1 problem\n"
            "- applicants.csv row 1: '<html><body>404 Not Found</body></html>' is not the "
            "header\n"
            "    Expected columns country, track, applicants."
        ),
    ),
    "JSON": Kind(
        content("applicants.csv", '[{"country": "KOR"}]\n'),
        (
            "1 problem\n"
            '- applicants.csv row 1: \'[{"country": "KOR"}]\' is not the header\n'
            "    Expected columns country, track, applicants."
        ),
    ),
    "workbook called CSV": Kind(
        content("applicants.csv", b"PK\x03\x04\x14\x00\x06\x00\x08\x00\x00\x00!\x00"),
        (
            "1 problem\n"
            "- applicants.csv: is a workbook or another zip archive, not a CSV file\n"
            "    Expected text saved as UTF-8 (in Excel: 'CSV UTF-8')."
        ),
    ),
    "nothing but zero bytes": Kind(
        content("applicants.csv", b"\0" * 1000),
        (
            "1 problem\n"
            "- applicants.csv: is not text in UTF-8: its first row has zero bytes\n"
            "    Expected text saved as UTF-8 (in Excel: 'CSV UTF-8')."
        ),
    ),
    "nothing but a mark": Kind(
        content("applicants.csv", b"\xef\xbb\xbf"),
        (
            "1 problem\n"
            "- applicants.csv row 1: has no header\n"
            "    Expected columns country, track, applicants."
        ),
    ),
    "nothing but blank rows": Kind(
        content("applicants.csv", "\n\n\n"),
        (
            "1 problem\n"
            "- applicants.csv row 1: has no header\n"
            "    Expected columns country, track, applicants."
        ),
    ),
    "header only, where others refer to it": Kind(
        content("tracks.csv", full_case()["tracks.csv"].partition("\n")[0] + "\n"),
        (
            "17 problems\n"
            "- agreements.csv row 2, column track: names tracks, but tracks.csv has no "
            "rows\n"
            "    Expected rows in tracks.csv.\n"
            "- applicants.csv row 2, column track: names tracks, but tracks.csv has no "
            "rows\n"
            "    Expected rows in tracks.csv.\n"
            "- continuations.csv row 2, column next_track: names tracks, but tracks.csv "
            "has no rows\n"
            "    Expected rows in tracks.csv.\n"
            "- continuations.csv row 2, column track: names tracks, but tracks.csv has no "
            "rows\n"
            "    Expected rows in tracks.csv.\n"
            "- costs.csv row 2, column track: names tracks, but tracks.csv has no rows\n"
            "    Expected rows in tracks.csv.\n"
            "- current_plan.csv row 2, column track: names tracks, but tracks.csv has no "
            "rows\n"
            "    Expected rows in tracks.csv.\n"
            "- current_plan_by_region.csv row 2, column track: names tracks, but tracks.csv has no "
            "rows\n"
            "    Expected rows in tracks.csv.\n"
            "- forecasts_by_country.csv row 2, column track: names tracks, but tracks.csv has "
            "no rows\n"
            "    Expected rows in tracks.csv.\n"
            "- forecasts_by_region.csv row 2, column track: names tracks, but tracks.csv has "
            "no rows\n"
            "    Expected rows in tracks.csv.\n"
            "- national_caps.csv row 2, column track: names tracks, but tracks.csv has no "
            "rows\n"
            "    Expected rows in tracks.csv.\n"
            "- present_by_country.csv row 2, column track: names tracks, but tracks.csv "
            "has no rows\n"
            "    Expected rows in tracks.csv.\n"
            "- present_by_region.csv row 2, column track: names tracks, but tracks.csv has "
            "no rows\n"
            "    Expected rows in tracks.csv.\n"
            "- region_costs.csv row 2, column track: names tracks, but tracks.csv has no "
            "rows\n"
            "    Expected rows in tracks.csv.\n"
            "- scores.csv row 2, column track: names tracks, but tracks.csv has no rows\n"
            "    Expected rows in tracks.csv.\n"
            "- service_use.csv row 2, column track: names tracks, but tracks.csv has no "
            "rows\n"
            "    Expected rows in tracks.csv.\n"
            "- sites.csv row 2, column track: names tracks, but tracks.csv has no rows\n"
            "    Expected rows in tracks.csv.\n"
            "- support_levels.csv row 2, column track: names tracks, but tracks.csv has no "
            "rows\n"
            "    Expected rows in tracks.csv."
        ),
    ),
    "header only, where rows are needed": Kind(
        content("budgets.csv", BUDGETS.partition("\n")[0] + "\n"),
        (
            "4 problems\n"
            "- agreements.csv row 2, column line: names lines, but budgets.csv has no rows\n"
            "    Expected rows in budgets.csv.\n"
            "- costs.csv row 2, column line: names lines, but budgets.csv has no rows\n"
            "    Expected rows in budgets.csv.\n"
            "- region_costs.csv row 2, column line: names lines, but budgets.csv has no "
            "rows\n"
            "    Expected rows in budgets.csv.\n"
            "- services.csv row 2, column line: names lines, but budgets.csv has no rows\n"
            "    Expected rows in budgets.csv."
        ),
    ),
    "the same row twice": Kind(
        content("budgets.csv", BUDGETS + "grants,2027,MEXT,1000000,program\n"),
        (
            "1 problem\n"
            "- budgets.csv row 6: line 'grants', year 2027 is already in row 2\n"
            "    Expected one row per line, year."
        ),
    ),
    "budget without a year in the middle": Kind(
        content("budgets.csv", BUDGETS.replace("grants,2028,MEXT,1000000,program\n", "")),
        (
            "1 problem\n"
            "- budgets.csv row 2, column year: line 'grants' has no row for 2028\n"
            "    Expected a row for every year of the case."
        ),
    ),
    "references to many tables": Kind(
        content("countries.csv", full_case()["countries.csv"].replace("KOR,", "JPN,")),
        (
            "12 problems\n"
            "- agreements.csv row 2, column country: 'KOR' is not in countries.csv\n"
            "    Expected a country of countries.csv.\n"
            "- applicants.csv row 2, column country: 'KOR' is not in countries.csv\n"
            "    Expected a country of countries.csv.\n"
            "- applicants.csv row 3, column country: 'KOR' is not in countries.csv\n"
            "    Expected a country of countries.csv.\n"
            "- applicants.csv row 5, column country: 'KOR' is not in countries.csv\n"
            "    Expected a country of countries.csv.\n"
            "- commitments.csv row 2, column country: 'KOR' is not in countries.csv\n"
            "    Expected a country of countries.csv.\n"
            "- costs.csv row 5, column country: 'KOR' is not in countries.csv\n"
            "    Expected a country of countries.csv.\n"
            "- current_plan.csv row 2, column country: 'KOR' is not in countries.csv\n"
            "    Expected a country of countries.csv.\n"
            "- forecasts_by_country.csv row 2, column country: 'KOR' is not in countries.csv\n"
            "    Expected a country of countries.csv.\n"
            "- present_by_country.csv row 2, column country: 'KOR' is not in countries.csv\n"
            "    Expected a country of countries.csv.\n"
            "- rank_bands.csv row 2, column country: 'KOR' is not in countries.csv\n"
            "    Expected a country of countries.csv.\n"
            "- scores.csv row 2, column country: 'KOR' is not in countries.csv\n"
            "    Expected a country of countries.csv.\n"
            "- scores.csv row 3, column country: 'KOR' is not in countries.csv\n"
            "    Expected a country of countries.csv."
        ),
    ),
    "shares that add up to more than one": Kind(
        content(
            "continuations.csv", "track,next_track,stay_rate\nstudy,lab,0.7\nstudy,study,0.7\n"
        ),
        (
            "1 problem\n"
            "- continuations.csv row 3, column stay_rate: stay rates of track 'study' add "
            "up to 1.4\n"
            "    Expected at most 1 per track."
        ),
    ),
    "a retention of some continuations only": Kind(
        content(
            "continuations.csv",
            "track,next_track,stay_rate,retention\nstudy,lab,0.4,0.6\nstudy,study,0.1,\n",
        ),
        (
            "1 problem\n"
            "- continuations.csv row 3, column retention: is blank, but other rows have a "
            "retention\n"
            "    Expected a share in every row, or in none."
        ),
    ),
    "a retention above one": Kind(
        content("continuations.csv", "track,next_track,stay_rate,retention\nstudy,lab,0.4,60\n"),
        (
            "1 problem\n"
            "- continuations.csv row 2, column retention: 60 is above 1\n"
            "    Expected a number from 0 to 1, or a blank cell. Maybe 0.6."
        ),
    ),
    "movement by attraction without a retention": Kind(
        header('movement = "free"', 'movement = "by_attraction"'),
        (
            "1 problem\n"
            "- case.toml, movement: is 'by_attraction', but continuations.csv has no retention\n"
            "    Expected a retention in every row of continuations.csv, or movement = 'free'."
        ),
    ),
    "another movement": Kind(
        header('movement = "free"', 'movement = "attraction"'),
        (
            "1 problem\n"
            "- case.toml, movement: 'attraction' is not allowed\n"
            "    Expected 'free' or 'by_attraction'. Maybe by_attraction."
        ),
    ),
    "no region that draws anybody": Kind(
        joined(
            "continuations.csv",
            "track,next_track,stay_rate,retention\nstudy,lab,0.4,0.6\n",
            movement="by_attraction",
        ),
        (
            "1 problem\n"
            "- regions.csv row 3, column attraction: none of the regions with a site of 'lab' in "
            "2028 draws anybody, but who continues there from 'study' may have to move\n"
            "    Expected a number above 0 for at least one of osaka."
        ),
    ),
    "people counted differently": Kind(
        content("present_by_region.csv", "region,track,entry_year,persons\nosaka,study,2026,41\n"),
        (
            "1 problem\n"
            "- present_by_region.csv, column persons: 41 persons entered track 'study' in "
            "2026, but 40 in present_by_country.csv\n"
            "    Expected the same total in both tables."
        ),
    ),
    "commitment in the wrong order": Kind(
        content("commitments.csv", "country,track,region,year,at_least,at_most\nKOR,,,2027,5,4\n"),
        (
            "1 problem\n"
            "- commitments.csv row 2, column at_least: 5 is above at_most, 4\n"
            "    Expected at_least no higher than at_most."
        ),
    ),
    "two rows of one cost, neither is more specific": Kind(
        joined("costs.csv", COSTS + "study,grants,1,,KOR,,,1\nstudy,grants,1,,,2027,,2\n"),
        (
            "1 problem\n"
            "- costs.csv row 7: rows 7 and 8 both match track 'study', line 'grants', "
            "year_of_stay 1, level 'standard', country 'KOR', year 2027, entry 'new'; "
            "neither is more specific\n"
            "    Expected one most specific row for each cell."
        ),
    ),
}
