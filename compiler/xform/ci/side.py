"""One of the two versions that are compared: compiled, and as a planner sees it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from xform.app.compiling.compiled import Body, Compilation, CompiledAsset
from xform.app.planning.planning import components_of, planned_assets
from xform.app.workspace import Workspace
from xform.base.hashing import Digest
from xform.base.names import AssetName
from xform.fingerprint.component import Component
from xform.plan.freshness import PlannedAsset
from xform.project.assets import Asset, Kind

AS_IT_IS = "as it is"
"""The version of whatever lies outside of both: its data are the same for both."""


class Side:
    """A project at one of its versions. Paths of files are relative to it."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.compilation: Compilation = workspace.compile()
        self._components: dict[AssetName, tuple[Component, ...]] = {}

    @property
    def compiled(self) -> Mapping[AssetName, CompiledAsset]:
        return self.compilation.assets

    @property
    def declared(self) -> Mapping[AssetName, Asset]:
        return self.compilation.declared

    def body(self, name: AssetName) -> Body:
        return self.compilation.body(name)

    def components(self, name: AssetName) -> tuple[Component, ...]:
        """The parts of what an asset means."""
        known = self._components.get(name)
        if known is None:
            engine = self.workspace.inputs.engine
            known = self._components[name] = components_of(self.compilation, name, engine)
        return known

    def text(self, name: AssetName) -> str:
        """What an asset's own file makes of it, before anything that it reads is looked at."""
        declared = self.declared[name]
        if declared.python is not None:
            return declared.python.digest
        outline = self.body(name).outline
        rendered = outline.rendered if outline is not None else None
        return rendered.text if rendered is not None else ""

    def digest(self, path: str) -> Digest | None:
        """Of a file; None where it is not there."""
        entry = self.workspace.files.entries.get(path)
        return entry.digest if entry is not None else None

    @cached_property
    def planned(self) -> tuple[PlannedAsset, ...]:
        workspace = self.workspace
        return planned_assets(
            self.compilation,
            workspace.environment,
            workspace.inputs.engine,
            workspace.relation_sql,
        )

    @cached_property
    def versions(self) -> dict[str, str]:
        """Of all data: those of the project's own files, and for the rest that it stays."""
        found = {"clock:day": AS_IT_IS}
        for name, compiled in self.compiled.items():
            if compiled.files is not None:
                found[name] = self.digest(compiled.files) or "missing"
            elif compiled.kind is Kind.EXTERNAL:
                found[name] = AS_IT_IS
        return found
