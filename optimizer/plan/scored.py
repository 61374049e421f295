"""Countries by their score for each goal, as a table."""

from __future__ import annotations

import pandas as pd

from optimizer.instance import Instance


def country_scores(instance: Instance) -> pd.DataFrame:
    """goal, country, score, rank: of goals with indicators of countries, the best first.

    Countries of the same score share the best of their ranks.
    """
    goals = instance.policy.goals
    scores = instance.scores.countries[[name for name in goals if goals[name].indicators]]
    table = scores.rename_axis("country").reset_index()
    table = table.melt("country", var_name="goal", value_name="score")
    ranks = table.groupby("goal", sort=False)["score"].rank(method="min", ascending=False)
    table = table.assign(rank=ranks.astype("int64"), order=table["goal"].map(list(goals).index))
    table = table.sort_values(["order", "rank"], kind="stable", ignore_index=True)
    return table[["goal", "country", "score", "rank"]].astype({"goal": "str", "country": "str"})
