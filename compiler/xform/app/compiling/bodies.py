"""SQL texts of models with real names in them: for `target/compiled`, and for running."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from xform.app.compiling.carrying import tables_of
from xform.app.compiling.compiled import Compilation, Parsed
from xform.base.names import AssetName, schema_of, table_of
from xform.plan.plan import Body, PythonBody, SeedBody, SqlBody
from xform.project.assets import Asset, Kind
from xform.sql.dialects import quote
from xform.sql.ir import Table
from xform.sql.splice import Spliced, splice


def plain_name(name: AssetName) -> str:
    """`schema.name`, quoted only where it must be."""
    return ".".join(
        part if part.isidentifier() and part.isascii() and part.islower() else quote(part)
        for part in (schema_of(name), table_of(name))
    )


def spliced(
    compilation: Compilation, name: AssetName, relation_of: Callable[[AssetName], str]
) -> Spliced:
    """A model's query with `relation_of` each table; ephemeral models are put in as subqueries."""
    body = compilation.body(name)
    outline = body.outline
    assert outline is not None
    assert outline.unit is not None
    assert outline.rendered is not None
    relations = _relations(compilation, outline.unit.tables, body.tables, relation_of)
    return splice(outline.unit, outline.rendered.text, relations)


def _relations(
    compilation: Compilation,
    tables: Sequence[Table],
    assets: Sequence[AssetName | None],
    relation_of: Callable[[AssetName], str],
) -> list[str]:
    """SQL in the place of each table."""
    relations = []
    for table, asset in zip(tables, assets, strict=True):
        if asset is None:
            relations.append(".".join(quote(part) for part in table.parts))
        elif compilation.assets[asset].kind is Kind.EPHEMERAL:
            inner = spliced(compilation, asset, relation_of).sql.strip()
            relations.append(f"(\n{inner}\n)")
        else:
            relations.append(relation_of(asset))
    return relations


def carried_body(
    compilation: Compilation, asset: Asset, inputs: Mapping[AssetName, str]
) -> SqlBody | None:
    """What carries on the build of a model, where its template has a form for that. `inputs`
    gives the SQL name of the build itself, too."""
    parsed = compilation.body(asset.name).parsed
    carried = parsed.carried if isinstance(parsed, Parsed) else None
    if carried is None:
        return None
    assets = tables_of(asset, carried, compilation.names)
    relations = _relations(compilation, carried.unit.tables, assets, lambda name: inputs[name])
    result = splice(carried.unit, carried.rendered.text, relations)
    return SqlBody(result.sql, asset.path, carried.rendered.source_map, result.edits)


def compiled_sql(compilation: Compilation, name: AssetName) -> str | None:
    """The query of a model with the project's own names in it; None where there is none."""
    outline = compilation.body(name).outline
    if outline is None or outline.unit is None or outline.rendered is None:
        return None
    return spliced(compilation, name, plain_name).sql.strip()


def run_body(compilation: Compilation, asset: Asset, inputs: Mapping[AssetName, str]) -> Body:
    """What makes the build of an asset. `inputs` gives the SQL name of each input's build."""
    if asset.kind is Kind.SEED:
        assert asset.files is not None
        columns = compilation.body(asset.name).schema.columns or ()
        types = {column.name: column.type for column in columns}
        return SeedBody(asset.files, asset.format or "csv", types)
    if asset.python is not None:
        index = compilation.names
        given: dict[str, tuple[str, str | None]] = {}
        for parameter in asset.python.parameters:
            (name,) = index.find_written(parameter.asset)
            given[parameter.name] = (
                _python_input(compilation, name, inputs),
                parameter.annotation,
            )
        return PythonBody(asset.path, asset.python.name, given)
    result = spliced(compilation, asset.name, lambda name: inputs[name])
    parsed = compilation.body(asset.name).parsed
    assert parsed is not None
    assert parsed.rendered is not None
    return SqlBody(result.sql, asset.path, parsed.rendered.source_map, result.edits, result.bounds)


def _python_input(
    compilation: Compilation, name: AssetName, inputs: Mapping[AssetName, str]
) -> str:
    """What a Python model reads: a build, or an ephemeral model's query."""
    if compilation.assets[name].kind is not Kind.EPHEMERAL:
        return inputs[name]
    return f"(\n{spliced(compilation, name, lambda read: inputs[read]).sql.strip()}\n)"
