"""A small world to plan in: assets with symbolic meaning, a warehouse that holds symbolic data.

Every column and row set has a meaning (what its fingerprint is made of) and, in each build, a
content (what it was made of, when it was made). So "is what is shown what a clean build would
give?" can be asked of any plan, without a database. Plans are carried out by the runner's own
pure parts: what versions are recorded, and what may be published.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from xform.base.hashing import Digest, digest_parts
from xform.base.names import AssetName, schema_of, table_of
from xform.base.spans import file_span
from xform.fingerprint.component import Component
from xform.plan.audits import Audit
from xform.plan.deciding import Wish
from xform.plan.freshness import CLOCK_RUN, PlannedAsset, Recorded
from xform.plan.plan import (
    AuditStep,
    Body,
    BuildStep,
    DropStep,
    Plan,
    PublishStep,
    SqlBody,
)
from xform.plan.planner import make_plan
from xform.project.assets import Kind
from xform.run.publishing import choose
from xform.run.records import BuildRecord, Publication
from xform.run.versions import FilesRead, versions_read

PASS = 0
"""The code of a column (or row clause) that hands on what its only input gives."""

Content = dict[str, str]
"""Column → content; the key `*` is the row set."""


@dataclass(frozen=True)
class Def:
    """An asset of the project. `columns` maps each column to its code and the upstream columns it
    reads; `rows` is the code of its row clause. Of seeds and externals only the names count."""

    name: AssetName
    kind: Kind
    reads: tuple[AssetName, ...] = ()
    columns: Mapping[str, tuple[int, tuple[tuple[AssetName, str], ...]]] = field(
        default_factory=dict
    )
    rows: int = PASS
    clocks: tuple[str, ...] = ()
    tests: int = 0
    """Zero for none; else a version of what is tested."""
    compares: tuple[AssetName, ...] = ()
    relation: str = ""
    files: str | None = None

    @property
    def is_source(self) -> bool:
        return self.kind in (Kind.SEED, Kind.EXTERNAL)


def seed(name: str) -> Def:
    return Def(AssetName(name), Kind.SEED, columns={"a": (PASS, ()), "b": (PASS, ())}, files=name)


def external(name: str, *, file: bool = False) -> Def:
    return Def(
        AssetName(name),
        Kind.EXTERNAL,
        columns={"a": (PASS, ()), "b": (PASS, ())},
        relation=f"read({name})",
        files=name if file else None,
    )


def model(
    name: str,
    *reads: str,
    kind: Kind = Kind.TABLE,
    a: int = 1,
    b: int = 1,
    rows: int = 1,
    columns: Mapping[str, tuple[int, tuple[tuple[AssetName, str], ...]]] | None = None,
    **more: object,
) -> Def:
    """A model with the columns `a` and `b`, each made of the same column of all it reads."""
    names = tuple(AssetName(read) for read in reads)
    codes = {"a": a, "b": b}
    made = {
        column: (code, tuple((read, column) for read in names)) for column, code in codes.items()
    }
    return Def(AssetName(name), kind, names, columns or made, rows, **more)  # type: ignore[arg-type]


def view(name: str, *reads: str, **more: object) -> Def:
    return model(name, *reads, kind=Kind.VIEW, **more)  # type: ignore[arg-type]


@dataclass
class Meanings:
    """Fingerprints of a project, and the leaves behind them."""

    parts: dict[AssetName, Content]
    build: dict[AssetName, Digest]
    leaves: dict[AssetName, frozenset[str]]


def meanings(defs: Mapping[AssetName, Def]) -> Meanings:
    found = Meanings({}, {}, {})
    for name, asset in defs.items():
        if asset.is_source:
            parts = {column: digest_parts((name, column)) for column in asset.columns}
            found.parts[name] = {**parts, "*": digest_parts((name, "*"))}
            found.leaves[name] = frozenset((name,))
        else:
            found.parts[name] = combined(asset, found.parts)
            found.leaves[name] = frozenset(asset.clocks).union(
                *(found.leaves[read] for read in asset.reads)
            )
        found.build[name] = digest_parts((asset.kind, *flat(found.parts[name])))
    return found


def combined(asset: Def, inputs: Mapping[AssetName, Content]) -> Content:
    """The parts of an asset out of the parts of what it reads. Code 0 hands on a single input, so
    that work can move between models without changing any meaning."""
    parts: Content = {}
    for column, (code, reads) in asset.columns.items():
        read = [inputs[name].get(inner, "?") for name, inner in reads]
        parts[column] = one(column, code, read)
    parts["*"] = one("*", asset.rows, [inputs[name]["*"] for name in asset.reads])
    return parts


def one(what: str, code: int, read: list[str]) -> str:
    if code == PASS and len(read) == 1:
        return read[0]
    return str(digest_parts(("rows" if what == "*" else "column", str(code), *read)))


def flat(parts: Content) -> list[str]:
    return [text for item in parts.items() for text in item]


class World:
    """A project, its data, and a warehouse with what has been built and published."""

    def __init__(self, *defs: Def) -> None:
        self.defs: dict[AssetName, Def] = {asset.name: asset for asset in defs}
        self.data: dict[str, int] = {asset.name: 1 for asset in defs if asset.is_source}
        self.day = 1
        self.records: dict[str, BuildRecord] = {}
        self.made: dict[str, Content | tuple[Def, dict[AssetName, str]]] = {}
        """What builds hold: of a table its content, of a view its definition and its inputs."""
        self.published: dict[str, dict[AssetName, Publication]] = {}
        self.statuses: dict[AssetName, str] = {}
        self.runs = 0

    # Editing -------------------------------------------------------------------------------------

    def put(self, *defs: Def) -> None:
        """Add assets or write them anew. What is new stands behind what it reads."""
        for asset in defs:
            self.defs[asset.name] = asset
            if asset.is_source:
                self.data.setdefault(asset.name, 1)

    def remove(self, name: str) -> None:
        del self.defs[AssetName(name)]

    def drop_from_warehouse(self, asset: str, env: str = "prod") -> None:
        """Somebody drops the table that an asset shows."""
        physical = self.published[env][AssetName(asset)].physical
        del self.records[physical]
        del self.made[physical]

    # Planning ------------------------------------------------------------------------------------

    @property
    def versions(self) -> dict[str, str]:
        found = {leaf: f"v{number}" for leaf, number in self.data.items()}
        return {**found, "clock:day": f"day {self.day}"}

    def assets(self, env: str = "prod") -> tuple[PlannedAsset, ...]:
        meant = meanings(self.defs)
        return tuple(self._planned(asset, meant, env) for asset in self.defs.values())

    def plan(self, *selected: str, env: str = "prod", full_refresh: bool = False) -> Plan:
        """Plan some assets, or all where none is named."""
        elsewhere = frozenset(
            item.physical
            for other, items in self.published.items()
            for item in items.values()
            if other != env
        )
        recorded = Recorded(
            self.records, self.published.get(env, {}), self.statuses, shown_elsewhere=elsewhere
        )
        names = frozenset(AssetName(name) for name in selected) if selected else None
        return make_plan(self.assets(env), recorded, self.versions, Wish(env, names, full_refresh))

    def _planned(self, asset: Def, meant: Meanings, env: str) -> PlannedAsset:
        schema = schema_of(asset.name)

        def body(inputs: Mapping[AssetName, str]) -> Body:
            return SqlBody(" ".join(inputs[read] for read in asset.reads), f"{asset.name}.sql")

        def audits(names: Mapping[AssetName, str]) -> tuple[Audit, ...]:
            read = " ".join(names[name] for name in (asset.name, *asset.compares))
            test = Audit("test", asset.name, f"{asset.tests} {read}", True, file_span("x.sql"))
            return (test,) if asset.tests else ()

        return PlannedAsset(
            asset.name,
            asset.kind,
            asset.reads,
            meant.build[asset.name],
            tuple(sorted(meant.leaves[asset.name])),
            schema if env == "prod" else f"{schema}__{env}",
            table_of(asset.name),
            digest_parts(("tests", str(asset.tests))) if asset.tests else Digest(""),
            asset.compares,
            body=body,
            components=lambda: self._components(asset, meant),
            audits=audits,
            columns=lambda: tuple(asset.columns),
            files=asset.files,
            relation=asset.relation or None,
        )

    def _components(self, asset: Def, meant: Meanings) -> tuple[Component, ...]:
        mine = meant.parts[asset.name]
        parts = [Component("storage", digest_parts((asset.kind,)), str(asset.kind))]
        for column, (code, reads) in asset.columns.items():
            inputs = {
                f"{name}.{inner}": Digest(meant.parts[name].get(inner, "?"))
                for name, inner in reads
            }
            parts.append(
                Component(f"column {column}", Digest(mine[column]), f"code {code}", inputs)
            )
        inputs = {str(name): Digest(meant.parts[name]["*"]) for name in asset.reads}
        parts.append(Component("rows", Digest(mine["*"]), f"code {asset.rows}", inputs))
        return tuple(parts)

    # Carrying out --------------------------------------------------------------------------------

    def run(
        self,
        plan: Plan,
        *,
        fail: frozenset[str] = frozenset(),
        failing_tests: frozenset[str] = frozenset(),
        stop_after: int | None = None,
        atomic: bool = False,
    ) -> bool:
        """Carry out a plan; whether all went well. `fail` are assets whose step breaks, and
        `failing_tests` those whose tests find something. After `stop_after` steps the process is
        killed: the last build is there, but not tested."""
        self.runs += 1
        bad: set[AssetName] = set()
        done: set[AssetName] = set()
        work = [step for step in plan.steps if isinstance(step, BuildStep | AuditStep)]
        having_steps = {step.asset for step in work}
        for number, step in enumerate(work, 1):
            assert set(step.waits_for) <= having_steps, "waits for what has no step"
            assert set(step.waits_for) <= done | bad, "steps are in order"
            killed = number == stop_after
            if bad & set(step.waits_for):
                bad.add(step.asset)
                self.statuses[step.asset] = "skipped"
            elif not self._step(step, fail, failing_tests, killed=killed):
                bad.add(step.asset)
            else:
                self.statuses[step.asset] = "success"
                done.add(step.asset)
            if killed:
                return False
        chosen = choose(plan, frozenset(bad), self.records, atomic=atomic)
        names = self.published.setdefault(plan.environment, {})
        for publish in chosen.publish:
            names[publish.asset] = publication(plan.environment, publish)
        for drop in chosen.drop:
            assert isinstance(drop, DropStep)
            del names[drop.asset]
        return not bad

    def _step(
        self,
        step: BuildStep | AuditStep,
        fail: frozenset[str],
        failing_tests: frozenset[str],
        *,
        killed: bool,
    ) -> bool:
        if step.asset in fail:
            self.statuses[step.asset] = "error"
            return False
        if isinstance(step, BuildStep):
            self._build(step)
        if killed:
            return False
        if step.audits and step.asset in failing_tests:
            self.statuses[step.asset] = "fail"
            if isinstance(step, BuildStep):
                del self.records[step.physical]
                del self.made[step.physical]
            return False
        if step.audits:
            record = self.records[step.physical]
            self.records[step.physical] = msgspec.structs.replace(
                record, audits_digest=step.audits_digest
            )
        return True

    def _build(self, step: BuildStep) -> None:
        seen = [names.values() for names in self.published.values()]
        assert step.physical not in self.records, "a build is never made twice"
        assert not any(item.physical == step.physical for items in seen for item in items), (
            "nothing untested is under a published name"
        )
        asset = self.defs[step.asset]
        for name, physical in step.inputs.items():
            assert physical in self.made or self.defs[name].kind is Kind.EXTERNAL, "inputs stand"
        files = FilesRead({leaf: self.versions[path] for leaf, path in step.file_pins.items()})
        self.made[step.physical] = (
            (asset, dict(step.inputs))
            if asset.kind is Kind.VIEW
            else self._computed(asset, step.inputs)
        )
        self.records[step.physical] = BuildRecord(
            step.physical,
            step.asset,
            step.relation,
            step.fingerprint,
            step.generation,
            versions_read(step, files, [], self.records),
            step.inputs,
            (),
            1,
            0.0,
            f"{self.runs:04}",
            "run",
            step.components,
            Digest("") if step.audits else step.audits_digest,
        )

    # Content -------------------------------------------------------------------------------------

    def _computed(self, asset: Def, inputs: Mapping[AssetName, str]) -> Content:
        if asset.is_source:
            data = self.data[asset.name]
            return {part: f"{asset.name}.{part} v{data}" for part in (*asset.columns, "*")}
        content = combined(asset, {name: self.content(name, inputs[name]) for name in asset.reads})
        if CLOCK_RUN in asset.clocks:
            content["*"] += f" run {self.runs}"
        if "clock:day" in asset.clocks:
            content["*"] += f" day {self.day}"
        return content

    def content(self, name: AssetName, physical: str) -> Content:
        """What a build holds now; an external as it lies there."""
        if physical not in self.made:
            return self._computed(self.defs[name], {})
        found = self.made[physical]
        if isinstance(found, dict):
            return found
        definition, inputs = found
        return self._computed(definition, inputs)

    def shown(self, env: str = "prod") -> dict[AssetName, Content]:
        return {
            name: self.content(name, item.physical)
            for name, item in self.published.get(env, {}).items()
        }

    def shown_where_it_stands(self, env: str = "prod") -> dict[AssetName, Content]:
        """The same, without names whose builds, or what these read, are gone."""
        found: dict[AssetName, Content] = {}
        for name, item in self.published.get(env, {}).items():
            if item.physical in self.records and self._stands(item.physical):
                found[name] = self.content(name, item.physical)
        return found

    def _stands(self, physical: str) -> bool:
        record = self.records[physical]
        return record.relation == "table" or all(
            self.defs[read].kind is Kind.EXTERNAL or (inner in self.records and self._stands(inner))
            for read, inner in record.inputs.items()
            if read in self.defs
        )

    def clean(self) -> dict[AssetName, Content]:
        """What a build from nothing would show."""
        found: dict[AssetName, Content] = {}
        for name, asset in self.defs.items():
            if asset.is_source:
                found[name] = self._computed(asset, {})
            else:
                found[name] = combined(asset, found)
                if "clock:day" in asset.clocks:
                    found[name]["*"] += f" day {self.day}"
        return {name: found[name] for name, asset in self.defs.items() if asset.kind in STORED}


STORED = (Kind.TABLE, Kind.VIEW, Kind.SEED)


def publication(env: str, step: PublishStep) -> Publication:
    return Publication(env, step.asset, step.schema, step.name, step.physical, step.fingerprint)


def actions(plan: Plan) -> dict[str, str]:
    return {str(action.asset): str(action.action) for action in plan.actions}


def reasons(plan: Plan, asset: str) -> list[tuple[str, str, tuple[str, ...]]]:
    """(kind, detail, columns) of each reason of an asset's action."""
    (found,) = [action.reasons for action in plan.actions if action.asset == asset]
    return [(str(reason.kind), reason.detail, reason.columns) for reason in found]


def built(*defs: Def) -> World:
    """A world in which everything has been built and published."""
    world = World(*defs)
    assert world.run(world.plan())
    return world


def step_of(plan: Plan, asset: str) -> BuildStep:
    (found,) = [s for s in plan.steps if isinstance(s, BuildStep) and s.asset == asset]
    return found
