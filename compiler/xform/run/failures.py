"""How an engine, user code or the state refuse: what becomes of it is a diagnostic
(`run/errors.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

from xform.base.names import AssetName
from xform.base.spans import Span
from xform.plan.plan import HookSql


class EngineError(Exception):
    """An engine refused or failed. `offset` is into the statement, where the engine says.

    `kind` is one of: syntax, binder, catalog, constraint, conversion, interrupted, busy, io,
    memory, settings, other. `offset` and `length` count characters. `transient`: the same
    statement may well succeed a little later.
    """

    def __init__(
        self,
        message: str,
        *,
        kind: str = "other",
        offset: int | None = None,
        length: int = 0,
        transient: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.kind = kind
        self.offset = offset
        self.length = length
        self.transient = transient


class EngineBusy(EngineError):  # noqa: N818 - says what is the case
    """Another process holds the warehouse. `holder` says who, as far as is known; `pid` is that of
    a process of this machine."""

    def __init__(self, message: str, holder: str, pid: int | None = None) -> None:
        super().__init__(message, kind="busy")
        self.holder = holder
        self.pid = pid


class LeaseLost(EngineError):  # noqa: N818 - says what is the case
    """Another one has had the lease of an environment since. `token` is the greater one that the
    warehouse has seen, where that is how it is known."""

    def __init__(self, environment: str, token: int = 0) -> None:
        super().__init__(f"another process has taken over '{environment}' meanwhile", kind="busy")
        self.token = token


class ColumnsDiffer(EngineError):  # noqa: N818 - says what is the case
    """A build came out with other columns than the compiler said."""

    def __init__(self, message: str, expected: Sequence[str], found: Sequence[str]) -> None:
        super().__init__(message, kind="binder")
        self.expected = tuple(expected)
        self.found = tuple(found)


class NameTaken(EngineError):  # noqa: N818 - says what is the case
    """A name to publish holds something that xform did not make."""

    def __init__(self, message: str, asset: AssetName) -> None:
        super().__init__(message, kind="catalog")
        self.asset = asset


class HookFailed(EngineError):  # noqa: N818 - says what is the case
    """A statement of a hook failed."""

    def __init__(self, error: EngineError, hook: HookSql) -> None:
        super().__init__(error.message, kind=error.kind, transient=error.transient)
        self.hook = hook


class CodeError(EngineError):
    """A Python model could not be loaded, raised, or returned what cannot be stored.

    `stage` is load, call or result; `span` is the place in the user's file, where known.
    """

    def __init__(self, message: str, *, stage: str, span: Span | None = None) -> None:
        super().__init__(message, kind="other")
        self.stage = stage
        self.span = span


class StateError(Exception):
    """The state store refused.

    `kind` is busy, newer, io, unreachable (a server), denied (a right that is missing) or driver
    (one that is not installed); `at` is where the user says, or sees, which state it is. No secret
    is in it.
    """

    def __init__(self, message: str, *, kind: str, at: Span, help: str) -> None:  # noqa: A002
        super().__init__(message)
        self.message = message
        self.kind = kind
        self.at = at
        self.help = help
