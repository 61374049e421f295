"""Host regions: the 47 prefectures and `abroad`."""

from __future__ import annotations

from collections.abc import Collection

from .sources import Row, plain, read, read_by

STOCKS = read_by("residents_by_status_2025-12", "name_en")
METROPOLITAN = read_by("metropolitan_prefectures", "region")
PREFECTURES = {
    row["name_en"].lower(): {**STOCKS[row["name_en"]], **row} for row in read("prefectures")
}
ABROAD = "abroad"
TILES = read_by("tile_grid", "region")


def prefecture_number(region: str, column: str) -> float:
    """Return one figure of a prefecture."""
    return float(PREFECTURES[region][column])


def shares(driver_names: str) -> dict[str, float]:
    """Return each prefecture's mean share of the national totals of the drivers joined by ``+``."""
    drivers = driver_names.split("+")
    totals = {d: sum(prefecture_number(r, d) for r in PREFECTURES) for d in drivers}
    return {
        region: sum(prefecture_number(region, d) / totals[d] for d in drivers) / len(drivers)
        for region in PREFECTURES
    }


def spread(
    total: int, driver_names: str, among: Collection[str] = tuple(PREFECTURES)
) -> dict[str, int]:
    """Return whole persons by prefecture that add up to a total: largest remainders first."""
    parts = {region: part for region, part in shares(driver_names).items() if region in among}
    exact = {region: total * part / sum(parts.values()) for region, part in parts.items()}
    persons = {region: int(number) for region, number in exact.items()}
    left = total - sum(persons.values())
    for region in sorted(exact, key=lambda r: (persons[r] - exact[r], r))[:left]:
        persons[region] += 1
    return persons


def _tiles(region: str) -> Row:
    tile = TILES[region]
    return {"tile_row": tile["tile_row"], "tile_column": tile["tile_column"]}


def _prefecture_row(region: str, facts: Row) -> Row:
    return {
        "region": region,
        "name": facts["name_en"],
        "area": facts["region"],
        "population": facts["pop_2024_10"],
        "population_change": plain(float(facts["pop_change_2012_2022_pct"]), 2),
        "aged_share": plain(float(facts["aged_share_2022"]), 4),
        "job_openings_ratio": plain(float(facts["job_ratio_fy2022"]), 3),
        "foreign_share": plain(float(facts["foreign_share_2025_06"]), 5),
        "foreign_residents_2025_06": facts["foreign_residents_2025_06"],
        "residents_today": facts["total"],
        "metropolitan": "yes" if region in METROPOLITAN else "no",
        "attraction": facts["total"],
        **_tiles(region),
        "source": "sources/prefectures.csv",
        "note": "",
    }


def region_rows() -> list[Row]:
    """Return the regions table; the indicators of `abroad` stay blank."""
    rows = [_prefecture_row(region, facts) for region, facts in PREFECTURES.items()]
    abroad = dict.fromkeys(rows[0], "")
    abroad.update({"region": ABROAD, "name": "Abroad", "area": "Abroad", **_tiles(ABROAD)})
    abroad["source"] = "assumption"
    abroad["note"] = "a place beyond the prefectures, host of outbound tracks only; no indicators"
    return [*rows, abroad]
