"""Single cells: what people type, paste and export where a number, a word or a name belongs."""

from __future__ import annotations

from bad_inputs.given import Kind, table

MONEY = ("budgets.csv", "grants,2027,MEXT,1000000")
COUNT = ("applicants.csv", "KOR,lab,,20")
NAME = ("regions.csv", "miyagi,Miyagi")
LAB = ("applicants.csv", "KOR,lab,,20")


KINDS = {
    "date where a number belongs": Kind(
        table("applicants.csv", "KOR,study,,100", "KOR,study,,2027-01-05"),
        (
            "1 problem\n"
            "- applicants.csv row 2, column applicants: '2027-01-05' is a date, not a "
            "number\n"
            "    Expected a whole number of at least 0."
        ),
    ),
    "date that a spreadsheet made of a number": Kind(
        table("applicants.csv", "KOR,study,,100", "KOR,study,,1-May"),
        (
            "1 problem\n"
            "- applicants.csv row 2, column applicants: '1-May' is a date, not a number\n"
            "    Expected a whole number of at least 0."
        ),
    ),
    "date where a year belongs": Kind(
        table("costs.csv", "KOR,2028,transition", "KOR,2028/04/01,transition"),
        (
            "1 problem\n"
            "- costs.csv row 5, column year: '2028/04/01' is a date, not a number\n"
            "    Expected a whole number, or a blank cell. Maybe 2028."
        ),
    ),
    "year of two digits": Kind(
        table("costs.csv", "KOR,2028,transition", "KOR,28,transition"),
        (
            "1 problem\n"
            "- costs.csv row 5, column year: 28 is not a year of the case\n"
            "    Expected a year from 2027 to 2028."
        ),
    ),
    "formula in a CSV file": Kind(
        table(*COUNT, "KOR,lab,,=10+10"),
        (
            "1 problem\n"
            "- applicants.csv row 5, column applicants: '=10+10' is a formula, not a "
            "number\n"
            "    Expected a whole number of at least 0."
        ),
    ),
    "error of a spreadsheet": Kind(
        table(*COUNT, "KOR,lab,,#REF!"),
        (
            "1 problem\n"
            "- applicants.csv row 5, column applicants: '#REF!' is an error, not a number\n"
            "    Expected a whole number of at least 0."
        ),
    ),
    "column too narrow when it was copied": Kind(
        table(*COUNT, "KOR,lab,,######"),
        (
            "1 problem\n"
            "- applicants.csv row 5, column applicants: '######' is an error, not a number\n"
            "    Expected a whole number of at least 0."
        ),
    ),
    "per cent sign": Kind(
        table("tracks.csv", "no,0.9,yes", "no,90 %,yes"),
        (
            "1 problem\n"
            "- tracks.csv row 2, column completion_rate: '90 %' is not a number\n"
            "    Expected a number from 0 to 1. Maybe 0.9."
        ),
    ),
    "per cent with a decimal comma": Kind(
        table("tracks.csv", "no,0.9,yes", 'no,"92,5%",yes'),
        (
            "1 problem\n"
            "- tracks.csv row 2, column completion_rate: '92,5%' is not a number\n"
            "    Expected a number from 0 to 1. Maybe 0.925."
        ),
    ),
    "currency code": Kind(
        table(*MONEY, "grants,2027,MEXT,JPY 1000000"),
        (
            "1 problem\n"
            "- budgets.csv row 2, column amount_jpy: 'JPY 1000000' is not a number\n"
            "    Expected a number of at least 0. Maybe 1000000."
        ),
    ),
    "currency after the number": Kind(
        table(*MONEY, 'grants,2027,MEXT,"1,000,000円"'),
        (
            "1 problem\n"
            "- budgets.csv row 2, column amount_jpy: '1,000,000円' is not a number\n"
            "    Expected a number of at least 0. Maybe 1000000."
        ),
    ),
    "thousands separated by spaces": Kind(
        table(*MONEY, "grants,2027,MEXT,1 000 000"),
        (
            "1 problem\n"
            "- budgets.csv row 2, column amount_jpy: '1 000 000' is not a number\n"
            "    Expected a number of at least 0. Maybe 1000000."
        ),
    ),
    "thousands separated by no-break spaces": Kind(
        table(*MONEY, "grants,2027,MEXT,1\u00a0000\u00a0000"),
        (
            "1 problem\n"
            "- budgets.csv row 2, column amount_jpy: '1\\xa0000\\xa0000' is not a number\n"
            "    Expected a number of at least 0. Maybe 1000000."
        ),
    ),
    "thousands separated by apostrophes": Kind(
        table(*MONEY, "grants,2027,MEXT,1'000'000"),
        (
            "1 problem\n"
            "- budgets.csv row 2, column amount_jpy: \"1'000'000\" is not a number\n"
            "    Expected a number of at least 0. Maybe 1000000."
        ),
    ),
    "thousands separated by points": Kind(
        table(*MONEY, "grants,2027,MEXT,1.000.000"),
        (
            "1 problem\n"
            "- budgets.csv row 2, column amount_jpy: '1.000.000' is not a number\n"
            "    Expected a number of at least 0. Maybe 1000000."
        ),
    ),
    "points and a decimal comma": Kind(
        table(*MONEY, 'grants,2027,MEXT,"1.000.000,50"'),
        (
            "1 problem\n"
            "- budgets.csv row 2, column amount_jpy: '1.000.000,50' is not a number\n"
            "    Expected a number of at least 0. Maybe 1000000.50."
        ),
    ),
    "a point before three zeros in a count": Kind(
        table(*COUNT, "KOR,lab,,2.000"),
        (
            "1 problem\n"
            "- applicants.csv row 5, column applicants: 2.000 may mean 2 or 2000\n"
            "    Expected a whole number of at least 0."
        ),
    ),
    "negative number in brackets": Kind(
        table(*MONEY, 'grants,2027,MEXT,"(1,000)"'),
        (
            "1 problem\n"
            "- budgets.csv row 2, column amount_jpy: '(1,000)' is not a number\n"
            "    Expected a number of at least 0."
        ),
    ),
    "typographic minus": Kind(
        table("scores.csv", "growth,KOR,study,,1.5", "growth,KOR,study,,−1.5"),
        (
            "1 problem\n"
            "- scores.csv row 2, column value: '−1.5' is not a number\n"
            "    Expected a number. Maybe -1.5."
        ),
    ),
    "number with a unit": Kind(
        table(*COUNT, "KOR,lab,,20 persons"),
        (
            "1 problem\n"
            "- applicants.csv row 5, column applicants: '20 persons' is not a number\n"
            "    Expected a whole number of at least 0."
        ),
    ),
    "number in words": Kind(
        table(*MONEY, "grants,2027,MEXT,1 million"),
        (
            "1 problem\n"
            "- budgets.csv row 2, column amount_jpy: '1 million' is not a number\n"
            "    Expected a number of at least 0."
        ),
    ),
    "hexadecimal number": Kind(
        table(*COUNT, "KOR,lab,,0x14"),
        (
            "1 problem\n"
            "- applicants.csv row 5, column applicants: '0x14' is not a number\n"
            "    Expected a whole number of at least 0."
        ),
    ),
    "number with underscores": Kind(
        table(*MONEY, "grants,2027,MEXT,1_000_000"),
        (
            "1 problem\n"
            "- budgets.csv row 2, column amount_jpy: '1_000_000' is not a number\n"
            "    Expected a number of at least 0. Maybe 1000000."
        ),
    ),
    "digits of another script": Kind(
        table(*COUNT, "KOR,lab,,٢٠"),
        (
            "1 problem\n"
            "- applicants.csv row 5, column applicants: '٢٠' is not a number\n"
            "    Expected a whole number of at least 0. Maybe 20."
        ),
    ),
    "number with something unseen": Kind(
        table(*COUNT, "KOR,lab,,20\u200b"),
        (
            "1 problem\n"
            "- applicants.csv row 5, column applicants: '20\\u200b' is not a number\n"
            "    Expected a whole number of at least 0. Maybe 20."
        ),
    ),
    "two numbers": Kind(
        table(*COUNT, "KOR,lab,,20-30"),
        (
            "1 problem\n"
            "- applicants.csv row 5, column applicants: '20-30' is not a number\n"
            "    Expected a whole number of at least 0."
        ),
    ),
    "number that underflows": Kind(
        table("scores.csv", "growth,KOR,study,,1.5", "growth,KOR,study,,1e-400"),
        (
            "1 problem\n"
            "- scores.csv row 2, column value: '1e-400' is too small a number\n"
            "    Expected a number."
        ),
    ),
    "number of thousands of digits": Kind(
        table(*COUNT, "KOR,lab,," + "9" * 5000),
        (
            "1 problem\n"
            "- applicants.csv row 5, column applicants: "
            "'99999999999999999999999999999999999999999999999999999999... is too large a "
            "number\n"
            "    Expected a whole number of at least 0."
        ),
    ),
    "negative share": Kind(
        table("continuations.csv", "study,lab,0.4", "study,lab,-0.4"),
        (
            "1 problem\n"
            "- continuations.csv row 2, column stay_rate: -0.4 is below 0\n"
            "    Expected a number from 0 to 1."
        ),
    ),
    "question mark for an unknown number": Kind(
        table("regions.csv", "Tohoku,2,5", "Tohoku,?,5"),
        (
            "1 problem\n"
            "- regions.csv row 2, column tile_row: '?' is not a number\n"
            "    Expected a whole number, or a blank cell. Maybe a blank cell."
        ),
    ),
    "number in quotation marks of its own": Kind(
        table(*COUNT, "KOR,lab,,'20'"),
        (
            "1 problem\n"
            "- applicants.csv row 5, column applicants: \"'20'\" is not a number\n"
            "    Expected a whole number of at least 0."
        ),
    ),
    "yes in another language": Kind(
        table("tracks.csv", "2,0,no,0.9,yes", "2,0,nein,0.9,yes"),
        (
            "1 problem\n"
            "- tracks.csv row 2, column needs_agreement: 'nein' is not allowed\n"
            "    Expected yes or no."
        ),
    ),
    "choice in capitals": Kind(
        table("tracks.csv", "education,inbound,2", "education,INBOUND,2"),
        (
            "1 problem\n"
            "- tracks.csv row 2, column direction: 'INBOUND' is not allowed\n"
            "    Expected inbound or outbound. Maybe inbound."
        ),
    ),
    "code with a zero-width space": Kind(
        table(*LAB, "KOR,la\u200bb,,20"),
        (
            "1 problem\n"
            "- applicants.csv row 5, column track: 'la\\u200bb' has characters that cannot "
            "be seen (U+200B)\n"
            "    Expected text without them. Maybe lab."
        ),
    ),
    "code with a byte order mark": Kind(
        table(*LAB, "\ufeffKOR,lab,,20"),
        (
            "1 problem\n"
            "- applicants.csv row 5, column country: '\\ufeffKOR' has characters that "
            "cannot be seen (U+FEFF)\n"
            "    Expected text without them. Maybe KOR."
        ),
    ),
    "code with a letter of another script": Kind(
        table(*LAB, "K\u041eR,lab,,20"),
        (
            "2 problems\n"
            "- agreements.csv row 2, column country: 'KOR' has no applicants on 'lab'\n"
            "    Expected an eligible country, with a row in applicants.csv.\n"
            "- applicants.csv row 5, column country: 'K\u041eR' is not in countries.csv\n"
            "    Expected a country of countries.csv. Maybe KOR."
        ),
    ),
    "code in full-width letters": Kind(
        table(*LAB, "\uff2b\uff2f\uff32,lab,,20"),
        (
            "2 problems\n"
            "- agreements.csv row 2, column country: 'KOR' has no applicants on 'lab'\n"
            "    Expected an eligible country, with a row in applicants.csv.\n"
            "- applicants.csv row 5, column country: '\uff2b\uff2f\uff32' is not in countries.csv\n"
            "    Expected a country of countries.csv. Maybe KOR."
        ),
    ),
    "code with an accent of its own": Kind(
        table("regions.csv", "miyagi,Miyagi", "mi\u0301yagi,Miyagi"),
        (
            "1 problem\n"
            "- regions.csv row 2, column region: 'mi\\u0301yagi' has accents apart from "
            "their letters (it is not in Unicode's form NFC)\n"
            "    Expected a letter and its accent as one. Maybe míyagi."
        ),
    ),
    "name with a line break": Kind(
        table(*NAME, 'miyagi,"Miya\ngi"'),
        (
            "1 problem\n"
            "- regions.csv row 2, column name: 'Miya\\ngi' has a line break\n"
            "    Expected text on one line. Maybe Miya gi."
        ),
    ),
    "name with a tab": Kind(
        table(*NAME, "miyagi,Miya\tgi"),
        (
            "1 problem\n"
            "- regions.csv row 2, column name: 'Miya\\tgi' has a tab\n"
            "    Expected text on one line. Maybe Miya gi."
        ),
    ),
    "name with a zero byte": Kind(
        table(*NAME, "miyagi,Miya\0gi"),
        (
            "1 problem\n"
            "- regions.csv row 2, column name: 'Miya\\x00gi' has control characters\n"
            "    Expected text without control characters."
        ),
    ),
    "name with an escape sequence of a terminal": Kind(
        table(*NAME, "miyagi,\x1b[31mMiyagi\x1b[0m"),
        (
            "1 problem\n"
            "- regions.csv row 2, column name: '\\x1b[31mMiyagi\\x1b[0m' has control "
            "characters\n"
            "    Expected text without control characters."
        ),
    ),
    "name that reads backwards": Kind(
        table(*NAME, "miyagi,Miya\u202egi"),
        (
            "1 problem\n"
            "- regions.csv row 2, column name: 'Miya\\u202egi' has characters that cannot "
            "be seen (U+202E)\n"
            "    Expected text without them. Maybe Miyagi."
        ),
    ),
    "name with a soft hyphen": Kind(
        table(*NAME, "miyagi,Miya\u00adgi"),
        (
            "1 problem\n"
            "- regions.csv row 2, column name: 'Miya\\xadgi' has characters that cannot be "
            "seen (U+00AD)\n"
            "    Expected text without them. Maybe Miyagi."
        ),
    ),
    "name with a lost character": Kind(
        table(*NAME, "miyagi,T\ufffdhoku"),
        (
            "1 problem\n"
            "- regions.csv row 2, column name: 'T\\ufffdhoku' has lost characters (U+FFFD)\n"
            "    Expected the text as it was before it was saved in another encoding."
        ),
    ),
    "note with a zero byte": Kind(
        table(
            "applicants.csv",
            "country,track,year,applicants\nKOR,study,,100",
            "country,track,year,applicants,note\nKOR,study,,100,a\0b\nKOR,lab,2027,5,",
        ),
        (
            "4 problems\n"
            "- applicants.csv row 2, column note: 'a\\x00b' has control characters\n"
            "    Expected text without control characters.\n"
            "- applicants.csv row 4: has 4 cells; the header has 5\n"
            "    Expected one cell per column, in quotes where it contains a comma.\n"
            "- applicants.csv row 5: has 4 cells; the header has 5\n"
            "    Expected one cell per column, in quotes where it contains a comma.\n"
            "- applicants.csv row 6: has 4 cells; the header has 5\n"
            "    Expected one cell per column, in quotes where it contains a comma."
        ),
    ),
    "keys that differ in capitals": Kind(
        table("regions.csv", "osaka,Osaka,Kinki,,", "osaka,Osaka,Kinki,,\nOsaka,Another,Kinki,,"),
        (
            "1 problem\n"
            "- regions.csv row 4, column region: 'Osaka' is spelt 'osaka' in regions.csv "
            "row 3\n"
            "    Expected one spelling."
        ),
    ),
    "keys that differ in a joiner": Kind(
        table(
            "regions.csv", "osaka,Osaka,Kinki,,", "osaka,Osaka,Kinki,,\nosa\u200dka,Another,Kinki,,"
        ),
        (
            "1 problem\n"
            "- regions.csv row 4, column region: 'osa\\u200dka' is spelt 'osaka' in "
            "regions.csv row 3\n"
            "    Expected one spelling."
        ),
    ),
    "cell of a megabyte": Kind(
        table(*NAME, "miyagi," + "M" * 1_000_000),
        (
            "1 problem\n"
            "- regions.csv row 2: a cell of the row that begins here has more than 131,072 "
            "characters\n"
            "    Expected shorter cells; a quote that nothing closes makes one long cell."
        ),
    ),
}
