"""What is kept, and how it is read back. See `run.ports.State`."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set

import msgspec

from xform.base.diagnostics import Diagnostic
from xform.base.hashing import Digest
from xform.base.names import AssetName
from xform.base.spans import Span
from xform.plan.plan import Component
from xform.run.events import CheckDone, Log, NodeDone, NodeSkip
from xform.run.history import NOTHING_SAID, Asked, Kept, PastRun, Statement, Took
from xform.run.records import BuildRecord, Ledger, Publication
from xform.run.snapshots import Excerpt, StateSnapshot
from xform.state import history
from xform.state.database import Connection, Database, upsert
from xform.state.excerpt import decode_record, excerpt
from xform.state.export import export
from xform.state.leases import LeaseStore
from xform.state.migrations import MIGRATIONS
from xform.state.revision import revise

_KEPT = NodeDone | NodeSkip | CheckDone | Statement | Log
_FACT = upsert("facts", ["key", "value"], ["key"])
_BUILD = ("physical", "audits_digest", "record", "components")

_decode_parts = msgspec.json.Decoder(tuple[Component, ...]).decode


class StateStore:
    """Opening is lazy: what is needed is made when something is first read or written."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.leases = LeaseStore(database)

    @property
    def place(self) -> Span:
        """Where diagnostics say that the state is."""
        return self._database.place

    @property
    def notices(self) -> tuple[Diagnostic, ...]:
        """What went wrong with the database and was mended."""
        return tuple(self._database.notices)

    def snapshot(self, environment: str, *, components: bool = True) -> StateSnapshot:
        """`components` of builds are the bulk of it; leave them out where nobody reads them."""

        def work(connection: Connection) -> StateSnapshot:
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

    def excerpt(
        self,
        environment: str,
        assets: Set[AssetName],
        beside: Set[AssetName],
        fingerprints: Set[Digest],
    ) -> Excerpt:
        """What of `snapshot` a plan of these assets needs. `beside` are the other assets of the
        project; `fingerprints` are those of builds that may stand for these assets."""
        return self._database.read(
            lambda connection: excerpt(connection, environment, assets, beside, fingerprints)
        )

    def identity(self) -> str:
        """That of the warehouse when its ledger was last copied; see `StateSnapshot`."""

        def work(connection: Connection) -> str:
            found = connection.execute("select value from facts where key = 'warehouse'").fetchone()
            return str(found[0]) if found else ""

        return self._database.read(work)

    def revision(self) -> str:
        """Another one after each change that a plan might see; see `StateSnapshot`."""

        def work(connection: Connection) -> str:
            found = connection.execute("select value from facts where key = 'revision'").fetchone()
            return str(found[0]) if found else ""

        return self._database.read(work)

    def components(self, physical: str) -> tuple[Component, ...]:
        """Those of one build; none where it is not known."""

        def work(connection: Connection) -> tuple[Component, ...]:
            found = connection.execute(
                "select components from builds where physical = ?", [physical]
            ).fetchone()
            return _decode_parts(found[0]) if found else ()

        return self._database.read(work)

    def sync(self, ledger: Ledger, identity: str) -> None:
        def work(connection: Connection) -> None:
            known = dict(
                connection.execute("select physical, audits_digest from builds").fetchall()
            )
            now = {record.physical: record for record in ledger.builds}
            connection.executemany(
                "delete from builds where physical = ?",
                [(physical,) for physical in known if physical not in now],
            )
            # The column has `BuildRecord.standing`: what else it says never changes.
            connection.executemany(
                upsert("builds", _BUILD, ["physical"]),
                [
                    _row(record)
                    for physical, record in now.items()
                    if known.get(physical) != record.standing
                ],
            )
            connection.execute("delete from publications")
            connection.executemany(
                "insert into publications (environment, asset, schema, name, physical, fingerprint)"
                " values (?, ?, ?, ?, ?, ?)",
                [msgspec.structs.astuple(item) for item in ledger.publications],
            )
            connection.execute(_FACT, ["warehouse", identity])
            revise(connection)

        self._database.write(work)

    def start_run(
        self, run_id: str, environment: str, at: str, asked: Asked = NOTHING_SAID
    ) -> None:
        self._database.write(
            lambda connection: history.begin(connection, run_id, environment, at, asked)
        )

    def record(self, run_id: str, events: Sequence[Kept]) -> None:
        kept = [event for event in events if isinstance(event, _KEPT)]
        if kept:
            self._database.write(lambda connection: history.write(connection, run_id, kept))

    def end_run(self, run_id: str, events: Sequence[Kept]) -> None:
        self._database.write(lambda connection: history.write(connection, run_id, events))

    def prune_runs(self, runs: int, since: str) -> None:
        """Forget all but the last `runs`, and those that began before `since`."""
        self._database.write(lambda connection: history.prune(connection, runs, since))

    def last_run(self, environment: str | None = None) -> PastRun | None:
        """The run that began last, of one environment or of any, with its nodes and checks."""

        def work(connection: Connection) -> PastRun | None:
            found = history.newest(connection, environment, 1)
            return history.whole(connection, found[0], "nodes", "checks") if found else None

        return self._database.read(work)

    def runs(self, environment: str | None, limit: int) -> tuple[PastRun, ...]:
        """The last runs, the newest first, without what happened in them."""
        return self._database.read(
            lambda connection: history.newest(connection, environment, limit)
        )

    def find_runs(self, beginning: str) -> tuple[PastRun, ...]:
        """The runs whose id begins so."""
        return self._database.read(lambda connection: history.begins_with(connection, beginning))

    def whole_run(self, run: PastRun) -> PastRun:
        """A run with all that happened in it."""
        return self._database.read(
            lambda connection: history.whole(
                connection, run, "nodes", "checks", "statements", "logs"
            )
        )

    def took(self, assets: Set[AssetName], runs: int = 100) -> dict[AssetName, Took]:
        """How long builds of these assets took in the last `runs`, of whatever environment."""
        return self._database.read(lambda connection: history.took(connection, assets, runs))

    def export(self, write: Callable[[str], None]) -> None:
        """All that is kept, a line of JSON for each row."""
        self._database.read(lambda connection: export(connection, len(MIGRATIONS), write))

    def close(self) -> None:
        self._database.close()


def _builds(connection: Connection, *, components: bool) -> dict[str, BuildRecord]:
    if not components:
        rows = connection.execute("select record from builds order by physical")
        return {record.physical: record for record in (decode_record(row[0]) for row in rows)}
    whole = connection.execute("select physical, record, components from builds order by physical")
    return {
        physical: msgspec.structs.replace(decode_record(record), components=_decode_parts(parts))
        for physical, record, parts in whole
    }


def _publications(connection: Connection) -> tuple[Publication, ...]:
    rows = connection.execute(
        "select environment, asset, schema, name, physical, fingerprint from publications "
        "order by environment, asset"
    )
    return tuple(Publication(*row) for row in rows)


def _row(record: BuildRecord) -> tuple[str, str, bytes, bytes]:
    encode = msgspec.json.encode
    bare = msgspec.structs.replace(record, components=())
    return record.physical, record.standing, encode(bare), encode(record.components)
