"""The builds that a run knows: of earlier runs, and its own as they are made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import msgspec

from xform.base.names import AssetName
from xform.plan.plan import AuditStep, BuildStep, PublishStep
from xform.run import cutoff
from xform.run.records import BuildRecord, Publication
from xform.run.scheduler import Work


@dataclass(slots=True)
class Builds:
    """Changed by the calling thread of a run only; `records` may be read from any."""

    records: dict[str, BuildRecord] = field(default_factory=dict)
    """By physical name."""
    _earlier: dict[AssetName, list[BuildRecord]] = field(default_factory=dict)
    _shown: dict[AssetName, str] = field(default_factory=dict)
    """What the environment shows, by physical name."""
    _kept: dict[str, str] = field(default_factory=dict)
    """Builds that stand in the place of planned ones."""

    @classmethod
    def of(
        cls,
        records: Iterable[BuildRecord],
        publications: Iterable[Publication],
        environment: str,
    ) -> Builds:
        """Those of earlier runs, and what is shown of them in the environment."""
        known = cls({record.physical: record for record in records})
        for record in known.records.values():
            known._earlier.setdefault(record.asset, []).append(record)
        known._shown = {
            item.asset: item.physical for item in publications if item.environment == environment
        }
        return known

    def note(self, step: Work, record: BuildRecord) -> None:
        """A step has come to this build: its own, or one that stands for it."""
        self.records[record.physical] = record
        if record.physical != step.physical:
            self._kept[step.physical] = record.physical

    def earlier(self, asset: AssetName) -> Sequence[BuildRecord]:
        """Of earlier runs."""
        return self._earlier.get(asset, ())

    def past(self, asset: AssetName) -> BuildRecord | None:
        """The build of an asset that is shown, or else the last one."""
        shown = self.records.get(self._shown.get(asset, ""))
        return shown or max(self.earlier(asset), key=lambda record: record.built_at, default=None)

    def building(self, step: BuildStep) -> BuildStep:
        """The step over the builds that stand for those it was planned over."""
        return cutoff.with_names(step, self._kept, self.records)

    def auditing(self, step: AuditStep) -> AuditStep:
        return msgspec.structs.replace(step, audits=cutoff.audits_over(step.audits, self._kept))

    def publishing(self, step: PublishStep) -> PublishStep:
        return cutoff.published_as(step, self._kept)
