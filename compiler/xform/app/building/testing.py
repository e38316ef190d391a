"""`test`: the data tests of builds that stand, without building anything."""

from __future__ import annotations

from collections.abc import Callable

from xform.app.building.judging import judged
from xform.app.planning.environment import EnvironmentPlanner
from xform.app.record.reconciling import refreshed
from xform.app.workspace import UserError, Workspace
from xform.base.codes import NOT_BUILT
from xform.base.diagnostics import diagnose
from xform.base.hashing import Digest
from xform.base.names import AssetName
from xform.graph.nodes import TestNode
from xform.plan.freshness import PlannedAsset
from xform.plan.names import sql_name
from xform.plan.plan import AuditStep, Plan
from xform.run.events import Event
from xform.run.executor import execute
from xform.run.history import TEST, Asked
from xform.run.records import Publication
from xform.run.result import RunResult


def test_plan(planner: EnvironmentPlanner, tests: tuple[TestNode, ...]) -> Plan:
    """A plan that runs these tests on what is published. Raises UserError for what is not."""
    workspace = planner.workspace
    environment = workspace.environment
    snapshot = refreshed(workspace)
    published = snapshot.published(environment)
    names = {
        asset.name: sql_name(found.physical)
        if (found := published.get(asset.name)) is not None
        else asset.relation or ""
        for asset in planner.assets
    }
    wanted: dict[AssetName, set[str]] = {}
    for test in tests:
        wanted.setdefault(test.asset, set()).add(test.name)
    passed = {name: record.audits_digest for name, record in snapshot.builds.items()}
    steps = [
        _step(planner, asset, wanted[asset.name], names, published, passed)
        for asset in planner.assets
        if asset.name in wanted
    ]
    return Plan(environment, (), (), tuple(step for step in steps if step.audits))


def _step(
    planner: EnvironmentPlanner,
    asset: PlannedAsset,
    wanted: set[str],
    names: dict[AssetName, str],
    published: dict[AssetName, Publication],
    passed: dict[str, Digest],
) -> AuditStep:
    """`passed` is what each build has passed according to the record: that stays as it is."""
    missing = [read for read in (asset.name, *asset.checks_read) if not names.get(read)]
    if missing:
        raise UserError(
            [
                diagnose(
                    NOT_BUILT,
                    f"'{read}' is not built in '{planner.workspace.environment}'",
                    planner.compilation.declared[read].path,
                    f"build it: xform build --select +{read}",
                )
                for read in missing
            ]
        )
    chosen = tuple(audit for audit in asset.audits(names) if audit.name in wanted)
    physical = published[asset.name].physical if asset.name in published else ""
    digest = passed.get(physical, Digest(""))
    return AuditStep(asset.name, physical, chosen, digest, conduct=asset.conduct)


def run_tests(
    workspace: Workspace,
    plan: Plan,
    emit: Callable[[Event], None],
    command: str = "",
    *,
    force: bool = False,
    keeping: bool = False,
) -> RunResult:
    """`command` is the command line that asks for it; `force`: also what is known is asked;
    `keeping`: rows that fail are kept."""
    return execute(
        plan,
        workspace.engine,
        workspace.state,
        workspace.host,
        threads=workspace.threads,
        emit=emit,
        judge=judged,
        force=force,
        keeping=keeping,
        asked=Asked(TEST, command),
        secrets=workspace.known_secrets,
    )
