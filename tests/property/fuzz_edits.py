"""Edits of a project, as people make them: of layout, of a query's parts, of data, of the graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias, assert_never

from fuzz_draw import (
    AGGREGATES,
    FRAMES,
    JOINS,
    SET_OPERATIONS,
    Chooser,
    Expressions,
    Queries,
    value,
)
from fuzz_project import Model, Project, Seed, draw_model, draw_row
from fuzz_queries import (
    Aggregate,
    Call,
    Col,
    Cte,
    CteRef,
    Derived,
    Expr,
    Lit,
    MacroCall,
    Nested,
    Output,
    Projection,
    Query,
    Select,
    SetOp,
    Source,
    StarOut,
    Table,
    Variable,
    Window,
    selects_of,
)
from fuzz_resolve import Resolver, Scope, Shape, has_aggregate, is_grouped


@dataclass(frozen=True, slots=True)
class Edit:
    """What was done, for people, and the project that came of it."""

    what: str
    project: Project


# Layout ------------------------------------------------------------------------------------------


def restyle(choose: Chooser, project: Project) -> Edit | None:
    """Layout, comments, case of keywords, names of aliases and CTEs, description and owner."""
    model = choose.pick(project.models)
    style, notes, what = model.style, model.notes, "layout"
    match choose.below(8):
        case 6:
            style, what = replace(style, bare=not style.bare), "qualifiers"
        case 7:
            style, what = replace(style, windows=not style.windows), "window clause"
        case 0:
            style = replace(style, layout=style.layout + choose.count(1, 5))
        case 1:
            style, what = replace(style, comment=style.comment + choose.count(1, 2)), "comment"
        case 2:
            style, what = replace(style, alias=style.alias + choose.count(1, 3)), "aliases"
        case 3:
            style, what = replace(style, cte=style.cte + choose.count(1, 3)), "names of CTEs"
        case 4:
            notes, what = notes + 1, "description"
        case _:
            query = name_tables(model.query, choose.pick(("full", "bare", "ref")))
            what = f"how {model.name} names what it reads"
            return Edit(what, put(project, replace(model, query=query)))
    return Edit(f"{what} of {model.name}", put(project, replace(model, style=style, notes=notes)))


def name_tables(query: Query, form: Literal["full", "bare", "ref"]) -> Query:
    """The query with its tables named in one of the three ways."""
    for at in range(len(selects_of(query))):
        select = selects_of(query)[at]
        sources = tuple(
            replace(source, item=replace(source.item, form=form))
            if isinstance(source.item, Table)
            else source
            for source in select.sources
        )
        query = replaced(query, select, replace(select, sources=sources))
    return query


# A part of a query -------------------------------------------------------------------------------

Change = Callable[[Chooser, Select, Expressions], Select | None]


def change_where(choose: Chooser, select: Select, exprs: Expressions) -> Select | None:
    where = select.where
    if where is not None and choose.chance(30):
        return replace(select, where=None)
    if isinstance(where, Call) and choose.chance(40):
        return replace(select, where=Call("(not {0})", (where,), "bool"))
    return replace(select, where=exprs.condition())


def change_expression(choose: Chooser, select: Select, exprs: Expressions) -> Select | None:
    one_row = is_grouped(select) and not select.group
    at = [
        i
        for i, output in enumerate(select.outputs)
        if isinstance(output, Output) and (not one_row or has_aggregate(output.expr))
    ]  # beside aggregates without GROUP BY, columns cannot stand
    if not at:
        return None
    i = choose.pick(at)
    output = select.outputs[i]
    assert isinstance(output, Output)
    return replace(
        select,
        outputs=swap(select.outputs, i, Output(output.name, _other(output.expr, choose, exprs))),
    )


def _other(expr: Expr, choose: Chooser, exprs: Expressions) -> Expr:
    """Another expression of the same family, that may stand where this one stands."""
    if isinstance(expr, Aggregate):
        if choose.chance(40):
            where = None if expr.where is not None else exprs._comparison()
            if "left" not in expr.template:
                return replace(expr, where=where)
        fitting = [
            item for item in AGGREGATES
            if (item[2] or item[1]) == expr.family or (item[2] is None and item[1] == "any")
        ]  # fmt: skip
        template, wanted, yields = choose.pick(fitting)
        family = expr.family if yields is None else wanted
        args = () if not wanted else (exprs.value("int" if family == "any" else family, 1),)  # type: ignore[arg-type]
        return Aggregate(template, args, expr.family)
    if isinstance(expr, Window) and choose.chance(80):
        if expr.template in ("sum({0})", "count(*)") and choose.chance(50):
            return replace(expr, frame=choose.pick(FRAMES))
        partition = () if expr.partition else (exprs.simple(exprs.any_family()),)
        return replace(expr, partition=partition)
    if isinstance(expr, Nested) and choose.chance(60):
        inner = expr.query
        return replace(expr, query=replace(inner, where=None)) if inner.where else expr
    if isinstance(expr, Call) and choose.chance(50):
        i = choose.below(len(expr.args))
        return replace(expr, args=swap(expr.args, i, exprs.value(expr.args[i].family, 1)))
    return exprs.value(expr.family)


def change_reference(choose: Chooser, select: Select, exprs: Expressions) -> Select | None:
    """A column of the same name from another relation or another scope; else another column."""
    scope = exprs.scopes[-1]
    count = len(references(select))
    if not count:
        return None
    at, number = choose.below(count), -1

    def other(col: Col, inner: Scope | None) -> Col:
        nonlocal number
        number += 1
        if number != at:
            return col
        found = [replace(c, level=1 if inner else 0) for c in scope.all_columns()]
        found += inner.all_columns() if inner is not None else []
        found = [c for c in found if c != col and c.family == col.family]
        same = [c for c in found if c.name == col.name]
        return choose.pick(same or found or [col])

    return map_select(select, other, exprs.resolver)


Rewrite: TypeAlias = Callable[[Col, Scope | None], Col]


def references(select: Select) -> list[Col]:
    """The columns that a SELECT refers to, subqueries in expressions included."""
    found: list[Col] = []

    def note(col: Col, inner: Scope | None) -> Col:
        found.append(col)
        return col

    map_select(select, note, None)
    return found


def map_select(
    select: Select, rewrite: Rewrite, resolver: Resolver | None, inner: Scope | None = None
) -> Select:
    """The SELECT with each reference rewritten; those of subqueries are given their scope."""

    def over(expr: Expr) -> Expr:
        return map_expr(expr, rewrite, resolver, inner)

    outputs: list[Projection] = [
        Output(output.name, over(output.expr))
        if isinstance(output, Output)
        else replace(output, replace=tuple((name, over(expr)) for name, expr in output.replace))
        for output in select.outputs
    ]
    sources = tuple(
        replace(source, on=over(source.on)) if source.on is not None else source
        for source in select.sources
    )
    where = over(select.where) if select.where is not None else None
    return replace(select, outputs=tuple(outputs), sources=sources, where=where)


def map_expr(expr: Expr, rewrite: Rewrite, resolver: Resolver | None, inner: Scope | None) -> Expr:
    def over(item: Expr) -> Expr:
        return map_expr(item, rewrite, resolver, inner)

    match expr:
        case Col():
            return rewrite(expr, inner)
        case Call():
            return replace(expr, args=tuple(map(over, expr.args)))
        case Aggregate() if inner is not None:
            return expr  # with a column from outside it would be an aggregate of the outer query
        case Aggregate():
            where = over(expr.where) if expr.where is not None else None
            return replace(expr, args=tuple(map(over, expr.args)), where=where)
        case Window():
            args, keys = tuple(map(over, expr.args)), tuple(map(over, expr.keys))
            partition = tuple(map(over, expr.partition))
            return replace(expr, args=args, keys=keys, partition=partition)
        case Nested():
            scope = Scope()
            if resolver is not None:
                resolver._sources(expr.query.sources, scope, ())
            arg = over(expr.arg) if expr.arg is not None else None
            return replace(expr, query=map_select(expr.query, rewrite, resolver, scope), arg=arg)
        case MacroCall():
            return MacroCall(over(expr.arg))
        case Lit() | Variable():
            return expr
        case unknown:
            assert_never(unknown)


def add_output(choose: Chooser, select: Select, exprs: Expressions) -> Select | None:
    expr: Expr
    if is_grouped(select):
        expr = exprs.aggregate()
    elif choose.chance(20):
        expr = exprs.window()
    else:
        expr = exprs.value(exprs.any_family())
    new = Output(f"new{choose.below(4)}", expr)
    at = choose.below(len(select.outputs) + 1)
    return replace(select, outputs=(*select.outputs[:at], new, *select.outputs[at:]))


def remove_output(choose: Chooser, select: Select, exprs: Expressions) -> Select | None:
    if len(select.outputs) < 2:
        return None
    at = choose.below(len(select.outputs))
    return replace(select, outputs=(*select.outputs[:at], *select.outputs[at + 1 :]))


def rename_output(choose: Chooser, select: Select, exprs: Expressions) -> Select | None:
    at = choose.below(len(select.outputs))
    output = select.outputs[at]
    if isinstance(output, Output):
        renamed: Projection = replace(output, name=f"other{choose.below(3)}")
    else:
        columns = exprs.scopes[-1].all_columns()
        renamed = replace(output, rename=((choose.pick(columns).name, "other9"),))
    return replace(select, outputs=swap(select.outputs, at, renamed))


def reorder_outputs(choose: Chooser, select: Select, exprs: Expressions) -> Select | None:
    if len(select.outputs) < 2:
        return None
    by = 1 + choose.below(len(select.outputs) - 1)
    return replace(select, outputs=(*select.outputs[by:], *select.outputs[:by]))


def swap_names(choose: Chooser, select: Select, exprs: Expressions) -> Select | None:
    """Two outputs take each other's name: readers by name must notice, and nobody else."""
    at = [i for i, output in enumerate(select.outputs) if isinstance(output, Output)]
    if len(at) < 2:
        return None
    first = choose.below(len(at) - 1)
    a, b = select.outputs[at[first]], select.outputs[at[first + 1]]
    assert isinstance(a, Output)
    assert isinstance(b, Output)
    outputs = swap(select.outputs, at[first], Output(b.name, a.expr))
    return replace(select, outputs=swap(outputs, at[first + 1], Output(a.name, b.expr)))


