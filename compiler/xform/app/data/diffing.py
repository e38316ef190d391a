"""`diff`: what one environment shows of assets against what another shows, row by row."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TypeVar

from xform.app.compiling.compiled import Compilation
from xform.app.data.table_diffing import DiffOptions, Subject, TableComparer
from xform.app.environments.showing import environment_names, published_by
from xform.app.lineage.columns import find_asset
from xform.app.record.leasing import patiently
from xform.app.record.reconciling import refresh
from xform.app.workspace import UserError, Workspace
from xform.base.codes import NO_ENVIRONMENT, NOT_BUILT, NOT_COMPARABLE, ROWS_UNREAD
from xform.base.diagnostics import Diagnostic, diagnose
from xform.base.names import AssetName, did_you_mean
from xform.checks.queries import hidden_in
from xform.checks.row_keys import keys_of
from xform.checks.table_diff import DataDiff, TableDiff
from xform.plan.names import sql_name
from xform.project.assets import Asset, Kind
from xform.run.failures import EngineError
from xform.run.ports import Session
from xform.run.records import Publication
from xform.run.workers import submit

_UNSHOWN = (Kind.EXTERNAL, Kind.EPHEMERAL, Kind.EXPOSURE)
_GLANCE = 0.1
"""Seconds between two looks at whether to stop."""
_PASSES = ("interrupted", "memory", "io", "busy")
"""Kinds of errors that are not the asset's."""

USUAL = DiffOptions()

Value = TypeVar("Value")
Told = Callable[[AssetName, int, int], None]


def compare_data(
    workspace: Workspace,
    compilation: Compilation,
    left: str,
    right: str,
    assets: Collection[AssetName] | None,
    options: DiffOptions = USUAL,
    *,
    required: Collection[AssetName] = (),
    private: Mapping[AssetName, Collection[str]] | None = None,
    tell: Told = lambda asset, number, of: None,
) -> tuple[DataDiff, list[Diagnostic]]:
    """What two environments show of these assets, or (None) of all that either shows; and why some
    could not be compared.

    Builds that both show are not looked into; without others the warehouse is not opened. What
    neither shows is left out, but for `required` assets, of which that is an error. `private` are
    columns never to be shown, besides those that the project tags `pii`. `tell` is called before
    each asset that is compared, with its number and how many there are. Raises UserError also where
    an environment shows nothing; EngineBusy, EngineError, KeyboardInterrupt.
    """
    reader = _Shown(workspace, (left, right), assets, required)
    tables = reader.tables()
    if not reader.differing():
        return DataDiff(left, right, _sorted(tables)), []
    engine = workspace.engine
    patiently(workspace, lambda: engine.open(read_only=True))
    try:
        # While it is open nobody writes: what it shows now is what is compared.
        refresh(workspace)
        tables = reader.tables()
        subjects = [
            _subject(workspace, compilation, asset, pair, (private or {}).get(asset, ()))
            for asset, pair in reader.differing().items()
        ]
        with engine.session() as session:
            comparer = TableComparer(engine, session, options)

            def work() -> list[TableDiff]:
                found = []
                for number, subject in enumerate(subjects, 1):
                    tell(subject.asset, number, len(subjects))
                    found.append(_compared(comparer, subject))
                return found

            tables += _stoppable(workspace, session, work)
    finally:
        engine.close()
    problems = [
        diagnose(
            ROWS_UNREAD,
            f"'{table.asset}' could not be compared: {table.problem}",
            _path(compilation, table.asset),
            "build it anew in both environments, or look at it by hand: xform show",
            asset=table.asset,
        )
        for table in tables
        if table.problem
    ]
    return DataDiff(left, right, _sorted(tables)), problems


def sides_and_assets(
    workspace: Workspace, compilation: Compilation, words: Sequence[str]
) -> tuple[str, list[AssetName]]:
    """The environment to go to, which may stand first and else is the current one, and the assets
    that the words behind it name. Raises UserError."""
    right, rest = workspace.environment, list(words)
    names = environment_names(workspace) if rest else []
    if rest and rest[0] in names:
        right = rest.pop(0)
    found = []
    for word in rest:
        asset, diagnostics = find_asset(compilation, word)
        if asset is None:
            if word is words[0] and "." not in word and len(diagnostics) == 1:
                hint = did_you_mean(word, names) or diagnostics[0].help
                text = f"neither an environment nor an asset is called '{word}'"
                diagnostics = [diagnose(NO_ENVIRONMENT, text, "<command line>", hint)]
            raise UserError(diagnostics)
        found.append(asset)
    return right, found


