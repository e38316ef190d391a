"""What each asset is to those that read it: its columns, and the fingerprints of its rows and of
each column, filled from those of what it reads."""

from __future__ import annotations

from collections.abc import Mapping

from xform.app.compiling.binding import BROKEN, ModelBinder
from xform.app.compiling.carrying import check_keyed, storage_of_carried, with_validity
from xform.app.compiling.compiled import Body
from xform.app.compiling.declared_checks import check_columns
from xform.app.compiling.depending import Dependencies
from xform.app.compiling.hooks import NONE as NO_HOOKS
from xform.app.compiling.hooks import AssetHooks
from xform.app.compiling.inputs import Inputs
from xform.app.compiling.slicing import slicing
from xform.base.diagnostics import Diagnostic, has_errors
from xform.base.names import AssetName
from xform.fingerprint import evaluate
from xform.fingerprint.evaluate import Fingerprints
from xform.plan.freshness import growth_leaf
from xform.project.assets import Asset, Kind
from xform.project.incremental import Keyed
from xform.sema.facts import UNKNOWN_TYPE, ModelFacts, Schema, SchemaColumn
from xform.sema.tables import NameIndex
from xform.sema.types.type import normal


class BodyMaker:
    """Makes the bodies of assets, each after those it reads: `schemas` and `prints` grow with
    them. What is found wrong is added to `diagnostics`."""

    def __init__(
        self,
        inputs: Inputs,
        dependencies: Dependencies,
        index: NameIndex,
        hooks: Mapping[AssetName, AssetHooks],
        schemas: dict[AssetName, Schema],
        diagnostics: list[Diagnostic],
    ) -> None:
        self._inputs = inputs
        self._dependencies = dependencies
        self._index = index
        self._hooks = hooks
        self.schemas = schemas
        self.prints: dict[AssetName, Fingerprints] = {}
        self._diagnostics = diagnostics

    def keep(self, body: Body) -> None:
        """Have a body ready for those that read it."""
        self.schemas[body.name] = body.schema
        if body.fingerprints is not None:
            self.prints[body.name] = body.fingerprints

    def of_source(self, asset: Asset) -> Body:
        if asset.kind is Kind.EXPOSURE:
            return Body(asset.name, Schema(()))
        schema = self.schemas[asset.name]
        self._diagnostics.extend(check_columns(asset, schema))
        return Body(asset.name, schema, evaluate.of_source(asset.name, schema, asset.name))

    def of_query(
        self, asset: Asset, tables: tuple[AssetName | None, ...], binder: ModelBinder
    ) -> Body:
        """A model that could be parsed."""
        result = binder.bound(asset, tables)
        self._diagnostics.extend(result.diagnostics)
        facts = result.facts
        if facts is None or has_errors(result.diagnostics) or None in tables:
            return Body(asset.name, BROKEN, None, tables, binder)
        schema = _typed(facts, asset)
        self._diagnostics.extend(check_columns(asset, schema))
        if any(self.schemas.get(name, BROKEN).broken for name in tables if name is not None):
            schema = Schema(schema.columns, broken=True)
            return Body(asset.name, schema, None, tables, binder)
        if asset.keyed is not None:
            return self._keyed(asset, asset.keyed, facts, schema, tables, binder)
        if asset.time_range is None:
            fingerprints = evaluate.of_query(
                facts, self.prints, self._storage(asset), volatile=asset.volatile == "rebuild"
            )
            return Body(asset.name, schema, fingerprints, tables, binder, ordered=facts.ordered())
        parsed = binder.parsed(asset.name)
        sliced, problems = slicing(
            asset, parsed, facts, tables, self.schemas, self._dependencies.place(asset, parsed)
        )
        self._diagnostics.extend(problems)
        if has_errors(problems):
            return Body(asset.name, Schema(schema.columns, broken=True), None, tables, binder)
        fingerprints = evaluate.with_leaf(
            evaluate.of_query(facts, self.prints, self._storage(asset), volatile=False),
            growth_leaf(asset.name),
            alone=asset.time_range.restate == "never",
        )
        return Body(asset.name, schema, fingerprints, tables, binder, sliced)

    def _keyed(
        self,
        asset: Asset,
        keyed: Keyed,
        facts: ModelFacts,
        schema: Schema,
        tables: tuple[AssetName | None, ...],
        binder: ModelBinder,
    ) -> Body:
        """A model that grows by key, or a snapshot. Its data do not follow from what it reads
        now: to readers it is a leaf alone."""
        parsed = binder.parsed(asset.name)
        carried = parsed.carried
        reads = [name for name in tables if name is not None]
        place = self._dependencies.place(asset, carried or parsed)
        problems = check_keyed(asset, keyed, facts, carried, reads, self._index, place)
        self._diagnostics.extend(problems)
        if has_errors(problems):
            return Body(asset.name, Schema(schema.columns, broken=True), None, tables, binder)
        text = storage_of_carried(carried)
        fingerprints: Fingerprints | None = evaluate.with_leaf(
            evaluate.of_query(facts, self.prints, self._storage(asset) + text, volatile=False),
            growth_leaf(asset.name),
            alone=True,
        )
        if keyed.is_snapshot:
            schema, fingerprints = with_validity(schema, fingerprints)
        return Body(asset.name, schema, fingerprints, tables, binder, carried=text)

    def _storage(self, asset: Asset) -> str:
        hooks = self._hooks.get(asset.name, NO_HOOKS)
        return storage_of(asset, self._inputs.engine, self._inputs.dialect_of(asset), hooks)

    def of_python(self, asset: Asset) -> Body:
        columns = tuple(SchemaColumn(column.name, normal(column.type)) for column in asset.columns)
        schema = Schema(columns or None)
        inputs = python_inputs(asset, self._index)
        if asset.python is None or any(name not in self.prints for name in inputs.values()):
            return Body(asset.name, Schema(schema.columns, broken=True))
        if len(inputs) < len(asset.python.parameters):
            return Body(asset.name, Schema(schema.columns, broken=True))
        fingerprints = evaluate.of_python(
            asset.python.digest,
            {parameter: self.prints[name] for parameter, name in inputs.items()},
            [(column.name, column.type) for column in columns],
            self._storage(asset),
        )
        return Body(asset.name, schema, fingerprints, ordered=True)


def python_inputs(asset: Asset, index: NameIndex) -> dict[str, AssetName]:
    """parameter → asset, for those parameters that name one."""
    if asset.python is None:
        return {}
    inputs: dict[str, AssetName] = {}
    for parameter in asset.python.parameters:
        found = index.find_written(parameter.asset)
        if len(found) == 1:
            inputs[parameter.name] = found[0]
    return inputs


def storage_of(asset: Asset, engine: str, dialect: str, hooks: AssetHooks) -> str:
    """What shapes a build beyond its rows: its kind, the engine, the dialect where it differs, what
    runs before it."""
    other = f" dialect {dialect}" if dialect != engine.partition(" ")[0] else ""
    grows = asset.time_range or asset.keyed
    how = f" {grows.storage()}" if grows is not None else ""
    return f"{asset.kind}{how} on {engine}{other}{hooks.shaping}"


def _typed(facts: ModelFacts, asset: Asset) -> Schema:
    """The columns a reader sees: inferred, with declared types where inference knows none."""
    if facts.columns_open:
        return Schema(None)
    declared = {column.name.lower(): column.type for column in asset.columns if column.type}
    return Schema(
        tuple(
            SchemaColumn(
                column.name,
                column.type
                if column.type != UNKNOWN_TYPE
                else normal(declared.get(column.name.lower())),
                column.required,
            )
            for column in facts.columns
        )
    )
