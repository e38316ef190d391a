"""What a run comes to."""

from __future__ import annotations

import msgspec

from xform.base.diagnostics import Diagnostic
from xform.base.names import AssetName
from xform.run.events import CheckDone


class NodeResult(msgspec.Struct, frozen=True):
    """`status` is success, error, fail, cancelled or skipped; `build` is the physical name."""

    asset: AssetName
    status: str
    rows: int | None
    seconds: float
    build: str | None
    reason: str
    message: str = ""
    kept: bool = False
    """An earlier build stands: what it reads came out as before."""


class RunResult(msgspec.Struct, frozen=True):
    """`status` is success, failed or cancelled.

    `withheld` were to be published and were not: each with the reason. `abandoned` are steps
    still running when a second request to stop came: their threads live on, so the process must
    end without waiting for them (`os._exit`); what they had begun is then rolled back.
    """

    run_id: str
    status: str
    nodes: tuple[NodeResult, ...]
    diagnostics: tuple[Diagnostic, ...]
    published: tuple[AssetName, ...] = ()
    dropped: tuple[AssetName, ...] = ()
    withheld: tuple[tuple[AssetName, str], ...] = ()
    warned: int = 0
    seconds: float = 0.0
    abandoned: tuple[AssetName, ...] = ()
    checks: tuple[CheckDone, ...] = ()
    """The tests that ran, in the order in which they ended."""
