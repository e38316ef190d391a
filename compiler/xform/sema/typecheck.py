"""Types of expressions, and what is said where the engine would refuse them.

An expression whose type is not known is never an error (`unknown` fits anywhere), and what the
engine converts by itself passes. Only models are checked, not SQL from outside.
"""

from __future__ import annotations

from xform.base.names import AssetName
from xform.sema.types.literals import literal
from xform.sema.types.operators import infer, infer_elsewhere
from xform.sema.types.type import BOOLEAN, TEXT_LITERAL, UNKNOWN, Type
from xform.sema.unordered import UnorderedBinder
from xform.sql.ir import Op, Text
from xform.sql.parse import Place

OWN = "duckdb"
"""The dialect whose types are known."""


class TypeChecker(UnorderedBinder):
    """Gives expressions their types."""

    def __init__(self, asset: AssetName | None, place: Place, dialect: str) -> None:
        super().__init__(asset, place)
        self.own = dialect == OWN
        self.parameters: dict[str, Type] = {}
        """Types of the parameters of the lambdas around, by canonical name."""
        self.unchecked = 0
        """How many calls are being written whose arguments are not all seen."""

    def leaf(self, expr: Text) -> Type:
        text = expr.text
        if self.parameters and text in self.parameters:
            return self.parameters[text]
        type_ = literal(text)
        if self.own or type_ is BOOLEAN or type_ is TEXT_LITERAL:
            return type_
        return UNKNOWN

    def yields(self, expr: Op, operands: tuple[Type, ...]) -> Type:
        """The type of an operator or call over operands of these types."""
        result = infer(expr, operands) if self.own else infer_elsewhere(expr, operands)
        return result if isinstance(result, Type) else UNKNOWN
