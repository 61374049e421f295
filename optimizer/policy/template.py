"""Cases to begin with: empty ones that explain themselves, or copies of working ones."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from optimizer.case import Case, load_case
from optimizer.case.header import check_header
from optimizer.case.writing import SUFFIX, Contents, case_place, contents_of, write_contents
from optimizer.case.writing.contents import empty_contents
from optimizer.case.writing.folders import HELP, POLICY_BESIDE
from optimizer.case.writing.help import MARK, readme_text
from optimizer.case.writing.recasting import in_currency, in_years
from optimizer.errors import InputError, OptimizerError, Problems
from optimizer.errors.arguments import typed
from optimizer.io import targets
from optimizer.io.paths import begins_with
from optimizer.io.writing import write_text
from optimizer.policy import load_policy, policy_rows
from optimizer.policy.sheet_columns import SHEETS

_EMPTY = {
    "title": "Title of the case",
    "currency": "JPY",
    "years": (2027, 2028, 2029, 2030, 2031),
    "country_codes": "iso3166",
    "licence": "Terms under which the figures may be used",
}
"""Header of an empty case: valid, and meant to be changed."""

_HEADER = {"schema": 1, "title": "-", "country_codes": "any", "licence": "-"}
"""Beside it a currency and years are checked as in any header."""

FIRST_POLICY = f"""\
# {MARK}
# A policy says what is wanted; a case says what is true. This one works for every case.
# Every key is explained in docs/policies.md; worked examples are the files in models/.
schema = 1
title = "First policy"
why = "A place to begin: as many people as possible complete a stay, whatever the track."
cases = ["*"]

# The objective of a plan. Each goal has a weight; `effects` say what one person on the chosen
# tracks adds, and at which stage: enter, present, complete, continue or return. Without `where` an
# effect holds for every track. Indicators (numeric columns of countries and regions) make the same
# person count more for one country than for another: see goals.alliance in models/balanced.toml.
[goals.people]
weight = 1
why = "Everybody who completes counts the same."
effects = [{{ stage = "complete", effect = 1 }}]

# What a plan must keep beside the rules that every case has (capacities, caps, budgets,
# agreements): floors, ceilings and shares of slots, residents, spending, services or value.
# [[limits]]
# name = "country_share"
# measure = "slots"
# by = ["country", "year"]
# at_most = {{ times = 0.5, measure = "slots", by = ["year"] }}
# why = "No country takes more than half of a year's slots."

# Money that lines may give each other or keep for the next year.
# [budget]
# transfers = [{{ from = "one_line", to = "another_line", share = 0.1 }}]
# carry_over = 0.05

# How far a plan may move from the table current_plan.
# [stability]
# max_change = 0.25

# Years to plan for, and what follows them: "steady" repeats the last one, as without this key; in
# "runoff", or so many years, nobody new comes but effects go on.
# [horizon]
# years = [FIRST, LAST]
# tail = "runoff"

