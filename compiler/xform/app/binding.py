"""Every SQL model of a project, bound to the columns of what it reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from xform.app.compiled import Bound, Parsed
from xform.app.inputs import BIND_VERSION, Inputs
from xform.app.parsing import text_of
from xform.base.hashing import Digest, digest_parts
from xform.base.names import AssetName
from xform.project.assets import Asset
from xform.project.files import WideFiles
from xform.query.memo import Memo
from xform.sema.bind import bind
from xform.sema.facts import Schema
from xform.sql.parse import Place

BROKEN = Schema(None, broken=True)


class ModelBinder:
    """`parsed` yields each model, `schemas` grows as models are bound: what a model reads must be
    there before it. `tables` are the assets of a model's tables, in their order."""

    def __init__(
        self,
        inputs: Inputs,
        files: WideFiles,
        memo: Memo,
        parsed: Callable[[AssetName], Parsed],
        schemas: Mapping[AssetName, Schema],
    ) -> None:
        self._inputs = inputs
        self._files = files
        self._memo = memo
        self._parsed = parsed
        self._schemas = schemas
        self._keys: dict[AssetName, Digest] = {}
        self._encoded: dict[AssetName, bytes] = {}

    def bound(self, asset: Asset, tables: tuple[AssetName | None, ...]) -> Bound:
        """A model that could be parsed."""
        key = self._keys.get(asset.name)
        if key is None:
            key = self._keys[asset.name] = self._key(asset, tables)
        return self._memo.get("bind", asset.name, key, Bound, lambda: self._bind(asset, tables))

    def _key(self, asset: Asset, tables: tuple[AssetName | None, ...]) -> Digest:
        """The text, its settings and dialect, and the columns of what it reads."""
        return digest_parts(
            (
                BIND_VERSION,
                asset.name,
                asset.path,
                self._inputs.dialect_of(asset),
                msgspec.msgpack.encode(self._parsed(asset.name).rendered),
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
        parsed = self._parsed(asset.name)
        assert parsed.unit is not None
        assert parsed.rendered is not None
        place = Place(
            asset.path, lambda: text_of(self._files, asset.path), parsed.rendered.source_map
        )
        read = {name: self._schemas.get(name, BROKEN) for name in tables if name is not None}
        return Bound(
            *bind(asset.name, parsed.unit, tables, read, place, self._inputs.dialect_of(asset))
        )
