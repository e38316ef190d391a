"""Fills a meaning's holes with hashes: the fingerprints of an asset's rows and columns.

A Merkle tree at column grain (DESIGN §4): a source's columns are hashes of their identity; a
model's are hashes of canonical text with every reference replaced by the hash of what it refers
to. Along with each hash goes the set of *leaves* that it reaches: the seeds, sources and clocks
whose data can change it, so a reader knows exactly whose new data makes it stale.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from hashlib import blake2b

import msgspec

from xform.base.hashing import SIZE, Digest, digest_parts
from xform.base.names import AssetName
from xform.sema.facts import ModelFacts, Schema
from xform.sema.meaning import (
    CLOCK,
    CLOSE,
    HOLE,
    NEXT,
    OPEN,
    ORDER,
    ROWS,
    WHOLE,
    Meaning,
)

FORMAT = "xform fingerprint 7"
"""Changes whenever the canonical text of something changes: then everything is built anew."""

CLOCK_LEAF = "clock:"
"""Leaves `clock:day` and `clock:run` stand for what a volatile function asks."""

Leaves = frozenset[str]
NO_LEAVES: Leaves = frozenset()
_MARKS = re.compile(f"([{HOLE}{OPEN}{NEXT}{CLOSE}])")


class Print(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A hash of meaning, and the leaves it reaches."""

    digest: Digest
    leaves: Leaves = NO_LEAVES


class Fingerprints(msgspec.Struct, frozen=True):
    """Of one asset. `columns` are by folded name. `build` also takes in the columns' names and
    order, the final ORDER BY, and what shapes storage; `order` is the order of the rows; `whole`
    is for readers that depend on everything, row order included."""

    rows: Print
    columns: dict[str, Print]
    build: Print
    whole: Print
    order: Print


def of_source(name: AssetName, schema: Schema, leaf: str) -> Fingerprints:
    """A seed or source is its identity: its name, and each column's name and type."""
    leaves = frozenset((leaf,))
    rows = Print(digest_parts((FORMAT, "source", name)), leaves)
    columns = {
        column.name.lower(): Print(
            digest_parts((FORMAT, "source column", name, column.name.lower(), column.type)),
            leaves,
        )
        for column in schema.columns or ()
    }
    whole = Print(
        digest_parts(("whole", rows.digest, *(column.digest for column in columns.values()))),
        leaves,
    )
    return Fingerprints(rows, columns, whole, whole, rows)


def of_python(
    code: Digest,
    inputs: Mapping[str, Fingerprints],
    columns: Sequence[tuple[str, str]],
    storage: str,
) -> Fingerprints:
    """A Python model: its source's tree, and the whole of each input by parameter."""
    leaves = NO_LEAVES.union(*(fingerprints.whole.leaves for fingerprints in inputs.values()))
    parts = [FORMAT, "python", code]
    for parameter in sorted(inputs):
        parts.extend((parameter, inputs[parameter].whole.digest))
    rows = Print(digest_parts(parts), leaves)
    by_name = {
        name.lower(): Print(
            digest_parts(("python column", rows.digest, name.lower(), kind)), leaves
        )
        for name, kind in columns
    }
    shape = [part for name, kind in columns for part in (name, kind)]
    whole = Print(digest_parts(("whole", rows.digest, *shape)), leaves)
    build = Print(digest_parts((FORMAT, "build", storage, whole.digest)), leaves)
    return Fingerprints(rows, by_name, build, whole, rows)


def of_query(
    facts: ModelFacts,
    inputs: Mapping[AssetName, Fingerprints],
    storage: str,
    *,
    volatile: bool = True,
) -> Fingerprints:
    """A bound query. `storage` is what shapes the build beyond its rows (kind and settings).

    Without `volatile` the clock is no leaf: the model is not run for time passing alone.
    """
    prints = fill(facts.meaning, inputs, volatile=volatile)
    rows = prints[facts.rows_meaning]
    columns = {column.name.lower(): prints[column.meaning] for column in facts.columns}
    order = prints[facts.order] if facts.order is not None else Print(Digest(""))
    shape: list[str] = []
    for column in facts.columns:
        shape.extend((column.name, prints[column.meaning].digest))
    leaves = _together(rows.leaves, order.leaves)
    for item in columns.values():
        leaves = _together(leaves, item.leaves)
    arranged = prints[facts.row_order] if facts.row_order is not None else order
    in_order = Print(
        digest_parts(("order", rows.digest, arranged.digest)),
        _together(rows.leaves, arranged.leaves),
    )
    whole = Print(
        digest_parts(("whole", in_order.digest, *shape)), _together(leaves, in_order.leaves)
    )
    content = (rows.digest, order.digest, *shape)
    build = Print(digest_parts((FORMAT, "build", storage, *content)), leaves)
    return Fingerprints(rows, columns, build, whole, in_order)


