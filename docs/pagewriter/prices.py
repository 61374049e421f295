"""Prices of a policy's rules on the Japan case: read from beside its page, and worked out.

They take minutes, so they are worked out by ``docs/price_rules.py`` and kept in a small table with
a hash of all that they follow from. Where that has changed since, the page says so.
"""

from __future__ import annotations

import json
from hashlib import sha256
from io import StringIO
from math import isnan
from pathlib import Path

import pandas as pd

from optimizer import ArgumentError, Policy, Session, importance
from optimizer.schema.addresses import address_of
from pagewriter.markdown import table
from pagewriter.sentences import figure, plain

ROOT = Path(__file__).resolve().parents[2]
CASE = ROOT / "inputs" / "japan"
PAGES = ROOT / "docs" / "policies"
COLUMNS = {
    "hash": "str",
    "points": "float64",
    "rule": "str",
    "change_points": "float64",
    "status": "str",
    "basis": "str",
}
STALE = "They are of an earlier version of this policy or case."
ON_CHANGE = "change_within_limit"
_REMARKS = frozenset({"schema", "title", "why", "cases", "extends", "solver"})
"""Keys of a policy on which no relaxation depends."""
_REPORTS = frozenset({"fairness", "stakeholders"})
"""Tables that say how plans are judged, and by whom."""
_WORDS = frozenset({"why", "source"})
_NOTHING = 5e-5
"""Points that are none in a table of prices."""


def version_of(policy: Policy, case: Path = CASE) -> str:
    """Hash of what prices follow from: the numbers of a policy, and the tables of a case."""
    said = policy.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    counts = {key: value for key, value in said.items() if key not in _REMARKS | _REPORTS}
    text = json.dumps(_without_words(counts), sort_keys=True, ensure_ascii=False)
    digest = sha256(text.encode())
    for path in [case / "case.toml", *sorted(case.glob("*.csv"))]:
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _without_words(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_words(each) for key, each in value.items() if key not in _WORDS}
    if isinstance(value, list):
        return [_without_words(each) for each in value]
    return value


def priced_rules(policy: Policy) -> list[str]:
    """Addresses of the rules that a policy adds to those of every case."""
    limits = [address_of(("limits", limit.name)) for limit in policy.limits]
    floors = [f"support_floor.{number}" for number in range(1, len(policy.support_floor) + 1)]
    limited = policy.stability is not None and policy.stability.max_change is not None
    return [*limits, *floors, *([ON_CHANGE] if limited else [])]


def worked_out(policy: Policy, case: Path = CASE) -> pd.DataFrame:
    """Solve the relaxation without each rule of a policy.

    Returns
    -------
    pandas.DataFrame
        hash, points (with all rules), rule, change_points (without it), status, basis.
    """
    version, session = version_of(policy, case), Session(policy, case)
    asked = priced_rules(policy)
    try:
        found = importance(session, asked)
    except ArgumentError as error:
        # Optional limits of which the case has nothing to limit.
        told = [problem.message for problem in error.problems]
        named = [rule for rule in asked if not any(each.startswith(f"'{rule}' ") for each in told)]
        found = importance(session, named)
    if not found.complete:
        raise RuntimeError(f"{policy.name}: {found.why_incomplete}")
    columns = ["address", "change_points", "status", "basis"]
    rows = found.table[columns].rename(columns={"address": "rule"})
    rows.insert(0, "hash", version)
    rows.insert(1, "points", found.points)
    return rows.astype(COLUMNS)


def table_path(policy: Policy) -> Path:
    """Where the prices of a policy are kept."""
    return PAGES / f"{policy.name}.prices.csv"


def written(prices: pd.DataFrame) -> str:
    """The text of such a file."""
    return prices.to_csv(index=False, lineterminator="\n", float_format="%.6g")


def prices_section(policy: Policy, kept: str, version: str) -> str:
    """What a page says of the prices of its rules; nothing where none are kept.

    Parameters
    ----------
    kept
        Text of the file of prices; blank where there is none.
    version
        Of policy and case as they are now.
    """
    if not kept:
        return ""
    prices = pd.read_csv(StringIO(kept), dtype=COLUMNS, keep_default_na=False, na_values={})
    prices["change_points"] = pd.to_numeric(prices["change_points"], errors="coerce")
    stale = "" if prices["hash"].eq(version).all() else f" {STALE}"
    limits = {address_of(("limits", each.name)): plain(each.name) for each in policy.limits}
    known = prices["change_points"].notna()
    is_none = known & prices["change_points"].abs().lt(_NOTHING)
    shown = prices[~is_none].sort_values("change_points", ascending=False, kind="stable")
    rows = [
        (_called(rule, limits).capitalize(), _more(change, status))
        for rule, change, status in zip(
            shown["rule"], shown["change_points"], shown["status"], strict=True
        )
    ]
    points = figure(round(float(prices["points"].iloc[0]), 3))
    parts = [
        "## What its rules cost",
        f"On the case `japan` no plan can have more than {points} points, by the LP relaxation. "
        "Solved again without one rule at a time, all others kept, it can have more; what whole "
        f"people and agreements cost beyond that is not in these figures.{stale}",
    ]
    if rows:
        parts.append(table(["without this rule", "points"], rows))
    none = [_called(rule, limits) for rule in prices.loc[is_none, "rule"]]
    if none:
        parts.append(f"Without any one of these the points are the same: {', '.join(none)}.")
    return "\n\n".join(parts)


def _called(rule: str, limits: dict[str, str]) -> str:
    if rule in limits:
        return limits[rule]
    if rule.startswith("support_floor."):
        return f"floor {rule.rpartition('.')[2]} on the support of people"
    return "the limit on change against today" if rule == ON_CHANGE else plain(rule)


def _more(change: float, status: str) -> str:
    return plain(status) if isnan(change) else f"{change:+.4f}"


def section_beside(policy: Policy) -> str:
    """The section of a policy's page, from the file beside it."""
    path = table_path(policy)
    if not path.is_file():
        return ""
    return prices_section(policy, path.read_text(encoding="utf-8"), version_of(policy))
