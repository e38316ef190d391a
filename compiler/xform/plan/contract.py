"""The contract that a build has to keep: its columns and their types."""

from __future__ import annotations

import msgspec

from xform.base.spans import Span


class Promise(msgspec.Struct, frozen=True):
    """A declared column; `type` is as written."""

    name: str
    type: str
    span: Span


class Contract(msgspec.Struct, frozen=True):
    """`added` are columns that a build has besides: those that a snapshot adds."""

    span: Span
    columns: tuple[Promise, ...]
    added: tuple[str, ...] = ()


class Breach(msgspec.Struct, frozen=True):
    """Where a build differs from its contract, in words, and what was declared of it."""

    message: str
    span: Span
