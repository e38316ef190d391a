"""What a template becomes: SQL text with placeholders for relations, and the way back."""

from __future__ import annotations

from typing import Any

import msgspec

from xform.base.spans import SourceMap, Span

PLACEHOLDER = "__xform_relation_{}__"
"""Stands in rendered text for a relation that `ref`, `source` or `this` names. An unquoted
identifier in every dialect, which no CTE can shadow."""


class Reference(msgspec.Struct, frozen=True):
    """One `ref(…)`, `source(…)` or `this`. Its place in `Rendered.references` is its number."""

    call: str
    """`ref`, `source` or `this`."""
    arguments: tuple[str, ...]
    span: Span


class Read(msgspec.Struct, frozen=True, array_like=True, order=True):
    """Something outside the file that its rendering looked at: the trace of a template.

    `kind` is `var`, `env_var`, `target`, `config` (a setting of the asset), `asset` (its name) or
    `macro` (a global name; the digest covers all that the macro uses). `value` is a digest of
    what was found (never the value: it may be secret), empty where there was nothing.
    """

    kind: str
    name: str
    value: str


class Rendered(msgspec.Struct, frozen=True):
    text: str
    source_map: SourceMap = SourceMap()
    references: tuple[Reference, ...] = ()
    reads: tuple[Read, ...] = ()
    macros: tuple[str, ...] = ()
    """Names of the project's macros that the template calls, directly or through others."""
    config: dict[str, Any] = {}
    """Settings given by `config(…)` calls."""
