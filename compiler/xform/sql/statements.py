"""Statements that write, read as the queries whose results they write.

`INSERT … SELECT` writes what its SELECT yields. An UPDATE is the query that yields the new values
of the columns it sets, over the rows that its FROM and WHERE leave; a MERGE the query over both
its sides joined; a DELETE yields no columns, and has rows. So lineage needs no second binder. The
queries say where values and rows come from and no more: nobody runs them.

The nodes of the statement are moved into the query, with the places they have in the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlglot import exp

from xform.sql.assignments import Values, all_of, names_of, of_source, put_values
from xform.sql.tokens import MARK, unmarked

ColumnsOf = Callable[[exp.Table], Sequence[str]]
"""The columns of a table as far as they are known, in order."""
SILENT = (
    exp.Alter, exp.Analyze, exp.Cache, exp.Comment, exp.Commit, exp.Declare, exp.Describe,
    exp.Drop, exp.Grant,
    exp.Pragma, exp.Rollback, exp.Set, exp.Transaction, exp.TruncateTable, exp.Uncache,
    exp.Use,
)  # fmt: skip
"""Statements that move no values from column to column."""
_SILENT_WORDS = frozenset(["BEGIN", "COMMIT", "DECLARE", "END", "GO", "PRINT", "SET", "VACUUM"])


@dataclass(frozen=True, slots=True)
class Written:
    """`query` is None where nothing is read. `names` are those of its outputs in the target, as
    far as the statement or the target says them; `creates` where the target comes to be."""

    query: exp.Expr | None
    target: exp.Table | None = None
    names: tuple[str, ...] = ()
    creates: bool = False
    unknown: bool = False
    """Not read into: the statement may read and write what is not said here."""
    unplaced: bool = False
    """Written by position to a target whose columns are not known."""


def as_queries(tree: exp.Expr, columns_of: ColumnsOf) -> list[Written]:
    """What a statement reads and writes, one for each table it writes."""
    match tree:
        case exp.Select() if tree.args.get("into") is not None:
            into = tree.args["into"]
            tree.set("into", None)
            return [Written(tree, _table(into.this), creates=True)]
        case exp.Query() | exp.Pivot() | exp.Summarize() | exp.Values() | exp.Table():
            return [Written(tree)]
        case exp.Create():
            return [_create(tree)]
        case exp.Insert():
            return [_insert(tree, columns_of)]
        case exp.MultitableInserts():
            return _several_inserts(tree, columns_of)
        case exp.Update():
            return [_update(tree)]
        case exp.Delete():
            return [_delete(tree)]
        case exp.Merge():
            return [_merge(tree, columns_of)]
        case exp.Cache() if tree.args.get("expression") is not None:
            return [Written(tree.args["expression"], _table(tree.this), creates=True)]
        case exp.Export() if isinstance(tree.this, exp.Query):
            return [Written(tree.this)]
        case exp.Copy() if not tree.args.get("kind"):
            inner = tree.this
            if isinstance(inner, exp.Schema):
                columns = [exp.column(item.copy()) for item in inner.expressions]
                return [Written(_select(columns, inner.this))]
            return [Written(inner.this if isinstance(inner, exp.Subquery) else inner)]
        case exp.Declare() if made := list(_table_variables(tree)):
            return made
        case _:
            silent = isinstance(tree, SILENT) or (
                isinstance(tree, exp.Command) and tree.name.upper() in _SILENT_WORDS
            )
            return [Written(None, unknown=not silent or _holds_query(tree))]


def _holds_query(tree: exp.Expr) -> bool:
    """Whether a statement that moves no values itself has a query in it: `SET x = (SELECT …)`."""
    if isinstance(tree, exp.Command):
        return _SELECT.search(str(tree.expression)) is not None
    return isinstance(tree, exp.Set | exp.Declare) and tree.find(exp.Query) is not None


_SELECT = re.compile(r"\bselect\b", re.IGNORECASE)


def returning(tree: exp.Expr) -> exp.Expr:
    """A statement within WITH, as the query that yields what its RETURNING says."""
    clause = tree.args.get("returning")
    written = as_queries(tree, lambda _: ())[0]
    query = written.query if isinstance(written.query, exp.Select) else None
    if isinstance(tree, exp.Update) and query is not None and clause is not None:
        put_values(query, clause, tree.this)
    if isinstance(tree, exp.Insert) or query is None:
        source = exp.Subquery(this=written.query, alias=_alias(written)) if written.query else None
        query = _select([], source)
    query.set("expressions", clause.expressions if clause is not None else [])
    return query


def _alias(written: Written) -> exp.TableAlias:
    columns = [exp.to_identifier(name) for name in written.names]
    name = written.target.alias_or_name if written.target is not None else "inserted"
    return exp.TableAlias(this=exp.to_identifier(name), columns=columns)


# CREATE, INSERT ----------------------------------------------------------------------------------


def _create(tree: exp.Create) -> Written:
    target, names = _target(tree.this)
    query = tree.args.get("expression")
    kind = str(tree.args.get("kind") or "").upper()
    if kind not in ("TABLE", "VIEW"):
        texts = tree.find(exp.Query, exp.Heredoc, exp.RawString)
        routine = kind in ("PROCEDURE", "TRIGGER") or texts is not None
        return Written(None, unknown=routine)
    copied = tree.find(exp.LikeProperty) or tree.args.get("clone")
    if query is None and copied is not None and isinstance(copied.this, exp.Table):
        query = _select([exp.Star()], copied.this)
    into = tree.find(exp.ToTableProperty)
    if into is not None:
        target = _table(into.this)
    if query is not None and not isinstance(query, exp.Query | exp.Table | exp.Values | exp.Pivot):
        return Written(None, target, names, unknown=True)
    _take_with(tree, query)
    return Written(query, target, names, creates=into is None)


def _insert(tree: exp.Insert, columns_of: ColumnsOf) -> Written:
    target, names = _target(tree.this)
    query = tree.args.get("expression")
    if query is None:
        return Written(None, target, names)
    by_position = not names and target is not None and not tree.args.get("by_name")
    if by_position and target is not None:
        partition = target.args.get("partition")
        fixed = {
            item.this.name.lower()
            for item in (partition.expressions if partition is not None else ())
            if isinstance(item, exp.EQ)
        }
        names = tuple(name for name in columns_of(target) if name.lower() not in fixed)
    _take_with(tree, query)
    conflict = tree.args.get("conflict")
    if conflict is not None and conflict.expressions and names:
        query = _upsert(target, query, names, conflict)
    return Written(query, target, names, unplaced=by_position and not names)


def _upsert(
    target: exp.Table | None, query: exp.Expr, names: Sequence[str], conflict: exp.Expr
) -> exp.Expr:
    """ON CONFLICT DO UPDATE: a column is what was to be inserted, or what it is set to."""
    proposed = exp.TableAlias(
        this=exp.to_identifier("excluded"), columns=[exp.to_identifier(name) for name in names]
    )
    values = Values()
    for name in names:
        values.add(exp.to_identifier(name), exp.column(name, table="excluded"))
    values.assign(conflict.expressions)
    source = exp.Subquery(this=query, alias=proposed)
    return _select(
        values.projections(), source, [exp.Join(this=target)], conflict.args.get("where")
    )


def _several_inserts(tree: exp.MultitableInserts, columns_of: ColumnsOf) -> list[Written]:
    """INSERT ALL: one query, whose rows go to several tables."""
    written = []
    for item in tree.expressions:
        insert = item.this
        target, names = _target(insert.this)
        source = exp.Subquery(this=tree.args["source"].copy())
        values = insert.args.get("expression")
        outputs: list[exp.Expr] = [exp.Star()]
        if values is not None and values.expressions:
            outputs = values.expressions[0].expressions
        condition = item.args.get("expression")
        query = _select(outputs, source, (), exp.Where(this=condition) if condition else None)
        names = names or (tuple(columns_of(target)) if target is not None else ())
        written.append(Written(query, target, names))
    return written


def _table_variables(tree: exp.Declare) -> Iterator[Written]:
    """T-SQL's `DECLARE @t TABLE (a int)`."""
    for item in tree.expressions:
        kind = item.args.get("kind")
        if isinstance(kind, exp.Schema):
            names = tuple(column.name for column in kind.expressions)
            variables = item.this if isinstance(item.this, list) else [item.this]
            for variable in variables:
                target = exp.Table(this=exp.to_identifier(f"@{variable.name}"))
                yield Written(None, target, names, creates=True)


