"""Planning an environment: the compiled project against the state and the current data."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace

import msgspec

from xform.app.compiling.compiled import Compilation
from xform.app.compiling.hooks import NONE, hooks_to_run
from xform.app.planning.planning import planned_assets, planned_names, published_schema
from xform.app.record.reconciling import as_in, refreshed
from xform.app.remembering.standing import Basis
from xform.app.workspace import Workspace
from xform.base.codes import SOURCES_UNSEEN
from xform.base.diagnostics import Diagnostic, diagnose
from xform.base.names import AssetName, schema_of, table_of
from xform.fingerprint.component import Component
from xform.plan.deciding import Wish
from xform.plan.freshness import Build, PlannedAsset, Recorded
from xform.plan.intervals import Grain, Ranges, over_at
from xform.plan.plan import Plan
from xform.plan.planner import make_plan
from xform.project.assets import Kind
from xform.project.versioning import USUAL
from xform.run.failures import EngineBusy
from xform.run.records import Ledger
from xform.run.snapshots import StateSnapshot
from xform.sql.dialects import quote


@dataclass(frozen=True)
class Planned:
    """A plan and what it was made from. `notices` say where it had to do with less."""

    plan: Plan
    assets: tuple[PlannedAsset, ...]
    recorded: Recorded
    versions: Mapping[str, str]
    snapshot: StateSnapshot
    notices: tuple[Diagnostic, ...] = ()
    paths: Mapping[AssetName, str] = field(default_factory=dict)
    """The files of the assets."""
    basis: Basis | None = None
    """What a plan of the whole environment was made from, where that can be compared."""


class EnvironmentPlanner:
    """Plans one environment, as often as needed."""

    def __init__(
        self,
        workspace: Workspace,
        compilation: Compilation,
        part: Set[AssetName] | None = None,
    ) -> None:
        """`part`: the assets to be looked at, where these are not all."""
        self.workspace = workspace
        self.restate: dict[AssetName, Ranges] = {}
        """Intervals to be computed again, and whether their readers' are, too."""
        self.downstream = False
        self.compilation = compilation
        self.assets = planned_assets(
            compilation,
            workspace.environment,
            workspace.inputs.engine,
            workspace.relation_sql,
            part,
        )

    def plan(
        self,
        selected: frozenset[AssetName] | None = None,
        *,
        full_refresh: bool = False,
        upstream: bool = False,
        offline: bool = False,
        held: Ledger | None = None,
        components: bool = False,
        certain: bool = False,
    ) -> Planned:
        """Plan, after the record has been brought up to date with the warehouse.

        `offline` takes the record as it is, and tables of the warehouse to hold what they held
        when they were last read; so does, with a notice, a plan while another process writes the
        warehouse, unless it must be `certain`: then EngineBusy is raised. `held` is what the
        warehouse has, where that is open for writing and the record was just brought up to date;
        `components` asks for the parts of all fingerprints in the snapshot.
        """
        environment = self.workspace.environment
        versions, tables = self.versions()
        unseen = tables if offline else self._look(tables, versions, certain=certain)
        now = self.workspace.host.now()
        wish = Wish(
            environment,
            selected,
            full_refresh,
            upstream,
            now=now,
            restate=self.restate,
            downstream=self.downstream,
        )
        if offline or held is not None:
            snapshot = self.workspace.state.snapshot(environment, components=components)
            snapshot = snapshot if held is None else as_in(held, snapshot)
        else:
            snapshot = refreshed(self.workspace, components=components)
        versions.update(_last_seen(snapshot, unseen))
        recorded = self._recorded(snapshot, complete=components)
        plan = self.with_hooks(make_plan(self.assets, recorded, versions, wish))
        notices = list(self.workspace.state.notices)
        if unseen and not offline:
            notices.append(_unseen_notice(tuple(unseen)))
        paths = {name: asset.path for name, asset in self.compilation.declared.items()}
        found = Planned(plan, self.assets, recorded, versions, snapshot, tuple(notices), paths)
        whole = selected is None and not full_refresh and not offline
        if whole and not tables and not notices:
            day = versions.get("clock:day", "")
            basis = Basis(environment, snapshot.revision, snapshot.identity, day, self._until(now))
            return replace(found, basis=basis)
        return found

    def with_hooks(self, plan: Plan) -> Plan:
        """The plan with what runs at both ends of it, where it does anything."""
        hooks = self.compilation.slim.hooks
        if not plan.steps or hooks == NONE:
            return plan
        names = {
            name: f"{quote(published_schema(name, plan.environment))}.{quote(table_of(name))}"
            for name in planned_names(self.compilation)
        }
        ready = hooks_to_run(hooks, names)
        return msgspec.structs.replace(plan, on_start=ready.before, on_end=ready.after)

    def _recorded(self, snapshot: StateSnapshot, *, complete: bool) -> Recorded:
        """The record as the planner takes it. Without `complete`, the parts of fingerprints are
        loaded build by build, as reasons ask for them."""
        environment = self.workspace.environment
        state = self.workspace.state

        def components(build: Build) -> tuple[Component, ...]:
            return build.components if complete else state.components(build.physical)

        return Recorded(
            snapshot.builds,
            snapshot.published(environment),
            snapshot.statuses,
            components,
            frozenset(
                item.physical for item in snapshot.publications if item.environment != environment
            ),
        )

    def _until(self, now: str) -> str:
        """When tables that grow by time have something to do again."""
        times = [asset.time for asset in self.assets if asset.time is not None]
        ends = [over_at(now, Grain(time.grain), time.zone) for time in times]
        return min(ends, default="")

    def versions(self) -> tuple[dict[str, str], dict[AssetName, tuple[str, str]]]:
        """The current data version of every leaf but the tables of the warehouse; those tables
        by leaf, as (schema, name)."""
        entries = self.workspace.files.entries
        found: dict[str, str] = {}
        tables: dict[AssetName, tuple[str, str]] = {}
        leaves = {leaf for asset in self.assets for leaf in (*asset.leaves, *asset.checks_read)}
        for asset in self.assets:
            external = asset.kind is Kind.EXTERNAL
            policy = self.compilation.declared[asset.name].versioning if external else USUAL
            if policy.policy == "always":
                found[asset.name] = f"always:{self.workspace.host.now()}"
            elif policy.policy == "never":
                found[asset.name] = "never"
            elif asset.files is not None:
                entry = entries.get(asset.files)
                found[asset.name] = entry.digest if entry is not None else "missing"
            elif external and asset.name in leaves:
                declared = self.compilation.declared[asset.name]
                default = (schema_of(asset.name), table_of(asset.name))
                tables[asset.name] = declared.relation or default
        if "clock:day" in leaves:
            found["clock:day"] = self.workspace.host.now()[:10]
        return found, tables

    def _look(
        self,
        tables: Mapping[AssetName, tuple[str, str]],
        versions: dict[str, str],
        *,
        certain: bool,
    ) -> Collection[AssetName]:
        """Add the data versions of tables; the tables that could not be looked at."""
        if not tables:
            return ()
        try:
            declared = self.compilation.declared
            versions.update(
                self.workspace.engine.versions(
                    {str(name): at for name, at in tables.items()},
                    {str(name): declared[name].versioning for name in tables},
                )
            )
        except EngineBusy:
            if certain:
                raise
            return tables.keys()
        return ()


def _last_seen(snapshot: StateSnapshot, leaves: Collection[AssetName]) -> dict[str, str]:
    """The versions that the newest builds found."""
    if not leaves:
        return {}
    builds = sorted(snapshot.builds.values(), key=lambda build: build.built_at)
    return {
        leaf: build.versions[leaf] for build in builds for leaf in leaves if leaf in build.versions
    }


def _unseen_notice(tables: Sequence[AssetName]) -> Diagnostic:
    more = f" and {len(tables) - 1} more" if len(tables) > 1 else ""
    return diagnose(
        SOURCES_UNSEEN,
        f"the warehouse is in use: '{tables[0]}'{more} could not be looked at for new data",
        "profiles.yml",
        "look again when the other process is done; until then this goes by what was read last",
    )
