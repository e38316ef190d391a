"""The history of publishing: which names moved when, kept in the transaction that moves them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from xform.base.hashing import Digest
from xform.base.names import AssetName
from xform.engines.duckdb.errors import translated
from xform.plan.plan import DropStep, PublishStep
from xform.run.records import Move, Occasion, Publication, Publishing

if TYPE_CHECKING:
    import duckdb

_THERE = (
    "select count(*) from duckdb_tables() where database_name = current_database() "
    "and schema_name = '_xform' and table_name = 'ledger_moves'"
)


def write(
    cursor: duckdb.DuckDBPyConnection,
    environment: str,
    publish: Sequence[PublishStep],
    drop: Sequence[DropStep],
    occasion: Occasion,
) -> None:
    """Note what is about to move. To be called before the ledger's publications change."""
    if not publish and not drop:
        return
    ((number,),) = cursor.execute(
        "select coalesce(max(number), 0) + 1 from _xform.ledger_publishings"
    ).fetchall()
    cursor.execute(
        "insert into _xform.ledger_publishings values (?, ?, ?, ?, ?)",
        [number, environment, occasion.kind, occasion.at, occasion.run_id],
    )
    rows: list[tuple[str | None, ...]] = [
        (step.asset, step.schema, step.name, step.physical, step.fingerprint) for step in publish
    ]
    rows += [(step.asset, None, None, None, None) for step in drop]
    columns = [list(column) for column in zip(*rows, strict=True)]
    cursor.execute(
        """
        insert into _xform.ledger_moves
        select $1, moved.asset, shown."schema", shown.name, shown.physical, shown.fingerprint,
          moved.to_schema, moved.to_name, moved.physical, moved.fingerprint
        from (
          select unnest($3::varchar[]) as asset, unnest($4::varchar[]) as to_schema,
            unnest($5::varchar[]) as to_name, unnest($6::varchar[]) as physical,
            unnest($7::varchar[]) as fingerprint
        ) as moved
        left join _xform.ledger_publications as shown
          on shown.environment = $2 and shown.asset = moved.asset
        """,
        [number, environment, *columns],
    )


def read(cursor: duckdb.DuckDBPyConnection) -> tuple[Publishing, ...]:
    """All of it, the first first; nothing where the warehouse is from before it was kept."""
    with translated():
        ((there,),) = cursor.execute(_THERE).fetchall()
        if not there:
            return ()
        heads = cursor.execute(
            "select number, environment, kind, moved_at, run_id from _xform.ledger_publishings "
            "order by number"
        ).fetchall()
        rows = cursor.execute("select * from _xform.ledger_moves order by number, asset").fetchall()
    moves: dict[int, list[Move]] = {}
    environments = {number: environment for number, environment, *_ in heads}
    for number, asset, *shown in rows:
        environment = environments.get(number, "")
        moves.setdefault(number, []).append(
            Move(
                AssetName(asset),
                _publication(environment, asset, *shown[:4]),
                _publication(environment, asset, *shown[4:]),
            )
        )
    return tuple(
        Publishing(number, environment, Occasion(kind, at, run_id), tuple(moves.get(number, ())))
        for number, environment, kind, at, run_id in heads
    )


def _publication(
    environment: str,
    asset: str,
    schema: str | None,
    name: str | None,
    physical: str | None,
    fingerprint: str | None,
) -> Publication | None:
    if schema is None or name is None or physical is None:
        return None
    return Publication(
        environment, AssetName(asset), schema, name, physical, Digest(fingerprint or "")
    )
