"""The tests of an asset with their names: one list for selection, planning and results."""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from xform.base.hashing import Digest, digest_parts
from xform.base.names import AssetName
from xform.checks.written import NONE_WRITTEN, Written
from xform.graph.nodes import TestNode
from xform.project.assets import Asset, TestKind, TestSpec


def tests_of(asset: Asset) -> tuple[tuple[str, TestSpec], ...]:
    """(name, test) of all tests, of columns first, in written order.

    A name is as given, or `<kind>_<schema>_<name>_<columns>`. Given names are kept; of two tests
    that would share a name the later one gets `_2`, and so on.
    """
    specs = [test for column in asset.columns for test in column.tests]
    specs += asset.tests
    taken = {spec.name for spec in specs if spec.name is not None}
    used: set[str] = set()
    named: list[tuple[str, TestSpec]] = []
    for spec in specs:
        base = spec.name or _plain("_".join((spec.called, asset.name, *spec.columns)))
        name, number = base, 1
        while name in used or (name in taken and (spec.name is None or number > 1)):
            number += 1
            name = f"{base}_{number}"
        used.add(name)
        named.append((name, spec))
    return tuple(named)


def shape_of(spec: TestSpec) -> tuple[bytes, ...]:
    """What a test measures: not what it is called, nor how strictly it is judged."""
    shape = (spec.kind, spec.macro, spec.columns, spec.args, spec.where)
    return (msgspec.json.encode(shape, enc_hook=str),)


def digest_of(asset: Asset, written: Written = NONE_WRITTEN) -> Digest:
    """What is tested of an asset and how strictly, as a set, and the contract that its columns have
    to keep; empty where nothing is.

    Names and places do not enter. Severity does: a build that came through with a warning has
    not passed the test as an error.
    """
    shapes = {
        b"".join(
            (
                *shape_of(spec),
                msgspec.json.encode(
                    (spec.severity, spec.blocking, spec.error_if, spec.warn_if), enc_hook=str
                ),
            )
        )
        for _, spec in (*tests_of(asset), *written.files)
    }
    if asset.contract:
        promised = sorted((column.name.lower(), column.type or "") for column in asset.columns)
        shapes.add(msgspec.json.encode(("contract", promised)))
    queries = {msgspec.json.encode((test.sql, test.reads)) for test in written.queries}
    return digest_parts((*sorted(shapes), *sorted(queries))) if shapes else Digest("")


def nodes_of(
    asset: Asset,
    resolve: Callable[[str], AssetName | None],
    written: Written = NONE_WRITTEN,
) -> tuple[TestNode, ...]:
    """The tests as selection sees them. `resolve` gives the asset that a written name means."""
    queries = {query.name: query for query in written.queries}
    nodes: list[TestNode] = []
    for name, spec in (*tests_of(asset), *written.files):
        reads = [asset.name]
        if name in queries:
            reads += [read for read in queries[name].reads if read != asset.name]
        if spec.kind is TestKind.RELATIONSHIPS:
            partner = resolve(str(spec.args.get("to")))
            if partner is not None and partner != asset.name:
                reads.append(partner)
        nodes.append(
            TestNode(name, spec.called, asset.name, tuple(reads), spec.severity, spec.span.path)
        )
    return tuple(nodes)


def _plain(text: str) -> str:
    return re.sub(r"\W+", "_", text).strip("_").lower()
