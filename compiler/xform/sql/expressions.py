"""Expressions of sqlglot's tree, lowered to the intermediate form.

Most nodes are taken as they are: an operator with its settings in its tag and its operands as
arguments, so a construct that nobody thought of is still bound and hashed rightly. Only what has
scoping of its own, or no effect on the result, is handled by name. Functions keep the name that
was written: sqlglot maps some functions of a dialect to one node, and they need not be equal.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from xform.sql.dialects import fold
from xform.sql.functions import flags_of
from xform.sql.ir import (
    FLAG_AGGREGATE,
    FLAG_CLOCK_DAY,
    FLAG_CLOCK_RUN,
    FLAG_UNNEST,
    Expr,
    Lambda,
    Name,
    Op,
    Order,
    Over,
    Projection,
    Star,
    Subquery,
    Text,
    Window,
)

if TYPE_CHECKING:
    from xform.sql.ir import Query

CLOCK_NODES: dict[type[exp.Expression], int] = {
    exp.CurrentDate: FLAG_CLOCK_DAY,
    exp.CurrentTime: FLAG_CLOCK_RUN,
    exp.CurrentDatetime: FLAG_CLOCK_RUN,
    exp.CurrentTimestamp: FLAG_CLOCK_RUN,
    exp.CurrentUser: FLAG_CLOCK_RUN,
    exp.Rand: FLAG_CLOCK_RUN,
    exp.Uuid: FLAG_CLOCK_RUN,
}
NO_POSITION = (0, 0)
USUAL_ARGUMENTS = (["this"], ["this", "expression"])
"""Arguments that go without saying in a tag: one operand, two operands."""
PARSER_MARKS = frozenset(["big_int"])
"""Arguments that sqlglot adds for its own generators."""


def extent(node: exp.Expression) -> tuple[int, int]:
    """The stretch of text that a node covers, from the positions of the tokens below it.

    A best effort: parentheses and keywords at the ends are not counted. (0, 0) where nothing
    below has a position.
    """
    low, high = -1, -1
    stack: list[exp.Expression] = [node]
    while stack:
        item = stack.pop()
        meta = item._meta  # the property would make an empty dictionary for every node
        if meta is not None and "start" in meta:
            start, end = meta["start"], meta["end"] + 1
            low = start if low < 0 else min(low, start)
            high = max(high, end)
        for value in item.args.values():
            if isinstance(value, exp.Expression):
                stack.append(value)
            elif isinstance(value, list):
                stack.extend(child for child in value if isinstance(child, exp.Expression))
    return (low, high) if low >= 0 else NO_POSITION


class ExpressionLowerer:
    """Lowers expressions of one query text. Subclassed by the lowerer of queries, which it needs
    for subqueries."""

    def __init__(self, text: str, dialect: str) -> None:
        self.text = text
        self.dialect = dialect
        self.qualifiers: list[tuple[int, int, str]] = []
        self._handlers: dict[type, Callable[[Any], Expr]] = {
            exp.Column: self._column,
            exp.Literal: self._literal,
            exp.Paren: self._inner,
            exp.Identifier: self._identifier,
            exp.Var: self._var,
            exp.Boolean: self._boolean,
            exp.Null: self._null,
            exp.Star: self._star,
            exp.Cast: self._cast,
            exp.TryCast: self._cast,
            exp.DataType: self._type,
            exp.Window: self._window,
            exp.Lambda: self._lambda,
            exp.Subquery: self._scalar,
            exp.Select: self._rows,
            exp.Union: self._rows,
            exp.Intersect: self._rows,
            exp.Except: self._rows,
            exp.Exists: self._exists,
            exp.In: self._in,
            exp.Any: self._quantified,
            exp.All: self._quantified,
            exp.Columns: self._columns,
            exp.Comprehension: self._comprehension,
            exp.Alias: self._inner,
            exp.Order: self._order_argument,
            exp.Ordered: self._ordered,
            exp.EQ: self._plain,
            exp.And: self._plain,
            exp.Or: self._plain,
        }

    # What the query lowerer provides ----------------------------------------------------------

    def query(self, node: exp.Expression) -> Query:
        raise NotImplementedError

    # Entry -------------------------------------------------------------------------------------

    def expr(self, node: exp.Expression) -> Expr:
        handler = self._handlers.get(type(node))
        return handler(node) if handler is not None else self._generic(node)

    def exprs(self, nodes: list[exp.Expression] | None) -> tuple[Expr, ...]:
        return tuple(self.expr(node) for node in nodes or ())

    def fold(self, identifier: exp.Expression) -> str:
        return fold(identifier.name, bool(identifier.args.get("quoted")), self.dialect)

    # Leaves ------------------------------------------------------------------------------------

    def _column(self, node: exp.Column) -> Expr:
        parts = node.parts
        last = parts[-1]
        if isinstance(last, exp.Star):
            return self._star(last, tuple(self.fold(part) for part in parts[:-1]))
        start, end = self._positions(parts)
        return Name(tuple(self.fold(part) for part in parts), last.name, start, end)

    @staticmethod
    def _positions(parts: list[Any]) -> tuple[int, int]:
        first, last = parts[0]._meta, parts[-1]._meta
        if not first or not last or "start" not in first or "end" not in last:
            return NO_POSITION
        return first["start"], last["end"] + 1

    @staticmethod
    def _literal(node: exp.Literal) -> Expr:
        return Text(f"'{node.this}'" if node.args.get("is_string") else str(node.this))

    def _identifier(self, node: exp.Identifier) -> Expr:
        return Text(f"`{self.fold(node)}`")

    @staticmethod
    def _var(node: exp.Var) -> Expr:
        return Text(f"var {node.name.upper()}")

    @staticmethod
    def _boolean(node: exp.Boolean) -> Expr:
        return Text("true" if node.this else "false")

    @staticmethod
    def _null(_: exp.Null) -> Expr:
        return Text("null")

    def _inner(self, node: exp.Expression) -> Expr:
        inner: exp.Expression = node.this
        return self.expr(inner)

    def _type(self, node: exp.DataType) -> Expr:
        return Text(f"type {type_text(node)}")

    # Stars -------------------------------------------------------------------------------------

    def _star(self, node: exp.Star, qualifier: tuple[str, ...] = ()) -> Expr:
        args = node.args
        start, end = self._positions([node])
        return Star(
            qualifier,
            tuple(
                self.fold(column.this if isinstance(column, exp.Column) else column)
                for column in args.get("except_") or args.get("except") or ()
            ),
            tuple(
                (self.fold(alias.args["alias"]), self.expr(alias.this))
                for alias in args.get("replace") or ()
            ),
            tuple(
                (self.fold(_identifier_of(alias.this)), alias.args["alias"].name)
                for alias in args.get("rename") or ()
            ),
            start=start,
            end=end,
        )

    def _columns(self, node: exp.Columns) -> Expr:
        what = node.this
        start, end = extent(node)
        match what:
            case exp.Star():
                return self._star(what)
            case exp.Literal():
                return Star((), pattern=what.name, start=start, end=end)
            case exp.Array():
                names = tuple(fold(item.name, False, self.dialect) for item in what.expressions)
                return Star((), names=names, start=start, end=end)
            case _:
                return Star((), pattern="", start=start, end=end)

    # Scoped things -----------------------------------------------------------------------------

    def _lambda(self, node: exp.Lambda) -> Expr:
        return Lambda(tuple(self.fold(name) for name in node.expressions), self.expr(node.this))

    def _comprehension(self, node: exp.Comprehension) -> Expr:
        variable = node.args["expression"]
        name = self.fold(variable)
        for column in list(node.find_all(exp.Column)):
            if not column.args.get("table") and self.fold(column.this) == name:
                column.replace(column.this)
        body = Op(
            "comprehension",
            tuple(self.expr(part) for part in (node.this, node.args.get("condition")) if part),
        )
        return Op(
            "each", (self.expr(node.args["iterator"]), Lambda((name,), body)), *self._where(node)
        )

    def _scalar(self, node: exp.Subquery) -> Expr:
        return Subquery(self.query(node), "scalar")

    def _rows(self, node: exp.Expression) -> Expr:
        return Subquery(self.query(node), "rows")

    def _exists(self, node: exp.Exists) -> Expr:
        return Subquery(self.query(node.this), "exists")

    def _in(self, node: exp.In) -> Expr:
        query = node.args.get("query")
        if query is None:
            return self._generic(node)
        rows = Subquery(self.query(query), "rows")
        return Op("in query", (self.expr(node.this), rows), *self._where(node))

    def _quantified(self, node: exp.Expression) -> Expr:
        inner = node.this
        if isinstance(inner, exp.Subquery | exp.Query):
            return Op(node.key, (Subquery(self.query(inner), "rows"),))
        return self._generic(node)

    def _window(self, node: exp.Window) -> Expr:
        base = node.args.get("alias")
        return Over(self.expr(node.this), self.window(node, base))

    def window(self, node: exp.Window, base: exp.Expression | None) -> Window:
        order = node.args.get("order")
        spec = node.args.get("spec")
        first = node.args.get("first")
        frame = [self.expr(spec)] if spec is not None else []
        if first is not None:
            frame.append(Text(f"first {first}"))
        return Window(
            self.exprs(node.args.get("partition_by")),
            self.orders(order),
            tuple(frame),
            self.fold(base) if base is not None else None,
        )

    def orders(self, order: exp.Expression | None) -> tuple[Order, ...]:
        return tuple(self.order(term) for term in order.expressions) if order is not None else ()

    def order(self, term: exp.Expression) -> Order:
        if not isinstance(term, exp.Ordered):
            return Order(self.expr(term), "")
        how = "desc" if term.args.get("desc") else "asc"
        nulls = " nulls first" if term.args.get("nulls_first") else ""
        fill = term.args.get("with_fill")
        return Order(self.expr(term.this), how + nulls + (" fill" if fill else ""))

    def _ordered(self, node: exp.Ordered) -> Expr:
        order = self.order(node)
        return Op(f"ordered {order.how}", (order.expr,))

    def _order_argument(self, node: exp.Order) -> Expr:
        """`agg(x ORDER BY y)`: the order stands around the argument."""
        arguments = (self.expr(node.this),) if node.this is not None else ()
        return Op(ORDERED_ARGUMENT, (*arguments, *self.exprs(node.expressions)))

    # Everything else ---------------------------------------------------------------------------

    def _cast(self, node: exp.Cast) -> Expr:
        tag = f"{node.key} {type_text(node.args['to'])}"
        extra = node.args.get("format"), node.args.get("default")
        operands = (self.expr(node.this), *(self.expr(item) for item in extra if item))
        return Op(tag, operands, 0, *self._positions_of(operands[0]))

    @staticmethod
    def _positions_of(operand: Expr) -> tuple[int, int]:
        if isinstance(operand, Name | Op):
            return operand.start, operand.end
        return NO_POSITION

    def _plain(self, node: exp.Binary) -> Expr:
        return Op(node.key, (self.expr(node.args["this"]), self.expr(node.args["expression"])))

    def _where(self, node: exp.Expression) -> tuple[int, int, int]:
        return (0, *extent(node))

    def _generic(self, node: exp.Expression) -> Expr:
        tag = [self._name(node)]
        operands: list[Expr] = []
        for key, value in node.args.items():
            if value is None or value is False or value == []:
                continue
            if isinstance(value, exp.Expression):
                tag.append(key)
                operands.append(self.expr(value))
            elif isinstance(value, list):
                tag.append(f"{key}*{len(value)}")
                operands.extend(
                    self.expr(item) if isinstance(item, exp.Expression) else Text(str(item))
                    for item in value
                )
            elif key not in PARSER_MARKS and not (
                key == "this" and isinstance(node, exp.Anonymous)
            ):
                tag.append(f"{key}={value}")
        meta = node._meta
        start, end = (meta["start"], meta["end"] + 1) if meta and "start" in meta else NO_POSITION
        name = tag[0]
        if tag[1:] in USUAL_ARGUMENTS:
            del tag[1:]
        return Op(" ".join(tag), tuple(operands), self._flags(node, name), start, end)

    def _name(self, node: exp.Expression) -> str:
        """A function's name as written (folded), else the kind of node."""
        if isinstance(node, exp.Func):
            meta = node._meta
            if meta is not None and "start" in meta:
                return self.text[meta["start"] : meta["end"] + 1].lower()
            if isinstance(node, exp.Anonymous | exp.AnonymousAggFunc):
                return str(node.this).lower()
        return node.key

    @staticmethod
    def _flags(node: exp.Expression, name: str) -> int:
        flags = CLOCK_NODES.get(type(node), 0)
        if isinstance(node, exp.Func):
            flags |= flags_of(name)
            if isinstance(node, exp.AggFunc):
                flags |= FLAG_AGGREGATE
            if isinstance(node, exp.Explode | exp.Unnest | exp.UDTF):
                flags |= FLAG_UNNEST
        return flags

    def projection(self, node: exp.Expression) -> Projection:
        alias = node.args.get("alias") if isinstance(node, exp.Alias) else None
        inner = node.this if isinstance(node, exp.Alias) else node
        lowered = self.expr(inner)
        start, end = extent(inner)
        if alias is not None:
            folded = fold(alias.name, bool(alias.args.get("quoted")), self.dialect)
            meta = alias._meta
            if meta and "end" in meta:
                end = max(end, meta["end"] + 1)
            return Projection(lowered, alias.name, folded, False, start, end)
        if isinstance(lowered, Name):
            return Projection(lowered, lowered.written, None, False, start, end)
        if isinstance(lowered, Star):
            return Projection(lowered, "", None, False, lowered.start, lowered.end)
        return Projection(lowered, made_up_name(inner, self.text), None, True, start, end)


