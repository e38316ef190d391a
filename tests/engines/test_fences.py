"""A warehouse is written only by the last one who had the lease of an environment."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from engine_steps import publication, record_of, step_of

from xform.engines.duckdb.engine import DuckDBEngine
from xform.plan.intervals import Grain
from xform.plan.plan import Slicing
from xform.run.failures import LeaseLost

STEP = step_of("a", "select 1 as x")


def opened(root: Path, token: int | None = None, environment: str = "prod") -> DuckDBEngine:
    engine = DuckDBEngine(root / "w.duckdb", root=root)
    engine.open()
    engine.prepare(())
    if token is not None:
        engine.fence(environment, token)
    return engine


@pytest.fixture
def first(tmp_path: Path) -> Iterator[DuckDBEngine]:
    engine = opened(tmp_path, 7)
    with engine.session() as session:
        session.build(STEP, record_of(STEP))
    yield engine
    engine.close()


def test_the_last_one_publishes(first: DuckDBEngine) -> None:
    first.publish("prod", [publication(STEP)], [])
    first.publish("prod", [publication(STEP)], [])
    assert len(first.ledger().publications) == 1


def test_one_that_was_overtaken_does_not_publish(first: DuckDBEngine, tmp_path: Path) -> None:
    second = opened(tmp_path, 8)
    with pytest.raises(LeaseLost) as lost:
        first.publish("prod", [publication(STEP)], [])
    assert lost.value.token == 8
    assert second.ledger().publications == ()
    assert [record.physical for record in second.ledger().builds] == [STEP.physical]
    second.publish("prod", [publication(STEP)], [])
    second.close()


def test_one_that_was_overtaken_does_not_get_in(first: DuckDBEngine, tmp_path: Path) -> None:
    with pytest.raises(LeaseLost):
        opened(tmp_path, 6)


def test_environments_have_fences_of_their_own(first: DuckDBEngine, tmp_path: Path) -> None:
    second = opened(tmp_path, 8, "dev")
    first.publish("prod", [publication(STEP)], [])
    second.close()


def test_a_table_is_not_carried_on_by_one_that_was_overtaken(
    first: DuckDBEngine, tmp_path: Path
) -> None:
    second = opened(tmp_path, 8)
    slicing = Slicing(
        column="x",
        grain=Grain.DAY,
        zone=None,
        lookback=0,
        base=STEP.physical,
        kept=(),
        ranges=(),
        target=(),
        revision=1,
        leaf="intervals:m.a",
        version="1",
        batch=None,
        recheck=False,
        watched=False,
        inputs=(),
        on_schema="fail",
    )
    carried = msgspec.structs.replace(STEP, slicing=slicing)
    with first.session() as session, pytest.raises(LeaseLost):
        session.build(carried, record_of(carried))
    second.close()
