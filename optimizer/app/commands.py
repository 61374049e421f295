"""Commands that give what the page shows."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

from optimizer.app.moves import Setting
from optimizer.io.changes import change_in_words
from optimizer.policy import Policy
from optimizer.schema.addresses import cells_and_keys, names_of

OTHER_SCALES = (
    "Its goals may have other scales, as its rules are others, and then its points are not those "
    "of this page: write a run folder too, and add --scales with its path"
)


def command_solving(
    policy: Path | str, case: Path | None, changes: Mapping[str, object], scales: str | None
) -> str:
    """Write the command that solves a policy.

    Parameters
    ----------
    case
        ``None`` where the policy holds it.
    scales
        Folder of the run whose scales count, if any.
    """
    words = ["optimizer", "solve", str(policy), *([] if case is None else [str(case)])]
    for address, value in changes.items():
        words += ["--set", change_in_words(address, value)]
    return shlex.join([*words, *([] if scales is None else ["--scales", scales])])


def moves_scales(policy: Policy, setting: Setting) -> bool:
    """Whether a policy that is as set may have other scales: ideals follow from its rules."""
    has_ideals = any(goal.scale == "ideal" for goal in policy.goals.values())
    keys = map(names_of, cells_and_keys(setting.changes)[1])
    are_weights = (names is not None and names[::2] == ("goals", "weight") for names in keys)
    return has_ideals and (bool(setting.demands) or not all(are_weights))