def change_join(choose: Chooser, select: Select, exprs: Expressions) -> Select | None:
    if len(select.sources) < 2:
        return None
    at = 1 + choose.below(len(select.sources) - 1)
    source = select.sources[at]
    match choose.below(4):
        case 0 | 1:
            changed = replace(source, join=choose.pick(JOINS), natural=False)
        case 2:
            exprs_left = exprs.scopes[-1].all_columns()
            mine = [col for col in exprs_left if col.source == at]
            pairs = [
                (a, b) for a in exprs_left for b in mine if a.source < at and a.family == b.family
            ]
            if not pairs:
                return None
            on = Call("({0} = {1})", choose.pick(pairs), "bool")
            changed = Source(source.item, source.join, on)
        case _:
            if source.on is None:
                return None
            both = Call("({0} and {1})", (source.on, exprs._comparison()), "bool")
            changed = replace(
                source, on=both, join="left" if source.join == "full" else source.join
            )
    return replace(select, sources=swap(select.sources, at, changed))


def change_source(choose: Chooser, select: Select, exprs: Expressions) -> Select | None:
    """Read another table, another CTE, or the same under a subquery."""
    at = choose.below(len(select.sources))
    source = select.sources[at]
    queries = Queries(exprs.choose, exprs.resolver)
    item = queries.table()
    if choose.chance(40) and not isinstance(source.item, Derived):
        columns = exprs.scopes[-1].sources[at]
        star: tuple[Projection, ...] = (StarOut(None),)
        named = tuple(Output(name, Col(0, name, family)) for name, family in columns)
        wrapped = Select((Source(source.item),), choose.pick((star, named)))
        return replace(
            select, sources=swap(select.sources, at, replace(source, item=Derived(wrapped)))
        )
    return replace(select, sources=swap(select.sources, at, replace(source, item=item)))


