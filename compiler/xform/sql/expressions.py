"""Expressions of sqlglot's tree, lowered to the intermediate form.

Most nodes are taken as they are: an operator with its settings in its tag and its operands as
arguments, so a construct that nobody thought of is still bound and hashed rightly. Only what has
scoping of its own, or no effect on the result, is handled by name. Functions keep the name that
was written (`tokens.py`).

Two texts that mean different things to the engine must not give one form. sqlglot and DuckDB
group the operators of SETTLED alike; where another one occurs, sqlglot may have put the operands
together differently, so then all parentheses are kept (`tangled`). Nodes that are not in FAITHFUL
may come from different spellings, so they make the whole text count (`careful`).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from sqlglot import exp

from xform.sql import canonical
from xform.sql.brackets import enclosed
from xform.sql.dialects import fold
from xform.sql.functions import flags_of
from xform.sql.ir import (
    FLAG_AGGREGATE,
    FLAG_CALL,
    FLAG_ORDERED,
    FLAG_UNNEST,
    METHOD,
    ORDERED_ARGUMENT,
    Expr,
    Lambda,
    Name,
    Op,
    Order,
    Over,
    Star,
    Subquery,
    Text,
    Window,
)
from xform.sql.leaves import NO_POSITION, PATTERNS, LeafLowerer, extent, position
from xform.sql.tokens import PATH_MARK, unmarked
from xform.sql.typenames import type_text

if TYPE_CHECKING:
    from xform.sql.ir import Query

SETTLED: frozenset[type[exp.Expr]] = frozenset(
    [
        exp.Add, exp.And, exp.DPipe, exp.Div, exp.Dot, exp.EQ, exp.Escape, exp.GT, exp.GTE,
        exp.Glob, exp.ILike, exp.IntDiv, exp.Is, exp.LT, exp.LTE, exp.Like, exp.Mod, exp.Mul,
        exp.NEQ, exp.Neg, exp.Not, exp.NullSafeEQ, exp.NullSafeNEQ, exp.Or, exp.Pow,
        exp.PropertyEQ, exp.Kwarg, exp.Slice, exp.SimilarTo, exp.Sub,
    ]
)  # fmt: skip
FAITHFUL: frozenset[type[exp.Expr]] = SETTLED | frozenset(
    [
        exp.Anonymous, exp.Any, exp.All, exp.Array, exp.AtTimeZone, exp.Between, exp.Bracket,
        exp.Case, exp.Cube, exp.Distinct, exp.Explode, exp.Extract, exp.Filter, exp.GroupingSets,
        exp.If, exp.IgnoreNulls, exp.In, exp.Interval, exp.JSONExtract, exp.JSONExtractScalar,
        exp.Overlay, exp.Placeholder, exp.Parameter, exp.RespectNulls, exp.Rollup, exp.StrPosition,
        exp.Struct, exp.Substring, exp.ToMap, exp.Trim, exp.Tuple, exp.Where, exp.WindowSpec,
        exp.WithinGroup, exp.BitwiseAnd, exp.BitwiseOr, exp.BitwiseLeftShift,
        exp.BitwiseRightShift, exp.BitwiseNot, exp.CurrentDate, exp.CurrentTime,
        exp.CurrentTimestamp, exp.Localtime, exp.Localtimestamp, exp.CurrentUser,
    ]
)  # fmt: skip
TANGLING: frozenset[type[exp.Expr]] = frozenset([exp.AtTimeZone, exp.Abs])
"""Operators that are neither Binary nor Unary in sqlglot's eyes."""
COMPOSITES = frozenset(["materialize", "postgres", "redshift", "risingwave"])
XML_METHODS = frozenset(["exist", "modify", "nodes", "query", "value"])
PARAMETER = "\N{GREEK SMALL LETTER LAMDA}"
"""Before the number of a lambda's parameter."""
CHAINS: frozenset[type[exp.Expr]] = frozenset(
    [exp.Add, exp.And, exp.DPipe, exp.Div, exp.Mul, exp.Or, exp.Sub]
)
FULLEST = 4
"""Parts of a name that sqlglot takes for one column; what stands behind is a field to it."""
USUAL_ARGUMENTS = (["this"], ["this", "expression"])
"""Arguments that go without saying in a tag: one operand, two operands."""
BARE = (exp.Column, exp.Literal, exp.Paren, exp.Anonymous, exp.Boolean, exp.Null, exp.Subquery)
"""What needs no parentheses anywhere."""


