"""UNNEST among the outputs of a SELECT: it makes rows of a list, and columns of a struct."""

from __future__ import annotations

from collections.abc import Sequence

from xform.sema.binder import Use
from xform.sema.grouped import GroupedBinder
from xform.sema.grouping import Stage
from xform.sema.meaning import Part
from xform.sema.names import NameBinder
from xform.sema.scope import Column, More, Scope
from xform.sema.stars import Output
from xform.sema.traits import UNNEST, unnesting
from xform.sema.types.type import UNKNOWN, Type
from xform.sql.ir import Op, Projection


class UnnestBinder(GroupedBinder):
    """Binds what outputs unnest."""

    def unnest(
        self, outputs: list[Output], columns: list[Column], stage: Stage, scope: Scope
    ) -> More | None:
        """UNNEST in outputs makes rows; of a struct it makes columns, which its type may tell."""
        opened: More | None = None
        gone: dict[int, Sequence[Column]] = {}
        for number, ((projection, _), column) in enumerate(zip(outputs, columns, strict=True)):
            call = unnesting(projection.expr) if self.traits(projection.expr) & UNNEST else None
            if call is None:
                continue
            parts: list[Part] = ["unnest(", stage.hole, ", ", column.hole, ")"]
            stage.hole = self.meaning.define("unnest", parts)
            stage.sources |= column.value
            named = any(isinstance(arg, Op) and arg.tag == "argument" for arg in call.args)
            if not named and (call is not projection.expr or not call.args):
                continue
            made = self.typed(call.args[0], scope, Use())[1] if call.args else UNKNOWN
            inline = call.tag.startswith("inline")  # of Spark: a list of structs
            if named or inline or made.name == "struct":
                field = _fields_of(column, self)
                labels = made.labels if not named and not inline else ()
                gone[number] = [
                    _typed(field(label), type_)
                    for label, type_ in zip(labels, made.inner, strict=False)
                ]
                opened = opened if gone[number] else field
        for number in reversed(gone):
            fields = gone[number]
            columns[number : number + 1] = fields
            projection, _ = outputs[number]
            outputs[number : number + 1] = [
                (
                    Projection(
                        projection.expr, item.name, None, False, projection.start, projection.end
                    ),
                    None,
                )
                for item in fields
            ]
        return opened


def _typed(column: Column, type_: Type) -> Column:
    column.type = type_
    return column


def _fields_of(column: Column, binder: NameBinder) -> More:
    def field(key: str) -> Column:
        hole = binder.meaning.define(f"column {key}", [f"unnested {key!r} of ", column.hole])
        return Column(key, hole, column.value)

    return field
