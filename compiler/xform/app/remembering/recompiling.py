"""A compilation brought up to date after an edit of some queries, from the one before.

Only the models that were edited, those that read them and what all these read go through the
stages; every other asset is as it was. The result is that of compiling anew.

Handed over to the whole compiler is every edit that may reach further: files that came or went,
anything but the query of a SQL model, other dependencies, templates that set what was declared,
assets that are broken, findings in the files that take part, or in the yml beside them. So is all
of a project that asks for findings of the whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set

import msgspec

from xform.app.compiling.compiled import Body, CompiledAsset, Slim
from xform.app.compiling.compiler import Beside, Compiler
from xform.app.compiling.saying import asks_for_everything
from xform.base.diagnostics import has_errors
from xform.base.names import AssetName
from xform.checks.written import Written
from xform.project.assets import Asset, Project
from xform.project.declare import declare
from xform.project.declared import Declared, declared_key
from xform.project.files import FileEntry, UnreadableFile, WideFiles
from xform.query.memo import Memo


def recompiled(
    old: Slim,
    before: Mapping[str, FileEntry],
    files: WideFiles,
    memo: Memo,
    compiler: Compiler,
) -> tuple[Slim, frozenset[AssetName]] | None:
    """The compilation after an edit of the files in `before`, which gives their old entries, and
    the assets that may be others in it; None where it has to be made anew. `old` was made in the
    same circumstances."""
    if (
        asks_for_everything(old.declared.bare)
        or old.described
        or any(asset.broken for asset in old.assets)
        or has_errors(old.diagnostics)
    ):
        return None
    models = old.declared.models
    if not all(
        path in models and _declares_the_same(path, entry, files, memo)
        for path, entry in before.items()
    ):
        return None
    edited = {models[path] for path in before}
    touched = _with_readers(old, edited)
    taking_part = _with_what_is_read(old, touched)
    if not all(_tests_stay(asset.tests, touched, taking_part) for asset in old.assets):
        return None
    declared = old.declared.part(taking_part)
    if {found.span.path for found in old.diagnostics} & _files_of(declared.assets):
        return None
    part = _part(old, taking_part, declared, compiler)
    paths = {asset.path for asset in declared.assets}
    if (
        part is None
        or not compiler.settled
        or part.described
        or has_errors(part.diagnostics)
        or not all(found.span.path in paths for found in part.diagnostics)
    ):
        return None
    return _merged(old, part), touched


def bodies_of(
    slim: Slim, names: Iterable[AssetName], compiler: Compiler
) -> Mapping[AssetName, Body] | None:
    """The bodies of some assets and of all that they read, in a compilation that holds; None where
    they have to be made with all others."""
    if slim.described:
        return None
    taking_part = _with_what_is_read(slim, frozenset(names))
    part = _part(slim, taking_part, slim.declared.part(taking_part), compiler)
    return compiler.bodies if part is not None else None


def _part(
    slim: Slim, taking_part: Set[AssetName], declared: Project, compiler: Compiler
) -> Slim | None:
    return compiler.run_part(
        declared,
        Beside(
            {asset.name: asset.kind for asset in slim.assets},
            {asset.name: asset.depends_on for asset in slim.assets if asset.name in taking_part},
            {asset.name: asset.tests for asset in slim.assets if asset.name in taking_part},
        ),
    )


def _declares_the_same(path: str, before: FileEntry, files: WideFiles, memo: Memo) -> bool:
    """Whether an edited file says of itself what it said; then that is remembered of it too."""
    known = memo.peek("declare", declared_key(path, before.digest), Declared)
    now = _declared(path, files, memo) if known is not None else None
    return (
        known is not None
        and now is not None
        and not known.diagnostics
        and not now.diagnostics
        and _as_stored(known) == _as_stored(now)
    )


def _as_stored(declared: Declared) -> bytes:
    """What it declares, alike whether it was just read or is remembered."""
    return msgspec.msgpack.encode(declared.declarations)


def _declared(path: str, files: WideFiles, memo: Memo) -> Declared | None:
    digest = files.entries[path].digest
    key = declared_key(path, digest)
    known = memo.peek("declare", key, Declared)
    if known is None:
        memo.ran.append(("declare", path))
        try:
            known = Declared(digest, *declare(path, files.read(path)))
        except UnreadableFile:
            return None
        memo.put("declare", key, known)
    return known


def _with_readers(slim: Slim, names: Set[AssetName]) -> frozenset[AssetName]:
    """These, and whatever reads them, also in its tests. Assets stand in topological order."""
    found = set(names)
    for asset in slim.assets:
        if not found.isdisjoint(asset.depends_on) or not found.isdisjoint(asset.checks_read):
            found.add(asset.name)
    return frozenset(found)


def _with_what_is_read(slim: Slim, names: Set[AssetName]) -> set[AssetName]:
    found = set(names)
    for asset in reversed(slim.assets):
        if asset.name in found:
            found.update(asset.depends_on)
    return found


def _tests_stay(tests: Written, touched: Set[AssetName], part: Set[AssetName]) -> bool:
    """Whether the queries of tests mean what they meant: those of files read nothing that may be
    another, those of macros nothing that does not take part."""
    files = {name for name, _ in tests.files}
    return all(
        touched.isdisjoint(query.reads)
        if query.name in files
        else touched.isdisjoint(query.reads) or part >= set(query.reads)
        for query in tests.queries
    )


def _files_of(assets: Iterable[Asset]) -> set[str]:
    return {path for asset in assets for path in (asset.path, *asset.declared_in)}


def _merged(old: Slim, part: Slim) -> Slim:
    made: dict[AssetName, CompiledAsset] = {asset.name: asset for asset in part.assets}
    said = sorted((*old.diagnostics, *part.diagnostics), key=lambda found: found.order)
    return msgspec.structs.replace(
        old,
        assets=tuple([made.get(asset.name, asset) for asset in old.assets]),
        diagnostics=tuple(said),
        traces=tuple(sorted({*old.traces, *part.traces})),
    )
