"""Sources: the data that were read of each last, and those that are there now."""

from __future__ import annotations

import msgspec

from xform.app.planning.environment import Planned
from xform.base.names import AssetName
from xform.project.assets import Kind


class SourceForm(msgspec.Struct, frozen=True):
    """A source. `status` is unread (no build has read it), same, changed or unseen (it could not be
    looked at); `recorded` is of the newest build that read it."""

    source: AssetName
    policy: str
    status: str
    recorded: str | None
    current: str | None
    read_by: tuple[AssetName, ...]


def check_sources(planned: Planned, policies: dict[AssetName, str]) -> list[SourceForm]:
    """Every source that something reads, by name."""
    builds = sorted(planned.snapshot.builds.values(), key=lambda build: build.built_at)
    found = []
    for asset in planned.assets:
        if asset.kind is not Kind.EXTERNAL:
            continue
        recorded = None
        for build in builds:
            ways = [build.versions, *(other.versions for other in build.also)]
            recorded = next((w[asset.name] for w in reversed(ways) if asset.name in w), recorded)
        current = planned.versions.get(asset.name)
        status = "same"
        if recorded is None:
            status = "unread"
        elif current is None:
            status = "unseen"
        elif recorded != current:
            status = "changed"
        readers = tuple(sorted(a.name for a in planned.assets if asset.name in a.leaves
                               and a.name != asset.name))  # fmt: skip
        policy = policies.get(asset.name, "checksum")
        found.append(SourceForm(asset.name, policy, status, recorded, current, readers))
    return found
