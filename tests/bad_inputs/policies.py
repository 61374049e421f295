"""Policies: wrong types, names that lead nowhere, and choices that contradict the case."""

from __future__ import annotations

from bad_inputs.given import POLICY, Kind, extending, national_limit, policy, policy_text

KINDS = {
    "UTF-16 policy": Kind(
        policy_text(POLICY.encode("utf-16")),
        ("1 problem\n- plain.toml: is not UTF-8\n    Expected text saved as UTF-8."),
    ),
    "policy with one table twice": Kind(
        policy("[budget]\n", "[goals.welcome]\n[budget]\n"),
        (
            "1 problem\n"
            "- plain.toml line 32: is not valid TOML: Cannot declare ('goals', 'welcome') "
            "twice"
        ),
    ),
    "key of a policy twice": Kind(
        policy("discount = 0.03\n", "discount = 0.03\ndiscount = 0.04\n"),
        ("1 problem\n- plain.toml line 7: is not valid TOML: Cannot overwrite a value"),
    ),
    "unknown key": Kind(
        policy("discount = 0.03", "discuont = 0.03"),
        (
            "1 problem\n"
            "- plain.toml, horizon.discuont: is not a known key\n"
            "    Expected one of discount, tail, years. Maybe discount."
        ),
    ),
    "unknown table": Kind(
        policy("[horizon]", "[horizons]"),
        (
            "1 problem\n"
            "- plain.toml, horizons: is not a known key\n"
            "    Expected one of budget, cases, extends, fairness, goals, horizon, limits, schema, "
            "solver, stability, stakeholders, support_floor, title, why. Maybe horizon."
        ),
    ),
    "number in quotes": Kind(
        policy("discount = 0.03", 'discount = "0.03"'),
        (
            "1 problem\n"
            "- plain.toml, horizon.discount: '0.03' is text, not a number\n"
            "    Expected a number from 0 to 1. Maybe 0.03."
        ),
    ),
    "per cent in quotes": Kind(
        policy("discount = 0.03", 'discount = "3%"'),
        (
            "1 problem\n"
            "- plain.toml, horizon.discount: '3%' is text, not a number\n"
            "    Expected a number from 0 to 1. Maybe 0.03."
        ),
    ),
    "per cent for a share": Kind(
        policy("discount = 0.03", "discount = 3"),
        (
            "1 problem\n"
            "- plain.toml, horizon.discount: 3 is above 1\n"
            "    Expected a value of at most 1."
        ),
    ),
    "date for a number": Kind(
        policy("discount = 0.03", "discount = 2027-01-01"),
        (
            "1 problem\n"
            "- plain.toml, horizon.discount: 2027-01-01 is not a number\n"
            "    Expected a number from 0 to 1."
        ),
    ),
    "list for a number": Kind(
        policy("weight = 2\n", "weight = [2]\n"),
        (
            "1 problem\n"
            "- plain.toml, goals.growth.weight: [2] is not a number\n"
            "    Expected a number from -1,000,000 to 1,000,000."
        ),
    ),
    "not a number": Kind(
        policy("weight = 2\n", "weight = nan\n"),
        (
            "1 problem\n"
            "- plain.toml, goals.growth.weight: nan is not a finite number\n"
            "    Expected a number from -1,000,000 to 1,000,000."
        ),
    ),
    "number far too large": Kind(
        policy("weight = 2\n", "weight = 1e300\n"),
        (
            "1 problem\n"
            "- plain.toml, goals.growth.weight: 1e+300 is above 1e+06\n"
            "    Expected a value of at most 1e+06."
        ),
    ),
    "table for a list": Kind(
        policy("[[limits]]", "[limits]"),
        ("1 problem\n- plain.toml, limits: a table is not a list\n    Expected [[limits]]."),
    ),
    "word for a list": Kind(
        policy('by = ["year"]', 'by = "year"'),
        (
            "1 problem\n"
            "- plain.toml, limits.asia_share.by: 'year' is not a list\n"
            "    Expected a list of texts."
        ),
    ),
    "group given twice": Kind(
        policy('by = ["year"]', 'by = ["year", "year"]'),
        (
            "1 problem\n"
            "- plain.toml, limits.asia_share.by: ['year', 'year'] gives an attribute twice\n"
            "    Expected each attribute once."
        ),
    ),
    "allowance below 0": Kind(
        policy(
            'at_most = { times = 0.8, measure = "slots" }',
            "at_most = { times = 1.1, previous = true, plus = -5 }",
        ),
        (
            "1 problem\n"
            "- plain.toml, limits.asia_share.at_most.plus: -5 is below 0\n"
            "    Expected a value of at least 0."
        ),
    ),
    "allowance without the year before": Kind(
        policy(
            'at_most = { times = 0.8, measure = "slots" }', "at_most = { times = 1.1, plus = 5 }"
        ),
        (
            "1 problem\n"
            "- plain.toml, limits.asia_share.at_most.previous: is missing\n"
            "    Expected true."
        ),
    ),
    "not the year before": Kind(
        policy(
            'at_most = { times = 0.8, measure = "slots" }',
            "at_most = { times = 1.1, previous = false }",
        ),
        (
            "1 problem\n"
            "- plain.toml, limits.asia_share.at_most.previous: false is not allowed\n"
            "    Expected true."
        ),
    ),
    "first year misspelt": Kind(
        policy(
            'at_most = { times = 0.8, measure = "slots" }',
            "at_most = { times = 1.1, previous = true, first = { tims = 2 } }",
        ),
        (
            "2 problems\n"
            "- plain.toml, limits.asia_share.at_most.first.times: is missing\n"
            "    Expected a number of at least 0.\n"
            "- plain.toml, limits.asia_share.at_most.first.tims: is not a known key\n"
            "    Expected one of plus, times. Maybe times."
        ),
    ),
    "year before without years": Kind(
        policy(
            'by = ["year"]\nat_most = { times = 0.8, measure = "slots" }',
            'by = ["country"]\nat_most = { times = 1.1, previous = true }',
        ),
        (
            "1 problem\n"
            "- plain.toml, limits.asia_share.at_most.previous: compares with the year "
            "before, but the limit is not by year\n"
            "    Expected year in by."
        ),
    ),
    "year before without years, and an allowance below 0": Kind(
        policy(
            'by = ["year"]\nat_most = { times = 0.8, measure = "slots" }',
            'by = ["country"]\nat_most = { times = 1.1, previous = true, plus = -5 }',
        ),
        (
            "2 problems\n"
            "- plain.toml, limits.asia_share.at_most.plus: -5 is below 0\n"
            "    Expected a value of at least 0.\n"
            "- plain.toml, limits.asia_share.at_most.previous: compares with the year "
            "before, but the limit is not by year\n"
            "    Expected year in by."
        ),
    ),
    "protected and soft, and an unknown key of its bound": Kind(
        policy(
            'at_most = { times = 0.8, measure = "slots" }',
            'at_most = { times = 0.8, measure = "slots", plsu = 1 }\n'
            "soft = 1\nsoft_base = 1\nprotected = true",
        ),
        (
            "2 problems\n"
            "- plain.toml, limits.asia_share.at_most.plsu: is not a known key\n"
            "    Expected one of amount, bests, by, coverage, first, gini, goal, hoover, measure, "
            "own_best, parity, per, plus, previous, times, where. Maybe plus.\n"
            "- plain.toml, limits.asia_share.soft: a protected limit cannot be soft\n"
            "    Expected one of the two."
        ),
    ),
    "soft base of a limit whose softness is below 0": Kind(
        policy(
            'at_most = { times = 0.8, measure = "slots" }',
            "at_most = 9\nsoft = -1\nsoft_base = 1",
        ),
        (
            "1 problem\n"
            "- plain.toml, limits.asia_share.soft: -1 is not above 0\n"
            "    Expected a value above 0."
        ),
    ),
    "first year of a measure that begins later": Kind(
        policy(
            'measure = "slots"\nwhere = { world_region = "Asia" }\nby = ["year"]\n'
            'at_most = { times = 0.8, measure = "slots" }',
            'measure = "residents"\nby = ["year"]\n'
            "at_most = { times = 1.1, previous = true, first = { times = 2 } }",
        ),
        (
            "1 problem\n"
            "- plain.toml, limits.asia_share.at_most.first: current_plan has no "
            "figures of measure residents\n"
            "    Expected measure slots, or no first."
        ),
    ),
    "unknown group": Kind(
        policy('by = ["year"]', 'by = ["yaer"]'),
        (
            "1 problem\n"
            "- plain.toml, limits.asia_share.by: 'yaer' is not an attribute of country, track, "
            "level, region, year, line, service\n"
            "    Expected a column of the case's tables. Maybe year."
        ),
    ),
    "filter by an unknown attribute": Kind(
        policy('world_region = "Asia"', 'world_regoin = "Asia"'),
        (
            "1 problem\n"
            "- plain.toml, limits.asia_share.where: 'world_regoin' is not an attribute of "
            "country, track, level, region, year, line, service\n"
            "    Expected a column of the case's tables. Maybe world_region."
        ),
    ),
    "filter by a value that nothing has": Kind(
        policy('world_region = "Asia"', 'world_region = "Aisa"'),
        (
            "1 problem\n"
            "- plain.toml, limits.asia_share.where.world_region: no country has "
            "world_region = 'Aisa'\n"
            "    Expected one of Asia, Europe. Maybe Asia."
        ),
    ),
    "filter by a value with something unseen": Kind(
        policy('world_region = "Asia"', 'world_region = "As\\u200bia"'),
        (
            "1 problem\n"
            "- plain.toml, limits.asia_share.where.world_region: no country has "
            "world_region = 'As\\u200bia'\n"
            "    Expected one of Asia, Europe. Maybe Asia."
        ),
    ),
    "filter by a number for a word": Kind(
        policy('world_region = "Asia"', "world_region = 1"),
        (
            "1 problem\n"
            "- plain.toml, limits.asia_share.where.world_region: no country has "
            "world_region = 1\n"
            "    Expected one of Asia, Europe."
        ),
    ),
    "filter by nothing": Kind(
        policy('world_region = "Asia"', 'world_region = ""'),
        (
            "1 problem\n"
            "- plain.toml, limits.asia_share.where.world_region: no country has "
            "world_region = ''\n"
            "    Expected one of Asia, Europe."
        ),
    ),
    "indicator that no table has": Kind(
        policy('column = "gdp"', 'column = "gpd"'),
        (
            "1 problem\n"
            "- plain.toml, goals.growth.indicators.gpd.column: 'gpd' is not a numeric "
            "column of countries\n"
            "    Expected a numeric attribute column. Maybe gdp."
        ),
    ),
    "indicator of words": Kind(
        policy('column = "gdp"', 'column = "world_region"'),
        (
            "1 problem\n"
            "- plain.toml, goals.growth.indicators.world_region.column: 'world_region' is "
            "not a numeric column of countries\n"
            "    Expected a numeric attribute column."
        ),
    ),
    "indicator in another case of letters": Kind(
        policy('column = "gdp"', 'column = "GDP"'),
        (
            "1 problem\n"
            "- plain.toml, goals.growth.indicators.GDP.column: 'GDP' is not a numeric "
            "column of countries\n"
            "    Expected a numeric attribute column. Maybe gdp."
        ),
    ),
    "range backwards": Kind(
        policy("range = [0, 50]", "range = [50, 0]"),
        (
            "1 problem\n"
            "- plain.toml, goals.growth.indicators.gdp.range: 50 is not below 0\n"
            "    Expected [low, high] with low below high."
        ),
    ),
    "years that the case lacks": Kind(
        policy("years = [2027, 2028]", "years = [2027, 2040]"),
        (
            "1 problem\n"
            "- plain.toml, horizon.years: 2040 is not a year of case 'case'\n"
            "    Expected years from 2027 to 2028."
        ),
    ),
    "years backwards in a policy": Kind(
        policy("years = [2027, 2028]", "years = [2028, 2027]"),
        (
            "1 problem\n"
            "- plain.toml, horizon.years: 2028 is after 2027\n"
            "    Expected the first year, then the last."
        ),
    ),
    "transfer from an unknown line": Kind(
        policy('from = "grants"', 'from = "grnats"'),
        (
            "1 problem\n"
            "- plain.toml, budget.transfers.1.from: case 'case' has no budget line "
            "'grnats'\n"
            "    Expected a line of budgets. Maybe grants."
        ),
    ),
    "transfer to itself": Kind(
        policy('to = "welcome"', 'to = "grants"'),
        (
            "1 problem\n"
            "- plain.toml, budget.transfers.1.to: 'grants' is the giving line itself\n"
            "    Expected another line."
        ),
    ),
    "limit without a name": Kind(
        policy('name = "asia_share"\n', ""),
        ("1 problem\n- plain.toml, limits.1.name: is missing\n    Expected text."),
    ),
    "name of a limit with a line break": Kind(
        policy('"asia_share"', '"asia\\nshare"'),
        (
            "1 problem\n"
            "- plain.toml, limits.asia\\nshare.name: 'asia\\nshare' has a line break\n"
            "    Expected text on one line. Maybe asia share."
        ),
    ),
    "name of a limit with an escape sequence of a terminal": Kind(
        policy('"asia_share"', '"\\u001b[31masia"'),
        (
            "1 problem\n"
            "- plain.toml, limits.\"\\x1b[31masia\".name: '\\x1b[31masia' has control characters\n"
            "    Expected text without control characters."
        ),
    ),
    "name of a goal with something unseen": Kind(
        policy("[goals.welcome]\n", '[goals."wel\\u200bcome"]\n'),
        (
            "2 problems\n"
            "- plain.toml, goals.welcome.weight: is missing\n"
            "    Expected a number from -1,000,000 to 1,000,000.\n"
            "- plain.toml, goals.wel\\u200bcome: 'wel\\u200bcome' has characters that cannot "
            "be seen (U+200B)\n"
            "    Expected text without them. Maybe welcome."
        ),
    ),
    "title of a policy of two lines": Kind(
        policy('"Plain"', '"Plain\\nand simple"'),
        (
            "1 problem\n"
            "- plain.toml, title: 'Plain\\nand simple' has a line break\n"
            "    Expected text on one line. Maybe Plain and simple."
        ),
    ),
    "version that is a word": Kind(
        policy("schema = 1", 'schema = "1"'),
        ("1 problem\n- plain.toml, schema: '1' is not allowed\n    Expected 1."),
    ),
    "schema of true": Kind(
        policy("schema = 1", "schema = true"),
        ("1 problem\n- plain.toml, schema: true is not allowed\n    Expected 1."),
    ),
    "case in place of a policy": Kind(
        policy_text('schema = 1\ntitle = "x"\ncurrency = "JPY"\nyears = [2027]\n'),
        (
            "3 problems\n"
            "- plain.toml, currency: is not a known key\n"
            "    Expected one of budget, cases, extends, fairness, goals, horizon, limits, schema, "
            "solver, stability, stakeholders, support_floor, title, why.\n"
            "- plain.toml, goals: is missing\n"
            "    Expected at least one [goals.NAME].\n"
            "- plain.toml, years: is not a known key\n"
            "    Expected one of budget, cases, extends, fairness, goals, horizon, limits, schema, "
            "solver, stability, stakeholders, support_floor, title, why."
        ),
    ),
    "nothing at all": Kind(
        policy_text(""),
        (
            "3 problems\n"
            "- plain.toml, goals: is missing\n"
            "    Expected at least one [goals.NAME].\n"
            "- plain.toml, schema: is missing\n"
            "    Expected 1.\n"
            "- plain.toml, title: is missing\n"
            "    Expected text."
        ),
    ),
    "floor by region without regions": Kind(
        national_limit('measure = "completions"\nby = ["region", "year"]\nat_least = 1'),
        (
            "1 problem\n"
            "- plain.toml, limits.north.by: the case has no region, so no completions could "
            "reach the floor\n"
            "    Expected groups that the case has, or optional = true."
        ),
    ),
    "share of something that nobody does": Kind(
        national_limit(
            'measure = "transitions"\nat_least = { times = 0.1, measure = "completions" }'
        ),
        (
            "1 problem\n"
            "- plain.toml, limits.north.at_least: total has no transitions that could reach the "
            "floor\n"
            "    Expected groups with something to count, or optional = true."
        ),
    ),
    "all goals weigh nothing": Kind(
        policy_text(POLICY.replace("weight = 2", "weight = 0").replace("weight = 1", "weight = 0")),
        (
            "1 problem\n"
            "- plain.toml, goals: all weights are 0\n"
            "    Expected at least one weight that is not 0."
        ),
    ),
    "policy with a zero byte": Kind(
        policy_text(POLICY.encode() + b"\0"),
        ("1 problem\n- plain.toml line 38: is not valid TOML: Invalid statement"),
    ),
    "policy with a lone surrogate": Kind(
        policy('"Plain"', '"\\ud800"'),
        (
            "1 problem\n"
            "- plain.toml line 2: is not valid TOML: Escaped character is not a Unicode "
            "scalar value"
        ),
    ),
    "fault in what is inherited": Kind(
        extending("base.toml", POLICY.replace('world_region = "Asia"', 'world_region = "Aisa"')),
        (
            "1 problem\n"
            "- base.toml, limits.asia_share.where.world_region: no country has "
            "world_region = 'Aisa'\n"
            "    Expected one of Asia, Europe. Maybe Asia."
        ),
    ),
}
