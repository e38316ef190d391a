"""A part of a build fingerprint, as it is stored with a build."""

from __future__ import annotations

import msgspec

from xform.base.hashing import Digest


class Component(msgspec.Struct, frozen=True, array_like=True):
    """`name` is what a person would call it (`column amount`, `where`, `storage`); `text` is the
    canonical text that went into the hash, readable; `inputs` are the upstream columns it reads
    with the digests they had (`staging.orders.amount` → digest; `staging.orders` for its rows).
    """

    name: str
    digest: Digest
    text: str
    inputs: dict[str, Digest] = {}
