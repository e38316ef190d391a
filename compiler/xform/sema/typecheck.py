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
    NULL_COMPARISON,
    UNKNOWN_FUNCTION,
    Code,
)
from xform.base.names import AssetName, did_you_mean
from xform.sema.clauses import place
from xform.sema.types.casts import common
from xform.sema.types.functions import RULES
from xform.sema.types.literals import literal
from xform.sema.types.operators import infer, infer_elsewhere, knows
from xform.sema.types.overloads import Refused, signatures
from xform.sema.types.type import (
    BOOLEAN,
    NULL,
    NUMERIC,
    RANGES,
    TEMPORAL,
    TEXT_LITERAL,
    UNKNOWN,
    VARCHAR,
    Type,
    settled,
)
from xform.sema.unordered import UnorderedBinder
from xform.sql.functions import catalogue, is_known
from xform.sql.ir import FLAG_CALL, Expr, Name, Op, Text
from xform.sql.parse import Place

OWN = "duckdb"
"""The dialect whose types are known."""
TRUNCATING = frozenset(
    ["athena", "fabric", "materialize", "postgres", "presto", "redshift", "risingwave", "sqlite",
     "trino", "tsql"]
)  # fmt: skip
"""Dialects in which a whole number by another gives a whole number."""
COMPARISONS = frozenset(["eq", "gt", "gte", "lt", "lte", "neq"])
EVERYWHERE = frozenset([BOOLEAN, NULL, TEXT_LITERAL])
"""Types of literals that are the same in all dialects."""
SIGNS = {
    "add": "+", "bitwiseand": "&", "bitwiseleftshift": "<<", "bitwiseor": "|",
    "bitwiserightshift": ">>", "bitwisenot": "~", "div": "/", "dpipe": "||", "intdiv": "//",
    "mod": "%", "mul": "*", "neg": "-", "pow": "^", "sub": "-",
}  # fmt: skip
SHOWN = 3
"""How many signatures a help text lists."""


class TypeChecker(UnorderedBinder):
    """Gives expressions their types."""

    def __init__(self, asset: AssetName | None, place: Place, dialect: str) -> None:
        super().__init__(asset, place)
        self.dialect = dialect
        self.own = dialect == OWN
        self.parameters: dict[str, Type] = {}
        """Types of the parameters of the lambdas around, by canonical name."""
        self.unchecked = 0
        """How many calls are being written whose arguments are not all seen."""
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
        result = infer(expr, operands) if self.own else infer_elsewhere(expr, operands)
        if self.asset is not None and not self.unchecked:
            if isinstance(result, Refused):
                self._refused(expr, operands, result)
            elif expr.flags & FLAG_CALL:
                self._known_function(expr)
            elif expr.tag in COMPARISONS:
                self._compared(expr, expr.args, operands)
            elif expr.tag == "div" and self.dialect in TRUNCATING:
                self._divided(expr, operands)
        return result if isinstance(result, Type) else UNKNOWN

    def joined_types(self, key: str, types: Sequence[Type], start: int, end: int) -> None:
        """Complain where both sides of USING are of different kinds."""
        if self.asset is not None and len(types) == 2 and _differ(*types, strictly=True):
            self._say_joined(f"USING ({key}) compares", types[0], types[1], start, end)

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
        columns = self.joining and all(type(side) is Name for side in sides)
        if not _differ(left, right, strictly=columns):
            return
        if columns:
            self._say_joined("the join compares", left, right, *place(expr))
            return
        self._say(
            COMPARED_TYPES,
            f"{left.text} is compared with {right.text}",
            expr,
            _conversion(left, right),
        )

    def _say_joined(self, what: str, left: Type, right: Type, start: int, end: int) -> None:
        message = f"{what} {left.text} with {right.text}"
        self.complain(JOINED_TYPES, message, start, end, _conversion(left, right))

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


def _differ(left: Type, right: Type, *, strictly: bool) -> bool:
    """Whether values of two types only compare after a conversion that may fail or surprise;
    `strictly`, as between the keys of a join, days and points in time count too."""
    left, right = (side if side.literal == "text" else settled(side) for side in (left, right))
    if left is right or TEXT_LITERAL in (left, right) or NULL in (left, right):
        return False
    families = {_family(left), _family(right)}
    if None in families:
        return False
    if len(families) == 1:
        return strictly and "date" in (left.name, right.name) and left.name != right.name
    return True


def _family(type_: Type) -> str | None:
    """Types that compare with each other as they are; None for those that are not looked at."""
    name = type_.name
    if name in NUMERIC:
        return "number"
    if name in TEMPORAL:
        return "time"
    if name in ("varchar", "enum"):
        return "text"
    return name if name in ("boolean", "interval", "time", "uuid", "list", "struct") else None


def _conversion(left: Type, right: Type) -> str:
    if VARCHAR in (left, right):
        other = right if left is VARCHAR else left
        return (
            f"each text is converted to {other.text}, and one that is none fails the build; "
            f"cast it where it comes from, or use try_cast"
        )
    return "cast one side to the type that you mean"


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
