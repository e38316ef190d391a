"""This machine as `run.ports.Host`, for the project at one root."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from xform.host import clock, output, signals
from xform.host.files import digest_file
from xform.host.python_models import PythonModels
from xform.run.ports import Signals


class LocalHost:
    """`digest` gives the version of a data file in the form that plans pin (by default: the
    digest of its bytes, as in `FileEntry`); None where it is gone."""

    def __init__(self, root: Path, digest: Callable[[str], str | None] | None = None) -> None:
        self._root = root
        self._digest = digest
        self._models: PythonModels | None = None
        self._lock = threading.Lock()

    def now(self) -> str:
        return clock.now()

    def monotonic(self) -> float:
        return clock.monotonic()

    def random(self) -> float:
        return clock.random()

    def new_run_id(self) -> str:
        return clock.new_run_id()

    def digest(self, path: str) -> str | None:
        if self._digest is not None:
            return self._digest(path)
        try:
            return digest_file(self._root, path)
        except OSError:
            return None

    def read(self, path: str) -> str | None:
        try:
            return (self._root / path).read_bytes().decode("utf-8", "replace")
        except OSError:
            return None

    def load_function(self, path: str, function: str) -> Callable[..., Any]:
        with self._lock:
            models = self._models = self._models or PythonModels(self._root)
        return models.load_function(path, function)

    def captured(self, sink: Callable[[str], None]) -> AbstractContextManager[None]:
        return output.captured(sink)

    def signals(self) -> AbstractContextManager[Signals]:
        return signals.stop_requests()
