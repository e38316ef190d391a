"""Makes any tree valid again after an edit: the columns that are gone are replaced, names stay
unique, set operations align. Also the only place that knows what a query yields.

`resolve` is what lets an edit upstream ripple through a project and still compile: a reader of a
column that was removed reads another one of the same family, or a literal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import assert_never

from fuzz_queries import (
    ALIAS,
    MERGED,
    Aggregate,
    Call,
    Col,
    Columns,
    Cte,
    CteRef,
    Derived,
    Expr,
    Family,
    Lit,
    MacroCall,
    Nested,
    Output,
    Projection,
    Query,
    Select,
    Series,
    SetOp,
    Source,
    StarOut,
    Table,
    ValuesList,
    Variable,
    Window,
)

MOST_ROWS = 300
"""Bound of the rows of any relation: a join that may yield more becomes a semi join."""

LITERALS: dict[Family, Lit] = {
    "int": Lit("7", "int"),
    "text": Lit("'none'", "text"),
    "bool": Lit("true", "bool"),
    "date": Lit("date '2024-01-01'", "date"),
}


@dataclass(frozen=True, slots=True)
class Shape:
    """What a relation yields: its columns, and how many rows at most."""

    columns: Columns
    rows: int


@dataclass(slots=True)
class Scope:
    """The sources of a SELECT in order; those of semi joins are not visible."""

    sources: list[Columns] = field(default_factory=list)
    hidden: set[int] = field(default_factory=set)
    merged: dict[str, Family] = field(default_factory=dict)
    aliases: dict[str, Family] = field(default_factory=dict)
    """Outputs that later ones may refer to."""

    def family(self, source: int, name: str) -> Family | None:
        if source == MERGED:
            holders = [cols for _, cols in self.visible() if name in dict(cols)]
            return self.merged.get(name) if len(holders) == 2 else None
        if source == ALIAS:
            return self.aliases.get(name)
        if source >= len(self.sources) or source in self.hidden:
            return None
        return dict(self.sources[source]).get(name)

    def visible(self) -> list[tuple[int, Columns]]:
        return [(i, cols) for i, cols in enumerate(self.sources) if i not in self.hidden]

    def all_columns(self) -> list[Col]:
        return [Col(i, name, kind) for i, cols in self.visible() for name, kind in cols]

    def substitute(self, wanted: Col) -> Expr:
        """A column of the same family, of the same source where it has one."""
        fitting = [col for col in self.all_columns() if col.family == wanted.family]
        fitting.sort(key=lambda col: col.source != wanted.source)
        if not fitting:
            return LITERALS[wanted.family]
        return replace(fitting[0], level=wanted.level)


@dataclass(slots=True)
class Resolver:
    """`assets` are those that may be read, by name; None among them where there are none."""

    assets: Mapping[str, Shape]
    ctes: list[Shape] = field(default_factory=list)

    def query(self, query: Query, outer: tuple[Scope, ...] = ()) -> tuple[Query, Shape]:
        kept = self.ctes
        self.ctes = list(kept) if not query.ctes else []
        ctes: list[Cte] = []
        for cte in query.ctes:
            inner, shape = self.query(cte.query)
            shadow = cte.shadow if _reads(inner, cte.shadow) else None
            ctes.append(Cte(inner, shadow))
            self.ctes.append(shape)
        found: Query
        match query:
            case Select():
                found, shape = self.select(query, outer)
            case SetOp():
                found, shape = self._set_operation(query)
            case unknown:
                assert_never(unknown)
        self.ctes = kept
        return replace(found, ctes=tuple(ctes)), shape

    def select(self, select: Select, outer: tuple[Scope, ...]) -> tuple[Select, Shape]:
        scope = Scope()
        sources, rows = self._sources(select.sources, scope, outer)
        scopes = (*outer, scope)
        grouped = is_grouped(select)
        outputs, columns = self._outputs(select.outputs, scopes, grouped)
        where = self.expr(select.where, scopes) if select.where is not None else None
        having = self.expr(select.having, scopes) if select.having is not None else None
        qualify = self.expr(select.qualify, scopes) if select.qualify is not None else None
        group = select.group
        keys = [o.expr for o in outputs if isinstance(o, Output) and not has_aggregate(o.expr)]
        if not keys:
            group = ""
            rows = 1 if grouped else rows
        elif group == "rollup":
            rows *= len(keys) + 1
            if not all(isinstance(key, Col) and key.source >= 0 for key in keys):
                group = "expr"
        found = replace(
            select,
            sources=sources,
            outputs=outputs,
            where=where,
            group=group,
            having=having if grouped else None,
            distinct=select.distinct and select.first_of is None,
            first_of=self._first_of(select, scope) if not grouped else None,
            qualify=qualify if isinstance(qualify, Window) and not grouped else None,
        )
        return found, Shape(columns, min(rows, select.top or rows))

    @staticmethod
    def _first_of(select: Select, scope: Scope) -> Col | None:
        wanted = select.first_of
        if wanted is None or scope.family(wanted.source, wanted.name) is not None:
            return wanted
        found = scope.substitute(wanted)
        return found if isinstance(found, Col) else None

    # FROM ----------------------------------------------------------------------------------------

    def _sources(
        self, sources: tuple[Source, ...], scope: Scope, outer: tuple[Scope, ...]
    ) -> tuple[tuple[Source, ...], int]:
        found: list[Source] = []
        rows = 1
        for source in sources:
            item, shape = self._item(source)
            join = source.join if found else ""
            natural = source.natural and _can_be_natural(scope, shape.columns)
            if rows * shape.rows > MOST_ROWS and join not in ("", "semi", "anti"):
                join, natural = "semi", False
            using = tuple(
                name for name in source.using if _can_use(scope, name, dict(shape.columns))
            )
            if join in ("", "cross") or natural:
                using = ()
            scope.sources.append(shape.columns)
            number = len(scope.sources) - 1
            on: Expr | None = None
            if join not in ("", "cross") and not using and not natural:
                on = self.expr(source.on or Lit("true", "bool"), (*outer, scope))
                if join == "full" and not _is_equality(on):
                    join = "left"
            if join in ("semi", "anti"):
                scope.hidden.add(number)
            else:
                rows = rows * shape.rows + (rows + shape.rows if join != "cross" else 0)
                rows = min(rows, 4 * MOST_ROWS)
                common = [n for n, _ in shape.columns if _is_common(scope, number, n)]
                for name in common if natural else using:
                    scope.merged[name] = dict(shape.columns)[name]
            found.append(Source(item, join, on, using, natural))
        return tuple(found), rows

    def _item(self, source: Source) -> tuple[Table | CteRef | Derived | ValuesList | Series, Shape]:
        item = source.item
        match item:
            case Table():
                if item.asset not in self.assets:
                    item = replace(item, asset=next(iter(self.assets)))
                return item, self.assets[item.asset]
            case CteRef():
                if item.number >= len(self.ctes):
                    if not self.ctes:
                        return self._item(Source(Table(next(iter(self.assets)))))
                    item = CteRef(len(self.ctes) - 1)
                return item, self.ctes[item.number]
            case Derived():
                inner, shape = self.query(item.query)
                return Derived(inner), shape
            case ValuesList():
                return item, Shape(item.columns, len(item.rows))
            case Series():
                return item, Shape((("n", "int"),), item.count)
            case unknown:
                assert_never(unknown)

    # Outputs -------------------------------------------------------------------------------------

    def _outputs(
        self, outputs: tuple[Projection, ...], scopes: tuple[Scope, ...], grouped: bool
    ) -> tuple[tuple[Projection, ...], Columns]:
        found: list[Projection] = []
        columns: list[tuple[str, Family]] = []
        for output in outputs:
            if isinstance(output, StarOut):
                if grouped:
                    continue
                star, shown = self._star(output, scopes, {name for name, _ in columns})
                if shown:
                    found.append(star)
                    columns.extend(shown)
                continue
            expr = self.expr(output.expr, scopes)
            name = _unused(output.name, columns)
            found.append(Output(name, expr))
            columns.append((name, expr.family))
            scope = scopes[-1]
            inputs = {known for cols in scope.sources for known, _ in cols}
            if name not in inputs and not grouped and _is_simple(expr):
                scope.aliases[name] = expr.family
        if not found:
            found.append(Output("nothing", Lit("1", "int")))
            columns.append(("nothing", "int"))
        return tuple(found), tuple(columns)

    def _star(
        self, star: StarOut, scopes: tuple[Scope, ...], taken: set[str]
    ) -> tuple[StarOut, list[tuple[str, Family]]]:
        """The star with only such modifiers as fit, and without columns whose names are taken."""
        scope = scopes[-1]
        source = star.source
        if source is None and not _is_plain(scope):
            source = next((i for i, _ in scope.visible()), 0)
        if source is not None and scope.family(source, "") is None and source in scope.hidden:
            source = next((i for i, _ in scope.visible()), 0)
        if source is not None and source >= len(scope.sources):
            source = 0
        available = list(scope.sources[source]) if source is not None else _star_columns(scope)
        names = dict(available)
        exclude = tuple(n for n in dict.fromkeys(star.exclude) if n in names)
        rename = tuple(
            (old, new)
            for old, new in star.rename
            if old in names and old not in exclude and new not in names and new not in taken
        )
        shown_as = dict(rename)
        clashing = [n for n in names if shown_as.get(n, n) in taken and n not in exclude]
        exclude += tuple(clashing)
        rename = tuple((old, new) for old, new in rename if old not in clashing)
        replaced = tuple(
            (name, self.expr(expr, scopes))
            for name, expr in star.replace
            if name in names and name not in exclude and name not in dict(rename)
        )
        families = {name: expr.family for name, expr in replaced}
        shown_as = dict(rename)
        shown = [
            (shown_as.get(name, name), families.get(name, family))
            for name, family in available
            if name not in exclude
        ]
        return StarOut(source, exclude, replaced, rename), shown

    # Set operations ------------------------------------------------------------------------------

    def _set_operation(self, query: SetOp) -> tuple[SetOp, Shape]:
        left, shape = self.select(query.left, ())
        right, right_shape = self.select(_without_star(query.right, self), ())
        aligned: list[Projection] = []
        by_name = {o.name: o.expr for o in right.outputs if isinstance(o, Output)}
        positional = [o.expr for o in right.outputs if isinstance(o, Output)]
        grouped = is_grouped(right)
        for i, (name, family) in enumerate(shape.columns):
            expr = by_name.get(name) if query.op.endswith("name") else None
            if expr is None:
                expr = positional[i] if i < len(positional) else LITERALS[family]
            if expr.family != family:
                fitting = [e for e in positional if e.family == family]
                expr = fitting[0] if fitting else LITERALS[family]
            aligned.append(Output(name, expr))
        if grouped and not any(has_aggregate(o.expr) for o in aligned if isinstance(o, Output)):
            right = replace(right, having=None)
        right, _ = self.select(replace(right, outputs=tuple(aligned)), ())
        plain_left = replace(left, top=None, sorted=False, first_of=None)
        plain_right = replace(right, top=None, sorted=False, first_of=None)
        rows = shape.rows * (4 if left.top else 1) + right_shape.rows * (4 if right.top else 1)
        return SetOp(query.op, plain_left, plain_right), Shape(shape.columns, rows)

    # Expressions ---------------------------------------------------------------------------------

    def exprs(self, exprs: tuple[Expr, ...], scopes: tuple[Scope, ...]) -> tuple[Expr, ...]:
        return tuple(self.expr(expr, scopes) for expr in exprs)

    def expr(self, expr: Expr, scopes: tuple[Scope, ...]) -> Expr:
        match expr:
            case Col():
                if expr.level >= len(scopes):
                    return self.expr(replace(expr, level=0), scopes)
                scope = scopes[-1 - expr.level]
                if scope.family(expr.source, expr.name) == expr.family:
                    return expr
                return scope.substitute(expr)
            case Call():
                return replace(expr, args=self.exprs(expr.args, scopes))
            case Aggregate():
                where = self.expr(expr.where, scopes) if expr.where is not None else None
                return replace(expr, args=self.exprs(expr.args, scopes), where=where)
            case Window():
                return replace(
                    expr,
                    args=self.exprs(expr.args, scopes),
                    partition=self.exprs(expr.partition, scopes),
                    keys=self.exprs(expr.keys, scopes),
                )
            case Nested():
                query, _ = self.select(expr.query, scopes)
                arg = self.expr(expr.arg, scopes) if expr.arg is not None else None
                return replace(expr, query=query, arg=arg)
            case MacroCall():
                return MacroCall(self.expr(expr.arg, scopes))
            case Lit() | Variable():
                return expr
            case unknown:
                assert_never(unknown)


def has_aggregate(expr: Expr) -> bool:
    match expr:
        case Aggregate():
            return True
        case Call():
            return any(has_aggregate(arg) for arg in expr.args)
        case MacroCall():
            return has_aggregate(expr.arg)
        case _:
            return False


def _is_simple(expr: Expr) -> bool:
    """Whether an expression may stand anywhere, WHERE included."""
    match expr:
        case Call():
            return all(_is_simple(arg) for arg in expr.args)
        case Col() | Lit() | Variable():
            return True
        case _:
            return False


def is_grouped(select: Select) -> bool:
    return bool(select.group) or any(
        isinstance(output, Output) and has_aggregate(output.expr) for output in select.outputs
    )


def _reads(query: Query, shadow: str | None) -> bool:
    """Whether a CTE reads the table whose bare name it is to have."""
    if shadow is None or not isinstance(query, Select):
        return False
    tables = [s.item.asset for s in query.sources if isinstance(s.item, Table)]
    return any(asset.partition(".")[2] == shadow for asset in tables)


def _unused(name: str, columns: list[tuple[str, Family]]) -> str:
    taken = {known for known, _ in columns}
    while name in taken:
        name += "x"
    return name


def _is_common(scope: Scope, number: int, name: str) -> bool:
    return any(name in dict(cols) for i, cols in scope.visible() if i != number)


def _can_use(scope: Scope, name: str, right: dict[str, Family]) -> bool:
    """Whether `USING (name)` is clear: one column of that name to the left, of the same family."""
    holders = [dict(cols)[name] for _, cols in scope.visible() if name in dict(cols)]
    return len(holders) == 1 and right.get(name) == holders[0]


def _can_be_natural(scope: Scope, right: Columns) -> bool:
    left = [name for _, cols in scope.visible() for name, _ in cols]
    common = [name for name, _ in right if name in left]
    return bool(common) and all(_can_use(scope, name, dict(right)) for name in common)


def _is_plain(scope: Scope) -> bool:
    """Whether a bare star yields every name once."""
    names = [name for name, _ in _star_columns(scope)]
    clear = all(scope.family(MERGED, name) for name in scope.merged)
    return clear and len(set(names)) == len(names)


def _star_columns(scope: Scope) -> list[tuple[str, Family]]:
    found: list[tuple[str, Family]] = []
    seen: set[str] = set()
    for _, cols in scope.visible():
        for name, family in cols:
            if name in scope.merged:
                if name in seen:
                    continue
                seen.add(name)
            found.append((name, family))
    return found


def _is_equality(expr: Expr) -> bool:
    """Whether a condition compares two columns for equality: all that FULL JOIN takes."""
    return (
        isinstance(expr, Call)
        and expr.template == "({0} = {1})"
        and all(isinstance(arg, Col) for arg in expr.args)
        and len({arg.source for arg in expr.args if isinstance(arg, Col)}) == 2
    )


def _without_star(select: Select, resolver: Resolver) -> Select:
    """The right side of a set operation names its columns, so that it can be aligned."""
    if not any(isinstance(output, StarOut) for output in select.outputs):
        return select
    scope = Scope()
    resolver._sources(select.sources, scope, ())
    outputs: list[Projection] = [o for o in select.outputs if isinstance(o, Output)]
    outputs += [Output(col.name, col) for col in scope.all_columns()]
    return replace(select, outputs=tuple(outputs))
