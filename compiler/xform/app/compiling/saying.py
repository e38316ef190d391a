"""What a compilation says: what its stages found, what shows only of the whole project, all at the
levels that the project sets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from xform.app.compiling.compiled import Body, CompiledAsset, Parsed
from xform.app.compiling.levels import Levels
from xform.app.compiling.silences import Silence, silences_in, unused
from xform.app.compiling.unread import unread_columns
from xform.app.compiling.upstream import Upstream
from xform.base.codes import CODES, UNREAD_COLUMN, UNUSED_SILENCE
from xform.base.diagnostics import Diagnostic
from xform.base.names import AssetName
from xform.project.assets import Asset, Project
from xform.sql.parse import Place


@dataclass(frozen=True)
class Result:
    """A compiled project. `compiled` is in topological order; `place` gives the places in a
    model's file."""

    project: Project
    silences: Mapping[AssetName, tuple[Silence, ...]]
    compiled: Mapping[AssetName, CompiledAsset]
    bodies: Mapping[AssetName, Body]
    place: Callable[[Asset, Parsed], Place]


def asks_for_everything(project: Project) -> bool:
    """Whether the project asks for findings that only all of its models together can tell."""
    return project.lint.get(UNREAD_COLUMN.id, "off") != "off"


def what_is_said(
    found: Iterable[Diagnostic], result: Result, read: Callable[[str], str]
) -> list[Diagnostic]:
    """`found` is what the stages have to say; `read` gives the text of a file."""
    project = result.project
    assets = {asset.name: asset for asset in project.assets}
    own = {
        assets[name].path: silences for name, silences in result.silences.items() if name in assets
    }
    levels = Levels(
        project.lint, lambda path: own[path] if path in own else silences_in(read(path))
    )
    everything = set(found)
    if asks_for_everything(project):
        everything.update(unread_columns(assets, result.compiled, result.bodies, result.place))
    upstream = Upstream(assets, result.bodies, result.place)
    said = upstream.pointed_at(levels.apply(everything))
    return [*said, *levels.apply(_idle(result, levels.used))]


def _idle(result: Result, used: set[tuple[str, Silence]]) -> Iterator[Diagnostic]:
    """Comments in models that silence nothing. Of a model that could not be understood it is not
    known what they would silence, nor of what is not looked for."""
    lint = result.project.lint
    unjudged = {code.id for code in CODES.values() if code.opt_in and code.id not in lint}
    unjudged.add(UNUSED_SILENCE.id)
    for asset in result.project.assets:
        if asset.name not in result.silences or result.compiled[asset.name].broken:
            continue
        for silence in result.silences[asset.name]:
            if silence.code not in unjudged and (asset.path, silence) not in used:
                yield unused(asset.path, silence, asset.name)
