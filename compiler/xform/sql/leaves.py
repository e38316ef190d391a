"""Leaves of expressions and stars, lowered: names, literals, types, what `*` stands for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from sqlglot import exp

from xform.sql import canonical
from xform.sql.dialects import fold
from xform.sql.ir import BOUNDS, Expr, Name, Pattern, Position, Star, Text
from xform.sql.tokens import unmarked
from xform.sql.typenames import type_text

NO_POSITION = (0, 0)
_COMPARED_NULL = re.compile(r"\)*\s*(?:=|==|<>|!=)\s*(null)\b", re.IGNORECASE)
PATTERNS: dict[type[exp.Expr], str] = {
    exp.Glob: "glob", exp.Like: "like", exp.ILike: "ilike", exp.SimilarTo: "regexp",
}  # fmt: skip


def position(node: exp.Expr) -> tuple[int, int]:
    """The stretch of text of one token's node. (0, 0) where sqlglot keeps none."""
    meta = node._meta  # the property would make an empty dictionary for every node
    if meta is None or "start" not in meta:
        return NO_POSITION
    return meta["start"], meta["end"] + 1


def extent(nodes: Iterable[exp.Expr]) -> tuple[int, int]:
    """The stretch of text that nodes cover, from the positions of the tokens below them.

    A best effort: parentheses and keywords at the ends are not counted. (0, 0) where nothing
    below has a position.
    """
    low, high = -1, -1
    stack = list(nodes)
    while stack:
        item = stack.pop()
        meta = item._meta
        if meta is not None and "start" in meta:
            start, end = meta["start"], meta["end"] + 1
            low = start if low < 0 else min(low, start)
            high = max(high, end)
        for value in item.args.values():
            if isinstance(value, exp.Expr):
                stack.append(value)
            elif isinstance(value, list):
                stack.extend(child for child in value if isinstance(child, exp.Expr))
    return (low, high) if low >= 0 else NO_POSITION


