"""`why`: what was built against what would be built, part by part."""

from __future__ import annotations

from xform.app.compiling.compiled import Compilation
from xform.app.planning.environment import Planned
from xform.app.planning.planning import components_of
from xform.base.hashing import Digest
from xform.base.names import AssetName
from xform.plan.comparing import rests_on
from xform.plan.explanation import BuildFacts, Explanation, differences, versions
from xform.plan.freshness import as_it_stands, growth_leaf
from xform.plan.intervals import Grain, listed
from xform.plan.plan import COMPUTING
from xform.run.records import BuildRecord


def explain_asset(
    compilation: Compilation, planned: Planned, name: AssetName, engine: str
) -> Explanation:
    """Why an asset is fresh or stale. The plan must hold the components of builds."""
    compiled = compilation.assets[name]
    declared = compilation.declared[name]
    action = next((a for a in planned.plan.actions if a.asset == name), None)
    stale = action is not None and action.action in COMPUTING
    record, published = _compared(planned, name)
    fingerprint = compiled.fingerprint or Digest("")
    recorded = as_it_stands(record, fingerprint).versions if record is not None else {}
    time = declared.time_range
    current = components_of(compilation, name, engine)
    known = {leaf: planned.versions[leaf] for leaf in compiled.leaves if leaf in planned.versions}
    return Explanation(
        name,
        planned.plan.environment,
        str(compiled.kind),
        declared.path,
        not stale,
        compiled.fingerprint or Digest(""),
        action.reasons if action is not None else (),
        differences(record.components, current) if stale and record is not None else (),
        versions({leaf: at for leaf, at in recorded.items() if leaf != growth_leaf(name)}, known),
        BuildFacts(
            record.physical,
            record.fingerprint,
            record.built_at,
            record.seconds,
            record.rows,
            record.run_id,
            published,
            len(record.codes),
            listed(record.ranges, Grain(time.grain)) if time is not None else "",
        )
        if record is not None
        else None,
        rests_on(name, planned.assets, planned.plan.compared) if not stale else (),
    )


def _compared(planned: Planned, name: AssetName) -> tuple[BuildRecord | None, bool]:
    """The build to compare with (the published one, else the newest), whether it is published."""
    published = planned.recorded.published.get(name)
    if published is not None and published.physical in planned.snapshot.builds:
        return planned.snapshot.builds[published.physical], True
    own = planned.snapshot.builds_of(name)
    return (own[0], False) if own else (None, False)
