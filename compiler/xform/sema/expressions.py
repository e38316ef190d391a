"""Expressions: names resolved, canonical text written, sources collected.

`write` appends an expression's canonical text, with holes for references, to a list, and adds to
`Use` what the expression draws from. Text is written so that different expressions never give
the same: every operator stands before its operands in parentheses, leaves are escaped
(`sql/canonical.py`), and every reference says which relation of which scope it is taken from.
"""

from __future__ import annotations

from typing import assert_never

from xform.base.codes import BAD_ORDINAL, COLUMN_COUNT, UNKNOWN_WINDOW
from xform.base.names import did_you_mean
from xform.sema.binder import Use
from xform.sema.meaning import CLOCK, Part
from xform.sema.names import mark
from xform.sema.nullability import NullabilityBinder
from xform.sema.scope import Aliased, Column, Found, Ordering, Relation, Scope, star_columns
from xform.sema.traits import unwrapped
from xform.sema.types.operators import field
from xform.sema.types.type import BIGINT, BOOLEAN, INTEGER, UNKNOWN, Type, list_of, settled, struct
from xform.sema.unordered import UNORDERED
from xform.sql import canonical
from xform.sql.ir import (
    FLAG_AGGREGATE,
    FLAG_CALL,
    FLAG_CLOCK_DAY,
    FLAG_CLOCK_RUN,
    FLAG_ORDERED,
    METHOD,
    ORDERED_ARGUMENT,
    Expr,
    Lambda,
    Name,
    Op,
    Order,
    Over,
    Position,
    Select,
    Star,
    Subquery,
    Text,
    Window,
)

AROUND = frozenset(["ignorenulls", "limit", "respectnulls"])
"""What may stand around an argument with its order: `array_agg(x ORDER BY y LIMIT 5)`."""
WITHIN_GROUP = "withingroup"
REDUCING = frozenset(["array_reduce", "list_reduce", "reduce"])