class ExpressionLowerer(LeafLowerer):
    """Lowers expressions of one query text. Subclassed by the lowerer of FROM clauses and
    queries, which it needs for subqueries."""

    def __init__(self, text: str, dialect: str, keep_parentheses: bool) -> None:
        super().__init__(text, dialect, keep_parentheses)
        self._by_type = _handlers(type(self))  # type: ignore[arg-type]  # classes can be hashed

    # What the query lowerer provides ----------------------------------------------------------

    def query(self, node: exp.Expr) -> Query:
        raise NotImplementedError

    # Entry -------------------------------------------------------------------------------------

    def expr(self, node: exp.Expr) -> Expr:
        handler = self._by_type.get(type(node))
        return handler(self, node) if handler is not None else self._generic(node)

    def exprs(self, nodes: Sequence[exp.Expr] | None) -> tuple[Expr, ...]:
        return tuple([self.expr(node) for node in nodes]) if nodes else ()

    def _paren(self, node: exp.Paren) -> Expr:
        inner: exp.Expr = node.this
        lowered = self.expr(inner)
        if self.keep_parentheses and not isinstance(inner, BARE):
            return Op("paren", (lowered,))
        return lowered

    def _inner(self, node: exp.Expr) -> Expr:
        inner: exp.Expr = node.this
        return self.expr(inner)

    # Scoped things -----------------------------------------------------------------------------

    def _lambda(self, node: exp.Lambda) -> Expr:
        return self._bound([self.fold(name) for name in node.expressions], [node.this])

    def _bound(self, names: Sequence[str], bodies: Sequence[exp.Expr], tag: str = "") -> Lambda:
        """A function of parameters, which go by their place: their names mean nothing."""
        around = self.bound
        level = 1 + max((int(name[len(PARAMETER) :]) for name in around.values()), default=-1)
        own = {name: f"{PARAMETER}{level + number}" for number, name in enumerate(names)}
        self.bound = {**around, **own}
        parts = self.exprs(bodies)
        self.bound = around
        called = tuple(f"{PARAMETER}{level + number}" for number in range(len(names)))
        return Lambda(called, Op(tag, parts) if tag else parts[0])

    def _comprehension(self, node: exp.Comprehension) -> Expr:
        """`[body for x in list if condition]`, as a lambda over the list."""
        names = [node.args["expression"], node.args.get("position")]
        parameters = [self.fold(name) for name in names if name is not None]
        iterator = node.args["iterator"]
        for part in (node.this, node.args.get("condition")):
            for column in list(part.find_all(exp.Column)) if part is not None else ():
                if len(column.parts) == 1 and self.fold(column.this) in parameters:
                    column.replace(column.this)
        inner = [part for part in (node.this, node.args.get("condition")) if part is not None]
        return Op("each", (self.expr(iterator), self._bound(parameters, inner, "comprehension")))

    def _scalar(self, node: exp.Subquery) -> Expr:
        return Subquery(self.query(node), "scalar")

    def _rows(self, node: exp.Expr) -> Expr:
        return Subquery(self.query(node), "rows")

    def _exists(self, node: exp.Exists) -> Expr:
        return Subquery(self.query(node.this), "exists")

    def _in(self, node: exp.In) -> Expr:
        query = node.args.get("query")
        if query is None:
            items = node.expressions
            if not items or any(node.args.get(key) for key in ("unnest", "field", "is_global")):
                return self._generic(node)
            return Op("in", self.exprs([node.this, *items]))
        return Op("in query", (self.expr(node.this), Subquery(self.query(query), "rows")))

    def _quantified(self, node: exp.Expr) -> Expr:
        inner = node.this
        if isinstance(inner, exp.Query):
            return Op(f"quantified {node.key}", (Subquery(self.query(inner), "rows"),))
        return self._generic(node)

    def _array(self, node: exp.Array) -> Expr:
        items = node.expressions
        if len(items) == 1 and isinstance(items[0], exp.Query):
            return Op("array query", (Subquery(self.query(items[0]), "list"),))
        return self._generic(node)

    def _window(self, node: exp.Window) -> Expr:
        return Over(self.expr(node.this), self.window(node, node.args.get("alias")))

    def window(self, node: exp.Window, base: exp.Expr | None) -> Window:
        self.known(node, ("this", "partition_by", "order", "spec", "alias", "over", "first"))
        spec = node.args.get("spec")
        first = node.args.get("first")
        frame = [self.expr(spec)] if spec is not None else []
        if first is not None:
            frame.append(Text(canonical.word(f"first {first}")))
        return Window(
            self.exprs(node.args.get("partition_by")),
            self.orders(node.args.get("order")),
            tuple(frame),
            self.fold(base) if base is not None else None,
            *(position(base) if base is not None else NO_POSITION),
        )

    def orders(self, order: exp.Expr | None) -> tuple[Order, ...]:
        if order is None:
            return ()
        self.known(order, ("this", "expressions"))
        return tuple(self.order(term) for term in order.expressions)

    def order(self, term: exp.Expr) -> Order:
        if not isinstance(term, exp.Ordered):
            return Order(self.expr(term), "asc")
        self.known(term, ("this", "desc", "nulls_first"))
        how = "desc" if term.args.get("desc") else "asc"
        return Order(self.expr(term.this), how + " nulls" * bool(term.args.get("nulls_first")))

    def _ordered(self, node: exp.Ordered) -> Expr:
        order = self.order(node)
        return Op(f"by {order.how}", (order.expr,))

    def _order_argument(self, node: exp.Order) -> Expr:
        """`agg(x ORDER BY y)`: the order stands around the argument."""
        arguments = (self.expr(node.this),) if node.this is not None else ()
        return Op(ORDERED_ARGUMENT, (*arguments, *self.exprs(node.expressions)))

    # Functions and operators -------------------------------------------------------------------

    def _call(self, node: exp.Anonymous) -> Expr:
        this = node.this
        name = unmarked(this.name if isinstance(this, exp.Expr) else str(this)).lower()
        if name == "identifier" and len(node.expressions) == 1:
            return self._dynamic(node)
        arguments = self.exprs(node.expressions)
        self.known(node, ("this", "expressions"))
        flags = flags_of(name, len(arguments)) | FLAG_CALL
        return Op(canonical.word(name), arguments, flags, *position(node))

    def _dynamic(self, node: exp.Expr) -> Expr:
        """`identifier('a')` is the column a; what no text names is called as it is written."""
        self.careful = True
        text = node.this if isinstance(node, exp.DynamicIdentifier) else node.expressions[0]
        if isinstance(text, exp.Literal) and text.is_string:
            written = text.name.split(".")
            start, end = position(text)
        else:
            start, end = enclosed(self.text, *extent([node]))
            written = [self.text[start:end] or "identifier(…)"]
        parts = tuple(fold(part, False, self.dialect) for part in written)
        return Name(parts, written[-1], start, end)

    def _within_group(self, node: exp.WithinGroup) -> Expr:
        """`listagg(x) WITHIN GROUP (ORDER BY y)` says its order, so that of its input is none."""
        lowered = self._generic(node)
        assert isinstance(lowered, Op)
        first, *others = lowered.args
        if isinstance(first, Op):
            first = msgspec.structs.replace(first, flags=first.flags & ~FLAG_ORDERED)
        return msgspec.structs.replace(lowered, args=(first, *others))

    def _dot(self, node: exp.Dot) -> Expr:
        """A field of what is no plain name. PostgreSQL has `(row).field` and `(row).*`. DuckDB
        and, for XML, T-SQL have methods: in `c.f(x)`, `c` is a column or a schema."""
        inner, field = node.this, node.expression
        if self._is_columns(node):
            star = self.expr(exp.Columns(this=field.expressions[0]))
            place = extent([node])
            return msgspec.structs.replace(
                star, qualifier=(self.fold(inner),), start=place[0], end=place[1]
            )
        if isinstance(inner, exp.Column) and len(inner.parts) == FULLEST:
            parts = [*inner.parts, field]
            if isinstance(field, exp.Identifier):  # T-SQL's `server.database.schema.table.column`
                names = tuple(self.fold(part) for part in parts)
                return Name(names, field.name, *self.positions(parts))
        if self.dialect in COMPOSITES and isinstance(inner, exp.Paren):
            column = inner.this
            if isinstance(column, exp.Column) and isinstance(field, exp.Identifier | exp.Star):
                parts = [*column.parts, field]
                return self.expr(exp.Dot.build(parts) if len(parts) > 4 else column_of(parts))
        if isinstance(field, exp.Func):
            parts = list(inner.flatten()) if isinstance(inner, exp.Dot) else [inner]
            called = unmarked(field.name).lower()
            xml = self.dialect in ("tsql", "fabric") and called in XML_METHODS
            if (xml or self.dialect == "duckdb") and all(
                isinstance(part, exp.Identifier) for part in parts
            ):
                return Op(METHOD, (self._column(column_of(parts)), self.expr(field)))
        return self._generic(node)

    def _is_columns(self, node: exp.Dot) -> bool:
        """ClickHouse's `t.COLUMNS('…')`."""
        called = node.expression
        return (
            self.dialect == "clickhouse"
            and isinstance(called, exp.Anonymous)
            and isinstance(node.this, exp.Identifier)
            and unmarked(called.name).lower() == "columns"
            and len(called.expressions) == 1
        )

    def _apply(self, node: exp.Apply) -> Expr:
        """`* APPLY(sum)`: a function of each column."""
        self.careful = True
        inner = self.expr(node.this)
        called = node.expression.sql(self.dialect).lower()
        if isinstance(inner, Star):
            inner = msgspec.structs.replace(inner, repeats=True)
        return Op(canonical.word(f"apply {called}"), (inner,), flags_of(called, 1))

    def _argument(self, node: exp.Binary) -> Expr:
        """`name := value`: the left side is no column."""
        left = node.this
        name = left.name if isinstance(left, exp.Expr) else str(left)
        if not isinstance(node, exp.PropertyEQ):
            name = name.lower()  # of a function's argument; the fields of a struct keep their case
        quoted = canonical.name(name)
        return Op("argument", (Text(quoted), self.expr(node.args["expression"])))

    def _sign(self, node: exp.Expr) -> Expr:
        """Of DuckDB, the plus sign (`tokens.PLUS_SIGN`)."""
        if self.dialect != "duckdb":
            return self._generic(node)
        return Op("plus", (self.expr(node.this),))

    def _arrow(self, node: exp.Binary) -> Expr:
        self.tangled = True
        path = node.args["expression"]
        if isinstance(path, exp.Literal) and path.is_string:
            text = str(path.this)
            if self.dialect == "duckdb" and not text.startswith(PATH_MARK):
                self.careful = True
            lowered: Expr = Text(canonical.string(text.removeprefix(PATH_MARK)))
        else:
            self.careful = self.careful or isinstance(path, exp.JSONPath)
            lowered = self.expr(path)
        return Op(node.key, (self.expr(node.this), lowered))

    def _cast(self, node: exp.Cast) -> Expr:
        self.known(node, ("this", "to", "safe"))
        kind = Text(canonical.word(type_text(node.args["to"])))
        return Op(node.key, (self.expr(node.this), kind))

    def _chain(self, node: exp.Binary) -> Expr:
        """`a + b + c` leans to the left and may be long: walk its spine."""
        kind = type(node)
        operands: list[exp.Expr] = []
        at: exp.Expr = node
        while True:
            if type(at) is kind:
                operands.append(at.args["expression"])
                at = at.args["this"]
            elif isinstance(at, exp.Paren) and not self.keep_parentheses:
                at = at.this
            else:
                break
        operands.append(at)
        operands.reverse()
        return Op(node.key, tuple([self.expr(operand) for operand in operands]))

    def _logical(self, node: exp.Binary) -> Expr:
        """All that one AND, or one OR, puts together, however it is bracketed."""
        kind = type(node)
        operands: list[Expr] = []
        stack: list[exp.Expr] = [node]
        while stack:
            at = stack.pop()
            if type(at) is kind:
                stack.extend((at.args["expression"], at.args["this"]))
            elif isinstance(at, exp.Paren) and not self.keep_parentheses:
                stack.append(at.this)
            else:
                operands.append(self.expr(at))
        return Op(node.key, tuple(operands))

    def _pattern(self, node: exp.Binary) -> Expr:
        """`* LIKE 'a%'` says which columns; anything else is a plain comparison."""
        star = node.this
        if isinstance(star, exp.Star) or (
            isinstance(star, exp.Column) and isinstance(star.this, exp.Star)
        ):
            lowered = self.expr(star)
            assert isinstance(lowered, Star)
            return self._star_pattern(lowered, node)
        return self._generic(node)

    def _map(self, node: exp.ToMap) -> Expr:
        """`MAP {k: v}`: keys and values by turns; unlike the names of a struct, keys are values."""
        inner = node.this
        if isinstance(inner, exp.Bracket):  # `MAP {…}[k]`: the item of a map, not a map of an item
            made = exp.ToMap(this=inner.this)
            return self.expr(exp.Bracket(**{**inner.args, "this": made}))
        pairs = inner.expressions if isinstance(inner, exp.Struct) else []
        if not all(isinstance(pair, exp.PropertyEQ) for pair in pairs):
            return self._generic(node)
        operands = [part for pair in pairs for part in (pair.this, pair.expression)]
        return Op("tomap", self.exprs(operands))

    def _generic(self, node: exp.Expr) -> Expr:
        kind = type(node)
        if kind not in SETTLED and (isinstance(node, exp.Binary | exp.Unary) or kind in TANGLING):
            self.tangled = True
        if kind not in FAITHFUL:
            self.careful = True
        tag: list[str] = []
        operands: list[Expr] = []
        for key, value in node.args.items():
            if value is None or value is False or value == []:
                continue
            if isinstance(value, exp.Expr):
                tag.append(key)
                operands.append(self.expr(value))
            elif isinstance(value, list):
                tag.append(f"{key}*{len(value)}")
                operands.extend(
                    self.expr(item)
                    if isinstance(item, exp.Expr)
                    else Text(canonical.string(str(item)))
                    for item in value
                )
            else:
                tag.append(f"{key}={value}")
        if tag in USUAL_ARGUMENTS:
            tag.clear()
        name = node.key
        flags = 0
        if isinstance(node, exp.Func):
            for known in {name, *(called.lower() for called in node.sql_names())}:
                flags |= flags_of(known, len(operands))
        if isinstance(node, exp.AggFunc):
            flags |= FLAG_AGGREGATE
        if isinstance(node, exp.Explode | exp.Unnest | exp.UDTF | exp.Inline | exp.Stack):
            flags |= FLAG_UNNEST
        return Op(canonical.word(" ".join([name, *tag])), tuple(operands), flags, *position(node))