ORDERED_ARGUMENT = "ordered by"


def _identifier_of(node: exp.Expression) -> exp.Expression:
    return node.this if isinstance(node, exp.Column) else node


def made_up_name(node: exp.Expression, text: str) -> str:
    """The name that DuckDB gives a column without an alias, for the usual shapes; for others
    sqlglot's spelling of the expression."""
    match node:
        case exp.Count() if isinstance(node.this, exp.Star):
            return "count_star()"
        case exp.Dot():
            return node.expression.name
        case exp.Binary() if node.key in OPERATORS:
            left = made_up_name(node.this, text)
            right = made_up_name(node.args["expression"], text)
            return f"({left} {OPERATORS[node.key]} {right})"
        case exp.Column():
            return node.name
        case exp.Literal():
            return f"'{node.this}'" if node.is_string else str(node.this)
        case exp.Paren():
            return made_up_name(node.this, text)
        case exp.Func() if node._meta and "start" in node._meta:
            name = text[node._meta["start"] : node._meta["end"] + 1].lower()
            if all(
                isinstance(value, exp.Expression) or not value or isinstance(value, bool | list)
                for value in node.args.values()
            ):
                arguments = [
                    made_up_name(item, text)
                    for value in node.args.values()
                    for item in (value if isinstance(value, list) else [value])
                    if isinstance(item, exp.Expression)
                ]
                return f"{name}({', '.join(arguments)})"
    return node.sql("duckdb")


