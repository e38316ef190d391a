"""What a rendering may look at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from xform.base.names import AssetName


class Scope(msgspec.Struct, frozen=True):
    """Everything outside the template that one rendering can see.

    `target` holds what `{{ target }}` shows (name, type, schema, profile_name, threads, …): never
    secrets. `config` are the settings of the asset as known before rendering. `header_end` is the
    offset at which the settings comment ends; the text before it is not template.
    """

    asset: AssetName
    variables: Mapping[str, Any] = msgspec.field(default_factory=dict)
    environ: Mapping[str, str] = msgspec.field(default_factory=dict)
    target: Mapping[str, Any] = msgspec.field(default_factory=dict)
    config: Mapping[str, Any] = msgspec.field(default_factory=dict)
    header_end: int = 0
    carried: bool = False
    """Whether this is the form of the model that carries on what it built: `is_incremental()`."""
    sliced: bool = False
    """Whether the model grows by time: `start` and `end` are the bounds that are computed."""
