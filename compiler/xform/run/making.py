"""Making a build: the record of what it is made of, and the data."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from xform.base.hashing import Digest
from xform.plan.plan import BuildStep, PythonBody
from xform.run import cutoff
from xform.run.contracts import keep_contract
from xform.run.events import Log
from xform.run.history import Kept
from xform.run.ports import Host, Session
from xform.run.records import BuildRecord, Settle
from xform.run.versions import FilesRead, versions_read


def as_it_is(record: BuildRecord) -> BuildRecord:
    return record


def make(
    host: Host,
    post: Callable[[Kept], None],
    run_id: str,
    session: Session,
    step: BuildStep,
    records: Mapping[str, BuildRecord],
    last: Settle = as_it_is,
) -> BuildRecord:
    """Carry out a step that builds, hooks included. Returns what was written.

    `records` are builds by physical name; `last` has the last word on the record, before anything
    is committed.
    """
    begun = host.monotonic()
    files = FilesRead.now(step, host)

    def settle(record: BuildRecord) -> BuildRecord:
        moved = files.moved(step, host)
        for leaf in moved:
            post(
                Log(
                    "warning",
                    f"the file of {leaf} changed while {step.asset} read it; "
                    f"{step.asset} will be built again next time",
                )
            )
        settled = msgspec.structs.replace(
            record,
            versions=versions_read(step, files, moved, records),
            made_of=None if moved else cutoff.origin_of(step, records, files.before),
            seconds=host.monotonic() - begun,
            built_at=host.now(),
        )
        keep_contract(step, settled)
        return last(settled)

    blank = BuildRecord(
        physical=step.physical,
        asset=step.asset,
        relation=step.relation,
        fingerprint=step.fingerprint,
        generation=step.generation,
        versions={},
        inputs=step.inputs,
        columns=(),
        rows=None,
        seconds=0.0,
        built_at="",
        run_id=run_id,
        components=step.components,
        # With nothing to test, there is nothing left to pass.
        audits_digest=Digest("") if step.audits else step.audits_digest,
        method=step.conduct.checksum,
    )
    with host.captured(lambda line: post(Log("info", f"{step.asset}: {line}"))):
        for hook in step.hooks.before:
            session.hook(hook)
        body = step.body
        python = (
            host.load_function(body.path, body.function) if isinstance(body, PythonBody) else None
        )
        return session.build(step, blank, python, settle)
