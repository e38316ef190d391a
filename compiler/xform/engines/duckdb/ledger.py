"""The ledger in `_xform`: which builds stand and which names show them.

It lives in the file that holds the data, so that it moves in the same transaction. No table has a
primary key: DuckDB's index would refuse a row deleted and inserted anew in one transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from xform.base.hashing import Digest
from xform.engines.duckdb.errors import translated
from xform.run.failures import EngineError
from xform.run.records import BuildRecord, Ledger, Publication

if TYPE_CHECKING:
    import duckdb

FORMAT = 1

CREATE = f"""
create schema if not exists _xform;
create table if not exists _xform.ledger_meta (key varchar, value varchar);
create table if not exists _xform.ledger_builds
  (physical varchar, asset varchar, audits_digest varchar, record varchar);
create table if not exists _xform.ledger_publications
  (environment varchar, asset varchar, "schema" varchar, name varchar, physical varchar,
   fingerprint varchar);
create table if not exists _xform.ledger_slices
  (physical varchar, input varchar, slices blob);
create table if not exists _xform.ledger_publishings
  (number integer, environment varchar, kind varchar, moved_at varchar, run_id varchar);
create table if not exists _xform.ledger_moves
  (number integer, asset varchar, before_schema varchar, before_name varchar,
   before_physical varchar, before_fingerprint varchar, after_schema varchar, after_name varchar,
   after_physical varchar, after_fingerprint varchar);
insert into _xform.ledger_meta
  select 'format', '{FORMAT}'
  where not exists (select 1 from _xform.ledger_meta where key = 'format');
