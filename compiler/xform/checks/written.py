"""Tests that bring a query of their own: macros of the project, files under tests/data/."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from xform.base.names import AssetName
from xform.project.assets import TestSpec

PLACE = "__xform_read_{}__"
"""Stands in a query for an asset that it reads."""


class WrittenTest(msgspec.Struct, frozen=True):
    """A query of bad rows. `sql` has `PLACE` for each asset in `reads`, by its number.

    `lasting`: it asks neither the clock nor chance. `hidden` are columns of it, in lower case,
    that no bad row is kept with; None where that cannot be told of any.
    """

    name: str
    title: str
    sql: str
    reads: tuple[AssetName, ...]
    lasting: bool = True
    hidden: tuple[str, ...] | None = ()

    def query(self, relations: Sequence[str]) -> str:
        """The query over these relations, one for each of `reads`."""
        text = self.sql
        for number, relation in reversed(list(enumerate(relations))):
            text = text.replace(PLACE.format(number), relation)
        return text


class Written(msgspec.Struct, frozen=True):
    """What is known of an asset's tests beyond what is declared of it.

    `files` are the tests of files that are run with the asset, by name; `queries` those of all
    tests that bring one; `clocked` names the tests whose conditions ask the clock or chance.
    """

    files: tuple[tuple[str, TestSpec], ...] = ()
    queries: tuple[WrittenTest, ...] = ()
    clocked: tuple[str, ...] = ()

    @property
    def reads(self) -> frozenset[AssetName]:
        return frozenset(read for query in self.queries for read in query.reads)


NONE_WRITTEN = Written()
