"""Functions, files and arrays in FROM, lowered."""

from __future__ import annotations

import re

from sqlglot import exp

from xform.sql import canonical
from xform.sql.dialects import FUNCTION_COLUMNS
from xform.sql.functions import PURE_IN_FROM
from xform.sql.ir import Op, Relation, TableFunction, Text
from xform.sql.leaves import NO_POSITION, position
from xform.sql.outputs import OutputLowerer

FILE_FUNCTIONS = re.compile(
    r"^(read_|parquet_|glob$|sniff_csv|query$|query_table$|st_read|.*_scan$)"
)
FILE_NAME = re.compile(r"[./\\]|^\w+:")
ONE_COLUMN = frozenset(["range", "generate_series", "unnest", "repeat"])
NO_FILES = (False, True)


class TableFunctionLowerer(OutputLowerer):
    """Lowers what stands in FROM and is no table and no query."""

    @staticmethod
    def _file(
        name: str, alias: str | None, columns: tuple[str, ...], start: int, end: int
    ) -> Relation:
        call = Op("file", (Text(canonical.string(name)),))
        stem = re.split(r"[/\\]", name)[-1].partition(".")[0].lower()
        return TableFunction(call, stem, alias or stem, columns, "open", True, False, start, end)

    def _function(self, node: exp.Expr, alias: str | None, columns: tuple[str, ...]) -> Relation:
        if isinstance(node, exp.TableFromRows):
            node = node.this
        for item in node.args.get("expressions") or ():
            self._name_argument(item)
        call = self.expr(node)
        name = call.tag.strip('"') if isinstance(call, Op) else node.key
        listed = FUNCTION_COLUMNS.get(self.dialect, {}).get(name, ())
        if isinstance(node, exp.Explode):
            name = "unnest"
        files = bool(FILE_FUNCTIONS.match(name))
        many = isinstance(node, exp.Explode) and not columns  # of an array one, of a map two
        shape = "one" if name in ONE_COLUMN and not many else "open"
        listed = _defined(node) or listed
        if listed:
            shape, columns = "listed", (*columns, *listed[len(columns) :])
        return TableFunction(
            call, name, alias, columns, shape, files, name in PURE_IN_FROM, *position(node)
        )

    def _rows_from(self, node: exp.Table, alias: str | None, columns: tuple[str, ...]) -> Relation:
        """PostgreSQL's `ROWS FROM (f(…), g(…))`: functions side by side, row by row."""
        self.careful = True
        items = [
            item.this if isinstance(item, exp.Table) else item for item in node.args["rows_from"]
        ]
        call = Op("rows from", self.exprs(items))
        shape = "listed" if columns else "open"
        return TableFunction(call, "rows from", alias, columns, shape)

    @staticmethod
    def _name_argument(item: exp.Expr) -> None:
        """`header = true` in a table function names an argument: nothing is compared."""
        if isinstance(item, exp.EQ):
            left = item.this
            if isinstance(left, exp.Column) and len(left.parts) == 1:
                name = exp.to_identifier(left.name)
                item.replace(exp.PropertyEQ(this=name, expression=item.expression))

    def _unnest(self, node: exp.Unnest, alias: str | None, columns: tuple[str, ...]) -> Relation:
        self.known(node, ("expressions", "alias", "offset"))
        call = Op("unnest", self.exprs(node.expressions))
        place = position(node.expressions[0]) if node.expressions else NO_POSITION
        offset = node.args.get("offset")
        if offset is not None and offset is not False:
            name = offset.name if isinstance(offset, exp.Expr) else "ordinality"
            columns = (*(columns or (alias or "unnest",)), name)
            numbered = Op("unnest with ordinality", call.args)
            return TableFunction(
                numbered, "unnest", alias, columns, "listed", start=place[0], end=place[1]
            )
        shape = "one" if len(node.expressions) == 1 else "open"
        if self.dialect == "duckdb" and shape == "one":
            columns = columns[:1]  # the engine passes over names too many
        if self.dialect == "bigquery" and alias is None and not columns:
            shape = "open"  # the fields of its elements are columns
        return TableFunction(call, "unnest", alias, columns, shape, start=place[0], end=place[1])


def _defined(node: exp.Expr) -> tuple[str, ...]:
    """The columns that a table function lists itself: `OPENJSON(…) WITH (a int)`, JSON_TABLE."""
    if not isinstance(node, exp.OpenJSON | exp.JSONTable | exp.XMLTable):
        return ()
    kinds = exp.OpenJSONColumnDef, exp.JSONColumnDef, exp.ColumnDef
    return tuple(item.name for item in node.find_all(*kinds, bfs=False) if item.name)
