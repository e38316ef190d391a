"""What each asset reads: the tables of its query, the names in its header, cycles among them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xform.app.compiling.compiled import Carried, Parsed, Surface
from xform.app.compiling.declared_checks import compared_with
from xform.app.compiling.parsing import ModelParser, text_of
from xform.app.compiling.written_tests import Query
from xform.base.diagnostics import Diagnostic
from xform.base.names import AssetName
from xform.base.spans import Span
from xform.graph.order import cycle_diagnostic
from xform.project.assets import Asset
from xform.project.files import WideFiles
from xform.sema.tables import NameIndex, find_reader, resolve_tables
from xform.sql.parse import Place

Tables = Mapping[AssetName, Sequence[AssetName | None]]
"""The assets of each model's tables, in their order; None where there is no such asset."""


class Dependencies:
    """Resolves what assets name. What is found wrong is added to `diagnostics`."""

    def __init__(self, files: WideFiles, diagnostics: list[Diagnostic]) -> None:
        self._files = files
        self._diagnostics = diagnostics

    def tables(
        self, asset: Asset, parsed: Parsed | Surface, index: NameIndex
    ) -> tuple[AssetName | None, ...]:
        if parsed.unit is None or parsed.rendered is None:
            return ()
        place = self.place(asset, parsed)
        found, problems = resolve_tables(
            asset.name, parsed.unit, parsed.rendered.references, index, place
        )
        self._diagnostics.extend(problems)
        return found

    def place(self, asset: Asset, parsed: Parsed | Surface | Carried) -> Place:
        assert parsed.rendered is not None
        return Place(
            asset.path, lambda: text_of(self._files, asset.path), parsed.rendered.source_map
        )

    def depends(
        self, asset: Asset, tables: Sequence[AssetName | None], index: NameIndex
    ) -> tuple[AssetName, ...]:
        names: set[AssetName] = {name for name in tables if name is not None}
        if asset.python is not None:
            written = [(p.asset, p.span) for p in asset.python.parameters]
        else:
            written = [(name, asset.span) for name in asset.depends_on]
        for name, span in written:
            found, problem = find_reader(index, name, name.split("."), span, asset.name)
            if problem is not None:
                self._diagnostics.append(problem)
            if found is not None:
                names.add(found)
        return tuple(sorted(names))

    def compared(
        self, asset: Asset, index: NameIndex, custom: Sequence[Query]
    ) -> tuple[AssetName, ...]:
        found, problems = compared_with(asset, index)
        self._diagnostics.extend(problems)
        others = {read for query in custom for read in query.test.reads} - {asset.name}
        return tuple(sorted({*found, *others}))

    def report_cycles(
        self,
        cycles: Sequence[tuple[AssetName, ...]],
        assets: Mapping[AssetName, Asset],
        tables: Tables,
        parser: ModelParser,
    ) -> None:
        for cycle in cycles:
            spans = {
                (name, read): self.reference_span(assets[name], read, tables, parser)
                for name, read in zip(cycle, (*cycle[1:], cycle[0]), strict=True)
            }
            self._diagnostics.append(cycle_diagnostic(cycle, spans))

    def reference_span(
        self,
        asset: Asset,
        read: AssetName,
        tables: Tables,
        parser: ModelParser,
    ) -> Span:
        """Where an asset names one that it reads; else its own place."""
        result = parser.parsed(asset.name) if asset.name in tables else None
        if result is not None and result.unit is not None and result.rendered is not None:
            for table, name in zip(result.unit.tables, tables[asset.name], strict=True):
                if name == read:
                    if table.reference >= 0:
                        return result.rendered.references[table.reference].span
                    return self.place(asset, result).span(table.start, table.end)
        if asset.python is not None:
            for parameter in asset.python.parameters:
                if parameter.asset.lower() in (read.lower(), read.lower().partition(".")[2]):
                    return parameter.span
        return asset.span