class ExpressionBinder(NullabilityBinder):
    """Binds expressions."""

    def write(self, expr: Expr, scope: Scope, out: list[Part], use: Use) -> Type:
        if type(expr) is Name:  # a class pattern asks isinstance, for each in turn
            return self.emit(self.find(expr, scope, use), expr, scope, out, use)
        if type(expr) is Op:
            return self._op(expr, scope, out, use)
        if type(expr) is Text:
            out.append(expr.text)
            return self.leaf(expr)
        match expr:
            case Over():
                return self._over(expr, scope, out, use)
            case Lambda():
                return self._lambda(expr, (), scope, out, use)
            case Subquery():
                return self._subquery(expr, scope, out, use)
            case Position():
                return self._position(expr, scope, out, use)
            case Star():
                return self._star_value(expr, scope, out, use)
            case Name() | Op() | Text():
                raise AssertionError
            case _:
                assert_never(expr)

    def column_of(self, label: str, name: str, expr: Expr, scope: Scope, use: Use) -> Column:
        """An expression as a column with a definition of its own."""
        out: list[Part] = []
        type_ = self.write(expr, scope, out, use)
        hole = self.meaning.define(label, out)
        return Column(name, hole, frozenset(use.value), settled(type_))

    # Operators -----------------------------------------------------------------------------------

    def _op(self, expr: Op, scope: Scope, out: list[Part], use: Use) -> Type:
        flags = expr.flags
        if flags & FLAG_AGGREGATE:
            self.depths.append(set())
        unordered = UNORDERED.get(expr.tag)
        if unordered is not None:
            return self.yields(expr, unordered(self, expr, scope, out, use))
        out.append(f"{expr.tag}(")
        if expr.tag == METHOD:
            self._method(expr, scope, out, use)
            return UNKNOWN
        ordered_set = expr.tag == WITHIN_GROUP  # `mode() WITHIN GROUP (ORDER BY x)`: x is meant
        self.unchecked += ordered_set
        types: list[Type] = []
        for argument in expr.args:
            if types:
                out.append(", ")
            if type(argument) is Star and flags & FLAG_AGGREGATE and _counts_rows(argument):
                out.append("*")
                types.append(INTEGER)
            elif type(argument) is Lambda:
                given = self._given(expr, types)
                types.append(self._lambda(argument, given, scope, out, use))
            else:
                types.append(self.write(argument, scope, out, use))
        self.unchecked -= ordered_set
        if flags & ~FLAG_CALL:
            self._op_flags(expr, scope, out, use)
        out.append(")")
        return self.yields(expr, tuple(types))

    @staticmethod
    def _given(call: Op, types: list[Type]) -> tuple[Type, ...]:
        """What a lambda's parameters are: items of the list before it, and their numbers."""
        item = UNKNOWN
        if types and types[0].name in ("list", "array"):
            item = types[0].inner[0]
        if call.tag in REDUCING:
            return (item if len(call.args) == 2 else UNKNOWN, item, BIGINT)
        return (item, BIGINT)

    def _lambda(
        self, expr: Lambda, given: tuple[Type, ...], scope: Scope, out: list[Part], use: Use
    ) -> Type:
        names = [canonical.name(name) for name in expr.parameters]
        out.append(f"lambda({' '.join(names)}, ")
        before = self.parameters
        self.parameters = {**before, **dict.fromkeys(names, UNKNOWN)}
        self.parameters.update(zip(names, given, strict=False))
        type_ = self.write(expr.body, scope, out, use)
        self.parameters = before
        out.append(")")
        return settled(type_)

    def _method(self, expr: Op, scope: Scope, out: list[Part], use: Use) -> None:
        """`c.f(x)`: the function has one argument more than it shows."""
        self.unchecked += 1
        for number, argument in enumerate(self._of_method(expr, scope, out)):
            if number:
                out.append(", ")
            self.write(argument, scope, out, use)
        self.unchecked -= 1
        if expr.flags:
            self._op_flags(expr, scope, out, use)
        out.append(")")

    def _of_method(self, expr: Op, scope: Scope, out: list[Part]) -> tuple[Expr, ...]:
        """Of `c.f(x)`: where no column is called `c`, it is the schema of a function."""
        subject = expr.args[0]
        if not isinstance(subject, Name) or self.finds(subject, scope):
            return expr.args
        out.append(f"{canonical.name('.'.join(subject.parts))} ")
        return expr.args[1:]

    def _op_flags(self, expr: Op, scope: Scope, out: list[Part], use: Use) -> None:
        flags = expr.flags
        if flags & FLAG_AGGREGATE:
            self._collapse(scope)
        if flags & FLAG_ORDERED and not _has_order(expr):
            out.append(" in order")
            self.ordering(use.order, out, use)
        if flags & FLAG_CLOCK_DAY:
            self._clock("day", out)
        if flags & FLAG_CLOCK_RUN:
            self._clock("run", out)

    def _collapse(self, scope: Scope) -> None:
        """An aggregate that draws on outer scopes alone works on the rows of the nearest."""
        depths = self.depths.pop()
        if self.depths:
            self.depths[-1] |= depths
        within = [depth for depth in depths if depth <= scope.depth]
        if within and max(within) < scope.depth:
            for _, at in scope.outward():
                if at.depth == max(within):
                    at.collapsed = True

    def _clock(self, column: str, out: list[Part]) -> None:
        self.clock.add(column)
        out.extend((" at ", self.meaning.external(CLOCK, column)))

    def ordering(self, order: Ordering, out: list[Part], use: Use) -> None:
        """Write what decides the order of rows, where the result depends on it: also how the
        rows were asked for, for the engine may go about it in another way."""
        for hole in order.holes:
            out.extend((" ", hole))
        if use.rows_hole is not None:
            as_written = self.meaning.as_written(use.rows_hole)
            if as_written != use.rows_hole:
                out.extend((" ", as_written))
        use.value |= order.sources

    # Windows -------------------------------------------------------------------------------------

    def _over(self, expr: Over, scope: Scope, out: list[Part], use: Use) -> Type:
        window = self._window(expr.window, use)
        before = use.order
        if window.order:
            use.order = Ordering()
        out.append("over(")
        around, self.windowed = self.windowed, unwrapped(expr.function)
        type_ = self.write(expr.function, scope, out, use)
        self.windowed = around
        use.order = before
        out.append(", partition(")
        self.group_of([self.written(key, scope, use) for key in window.partition], out)
        out.append("), order(")
        self.orders(window.order, scope, out, use)
        out.append(")")
        for part in window.frame:
            out.append(", frame ")
            self.write(part, scope, out, use)
        if window.frame and not window.order:
            self.ordering(use.order, out, use)
        if use.rows_hole is not None:
            out.extend((" of ", use.rows_hole))
        out.append(")")
        return type_

    def _window(self, window: Window, use: Use) -> Window:
        """The window with what it takes over from the named window it extends."""
        seen: set[str] = set()
        while window.base is not None:
            base = use.windows.get(window.base)
            if base is None or window.base in seen:
                self.complain(
                    UNKNOWN_WINDOW,
                    f"unknown window '{window.base}'",
                    window.start,
                    window.end,
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
                base.start,
                base.end,
            )
        return window

    def orders(self, orders: tuple[Order, ...], scope: Scope, out: list[Part], use: Use) -> None:
        for term in orders:
            out.append(f"{term.how} ")
            self.write(term.expr, scope, out, use)
            out.append(", ")

    # Subqueries ----------------------------------------------------------------------------------

    def _subquery(self, expr: Subquery, scope: Scope, out: list[Part], use: Use) -> Type:
        relation = self.query(expr.query, scope)
        out.extend((f"{expr.how} query(", relation.rows_hole))
        use.value |= relation.rows
        if expr.how != "exists":
            for column in relation.everything():
                out.extend((", ", column.hole))
                use.value |= column.value
        if expr.how == "list":
            out.append(" in order")
            self.ordering(relation.order, out, use)
        out.append(")")
        if expr.how == "exists":
            return BOOLEAN
        if expr.how == "scalar" and self.own and self.asset is not None:
            self._one_value(expr, relation)
        if len(relation.columns) != 1 or relation.more is not None:
            return UNKNOWN
        type_ = relation.columns[0].type
        return list_of(type_) if expr.how == "list" and type_ is not UNKNOWN else type_

    def _one_value(self, expr: Subquery, relation: Relation) -> None:
        count = len(relation.columns)
        if count < 2 or relation.broken or not isinstance(expr.query, Select):
            return
        first, last = expr.query.projections[0], expr.query.projections[-1]
        self.complain(
            COLUMN_COUNT,
            f"a query of {count} columns in place of one value",
            first.start,
            max(last.end, first.end),
            "select one column, or put them together: {'a': a, 'b': b}",
        )

    # References ----------------------------------------------------------------------------------

    def emit(
        self, found: Found | Aliased | None, expr: Name, scope: Scope, out: list[Part], use: Use
    ) -> Type:
        """Write what a name was found to mean."""
        if found is None:
            out.append(f"unknown({canonical.name('.'.join(expr.parts))})")
            return UNKNOWN
        if found.fields:
            out.append("field(" + "".join(f"{canonical.name(name)}, " for name in found.fields))
        if isinstance(found, Aliased):
            type_ = self._alias(found, out, use)
        else:
            type_ = self.reference(found, out, use)
            alias = scope.aliases.get(expr.parts[0]) if use.either else None
            if alias is not None and len(expr.parts) == 1 and expr.parts[0] not in scope.busy:
                # Which of the two the engine takes depends on the clause: both count.
                out.append(" or ")
                other = self._alias(Aliased(expr.parts[0], alias, scope, 0), out, use)
                type_ = type_ if type_ is other else UNKNOWN
        if found.fields:
            out.append(")")
            for number, name in enumerate(found.fields, len(expr.parts) - len(found.fields)):
                self.has_field(type_, number, expr)
                type_ = field(type_, name)
        return type_

    def _alias(self, alias: Aliased, out: list[Part], use: Use) -> Type:
        """The expression of an output in place of its name."""
        if alias.level:
            out.append(f"up {alias.level}(")
            self.reach = min(self.reach, alias.scope.depth)
        alias.scope.busy.add(alias.name)
        type_ = self.write(alias.expr, alias.scope, out, use)
        alias.scope.busy.discard(alias.name)
        if alias.level:
            out.append(")")
        return type_

    def refer(self, found: Found) -> None:
        """Note how far out something was found."""
        depth = found.scope.depth
        if depth < self.reach:
            self.reach = depth
        if self.depths:
            self.depths[-1].add(depth)

    def reference(self, found: Found, out: list[Part], use: Use) -> Type:
        """Write a column, or a whole row as its columns, marked by where it comes from."""
        self.refer(found)
        taken = mark(found)
        if found.column is not None:
            if taken:
                out.append(taken)
            out.append(found.column.hole)
            use.value |= found.column.value
            return found.column.type
        assert found.member is not None
        out.append("row(")
        relation = found.member.relation
        for column in relation.everything():
            out.extend((f"{canonical.name(column.key)} {taken}", column.hole, ", "))
            use.value |= column.value
        out.append(")")
        if relation.more is not None or not relation.columns:
            return UNKNOWN
        columns = relation.columns
        return struct(tuple(c.name for c in columns), tuple(c.type for c in columns))

    def _position(self, expr: Position, scope: Scope, out: list[Part], use: Use) -> Type:
        members = scope.visible()
        if expr.qualifier:
            named = scope.member(expr.qualifier)
            if named is None:
                levels = [at for _, at in scope.outward()]
                self.unknown_qualifier(".".join(expr.qualifier), levels, expr.start, expr.end)
            members = [named] if named is not None else []
        columns = list(star_columns(scope, members, bool(expr.qualifier)))
        if 1 <= expr.number <= len(columns):
            return self.reference(columns[expr.number - 1], out, use)
        out.append(f"position({expr.number})")
        for member in members:
            if member.relation.more is not None:
                one = member.relation.more(f"#{expr.number}")
                self.reference(Found(one, member, scope), out, use)
        if members and not scope.broken and all(m.relation.more is None for m in members):
            self.complain(
                BAD_ORDINAL,
                f"#{expr.number} is none of the {len(columns)} columns of FROM",
                expr.start,
                expr.end,
                f"use a number between 1 and {len(columns)}, or the column's name",
            )
        return UNKNOWN

    def _star_value(self, expr: Star, scope: Scope, out: list[Part], use: Use) -> Type:
        """`t.*`, `COLUMNS(…)` or `*COLUMNS(…)` as part of an expression."""
        if use.star is not None and expr.repeats and not expr.unpack:
            return self.reference(use.star, out, use)
        out.append("columns(")
        for name, found, replacement in self.star(expr, scope):
            out.append(f"{canonical.name(name)} ")
            if replacement is not None:
                self.write(replacement, scope, out, use)
            elif found is not None:
                self.reference(found, out, use)
            out.append(", ")
        for member in scope.visible():
            if member.relation.more is not None:
                self.reference(Found(member.relation.more("*"), member, scope), out, use)
        out.append(")")
        return UNKNOWN

    def star(self, star: Star, scope: Scope) -> list[tuple[str, Found | None, Expr | None]]:
        """(output name, column, expression of REPLACE) for each column that a star stands for:
        provided by the binder of stars."""
        raise NotImplementedError


def _counts_rows(star: Star) -> bool:
    """`count(*)` reads no column."""
    return not star.repeats and not star.qualifier and star.pattern is None and not star.exclude


def _has_order(expr: Op) -> bool:
    return any(
        isinstance(argument, Op)
        and (argument.tag == ORDERED_ARGUMENT or (argument.tag in AROUND and _has_order(argument)))
        for argument in expr.args
    )
