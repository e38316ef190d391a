"""What happens during a run, as it happens (`build --events`, DESIGN §5)."""

from __future__ import annotations

import msgspec

from xform.base.names import AssetName


class RunStart(msgspec.Struct, frozen=True, tag="run_start", tag_field="event"):
    run_id: str
    environment: str
    nodes: tuple[AssetName, ...]
    threads: int
    at: str


class NodeStart(msgspec.Struct, frozen=True, tag="node_start", tag_field="event"):
    asset: AssetName
    reason: str
    at: str


class NodeDone(msgspec.Struct, frozen=True, tag="node_done", tag_field="event"):
    """`status` is success, error, fail (a blocking test failed) or cancelled. `kept`: an earlier
    build stands, since what the asset reads came out as before; `message` then says of what this
    is known by a checksum that does not see everything."""

    asset: AssetName
    status: str
    rows: int | None
    seconds: float
    build: str | None
    reason: str
    message: str = ""
    kept: bool = False


class CheckDone(msgspec.Struct, frozen=True, tag="check", tag_field="event"):
    """`status` is pass, warn, fail or error; `failures` counts bad rows. `unchanged`: it did not
    run again, since neither the test nor what it reads has changed."""

    asset: AssetName
    check: str
    status: str
    failures: int | None
    seconds: float
    message: str = ""
    unchanged: bool = False


class NodeSkip(msgspec.Struct, frozen=True, tag="node_skip", tag_field="event"):
    asset: AssetName
    reason: str


class Published(msgspec.Struct, frozen=True, tag="publish", tag_field="event"):
    assets: tuple[AssetName, ...]
    dropped: tuple[AssetName, ...]
    seconds: float


class Log(msgspec.Struct, frozen=True, tag="log", tag_field="event"):
    level: str
    message: str


class RunEnd(msgspec.Struct, frozen=True, tag="run_end", tag_field="event"):
    """`status` is success, failed or cancelled."""

    run_id: str
    status: str
    built: int
    failed: int
    skipped: int
    warned: int
    seconds: float
    at: str
    kept: int = 0


Event = RunStart | NodeStart | NodeDone | CheckDone | NodeSkip | Published | Log | RunEnd