"""

_PRESENT = (
    "select count(*) from duckdb_tables() where database_name = current_database() "
    "and schema_name = '_xform' and table_name = 'ledger_meta'"
)
_BUILDS = """
select record, audits_digest from _xform.ledger_builds
where physical in (
  select table_name from duckdb_tables()
  where database_name = current_database() and schema_name = '_xform'
  union all
  select view_name from duckdb_views()
  where database_name = current_database() and schema_name = '_xform'
)
order by physical
"""
_PUBLICATIONS = """
select environment, asset, "schema", name, physical, fingerprint
from _xform.ledger_publications as published
where exists (
  select 1 from duckdb_views() as standing
  where standing.database_name = current_database()
    and lower(standing.schema_name) = lower(published."schema")
    and lower(standing.view_name) = lower(published.name)
)
order by environment, asset
"""


def is_present(cursor: duckdb.DuckDBPyConnection) -> bool:
    """Whether the file has a ledger. Raises EngineError where it is of a newer xform."""
    with translated():
        (count,) = cursor.execute(_PRESENT).fetchall()[0]
        if not count:
            return False
        found = cursor.execute(
            "select value from _xform.ledger_meta where key = 'format'"
        ).fetchall()
    if found and int(found[0][0]) > FORMAT:
        raise EngineError(
            f"the warehouse was written by a newer xform (ledger format {found[0][0]}, "
            f"this one knows {FORMAT})",
            kind="settings",
        )
    return True


def read(cursor: duckdb.DuckDBPyConnection) -> Ledger:
    """Builds and publications that stand: what somebody dropped by hand is not among them."""
    if not is_present(cursor):
        return Ledger((), ())
    with translated():
        builds = cursor.execute(_BUILDS).fetchall()
        publications = cursor.execute(_PUBLICATIONS).fetchall()
    return Ledger(
        tuple(_decoded(text, audits) for text, audits in builds),
        tuple(Publication(*row) for row in publications),
    )


_LEFT = """
select relation from (
  select table_name as relation from duckdb_tables()
  where database_name = current_database() and schema_name = '_xform'
  union all
  select view_name from duckdb_views()
  where database_name = current_database() and schema_name = '_xform' and not internal
) where not starts_with(relation, 'ledger_')
"""


def leftovers(cursor: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """Relations in the store that no row speaks of, and rows whose relation is gone."""
    if not is_present(cursor):
        return ()
    with translated():
        there = {str(row[0]) for row in cursor.execute(_LEFT).fetchall()}
        rows = cursor.execute("select physical from _xform.ledger_builds").fetchall()
    return tuple(sorted(there ^ {str(row[0]) for row in rows}))


_STRAYS = """
select environment, asset, "schema", name, physical, fingerprint
from _xform.ledger_publications as published
where not exists (
  select 1 from duckdb_views() as standing
  where standing.database_name = current_database()
    and lower(standing.schema_name) = lower(published."schema")
    and lower(standing.view_name) = lower(published.name)
    and regexp_matches(
      replace(standing.sql, '"', ''),
      'from _xform[.]' || regexp_escape(replace(published.physical, '"', '')) || '[\\s;]*$', 'i'
    )
)
order by environment, asset
"""


def strays(cursor: duckdb.DuckDBPyConnection) -> tuple[Publication, ...]:
    """Publications whose name is gone, or shows something else than their build."""
    if not is_present(cursor):
        return ()
    with translated():
        return tuple(Publication(*row) for row in cursor.execute(_STRAYS).fetchall())


def write_build(cursor: duckdb.DuckDBPyConnection, record: BuildRecord) -> None:
    cursor.execute(
        "insert into _xform.ledger_builds values (?, ?, ?, ?)",
        [
            record.physical,
            record.asset,
            record.audits_digest,
            msgspec.json.encode(record).decode(),
        ],
    )


def forget_build(cursor: duckdb.DuckDBPyConnection, physical: str) -> None:
    cursor.execute("delete from _xform.ledger_builds where physical = ?", [physical])
    cursor.execute("delete from _xform.ledger_slices where physical = ?", [physical])


def record_of(cursor: duckdb.DuckDBPyConnection, physical: str) -> BuildRecord | None:
    rows = cursor.execute(
        "select record, audits_digest from _xform.ledger_builds where physical = ?", [physical]
    ).fetchall()
    return _decoded(*rows[0]) if rows else None


_decoder = msgspec.json.Decoder(BuildRecord)


def _decoded(text: str, audits: str) -> BuildRecord:
    """What a build has passed stands in a column of its own, which counts."""
    return msgspec.structs.replace(_decoder.decode(text), audits_digest=Digest(audits))


def codes_after(base: BuildRecord | None, fingerprint: Digest) -> tuple[tuple[Digest, str], ...]:
    """The earlier codes of a build that is carried on, with the one before among them, where the
    code is another now."""
    if base is None:
        return ()
    if base.fingerprint == fingerprint:
        return base.codes
    return (*base.codes, (base.fingerprint, base.built_at))


def rewrite_build(cursor: duckdb.DuckDBPyConnection, record: BuildRecord) -> None:
    """Put a record in the place of the one that a build has."""
    cursor.execute("delete from _xform.ledger_builds where physical = ?", [record.physical])
    write_build(cursor, record)


def read_slices(cursor: duckdb.DuckDBPyConnection, physical: str) -> dict[str, bytes]:
    """How the inputs of a table that grows by time were, by input."""
    rows = cursor.execute(
        "select input, slices from _xform.ledger_slices where physical = ?", [physical]
    ).fetchall()
    return dict(rows)


def write_slices(
    cursor: duckdb.DuckDBPyConnection, physical: str, slices: Mapping[str, bytes]
) -> None:
    cursor.execute("delete from _xform.ledger_slices where physical = ?", [physical])
    for asset, found in sorted(slices.items()):
        cursor.execute(
            "insert into _xform.ledger_slices values (?, ?, ?)", [physical, asset, found]
        )


def is_published(cursor: duckdb.DuckDBPyConnection, physical: str) -> bool:
    rows = cursor.execute(
        "select 1 from _xform.ledger_publications where physical = ? limit 1", [physical]
    ).fetchall()
    return bool(rows)
