"""The graph as selection sees it: assets with what they can be selected by, and their edges."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from xform.base.names import AssetName, ColumnRef


class TestNode(msgspec.Struct, frozen=True):
    """A data test or a unit test. `asset` is what it tests; `reads` are all assets its query
    touches: of a unit test, which reads rows that it brings, its model alone."""

    name: str
    test_name: str
    """The kind: not_null, unique, …; of a unit test its name."""
    asset: AssetName
    reads: tuple[AssetName, ...]
    severity: str = "error"
    path: str = ""
    tags: tuple[str, ...] = ()
    unit: bool = False

    @property
    def resource_type(self) -> str:
        return "unit_test" if self.unit else "test"


class Node(msgspec.Struct, frozen=True):
    """An asset. `resource_type` is model, seed, source or exposure."""

    name: AssetName
    resource_type: str
    path: str
    depends_on: tuple[AssetName, ...] = ()
    declared_in: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    owner: str | None = None
    group: str | None = None
    access: str | None = None
    domain: str | None = None
    version: str | None = None
    """Of a model with versions: `latest`, `prerelease` or `old`."""
    engine: str | None = None
    config: Mapping[str, Any] = {}
    fqn: tuple[str, ...] = ()
    """project, folders under models/ (or seeds/), name."""


class Graph(msgspec.Struct, frozen=True):
    """All nodes by name; edges run from an asset to what it reads (`depends_on`)."""

    project: str
    nodes: Mapping[AssetName, Node]
    tests: tuple[TestNode, ...] = ()


class SelectionFacts(msgspec.Struct, frozen=True):
    """What selection may ask beyond the graph; filled only where a method needs it.

    `column_readers` maps a column to the columns that read it directly (value or rows); the
    wildcard column `*` stands for a reader's rows. `stale`, `previous` (name → manifest entry of
    `--state DIR`), `results` (name → status of the last run) and `source_status` likewise.
    """

    column_readers: Mapping[ColumnRef, tuple[ColumnRef, ...]] = {}
    stale: frozenset[AssetName] = frozenset()
    results: Mapping[str, str] = {}
    changed: Mapping[str, frozenset[AssetName]] = {}
    """For `state:`: new, old, modified, unmodified, and `modified.<what>` → assets."""
    source_status: Mapping[AssetName, str] = {}
    """For `source_status:`: source → `fresher` where its data is newer than that of the state."""
    columns: Mapping[AssetName, tuple[str, ...]] = {}
    """For `column:`: the columns of each asset; none where they are not known."""
    given: frozenset[str] = frozenset()
    """Methods whose facts were gathered: tells facts that are empty from facts not given."""
