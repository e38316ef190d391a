"""What is kept of a run when it is over."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from xform.base.names import AssetName
from xform.run.events import Event

BUILD, TEST = "build", "test"


class Asked(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a run was asked for: enough to do it again.

    `command` is its command line; `selected` are the chosen assets, None for all; `planned` those
    that had a step.
    """

    kind: str = BUILD
    command: str = ""
    selected: tuple[AssetName, ...] | None = None
    full_refresh: bool = False
    fail_fast: bool = False
    atomic: bool = False
    planned: tuple[AssetName, ...] = ()
    span: tuple[str, str] | None = None
    """What was to be computed again of tables that grow by time, in readers too if `downstream`."""
    downstream: bool = False
    allow_missing: bool = False


class Statement(msgspec.Struct, frozen=True):
    """A statement of the user's that an engine ran. `message` is what it failed with."""

    asset: AssetName
    sql: str
    started_at: str
    seconds: float
    message: str = ""


NOTHING_SAID = Asked()

Kept: TypeAlias = Event | Statement
"""What may be kept of a run."""


class RunNode(msgspec.Struct, frozen=True):
    asset: AssetName
    status: str
    rows: int | None
    seconds: float
    build: str | None
    reason: str
    message: str


class Took(msgspec.Struct, frozen=True):
    """How long the last successful builds of an asset took, in seconds, the newest first: those
    that made a build (`made`), and those that carried one on or kept it (`carried`)."""

    made: tuple[float, ...] = ()
    carried: tuple[float, ...] = ()


class RunCheck(msgspec.Struct, frozen=True):
    asset: AssetName
    check: str
    status: str
    failures: int | None
    seconds: float
    message: str


class RunLog(msgspec.Struct, frozen=True):
    level: str
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
    asked: Asked = Asked()
    nodes: tuple[RunNode, ...] = ()
    checks: tuple[RunCheck, ...] = ()
    statements: tuple[Statement, ...] = ()
    logs: tuple[RunLog, ...] = ()
