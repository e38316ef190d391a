"""The names that DuckDB gives columns without an alias."""

from __future__ import annotations

from sqlglot import exp
from sqlglot.errors import SqlglotError

from xform.sql.tokens import MARK, PATH_MARK, unmarked

OPERATORS = {
    "add": "+", "sub": "-", "mul": "*", "div": "/", "eq": "=", "neq": "!=", "gt": ">",
    "gte": ">=", "lt": "<", "lte": "<=", "dpipe": "||", "mod": "%", "intdiv": "//",
    "pow": "^",
}  # fmt: skip


def made_up_name(node: exp.Expr) -> str:
    """The name of a column that has no alias, for the usual shapes; for others sqlglot's
    spelling of the expression."""
    match node:
        case exp.Column():
            return f"${node.this.name}" if isinstance(node.this, exp.Parameter) else node.name
        case exp.Dot() if isinstance(node.expression, exp.Identifier):
            return node.expression.name
        case exp.Paren():
            return made_up_name(node.this)
        case exp.Literal():
            return f"'{node.this}'" if node.is_string else str(node.this)
        case exp.Boolean():
            return f"CAST('{'t' if node.this else 'f'}' AS BOOLEAN)"
        case exp.Null():
            return "NULL"
        case exp.And() | exp.Or():
            parts = [made_up_name(part) for part in node.flatten()]
            return f"({f' {node.key.upper()} '.join(parts)})"
        case exp.Not():
            return f"(NOT {made_up_name(node.this)})"
        case exp.Neg():
            return f"-({made_up_name(node.this)})"
        case exp.Binary() if node.key in OPERATORS:
            left = made_up_name(node.this)
            right = made_up_name(node.args["expression"])
            return f"({left} {OPERATORS[node.key]} {right})"
        case exp.Anonymous():
            return _call(node)
        case exp.Sqrt():  # the plus sign: `tokens.PLUS_SIGN`
            return f"+({made_up_name(node.this)})"
        case exp.JSONExtract() | exp.JSONExtractScalar():
            return _arrow(node)
        case _:
            try:
                return node.sql("duckdb").replace(MARK, "")
            except SqlglotError:  # it writes some functions by parsing SQL of its own
                return str(node.key)


def _call(node: exp.Anonymous) -> str:
    this = node.this
    name = unmarked(this.name if isinstance(this, exp.Expr) else str(this)).lower()
    arguments = node.expressions
    if (
        name == "count"
        and len(arguments) <= 1
        and all(isinstance(item, exp.Star) for item in arguments)
    ):
        return "count_star()"
    if len(arguments) == 1 and isinstance(arguments[0], exp.Distinct):
        inner = ", ".join(made_up_name(item) for item in arguments[0].expressions)
        return f"{name}(DISTINCT {inner})"
    return f"{name}({', '.join(made_up_name(item) for item in arguments)})"


def _arrow(node: exp.Binary) -> str:
    path = node.args["expression"]
    shown = made_up_name(path)
    if isinstance(path, exp.Literal) and path.is_string:
        shown = f"'{str(path.this).removeprefix(PATH_MARK)}'"
    arrow = "->" if isinstance(node, exp.JSONExtract) else "->>"
    return f"({made_up_name(node.this)} {arrow} {shown})"
