"""Numbers and counts in words, the same everywhere."""

from __future__ import annotations

from collections.abc import Iterable


def count(number: int, noun: str, plural: str | None = None) -> str:
    """`1 error`, `2,000 errors`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def duration(seconds: float) -> str:
    """`0.12s`, `12.3s`, `1m 05s`, `2h 07m`."""
    if seconds < 9.995:
        return f"{seconds:.2f}s"
    if seconds < 59.95:
        return f"{seconds:.1f}s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60}m {whole % 60:02d}s"
    return f"{whole // 3600}h {whole % 3600 // 60:02d}m"


def listing(names: Iterable[str], most: int) -> str:
    """`a, b, c and 4 more`."""
    all_names = list(names)
    if len(all_names) <= most:
        return ", ".join(all_names)
    return f"{', '.join(all_names[:most])} and {len(all_names) - most:,} more"
