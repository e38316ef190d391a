"""What a ledger has, for tests of the state."""

from __future__ import annotations

from xform.base.hashing import Digest
from xform.base.names import AssetName
from xform.plan.plan import Component
from xform.run.records import BuildRecord, Publication

A = AssetName("m.a")


def build(physical: str, generation: int = 1, audits: str = "") -> BuildRecord:
    return BuildRecord(
        physical=physical,
        asset=A,
        relation="table",
        fingerprint=Digest("f"),
        generation=generation,
        versions={"raw.s": "1"},
        inputs={AssetName("raw.s"): "raw__s_1"},
        columns=(("x", "INTEGER"),),
        rows=3,
        seconds=0.5,
        built_at="2026-01-01T00:00:00Z",
        run_id="r",
        components=(Component("column x", Digest("d"), "x", {"raw.s.x": Digest("e")}),),
        audits_digest=Digest(audits),
    )


SHOWN = Publication("prod", A, "m", "a", "a_2", Digest("f"))
