"""What compiling yields: a slim record per asset, and heavier bodies on demand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import msgspec

from xform.app.compiling.declarations import Declarations
from xform.app.compiling.hooks import AssetHooks
from xform.app.compiling.silences import Silence
from xform.base.diagnostics import Diagnostic, has_errors
from xform.base.hashing import Digest
from xform.base.names import AssetName, ColumnRef
from xform.base.spans import SourceMap
from xform.checks.written import NONE_WRITTEN, Written
from xform.fingerprint.evaluate import Fingerprints
from xform.project.assets import Asset, Kind, Project
from xform.project.unit_tests import UnitTest
from xform.sema.facts import ModelFacts, Schema
from xform.sema.slices.parts import Sliced
from xform.sema.tables import NameIndex
from xform.sql.ir import SqlUnit, Table
from xform.template.rendered import Read, Reference, Rendered


class Carried(msgspec.Struct, frozen=True):
    """The form of a model that carries on what it built, where its template has another one."""

    rendered: Rendered
    unit: SqlUnit
    says: Digest = Digest("")
    """Of all that it says: its layout and comments are not in it."""


class Parsed(msgspec.Struct, frozen=True):
    """One model's SQL, rendered, parsed and lowered: all that its own file decides."""

    rendered: Rendered | None
    unit: SqlUnit | None
    diagnostics: tuple[Diagnostic, ...] = ()
    silences: tuple[Silence, ...] = ()
    carried: Carried | None = None


class TablePlaces(msgspec.Struct, frozen=True, array_like=True):
    """The part of a stored SqlUnit that satisfies `splice.Places`."""

    query: msgspec.Raw
    tables: tuple[Table, ...]
    qualifiers: tuple[tuple[int, int, str], ...]
    end: int
    whole: str = ""
    bounds: tuple[tuple[int, int, str], ...] = ()


class RenderedText(msgspec.Struct, frozen=True):
    """The part of a stored Rendered that is its text."""

    text: str


class Outline(msgspec.Struct, frozen=True):
    """The part of a stored Parsed that tells what runs, and not what it means."""

    rendered: RenderedText | None
    unit: TablePlaces | None


class Bound(msgspec.Struct, frozen=True):
    """One model's SQL bound to the columns of what it reads."""

    facts: ModelFacts | None
    diagnostics: tuple[Diagnostic, ...] = ()


class RawRendered(msgspec.Struct, frozen=True):
    """The part of a stored Parsed that was rendered, as it is stored."""

    rendered: msgspec.Raw


class RenderedSurface(msgspec.Struct, frozen=True):
    """A stored Rendered without its text."""

    source_map: SourceMap = SourceMap()
    references: tuple[Reference, ...] = ()
    reads: tuple[Read, ...] = ()
    config: dict[str, Any] = {}


class Surface(msgspec.Struct, frozen=True):
    """The part of a stored Parsed that ties a model to others and to the outside."""

    rendered: RenderedSurface | None
    unit: TablePlaces | None
    diagnostics: tuple[Diagnostic, ...] = ()
    silences: tuple[Silence, ...] = ()


class ColumnValue(msgspec.Struct, frozen=True, array_like=True):
    """The part of a stored OutputColumn that is lineage."""

    name: str
    type: str
    value: tuple[ColumnRef, ...]


class Lineage(msgspec.Struct, frozen=True, array_like=True):
    """The part of stored ModelFacts that is lineage."""

    columns: tuple[ColumnValue, ...]
    rows: tuple[ColumnRef, ...]


class BoundLineage(msgspec.Struct, frozen=True):
    """The part of a stored Bound that is lineage."""

    facts: Lineage | None


class BodyReader(Protocol):
    """What was parsed and bound of a SQL model, taken from what is remembered: nothing of it is
    held. The smaller parts are quicker to read."""

    def parsed(self, name: AssetName) -> Parsed | None: ...

    def outline(self, name: AssetName) -> Parsed | Outline | None: ...

    def facts(self, name: AssetName) -> ModelFacts | None: ...

    def lineage(self, name: AssetName) -> ModelFacts | Lineage | None: ...


