"""What `compile` leaves under `target/`: compiled SQL and the manifest."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import msgspec


def write_artefacts(root: Path, form: dict[str, Any]) -> None:
    """Write `target/compiled/<path>.sql` for each SQL model, and `target/manifest.json`.

    The folder of compiled SQL is made anew, so what is gone from the project is gone from it;
    files whose text is unchanged are not touched.
    """
    target = root / "target"
    compiled = target / "compiled"
    wanted: dict[Path, str] = {}
    for asset in form["assets"]:
        if asset["compiled_sql"] is not None:
            wanted[compiled / asset["path"]] = asset["compiled_sql"] + "\n"
    if compiled.is_dir():
        for path in compiled.rglob("*"):
            if path.is_file() and path not in wanted:
                path.unlink()
    for path, text in wanted.items():
        _write(path, text.encode("utf-8", "surrogatepass"))
    manifest = msgspec.json.format(msgspec.json.encode(form), indent=1)
    _write(target / "manifest.json", manifest + b"\n")


def _write(path: Path, data: bytes) -> None:
    if path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data:
        return
    if path.is_dir():
        shutil.rmtree(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
