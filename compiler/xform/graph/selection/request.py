"""A selection as the command line asks for it."""

from __future__ import annotations

import msgspec

EAGER = "eager"
CAUTIOUS = "cautious"
BUILDABLE = "buildable"
EMPTY = "empty"
INDIRECT = (EAGER, CAUTIOUS, BUILDABLE, EMPTY)
"""How tests follow the assets they test: with any of them, with all, with all or what those are
built from, not at all."""


class Request(msgspec.Struct, frozen=True):
    """`select` and `exclude` hold one entry for each time the option was given."""

    select: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    selector: str | None = None
    indirect: str = EAGER

    @property
    def is_empty(self) -> bool:
        """Whether nothing is asked for, so that a default counts."""
        return not (self.select or self.exclude or self.selector)
