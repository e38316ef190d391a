"""Planning an environment: the compiled project against the state and the current data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from xform.app.compiled import Compilation
from xform.app.planning import planned_assets
from xform.app.workspace import Workspace
from xform.base.diagnostics import Diagnostic
from xform.base.names import AssetName, schema_of, table_of
from xform.plan.freshness import PlannedAsset, Recorded
from xform.plan.plan import ActionKind, Plan
from xform.plan.planner import Wish, make_plan
from xform.project.assets import Kind
from xform.run.ports import EngineBusy, StateSnapshot


@dataclass(frozen=True)
class Planned:
    """A plan and what it was made from. `notices` say where it had to do with less."""

    plan: Plan
    assets: tuple[PlannedAsset, ...]
    recorded: Recorded
    versions: Mapping[str, str]
    snapshot: StateSnapshot
    notices: tuple[Diagnostic, ...] = ()


class EnvironmentPlanner:
    """Plans one environment, as often as needed."""

    def __init__(self, workspace: Workspace, compilation: Compilation) -> None:
        self.workspace = workspace
        self.compilation = compilation
        self.assets = planned_assets(
            compilation, workspace.environment, workspace.target.type, workspace.relation_sql
        )

    def plan(
        self,
        selected: frozenset[AssetName] | None = None,
        *,
        full_refresh: bool = False,
        offline: bool = False,
        held: bool = False,
        components: bool = False,
    ) -> Planned:
        """Plan, after the record has been brought up to date with the warehouse.

        `offline` takes the record as it is and leaves out what only the warehouse knows; `held`
        says that the engine is open and the record was just brought up to date; `components`
        asks for the parts of all fingerprints in the snapshot.
        """
        if not offline and not held:
            self.refresh()
        environment = self.workspace.environment
        versions = self.versions(offline=offline)
        wish = Wish(environment, selected, full_refresh)
        snapshot = self.workspace.state.snapshot(environment, components=components)
        recorded = _recorded(snapshot, environment)
        plan = make_plan(self.assets, recorded, versions, wish)
        if not components and any(a.action is ActionKind.BUILD for a in plan.actions):
            # Only now the parts of fingerprints are worth loading: they give the reasons.
            snapshot = self.workspace.state.snapshot(environment, components=True)
            recorded = _recorded(snapshot, environment)
            plan = make_plan(self.assets, recorded, versions, wish)
        return Planned(
            plan, self.assets, recorded, versions, snapshot, self.workspace.state.notices
        )

    def refresh(self) -> None:
        """Copy the warehouse's ledger into the state, if the warehouse may have changed since."""
        engine, state = self.workspace.engine, self.workspace.state
        identity = engine.identity()
        if identity == state.snapshot(self.workspace.environment, components=False).identity:
            return
        try:
            engine.open(read_only=True)
        except EngineBusy:
            return  # a build is running there; it will bring the state up to date
        try:
            ledger = engine.ledger()
        finally:
            engine.close()
        state.sync(ledger, engine.identity())

    def versions(self, *, offline: bool = False) -> dict[str, str]:
        """The current data version of every leaf."""
        entries = self.workspace.files.entries
        found: dict[str, str] = {}
        tables: dict[str, tuple[str, str]] = {}
        leaves = {leaf for asset in self.assets for leaf in asset.leaves}
        for asset in self.assets:
            if asset.files is not None:
                entry = entries.get(asset.files)
                found[asset.name] = entry.digest if entry is not None else "missing"
            elif asset.kind is Kind.EXTERNAL and asset.name in leaves:
                declared = self.compilation.declared[asset.name]
                default = (schema_of(asset.name), table_of(asset.name))
                tables[asset.name] = declared.relation or default
        if tables and not offline:
            found.update(self.workspace.engine.versions(tables))
        if "clock:day" in leaves:
            found["clock:day"] = self.workspace.host.now()[:10]
        return found


def _recorded(snapshot: StateSnapshot, environment: str) -> Recorded:
    return Recorded(snapshot.builds, snapshot.published(environment), snapshot.statuses)
