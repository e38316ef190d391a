"""Operators whose operands may change places, and those that are other words for them.

`a = b`, `a and b`, `a in (1, 2)` and sums and products of two give the same whichever operand
stands first; `a > b` says `b < a`, and `x between a and b` says `x >= a and x <= b` where all of
it is compared as one type. What counts is that runs that succeed give equal results: which of two
conditions is asked first can decide whether an error is met, and that is the engine's choice
anyway, for it orders conditions by what they cost. Floats do not associate: a sum of three is a
sum of two and a third.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from xform.sema.facts import UNKNOWN_TYPE
from xform.sema.meaning import CLOCK, CLOSE, NEXT, OPEN, Part
from xform.sema.names import NameBinder
from xform.sema.traits import QUERY
from xform.sql.ir import Op, Text

if TYPE_CHECKING:
    from xform.sema.binder import Use
    from xform.sema.scope import Scope
    from xform.sql.ir import Expr

NUMERIC = frozenset(
    [
        "bigint", "decimal", "double", "float", "hugeint", "integer", "number", "numeric", "real",
        "smallint", "tinyint", "ubigint", "uhugeint", "uinteger", "usmallint", "utinyint",
    ]
)  # fmt: skip
MIRRORED = {"gt": "lt", "gte": "lte"}
NULL = "null"
LONG = 16
BETWEEN = "between this low high"


class UnorderedBinder(NameBinder):
    """Writes such operators."""

    def write(self, expr: Expr, scope: Scope, out: list[Part], use: Use) -> None:
        """Any expression: provided by the binder of expressions."""
        raise NotImplementedError

    def type_of(self, expr: Expr, scope: Scope) -> str:
        """The type of an expression, where it is known: provided by the binder of expressions."""
        raise NotImplementedError

    @staticmethod
    def group_of(operands: Sequence[Sequence[Part]], out: list[Part]) -> None:
        """Write operands whose order has no part in the result."""
        if not operands:
            return
        mark = OPEN
        for operand in operands:
            out.append(mark)
            out.extend(operand)
            mark = NEXT
        out.append(CLOSE)

    def written(self, expr: Expr, scope: Scope, use: Use) -> list[Part]:
        out: list[Part] = []
        self.write(expr, scope, out, use)
        return out

    def either_way(self, expr: Op, scope: Scope, out: list[Part], use: Use) -> bool:
        """Two or more operands, all alike."""
        mark = f"{expr.tag}({OPEN}"
        for argument in expr.args:
            out.append(mark)
            if type(argument) is Op and argument.tag == BETWEEN and expr.tag == "and":
                bounds = self._bounds(argument, scope, use)
                out.extend([*bounds[0], NEXT, *bounds[1]] if len(bounds) == 2 else bounds[0])
            else:
                self.write(argument, scope, out, use)
            mark = NEXT
        out.append(f"{CLOSE})")
        return True

    def mirrored(self, expr: Op, scope: Scope, out: list[Part], use: Use) -> bool:
        """`a > b` as `b < a`."""
        left, right = [self.written(argument, scope, use) for argument in expr.args]
        out.extend((f"{MIRRORED[expr.tag]}(", *right, ", ", *left, ")"))
        return True

    def between(self, expr: Op, scope: Scope, out: list[Part], use: Use) -> bool:
        bounds = self._bounds(expr, scope, use)
        if len(bounds) == 1:
            out.extend(bounds[0])
        else:
            out.append("and(")
            self.group_of(bounds, out)
            out.append(")")
        return True

    def _bounds(self, expr: Op, scope: Scope, use: Use) -> list[list[Part]]:
        """A BETWEEN as two comparisons. It stays one where its bounds may be of different types,
        for then it converts all three to one type; and where asking twice may give two answers."""
        value, low, high = [self.written(argument, scope, use) for argument in expr.args]
        if (
            not self._one_type(expr.args[1:], scope)
            or self.traits(expr.args[0]) & QUERY
            or any(self._is_clock(part) for part in value)
        ):
            return [[f"{BETWEEN}(", *value, ", ", *low, ", ", *high, ")"]]
        return [["lte(", *low, ", ", *value, ")"], ["lte(", *value, ", ", *high, ")"]]

    def _is_clock(self, part: Part) -> bool:
        return type(part) is int and part < 0 and self.meaning.externals[~part].asset == CLOCK

    def listed_in(self, expr: Op, scope: Scope, out: list[Part], use: Use) -> bool:
        """`x in (…)`: a set, where its items are of one type."""
        items = expr.args[1:]
        if not self._one_type([item for item in items if item != Text(NULL)], scope):
            return False
        out.append("in(")
        self.write(expr.args[0], scope, out, use)
        out.append(", ")
        operands = [tuple(self.written(item, scope, use)) for item in items]
        self.group_of(list(dict.fromkeys(operands)), out)
        out.append(")")
        return True

    def step_by_step(self, expr: Op, scope: Scope, out: list[Part], use: Use) -> bool:
        """A product, or a sum of numbers, as steps of two operands that may change places: `+` may
        also put lists or texts together. What stands behind the first LONG stays in order."""
        tag = expr.tag
        product = tag == "mul"
        parts = self.written(expr.args[0], scope, use)
        swaps = product or self._is_number(expr.args[0], scope)
        for argument in expr.args[1:LONG]:
            swaps = swaps or self._is_number(argument, scope)
            operand = self.written(argument, scope, use)
            if swaps:
                parts = [f"{tag}({OPEN}", *parts, NEXT, *operand, f"{CLOSE})"]
            else:
                parts = [f"{tag}(", *parts, ", ", *operand, ")"]
        if len(expr.args) > LONG:
            out.append(f"{tag}(")
        out.extend(parts)
        for argument in expr.args[LONG:]:
            out.append(", ")
            self.write(argument, scope, out, use)
        if len(expr.args) > LONG:
            out.append(")")
        return True

    def _is_number(self, expr: Expr, scope: Scope) -> bool:
        if isinstance(expr, Text):
            return expr.text[:1].isdigit()
        if isinstance(expr, Op) and expr.tag in ("neg", "paren"):
            return self._is_number(expr.args[0], scope)
        return self.type_of(expr, scope).lower().partition("(")[0] in NUMERIC

    def _one_type(self, exprs: Sequence[Expr], scope: Scope) -> bool:
        """Whether expressions are known to be compared as one type."""
        kinds = {self._kind(expr, scope) for expr in exprs}
        return len(kinds) == 1 and UNKNOWN_TYPE not in kinds

    def _kind(self, expr: Expr, scope: Scope) -> str:
        """A type, or which kind of literal."""
        if isinstance(expr, Op) and expr.tag in ("neg", "paren"):
            return self._kind(expr.args[0], scope)
        if isinstance(expr, Text):
            if expr.text.startswith("'"):
                return "text literal"
            return "whole number" if expr.text.isdigit() else UNKNOWN_TYPE
        return self.type_of(expr, scope)


Handler: TypeAlias = Callable[[UnorderedBinder, Op, "Scope", list[Part], "Use"], bool]
UNORDERED: dict[str, Handler] = {
    **dict.fromkeys(
        ("and", "or", "eq", "neq", "nullsafeeq", "nullsafeneq"), UnorderedBinder.either_way
    ),
    **dict.fromkeys(MIRRORED, UnorderedBinder.mirrored),
    **dict.fromkeys(("add", "mul"), UnorderedBinder.step_by_step),
    BETWEEN: UnorderedBinder.between,
    "in": UnorderedBinder.listed_in,
}
"""What writes an operator, by its tag. Gives False where its operands must stay in order."""
