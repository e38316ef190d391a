"""How it is told whether a source holds new data."""

from __future__ import annotations

import msgspec

from xform.base import codes
from xform.base.diagnostics import diagnose
from xform.project.reader import Notes, check_keys, read_choice, read_word
from xform.project.values import Mapping

POLICIES = ("checksum", "loaded_at", "metadata", "always", "never")


class Versioning(msgspec.Struct, frozen=True):
    """`policy`: by the content (`checksum`), by the newest value of a column (`loaded_at`), by
    what the engine keeps (`metadata`; the content, where it keeps nothing), by a `query`; or it
    holds new data each time (`always`), or never any."""

    policy: str = "checksum"
    column: str | None = None
    query: str | None = None


USUAL = Versioning()


def read_versioning(mapping: Mapping, notes: Notes) -> Versioning:
    """`version: loaded_at` with `loaded_at_field: …`, or `version: {query: select …}`."""
    field = mapping.get("loaded_at_field")
    column = None if field is None else read_word(field, "'loaded_at_field'", notes)
    given = mapping.get("version")
    if given is None:
        return USUAL if column is None else Versioning("loaded_at", column)
    if isinstance(given, Mapping):
        check_keys(given, ("query",), "'version'", notes)
        query = given.get("query")
        text = query and read_word(query, "'query' of 'version'", notes)
        return Versioning("query", None, text) if text else USUAL
    policy = read_choice(given, "'version'", POLICIES, notes)
    if policy == "loaded_at" and column is None:
        message = "'version: loaded_at' needs a column"
        advice = "add 'loaded_at_field: …', the column that tells when a row came"
        notes.append(diagnose(codes.MISSING_KEY, message, given.span, advice))
        return USUAL
    return Versioning(policy or "checksum", column)
