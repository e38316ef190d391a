"""Globs over paths, without a disk: a pattern takes a file or any folder above it."""

from __future__ import annotations

from fnmatch import fnmatchcase


def path_parts(path: str) -> list[str]:
    return [part for part in path.replace("\\", "/").split("/") if part not in ("", ".")]


def covers(pattern: list[str], path: list[str]) -> bool:
    """Whether the pattern matches the path or one of its folders; `**` is any run of folders."""
    at = _past_stars(pattern, {0})
    for part in path:
        if len(pattern) in at:
            return True
        following = set()
        for index in at:
            if pattern[index] == "**":
                following.add(index)
            elif fnmatchcase(part, pattern[index]):
                following.add(index + 1)
        at = _past_stars(pattern, following)
    return len(pattern) in at


def _past_stars(pattern: list[str], at: set[int]) -> set[int]:
    """The positions with those that a `**` of no folders leads to."""
    reached = set(at)
    for index in sorted(at):
        while index < len(pattern) and pattern[index] == "**":
            index += 1
            reached.add(index)
    return reached
