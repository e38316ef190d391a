"""Long values cut so that what differs in them is still to be seen."""

from __future__ import annotations

from itertools import takewhile

MOST = 160
"""Characters of a value that are kept."""
_BEFORE = 40
"""Of those, how many of what is the same on both sides stand before the first difference."""
_CUT = "…"


def excerpts(left: str | None, right: str | None) -> tuple[str | None, str | None]:
    """Both values cut to the same stretch, around the first place where they differ."""
    longest = max(len(left or ""), len(right or ""))
    if longest <= MOST:
        return left, right
    start = 0
    if left is not None and right is not None:
        same = sum(
            1 for _ in takewhile(lambda two: two[0] == two[1], zip(left, right, strict=False))
        )
        start = max(min(same - _BEFORE, longest - MOST), 0)
    return _stretch(left, start), _stretch(right, start)


def _stretch(text: str | None, start: int) -> str | None:
    if text is None:
        return None
    found = text[start : start + MOST]
    return (_CUT if start else "") + found + (_CUT if start + MOST < len(text) else "")
