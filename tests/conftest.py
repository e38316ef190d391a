"""Profiles of the property tests: `default` is the same in every run; `deep` looks further,
`long` as far as an hour goes (for the fuzzers). Fixtures of what keeps a state."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from postgres_server import Server
    from state_homes import PostgresHome, StateHome
    from xform.state.store import StateStore

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


@pytest.fixture(scope="session")
def postgres() -> Server:
    """A real PostgreSQL server, started when a test first asks for it."""
    from postgres_server import session_server

    return session_server()


@pytest.fixture(params=["sqlite", "postgres"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> StateHome:
    """A place for a state: what goes for one goes for the other."""
    from state_homes import home_of

    return home_of(request.param, tmp_path, request)


@pytest.fixture
def store(home: StateHome) -> Iterator[StateStore]:
    opened = home.store()
    yield opened
    opened.close()


@pytest.fixture
def schema(tmp_path: Path, postgres: Server) -> PostgresHome:
    """A place for a state in PostgreSQL, for what only a server does."""
    from state_homes import PostgresHome

    return PostgresHome(tmp_path, postgres)
