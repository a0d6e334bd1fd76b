"""Percentiles out of buckets."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsconsole.domain.histogram import Quantile, quantile

INF = math.inf
BUCKETS = st.builds(
    lambda bounds, counts: dict(zip([*sorted(bounds), INF], counts, strict=False)),
    st.lists(st.floats(0.001, 1000), min_size=1, max_size=8, unique=True),
    st.lists(st.integers(0, 10_000), min_size=9, max_size=9),
).filter(lambda buckets: any(buckets.values()))
"""Any counts at all: falling ones too, as from series with different bounds."""


def test_observations_lie_evenly_in_their_bucket() -> None:
    assert quantile({0.1: 0, 0.2: 10, INF: 10}, 0.5) == Quantile(pytest.approx(0.15))
    assert quantile({0.2: 10, INF: 10}, 0.5) == Quantile(0.1)


def test_beyond_the_last_bound_there_is_only_at_least() -> None:
    assert quantile({0.1: 1, 1.0: 2, INF: 100}, 0.95) == Quantile(1.0, beyond=True)


def test_a_lowest_bucket_that_is_not_positive_gives_its_bound() -> None:
    assert quantile({-1.0: 5, 1.0: 5, INF: 5}, 0.5) == Quantile(-1.0)
    assert quantile({0.0: 5, 1.0: 5, INF: 5}, 0.5) == Quantile(0.0)


def test_empty_buckets_before_the_first_observation_are_passed_over() -> None:
    assert quantile({0.1: 0, 0.5: 0, 1.0: 4, INF: 4}, 0.25) == Quantile(0.625)


def test_a_bucket_that_falls_is_lifted_to_the_one_before() -> None:
    assert quantile({0.1: 10, 0.2: 4, INF: 10}, 0.99) == quantile({0.1: 10, 0.2: 10, INF: 10}, 0.99)


@pytest.mark.parametrize(
    "buckets", [{}, {INF: 5}, {0.1: 5}, {0.1: 5, 0.2: 5}, {0.1: 0, INF: 0}, {0.1: math.nan, INF: math.nan}]
)
def test_where_buckets_cannot_tell_there_is_no_percentile(buckets: dict[float, float]) -> None:
    assert quantile(buckets, 0.5) is None


@pytest.mark.parametrize("share", [-0.1, 1.1, math.nan])
def test_a_share_that_is_none_is_refused(share: float) -> None:
    with pytest.raises(ValueError):
        quantile({0.1: 1, INF: 1}, share)


@given(BUCKETS, st.floats(0, 1))
def test_a_percentile_lies_between_zero_and_the_highest_finite_bound(
    buckets: dict[float, float], share: float
) -> None:
    found = quantile({**buckets, INF: max(buckets.values())}, share)
    assert found is not None
    assert 0 <= found.value <= max(bound for bound in buckets if bound < INF)


@given(BUCKETS)
def test_a_higher_percentile_is_never_lower(buckets: dict[float, float]) -> None:
    shares = [place / 40 for place in range(41)]
    values = [found.value for share in shares if (found := quantile({**buckets, INF: 10_000}, share))]
    assert all(lower <= higher + 1e-9 for lower, higher in pairwise(values))


@given(st.lists(st.floats(0, 20), min_size=1, max_size=200), st.floats(0, 1))
def test_a_percentile_lies_in_the_bucket_that_holds_the_true_one(values: list[float], share: float) -> None:
    bounds = [0.5, 1.0, 2.0, 5.0, 10.0, 25.0, INF]
    buckets = {bound: sum(value <= bound for value in values) for bound in bounds}
    found = quantile(buckets, share)
    assert found is not None
    true = sorted(values)[max(0, math.ceil(share * len(values)) - 1)]
    upper = next(bound for bound in bounds if true <= bound)
    lower = max((bound for bound in bounds if bound < upper), default=0.0)
    assert lower - 1e-9 <= found.value <= upper + 1e-9 or share == 0
