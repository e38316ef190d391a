"""Outputs of a SELECT, lowered: their expressions and what they are called."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
from sqlglot import exp

from xform.sql import canonical
from xform.sql.expressions import ExpressionLowerer
from xform.sql.ir import Name, Op, Projection, Star
from xform.sql.leaves import extent, position
from xform.sql.naming import made_up_name
from xform.sql.output_names import named
from xform.sql.tokens import unmarked


class OutputLowerer(ExpressionLowerer):
    """Lowers the outputs of a SELECT. Subclassed by the lowerer of FROM clauses."""

    def projections(self, nodes: Sequence[exp.Expr]) -> tuple[Projection, ...]:
        """The outputs of a SELECT; `f(x) AS (a, b)` is several."""
        result: list[Projection] = []
        sources: list[exp.Expr] = []
        for node in nodes:
            if isinstance(node, exp.Aliases):
                self.careful = True
                lowered = self.expr(node.this)
                if isinstance(lowered, Star):  # Trino's `t.* AS (a, b)`
                    names = tuple(alias.name for alias in node.expressions)
                    star = msgspec.structs.replace(lowered, called=names)
                    result.append(Projection(star, "", None, False, star.start, star.end))
                    sources.append(node)
                    continue
                for alias in node.expressions:
                    folded = self.fold(alias)
                    result.append(Projection(lowered, alias.name, folded, False, *position(alias)))
            elif isinstance(node, exp.Dot) and isinstance(node.expression, exp.Star):
                result.extend(self._fields(node))
            else:
                result.append(self.projection(node))
            sources.extend([node] * (len(result) - len(sources)))
        if self.dialect == "duckdb":
            return tuple(result)
        return named(result, sources, self.dialect)

    def _fields(self, node: exp.Dot) -> Iterator[Projection]:
        """`expression.*`: the fields of a struct; those of `(SELECT AS STRUCT a, b …).*` by name,
        of others together as `*`."""
        lowered = self.expr(node)
        inner = node.this
        if isinstance(lowered, Star):
            yield Projection(lowered, "", None, False, lowered.start, lowered.end)
            return
        lowered, place = self.expr(inner), extent([inner])
        outputs = inner.this.expressions if isinstance(inner, exp.Subquery) else []
        if len(outputs) == 1 and isinstance(outputs[0], exp.Struct):
            outputs = [item.this for item in outputs[0].expressions]
        names = [output.alias_or_name for output in outputs]
        self.careful = True
        for name in names if names and all(names) else ["*"]:
            tag = canonical.word(f"field {name}")
            yield Projection(Op(tag, (lowered,)), name, None, False, *place)

    def projection(self, node: exp.Expr) -> Projection:
        if isinstance(node, exp.Subquery) and node.alias:  # T-SQL's `c = (SELECT …)`
            alias = node.args["alias"]
            name = alias.this if isinstance(alias, exp.TableAlias) else alias
            node = exp.Alias(this=node, alias=name)
        if isinstance(node, exp.Alias):
            alias = node.args["alias"]
            start, end = position(alias)
            return Projection(
                self.expr(node.this), unmarked(alias.name), self.fold(alias), False, start, end
            )
        lowered = self.expr(node)
        match lowered:
            case Name():
                return Projection(lowered, lowered.written, None, False, lowered.start, lowered.end)
            case Star():
                return Projection(lowered, "", None, False, lowered.start, lowered.end)
            case _:
                return Projection(lowered, made_up_name(node), None, True, *extent([node]))
