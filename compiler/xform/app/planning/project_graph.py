"""The compiled project as a graph: for selection, listing and export."""

from __future__ import annotations

from collections.abc import Iterator

from xform.app.compiling.compiled import Compilation, CompiledAsset
from xform.base.names import AssetName, ColumnRef, table_of
from xform.checks.declared import nodes_of
from xform.graph.nodes import Graph, Node, SelectionFacts, TestNode
from xform.project.assets import Asset, Kind

RESOURCE_TYPES = {
    Kind.VIEW: "model",
    Kind.TABLE: "model",
    Kind.INCREMENTAL: "model",
    Kind.SNAPSHOT: "snapshot",
    Kind.EPHEMERAL: "model",
    Kind.SEED: "seed",
    Kind.EXTERNAL: "source",
    Kind.EXPOSURE: "exposure",
}


def graph_of(compilation: Compilation, engine: str) -> Graph:
    """All assets and tests of a compilation."""
    project = compilation.project
    nodes = {
        compiled.name: _node(compilation.declared[compiled.name], compiled, project.name, engine)
        for compiled in compilation.slim.assets
    }
    tests = [
        test
        for asset in project.assets
        for test in nodes_of(asset, compilation.names.one, compilation.assets[asset.name].tests)
    ]
    return Graph(project.name, nodes, (*tests, *_unit_tests(compilation)))


def _unit_tests(compilation: Compilation) -> Iterator[TestNode]:
    """Those of models that there are; what is wrong with the others is said of the project."""
    for test in compilation.unit_tests:
        model = compilation.names.one(test.model)
        if model is not None:
            path = test.span.path
            yield TestNode(
                test.name, test.name, model, (model,), path=path, tags=test.tags, unit=True
            )


def _node(asset: Asset, compiled: CompiledAsset, project: str, engine: str) -> Node:
    folders = asset.path.split("/")[1:-1]
    if asset.kind is Kind.EXTERNAL:
        fqn: tuple[str, ...] = (project, *asset.name.split("."))
    else:
        fqn = (project, *folders, table_of(asset.name))
    return Node(
        name=asset.name,
        resource_type=RESOURCE_TYPES[asset.kind],
        path=asset.path,
        depends_on=compiled.depends_on,
        declared_in=asset.declared_in,
        tags=asset.tags,
        owner=asset.owner,
        group=asset.group,
        access=asset.access,
        domain=asset.domain,
        version=asset.version.standing if asset.version is not None else None,
        engine=engine,
        config=asset.config,
        fqn=fqn,
    )


def column_facts(compilation: Compilation) -> SelectionFacts:
    """Which columns read which, by lineage: for `column:`. The column `*` is an asset's rows."""
    readers: dict[ColumnRef, list[ColumnRef]] = {}
    columns: dict[AssetName, tuple[str, ...]] = {}
    for name in compilation.assets:
        body = compilation.body(name)
        columns[name] = tuple(column.name for column in body.schema.columns or ())
        facts = body.facts
        if facts is not None:
            for column in facts.columns:
                for read in column.value:
                    readers.setdefault(read, []).append((name, column.name))
            for read in (*facts.rows, *((scan, "*") for scan in facts.scans)):
                readers.setdefault(read, []).append((name, "*"))
            continue
        for read_asset in compilation.assets[name].depends_on:
            # Not seen through (Python, exposures): every column may come from every column.
            for upstream in compilation.body(read_asset).schema.columns or ():
                outputs = columns[name] or ("*",)
                readers.setdefault((read_asset, upstream.name), []).extend(
                    (name, output) for output in outputs
                )
    return SelectionFacts(
        column_readers={read: tuple(found) for read, found in readers.items()},
        columns=columns,
        given=frozenset(("column",)),
    )
