"""What a project declares, by asset: each is decoded from its stored form when it is asked for.

Most of a stored compilation is this, and a plan after an edit looks at a few of the assets.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from functools import cached_property

import msgspec
from msgspec.structs import replace

from xform.base.names import AssetName
from xform.project.assets import Asset, Project


class _Stored(msgspec.Struct, frozen=True, array_like=True):
    """A project, with its assets beside it; `models` are those in SQL, by path."""

    bare: Project
    names: tuple[AssetName, ...]
    models: dict[str, AssetName]
    assets: tuple[msgspec.Raw, ...]


_decode_asset = msgspec.msgpack.Decoder(Asset).decode


class Declarations(Mapping[AssetName, Asset]):
    """The assets of a project by name, in its order. `stored_as` is the digest under which it
    lies in the cache, where it does."""

    def __init__(
        self,
        bare: Project,
        models: Mapping[str, AssetName],
        stored: Mapping[AssetName, msgspec.Raw],
        held: dict[AssetName, Asset],
        stored_as: bytes | None,
    ) -> None:
        self.bare = bare
        """The project without its assets."""
        self.models = models
        """The models in SQL, by path."""
        self._stored = stored
        self._held = held
        self.stored_as = stored_as

    @classmethod
    def of(cls, project: Project) -> Declarations:
        held = {asset.name: asset for asset in project.assets}
        models = {a.path: a.name for a in project.assets if a.has_file}
        return cls(replace(project, assets=()), models, {}, held, None)

    @classmethod
    def decoded(cls, data: memoryview, stored_as: bytes) -> Declarations:
        """What `encoded` gave. Raises DecodeError."""
        found = msgspec.msgpack.decode(data, type=_Stored)
        stored = dict(zip(found.names, found.assets, strict=True))
        return cls(found.bare, found.models, stored, {}, stored_as)

    def encoded(self) -> bytes:
        assets = tuple(msgspec.Raw(msgspec.msgpack.encode(asset)) for asset in self.values())
        return msgspec.msgpack.encode(_Stored(self.bare, tuple(self), dict(self.models), assets))

    def __getitem__(self, name: AssetName) -> Asset:
        held = self._held.get(name)
        if held is None:
            held = self._held[name] = _decode_asset(self._stored[name])
        return held

    def __contains__(self, name: object) -> bool:
        return name in self._held or name in self._stored

    def __iter__(self) -> Iterator[AssetName]:
        return iter(self._stored or self._held)

    def __len__(self) -> int:
        return len(self._stored or self._held)

    @cached_property
    def project(self) -> Project:
        """The whole of it."""
        return replace(self.bare, assets=tuple(self.values()))

    def part(self, names: Set[AssetName]) -> Project:
        """The project with some of its assets alone."""
        return replace(self.bare, assets=tuple(self[name] for name in self if name in names))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Declarations) and self.project == other.project

    __hash__ = None  # type: ignore[assignment]
