"""Names of builds in the store: readable, and unlike for unlike builds."""

from __future__ import annotations

import re

from xform.base.hashing import Digest, digest_text
from xform.base.names import AssetName, schema_of, table_of
from xform.sql.dialects import quote

STORE = "_xform"
_JOINT = "__"
_LIMIT = 63  # PostgreSQL cuts longer names in silence
_MARK = 6


def physical_name(asset: AssetName, fingerprint: Digest, generation: int) -> str:
    """`<schema>__<name>__<12 digits of the fingerprint>_<generation>`, at most 63 bytes of ASCII.

    Where that would not tell the asset from another (odd characters, capitals, `__` in a part,
    too long), a digest of the asset's name stands behind the stem.
    """
    tail = f"{_JOINT}{fingerprint[:12]}_{generation}"
    schema, table = schema_of(asset), table_of(asset)
    written = f"{schema}{_JOINT}{table}"
    stem = re.sub(r"[^a-z0-9_]+", "_", written.lower())
    room = _LIMIT - len(tail)
    split_once = written.find(_JOINT) == written.rfind(_JOINT) == len(schema)
    if stem != written or not split_once or len(stem) > room:
        stem = f"{stem[: room - _MARK - 1]}_{digest_text(asset)[:_MARK]}"
    return stem + tail


def sql_name(physical: str) -> str:
    """A build's full name in SQL."""
    return f"{quote(STORE)}.{quote(physical)}"


def physical_of(sql: str) -> str | None:
    """The build that an SQL name is of; None where it names something else."""
    store = f"{quote(STORE)}."
    if not sql.startswith(store):
        return None
    return sql.removeprefix(store)[1:-1].replace('""', '"')
