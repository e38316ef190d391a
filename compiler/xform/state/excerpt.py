"""The part of the record that a plan of some assets needs, read without the rest.

Of every other build only a few fields are looked at: which asset it is of, what it means, and the
names that it reads, for no new build may take one of these.
"""

from __future__ import annotations

from collections.abc import Set

import msgspec

from xform.base.hashing import Digest
from xform.base.names import AssetName
from xform.run.records import BuildRecord, Publication
from xform.run.snapshots import Excerpt
from xform.state.database import Connection


class _Meaning(msgspec.Struct, gc=False):
    fingerprint: Digest


class _Brief(msgspec.Struct):
    """The part of a stored BuildRecord that says whether it matters."""

    physical: str
    asset: AssetName
    fingerprint: Digest
    inputs: dict[str, str]
    also: tuple[_Meaning, ...] = ()

    def means_one_of(self, fingerprints: Set[Digest]) -> bool:
        return self.fingerprint in fingerprints or any(
            other.fingerprint in fingerprints for other in self.also
        )


_decode_brief = msgspec.json.Decoder(_Brief).decode
decode_record = msgspec.json.Decoder(BuildRecord).decode


def excerpt(
    connection: Connection,
    environment: str,
    assets: Set[AssetName],
    beside: Set[AssetName],
    fingerprints: Set[Digest],
) -> Excerpt:
    """See `StateStore.excerpt`."""
    facts = dict(connection.execute("select key, value from facts").fetchall())
    published = _published(connection, environment, assets)
    shown = {item.physical for item in published.values()}
    builds: dict[str, BuildRecord] = {}
    taken: set[str] = set()
    for (record,) in connection.execute("select record from builds order by physical"):
        brief = _decode_brief(record)
        taken.update(brief.inputs.values())
        if (
            brief.asset in assets
            or brief.physical in shown
            or (brief.asset not in beside and brief.means_one_of(fingerprints))
        ):
            builds[brief.physical] = decode_record(record)
    everywhere = connection.execute("select environment, physical from publications").fetchall()
    taken.update(physical for _, physical in everywhere)
    return Excerpt(
        facts.get("warehouse", ""),
        facts.get("revision", ""),
        builds,
        published,
        _statuses(connection, environment, assets),
        frozenset(physical for place, physical in everywhere if place != environment),
        frozenset(taken),
    )


def _published(
    connection: Connection, environment: str, assets: Set[AssetName]
) -> dict[AssetName, Publication]:
    found = {}
    for asset in sorted(assets):
        row = connection.execute(
            "select environment, asset, schema, name, physical, fingerprint from publications "
            "where environment = ? and asset = ?",
            [environment, asset],
        ).fetchone()
        if row is not None:
            found[asset] = Publication(*row)
    return found


def _statuses(
    connection: Connection, environment: str, assets: Set[AssetName]
) -> dict[AssetName, str]:
    query = "select status from statuses where environment = ? and asset = ?"
    rows = ((asset, connection.execute(query, [environment, asset]).fetchone()) for asset in assets)
    return {asset: str(row[0]) for asset, row in rows if row is not None}
