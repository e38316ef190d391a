"""Unit tests written as yml files under `tests/unit/`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from xform.app.unit_tests.sampling import Sample
from xform.base.names import table_of
from xform.project.layout import UNIT_TESTS
from xform.project.unit_tests import Cell

_WORD = re.compile(r"[a-z_][a-z0-9_]*")
_RESERVED = frozenset(["null", "true", "false"])


def write_test(root: Path, sample: Sample) -> str:
    """Write a test into a file of its own; its path in the project."""
    base = f"{UNIT_TESTS}{table_of(sample.model)}"
    path, number = f"{base}.yml", 1
    while (root / path).exists():
        number += 1
        path = f"{base}_{number}.yml"
    place = root / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(as_yml(sample), "utf-8")
    return path


def as_yml(sample: Sample) -> str:
    """The text of the file."""
    lines = ["unit_tests:", f"  - name: {_text(sample.name)}", f"    model: {sample.model}"]
    if sample.time is not None:
        lines.append(f"    time: {sample.time}")
    if sample.bounds is not None:
        lines += [f"    start: {sample.bounds[0]}", f"    end: {sample.bounds[1]}"]
    lines.append("    given:" if sample.given else "    given: []")
    for name, rows in sample.given.items():
        lines += [f"      - input: {name}", *_rows(rows, "        ")]
    lines += ["    expect:", *_rows(sample.expect, "      ")]
    return "\n".join(lines) + "\n"


def _rows(rows: Sequence[Mapping[str, Cell]], indent: str) -> list[str]:
    if not rows:
        return [f"{indent}rows: []"]
    return [f"{indent}rows:", *(f"{indent}  - {_row(row)}" for row in rows)]


def _row(row: Mapping[str, Cell]) -> str:
    return "{" + ", ".join(f"{_text(name)}: {_scalar(cell)}" for name, cell in row.items()) + "}"


def _scalar(cell: Cell) -> str:
    """JSON is yml; so are its texts."""
    return msgspec.json.encode(cell.value).decode()


def _text(name: str) -> str:
    plain = _WORD.fullmatch(name) is not None and name not in _RESERVED
    return name if plain else msgspec.json.encode(name).decode()