def with_leaf(fingerprints: Fingerprints, leaf: str, *, alone: bool) -> Fingerprints:
    """What readers see of an asset that is a leaf to them as well: which intervals it holds. Where
    it is one `alone`, what it reads is none: its data do not follow from theirs. The build keeps
    the leaves that it reaches itself."""
    leaves = frozenset((leaf,))

    def seen(one: Print) -> Print:
        return Print(one.digest, leaves if alone else _together(one.leaves, leaves))

    return Fingerprints(
        seen(fingerprints.rows),
        {name: seen(column) for name, column in fingerprints.columns.items()},
        fingerprints.build,
        seen(fingerprints.whole),
        seen(fingerprints.order),
    )


def fill(
    meaning: Meaning, inputs: Mapping[AssetName, Fingerprints], *, volatile: bool = True
) -> dict[int, Print]:
    """The print of every hole of a meaning."""
    prints: dict[int, Print] = {}
    for i, external in enumerate(meaning.externals):
        prints[~i] = external_print(external.asset, external.column, inputs, volatile=volatile)
    for number, definition in enumerate(meaning.definitions):
        text = definition.text
        leaves = NO_LEAVES
        if definition.holes:
            found = [prints[hole] for hole in definition.holes]
            for item in found:
                if not item.leaves <= leaves:
                    leaves = _together(leaves, item.leaves)
            digests = [item.digest for item in found]
            text = arranged(text, digests) if OPEN in text else HOLE.join([text, *digests])
        elif OPEN in text:
            text = arranged(text, ())
        data = text.encode("utf-8", "surrogatepass")
        prints[number] = Print(Digest(blake2b(data, digest_size=SIZE).hexdigest()), leaves)
    return prints


def _together(one: Leaves, other: Leaves) -> Leaves:
    """Both. Most models of a project reach the same leaves: their columns share one set."""
    if other <= one:
        return one
    return other if one <= other else _union(one, other)


@functools.lru_cache(maxsize=10_000)
def _union(one: Leaves, other: Leaves) -> Leaves:
    return one | other


def arranged(text: str, digests: Sequence[Digest]) -> str:
    """A definition's text with digests in its holes, and operands whose order has no part in the
    result in the order of their own texts: which side of `=` was written first does not show."""
    left = iter(digests)
    out: list[str] = []
    groups: list[tuple[list[str], list[str]]] = []
    for piece in _MARKS.split(text):
        if piece == HOLE:
            out.extend((HOLE, next(left)))
        elif piece == OPEN:
            groups.append((out, []))
            out = []
        elif piece == NEXT:
            groups[-1][1].append("".join(out))
            out = []
        elif piece == CLOSE:
            operands = [*groups[-1][1], "".join(out)]
            out = groups.pop()[0]
            out.extend((OPEN, NEXT.join(sorted(operands)), CLOSE))
        else:
            out.append(piece)
    return "".join(out)


def external_print(
    asset: AssetName,
    column: str,
    inputs: Mapping[AssetName, Fingerprints],
    *,
    volatile: bool = True,
) -> Print:
    """What a reader sees of an asset: its rows, one column, or the whole."""
    if asset == CLOCK:
        leaf = CLOCK_LEAF + column
        return Print(digest_parts(("clock", column)), frozenset((leaf,)) if volatile else NO_LEAVES)
    fingerprints = inputs.get(asset)
    if fingerprints is None:
        return Print(digest_parts(("unknown", asset, column)))
    if column == ROWS:
        return fingerprints.rows
    if column == WHOLE:
        return fingerprints.whole
    if column == ORDER:
        return fingerprints.order
    known = fingerprints.columns.get(column.lower())
    if known is not None:
        return known
    # A column that nobody declared: everything that the asset is may change it.
    return Print(
        digest_parts(("undeclared", fingerprints.whole.digest, column.lower())),
        fingerprints.whole.leaves,
    )