# When to stop searching: the proven gap to the best plan, and seconds.
[solver]
gap = 0.005
time_limit = 300
"""

_LIMIT = re.compile(r"^# \[\[limits\]\]\n(?:# \w+ = .*\n)+", re.M)
"""The limit among the comments of the first policy."""


@typed
def write_template(
    path: str | Path,
    *,
    source: Case | str | Path | None = None,
    currency: str | None = None,
    years: Sequence[int] | None = None,
    policy: bool = False,
    force: bool = False,
) -> list[Path]:
    """Write a case to begin with.

    Parameters
    ----------
    path
        A new folder, or a new ``.xlsx`` workbook. What columns mean stands in a ``README.md``
        of the folder, or in comments of the workbook's headers.
    source
        Case to copy; without one every table has its header and no rows.
    currency, years
        Instead of those of the case to copy, or else of JPY and 2027 to 2031. Amounts that are
        copied are not converted, years that the copied case does not have are as in the nearest
        one that it has, and both are marked as assumptions. With other years, commitments with a
        year are left out, and so are people already here who would come after the first year.
    policy
        Write a first policy too: ``policy.toml`` in the folder, or ``<name>-policy.toml`` beside
        the workbook, with sheets in it that extend that policy.
    force
        Replace an older template or case; what is anything else is never replaced.

    Returns
    -------
    list of Path
        What was written: the case, then the policy.

    Raises
    ------
    InputError
        If the case to copy, the currency or the years are faulty.
    TargetError
        If the path may not be written, or not any more: what was written then lies beside it.
    OptimizerError
        If a workbook is to be written or read and the library for it is not installed.
    """
    if years is not None and not years:
        raise OptimizerError("write_template: years is an empty list, not years in a row")
    path = Path(path)
    place = _Places.looked_at(path, policy=policy, force=force)
    contents = replace(_recast(_copied(source), currency, years), explained=True)
    return place.filled(contents, first_policy(contents) if policy else None)


@dataclass(frozen=True)
class _Places:
    """Where a case goes, and its policy."""

    path: Path
    case: targets.Place
    policy: targets.Place | None

    @classmethod
    def looked_at(cls, path: Path, *, policy: bool, force: bool) -> _Places:
        """Find out whether both may be written, before anything is made."""
        case = case_place(path, force=force, replaces_policy=policy)
        is_apart = policy and path.suffix.lower() == SUFFIX
        beside = _policy_place(policy_beside(path), force=force) if is_apart else None
        return cls(path, case, beside)

    def filled(self, contents: Contents, policy: str | None) -> list[Path]:
        """Write the case and the text of its policy, and give what was written."""
        path, policy_path = self.path, policy_beside(self.path)
        if policy is None or self.policy is None:
            beside = {HELP: readme_text(contents)}
            beside |= {} if policy is None else {POLICY_BESIDE: policy}
            with targets.written_aside(self.case) as new:
                write_contents(contents, new, beside=beside)
            return [path] if policy is None else [path, policy_path]
        # Both are whole before either takes its place; the workbook is nothing without the policy.
        with targets.written_aside(self.case) as new, self.policy.aside() as made:
            write_text(made.path, policy)
            rows = policy_rows(load_policy(made.path))
            write_contents(contents, new, further=[(SHEETS[name], rows[name]) for name in rows])
            made.take_place()
        return [path, policy_path]


def write_both(path: Path, contents: Contents, policy: str, *, force: bool) -> list[Path]:
    """Write a case and the text of its policy as :func:`write_template` does."""
    return _Places.looked_at(path, policy=True, force=force).filled(contents, policy)


def policy_beside(path: Path) -> Path:
    """Where the policy of a case goes: into its folder, or beside its workbook.

    Examples
    --------
    >>> policy_beside(Path("mine.xlsx")).name, policy_beside(Path("mine")).name
    ('mine-policy.toml', 'policy.toml')
    """
    is_workbook = path.suffix.lower() == SUFFIX
    return path.with_name(f"{path.stem}-policy.toml") if is_workbook else path / POLICY_BESIDE


def _copied(source: Case | str | Path | None) -> Contents:
    if source is None:
        return empty_contents(**_EMPTY)
    return contents_of(source if isinstance(source, Case) else load_case(source))


def _recast(contents: Contents, currency: str | None, years: Sequence[int] | None) -> Contents:
    """Give the contents in a currency and for years, which may be no case's."""
    problems = Problems()
    said = {"currency": currency or contents.currency, "years": tuple(years or contents.years)}
    check_header(_HEADER | said, problems)
    problems.raise_if_any(InputError)
    contents = contents if years is None else in_years(contents, years)
    return contents if currency is None else in_currency(contents, currency.upper())


def first_policy(contents: Contents, *, limited: bool = False) -> str:
    """Text of a first policy for a case, whose example of a limit holds or is a comment."""
    first, last = contents.years[0], contents.years[-1]
    text = FIRST_POLICY
    if limited:
        text = _LIMIT.sub(lambda match: match[0].replace("# ", ""), text)
    return text.replace("FIRST", str(first)).replace("LAST", str(last))


def _policy_place(path: Path, *, force: bool) -> targets.Place:
    def check(file: Path) -> str | None:
        is_own = begins_with(file, MARK)
        return None if is_own else "is not a policy that this tool has written"

    return targets.look(path, force=force, check=check, expected="a first policy")
