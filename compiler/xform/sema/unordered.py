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

from xform.sema.meaning import CLOCK, CLOSE, NEXT, OPEN, Part
from xform.sema.names import NameBinder
from xform.sema.traits import QUERY
from xform.sema.types.type import BOOLEAN, NULL, NUMERIC, UNKNOWN, Type
from xform.sql.ir import Op

if TYPE_CHECKING:
    from xform.sema.binder import Use
    from xform.sema.scope import Scope
    from xform.sql.ir import Expr

MIRRORED = {"gt": "lt", "gte": "lte"}
LONG = 16
Types: TypeAlias = tuple[Type, ...]
BETWEEN = "between this low high"


class UnorderedBinder(NameBinder):
    """Writes such operators."""

    def write(self, expr: Expr, scope: Scope, out: list[Part], use: Use) -> Type:
        """Any expression: provided by the binder of expressions."""
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
        return self.typed(expr, scope, use)[0]

    def typed(self, expr: Expr, scope: Scope, use: Use) -> tuple[list[Part], Type]:
        out: list[Part] = []
        return out, self.write(expr, scope, out, use)

    def either_way(self, expr: Op, scope: Scope, out: list[Part], use: Use) -> Types:
        """Two or more operands, all alike."""
        mark = f"{expr.tag}({OPEN}"
        types: list[Type] = []
        for argument in expr.args:
            out.append(mark)
            if type(argument) is Op and argument.tag == BETWEEN and expr.tag == "and":
                bounds = self._bounds(argument, scope, use)[0]
                out.extend([*bounds[0], NEXT, *bounds[1]] if len(bounds) == 2 else bounds[0])
                types.append(BOOLEAN)
            else:
                types.append(self.write(argument, scope, out, use))
            mark = NEXT
        out.append(f"{CLOSE})")
        return tuple(types)

    def mirrored(self, expr: Op, scope: Scope, out: list[Part], use: Use) -> Types:
        """`a > b` as `b < a`."""
        left, right = [self.typed(argument, scope, use) for argument in expr.args]
        out.extend((f"{MIRRORED[expr.tag]}(", *right[0], ", ", *left[0], ")"))
        return left[1], right[1]

    def between(self, expr: Op, scope: Scope, out: list[Part], use: Use) -> Types:
        bounds, types = self._bounds(expr, scope, use)
        if len(bounds) == 1:
            out.extend(bounds[0])
        else:
            out.append("and(")
            self.group_of(bounds, out)
            out.append(")")
        return types

    def _bounds(self, expr: Op, scope: Scope, use: Use) -> tuple[list[list[Part]], Types]:
        """A BETWEEN as two comparisons. It stays one where its bounds may be of different types,
        for then it converts all three to one type; and where asking twice may give two answers."""
        operands = [self.typed(argument, scope, use) for argument in expr.args]
        value, low, high = [parts for parts, _ in operands]
        types = tuple([type_ for _, type_ in operands])
        if (
            not _one_kind(types[1:])
            or self.traits(expr.args[0]) & QUERY
            or any(self._is_clock(part) for part in value)
        ):
            return [[f"{BETWEEN}(", *value, ", ", *low, ", ", *high, ")"]], types
        return [["lte(", *low, ", ", *value, ")"], ["lte(", *value, ", ", *high, ")"]], types

    def _is_clock(self, part: Part) -> bool:
        return type(part) is int and part < 0 and self.meaning.externals[~part].asset == CLOCK

    def listed_in(self, expr: Op, scope: Scope, out: list[Part], use: Use) -> Types:
        """`x in (…)`: a set, where its items are of one type."""
        subject, *items = [self.typed(argument, scope, use) for argument in expr.args]
        types = (subject[1], *[type_ for _, type_ in items])
        operands = [tuple(parts) for parts, _ in items]
        out.extend(("in(", *subject[0], ", "))
        if _one_kind([type_ for type_ in types[1:] if type_ is not NULL]):
            self.group_of(list(dict.fromkeys(operands)), out)
        else:
            for number, operand in enumerate(operands):
                out.extend((", ", *operand) if number else operand)
        out.append(")")
        return types

    def step_by_step(self, expr: Op, scope: Scope, out: list[Part], use: Use) -> Types:
        """A product, or a sum of numbers, as steps of two operands that may change places: `+` may
        also put lists or texts together. What stands behind the first LONG stays in order."""
        tag = expr.tag
        parts, type_ = self.typed(expr.args[0], scope, use)
        types = [type_]
        swaps = tag == "mul" or _is_number(type_)
        for argument in expr.args[1:LONG]:
            operand, type_ = self.typed(argument, scope, use)
            types.append(type_)
            swaps = swaps or _is_number(type_)
            if swaps:
                parts = [f"{tag}({OPEN}", *parts, NEXT, *operand, f"{CLOSE})"]
            else:
                parts = [f"{tag}(", *parts, ", ", *operand, ")"]
        if len(expr.args) > LONG:
            out.append(f"{tag}(")
        out.extend(parts)
        for argument in expr.args[LONG:]:
            out.append(", ")
            types.append(self.write(argument, scope, out, use))
        if len(expr.args) > LONG:
            out.append(")")
        return tuple(types)


def _is_number(type_: Type) -> bool:
    return type_.name in NUMERIC


def _one_kind(types: Sequence[Type]) -> bool:
    """Whether values are known to be compared as one type."""
    kinds = {type_.literal or type_ for type_ in types}
    return len(kinds) == 1 and UNKNOWN not in kinds


Handler: TypeAlias = Callable[[UnorderedBinder, Op, "Scope", list[Part], "Use"], Types]
UNORDERED: dict[str, Handler] = {
    **dict.fromkeys(
        ("and", "or", "eq", "neq", "nullsafeeq", "nullsafeneq"), UnorderedBinder.either_way
    ),
    **dict.fromkeys(MIRRORED, UnorderedBinder.mirrored),
    **dict.fromkeys(("add", "mul"), UnorderedBinder.step_by_step),
    BETWEEN: UnorderedBinder.between,
    "in": UnorderedBinder.listed_in,
}
"""What writes an operator, by its tag. Gives the types of the operands."""
