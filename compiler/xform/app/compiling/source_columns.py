"""Columns of seeds and sources: as declared, else asked for in one round trip."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from xform.app.compiling.compiled import Described
from xform.base.codes import COLUMNS_UNKNOWN
from xform.base.diagnostics import Diagnostic, diagnose
from xform.base.hashing import Digest, digest_parts
from xform.base.names import AssetName
from xform.project.assets import Asset, Kind, Project
from xform.project.files import WideFiles
from xform.query.memo import Memo
from xform.sema.facts import Schema, SchemaColumn
from xform.sema.types.type import normal

Describe = Callable[[Mapping[str, str]], Mapping[str, tuple[tuple[str, str], ...]]]
"""Asks an engine for the columns of queries, all in one round trip."""


SMALL_FILE = 1 << 20
"""Bytes up to which a file is read for its first line."""


class SourceColumns:
    """Finds the columns of what is not computed here. `file_query` reads an asset's data."""

    def __init__(
        self,
        files: WideFiles,
        memo: Memo,
        describe: Describe,
        file_query: Callable[[Asset], str],
    ) -> None:
        self._files = files
        self._memo = memo
        self._describe = describe
        self._file_query = file_query
        self.diagnostics: list[Diagnostic] = []
        self.described: tuple[Described, ...] = ()
        """What the warehouse said of its own tables."""
        self.settled = True
        """Whether files had the columns that they have: an engine that could not say, out of
        memory maybe, may know the next time."""

    def schemas(self, project: Project) -> dict[AssetName, Schema]:
        """Columns of seeds and sources: as declared, else asked for in one round trip."""
        schemas: dict[AssetName, Schema] = {}
        asked: dict[str, str] = {}
        keys: dict[AssetName, Digest] = {}
        for asset in project.assets:
            if asset.kind not in (Kind.SEED, Kind.EXTERNAL):
                continue
            if asset.kind is Kind.EXTERNAL and _all_typed(asset):
                schemas[asset.name] = _declared_schema(asset)
                continue
            if asset.files is not None:
                keys[asset.name] = self._describe_key(asset)
                known = self._memo.peek("describe", keys[asset.name], Schema)
                if known is not None:
                    schemas[asset.name] = known
                    continue
            header = self._header(asset)
            if header is not None:
                schemas[asset.name] = header
                continue
            asked[asset.name] = self._file_query(asset)
        found = self._describe(asked) if asked else {}
        self.described = tuple(
            Described(asset.name, asked[asset.name], found.get(asset.name))
            for asset in project.assets
            if asset.name in asked and asset.files is None
        )
        for asset in project.assets:
            if asset.name not in asked:
                continue
            columns = found.get(asset.name)
            self._memo.ran.append(("describe", asset.name))
            if columns is None:
                self.settled = self.settled and asset.files is None
                schemas[asset.name] = self._undescribed(asset)
                continue
            types = {column.name.lower(): column.type for column in asset.columns}
            schema = Schema(
                tuple(
                    SchemaColumn(name, normal(types.get(name.lower()) or kind))
                    for name, kind in columns
                )
            )
            schemas[asset.name] = schema
            if asset.name in keys:
                self._memo.put("describe", keys[asset.name], schema)
        return schemas

    def _header(self, asset: Asset) -> Schema | None:
        """The columns of a CSV file that are all declared with types, as its first line has them:
        then no engine is needed to tell. None where that line leaves any doubt."""
        if asset.format != "csv" or asset.files is None or not _all_typed(asset):
            return None
        entry = self._files.entries.get(asset.files)
        if entry is None or entry.size > SMALL_FILE:
            return None
        line = self._files.read(asset.files).partition(b"\n")[0].rstrip(b"\r")
        names = line.decode("ascii", "replace").split(",")
        types = {column.name.lower(): normal(column.type) for column in asset.columns}
        if len(names) < 2 or not all(name.isidentifier() for name in names):
            return None
        if sorted(name.lower() for name in names) != sorted(types):
            return None
        return Schema(tuple([SchemaColumn(name, types[name.lower()]) for name in names]))

    def _describe_key(self, asset: Asset) -> Digest:
        assert asset.files is not None
        entry = self._files.entries.get(asset.files)
        typed = [f"{column.name} {column.type}" for column in asset.columns if column.type]
        return digest_parts(
            ("describe 2", asset.format or "", entry.digest if entry else "missing", *typed)
        )

    def _undescribed(self, asset: Asset) -> Schema:
        if asset.columns:
            return _declared_schema(asset)
        self.diagnostics.append(
            diagnose(
                COLUMNS_UNKNOWN,
                f"the columns of '{asset.name}' are not known",
                asset.span,
                "declare them (columns: with name and data_type)",
                asset=asset.name,
            )
        )
        return Schema(None, broken=True)  # its readers do not repeat it


def _all_typed(asset: Asset) -> bool:
    return bool(asset.columns) and all(column.type for column in asset.columns)


def _declared_schema(asset: Asset) -> Schema:
    return Schema(tuple(SchemaColumn(c.name, normal(c.type)) for c in asset.columns))
