"""The columns by which a row of an asset is known again."""

from __future__ import annotations

from collections.abc import Iterator

from xform.project.assets import Asset, TestKind
from xform.project.incremental import VALID_FROM


def keys_of(asset: Asset) -> Iterator[tuple[tuple[str, ...], str]]:
    """(columns, where they are said: `grain`, `unique` or `unique_key`), the most telling first.

    A `unique` test of some rows only (`where`) says nothing of all. A snapshot holds a row of a
    key for each of its versions.
    """
    if asset.grain:
        yield asset.grain, "grain"
    tests = [test for column in asset.columns for test in column.tests] + list(asset.tests)
    for test in tests:
        if test.kind is TestKind.UNIQUE and test.where is None and test.columns:
            yield test.columns, "unique"
    keyed = asset.keyed
    if keyed is not None and keyed.key:
        yield (*keyed.key, VALID_FROM) if keyed.is_snapshot else keyed.key, "unique_key"
