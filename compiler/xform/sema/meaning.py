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

HOLE = "\x00"
"""Stands in a definition's text for each of its holes, in order."""
OPEN, NEXT, CLOSE = "\x01", "\x02", "\x03"
"""Stand around and between operands whose order has no part in the result. Canonical text has
none of these characters of its own (`sql/canonical.py`)."""
_IN_PLACE = str.maketrans({OPEN: "[", NEXT: "|", CLOSE: "]"})

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


class Definition(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """`label` says what it is (`column amount`, `where`); it does not enter the hash. `text` has
    a HOLE for each of `holes`."""

    label: str
    text: str
    holes: tuple[Hole, ...]


class Meaning(msgspec.Struct, frozen=True, array_like=True):
    """Definitions in an order in which each only refers to earlier ones."""

    externals: tuple[External, ...]
    definitions: tuple[Definition, ...]


class MeaningBuilder:
    """Collects definitions; equal ones become one."""

    __slots__ = ("_as_written", "_by_external", "_by_text", "definitions", "externals")

    def __init__(self) -> None:
        self.externals: list[External] = []
        self.definitions: list[Definition] = []
        self._by_external: dict[tuple[AssetName, str], Hole] = {}
        self._by_text: dict[tuple[str, tuple[Hole, ...]], Hole] = {}
        self._as_written: list[Hole] = []

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
        if len(parts) == 1:
            only = parts[0]
            if type(only) is int:
                return only
        holes = tuple([part for part in parts if type(part) is int])
        return self._add(label, "".join([p if type(p) is str else HOLE for p in parts]), holes)

    def _add(self, label: str, text: str, holes: tuple[Hole, ...]) -> Hole:
        key = (text, holes)
        hole = self._by_text.get(key)
        if hole is None:
            hole = len(self.definitions)
            self._by_text[key] = hole
            self.definitions.append(Definition(label, text, holes))
        return hole

    def as_written(self, hole: Hole) -> Hole:
        """A definition, and all below it, with operands in the places where they were written:
        for what depends on how the engine goes about it."""
        known = self._as_written
        for old in range(len(known), hole + 1):  # a definition refers to earlier ones only
            given = self.definitions[old]
            holes = tuple([known[at] if at >= 0 else at for at in given.holes])
            marked = OPEN in given.text
            if marked or holes != given.holes:
                known.append(self._add(given.label, given.text.translate(_IN_PLACE), holes))
            else:
                known.append(old)
        return known[hole] if hole >= 0 else hole

    def finish(self, roots: Iterable[Hole]) -> tuple[Meaning, dict[Hole, Hole]]:
        """What the roots need, and nothing else, with new numbers (old hole → new)."""
        needed = set(roots)
        given = self.definitions
        for old in range(len(given) - 1, -1, -1):
            if old in needed:  # a definition refers to earlier ones only
                needed.update(given[old].holes)
        externals = [hole for hole in range(-1, -len(self.externals) - 1, -1) if hole in needed]
        renamed = {hole: ~i for i, hole in enumerate(externals)}
        definitions: list[Definition] = []
        for old, definition in enumerate(given):
            if old in needed:
                renamed[old] = len(definitions)
                holes = definition.holes
                if holes:
                    holes = tuple([renamed[hole] for hole in holes])
                    definition = Definition(definition.label, definition.text, holes)
                definitions.append(definition)
        return Meaning(tuple([self.externals[~h] for h in externals]), tuple(definitions)), renamed
