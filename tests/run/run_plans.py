"""Plans written by hand, and a place to run them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from xform.base.hashing import Digest, digest_text
from xform.base.names import AssetName, schema_of, table_of
from xform.base.spans import Span
from xform.engines.duckdb.engine import DuckDBEngine
from xform.host.local import LocalHost
from xform.plan.audits import Audit
from xform.plan.plan import (
    AuditStep,
    Body,
    BuildStep,
    Plan,
    PublishStep,
    PythonBody,
    SeedBody,
    SqlBody,
    Step,
)
from xform.run.events import Event
from xform.run.executor import execute
from xform.run.result import RunResult
from xform.state.sqlite import SqliteDatabase
from xform.state.store import StateStore


def physical_of(asset: str, generation: int = 1) -> str:
    return f"{asset.replace('.', '__')}_{generation}"


def sql(
    asset: str,
    query: str,
    *reads: str,
    relation: str = "table",
    generation: int = 1,
    **more: Any,
) -> BuildStep:
    """A SQL model; `{staging.a}` in its query stands for the build of an asset that it reads."""
    for name in reads:
        query = query.replace(f"{{{name}}}", f'"_xform"."{physical_of(name)}"')
    body = SqlBody(query, f"models/{asset.replace('.', '/')}.sql")
    return build(asset, body, *reads, relation=relation, generation=generation, **more)


def seed(asset: str, file: str, types: dict[str, str] | None = None, **more: Any) -> BuildStep:
    body = SeedBody(file, file.rpartition(".")[2], types or {})
    return build(
        asset,
        body,
        **{
            "leaves": (asset,),
            "pins": {asset: "planned"},
            "file_pins": {asset: file},
            **more,
        },
    )


def python(asset: str, path: str, function: str, *reads: str, **more: Any) -> BuildStep:
    annotation = more.pop("annotation", None)
    inputs = {table_of(AssetName(name)): (physical_of(name), annotation) for name in reads}
    return build(asset, PythonBody(path, function, inputs), *reads, **more)


def build(
    asset: str,
    body: Body,
    *reads: str,
    relation: str = "table",
    generation: int = 1,
    **more: Any,
) -> BuildStep:
    waits = tuple(AssetName(name) for name in reads)
    settings: dict[str, Any] = {"leaves": (), "pins": {}, "waits_for": waits, **more}
    return BuildStep(
        asset=AssetName(asset),
        relation=relation,
        physical=physical_of(asset, generation),
        body=body,
        fingerprint=digest_text(f"{asset} {generation}"),
        generation=generation,
        inputs={AssetName(name): physical_of(name) for name in reads},
        **settings,
    )


def audit(asset: str, query: str, *, blocking: bool = True, generation: int = 1) -> Audit:
    name = f'"_xform"."{physical_of(asset, generation)}"'
    place = Span(f"models/{asset.replace('.', '/')}.sql", 3, 5, 3, 9)
    return Audit(
        name=f"check_{table_of(AssetName(asset))}",
        asset=AssetName(asset),
        sql=query.replace("{}", name),
        blocking=blocking,
        severity="error" if blocking else "warn",
        span=place,
        failure="x is negative",
    )


def with_tests(*audits: Audit) -> dict[str, Any]:
    return {"audits": audits, "audits_digest": Digest("tests-" + audits[0].name)}


def publish(step: BuildStep | AuditStep, fingerprint: str = "") -> PublishStep:
    return PublishStep(
        step.asset,
        schema_of(step.asset),
        table_of(step.asset),
        step.physical,
        step.fingerprint if isinstance(step, BuildStep) else Digest(fingerprint),
    )


def plan(*steps: Step) -> Plan:
    """The steps, with a publish step for each build that has none."""
    named = {step.asset for step in steps if isinstance(step, PublishStep)}
    more = [
        publish(step) for step in steps if isinstance(step, BuildStep) and step.asset not in named
    ]
    return Plan("prod", (), (), (*steps, *more))


@dataclass
class Place:
    """A project folder with a warehouse and a state."""

    root: Path
    events: list[Event] = field(default_factory=list)

    @property
    def file(self) -> Path:
        return self.root / "warehouse.duckdb"

    @property
    def state(self) -> StateStore:
        return StateStore(SqliteDatabase(self.root / ".xform" / "state.db"))

    def engine(self) -> DuckDBEngine:
        return DuckDBEngine(self.file, root=self.root)

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def run(self, *steps: Step, **more: Any) -> RunResult:
        self.events.clear()
        whole = plan(*steps)
        state = self.state
        host = more.pop("host", None) or LocalHost(self.root)
        try:
            return execute(whole, self.engine(), state, host, emit=self.events.append, **more)
        finally:
            state.close()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.file), read_only=True) as connection:
            return connection.execute(query).fetchall()

    def builds(self) -> set[str]:
        return {record.physical for record in self.engine().ledger().builds}


def statuses(result: RunResult) -> dict[str, str]:
    return {node.asset: node.status for node in result.nodes}
