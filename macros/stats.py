"""Small statistics for models. Sums are exact (`fsum`), so row order cannot change a digit."""

from collections.abc import Sequence
from math import fsum, inf

MAD_TO_SIGMA = 0.6745
"""Three quarters of a normal distribution lie below its mean plus 0.6745 standard deviations."""


def prior_strength(groups: Sequence[tuple[int, int]]) -> float:
    """How many observations the overall rate should count for in each group.

    `groups` are (trials, successes). Method of moments for a beta-binomial: the variance between
    groups beyond what chance alone would give tells how far the overall rate can be trusted.
    Infinite where the groups do not differ by more than chance.
    """
    trials = sum(n for n, _ in groups)
    rate = sum(k for _, k in groups) / trials
    binomial = rate * (1 - rate)
    spread = fsum(n * (k / n - rate) ** 2 for n, k in groups)
    excess = spread - (len(groups) - 1) * binomial
    if excess <= 0:
        return inf
    between = excess / (trials - sum(n * n for n, _ in groups) / trials)
    return max(binomial / between - 1, 0.0)


def robust_z(value: str, median: str, mad: str) -> str:
    """SQL for a z-score that outliers cannot hide themselves in (Iglewicz and Hoaglin, 1993)."""
    return f"{MAD_TO_SIGMA} * ({value} - {median}) / nullif({mad}, 0)"
