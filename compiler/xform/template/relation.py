"""What `ref`, `source` and `this` are in a template: a name, and a placeholder when written."""

from __future__ import annotations

from collections.abc import Callable

from xform.base.names import AssetName, schema_of, table_of
from xform.template.rendered import PLACEHOLDER


class Relation(str):
    """The placeholder of a reference, with as much of its name as the call told.

    Text in every way, so that it can be joined, compared and passed on.
    """

    name: str
    identifier: str
    table: str
    schema: str  # unset where the call did not tell it: the template then has no such attribute

    def __new__(cls, number: int, name: str, schema: str | None = None) -> Relation:
        relation = super().__new__(cls, PLACEHOLDER.format(number))
        relation.name = relation.identifier = relation.table = name
        if schema is not None:
            relation.schema = schema
        return relation


class This:
    """The asset itself. Only writing it refers to it: dbt's models name it in branches that do
    not run on a first build."""

    __slots__ = ("_asset", "_refer")

    def __init__(self, asset: Callable[[], AssetName], refer: Callable[[], str]) -> None:
        self._asset = asset
        self._refer = refer

    @property
    def name(self) -> str:
        return table_of(self._asset())

    identifier = name
    table = name

    @property
    def schema(self) -> str:
        return schema_of(self._asset())

    def __str__(self) -> str:
        return self._refer()
