"""From a compilation and the record to a plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set

from xform.app.compiling.bodies import carried_body, run_body
from xform.app.compiling.compiled import Compilation, CompiledAsset
from xform.app.compiling.contracts import contract_of
from xform.app.compiling.fingerprinting import python_inputs, storage_of
from xform.app.compiling.hooks import hooks_to_run
from xform.app.workspace import UserError
from xform.base.names import AssetName, schema_of, table_of
from xform.checks.queries import audits_of
from xform.fingerprint import components as parts
from xform.fingerprint.component import Component
from xform.fingerprint.evaluate import Fingerprints
from xform.plan.audits import Audit
from xform.plan.freshness import PlannedAsset
from xform.plan.plan import AS_USUAL, Comments, Conduct
from xform.plan.plan import Body as RunBody
from xform.project.assets import Asset, Kind
from xform.project.running import Retries, Running
from xform.sql.dialects import quote

PROD = "prod"


def published_schema(name: AssetName, environment: str) -> str:
    """Where an environment shows an asset: `prod` in plain schemas, others beside them."""
    schema = schema_of(name)
    return schema if environment == PROD else f"{schema}__{environment}"


def planned_assets(
    compilation: Compilation,
    environment: str,
    engine: str,
    relation_of: Callable[[Asset], str],
    part: Set[AssetName] | None = None,
) -> tuple[PlannedAsset, ...]:
    """The assets that the planner sees: those that compile and are not exposures; only those of
    `part`, where it is given."""
    feeding = _feeding_order(compilation)
    taken_apart: dict[AssetName, tuple[Component, ...]] = {}
    return tuple(
        _planned(compilation, compiled, environment, engine, relation_of, feeding, taken_apart)
        for compiled in compilation.slim.assets
        if (part is None or compiled.name in part) and _is_planned(compiled)
    )


def planned_names(compilation: Compilation) -> frozenset[AssetName]:
    """Their names, of the whole project."""
    return frozenset(asset.name for asset in compilation.slim.assets if _is_planned(asset))


def _is_planned(compiled: CompiledAsset) -> bool:
    return compiled.fingerprint is not None and compiled.kind not in (Kind.EXPOSURE, Kind.EPHEMERAL)


def _feeding_order(compilation: Compilation) -> frozenset[AssetName]:
    """The assets whose rows' order may come through to something that depends on it."""
    found: set[AssetName] = set()
    for compiled in reversed(compilation.slim.assets):
        if compiled.ordered or compiled.name in found:
            found.update((compiled.name, *compiled.depends_on))
    return frozenset(found)


def _planned(
    compilation: Compilation,
    compiled: CompiledAsset,
    environment: str,
    engine: str,
    relation_of: Callable[[Asset], str],
    feeding: frozenset[AssetName],
    taken_apart: dict[AssetName, tuple[Component, ...]],
) -> PlannedAsset:
    name = compiled.name
    declared = compilation.declared[name]
    assert compiled.fingerprint is not None

    def body(inputs: Mapping[AssetName, str]) -> RunBody:
        return run_body(compilation, declared, inputs)

    def audits(physical: Mapping[AssetName, str]) -> tuple[Audit, ...]:
        return _audits(compilation, compiled, physical)

    def components() -> tuple[Component, ...]:
        if name not in taken_apart:
            taken_apart[name] = components_of(compilation, name, engine)
        return taken_apart[name]

    def columns() -> tuple[str, ...]:
        known = compilation.body(name).schema.columns
        return tuple(column.name for column in known or ())

    return PlannedAsset(
        name,
        compiled.kind,
        compiled.reads,
        compiled.fingerprint,
        compiled.leaves,
        published_schema(name, environment),
        table_of(name),
        compiled.checks,
        compiled.checks_read,
        body=body,
        components=components,
        audits=audits,
        columns=columns,
        files=compiled.files,
        conduct=conduct_of(declared.running),
        hooks=lambda names: hooks_to_run(compiled.hooks, names),
        contract=lambda: contract_of(declared),
        comments=lambda: comments_of(declared),
        relation=relation_of(declared) if compiled.kind is Kind.EXTERNAL else None,
        time=declared.time_range,
        keyed=declared.keyed,
        carried=lambda inputs: carried_body(compilation, declared, inputs),
        sliced=compiled.sliced,
        ordered=name in feeding,
    )


def conduct_of(running: Running) -> Conduct:
    """How an asset is built, by its settings."""
    if running == Running():
        return AS_USUAL
    retries = running.retries or Retries(AS_USUAL.retries, AS_USUAL.wait)
    checksum = running.checksum or AS_USUAL.checksum
    return Conduct(running.timeout, retries.times, retries.wait, checksum)


def comments_of(asset: Asset) -> Comments | None:
    """The descriptions that are to go into the warehouse; None where none are."""
    docs = asset.running.persist_docs
    if docs is None:
        return None
    columns = {column.name: column.description for column in asset.columns if column.description}
    return Comments(asset.description if docs.relation else "", columns if docs.columns else {})


def _audits(
    compilation: Compilation, compiled: CompiledAsset, physical: Mapping[AssetName, str]
) -> tuple[Audit, ...]:
    """Raises UserError where a test cannot be run, because what it compares with is broken: what
    has not passed all of its tests must not be published."""
    declared = compilation.declared[compiled.name]
    names = compilation.names.one
    found, problems = audits_of(declared, physical, names, quote, compiled.tests)
    if problems:
        raise UserError(problems)
    return found


def components_of(compilation: Compilation, name: AssetName, engine: str) -> tuple[Component, ...]:
    """The build fingerprint of an asset, taken apart."""
    asset = compilation.declared[name]
    body = compilation.body(name)
    compiled = compilation.assets[name]
    dialect = asset.dialect or compilation.slim.dialect
    storage = storage_of(asset, engine, dialect, compiled.hooks) + compiled.carried

    def prints(names: tuple[AssetName, ...]) -> dict[AssetName, Fingerprints]:
        return {
            read: found
            for read in names
            if (found := compilation.body(read).fingerprints) is not None
        }

    schema = body.schema.columns or ()
    if body.facts is not None:
        return parts.of_query(body.facts, prints(compiled.depends_on), storage)
    if asset.python is not None:
        index = compilation.names
        inputs = python_inputs(asset, index)
        known = prints(tuple(inputs.values()))
        return parts.of_python(
            asset.python.digest,
            asset.path,
            {parameter: (read, known[read]) for parameter, read in inputs.items()},
            tuple((column.name, column.type) for column in schema),
            storage,
        )
    if body.fingerprints is None:
        return ()
    types = {column.name.lower(): column.type for column in schema}
    return parts.of_source(name, body.fingerprints, types)
