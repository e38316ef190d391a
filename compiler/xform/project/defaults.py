"""Folder defaults: which of them hold for a model, and in which order."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from xform.base import codes
from xform.base.diagnostics import Diagnostic, diagnose
from xform.project.layout import MODELS
from xform.project.settings import FolderDefaults

_PIECE = re.compile(r"\*\*/?|\*|\?|\[!?[^\]]+\]|[^*?\[]+|\[")


@lru_cache(maxsize=512)
def _pattern(glob: str) -> re.Pattern[str]:
    """A glob as an expression: `*` and `?` stay within a folder, `**` does not."""
    parts = []
    for piece in _PIECE.findall(glob):
        match piece:
            case "**/":
                parts.append("(?:.*/)?")
            case "**":
                parts.append(".*")
            case "*":
                parts.append("[^/]*")
            case "?":
                parts.append("[^/]")
            case _ if piece.startswith("[") and len(piece) > 1:
                body = piece[1:-1].replace("\\", r"\\")
                parts.append(f"[^{body[1:]}]" if body.startswith("!") else f"[{body}]")
            case _:
                parts.append(re.escape(piece))
    # A pattern that names a folder holds for all below it.
    return re.compile("".join(parts) + "(?:/.*)?")


def _clean(glob: str) -> str:
    return glob.removeprefix("./").removeprefix(f"{MODELS}/").strip("/")


def matches(glob: str, path: str) -> bool:
    """Whether a model's path (from the project's root) matches a glob under `models/`."""
    try:
        return _pattern(_clean(glob)).fullmatch(path.removeprefix(f"{MODELS}/")) is not None
    except re.error:
        return False


def _specific(glob: str) -> tuple[int, int, int]:
    """How specific a glob is: characters before its first wildcard, characters that are none,
    then its length."""
    clean = _clean(glob)
    plain = re.match(r"[^*?\[]*", clean)
    return (len(plain.group()) if plain else 0, len(re.sub(r"[*?]", "", clean)), len(clean))


def defaults_of(path: str, defaults: Iterable[FolderDefaults]) -> list[FolderDefaults]:
    """The defaults that hold for a model, the farthest (least specific) first."""
    found = [each for each in defaults if matches(each.pattern, path)]
    return sorted(found, key=lambda each: _specific(each.pattern))


def unused_defaults(defaults: Iterable[FolderDefaults], paths: Iterable[str]) -> list[Diagnostic]:
    """Patterns that no model's path matches."""
    listed = list(paths)
    return [
        diagnose(
            codes.UNUSED_DEFAULTS,
            f"no model matches '{each.pattern}'",
            each.span,
            "patterns are paths under models/, such as 'staging/**'",
        )
        for each in defaults
        if not any(matches(each.pattern, path) for path in listed)
    ]
