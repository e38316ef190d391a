"""128-bit hashes over length-prefixed parts, so that no two lists of parts hash alike."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from typing import NewType

Digest = NewType("Digest", str)
"""32 hexadecimal digits."""

SIZE = 16


def digest_bytes(content: bytes) -> Digest:
    return Digest(blake2b(content, digest_size=SIZE).hexdigest())


def digest_text(content: str) -> Digest:
    return digest_bytes(content.encode("utf-8", "surrogatepass"))


def digest_parts(parts: Iterable[str | bytes]) -> Digest:
    """Hash of a sequence: each part goes in behind its length."""
    hasher = blake2b(digest_size=SIZE)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        hasher.update(len(data).to_bytes(8, "little"))
        hasher.update(data)
    return Digest(hasher.hexdigest())
