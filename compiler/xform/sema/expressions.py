"""Expressions: names resolved, canonical text written, sources collected.

`write` appends an expression's canonical text, with holes for references, to a list, and adds to
`Use` what the expression draws from. Text is written so that different expressions never give
the same: every operator stands in parentheses with its operands, leaves are escaped.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import assert_never

from xform.base.codes import AMBIGUOUS_COLUMN, UNKNOWN_ALIAS, UNKNOWN_COLUMN, UNKNOWN_WINDOW, Code
from xform.base.diagnostics import Diagnostic, diagnose
from xform.base.names import AssetName, did_you_mean
from xform.sema.facts import UNKNOWN_TYPE
from xform.sema.meaning import CLOCK, Hole, MeaningBuilder, Part
from xform.sema.scope import NO_SOURCES, Column, Found, Member, Relation, Scope
from xform.sql.ir import (
    FLAG_AGGREGATE,
    FLAG_CLOCK_DAY,
    FLAG_CLOCK_RUN,
    FLAG_ORDERED,
    Expr,
    Lambda,
    Name,
    Op,
    Order,
    Over,
    Query,
    Star,
    Subquery,
    Text,
    Window,
)
from xform.sql.parse import Place

ORDERED_ARGUMENT = "ordered by"


@dataclass(slots=True)
class Use:
    """What an expression draws from. `value` are sources of its value; `rows_hole` and `order`
    belong to the stage at which aggregates and windows in it work."""

    value: set[Hole] = field(default_factory=set)
    rows_hole: Hole | None = None
    order: tuple[Hole, ...] = ()
    aliases: bool = True
    """Whether output names may be referred to."""
    either: bool = False
    """Whether a name that is both a column and an output may mean either (HAVING, QUALIFY)."""
    windows: dict[str, Window] = field(default_factory=dict)
    star: Found | None = None
    """The column that a `COLUMNS(…)` inside an expression stands for just now."""


class ExpressionBinder:
    """Binds expressions. Subclassed by the binder of queries, for subqueries."""

    def __init__(self, asset: AssetName | None, place: Place) -> None:
        self.asset = asset
        self.place = place
        self.meaning = MeaningBuilder()
        self.diagnostics: list[Diagnostic] = []
        self.clock: set[str] = set()

    # What the query binder provides --------------------------------------------------------------

    def query(self, query: Query, parent: Scope | None) -> Relation:
        raise NotImplementedError

    # Diagnostics ---------------------------------------------------------------------------------

    def complain(self, code: Code, message: str, start: int, end: int, help_: str) -> None:
        span = self.place.span(start, end)
        diagnostic = diagnose(code, message, span, help_, asset=self.asset)
        if diagnostic not in self.diagnostics:
            self.diagnostics.append(diagnostic)

    # Writing -------------------------------------------------------------------------------------

    def write(self, expr: Expr, scope: Scope, out: list[Part], use: Use) -> None:
        match expr:
            case Name():
                self._name(expr, scope, out, use)
            case Op():
                self._op(expr, scope, out, use)
            case Text():
                out.append(leaf(expr.text))
            case Over():
                self._over(expr, scope, out, use)
            case Lambda():
                out.append(f"(lambda {len(expr.parameters)} {' '.join(expr.parameters)}: ")
                self.write(expr.body, scope, out, use)
                out.append(")")
            case Subquery():
                self._subquery(expr, scope, out, use)
            case Star():
                self._star_value(expr, scope, out, use)
            case _:
                assert_never(expr)

    def column_of(self, label: str, name: str, expr: Expr, scope: Scope, use: Use) -> Column:
        """An expression as a column with a definition of its own."""
        out: list[Part] = []
        self.write(expr, scope, out, use)
        hole = self.meaning.define(label, out)
        return Column(name, hole, frozenset(use.value), self._type(expr, scope))

    def _op(self, expr: Op, scope: Scope, out: list[Part], use: Use) -> None:
        flags = expr.flags
        out.append(f"({expr.tag}")
        for argument in expr.args:
            out.append(" ")
            if isinstance(argument, Star) and flags & FLAG_AGGREGATE and not argument.qualifier:
                if argument.pattern is None and not argument.names and use.star is None:
                    out.append("*")  # count(*) reads no column
                    continue
            self.write(argument, scope, out, use)
        if flags:
            self._op_flags(expr, out, use)
        out.append(")")

    def _op_flags(self, expr: Op, out: list[Part], use: Use) -> None:
        flags = expr.flags
        if flags & FLAG_ORDERED and not _has_order(expr):
            out.append(" in order")
            for hole in use.order:
                out.extend((" ", hole))
        if flags & FLAG_CLOCK_DAY:
            self._clock("day", out)
        if flags & FLAG_CLOCK_RUN:
            self._clock("run", out)

    def _clock(self, column: str, out: list[Part]) -> None:
        self.clock.add(column)
        out.extend((" at ", self.meaning.external(CLOCK, column)))

    def _over(self, expr: Over, scope: Scope, out: list[Part], use: Use) -> None:
        window = self._window(expr.window, scope, use)
        before = use.order
        if window.order:
            use.order = ()
        out.append("(over ")
        self.write(expr.function, scope, out, use)
        use.order = before
        out.append(" partition")
        for key in window.partition:
            out.append(" ")
            self.write(key, scope, out, use)
        out.append(" order")
        self.orders(window.order, scope, out, use)
        for part in window.frame:
            out.append(" frame ")
            self.write(part, scope, out, use)
        if not window.order and window.frame:
            for hole in use.order:
                out.extend((" ", hole))
        if use.rows_hole is not None:
            out.extend((" of ", use.rows_hole))
        out.append(")")

    def _window(self, window: Window, scope: Scope, use: Use) -> Window:
        """The window with what it takes over from the named window it extends."""
        seen: set[str] = set()
        while window.base is not None:
            base = use.windows.get(window.base)
            if base is None or window.base in seen:
                self.complain(
                    UNKNOWN_WINDOW,
                    f"unknown window '{window.base}'",
                    0,
                    0,
                    did_you_mean(window.base, use.windows)
                    or "define it in a WINDOW clause: window name as (…)",
                )
                return Window(window.partition, window.order, window.frame)
            seen.add(window.base)
            window = Window(
                window.partition or base.partition,
                window.order or base.order,
                window.frame or base.frame,
                base.base,
            )
        return window

    def orders(self, orders: tuple[Order, ...], scope: Scope, out: list[Part], use: Use) -> None:
        for term in orders:
            out.append(f" {term.how} ")
            self.write(term.expr, scope, out, use)

    def _subquery(self, expr: Subquery, scope: Scope, out: list[Part], use: Use) -> None:
        relation = self.query(expr.query, scope)
        out.extend((f"({expr.how} ", relation.rows_hole))
        use.value |= relation.rows
        if expr.how != "exists":
            for column in relation.columns:
                out.extend((" ", column.hole))
                use.value |= column.value
        out.append(")")

    def _star_value(self, expr: Star, scope: Scope, out: list[Part], use: Use) -> None:
        """`t.*` or `COLUMNS(…)` as part of an expression."""
        if use.star is not None and not expr.qualifier:
            self.reference(use.star, out, use)
            return
        for member in scope.visible():
            if not expr.qualifier or member.alias == expr.qualifier[-1]:
                self.reference(Found(None, member, scope), out, use)

    # Names ---------------------------------------------------------------------------------------

    def _name(self, expr: Name, scope: Scope, out: list[Part], use: Use) -> None:
        found = self.find(expr, scope, use)
        if found is None:
            out.append(f"(unknown {'.'.join(expr.parts)})")
            return
        if not isinstance(found, Found):
            self._alias(expr.parts[0], found, scope, out, use)
            return
        if found.fields:
            out.append("(field")
            out.extend(f" {leaf('`' + name + '`')}" for name in found.fields)
            out.append(" ")
        self.reference(found, out, use)
        if found.fields:
            out.append(")")
        alias = scope.aliases.get(expr.parts[0]) if use.either and len(expr.parts) == 1 else None
        if alias is not None and expr.parts[0] not in scope.busy_aliases:
            # Which of the two the engine takes depends on the grouping: both count.
            out.append(" or ")
            self._alias(expr.parts[0], alias, scope, out, use)

    def _alias(self, name: str, expr: Expr, scope: Scope, out: list[Part], use: Use) -> None:
        scope.busy_aliases.add(name)
        self.write(expr, scope, out, use)
        scope.busy_aliases.discard(name)

    def reference(self, found: Found, out: list[Part], use: Use) -> None:
        """Write a column, or a whole row as its columns, marked by where it comes from."""
        mark = f"^{found.level} " if found.level else ""
        if found.member is not None and not found.scope.single:
            mark += f"@{found.member.number} "
        if found.column is not None:
            if mark:
                out.append(mark)
            out.append(found.column.hole)
            use.value |= found.column.value
            return
        assert found.member is not None
        relation = found.member.relation
        columns = list(relation.columns)
        if relation.more is not None:
            columns.append(relation.more("*"))
        out.append("(row")
        for column in columns:
            out.extend((f" {leaf('`' + column.key + '`')} {mark}", column.hole))
            use.value |= column.value
        out.append(")")

    def find(self, expr: Name, scope: Scope, use: Use) -> Found | Expr | None:
        """What a name means: a column, an output of this SELECT, or nothing (then diagnosed)."""
        parts = expr.parts
        level = 0
        at: Scope | None = scope
        while at is not None:
            found = self._find_in(expr, at, level)
            if found is not None:
                return found
            if len(parts) == 1 and (level or use.aliases):
                alias = at.aliases.get(parts[0])
                if alias is not None and level == 0 and parts[0] not in at.busy_aliases:
                    return alias
            at, level = at.parent, level + 1
        if len(parts) == 1 or scope.member(parts[0]) is None:
            row = self._row_of(parts, scope)
            if row is not None:
                return row
        self._unknown(expr, scope)
        return None

    def _row_of(self, parts: tuple[str, ...], scope: Scope) -> Found | None:
        """A relation's name used as a value: the whole row."""
        if len(parts) != 1:
            return None
        level = 0
        at: Scope | None = scope
        while at is not None:
            member = at.member(parts[0])
            if member is not None:
                return Found(None, member, at, level)
            at, level = at.parent, level + 1
        return None

    def _find_in(self, expr: Name, scope: Scope, level: int) -> Found | None:
        parts = expr.parts
        for cut in range(min(len(parts) - 1, 3), 0, -1):
            member = self._qualified_member(parts[:cut], scope)
            if member is None:
                continue
            column = member.by_key.get(parts[cut])
            if column is None and member.relation.more is not None:
                column = self._more(member, parts[cut], expr)
            if column is not None:
                return Found(column, member, scope, level, parts[cut + 1 :])
        return self._unqualified(expr, parts[0], parts[1:], scope, level)

    @staticmethod
    def _qualified_member(prefix: tuple[str, ...], scope: Scope) -> Member | None:
        for member in scope.members:
            if len(prefix) == 1:
                if member.alias == prefix[0]:
                    return member
            elif member.full_name[-len(prefix) :] == prefix:
                return member
        return None

    def _unqualified(
        self, expr: Name, key: str, fields: tuple[str, ...], scope: Scope, level: int
    ) -> Found | None:
        merged = scope.merged.get(key)
        if merged is not None:
            return Found(merged, None, scope, level, fields)
        hits = [
            (member, column)
            for member in scope.members
            if member.visible and (column := member.by_key.get(key)) is not None
        ]
        if len(hits) > 1:
            names = [member.alias or "?" for member, _ in hits]
            self.complain(
                AMBIGUOUS_COLUMN,
                f"column '{expr.written}' is in {_listed(names)}",
                expr.start,
                expr.end,
                f"say which: {names[0]}.{expr.written}",
            )
        if hits:
            member, column = hits[0]
            return Found(column, member, scope, level, fields)
        candidates = [m for m in scope.members if m.visible and m.relation.more is not None]
        if not candidates or (fields and scope.parent is not None):
            return None
        if len(candidates) == 1:
            member = candidates[0]
            return Found(self._more(member, key, expr), member, scope, level, fields)
        # It may come from any relation whose columns are not known: all of them count.
        columns = [self._more(member, key, expr) for member in candidates]
        parts: list[Part] = ["(any of"]
        for column in columns:
            parts.extend((" ", column.hole))
        hole = self.meaning.define(f"column {key}", [*parts, ")"])
        value = NO_SOURCES.union(*(column.value for column in columns))
        return Found(Column(expr.written, hole, value), None, scope, level, fields)

    @staticmethod
    def _more(member: Member, key: str, expr: Name) -> Column:
        assert member.relation.more is not None
        column = member.relation.more(key)
        column.name = expr.written if key == expr.parts[-1] else key
        member.by_key[key] = column
        return column

    def _unknown(self, expr: Name, scope: Scope) -> None:
        parts = expr.parts
        levels: list[Scope] = []
        at: Scope | None = scope
        while at is not None:
            levels.append(at)
            at = at.parent
        if any(m.relation.broken for level in levels for m in level.members):
            return  # the reason stands at the broken model
        if len(parts) > 1:
            member = next(
                (m for level in levels if (m := self._qualified_member(parts[:-1], level))), None
            )
            if member is None:
                aliases = [m.alias for level in levels for m in level.members if m.alias]
                qualifier = ".".join(parts[:-1])
                self.complain(
                    UNKNOWN_ALIAS,
                    f"'{qualifier}' names no relation of this query",
                    expr.start,
                    expr.end,
                    did_you_mean(qualifier, aliases)
                    or (f"in scope: {', '.join(aliases)}" if aliases else "there is no FROM here"),
                )
                return
            known = [column.name for column in member.relation.columns]
            where = f" in '{member.alias}'"
        else:
            known = sorted({name for level in levels for name in level.column_names()})
            known += list(scope.aliases)
            where = ""
        shown = ", ".join(known[:8]) + (", …" if len(known) > 8 else "")
        self.complain(
            UNKNOWN_COLUMN,
            f"unknown column '{expr.written}'{where}",
            expr.start,
            expr.end,
            did_you_mean(expr.written, known)
            or (f"columns here: {shown}" if known else "nothing in FROM has columns"),
        )

    # Types ---------------------------------------------------------------------------------------

    def _type(self, expr: Expr, scope: Scope) -> str:
        """The type of the simplest expressions; the others are unknown."""
        match expr:
            case Op() if expr.tag.startswith(("cast ", "trycast ")):
                return TYPE_NAMES.get(kind := expr.tag.partition(" ")[2], kind.lower())
            case Op() if expr.tag.startswith("count ") and expr.flags & FLAG_AGGREGATE:
                return "bigint"
            case Op() if expr.tag.split(" ", 1)[0] in BOOLEAN_OPS:
                return "boolean"
            case Text() if expr.text in ("true", "false"):
                return "boolean"
            case Text() if expr.text.startswith("'"):
                return "varchar"
            case Subquery() if expr.how == "exists":
                return "boolean"
            case Name() if len(expr.parts) <= 2:
                member = scope.member(expr.parts[0]) if len(expr.parts) == 2 else None
                for candidate in [member] if member else scope.visible():
                    column = candidate.by_key.get(expr.parts[-1])
                    if column is not None:
                        return column.type
        return UNKNOWN_TYPE


