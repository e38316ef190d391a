"""Moving the published views of an environment, all in one transaction with its ledger."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from xform.base.names import AssetName
from xform.engines.duckdb import history
from xform.engines.duckdb.text import build_name, literal, name
from xform.plan.plan import Comments, DropStep, PublishStep
from xform.run.failures import NameTaken
from xform.run.ports import NoteOf
from xform.run.records import Occasion

if TYPE_CHECKING:
    import duckdb

_STANDING = """
select 'table', lower(schema_name), lower(table_name), false from duckdb_tables()
where database_name = current_database() and not internal
union all
select 'view', lower(schema_name), lower(view_name), contains(sql, '_xform') from duckdb_views()
where database_name = current_database() and not internal
"""


def move(
    cursor: duckdb.DuckDBPyConnection,
    environment: str,
    publish: Sequence[PublishStep],
    drop: Sequence[DropStep],
    note: NoteOf,
    occasion: Occasion,
) -> None:
    """To be called inside a transaction. Raises NameTaken where a name is not ours to move."""

    def run(asset: AssetName, sql: str) -> None:
        with note(asset)(sql):
            cursor.execute(sql)

    standing = {
        (schema, relation): (kind, on_builds)
        for kind, schema, relation, on_builds in cursor.execute(_STANDING).fetchall()
    }
    known = set(
        cursor.execute(
            'select lower("schema"), lower(name) from _xform.ledger_publications'
        ).fetchall()
    )

    def ours(schema: str, relation: str) -> bool:
        """A name is ours when the ledger has it and a view on our builds stands there."""
        key = (schema.lower(), relation.lower())
        kind, on_builds = standing.get(key, ("view", False))
        return key in known and kind == "view" and on_builds

    for step in publish:
        key = (step.schema.lower(), step.name.lower())
        if key in standing and not ours(step.schema, step.name):
            raise NameTaken(
                f"'{step.schema}.{step.name}' is a {standing[key][0]} that xform did not make",
                step.asset,
            )
    history.write(cursor, environment, publish, drop, occasion)
    # Drops come first: a name that only changed its case is one name to DuckDB.
    for gone in drop:
        if ours(gone.schema, gone.name):
            run(gone.asset, f"drop view if exists {name(gone.schema)}.{name(gone.name)}")
    _forget(
        cursor, environment, [*(gone.asset for gone in drop), *(step.asset for step in publish)]
    )
    for schema in sorted({step.schema for step in publish}):
        cursor.execute(f"create schema if not exists {name(schema)}")
    for step in publish:
        view = f"{name(step.schema)}.{name(step.name)}"
        run(
            step.asset,
            f"create or replace view {view} as select * from {build_name(step.physical)}",
        )
        if step.comments is not None:
            for sql in comments_on(cursor, view, step.comments):
                run(step.asset, sql)
    if publish:
        rows = [(s.asset, s.schema, s.name, s.physical, s.fingerprint) for s in publish]
        columns = [list(column) for column in zip(*rows, strict=True)]
        cursor.execute(
            "insert into _xform.ledger_publications "
            "select $1, unnest($2), unnest($3), unnest($4), unnest($5), unnest($6)",
            [environment, *columns],
        )


def comments_on(cursor: duckdb.DuckDBPyConnection, view: str, comments: Comments) -> Iterator[str]:
    """The statements that describe a view that is there. Columns that it does not have are left
    out: that they are described is said when the project is compiled."""
    if comments.relation:
        yield f"comment on view {view} is {literal(comments.relation)}"
    if not comments.columns:
        return
    described = {column.lower(): text for column, text in comments.columns.items()}
    for column, *_ in cursor.execute(f"describe {view}").fetchall():
        if text := described.get(column.lower()):
            yield f"comment on column {view}.{name(column)} is {literal(text)}"


def _forget(cursor: duckdb.DuckDBPyConnection, environment: str, assets: Sequence[str]) -> None:
    cursor.execute(
        "delete from _xform.ledger_publications "
        "where environment = $1 and asset in (select unnest($2::varchar[]))",
        [environment, list(assets)],
    )
