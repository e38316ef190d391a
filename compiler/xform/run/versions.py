"""Which data a build has read: the versions recorded with it, leaf by leaf."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from xform.plan.plan import BuildStep
from xform.run.ports import Host
from xform.run.records import BuildRecord

MIXED = "mixed:"
MOVING = "moving:"
UNKNOWN = "unknown:"
"""Beginnings of versions that no current version ever has: such a build is stale next time."""


@dataclass(frozen=True, slots=True)
class FilesRead:
    """Digests of the data files of a step, taken right before it; None where a file is gone."""

    before: dict[str, str | None]

    @classmethod
    def now(cls, step: BuildStep, host: Host) -> FilesRead:
        return cls({leaf: host.digest(path) for leaf, path in step.file_pins.items()})

    def moved(self, step: BuildStep, host: Host) -> list[str]:
        """The leaves whose files are no longer what they were."""
        after = FilesRead.now(step, host).before
        return [leaf for leaf, digest in self.before.items() if after[leaf] != digest]


def versions_read(
    step: BuildStep, files: FilesRead, moved: list[str], records: Mapping[str, BuildRecord]
) -> dict[str, str]:
    """The version of every leaf of a step. `records` are builds by physical name."""
    inputs = [
        step.stands.get(physical) or records[physical].versions
        for physical in step.inputs.values()
        if physical in records
    ]
    found = {leaf: _version(leaf, step, files, moved, inputs) for leaf in step.leaves}
    grows = step.slicing or step.merging
    if grows is not None:
        found[grows.leaf] = grows.version
    return found


def _version(
    leaf: str,
    step: BuildStep,
    files: FilesRead,
    moved: list[str],
    inputs: list[dict[str, str]],
) -> str:
    if leaf in moved:
        return f"{MOVING}{files.before[leaf]}"
    if leaf in files.before:
        found_now = files.before[leaf]
        if found_now != step.pins.get(leaf) and inputs:
            # The file moved after planning: an input may have been built on what it was.
            return f"{MOVING}{found_now}"
        return found_now or UNKNOWN
    if leaf in step.pins:
        return step.pins[leaf]
    found = sorted({versions[leaf] for versions in inputs if leaf in versions})
    if not found:
        return UNKNOWN
    return found[0] if len(found) == 1 else MIXED + "|".join(found)
