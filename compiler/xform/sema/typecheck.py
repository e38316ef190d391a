"""Types of expressions, and what is said where types do not fit.

An expression whose type is not known is never an error (`unknown` fits anywhere), and what the
engine converts by itself passes. Only models are checked, not SQL from outside.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from xform.base.codes import (
    ARGUMENT_COUNT,
    ARGUMENT_TYPES,
    COMPARED_TYPES,
    INTEGER_DIVISION,
    JOINED_TYPES,
    MIXED_TYPES,
    NOT_CONVERTIBLE,
    NULL_COMPARISON,
    UNKNOWN_COLUMN,
    UNKNOWN_FUNCTION,
    UNKNOWN_UNIT,
    WINDOW_ALONE,
    Code,
)
from xform.base.names import AssetName, did_you_mean
from xform.sema.clauses import place
from xform.sema.conversions import conversion, differ, is_none_of, put_together, shortened
from xform.sema.types.casts import common
from xform.sema.types.functions import RULES
from xform.sema.types.literals import literal
from xform.sema.types.operators import infer, infer_elsewhere, knows
from xform.sema.types.overloads import Refused, signatures
from xform.sema.types.type import (
    BOOLEAN,
    NULL,
    RANGES,
    TEXT_LITERAL,
    UNKNOWN,
    VARCHAR,
    Type,
    settled,
)
from xform.sema.units import UNITS, unknown_unit
from xform.sema.unordered import UnorderedBinder
from xform.sql.functions import catalogue, is_known, is_window
from xform.sql.ir import FLAG_CALL, Expr, Name, Op, Text
from xform.sql.parse import Place

OWN = "duckdb"
"""The dialect whose types are known."""
TRUNCATING = frozenset(
    ["athena", "fabric", "materialize", "postgres", "presto", "redshift", "risingwave", "sqlite",
     "trino", "tsql"]
)  # fmt: skip
"""Dialects in which a whole number by another gives a whole number."""
LISTS = frozenset(["between this low high", "in", "in query"])
"""Comparisons of one value with each of several."""
COMPARISONS = frozenset(["eq", "gt", "gte", "lt", "lte", "neq"])
EVERYWHERE = frozenset([BOOLEAN, NULL, TEXT_LITERAL])
"""Types of literals that are the same in all dialects."""
SIGNS = {
    "add": "+", "bitwiseand": "&", "bitwiseleftshift": "<<", "bitwiseor": "|",
    "bitwiserightshift": ">>", "bitwisenot": "~", "div": "/", "dpipe": "||", "intdiv": "//",
    "mod": "%", "mul": "*", "neg": "-", "pow": "^", "sub": "-",
}  # fmt: skip
SHOWN, LISTED = 3, 8
"""How many signatures, and how many fields, a help text lists."""
FIELDLESS = frozenset(
    [*RANGES, "boolean", "date", "decimal", "double", "float", "list", "time", "timestamp",
     "timestamp with time zone", "varchar"]
)  # fmt: skip
"""Types whose values have no fields."""


class TypeChecker(UnorderedBinder):
    """Gives expressions their types."""

    def __init__(self, asset: AssetName | None, place: Place, dialect: str) -> None:
        super().__init__(asset, place, dialect)
        self.own = dialect == OWN
        self.parameters: dict[str, Type] = {}
        """Types of the parameters of the lambdas around, by canonical name."""
        self.unchecked = 0
        """How many calls are being written whose arguments are not all seen."""
        self.windowed: Expr | None = None
        """The function that is being written over a window."""
        self.converted: dict[int, Type] = {}
        """Types of what is cast, by identity of the cast, which lives as long as its query."""
        self.joining = False
        """Whether the condition of a join is being written."""

    def leaf(self, expr: Text) -> Type:
        text = expr.text
        if self.parameters and text in self.parameters:
            return self.parameters[text]
        type_ = literal(text)
        if self.own or type_ in EVERYWHERE:
            return type_
        return UNKNOWN

    def yields(self, expr: Op, operands: tuple[Type, ...]) -> Type:
        """The type of an operator or call over operands of these types."""
        if expr.tag == "cast":
            self.converted[id(expr)] = operands[0]
        result = infer(expr, operands) if self.own else infer_elsewhere(expr, operands)
        if self.asset is not None and not self.unchecked:
            if isinstance(result, Refused):
                self._refused(expr, operands, result)
            elif expr.flags & FLAG_CALL:
                self._known_function(expr)
                if expr is not self.windowed and self.own and is_window(expr.tag):
                    self._without_over(expr)
            elif expr.tag in COMPARISONS:
                self._compared(expr, expr.args, operands)
            elif expr.tag in LISTS:
                self._compared_with_all(expr, operands)
            elif expr.tag.startswith("case this "):
                self._matched(expr, operands[0])
            elif expr.tag == "div" and self.dialect in TRUNCATING:
                self._divided(expr, operands)
            if isinstance(result, Type) and result is not UNKNOWN:
                self._put_together(expr, result)
            if self.own and (unit := unknown_unit(expr)) is not None:
                self._no_unit(expr, *unit)
        return result if isinstance(result, Type) else UNKNOWN

    def joined_types(self, key: str, types: Sequence[Type], start: int, end: int) -> None:
        """Complain where both sides of USING are of different kinds."""
        if self.asset is not None and len(types) == 2 and differ(*types, strictly=True):
            self._say_joined(f"USING ({key}) compares", types[0], types[1], start, end)

    def _without_over(self, expr: Op) -> None:
        self.complain(
            WINDOW_ALONE,
            f"{expr.tag}() is a window function, and has no OVER",
            expr.start,
            expr.end,
            f"say over which rows: {expr.tag}(…) over (partition by … order by …)",
        )

    def _no_unit(self, expr: Op, unit: str, at: Text) -> None:
        where = (at.start, at.end) if at.end else place(expr)
        help_ = did_you_mean(unit.lower(), UNITS) or "such as year, month, week, day, hour, minute"
        self.complain(UNKNOWN_UNIT, f"'{unit}' is no unit of time", *where, help_)

    def has_field(self, whole: Type, number: int, expr: Name) -> None:
        """Complain where a part of a name is no field of what the parts before it name."""
        if not self.own or (whole.name != "struct" and whole.name not in FIELDLESS):
            return
        before, name = ".".join(expr.parts[:number]), expr.parts[number]
        if whole.name != "struct":
            if self.asset is None:
                return  # types that are told from outside may be told loosely
            message = f"'{before}' is {whole.text}, and has no field '{name}'"
            help_ = "take the field out, or write the alias of a relation before the dot"
        elif any(label.lower() == name.lower() for label in whole.labels):
            return
        else:
            message = f"no field '{name}' in the struct '{before}'"
            help_ = did_you_mean(name, whole.labels) or ""
            help_ = help_ or f"fields here: {', '.join(whole.labels[:LISTED])}"
        self.complain(UNKNOWN_COLUMN, message, expr.start, expr.end, help_)

    # Findings ------------------------------------------------------------------------------------

    def _say(self, code: Code, message: str, expr: Expr, help_: str) -> None:
        self.complain(code, message, *place(expr), help_)

    def _refused(self, expr: Op, operands: tuple[Type, ...], refused: Refused) -> None:
        if any(isinstance(side, Op) and _is_constant(side) for side in expr.args):
            return  # constants that come to NULL are taken everywhere
        name = SIGNS.get(expr.tag)
        if refused.why == "mixed":
            left, right = _first_clash(operands)
            what = {"case": "CASE", "if": "if", "array": "a list"}.get(expr.tag.split(" ")[0])
            self._say(
                MIXED_TYPES,
                f"{what or expr.tag} puts {left.text} and {right.text} together",
                expr,
                f"cast one of them: cast(… as {right.text})",
            )
        elif refused.why == "count" and name is None:
            counts = sorted({len(item.parameters) for item in signatures(expr.tag)})
            self._say(
                ARGUMENT_COUNT,
                f"{expr.tag}() takes {_numbers(counts)}, not {len(operands)}",
                expr,
                _forms(expr.tag),
            )
        else:
            shown = " and ".join(f"{operand.text}" for operand in operands)
            message = f"'{name}' does not take {shown}"
            if name is None:
                message = f"{expr.tag}() does not take ({', '.join(o.text for o in operands)})"
            self._say(ARGUMENT_TYPES, message, expr, _advice(expr, operands))

    def _known_function(self, expr: Op) -> None:
        tag = expr.tag
        if not self.own or _is_function(tag):
            return
        self.complain(
            UNKNOWN_FUNCTION,
            f"unknown function {tag}()",
            expr.start,
            expr.end,
            did_you_mean(tag, catalogue())
            or "if an extension or a macro of the warehouse brings it, silence this line",
        )

    def _compared(self, expr: Op, sides: Sequence[Expr], operands: tuple[Type, ...]) -> None:
        if len(operands) != 2:
            return
        left, right = operands
        if NULL in operands and any(type(side) is Text for side in sides):
            advice = f"write IS {'NOT ' if expr.tag == 'neq' else ''}NULL"
            self._say(NULL_COMPARISON, "a comparison with NULL is never true", expr, advice)
            return
        if self._converted_beside(sides, operands):
            return
        columns = self.joining and all(type(side) is Name for side in sides)
        if not differ(left, right, strictly=columns):
            return
        if columns:
            self._say_joined("the join compares", left, right, *place(expr))
            return
        self._say(
            COMPARED_TYPES,
            f"{left.text} is compared with {right.text}",
            expr,
            conversion(left, right),
        )

    def _compared_with_all(self, expr: Op, operands: tuple[Type, ...]) -> None:
        """`x in (…)`, `x between …`: each item against the first."""
        subject, *items = expr.args
        left, *types = operands
        if expr.tag == "in" and any(type(item) is Text and item.text == "null" for item in items):
            self._say(
                NULL_COMPARISON,
                "NULL in the list of IN is equal to nothing, and lets NOT IN keep no row",
                expr,
                "take it out, and ask with IS NULL where it is meant",
            )
        for item, right in zip(items, types, strict=True):
            if self._converted_beside((subject, item), (left, right)):
                continue
            if differ(left, right):
                message = f"{left.text} is compared with {right.text}"
                self._say(COMPARED_TYPES, message, expr, conversion(left, right))
                return

    def _matched(self, expr: Op, operand: Type) -> None:
        """`case x when …`: what is compared with x."""
        for branch in expr.args[1:]:
            if not isinstance(branch, Op) or not branch.tag.startswith("if "):
                continue
            value = branch.args[0]
            if isinstance(value, Text) and value.text == "null":
                message = "WHEN NULL is never true: CASE compares with '='"
                self._say(NULL_COMPARISON, message, expr, "write CASE WHEN … IS NULL THEN …")
            elif isinstance(value, Text) and is_none_of(value.text, operand):
                self._say_none(value, operand)

    def _converted_beside(self, sides: Sequence[Expr], operands: Sequence[Type]) -> bool:
        """Complain where a text cannot become what it is compared with."""
        for (side, of_side), other in zip(
            zip(sides, operands, strict=True), reversed(operands), strict=True
        ):
            if of_side is TEXT_LITERAL and isinstance(side, Text) and is_none_of(side.text, other):
                self._say_none(side, other)
                return True
        return False

    def _put_together(self, expr: Op, result: Type) -> None:
        """Complain of each text that cannot become what it is put together with, or cast to."""
        type_ = result.inner[0] if result.name in ("list", "array") else result
        for value in put_together(expr):
            if isinstance(value, Text) and is_none_of(value.text, type_):
                self._say_none(value, type_)

    def _say_none(self, value: Text, type_: Type) -> None:
        if self.own:
            message = f"{shortened(value.text)} is no {settled(type_).text}"
            advice = "it cannot be converted, so the build fails where a row comes to it"
            self.complain(NOT_CONVERTIBLE, message, value.start, value.end, advice)

    def _say_joined(self, what: str, left: Type, right: Type, start: int, end: int) -> None:
        message = f"{what} {left.text} with {right.text}"
        self.complain(JOINED_TYPES, message, start, end, conversion(left, right))

    def _divided(self, expr: Op, operands: tuple[Type, ...]) -> None:
        whole = [
            operand.name in RANGES or (isinstance(side, Text) and side.text.isdecimal())
            for side, operand in zip(expr.args, operands, strict=True)
        ]
        if all(whole):
            self._say(
                INTEGER_DIVISION,
                f"a whole number by a whole number is one too in {self.dialect}",
                expr,
                "cast one side, as in a * 1.0 / b, or say that you mean it: floor(…)",
            )


@cache
def _is_function(name: str) -> bool:
    """Whether there is such a function, for all that is known."""
    return is_known(name) or name in RULES or knows(name) or not name.isidentifier()


def _is_constant(expr: Op) -> bool:
    stack: list[Expr] = list(expr.args)
    while stack:
        item = stack.pop()
        if isinstance(item, Op):
            stack.extend(item.args)
        elif not isinstance(item, Text):
            return False
    return True


def _first_clash(operands: Sequence[Type]) -> tuple[Type, Type]:
    """Two types that have nothing in common."""
    for number, left in enumerate(operands):
        for right in operands[number + 1 :]:
            if common(left, right) is None:
                return left, right
    return operands[0], operands[-1]


def _advice(expr: Op, operands: Sequence[Type]) -> str:
    if expr.tag in SIGNS:
        if VARCHAR in operands or TEXT_LITERAL in operands:
            return "cast the text: cast(… as integer), or try_cast where it may be none"
        return "cast one side to a type that it takes"
    return _forms(expr.tag)


def _forms(name: str) -> str:
    """What a function takes."""
    forms = dict.fromkeys(
        f"{name}({', '.join(parameter.type.text for parameter in item.parameters)}"
        + (", …)" if item.others is not None else ")")
        for item in signatures(name)
    )
    listed = [form.replace("<", "").replace(">", "") for form in forms]
    return "it takes " + ", ".join(listed[:SHOWN]) + (", …" if len(listed) > SHOWN else "")


def _numbers(counts: Sequence[int]) -> str:
    if counts == [0]:
        return "no arguments"
    text = " or ".join(str(count) for count in counts)
    return f"{text} argument{'s' if counts != [1] else ''}"
