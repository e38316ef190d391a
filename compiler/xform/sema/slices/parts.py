"""How a query can be computed interval by interval, or why it cannot."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from xform.base.names import AssetName


class SlicedInput(msgspec.Struct, frozen=True, array_like=True):
    """An input by intervals of its own `column`; None: it counts as a whole. `columns` are those
    that are read of it, empty for all."""

    asset: AssetName
    column: str | None
    columns: tuple[str, ...] = ()


class Sliced(msgspec.Struct, frozen=True, array_like=True):
    """How a query can be computed interval by interval. `at_once`: several may be computed by one
    statement."""

    inputs: tuple[SlicedInput, ...]
    at_once: bool


class NotSliced(msgspec.Struct, frozen=True):
    """Why a query cannot be computed interval by interval, and where that stands."""

    message: str
    start: int
    end: int


class Stop(Exception):  # noqa: N818 - ends the tracing, never leaves this folder
    def __init__(self, message: str, node: object = None) -> None:
        super().__init__(message)
        self.found = NotSliced(message, getattr(node, "start", 0), getattr(node, "end", 0))


@dataclass(frozen=True, slots=True)
class Trace:
    """A column of a table, and the CTEs through which it came."""

    site: int
    column: str
    ctes: tuple[int, ...] = ()
