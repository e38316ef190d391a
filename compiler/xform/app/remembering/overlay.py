"""The files of a project with other texts in place of some: what an edit would make of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from xform.base.diagnostics import Diagnostic
from xform.base.hashing import digest_bytes
from xform.project.files import FileEntry, WideFiles


class Overlay:
    """`project.files.WideFiles` in which listed files hold other bytes."""

    def __init__(self, files: WideFiles, texts: Mapping[str, bytes]) -> None:
        self._files = files
        self._texts = texts
        self.entries: Mapping[str, FileEntry] = self._overlaid()

    @property
    def diagnostics(self) -> Sequence[Diagnostic]:
        return self._files.diagnostics

    def read(self, path: str) -> bytes:
        text = self._texts.get(path)
        return self._files.read(path) if text is None else text

    def widen(self, paths: Iterable[str]) -> bool:
        found = self._files.widen(paths)
        self.entries = self._overlaid()
        return found

    def let_go(self) -> None:
        self._files.let_go()

    def _overlaid(self) -> Mapping[str, FileEntry]:
        entries = dict(self._files.entries)
        for path, text in self._texts.items():
            entries[path] = msgspec.structs.replace(
                entries[path], size=len(text), digest=digest_bytes(text)
            )
        return entries
