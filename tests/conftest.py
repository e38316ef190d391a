"""Profiles of the property tests: `default` is the same in every run; `deep` looks further,
`long` as far as an hour goes (for the fuzzers)."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]

settings.register_profile(
    "default",
    max_examples=100,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=SLOW,
)
settings.register_profile(
    "deep",
    max_examples=2000,
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=SLOW,
)
settings.register_profile("long", parent=settings.get_profile("deep"), max_examples=100_000)
settings.load_profile("default")
