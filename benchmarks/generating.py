"""Draws a case of any size from the Japan case."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from optimizer.case import Case
from optimizer.case.writing import Contents

ABROAD = "abroad"
ORDER = [
    "gov_scholars",
    "engineers",
    "joint_research",
    "ssw1",
    "scholars_at_risk",
    "esd",
    "researchers",
    "outbound_fellows",
    "students",
    "internships",
    "skills_exchange",
    "professionals_at_risk",
    "residency",
    "specialised_work",
    "ssw2",
    "entrepreneurs",
    "language_school",
]
"""Tracks in the order in which smaller cases take them, so that no kind of rule is lost."""
FIRST = 2
"""China and South Korea, two of the three countries with an easier way to the language."""
NOISE = 0.3
PROMISED = 0.6
"""Part of Japan's commitments, relative to applicants: draws must not make them impossible."""
TILES = 20
"""Regions in a row of the tile map."""
DISTINCT = 10
"""A figure of countries or regions with more values than this is no class and gets noise."""


@dataclass(frozen=True)
class Size:
    """How large a case is; ``regions`` without the one abroad, 0 for a national case."""

    countries: int
    tracks: int
    regions: int
    years: int
    seed: int = 1


class Generator:
    """Draws one case."""

    def __init__(self, japan: Case, size: Size) -> None:
        self.japan, self.size = japan, size
        self.random = np.random.default_rng(size.seed)
        last = japan.years[0] + size.years
        self.years = tuple(range(japan.years[0], last))
        self.tracks = _clones("track", ORDER, size.tracks)
        base = [str(name) for name in japan.table("countries")["country"]]
        self.countries = self._drawn("country", base, size.countries)
        base = [str(name) for name in japan.table("regions")["region"] if name != ABROAD]
        self.regions = self._drawn("region", base, size.regions)
        if size.regions:
            self.regions.loc[len(self.regions)] = [ABROAD, ABROAD]
        self.pools = self._pools()
        self.applicants = self._applicants()
        self.growth = self._growth()

    def _drawn(self, name: str, base: list[str], number: int) -> pd.DataFrame:
        """New names and what each was drawn from: all once in random order, then all again.

        The first of the Japan case always come first: small cases must not lose a kind of row.
        """
        rounds = [np.array(base[:FIRST], dtype=object)]
        rounds += [self.random.permutation(base[FIRST:]), self.random.permutation(base)]
        rounds += [self.random.permutation(base) for _ in range(number // len(base))]
        chosen = np.concatenate(rounds)[:number].tolist()
        names = [f"{name[0].upper()}{position:03d}" for position in range(1, number + 1)]
        return pd.DataFrame({name: names, "base": chosen}, dtype="str")

    def _pools(self) -> pd.DataFrame:
        """Japan's applicants; who comes there by forecast applies here, since all is planned."""
        coming = self.japan.table("forecasts_by_country").rename(columns={"persons": "applicants"})
        columns = ["country", "track", "applicants"]
        return pd.concat([self.japan.table("applicants")[columns], coming[columns]])

    def _tracks(self) -> pd.DataFrame:
        frame = self._copied("tracks", track=self.tracks)
        return frame.assign(allocation="planned", min_cohort=frame["min_cohort"].clip(lower=1))

    def contents(self) -> Contents:
        """The whole case."""
        japan = self.japan
        tables = {
            "countries": self._with_noise("countries", self.countries, "country"),
            "tracks": self._tracks(),
            "continuations": self._continuations(),
            "support_levels": self._copied("support_levels", track=self.tracks),
            "applicants": self.applicants.drop(columns=["base_country", "base_track"]),
            "national_caps": self._yearly(self._grown("national_caps", "max")),
            "budgets": self._budgets(),
            "costs": self._costs(),
            "agreements": self._copied("agreements", country=self.countries, track=self.tracks),
            "commitments": self._commitments(),
            "current_plan": self._current_plan(),
        }
        if self.size.regions:
            tables |= {
                "regions": self._with_noise("regions", self.regions, "region"),
                "sites": self._sites(),
                "region_costs": self._copied(
                    "region_costs", track=self.tracks, region=self.regions
                ),
                "services": self._services(),
                "service_use": self._copied("service_use", track=self.tracks),
            }
        else:
            bands = [name for name in tables["countries"] if str(name).startswith("band_")]
            tables["countries"] = tables["countries"].drop(columns=bands)
        return Contents(
            title=f"Generated: {self.size}",
            currency=japan.currency,
            years=self.years,
            country_codes="any",
            licence=japan.licence,
            attributes={
                table: columns for table, columns in japan.attributes.items() if table in tables
            },
            tables=tables,
        )

    def _copied(self, table: str, **drawn: pd.DataFrame) -> pd.DataFrame:
        """A table of Japan with a row for every draw of what its keys name; blanks stay blank."""
        frame = self.japan.table(table).copy()
        columns = list(frame.columns)
        for key, names in drawn.items():
            blank = frame[frame[key].eq("")]
            rows = frame[frame[key].ne("")].rename(columns={key: "base"})
            frame = pd.concat([rows.merge(names, on="base").drop(columns="base"), blank])
        return frame[columns].reset_index(drop=True)

    def _with_noise(self, table: str, names: pd.DataFrame, key: str) -> pd.DataFrame:
        frame = names.merge(
            self.japan.table(table).rename(columns={key: "base"}), on="base", how="left"
        )
        for column in frame.select_dtypes("float64"):
            values = frame[column]
            if values.nunique() > DISTINCT and values.abs().max() > 1:
                frame[column] = values * np.exp(NOISE * self.random.standard_normal(len(frame)))
        if table == "regions":
            place = np.arange(len(frame))
            frame["tile_row"] = pd.Series(place // TILES + 1, dtype="Int64")
            frame["tile_column"] = pd.Series(place % TILES + 1, dtype="Int64")
        frame["name"] = frame["name"] + " " + frame[key]
        return frame[list(self.japan.table(table).columns)]

    def _applicants(self) -> pd.DataFrame:
        """Eligible pairs as drawn; applicants log-normal by track, correlated by country."""
        table = self.pools
        logs = np.log(table["applicants"].clip(lower=1))
        of_track = logs.groupby(table["track"])
        mean, deviation = of_track.mean(), of_track.std()
        standard = (logs - table["track"].map(mean)) / table["track"].map(deviation)
        shared = float(standard.groupby(table["country"]).mean().var(ddof=0))
        base = table[["country", "track"]].rename(columns={"country": "base", "track": "on"})
        pairs = base.merge(self.countries, on="base").rename(columns={"base": "base_country"})
        pairs = pairs.merge(self.tracks.rename(columns={"base": "on"}), on="on")
        country = pd.Series(
            self.random.standard_normal(len(self.countries)), index=self.countries["country"]
        )
        own = self.random.standard_normal(len(pairs))
        drawn = np.sqrt(shared) * pairs["country"].map(country) + np.sqrt(1 - shared) * own
        figures = np.exp(pairs["on"].map(mean) + pairs["on"].map(deviation) * drawn)
        pairs["applicants"] = figures.round().clip(lower=1).astype("int64")
        pairs = pairs.rename(columns={"on": "base_track"})
        return pairs[["country", "track", "applicants", "base_country", "base_track"]]

    def _growth(self) -> pd.Series:
        """Applicants of every track against Japan's; tracks of stayers grow like all others."""
        before = self.pools.groupby("track")["applicants"].sum()
        after = self.applicants.groupby("track")["applicants"].sum()
        tracks = self.tracks.set_index("track")["base"]
        ratio = after.reindex(tracks.index) / tracks.map(before)
        overall = after.sum() / before.sum() / max(1.0, self.size.tracks / len(ORDER))
        return ratio.fillna(overall)

    def _grown(self, table: str, *columns: str, share: float = 1.0) -> pd.DataFrame:
        """A table by track, with figures that grow with the track's applicants."""
        frame = self._copied(table, track=self.tracks)
        for column in columns:
            grown = frame[column] * frame["track"].map(self.growth) * share
            frame[column] = np.ceil(grown)
        return frame

    def _yearly(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Rows for every year: the last year of Japan repeats."""
        given = pd.DataFrame({"wanted": self.years})
        given["year"] = given["wanted"].clip(upper=self.japan.years[-1])
        columns = list(frame.columns)
        frame = frame.astype({"year": "int64"}).merge(given, on="year")
        return frame.drop(columns="year").rename(columns={"wanted": "year"})[columns]

    def _continuations(self) -> pd.DataFrame:
        """Continuations lead to the next track's own clone, or to the first of its clones."""
        frame = self.japan.table("continuations").rename(columns={"track": "base"})
        frame = frame.merge(self.tracks, on="base").drop(columns="base")
        suffix = frame["track"].str.extract(r"(_\d+)$")[0].fillna("")
        known = set(self.tracks["track"])
        own = frame["next_track"] + suffix
        frame["next_track"] = own.where(own.isin(known), frame["next_track"])
        frame = frame[frame["next_track"].isin(known)]
        return frame[list(self.japan.table("continuations").columns)]

    def _commitments(self) -> pd.DataFrame:
        """Promises in Japan's ratio to applicants, of whom no country counts for more than a tenth.

        Shares by country would otherwise make promises impossible where one draw is very large.
        """
        frame = self._yearly(self._grown("commitments", "at_least", share=PROMISED))
        people = self.applicants.groupby("track")["applicants"]
        counted = self.applicants["applicants"].clip(upper=people.transform("sum") / 10)
        counted = counted.groupby(self.applicants["track"]).sum() / people.sum()
        frame["at_least"] = np.floor(frame["at_least"] * frame["track"].map(counted))
        return frame

    def _current_plan(self) -> pd.DataFrame:
        now = self.japan.table("current_plan").merge(self.pools, on=["country", "track"])
        now["share"] = now["slots"] / now["applicants"]
        now = now.rename(columns={"country": "base_country", "track": "base_track"})
        keys = ["base_country", "base_track"]
        plan = self.applicants.merge(now[[*keys, "share"]], on=keys)
        plan["slots"] = (plan["applicants"] * plan["share"]).round()
        return plan[["country", "track", "slots"]]

    def _demand(self, table: str, by: str, amount: str) -> pd.Series:
        """What everybody who applies would need, against Japan, by line or service."""
        needs = self.japan.table(table)
        plain = needs[needs["level"].isin(["", "standard"])]
        plain = plain[plain["country"].eq("")] if "country" in plain else plain
        each = plain.groupby(["track", by])[amount].sum().rename("each").reset_index()
        before = self.pools.groupby("track")["applicants"].sum()
        after = self.applicants.groupby("base_track")["applicants"].sum()
        total = [
            (each["each"] * each["track"].map(people).fillna(0)).groupby(each[by]).sum()
            for people in (before, after)
        ]
        overall = after.sum() / before.sum()
        return (total[1] / total[0]).where(total[0] > 0).fillna(overall)

    def _budgets(self) -> pd.DataFrame:
        demand = self._demand("costs", "line", "amount")
        frame = self._yearly(self.japan.table("budgets"))
        growth = frame["line"].map(demand).fillna(float(demand.mean()))
        frame["amount"] = (frame["amount"] * growth).round()
        return frame

    def _costs(self) -> pd.DataFrame:
        return self._copied("costs", track=self.tracks, country=self.countries)

    def _sites(self) -> pd.DataFrame:
        """Places by region as drawn, with noise, in Japan's ratio to applicants."""
        frame = self._copied("sites", track=self.tracks, region=self.regions)
        frame = self._hosting(frame)
        frame = frame.assign(noise=np.exp(NOISE * self.random.standard_normal(len(frame))))
        weight = frame["max_slots"] * frame["noise"]
        japan = self._hosting(self.japan.table("sites")).groupby("track")["max_slots"].sum()
        base = frame["track"].map(self.tracks.set_index("track")["base"])
        wanted = base.map(japan) * frame["track"].map(self.growth)
        total = weight.groupby(frame["track"]).transform("sum").clip(lower=1.0)
        frame["max_slots"] = np.ceil(weight / total * wanted).astype("int64")
        return frame.drop(columns="noise")

    def _hosting(self, sites: pd.DataFrame) -> pd.DataFrame:
        """Sites with places for those who come by forecast, half as many again as do."""
        coming = self.japan.table("forecasts_by_region").groupby("track")["persons"].sum()
        base = sites["track"].str.replace(r"_\d+$", "", regex=True)
        places = (1.5 * base.map(coming) / base.groupby(base).transform("size")).round()
        return sites.assign(max_slots=places.fillna(sites["max_slots"]).astype("int64"))

    def _services(self) -> pd.DataFrame:
        """Capacity by region as drawn, with noise; steps of expansion grow with it."""
        frame = self._yearly(self._copied("services", region=self.regions))
        noise = np.exp(NOISE * self.random.standard_normal(len(self.regions)))
        frame["factor"] = frame["region"].map(pd.Series(noise, index=self.regions["region"]))
        japan = self.japan.table("services")
        year = self.japan.years[-1]
        before = japan[japan["year"].eq(year)].groupby("service")["capacity"].sum()
        then = frame[frame["year"].eq(year if year in self.years else self.years[-1])]
        after = (then["capacity"] * then["factor"]).groupby(then["service"]).sum()
        demand = self._demand("service_use", "service", "units")
        growth = frame["service"].map(before * demand / after) * frame["factor"]
        for column in ("capacity", "expansion_unit", "expansion_cost", "upkeep"):
            frame[column] = (frame[column] * growth).round()
        return frame.drop(columns="factor")


def _clones(name: str, base: list[str], number: int) -> pd.DataFrame:
    """The first ``number`` of the names; further rounds carry a number."""
    rows = [
        (
            base[i % len(base)] + (f"_{i // len(base) + 1}" if i >= len(base) else ""),
            base[i % len(base)],
        )
        for i in range(number)
    ]
    return pd.DataFrame(rows, columns=[name, "base"], dtype="str")
