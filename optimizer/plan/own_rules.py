"""Rules that name an agency, its tracks and lines, or a region: where each is tightest."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType

import numpy as np
import pandas as pd

from optimizer.case import Case
from optimizer.frames import groups_of
from optimizer.frames.grouping import remembered
from optimizer.plan import Plan
from optimizer.plan.question import Question
from optimizer.policy import Limit, Policy
from optimizer.schema.rules import BOUNDS, LIMIT_RULES, RULES

_TITLES = {name: rule.title for name, rule in (RULES | BOUNDS).items() if rule.kind == "limit"}
_COLUMNS = [
    *("rule", "title", "of", "tightest", "sense"),
    *("number", "measured", "slack", "missed_percent"),
]
_HOMES: Mapping[str, tuple[str, frozenset[str]]] = MappingProxyType(
    {
        "track": (
            "tracks",
            frozenset({"track", "pathway", "agency", "sector", "direction", "allocation"}),
        ),
        "line": ("budgets", frozenset({"line", "agency", "purpose"})),
        "region": ("regions", frozenset()),
    }
)
"""Tables of what belongs to somebody, and their columns by which rules may name several at once;
of regions all, as they may have attributes of the user's own."""

Owned = Mapping[str, pd.DataFrame]
"""By column: which of its values belong to whom, who in the last column."""


def own_rules(
    plan: Plan, question: Question, kind: str, owned: Owned, beside: Collection[str] = ()
) -> pd.DataFrame:
    """Limits, commitments and caps by whom they name.

    Every row stands for the checked rows of one rule that name the same track, line or region, and
    gives the one with the least slack.

    Parameters
    ----------
    kind
        Column of the result that says who it is.
    beside
        Further keys for each value of which there is a row.

    Returns
    -------
    pandas.DataFrame
        The kind, rule, title, of (what of theirs is named), tightest (the row in words), sense,
        number, measured, slack (missed_percent for soft limits), rows and without_slack (how many
        there are).
    """
    parts = list(_named(_checked(plan), question, owned, beside))
    columns = [kind, *_COLUMNS, "rows", "without_slack"]
    if not parts:
        return pd.DataFrame(columns=columns)
    found = pd.concat(parts, ignore_index=True).rename(columns={"who": kind})
    idle = found["measured"].eq(0) & found["number"].eq(0)
    room = found["slack"].fillna(-found["missed_percent"])
    ordered = found.assign(idle=idle, room=room).sort_values(["idle", "room"], kind="stable")
    groups = ordered.groupby([kind, "rule", "title", "of", "sense"], sort=False)
    first = groups.head(1).assign(at=lambda table: table.index)
    keys = [kind, "rule", "title", "of", "sense"]
    counts = groups.agg(rows=("number", "size"), without_slack=("is_tight", "sum")).reset_index()
    joined = first.merge(counts, on=keys).sort_values("at", kind="stable")
    return joined.astype({"without_slack": "int64"})[columns].reset_index(drop=True)


def _checked(plan: Plan) -> pd.DataFrame:
    """Checked rows that somebody chose the number of, with their words."""
    rules = plan.tables["rules"]
    rules = rules[rules["rule"].isin(_TITLES)]
    rules = rules.assign(is_tight=rules["slack"] <= rules["allowed"])
    # A full cap has no slack, rather than less than none.
    rules["slack"] = rules["slack"].where(rules["slack"].abs() > rules["allowed"], 0.0)
    soft = plan.tables.get("soft")
    if soft is not None and len(soft):
        missed = soft.rename(columns={"number": "limit_"}).drop(columns="limit")
        missed = missed.rename(columns={"limit_": "limit"})
        penalised = missed.assign(rule="limit_soft", sense="soft", missed_percent=soft["percent"])
        penalised["is_tight"] = soft["percent"] > 0
        rules = pd.concat([rules, penalised], ignore_index=True)
    else:
        rules["missed_percent"] = np.nan
    is_limit = rules["rule"].isin([*LIMIT_RULES, "limit_soft"])
    titles = rules["rule"].map(_TITLES)
    names = [place[0] if place else "" for place in rules["place"]]
    title = titles.where(~is_limit, pd.Series(names, rules.index).astype(str))
    renamed = {"value": "measured", "limit": "number", "key": "tightest"}
    return rules.assign(title=title, is_limit=is_limit).rename(columns=renamed)


