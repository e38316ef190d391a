"""Why an asset is fresh or stale: what was built against what would be built, part by part.

Data that `xform why` shows and `why --format json` prints. The texts are those that went into the
hashes (`Component.text`), so the explanation cannot say anything else than the fingerprint.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from xform.base.hashing import Digest
from xform.base.names import AssetName
from xform.fingerprint.component import Component
from xform.plan.plan import Compared, Reason


class InputChange(msgspec.Struct, frozen=True):
    """An input of a component whose meaning is another than at the build.

    `name` is `schema.name.column`, or `schema.name` for the rows of a relation; a digest is None
    where the component did not (or does not any more) read it.
    """

    name: str
    old: Digest | None
    new: Digest | None


class Difference(msgspec.Struct, frozen=True):
    """A component that differs. Its own text may be the same: then `inputs` says what moved.

    A text is None where the build, or the project, has no such component.
    """

    component: str
    old: str | None
    new: str | None
    inputs: tuple[InputChange, ...] = ()

    @property
    def text_changed(self) -> bool:
        return self.old != self.new


class InputVersion(msgspec.Struct, frozen=True):
    """The data version of a leaf (a seed, a source, a clock): as built, and as it is now.

    `current` is None where it was not looked up (`--offline`), `recorded` where the build has
    none.
    """

    leaf: str
    recorded: str | None
    current: str | None

    @property
    def changed(self) -> bool:
        return self.current is not None and self.current != self.recorded


class BuildFacts(msgspec.Struct, frozen=True):
    """The build that an explanation compares with. `rows` is None for views."""

    physical: str
    fingerprint: Digest
    built_at: str
    seconds: float
    rows: int | None = None
    run_id: str = ""
    published: bool = True
    """Whether the environment shows it now."""
    codes: int = 0
    """Of a table that new code carried on: how many codes there were before."""
    holds: str = ""
    """Of a table that grows by time: the intervals, in words."""


class Explanation(msgspec.Struct, frozen=True):
    """Everything about one asset. `build` is None where it was never built.

    `differences` are in the order of the project's components, then those that went away; a fresh
    asset has none. `path` is the file that defines the asset.
    """

    asset: AssetName
    environment: str
    kind: str
    path: str
    fresh: bool
    fingerprint: Digest
    reasons: tuple[Reason, ...] = ()
    differences: tuple[Difference, ...] = ()
    versions: tuple[InputVersion, ...] = ()
    build: BuildFacts | None = None
    compared: tuple[Compared, ...] = ()
    """What the build rests on, its own inputs and those of what it reads."""


def differences(old: Iterable[Component], new: Iterable[Component]) -> tuple[Difference, ...]:
    """What differs between the components of a build and those of the project, in the project's
    order, then what went away.

    A component counts as different when its digest does: either its text, or the meaning of one
    of its inputs.
    """
    before = {component.name: component for component in old}
    found: list[Difference] = []
    for component in new:
        was = before.pop(component.name, None)
        if was is None:
            found.append(Difference(component.name, None, component.text))
        elif was.digest != component.digest:
            inputs = _input_changes(was.inputs, component.inputs)
            found.append(Difference(component.name, was.text, component.text, inputs))
    found.extend(Difference(gone.name, gone.text, None) for gone in before.values())
    return tuple(found)


def versions(recorded: Mapping[str, str], current: Mapping[str, str]) -> tuple[InputVersion, ...]:
    """The data versions of all leaves on either side, by name."""
    return tuple(
        InputVersion(leaf, recorded.get(leaf), current.get(leaf))
        for leaf in sorted({*recorded, *current})
    )


def _input_changes(old: Mapping[str, Digest], new: Mapping[str, Digest]) -> tuple[InputChange, ...]:
    return tuple(
        InputChange(name, old.get(name), new.get(name))
        for name in sorted({*old, *new})
        if old.get(name) != new.get(name)
    )
