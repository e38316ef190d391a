"""What a plan reads of the past."""

from __future__ import annotations

import msgspec

from xform.base.hashing import Digest
from xform.base.names import AssetName
from xform.run.records import BuildRecord, Publication


class StateSnapshot(msgspec.Struct, frozen=True):
    """All that a plan needs of the past, in one read.

    `identity` is the warehouse's at the time when builds and publications were copied from its
    ledger: where it differs from `Engine.identity()`, they may be out of date (`sync`).
    """

    identity: str
    builds: dict[str, BuildRecord]
    """By physical name."""
    publications: tuple[Publication, ...]
    """Of every environment."""
    statuses: dict[AssetName, str]
    """What became of each asset when it last ran in the environment (`NodeDone.status`)."""
    seconds: dict[AssetName, float]
    """How long its last successful build took."""
    revision: str = ""
    """Another one after each change of builds, publications or statuses."""

    def published(self, environment: str) -> dict[AssetName, Publication]:
        return {item.asset: item for item in self.publications if item.environment == environment}

    def builds_of(self, asset: AssetName) -> tuple[BuildRecord, ...]:
        """Newest generation first."""
        mine = [record for record in self.builds.values() if record.asset == asset]
        return tuple(
            sorted(mine, key=lambda record: (record.generation, record.built_at), reverse=True)
        )

    def by_fingerprint(self) -> dict[tuple[AssetName, Digest], BuildRecord]:
        """The newest build of each asset and fingerprint. Two assets may have one fingerprint."""
        newest: dict[tuple[AssetName, Digest], BuildRecord] = {}
        for record in self.builds.values():
            key = (record.asset, record.fingerprint)
            if key not in newest or newest[key].generation < record.generation:
                newest[key] = record
        return newest


class Excerpt(msgspec.Struct, frozen=True):
    """The part of a snapshot that a plan of some assets needs."""

    identity: str
    revision: str
    builds: dict[str, BuildRecord]
    """Of these assets, what they show, and what may stand for them: builds of the same meaning of
    assets that are no more."""
    published: dict[AssetName, Publication]
    """Those of these assets, in the environment."""
    statuses: dict[AssetName, str]
    shown_elsewhere: frozenset[str]
    """Physical names of the builds that other environments show."""
    taken: frozenset[str]
    """Physical names that anything shows or reads."""
