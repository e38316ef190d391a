"""Contracts at compile time: the columns and types that a model declares, all of them and no
others, against those that were inferred."""

from __future__ import annotations

from collections.abc import Iterator

from xform.base.codes import CONTRACT
from xform.base.diagnostics import Diagnostic, diagnose
from xform.base.names import did_you_mean
from xform.base.spans import Span
from xform.plan.contract import Contract, Promise
from xform.project.assets import Asset
from xform.project.incremental import VALID_FROM, VALID_TO
from xform.sema.facts import Schema
from xform.sema.types.type import UNKNOWN, is_known, read


def contract_of(asset: Asset) -> Contract | None:
    """What a build of the asset has to keep; None where it has no contract."""
    if not asset.contract:
        return None
    return Contract(
        place_of(asset),
        tuple(Promise(column.name, column.type or "", column.span) for column in asset.columns),
        (VALID_FROM, VALID_TO) if asset.keyed is not None and asset.keyed.is_snapshot else (),
    )


def place_of(asset: Asset) -> Span:
    return asset.places.get("contract", asset.span)


def check_contract(asset: Asset, schema: Schema) -> Iterator[Diagnostic]:
    """What keeps a contract from being kept. Columns that are not known, and types, are looked at
    when the model is built."""
    known = {column.name.lower(): column for column in schema.columns or ()}
    for column in asset.columns:
        has = known.get(column.name.lower())
        if schema.columns is not None and has is None:
            yield diagnose(
                CONTRACT,
                f"'{asset.name}' has no column '{column.name}', which its contract declares",
                column.span,
                did_you_mean(column.name, known) or "select it in the query",
                asset=asset.name,
                missing=[(asset.name, column.name)],
            )
        elif column.type is None:
            inferred = has is not None and is_known(read(has.type))
            yield diagnose(
                CONTRACT,
                f"the contract of '{asset.name}' gives no type for column '{column.name}'",
                column.span,
                f"give its type: {has.type if has is not None and inferred else 'type: …'}",
                asset=asset.name,
            )
        elif has is not None:
            is_, wanted = read(has.type), read(column.type)
            if wanted is UNKNOWN or not is_known(is_) or is_ is wanted:
                continue
            yield diagnose(
                CONTRACT,
                f"column '{column.name}' is {is_.text}, and {wanted.text} in the contract",
                column.span,
                f"cast it in the query: cast(… as {wanted.text})",
                asset=asset.name,
            )
    if schema.columns is None and asset.columns:
        return
    declared = {column.name.lower() for column in asset.columns}
    more = [column for name, column in known.items() if name not in declared]
    if more:
        listed = ", ".join(f"'{column.name}'" for column in more)
        noun = "column" if len(more) == 1 else "columns"
        yield diagnose(
            CONTRACT,
            f"'{asset.name}' has the {noun} {listed}, which its contract does not declare",
            place_of(asset),
            "declare them: " + ", ".join(f"{column.name}: {column.type}" for column in more)
            if all(is_known(read(column.type)) for column in more)
            else "declare them under 'columns', each with its type",
            asset=asset.name,
        )
    elif not asset.columns:
        yield diagnose(
            CONTRACT,
            f"the contract of '{asset.name}' declares no columns",
            place_of(asset),
            "declare them under 'columns', each with its type",
            asset=asset.name,
        )
