"""The slim record of a compiled asset: all that planning reads of it."""

from __future__ import annotations

from collections.abc import Mapping

from xform.app.compiling.compiled import Body, CompiledAsset
from xform.app.compiling.hooks import NONE as NO_HOOKS
from xform.app.compiling.hooks import AssetHooks
from xform.app.compiling.slicing import through_ephemerals
from xform.base.names import AssetName
from xform.checks.declared import digest_of
from xform.checks.written import NONE_WRITTEN, Written
from xform.project.assets import Asset, Kind


def summary(
    asset: Asset,
    body: Body,
    depends_on: tuple[AssetName, ...],
    compiled: Mapping[AssetName, CompiledAsset],
    checks_read: tuple[AssetName, ...],
    hooks: AssetHooks = NO_HOOKS,
    written: Written = NONE_WRITTEN,
) -> CompiledAsset:
    """`compiled` holds those of what it reads; `checks_read` are the assets that its tests read."""
    reads: set[AssetName] = set()
    ephemeral: set[AssetName] = set()
    for name in depends_on:
        upstream = compiled.get(name)
        if upstream is not None and upstream.kind is Kind.EPHEMERAL:
            ephemeral.add(name)
            reads.update(upstream.reads)
        else:
            reads.add(name)
    prints = body.fingerprints
    return CompiledAsset(
        asset.name,
        asset.kind,
        depends_on,
        tuple(sorted(reads)),
        prints.build.digest if prints is not None else None,
        tuple(sorted(prints.build.leaves)) if prints is not None else (),
        digest_of(asset, written),
        tuple(sorted({*checks_read, *written.reads} - {asset.name})),
        asset.files,
        prints is None and asset.kind is not Kind.EXPOSURE,
        through_ephemerals(body.sliced, reads) if body.sliced is not None else None,
        hooks,
        body.ordered or any(compiled[name].ordered for name in depends_on if name in ephemeral),
        body.carried,
        written,
    )
