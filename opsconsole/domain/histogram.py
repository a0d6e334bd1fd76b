"""Percentiles out of histogram buckets, by the rule of Prometheus' `histogram_quantile`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quantile:
    """A percentile that was read from buckets.

    Attributes:
        value: the estimate, in the buckets' unit.
        beyond: the true value lies above the highest finite bound, and `value` is that bound: at least so much.
    """

    value: float
    beyond: bool = False


def quantile(buckets: Mapping[float, float], share: float) -> Quantile | None:
    """The value below which `share` (0…1) of what was observed lies; None where the buckets cannot tell.

    Within a bucket the observations are taken to lie evenly, and the lowest bucket to begin at zero unless its
    bound is not positive. Where the wanted place lies in the bucket without a bound, the highest finite bound is
    given. Buckets that fall where they may only rise (summed over series with different bounds, or read while
    they were written) are lifted to the one before. All of this is as Prometheus documents its function:
    https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile

    Args:
        buckets: upper bound → how many observations lie at or below it; the bound `math.inf` must be among them,
            as well as one finite bound.
        share: which percentile, 0.95 for p95.

    Raises:
        ValueError: `share` is not between 0 and 1.
    """
    if not 0 <= share <= 1:
        raise ValueError("a percentile lies between 0 and 1")
    bounds = sorted(bound for bound in buckets if not math.isnan(bound))
    if len(bounds) < 2 or bounds[-1] != math.inf:
        return None
    cumulative: list[float] = []
    highest = 0.0
    for bound in bounds:
        highest = max(highest, buckets[bound])
        cumulative.append(highest)
    if not highest > 0 or math.isinf(highest):
        return None
    wanted = share * highest
    place = next(index for index, count in enumerate(cumulative) if count >= wanted)
    if place == len(bounds) - 1:
        return Quantile(bounds[-2], beyond=True)
    if place == 0 and bounds[0] <= 0:
        return Quantile(bounds[0])
    below, before = (bounds[place - 1], cumulative[place - 1]) if place else (0.0, 0.0)
    inside = cumulative[place] - before
    if inside <= 0:  # nothing lies before the wanted place: the lowest bucket is empty and p0 was asked for
        return Quantile(below)
    part = min(max((wanted - before) / inside, 0.0), 1.0)
    return Quantile(min(max(below + (bounds[place] - below) * part, below), bounds[place]))
