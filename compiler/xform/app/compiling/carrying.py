"""Models that grow by key, and snapshots, compiled: the form that carries on what was built."""

from __future__ import annotations

from collections.abc import Sequence

from xform.app.compiling.compiled import Carried
from xform.base.codes import CARRIED_READS, KEY_COLUMN, VOLATILE_INCREMENTAL
from xform.base.diagnostics import Diagnostic, diagnose
from xform.base.hashing import Digest, digest_parts
from xform.base.names import AssetName, did_you_mean
from xform.fingerprint.evaluate import Fingerprints, Print
from xform.project.assets import Asset
from xform.project.incremental import VALID_FROM, VALID_TO, Keyed
from xform.sema.facts import ModelFacts, Schema, SchemaColumn
from xform.sema.tables import NameIndex
from xform.sql.parse import Place


def tables_of(asset: Asset, carried: Carried, index: NameIndex) -> tuple[AssetName | None, ...]:
    """The asset of each table of the form, the model itself among them; None where a name is that
    of none, or of several."""
    found: list[AssetName | None] = []
    for table in carried.unit.tables:
        if table.reference >= 0:
            reference = carried.rendered.references[table.reference]
            parts: Sequence[str] = reference.arguments or asset.name.split(".")
        else:
            parts = table.parts
        found.append(index.one(".".join(parts)))
    return tuple(found)


def check_keyed(
    asset: Asset,
    keyed: Keyed,
    facts: ModelFacts,
    carried: Carried | None,
    reads: Sequence[AssetName],
    index: NameIndex,
    place: Place,
) -> list[Diagnostic]:
    """What is wrong with how a model grows by key. `reads` are the assets that the whole reads."""
    found: list[Diagnostic] = []
    names = [column.name.lower() for column in facts.columns]
    wanted = [*keyed.key, *keyed.check, *([keyed.updated_at] if keyed.updated_at else [])]
    for column in wanted if not facts.columns_open else ():
        if column.lower() not in names:
            advice = did_you_mean(column, names) or f"its columns are {', '.join(names)}"
            message = f"{asset.name} grows by '{column}', and has no such column"
            found.append(diagnose(KEY_COLUMN, message, asset.span, advice, asset=asset.name))
    if facts.clock and not keyed.is_snapshot:
        found.append(
            diagnose(
                VOLATILE_INCREMENTAL,
                f"{asset.name} asks for the time or for chance: "
                "rows that come again come otherwise",
                asset.span,
                "take the time from the data",
                asset=asset.name,
            )
        )
    if carried is None:
        return found
    for table, name in zip(carried.unit.tables, tables_of(asset, carried, index), strict=True):
        if name is None or (name != asset.name and name not in reads):
            written = ".".join(table.parts)
            found.append(
                diagnose(
                    CARRIED_READS,
                    f"the incremental form of {asset.name} reads '{written}', "
                    "which the whole does not",
                    place.span(table.start, table.end),
                    "read the same assets in both forms, and {{ this }}",
                    asset=asset.name,
                )
            )
    return found


def storage_of_carried(carried: Carried | None) -> str:
    """What it says decides what the table holds, too."""
    if carried is None:
        return ""
    return f" carried {carried.says[:16]}"


def with_validity(
    schema: Schema, fingerprints: Fingerprints | None
) -> tuple[Schema, Fingerprints | None]:
    """The columns that a snapshot adds."""
    if schema.columns is None:
        return schema, fingerprints
    added = (SchemaColumn(VALID_FROM, "timestamp", True), SchemaColumn(VALID_TO, "timestamp"))
    wider = Schema((*schema.columns, *added), schema.broken)
    if fingerprints is None:
        return wider, None
    rows = fingerprints.rows
    more = {
        name: Print(Digest(digest_parts(("snapshot", rows.digest, name))), rows.leaves)
        for name in (VALID_FROM, VALID_TO)
    }
    return wider, Fingerprints(
        rows,
        {**fingerprints.columns, **more},
        fingerprints.build,
        fingerprints.whole,
        fingerprints.order,
    )
