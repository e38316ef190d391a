"""The history of runs: how it is written, read and cut short."""

from __future__ import annotations

from collections.abc import Sequence, Set

import msgspec

from xform.base.names import AssetName
from xform.run.events import CheckDone, Log, NodeDone, NodeSkip, RunEnd
from xform.run.history import Asked, Kept, PastRun, RunCheck, RunLog, RunNode, Statement, Took
from xform.state.database import Connection, upsert
from xform.state.revision import revise

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
_LIST = f"select {', '.join(_RUN)}, asked from runs"
_NEWEST = " order by started_at desc, rowid desc"
_OF_A_RUN = ("nodes", "checks", "statements", "logs", "runs")
_NODE = ("run_id", "asset", "status", "rows", "seconds", "build", "reason", "message")
_CHECK = ("run_id", "asset", "name", "status", "failures", "seconds", "message")
_STATUS = ("environment", "asset", "status", "run_id")
_AT_ONCE = 500
"""Names in one statement: databases take only so many parameters."""
_PARTS = {
    "nodes": (RunNode, "asset, status, rows, seconds, build, reason, message"),
    "checks": (RunCheck, "asset, name, status, failures, seconds, message"),
    "statements": (Statement, "asset, sql, started_at, seconds, message"),
    "logs": (RunLog, "level, message"),
}


def begin(connection: Connection, run_id: str, environment: str, at: str, asked: Asked) -> None:
    connection.execute(
        "insert into runs (run_id, environment, status, started_at, asked) "
        "values (?, ?, 'running', ?, ?)",
        [run_id, environment, at, msgspec.json.encode(asked).decode()],
    )


def write(connection: Connection, run_id: str, events: Sequence[Kept]) -> None:
    for event in events:
        match event:
            case NodeDone():
                _node(connection, run_id, event)
            case NodeSkip():
                done = NodeDone(event.asset, "skipped", None, 0.0, None, "", event.reason)
                _node(connection, run_id, done)
            case CheckDone():
                connection.execute(
                    upsert("checks", _CHECK, ["run_id", "asset", "name"]),
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
            case Statement():
                connection.execute(
                    "insert into statements (run_id, asset, sql, started_at, seconds, message)"
                    " values (?, ?, ?, ?, ?, ?)",
                    [run_id, *msgspec.structs.astuple(event)],
                )
            case Log(level="warning" | "error"):
                connection.execute(
                    "insert into logs (run_id, level, message) values (?, ?, ?)",
                    [run_id, event.level, event.message],
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


def _node(connection: Connection, run_id: str, event: NodeDone) -> None:
    connection.execute(
        upsert("nodes", _NODE, ["run_id", "asset"]),
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
        upsert(
            "statuses",
            _STATUS,
            ["environment", "asset"],
            "select environment, ?, ?, run_id from runs where run_id = ?",
        ),
        [event.asset, event.status, run_id],
    )
    revise(connection)
    if event.status == "success" and event.build is not None:
        connection.execute(
            upsert("durations", ["asset", "seconds"], ["asset"]), [event.asset, event.seconds]
        )


def newest(connection: Connection, environment: str | None, limit: int) -> tuple[PastRun, ...]:
    """Without what happened in them, the last first; of one environment or of any."""
    which, names = ("", []) if environment is None else (" where environment = ?", [environment])
    found = connection.execute(f"{_LIST}{which}{_NEWEST} limit ?", [*names, limit])
    return tuple(_run(row) for row in found)


def begins_with(connection: Connection, beginning: str) -> tuple[PastRun, ...]:
    """The runs whose id begins so; just the one that has it as its whole id."""
    found = connection.execute(
        f"{_LIST} where substr(run_id, 1, ?) = ?{_NEWEST}", [len(beginning), beginning]
    )
    runs = tuple(_run(row) for row in found)
    return tuple(run for run in runs if run.run_id == beginning) or runs


def whole(connection: Connection, run: PastRun, *parts: str) -> PastRun:
    """A run with what happened in it: nodes, checks, statements, logs, in the order in which they
    came."""
    found = {}
    for part in parts:
        form, columns = _PARTS[part]
        rows = connection.execute(
            f"select {columns} from {part} where run_id = ? order by rowid", [run.run_id]
        )
        found[part] = tuple(form(*row) for row in rows)
    return msgspec.structs.replace(run, **found)


def took(connection: Connection, assets: Set[AssetName], runs: int) -> dict[AssetName, Took]:
    """How long these assets took in the last `runs`. One that was not built in any of them has what
    is remembered of its last build, if that is known at all."""
    names = sorted(assets)
    parts = [names[at : at + _AT_ONCE] for at in range(0, len(names), _AT_ONCE)]
    newest = connection.execute(f"select run_id from runs{_NEWEST} limit ?", [runs]).fetchall()
    last = [
        (str(asset), str(build), float(seconds))
        for (run_id,) in newest
        for part in parts
        for asset, build, seconds in connection.execute(
            "select asset, build, seconds from nodes where run_id = ? and status = 'success'"
            f" and build is not null and asset in ({', '.join('?' for _ in part)})",
            [run_id, *part],
        )
    ]
    made: dict[AssetName, list[float]] = {}
    carried: dict[AssetName, list[float]] = {}
    known: set[str] = set()
    for name, build, seconds in reversed(last):
        group = carried if build in known else made
        group.setdefault(AssetName(name), []).append(seconds)
        known.add(build)
    found = {
        asset: Took(tuple(reversed(made.get(asset, ()))), tuple(reversed(carried.get(asset, ()))))
        for asset in {*made, *carried}
    }
    for name, seconds in connection.execute("select asset, seconds from durations"):
        if name in assets and name not in found:
            found[AssetName(name)] = Took((float(seconds),))
    return found


def prune(connection: Connection, runs: int, since: str) -> None:
    """Forget all but the last `runs`, and of these what began before `since`; never the last."""
    ordered = list(connection.execute(f"select run_id, started_at from runs{_NEWEST}"))
    old = [
        (run_id,)
        for place, (run_id, at) in enumerate(ordered)
        if place and (place >= runs or at < since)
    ]
    for table in _OF_A_RUN if old else ():
        connection.executemany(f"delete from {table} where run_id = ?", old)


def _run(row: tuple[object, ...]) -> PastRun:
    *plain, asked = row
    known = dict(zip(_RUN, plain, strict=True))
    return msgspec.convert({**known, "asked": msgspec.json.decode(str(asked))}, PastRun)
