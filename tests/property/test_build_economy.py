"""Economy: an edit builds what it changes, and nothing that does not depend on the change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from random import Random

from fuzz_draw import Chooser, Expressions, choices
from fuzz_edits import Edit, before, put, references, restyle, swap
from fuzz_history import History, examples, places, told
from fuzz_project import Model, Project, draw_project
from fuzz_queries import ALIAS, Call, Expr, Family, Output, Select, has_star, selects_of
from fuzz_resolve import Resolver, Scope, has_aggregate, is_grouped
from fuzz_warehouse import built
from hypothesis import assume, given

from xform.app.compiling.compiled import Compilation
from xform.app.lineage.columns import LineageReader
from xform.base.names import AssetName, ColumnRef
from xform.plan.plan import Plan


@given(choices)
@examples(20)
def test_layout_names_and_descriptions_plan_nothing(random: Random) -> None:
    choose = Chooser(random)
    project = draw_project(choose, 2, 5)
    # A function behind DISTINCT ON (…) makes the text of its model count, aliases included.
    selects = [select for model in project.models for select in selects_of(model.query)]
    assume(all(select.first_of is None for select in selects))
    history = History(project)
    with told(history), places() as (work, _):
        work.write(project)
        work.build()
        for _ in range(3):
            edit = restyle(choose, project)
            assert edit is not None
            history.edit(edit)
            project = edit.project
            work.write(project)
            plan = work.plan()
            assert plan.actions == (), reasons(plan)


@given(choices)
@examples(18)
def test_a_new_column_builds_its_model_and_readers_through_stars(random: Random) -> None:
    choose = Chooser(random)
    project = draw_project(choose, 3, 6)
    model = choose.pick([model for model in project.models if keeps_rows(model)] or [None])
    assume(model is not None)
    assert model is not None
    query = model.query
    assert isinstance(query, Select)
    exprs = expressions(choose, project, model)
    new: Expr = exprs.aggregate() if is_grouped(query) else exprs.value("int")
    changed = replace(query, outputs=(*query.outputs, Output("unread", new)))
    edited = put(project, replace(model, query=changed))
    history = History(project)
    with told(history), places() as (work, _):
        work.write(project)
        work.build()
        history.edit(Edit(f"a column that nobody reads in {model.name}", edited))
        work.write(edited)
        plan = work.plan()
        ran = built(plan)
        # A reader that orders by all that it has in scope is written anew itself.
        texts = dict(project.statements())
        rewritten = {asset for asset, sql in edited.statements() if texts[asset] != sql}
        touched = (rewritten - {model.asset}) | through_stars(edited, model)
        allowed = {model.asset} | below(edited, touched)
        assert ran <= allowed, f"only {sorted(allowed)} may be built, not\n{reasons(plan)}"
        if model.kind != "ephemeral":
            assert model.asset in ran, f"{model.asset} has a new column and is not built"


CHANGED: dict[Family, str] = {
    "int": "({0} + 11)",
    "text": "({0} || '!')",
    "bool": "(not {0})",
    "date": "({0} + 40)",
}


@given(choices)
@examples(18)
def test_a_changed_expression_builds_only_readers_of_the_column(random: Random) -> None:
    choose = Chooser(random)
    project = draw_project(choose, 3, 6)
    model = choose.pick([model for model in project.models if keeps_rows(model)] or [None])
    assume(model is not None)
    assert model is not None
    query = model.query
    assert isinstance(query, Select)
    named = {col.name for col in references(query) if col.source == ALIAS}
    candidates = [
        (i, output)
        for i, output in enumerate(query.outputs)
        if isinstance(output, Output)
        and output.name not in named
        and (not is_grouped(query) or has_aggregate(output.expr))
    ]
    assume(candidates)
    at, output = choose.pick(candidates)
    wrapped = Call(CHANGED[output.expr.family], (output.expr,), output.expr.family)
    changed = replace(query, outputs=swap(query.outputs, at, Output(output.name, wrapped)))
    edited = put(project, replace(model, query=changed))
    history = History(project)
    with told(history), places() as (work, _):
        work.write(project)
        work.build()
        history.edit(Edit(f"{output.name} of {model.name} changes", edited))
        work.write(edited)
        plan = work.plan()
        ran = built(plan)
        touched = readers(work.compile(), (AssetName(model.asset), output.name))
        allowed = {model.asset} | touched | in_order(edited, {model.asset} | touched)
        assert ran <= allowed, f"only {sorted(allowed)} may be built, not\n{reasons(plan)}"
        if model.kind != "ephemeral":
            assert model.asset in ran, f"{model.asset} has changed and is not built"


def reasons(plan: Plan) -> str:
    return "\n".join(
        f"{action.asset}: {action.action}, {reason.kind}: {reason.detail}"
        for action in plan.actions
        for reason in action.reasons
    )


def keeps_rows(model: Model) -> bool:
    """Whether a change of its outputs leaves the rows of a model as they are."""
    query = model.query
    return isinstance(query, Select) and not (
        query.distinct or query.sorted or query.top or query.first_of
    )


def expressions(choose: Chooser, project: Project, model: Model) -> Expressions:
    """Expressions over the sources of a model."""
    query = model.query
    assert isinstance(query, Select)
    resolver = Resolver(before(project, model))
    resolver.ctes = []
    for cte in query.ctes:
        resolver.ctes.append(resolver.query(cte.query)[1])
    scope = Scope()
    resolver._sources(query.sources, scope, ())
    return Expressions(Chooser(choose.random, model.templates), (scope,), resolver)


def reads(project: Project) -> dict[str, set[str]]:
    """asset → the models that name it."""
    found: dict[str, set[str]] = {}
    sql = dict(project.statements())
    for model in project.models:
        words = sql[model.asset].replace("(", " ").replace(")", " ").split()
        for other in project.models:
            if {other.name, other.asset} & set(words) and other is not model:
                found.setdefault(other.asset, set()).add(model.asset)
    return found


def through_stars(project: Project, model: Model) -> set[str]:
    """The readers of a model whose text leaves their columns to what they read."""
    direct = reads(project).get(model.asset, set())
    return {
        other.asset for other in project.models if other.asset in direct and has_star(other.query)
    }


def below(project: Project, assets: Iterable[str]) -> set[str]:
    found, pending, edges = set[str](), list(assets), reads(project)
    while pending:
        asset = pending.pop()
        if asset not in found:
            found.add(asset)
            pending.extend(edges.get(asset, ()))
    return found


def readers(compilation: Compilation, column: ColumnRef) -> set[str]:
    """The assets whose rows or columns depend on a column, by lineage. Where the rows of an asset
    do, all that read it do."""
    lineage = LineageReader(compilation)
    touched = {folded(column)}
    whole: set[AssetName] = set()
    for name, compiled in compilation.assets.items():
        if name == column[0]:
            continue
        shown = compilation.body(name).schema.columns or ()
        found = [lineage.direct(name, item.name) for item in shown]
        if whole & set(compiled.depends_on) or any(
            touched & set(map(folded, one.rows)) for one in found
        ):
            whole.add(name)
        touched |= {
            folded(one.column)
            for one in found
            if name in whole or touched & set(map(folded, one.value))
        }
    return {str(name) for name, _ in touched} - {str(column[0])}


def in_order(project: Project, touched: set[str]) -> set[str]:
    """Models over touched assets that keep the order of a query within, and what reads them. The
    order may be by a column that goes no further: no lineage has it, and yet rows are stored so."""
    edges = reads(project)
    over = {reader for asset in touched for reader in edges.get(asset, ())}
    keepers = [
        model.asset
        for model in project.models
        if model.asset in over
        and any(one.sorted for one in selects_of(model.query) if one is not model.query)
    ]
    return below(project, keepers)


def folded(column: ColumnRef) -> ColumnRef:
    return column[0], column[1].lower()
