"""Background of the plan: the policy's reasons, assumptions, notes and provenance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from optimizer.plan.parameters import came_to
from optimizer.report import figures
from optimizer.report.blocks import Block, Section, Table, Text
from optimizer.report.diminishing import diminishing_blocks
from optimizer.report.figures import exactly, number, percent, sentence
from optimizer.report.limits import bounds_in_words
from optimizer.report.material import Material, span
from optimizer.report.tables import behind, plain_table, records
from optimizer.schema.tables import ASSUMPTION
from optimizer.text.figures import counted

HASH_SHOWN = 12


def policy_section(material: Material) -> Section:
    """Give what the policy wants and why it says so."""
    policy = material.policy
    total = sum(abs(goal.weight) for goal in policy.goals.values())
    goals = [
        (sentence(name), percent(goal.weight / total), goal.why, goal.source)
        for name, goal in policy.goals.items()
    ]
    blocks: list[Block] = [Text(paragraphs(policy.why))] if policy.why else []
    blocks.append(_without_blank("Goals", ("Goal", "Weight", "Why", "Source"), goals, (1,)))
    blocks += diminishing_blocks(material)
    limits = [
        (sentence(limit.name), bounds_in_words(limit), limit.why, limit.source)
        for limit in policy.limits
    ]
    limits += [
        (
            "Support floor",
            f"{material.money(floor.amount_per_year)} per person and year of stay",
            floor.why,
            floor.source,
        )
        for floor in policy.support_floor
    ]
    if limits:
        head = ("Limit", "Says", "Why", "Source")
        blocks.append(_without_blank("Limits and support floors", head, limits))
    blocks.append(Text(tuple(_other_choices(material)), is_list=True))
    lead = "The policy's limits and goals, with their reasons."
    return Section("policy", "The policy and its reasons", lead, tuple(blocks))


def paragraphs(text: str) -> tuple[str, ...]:
    r"""Split a text of several lines at its blank lines.

    Examples
    --------
    >>> paragraphs("one\ntwo\n\nthree")
    ('one two', 'three')
    """
    return tuple(" ".join(part.split()) for part in text.split("\n\n") if part.strip())


def _without_blank(
    caption: str, head: tuple[str, ...], rows: Sequence[Sequence[str]], right: tuple[int, ...] = ()
) -> Table:
    """Give a table without the columns in which no row says anything."""
    kept = [place for place in range(len(head)) if any(row[place] for row in rows)]
    return plain_table(
        caption,
        [head[place] for place in kept],
        [[row[place] for place in kept] for row in rows],
        [kept.index(place) for place in right if place in kept],
    )


def _other_choices(material: Material) -> list[str]:
    policy, names = material.policy, material.names
    told = [f"Intake is planned for {span(material.years)}"]
    if material.repeated:
        told[0] += (
            f"; the decisions of {material.years[-1]} are repeated in {span(material.repeated)}, "
            "so that its cohorts compete for money and places with those that will follow them"
        )
    if material.tail:
        told[0] += f"; people and money are followed to {material.window[-1]}"
    told[0] += f"; value of later years is discounted by {exactly(policy.horizon.discount)} a year."
    for transfer in policy.budget.transfers:
        told.append(
            f"{names.of('line', transfer.from_)} may pass up to {exactly(transfer.share)} of its "
            f"own budget to {names.of('line', transfer.to)}."
        )
    carry = policy.budget.carry_over
    if isinstance(carry, Mapping):
        told += [
            f"{names.of('line', line)} may keep {exactly(share)} of its budget for the next year."
            for line, share in carry.items()
        ]
    elif carry:
        told.append(f"Every line may keep {exactly(carry)} of its own budget for the next year.")
    stability = policy.stability
    if stability is not None and stability.max_change is not None:
        told.append(f"At most {exactly(stability.max_change)} of today's slots may change a year.")
    if stability is not None and stability.penalty:
        told.append(f"Every 1% of today's slots changed costs {stability.penalty:g} points.")
    return told


def assumptions_section(material: Material) -> Section:
    """Give every row of the case whose source says that it is assumed."""
    summary, details = [], []
    for name, table in material.case.tables.items():
        if not len(table):
            continue
        source = table["source"].fillna("").astype(str)
        assumed = source.str.casefold().str.startswith(ASSUMPTION)
        count = int(assumed.sum())
        summary.append(
            (
                sentence(name),
                figures.whole(len(table)),
                figures.whole(count),
                percent(count / len(table)),
            )
        )
        if not count:
            continue
        rows = table[assumed].assign(source=source[assumed])
        rows["note"] = rows["note"].fillna("").astype(str)
        groups = rows.groupby(["source", "note"], sort=False).size().reset_index(name="rows")
        told = [
            (
                row.note or "(no note)",
                "" if row.source.casefold() == ASSUMPTION else row.source,
                figures.whole(row.rows),
            )
            for row in records(groups)
        ]
        caption = f"Assumptions in {sentence(name).lower()}"
        columns = ("Basis of the assumption", "Source", "Rows")
        details.append(
            behind(
                _without_blank(caption, columns, told, (2,)),
                summary=f"{sentence(name)}: {counted(count, 'row')}, "
                f"{counted(len(told), 'assumption')}",
            )
        )
    rows_all = sum(len(table) for table in material.case.tables.values())
    head = ("Table", "Rows", "Assumed", "Share")
    overview = plain_table("Rows of the case that are assumptions", head, summary, (1, 2, 3))
    none = [] if details else [Text(("No row of the case is marked as an assumption.",))]
    lead = (
        f"The case holds {figures.whole(rows_all)} rows. Those whose source begins with "
        f"“{ASSUMPTION}” are listed here with the note that says how they were made."
    )
    return Section("assumptions", "Assumptions", lead, (overview, *none, *details))


def _changes(origin: Mapping[str, Any]) -> Iterator[str]:
    """Every change as it was asked, and what it came to where that is not the same."""
    for address, asked in origin.get("changes", {}).items():
        came = came_to(origin.get("changed_to", {}).get(address))
        yield f"{address} = {asked} (now {came})" if came else f"{address} = {asked}"


def provenance_section(material: Material) -> Section:
    """Give notes of the plan, and what it takes to make it again."""
    plan, origin = material.plan, material.plan.provenance
    blocks: list[Block] = []
    if plan.notes:
        blocks.append(Text(plan.notes, is_list=True, tone="note"))
    facts = [
        ("Case", f"{plan.case}: {material.case.title}"),
        ("Licence of the case", material.case.licence),
        ("Policy", f"{plan.policy}: {material.policy.title}"),
        ("Policy hash", str(origin.get("policy_hash", material.policy.hash))[:HASH_SHOWN]),
        (
            "Changes to the policy",
            ", ".join(_changes(origin)) or "none",
        ),
        *(
            (title, ", ".join(names))
            for title, names in (
                (
                    "Limits added to the policy",
                    [str(x["name"]) for x in origin.get("added_limits", ())],
                ),
                ("Dropped", origin.get("dropped", ())),
            )
            if names
        ),
        ("Seconds", ", ".join(f"{name} {value:.1f}" for name, value in plan.seconds.items())),
        *(
            (sentence(key), _plain(origin[key]))
            for key in ("seed", "threads", "time_limit", "deterministic", "nodes")
            if key in origin
        ),
        *((f"Version of {name}", str(value)) for name, value in origin.get("versions", {}).items()),
    ]
    blocks.append(behind(plain_table("Provenance of the plan", ("What", "Value"), facts)))
    hashes = origin.get("case_hashes", material.case.hashes)
    rows = [(name, str(value)[:HASH_SHOWN]) for name, value in hashes.items()]
    head = ("File", f"SHA-256, first {HASH_SHOWN} digits")
    blocks.append(behind(plain_table("Files of the case", head, rows)))
    blocks += [behind(table) for table in (_scales(material), _ranges(material)) if table.rows]
    lead = "Notes for the reader, and everything needed to reproduce the plan."
    return Section("provenance", "Notes and provenance", lead, tuple(blocks))


def _plain(value: object) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _scales(material: Material) -> Table:
    scales = material.plan.provenance.get("scales", {})
    rows = [(sentence(goal), f"{value:,.6g}") for goal, value in scales.items()]
    return plain_table("Scale of each goal", ("Goal", "Raw value that counts as 1"), rows, (1,))


def _ranges(material: Material) -> Table:
    rows = [
        (
            sentence(str(row["goal"])),
            str(row["table"]),
            str(row["column"]).replace("_", " "),
            number(float(row["low"])),
            number(float(row["high"])),
        )
        for row in material.plan.provenance.get("ranges", [])
    ]
    head = ("Goal", "Table", "Indicator", "Scores 0 at", "Scores 1 at")
    return plain_table("Ranges of the indicators", head, rows, (3, 4))
