"""Leases: one at a time has an environment, and each has a greater token than those before."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from xform.run.ports import Lease, Process
from xform.state.leases import LeaseStore
from xform.state.store import StateStore

HERE = Process("laptop", 11, "boot 1")
THERE = Process("server", 11, "boot 2")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


@pytest.fixture
def leases(path: Path) -> Iterator[LeaseStore]:
    store = StateStore(path)
    yield store.leases
    store.close()


def take(
    leases: LeaseStore,
    owner: str,
    environment: str = "prod",
    process: Process = HERE,
    gone: bool = False,
) -> Lease:
    return leases.take(environment, owner, process, 60, lambda process: gone)


def let_it_end(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("update leases set until = '2020-01-01T00:00:00.000Z'")
    connection.close()


def test_who_comes_second_is_told_who_has_it(leases: LeaseStore) -> None:
    first = take(leases, "r1")
    assert (first.owner, first.token, first.process) == ("r1", 1, HERE)
    assert first.since < first.until
    assert take(leases, "r2", process=THERE) == first
    assert leases.held() == (first,)


def test_environments_are_apart(leases: LeaseStore) -> None:
    take(leases, "r1")
    assert take(leases, "r2", "dev").owner == "r2"
    assert [lease.environment for lease in leases.held()] == ["dev", "prod"]


def test_one_that_is_given_back_is_free_and_the_token_grows(leases: LeaseStore) -> None:
    leases.release(take(leases, "r1"))
    assert leases.held() == ()
    second = take(leases, "r2", process=THERE)
    assert (second.owner, second.token, second.process) == ("r2", 2, THERE)


def test_one_that_is_over_is_taken(leases: LeaseStore, path: Path) -> None:
    first = take(leases, "r1")
    let_it_end(path)
    second = take(leases, "r2")
    assert (second.owner, second.token) == ("r2", 2)
    assert not leases.renew(first, 60)
    assert leases.outgrow(first, 7) is None
    leases.release(first)
    assert leases.held() == (second,)


def test_one_whose_process_is_gone_is_taken_at_once(leases: LeaseStore) -> None:
    take(leases, "r1")
    assert take(leases, "r2", gone=True).owner == "r2"


def test_one_that_is_renewed_lasts(leases: LeaseStore, path: Path) -> None:
    first = take(leases, "r1")
    let_it_end(path)
    assert leases.renew(first, 60)
    found = take(leases, "r2")
    assert msgspec.structs.replace(found, until="") == msgspec.structs.replace(first, until="")
    assert found.until >= first.until


def test_a_token_can_be_made_to_exceed_another(leases: LeaseStore) -> None:
    grown = leases.outgrow(take(leases, "r1"), 41)
    assert grown is not None
    assert grown.token == 42
    assert leases.renew(grown, 60)
    leases.release(grown)
    assert take(leases, "r2").token == 43
