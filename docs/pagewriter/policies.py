"""One page for each policy in ``models/``, from its file."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from optimizer.policy import Policy, load_policy
from pagewriter import sentences
from pagewriter.markdown import table
from pagewriter.prices import section_beside
from pagewriter.sentences import percent, plain

MODELS = Path(__file__).resolve().parents[2] / "models"
PARTS: tuple[tuple[str, Callable[[Policy], list[str]]], ...] = (
    ("Money", lambda policy: sentences.budget(policy.budget)),
    ("Change against today", lambda policy: sentences.stability(policy.stability)),
    ("Years", lambda policy: sentences.horizon(policy.horizon)),
    ("How well it is solved", lambda policy: sentences.solver(policy.solver)),
)


def policies() -> list[Policy]:
    """Every policy in ``models/``; those that others start from come first."""
    loaded = [load_policy(path) for path in sorted(MODELS.glob("*.toml"))]
    started_from = {policy.extends for policy in loaded}
    return sorted(loaded, key=lambda policy: policy.path.name not in started_from)


def policy_list() -> str:
    """Policies in one table, with links to their pages."""
    rows = [
        (f"[{policy.name}](policies/{policy.name}.md)", policy.title, _cases(policy))
        for policy in policies()
    ]
    return table(["policy", "in a word", "meant for"], rows)


def policy_pages() -> dict[str, str]:
    """Text of every policy's page, by its name below ``docs/``."""
    return {f"policies/{policy.name}.md": policy_page(policy) for policy in policies()}


def policy_page(policy: Policy) -> str:
    """One policy with its reasons, as read from its file."""
    file = f"[models/{policy.path.name}](../../models/{policy.path.name})"
    parts = [
        f"# {policy.title}",
        f"The policy `{policy.name}`, for {_cases(policy)}, written by `docs/generate.py` from "
        f"{file}. What the words mean: [glossary](../glossary.md); every key: "
        "[policies](../policies.md).",
        f"**Why.** {_one_line(policy.why)}",
    ]
    if policy.extends:
        parts.append(_differences(policy, load_policy(MODELS / policy.extends)))
    parts.append(_goals(policy))
    if policy.limits:
        parts.append("## Limits\n\n" + "\n".join(_limits(policy)))
    if policy.support_floor:
        floors = [
            f"* {sentences.support(floor)}{_reasons(floor.why, floor.source)}"
            for floor in policy.support_floor
        ]
        parts.append("## Support of people\n\n" + "\n".join(floors))
    if policy.fairness:
        parts.append("## Fairness\n\n" + "\n".join(_divisions(policy)))
    if policy.stakeholders:
        told = "Who weighs the goals in ways of its own: [stakeholders](../stakeholders.md)."
        parts.append(f"## Stakeholders\n\n{told}\n\n" + "\n".join(_stakeholders(policy)))
    parts += [f"## {name}\n\n{_bullets(tell(policy))}" for name, tell in PARTS]
    parts.append(section_beside(policy))
    return "\n\n".join(filter(None, parts)) + "\n"


def _cases(policy: Policy) -> str:
    return "every case" if "*" in policy.cases else f"case {', '.join(policy.cases)}"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"* {line}" for line in lines)


def _reasons(why: str, source: str) -> str:
    told = f" *{_one_line(why)}*" if why else ""
    return f"{told} Source: {_one_line(source)}." if source else told


def _shares(policy: Policy) -> dict[str, float]:
    """Each goal's part of all weight; negative for what is to be avoided."""
    total = sum(abs(goal.weight) for goal in policy.goals.values())
    return {name: round(goal.weight / total, 4) for name, goal in policy.goals.items()}


def _goals(policy: Policy) -> str:
    shares = _shares(policy)
    rows = [(f"[{plain(name)}](#{_anchor(name)})", percent(shares[name])) for name in policy.goals]
    parts = ["## Goals", table(["goal", "share of the weight"], rows)]
    for name, goal in policy.goals.items():
        reasons = _reasons(goal.why, goal.source).strip()
        parts += [f"### {plain(name).capitalize()}", reasons, _bullets(sentences.goal(goal))]
    return "\n\n".join(filter(None, parts))


def _anchor(name: str) -> str:
    return plain(name).replace(" ", "-")


def _limits(policy: Policy) -> list[str]:
    return [
        f"* **{plain(limit.name).capitalize()}.** {sentences.limit(limit)}"
        f"{_reasons(limit.why, limit.source)}"
        for limit in policy.limits
    ]


def _divisions(policy: Policy) -> list[str]:
    return [
        f"* **{plain(each.name).capitalize()}.** {sentences.division(each)}"
        f"{_reasons(each.why, each.source)}"
        for each in policy.fairness
    ]


def _stakeholders(policy: Policy) -> list[str]:
    return [
        f"* **{each.name}{f' ({each.agency})' if each.agency else ''}.** "
        f"{sentences.stakeholder(each)}{_reasons(each.why, each.source)}"
        for each in policy.stakeholders
    ]


def _differences(policy: Policy, base: Policy) -> str:
    """Changes of a policy to the one it extends."""
    mine, theirs = _shares(policy), _shares(base)
    rows = [
        (f"weight of {plain(name)}", percent(theirs.get(name, 0.0)), percent(mine.get(name, 0.0)))
        for name in dict.fromkeys([*theirs, *mine])
        if mine.get(name) != theirs.get(name)
    ]
    known = {limit.name: sentences.limit(limit) for limit in base.limits}
    for limit in policy.limits:
        told, before = sentences.limit(limit), known.get(limit.name, "")
        if told != before:
            rows.append((f"limit {plain(limit.name)}", before or "none", told))
    for name, tell in (("Support of people", _floors), ("Fairness", _divisions), *PARTS):
        gone = [line for line in tell(base) if line not in tell(policy)]
        new = [line for line in tell(policy) if line not in tell(base)]
        if gone or new:
            rows.append((name.lower(), " ".join(gone) or "none", " ".join(new) or "none"))
    start = f"[{base.name}]({base.name}.md)"
    heading = f"## What it changes\n\nIt starts from {start} and changes the following.\n\n"
    return heading + table(["", f"in {base.name} only", f"in {policy.name} only"], rows)


def _floors(policy: Policy) -> list[str]:
    return [sentences.support(floor) for floor in policy.support_floor]