@functools.cache
def _handlers(kind: type[ExpressionLowerer]) -> dict[type, Callable[[Any, Any], Expr]]:
    """The method for each type of node."""
    handlers: dict[type, Callable[[Any, Any], Expr]] = {
        exp.Column: kind._column,
        exp.Literal: kind._literal,
        exp.Paren: kind._paren,
        exp.Identifier: kind._identifier,
        exp.Var: kind._var,
        exp.Boolean: kind._boolean,
        exp.Null: kind._null,
        exp.Star: kind._star,
        exp.Cast: kind._cast,
        exp.TryCast: kind._cast,
        exp.DataType: kind._type,
        exp.Window: kind._window,
        exp.Lambda: kind._lambda,
        exp.Subquery: kind._scalar,
        exp.Select: kind._rows,
        exp.Union: kind._rows,
        exp.Intersect: kind._rows,
        exp.Except: kind._rows,
        exp.Values: kind._rows,
        exp.Exists: kind._exists,
        exp.In: kind._in,
        exp.Any: kind._quantified,
        exp.All: kind._quantified,
        exp.Columns: kind._columns,
        exp.Comprehension: kind._comprehension,
        exp.Alias: kind._inner,
        exp.Order: kind._order_argument,
        exp.Ordered: kind._ordered,
        exp.PropertyEQ: kind._argument,
        exp.Kwarg: kind._argument,
        exp.Anonymous: kind._call,
        exp.Array: kind._array,
        exp.PositionalColumn: kind._position,
        exp.Placeholder: kind._parameter,
        exp.Parameter: kind._parameter,
        exp.Apply: kind._apply,
        exp.Dot: kind._dot,
        exp.WithinGroup: kind._within_group,
        exp.DynamicIdentifier: kind._dynamic,
        exp.Sqrt: kind._sign,
        exp.ToMap: kind._map,
        exp.JSONExtract: kind._arrow,
        exp.JSONExtractScalar: kind._arrow,
    }
    for chain in CHAINS:
        handlers[chain] = kind._chain
    handlers[exp.And] = handlers[exp.Or] = kind._logical
    for pattern in PATTERNS:
        handlers[pattern] = kind._pattern
    return handlers


def column_of(parts: Sequence[exp.Expr]) -> exp.Column:
    """A column by the parts of its name, the innermost last."""
    keys = ("this", "table", "db", "catalog")
    return exp.Column(**dict(zip(keys, reversed(parts), strict=False)))
