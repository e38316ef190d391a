"""Steps and records written by hand, for tests of engines."""

from __future__ import annotations

from typing import Any

from xform.base.hashing import Digest, digest_text
from xform.base.names import AssetName
from xform.plan.plan import Body, BuildStep, PublishStep, PythonBody, SeedBody, SqlBody
from xform.run.records import BuildRecord


def step_of(
    physical: str, body: Body | str, *, relation: str = "table", columns: tuple[str, ...] = ()
) -> BuildStep:
    if isinstance(body, str):
        body = SqlBody(body, f"models/{physical}.sql")
    return BuildStep(
        asset=AssetName(f"m.{physical}"),
        relation=relation,
        physical=physical,
        body=body,
        fingerprint=digest_text(physical),
        generation=1,
        leaves=(),
        pins={},
        inputs={},
        waits_for=(),
        columns=columns,
    )


def record_of(step: BuildStep) -> BuildRecord:
    return BuildRecord(
        physical=step.physical,
        asset=step.asset,
        relation=step.relation,
        fingerprint=step.fingerprint,
        generation=1,
        versions={},
        inputs={},
        columns=(),
        rows=None,
        seconds=0.0,
        built_at="",
        run_id="r",
        audits_digest=Digest(""),
    )


def csv(file: str, types: dict[str, str] | None = None, **options: Any) -> SeedBody:
    return SeedBody(file, "csv", types or {}, options)


def python_of(annotation: str | None = None) -> PythonBody:
    return PythonBody("models/p.py", "p", {"rows": ("numbers", annotation)})


def publication(step: BuildStep, name: str = "") -> PublishStep:
    return PublishStep(step.asset, "m", name or step.physical, step.physical, step.fingerprint)
