"""Works out what each rule of a policy costs on the Japan case, for the policy's page.

    python docs/price_rules.py                 # policies whose prices are of an earlier version
    python docs/price_rules.py balanced ...    # these policies

A policy takes some minutes. The figures are written to ``docs/policies/NAME.prices.csv``;
``docs/generate.py`` puts them on the page.
"""

from __future__ import annotations

import sys
from time import monotonic

import pandas as pd
from pagewriter.policies import policies
from pagewriter.prices import CASE, priced_rules, table_path, version_of, worked_out, written

from optimizer import Policy


def is_stale(policy: Policy) -> bool:
    """Whether the prices of a policy are missing, or of an earlier version."""
    path = table_path(policy)
    return not path.is_file() or set(pd.read_csv(path)["hash"]) != {version_of(policy)}


def main(names: list[str]) -> None:
    """Work out the prices of some policies, one after the other."""
    for policy in policies():
        asked = policy.name in names if names else is_stale(policy)
        if asked and policy.is_for(CASE.name) and priced_rules(policy):
            begun = monotonic()
            text = written(worked_out(policy))
            table_path(policy).write_text(text, encoding="utf-8")
            print(f"{policy.name}: {monotonic() - begun:.0f} s", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