# UPDATE, DELETE, MERGE ---------------------------------------------------------------------------


def _update(tree: exp.Update) -> Written:
    first, joins, target = _rows(tree.this, tree.args.get("from_"))
    values = Values(names_of(tree.this, target))
    values.assign(tree.expressions)
    query = _select(values.projections(), first, joins, tree.args.get("where"))
    target = _through_ctes(tree, target)
    _take_with(tree, query)
    return Written(query, target, tuple(values.items))


def _delete(tree: exp.Delete) -> Written:
    tables = tree.args.get("tables") or ()
    named = tables[0] if tables else tree.this
    target = _called(named, [tree.this]) or _table(named)
    using = tree.args.get("using") or []
    joins = [exp.Join(this=item) for item in using]
    query = _select([], tree.this, joins, tree.args.get("where"))
    target = _through_ctes(tree, target)
    _take_with(tree, query)
    return Written(query, target)


def _through_ctes(tree: exp.Expr, target: exp.Table | None) -> exp.Table | None:
    """T-SQL writes through a CTE to the table that it reads."""
    clause = tree.args.get("with_")
    ctes = {item.alias.lower(): item.this for item in clause.expressions} if clause else {}
    while target is not None and len(target.parts) == 1:
        query = ctes.pop(target.name.lower(), None)
        source = query.args.get("from_") if isinstance(query, exp.Select) else None
        if source is None or not isinstance(source.this, exp.Table):
            break
        target = source.this
    return target


