"""Leases: one at a time has an environment, and each has a greater token than those before."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from datetime import datetime
from typing import Any

import msgspec
import pytest

from state_homes import StateHome
from xform.run.leases import Lease, Process
from xform.state.database import Database
from xform.state.leases import LeaseStore
from xform.state.store import StateStore

HERE = Process("laptop", 11, "boot 1")
THERE = Process("server", 11, "boot 2")


@pytest.fixture
def leases(store: StateStore) -> LeaseStore:
    return store.leases


def take(
    leases: LeaseStore,
    owner: str,
    environment: str = "prod",
    process: Process = HERE,
    gone: bool = False,
) -> Lease:
    return leases.take(environment, owner, process, 60, lambda process: gone)


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


def test_one_that_is_over_is_taken(leases: LeaseStore, home: StateHome) -> None:
    first = take(leases, "r1")
    home.let_leases_end()
    second = take(leases, "r2")
    assert (second.owner, second.token) == ("r2", 2)
    assert not leases.renew(first, 60)
    assert leases.outgrow(first, 7) is None
    leases.release(first)
    assert leases.held() == (second,)


def test_one_whose_process_is_gone_is_taken_at_once(leases: LeaseStore) -> None:
    take(leases, "r1")
    assert take(leases, "r2", gone=True).owner == "r2"


def test_one_that_is_renewed_lasts(leases: LeaseStore, home: StateHome) -> None:
    first = take(leases, "r1")
    home.let_leases_end()
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


def test_time_is_that_of_the_database_and_in_one_form(leases: LeaseStore, home: StateHome) -> None:
    first = take(leases, "r1")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", first.since)
    since, until = datetime.fromisoformat(first.since), datetime.fromisoformat(first.until)
    assert (until - since).total_seconds() == pytest.approx(60, abs=0.002)


def test_of_many_at_once_one_has_it_and_tokens_only_grow(home: StateHome) -> None:
    """Each with a connection of its own, as processes have."""
    rounds, many = 5, 6
    had: list[Lease] = []
    meanwhile: Counter[str] = Counter()
    errors: list[BaseException] = []
    home.make()

    def work(number: int) -> None:
        store = home.store()
        try:
            for turn in range(rounds):
                owner = f"r{number}-{turn}"
                while (lease := take(store.leases, owner)).owner != owner:
                    time.sleep(0.005)
                meanwhile["holders"] += 1
                assert meanwhile["holders"] == 1
                had.append(lease)
                assert store.leases.renew(lease, 60)
                meanwhile["holders"] -= 1
                store.leases.release(lease)
        except BaseException as error:
            errors.append(error)
        finally:
            store.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(many)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert [lease.token for lease in had] == list(range(1, rounds * many + 1))


def test_two_that_find_it_free_do_not_both_take_it(
    home: StateHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = threading.Barrier(2)
    write = Database.write

    def write_when_both_have_looked(database: Database, work: Any) -> Any:
        looked.wait(30)
        return write(database, work)

    home.make()
    monkeypatch.setattr(Database, "write", write_when_both_have_looked)
    found: list[Lease] = []

    def work(owner: str) -> None:
        store = home.store()
        found.append(take(store.leases, owner))
        store.close()

    threads = [threading.Thread(target=work, args=(owner,)) for owner in ("r1", "r2")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 2
    assert found[0] == found[1]
