"""A change built in an environment of its own, and compared with the one it would be merged into.

The environment first shows what the base environment does, so that of a change just that is built
which it means: what it does not reach is the same build on both sides, though new data may have
come meanwhile. What differs is then of the change. What else it may be is told apart: an asset
that the base environment has from another version of the project than the base, or of older data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from xform.app.building.backfilling import refuse_gaps
from xform.app.building.building import Wanted, build
from xform.app.building.testing import run_tests, test_plan
from xform.app.compiling.compiled import Compilation
from xform.app.data.diffing import compare_data
from xform.app.environments.preview import (
    STATUSES,
    NotOfBase,
    Preview,
    PreviewAsset,
    PreviewTest,
    Status,
)
from xform.app.environments.showing import promote
from xform.app.planning.environment import EnvironmentPlanner
from xform.app.planning.project_graph import graph_of
from xform.app.record.leasing import patiently
from xform.app.record.reconciling import refreshed
from xform.app.unit_tests.running import UnitTester
from xform.app.workspace import Workspace
from xform.base.codes import BASE_NOT_CURRENT
from xform.base.diagnostics import Diagnostic, Severity, diagnose
from xform.base.names import AssetName
from xform.checks.table_diff import TableDiff
from xform.ci.checking import Checked
from xform.ci.privacy import private_columns
from xform.ci.side import Side
from xform.plan.plan import ActionKind
from xform.run.events import CheckDone, Event
from xform.run.result import NodeResult, RunResult
from xform.run.snapshots import StateSnapshot

NOTHING_THERE = "'{}' shows nothing yet: everything is built, and there is nothing to compare"
TOO_MUCH = "it takes more than it may"
UNREADABLE = "the project does not compile"

_MOST = 5
_STATUSES = ("error", "fail", "warn")

Told = Callable[[AssetName, int, int], None]


@dataclass(frozen=True)
class Built:
    """What was built, and the run that did it; None where there was nothing to run."""

    preview: Preview
    run: RunResult | None


def too_much(environment: str, base_environment: str) -> Preview:
    """What becomes of a change that takes more than it may: nothing."""
    return Preview(environment, base_environment, problem=TOO_MUCH, built=False)


def build_change(
    found: Checked,
    base_environment: str,
    emit: Callable[[Event], None],
    tell: Told = lambda asset, number, of: None,
    command: str = "",
) -> Built:
    """Build what a change means in the environment of its head's workspace, test it, and compare it
    with `base_environment`. Raises UserError, EngineError, StateError where that cannot even begin.

    `emit` takes the events of the build, `tell` each asset before it is compared; `command` is
    kept in the history of runs.
    """
    return _Building(found, base_environment, emit, tell, command).built()


class _Building:
    def __init__(
        self,
        found: Checked,
        base_environment: str,
        emit: Callable[[Event], None],
        tell: Told,
        command: str,
    ) -> None:
        self.found = found
        self.base_environment = base_environment
        self.emit = emit
        self.tell = tell
        self.command = command
        self.workspace: Workspace = found.head.workspace
        self.compilation: Compilation = found.head.compilation
        self.environment = self.workspace.environment
        self.reached = [
            name
            for name, action in found.running.actions.items()
            if action.action is not ActionKind.DROP
        ]
        """What the change reaches, in topological order."""
        self.stored = {asset.name: None for asset in found.head.planned if asset.stored}.keys()

    def built(self) -> Built:
        before = patiently(self.workspace, lambda: refreshed(self.workspace))
        broken = _broken(self.compilation)
        if broken is None:
            return Built(self._preview(built=False, problem=UNREADABLE), None)
        shown = before.published(self.base_environment)
        others = self._not_of_base() if shown else ()
        if shown:
            selected = frozenset(self._selected(before) - broken)
            kept = {*self.stored, *broken}  # of what does not compile it shows what there is
            promote(self.workspace, self.base_environment, self.environment, only=kept)
        else:
            self.reached = list(self.stored)
            selected = frozenset(self.stored - broken)
        planner = EnvironmentPlanner(self.workspace, self.compilation)
        run, units = self._run(planner, selected)
        if run.status == "cancelled" or run.abandoned:
            return Built(self._preview(assets=self._assets(run, broken)), run)
        assets = self._assets(run, broken)
        through = {item.asset for item in assets if item.status == "success"}
        tests = self._tests(planner, run, units)
        tables, problems = self._compared(through) if shown else ((), [])
        diagnostics = [*run.diagnostics, *tests.diagnostics, *problems]
        if others:
            diagnostics.append(self._said_of(others))
        problem = "" if shown else NOTHING_THERE.format(self.base_environment)
        return Built(
            self._preview(
                assets=assets,
                tests=tests.failed,
                passed=tests.passed,
                tables=tables,
                not_of_base=others,
                problem=problem,
                diagnostics=tuple(diagnostics),
            ),
            run,
        )

    def _preview(self, **what: object) -> Preview:
        expires = self.workspace.settings.keeping.expiry(self.environment)
        return Preview(self.environment, self.base_environment, expires=expires, **what)  # type: ignore[arg-type]

    # What is built -------------------------------------------------------------------------------

    def _selected(self, before: StateSnapshot) -> set[AssetName]:
        """What the change reaches, and of what that reads all that the base environment has from
        another version of the project: it may lack just what is read."""
        shown = before.published(self.base_environment)
        selected = set(self.reached)
        near = set(selected)
        for name in reversed(list(self.compilation.assets)):
            if name not in near:
                continue
            compiled = self.compilation.assets[name]
            near.update((*compiled.depends_on, *compiled.checks_read))
            there = shown.get(name)
            if there is None or there.fingerprint != compiled.fingerprint:
                selected.add(name)
        return selected & self.stored

    def _not_of_base(self) -> tuple[NotOfBase, ...]:
        """What a build of the base would do in the base environment; of what runs each time only
        that which the change reaches."""
        always = self.found.running.always.difference(self.reached)
        base: Side = self.found.base
        workspace = base.workspace.within(self.base_environment)
        planner = EnvironmentPlanner(workspace, base.compilation)
        planned = patiently(workspace, lambda: planner.plan(certain=True))
        return tuple(
            NotOfBase(action.asset, action.reasons[0].detail if action.reasons else "")
            for action in planned.plan.actions
            if action.action is not ActionKind.TEST and action.asset not in always
        )

    def _run(
        self, planner: EnvironmentPlanner, selected: frozenset[AssetName] | None
    ) -> tuple[RunResult, frozenset[tuple[AssetName, str]]]:
        """Build; and which of the tests are unit tests, by model and name."""
        planned = patiently(self.workspace, lambda: planner.plan(selected, certain=True))
        refuse_gaps(planned.plan, self.compilation)
        with UnitTester(self.workspace, self.compilation) as tester:
            units = frozenset(
                (model, test.name) for model, tests in tester.by_model.items() for test in tests
            )
            wanted = Wanted(selected, command=self.command, rehearse=tester.rehearse)
            run = build(self.workspace, planner, planned, wanted, self.emit)
        return run, units

    # What came of it -----------------------------------------------------------------------------

    def _assets(self, run: RunResult, broken: frozenset[AssetName]) -> tuple[PreviewAsset, ...]:
        nodes = {node.asset: node for node in run.nodes}
        withheld = dict(run.withheld)
        after = refreshed(self.workspace)
        shown = after.published(self.environment)
        found = []
        for name in {**dict.fromkeys(self.reached), **dict.fromkeys(nodes)}:
            if name in broken:
                continue  # which is told where it is broken
            status, why = _status(nodes.get(name), withheld.get(name))
            record = after.builds.get(shown[name].physical) if name in shown else None
            rows = record.rows if record is not None else None
            path = self.compilation.declared[name].path
            found.append(PreviewAsset(name, path, status, why, rows))
        found.sort(key=lambda item: STATUSES.index(item.status))
        return tuple(found)

    def _tests(
        self,
        planner: EnvironmentPlanner,
        run: RunResult,
        units: frozenset[tuple[AssetName, str]],
    ) -> _Tests:
        """What the tests found of all that the change reaches. Of builds that were there already
        it is asked, though mostly known, so that it is the same however often it is asked."""
        ran = {node.asset for node in run.nodes}
        bad = {asset for asset, _ in run.withheld}
        shown = refreshed(self.workspace).published(self.environment)
        seen = {*shown, *(asset.name for asset in planner.assets if not asset.stored)}
        again = tuple(
            test
            for test in graph_of(self.compilation, "").tests
            if test.asset in self.reached
            and test.asset not in ran
            and test.asset not in bad
            and seen.issuperset((test.asset, *test.reads))
        )
        checks = list(run.checks)
        diagnostics: list[Diagnostic] = []
        plan = test_plan(planner, again)
        if plan.steps:
            asked = run_tests(self.workspace, plan, lambda event: None, self.command)
            if asked.status == "cancelled":
                raise KeyboardInterrupt
            checks += asked.checks
            diagnostics += asked.diagnostics
        return _Tests(checks, units, diagnostics)

    def _compared(self, through: set[AssetName]) -> tuple[tuple[TableDiff, ...], list[Diagnostic]]:
        """How rows differ of the assets that came through. What did not shows what it did."""
        gone = {
            action.asset
            for action in self.found.running.actions.values()
            if action.action is ActionKind.DROP and action.asset not in self.compilation.assets
        }
        found, problems = compare_data(
            self.workspace,
            self.compilation,
            self.base_environment,
            self.environment,
            {*through.intersection(self.reached), *gone},
            private=private_columns(self.found.base.compilation, self.compilation),
            tell=self.tell,
        )
        return found.tables, problems

    def _said_of(self, others: Sequence[NotOfBase]) -> Diagnostic:
        names = [item.asset for item in others]
        more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
        listed = f"{', '.join(names[:_MOST])}{more}"
        return diagnose(
            BASE_NOT_CURRENT,
            f"'{self.base_environment}' is not what {self.found.change.base} makes: {listed}",
            "<command line>",
            f"where these differ, or what reads them, it need not be the change: build the base in "
            f"'{self.base_environment}', then check again",
        )


class _Tests:
    """Tests that ran: those that did not pass, the worst first, and how many did."""

    def __init__(
        self,
        checks: Iterable[CheckDone],
        units: frozenset[tuple[AssetName, str]],
        diagnostics: Sequence[Diagnostic],
    ) -> None:
        told = {(check.asset, check.check): check for check in checks}
        self.failed = tuple(
            PreviewTest(check.asset, check.check, check.status, check.failures, check.message)
            for _, check in sorted(told.items(), key=lambda item: (_gravity(item[1]), item[0]))
            if check.status != "pass"
        )
        # Unit tests that pass as they did are not run again: how many do is not told.
        self.passed = sum(check.status == "pass" for key, check in told.items() if key not in units)
        self.diagnostics = tuple(diagnostics)


def _gravity(check: CheckDone) -> int:
    return _STATUSES.index(check.status) if check.status in _STATUSES else len(_STATUSES)


def _status(node: NodeResult | None, withheld: str | None) -> tuple[Status, str]:
    if node is not None and node.status == "error":
        return "error", node.message
    if node is not None and node.status == "fail":
        return "fail", node.message
    if node is not None and node.status in ("skipped", "cancelled"):
        return "skipped", node.reason
    if withheld is not None:
        return "skipped", withheld
    return "success", ""


def _broken(compilation: Compilation) -> frozenset[AssetName] | None:
    """The assets that cannot be built, since they or what they read have errors; None where no
    asset can be blamed for an error."""
    blamed = {d.asset for d in compilation.diagnostics if d.severity is Severity.ERROR}
    if None in blamed:
        return None
    found = {asset for asset in blamed if asset is not None}
    for name, compiled in compilation.assets.items():
        if not found.isdisjoint((*compiled.depends_on, *compiled.checks_read)):
            found.add(name)
    return frozenset(found)