class Body(msgspec.Struct, frozen=True):
    """The heavy part of a compiled asset. `tables` are the assets of `parsed.unit.tables`."""

    name: AssetName
    schema: Schema
    fingerprints: Fingerprints | None = None
    tables: tuple[AssetName | None, ...] = ()
    reader: BodyReader | None = None
    sliced: Sliced | None = None
    ordered: bool = False
    carried: str = ""

    @property
    def parsed(self) -> Parsed | None:
        return self.reader.parsed(self.name) if self.reader is not None else None

    @property
    def outline(self) -> Parsed | Outline | None:
        return self.reader.outline(self.name) if self.reader is not None else None

    @property
    def facts(self) -> ModelFacts | None:
        return self.reader.facts(self.name) if self.reader is not None else None

    @property
    def lineage(self) -> ModelFacts | Lineage | None:
        return self.reader.lineage(self.name) if self.reader is not None else None


class CompiledAsset(msgspec.Struct, frozen=True):
    """The slim part: what planning reads of every asset.

    `depends_on` are the assets that its query or function names; `reads` the same with ephemeral
    models looked through. `fingerprint` is the build fingerprint, None where the asset has none
    or is broken. `checks` is the digest of its tests; `checks_read` the other assets they read.
    """

    name: AssetName
    kind: Kind
    depends_on: tuple[AssetName, ...]
    reads: tuple[AssetName, ...]
    fingerprint: Digest | None
    leaves: tuple[str, ...]
    checks: Digest
    checks_read: tuple[AssetName, ...] = ()
    files: str | None = None
    broken: bool = False
    sliced: Sliced | None = None
    """Of models that grow by time: how their inputs count."""
    hooks: AssetHooks = AssetHooks()
    ordered: bool = False
    """Whether what it yields depends on the order of the rows that it reads."""
    carried: str = ""
    """Of models with a form that carries on what they built: what it adds to their storage."""
    tests: Written = NONE_WRITTEN
    """Its tests, as far as they are not just as declared."""


class Described(msgspec.Struct, frozen=True, array_like=True):
    """What compiling asked the warehouse: the columns (name, type) of `query`; None where it had
    no such table."""

    asset: AssetName
    query: str
    columns: tuple[tuple[str, str], ...] | None


class Slim(msgspec.Struct, frozen=True):
    """A whole compilation without bodies, as the index stores it: what was declared apart."""

    declared: Declarations
    dialect: str
    assets: tuple[CompiledAsset, ...]
    """In topological order; members of cycles at the end, broken."""
    diagnostics: tuple[Diagnostic, ...]
    traces: tuple[Read, ...] = ()
    """What templates read of the outside: while these are as they were, the index holds."""
    described: tuple[Described, ...] = ()
    """Likewise the tables of the warehouse whose columns nobody declares."""
    warehouse: str = ""
    """The warehouse's identity when it was asked for them."""
    hooks: AssetHooks = AssetHooks()
    """Those at both ends of a run."""

    @property
    def project(self) -> Project:
        return self.declared.project


@dataclass(frozen=True)
class Compilation:
    """A compiled project. `body` loads (or recomputes) the heavy part of an asset; `load` those of
    some at once, where they are known to be wanted."""

    slim: Slim
    body: Callable[[AssetName], Body]
    read_text: Callable[[str], str | None] = field(repr=False)
    load: Callable[[Iterable[AssetName]], None] = field(repr=False, default=lambda names: None)

    @property
    def project(self) -> Project:
        return self.slim.project

    @property
    def unit_tests(self) -> tuple[UnitTest, ...]:
        return self.slim.declared.bare.unit_tests

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        return self.slim.diagnostics

    @property
    def failed(self) -> bool:
        return has_errors(self.slim.diagnostics)

    @cached_property
    def assets(self) -> Mapping[AssetName, CompiledAsset]:
        """By name, in topological order."""
        return {asset.name: asset for asset in self.slim.assets}

    @cached_property
    def names(self) -> NameIndex:
        """All assets by the names that they may be called."""
        return NameIndex.of({asset.name: asset.kind for asset in self.slim.assets})

    @property
    def declared(self) -> Mapping[AssetName, Asset]:
        return self.slim.declared
