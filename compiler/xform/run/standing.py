"""Whether an earlier build stands for a step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from xform.plan.freshness import Standing
from xform.plan.plan import BuildStep, SeedBody
from xform.project.checksum import Checksum
from xform.run import cutoff
from xform.run.ports import Host, Session
from xform.run.records import BuildRecord, Sums
from xform.run.versions import FilesRead, versions_read

_REMEMBERED = 4
"""Of what a build also holds, so many before the last are remembered."""


@dataclass(slots=True)
class Comparison:
    """Compares what steps read with what earlier builds read. May be used from any thread."""

    host: Host
    _sums: dict[tuple[str, Checksum], Sums | None] = field(default_factory=dict)
    """Checksums of builds, as far as they were asked for."""

    def standing(
        self,
        session: Session,
        step: BuildStep,
        records: Mapping[str, BuildRecord],
        earlier: Sequence[BuildRecord],
    ) -> BuildRecord | None:
        """A build that holds what the step would make, as the record of that."""
        if not earlier or step.relation != "table" or isinstance(step.body, SeedBody):
            return None
        files = FilesRead.now(step, self.host)
        origin = cutoff.origin_of(step, records, files.before)

        def sums(physical: str, how: Checksum) -> Sums | None:
            if (physical, how) not in self._sums:
                self._sums[physical, how] = session.sums(physical, how)
            return self._sums[physical, how]

        found = cutoff.standing(step, origin, earlier, records, sums)
        if found is None or origin is None:
            return None
        versions = versions_read(step, files, [], records)
        also = Standing(step.fingerprint, versions, step.inputs, origin.inputs, found.compared)
        return msgspec.structs.replace(found.record, also=(*found.record.also[-_REMEMBERED:], also))