class LeafLowerer:
    """State of lowering one query text, and its leaves."""

    def __init__(self, text: str, dialect: str, keep_parentheses: bool) -> None:
        self.text = text
        self.dialect = dialect
        self.keep_parentheses = keep_parentheses
        self.tangled = False
        self.careful = False
        self.parameter: exp.Expr | None = None
        self.sliced = False
        """Whether parameters may be the bounds of intervals."""
        self.bound: dict[str, str] = {}
        """The parameters of the lambdas around, by folded name: what they are called here."""

    def expr(self, node: exp.Expr) -> Expr:
        """Lower any expression: provided by the lowerer of expressions."""
        raise NotImplementedError

    def fold(self, identifier: exp.Expr) -> str:
        name = identifier.this if isinstance(identifier, exp.Identifier) else identifier.name
        return fold(unmarked(name), bool(identifier.args.get("quoted")), self.dialect)

    def known(self, node: exp.Expr, keys: tuple[str, ...]) -> None:
        """Note it where a node says more than is looked at."""
        for key, value in node.args.items():
            if value is not None and value is not False and value != [] and key not in keys:
                self.careful = True

    # Leaves ------------------------------------------------------------------------------------

    def _column(self, node: exp.Column) -> Expr:
        parts = node.parts
        last = parts[-1]
        if isinstance(last, exp.Star):
            return self._star(last, tuple([self.fold(part) for part in parts[:-1]]), parts)
        if isinstance(last, exp.Parameter):  # `t.$1`
            qualifier = tuple([self.fold(part) for part in parts[:-1]])
            return Position(int(last.name), *extent(parts), qualifier)
        start, end = self.positions(parts)
        return Name(tuple([self.fold(part) for part in parts]), unmarked(last.name), start, end)

    @staticmethod
    def positions(parts: Sequence[exp.Expr]) -> tuple[int, int]:
        first, last = parts[0]._meta, parts[-1]._meta
        if not first or not last or "start" not in first or "end" not in last:
            return NO_POSITION
        return first["start"], last["end"] + 1

    def _literal(self, node: exp.Literal) -> Expr:
        if node.args.get("is_string"):
            return Text(canonical.string(node.this), *position(node))
        text = str(node.this)
        if text.startswith("0.") and position(node) == NO_POSITION:
            text = text[1:]  # `.5`, which the parser completes, has a digit less than `0.5`
        return Text(canonical.word(text), *position(node))

    def _identifier(self, node: exp.Identifier) -> Expr:
        name = self.fold(node)
        field = isinstance(node.parent, exp.Dot) and node.arg_key == "expression"
        return Text(canonical.name(name if field else self.bound.get(name, name)))

    def _var(self, node: exp.Var) -> Expr:
        return Text(canonical.word(f"var {node.name.upper()}"))

    def _boolean(self, node: exp.Boolean) -> Expr:
        return Text("true" if node.this else "false")

    def _null(self, node: exp.Null) -> Expr:
        """sqlglot keeps no place of it; that of a comparison with it is asked for."""
        beside = node.parent
        if not isinstance(beside, exp.EQ | exp.NEQ) or node.arg_key != "expression":
            return Text("null")
        found = _COMPARED_NULL.match(self.text, extent([beside.this])[1])
        return Text("null", *found.span(1)) if found is not None else Text("null")

    def _type(self, node: exp.DataType) -> Expr:
        return Text(canonical.word(f"type {type_text(node)}"))

    def _position(self, node: exp.PositionalColumn) -> Expr:
        written = f"#{node.this.name}"
        start = max(self.text.find(written), 0)  # sqlglot keeps no place of it
        return Position(int(node.this.name), start, start + len(written))

    def _parameter(self, node: exp.Expr) -> Expr:
        number = node.this
        if (
            self.dialect == "snowflake"
            and isinstance(number, exp.Literal)
            and not number.args.get("is_string")
        ):
            return Position(int(number.this), *NO_POSITION)
        bound = node.name.lower()
        if self.sliced and bound in BOUNDS:
            return Text(BOUNDS[bound])
        self.parameter = self.parameter or node
        return Text("parameter")

    # Stars -------------------------------------------------------------------------------------

    def _star(
        self, node: exp.Star, qualifier: tuple[str, ...] = (), parts: Sequence[exp.Expr] = ()
    ) -> Star:
        args = node.args
        start, end = self.positions(parts or [node])
        ilike = args.get("ilike")
        return Star(
            qualifier,
            tuple(
                self._name_parts(column)
                for column in args.get("except_") or args.get("except") or ()
            ),
            tuple(
                (self.fold(alias.args["alias"]), self.expr(alias.this))
                for alias in args.get("replace") or ()
            ),
            tuple(
                (self._name_parts(alias.this), alias.args["alias"].name)
                for alias in args.get("rename") or ()
            ),
            Pattern("ilike", ilike.name) if isinstance(ilike, exp.Literal) else None,
            start=start,
            end=end,
        )

    def _name_parts(self, node: exp.Expr) -> tuple[str, ...]:
        parts = node.parts if isinstance(node, exp.Column) else [node]
        return tuple(self.fold(part) for part in parts)

    def _columns(self, node: exp.Columns) -> Expr:
        what = node.this
        start, _ = position(node)
        end = extent([node])[1]
        star = Star(())
        match what:
            case exp.Star():
                star = self._star(what)
            case exp.Column() if isinstance(what.this, exp.Star):
                parts = what.parts
                star = self._star(what.this, tuple(self.fold(part) for part in parts[:-1]), parts)
            case exp.Literal() if _is_regex(what.name):
                star = Star((), pattern=Pattern("regexp", what.name))
            case exp.Array():
                star = Star((), names=tuple(item.name.lower() for item in what.expressions))
            case _:
                self.careful = True
                star = Star((), pattern=Pattern("unknown", ""))
        return Star(
            star.qualifier, star.exclude, star.replace, star.rename, star.pattern, star.names,
            True, bool(node.args.get("unpack")), start=start, end=end,
        )  # fmt: skip

    def _star_pattern(self, star: Star, node: exp.Binary) -> Star:
        """`* LIKE 'a%'`: the columns whose names fit."""
        text = node.args["expression"]
        known = isinstance(text, exp.Literal) and type(node) in PATTERNS
        how = PATTERNS[type(node)] if known else "unknown"
        wanted = f"^(?:{text.name})$" if how == "regexp" else text.name
        if how == "regexp" and not _is_regex(wanted):
            how = "unknown"
        self.careful = self.careful or how == "unknown"
        pattern = Pattern(how, wanted, bool(node.args.get("negate")))
        return Star(
            star.qualifier, star.exclude, star.replace, star.rename, pattern,
            start=star.start, end=star.end,
        )  # fmt: skip


def _is_regex(text: str) -> bool:
    """Whether Python takes a regular expression that is meant for the engine."""
    try:
        re.compile(text)
    except re.error:
        return False
    return True
