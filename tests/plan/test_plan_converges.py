"""Random projects, edits, selections, failures and kills: plans lead to what a clean build gives.

After every full build that succeeds, each published name shows exactly what a build from nothing
would show, and there is nothing left to do. What is fresh is not built on the way.
"""

from __future__ import annotations

import dataclasses

from hypothesis import given
from hypothesis import strategies as st
from plan_world import STORED, Def, World, actions, external, model, seed

from xform.base.names import AssetName
from xform.plan.freshness import BEHIND
from xform.plan.plan import ActionKind
from xform.project.assets import Kind
from xform.run.versions import MIXED, UNKNOWN

NAMES = [AssetName(f"m.x{number}") for number in range(6)]
KINDS = st.sampled_from([Kind.TABLE, Kind.TABLE, Kind.VIEW])
CODES = st.integers(0, 2)
ENVIRONMENTS = st.sampled_from(["prod", "prod", "dev"])


@st.composite
def models(draw: st.DrawFn, name: AssetName, before: list[AssetName]) -> Def:
    reads = draw(st.lists(st.sampled_from(before), min_size=1, max_size=2, unique=True))
    columns = {
        column: (draw(CODES), tuple((read, draw(st.sampled_from("ab"))) for read in reads))
        for column in "ab"
    }
    compared = draw(st.lists(st.sampled_from(before), max_size=1)) if draw(st.booleans()) else []
    return model(
        name,
        *reads,
        kind=draw(KINDS),
        columns=columns,
        rows=draw(CODES),
        clocks=draw(st.sampled_from([(), (), (), ("clock:day",)])),
        tests=1 if compared else draw(st.integers(0, 2)),
        compares=tuple(compared),
    )


@st.composite
def worlds(draw: st.DrawFn) -> World:
    sources = [seed("raw.s"), external("raw.e", file=draw(st.booleans()))]
    names = [source.name for source in sources]
    defs: list[Def] = list(sources)
    for name in NAMES[: draw(st.integers(2, len(NAMES)))]:
        defs.append(draw(models(name, list(names))))
        names.append(name)
    return World(*defs)


def edit(data: st.DataObject, world: World) -> None:
    """One change of the project or of its data."""
    names = list(world.defs)
    changed = data.draw(st.sampled_from(names), label="changed")
    asset = world.defs[changed]
    match data.draw(
        st.sampled_from(["rewrite", "column", "rows", "kind", "tests", "data", "day", "drop"])
    ):
        case "data":
            leaf = data.draw(st.sampled_from(sorted(world.data)))
            world.data[leaf] = data.draw(st.integers(1, 3))
        case "day":
            world.day += 1
        case "drop":
            shown = sorted(
                name
                for name, item in world.published.get("prod", {}).items()
                if item.physical in world.records
                and world.records[item.physical].relation == "table"
            )
            if shown:
                world.drop_from_warehouse(data.draw(st.sampled_from(shown)))
        case _ if asset.is_source:
            pass
        case "rewrite":
            before = names[: names.index(changed)]
            world.put(data.draw(models(changed, before)))
        case "column":
            column = data.draw(st.sampled_from("ab"))
            columns = {**asset.columns, column: (data.draw(CODES), asset.columns[column][1])}
            world.put(dataclasses.replace(asset, columns=columns))
        case "rows":
            world.put(dataclasses.replace(asset, rows=data.draw(CODES)))
        case "kind":
            world.put(dataclasses.replace(asset, kind=data.draw(KINDS)))
        case "tests":
            world.put(dataclasses.replace(asset, tests=data.draw(st.integers(1, 2))))


def disturbed_run(data: st.DataObject, world: World, env: str) -> None:
    """Plan something and carry it out; anything may go wrong."""
    names = sorted(name for name, asset in world.defs.items() if asset.kind in STORED)
    some = st.lists(st.sampled_from(names), max_size=2)
    selected = data.draw(some, label="selected")
    failing = frozenset(data.draw(some, label="fail"))
    failing_tests = frozenset(data.draw(some, label="failing tests"))
    stop = data.draw(st.none() | st.integers(1, 4), label="killed after")
    full = data.draw(st.sampled_from([False, False, False, True]))
    plan = world.plan(*selected, env=env, full_refresh=full)
    if selected or not full:
        nothing_fresh_is_built(world, env, *selected, forced=full)
    went_well = world.run(
        plan,
        fail=failing,
        failing_tests=failing_tests,
        stop_after=stop,
        atomic=data.draw(st.booleans()),
    )
    if went_well and selected and not full:
        assert actions(world.plan(*selected, env=env)) == {}, "the same again does nothing"


def nothing_fresh_is_built(world: World, env: str, *selected: str, forced: bool) -> None:
    """No build of what shows already just what a clean build would, and is known to."""
    if forced:
        return
    clean, shown = world.clean(), world.shown_where_it_stands(env)
    meant = {asset.name: asset.fingerprint for asset in world.assets(env)}
    for action in world.plan(*selected, env=env).actions:
        if action.action is not ActionKind.BUILD or action.asset not in shown:
            continue
        record = world.records[world.published[env][action.asset].physical]
        doubtful = any(
            leaf.startswith(BEHIND) or version.startswith((MIXED, UNKNOWN))
            for leaf, version in record.versions.items()
        )
        stale = (
            record.fingerprint != meant[action.asset] or shown[action.asset] != clean[action.asset]
        )
        assert stale or doubtful, f"{action.asset} is fresh"


@given(worlds(), st.data())
def test_plans_lead_to_what_a_clean_build_gives(world: World, data: st.DataObject) -> None:
    for _ in range(data.draw(st.integers(1, 4), label="rounds")):
        env = data.draw(ENVIRONMENTS)
        for _ in range(data.draw(st.integers(0, 3), label="disturbances")):
            edit(data, world)
            disturbed_run(data, world, env)
        nothing_fresh_is_built(world, env, forced=False)
        plan = world.plan(env=env)
        assert world.run(plan)
        assert world.shown(env) == world.clean()
        assert actions(world.plan(env=env)) == {}
        assert all(
            world.records[item.physical].audits_digest or not world.defs[name].tests
            for name, item in world.published[env].items()
        )
