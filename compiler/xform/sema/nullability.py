"""Which outputs never hold NULL, for all data: told where that is certain.

A column is never NULL if its expression gives NULL for no input, or if what it draws on is never
NULL, by its own query or because WHERE drops such rows. An outer join makes the columns of its
other side uncertain again, and so do grouping sets.
"""

from __future__ import annotations

from collections.abc import Iterator

from xform.sema.binder import Use
from xform.sema.scope import Found, Scope
from xform.sema.traits import WRAPPERS
from xform.sema.typecheck import TypeChecker
from xform.sema.types.type import JSON, UNKNOWN
from xform.sql.ir import FLAG_CALL, Expr, Name, Op, Over, Subquery, Text

ALWAYS = frozenset(
    [
        "array", "concat", "count", "cume_dist", "currentdate", "currenttimestamp",
        "dense_rank", "get_current_timestamp", "is", "list_value", "now", "ntile",
        "nullsafeeq", "nullsafeneq", "percent_rank", "pi", "random", "rank", "row", "row_number",
        "struct", "struct_pack", "today", "tomap", "tuple", "uuid",
    ]
)  # fmt: skip
"""Operators and functions that never give NULL, whatever they are given."""
STRICT = frozenset(
    [
        "abs", "add", "and", "between", "by", "ceil", "collate", "comprehension", "date_trunc",
        "distinct", "dpipe", "eq", "floor", "gt", "gte", "hash", "if", "in", "interval", "left",
        "length", "like", "lower", "lte", "lt", "ltrim", "md5", "mul", "neg", "neq", "not", "or",
        "paren", "replace", "reverse", "right", "round", "rtrim", "sub", "substring", "trim",
        "upper",
    ]
)  # fmt: skip
"""Those that give NULL only for NULL. Divisions are not among them: by zero they give NULL."""
OVER_GROUPS = frozenset(
    ["any_value", "avg", "bool_and", "bool_or", "list", "max", "median", "min", "string_agg", "sum"]
)
"""Aggregates that give NULL only for groups that are empty, or hold nothing but NULL."""
COMPARISONS = frozenset(["between", "eq", "gt", "gte", "ilike", "in", "like", "lt", "lte", "neq"])


class NullabilityBinder(TypeChecker):
    """Tells which expressions are never NULL."""

    def never_null(self, expr: Expr, scope: Scope, grouped: bool = False) -> bool:
        """Whether an expression is NULL for no row. `grouped`: it stands over groups of rows, none
        of which is empty."""
        if type(expr) is Text:
            return expr.text not in ("null", "parameter") and not expr.text.startswith("`")
        if type(expr) is Name:
            found = self.find(expr, scope, Use())
            return isinstance(found, Found) and not found.fields and holds_no_null(found)
        if isinstance(expr, Subquery):
            return expr.how == "exists"
        if isinstance(expr, Over):
            return isinstance(expr.function, Op) and expr.function.tag in ALWAYS
        return isinstance(expr, Op) and self._op_never_null(expr, scope, grouped)

    def _op_never_null(self, expr: Op, scope: Scope, grouped: bool) -> bool:
        tag = expr.tag
        word = tag.partition(" ")[0] if not expr.flags & FLAG_CALL else tag
        args = expr.args
        if word in ALWAYS:
            return True
        if word in ("coalesce", "ifnull"):
            return any(self.never_null(argument, scope, grouped) for argument in args)
        if word == "cast":
            return self._converted(expr, scope, grouped)
        if word == "case":
            branches = args[1:] if tag.startswith("case this") else args
            return tag.endswith("default") and self._all(_results(branches), scope, grouped)
        if tag == "if":
            return len(args) == 3 and self._all(args[1:], scope, grouped)
        if word in OVER_GROUPS:
            return grouped and bool(args) and self.never_null(args[0], scope)
        if word in WRAPPERS:
            return False
        return word in STRICT and self._all(args, scope, grouped)

    def _all(self, parts: Iterator[Expr] | tuple[Expr, ...], scope: Scope, grouped: bool) -> bool:
        return all(self.never_null(part, scope, grouped) for part in parts)

    def _converted(self, cast: Op, scope: Scope, grouped: bool) -> bool:
        """A cast of JSON may give NULL, so it must be known that this is none."""
        inner = cast.args[0]
        type_ = self.converted.get(id(cast)) or self.typed(inner, scope, Use())[1]
        if type_ in (JSON, UNKNOWN) or type_.name == "variant":
            return False
        return self.never_null(inner, scope, grouped)

    def prove(self, condition: Expr, scope: Scope) -> None:
        """Note the columns that are not NULL in the rows that a WHERE keeps."""
        stack = [condition]
        while stack:
            part = stack.pop()
            if not isinstance(part, Op):
                continue
            if part.tag == "and":
                stack.extend(part.args)
            for name in _not_null(part):
                found = self.find(name, scope, Use())
                if not isinstance(found, Found) or found.fields or found.level:
                    continue
                if found.member is not None and found.column is not None:
                    scope.proven.add((found.member.number, found.column.key))


def holds_no_null(found: Found) -> bool:
    """Whether a column, as it is found from its scope, is never NULL."""
    column, member = found.column, found.member
    if column is None:
        return False
    if member is not None and (member.number, column.key) in found.scope.proven:
        return True
    return column.required and not (member is not None and member.optional)


def _results(branches: tuple[Expr, ...]) -> Iterator[Expr]:
    for branch in branches:
        whole = isinstance(branch, Op) and branch.tag.startswith("if this")
        yield branch.args[1] if whole and isinstance(branch, Op) else branch


def _not_null(condition: Op) -> Iterator[Name]:
    """Columns without which a condition is not true."""
    tag = condition.tag.partition(" ")[0]
    if tag in COMPARISONS and "negate" not in condition.tag:
        yield from (side for side in condition.args[:2] if isinstance(side, Name))
    elif tag == "not":
        inner = condition.args[0]
        if isinstance(inner, Op) and inner.tag == "is" and inner.args[1] == Text("null"):
            yield from (side for side in inner.args[:1] if isinstance(side, Name))
