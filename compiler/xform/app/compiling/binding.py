"""Every SQL model of a project, bound to the columns of what it reads."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from xform.app.compiling.ahead import BIND
from xform.app.compiling.compiled import Bound, BoundLineage, Lineage, Outline, Parsed
from xform.app.compiling.inputs import BIND_VERSION, Inputs
from xform.app.compiling.parsing import ModelParser, text_of
from xform.base.hashing import Digest, digest_parts
from xform.base.names import AssetName
from xform.project.assets import Asset
from xform.project.files import WideFiles
from xform.query.memo import Memo
from xform.sema.bind import bind
from xform.sema.facts import ModelFacts, Schema
from xform.sql.parse import Place

BROKEN = Schema(None, broken=True)


class _Request(msgspec.Struct, frozen=True, array_like=True):
    """All that binding a model depends on. `read` has the columns of what it reads."""

    name: AssetName
    path: str
    dialect: str
    tables: tuple[AssetName | None, ...]
    read: dict[AssetName, Schema]
    parsed: Parsed


_REQUESTS = msgspec.msgpack.Decoder(_Request)


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
        self._note(asset, tables)
        return self._bound(asset.name)

    def _note(self, asset: Asset, tables: tuple[AssetName | None, ...]) -> Digest:
        if asset.name not in self._models:
            self._models[asset.name] = (asset, tables, self._key(asset, tables))
        return self._models[asset.name][2]

    # With helpers --------------------------------------------------------------------------------

    def message(self, asset: Asset, tables: tuple[AssetName | None, ...]) -> bytes | None:
        """What another process needs to bind a model; None where it is known already, or cannot
        be told."""
        if self._memo.stored("bind", self._note(asset, tables)) is not None:
            return None
        parsed = self._parser.stored(asset.name)
        if parsed is None:
            return None
        read = {name: msgspec.Raw(self._columns(name)) for name in tables if name is not None}
        dialect = self._inputs.dialect_of(asset)
        return BIND + msgspec.msgpack.encode(
            (asset.name, asset.path, dialect, tables, read, msgspec.Raw(parsed))
        )

    def take(self, name: AssetName, answer: bytes) -> None:
        """An answer to `message`."""
        self._memo.ran.append(("bind", name))
        self._memo.put_stored("bind", self._models[name][2], answer)

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
                self._parser.raw_rendered(asset.name),
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
        read = {name: self._schemas.get(name, BROKEN) for name in tables if name is not None}
        dialect = self._inputs.dialect_of(asset)
        request = _Request(asset.name, asset.path, dialect, tables, read, parsed)
        return _bound(request, self._files)


def answer(message: bytes, files: WideFiles) -> bytes:
    """The answer of another process to `ModelBinder.message`: a bound model in its stored form."""
    return msgspec.msgpack.encode(_bound(_REQUESTS.decode(message), files))


def _bound(request: _Request, files: WideFiles) -> Bound:
    parsed = request.parsed
    assert parsed.unit is not None
    assert parsed.rendered is not None
    place = Place(request.path, lambda: text_of(files, request.path), parsed.rendered.source_map)
    return Bound(
        *bind(request.name, parsed.unit, request.tables, request.read, place, request.dialect)
    )
