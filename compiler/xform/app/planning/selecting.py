"""What a command line's selection means in a compiled project."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from xform.app.compiling.compiled import Compilation
from xform.app.workspace import UserError, Workspace
from xform.base.diagnostics import Diagnostic, has_errors
from xform.base.names import AssetName
from xform.graph.selection.request import Request

if TYPE_CHECKING:
    from xform.graph.nodes import Graph, SelectionFacts
    from xform.graph.selection.select import Selected
    from xform.graph.selection.spec import Selectors


class Selector:
    """Resolves requests against one compilation; gathers the facts that a request asks for."""

    def __init__(self, workspace: Workspace, compilation: Compilation) -> None:
        self.workspace = workspace
        self.compilation = compilation
        self.diagnostics: list[Diagnostic] = []

    @cached_property
    def graph(self) -> Graph:
        from xform.app.planning.project_graph import graph_of

        return graph_of(self.compilation, self.workspace.engine_type)

    def select(self, request: Request) -> Selected:
        """The assets and tests asked for. Raises UserError for a request that is wrong."""
        from xform.graph.selection.select import methods_used, select

        selectors, found = self._selectors()
        methods = methods_used(request, selectors)
        selected, more = select(self.graph, request, self._facts(methods), selectors)
        self.diagnostics = [*found, *more]
        if has_errors(self.diagnostics):
            raise UserError(self.diagnostics)
        return selected

    def chosen(self, request: Request) -> frozenset[AssetName] | None:
        """Assets to build; None where nothing narrows it down."""
        if request.is_empty and not self._has_default():
            return None
        return self.select(request).assets

    def _has_default(self) -> bool:
        written = self.compilation.slim.declared.bare.selectors is not None
        return written and self._selectors()[0].default is not None

    def _selectors(self) -> tuple[Selectors, list[Diagnostic]]:
        from xform.graph.selection.spec import Selectors
        from xform.graph.selectors import read_selectors

        path = self.compilation.slim.declared.bare.selectors
        text = self.workspace.read_text(path) if path is not None else None
        return read_selectors(text, path) if text and path else (Selectors(), [])

    def _facts(self, methods: frozenset[str]) -> SelectionFacts:
        from xform.app.planning.project_graph import column_facts
        from xform.graph.nodes import SelectionFacts

        facts = column_facts(self.compilation) if "column" in methods else SelectionFacts()
        if "stale" in methods:
            from xform.app.planning.environment import EnvironmentPlanner

            plan = EnvironmentPlanner(self.workspace, self.compilation).plan().plan
            stale = frozenset(a.asset for a in plan.actions if a.action == "build")
            facts = msgspec.structs.replace(facts, stale=stale, given=facts.given | {"stale"})
        if "result" in methods:
            last = self.workspace.state.last_run(self.workspace.environment)
            if last is not None:
                results = {str(node.asset): node.status for node in last.nodes}
                results.update({check.check: check.status for check in last.checks})
                facts = msgspec.structs.replace(
                    facts, results=results, given=facts.given | {"result"}
                )
        return facts