def change_grouping(choose: Chooser, select: Select, exprs: Expressions) -> Select | None:
    if not is_grouped(select):
        return replace(select, distinct=not select.distinct)
    match choose.below(4):
        case 0:
            return replace(select, group=choose.pick(("expr", "ordinal", "all", "rollup")))
        case 1:
            key = exprs.column()
            if key is None:
                return None
            return replace(select, outputs=(Output(key.name, key), *select.outputs), group="expr")
        case 2:
            keys = [
                i for i, output in enumerate(select.outputs)
                if isinstance(output, Output) and not has_aggregate(output.expr)
            ]  # fmt: skip
            if not keys:
                return None
            gone = choose.pick(keys)
            return replace(
                select, outputs=tuple(o for i, o in enumerate(select.outputs) if i != gone)
            )
        case _:
            if select.having is not None:
                return replace(select, having=None)
            return replace(select, having=Queries(exprs.choose, exprs.resolver)._having(exprs))


def change_rows(choose: Chooser, select: Select, exprs: Expressions) -> Select | None:
    """DISTINCT, DISTINCT ON, QUALIFY, LIMIT, the final ORDER BY."""
    match choose.below(5):
        case 4 if not is_grouped(select):
            return replace(select, first_of=exprs.column() if select.first_of is None else None)
        case 0:
            return replace(select, distinct=not select.distinct)
        case 1 if not is_grouped(select):
            if select.qualify is not None:
                return replace(select, qualify=None)
            return replace(select, qualify=exprs.window("row_number()"))
        case 2:
            return replace(select, top=None if select.top else choose.count(1, 4))
        case _:
            return replace(select, sorted=not select.sorted)


