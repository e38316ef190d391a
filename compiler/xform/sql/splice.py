"""The written query with other names for its tables.

What runs is what was written: only the names of tables (and columns named through a table's full
name) are replaced, in the text. Nothing is generated from a tree, so nothing of a dialect can be
lost on the way, and an engine's error position leads back to the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from xform.sql.dialects import quote
from xform.sql.ir import Table


class Places(Protocol):
    """What is replaced in a text, and where its query ends: the part of a SqlUnit that is not
    about its meaning."""

    @property
    def tables(self) -> tuple[Table, ...]: ...
    @property
    def qualifiers(self) -> tuple[tuple[int, int, str], ...]: ...
    @property
    def end(self) -> int: ...
    @property
    def bounds(self) -> tuple[tuple[int, int, str], ...]: ...


class Spliced(msgspec.Struct, frozen=True):
    """`edits`: (start in sql, length in sql, start in the text, length there), in order.

    `bounds`: the same stretches as in `SqlUnit`, where they are in `sql`.
    """

    sql: str
    edits: tuple[tuple[int, int, int, int], ...]
    bounds: tuple[tuple[int, int, str], ...] = ()


def splice(unit: Places, text: str, relations: Sequence[str]) -> Spliced:
    """`text` with each table replaced; `relations[i]` is SQL to stand for `unit.tables[i]`."""
    edits: list[tuple[int, int, str]] = []
    for table, relation in zip(unit.tables, relations, strict=True):
        alias = "" if table.aliased else f" as {_identifier(table.alias)}"
        edits.append((table.start, table.end, relation + alias))
    edits.extend((start, end, _identifier(alias)) for start, end, alias in unit.qualifiers)
    kept = {start: which for start, _, which in unit.bounds}
    edits.extend((start, end, text[start:end]) for start, end, _ in unit.bounds)
    edits.sort()
    pieces: list[str] = []
    done: list[tuple[int, int, int, int]] = []
    bounds: list[tuple[int, int, str]] = []
    at = size = 0
    for start, end, replacement in edits:
        pieces.append(text[at:start])
        size += start - at
        done.append((size, len(replacement), start, end - start))
        if start in kept:
            bounds.append((size, size + len(replacement), kept[start]))
        pieces.append(replacement)
        size += len(replacement)
        at = end
    pieces.append(text[at : unit.end])
    return Spliced("".join(pieces), tuple(done), tuple(bounds))


def _identifier(name: str) -> str:
    return name if name.isidentifier() and name.islower() and name.isascii() else quote(name)
