"""How long to wait for others."""

from __future__ import annotations

import time
from collections.abc import Callable

_SHORTEST, _LONGEST = 0.05, 0.5
"""Seconds between two looks: more and more."""


class Patience:
    """So many seconds in all. `say` is told once, at the first wait, what for."""

    def __init__(self, seconds: float = 0.0, say: Callable[[str], None] | None = None) -> None:
        self._until = time.monotonic() + seconds
        self._say = say
        self._pause = _SHORTEST

    def wait(self, reason: str, least: float = 0.0) -> bool:
        """Wait a little; False where there is no patience left, `least` seconds apart."""
        own = self._until - time.monotonic()
        left = max(own, least)
        if left <= 0:
            return False
        if own > 0 and self._say is not None:
            self._say(reason)
            self._say = None
        time.sleep(min(self._pause, left))
        self._pause = min(self._pause * 1.5, _LONGEST)
        return True