CHANGES: tuple[tuple[str, Change], ...] = (
    ("change an expression", change_expression),
    ("change an expression", change_expression),
    ("change a reference", change_reference),
    ("change a reference", change_reference),
    ("change WHERE", change_where),
    ("add a column", add_output),
    ("remove a column", remove_output),
    ("rename a column", rename_output),
    ("reorder columns", reorder_outputs),
    ("swap the names of columns", swap_names),
    ("change a join", change_join),
    ("change a join", change_join),
    ("change what is read", change_source),
    ("change the grouping", change_grouping),
    ("change which rows are kept", change_rows),
)


def change_query(choose: Chooser, project: Project) -> Edit | None:
    model = choose.pick(project.models)
    what, change = choose.pick(CHANGES)
    shapes = before(project, model)
    resolver = Resolver(shapes)
    chooser = Chooser(choose.random, model.templates)
    at = choose.below(len(selects_of(model.query)))
    query = change_select(model.query, resolver, at, lambda s, e: change(chooser, s, e), chooser)
    if query is None or query == model.query:
        return None
    found = f"{what} in {model.name}" + (f", part {at}" if at else "")
    return Edit(found, put(project, replace(model, query=query)))


def change_select(
    query: Query,
    resolver: Resolver,
    at: int,
    change: Callable[[Select, Expressions], Select | None],
    choose: Chooser,
) -> Query | None:
    """The query with one of its SELECTs (numbered as in `selects_of`) changed."""
    target = selects_of(query)[at]
    resolver.ctes = []
    for cte in query.ctes:
        resolver.ctes.append(resolver.query(cte.query)[1])
    scope = Scope()
    resolver._sources(target.sources, scope, ())
    changed = change(target, Expressions(choose, (scope,), resolver))
    resolver.ctes = []
    return replaced(query, target, changed) if changed is not None else None


def replaced(query: Query, target: Select, changed: Select) -> Query:
    if query is target:
        return changed
    ctes = tuple(replace(cte, query=replaced(cte.query, target, changed)) for cte in query.ctes)
    if isinstance(query, SetOp):
        left = replaced(query.left, target, changed)
        right = replaced(query.right, target, changed)
        assert isinstance(left, Select)
        assert isinstance(right, Select)
        return replace(query, ctes=ctes, left=left, right=right)
    sources = tuple(
        replace(source, item=Derived(replaced(source.item.query, target, changed)))
        if isinstance(source.item, Derived)
        else source
        for source in query.sources
    )
    return replace(query, ctes=ctes, sources=sources)