def _rows(
    named: exp.Expr, clause: exp.Expr | None
) -> tuple[exp.Expr, list[exp.Join], exp.Table | None]:
    """What an UPDATE goes through: its target and FROM, or FROM alone where that holds it."""
    if clause is None:
        return named, [], _table(named)
    source = clause.this
    found = _called(named, [source])
    if found is not None:
        return source, [], found
    return named, [exp.Join(this=source)], _table(named)


def _called(named: exp.Expr, sources: Iterable[exp.Expr]) -> exp.Table | None:
    """The table of FROM that a name stands for, by alias or by its own name."""
    if not isinstance(named, exp.Table) or named.args.get("alias") is not None:
        return None
    key = named.name.lower()
    for source in sources:
        items = [source, *(join.this for join in source.args.get("joins") or ())]
        tables = [item for item in items if isinstance(item, exp.Table) and item is not named]
        by_alias = [table for table in tables if table.alias.lower() == key]
        by_name = [table for table in tables if table.name.lower() == key]
        if by_alias or by_name:
            return [*by_alias, *by_name][0]
    return None


def _merge(tree: exp.Merge, columns_of: ColumnsOf) -> Written:
    target, source = tree.this, tree.args["using"]
    values = Values(names_of(target))
    conditions: list[exp.Expr] = []
    everything = positions = unplaced = False
    for when in tree.args["whens"].expressions:
        condition, then = when.args.get("condition"), _plain_insert(when.args.get("then"))
        if not when.args.get("matched") and not when.args.get("source"):
            of_source(source, [condition, then.args.get("expression") if then else None])
        if condition is not None:
            conditions.append(condition)
        match then:
            case exp.Update() if how := _whole(then):
                everything = True
                positions |= how == "position"
            case exp.Update():
                values.assign(item for item in then.expressions if isinstance(item, exp.EQ))
                everything |= any(isinstance(item, exp.Star) for item in then.expressions)
            case exp.Insert() if isinstance(then.args.get("expression"), exp.Tuple | exp.Values):
                known = [exp.to_identifier(name) for name in columns_of(target)]
                unplaced |= values.insert(then, known)
            case exp.Insert():
                everything = True
            case _:
                pass
    outputs = values.projections()
    names = tuple(values.items)
    if everything:
        outputs.append(exp.Column(this=exp.Star(), table=exp.to_identifier(source.alias_or_name)))
        names = (*names, *columns_of(target)) if positions else ()
        unplaced |= positions and len(names) == len(values.items)
    where = exp.Where(this=all_of("merge_when", conditions)) if conditions else None
    shared = tree.args.get("using_cond")
    join = exp.Join(this=source, kind="INNER")
    join.set("using" if shared else "on", shared or tree.args.get("on"))
    query = _select(outputs, target, [join], where)
    _take_with(tree, query)
    return Written(query, _table(target), names, unplaced=unplaced)


def _whole(then: exp.Update) -> str:
    """`position` or `name`, where all columns are written (`rewording.py`)."""
    match then.expressions:
        case [exp.EQ(this=left, expression=right)] if left.name == f"{MARK}by":
            return unmarked(right.name)
        case _:
            return ""


def _plain_insert(then: exp.Expr | None) -> exp.Expr | None:
    """`INSERT VALUES (x, y)`, which some dialects of sqlglot take for columns of a call."""
    if isinstance(then, exp.Insert) and not then.expression and isinstance(then.this, exp.Tuple):
        (call, *others) = then.this.expressions or [None]
        if (
            isinstance(call, exp.Anonymous)
            and unmarked(call.name).upper() == "VALUES"
            and not others
        ):
            return exp.Insert(expression=exp.Tuple(expressions=call.expressions))
    return then


# Parts -------------------------------------------------------------------------------------------


def _select(
    outputs: Sequence[exp.Expr],
    source: exp.Expr | None,
    joins: Sequence[exp.Join] = (),
    where: exp.Expr | None = None,
) -> exp.Select:
    query = exp.Select(expressions=list(outputs), joins=list(joins))
    if source is not None:
        query.set("from_", exp.From(this=source))
    if where is not None:
        query.set("where", where)
    return query


def _take_with(tree: exp.Expr, query: exp.Expr | None) -> None:
    """The WITH of a statement is that of its query."""
    clause = tree.args.get("with_")
    if clause is None or query is None:
        return
    own = query.args.get("with_")
    if own is not None:
        clause.set("expressions", [*clause.expressions, *own.expressions])
        clause.set("recursive", clause.args.get("recursive") or own.args.get("recursive"))
    tree.set("with_", None)
    query.set("with_", clause)


def _target(node: exp.Expr) -> tuple[exp.Table | None, tuple[str, ...]]:
    if isinstance(node, exp.Schema):
        columns = (exp.Identifier, exp.ColumnDef, exp.Column)
        names = tuple(item.name for item in node.expressions if isinstance(item, columns))
        return _table(node.this), names
    return _table(node), ()


def _table(node: exp.Expr) -> exp.Table | None:
    return node if isinstance(node, exp.Table) else None