def comparable(
    compilation: Compilation, assets: Iterable[AssetName], *, named: bool
) -> list[AssetName]:
    """Those that environments show. Of assets that were `named` one by one, others are a mistake:
    raises UserError."""
    found, wrong = [], []
    for asset in assets:
        kind = compilation.assets[asset].kind
        if kind not in _UNSHOWN:
            found.append(asset)
        elif named:
            noun = {Kind.EXTERNAL: "a source", Kind.EPHEMERAL: "ephemeral"}.get(kind, "an exposure")
            wrong.append(
                diagnose(
                    NOT_COMPARABLE,
                    f"'{asset}' is {noun}, which no environment has of its own",
                    compilation.declared[asset].span,
                    "compare the models that read it, or that it reads",
                )
            )
    if wrong:
        raise UserError(wrong)
    return found


class _Shown:
    """What the record says that both environments show."""

    def __init__(
        self,
        workspace: Workspace,
        names: tuple[str, str],
        assets: Collection[AssetName] | None,
        required: Collection[AssetName],
    ) -> None:
        self._workspace = workspace
        self._names = names
        self._assets = assets
        self._required = required
        refresh(workspace)

    def tables(self) -> list[TableDiff]:
        """What needs no look at the data."""
        found = []
        for asset, (one, other) in self._pairs().items():
            if one is None:
                found.append(TableDiff(asset, "added", None, other.physical if other else None))
            elif other is None:
                found.append(TableDiff(asset, "removed", one.physical, None))
            elif one.physical == other.physical:
                found.append(TableDiff(asset, "same", one.physical, other.physical))
        return found

    def differing(self) -> dict[AssetName, tuple[Publication, Publication]]:
        return {
            asset: (one, other)
            for asset, (one, other) in self._pairs().items()
            if one is not None and other is not None and one.physical != other.physical
        }

    def _pairs(self) -> dict[AssetName, tuple[Publication | None, Publication | None]]:
        snapshot = self._workspace.state.snapshot(self._workspace.environment, components=False)
        left, right = (published_by(snapshot, name) for name in self._names)
        shown = {*left, *right}
        nowhere = sorted(asset for asset in self._required if asset not in shown)
        if nowhere:
            one, other = self._names
            raise UserError(
                [
                    diagnose(
                        NOT_BUILT,
                        f"'{asset}' is built neither in '{one}' nor in '{other}'",
                        "<command line>",
                        f"build it: xform build --select +{asset}",
                        asset=asset,
                    )
                    for asset in nowhere
                ]
            )
        wanted = shown if self._assets is None else shown & {*self._assets}
        return {asset: (left.get(asset), right.get(asset)) for asset in sorted(wanted)}


def _subject(
    workspace: Workspace,
    compilation: Compilation,
    asset: AssetName,
    pair: tuple[Publication, Publication],
    private: Collection[str],
) -> Subject:
    declared = compilation.declared.get(asset)
    builds = pair[0].physical, pair[1].physical
    return Subject(
        asset,
        builds,
        (sql_name(builds[0]), sql_name(builds[1])),
        list(keys_of(declared)) if declared is not None else [],
        _privacy(compilation, declared, private),
    )


def _privacy(
    compilation: Compilation, declared: Asset | None, more: Collection[str]
) -> Callable[[str], bool]:
    """Tells whether values of a column, by folded name, must not be shown. What the project does
    not know, as it stands, it cannot say to be harmless: that is not shown either."""
    if declared is None:
        return lambda name: True
    secret = {*hidden_in(declared), *(name.lower() for name in more)}
    schema = compilation.body(declared.name).schema.columns
    if schema is None:
        return lambda name: name in secret
    known = {column.name.lower() for column in schema}
    known |= {column.name.lower() for column in declared.columns}
    return lambda name: name in secret or name not in known


def _compared(comparer: TableComparer, subject: Subject) -> TableDiff:
    try:
        return comparer.compare(subject)
    except EngineError as error:
        if error.kind in _PASSES:
            raise
        return TableDiff(subject.asset, "changed", *subject.builds, problem=error.message)


def _stoppable(workspace: Workspace, session: Session, work: Callable[[], Value]) -> Value:
    """Do the work on a thread of its own, so that a signal can interrupt the query that runs."""
    with workspace.host.signals() as signals:
        future = submit("diff", work)
        while True:
            try:
                return future.result(_GLANCE)
            except TimeoutError:
                if future.done():
                    raise
                if signals.count:
                    session.interrupt()
            except EngineError as error:
                if signals.count and error.kind == "interrupted":
                    raise KeyboardInterrupt from None
                raise


def _sorted(tables: Iterable[TableDiff]) -> tuple[TableDiff, ...]:
    return tuple(sorted(tables, key=lambda table: table.gravity))


def _path(compilation: Compilation, asset: AssetName) -> str:
    declared = compilation.declared.get(asset)
    return declared.path if declared is not None else "<command line>"
