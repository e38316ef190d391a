"""What is put into another place of the tree before it is lowered: joins in their order, LEVEL,
names of values."""

from __future__ import annotations

from sqlglot import exp

from xform.sql.leaves import extent


def joins_in_order(node: exp.Select) -> list[exp.Expr]:
    """Joins and LATERAL VIEWs as they were written; sqlglot keeps them apart."""
    joins: list[exp.Expr] = list(node.args.get("joins") or ())
    laterals = node.args.get("laterals") or ()
    if not laterals:
        return joins
    items = [*joins, *laterals]
    places = [extent([item])[0] for item in items]
    if not all(places):
        return items
    return [item for _, _, item in sorted(zip(places, range(len(items)), items, strict=True))]


def count_levels(node: exp.Select) -> None:
    """With CONNECT BY, LEVEL is how often it has been followed."""
    connect = node.args["connect"]
    for around, told in ((connect, False), (node, True)):
        clauses = [part for part in connect.args.values() if isinstance(part, exp.Expr) and told]
        for column in list(around.find_all(exp.Column)):
            if column.name.lower() == "level" and len(column.parts) == 1:
                operands = [part.copy() for part in clauses]
                column.replace(exp.Anonymous(this="level", expressions=operands))


def named_value(item: exp.Expr, query: exp.Expr) -> None:
    """`WITH 1 AS one SELECT one`: ClickHouse has names for values; put the value in their place."""
    name = item.args["alias"].this.name
    for column in list(query.find_all(exp.Column)):
        if column.name != name or len(column.parts) > 1:
            continue
        value: exp.Expr = exp.Paren(this=item.this.copy())
        if isinstance(column.parent, exp.Select) and column.arg_key == "expressions":
            value = exp.Alias(this=value, alias=column.this.copy())
        column.replace(value)
