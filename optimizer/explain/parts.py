"""Parts of policy and case that can be left out, by their address: rules, countries, money."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from optimizer.errors import ARGUMENT, ArgumentError, Problems, did_you_mean
from optimizer.formulation.row_keys import row_keys
from optimizer.instance import Instance
from optimizer.io.toml import shown
from optimizer.persistent import LoadedModel
from optimizer.persistent.conflict import PER_FLOOR
from optimizer.schema.addresses import AddressError, CellAddress, address_of, cell_of, names_of
from optimizer.schema.rules import LIMIT_RULES, RowKey, register
from optimizer.schema.tables import TABLES
from optimizer.solver.matrix import RowName

RULE, NO_SLOTS, BUDGET = "rule", "slots", "budget"
"""What is left out: rules, which limit nothing then; slots, none of which are given; money."""
OF_SLOTS: Mapping[str, tuple[str, ...]] = {
    "agreements": ("country", "track"),
    "countries": ("country",),
    "regions": ("region",),
    "tracks": ("track",),
}
"""Tables whose rows are left out by giving no slot there, with their keys."""
OF_RULES, COMMITMENTS = "limits", "commitments"
GROUPS = (OF_RULES, COMMITMENTS, "budgets", "agreements", "countries")
"""Groups of parts that are left out one by one where nothing is named."""
KNOWN = (*GROUPS, "tracks", "regions")


@dataclass(frozen=True)
class LeftOut:
    """Something that is left out.

    Attributes
    ----------
    address
        As it is named.
    group
        One of :data:`KNOWN`.
    title
        Of a rule; blank for other parts.
    kind
        ``rule``, ``slots`` or ``budget``.
    rows
        Rows of the model that limit nothing without it, by their names: a limit that is added may
        need another model, in which they stand elsewhere.
    where
        Filter of the slots of which none are given.
    """

    address: str
    group: str
    title: str
    kind: str
    rows: tuple[RowName, ...] = ()
    where: Mapping[str, str] = field(default_factory=dict)


def parts_named(loaded: LoadedModel, addresses: Sequence[str]) -> list[LeftOut]:
    """Parts by their addresses, or all of a group.

    Raises
    ------
    ArgumentError
        With every address that names nothing that can be left out.
    """
    every = {part.address: part for part in _every_part(loaded)}
    problems, found = Problems(), dict[str, LeftOut]()
    for address in addresses:
        named = _named(loaded.instance, address.strip(), every)
        found |= {part.address: part for part in named or ()}
        if named is None:
            problems.add(
                ARGUMENT,
                f"{shown(address)} names nothing that can be left out",
                column="without",
                expected=f"a limit, a rule, or rows of a table: {', '.join(KNOWN)}",
                maybe=did_you_mean(address, [*KNOWN, *every]),
            )
    problems.raise_if_any(ArgumentError)
    return list(found.values())


def _named(instance: Instance, address: str, every: Mapping[str, LeftOut]) -> list[LeftOut] | None:
    """Parts of a name, none of a group that the case has none of; ``None`` of what is no name."""
    if address in KNOWN:
        return [part for part in every.values() if part.group == address]
    for spelt in (_spelt(address), address_of(("limits", address))):
        if spelt in every:
            return [every[spelt]]
    return _year_of_line(instance, address)


def _spelt(address: str) -> str:
    """An address as every other spelling of it comes out too."""
    cell = _cell(address)
    if cell is not None:
        return _row_address(cell.table, dict(cell.keys))
    names = names_of(address)
    return address if names is None else address_of(names)


def _cell(address: str) -> CellAddress | None:
    """Rows of a table, which are named as cells are without their column."""
    try:
        return cell_of(f"{address}.row") if "[" in address else None
    except AddressError:
        return None


def _row_address(table: str, keys: Mapping[str, object]) -> str:
    spec = TABLES.get(table)
    order = list(keys) if spec is None else [*spec.keys, *spec.optional_keys]
    known = sorted(keys, key=lambda key: order.index(key) if key in order else len(order))
    told = tuple((key, str(keys[key])) for key in known)
    return str(CellAddress(table, told, "row")).removesuffix(".row")


def _year_of_line(instance: Instance, address: str) -> list[LeftOut] | None:
    """Money of a line in one year, beside that of all years."""
    cell = _cell(address)
    if cell is None or cell.table != "budgets" or {key for key, _ in cell.keys} != {"line", "year"}:
        return None
    keys, budgets = dict(cell.keys), instance.case.table("budgets")
    there = budgets["line"].eq(keys["line"]) & budgets["year"].astype("str").eq(keys["year"])
    return [LeftOut(_row_address("budgets", keys), "budgets", "", BUDGET)] if there.any() else None


def _every_part(loaded: LoadedModel) -> Iterator[LeftOut]:
    instance = loaded.instance
    yield from _rules(loaded)
    for line in instance.case.table("budgets")["line"].unique():
        yield LeftOut(_row_address("budgets", {"line": line}), "budgets", "", BUDGET)
    for table, keys in OF_SLOTS.items():
        for row in instance.case.table(table)[list(keys)].itertuples(index=False):
            where = dict(zip(keys, map(str, row), strict=True))
            yield LeftOut(_row_address(table, where), table, "", NO_SLOTS, where=where)


def _rules(loaded: LoadedModel) -> Iterator[LeftOut]:
    """Limits, floors of support, commitments and the other rules with numbers somebody chose."""
    instance, key_of = loaded.instance, row_keys(loaded.instance)
    rules = register(instance.extension)
    rows: dict[str, list[RowName]] = {}
    titles: dict[str, tuple[str, str]] = {}
    for row in loaded.matrix.rows:
        name, index = row
        if name not in rules or rules[name].kind != "limit":
            continue
        address, group, title = _rule_of(instance, key_of(name, index), rules[name].title)
        rows.setdefault(address, []).append(row)
        titles[address] = group, title
    for address, (group, title) in titles.items():
        yield LeftOut(address, group, title, RULE, rows=tuple(rows[address]))


def _rule_of(instance: Instance, key: RowKey, title: str) -> tuple[str, str, str]:
    """Address, group and title of the part that a row belongs to."""
    if key.rule in LIMIT_RULES:
        limit = next(each for each in instance.policy.limits if each.name == key.index[0])
        return address_of(("limits", limit.name)), OF_RULES, limit.why or title
    if key.rule == PER_FLOOR:
        return f"support_floor.{key.index[-1]}", OF_RULES, title
    if key.rule.startswith("commitment_"):
        return _commitment(instance, key.index[-1]), COMMITMENTS, title
    return key.rule, OF_RULES, title


def _commitment(instance: Instance, row: int) -> str:
    """A row of commitments by its keys, as many as it has."""
    names = [*TABLES[COMMITMENTS].keys, *TABLES[COMMITMENTS].optional_keys]
    cells = instance.case.table(COMMITMENTS).loc[[row]].to_dict("records")[0]
    keys = {name: cells[name] for name in names if not (pd.isna(cells[name]) or cells[name] == "")}
    return _row_address(COMMITMENTS, keys)