BOOLEAN_OPS = frozenset(
    ["eq", "neq", "lt", "lte", "gt", "gte", "and", "or", "not", "is", "between", "in", "like", "ilike", "nullsafeeq", "nullsafeneq"]
)
TYPE_NAMES = {
    "TEXT": "varchar", "INT": "integer", "TIMESTAMPNTZ": "timestamp", "TIMESTAMP": "timestamp",
    "TIMESTAMPTZ": "timestamp with time zone", "VARCHAR": "varchar",
}  # fmt: skip


def has_aggregate(expr: Expr) -> bool:
    """Whether an expression holds an aggregate of its own SELECT (not one over a window)."""
    stack: list[Expr] = [expr]
    while stack:
        item = stack.pop()
        match item:
            case Op():
                if item.flags & FLAG_AGGREGATE:
                    return True
                stack.extend(item.args)
            case Over():
                if isinstance(item.function, Op):
                    for argument in item.function.args:
                        stack.extend(_below_function(argument, item.function))
                stack.extend(item.window.partition)
                stack.extend(term.expr for term in item.window.order)
            case Lambda():
                stack.append(item.body)
            case _:
                pass
    return False


def _below_function(argument: Expr, function: Op) -> tuple[Expr, ...]:
    """FILTER and IGNORE NULLS stand around the function of a window: look below them."""
    if isinstance(argument, Op) and function.tag.split(" ", 1)[0] in _WRAPPERS:
        return argument.args
    return (argument,)


_WRAPPERS = frozenset(["filter", "ignorenulls", "respectnulls", "withingroup"])


def _has_order(expr: Op) -> bool:
    return any(
        isinstance(argument, Op) and argument.tag == ORDERED_ARGUMENT for argument in expr.args
    )


_RISKY = re.compile(r"[()@^\\]")


def leaf(text: str) -> str:
    """A leaf, escaped so that it cannot be taken for structure."""
    if text[:1] in "'`" and len(text) > 1:
        inner = text[1:-1].replace(text[0], text[0] * 2)
        return f"{text[0]}{inner}{text[0]}"
    return text if not _RISKY.search(text) else f"{len(text)}:{text}"


def _listed(names: list[str]) -> str:
    quoted = [f"'{name}'" for name in names]
    return f"{', '.join(quoted[:-1])} and {quoted[-1]}"
