"""Designs of random draws: samples, and what Sobol indices are computed from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import pi, sin

import numpy as np

from optimizer.errors import OptimizerError, did_you_mean, shorten
from optimizer.frames.arrays import Floats
from optimizer.io.toml import frozen
from optimizer.sweeps.designs import Design, levers_in, require_count
from optimizer.sweeps.distributions import Correlated, Distribution

_METHODS = ("sobol", "latin")

_LARGEST = 2**32 - 1
"""Largest seed and number."""

_EDGE = 2.0**-40
"""How near to 0 and 1 a draw may come, where it is turned into one of a bell curve."""


def sample_design(
    levers: Mapping[str, object],
    n: object,
    *,
    method: object = "sobol",
    seed: object = 0,
    groups: Sequence[Correlated] = (),
    rescale: bool = False,
) -> Design:
    """Draws of all levers at once, each as likely as the others."""
    known = _distributions("sample", levers)
    draws = _draws("sample", n, power_of_two=method == "sobol")
    if not isinstance(method, str) or method not in _METHODS:
        maybe = did_you_mean(method, _METHODS) if isinstance(method, str) else None
        hint = f"; maybe {maybe}" if maybe else ""
        raise OptimizerError(f"sample: method is {shorten(ascii(method))}, not sobol, latin{hint}")
    shares = _correlated(
        _shares(str(method), len(known), draws, _whole("sample", "seed", seed)), list(known), groups
    )
    drawn = [each.drawn(shares[:, at]) for at, each in enumerate(known.values())]
    design, width = Design(rescale), len(str(draws))
    for number, values in enumerate(zip(*drawn, strict=True), start=1):
        made = dict(zip(known, values, strict=True))
        design.add(f"draw_{number:0{width}}", made, probability=1 / draws, draw=number)
    return design


def sobol_design(
    levers: Mapping[str, object], n: object, *, seed: object = 0, rescale: bool = False
) -> Design:
    """Two samples A and B, and A with one lever at a time as in B, as Sobol indices need them.

    Saltelli et al. (2010), Computer Physics Communications 181, 259-270; the same matrices as
    those of :func:`scipy.stats.sobol_indices`.
    """
    known = _distributions("sobol", levers)
    draws = _draws("sobol", n, power_of_two=True)
    require_count("sobol", draws * (len(known) + 2))
    shares = _shares("sobol", 2 * len(known), draws, _whole("sobol", "seed", seed))
    a, b = (
        [each.drawn(shares[:, first + at]) for at, each in enumerate(known.values())]
        for first in (0, len(known))
    )
    mixed = {lever: [*a[:at], b[at], *a[at + 1 :]] for at, lever in enumerate(known)}
    design, width = Design(rescale), len(str(draws))
    for matrix, lever, columns in [
        ("A", "", a),
        ("B", "", b),
        *(("AB", lever, columns) for lever, columns in mixed.items()),
    ]:
        stem = f"AB{list(known).index(lever) + 1}" if lever else matrix
        for number, values in enumerate(zip(*columns, strict=True), start=1):
            made = dict(zip(known, values, strict=True))
            about = {"matrix": matrix, "draw": number} | ({"lever": lever} if lever else {})
            design.add(f"{stem}_{number:0{width}}", made, **about)
    return design


def _shares(method: str, dimensions: int, n: int, seed: int) -> Floats:
    from scipy.stats import qmc

    rng = np.random.default_rng(seed)
    if method == "sobol":
        return qmc.Sobol(dimensions, rng=rng).random(n)
    return qmc.LatinHypercube(dimensions, rng=rng).random(n)


def _correlated(shares: Floats, levers: list[str], groups: Sequence[Correlated]) -> Floats:
    """Let groups of levers move together, through a Gaussian copula.

    The correlation of the bell curves that gives ranks a correlation r is 2 sin(pi r / 6).
    """
    from scipy.special import ndtr, ndtri

    taken: set[str] = set()
    found = shares.copy()
    for group in groups:
        if not isinstance(group, Correlated):
            told = shorten(ascii(group))
            raise OptimizerError(f"sample: {told} is not a group, such as correlated(levers, 0.8)")
        for lever in group.levers:
            if lever not in levers or lever in taken:
                told = "is in two groups" if lever in taken else "is not a lever of the sample"
                raise OptimizerError(f"sample: {shorten(repr(lever))}, correlated, {told}")
            taken.add(lever)
        places = [levers.index(lever) for lever in group.levers]
        size = len(places)
        wanted = np.full((size, size), 2 * sin(pi * group.correlation / 6))
        np.fill_diagonal(wanted, 1.0)
        values, vectors = np.linalg.eigh(wanted)
        root = vectors * np.sqrt(np.clip(values, 0, None))
        # The first keeps its draws, whatever the others do.
        upper = np.linalg.qr(root.T).R
        lower = (upper * np.where(np.diag(upper) < 0, -1.0, 1.0)[:, np.newaxis]).T
        normal_scores = ndtri(np.clip(shares[:, places], _EDGE, 1 - _EDGE))
        found[:, places] = ndtr(normal_scores @ lower.T)
    return found


def _distributions(design: str, levers: object) -> dict[str, Distribution]:
    found = dict(levers_in(design, levers))
    for address, each in found.items():
        if not isinstance(each, Distribution):
            expected = "a distribution, such as uniform(0.8, 1.2)"
            raise OptimizerError(f"{design}: {address} has {shorten(ascii(each))}, not {expected}")
    return found


def _draws(design: str, n: object, *, power_of_two: bool) -> int:
    """The number of draws; refused where it is none."""
    draws = _whole(design, "n", n)
    if draws == 0:
        raise OptimizerError(f"{design}: n is 0, so that there is no draw")
    require_count(design, draws)
    if power_of_two and draws & (draws - 1):
        below = 1 << (draws.bit_length() - 1)
        hint = "" if design == "sobol" else ', or method="latin", which takes any number'
        told = f"a power of two, so that every range is drawn from as often: {below} or {2 * below}"
        raise OptimizerError(f"{design}: n is {draws}, not {told}{hint}")
    return draws


def _whole(design: str, name: str, number: object) -> int:
    plain = frozen(number)
    if isinstance(plain, bool) or not isinstance(plain, int) or not 0 <= plain <= _LARGEST:
        told = f"{shorten(ascii(plain))}, not a whole number from 0 to {_LARGEST}"
        raise OptimizerError(f"{design}: {name} is {told}")
    return plain
