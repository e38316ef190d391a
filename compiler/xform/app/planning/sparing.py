"""Why readers of what changed are left as they are: column by column."""

from __future__ import annotations

from collections.abc import Iterator

from xform.app.compiling.compiled import Compilation
from xform.app.lineage.columns import LineageReader
from xform.app.planning.environment import Planned
from xform.app.planning.planning import components_of
from xform.base.names import AssetName
from xform.plan.explanation import differences
from xform.plan.plan import ActionKind, ReasonKind, Spared
from xform.plan.reasons import column_of

CODE = (ReasonKind.CODE, ReasonKind.DEPENDENCY)


def spared(compilation: Compilation, planned: Planned, engine: str) -> tuple[Spared, ...]:
    """The unchanged readers of models that are built for what they mean."""
    changed = {
        action.asset: _changed(compilation, planned, action.asset, engine)
        for action in planned.plan.actions
        if action.action is ActionKind.BUILD
        and any(reason.kind in CODE for reason in action.reasons)
    }
    return tuple(_readers(compilation, planned, changed))


def _changed(
    compilation: Compilation, planned: Planned, name: AssetName, engine: str
) -> tuple[str, ...]:
    """The columns of a model that are not what was built; added and removed ones among them."""
    published = planned.recorded.published.get(name)
    build = planned.recorded.builds.get(published.physical) if published is not None else None
    if build is None:
        return ()
    before = planned.recorded.components(build)
    now = components_of(compilation, name, engine)
    columns = (column_of(found.component) for found in differences(before, now))
    return tuple(column for column in columns if column is not None)


def _readers(
    compilation: Compilation, planned: Planned, changed: dict[AssetName, tuple[str, ...]]
) -> Iterator[Spared]:
    lineage = LineageReader(compilation)
    for name in planned.plan.unchanged:
        for upstream in compilation.assets[name].depends_on:
            if not changed.get(upstream):
                continue
            read: set[str] = set()
            for column in compilation.body(name).schema.columns or ():
                found = lineage.direct(name, column.name)
                read |= {ref[1] for ref in (*found.value, *found.rows) if ref[0] == upstream}
            yield Spared(name, upstream, tuple(sorted(read)), changed[upstream])
