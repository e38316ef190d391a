"""What `compile` leaves under `target/`: compiled SQL and the manifest."""

from __future__ import annotations

import filecmp
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from xform.app.collector import only_young_garbage
from xform.app.compiled import Compilation
from xform.app.forms import VERSION, asset_forms, diagnostics_form

_TOGETHER = 50
"""Assets that are turned into text at a time: a large project's manifest never stands whole in
memory."""

_BEFORE, _AFTER = b'{\n "assets": [', b"\n ]\n}"
"""What stands around the formatted items of a form that has only assets."""


@only_young_garbage()
def write_artefacts(root: Path, compilation: Compilation) -> None:
    """Write `target/compiled/<path>.sql` for each SQL model, and `target/manifest.json`, which is
    the form of `compile --format json`.

    What is gone from the project is gone from the folder of compiled SQL; files whose text is
    unchanged are not touched.
    """
    target = root / "target"
    target.mkdir(parents=True, exist_ok=True)
    compiled = _Folder(target / "compiled")
    assets = _noted(asset_forms(compilation), compiled)
    part = target / f"manifest.json.{os.getpid()}"
    try:
        with part.open("wb") as file:
            _write_manifest(file, assets, diagnostics_form(compilation.diagnostics))
        _put(part, target / "manifest.json")
    finally:
        part.unlink(missing_ok=True)
    compiled.clear_others()


def _noted(assets: Iterable[dict[str, Any]], compiled: _Folder) -> Iterator[dict[str, Any]]:
    """The assets, while their SQL is written."""
    for asset in assets:
        if asset["compiled_sql"] is not None:
            compiled.write(asset["path"], asset["compiled_sql"] + "\n")
        yield asset


def _write_manifest(
    file: BinaryIO, assets: Iterator[dict[str, Any]], diagnostics: list[dict[str, Any]]
) -> None:
    file.write(b'{\n "version": %d,\n "assets": [' % VERSION)
    separator, end = b"", b"]"
    while some := list(islice(assets, _TOGETHER)):
        inside = _formatted({"assets": some})[len(_BEFORE) : -len(_AFTER)]
        file.write(separator + inside)
        separator, end = b",", b"\n ]"
    file.write(end + b"," + _formatted({"diagnostics": diagnostics})[1:] + b"\n")


def _formatted(form: dict[str, Any]) -> bytes:
    return msgspec.json.format(msgspec.json.encode(form), indent=1)


class _Folder:
    """A folder that holds what is written to it and, in the end, no other file."""

    def __init__(self, path: Path) -> None:
        self._root = str(path)
        self._others = {
            f"{folder}/{name}" for folder, _, names in os.walk(self._root) for name in names
        }
        self._folders: set[str] = set()

    def write(self, relative: str, text: str) -> None:
        written = f"{self._root}/{relative}"
        path = Path(written)
        data = text.encode("utf-8", "surrogatepass")
        if written in self._others:
            self._others.remove(written)
            if path.is_file() and path.read_bytes() == data:
                return
        elif path.is_dir():
            shutil.rmtree(path)
        folder = written.rpartition("/")[0]
        if folder not in self._folders:
            self._folders.add(folder)
            for above in path.parents:
                if str(above) in self._others:  # what is a folder now was a model
                    above.unlink()
                    self._others.remove(str(above))
            path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def clear_others(self) -> None:
        for path in self._others:
            with suppress(FileNotFoundError, NotADirectoryError):  # gone with its folder
                Path(path).unlink()


def _put(part: Path, path: Path) -> None:
    """Move a file to its place, unless it stands there already."""
    if path.is_dir():
        shutil.rmtree(path)
    if not path.is_file() or not filecmp.cmp(part, path, shallow=False):
        part.replace(path)
