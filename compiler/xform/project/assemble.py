"""All declarations and the settings put together: the project."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, assert_never

import msgspec

from xform.base import codes
from xform.base.diagnostics import Diagnostic, Label, diagnose
from xform.base.hashing import Digest, digest_parts
from xform.base.names import AssetName
from xform.project.assets import Asset, Kind, Language, Project, PythonFunction
from xform.project.contracts import owned, told_places
from xform.project.declarations import (
    Exposure,
    FileDeclarations,
    Latest,
    ModelFile,
    Module,
    Patch,
    SourceTable,
)
from xform.project.defaults import defaults_of, unused_defaults
from xform.project.drafts import Draft, drafts, each_once
from xform.project.fields import AssetSettings, python_kind
from xform.project.files import FileEntry
from xform.project.groups import groups_by_name
from xform.project.incremental import column_grain, incremental_of, keyed_of
from xform.project.layout import (
    MACROS,
    SEED_FORMATS,
    SELECTORS,
    folder_of,
    is_data_test,
    split_suffix,
)
from xform.project.merge import merge
from xform.project.patches import match_patches
from xform.project.settings import Settings
from xform.project.unit_tests import UnitTest
from xform.project.versions import place_versions


def assemble(
    settings: Settings,
    declarations: Iterable[FileDeclarations],
    entries: Mapping[str, FileEntry],
) -> tuple[Project, list[Diagnostic]]:
    """The project. `declarations` are those of all files for which `is_declaring` holds;
    `entries` are all files (`Files.entries`), widened by `wanted` of the declarations."""
    files = sorted(declarations, key=lambda file: file.path)
    placed, found = place_versions(list(drafts(files, entries, settings.default_schema)), files)
    drafted, more = each_once(placed.drafts)
    found += more
    sections = {draft.name: section for draft in drafted if (section := _section(draft.kind))}
    patches, more = match_patches(placed.files, sections)
    found += more
    modules = {file.path: file.module for file in files if file.module is not None}
    groups, more = groups_by_name(group for file in files for group in file.groups)
    found += more
    assets: list[Asset] = []
    for draft in drafted:
        if isinstance(draft.declared, Latest):
            continue
        asset, more = _asset(draft, patches.get(draft.name), settings, modules)
        assets.append(owned(asset, groups))
        found += more
        if asset.kind is Kind.EXTERNAL and asset.files is not None:
            found += _missing(draft, asset.files, entries)
    by_name = {asset.name: asset for asset in assets}
    assets += [
        _plain(draft, draft.declared, by_name[draft.declared.shows])
        for draft in drafted
        if isinstance(draft.declared, Latest)
    ]
    assets.sort(key=lambda asset: asset.name)
    found += unused_defaults(
        settings.defaults, [file.path for file in files if file.model is not None]
    )
    project = Project(
        name=settings.name,
        default_schema=settings.default_schema,
        dialect=settings.dialect,
        variables=settings.variables,
        assets=tuple(assets),
        macros=tuple(sorted(path for path in entries if folder_of(path) == MACROS)),
        tests=tuple(sorted(filter(is_data_test, entries))),
        selectors=SELECTORS if SELECTORS in entries else None,
        lint=settings.lint,
        groups=tuple(groups.values()),
        unit_tests=tuple(_unit_tests(files, modules, found)),
    )
    return project, found


def wanted(declarations: Iterable[FileDeclarations]) -> frozenset[str]:
    """Paths outside the project's folders that declarations name: modules that imports could
    mean, data files of sources. Most do not exist."""
    paths: set[str] = set()
    for file in declarations:
        if file.module is not None:
            paths.update(file.module.imports)
        paths.update(table.files for table in file.sources if table.files is not None)
    return frozenset(paths)


def _section(kind: Kind) -> str | None:
    match kind:
        case Kind.VIEW | Kind.TABLE | Kind.INCREMENTAL | Kind.SNAPSHOT | Kind.EPHEMERAL:
            return "models"
        case Kind.SEED:
            return "seeds"
        case Kind.EXTERNAL | Kind.EXPOSURE:
            return None
        case _:
            assert_never(kind)


def _asset(
    draft: Draft,
    patch: tuple[str, Patch] | None,
    settings: Settings,
    modules: Mapping[str, Module],
) -> tuple[Asset, list[Diagnostic]]:
    found: list[Diagnostic] = []
    layers = [AssetSettings(draft.span)]
    if _section(draft.kind) is not None:
        layers.append(AssetSettings(draft.span, running=settings.running))
    own: dict[str, Any] = {}
    config: dict[str, Any] = {}
    declared = draft.declared
    match declared:
        case ModelFile():
            layers += _folder_layers(draft, settings)
            own["header_end"] = declared.header_end
            if declared.function is not None:
                own["python"] = _with_modules(declared.function, draft.path, modules)
        case SourceTable():
            layers += [declared.whole, declared.settings]
            own["versioning"] = declared.versioning
            if declared.files is None:
                own["relation"] = declared.relation
            else:
                own.update(files=declared.files, format=declared.format)
        case Exposure():
            layers.append(declared.settings)
            own["depends_on"] = declared.depends_on
            config.update(declared.given)
        case Latest():
            raise AssertionError(draft.name)
        case None:
            own.update(files=draft.path, format=SEED_FORMATS[split_suffix(draft.path)[1]])
        case _:
            assert_never(declared)
    if patch is not None:
        layers.append(patch[1].settings)
        own["declared_in"] = (patch[0],)
        if draft.language is Language.PYTHON:
            refused = python_kind(patch[1].settings)
            found += [] if refused is None else [refused]
    if isinstance(declared, ModelFile) and declared.settings is not None:
        layers.append(declared.settings)
    merged = merge(layers)
    kind = draft.kind
    if _section(kind) == "models" and draft.language is not Language.PYTHON:
        kind = merged.kind or kind
    config = {**config, **merged.given}
    if _section(kind) is not None:
        config.update(kind=kind.value, materialized=kind.value)
    if kind is Kind.INCREMENTAL:
        own["time_range"], more = incremental_of(
            merged.incremental, merged.grain, merged.span, merged.places
        )
        found += more
    if kind in (Kind.INCREMENTAL, Kind.SNAPSHOT):
        own["keyed"], more = keyed_of(kind, merged.incremental, merged.span, merged.places)
        found += more
    return _finished(draft, kind, merged, config, own), found


def _plain(draft: Draft, declared: Latest, latest: Asset) -> Asset:
    """The plain name of a model with versions: a view that says of itself what the latest says."""
    return Asset(
        name=draft.name,
        kind=draft.kind,
        language=draft.language,
        path=draft.path,
        span=draft.span,
        description=latest.description,
        owner=latest.owner,
        tags=latest.tags,
        group=latest.group,
        access=latest.access,
        deprecation_date=latest.deprecation_date if declared.last else None,
        domain=latest.domain,
        config={"kind": draft.kind.value, "materialized": draft.kind.value},
        shows=latest.name,
        places=latest.places,
    )


def _finished(
    draft: Draft,
    kind: Kind,
    merged: AssetSettings,
    config: dict[str, Any],
    own: dict[str, Any],
) -> Asset:
    return Asset(
        name=draft.name,
        kind=kind,
        language=draft.language,
        path=draft.path,
        span=draft.span,
        columns=merged.columns,
        tests=merged.tests,
        description=merged.description or "",
        owner=merged.owner,
        tags=merged.tags,
        group=merged.group,
        access=merged.access,
        contract=bool(merged.contract),
        deprecation_date=merged.deprecation_date,
        places=told_places(merged.places),
        domain=merged.domain,
        grain=column_grain(kind, merged.grain),
        meta=merged.meta,
        dialect=merged.dialect,
        volatile=merged.volatile or "rebuild",
        running=merged.running,
        config=config,
        version=draft.version,
        **own,
    )


def _folder_layers(draft: Draft, settings: Settings) -> list[AssetSettings]:
    layers = [each.settings for each in defaults_of(draft.path, settings.defaults)]
    if draft.language is not Language.PYTHON:
        return layers
    # A folder of views may hold a Python model: the folder's kind is for its SQL.
    return [msgspec.structs.replace(layer, kind=None) for layer in layers]


def _unit_tests(
    files: Iterable[FileDeclarations], modules: Mapping[str, Module], found: list[Diagnostic]
) -> list[UnitTest]:
    """All unit tests by name, each name once."""
    by_fold: dict[str, UnitTest] = {}
    for file in files:
        for test in file.unit_tests:
            first = by_fold.setdefault(test.name.casefold(), test)
            if first is not test:
                message = f"two unit tests are named '{test.name}'"
                labels = [Label(first.span, "the other one")]
                advice = "rename one of the two"
                found.append(diagnose(codes.UNIT_TWICE, message, test.span, advice, labels=labels))
            elif test.function is not None:
                _, digest = _reached(file.path, test.digest, modules)
                by_fold[test.name.casefold()] = msgspec.structs.replace(test, digest=digest)
    return sorted(by_fold.values(), key=lambda test: test.name)


def _with_modules(
    function: PythonFunction, path: str, modules: Mapping[str, Module]
) -> PythonFunction:
    """The function with the project modules that its file imports, directly or through others."""
    paths, digest = _reached(path, function.digest, modules)
    return msgspec.structs.replace(function, digest=digest, modules=paths)


def _reached(
    path: str, own: Digest, modules: Mapping[str, Module]
) -> tuple[tuple[str, ...], Digest]:
    """The project modules that a file imports, and the digest of these and of its `own`."""
    reached: dict[str, Digest] = {}
    queue = [path]
    while queue:
        for imported in _imports(queue.pop(), modules):
            module = modules.get(imported)
            if module is not None and imported != path and imported not in reached:
                reached[imported] = module.digest
                queue.append(imported)
    paths = tuple(sorted(reached))
    parts = [part for module in paths for part in (module, reached[module])]
    return paths, digest_parts([own, *parts])


def _imports(path: str, modules: Mapping[str, Module]) -> tuple[str, ...]:
    """What a file imports; nothing for one that is not valid Python."""
    module = modules.get(path)
    return () if module is None else module.imports


def _missing(draft: Draft, path: str, entries: Mapping[str, FileEntry]) -> list[Diagnostic]:
    declared = draft.declared
    if path in entries or not isinstance(declared, SourceTable):
        return []
    return [
        diagnose(
            codes.MISSING_FILE,
            f"there is no file '{path}'",
            declared.files_span or declared.span,
            "correct the path: it is relative to the project",
            asset=AssetName(draft.name),
        )
    ]
