"""The names that dialects give outputs without an alias, where a query around can read them.

DuckDB's are those of `naming.py`, which stand for those of dialects that are not here too.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlglot import exp

from xform.sql.dialects import COLUMN_BY_FUNCTION, COLUMN_BY_NUMBER
from xform.sql.ir import Projection
from xform.sql.tokens import unmarked

UNNAMED = "?column?"
_NAMED_SYNTAX: dict[type[exp.Expr], str] = {
    exp.Array: "array", exp.AtTimeZone: "timezone", exp.CurrentDate: "current_date",
    exp.CurrentTime: "current_time", exp.CurrentTimestamp: "current_timestamp",
    exp.Exists: "exists", exp.Extract: "extract", exp.Overlay: "overlay",
    exp.StrPosition: "position", exp.Substring: "substring", exp.Trim: "btrim", exp.Tuple: "row",
}  # fmt: skip
_THROUGH = (
    exp.Alias, exp.Bracket, exp.Collate, exp.Filter, exp.IgnoreNulls, exp.Paren, exp.RespectNulls,
    exp.Window, exp.WithinGroup,
)  # fmt: skip
_TYPES = {
    "bigint": "int8", "boolean": "bool", "decimal": "numeric", "double": "float8",
    "float": "float4", "int": "int4", "smallint": "int2",
}  # fmt: skip


def named(
    outputs: Sequence[Projection], nodes: Sequence[exp.Expr], dialect: str
) -> tuple[Projection, ...]:
    """Outputs of a SELECT, those without an alias under the names of the dialect. `nodes` are
    what they were lowered from, one for each."""
    if not any(output.implicit for output in outputs):
        return tuple(outputs)
    result: list[Projection] = []
    unnamed = 0
    for number, (output, node) in enumerate(zip(outputs, nodes, strict=True)):
        if output.implicit:
            name = output.name
            if dialect in COLUMN_BY_FUNCTION:
                name = _figured(node) or UNNAMED
            elif dialect in COLUMN_BY_NUMBER:
                pattern, among_all = COLUMN_BY_NUMBER[dialect]
                name = pattern.format(number if among_all else unnamed)
            elif isinstance(node, exp.Explode):
                name = "col"
            output = msgspec.structs.replace(output, name=name)
            unnamed += 1
        result.append(output)
    return tuple(result)


def _figured(node: exp.Expr) -> str:
    """PostgreSQL: the name of the function, of what is cast, of a field; else none."""
    while isinstance(node, _THROUGH):
        node = node.this
    match node:
        case exp.Column():
            return unmarked(node.name)
        case exp.Dot():
            return unmarked(node.expression.name)
        case exp.Anonymous():
            return unmarked(node.name).lower()
        case exp.Cast():
            kind = node.to.this
            called = str(getattr(kind, "value", kind)).lower()
            return _figured(node.this) or _TYPES.get(called, called)
        case exp.Case():
            default = node.args.get("default")
            return (default is not None and _figured(default)) or "case"
        case exp.Subquery():
            outputs = node.this.expressions if isinstance(node.this, exp.Select) else []
            return outputs[0].alias or _figured(outputs[0]) if len(outputs) == 1 else ""
        case _:
            found = _NAMED_SYNTAX.get(type(node))
            if found is not None:
                return found
            return node.sql_name().lower() if isinstance(node, exp.Func) else ""
