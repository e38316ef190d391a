"""All that a compilation depends on besides the files."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from typing import Any

import msgspec

from xform import __version__
from xform.base.hashing import Digest, digest_parts
from xform.fingerprint.evaluate import FORMAT
from xform.project.assets import Asset
from xform.project.files import WideFiles
from xform.project.profile import Target
from xform.project.settings import Settings

PARSE_VERSION = "parse 1"
BIND_VERSION = "bind 1"
"""Raised whenever the same input may give another result: part of the memo's keys."""


@cache
def toolchain() -> tuple[str, ...]:
    """What else than its input decides how SQL is understood."""
    return (PARSE_VERSION, __version__, version("sqlglot"))


class Inputs(msgspec.Struct, frozen=True):
    """Settings, variables and target. `dialect` is the project's or the target's."""

    settings: Settings
    variables: Mapping[str, Any]
    environ: Mapping[str, str]
    target: Mapping[str, Any]
    """What templates see of the target."""
    dialect: str
    engine: str
    """The engine's kind: it enters every build fingerprint."""

    def dialect_of(self, asset: Asset) -> str:
        return asset.dialect or self.dialect


def visible_target(target: Target) -> dict[str, Any]:
    """What `{{ target }}` shows: nothing secret."""
    return {
        "name": target.name,
        "type": target.type,
        "profile_name": target.profile,
        "threads": target.threads,
        "schema": target.environment,
        "environment": target.environment,
    }


def slim_key(inputs: Inputs, files: WideFiles) -> Digest:
    """What a stored compilation is known by: everything but what templates read outside."""
    settings = msgspec.msgpack.encode(inputs.settings)
    parts: list[str | bytes] = [
        *toolchain(),
        BIND_VERSION,
        FORMAT,
        settings,
        inputs.dialect,
        inputs.engine,
    ]
    for path, entry in files.entries.items():
        parts.extend((path, entry.digest))
    return digest_parts(parts)
