"""The trace of a rendering: what it looked at, and whether that is still so."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from xform.base.hashing import Digest, digest_text
from xform.template.rendered import Read
from xform.template.scope import Scope
from xform.template.values import digest_value

NOTHING = Digest("")
WHOLE = "*"
"""The name under which a look at all of `target` is noted."""


class MacroKeys(Protocol):
    """A macro library, as far as a trace needs it."""

    def key(self, name: str) -> Digest: ...


class ReadLog:
    """Notes each thing looked at once. A rendering sees one state of the world throughout."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], str] = {}

    def note(self, kind: str, name: str, value: Digest) -> None:
        self._found[kind, name] = value

    def reads(self) -> tuple[Read, ...]:
        """Sorted, so that equal traces are equal."""
        return tuple(sorted(Read(*key, value) for key, value in self._found.items()))


def look(kind: str, name: str, scope: Scope) -> Digest:
    """The digest of what a rendering in this scope would find; empty for nothing."""
    match kind:
        case "var":
            found = scope.variables
        case "env_var":
            found = scope.environ
        case "target" if name == WHOLE:
            return digest_value(scope.target)
        case "target":
            found = scope.target
        case "config":
            found = scope.config
        case "asset":
            return digest_text(scope.asset)
        case _:
            raise ValueError(f"unknown kind of read: {kind}")
    return digest_value(found[name]) if name in found else NOTHING


def still_valid(reads: Iterable[Read], scope: Scope, macros: MacroKeys | None = None) -> bool:
    """Whether a rendering that left these reads would come out the same.

    Macro reads are compared only where a library is given; else the caller answers for them.
    """
    for read in reads:
        if read.kind == "macro":
            if macros is not None and macros.key(read.name) != read.value:
                return False
        elif look(read.kind, read.name, scope) != read.value:
            return False
    return True
