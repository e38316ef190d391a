"""A build fingerprint taken apart, to be stored with the build and compared by `why`.

The same definitions that are hashed are written out here as text, so what is shown is what was
compared.
"""

from __future__ import annotations

from collections.abc import Mapping

from xform.base.hashing import Digest, digest_parts
from xform.base.names import AssetName
from xform.fingerprint.component import Component
from xform.fingerprint.evaluate import Fingerprints, fill
from xform.sema.facts import ModelFacts
from xform.sema.meaning import (
    CLOCK,
    CLOSE,
    HOLE,
    NEXT,
    OPEN,
    ROWS,
    WHOLE,
    External,
    Hole,
    Meaning,
)

TEXT_LIMIT = 600
"""Characters of a component's text; what is longer is cut in the middle."""
CUT = " … "
"""Stands where a text was cut."""
_ARRANGED = str.maketrans({OPEN: "", NEXT: ", ", CLOSE: ""})


def external_name(external: External) -> str:
    """How an external is called where people see it."""
    if external.asset == CLOCK:
        return f"clock ({external.column})"
    if external.column == ROWS:
        return f"{external.asset}"
    if external.column == WHOLE:
        return f"{external.asset}.*"
    return f"{external.asset}.{external.column}"


class _Writer:
    """Writes definitions as text, each once."""

    def __init__(self, meaning: Meaning) -> None:
        self.meaning = meaning
        self._texts: dict[Hole, str] = {}
        self._reads: dict[Hole, frozenset[Hole]] = {}
        for number, definition in enumerate(meaning.definitions):
            between = definition.text.translate(_ARRANGED).split(HOLE)
            pieces = [between[0]]
            reads: set[Hole] = set()
            for hole, text in zip(definition.holes, between[1:], strict=True):
                if hole < 0:
                    pieces.append(external_name(meaning.externals[~hole]))
                    reads.add(hole)
                elif self.is_column(hole):
                    pieces.append(self._texts[hole])
                    reads |= self._reads[hole]
                else:
                    pieces.append("…")
                pieces.append(text)
            self._texts[number] = _cut("".join(pieces))
            self._reads[number] = frozenset(reads)

    def is_column(self, hole: Hole) -> bool:
        return self.meaning.definitions[hole].label.startswith("column ")

    def text(self, hole: Hole) -> str:
        return external_name(self.meaning.externals[~hole]) if hole < 0 else self._texts[hole]

    def reads(self, hole: Hole) -> frozenset[Hole]:
        return frozenset((hole,)) if hole < 0 else self._reads[hole]

    def clauses(self, root: Hole) -> list[Hole]:
        """The clause definitions that a row set is made of, innermost first."""
        found: set[Hole] = set()
        stack = [root]
        while stack:
            hole = stack.pop()
            if hole < 0 or hole in found:
                continue
            found.add(hole)
            stack.extend(self.meaning.definitions[hole].holes)
        return sorted(hole for hole in found if not self.is_column(hole))


def _cut(text: str) -> str:
    if len(text) <= TEXT_LIMIT:
        return text
    half = TEXT_LIMIT // 2 - 2
    return f"{text[:half]}{CUT}{text[-half:]}"


def of_query(
    facts: ModelFacts, inputs: Mapping[AssetName, Fingerprints], storage: str
) -> tuple[Component, ...]:
    """The components of a query's build fingerprint: storage, rows clause by clause, columns."""
    meaning = facts.meaning
    prints = fill(meaning, inputs)
    writer = _Writer(meaning)

    def component(name: str, hole: Hole) -> Component:
        reads = {
            external_name(meaning.externals[~read]): prints[read].digest
            for read in sorted(writer.reads(hole), reverse=True)
        }
        return Component(name, prints[hole].digest, writer.text(hole), reads)

    roots = [facts.rows_meaning, *(column.meaning for column in facts.columns)]
    clauses = sorted({clause for root in roots for clause in writer.clauses(root)})
    components = [Component("storage", digest_parts((storage,)), storage)]
    if facts.rows_meaning < 0:
        components.append(component("rows", facts.rows_meaning))
    counts: dict[str, int] = {}
    for hole in clauses:
        label = meaning.definitions[hole].label
        counts[label] = counts.get(label, 0) + 1
        name = label if counts[label] == 1 else f"{label} ({counts[label]})"
        components.append(component(name, hole))
    components.extend(
        component(f"column {column.name}", column.meaning) for column in facts.columns
    )
    if facts.order is not None:
        components.append(component("order by", facts.order))
    names = ", ".join(column.name for column in facts.columns)
    components.append(Component("order of columns", digest_parts((names,)), names))
    return tuple(components)


def of_python(
    code: Digest,
    path: str,
    inputs: Mapping[str, tuple[AssetName, Fingerprints]],
    columns: tuple[tuple[str, str], ...],
    storage: str,
) -> tuple[Component, ...]:
    """The components of a Python model's build fingerprint: its code, its inputs, its columns."""
    listed = ", ".join(f"{name} {kind}".strip() for name, kind in columns)
    components = [
        Component("storage", digest_parts((storage,)), storage),
        Component("code", code, f"{path} and what it imports"),
        Component("columns", digest_parts((listed,)), listed),
    ]
    for parameter in sorted(inputs):
        asset, fingerprints = inputs[parameter]
        whole = fingerprints.whole.digest
        components.append(
            Component(f"input {parameter}", whole, f"{asset}.*", {f"{asset}.*": whole})
        )
    return tuple(components)


def of_source(
    name: AssetName, fingerprints: Fingerprints, types: Mapping[str, str]
) -> tuple[Component, ...]:
    """The components of a seed's build fingerprint: its name and its columns with types."""
    components = [Component("rows", fingerprints.rows.digest, name)]
    components.extend(
        Component(f"column {column}", found.digest, f"{column} {types.get(column, '')}".strip())
        for column, found in fingerprints.columns.items()
    )
    return tuple(components)
