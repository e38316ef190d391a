"""All that a compilation depends on besides the files."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec

from xform import __version__
from xform.app.compiling.installed import parser_version
from xform.base.hashing import Digest, digest_parts
from xform.fingerprint.evaluate import FORMAT
from xform.project.assets import Asset
from xform.project.files import WideFiles
from xform.project.profile import Target
from xform.project.settings import Settings

PARSE_VERSION = "parse 20"
BIND_VERSION = "bind 19"
"""Raised whenever the same input may give another result: part of the memo's keys."""


@cache
def toolchain() -> tuple[str, ...]:
    """What else than its input decides how SQL is understood."""
    return (PARSE_VERSION, __version__, parser_version())


class Inputs(msgspec.Struct, frozen=True):
    """Settings, variables and target. `dialect` is the project's or the target's."""

    settings: Settings
    variables: Mapping[str, Any]
    environ: Mapping[str, str]
    target: Mapping[str, Any]
    """What templates see of the target."""
    dialect: str
    engine: str
    """The engine's kind, with those of its settings that change results: it enters every build
    fingerprint."""

    def dialect_of(self, asset: Asset) -> str:
        return asset.dialect or self.dialect


MEANINGFUL = frozenset(
    [
        "calendar",
        "default_collation",
        "default_null_order",
        "default_order",
        "ieee_floating_point_ops",
        "integer_division",
        "null_order",
        "order_by_non_integer_literal",
        "timezone",
    ]
)
"""Settings of an engine that change what a query yields; others only change how fast."""


def engine_of(target: Target) -> str:
    """The engine's kind and meaningful settings, as text."""
    settings = target.settings.get("settings")
    given = settings.items() if isinstance(settings, dict) else ()
    shaping = sorted(f"{key.lower()}={value}" for key, value in given if key.lower() in MEANINGFUL)
    return " ".join((target.type, *shaping))


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