def _named(
    rules: pd.DataFrame, question: Question, owned: Owned, beside: Collection[str]
) -> Iterator[pd.DataFrame]:
    policy, case = question.policy, question.case
    for by, places in pd.Series(rules.index, rules.index).groupby(rules["by"], sort=False):
        rows = rules.loc[places]
        keys = pd.DataFrame([*rows["place"]], columns=[*by], index=rows.index).add_prefix("by_")
        table = pd.concat([rows, keys], axis=1)
        owners = {column: _owners(column, case, owned) for column in by}
        named = {column: whose for column, whose in owners.items() if whose is not None}
        if named:
            yield from (_of_column(table, column, whose, beside) for column, whose in named.items())
        elif by and by[0] == "limit":
            yield from _of_limits(table, policy, case, owned)
        elif by == ("commitment",):
            yield from _of_commitments(table, case, owned)


def _owners(column: str, case: Case, owned: Owned) -> pd.DataFrame | None:
    """Whose the values of a column of rules are; ``None`` where they belong to nobody."""
    name = column.rpartition(".")[2]
    if name in owned:
        return owned[name]
    for dimension, whose in owned.items():
        table = _home(case, dimension)
        if table is not None and name in table and not _is_of_another(column, dimension):
            found = table[[dimension, name]].merge(
                whose.set_axis([dimension, "who"], axis="columns"), on=dimension
            )
            return found[[name, "who"]].drop_duplicates()
    return None


def _home(case: Case, dimension: str) -> pd.DataFrame | None:
    """Table of what belongs to somebody, with the columns by which rules may name it."""
    if dimension not in _HOMES:
        return None
    return remembered([case], ("home", dimension), lambda: _columns_at_home(case, dimension))


def _columns_at_home(case: Case, dimension: str) -> pd.DataFrame:
    name, columns = _HOMES[dimension]
    table = case.table(name)
    own = set(table) - {"name", "source", "note"}
    return table[[column for column in table if column in own & (columns or own)]]


def _of_column(
    table: pd.DataFrame, column: str, owners: pd.DataFrame, beside: Collection[str] = ()
) -> pd.DataFrame:
    """Rows whose key names what belongs to somebody."""
    known = pd.DataFrame({"of": owners.iloc[:, 0], "who": owners.iloc[:, -1]})
    found = table.merge(known, left_on=f"by_{column}", right_on="of")
    for name in beside:
        if f"by_{name}" in found:
            found["of"] = found["of"] + ", " + found[f"by_{name}"].astype(str)
    return found[[*_COLUMNS, "is_tight", "who"]]


def _of_limits(
    table: pd.DataFrame, policy: Policy, case: Case, owned: Owned
) -> Iterator[pd.DataFrame]:
    """Rows of limits on what belongs to somebody."""
    for limit in policy.limits:
        rows = table[table["by_limit"].eq(limit.name)]
        if not len(rows):
            continue
        for column, owners in owned.items():
            named = _meant(limit, column, case)
            if named is None:
                continue
            mine = owners[owners.iloc[:, 0].isin(named)]
            for (who,), theirs in groups_of(mine, [str(mine.columns[-1])]):
                of = ", ".join(theirs.iloc[:, 0])
                yield rows.assign(who=who, of=of)[[*_COLUMNS, "is_tight", "who"]]


def _meant(limit: Limit, column: str, case: Case) -> set[str] | None:
    """Tracks, lines or regions that a limit is about; ``None`` if about any."""
    table = _home(case, column)
    # Money has lines, and people have tracks, whose agency may be another one.
    if table is None or (column == "line" and limit.measure != "spending"):
        return None
    chosen = pd.Series(True, table.index)
    is_restricted = False
    for name, wanted in limit.where.items():
        attribute = name.rpartition(".")[2]
        if attribute in table and not _is_of_another(name, column):
            values = wanted if isinstance(wanted, tuple) else (wanted,)
            chosen &= table[attribute].astype(str).isin([str(value) for value in values])
            is_restricted = True
    return set(table.loc[chosen, column]) if is_restricted else None


def _is_of_another(name: str, column: str) -> bool:
    """Whether an attribute is said to be one of another table."""
    return "." in name and name.partition(".")[0] != column


def _of_commitments(table: pd.DataFrame, case: Case, owned: Owned) -> Iterator[pd.DataFrame]:
    """Commitments of a track or region that belongs to somebody."""
    given = case.table("commitments")
    for column in [name for name in owned if name in given]:
        named = table.assign(named=table["by_commitment"].map(given[column]))
        yield _of_column(named.rename(columns={"named": f"by_{column}"}), column, owned[column])