def change_set_operation(choose: Chooser, project: Project) -> Edit | None:
    """Another operator, or the two sides exchanged; of a plain query, a union with itself."""
    model = choose.pick(project.models)
    query: Query
    if isinstance(model.query, SetOp):
        if choose.chance(40):
            query = replace(model.query, left=model.query.right, right=model.query.left)
        else:
            query = replace(model.query, op=choose.pick(SET_OPERATIONS))  # type: ignore[arg-type]
    else:
        bare = replace(model.query, ctes=())
        query = SetOp("union all", bare, bare, model.query.ctes)
    return Edit(
        f"change the set operation of {model.name}", put(project, replace(model, query=query))
    )


def into_cte(choose: Chooser, project: Project) -> Edit | None:
    """Move the whole query into a CTE, and select all of it."""
    model = choose.pick(project.models)
    if model.query.ctes:
        return None
    outer = Select((Source(CteRef(0)),), (StarOut(None),), (Cte(model.query),))
    what = f"move the query of {model.name} into a CTE"
    return Edit(what, put(project, replace(model, query=outer)))


# Kinds, files, graph -----------------------------------------------------------------------------


def change_kind(choose: Chooser, project: Project) -> Edit | None:
    model = choose.pick(project.models)
    kinds = [kind for kind in ("table", "view", "ephemeral") if kind != model.kind]
    kind = choose.pick(kinds)
    return Edit(f"{model.name} becomes {kind}", put(project, replace(model, kind=kind)))  # type: ignore[arg-type]


def add_model(choose: Chooser, project: Project) -> Edit | None:
    taken = {model.name for model in project.models}
    name = next(f"m{i}" for i in range(100) if f"m{i}" not in taken)
    at = choose.below(len(project.models) + 1)
    known = replace(project, models=project.models[:at])
    model = draw_model(choose, name, known.shapes())
    models = (*project.models[:at], model, *project.models[at:])
    return Edit(f"add {name}", replace(project, models=models).resolved())


def remove_model(choose: Chooser, project: Project) -> Edit | None:
    if len(project.models) < 2:
        return None
    model = choose.pick(project.models)
    models = tuple(other for other in project.models if other is not model)
    return Edit(f"remove {model.name}", replace(project, models=models).resolved())


def rename_model(choose: Chooser, project: Project) -> Edit | None:
    model = choose.pick(project.models)
    taken = {other.name for other in project.models}
    name = next(f"r{i}" for i in range(100) if f"r{i}" not in taken)
    models = tuple(
        replace(other, name=name)
        if other is model
        else replace(other, query=rename_table(other.query, model.asset, f"main.{name}"))
        for other in project.models
    )
    return Edit(f"rename {model.name} to {name}", replace(project, models=models).resolved())


def rename_table(query: Query, old: str, new: str) -> Query:
    """The query with another name for a table, outside of expressions."""
    for at in range(len(selects_of(query))):
        select = selects_of(query)[at]
        sources = tuple(
            replace(source, item=replace(source.item, asset=new))
            if isinstance(source.item, Table) and source.item.asset == old
            else source
            for source in select.sources
        )
        query = replaced(query, select, replace(select, sources=sources))
    return query


def exchange_models(choose: Chooser, project: Project) -> Edit | None:
    """Two models exchange their names: their readers read the other now."""
    if len(project.models) < 2:
        return None
    at = choose.below(len(project.models) - 1)
    first, second = project.models[at], project.models[at + 1]
    a, b = replace(first, name=second.name), replace(second, name=first.name)
    if any(
        isinstance(source.item, Table) and source.item.asset == first.asset
        for select in selects_of(second.query)
        for source in select.sources
    ):
        return None
    models = (*project.models[:at], a, b, *project.models[at + 2 :])
    what = f"{first.name} and {second.name} exchange names"
    return Edit(what, replace(project, models=models).resolved())


