"""Plans: run folders and tables of slots that nobody wrote, or that somebody changed."""

from __future__ import annotations

from bad_inputs.given import DECISIONS, PLAN, Kind, link, pipe, plan, run

KINDS = {
    "country that the case lacks": Kind(
        plan(PLAN.replace("KOR", "KRO")),
        (
            "1 problem\n"
            "- plan.csv row 2, column country: 'KRO' is not a country of case 'case'\n"
            "    Expected a code listed in countries. Maybe KOR."
        ),
    ),
    "track in capitals": Kind(
        plan(PLAN.replace("KOR,study", "KOR,Study")),
        (
            "1 problem\n"
            "- plan.csv row 2, column track: 'Study' is not a track of case 'case'\n"
            "    Expected a code listed in tracks. Maybe study."
        ),
    ),
    "region that the case lacks": Kind(
        plan(PLAN.replace("osaka", "oska")),
        (
            "1 problem\n"
            "- plan.csv row 2, column region: 'oska' is not a region of case 'case'\n"
            "    Expected a code listed in regions. Maybe osaka."
        ),
    ),
    "level that the track lacks": Kind(
        plan(PLAN.replace("KOR,study,standard", "KOR,study,standrad")),
        (
            "1 problem\n"
            "- plan.csv row 2, column level: track 'study' has no level 'standrad'\n"
            "    Expected one of standard, intensive. Maybe standard."
        ),
    ),
    "year outside of the case": Kind(
        plan(PLAN.replace("2027,5", "2037,5")),
        (
            "1 problem\n"
            "- plan.csv row 2, column year: 2037 is not a year of case 'case'\n"
            "    Expected 2027 to 2028."
        ),
    ),
    "half a slot": Kind(
        plan(PLAN.replace("2027,5", "2027,4.5")),
        (
            "1 problem\n"
            "- plan.csv row 2, column slots: 4.5 is not a whole number\n"
            "    Expected a whole number from 0 to 1e+15."
        ),
    ),
    "negative slots": Kind(
        plan(PLAN.replace("2027,5", "2027,-5")),
        (
            "1 problem\n"
            "- plan.csv row 2, column slots: -5 is below 0\n"
            "    Expected a whole number from 0 to 1e+15."
        ),
    ),
    "not a number of slots": Kind(
        plan(PLAN.replace("2027,5", "2027,nan")),
        (
            "1 problem\n"
            "- plan.csv row 2, column slots: 'nan' is not a finite number\n"
            "    Expected a whole number from 0 to 1e+15."
        ),
    ),
    "the same slots twice": Kind(
        plan(PLAN + "KOR,study,standard,osaka,2027,1\n"),
        (
            "1 problem\n"
            "- plan.csv row 4: country 'KOR', track 'study', level 'standard', region "
            "'osaka', year 2027 is already in row 2\n"
            "    Expected one row per country, track, level, region, year."
        ),
    ),
    "column of another table": Kind(
        plan(PLAN.replace("slots", "cohort")),
        (
            "2 problems\n"
            "- plan.csv row 1: unknown column 'cohort'\n"
            "    Expected columns of slots only.\n"
            "- plan.csv row 1, column slots: the column is missing\n"
            "    Expected a whole number from 0 to 1e+15 (number of slots)."
        ),
    ),
    "plan with semicolons": Kind(
        plan(PLAN.replace(",", ";")),
        ("1 problem\n- plan.csv row 1: columns are separated by ';'\n    Expected commas."),
    ),
    "empty plan": Kind(
        plan(""),
        (
            "1 problem\n"
            "- plan.csv row 1: has no header\n"
            "    Expected columns country, track, year, slots."
        ),
    ),
    "pipe for a plan": Kind(
        plan(pipe),
        (
            "1 problem\n"
            "- plan.csv: is not a file that can be read\n"
            "    Expected a run folder, an .xlsx workbook or a plan.csv."
        ),
    ),
    "device for a plan": Kind(
        plan(link("/dev/zero")),
        (
            "1 problem\n"
            "- plan.csv: is not a file that can be read\n"
            "    Expected a run folder, an .xlsx workbook or a plan.csv."
        ),
    ),
    "folder without a plan": Kind(
        run(plan_csv=lambda path: None),
        (
            "1 problem\n"
            "- plan.csv: there is no such file\n"
            "    Expected a run folder, an .xlsx workbook or a plan.csv."
        ),
    ),
    "pipe for decisions": Kind(
        run(decisions_csv=pipe),
        (
            "1 problem\n"
            "- decisions.csv: is not a file that can be read\n"
            "    Expected a run folder, an .xlsx workbook or a plan.csv."
        ),
    ),
    "unknown decision": Kind(
        run(decisions_csv=DECISIONS + "agreement,KOR,lab,,,,,,,2027,1\n"),
        (
            "1 problem\n"
            "- decisions.csv row 2, column decision: 'agreement' is not allowed\n"
            "    Expected agreements, transitions, transitions_by_region, "
            "transitions_from_region, expansion, transfers or "
            "carry_over. Maybe agreements."
        ),
    ),
    "decision with a key of another": Kind(
        run(decisions_csv=DECISIONS + "agreements,KOR,lab,,,osaka,,,,2027,1\n"),
        (
            "1 problem\n"
            "- decisions.csv row 2, column region: 'osaka' is given, but agreements have no "
            "region\n"
            "    Expected a blank."
        ),
    ),
    "agreement opened twice": Kind(
        run(
            decisions_csv=DECISIONS
            + "agreements,KOR,lab,,,,,,,2027,1\nagreements,KOR,lab,,,,,,,2028,1\n"
        ),
        (
            "1 problem\n"
            "- decisions.csv row 3, column year: the agreement is decided already\n"
            "    Expected one row per agreement."
        ),
    ),
    "run.json that is no JSON": Kind(
        run(run_json="{"),
        (
            "1 problem\n"
            "- run.json: is not a value that a run writes\n"
            "    Expected JSON with a table of scales."
        ),
    ),
    "run.json that is a list": Kind(
        run(run_json="[]"),
        (
            "1 problem\n"
            "- run.json: is not a value that a run writes\n"
            "    Expected JSON with a table of scales."
        ),
    ),
    "run.json without scales": Kind(
        run(run_json="{}"),
        (
            "1 problem\n"
            "- run.json: is not a value that a run writes\n"
            "    Expected JSON with a table of scales."
        ),
    ),
    "scale that is not a number": Kind(
        run(run_json='{"scales": {"growth": NaN}}'),
        (
            "1 problem\n- run.json, scales.growth: nan is not a valid scale\n"
            "    Expected a number above 0."
        ),
    ),
    "scale that is endless": Kind(
        run(run_json='{"scales": {"growth": Infinity}}'),
        (
            "1 problem\n- run.json, scales.growth: inf is not a valid scale\n"
            "    Expected a number above 0."
        ),
    ),
    "scale in words": Kind(
        run(run_json='{"scales": {"growth": "two"}}'),
        (
            "1 problem\n- run.json, scales.growth: 'two' is not a valid scale\n"
            "    Expected a number above 0."
        ),
    ),
    "scale that is true": Kind(
        run(run_json='{"scales": {"growth": true}}'),
        (
            "1 problem\n- run.json, scales.growth: true is not a valid scale\n"
            "    Expected a number above 0."
        ),
    ),
    "scale in quotes": Kind(
        run(run_json='{"scales": {"growth": "2"}}'),
        (
            "1 problem\n- run.json, scales.growth: '2' is not a valid scale\n"
            "    Expected a number above 0. Maybe 2."
        ),
    ),
    "scale below zero": Kind(
        run(run_json='{"scales": {"growth": -2}}'),
        (
            "1 problem\n- run.json, scales.growth: -2 is not a valid scale\n"
            "    Expected a number above 0."
        ),
    ),
    "scales in a list": Kind(
        run(run_json='{"scales": [2]}'),
        (
            "1 problem\n"
            "- run.json: is not a value that a run writes\n"
            "    Expected JSON with a table of scales."
        ),
    ),
    "run.json with changes that are none": Kind(
        run(run_json='{"scales": {}, "changes": 5, "dropped": "share", "extend": []}'),
        (
            "3 problems\n"
            "- run.json, changes: 5 is not a table\n"
            "    Expected a table.\n"
            "- run.json, dropped: 'share' is not a list\n"
            "    Expected a list of texts.\n"
            "- run.json, extend: [] is not a table\n"
            "    Expected a table."
        ),
    ),
    "run.json with numbers that are none": Kind(
        run(run_json='{"scales": {"g": 1e-30}, "gap": NaN, "x": [{"y": 1e400}]}'),
        (
            "3 problems\n"
            "- run.json, gap: nan is not a finite number\n"
            "    Expected a number.\n"
            "- run.json, scales.g: 1e-30 is not a valid scale\n"
            "    Expected a number above 0.\n"
            "- run.json, x.1.y: inf is out of range\n"
            "    Expected a number from -1e+18 to 1e+18."
        ),
    ),
    "variable of lists within lists": Kind(
        run(variables_csv='variable,index,value\nmine,"[[1]]",1\n'),
        (
            "1 problem\n"
            "- variables.csv row 2, column index: '[[1]]' is not an index\n"
            "    Expected a JSON list."
        ),
    ),
    "run.json in UTF-16": Kind(
        run(run_json='{"scales": {}}'.encode("utf-16")),
        (
            "1 problem\n"
            "- run.json: is not a value that a run writes\n"
            "    Expected JSON with a table of scales."
        ),
    ),
    "run.json within itself": Kind(
        run(run_json="[" * 100_000),
        (
            "1 problem\n"
            "- run.json: is not a value that a run writes\n"
            "    Expected JSON with a table of scales."
        ),
    ),
    "run.json with a number of thousands of digits": Kind(
        run(run_json='{"scales": {"growth": ' + "9" * 5000 + "}}"),
        (
            "1 problem\n"
            "- run.json: is not a value that a run writes\n"
            "    Expected JSON with a table of scales."
        ),
    ),
    "pipe for run.json": Kind(
        run(run_json=pipe),
        (
            "1 problem\n"
            "- run.json: is not a value that a run writes\n"
            "    Expected JSON with a table of scales."
        ),
    ),
}
