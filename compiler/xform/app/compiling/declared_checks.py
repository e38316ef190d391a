"""What is declared of an asset against what it is: columns and tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from xform.app.compiling.contracts import check_contract
from xform.base.codes import (
    CHECK_FIELD,
    CHECK_RELATION,
    DECLARED_COLUMN,
    DECLARED_TYPE,
    SELF_REFERENCE,
    TEST_COLUMN,
    TEST_DOWNSTREAM,
)
from xform.base.diagnostics import Diagnostic, diagnose
from xform.base.names import AssetName, did_you_mean
from xform.checks.declared import tests_of
from xform.checks.queries import audits_of
from xform.checks.written import Written
from xform.graph.order import order
from xform.project.assets import Asset, Kind, TestKind, TestSpec
from xform.sema.facts import Schema
from xform.sema.tables import NameIndex, find_reader
from xform.sema.types.type import UNKNOWN, is_known, read
from xform.sql.dialects import quote


def check_columns(asset: Asset, schema: Schema) -> Iterator[Diagnostic]:
    """Declared columns that the asset does not have. Those with tests are told of by the tests."""
    if asset.contract:
        yield from check_contract(asset, schema)
        return
    if schema.columns is None:
        return
    known = {column.name.lower(): read(column.type) for column in schema.columns}
    for column in asset.columns:
        has = known.get(column.name.lower())
        wanted = read(column.type) if column.type else UNKNOWN
        if has is not None:
            if has is not wanted and is_known(has) and is_known(wanted):
                yield diagnose(
                    DECLARED_TYPE,
                    f"column '{column.name}' is {has.text}, declared as {wanted.text}",
                    column.span,
                    f"cast it in the query: cast(… as {wanted.text}), or correct the declaration",
                    asset=asset.name,
                )
        elif not column.tests:
            yield diagnose(
                DECLARED_COLUMN,
                f"'{asset.name}' has no column '{column.name}'",
                column.span,
                did_you_mean(column.name, known) or "remove the declaration",
                asset=asset.name,
                missing=[(asset.name, column.name)],
            )


def readable(index: NameIndex) -> dict[AssetName, str]:
    """A name in SQL for everything that a test can read."""
    return {
        name: quote(name)
        for name, kind in index.kinds.items()
        if kind not in (Kind.EPHEMERAL, Kind.EXPOSURE)
    }


def check_tests(
    asset: Asset,
    schemas: Mapping[AssetName, Schema],
    index: NameIndex,
    names: Mapping[AssetName, str],
    written: Written,
) -> Iterator[Diagnostic]:
    """Tests that could not run: of what is not stored, of columns that are not there, with
    arguments that make no sense. `names` are those of `readable`."""
    tests = tests_of(asset)
    if not tests and not written.files:
        return
    for problem in audits_of(asset, names, index.one, quote, written)[1]:
        if problem.code != CHECK_RELATION.id:  # said where the relation is looked up
            yield problem
    for _, test in tests:
        columns = (*test.columns, *(test.args.get("group_by") or ()))
        for column in columns if test.kind is not TestKind.CUSTOM else ():
            yield from _column(asset, test, column, schemas.get(asset.name))
        field, to = test.args.get("field"), test.args.get("to")
        if test.kind is TestKind.RELATIONSHIPS and field and (partner := index.one(str(to))):
            yield from _field(asset, test, str(field), partner, schemas.get(partner))


def _column(
    asset: Asset, test: TestSpec, column: str, schema: Schema | None
) -> Iterator[Diagnostic]:
    known = _known(schema)
    if known is not None and column.lower() not in known:
        yield diagnose(
            TEST_COLUMN,
            f"test {test.kind} on '{column}', which '{asset.name}' does not have",
            test.span,
            did_you_mean(column, known) or "name a column of the model",
            asset=asset.name,
            missing=[(asset.name, column)],
        )


def _field(
    asset: Asset, test: TestSpec, field: str, partner: AssetName, schema: Schema | None
) -> Iterator[Diagnostic]:
    known = _known(schema)
    if known is not None and field.lower() not in known:
        yield diagnose(
            CHECK_FIELD,
            f"test {test.kind} compares with '{field}', which '{partner}' does not have",
            test.span,
            did_you_mean(field, known) or f"name a column of {partner} in 'field:'",
            asset=asset.name,
            missing=[(partner, field)],
        )


def _known(schema: Schema | None) -> set[str] | None:
    """The columns of an asset in lower case; None where they are not known."""
    if schema is None or schema.columns is None or schema.broken:
        return None
    return {column.name.lower() for column in schema.columns}


def compared_with(asset: Asset, index: NameIndex) -> tuple[tuple[AssetName, ...], list[Diagnostic]]:
    """The other assets that the tests of an asset read."""
    names: set[AssetName] = set()
    problems: list[Diagnostic] = []
    for _, test in tests_of(asset):
        to = test.args.get("to")
        if isinstance(to, str):
            found, problem = find_reader(index, to, to.split("."), test.span, asset.name)
            if problem is not None and problem.code != SELF_REFERENCE.id:
                problems.append(problem)
            if found is not None:
                names.add(found)
    return tuple(sorted(names)), problems


def order_with_tests(
    ordered: list[AssetName],
    depends: Mapping[AssetName, tuple[AssetName, ...]],
    compared: Mapping[AssetName, tuple[AssetName, ...]],
    assets: Mapping[AssetName, Asset],
) -> tuple[list[AssetName], list[Diagnostic]]:
    """The order in which also what tests compare with comes before what is tested.

    A test that makes a circle could never run in time.
    """
    known = set(ordered)
    both = {
        name: tuple(read for read in (*depends[name], *compared[name]) if read in known)
        for name in ordered
    }
    found, circles = order(both)
    problems = [_circular(circle, depends, compared, assets) for circle in circles]
    return (ordered if circles else found), problems


def _circular(
    circle: tuple[AssetName, ...],
    depends: Mapping[AssetName, tuple[AssetName, ...]],
    compared: Mapping[AssetName, tuple[AssetName, ...]],
    assets: Mapping[AssetName, Asset],
) -> Diagnostic:
    """The first edge of a circle that is a test's."""
    name, read = next(
        (name, read)
        for name, read in zip(circle, (*circle[1:], circle[0]), strict=True)
        if read in compared[name] and read not in depends[name]
    )
    test = next(test for _, test in tests_of(assets[name]) if test.args.get("to"))
    return diagnose(
        TEST_DOWNSTREAM,
        f"a test of '{name}' reads '{read}', which has to wait for it",
        test.span,
        f"move the test to '{read}', or take it out",
        asset=name,
    )
