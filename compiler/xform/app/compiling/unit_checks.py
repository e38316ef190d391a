"""Unit tests held against a compiled project: of models, inputs and columns that there are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from xform.app.compiling.compiled import Compilation, CompiledAsset
from xform.base.diagnostics import Diagnostic
from xform.base.names import AssetName
from xform.checks.unit.cases import World, case_of, model_of
from xform.project.assets import Asset, Kind, Project
from xform.project.files import Files
from xform.project.layout import FIXTURES
from xform.sema.facts import Schema
from xform.sema.tables import NameIndex


def reads_of(name: AssetName, compiled: Mapping[AssetName, CompiledAsset]) -> frozenset[AssetName]:
    """The assets that a unit test of a model may give: those that it names, and those that
    ephemeral ones among them name."""
    found: set[AssetName] = set()
    waiting = list(compiled[name].depends_on)
    while waiting:
        read = waiting.pop()
        if read not in found:
            found.add(read)
            if read in compiled and compiled[read].kind is Kind.EPHEMERAL:
                waiting.extend(compiled[read].depends_on)
    return frozenset(found)


def world_of(
    assets: Mapping[AssetName, Asset],
    compiled: Mapping[AssetName, CompiledAsset],
    index: NameIndex,
    schema: Callable[[AssetName], Schema],
    files: Files,
    dialect: Callable[[Asset], str],
) -> World:
    """What unit tests are held against."""

    def text(path: str) -> str | None:
        return files.read(path).decode("utf-8-sig", "replace") if path in files.entries else None

    def reads(name: AssetName) -> Collection[AssetName]:
        return reads_of(name, compiled)

    fixtures = [path for path in files.entries if path.startswith(FIXTURES)]
    return World(index, assets, reads, schema, text, fixtures, dialect)


def world_in(compilation: Compilation, files: Files) -> World:
    """The same of a compiled project."""
    return world_of(
        compilation.declared,
        compilation.assets,
        compilation.names,
        lambda name: compilation.body(name).schema,
        files,
        lambda asset: asset.dialect or compilation.slim.dialect,
    )


def check_unit_tests(
    project: Project, compiled: Mapping[AssetName, CompiledAsset], world: World
) -> list[Diagnostic]:
    """What is wrong with the unit tests of the models in `compiled`, or of none at all. Those in
    Python say the rest when they are called."""
    found: list[Diagnostic] = []
    for test in project.unit_tests:
        model = model_of(test, world)
        if isinstance(model, Diagnostic):
            found.append(model)
        elif model in compiled and not compiled[model].broken:
            found += case_of(test, model, world)[1]
    return found
