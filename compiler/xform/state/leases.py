"""Who writes which environment. See `run.leases.Leases`.

An environment has one row for good: a lease that was given back leaves its token, so that the next
one is greater. Time is that of the database, so that machines need not agree on it.
"""

from __future__ import annotations

from collections.abc import Callable

from xform.run.leases import Lease, Process
from xform.state.database import Connection, Database

_COLUMNS = "environment, token, owner, host, pid, mark, since, until"
_MINE = "environment = ? and token = ? and owner = ?"


class LeaseStore:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._now, self._later = database.words.now, database.words.later

    def take(
        self,
        environment: str,
        owner: str,
        process: Process,
        seconds: float,
        is_gone: Callable[[Process], bool],
    ) -> Lease:
        def standing(connection: Connection) -> Lease | None:
            """The lease of somebody who may still be at work."""
            rows = connection.execute(
                f"select {_COLUMNS} from leases "
                f"where environment = ? and owner <> '' and until > {self._now}",
                [environment],
            )
            found = [_lease(row) for row in rows]
            return found[0] if found and not is_gone(found[0].process) else None

        def take(connection: Connection) -> Lease:
            other = standing(connection)
            if other is not None:
                return other
            connection.execute(
                f"insert into leases ({_COLUMNS}) "
                f"values (?, 1, ?, ?, ?, ?, {self._now}, {self._later}) "
                "on conflict (environment) do update set token = leases.token + 1, "
                "owner = excluded.owner, host = excluded.host, pid = excluded.pid, "
                "mark = excluded.mark, since = excluded.since, until = excluded.until",
                [environment, owner, process.host, process.pid, process.mark, seconds],
            )
            return _of(connection, environment)

        # Who waits looks again and again: that must not keep others from writing.
        return self._database.read(standing) or self._database.write(take)

    def renew(self, lease: Lease, seconds: float) -> bool:
        def work(connection: Connection) -> bool:
            done = connection.execute(
                f"update leases set until = {self._later} where {_MINE}",
                [seconds, *_mine(lease)],
            )
            return done.rowcount == 1

        return self._database.write(work)

    def outgrow(self, lease: Lease, token: int) -> Lease | None:
        def work(connection: Connection) -> Lease | None:
            done = connection.execute(
                f"update leases set token = ? where {_MINE}", [token + 1, *_mine(lease)]
            )
            return _of(connection, lease.environment) if done.rowcount == 1 else None

        return self._database.write(work)

    def release(self, lease: Lease) -> None:
        self._database.write(
            lambda connection: connection.execute(
                f"update leases set owner = '' where {_MINE}", _mine(lease)
            )
        )

    def held(self) -> tuple[Lease, ...]:
        def work(connection: Connection) -> tuple[Lease, ...]:
            rows = connection.execute(
                f"select {_COLUMNS} from leases where owner <> '' order by environment"
            )
            return tuple(_lease(row) for row in rows)

        return self._database.read(work)


def _of(connection: Connection, environment: str) -> Lease:
    (row,) = connection.execute(
        f"select {_COLUMNS} from leases where environment = ?", [environment]
    )
    return _lease(row)


def _lease(row: tuple[str, int, str, str, int, str, str, str]) -> Lease:
    environment, token, owner, host, pid, mark, since, until = row
    return Lease(environment, token, owner, Process(host, pid, mark), since, until)


def _mine(lease: Lease) -> tuple[str, int, str]:
    return lease.environment, lease.token, lease.owner
