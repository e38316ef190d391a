"""Columns that a statement sets, and the values that it sets them to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from xform.sql.ir import UNSEEN


@dataclass(slots=True)
class Values:
    """The columns that a statement sets, each with all the values that it may be set to.
    `called` is how the statement may call its target, before a column."""

    called: frozenset[str] = frozenset()
    items: dict[str, list[exp.Expr]] = field(default_factory=dict)

    def add(self, name: exp.Expr, value: exp.Expr) -> None:
        for known, values in self.items.items():
            if known.lower() == name.name.lower():
                values.append(value)
                return
        self.items[name.name] = [value]

    def assign(self, items: Iterable[exp.Expr]) -> None:
        """`a = x`, `(a, b) = (x, y)`, `(a, b) = (SELECT …)`."""
        for item in items:
            left, right = item.this, item.args.get("expression")
            if right is None:
                continue
            right = right.this if isinstance(right, exp.Paren) else right
            if not isinstance(left, exp.Tuple):
                parts = left.parts if isinstance(left, exp.Column) else [left]
                if len(parts) > 1 and parts[0].name.lower() not in self.called:
                    left = parts[0]  # `SET struct.field = x`
                self.add(left, right)
                continue
            cells = right.expressions if isinstance(right, exp.Tuple) else ()
            for number, name in enumerate(left.expressions):
                self.add(name, cells[number] if number < len(cells) else right.copy())

    def insert(self, then: exp.Insert, known: Sequence[exp.Expr]) -> bool:
        """`INSERT (a, b) VALUES (x, y)`; without names those of the target, or numbers where
        there are none. Says whether there were too few."""
        names = then.this.expressions if isinstance(then.this, exp.Tuple) else known
        row = then.args["expression"].expressions
        if row and isinstance(then.args["expression"], exp.Values):
            row = row[0].expressions
        missing = range(len(names), len(row))
        names = [*names, *(exp.to_identifier(f"#{number + 1}") for number in missing)]
        for name, value in zip(names, row, strict=False):
            self.add(name, value)
        return bool(missing)

    def projections(self) -> list[exp.Expr]:
        """The values as outputs, called so that none of them is taken for a column."""
        return [
            exp.Alias(
                this=all_of("merge_value", values), alias=exp.to_identifier(UNSEEN + name, True)
            )
            for name, values in self.items.items()
        ]


def all_of(label: str, values: list[exp.Expr]) -> exp.Expr:
    return values[0] if len(values) == 1 else exp.Anonymous(this=label, expressions=values)


def names_of(*tables: exp.Expr | None) -> frozenset[str]:
    """What may stand before a column of a table: its alias, and each part of its name."""
    known = [table for table in tables if isinstance(table, exp.Table)]
    names = [part.name for table in known for part in table.parts]
    return frozenset(name.lower() for name in (*names, *(table.alias for table in known)))


def put_values(query: exp.Select, clause: exp.Expr, target: exp.Expr) -> None:
    """What RETURNING says of an UPDATE are the values that it has set."""
    values = {item.alias.removeprefix(UNSEEN).lower(): item.this for item in query.expressions}
    named = ("", target.name.lower(), target.alias_or_name.lower())
    for column in list(clause.find_all(exp.Column)):
        value = values.get(column.name.lower())
        if value is None or column.table.lower() not in named:
            continue
        alone = column.parent is clause
        new: exp.Expr = exp.Paren(this=value.copy())
        column.replace(exp.Alias(this=new, alias=column.this.copy()) if alone else new)
    for star in clause.find_all(exp.Star):
        changed = [
            exp.Alias(this=value.copy(), alias=exp.to_identifier(name))
            for name, value in values.items()
        ]
        if isinstance(star.parent, exp.Returning | exp.Column):
            star.set("replace", changed)


def of_source(source: exp.Expr, parts: Iterable[exp.Expr | None]) -> None:
    """Where no row of the target matches, names are the source's."""
    alias = source.args.get("alias")
    called = alias.this if isinstance(alias, exp.TableAlias) else source.this
    if not isinstance(called, exp.Identifier):
        return
    for part in parts:
        for column in list(part.find_all(exp.Column)) if part is not None else ():
            around = column.find_ancestor(exp.Query, exp.Merge)
            if len(column.parts) == 1 and not isinstance(around, exp.Query):
                column.set("table", called.copy())
