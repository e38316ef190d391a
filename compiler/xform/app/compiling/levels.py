"""Diagnostics at the levels that the project gives them, less those that a comment silences."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import msgspec

from xform.app.compiling.silences import Silence
from xform.base.diagnostics import Diagnostic, Severity


class Levels:
    """`levels` is by code: error, warning, info or off. `silences` gives the comments of a file;
    it is asked for only where something is to be said."""

    def __init__(
        self, levels: Mapping[str, str], silences: Callable[[str], Iterable[Silence]]
    ) -> None:
        self._levels = levels
        self._silences = silences
        self._comments: dict[str, dict[str, list[Silence]]] = {}
        self.used: set[tuple[str, Silence]] = set()
        """Comments that silence something, by file; also what is off anyway."""

    def apply(self, found: Iterable[Diagnostic]) -> list[Diagnostic]:
        """What is to be said. Errors are said as they are."""
        kept: list[Diagnostic] = []
        for item in found:
            if item.severity is not Severity.ERROR:
                level = self._levels.get(item.code, item.severity)
                if self._is_silenced(item) or level == "off":
                    continue
                if level != item.severity:
                    item = msgspec.structs.replace(item, severity=Severity(level))
            kept.append(item)
        return kept

    def _is_silenced(self, item: Diagnostic) -> bool:
        span = item.span
        silencing = [
            silence
            for silence in self._of_file(span.path).get(item.code, ())
            if span.line <= silence.line <= span.end_line
        ]
        self.used.update((span.path, silence) for silence in silencing)
        return bool(silencing)

    def _of_file(self, path: str) -> Mapping[str, list[Silence]]:
        known = self._comments.get(path)
        if known is None:
            known = self._comments[path] = {}
            for silence in self._silences(path):
                known.setdefault(silence.code, []).append(silence)
        return known
