"""What a compilation was made from besides the project's files, in a form that can be compared
without reading anything: the installed compiler, the options, the target, the environment.

Nothing here is secret. Of the profile stand only the texts that shape a compilation, as they were
written: an `env_var()` is kept as that, and what it came to only where it names the engine, the
target or a setting that changes results.
"""

from __future__ import annotations

import contextlib
import stat
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from xform.app.compiling.installed import installed
from xform.base.hashing import Digest
from xform.base.names import AssetName
from xform.host.files import RACY_NS
from xform.project.profile import Target, profile_files
from xform.template.rendered import Read

if TYPE_CHECKING:
    from xform.app.compiling.inputs import Inputs


_TOKENS = frozenset("?=@;")
"""What stands in the path of a warehouse only beside a token."""


class ProfileFile(msgspec.Struct, frozen=True):
    """profiles.yml as it was when it was read, at the time `read_ns`."""

    path: str
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int
    read_ns: int

    @property
    def is_settled(self) -> bool:
        """Whether no change since can hide behind the same times."""
        return max(self.mtime_ns, self.ctime_ns) < self.read_ns - RACY_NS

    def is_as(self, other: ProfileFile) -> bool:
        return msgspec.structs.replace(other, read_ns=self.read_ns) == self


class Asked(msgspec.Struct, frozen=True):
    """Where a target is looked for: by options, by the environment, in the project at `root`."""

    root: Path
    profiles_dir: str | None
    profile: str | None
    target: str | None
    environ: Mapping[str, str]

    @property
    def options(self) -> tuple[str | None, ...]:
        return self.profiles_dir, self.profile, self.target

    def candidates(self) -> tuple[str, ...]:
        """Where profiles.yml may lie; the first that is there counts."""
        home = str(Path("~").expanduser())
        return profile_files(self.profiles_dir, self.environ, str(self.root), home)

    def profile_file(self) -> ProfileFile | None:
        now = time.time_ns()
        for path in self.candidates():
            with contextlib.suppress(OSError):
                found = Path(path).stat()
                if stat.S_ISREG(found.st_mode):
                    return ProfileFile(
                        path, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns, now
                    )
        return None


class Circumstances(msgspec.Struct, frozen=True):
    """`options` choose the target; `engine` is that of `Inputs`. Of the profile's texts with
    expressions, `written` has those that shape a compilation, `came_to` what they came to; the
    warehouse's `path` stands as it was written, as does that of the state, which is None where a
    server keeps it. `reads` are the variables of the environment that
    templates looked at, by digest of what they held.
    """

    installed: Digest
    options: tuple[str | None, ...]
    profile: ProfileFile
    engine: str
    environment: str
    path: str
    state: str | None
    written: dict[str, str]
    came_to: dict[str, str | int | float | bool]
    reads: tuple[Read, ...] = ()


def circumstances_of(
    asked: Asked, profile: ProfileFile, target: Target, inputs: Inputs, reads: Sequence[Read]
) -> Circumstances | None:
    """What a compilation was made in; None where it cannot be kept without a secret."""
    from xform.app.compiling.inputs import MEANINGFUL

    settings = target.settings.get("settings")
    values = {f"settings.{key}": value for key, value in (settings or {}).items()}
    values.update({"type": target.type, "threads": target.threads, "target": target.name})
    shaping = {"type", "threads", "target", *(f"settings.{name}" for name in MEANINGFUL)}
    written = {key: text for key, text in target.written.items() if key.lower() in shaping}
    path = target.written.get("path", target.settings.get("path"))
    state = target.written.get("state.path", target.state.path)
    if not isinstance(path, str) or _TOKENS & set(f"{path}{state}"):
        return None
    return Circumstances(
        installed(),
        asked.options,
        profile,
        inputs.engine,
        target.environment,
        path,
        state if target.state.type == "sqlite" else None,
        written,
        {key: values[key] for key in written},
        tuple(read for read in reads if read.kind == "env_var"),
    )


def are_as(kept: Circumstances, asked: Asked, profile: ProfileFile | None) -> bool:
    """Whether the circumstances are those that were kept."""
    return (
        profile is not None
        and kept.profile.is_settled
        and kept.profile.is_as(profile)
        and kept.options == asked.options
        and kept.installed == installed()
        and _reads_are_as(kept.reads, asked.environ)
        and _evaluated(kept.written, asked.environ) == kept.came_to
    )


def evaluated(path: str, environ: Mapping[str, str]) -> str | None:
    """What a path of a profile comes to in this environment; None where it cannot be told."""
    found = _evaluated({"path": path}, environ)
    return str(found["path"]) if found else None


def _reads_are_as(reads: Sequence[Read], environ: Mapping[str, str]) -> bool:
    if not reads:
        return True
    from xform.template.reads import still_valid
    from xform.template.scope import Scope

    return still_valid(reads, Scope(AssetName("."), environ=environ))


def _evaluated(
    written: Mapping[str, str], environ: Mapping[str, str]
) -> dict[str, str | int | float | bool] | None:
    """What texts of a profile come to; None where one cannot be evaluated."""
    if not any("{{" in text for text in written.values()):
        return dict(written)
    from xform.base.spans import file_span
    from xform.project.environment import Environment
    from xform.project.profile import FILE

    environment = Environment(environ)
    found = {key: environment.resolve(text, file_span(FILE), []) for key, text in written.items()}
    values = {key: value for key, value in found.items() if value is not None}
    return values if len(values) == len(written) else None
