"""Python's collector of cycles, kept from looking at a growing compilation over and over."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_NEVER = 1_000_000


@contextmanager
def only_young_garbage() -> Iterator[None]:
    """Nearly all that a compilation makes is acyclic and lives on, so only what is new is looked
    at, once. What is old is looked at again when this has ended."""
    young, *older = gc.get_threshold()
    gc.set_threshold(young, _NEVER, _NEVER)
    try:
        yield
    finally:
        gc.set_threshold(young, *older)