OPERATORS = {
    "add": "+", "sub": "-", "mul": "*", "div": "/", "eq": "=", "neq": "!=", "gt": ">",
    "gte": ">=", "lt": "<", "lte": "<=", "dpipe": "||", "mod": "%", "intdiv": "//",
}  # fmt: skip


def type_text(node: exp.Expression) -> str:
    """Canonical text of a type: sqlglot's names of types, parameters and fields in order."""
    if not isinstance(node, exp.DataType):
        if isinstance(node, exp.DataTypeParam):
            return str(node.this.name if isinstance(node.this, exp.Expression) else node.this)
        if isinstance(node, exp.ColumnDef):
            kind = node.args.get("kind")
            return f"{node.name.lower()} {type_text(kind) if kind is not None else ''}"
        return node.name.lower() or node.sql().lower()
    this = node.this
    name = str(getattr(this, "value", None) or getattr(this, "name", None) or this)
    if node.args.get("kind") is not None:
        kind = node.args["kind"]
        name = f"{name} {kind if isinstance(kind, str) else kind.name}".lower()
    inner = ", ".join(type_text(item) for item in node.expressions)
    values = ", ".join(str(item.this) for item in node.args.get("values") or ())
    return name + (f"({inner})" if inner else "") + (f"[{values}]" if values else "")
