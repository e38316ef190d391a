"""What is kept, and how it is read back. See `run.ports.State`."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import msgspec

from xform.base.diagnostics import Diagnostic
from xform.base.hashing import Digest
from xform.base.names import AssetName
from xform.plan.plan import Component
from xform.run.events import CheckDone, Event, NodeDone, NodeSkip, RunEnd
from xform.run.ports import BuildRecord, Ledger, Publication, StateSnapshot
from xform.state.database import Database
from xform.state.revision import revise

_WAIT = 30.0
"""Seconds to wait for another process that writes to the state."""


_decode_parts = msgspec.json.Decoder(tuple[Component, ...]).decode

_RUN = (
    "run_id",
    "environment",
    "status",
    "started_at",
    "ended_at",
    "built",
    "failed",
    "skipped",
    "warned",
    "seconds",
)


class RunNode(msgspec.Struct, frozen=True):
    asset: AssetName
    status: str
    rows: int | None
    seconds: float
    build: str | None
    reason: str
    message: str


class RunCheck(msgspec.Struct, frozen=True):
    asset: AssetName
    check: str
    status: str
    failures: int | None
    seconds: float
    message: str


class PastRun(msgspec.Struct, frozen=True):
    """A run as recorded; `status` is running where it never came to its end."""

    run_id: str
    environment: str
    status: str
    started_at: str
    ended_at: str | None
    built: int
    failed: int
    skipped: int
    warned: int
    seconds: float | None
    nodes: tuple[RunNode, ...]
    checks: tuple[RunCheck, ...]


class StateStore:
    """Opening is lazy: the file is made when something is first read or written."""

    def __init__(self, path: Path, *, wait: float = _WAIT) -> None:
        self._database = Database(path, wait=wait)

    @property
    def notices(self) -> tuple[Diagnostic, ...]:
        """What went wrong with the file and was mended."""
        return tuple(self._database.notices)

    def snapshot(self, environment: str, *, components: bool = True) -> StateSnapshot:
        """`components` of builds are the bulk of it; leave them out where nobody reads them."""

        def work(connection: sqlite3.Connection) -> StateSnapshot:
            facts = dict(connection.execute("select key, value from facts").fetchall())
            return StateSnapshot(
                identity=facts.get("warehouse", ""),
                revision=facts.get("revision", ""),
                builds=_builds(connection, components=components),
                publications=_publications(connection),
                statuses=dict(
                    connection.execute(
                        "select asset, status from statuses where environment = ?", [environment]
                    ).fetchall()
                ),
                seconds=dict(connection.execute("select asset, seconds from durations").fetchall()),
            )

        return self._database.read(work)

    def identity(self) -> str:
        """That of the warehouse when its ledger was last copied; see `StateSnapshot`."""

        def work(connection: sqlite3.Connection) -> str:
            found = connection.execute("select value from facts where key = 'warehouse'").fetchone()
            return str(found[0]) if found else ""

        return self._database.read(work)

    def components(self, physical: str) -> tuple[Component, ...]:
        """Those of one build; none where it is not known."""

        def work(connection: sqlite3.Connection) -> tuple[Component, ...]:
            found = connection.execute(
                "select components from builds where physical = ?", [physical]
            ).fetchone()
            return _decode_parts(found[0]) if found else ()

        return self._database.read(work)

    def sync(self, ledger: Ledger, identity: str) -> None:
        def work(connection: sqlite3.Connection) -> None:
            known = dict(connection.execute("select physical, audits_digest from builds"))
            now = {record.physical: record for record in ledger.builds}
            connection.executemany(
                "delete from builds where physical = ?",
                [(physical,) for physical in known if physical not in now],
            )
            # A build never changes but for the tests it has passed.
            connection.executemany(
                "insert or replace into builds values (?, ?, ?, ?)",
                [
                    _row(record)
                    for physical, record in now.items()
                    if known.get(physical) != record.audits_digest
                ],
            )
            connection.execute("delete from publications")
            connection.executemany(
                "insert into publications values (?, ?, ?, ?, ?, ?)",
                [msgspec.structs.astuple(item) for item in ledger.publications],
            )
            connection.execute("insert or replace into facts values ('warehouse', ?)", [identity])
            revise(connection)

        self._database.write(work)

    def start_run(self, run_id: str, environment: str, at: str) -> None:
        def work(connection: sqlite3.Connection) -> None:
            connection.execute(
                "insert into runs (run_id, environment, status, started_at) "
                "values (?, ?, 'running', ?)",
                [run_id, environment, at],
            )

        self._database.write(work)

    def record(self, run_id: str, events: Sequence[Event]) -> None:
        kept = [event for event in events if isinstance(event, NodeDone | NodeSkip | CheckDone)]
        if kept:
            self._database.write(lambda connection: _record(connection, run_id, kept))

    def end_run(self, run_id: str, events: Sequence[Event]) -> None:
        self._database.write(lambda connection: _record(connection, run_id, events))

    def last_run(self, environment: str | None = None) -> PastRun | None:
        """The run that began last, of one environment or of any."""

        def work(connection: sqlite3.Connection) -> PastRun | None:
            found = connection.execute(
                f"select {', '.join(_RUN)} from runs where ?1 is null or environment = ?1"
                " order by started_at desc, rowid desc limit 1",
                [environment],
            ).fetchone()
            if found is None:
                return None
            nodes = connection.execute(
                "select asset, status, rows, seconds, build, reason, message from nodes "
                "where run_id = ? order by rowid",
                [found[0]],
            )
            checks = connection.execute(
                "select asset, name, status, failures, seconds, message from checks "
                "where run_id = ? order by rowid",
                [found[0]],
            )
            return PastRun(
                **dict(zip(_RUN, found, strict=True)),
                nodes=tuple(RunNode(*row) for row in nodes),
                checks=tuple(RunCheck(*row) for row in checks),
            )

        return self._database.read(work)

    def close(self) -> None:
        self._database.close()


def _builds(connection: sqlite3.Connection, *, components: bool) -> dict[str, BuildRecord]:
    decode = msgspec.json.Decoder(BuildRecord).decode
    if not components:
        rows = connection.execute("select record from builds order by physical")
        return {record.physical: record for record in (decode(row[0]) for row in rows)}
    whole = connection.execute("select physical, record, components from builds order by physical")
    return {
        physical: msgspec.structs.replace(decode(record), components=_decode_parts(parts))
        for physical, record, parts in whole
    }


def _publications(connection: sqlite3.Connection) -> tuple[Publication, ...]:
    rows = connection.execute(
        "select environment, asset, schema, name, physical, fingerprint from publications "
        "order by environment, asset"
    )
    return tuple(Publication(*row) for row in rows)


def _row(record: BuildRecord) -> tuple[str, Digest, bytes, bytes]:
    encode = msgspec.json.encode
    bare = msgspec.structs.replace(record, components=())
    return record.physical, record.audits_digest, encode(bare), encode(record.components)


def _record(connection: sqlite3.Connection, run_id: str, events: Sequence[Event]) -> None:
    for event in events:
        match event:
            case NodeDone():
                _node(connection, run_id, event)
            case NodeSkip():
                done = NodeDone(event.asset, "skipped", None, 0.0, None, "", event.reason)
                _node(connection, run_id, done)
            case CheckDone():
                connection.execute(
                    "insert or replace into checks values (?, ?, ?, ?, ?, ?, ?)",
                    [
                        run_id,
                        event.asset,
                        event.check,
                        event.status,
                        event.failures,
                        event.seconds,
                        event.message,
                    ],
                )
            case RunEnd():
                connection.execute(
                    "update runs set status = ?, ended_at = ?, built = ?, failed = ?, skipped = ?,"
                    " warned = ?, seconds = ? where run_id = ?",
                    [
                        event.status,
                        event.at,
                        event.built,
                        event.failed,
                        event.skipped,
                        event.warned,
                        event.seconds,
                        run_id,
                    ],
                )
            case _:
                pass


def _node(connection: sqlite3.Connection, run_id: str, event: NodeDone) -> None:
    connection.execute(
        "insert or replace into nodes values (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            run_id,
            event.asset,
            event.status,
            event.rows,
            event.seconds,
            event.build,
            event.reason,
            event.message,
        ],
    )
    connection.execute(
        "insert or replace into statuses "
        "select environment, ?, ?, run_id from runs where run_id = ?",
        [event.asset, event.status, run_id],
    )
    revise(connection)
    if event.status == "success" and event.build is not None:
        connection.execute(
            "insert or replace into durations values (?, ?)", [event.asset, event.seconds]
        )
