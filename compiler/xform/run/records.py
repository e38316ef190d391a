"""What a warehouse knows of itself: its builds, and the names that show them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import msgspec

from xform.base.hashing import Digest, digest_parts
from xform.base.names import AssetName
from xform.plan.freshness import Standing, Token
from xform.plan.intervals import Ranges
from xform.plan.plan import Component
from xform.project.checksum import EXACT, Checksum


class Origin(msgspec.Struct, frozen=True):
    """What a build is made of: its own text and settings, what it read, and whether the order of
    rows counts."""

    own: Digest
    inputs: dict[AssetName, Token]
    ordered: bool = False


class Sums(msgspec.Struct, frozen=True):
    """Checksums of the rows of a table: in any order (`content`), and in the order stored.

    `how` is the method that they were taken by: the one that was asked for, or an exact one where
    that takes no more. Those of different methods say nothing of each other.
    """

    content: str
    in_order: str
    how: Checksum = EXACT


class Result(msgspec.Struct, frozen=True, array_like=True):
    """What a test measured of a build, and what else it read then (`run/testing.py`)."""

    numbers: tuple[int | float | None, ...]
    read: str = ""


class Sample(msgspec.Struct, frozen=True, array_like=True):
    """What a test measured of one of the builds of an asset, and when."""

    build: str
    at: str
    numbers: tuple[int | float | None, ...]


class BuildRecord(msgspec.Struct, frozen=True):
    """What a build contains. Written in the transaction that makes it; also kept in the state."""

    physical: str
    asset: AssetName
    relation: str
    fingerprint: Digest
    generation: int
    versions: dict[str, str]
    inputs: dict[AssetName, str]
    columns: tuple[tuple[str, str], ...]
    rows: int | None
    seconds: float
    built_at: str
    run_id: str
    components: tuple[Component, ...] = ()
    audits_digest: Digest = Digest("")
    """Of the tests it has passed; empty while it has passed none."""
    ranges: Ranges = ()
    """Of a table that grows by time: the intervals that it holds."""
    revision: int = 0
    """How often it has been carried on."""
    codes: tuple[tuple[Digest, str], ...] = ()
    """Of a table that new code carried on: earlier fingerprints, and until when they were."""
    mark: str = ""
    """Of a table that is carried on: another one after each time that its rows changed."""
    method: Checksum = EXACT
    """How its rows may be compared with those of another build."""
    made_of: Origin | None = None
    """What it was made of."""
    also: tuple[Standing, ...] = ()
    """What else it holds, the last ones: see run/cutoff.py."""
    computed: Ranges = ()
    """Of a table that grows by time: the intervals that were computed last."""
    results: dict[str, Result] = {}
    """Of tests, by `Audit.key`."""
    series: dict[str, tuple[Sample, ...]] = {}
    """What tests that compare with the past measured, of this build and of those before it."""
    tested_at: str = ""
    """When the last of it was measured."""

    @property
    def compared(self) -> Mapping[AssetName, Checksum]:
        """Nothing: it was made of what it reads. See `Standing`."""
        return {}

    @property
    def standing(self) -> str:
        """Another one after each change of the record: what else it says never changes."""
        if not self.revision and not self.also:
            return (
                f"{self.audits_digest} {self.tested_at}" if self.tested_at else self.audits_digest
            )
        last = self.also[-1].fingerprint if self.also else ""
        versions = digest_parts(sorted(self.also[-1].versions.values())) if self.also else ""
        return f"{self.audits_digest}@{self.revision} {last} {versions} {self.tested_at}"


class Publication(msgspec.Struct, frozen=True):
    """A name of an environment and the build that it shows."""

    environment: str
    asset: AssetName
    schema: str
    name: str
    physical: str
    fingerprint: Digest


class Occasion(msgspec.Struct, frozen=True):
    """For what names are moved: `kind` is build, promote, rollback or drop; of a build with the id
    of its run."""

    kind: str
    at: str
    run_id: str = ""


UNSAID = Occasion("build", "")


class Move(msgspec.Struct, frozen=True):
    """A name before and after: None where it showed nothing, or shows nothing now."""

    asset: AssetName
    before: Publication | None
    after: Publication | None


class Publishing(msgspec.Struct, frozen=True):
    """Names that moved in one transaction. `number` counts them in the warehouse, from 1."""

    number: int
    environment: str
    occasion: Occasion
    moves: tuple[Move, ...]


class BadRows(msgspec.Struct, frozen=True):
    """Rows that failed a test when it last ran in an environment, as far as they are kept: each by
    column. Values are those of JSON; what it has no form for is text."""

    environment: str
    asset: AssetName
    test: str
    run_id: str
    at: str
    rows: tuple[dict[str, Any], ...] = ()


class Ledger(msgspec.Struct, frozen=True):
    """All that the warehouse itself knows of builds and publications."""

    builds: tuple[BuildRecord, ...]
    publications: tuple[Publication, ...]


Settle: TypeAlias = Callable[[BuildRecord], BuildRecord]
"""The last word on a record, when its data has been read."""
