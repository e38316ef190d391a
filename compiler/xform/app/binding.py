"""Every SQL model of a project, bound to the columns of what it reads."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from xform.app.compiled import Bound, BoundLineage, Lineage, Outline, Parsed
from xform.app.inputs import BIND_VERSION, Inputs
from xform.app.parsing import ModelParser, text_of
from xform.base.hashing import Digest, digest_parts
from xform.base.names import AssetName
from xform.project.assets import Asset
from xform.project.files import WideFiles
from xform.query.memo import Memo
from xform.sema.bind import bind
from xform.sema.facts import ModelFacts, Schema
from xform.sql.parse import Place

BROKEN = Schema(None, broken=True)


class ModelBinder:
    """`schemas` grows as models are bound: what a model reads must be there before it. `tables` are
    the assets of a model's tables, in their order. A `compiled.BodyReader`, too."""

    def __init__(
        self,
        inputs: Inputs,
        files: WideFiles,
        memo: Memo,
        parser: ModelParser,
        schemas: Mapping[AssetName, Schema],
    ) -> None:
        self._inputs = inputs
        self._files = files
        self._memo = memo
        self._parser = parser
        self._schemas = schemas
        self._models: dict[AssetName, tuple[Asset, tuple[AssetName | None, ...], Digest]] = {}
        self._encoded: dict[AssetName, bytes] = {}

    def bound(self, asset: Asset, tables: tuple[AssetName | None, ...]) -> Bound:
        """A model that could be parsed."""
        self._models[asset.name] = (asset, tables, self._key(asset, tables))
        return self._bound(asset.name)

    def _bound(self, name: AssetName) -> Bound:
        asset, tables, key = self._models[name]
        return self._memo.get("bind", name, key, Bound, lambda: self._bind(asset, tables))

    # A `compiled.BodyReader` ---------------------------------------------------------------------

    def parsed(self, name: AssetName) -> Parsed:
        return self._parser.parsed(name)

    def outline(self, name: AssetName) -> Parsed | Outline:
        return self._parser.outline(name)

    def facts(self, name: AssetName) -> ModelFacts | None:
        return self._bound(name).facts if name in self._models else None

    def lineage(self, name: AssetName) -> ModelFacts | Lineage | None:
        if name not in self._models:
            return None
        found = self._memo.peek("bind", self._models[name][2], BoundLineage)
        return found.facts if found is not None else self.facts(name)

    # Binding -------------------------------------------------------------------------------------

    def _key(self, asset: Asset, tables: tuple[AssetName | None, ...]) -> Digest:
        """The text, its settings and dialect, and the columns of what it reads."""
        return digest_parts(
            (
                BIND_VERSION,
                asset.name,
                asset.path,
                self._inputs.dialect_of(asset),
                msgspec.msgpack.encode(self._parser.parsed(asset.name).rendered),
                *(part for name in tables for part in (name or "", self._columns(name))),
            )
        )

    def _columns(self, name: AssetName | None) -> bytes:
        if name is None:
            return b""
        known = self._encoded.get(name)
        if known is None:
            schema = self._schemas.get(name, BROKEN)
            known = self._encoded[name] = msgspec.msgpack.encode(schema)
        return known

    def _bind(self, asset: Asset, tables: tuple[AssetName | None, ...]) -> Bound:
        parsed = self._parser.parsed(asset.name)
        assert parsed.unit is not None
        assert parsed.rendered is not None
        place = Place(
            asset.path, lambda: text_of(self._files, asset.path), parsed.rendered.source_map
        )
        read = {name: self._schemas.get(name, BROKEN) for name in tables if name is not None}
        return Bound(
            *bind(asset.name, parsed.unit, tables, read, place, self._inputs.dialect_of(asset))
        )
