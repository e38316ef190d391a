"""The meaning of a model, as a small program that yields its fingerprints.

Every scope, clause and column becomes one definition: canonical text with holes. A hole is
another definition (`n >= 0`) or something outside the model (`~n`, an index into `externals`).
Filling the holes with hashes gives the fingerprints (`fingerprint/`); filling them with names
gives the text that `why` shows. So what is hashed is written once, and the definitions do not
change when only something upstream changes its meaning.

Aliases, names of CTEs, layout and comments never enter. A reference enters as the column's
definition and, where the scope has several relations, as which of them it is taken from (`@1`),
and for a correlated reference how many scopes out (`^1`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

import msgspec

from xform.base.names import AssetName

Hole: TypeAlias = int
Part: TypeAlias = str | Hole

ROWS = ""
"""As an external's column: the rows of the asset."""
WHOLE = "*"
"""As an external's column: all of the asset, its row order included."""
ORDER = "\x00order"
"""As an external's column: the order of the asset's rows, whatever its columns are."""
CLOCK = AssetName("")
"""As an external's asset: the clock; its column is `day` or `run`."""


class External(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Something a model reads: a column of an asset, its ROWS, their ORDER, the WHOLE of it, or
    the CLOCK."""

    asset: AssetName
    column: str


class Definition(msgspec.Struct, frozen=True, array_like=True):
    """`label` says what it is (`column amount`, `where`); it does not enter the hash."""

    label: str
    parts: tuple[Part, ...]


class Meaning(msgspec.Struct, frozen=True, array_like=True):
    """Definitions in an order in which each only refers to earlier ones."""

    externals: tuple[External, ...]
    definitions: tuple[Definition, ...]


class MeaningBuilder:
    """Collects definitions; equal ones become one."""

    __slots__ = ("_by_external", "_by_parts", "definitions", "externals")

    def __init__(self) -> None:
        self.externals: list[External] = []
        self.definitions: list[Definition] = []
        self._by_external: dict[tuple[AssetName, str], Hole] = {}
        self._by_parts: dict[tuple[Part, ...], Hole] = {}

    def external(self, asset: AssetName, column: str) -> Hole:
        key = (asset, column)
        hole = self._by_external.get(key)
        if hole is None:
            hole = ~len(self.externals)
            self._by_external[key] = hole
            self.externals.append(External(asset, column))
        return hole

    def define(self, label: str, parts: list[Part]) -> Hole:
        """The hole of a definition. A definition that is nothing but a hole is that hole."""
        if len(parts) == 1 and isinstance(parts[0], int):
            return parts[0]
        merged: list[Part] = []
        text = ""
        for part in parts:
            if isinstance(part, str):
                text += part
            else:
                if text:
                    merged.append(text)
                    text = ""
                merged.append(part)
        if text:
            merged.append(text)
        key = tuple(merged)
        hole = self._by_parts.get(key)
        if hole is None:
            hole = len(self.definitions)
            self._by_parts[key] = hole
            self.definitions.append(Definition(label, key))
        return hole

    def finish(self, roots: Iterable[Hole]) -> tuple[Meaning, dict[Hole, Hole]]:
        """What the roots need, and nothing else, with new numbers (old hole → new)."""
        needed = set(roots)
        for old in range(len(self.definitions) - 1, -1, -1):
            if old in needed:  # a definition refers to earlier ones only
                needed.update([p for p in self.definitions[old].parts if isinstance(p, int)])
        externals = [hole for hole in range(-1, -len(self.externals) - 1, -1) if hole in needed]
        renamed = {hole: ~i for i, hole in enumerate(externals)}
        definitions: list[Definition] = []
        for old, definition in enumerate(self.definitions):
            if old in needed:
                renamed[old] = len(definitions)
                parts = tuple(
                    part if isinstance(part, str) else renamed[part] for part in definition.parts
                )
                definitions.append(Definition(definition.label, parts))
        return Meaning(tuple(self.externals[~h] for h in externals), tuple(definitions)), renamed
