"""What one file declares, as it is remembered by the content of the file."""

from __future__ import annotations

import msgspec

from xform.base.diagnostics import Diagnostic
from xform.base.hashing import Digest, digest_parts
from xform.project.declarations import FileDeclarations
from xform.project.declare import DECLARE_VERSION


class Declared(msgspec.Struct, frozen=True):
    """What a file declares, with the digest of the content that said it."""

    digest: Digest
    declarations: FileDeclarations
    diagnostics: tuple[Diagnostic, ...] = ()


def declared_key(path: str, digest: Digest) -> Digest:
    """What `Declared` of a file of this content is known by."""
    return digest_parts((str(DECLARE_VERSION), path, digest))