def change_macro(choose: Chooser, project: Project) -> Edit | None:
    return Edit("edit the macro", replace(project, bump=1 + (project.bump + choose.below(3)) % 4))


def change_variable(choose: Chooser, project: Project) -> Edit | None:
    return Edit("change --vars", replace(project, variable=(project.variable + 1) % 4))


# Data --------------------------------------------------------------------------------------------


def change_data(choose: Chooser, project: Project) -> Edit | None:
    """Change, add or remove rows of a seed."""
    seed = choose.pick(project.seeds)
    rows = list(seed.rows)
    at = choose.below(len(rows))
    match choose.below(4):
        case 0 | 1:
            column = choose.below(len(seed.columns))
            cell: str | None = value(choose, seed.columns[column][1])
            if at and column and choose.chance(20):
                cell = None
            rows[at] = swap(rows[at], column, cell)
        case 2 if len(rows) > 1:
            del rows[at]
            if None in rows[0]:
                return None
        case _:
            rows.append(draw_row(choose, seed.columns, False))
    return Edit(f"data of {seed.name}", put_seed(project, replace(seed, rows=tuple(rows))))


def change_seed_columns(choose: Chooser, project: Project) -> Edit | None:
    """Add, remove, rename, move or retype a column of a seed."""
    seed = choose.pick(project.seeds)
    at = 1 + choose.below(len(seed.columns) - 1)
    columns, rows = list(seed.columns), [list(row) for row in seed.rows]
    name, family = columns[at]
    match choose.below(5):
        case 0:
            columns.insert(at, ("extra", "int"))
            for row in rows:
                row.insert(at, value(choose, "int"))
            if name == "extra" or "extra" in dict(seed.columns):
                return None
        case 1 if len(columns) > 2:
            del columns[at]
            for row in rows:
                del row[at]
        case 2:
            fresh = "also" if name != "also" else "again"
            if fresh in dict(columns):
                return None
            columns[at] = (fresh, family)
        case 3 if len(columns) > 2 and at < len(columns) - 1:
            columns[at], columns[at + 1] = columns[at + 1], columns[at]
            for row in rows:
                row[at], row[at + 1] = row[at + 1], row[at]
            if None in rows[0]:
                return None
        case _:
            family = "text" if family != "text" else "int"
            columns[at] = (name, family)
            for row in rows:
                row[at] = value(choose, family)
    changed = Seed(seed.name, tuple(columns), tuple(tuple(row) for row in rows))
    return Edit(f"columns of {seed.name}", put_seed(project, changed))


# All of them -------------------------------------------------------------------------------------

EDITS: tuple[Callable[[Chooser, Project], Edit | None], ...] = (
    change_query, change_query, change_query, change_query, change_query, change_query,
    change_data, change_data,
    restyle,
    change_kind,
    change_set_operation,
    change_seed_columns,
    add_model,
    remove_model,
    rename_model,
    exchange_models,
    change_macro,
    change_variable,
    into_cte,
)  # fmt: skip


def draw_edit(choose: Chooser, project: Project, earlier: Sequence[Project] = ()) -> Edit:
    """An edit that changes something, or a return to an earlier state of the project."""
    if earlier and choose.chance(10):
        return Edit("back to an earlier state", choose.pick(earlier))
    for _ in range(4):
        found = choose.pick(EDITS)(choose, project)
        if found is not None and found.project != project:
            return found
    return Edit("nothing", project)


def put(project: Project, model: Model) -> Project:
    models = tuple(model if other.name == model.name else other for other in project.models)
    return replace(project, models=models).resolved()


def put_seed(project: Project, seed: Seed) -> Project:
    seeds = tuple(seed if other.name == seed.name else other for other in project.seeds)
    return replace(project, seeds=seeds).resolved()


def before(project: Project, model: Model) -> dict[str, Shape]:
    """What the model may read."""
    at = [other.name for other in project.models].index(model.name)
    return replace(project, models=project.models[:at]).shapes()


def swap(items: tuple[Any, ...], at: int, item: object) -> tuple[Any, ...]:
    """The tuple with one item exchanged."""
    return (*items[:at], item, *items[at + 1 :])
