"""What `compile` leaves under `target/`: compiled SQL and the manifest.

The manifest of a large project is large, and most of it is as it was after an edit: where it is
known which assets may be others, the rest of it is copied from the one that stands.
"""

from __future__ import annotations

import filecmp
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Set
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from xform.app.compiling.collector import only_young_garbage
from xform.app.compiling.compiled import Compilation
from xform.app.lineage.columns import LineageReader
from xform.app.output.forms import VERSION, asset_form, diagnostics_form
from xform.app.output.written import MANIFEST, Standing
from xform.base.names import AssetName, table_of

_HEAD = b'{\n "version": %d,\n "assets": [' % VERSION
_BEFORE, _AFTER = b'{\n "assets": [', b"\n ]\n}"
"""What stands around the formatted items of a form that has only assets."""
_AT_ONCE = 1 << 20
"""Bytes that are copied at a time."""


@only_young_garbage()
def write_artefacts(
    root: Path, compilation: Compilation, standing: Standing | None = None
) -> tuple[int, ...]:
    """Write `target/compiled/<path>.sql` for each SQL model, and `target/manifest.json`, which is
    the form of `compile --format json`.

    What is gone from the project is gone from the folder of compiled SQL; files whose text is
    unchanged are not touched. `standing` is what stands there of an earlier compilation of the
    same assets. Returns how many bytes of the manifest each asset takes, by name.
    """
    target = root / "target"
    target.mkdir(parents=True, exist_ok=True)
    names = sorted(compilation.assets)
    part = target / f"manifest.json.{os.getpid()}"
    try:
        with ExitStack() as stack:
            file = stack.enter_context(part.open("wb"))
            file.write(_HEAD)
            before = stack.enter_context(standing.opened(root)) if standing is not None else None
            compiled = _Folder(target / "compiled", whole=before is None)
            if standing is None or before is None:
                forms = _noted(_forms(compilation, names), compiled)
                lengths = _write_assets(file, forms)
            else:
                touched = [name for name in names if name in standing.touched]
                forms = _noted(_forms(compilation, touched), compiled)
                old = dict(zip(names, standing.lengths, strict=True))
                lengths = _patch_assets(file, forms, set(touched), before, old)
            end = b"\n ]" if lengths else b"]"
            said = _formatted({"diagnostics": diagnostics_form(compilation.diagnostics)})
            file.write(end + b"," + said[1:] + b"\n")
        _put(part, root / MANIFEST)
    finally:
        part.unlink(missing_ok=True)
    compiled.clear_others()
    return lengths


def _forms(compilation: Compilation, names: Iterable[AssetName]) -> Iterator[dict[str, Any]]:
    lineage = LineageReader(compilation)
    return (asset_form(compilation, name, lineage) for name in names)


def _noted(assets: Iterable[dict[str, Any]], compiled: _Folder) -> Iterator[dict[str, Any]]:
    """The assets, while their SQL is written."""
    for asset in assets:
        if asset["compiled_sql"] is not None:
            path = asset["path"]
            if not path.endswith(".sql"):  # the plain name of a model with versions
                path = f"{path}/{table_of(asset['name'])}.sql"
            compiled.write(path, asset["compiled_sql"] + "\n")
        yield asset


def _write_assets(file: BinaryIO, forms: Iterator[dict[str, Any]]) -> tuple[int, ...]:
    """One asset at a time: a large project's manifest never stands whole in memory."""
    lengths: list[int] = []
    for form in forms:
        text = _item(form)
        file.write(b"," + text if lengths else text)
        lengths.append(len(text))
    return tuple(lengths)


def _patch_assets(
    file: BinaryIO,
    forms: Iterator[dict[str, Any]],
    touched: Set[AssetName],
    before: BinaryIO,
    lengths: Mapping[AssetName, int],
) -> tuple[int, ...]:
    """The assets of an earlier manifest, by name; of those that are touched, new forms."""
    found: list[int] = []
    before.seek(len(_HEAD))
    kept = 0
    for index, (name, length) in enumerate(lengths.items()):
        comma = 1 if index else 0
        if name not in touched:
            kept += comma + length
            found.append(length)
            continue
        _copy(before, file, kept + comma)
        before.seek(length, os.SEEK_CUR)
        kept = 0
        text = _item(next(forms))
        file.write(text)
        found.append(len(text))
    _copy(before, file, kept)
    return tuple(found)


def _copy(source: BinaryIO, target: BinaryIO, length: int) -> None:
    sizes = (min(length - start, _AT_ONCE) for start in range(0, length, _AT_ONCE))
    target.writelines(source.read(size) for size in sizes)


def _item(form: dict[str, Any]) -> bytes:
    """An asset as it stands in the manifest, without what separates it from the one before."""
    return _formatted({"assets": [form]})[len(_BEFORE) : -len(_AFTER)]


def _formatted(form: dict[str, Any]) -> bytes:
    return msgspec.json.format(msgspec.json.encode(form), indent=1)


class _Folder:
    """A folder that holds what is written to it and, in the end, no other file; unless it is not
    written `whole`: then all else in it stays."""

    def __init__(self, path: Path, *, whole: bool) -> None:
        self._root = str(path)
        walked = os.walk(self._root) if whole else ()
        self._others = {f"{folder}/{name}" for folder, _, names in walked for name in names}
        self._folders: set[str] = set()

    def write(self, relative: str, text: str) -> None:
        written = f"{self._root}/{relative}"
        path = Path(written)
        data = text.encode("utf-8", "surrogatepass")
        self._others.discard(written)
        if path.is_file():
            if path.read_bytes() == data:
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
