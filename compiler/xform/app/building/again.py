"""What a build is asked to compute again of tables that grow by time."""

from __future__ import annotations

from typing import NamedTuple


class Again(NamedTuple):
    """`span` is (start, end), each a time or empty for as far as the tables go. `downstream`: what
    it touches in readers, too. `allow_missing`: also where an input lacks intervals."""

    span: tuple[str, str] | None = None
    downstream: bool = False
    allow_missing: bool = False
